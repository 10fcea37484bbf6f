"""A datastore that slows down, through the readable path, against a slow twin that looks at every nanosecond."""

from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from models.mechanisms.slowdown import slowdown, stretched
from models.scenario import ServiceLaw
from tests.oracles.twins import stretched_services
from tests.worlds import Played, scripted, trace, world

FACTORS = st.lists(st.integers(200, 4000), min_size=1, max_size=4)


@given(FACTORS, st.integers(0, 9), st.integers(0, 2**30))
def test_a_service_is_stretched_by_the_factor_of_its_start(milli: list[int], others: int, service: int) -> None:
    whole = Fraction(milli[min(others, len(milli) - 1)], 1000) * service
    assert stretched(slowdown(tuple(milli)), others, service) == whole // 1


@settings(max_examples=60, deadline=None)
@given(FACTORS, st.integers(1, 3), st.integers(1, 60), st.lists(st.integers(0, 80), min_size=1, max_size=12))
def test_the_station_is_the_twin(milli: list[int], servers: int, service: int, gaps: list[int]) -> None:
    from dataclasses import replace

    times = [1000 + sum(gaps[: i + 1]) + i for i in range(len(gaps))]  # no two at once
    plain = world()
    law = ServiceLaw(service, "fixed", 0, 0, ())
    store = replace(plain.datastores[0], servers=servers, read=law, slowdown_milli=tuple(milli))
    spec = scripted(replace(plain, datastores=(store,)), trace((at, 0, 512, False) for at in times))
    run = replace(spec.run, slowest=100)
    played = Played(replace(spec, run=run))
    ends = stretched_services(times, [service] * len(times), servers, [Fraction(m, 1000) for m in milli])
    assert [played.delivered(n) for n in range(len(times))] == ends
