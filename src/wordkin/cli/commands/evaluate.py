"""``wordkin evaluate``: scores on benchmark files, several vector files side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from wordkin.cli.failures import UsageError
from wordkin.cli.options import COMMON, Option, with_options
from wordkin.cli.output import JsonFlag, print_json
from wordkin.cli.scores import print_comparisons, print_scores
from wordkin.cli.vectors import READING, check_picture_first, open_vectors
from wordkin.config import Choice, Number

if TYPE_CHECKING:
    from wordkin.cli.scores import Compared, Scored
    from wordkin.embeddings import Embeddings
    from wordkin.evaluation import Result

_SCORING: Mapping[str, Option] = {
    "restrict_vocab": Option(
        Number(0, integer=True), "For analogies, ask about and answer with so many first words only; 0 for all.", 30_000
    ),
    "case": Option(Choice(("fold", "exact")), "Find a word in another letter case too, or only as it is.", "fold"),
    "threads": Option(Number(1, 1024, integer=True, optional=True), "Threads for analogies; all cores unless set."),
}
_DATASETS_PANEL = "Benchmark files (each option may be given several times)"


def _files(option: str, text: str) -> Any:
    return typer.Option(option, metavar="FILE", help=text, rich_help_panel=_DATASETS_PANEL, show_default=False)


def _shown(option: str, text: str, metavar: str | None = None) -> Any:
    return typer.Option(option, metavar=metavar, help=text, rich_help_panel=COMMON)


@with_options({**_SCORING, **READING})
def evaluate(
    vectors: Annotated[list[str], typer.Argument(metavar="VECTORS", help="One or several files of vectors.")],
    *,
    dataset: Annotated[
        list[str] | None, _files("--dataset", "A benchmark of any kind; which, is seen from its lines.")
    ] = None,
    analogies: Annotated[list[str] | None, _files("--analogies", "Questions of four words, as Google's.")] = None,
    pairs: Annotated[list[str] | None, _files("--pairs", "Word pairs and how similar people find them.")] = None,
    categories: Annotated[list[str] | None, _files("--categories", "Words, each with its category.")] = None,
    odd_one_out: Annotated[
        list[str] | None, _files("--odd-one-out", "Groups of words, the last one of each odd.")
    ] = None,
    sections: Annotated[bool, _shown("--sections", "Show every section of a benchmark.")] = False,
    compare: Annotated[
        bool, _shown("--compare", "Test whether the first vectors differ from each other ones (not on categories).")
    ] = False,
    plot: Annotated[str | None, _shown("--plot", "Draw the scores: a .png, .svg or .pdf file.", "FILE")] = None,
    json: JsonFlag = False,
    restrict_vocab: int = 30_000,
    case: str = "fold",
    threads: int | None = None,
    **reading: Any,
) -> None:
    """Score vectors on benchmark files.

    Questions with an unknown word are left out of the scores: "known" counts the others. The column "all"
    is the score with unknown ones counted as wrong.
    """
    benchmarks = _benchmarks(dataset, analogies, pairs, categories, odd_one_out)
    if compare and len(vectors) < 2:
        raise UsageError(f"--compare needs two files of vectors or more; got {len(vectors)}")
    if plot is not None:
        check_picture_first(plot)
    scoring = {"restrict_vocab": restrict_vocab if restrict_vocab else None, "case": case, "threads": threads}
    opened = {path: open_vectors(path, reading) for path in vectors}
    scored = [_score(opened, benchmark, kind, scoring) for benchmark, kind in benchmarks]
    compared = [
        each
        for (benchmark, _), results in zip(benchmarks, scored, strict=True)
        if compare
        for each in _compare(opened, benchmark, results[0][1].kind, scoring)
    ]
    if plot is not None:
        _draw(scored, plot)
    if json:
        print_json(
            {
                "results": [{"vectors": path, **result.to_dict()} for each in scored for path, result in each],
                "comparisons": [{"vectors": [one, other], **result.to_dict()} for one, other, result in compared],
            }
        )
        return
    for position, each in enumerate(scored):
        if position:
            print()
        print_scores(each, sections)
    if compared:
        print()
        print_comparisons(compared)


def _benchmarks(
    dataset: Sequence[str] | None,
    analogies: Sequence[str] | None,
    pairs: Sequence[str] | None,
    categories: Sequence[str] | None,
    odd_one_out: Sequence[str] | None,
) -> list[tuple[str, str | None]]:
    """Each benchmark file and its kind, None where that is to be seen from its lines."""
    files = {
        None: dataset, "analogies": analogies, "similarity": pairs, "categories": categories, "odd-one-out": odd_one_out
    }  # fmt: skip
    named = [(path, kind) for kind, paths in files.items() if paths is not None for path in paths]
    if not named:
        raise UsageError("evaluate needs a benchmark file: add --dataset FILE; see: wordkin evaluate --help")
    return named


def _score(
    opened: Mapping[str, Embeddings], benchmark: str, kind: str | None, scoring: Mapping[str, Any]
) -> list[Scored]:
    from wordkin.evaluation import evaluate_file

    return [(path, evaluate_file(vectors, benchmark, kind=kind, **scoring)) for path, vectors in opened.items()]


def _compare(opened: Mapping[str, Embeddings], benchmark: str, kind: str, scoring: Mapping[str, Any]) -> list[Compared]:
    """The first vectors against each of the others."""
    from wordkin.evaluation import compare

    (first, first_vectors), *others = opened.items()
    if kind == "categories":
        return []
    return [
        (first, other, compare(first_vectors, vectors, benchmark, kind=kind, **scoring)) for other, vectors in others
    ]


def _draw(scored: Sequence[Sequence[Scored]], output: str) -> None:
    from wordkin.plots import plot_scores

    results: dict[str, list[Result]] = {}
    for path, result in (pair for each in scored for pair in each):
        results.setdefault(path, []).append(result)
    plot_scores(results, output)
