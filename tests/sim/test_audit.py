"""A law holds exactly, or to its stated tolerance; broken ones are told in order, with their numbers."""

import pytest

from sim.audit import Line, broken


@pytest.mark.parametrize(
    ("left", "right", "tolerance", "holds"),
    [(5, 5, 0, True), (5, 6, 0, False), (5, 7, 2, True), (7, 5, 2, True), (5, 8, 2, False), (-1, 1, 2, True)],
)
def test_a_line_holds_to_its_tolerance(left: int, right: int, tolerance: int, holds: bool) -> None:
    assert Line("law", "subject", left, right, tolerance).holds == holds


def test_broken_lines_are_told_in_order() -> None:
    lines = [Line("a", "x", 1, 2), Line("b", "x", 3, 3), Line("c", "y", 9, 1, 4)]
    assert broken(lines) == [lines[0], lines[2]]
    assert [str(line) for line in broken(lines)] == ["a: x: 1 is not 2", "c: y: 9 is not 1 (tolerance 4)"]
