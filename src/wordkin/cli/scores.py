"""Tables of benchmark results, several files of vectors side by side."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from wordkin.cli.output import print_table

if TYPE_CHECKING:
    from wordkin.evaluation import AnalogyResult, CategoryResult, Comparison, OddOneOutResult, Result, SimilarityResult
    from wordkin.evaluation.statistics import Interval, Proportion

    Scored = tuple[str, Result]  # a file of vectors and its result
    Compared = tuple[str, str, Comparison]  # two files of vectors and how they differ

Rows = list[list[str]]


def print_scores(scored: Sequence[Scored], sections: bool) -> None:
    """Print the results of one benchmark: a row for each section and file of vectors."""
    result = scored[0][1]
    searched = getattr(result, "restrict_vocab", None)
    scope = f", first {searched:,} words" if searched else ""
    columns = _columns(result)
    tables = [_rows(each, sections) for _, each in scored]
    if len(scored) == 1:
        rows = tables[0]
    else:
        place = columns.index("known")  # after the section, where there are sections
        columns.insert(place, "vectors")
        rows = [
            [*cells[:place], path, *cells[place:]]
            for section in zip(*tables, strict=True)
            for (path, _), cells in zip(scored, section, strict=True)
        ]
    print_table(columns, rows, title=f"{result.dataset} ({result.kind}{scope})", right=columns[-5:])


def print_comparisons(compared: Sequence[Compared]) -> None:
    """Print whether vectors differ: a row for each benchmark and pair of files."""
    columns = ["benchmark", "vectors", "against", "difference", "95% interval", "p", "differ"]
    rows = [
        [
            result.dataset,
            one,
            other,
            _signed(result.difference, result.measure),
            _interval(result.interval, percent=result.measure == "accuracy"),
            "-" if math.isnan(result.p_value) else f"{result.p_value:.2g}",
            "yes" if result.differs else "no",
        ]
        for one, other, result in compared
    ]
    print_table(columns, rows, title="comparison", right=columns[3:6])


def _columns(result: Result) -> list[str]:
    match result.kind:
        case "analogies":
            return ["section", "known", "3CosAdd", "95% interval", "3CosMul", "all"]
        case "similarity":
            return ["known", "Spearman", "95% interval", "Pearson", "all"]
        case "categories":
            return ["known", "purity", "95% interval", "chance", "all"]
    return ["section", "known", "accuracy", "95% interval", "chance", "all"]


def _rows(result: Result, sections: bool) -> Rows:
    from wordkin.evaluation import AnalogyResult, CategoryResult, SimilarityResult

    match result:
        case AnalogyResult():
            return _analogy_rows(result, sections)
        case SimilarityResult():
            return [_similarity_row(result)]
        case CategoryResult():
            return [_category_row(result)]
    return _odd_one_out_rows(result, sections)


def _analogy_rows(result: AnalogyResult, sections: bool) -> Rows:
    totals = [each for each in (result.semantic, result.syntactic, result.total) if each is not None]
    return [
        [
            score.name,
            f"{score.known:,}/{score.questions:,}",
            *_proportion(score.accuracy()),
            _percent(score.accuracy("3cosmul").value),
            _percent(score.accuracy(unknown="wrong").value),
        ]
        for score in ([*result.sections, *totals] if sections else totals)
    ]


def _similarity_row(result: SimilarityResult) -> list[str]:
    return [
        f"{result.known:,}/{result.pairs:,}",
        _number(result.spearman.value),
        _interval(result.spearman.interval, percent=False),
        _number(result.pearson.value),
        _number(result.spearman_unknown_zero.value),
    ]


def _category_row(result: CategoryResult) -> list[str]:
    return [
        f"{result.known:,}/{result.words:,}",
        *_proportion(result.purity),
        _percent(result.largest_share),
        _percent(result.purity_unknown_wrong.value),
    ]


def _odd_one_out_rows(result: OddOneOutResult, sections: bool) -> Rows:
    return [
        [
            score.name,
            f"{score.known:,}/{score.groups:,}",
            *_proportion(score.accuracy),
            _percent(score.chance),
            _percent(score.accuracy_unknown_wrong.value),
        ]
        for score in ([*result.sections, result.total] if sections else [result.total])
    ]


def _proportion(score: Proportion) -> tuple[str, str]:
    return _percent(score.value), _interval(score.interval, percent=True) if score.total else "-"


def _percent(value: float) -> str:
    return "-" if math.isnan(value) else f"{value:.1%}"


def _number(value: float) -> str:
    return "-" if math.isnan(value) else f"{value:.3f}"


def _interval(interval: Interval, *, percent: bool) -> str:
    if any(math.isnan(end) for end in interval):
        return "-"
    low, high = (f"{end:.1%}" if percent else f"{end:.3f}" for end in interval)
    return f"{low} to {high}"


def _signed(value: float, measure: str) -> str:
    if math.isnan(value):
        return "-"
    return f"{value:+.1%}" if measure == "accuracy" else f"{value:+.3f}"
