"""Order, errors, lost workers and Ctrl-C of the replication runner."""

import os
import re
import signal
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import pytest

import sim
from sim.pool import available_cpus, interrupts_held
from sim.replication import TaskError, WorkerLost, run_all

ROOT = Path(sim.__file__).parents[1]


def slow_square(task: int) -> int:
    time.sleep(0.05 if task == 0 else 0.0)  # the first finishes last
    return task * task


def fail_at_three(task: int) -> int:
    if task == 3:
        raise LookupError("nothing there")
    return task


def die_at_three(task: int) -> int:
    if task == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(0.02)
    return task


def worker_pid(task: int) -> int:
    return os.getpid()


@pytest.mark.parametrize("workers", [1, 2])
def test_results_come_in_task_order_and_each_is_reported(workers: int) -> None:
    seen: list[tuple[int, int]] = []
    results = run_all(range(7), slow_square, workers, on_done=lambda done, count: seen.append((done, count)))
    assert results == [task * task for task in range(7)]
    assert seen == [(done, 7) for done in range(1, 8)]


def test_one_worker_is_this_process_and_two_are_not() -> None:
    assert set(run_all(range(3), worker_pid, 1)) == {os.getpid()}
    assert os.getpid() not in run_all(range(3), worker_pid, 2)


def test_no_tasks_no_results() -> None:
    assert run_all([], slow_square, 2) == []


def test_zero_workers_are_refused() -> None:
    with pytest.raises(ValueError, match="at least one worker"):
        run_all([1], slow_square, 0)


@pytest.mark.parametrize("workers", [1, 2])
def test_an_exception_names_its_task(workers: int) -> None:
    with pytest.raises(TaskError, match="number 3: nothing there") as caught:
        run_all(range(6), fail_at_three, workers, name=lambda task: f"number {task}")
    assert isinstance(caught.value.__cause__, LookupError)


def test_a_killed_worker_names_the_tasks_in_flight() -> None:
    with pytest.raises(WorkerLost, match="number 3") as caught:
        run_all(range(6), die_at_three, 2, name=lambda task: f"number {task}")
    named = re.findall(r"number \d", str(caught.value))
    assert len(named) <= 2, "no more than the two workers can have had in hand: what has finished is not named"
    assert run_all(range(3), slow_square, 2) == [0, 1, 4]  # the next pool works


def test_at_least_one_cpu() -> None:
    assert available_cpus() >= 1


def _start(tmp_path: Path, code: str) -> subprocess.Popen[str]:
    (tmp_path / "sleepy.py").write_text("import time\ndef sleep(task):\n    time.sleep(60)\n", encoding="utf-8")
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{tmp_path}"}
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env=environment, start_new_session=True,
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdout.readline() == "started\n"
    time.sleep(1.0)  # workers come up and sleep
    return process


def _group_is_empty(group: int, patience_s: float = 5.0) -> bool:
    end = time.monotonic() + patience_s
    while time.monotonic() < end:
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.05)
    return False


SLEEPERS = """
    import sys, sleepy
    from sim.replication import run_all
    if __name__ == "__main__":
        print("started", flush=True)
        try:
            run_all(range(4), sleepy.sleep, 2)
        except KeyboardInterrupt:
            sys.exit(130)
"""


def test_an_interrupt_stops_the_workers_at_once_and_quietly(tmp_path: Path) -> None:
    process = _start(tmp_path, SLEEPERS)
    began = time.monotonic()
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to the workers too
    _, errors = process.communicate(timeout=20)
    assert process.returncode == 130
    assert time.monotonic() - began < 5
    assert "Traceback" not in errors
    assert _group_is_empty(process.pid)


def test_a_signal_that_another_thread_takes_waits_until_the_worker_is_started() -> None:
    end = threading.Event()
    library = threading.Thread(target=end.wait)  # takes the signals that the main thread blocks
    library.start()
    reached = []

    def interrupted() -> None:
        with interrupts_held():
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(0.1)
            reached.append("the end")

    try:
        with pytest.raises(KeyboardInterrupt):
            interrupted()
    finally:
        end.set()
        library.join()
    assert reached == ["the end"]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


def test_workers_do_not_outlive_a_killed_parent(tmp_path: Path) -> None:
    process = _start(tmp_path, SLEEPERS)
    process.kill()
    process.communicate(timeout=20)
    assert _group_is_empty(process.pid)
