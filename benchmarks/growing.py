"""A model that learns more text: the first part of a text, then the rest, beside the full text and gensim.

    python benchmarks/growing.py TEXT --evaluation DIR --seeds 1
    python benchmarks/growing.py TEXT --evaluation DIR --rates 0.0025 0.005 0.01  # other learning rates of updates
    python benchmarks/growing.py TEXT --evaluation DIR --replays 0.1 0.2 0.4  # other shares of old text mixed in
    python benchmarks/growing.py TEXT --evaluation DIR --share 0.5            # the first half, then the other half

Scores are of Google's analogies. The overlap is the share of the ten nearest neighbours among old words that the model
of the first part and the one of the row have in common, over 1,000 words. Seconds are for reading and training on the
text that the row adds; the old text of which a share is mixed in was encoded before.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import texts
from harness import Results, common_options, mean_text, measured_code, results_folder, show, table
from runs import scores
from settings import gensim_options

from wordkin import Embeddings, TrainingConfig, Word2Vec
from wordkin.queries.agreement import neighbour_agreement
from wordkin.text.read import save_encoded
from wordkin.text.steps import source_of
from wordkin.training.growing import UPDATE_LEARNING_RATES

_QUICK_BYTES = 3_000_000
_GENSIM_RATES = (0.025, 0.005)


def parts_of(path: Path, share: float) -> tuple[Path, Path]:
    """The lines of the first share of a text, by bytes, and the others."""
    first = texts.head(path, int(path.stat().st_size * share))
    if first == path or first.stat().st_size == path.stat().st_size:
        raise SystemExit(f"{path.name} has too few lines to be cut in two")
    rest = first.with_name(first.stem + "-rest.txt")
    if not rest.exists():
        new = rest.with_suffix(".new")
        with path.open("rb") as file, new.open("wb") as out:
            file.seek(first.stat().st_size)
            shutil.copyfileobj(file, out, 1 << 20)
        new.replace(rest)
    return first, rest


def overlap(old: Embeddings, now: Embeddings) -> float:
    """Share of the ten nearest neighbours of old words, among old words, that two models have in common."""
    kept = [word for word in old.words if word in now]
    return neighbour_agreement(old.vectors_for_all(kept), now.vectors_for_all(kept)).shared_neighbours


class Side:
    """Trains the models of one seed and scores them; the model of the first part is trained once."""

    def __init__(self, whole: Path, config: TrainingConfig, evaluation: Path, share: float) -> None:
        self._whole, self._config, self._evaluation = whole, config, evaluation
        self._first, self._rest = parts_of(whole, share)
        self._old: Embeddings | None = None
        self._made: dict[str, Any] = {}

    def full(self) -> dict[str, float]:
        """All of the text at once."""
        began = time.perf_counter()
        vectors = Word2Vec(self._config).fit(str(self._whole)).embeddings
        return self._scored(vectors, time.perf_counter() - began, self._base().embeddings)

    def first(self) -> dict[str, float]:
        """The first part alone."""
        model = self._base()
        return self._scored(model.embeddings, self._made["seconds"], model.embeddings)

    def update(self, rate: float, replay: float | None = None, old_weight: float | None = None) -> dict[str, float]:
        """The first part, and then the rest at a learning rate, with a share of the first part mixed in."""
        old = self._base()
        folder = self._first.with_name(f"grown-{self._config.seed}")
        old.save(folder)
        model = Word2Vec.load(folder)
        replay_from = None if replay is None else self._encoded()
        began = time.perf_counter()
        model.update(str(self._rest), learning_rate=rate, replay=replay, replay_from=replay_from, old_weight=old_weight)
        found = self._scored(model.embeddings, time.perf_counter() - began, old.embeddings)
        shutil.rmtree(folder)
        return found

    def gensim(self, rate: float | None) -> dict[str, float]:
        """The same with gensim: the first part, and the rest at a learning rate, if one is given."""
        from gensim.models import Word2Vec as Theirs
        from gensim.models.word2vec import LineSentence

        began = time.perf_counter()
        model = Theirs(LineSentence(str(self._first)), **gensim_options(self._config))
        seconds = time.perf_counter() - began
        old = Embeddings.from_gensim(model.wv)
        if rate is None:
            return self._scored(old, seconds, old)
        old = old.vectors_for_all(list(old.words))  # a copy: gensim goes on in the same arrays
        began = time.perf_counter()
        rest = LineSentence(str(self._rest))
        model.build_vocab(rest, update=True)
        model.train(
            rest, total_examples=model.corpus_count, epochs=self._config.epochs, start_alpha=rate, end_alpha=rate * 1e-4
        )
        return self._scored(Embeddings.from_gensim(model.wv), time.perf_counter() - began, old)

    def _encoded(self) -> Path:
        """The first part as an encoded text, kept on the disk for the next call of the benchmark."""
        path = self._first.with_name(f"{self._first.stem}-{measured_code()}.wk")
        if not path.exists():
            config = replace(self._config, min_count=1)
            save_encoded(source_of(str(self._first), config), config, path)
        return path

    def _base(self) -> Word2Vec:
        """The model of the first part, kept on the disk for the next call of the benchmark."""
        if "model" not in self._made:
            config = self._config
            name = f"{config.architecture}-{config.epochs}-{config.seed}-{config.threads}-{measured_code()}"
            folder = self._first.with_name(f"{self._first.stem}-old-{name}")
            timing = folder.with_suffix(".json")  # written last
            if not timing.exists():
                began = time.perf_counter()
                model = Word2Vec(config).fit(str(self._first))
                seconds = time.perf_counter() - began
                model.save(folder)
                timing.write_text(json.dumps({"seconds": seconds}))
            self._made = {"model": Word2Vec.load(folder), **json.loads(timing.read_text())}
        model: Word2Vec = self._made["model"]
        return model

    def _scored(self, vectors: Embeddings, seconds: float, old: Embeddings) -> dict[str, float]:
        found = scores(vectors, self._evaluation, self._config.worker_threads)
        return {**found, "overlap": overlap(old, vectors), "seconds": seconds, "words": len(vectors)}


def measure(results: Results, whole: Path, options: argparse.Namespace) -> None:
    """Every row that is missing, seed by seed."""
    for seed in range(1, options.seeds + 1):
        config = TrainingConfig(epochs=options.epochs, threads=options.threads, seed=seed)
        config = replace(config, architecture=options.architecture)
        side = Side(whole, config, options.evaluation, options.share)
        first = f"first {options.share:.0%}"
        rows: dict[str, Callable[[], dict[str, float]]] = {"wordkin, all of the text": side.full}
        rows[f"wordkin, {first}"] = side.first
        for rate in options.rates or [UPDATE_LEARNING_RATES[config.architecture]]:
            name = f"wordkin, {first}, then the rest at {rate:g}"
            rows[name] = partial(side.update, rate)
            for weight in options.old_weights:
                rows[f"{name}, old_weight={weight:g}"] = partial(side.update, rate, old_weight=weight)
            for share in options.replays:
                rows[f"{name}, replay={share:g}"] = partial(side.update, rate, share)
        if not options.no_gensim:
            rows[f"gensim, {first}"] = partial(side.gensim, None)
            for rate in _GENSIM_RATES:
                rows[f"gensim, {first}, then the rest at {rate:g}"] = partial(side.gensim, rate)
        for name, row in rows.items():
            settings = {"row": name, "seed": seed, "epochs": config.epochs, "architecture": config.architecture}
            results.measured(f"{name}, {config.architecture}, seed {seed}", settings, row)


_LABELS = {"skip-gram": "skip-gram", "cbow": "CBOW"}


def blocks(content: Mapping[str, Any]) -> dict[str, str]:
    """The table of the section."""
    by_row: dict[str, list[Mapping[str, float]]] = {}
    for each in content["measurements"].values():
        settings = each["settings"]
        program, row = settings["row"].replace(", then the rest at ", ", then the rest with rate ").split(", ", 1)
        name = f"{_LABELS[settings['architecture']]}, {program}: {row}; {settings['epochs']} epochs"
        by_row.setdefault(name, []).append(each["value"])

    def cell(found: Sequence[Mapping[str, float]], name: str, digits: int, scale: float = 1.0) -> str:
        numbers = [each[name] for each in found if name in each]
        return mean_text(numbers, digits, scale) if numbers else ""

    rows = [
        (
            name,
            len(found),
            cell(found, "total", 1, 100),
            cell(found, "overlap", 2),
            f"{statistics.fmean(each['words'] for each in found):,.0f}",
            cell(found, "seconds", 1),
        )
        for name, found in by_row.items()
    ]
    return {"scores": table(("model", "seeds", "analogies, %", "overlap", "words", "seconds"), rows)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("text", help="a text file, also .gz, .bz2 or .xz")
    parser.add_argument("--evaluation", type=Path, required=True, metavar="DIR", help="folder with the test files")
    parser.add_argument("--epochs", type=int, default=3, help="of every training (default: 3)")
    parser.add_argument("--seeds", type=int, default=1, help="how many seeds, from 1 (default: 1)")
    parser.add_argument("--rates", type=float, nargs="+", help="learning rates of updates (default: that of wordkin)")
    parser.add_argument("--replays", type=float, nargs="*", default=[0.1], help="shares of old text (default: 0.1)")
    parser.add_argument(
        "--old-weights", type=float, nargs="*", default=[0.0],
        help="other weights of old rows than the default of wordkin (default: 0)")  # fmt: skip
    parser.add_argument("--share", type=float, default=0.8, help="of the first part in the text (default: 0.8)")
    parser.add_argument("--architecture", choices=["skip-gram", "cbow"], default="skip-gram")
    parser.add_argument("--no-gensim", action="store_true", help="leave gensim out")
    common_options(parser)
    options = parser.parse_args()
    whole = texts.plain_text(options.text, 0)
    if options.quick:
        whole = texts.head(whole, _QUICK_BYTES)
    about = {**texts.description(whole), "threads": options.threads}
    results = Results("growing", about, fresh=options.fresh, folder=results_folder(options.quick))
    measure(results, whole, options)
    show(blocks(results.content))


if __name__ == "__main__":
    main()
