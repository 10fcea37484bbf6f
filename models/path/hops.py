"""A filter's hops in one VM, and what they share in a host: the filter's workers, and the cores of all filters."""

from collections.abc import Iterator

from models import scenario
from models.mechanisms.workers import Workers, hop, on_core, starts, workers


class Cores:
    """The cores of a host that carry its filters' hops, and what one hop needs of them."""

    def __init__(self, spec: scenario.Host) -> None:
        self.cpu_ns = spec.filter_cpu_ns
        self.state = workers(spec.filter_cores)

    def crossed(self, begins_ns: int, cost_ns: int, threads: Workers | None) -> int:
        """What a hop of that cost comes to, from when it begins or, where workers are counted, gets its worker."""
        begins_ns = begins_ns if threads is None else starts(threads, begins_ns)
        return on_core(self.state, begins_ns, cost_ns, self.cpu_ns)


class Hop:
    """A filter in one VM; its workers and cores, if they are counted, are those of the host."""

    def __init__(
        self, spec: scenario.Filter, draws: Iterator[float], threads: Workers | None, cores: Cores | None
    ) -> None:
        self.name = spec.name
        self.spec = spec
        self.draws = None if spec.distribution == "fixed" else draws
        self.threads = threads
        self.cores = cores

    def down_ns(self, begins_ns: int) -> int:
        return self._cross(begins_ns, self.spec.down_ns)

    def up_ns(self, begins_ns: int) -> int:
        return self._cross(begins_ns, self.spec.up_ns)

    def _cross(self, begins_ns: int, mean_ns: int) -> int:
        cost = mean_ns if self.draws is None else round(mean_ns * next(self.draws))
        if self.cores is not None:
            cost = self.cores.crossed(begins_ns, cost, self.threads)
        return cost if self.threads is None else hop(self.threads, begins_ns, cost)

    def passes(self, disk: int, io: object) -> None:
        """It looks at nothing."""
