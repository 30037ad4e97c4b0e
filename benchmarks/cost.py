"""Measure the time per word against the vocabulary size, for the three objectives and both architectures.

    python benchmarks/cost.py            # V from 1,000 to 1,000,000; a few minutes; one thread
    python benchmarks/cost.py --quick    # V to 100,000

The text consists of synthetic word ids drawn from Zipf's law, all in the vocabulary. Windows are fixed at 5 words to
either side (C = 10), and there is no subsampling, so that every word is a centre. Each measurement trains as many words
as take a second; with the full softmax and a large vocabulary, that is a single batch. The tables also show the number
of rows accessed, because cache effects distort the times. The last measurement uses C = 10, N = 500 and V = 1,000,000.
"""

from __future__ import annotations

import argparse
import functools
import math
import statistics
import time
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import texts
from harness import Results, common_options, results_folder, show, significant, table, tidy
from numpy.typing import NDArray
from settings import LABELS, SHORT
from work import work_of

from wordkin.config import ARCHITECTURES, OBJECTIVES, TrainingConfig
from wordkin.corpus.encoded import EncodedCorpus
from wordkin.plots.canvas import THEMES, finish, open_canvas
from wordkin.training.backend import Backend
from wordkin.training.choose import open_backend
from wordkin.training.schedule import Schedule
from wordkin.training.tables import first_pieces
from wordkin.vocabulary import Vocabulary

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLOURS = THEMES["light"].colours

Curve = dict[int, dict[str, Any]]  # key: vocabulary size

COLOURS = THEMES["light"].colours
SIZES = (1_000, 3_000, 10_000, 30_000, 100_000, 300_000, 1_000_000)
CONTEXTS = 10
EXAMPLE = {"vector_size": 500, "vocabulary_size": 1_000_000}
_TEXT_WORDS = 1_000_000
_COUNTED_WORDS = 1_000_000_000  # length of the simulated text, so that every word has a count
_SENTENCE_WORDS = 1_000
_REPEATS = 3


@functools.lru_cache(maxsize=1)
def zipf_vocabulary(vocabulary_size: int) -> Vocabulary:
    """Make a vocabulary with the counts of a long text."""
    counts = np.maximum(1, texts.zipf_probabilities(vocabulary_size) * _COUNTED_WORDS).astype(np.int64)
    return Vocabulary([texts.spelled(rank) for rank in range(vocabulary_size)], counts)


def zipf_corpus(vocabulary_size: int) -> EncodedCorpus:
    """Make a text of ids in sentences of 1,000 words."""
    ids = texts.zipf_ids(vocabulary_size, _TEXT_WORDS)
    return EncodedCorpus(ids, np.arange(0, _TEXT_WORDS + 1, _SENTENCE_WORDS), "synthetic")


def seconds_per_word(config: TrainingConfig, vocabulary_size: int, budget_seconds: float) -> dict[str, Any]:
    """Return the median time per word over three stretches of text.

    A stretch is as long as the time budget allows, but at most the whole text.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the full softmax warns about its cost
        backend = open_backend(config, zipf_vocabulary(vocabulary_size), first_pieces(config, vocabulary_size))
    for rows in backend.tables().values():
        rows += 0  # touches all pages, so that page faults (2 MB each) are not measured
    try:
        stretches = _Stretches(backend, config, zipf_corpus(vocabulary_size))
        words = 64  # two batches of the full softmax
        stretches.seconds(words)  # compiles
        while stretches.seconds(words) < budget_seconds / 2 and 2 * words <= _TEXT_WORDS:
            words *= 2
        return {"words": words, "seconds": statistics.median(stretches.seconds(words) / words for _ in range(_REPEATS))}
    finally:
        backend.close()


class _Stretches:
    """Trains a backend on successive stretches of a text, and starts again when the text ends."""

    def __init__(self, backend: Backend, config: TrainingConfig, corpus: EncodedCorpus) -> None:
        self._backend, self._corpus = backend, corpus
        self._schedule = Schedule.of(config, corpus.words)
        self._start = 0

    def seconds(self, words: int) -> float:
        """Train on the next ``words`` words and return the time."""
        if self._start + words > self._corpus.words:
            self._start = 0
        start, self._start = self._start, self._start + words
        began = time.perf_counter()
        self._backend.train_span(self._corpus, 0, start, start + words, self._schedule, lambda: False)
        return time.perf_counter() - began


def configuration(architecture: str, objective: str, vector_size: int) -> TrainingConfig:
    return TrainingConfig(
        architecture=architecture,
        objective=objective,
        vector_size=vector_size,
        window=CONTEXTS // 2,
        dynamic_window=False,
        subsample=0.0,
        threads=1,
    )


def point(architecture: str, objective: str, vector_size: int, vocabulary_size: int, budget: float) -> dict[str, Any]:
    """Measure one configuration; return its time and its work."""
    config = configuration(architecture, objective, vector_size)
    counts = zipf_vocabulary(vocabulary_size).counts
    assert counts is not None
    work = work_of(config, counts, CONTEXTS)
    return {**seconds_per_word(config, vocabulary_size, budget), "work": work.to_dict()}


def operations(objective: str, *, contexts: int, vector_size: int, vocabulary_size: int, negative: int) -> float:
    """Return the multiplications of CBOW per centre by the usual formulas (ln V for the tree)."""
    outputs = {
        "softmax": vocabulary_size,
        "hierarchical-softmax": math.log(vocabulary_size),
        "negative-sampling": negative + 1,
    }
    return contexts * vector_size + vector_size * outputs[objective]


# -- table and picture ---------------------------------------------------------------------------------


def blocks(content: Mapping[str, Any]) -> dict[str, str]:
    """Return the tables of results."""
    found = {key: each for key, each in content["measurements"].items() if each["settings"]["example"] is False}
    peak = content["peaks"]["1"]["flops"]
    lines = []
    for each in sorted(found.values(), key=_order):
        setting, value = each["settings"], each["value"]
        rate = value["work"]["flops"] / value["seconds"]
        if setting["vocabulary_size"] in SIZES[::2]:
            lines.append(
                (
                    f"{LABELS[setting['architecture']]} {SHORT[setting['objective']]}",
                    f"{setting['vocabulary_size']:,}",
                    significant(value["seconds"] * 1e6),
                    significant(value["work"]["rows"]),
                    significant(rate / 1e9),
                    f"{rate / peak:.0%}",
                )
            )
    title = f"setting: one thread, N = {content['about']['vector_size']}, c = {CONTEXTS}"
    columns = (title, "V", "µs a word", "rows touched", "GFLOP/s", "of peak GFLOP/s")
    tables = {"table": table(columns, lines)}
    example = [each for each in content["measurements"].values() if each["settings"]["example"]]
    if example:
        tables["example"] = _example_table(example)
    return tables


def _order(measurement: Mapping[str, Any]) -> tuple[int, int, int]:
    setting = measurement["settings"]
    places = ARCHITECTURES.index(setting["architecture"]), OBJECTIVES.index(setting["objective"])
    return (*places, setting["vocabulary_size"])


def _example_table(measurements: list[Mapping[str, Any]]) -> str:
    lines = []
    for each in sorted(measurements, key=_order):
        setting, value = each["settings"], each["value"]
        size = {"vector_size": setting["vector_size"], "vocabulary_size": setting["vocabulary_size"]}
        counted = operations(setting["objective"], contexts=CONTEXTS, negative=TrainingConfig().negative, **size)
        lines.append((setting["objective"], significant(counted, 4), significant(value["seconds"] * 1e6)))
    size = measurements[0]["settings"]
    title = f"CBOW, c = {CONTEXTS}, N = {size['vector_size']}, V = {size['vocabulary_size']:,}"
    return table((title, "multiplications", "µs a word"), lines)


def draw(content: Mapping[str, Any], path: Path) -> None:
    """Plot against V: times, times of the two fast objectives on a scale where log V is straight, rows accessed."""
    canvas = open_canvas(9, 9.5, [])
    figure = canvas.figure
    panels = figure.subplots(3, 2, sharex=True, sharey="row")
    fast = OBJECTIVES[:2]
    for column, architecture in enumerate(ARCHITECTURES):
        curves: dict[str, Curve] = {objective: {} for objective in OBJECTIVES}
        for each in content["measurements"].values():
            setting = each["settings"]
            if setting["architecture"] == architecture and not setting["example"]:
                curves[setting["objective"]][setting["vocabulary_size"]] = each["value"]
        top, middle, bottom = panels[:, column]
        top.set_title(LABELS[architecture], fontsize=11)
        _draw_panel(top, curves, lambda value: value["seconds"] * 1e6, guides=True)
        _draw_panel(middle, {each: curves[each] for each in fast}, lambda value: value["seconds"] * 1e6, guides=True)
        _draw_panel(bottom, curves, lambda value: value["work"]["rows"])
        bottom.set_xlabel("words in the vocabulary, V", fontsize=10)
    labels = ("µs per word", "µs per word (even scale)", "rows touched per word")
    for axes, label in zip(panels[:, 0], labels, strict=True):
        axes.set_ylabel(label, fontsize=10)
    panels[1, 0].set(yscale="linear", ylim=(0, None))
    handles, names = panels[0, 0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside upper center", ncols=3, frameon=False, fontsize=10)
    path.parent.mkdir(parents=True, exist_ok=True)
    finish(canvas, path)


def _draw_panel(axes: Axes, curves: Mapping[str, Curve], height: Any, guides: bool = False) -> None:
    """Draw a curve for each objective, and its theoretical growth as a dashed line."""
    for number, (objective, curve) in enumerate(curves.items()):
        if not curve:
            continue
        sizes = np.array(sorted(curve))
        heights = np.array([height(curve[size]) for size in sizes.tolist()])
        name = objective.replace("-", " ")
        axes.plot(sizes, heights, label=name, color=COLOURS[number], marker="os^"[number], markersize=5)
        if guides:
            axes.plot(
                sizes,
                _theory(objective, sizes, heights),
                "--",
                color=COLOURS[number],
                linewidth=1,
                alpha=0.6,
            )
    tidy(axes, logarithmic="xy")


def _theory(objective: str, sizes: NDArray[np.int64], heights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the theoretical growth with V (V, log V or constant), scaled to the measurements."""
    growth = {"softmax": sizes * 1.0, "hierarchical-softmax": np.log2(sizes), "negative-sampling": np.ones(len(sizes))}
    shape = growth[objective]
    return np.asarray(shape * np.exp(np.mean(np.log(heights / shape))))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--vector-size", type=int, default=100)
    parser.add_argument("--budget", type=float, default=1.0, help="seconds per measured stretch of text (default: 1)")
    common_options(parser, threads=None)
    options = parser.parse_args()
    budget = 0.1 if options.quick else options.budget
    sizes = SIZES[:5] if options.quick else SIZES
    results = Results(
        "cost",
        {"vector_size": options.vector_size, "contexts": CONTEXTS},
        fresh=options.fresh,
        folder=results_folder(options.quick),
    )
    places = [(a, o, options.vector_size, v, False) for v in sizes for a in ARCHITECTURES for o in OBJECTIVES]
    if not options.quick:
        places += [("cbow", o, EXAMPLE["vector_size"], EXAMPLE["vocabulary_size"], True) for o in OBJECTIVES]
    results.peaks(1)
    for architecture, objective, vector_size, vocabulary_size, example in places:
        settings = {
            "architecture": architecture,
            "objective": objective,
            "vector_size": vector_size,
            "vocabulary_size": vocabulary_size,
            "budget": budget,
            "example": example,
        }
        measure = functools.partial(point, architecture, objective, vector_size, vocabulary_size, budget)
        results.measured(f"{architecture}, {objective}, N {vector_size}, V {vocabulary_size}", settings, measure)
    show(blocks(results.content))
    picture = results.path.with_suffix(".png")
    draw(results.content, picture)
    print(f"\npicture: {picture}")


if __name__ == "__main__":
    main()
