"""Questions that ship: each is asked by name, in a short look here, and its expectation is held against the figures."""

import csv
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from experiments.cli import main
from experiments.questions import QUESTIONS
from experiments.questions.question import Answer, Lab, Question
from experiments.questions.session import answer_hash, find, note
from experiments.study.runner import Means, running

NAMES = [question.name for question in QUESTIONS]


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Answer]]:
    """Every question in a short look."""
    store = tmp_path_factory.mktemp("questions") / "runs.sqlite"
    with running(Means(store, workers=2, quiet=True), "questions") as runner:
        yield {question.name: question.ask(Lab(runner, "compiled", quick=True)) for question in QUESTIONS}


@pytest.mark.parametrize("question", QUESTIONS, ids=NAMES)
def test_an_answer_has_figures_with_intervals_and_a_verdict(question: Question, answers: dict[str, Answer]) -> None:
    answer = answers[question.name]
    assert "±" in answer.said or "(95 %" in answer.said
    assert "nan" not in answer.said + answer.because
    assert all(len(table.columns) == len(row) for table in answer.tables.values() for row in table.rows)
    assert all(table.rows for table in answer.tables.values())
    text = note(question, answer)
    for part in (question.question, question.expectation, question.method, question.how_to_read, answer.said):
        assert part in text
    assert f"The expectation {'held' if answer.held else 'did not hold'}: {answer.because}." in text


def test_questions_are_listed_with_their_names(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["question"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == NAMES
    assert all(line.endswith(question.question) for line, question in zip(lines, QUESTIONS, strict=True))


def test_an_unknown_question_is_a_users_mistake(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["question", "one-more-filtre"]) == 2
    assert (
        capsys.readouterr().err == 'question: "one-more-filtre" is none that ships, did you mean "one-more-filter"?\n'
    )


def test_an_answer_is_a_finished_folder_and_the_same_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folders = []
    asked = ["question", "one-more-filter", "--quick", "--json", "--no-report", "--out"]
    for out, workers in (("a", 1), ("b", 2)):
        assert main([*asked, str(tmp_path / out), "--workers", str(workers)]) == 0
        folders.append(Path(json.loads(capsys.readouterr().out)["folder"]))
    names = sorted(path.name for path in folders[0].iterdir())
    assert names == ["answer.md", "manifest.json", "run.json", "values.csv"]
    for name in set(names) - {"run.json"}:
        assert (folders[0] / name).read_bytes() == (folders[1] / name).read_bytes()
    with (folders[0] / "values.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert {row["filters"] for row in rows} == set("0123456")
    assert main([*asked, str(tmp_path / "b")]) == 2  # it is there already
    assert "exists already" in capsys.readouterr().err


def test_a_hash_names_seed_and_size() -> None:
    question = find("one-more-filter")
    hashes = {answer_hash(question, None, False), answer_hash(question, 7, False), answer_hash(question, None, True),
              answer_hash(replace(question, name="another"), None, False)}  # fmt: skip
    assert len(hashes) == 4
    assert answer_hash(question, None, False) == answer_hash(question, 1, False)
