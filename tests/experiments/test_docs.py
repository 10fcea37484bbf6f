"""What the pages say is true: every scenario in them loads, every command exists, every cause has its counters."""

import re
from pathlib import Path

import pytest
from house_rules import ROOT, targets
from trace_files import READ, WRITE, Record, vscsi1

from models.stories import (
    ANSWER_RANK,
    CHECKPOINT_RANK,
    CONNECTION_RANK,
    CONTROL_RANK,
    JOB_RANK,
    RETRY_RANK,
    SIOC_RANK,
    TASK_RANK,
    THAW_RANK,
    WINDOW_RANK,
)

PAGES = sorted(
    [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "results" / "README.md", *(ROOT / "docs").glob("*.md")]
)
STUDIES = ("plan", "sensitivity", "sweep")
"""Pages whose blocks are no scenarios."""


def blocks(page: str, language: str) -> list[str]:
    """The fenced blocks of one language."""
    return re.findall(rf"^```{language}\n(.*?)^```", page, re.MULTILINE | re.DOTALL)


def scenarios() -> list[str]:
    """Each TOML block of the pages as a whole scenario: a piece is added to its page's first block."""
    whole = []
    for page in PAGES:
        if page.stem in STUDIES:
            continue
        found = blocks(page.read_text(), "toml")
        whole += found[:1] + [f"{found[0]}\n{piece}" for piece in found[1:]]
    return whole


@pytest.mark.parametrize("text", scenarios(), ids=lambda text: text.splitlines()[-1])
def test_every_scenario_on_a_page_loads_without_a_warning(tmp_path: Path, text: str) -> None:
    from experiments.scenario import load

    (tmp_path / "disk.vscsi").write_bytes(vscsi1((Record(1, READ, 8, 512), Record(9_000_000, WRITE, 80, 4096))))
    path = tmp_path / "page.toml"
    path.write_text(text)
    assert load(path).warnings == []


@pytest.mark.parametrize("text", blocks((ROOT / "docs" / "sweep.md").read_text(), "toml"), ids=lambda text: text[:20])
def test_every_sweep_on_its_page_loads(tmp_path: Path, text: str) -> None:
    from experiments.sweep.file import load_sweep

    (tmp_path / "backup-interval.toml").write_text((ROOT / "scenarios" / "backup-interval.toml").read_text())
    (tmp_path / "sweeps").mkdir()
    page = tmp_path / "sweeps" / "page.toml"
    page.write_text(text)
    assert len(load_sweep(page).points) >= 2


def test_the_study_on_the_page_of_sensitivity_loads(tmp_path: Path) -> None:
    from experiments.sensitivity.file import load_sensitivity

    (tmp_path / "demo.toml").write_text((ROOT / "scenarios" / "demo.toml").read_text())
    (tmp_path / "studies").mkdir()
    page = tmp_path / "studies" / "page.toml"
    (text,) = blocks((ROOT / "docs" / "sensitivity.md").read_text(), "toml")
    page.write_text(text)
    assert [entry.key for entry in load_sensitivity(page).entries] == ["vadp.commit", "vaio.down"]


def test_the_page_of_sweeps_has_every_key_metric_and_column() -> None:
    from experiments.metrics import METRICS
    from experiments.sweep.result import Axis, SweepResult
    from experiments.sweep.schema import AxisTable, ReplicationTable, SettleTable, SweepFile
    from experiments.sweep.tables import TABLES, columns

    page = (ROOT / "docs" / "sweep.md").read_text()
    said = set(re.findall(r"`(\w+)`", page)) | set(re.findall(r"^(\w+) = ", page, re.MULTILINE))
    said |= set(re.findall(r"`(\w+) = ", page))
    for table in (SweepFile, AxisTable, ReplicationTable, SettleTable):
        keys = {field.alias or name for name, field in table.model_fields.items()}
        assert keys <= said | {"axis", "replication", "settle"}, table
    listed = re.findall(r"^\| `(\w+)` \| [^|]* \| (?:low|high|neither) \|$", page, re.MULTILINE)
    assert listed == [metric.key for metric in METRICS]
    axes = (Axis("NAME", "", (), "", False),)
    empty = SweepResult("", "", "", False, 1, "", "", "grid", axes, (), (), (), (), (), ())
    for name in TABLES:
        assert set(columns(name, empty)) <= said | {"level"}, name


def test_a_scenario_that_does_not_load_would_be_seen(tmp_path: Path) -> None:
    from experiments.errors import InputError
    from experiments.scenario import load

    path = tmp_path / "page.toml"
    right = next(text for text in scenarios() if 'size = "8 KiB"' in text)
    path.write_text(right.replace('size = "8 KiB"', 'size = "8 kb"'))
    with pytest.raises(InputError, match="size"):
        load(path)


def shell_words(page: str) -> list[list[str]]:
    """The words after `stunlab`, `experiments` or `make` wherever a page writes a command."""
    code = " ".join(blocks(page, "sh")) + " " + " ".join(f"`{span}`" for span in re.findall(r"`([^`\n]+)`", page))
    return [found.split() for found in re.findall(r"(?:^|`|\s)((?:make|stunlab|-m experiments) [a-z][^`\n]*)", code)]


def command_faults(page: str, commands: set[str], rules: set[str]) -> list[str]:
    """Commands and make targets on a page that do not exist."""
    faults = []
    for tool, *words in shell_words(page):
        word = words[1] if tool == "-m" else words[0]
        if word not in (rules if tool == "make" else commands):
            faults.append(f"{tool} {word}")
    return faults


def test_every_command_on_a_page_exists() -> None:
    from experiments.cli import app

    rules = targets((ROOT / "Makefile").read_text())
    for page in PAGES:
        assert command_faults(page.read_text(), set(app), rules) == [], page.name
    assert {"demo", "test"} <= {words[1] for words in shell_words((ROOT / "README.md").read_text())}


def test_a_command_that_does_not_exist_is_caught() -> None:
    page = "Say `stunlab destroy X`, `make tea`, `.venv/bin/python -m experiments fly` or\n```sh\nmake demo\n```\n"
    assert command_faults(page, {"run"}, {"demo"}) == ["stunlab destroy", "make tea", "-m fly"]


def counter_table() -> dict[str, list[str]]:
    """Cause -> the marks of its row in docs/io-path.md; a row may name several layers."""
    rows = re.findall(
        r"^\| ([^|]+) \|((?: (?:yes|-) \|){6})$", (ROOT / "docs" / "io-path.md").read_text(), re.MULTILINE
    )
    table = {}
    for names, marks in rows:
        head, _, layers = names.partition(": ")
        for layer in layers.split(", ") if layers else [""]:
            table[f"{head}: {layer}" if layer else head] = marks.replace("|", " ").split()
    return table


def test_the_table_of_counters_has_every_cause_of_the_ledger() -> None:
    from models.result import HOLDS, ledger_causes

    assert set(counter_table()) == set(ledger_causes(("(by name)",), ("(by name)",), HOLDS))


def test_the_table_of_counters_follows_the_definitions() -> None:
    for cause, (guest, vscsi, gavg, kavg, davg, qavg) in counter_table().items():
        layer = cause.partition(": ")[2]
        assert guest == "yes", "every cause is the guest's latency"
        assert (vscsi == "-") == (cause in {"guest queue", "stun hold in", "quiesce hold", "stun hold out"}), cause
        assert (gavg == "yes") == bool(layer), cause
        assert (kavg == "yes", davg == "yes") == (layer in {"limit", "DSNRO", "device queue"}, layer == "service"), (
            cause
        )
        assert (qavg == "yes") == (layer == "device queue"), cause


def described_columns() -> dict[str, set[str]]:
    """Table -> the words in code type in its section of docs/tables.md, with those of the page's head."""
    head, *sections = re.split(r"^## ", (ROOT / "docs" / "tables.md").read_text(), flags=re.MULTILINE)
    common = set(re.findall(r"`(\w+)`", head))
    return {text.partition("\n")[0]: common | set(re.findall(r"`(\w+)`", text)) for text in sections}


def test_every_column_of_every_table_is_described() -> None:
    from fakes import fake_result, fake_scenario

    from experiments.compare import summarise
    from experiments.tables import TABLES

    arms = ("none", "vadp", "vaio")
    results = [fake_result(arm, replicate) for arm in arms for replicate in (0, 1)]
    comparison = summarise(fake_scenario(arms, 2), results)
    described = described_columns()
    assert list(described) == list(TABLES)
    for name, table in TABLES.items():
        columns = {column for column in table(comparison) if " " not in column}  # a ledger's cause has a blank
        assert columns <= described[name], name


def test_the_order_at_one_instant_is_the_page_s() -> None:
    used = {
        (kind.lower(), int(sub))
        for path in (ROOT / "models" / "path").glob("*.py")
        for kind, sub in re.findall(r"order\((COMPLETION|ARRIVAL|DISPATCH), (\d)", path.read_text())
    }
    told, kind = set(), ""
    for head, sub in re.findall(r"^\|(?: \d (\w+))? \| (\d) \|", (ROOT / "docs" / "path.md").read_text(), re.MULTILINE):
        kind = head or kind
        told.add((kind, int(sub)))
    assert {row for row in told if row[0] != "story"} == used
    ranks = (
        WINDOW_RANK, JOB_RANK, CHECKPOINT_RANK, TASK_RANK, CONTROL_RANK, THAW_RANK, RETRY_RANK, ANSWER_RANK,
        CONNECTION_RANK, SIOC_RANK,
    )  # fmt: skip
    assert {row for row in told if row[0] == "story"} == {("story", rank) for rank in ranks}


def link_faults(root: Path, pages: list[Path]) -> list[str]:
    """Links of pages to files that are not there; pictures count from when `make pictures` has made the folder."""
    drawn = (root / "docs" / "pictures").is_dir()
    return [
        f"{page.relative_to(root)}: {target}"
        for page in pages
        for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text())
        if not (page.parent / target).exists() and (drawn or not target.startswith("docs/pictures/"))
    ]


def test_links_of_pages_lead_somewhere(tmp_path: Path) -> None:
    assert link_faults(ROOT, PAGES) == []
    page = tmp_path / "a.md"
    page.write_text("[x](none.md) and [y](a.md)")
    assert link_faults(tmp_path, [page]) == ["a.md: none.md"]
