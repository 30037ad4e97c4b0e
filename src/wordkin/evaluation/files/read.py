"""From a path to a benchmark."""

from __future__ import annotations

from collections.abc import Sequence
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

    Nothing is guessed: where a file can be read in two ways, it is refused with both, and with the option that
    decides. ``reading`` of the result says what was understood.

    Parameters
    ----------
    path : str or Path
        A text file with one item a line, or a directory of files of word pairs, each one relation.
    kind : {"analogies", "similarity", "categories", "odd-one-out", "relations"}, optional
        What the file holds; told from its lines unless given.
    gold : str or Path, optional
        A second file with the scores or answers of the lines, as SemEval-2017 and MSR have them. Found by
        itself under their names (``.data.`` and ``.gold.``, ``.questions`` and ``.answers``).
    score_column : str or int, optional
        The column of the scores, by the name its header gives or by number from 1.
    word_columns : (str or int, str or int), optional
        The columns of the two words, or of the word and its category.
    header : bool, optional
        Whether the first line is a header; told from its cells unless given.
    delimiter : {"tab", "comma", "semicolon", "colon", "bar", "space"}, optional
        What stands between columns, by name or as itself; told from the lines unless given.
    decimal : {".", ","}, optional
        The decimal mark of the scores; told from them unless given.
    comments : bool, optional
        Whether lines that start with ``#`` or ``//`` are all comments (True) or all items (False). Unless given,
        such a line is a comment where it cannot be an item: ``#love #hate 3.4`` is one.
    encoding : str, optional
        UTF-8 unless given, or what a byte-order mark says.
    bad_items : {"refuse", "skip"}, default "refuse"
        What to do with a line that is no item, say without a score; skipped ones are listed in ``reading``.
    pos_suffixes : {"strip", "keep"}, default "strip"
        Where all words end in a part of speech, as ``sun-n`` in MEN, take it off or leave it.
    pairs_per_relation : int, optional
        Take only so many first pairs of each relation.

    Returns
    -------
    Analogies, WordPairs, WordCategories or OddOneOut
        Relations become Analogies.

    Raises
    ------
    ConfigError
        An option is not legal, or names a column that there is not.
    CorpusNotFoundError
        There is no such file.
    FormatError
        A line does not parse, no kind fits, several do, or the file can have one score only.
    """
    checked = checked_options(kind, options)
    path = Path(path)
    if path.is_dir():
        return _read_directory(path, checked)
    table = _read_table(path, checked)
    match recognise(table, checked):
        case "analogies":
            return read_questions(table, checked)
        case "similarity":
            return read_pairs(table, checked)
        case "categories":
            return read_categories(table, checked)
        case "relations":
            return read_relations([table], path, checked)
        case _:
            return read_groups(table, checked)


def _read_table(path: Path, options: Options) -> Table:
    """The table of a file with its header apart, and the columns of its second file if it has one."""
    table = make_table(read_lines(path, options.encoding), path, options)
    gold = gold_path(path, options)
    if gold is not None:
        table = add_gold(table, gold, options)
    elif table.width < 4 and options.kind is None and missing_partner(path):
        raise FormatError(
            f"{path}: its scores or answers must be in a second file, {missing_partner(path)!r} by its name; got none: "
            "name it with gold="
        )
    return find_header(table, options)


def _read_directory(path: Path, options: Options) -> Dataset:
    """The relations of all files of a directory and those below it, by name."""
    if options.kind not in (None, "relations"):
        raise FormatError(f"{path}: a directory must hold files of relations; got kind={options.kind!r}: name one file")
    files = _data_files(path)
    if not files:
        raise FormatError(f"{path}: must be a benchmark file or a directory with .txt, .tsv or .csv files; got neither")
    tables = []
    for file in files:
        table = _read_table(file, options)
        if table.width != 2:
            raise FormatError(
                f"{file}: each file of a directory must hold word pairs of one relation; this one holds "
                f"{recognise(table, options)}: name the files one by one"
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
