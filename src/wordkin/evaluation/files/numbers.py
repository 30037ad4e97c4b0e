"""Scores as people write them: with a point or a comma, as percentages, or missing."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable

_NUMBER = re.compile(r"[+\u2212-]?(\d+([.,]\d*)?|[.,]\d+)([eE][+-]?\d+)?\s*%?")
_MISSING = frozenset({"", "nan", "na", "n/a", "none", "null", "-", "--", "?", ".", "inf", "-inf", "#n/a"})
_THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2},\d{3}")


def looks_numeric(cell: str) -> bool:
    """Whether a cell is a number by some decimal mark; underscores, "nan" and "inf" make no number."""
    return _NUMBER.fullmatch(cell) is not None


def is_missing(cell: str) -> bool:
    """Whether a cell says that there is no score."""
    return cell.lower() in _MISSING


def number(cell: str, decimal: str) -> float | None:
    """The number a cell holds with this decimal mark; None where it is none, or not finite.

    >>> number("7,35", ","), number("7,35", "."), number("73.5%", ".")
    (7.35, None, 73.5)
    """
    if not looks_numeric(cell) or ("," if decimal == "." else ".") in cell:
        return None
    value = float(cell.rstrip("% ").replace(",", ".").replace("\u2212", "-"))
    return value if math.isfinite(value) else None


def decimal_marks(cells: Iterable[str]) -> set[str]:
    """The marks that occur in numbers: some of ``"."`` and ``","``."""
    return {mark for cell in cells if looks_numeric(cell) for mark in ".," if mark in cell}


def may_be_thousands(cells: Iterable[str]) -> bool:
    """Whether each comma could stand between thousands as well: ``1,234`` but neither ``0,234`` nor ``7,35``."""
    with_comma = [cell for cell in cells if "," in cell and looks_numeric(cell)]
    return bool(with_comma) and all(_THOUSANDS.fullmatch(cell) for cell in with_comma)
