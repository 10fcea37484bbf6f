"""Where runs are done: the one seam behind which processes of this machine and workers of a cluster look the same."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Protocol, TypeVar

Task = TypeVar("Task")
Result = TypeVar("Result")

PRELOAD = "experiments.study.work"


class Pool(Protocol):
    """What takes runs. `sim.pool.ProcessPool` is one, `experiments.study.cluster.cluster_pool` gives another."""

    @property
    def width(self) -> int:
        """How many tasks it does at once, at least 1; asked before each submission, so it may change."""

    def submit(self, function: Callable[[Task], Result], task: Task) -> Future[Result]:
        """The task is on its way. `function` is importable by name; futures are those that `concurrent.futures.wait`
        takes. Never raises because a worker was lost: then the future does."""

    def is_lost(self, error: BaseException) -> bool:
        """Whether a future that raised this was lost with a worker (killed, out of memory): its own task may be the
        cause, or one that was in flight beside it. False for what the task itself raised."""

    def renew(self) -> None:
        """After tasks were lost, and with none in flight: it takes tasks again. Raises OSError, whose message says how
        to go on, when it cannot."""


@contextmanager
def pool_of(workers: int | None, cluster: str | None) -> Iterator[Pool]:
    """Processes of this machine (None: one a processor), or the workers of the Dask scheduler at the address `cluster`.

    When the block is left by an exception nothing that was submitted goes on; nobody waits for it.
    """
    if cluster is not None:
        from experiments.study.cluster import cluster_pool

        with cluster_pool(cluster) as pool:
            yield pool
    else:
        from sim.pool import available_cpus, process_pool

        with process_pool(workers or available_cpus(), PRELOAD) as processes:
            yield processes
