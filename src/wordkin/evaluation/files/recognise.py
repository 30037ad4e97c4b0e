"""Detect the kind of benchmark that a table contains.

For each kind, a function returns the reason why a table fits that kind, or "" if it does not. If no kind fits, or
several do, the error names the option that decides.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from wordkin.errors import FormatError
from wordkin.evaluation.files.headers import is_category_name, normalised, score_of_header
from wordkin.evaluation.files.numbers import looks_numeric
from wordkin.evaluation.files.options import KINDS, Options
from wordkin.evaluation.files.pairs import PARTS_OF_SPEECH
from wordkin.evaluation.files.questions import tag_column
from wordkin.evaluation.files.relations import BATS_NAME
from wordkin.evaluation.files.table import Table

_MANY_ROWS = 20
_FEW_VALUES = 12


def recognise(table: Table, options: Options) -> str:
    """Return the kind of benchmark that a table contains. The header of the table must have been removed.

    If an option names the kind, this is the result. Otherwise it is the only kind that fits the table.

    Raises
    ------
    FormatError
        No kind fits, or several do.
    """
    if options.kind is not None:
        return options.kind
    if options.score_column is not None:
        return "similarity"
    fits = {kind: why for kind, fit in FITS.items() if (why := fit(table))}
    if len(fits) == 1:
        return next(iter(fits))
    first = table.rows[0].line.text[:80]
    if fits:
        readings = " or as ".join(f"{kind} ({why})" for kind, why in fits.items())
        remedies = " or ".join(f'kind="{kind}"' for kind in fits)
        raise FormatError(f"{table.path} can be read as {readings}; its first line is {first!r}: pass {remedies}")
    raise FormatError(
        f"{table.path}: the kind of benchmark cannot be detected from {table.width} columns separated by "
        f"{table.delimiter_name}; the first line is {first!r}: pass kind= (" + ", ".join(KINDS) + ")"
    )


def _fits_odd_one_out(table: Table) -> str:
    return "a bar before the last word" if any("|" in row.cells for row in table.rows) else ""


def _fits_analogies(table: Table) -> str:
    if _fits_odd_one_out(table):
        return ""
    if table.sections and table.width != 2:
        return "sections with a colon"
    if tag_column(table) is not None:
        return "four words and the tag of their relation"
    if table.width != 4 or not table.regular or _are_labels(table, 2) or _header_names_a_score(table):
        return ""
    last = table.column(3)
    if any("." in cell or "," in cell for cell in last if looks_numeric(cell)) and table.is_numeric(3):
        return ""
    if table.is_numeric(3) and table.is_numeric(2):
        return ""
    return "four words"


def _fits_similarity(table: Table) -> str:
    if table.sections or _fits_odd_one_out(table) or tag_column(table) is not None:
        return ""
    return "two words and a number" if any(table.is_numeric(at) for at in range(2, table.width)) else ""


def _fits_pairs_of_words(table: Table) -> bool:
    if table.width != 2 or _fits_odd_one_out(table):
        return False
    return not all(looks_numeric(row.cells[-1]) for row in table.rows) or _repeats(table, 1)


def _fits_categories(table: Table) -> str:
    if not _fits_pairs_of_words(table) or table.sections or _has_name_of_bats(table):
        return ""
    if table.header is not None:
        return "a header" if is_category_name(normalised(table.header.cells[1])) else ""
    if any("/" in cell for cell in table.column(1)):
        return ""
    counts = Counter(table.column(1))
    if max(counts.values()) < 2:
        if len(table.rows) < 2:
            return "two columns"
        return "a first column whose values repeat" if len(set(table.column(0))) < len(table.rows) else ""
    return "a second column whose values repeat"


def _fits_relations(table: Table) -> str:
    if not _fits_pairs_of_words(table):
        return ""
    if table.sections:
        return "sections of word pairs"
    if table.header is not None:
        return "" if is_category_name(normalised(table.header.cells[1])) else "a header of two words"
    if _has_name_of_bats(table):
        return "the name of a file of BATS"
    if any("/" in cell for cell in table.column(1)):
        return "second words with alternatives"
    # If each value of the second column repeats, the values are categories.
    return "" if _repeats(table, 1) else "a second column whose values do not all repeat"


def _repeats(table: Table, at: int) -> bool:
    """Return whether each value that occurs in column ``at`` occurs at least twice in it."""
    return min(Counter(table.column(at)).values()) > 1


def _header_names_a_score(table: Table) -> bool:
    if table.header is None:
        return False
    names = [normalised(cell) for cell in table.header.cells]
    return bool(score_of_header(names, [at for at in range(2, table.width) if table.is_numeric(at)]))


def _has_name_of_bats(table: Table) -> bool:
    return BATS_NAME.match(table.path.name) is not None


def _are_labels(table: Table, at: int) -> bool:
    """Return whether column ``at`` contains a few labels, such as parts of speech, rather than words."""
    values = {cell.lower() for cell in table.column(at)}
    return values <= PARTS_OF_SPEECH or (len(table.rows) >= _MANY_ROWS and len(values) <= _FEW_VALUES)


FITS: dict[str, Callable[[Table], str]] = {
    "odd-one-out": _fits_odd_one_out,
    "analogies": _fits_analogies,
    "similarity": _fits_similarity,
    "categories": _fits_categories,
    "relations": _fits_relations,
}
