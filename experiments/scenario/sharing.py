"""Contradictions and doubts about what hosts share: DSNRO's rules, QUEUE FULL, burst credits."""

from collections.abc import Iterator

from experiments.scenario.locate import Path
from experiments.scenario.messages import Mistake
from experiments.scenario.schema import DatastoreTable, HostTable, ScenarioFile
from models.scenario import Scenario
from sim.units import human_rate


def check_sharing(file: ScenarioFile) -> Iterator[Mistake]:
    """Keys that would not act, and numbers that contradict each other."""
    for name, host in file.host.items():
        yield from _host(("host", name), host)
    for name, store in file.datastore.items():
        yield from _peaks(("datastore", name), store)


def _host(at: Path, host: HostTable) -> Iterator[Mistake]:
    rule: tuple[Path, ...] = ((*at, "dsnro_rule"),)
    for key in sorted({"dsnro_switches", "dsnro_requests"} & host.model_fields_set):
        if host.dsnro_rule != "switches":
            text = 'acts only by the switching rule, add dsnro_rule = "switches" or leave it out'
            yield Mistake((*at, key), text, at_key=True, needs=rule)
    sample: tuple[Path, ...] = ((*at, "qfull_sample"),)
    for key in sorted({"qfull_threshold", "qfull_reading"} & host.model_fields_set):
        if not host.qfull_sample:
            text = "acts only with qfull_sample, add for example qfull_sample = 32 or leave it out"
            yield Mistake((*at, key), text, at_key=True, needs=sample)
    if 0 < host.qfull_sample < host.qfull_threshold:
        numbers = f"{host.qfull_threshold} of {host.qfull_sample} statuses"
        text = f"is above the sample ({numbers}), lower it or raise qfull_sample"
        yield Mistake((*at, "qfull_threshold"), text, needs=sample)


def _peaks(at: Path, store: DatastoreTable) -> Iterator[Mistake]:
    rates = (
        ("peak_iops", "iops", store.peak_iops, store.iops, f"{store.peak_iops} of {store.iops} iops"),
        ("peak_bandwidth", "bandwidth", store.peak_bandwidth, store.bandwidth,
         f"{human_rate(store.peak_bandwidth)} of {human_rate(store.bandwidth)}"),
    )  # fmt: skip
    for key, base, peak, baseline, numbers in rates:
        needs: tuple[Path, ...] = ((*at, base),)
        if peak and not baseline:
            text = f"is the peak of a burst above {base}, add {base} or leave it out"
            yield Mistake((*at, key), text, at_key=True, needs=needs)
        elif peak and peak <= baseline:
            yield Mistake((*at, key), f"is not above {base} ({numbers}), raise it or leave it out", needs=needs)


def unanswered(scenario: Scenario) -> Iterator[Mistake]:
    """Hosts that would answer to QUEUE FULL, where no array says it."""
    if not any(store.queue_limit for store in scenario.datastores):
        for host in scenario.hosts:
            if host.queue_full.sample:
                text = "acts nowhere: no datastore has a queue_limit, so that none ever answers QUEUE FULL"
                yield Mistake(("host", host.name, "qfull_sample"), text)
