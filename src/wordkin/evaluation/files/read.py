"""Read a benchmark from a file or a directory."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Unpack

from wordkin.errors import FormatError
from wordkin.evaluation.datasets import Dataset
from wordkin.evaluation.files.gold import add_gold, gold_path, missing_partner
from wordkin.evaluation.files.groups import read_categories, read_groups
from wordkin.evaluation.files.headers import find_header
from wordkin.evaluation.files.lines import read_lines
from wordkin.evaluation.files.options import Options, ReadOptions, checked_options
from wordkin.evaluation.files.pairs import read_pairs
from wordkin.evaluation.files.questions import read_questions
from wordkin.evaluation.files.recognise import recognise
from wordkin.evaluation.files.relations import read_relations
from wordkin.evaluation.files.table import Table, make_table

_SUFFIXES = (".txt", ".tsv", ".csv", "")
_NO_DATA = ("readme", "license", "licence", "copying")


def read_dataset(path: str | Path, kind: str | None = None, **options: Unpack[ReadOptions]) -> Dataset:
    """Read a benchmark file, or a directory of relations such as BATS.

    The layout is detected from the file. If several interpretations are possible, the error names them and the option
    that decides. ``reading`` of the result describes the interpretation chosen.

    Parameters
    ----------
    path : str or Path
        A text file with one item per line, or a directory of files with word pairs of one relation each.
    kind : {"analogies", "similarity", "categories", "odd-one-out", "relations"} or None, default None
        Kind of benchmark; None detects it from the lines.
    gold : str, Path or None, default None
        A second file with the score or answer for each line. None finds the files of SemEval-2017 and MSR by their
        published names (``.data.`` and ``.gold.``, ``.questions`` and ``.answers``).
    score_column : str, int or None, default None
        Column of the scores: a name from the header, or a number from 1. None detects it.
    word_columns : (str or int, str or int) or None, default None
        The two columns of words or, for categories, the columns of the word and of its category: names or numbers from
        1. None detects them.
    header : bool or None, default None
        Whether the first line is a header; None detects it.
    delimiter : {"tab", "comma", "semicolon", "colon", "bar", "space"} or None, default None
        Column separator, by name or as a character; None detects it.
    decimal : {".", ","} or None, default None
        Decimal mark of the scores; None detects it.
    comments : bool or None, default None
        Whether all lines that start with ``#`` or ``//`` are comments (True) or items (False). With None, such a line
        is a comment only if it cannot be an item; ``#love #hate 3.4`` is an item.
    encoding : str or None, default None
        Encoding of the file; None for UTF-8, or the encoding that a byte order mark indicates.
    bad_items : {"refuse", "skip"}, default "refuse"
        Whether to raise FormatError for a line that is not an item, for example one without a score, or to skip it.
        ``reading`` lists skipped lines.
    pos_suffixes : {"strip", "keep"}, default "strip"
        If all words end in a part of speech, as ``sun-n`` does in MEN, whether to remove it from them.
    pairs_per_relation : int or None, default None
        Use only the first ``pairs_per_relation`` pairs of each relation; None for all.

    Returns
    -------
    Analogies, WordPairs, WordCategories or OddOneOut
        The benchmark. Relations are converted to Analogies.

    Raises
    ------
    ConfigError
        An option is not valid, or names a column that does not exist.
    CorpusNotFoundError
        The file does not exist.
    FormatError
        A line cannot be parsed, the kind of benchmark cannot be determined, or the score would be the same for all
        vectors.
    """
    checked = checked_options(kind, options)
    path = Path(path)
    if path.is_dir():
        return _read_directory(path, checked)
    table = _read_table(path, checked)
    return FUNCTIONS[recognise(table, checked)](table, checked)


def _read_relations_of_file(table: Table, options: Options) -> Dataset:
    return read_relations([table], table.path, options)


FUNCTIONS: dict[str, Callable[[Table, Options], Dataset]] = {
    "analogies": read_questions,
    "similarity": read_pairs,
    "categories": read_categories,
    "odd-one-out": read_groups,
    "relations": _read_relations_of_file,
}
"""The function that reads a table of each kind."""


def _read_table(path: Path, options: Options) -> Table:
    """Read a file as a table, and append the columns of a second file if there is one. The header is separate."""
    table = make_table(read_lines(path, options.encoding), path, options)
    gold = gold_path(path, options)
    if gold is not None:
        table = add_gold(table, gold, options)
    elif table.width < 4 and options.kind is None and missing_partner(path):
        raise FormatError(
            f"{path}: its name says that the scores or answers are in a second file, {missing_partner(path)!r}, which "
            "does not exist: pass the path of the second file as gold="
        )
    return find_header(table, options)


def _read_directory(path: Path, options: Options) -> Dataset:
    """Read the files of a directory and its subdirectories as relations, and make analogies of them."""
    if options.kind not in (None, "relations"):
        raise FormatError(
            f"{path}: a directory can only be read as relations; got kind={options.kind!r}: pass a single file"
        )
    files = _data_files(path)
    if not files:
        raise FormatError(f"{path} must be a benchmark file or a directory with .txt, .tsv or .csv files; got neither")
    tables = []
    for file in files:
        table = _read_table(file, options)
        if table.width != 2:
            raise FormatError(
                f"{file}: each file of a directory must hold word pairs of one relation; this one contains "
                f"{recognise(table, options)}: evaluate the files one by one"
            )
        tables.append(table)
    return read_relations(tables, path, replace(options, kind="relations"))


def _data_files(path: Path) -> Sequence[Path]:
    found = (file for file in path.rglob("*") if file.is_file() and file.suffix.lower() in _SUFFIXES)
    return sorted(
        file
        for file in found
        if not any(part.startswith(".") for part in file.relative_to(path).parts)
        and not file.name.lower().startswith(_NO_DATA)
    )
