"""``wordkin evaluate``: score one or several files of vectors on benchmark files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from wordkin.cli.failures import UsageError
from wordkin.cli.options import COMMON, Option, parse, with_options
from wordkin.cli.output import JsonFlag, print_json
from wordkin.cli.scores import format_scores, print_comparisons, print_scores, short_names
from wordkin.cli.vectors import READING, check_picture_first, open_vectors
from wordkin.config import Choice, Flag, Number

if TYPE_CHECKING:
    from wordkin.cli.scores import Compared, Scored
    from wordkin.embeddings import Embeddings
    from wordkin.evaluation import Result

_SCORING: Mapping[str, Option] = {
    "restrict_vocab": Option(
        Number(0, integer=True),
        "For analogies, use only the first N words of the vocabulary, in questions and answers; 0 for all.",
        30_000,
    ),
    "case": Option(Choice(("fold", "exact")), "Ignore letter case when looking up words, or match it exactly.", "fold"),
    "threads": Option(
        Number(1, 1024, integer=True, optional=True), "Threads for analogies. Default: all available cores."
    ),
}
_FILES_PANEL = "Reading benchmark files (only if the automatic detection is wrong or refuses)"
_FILES: Mapping[str, Option] = {
    "kind": Option(
        Choice(("analogies", "similarity", "categories", "odd-one-out", "relations")),
        "Kind of benchmark in the files of --dataset.",
        panel=_FILES_PANEL,
    ),
    "header": Option(Flag(), "Whether the first line is a header.", panel=_FILES_PANEL, switch=True),
    "delimiter": Option(
        Choice(("tab", "comma", "semicolon", "colon", "bar", "space")), "Column separator.", panel=_FILES_PANEL
    ),
    "decimal": Option(Choice((".", ",")), "Decimal mark of the scores.", panel=_FILES_PANEL),
    "comments": Option(
        Flag(),
        "Whether lines that start with # or // are comments; otherwise they are items.",
        panel=_FILES_PANEL,
        switch=True,
    ),
    "bad_items": Option(
        Choice(("refuse", "skip")),
        "What to do with a line that cannot be parsed: stop with an error, or skip it.",
        "refuse",
        panel=_FILES_PANEL,
    ),
    "pos_suffixes": Option(
        Choice(("strip", "keep")),
        "Remove or keep the part of speech if all words end in one, as in sun-n.",
        "strip",
        panel=_FILES_PANEL,
    ),
    "pairs_per_relation": Option(
        Number(2, integer=True, optional=True), "Use only the first N pairs of each relation.", panel=_FILES_PANEL
    ),
}
# In this command, --format is the format of the printed result.
_VECTORS = {("vectors_format" if name == "format" else name): option for name, option in READING.items()}
_DATASETS_PANEL = "Benchmark files (each option may be repeated)"


def _files(option: str, text: str) -> Any:
    return typer.Option(option, metavar="FILE", help=text, rich_help_panel=_DATASETS_PANEL, show_default=False)


def _of_files(option: str, metavar: str, text: str) -> Any:
    return typer.Option(option, metavar=metavar, help=text, rich_help_panel=_FILES_PANEL, show_default=False)


def _shown(option: str, text: str, metavar: str | None = None) -> Any:
    return typer.Option(option, metavar=metavar, help=text, rich_help_panel=COMMON)


@with_options({**_SCORING, **_FILES, **_VECTORS})
def evaluate(
    vectors: Annotated[list[str], typer.Argument(metavar="VECTORS", help="One or several files of vectors.")],
    *,
    dataset: Annotated[
        list[str] | None, _files("--dataset", "A benchmark of any kind; the kind is detected from its lines.")
    ] = None,
    analogies: Annotated[
        list[str] | None, _files("--analogies", "Analogy questions of four words, like Google's questions-words.txt.")
    ] = None,
    pairs: Annotated[
        list[str] | None, _files("--pairs", "Word pairs with similarities rated by people, like WordSim-353.")
    ] = None,
    categories: Annotated[list[str] | None, _files("--categories", "Words with their categories.")] = None,
    odd_one_out: Annotated[
        list[str] | None, _files("--odd-one-out", "Groups of words; the last word of each is the odd one out.")
    ] = None,
    relations: Annotated[
        list[str] | None, _files("--relations", "Word pairs of one relation, like BATS; or a directory of such files.")
    ] = None,
    score_column: Annotated[
        str | None, _of_files("--score-column", "NAME|N", "Column of the scores: a name or a number from 1.")
    ] = None,
    word_columns: Annotated[
        str | None, _of_files("--word-columns", "A,B", "Columns of the two words: names or numbers from 1.")
    ] = None,
    gold: Annotated[
        str | None,
        _of_files("--gold", "FILE", "A second file with the score or answer for each line of the benchmark."),
    ] = None,
    dataset_encoding: Annotated[
        str | None, _of_files("--dataset-encoding", "NAME", "Encoding of the benchmark files. Default: UTF-8.")
    ] = None,
    syntactic_sections: Annotated[
        str | None,
        _of_files(
            "--syntactic-sections",
            "PATTERN[,...]",
            "Names or patterns of the analogy sections that count as syntactic.",
        ),
    ] = None,
    sections: Annotated[bool, _shown("--sections", "Show every section of a benchmark.")] = False,
    compare: Annotated[
        bool,
        _shown(
            "--compare",
            "Test whether each other file of vectors differs significantly from the first (not for categories).",
        ),
    ] = False,
    plot: Annotated[str | None, _shown("--plot", "Draw the scores: a .png, .svg or .pdf file.", "FILE")] = None,
    format: Annotated[
        str | None,
        typer.Option(
            "--format",
            metavar="markdown|latex|csv",
            help="Print the tables in this format.",
            rich_help_panel=COMMON,
        ),
    ] = None,
    json: JsonFlag = False,
    restrict_vocab: int = 30_000,
    case: str = "fold",
    threads: int | None = None,
    **reading: Any,
) -> None:
    """Score vectors on benchmark files.

    Questions with an unknown word are left out of the scores; "known" is the number of the other questions. In the
    column "all", questions with an unknown word count as wrong.
    """
    benchmarks = _benchmarks(dataset, analogies, pairs, categories, odd_one_out, relations, reading.pop("kind", None))
    _check_together(len(vectors), len(benchmarks), compare=compare, json=json, form=format, gold=gold)
    if plot is not None:
        check_picture_first(plot)
    scoring: dict[str, Any] = {
        "restrict_vocab": restrict_vocab if restrict_vocab else None,
        "case": case,
        "threads": threads,
    }
    scoring |= {name: reading.pop(name) for name in _FILES if name in reading}
    scoring |= {"gold": gold, "score_column": score_column, "encoding": dataset_encoding}
    scoring["word_columns"] = _listed(word_columns)
    patterns = _listed(syntactic_sections)
    if "vectors_format" in reading:
        reading["format"] = reading.pop("vectors_format")
    opened = {path: open_vectors(path, reading) for path in vectors}
    scored = [
        _score(opened, benchmark, each, {**scoring, "syntactic_sections": patterns}) for benchmark, each in benchmarks
    ]
    compared = [
        each
        for (benchmark, given), results in zip(benchmarks, scored, strict=True)
        if compare
        for each in _compare(opened, benchmark, given, results[0][1].kind, scoring)
    ]
    names = short_names(vectors)
    if plot is not None:
        _draw(scored, plot, names)
    if json:
        print_json(
            {
                "results": [{"vectors": path, **result.to_dict()} for each in scored for path, result in each],
                "comparisons": [{"vectors": [one, other], **result.to_dict()} for one, other, result in compared],
            }
        )
    elif format is not None:
        print(format_scores(scored, names, format))
    else:
        _print_all(scored, compared, names, sections)


def _check_together(
    vectors: int, benchmarks: int, *, compare: bool, json: bool, form: str | None, gold: str | None
) -> None:
    """Raise UsageError for options that contradict each other or do not fit the number of files."""
    if compare and vectors < 2:
        raise UsageError(f"--compare needs two or more files of vectors; got {vectors}")
    if form is not None:
        parse("format", Choice(("markdown", "latex", "csv")), form)
        if json or compare:
            raise UsageError(f"--format cannot be given with {'--json' if json else '--compare'}: leave one out")
    if gold is not None and benchmarks > 1:
        raise UsageError(f"--gold needs exactly one benchmark file; got {benchmarks}: evaluate the files one by one")


def _listed(text: str | None) -> tuple[str, ...] | None:
    return None if text is None else tuple(text.split(","))


def _print_all(
    scored: Sequence[Sequence[Scored]], compared: Sequence[Compared], names: Mapping[str, str], sections: bool
) -> None:
    for position, each in enumerate(scored):
        if position:
            print()
        print_scores(each, names, sections)
    if compared:
        print()
        print_comparisons(compared, names)


def _benchmarks(
    dataset: Sequence[str] | None,
    analogies: Sequence[str] | None,
    pairs: Sequence[str] | None,
    categories: Sequence[str] | None,
    odd_one_out: Sequence[str] | None,
    relations: Sequence[str] | None,
    kind: str | None,
) -> list[tuple[str, str | None]]:
    """Return (path, kind) for each benchmark file. The kind is None if it must be detected."""
    files = (
        (kind, dataset), ("analogies", analogies), ("similarity", pairs), ("categories", categories),
        ("odd-one-out", odd_one_out), ("relations", relations),
    )  # fmt: skip
    named = [(path, each) for each, paths in files if paths is not None for path in paths]
    if not named:
        raise UsageError("evaluate needs a benchmark file: add --dataset FILE; see: wordkin evaluate --help")
    return named


def _score(
    opened: Mapping[str, Embeddings], benchmark: str, kind: str | None, scoring: Mapping[str, Any]
) -> list[Scored]:
    from wordkin.evaluation import evaluate_file

    return [(path, evaluate_file(vectors, benchmark, kind=kind, **scoring)) for path, vectors in opened.items()]


def _compare(
    opened: Mapping[str, Embeddings], benchmark: str, kind: str | None, found: str, scoring: Mapping[str, Any]
) -> list[Compared]:
    """Compare the first file of vectors with each of the others; ``found`` is the detected kind of the benchmark."""
    from wordkin.evaluation import compare

    (first, first_vectors), *others = opened.items()
    if found == "categories":
        return []
    return [
        (first, other, compare(first_vectors, vectors, benchmark, kind=kind, **scoring)) for other, vectors in others
    ]


def _draw(scored: Sequence[Sequence[Scored]], output: str, names: Mapping[str, str]) -> None:
    from wordkin.plots import plot_scores

    results: dict[str, list[Result]] = {}
    for path, result in (pair for each in scored for pair in each):
        results.setdefault(names[path], []).append(result)
    plot_scores(results, output)
