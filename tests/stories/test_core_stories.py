"""Stories of a host's cores that its filters share. A guest I/O takes 1 ms at the datastore; all instants by hand."""

from typing import Any

from worlds import MS, US, VAIO, Io, Played, S, merged, reads, scripted, trace, world, writes

ONE_CORE = {"host": {"h": {"filter_cores": 1, "filter_cpu": "1 ms"}}}
VMS = {"vm": {"b": {"disk": [{"size": "64 MiB"}]}}, "run": {"slowest": 9}}
FILTER = {"filter": {"f": {"down": "2 ms", "up": "0 s"}, "g": {"down": "3 ms", "up": "0 s"}}}


def two(first: list[Io], second: list[Io], *changes: dict[str, Any]) -> Played:
    """VM a has filter f, VM b filter g; each makes its I/Os."""
    spec = merged(merged(VMS, FILTER), {"vm": {"a": {"filters": ["f"]}, "b": {"filters": ["g"]}}})
    for change in changes:
        spec = merged(spec, change)
    made = scripted(world(spec), trace(first))
    return Played(scripted(made, trace(second), vm="b"))


def test_all_filters_of_a_host_share_its_cores() -> None:
    """Both ask at 0: b's hop has the core after a's millisecond, and then takes what it takes."""
    story = two(reads(0), reads(0), ONE_CORE)
    assert story.ledger(0) == {"filter f": 2 * MS, "data: service": 1 * MS}
    assert story.ledger(0, vm=1) == {"filter g": 4 * MS, "data: service": 1 * MS}
    assert story.result.cores[0]._asdict() == {"host": "h", "cores": 1, "busy_ns": 2 * MS}
    roomy = two(reads(0), reads(0), {"host": {"h": {"filter_cores": 2, "filter_cpu": "1 ms"}}})
    assert roomy.ledger(0, vm=1)["filter g"] == 3 * MS
    assert two(reads(0), reads(0)).result.cores == ()


def test_another_host_has_cores_of_its_own() -> None:
    other = {"host": {"other": {"path_latency": "0 s"}}, "vm": {"a": {"host": "h"}, "b": {"host": "other"}}}
    assert two(reads(0), reads(0), ONE_CORE, other).ledger(0, vm=1)["filter g"] == 3 * MS


def test_a_hop_costs_at_least_its_cpu_time_and_one_that_costs_nothing_needs_no_core() -> None:
    """f costs 2 ms down, of which 5 ms are CPU time: 5 ms; the hop up costs nothing."""
    long = {"host": {"h": {"filter_cores": 1, "filter_cpu": "5 ms"}}}
    story = two(reads(0), reads(1 * S), long)
    assert story.ledger(0)["filter f"] == 5 * MS
    assert story.result.cores[0].busy_ns == 10 * MS


def test_hops_up_need_a_core_too() -> None:
    """Up at 3 ms, just when the other's hop down has the core until 3.5 ms."""
    both_ways = {"filter": {"f": {"up": "2 ms"}}}
    story = two(reads(0), reads(2_500 * US), ONE_CORE, both_ways)
    assert story.ledger(0)["filter f"] == 2 * MS + 500 * US + 2 * MS


def test_a_worker_is_held_while_its_hop_waits_for_a_core() -> None:
    """One worker for f; b's hop has the core first. a's two: 1 ms waited, 2 ms; then the second begins at 3 ms."""
    worker = {"filter": {"f": {"workers": 1}}}
    story = two(reads(1, 1), reads(0), ONE_CORE, worker)
    assert story.ledger(0)["filter f"] == 3 * MS - 1
    assert story.ledger(1)["filter f"] == 5 * MS - 1


def test_a_replications_hops_are_on_the_hosts_cores() -> None:
    copy = {"protection": {"vaio": {"copy": {**VAIO, "down": "2 ms", "up": "1 ms"}}}, "run": {"slowest": 9}}
    story = Played(scripted(world(merged(ONE_CORE, copy)), trace(writes(0) + reads(0))), "vaio")
    spent = sorted(story.ledger(n)["filter copy"] for n in range(2))
    assert spent == [3 * MS, 4 * MS]
    assert story.result.cores[0].busy_ns == 4 * MS
