"""A run checks its own books. A law is an equality of two integers, exact unless it states a tolerance."""

from typing import NamedTuple


class Line(NamedTuple):
    """One law on one subject: `left` must equal `right` to within `tolerance`."""

    law: str
    subject: str
    left: int
    right: int
    tolerance: int = 0  # 0: exact

    @property
    def holds(self) -> bool:
        return abs(self.left - self.right) <= self.tolerance

    def __str__(self) -> str:
        slack = f" (tolerance {self.tolerance})" if self.tolerance else ""
        return f"{self.law}: {self.subject}: {self.left} is not {self.right}{slack}"


def broken(lines: list[Line]) -> list[Line]:
    """The laws that do not hold, in order."""
    return [line for line in lines if not line.holds]
