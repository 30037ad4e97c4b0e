"""Compare training with gensim on the same text: quality, speed, memory and whole commands.

    python benchmarks/training.py                                             # a synthetic text, about ten minutes
    python benchmarks/training.py enwiki.txt.xz --evaluation DIR --runs 3     # a real text, with quality
    python benchmarks/training.py enwiki.txt.xz --gensim-modes faster         # without gensim's slower mode
    python benchmarks/training.py --rows "skip-gram NS 100" scan              # some rows only

Each side runs in its own process, in turn; wordkin after a warm-up that compiles its kernels. Words per second are the
words of the file times epochs, divided by the seconds of training, for both sides. gensim reads from a file
(``corpus_file``) and from an iterable. After the first turn, only its faster mode is measured again. With
``--gensim-modes faster``, only ``corpus_file`` is measured, which was never slower except for noise. gensim's quality
is measured with the iterable, because ``corpus_file`` keeps the learning rate high if several workers share one epoch.

No run is made twice. gensim's whole commands are its runs of the row "skip-gram NS 100". Its run of three epochs, which
sets the quality to reach for "time to quality", is made once. With three turns and one mode, a text of 17 million words
takes less than half an hour on two cores, nearly all of which is gensim's.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import texts
from harness import (
    Results,
    Summary,
    common_options,
    in_turn,
    ratios,
    results_folder,
    run_child,
    show,
    significant,
    table,
    values,
)
from jobs import start_job
from settings import SETTINGS, gensim_options, spelled

from wordkin.config import TrainingConfig

Runs = dict[str, list[dict[str, Any]]]  # results of the runs of each side

GENSIM = ("corpus_file", "iterable")
FASTER = "corpus_file"  # on every machine so far: clearly for CBOW, equal within noise for skip-gram
COMMANDS = "skip-gram NS 100"  # the row whose runs are also measured as whole commands
OTHER_ROWS = ("scan", "command", "quality")
SCORES = {"semantic": "semantic, %", "syntactic": "syntactic, %", "total": "analogies, %", "wordsim353": "WordSim-353"}
ENOUGH = {"total": 0.005, "wordsim353": 0.01}  # differences up to seed noise count as equal quality
MOST_EPOCHS = 6


class Comparison:
    """One run of the benchmark: its texts and options, and a directory for temporary vectors."""

    def __init__(self, corpus: Path, options: argparse.Namespace, folder: Path) -> None:
        self.corpus, self.folder = corpus, folder
        self.threads, self.turns = options.threads, options.runs
        self.evaluation: Path | None = options.evaluation
        self.modes = GENSIM if options.gensim_modes == "both" else (FASTER,)

    def config(self, name: str, **changes: Any) -> TrainingConfig:
        return TrainingConfig.from_options(**{**SETTINGS[name], "epochs": 1, "threads": self.threads, **changes})

    def wordkin(self, config: TrainingConfig) -> dict[str, Any]:
        """Train once with wordkin and score the vectors."""
        saved = self.folder / "wordkin.safetensors"
        options = {**_changed(config), "seed": config.seed}
        child = start_job("train_wordkin", corpus=self.corpus, options=options, save=saved if self.evaluation else None)
        return {**child.to_dict(), "scores": self._scores(saved)}

    def gensim(self, config: TrainingConfig, mode: str) -> dict[str, Any]:
        """Train once with gensim, from text to saved vectors; score the vectors if trained from an iterable."""
        scored = self.evaluation is not None and mode == "iterable"
        saved = self.folder / f"gensim{'.bin' if scored else '.kv'}"
        child = start_job("train_gensim", corpus=self.corpus, options=gensim_options(config), mode=mode, save=saved)
        return {**child.to_dict(), "scores": self._scores(saved) if scored else {}}

    def _scores(self, saved: Path) -> dict[str, float]:
        if self.evaluation is None:
            return {}
        from runs import scores

        from wordkin.embeddings import load_embeddings

        return scores(load_embeddings(saved), self.evaluation, self.threads)

    def row(self, name: str) -> dict[str, Any]:
        """Measure training with one setting: one seed per turn, gensim's slower mode in the first turn only."""
        runs: Runs = {"wordkin": [], **{mode: [] for mode in GENSIM}}
        modes = list(self.modes)
        for seed in range(1, self.turns + 1):
            config = self.config(name, seed=seed)
            runs["wordkin"].append(self.wordkin(config))
            if name == COMMANDS:
                runs.setdefault("command", []).append(self.command(epochs=1))
            for mode in modes:
                runs[mode].append(self.gensim(config, mode))
            modes = [faster_mode(runs)]
        return {"runs": runs}

    def scan(self) -> dict[str, Any]:
        """Measure reading a text into vocabulary and ids, compared with gensim's counting of words."""
        least = TrainingConfig().min_count
        ours = {"corpus": self.corpus, "threads": self.threads, "min_count": least}
        theirs = {"corpus": self.corpus, "min_count": least}
        sides: dict[str, Callable[[], dict[str, Any]]] = {
            "wordkin": lambda: start_job("scan_wordkin", **ours).to_dict(),
            "gensim": lambda: start_job("scan_gensim", **theirs).to_dict(),
        }
        runs = in_turn(sides, self.turns)
        sizes = {run["vocabulary_size"] for side in runs.values() for run in side}
        if len(sizes) > 1:
            sys.exit(f"the two sides found vocabularies of different sizes: {sizes}")
        return {"runs": runs}

    def command(self, epochs: int) -> dict[str, Any]:
        """Measure wall time and memory of a whole command, from a text file to saved vectors."""
        words = [f"--epochs={epochs}", f"--threads={self.threads}", "--quiet"]
        output = f"--output={self.folder / 'vectors.safetensors'}"
        return run_child([sys.executable, "-m", "wordkin", "train", self.corpus, output, *words]).to_dict()

    def time_to_quality(self, gensim_epochs: int = 3) -> dict[str, Any]:
        """Measure the time to reach the quality of gensim after some epochs: wordkin's epochs, and both wall times."""
        gensim = self.gensim(self.config(COMMANDS, epochs=gensim_epochs), "iterable")
        tried: dict[int, dict[str, float]] = {}
        for epochs in range(1, MOST_EPOCHS + 1):
            tried[epochs] = self.wordkin(self.config(COMMANDS, epochs=epochs))["scores"]
            if reached(tried[epochs], gensim["scores"]):
                break
        wordkin = [self.command(epochs=max(tried)) for _ in range(self.turns)]
        return {
            "gensim_epochs": gensim_epochs,
            "target": gensim["scores"],
            "tried": tried,
            "runs": {"wordkin": wordkin, "gensim": [gensim]},
        }


def commands(row: Mapping[str, Runs]) -> dict[str, Any]:
    """Return the whole commands of both sides from the runs of a row; ``leanest`` selects gensim's least memory."""
    runs = row["runs"]
    found = {"wordkin": runs["command"], "gensim": runs[faster_mode(runs)]}
    return {"runs": found, "leanest": runs["corpus_file"]}


def _changed(config: TrainingConfig) -> dict[str, Any]:
    """Return the options that differ from their defaults."""
    defaults = TrainingConfig().to_dict()
    return {name: value for name, value in config.to_dict().items() if value != defaults[name]}


def faster_mode(runs: Runs) -> str:
    """Return the mode in which gensim trained faster in the first turn."""
    return min((mode for mode in GENSIM if runs[mode]), key=lambda mode: float(runs[mode][0]["train_seconds"]))


def reached(found: Mapping[str, float], target: Mapping[str, float]) -> bool:
    """Whether scores are as good as others, up to seed noise."""
    return all(found[name] >= target[name] - slack for name, slack in ENOUGH.items() if name in target)


def work_on(corpus: Path, comparison: Comparison, names: list[str]) -> dict[str, Any]:
    """Return the number of words of the text and, for each setting, the work per kept token."""
    from runs import scanned, text_of
    from work import mean_contexts, work_of

    with scanned(corpus, comparison.threads) as scan:
        text = text_of(scan)
        counts = text.counts
        found = {}
        for name in names:
            config = comparison.config(name)
            found[name] = work_of(config, counts, mean_contexts(config, counts, text.corpus)).to_dict()
        return {"words": text.words, "vocabulary_size": len(text.vocabulary), "settings": found}


# -- tables --------------------------------------------------------------------------------------------


def blocks(content: Mapping[str, Any]) -> dict[str, str]:
    """Return the tables of results by name."""
    found = values(content)
    text = found["text"]
    rows = {name: found[name]["runs"] for name in SETTINGS if name in found}
    peaks = content["peaks"][str(content["about"]["threads"])]
    tables = {}
    if any(run["scores"] for runs in rows.values() for run in runs["wordkin"]):
        tables["quality"] = _quality_table(rows)
    if rows:
        tables["speed"] = _speed_table(rows, text["words"])
        tables["bounds"] = _bounds_table(rows, text, peaks)
    tables["whole"] = _whole_table(found, content["about"]["bytes"])
    if "quality" in found:
        tables["time_to_quality"] = _reached_text(found["quality"])
    tables["summary"] = _summary_table(rows, found)
    return tables


def _summary_table(rows: Mapping[str, Runs], found: Mapping[str, Any]) -> str:
    """Medians of the other tables, for the README."""
    lines = []

    def add(label: str, ours: list[float], theirs: list[float], ratio: Summary, scale: float = 1) -> None:
        sides = (significant(Summary.of(each).median / scale) for each in (ours, theirs))
        lines.append((label, *sides, significant(ratio.median)))

    for name, runs in rows.items():
        mode = faster_mode(runs)
        ours, theirs = (
            [found["text"]["words"] / run["train_seconds"] for run in runs[side]] for side in ("wordkin", mode)
        )
        add(f"{spelled(name)}, million words/s", ours, theirs, ratios(ours, theirs), 1e6)
    for key, label in (("command", "one epoch"), ("quality", "as good as 3 epochs of gensim")):
        if key in found:
            ours, theirs = ([run["wall_seconds"] for run in found[key]["runs"][side]] for side in ("wordkin", "gensim"))
            theirs = theirs * len(ours) if len(theirs) == 1 else theirs
            add(f"from text to saved vectors, {label}, seconds", ours, theirs, ratios(theirs, ours))
    if "command" in found:
        runs = found["command"]["runs"]
        leanest = found["command"].get("leanest", runs["gensim"])
        ours, theirs = ([run["peak_bytes"] for run in each] for each in (runs["wordkin"], leanest))
        add("from text to saved vectors, one epoch, peak memory in MB", ours, theirs, ratios(theirs, ours), 1e6)
    return table(("measured", "wordkin", "gensim", "times better"), lines)


def _quality_table(rows: Mapping[str, Runs]) -> str:
    lines = []
    for name, runs in rows.items():
        for side, label in (("wordkin", "wordkin"), ("iterable", "gensim, iterable")):
            scored = [run["scores"] for run in runs[side] if run["scores"]]
            if not scored:
                continue
            cells = []
            for score in SCORES:
                numbers = [each[score] for each in scored if score in each]
                scale, digits = (1, 3) if score == "wordsim353" else (100, 1)
                cells.append(Summary.of(round(n * scale, digits) for n in numbers).text() if numbers else "")
            lines.append((f"{name}, {label}", len(scored), *cells))
    return table(("setting, program", "seeds", *SCORES.values()), lines)


def _speed_table(rows: Mapping[str, Runs], words: int) -> str:
    lines = []
    timed = ["wordkin", *(mode for mode in GENSIM if any(runs[mode] for runs in rows.values()))]
    for name, runs in rows.items():
        speeds = {side: [words / run["train_seconds"] for run in runs[side]] for side in timed}
        ratio = ratios(speeds["wordkin"], speeds[faster_mode(runs)])
        cells = (Summary.of(each).text(3, 1e6) if each else "" for each in speeds.values())
        lines.append((name, *cells, ratio.text(3)))
    sides = (f"{side}, million words/s" for side in ("wordkin", *(f"gensim {mode}" for mode in timed[1:])))
    return table(("setting", *sides, "times faster" if len(timed) == 2 else "times the faster of gensim"), lines)


def _bounds_table(rows: Mapping[str, Runs], text: Mapping[str, Any], peaks: Mapping[str, float]) -> str:
    lines = []
    for name, runs in rows.items():
        work = text["settings"][name]
        tokens = work["kept"] / Summary.of(run["train_seconds"] for run in runs["wordkin"]).median
        flops, traffic = tokens * work["flops"], tokens * work["bytes"]
        lines.append(
            (
                name,
                significant(work["contexts"]),
                significant(work["path"]) if work["path"] else "",
                "" if work["path"] else f"{work['block_examples']} x {work['block_noise']}",
                significant(tokens / 1e6),
                f"{flops / 1e9:.0f}",
                f"{flops / peaks['flops']:.0%}",
                f"{traffic / 1e9:.1f}",
                f"{traffic / peaks['bytes']:.0%}",
            )
        )
    columns = ("setting", "contexts c", "path L", "block T x M", "million kept tokens/s")
    shares = ("GFLOP/s", "of peak GFLOP/s", "GB/s", "of peak GB/s")
    highest = f"{peaks['flops'] / 1e9:.0f} GFLOP/s (BLAS product), {peaks['bytes'] / 1e9:.0f} GB/s (reading in order)"
    return f"{table((*columns, *shares), lines)}\n\nPeak rates of the machine: {highest}."


def _whole_table(found: Mapping[str, Any], size_bytes: int) -> str:
    lines = []

    def add(label: str, ours: list[float], theirs: list[float], scale: float, *, rate: bool = False) -> None:
        theirs = theirs * len(ours) if len(theirs) == 1 else theirs
        ratio = ratios(ours, theirs) if rate else ratios(theirs, ours)
        lines.append((label, Summary.of(ours).text(3, scale), Summary.of(theirs).text(3, scale), ratio.text(3)))

    if "scan" in found:
        runs = found["scan"]["runs"]
        speeds = {side: [size_bytes / run["scan_seconds"] for run in each] for side, each in runs.items()}
        add(
            "read the text: wordkin counts and encodes, gensim counts; MB/s",
            speeds["wordkin"],
            speeds["gensim"],
            1e6,
            rate=True,
        )
    for key, label in (("command", "one epoch"), ("quality", "as good as 3 epochs of gensim")):
        if key in found:
            runs = found[key]["runs"]
            seconds = {side: [run["wall_seconds"] for run in each] for side, each in runs.items()}
            add(f"from text to saved vectors, {label}, s", seconds["wordkin"], seconds["gensim"], 1)
    if "command" in found:
        runs = found["command"]["runs"]
        leanest = found["command"].get("leanest", runs["gensim"])
        ours, theirs = ([run["peak_bytes"] for run in each] for each in (runs["wordkin"], leanest))
        add("from text to saved vectors, one epoch, peak memory in MB", ours, theirs, 1e6)
    return table(("skip-gram NS 100", "wordkin", "gensim", "times better"), lines)


def _reached_text(found: Mapping[str, Any]) -> str:
    def shown(scores: Mapping[str, float]) -> str:
        return f"{scores['total']:.1%} / {scores['wordsim353']:.3f}"

    lines = [(f"gensim, {found['gensim_epochs']}", shown(found["target"]))]
    lines += [(f"wordkin, {epochs}", shown(scores)) for epochs, scores in found["tried"].items()]
    return table(("program, epochs", "analogies / WordSim-353"), lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("corpus", nargs="?", help="text file, also .gz, .bz2 or .xz (default: a synthetic text)")
    parser.add_argument("--words", type=int, default=4_000_000, help="words of the synthetic text")
    parser.add_argument("--evaluation", type=Path, metavar="DIR", help="folder with the test files")
    parser.add_argument("--runs", type=int, default=3, help="turns, each with a different seed (default: 3)")
    parser.add_argument(
        "--gensim-modes",
        choices=("both", "faster"),
        default="both",
        help="measure both of gensim's input modes in the first turn, or only corpus_file (default: both)",
    )
    parser.add_argument("--rows", nargs="+", choices=(*SETTINGS, *OTHER_ROWS), help="what to measure (default: all)")
    common_options(parser)
    options = parser.parse_args()
    if options.quick:
        options.runs, options.words = 1, 1_000_000
        options.rows = options.rows or ["skip-gram NS 100", "CBOW NS 100", "scan", "command"]
    corpus = texts.plain_text(options.corpus, options.words)
    about = {**texts.description(corpus), "threads": options.threads, "scored": options.evaluation is not None}
    results = Results("training", about, fresh=options.fresh, folder=results_folder(options.quick))
    with tempfile.TemporaryDirectory() as folder:
        comparison = Comparison(corpus, options, Path(folder))
        measure(comparison, results, options.rows or [*SETTINGS, *OTHER_ROWS])
    show(blocks(results.content))


def measure(comparison: Comparison, results: Results, rows: list[str]) -> None:
    """Make missing measurements."""
    runs: dict[str, Any] = {"runs": comparison.turns, "gensim": comparison.modes}
    results.peaks(comparison.threads)
    results.measured("text", SETTINGS, lambda: work_on(comparison.corpus, comparison, list(SETTINGS)))
    for name in rows:
        if name in SETTINGS:
            results.measured(name, {**SETTINGS[name], **runs}, partial(comparison.row, name))
        elif name == "scan":
            results.measured(name, {"runs": comparison.turns}, comparison.scan)
        elif name == "command":
            row = results.measured(COMMANDS, {**SETTINGS[COMMANDS], **runs}, partial(comparison.row, COMMANDS))
            results.measured(name, runs, partial(commands, row))
        elif comparison.evaluation is None:
            print("quality: left out, it needs --evaluation and a real text", flush=True)
        else:
            results.measured(name, {"runs": comparison.turns}, comparison.time_to_quality)


if __name__ == "__main__":
    main()
