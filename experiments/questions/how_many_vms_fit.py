"""How many VMs fit on this datastore, under backup and under replication?"""

from dataclasses import replace
from pathlib import Path

from experiments.charts import capacity
from experiments.charts.paper import Identity
from experiments.charts.sheets import draw_sheets
from experiments.identity import ROOT
from experiments.metrics import show
from experiments.plan import tables
from experiments.plan.conduct import conduct
from experiments.plan.file import Plan, load_plan
from experiments.plan.result import Answer as Found
from experiments.plan.result import PlanResult
from experiments.plan.verdict import binding, headline
from experiments.questions.question import Answer, Lab, Question, Table, around
from models.run import SimulationError

NEAR = 0.1
"""So near the answer must come to the number of servers whose writes fill the link."""
PLAN = ROOT / "scenarios" / "questions" / "how-many-vms-fit-plan.toml"


def ask(lab: Lab) -> Answer:
    """The shipped plan."""
    plan = load_plan(PLAN, lab.seed)
    result = conduct(_short(plan) if lab.quick else plan, lab.runner, lab.engine)
    if result.failures:
        raise SimulationError("\n".join(f"{one.run}: {one.reason}" for one in result.failures))
    vadp, vaio = result.answers
    more, link = _most(vaio) > _most(vadp), _link(plan)
    ends = _binding(result, vadp)
    return Answer(
        " ".join(_said(result, one) for one in result.answers),
        more and ends == "write_p99" and abs(_most(vaio) - link) <= NEAR * link,
        f"{_most(vaio)} servers fit under VAIO, {'more than' if more else 'not more than'} the {_most(vadp)} under "
        f"VADP; {ends} ends it under VADP, and the link carries the writes of {link:.1f} servers",
        {name: Table(columns, [tuple(row[key] for key in columns) for row in rows(result)])
         for name, (rows, columns) in tables.TABLES.items() if name != "failures"},
        lambda folder, identity: _draw(result, folder, identity),
        result.looks[-1],
        compressed=result.compressed,
    )  # fmt: skip


def _short(plan: Plan) -> Plan:
    """Every twelfth number of servers only, in two replications."""
    return replace(plan, unknown=replace(plan.unknown, choices=plan.unknown.choices[::12]), looks=(2,))


def _link(plan: Plan) -> float:
    """How many servers' writes the link carries."""
    server, replica = plan.first.vms[0], plan.first.vaio[0]
    written = sum(w.rate_iops * (1 - w.read_ppm / 1e6) * w.sizes[0][0] for w in server.workloads)
    return replica.link_bytes_per_s * replica.reduction_milli / 1000 / written


def _most(found: Found) -> int:
    return 0 if found.best is None else int(found.best.level.number)


def _binding(result: PlanResult, found: Found) -> str:
    return "nothing" if found.beyond is None or found.binding is None else result.objectives[found.binding].metric


def _said(result: PlanResult, found: Found) -> str:
    """The answer in an arm, what binds, and that objective's figure with its interval at the answer."""
    text = " ".join([f"{headline(result, found)}.", *binding(result, found)])
    at = found.binding
    if at is None or found.best is None:
        return text
    objective, judged = result.objectives[at], found.best.objectives[at]
    return f"{text} At {found.best.level.text} it is {around(judged.interval, objective.unit)} " \
           f"({show(100 * found.confidence)} % sure of the answer)."  # fmt: skip


def _draw(result: PlanResult, folder: Path, identity: Identity) -> None:
    draw_sheets(capacity.sheets(result), identity, folder, workers=1)


QUESTION = Question(
    "how-many-vms-fit",
    "How many VMs fit on this datastore?",
    "More under VAIO than under VADP: backups and their merges share the array with the guests, and so the write p99 "
    "ends it there. Under VAIO the array is the guests' own, and the link ends it, at the number of servers whose "
    f"writes fill it (to {NEAR:.0%}), whichever objective notices first: the age of the recovery point, or the write "
    "p99, because the resync after an overflow reads from the array.",
    f"The plan in {PLAN.parent.name}/{PLAN.name}: the most servers at which the write p99, the stun p99, the age of "
    "the recovery point and the free space of the datastore all keep their limits, found by a bisection whose every "
    "step is judged on replications with the same random numbers.",
    capacity.HOW_TO_READ,
    ask,
)
