"""Measure the quality of training with replicas, by number of replicas and of merges, simulated on one machine.

    python benchmarks/replicas.py enwiki-17m.txt --evaluation DIR             # one seed
    python benchmarks/replicas.py enwiki-17m.txt --evaluation DIR --seeds 3
    python benchmarks/replicas.py enwiki-17m.txt --evaluation DIR --first 5   # 1 to 16 replicas, 256 rounds
    python benchmarks/replicas.py --quick                                     # a test run on a synthetic text

Replicas are trained one after the other in this process, which gives the same tables as that many machines. Quality
depends on the number of rounds of a run, which is therefore fixed; the length of a round follows from it. A longer text
has as many rounds, which are longer. Each run is stored when it ends, and a restart continues with the rest.
"""

from __future__ import annotations

import argparse
import itertools
import statistics
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import texts
from harness import Results, common_options, mean_text, results_folder, show, table, tidy
from runs import Text, scanned, scores, text_of, train

from wordkin.config import TrainingConfig

REPLICAS = (1, 2, 4, 8, 16)
ROUNDS = (256, 64)
MERGE_ALL_EVERY = (4, 1)  # rounds
EPOCHS = 3
COLUMNS = {"total": ("analogies, %", 1, 100), "wordsim353": ("WordSim-353", 3, 1), "simlex999": ("SimLex-999", 3, 1)}


class Scheme(NamedTuple):
    """How often replicas are merged; ``rounds`` is their number in a run."""

    replicas: int
    rounds: int
    merge_all_every: int


def schemes(quick: bool) -> Iterator[Scheme]:
    """Return the schemes to compare, most informative first."""
    yield Scheme(1, 0, 0)
    for merge_all_every in MERGE_ALL_EVERY[: 1 if quick else None]:
        for rounds in ROUNDS[: 1 if quick else None]:
            yield from (Scheme(replicas, rounds, merge_all_every) for replicas in REPLICAS[1 : 3 if quick else None])


def configured(scheme: Scheme, text: Text, seed: int, threads: int) -> TrainingConfig:
    """Return the configuration of a run."""
    options: dict[str, Any] = {"epochs": EPOCHS, "seed": seed, "threads": threads}
    if scheme.replicas > 1:
        round_words = -(-text.corpus.words * EPOCHS // (scheme.replicas * scheme.rounds))
        clocks = {"round_words": round_words, "merge_all_every": scheme.merge_all_every}
        options |= {"replicas": scheme.replicas, **clocks}
    return TrainingConfig.from_options(**options)


def measure(text: Text, config: TrainingConfig, evaluation: Path | None) -> dict[str, float]:
    """Train once; return the last loss and the scores."""
    run = train(text, config)
    found = {} if evaluation is None else scores(run.embeddings(), evaluation, config.worker_threads)
    return {"loss": run.losses[-1], **found}


def by_scheme(content: Mapping[str, Any]) -> dict[Scheme, list[Mapping[str, float]]]:
    """Return the values of all seeds for each scheme measured."""
    found: dict[Scheme, list[Mapping[str, float]]] = {}
    for each in content["measurements"].values():
        found.setdefault(Scheme(*each["settings"]["scheme"]), []).append(each["value"])
    return dict(sorted(found.items(), key=lambda item: (-item[0].rounds, item[0].merge_all_every, item[0].replicas)))


def blocks(content: Mapping[str, Any]) -> dict[str, str]:
    """Return the table of results."""
    found = by_scheme(content)
    alone = Scheme(1, 0, 0)
    order = [alone, *(scheme for scheme in found if scheme != alone)] if alone in found else list(found)
    rows = []
    for scheme in order:
        name = "1, never merged" if scheme == alone else f"{scheme.replicas}, {scheme.rounds} rounds"
        every = "" if scheme == alone else scheme.merge_all_every
        cells = [
            mean_text([each[score] for each in found[scheme]], digits, scale) if score in found[scheme][0] else ""
            for score, (_, digits, scale) in COLUMNS.items()
        ]
        loss = mean_text([each["loss"] for each in found[scheme]], 3)
        rows.append((name, every, len(found[scheme]), *cells, loss))
    headers = (
        "replicas, rounds in the run",
        "rounds per period",
        "seeds",
        *(shown for shown, *_ in COLUMNS.values()),
        "training loss",
    )
    return {"scores": table(headers, rows)}


def draw(content: Mapping[str, Any], path: Path) -> None:
    """Plot analogies and WordSim-353 against the number of replicas, with a line for each merging scheme."""
    from matplotlib.figure import Figure

    found = by_scheme(content)
    figure = Figure(figsize=(8, 3.2), layout="constrained")
    panels = figure.subplots(1, 2)
    ways = sorted({scheme[1:] for scheme in found if scheme.replicas > 1}, key=lambda way: (-way[0], way[1]))
    for axes, score in zip(panels, ("total", "wordsim353"), strict=True):
        shown, _, scale = COLUMNS[score]
        for rounds, every in ways:
            points = [
                (scheme.replicas, statistics.fmean(each[score] for each in values) * scale)
                for scheme, values in sorted(found.items())
                if (scheme[1:] == (rounds, every) or scheme.replicas == 1) and score in values[0]
            ]
            axes.plot(*zip(*points, strict=True), marker="o", label=f"{rounds} rounds, {every} per period")
        tidy(axes, logarithmic="x")
        axes.set(xlabel="replicas", ylabel=shown, xticks=REPLICAS, xticklabels=[str(each) for each in REPLICAS])
    panels[0].legend(fontsize=8, frameon=False)
    figure.savefig(path, dpi=150)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", nargs="?", help="text file, also .gz, .bz2 or .xz (default: a synthetic text)")
    parser.add_argument("--evaluation", type=Path, metavar="DIR", help="folder with the test files")
    parser.add_argument("--seeds", type=int, default=1, help="number of seeds, which are 1, 2, ... (default: 1)")
    parser.add_argument("--first", type=int, metavar="N", help="measure only the first N schemes, the most telling")
    common_options(parser, threads=1)
    options = parser.parse_args()
    corpus = texts.synthetic_text(200_000, 2_000) if options.quick else texts.plain_text(options.corpus, 10_000_000)
    about = {**texts.description(corpus), "threads": options.threads}
    results = Results("replicas", about, fresh=options.fresh, folder=results_folder(options.quick))
    with scanned(corpus, options.threads) as scan:
        text = text_of(scan)
        for seed in range(1, options.seeds + 1):
            for scheme in itertools.islice(schemes(options.quick), options.first):
                config = configured(scheme, text, seed, options.threads)
                key = f"{', '.join(str(each) for each in scheme)}, seed {seed}"
                settings = {"scheme": list(scheme), "seed": seed}
                results.measured(key, settings, partial(measure, text, config, options.evaluation))
    show(blocks(results.content))


if __name__ == "__main__":
    main()
