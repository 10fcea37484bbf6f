"""A question from the command line: asked, its folder written, its answer printed.

The folder holds `answer.md`, the CSV files of what was measured and the picture; it is finished or not there.
"""

import difflib
import hashlib
import json
import time
from pathlib import Path
from typing import Any

from experiments.charts.paper import Identity
from experiments.engines import by_default
from experiments.errors import InputError
from experiments.identity import ROOT, VERSION
from experiments.options import StudyOptions
from experiments.output import check_free, execution_document, folder_of, write_folder
from experiments.questions import QUESTIONS
from experiments.questions.question import Answer, Lab, Question, Table
from experiments.study.export import check_parquet, write_table
from experiments.study.runner import running
from experiments.study.session import means, study_executed
from experiments.study.work import study_source
from models.assumptions import default

WRITTEN_BY = ("experiments/questions/*.py", "experiments/charts/*.py", "experiments/scenario/*.py",
              "experiments/sweep/*.py", "experiments/plan/*.py", "experiments/study/*.py",
              "scenarios/questions/*.toml")  # fmt: skip
"""Files that decide what an answer says, besides those that decide what a run does."""


def main(name: str | None, quick: bool, options: StudyOptions) -> int:
    """The question of this name asked and its answer printed; without a name, what can be asked. Returns 0."""
    if name is None:
        _list(options.json)
        return 0
    check_parquet(options.parquet)
    question = find(name)
    result = answer_hash(question, options.seed, quick)
    folder = folder_of(question.name, result, options.out)
    check_free(folder, options.force)
    engine, began = options.engine or by_default(), time.monotonic()
    with running(means(options), question.name) as runner:
        answer = question.ask(Lab(runner, engine, options.seed, quick))
    execution = study_executed(options, engine, began)
    seed = _seed(options.seed)
    identity = Identity(question.name, result, seed, answer.replications, answer.compressed)

    def fill(part: Path) -> None:
        for table, content in answer.tables.items():
            _write(content, part, table, options.parquet)
        (part / "answer.md").write_text(note(question, answer), encoding="utf-8", newline="\n")
        if not options.no_report:
            answer.draw(part, identity)

    manifest = _manifest(question, answer, identity, quick)
    write_folder(folder, options.force, fill, manifest, execution_document(execution))
    _say(question, answer, folder, options.json)
    return 0


def find(name: str) -> Question:
    """The question of this name. Raises InputError with what can be asked instead."""
    known = {question.name: question for question in QUESTIONS}
    if name in known:
        return known[name]
    near = difflib.get_close_matches(name.casefold(), known, 1)
    advice = f'did you mean "{near[0]}"?' if near else "there are: " + ", ".join(known)
    raise InputError([f'question: "{name}" is none that ships, {advice}'])


def answer_hash(question: Question, seed: int | None, quick: bool) -> str:
    """Ten hex digits that name an answer: everything that decides what it says."""
    asked = f"{question.name} {_seed(seed)} {quick} {VERSION} {study_source()}"
    digest = hashlib.blake2b(asked.encode(), digest_size=5)
    for pattern in WRITTEN_BY:
        for path in sorted(ROOT.glob(pattern)):
            digest.update(f"\0{path.name}\0".encode() + path.read_bytes())
    return digest.hexdigest()


def verdict(answer: Answer) -> str:
    """Whether the expectation held, and by which figures, in a sentence."""
    return f"The expectation {'held' if answer.held else 'did not hold'}: {answer.because}."


def note(question: Question, answer: Answer) -> str:
    """answer.md: the question as a lab note."""
    parts = {
        "Expectation": question.expectation,
        "Method": question.method,
        "What came out": f"{answer.said}\n\n{verdict(answer)}",
        "How to read the picture": question.how_to_read,
    }
    return f"# {question.question}\n" + "".join(f"\n## {head}\n\n{text}\n" for head, text in parts.items())


def _list(as_json: bool) -> None:
    if as_json:
        print(json.dumps([{"name": one.name, "question": one.question} for one in QUESTIONS], indent=1))
        return
    width = max(len(one.name) for one in QUESTIONS)
    for one in QUESTIONS:
        print(f"{one.name:<{width}}  {one.question}")


def _say(question: Question, answer: Answer, folder: Path, as_json: bool) -> None:
    if as_json:
        said = {"name": question.name, "question": question.question, "answer": answer.said, "held": answer.held,
                "because": answer.because, "folder": str(folder)}  # fmt: skip
        print(json.dumps(said, indent=1))
        return
    print(f"{question.question}\n{answer.said}\n{verdict(answer)}\nWritten to {folder}")


def _write(table: Table, folder: Path, name: str, parquet: bool) -> None:
    import pandas as pd

    write_table(pd.DataFrame(table.rows, columns=list(table.columns), dtype=object), folder, name, parquet)


def _manifest(question: Question, answer: Answer, identity: Identity, quick: bool) -> dict[str, Any]:
    return {
        "name": question.name,
        "title": question.question,
        "result": identity.hash,
        "version": VERSION,
        "source": study_source(),
        "seed": identity.seed,
        "replications": answer.replications,
        "quick": quick,
        "held": answer.held,
    }


def _seed(seed: int | None) -> int:
    return int(default("run.seed")) if seed is None else seed
