"""Where it was measured, and how busy it was there."""

import os
import platform
import subprocess
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

from benchmarks import creference
from sim.replication import available_cpus


@dataclass(frozen=True)
class Machine:
    """What the figures depend on."""

    python: str
    numba: str | None  # None: not installed
    numpy: str
    simpy: str
    cc: str | None  # None: there is none
    processors: int  # that this process may use
    load_at_start: float | None  # processes at work or waiting for a processor, mean of a minute; None: not said here
    load_at_end: float | None

    def line(self) -> str:
        """All of it in a line."""
        loads = [f"{load:.1f}" if load is not None else "?" for load in (self.load_at_start, self.load_at_end)]
        return (
            f"{self.python}, numba {self.numba or '-'}, numpy {self.numpy}, simpy {self.simpy}, "
            f"{self.cc or 'no C compiler'}; {self.processors} processors, "
            f"load {loads[0]} at the start, {loads[1]} at the end"
        )


def machine(load_at_start: float | None) -> Machine:
    """This machine now."""
    python = f"{platform.python_implementation()} {platform.python_version()}"
    packages = (installed("numba"), version("numpy"), version("simpy"))
    return Machine(python, *packages, compiler(), available_cpus(), load_at_start, load())


def load() -> float | None:
    """Processes at work or waiting for a processor, mean of the last minute."""
    try:
        return round(os.getloadavg()[0], 2)
    except (OSError, AttributeError):
        return None


def installed(package: str) -> str | None:
    """Its version."""
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def compiler() -> str | None:
    """What the C compiler calls itself."""
    cc = creference.compiler()
    if cc is None:
        return None
    found = subprocess.run([cc, "--version"], capture_output=True, text=True, check=False)
    return (found.stdout.splitlines() or ["cc"])[0]
