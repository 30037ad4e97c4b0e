"""Print benchmark results for several files of vectors in one table."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import PurePath
from typing import TYPE_CHECKING

from wordkin.cli.output import print_table, print_text

if TYPE_CHECKING:
    from wordkin.evaluation import Comparison, Result

    Scored = tuple[str, Result]  # a file of vectors and its result
    Compared = tuple[str, str, Comparison]  # two files of vectors and how they differ


def print_scores(scored: Sequence[Scored], names: Mapping[str, str], sections: bool) -> None:
    """Print the results of one benchmark as a table, and the layout in which its file was read.

    Parameters
    ----------
    scored : sequence of (str, Result)
        The path of each file of vectors and its result.
    names : mapping of str to str
        The name to print for each of these paths.
    sections : bool
        Whether to print a row for each section of the benchmark as well.
    """
    from wordkin.evaluation.presentation import text_table

    result = scored[0][1]
    columns, rows = text_table({names[path]: each for path, each in scored}, sections=sections)
    print_table(columns, rows, title=result.title, right=result.columns)
    if result.reading is not None:
        print_text(str(result.reading))


def format_scores(scored: Sequence[Sequence[Scored]], names: Mapping[str, str], form: str) -> str:
    """Format all results as one text in the given ``form``: "markdown", "latex" or "csv"."""
    from wordkin.evaluation.presentation import RECORD_COLUMNS, records, text_table
    from wordkin.tables import csv_table, latex_table, markdown_table

    if form == "csv":
        rows = [[names[path], *record] for each in scored for path, result in each for record in records(result)]
        return csv_table(["vectors", *RECORD_COLUMNS], rows)
    texts = []
    for each in scored:
        result = each[0][1]
        columns, cells = text_table({names[path]: result for path, result in each})
        cells = [row for row in cells if any(row)]
        if form == "markdown":
            texts.append(
                f"**{result.title}**\n\n{markdown_table(columns, cells, right=result.columns)}\n\n{result.reading}"
            )
        else:
            texts.append(f"% {result.title}\n% {result.reading}\n{latex_table(columns, cells, right=result.columns)}")
    return "\n\n".join(texts)


def print_comparisons(compared: Sequence[Compared], names: Mapping[str, str]) -> None:
    """Print a table of pairwise comparisons: a row for each benchmark and pair of files of vectors."""
    from wordkin.evaluation.presentation import interval_text

    columns = ["benchmark", "vectors", "against", "difference", "95% interval", "p", "differ"]
    rows = [
        [
            result.dataset,
            names[one],
            names[other],
            _signed(result.difference, result.measure),
            interval_text(result.interval, as_percent=result.measure == "accuracy"),
            "-" if math.isnan(result.p_value) else f"{result.p_value:.2g}",
            "yes" if result.differs else "no",
        ]
        for one, other, result in compared
    ]
    print_table(columns, rows, title="comparison", right=columns[3:6])


def short_names(paths: Sequence[str]) -> dict[str, str]:
    """Shorten paths to unique names: the file name, without suffix if possible, after as many directories as needed.

    >>> short_names(["a/v.bin", "b/v.bin", "w.txt.gz", "w.bin"])
    {'a/v.bin': 'a/v', 'b/v.bin': 'b/v', 'w.txt.gz': 'w.txt.gz', 'w.bin': 'w.bin'}
    """
    parts = {path: (*PurePath(path).parts[:-1], _stem(PurePath(path).name)) for path in dict.fromkeys(paths)}
    taken = Counter(parts.values())
    parts |= {path: PurePath(path).parts for path, each in parts.items() if taken[each] > 1}
    names = {path: each[-1] for path, each in parts.items()}
    for depth in range(2, max(map(len, parts.values())) + 1):
        counts = Counter(names.values())
        names |= {path: "/".join(parts[path][-depth:]) for path, name in names.items() if counts[name] > 1}
    return names


def _stem(name: str) -> str:
    """Remove ``.gz`` and the suffix of the format from a file name."""
    for suffix in (".gz", ".safetensors", ".bin", ".txt", ".vec", ".model", ".kv", ".parquet"):
        name = name.removesuffix(suffix) or name
    return name


def _signed(value: float, measure: str) -> str:
    if math.isnan(value):
        return "-"
    return f"{value:+.1%}" if measure == "accuracy" else f"{value:+.3f}"
