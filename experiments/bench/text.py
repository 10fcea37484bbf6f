"""The benchmark's figures as tables for people."""

from collections.abc import Iterator

from experiments.bench.apart import PARTS
from experiments.bench.contest import Contest
from experiments.bench.plan import FULL
from experiments.bench.report import Report
from experiments.bench.spread import Spread


def as_text(report: Report) -> str:
    """All tables."""
    return "\n".join(lines(report))


def lines(report: Report) -> Iterator[str]:
    """Line by line."""
    rounds = report.plan.rounds
    yield report.machine.line()
    yield (
        f"per CPU second; median of {rounds} rounds (lowest to highest)" if rounds > 1 else "per CPU second; one round"
    )
    if report.plan.fast_s < FULL.fast_s:
        yield "a short look: what a run costs once weighs too much in it; the targets are for the full one"
    yield from contests(report)
    yield from scenarios(report)
    yield from parts(report)
    yield from memory(report)
    yield from growth(report)
    yield ""
    yield f"{'target':<66} {'wanted':>8} {'found':>8}"
    for target in report.targets():
        verdict = "hit" if target.hit else "missed"
        yield f"{target.what:<66} {target.wanted:>8g} {target.found:>8.3g}   {verdict}"


def contests(report: Report) -> Iterator[str]:
    """The canonical case."""
    plan = report.plan
    yield ""
    yield f"canonical case: {plan.fast_s:g} s simulated by the compiled path and in C, {plan.slow_s:g} s by the others"
    yield (
        f"{'scheduler':<10}{'model':<17}{'I/Os':>10}{'events/IO':>11}{'I/Os per s':>12}"
        f"{'/ idiomatic':>30}{'/ C loop':>30}"
    )
    for one in report.canonical:
        for speed in one.models:
            yield (
                f"{one.scheduler:<10}{speed.model:<17}{speed.ios:>10,}{speed.events_per_io:>11.2f}"
                f"{speed.ios_per_second.median:>12,.0f}{span(speed.of_idiomatic):>30}{span(speed.of_c):>30}"
            )
        yield from beside(one)


def beside(one: Contest) -> Iterator[str]:
    """The compiled path beside C, like with like; or why not."""
    if one.loop_of_c is None:
        yield f"{one.scheduler:<10}there is no C compiler (no `cc` on the PATH): the C loop is left out"
    else:
        yield (
            f"{one.scheduler:<10}compiled loop alone / C loop: {span(one.loop_of_c)}, / C with books: "
            f"{span(one.loop_of_books)}; all of it / C loop and drawing: {span(one.drawn_of_c)}"
        )


def scenarios(report: Report) -> Iterator[str]:
    """The shipped scenarios."""
    cut = report.plan.scenario_s
    yield ""
    yield "shipped scenarios, ledger and audit on" + (f", first {cut:g} s of each" if cut else "")
    yield (
        f"{'scenario':<22}{'arm':<6}{'guest I/Os':>11}{'commands':>10}{'events/IO':>11}{'readable/s':>12}"
        f"{'compiled/s':>12}{'commands/s':>12}{'/ readable':>30}{'/ C loop':>30}"
    )
    for one in report.scenarios:
        yield (
            f"{one.scenario:<22}{one.arm:<6}{one.guest_ios:>11,}{one.commands:>10,}{one.events_per_io:>11.2f}"
            f"{one.readable_per_second.median:>12,.0f}{one.compiled_per_second.median:>12,.0f}"
            f"{one.commands_per_second.median:>12,.0f}{span(one.of_readable):>30}{span(one.of_c):>30}"
        )


def parts(report: Report) -> Iterator[str]:
    """Where the compiled path's time goes."""
    yield ""
    yield "where its time goes, compiled path: us of CPU for a guest I/O"
    yield f"{'':<34}{'sum':>8}" + "".join(f"{part:>10}" for part in PARTS)
    table = [
        (f"canonical, {one.scheduler}", speed.us_per_io)
        for one in report.canonical
        for speed in one.models
        if len(speed.us_per_io) == len(PARTS)
    ]
    for name, us in table + [(f"{one.scenario} ({one.arm})", one.us_per_io) for one in report.scenarios]:
        yield f"{name:<34}{sum(us.values()):>8.3f}" + "".join(f"{us[part]:>10.3f}" for part in PARTS)
    for one in report.canonical:
        for speed in one.models:
            if speed.us_per_io and len(speed.us_per_io) < len(PARTS):
                loop, drawing = speed.us_per_io["loop"], speed.us_per_io["drawing"]
                yield f"{'C, ' + one.scheduler:<34}{loop + drawing:>8.3f}{loop:>10.3f}{drawing:>10.3f}"


def memory(report: Report) -> Iterator[str]:
    """Resident memory."""
    yield ""
    if not report.memory:
        yield "memory: left out of the short look"
        return
    yield f"{'memory: canonical case, FIFO':<34}{'MiB before':>12}{'MiB at most':>12}"
    for one in report.memory:
        yield f"{one.ios:>14,} I/Os {'':<14}{one.before_kib / 1024:>12.0f}{one.peak_kib / 1024:>12.0f}"


def growth(report: Report) -> Iterator[str]:
    """What an I/O costs as the work grows."""
    yield ""
    yield (
        f"{'growth, compiled path':<22}{'scheduler':<10}{'size':>6}{'I/Os':>10}{'events/IO':>11}{'commands/IO':>13}"
        f"{'us/IO':>9}{'loop':>9}{'drawing':>9}"
    )
    for one in report.growth:
        yield (
            f"{one.what:<22}{one.scheduler:<10}{one.size:>6}{one.ios:>10,}{one.events_per_io:>11.2f}"
            f"{one.commands_per_io:>13.2f}{one.us_per_io.median:>9.2f}{one.loop_us_per_io.median:>9.2f}"
            f"{one.drawing_us_per_io.median:>9.2f}"
        )


def span(figure: Spread | None) -> str:
    """A ratio, with its lowest and highest round if there are several."""
    if figure is None:
        return "-"
    if figure.low == figure.high:
        return f"{figure.median:.3g}"
    return f"{figure.median:.3g} ({figure.low:.3g} to {figure.high:.3g})"
