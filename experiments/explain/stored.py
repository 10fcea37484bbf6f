"""What a result folder holds of its runs: the scenario, and the rows that tell where to look.

A run is made again only from a folder that is as it was written, by the same source: else it would be another run.
"""

import csv
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, TypeVar, get_type_hints

from experiments.errors import InputError
from experiments.identity import result_hash, source_hash
from experiments.scenario.identity import restored
from experiments.scenario.messages import printable
from models.result import JobRow, ModeRow, QuestionRow, QuiesceRow, SlowIo, StunRow
from models.scenario import Arm, Scenario, Trace

Row = TypeVar("Row", bound=tuple[Any, ...])
Raw = dict[str, str]
STUDIES = {
    "sweep": "do one of them alone (stunlab sweep FILE --only POINT/ARM/REPLICATE), and explain its folder",
    "plan": "run its scenario at the level in question (stunlab run), and explain that folder",
    "sensitivity": "run its scenario with the assumption in question (stunlab run), and explain that folder",
}
"""What may be explained in place of a study."""


class Slow(NamedTuple):
    """One stored slowest I/O, and the run that it is of."""

    arm: Arm
    replicate: int
    io: SlowIo  # its ledger by the table's columns, see Stored.ledger


@dataclass(frozen=True)
class Stored:
    """A checked result folder. Its tables are read when they are asked for."""

    folder: Path
    manifest: dict[str, Any]
    scenario: Scenario

    @property
    def hash(self) -> str:
        return str(self.manifest["result"])

    def slowest(self) -> list[Slow]:
        """All rows of the table, in its order."""
        raw = self._table("slowest")
        causes = [name for name in raw[0] if " " in name] if raw else []
        return [
            Slow(one["arm"], int(one["replicate"]), _row(SlowIo, one, tuple(int(one[c]) for c in causes)))  # type: ignore[arg-type]
            for one in raw
        ]

    def columns(self) -> tuple[str, ...]:
        """The causes of the stored ledgers, in order."""
        raw = self._table("slowest")
        return tuple(name.removesuffix(" ns") for name in raw[0] if " " in name) if raw else ()

    def stuns(self, arm: str, replicate: int) -> list[StunRow]:
        return self._of_run("stuns", StunRow, arm, replicate)

    def jobs(self, arm: str, replicate: int) -> list[JobRow]:
        return self._of_run("jobs", JobRow, arm, replicate)

    def modes(self, arm: str, replicate: int) -> list[ModeRow]:
        return self._of_run("modes", ModeRow, arm, replicate)

    def quiesces(self, arm: str, replicate: int) -> list[QuiesceRow]:
        return self._of_run("quiesces", QuiesceRow, arm, replicate)

    def questions(self, arm: str, replicate: int) -> list[QuestionRow]:
        return self._of_run("questions", QuestionRow, arm, replicate)

    def _of_run(self, table: str, kind: type[Row], arm: str, replicate: int) -> list[Row]:
        return [_row(kind, one) for one in self._table(table)
                if (one["arm"], one["replicate"]) == (arm, str(replicate))]  # fmt: skip

    def _table(self, name: str) -> list[Raw]:
        """The rows of one table, whose bytes are those that the manifest names."""
        path, key = self.folder / "tables" / f"{name}.csv", f"tables/{name}.csv"
        try:
            data = path.read_bytes()
        except OSError as error:
            what = f"cannot be read ({error.strerror}), make the result again"
            raise InputError([f"{printable(str(path))}: {what}"]) from None
        if hashlib.sha256(data).hexdigest() != self.manifest["files"].get(key):
            raise InputError([f"{printable(str(path))}: is not as it was written (manifest.json has another digest), "
                              "make the result again"])  # fmt: skip
        return list(csv.DictReader(data.decode("utf-8").splitlines()))


def _row(kind: type[Row], raw: Raw, ledger: tuple[int, ...] = ()) -> Row:
    """A row of the result from its line in a table."""
    values: list[Any] = []
    for name, hint in get_type_hints(kind).items():
        if name == "ledger_ns":
            values.append(ledger)
        elif hint is bool:
            values.append(raw[name] == "True")
        else:
            values.append(int(raw[name]) if hint is int else raw[name])
    return kind(*values)


def read_result(folder: Path, traces: Sequence[Path] = ()) -> Stored:
    """The result in a folder; recorded I/O that it replayed is looked for in these files. Raises InputError."""
    shown = printable(str(folder))
    manifest = _manifest(folder, shown)
    if manifest["source"] != source_hash():
        raise InputError([_other_source(shown, manifest, folder)])
    found = recorded(manifest, traces)
    try:
        scenario = restored(
            manifest["scenario"], tuple(manifest["arms"]), manifest["seed"], manifest["replications"], found
        )
        whole = result_hash(scenario, manifest["source"], manifest.get("first", 0)) == manifest["result"]
    except (KeyError, TypeError, ValueError, AttributeError):
        whole = False
    if not whole:
        raise InputError([f"{shown}: manifest.json is not as it was written, make the result again"])
    return Stored(folder, manifest, scenario)


def _manifest(folder: Path, shown: str) -> dict[str, Any]:
    path = folder / "manifest.json"
    if not path.is_file():
        what = "has no manifest.json" if folder.is_dir() else "is no folder"
        raise InputError([f"{shown}: {what}, name a result folder that stunlab run, compare or demo has written"])
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
        kinds = {"source": str, "scenario": dict, "arms": list, "seed": int, "replications": int, "result": str,
                 "files": dict, "traces": dict, "speeds": dict, "version": str}  # fmt: skip
        if isinstance(manifest, dict) and manifest.get("kind") in STUDIES:
            what = f"is the result of a {manifest['kind']} study, which has many runs: {STUDIES[manifest['kind']]}"
            raise InputError([f"{shown}: {what}"])
        if all(isinstance(manifest[key], kind) for key, kind in kinds.items()):
            return dict(manifest)
    except OSError as error:
        raise InputError([f"{shown}: manifest.json cannot be read ({error.strerror}), check the permissions"]) from None
    except (KeyError, TypeError, ValueError):
        pass
    raise InputError([f"{shown}: manifest.json is not as it was written, make the result again"])


def _other_source(shown: str, manifest: dict[str, Any], folder: Path) -> str:
    """The result is of another version of the engine: what to do."""
    try:
        command = json.loads((folder / "run.json").read_text(encoding="utf-8"))["command"]
    except (OSError, ValueError, KeyError, TypeError):
        command = "stunlab compare SCENARIO"
    that = f"version {printable(manifest['version'])}, source {printable(manifest['source'][:10])}"
    return (f"{shown}: was made by another version of the engine ({that}; here source {source_hash()[:10]}), whose "
            f"runs this one cannot repeat: make the result again with this one ({printable(str(command))}), or explain "
            "it with that one")  # fmt: skip


def recorded(manifest: dict[str, Any], paths: Sequence[Path]) -> dict[str, Trace]:
    """The traces that a result or a failed run replayed, by their digest, cut to the run where none goes round.

    Raises InputError for one that is missing and one that does not belong to it.
    """
    from experiments.scenario.traced import MILLI, at_speed, cut
    from experiments.traces import read_trace

    wanted = {str(where): str(digest) for where, digest in manifest["traces"].items()}  # VMs may replay the same
    found: dict[str, Trace] = {}
    speeds = sorted({MILLI, *manifest["speeds"].values()})
    round_about = any(
        workload.get("repeat") or workload.get("begin") == "random"
        for vm in manifest["scenario"].get("vms", ()) for workload in vm.get("workloads", ())
    )  # fmt: skip
    for path in paths:
        whole = read_trace(path)
        replayed = [one for one in (at_speed(whole, speed) for speed in speeds) if one.digest in wanted.values()]
        if not replayed:
            raise InputError([f"--trace: {printable(str(path))} is not what the result replayed, name that file"])
        for one in replayed:
            found[one.digest] = one if round_about else cut(one, manifest["scenario"]["run"]["duration_ns"])
    missing = [where for where, digest in wanted.items() if digest not in found]
    if missing:
        names = ", ".join(printable(where) for where in missing)
        raise InputError([f"--trace: the result replayed recorded I/O ({names}): name its file with --trace FILE, "
                          "once for each file"])  # fmt: skip
    return found
