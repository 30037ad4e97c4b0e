"""Read scores or answers from a second file, as for SemEval-2017 task 2, the MSR questions and Multi-SimLex."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from wordkin.errors import FormatError
from wordkin.evaluation.files.headers import is_index_name, normalised
from wordkin.evaluation.files.lines import Line, read_lines
from wordkin.evaluation.files.options import Options
from wordkin.evaluation.files.table import Row, Table, make_table

_PARTNERS = ((".data.", ".gold."), ("_data.", "_gold."), (".questions", ".answers"))


def gold_path(path: Path, options: Options) -> Path | None:
    """Return the path of the file with the scores or answers for a benchmark file; None if there is no such file.

    It is the option ``gold``, if that is set. Otherwise, if ``path`` has the name of a published benchmark with a
    second file, it is that second file.
    """
    if options.gold is not None:
        return Path(options.gold)
    for data, gold in _PARTNERS:
        if data in path.name:
            partner = path.with_name(path.name.replace(data, gold))
            return partner if partner.exists() else None
    return None


def missing_partner(path: Path) -> str:
    """Return the name of the file that should have the scores or answers for ``path``, as in published benchmarks.

    Returns "" if ``path`` does not have the name of a published benchmark with a second file.
    """
    return next((path.name.replace(data, gold) for data, gold in _PARTNERS if data in path.name), "")


def add_gold(table: Table, path: Path, options: Options) -> Table:
    """Add the columns of a file of scores or answers to the table of a benchmark file.

    Rows are matched by an ID column if both files have one, and otherwise by their order.

    Raises
    ------
    FormatError
        The files do not match.
    """
    plain = replace(options, delimiter=None, header=None)
    gold = make_table(read_lines(path, options.encoding), path, plain)
    one, other = (normalised(each.rows[0].cells[0]) for each in (table, gold))
    if one == other and is_index_name(one):
        return _joined(table, gold)
    if len(table.rows) != len(gold.rows):
        raise FormatError(
            f"{path}: a file of scores or answers must have a line for each line of {table.path.name}; got "
            f"{len(gold.rows):,} lines for {len(table.rows):,}"
        )
    rows = [_beside(row, extra) for row, extra in zip(table.rows, gold.rows, strict=True)]
    return replace(table, rows=tuple(rows), files=(table.path.name, path.name))


def _joined(table: Table, gold: Table) -> Table:
    extras = {row.cells[0]: row for row in gold.rows}
    unknown = next((row for row in table.rows if row.cells[0] not in extras), None)
    if unknown is not None:
        raise FormatError(
            f"{gold.path}: there must be a line for each ID of {table.path.name}; got none for {unknown.cells[0]!r}"
        )
    rows = [_beside(row, extras[row.cells[0]]) for row in table.rows]
    return replace(table, rows=tuple(rows), files=(table.path.name, gold.path.name))


def _beside(row: Row, extra: Row) -> Row:
    line = Line(f"{row.line.text} {extra.line.text}", row.line.number, row.line.path)
    return Row((*row.cells, *extra.cells), line)
