"""Parse scores, which may have a decimal point or comma, may be percentages, or may be missing."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable

_NUMBER = re.compile(r"[+\u2212-]?(\d+([.,]\d*)?|[.,]\d+)([eE][+-]?\d+)?\s*%?")
_MISSING = frozenset({"", "nan", "na", "n/a", "none", "null", "-", "--", "?", ".", "inf", "-inf", "#n/a"})
_THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2},\d{3}")


def looks_numeric(cell: str) -> bool:
    """Return whether a cell is a number, with a decimal point or comma. "1_000", "nan" and "inf" are not."""
    return _NUMBER.fullmatch(cell) is not None


def is_missing(cell: str) -> bool:
    """Return whether a cell marks a missing score."""
    return cell.lower() in _MISSING


def number(cell: str, decimal: str) -> float | None:
    """Parse a number whose decimal mark is ``decimal``; return None if the cell is not a finite number.

    >>> number("7,35", ","), number("7,35", "."), number("73.5%", ".")
    (7.35, None, 73.5)
    """
    if not looks_numeric(cell) or ("," if decimal == "." else ".") in cell:
        return None
    value = float(cell.rstrip("% ").replace(",", ".").replace("\u2212", "-"))
    return value if math.isfinite(value) else None


def decimal_marks(cells: Iterable[str]) -> set[str]:
    """Return the decimal marks (``"."``, ``","``) that occur in those cells that are numbers."""
    return {mark for cell in cells if looks_numeric(cell) for mark in ".," if mark in cell}


def may_be_thousands(cells: Iterable[str]) -> bool:
    """Return whether some cells have commas, and all these commas could be thousands separators.

    This is so for ``1,234``, but not for ``0,234`` or ``7,35``.
    """
    with_comma = [cell for cell in cells if "," in cell and looks_numeric(cell)]
    return bool(with_comma) and all(_THOUSANDS.fullmatch(cell) for cell in with_comma)
