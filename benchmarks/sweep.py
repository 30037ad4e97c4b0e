"""Measure how speed depends on each option: vector size, window, noise words, vocabulary, text, threads and others.

    python benchmarks/sweep.py enwiki.txt.xz                  # or no path: a synthetic text
    python benchmarks/sweep.py --axes vector_size threads     # some axes only
    python benchmarks/sweep.py --quick

Each axis changes one option of the default configuration (skip-gram, negative sampling, size 100) and trains on the
same first words of the text, which is encoded once. The points of an axis run in turn. The number of operations of each
point is known, so that GFLOP/s can be compared if words per second cannot. The axis ``text`` trains whole files of
increasing length in their own processes, and measures their memory.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import texts
from harness import (
    Results,
    Summary,
    common_options,
    in_turn,
    ratios,
    results_folder,
    show,
    significant,
    table,
    tidy,
    values,
)
from jobs import start_job
from runs import Text, scanned, text_of, train
from work import mean_contexts, work_of

from wordkin.config import TrainingConfig
from wordkin.corpus.scanning.scan import Scan
from wordkin.plots.canvas import THEMES, finish, open_canvas

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLOURS = THEMES["light"].colours
SIZES = (64, 100, 128, 160, 200, 256, 300, 384, 512)
AXES: dict[str, Sequence[Any]] = {
    "vector_size": SIZES,
    "window": (2, 5, 10, 15, 20),
    "negative": (1, 2, 5, 10, 15, 20),
    "max_vocabulary": (1_000, 3_000, 10_000, 30_000, 100_000),
    "threads": (1, 2, 8),
}
QUICK_AXES: dict[str, Sequence[Any]] = {
    "vector_size": (64, 100, 200, 300),
    "window": (2, 5, 10),
    "negative": (2, 5, 10),
    "max_vocabulary": (1_000, 10_000, 100_000),
    "threads": (1, 2, 8),
}
LABELS = {
    "vector_size": "vector size",
    "window": "window",
    "negative": "noise words K",
    "max_vocabulary": "words in the vocabulary",
    "threads": "threads",
    "text": "words in the text",
}
VARIANTS: dict[str, dict[str, Any]] = {
    "default": {},
    "dynamic_window=False": {"dynamic_window": False},
    "subsample=0": {"subsample": 0.0},
    'subsample_formula="paper"': {"subsample_formula": "paper"},
    "noise_exponent=1": {"noise_exponent": 1.0},
    "output_bias=True": {"output_bias": True},
    "projection_bias=True": {"projection_bias": True},
    "learning_rate=0.1": {"learning_rate": 0.1},
    "deterministic=True": {"deterministic": True},
    'architecture="cbow"': {"architecture": "cbow"},
    'cbow, cbow_combine="sum"': {"architecture": "cbow", "cbow_combine": "sum"},
    'cbow, cbow_gradient="exact"': {"architecture": "cbow", "cbow_gradient": "exact"},
    'objective="hierarchical-softmax"': {"objective": "hierarchical-softmax"},
    "both objectives": {"objective": ("hierarchical-softmax", "negative-sampling")},
}
TEXT_BYTES = (1_500_000, 6_000_000, 24_000_000, 96_000_000)
Point = dict[str, Any]


def seconds_of(text: Text, config: TrainingConfig) -> float:
    return train(text, config).seconds


def axis(text: Text, configs: Mapping[str, TrainingConfig], turns: int) -> list[Point]:
    """Measure every configuration in turn: seconds of each turn, words trained and, for one objective, the work."""
    seconds = in_turn({name: partial(seconds_of, text, config) for name, config in configs.items()}, turns)
    points = []
    for name, config in configs.items():
        point: Point = {"name": name, "words": text.words, "seconds": seconds[name]}
        if len(config.objectives) == 1:
            point["work"] = work_of(config, text.counts, mean_contexts(config, text.counts, text.corpus)).to_dict()
            point["kept"] = point["work"]["kept"] * text.corpus.words / text.counts.sum()
        points.append(point)
    return points


def vocabulary_axis(scan: Scan, sizes: Sequence[int], words: int, config: TrainingConfig, turns: int) -> list[Point]:
    """Measure vocabularies cut to some sizes. Other words are removed from the text and not counted in the speed."""
    points: list[Point] = []
    for size in sizes:
        text = text_of(scan, max_vocabulary=size).first(words)
        inside = Text(text.vocabulary, text.corpus, text.corpus.words)
        (point,) = axis(inside, {str(len(text.vocabulary)): config}, turns)
        points.append(point)
        if len(text.vocabulary) < size:
            break  # the text has no more words
    return points


def text_axis(corpus: Path, threads: int) -> list[Point]:
    """Measure whole files of increasing length, each in its own process."""
    points: list[Point] = []
    for size in TEXT_BYTES:
        part = texts.head(corpus, size)
        child = start_job("train_wordkin", corpus=part, options={"epochs": 1, "threads": threads})
        with scanned(part, threads) as scan:
            words = scan.total_words
        points.append({**child.to_dict(), "name": str(words), "words": words, "bytes": part.stat().st_size})
        if part == corpus:
            break
    return points


def measure(results: Results, corpus: Path, scan: Scan, options: argparse.Namespace) -> None:
    """Make missing measurements."""
    base = {"epochs": 1, "threads": options.threads}
    default = TrainingConfig.from_options(**base)
    text = text_of(scan).first(options.train_words)
    about = {"turns": options.runs, "words": text.words}
    results.peaks(options.threads)
    axes = QUICK_AXES if options.quick else AXES
    todo: dict[str, tuple[Mapping[str, Any], Callable[[], list[Point]]]] = {}
    for name, points in axes.items():
        configs = {str(point): TrainingConfig.from_options(**{**base, name: point}) for point in points}
        turns = 5 if name == "threads" and not options.quick else options.runs
        todo[name] = {**about, "turns": turns, "points": points}, partial(axis, text, configs, turns)
    sizes = axes["max_vocabulary"]
    cut = partial(vocabulary_axis, scan, sizes, options.train_words, default, options.runs)
    todo["max_vocabulary"] = {**about, "points": sizes}, cut
    variants = {name: TrainingConfig.from_options(**{**base, **changes}) for name, changes in VARIANTS.items()}
    todo["variants"] = {**about, "points": VARIANTS}, partial(axis, text, variants, options.runs)
    todo["text"] = {"points": TEXT_BYTES}, partial(text_axis, corpus, options.threads)
    for name in options.axes or (todo if not options.quick else axes):
        settings, make = todo[name]
        results.measured(name, settings, make)


# -- tables and pictures -------------------------------------------------------------------------------


def speed(point: Point) -> Summary:
    """Return words of the text per second."""
    return Summary.of(point["words"] / seconds for seconds in point["seconds"])


def flops(point: Point) -> Summary:
    """Return floating-point operations per second."""
    return Summary.of(point["kept"] * point["work"]["flops"] / seconds for seconds in point["seconds"])


def blocks(content: Mapping[str, Any]) -> dict[str, str]:
    """Return the tables of results."""
    found = values(content)
    peak = content["peaks"][str(content["about"]["threads"])]["flops"]
    tables = {}
    for name in AXES:
        if name in found and name != "threads":
            lines = []
            for point in found[name]:
                block = f"{point['work']['block_examples']} x {point['work']['block_noise']}"
                rate = flops(point)
                share = f"{rate.median / peak:.0%}"
                lines.append((point["name"], speed(point).text(3, 1e6), rate.text(3, 1e9), share, block))
            columns = (LABELS[name], "million words/s", "GFLOP/s", "of peak GFLOP/s", "block T x M")
            tables[name] = table(columns, lines)
    if "vector_size" in found:
        rates = [flops(point).median for point in found["vector_size"]]
        share = f"{min(rates) / max(rates):.0%}"
        tables["vector_size"] += f"\n\nThe slowest size reaches {share} of the GFLOP/s of the fastest."
    if "threads" in found:
        tables["threads"] = _threads_table(found["threads"])
    if "variants" in found:
        tables["variants"] = _variants_table(found["variants"])
    if "text" in found:
        tables["text"] = _text_table(found["text"])
    return tables


def _threads_table(points: list[Point]) -> str:
    by_name = {point["name"]: point for point in points}
    lines = []
    for name, point in by_name.items():
        times = {other: ratios(by_name[other]["seconds"], point["seconds"]).text() for other in ("1", "2")}
        lines.append((name, speed(point).text(3, 1e6), times["1"], times["2"]))
    return table(("threads", "million words/s", "times one thread", "times two threads"), lines)


def _variants_table(points: list[Point]) -> str:
    lines = []
    for point in points:
        ratio = ratios(points[0]["seconds"], point["seconds"])
        rate = flops(point).text(3, 1e9) if "work" in point else ""
        lines.append((f"`{point['name']}`", speed(point).text(3, 1e6), ratio.text(2), rate))
    return table(("option", "million words/s", "relative speed", "GFLOP/s"), lines)


def _text_table(points: list[Point]) -> str:
    lines = []
    for point in points:
        reading = point["fit_seconds"] - point["train_seconds"]
        lines.append(
            (
                f"{point['words']:,}",
                significant(reading),
                significant(point["train_seconds"]),
                significant(point["words"] / point["fit_seconds"] / 1e6),
                f"{point['peak_bytes'] / 1e6:.0f}",
            )
        )
    columns = ("words in the text", "reading, s", "training, s", "million words/s of both together")
    return table((*columns, f"peak memory ({points[0]['peak_of']}), MB"), lines)


def draw(content: Mapping[str, Any], path: Path) -> None:
    """Plot a panel for each axis: words per second, and GFLOP/s if the work is known."""
    found = {name: each for name, each in values(content).items() if name in LABELS and len(each) > 1}
    peak = content["peaks"][str(content["about"]["threads"])]["flops"]
    rows = (len(found) + 1) // 2
    canvas = open_canvas(9, 2.9 * rows + 0.4, [])
    figure = canvas.figure
    panels = figure.subplots(rows, 2, squeeze=False).ravel()
    for axes, name in zip(panels, (name for name in LABELS if name in found), strict=False):
        _draw_axis(axes, name, found[name], peak)
    for axes in panels[len(found) :]:
        axes.set_visible(False)
    path.parent.mkdir(parents=True, exist_ok=True)
    finish(canvas, path)


def _draw_axis(axes: Axes, name: str, points: list[Point], peak: float) -> None:
    places = np.array([float(point["name"]) for point in points])
    if name == "text":
        _curve(axes, places, [Summary.of([point["words"] / point["fit_seconds"]]) for point in points], 0)
        label = "million words/s, all told"
    elif name in ("vector_size", "max_vocabulary"):
        _curve(axes, places, [flops(point) for point in points], 1, scale=1e9)
        axes.axhline(peak / 1e9, color="grey", linewidth=1, linestyle=":")
        axes.annotate("peak", (places[-1], peak / 1e9), ha="right", va="bottom", fontsize=9, color="grey")
        label = "GFLOP/s"
    else:
        _curve(axes, places, [speed(point) for point in points], 0)
        label = "million words/s"
    tidy(axes, logarithmic="x" if name in ("max_vocabulary", "text", "threads") else "")
    if name == "threads":
        axes.minorticks_off()
        axes.set_xticks(places, [f"{place:.0f}" for place in places])
    axes.set_xlabel(LABELS[name], fontsize=10)
    axes.set_ylabel(label, fontsize=10)
    axes.set_ylim(0, 1.1 * axes.dataLim.y1)


def _curve(axes: Axes, places: Any, summaries: list[Summary], colour: int, scale: float = 1e6) -> None:
    medians = np.array([each.median for each in summaries]) / scale
    spread = [
        medians - [each.lowest / scale for each in summaries],
        [each.highest / scale for each in summaries] - medians,
    ]
    axes.errorbar(places, medians, yerr=spread, marker="o", markersize=5, capsize=3, color=COLOURS[colour])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("corpus", nargs="?", help="text file, also .gz, .bz2 or .xz (default: a synthetic text)")
    parser.add_argument("--words", type=int, default=16_000_000, help="words of the synthetic text")
    parser.add_argument("--train-words", type=int, default=4_000_000, help="words to train per point")
    parser.add_argument("--runs", type=int, default=3, help="turns (default: 3; threads: 5)")
    parser.add_argument("--axes", nargs="+", choices=(*LABELS, "variants"), help="what to vary (default: all)")
    common_options(parser)
    options = parser.parse_args()
    if options.quick:
        options.runs, options.words, options.train_words = 1, 1_000_000, 500_000
    corpus = texts.plain_text(options.corpus, options.words)
    results = Results(
        "sweep",
        {**texts.description(corpus), "threads": options.threads},
        fresh=options.fresh,
        folder=results_folder(options.quick),
    )
    with scanned(corpus, options.threads) as scan:
        measure(results, corpus, scan, options)
    show(blocks(results.content))
    picture = results.path.with_suffix(".png")
    draw(results.content, picture)
    print(f"\npicture: {picture}")


if __name__ == "__main__":
    main()
