"""Compare two Ray nodes with one core each to two threads in one process, and count the bytes that the nodes send.

    python benchmarks/cluster_speed.py enwiki-17m.txt --runs 3
    python benchmarks/cluster_speed.py enwiki-17m.txt --runs 1 --round-words 131072
    python benchmarks/cluster_speed.py enwiki-17m.txt --bfloat16 --all-rows-every 8 --late

The cluster runs on this computer and is started before the measurements. In each turn, one thread, two threads, two
processes and two nodes train one epoch on the same text. Each of ``--bfloat16``, ``--all-rows-every`` and ``--late``
adds a row with this option and those of the row before. The result is the training time that the run reports, which
excludes starting actors, encoding the text and compiling kernels. The two processes train half of the text each, with
their own tables that are never merged, and without Ray: no merging of replicas can be faster.

Ray gives its workers a low priority by default, so that any other process would slow down the nodes but not the
threads; here they have the usual one. Each measurement is stored at once, so that a restart with more ``--runs`` makes
only the missing ones.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import statistics
import time
import warnings
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from threading import Barrier
from typing import Any

import texts
from harness import Results, Summary, common_options, results_folder, show, significant, table, values
from runs import scanned, text_of

from wordkin import TrainingReport, Word2Vec
from wordkin.config import TrainingConfig
from wordkin.training.choose import open_backend
from wordkin.training.schedule import Schedule
from wordkin.training.tables import first_pieces

ROUND_WORDS = (None, 131_072, 524_288)  # words per round of a node; None: chosen by wordkin for the text
SOURCES = ("windows", "objectives/cpu", "training", "training/cpu", "training/cluster")
STORE_BYTES = 500_000_000
RAY_OPTIONS = {"RAY_worker_niceness": "0"}
ALONE, TOGETHER, APART = "one thread", "two threads", "two processes, never merged"


def sides(round_words: Sequence[int | None], changes: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """Return the options of training on two nodes: for each length of rounds, with more and more of the changes."""
    found: dict[str, dict[str, Any]] = {}
    for words in round_words:
        name = "two nodes, rounds as chosen" if words is None else f"two nodes, rounds of {words:,} words"
        side: dict[str, Any] = {"threads": 1, "replicas": 2, "round_words": words}
        found[name] = side
        for change, options in changes.items():
            name, side = f"{name}, {change}", {**side, **options}
            found[name] = side
    return found


def measure(corpus: Path, options: Mapping[str, Any], cluster: str | None = None) -> dict[str, float]:
    """Train once; return speed and bytes sent."""
    reports: list[TrainingReport] = []
    Word2Vec(epochs=1, **options).fit(str(corpus), cluster=cluster, callbacks=[reports.append])
    return {"words_per_second": reports[-1].words_per_second, "sent": reports[-1].sent_bytes_per_word}


def measure_apart(corpus: Path) -> dict[str, float]:
    """Train half of the text in each of two processes at the same time; return the speed of both together."""
    context = multiprocessing.get_context("spawn")
    together, results = context.Barrier(2), context.Queue()
    processes = [context.Process(target=train_half, args=(corpus, half, together, results)) for half in range(2)]
    for process in processes:
        process.start()
    trained = [results.get() for _ in processes]
    for process in processes:
        process.join()
    seconds = max(each for _, each in trained)
    return {"words_per_second": sum(words for words, _ in trained) / seconds, "sent": 0.0}


def train_half(corpus: Path, half: int, together: Barrier, results: Any) -> None:
    """Train one half of the text with one thread; put its number of words and the seconds to a queue."""
    config = TrainingConfig(epochs=1, threads=1)
    with scanned(corpus, threads=1) as scan:
        text = text_of(scan)
        backend = open_backend(config, text.vocabulary, first_pieces(config, len(text.vocabulary)))
        words = text.corpus.words
        start, stop = words * half // 2, words * (half + 1) // 2
        together.wait()
        began = time.perf_counter()
        backend.train_span(text.corpus, 0, start, stop, Schedule.of(config, words), lambda: False)
        results.put((stop - start, time.perf_counter() - began))
        backend.close()


def blocks(content: Mapping[str, Any]) -> dict[str, str]:
    """Return the table of results: medians over the turns, and shares of a gain within each turn."""
    found: dict[str, list[dict[str, float]]] = {}
    for key, value in values(content).items():
        found.setdefault(key.rpartition(", turn ")[0], []).append(value)
    if not {ALONE, TOGETHER} <= found.keys():
        return {}
    speeds = {name: [each["words_per_second"] for each in runs] for name, runs in found.items()}
    rows = []
    for name, own in speeds.items():
        turns = list(zip(own, speeds[ALONE], speeds[TOGETHER], strict=False))
        gain = Summary.of(speed / alone for speed, alone, _ in turns)
        share = Summary.of((speed / alone - 1) / (both / alone - 1) for speed, alone, both in turns)
        nodes = name.startswith("two nodes")
        sent = significant(statistics.median(each["sent"] for each in found[name])) if nodes else ""
        shown = "" if name in (ALONE, TOGETHER) else share.text(2)
        rows.append((name, significant(statistics.median(own)), "" if name == ALONE else gain.text(), shown, sent))
    heads = ("setting", "words/s", "times one thread", "part of the gain of a thread", "bytes sent per word")
    return {"speed": table(heads, rows)}


def changes_asked(options: argparse.Namespace) -> dict[str, dict[str, Any]]:
    """Return the training options that the command line asks to add, by their name in the table."""
    changes: dict[str, dict[str, Any]] = {}
    if options.bfloat16:
        changes["bfloat16"] = {"merge_dtype": "bfloat16"}
    if options.all_rows_every is not None:
        changes[f"all rows every {options.all_rows_every}"] = {"merge_all_every": options.all_rows_every}
    if options.late:
        changes["late"] = {"merge_late": True}
    return changes


def main() -> None:
    from ray.cluster_utils import Cluster

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", nargs="?", help="text file (default: a synthetic text)")
    parser.add_argument("--runs", type=int, default=3, help="turns (default: 3)")
    parser.add_argument("--round-words", type=int, action="append", help="of the nodes (default: several)")
    parser.add_argument("--bfloat16", action="store_true", help="also with merge_dtype=bfloat16")
    parser.add_argument("--all-rows-every", type=int, metavar="N", help="also with merge_all_every=N")
    parser.add_argument("--late", action="store_true", help="also with merge_late")
    common_options(parser, threads=None)
    options = parser.parse_args()
    corpus = texts.synthetic_text(200_000, 2_000) if options.quick else texts.plain_text(options.corpus, 10_000_000)
    about = texts.description(corpus)
    folder = results_folder(options.quick)
    results = Results("cluster_speed", about, fresh=options.fresh, folder=folder, sources=SOURCES)
    os.environ.update(RAY_OPTIONS)
    head = {"num_cpus": 1, "object_store_memory": STORE_BYTES, "include_dashboard": False}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        nodes = Cluster(initialize_head=True, head_node_args=head)
    try:
        nodes.add_node(num_cpus=1, object_store_memory=STORE_BYTES)
        compared = sides(options.round_words or ROUND_WORDS, changes_asked(options))
        for turn in range(1, (1 if options.quick else options.runs) + 1):
            for name, threads in ((ALONE, 1), (TOGETHER, 2)):
                side = {"threads": threads}
                results.measured(f"{name}, turn {turn}", side, partial(measure, corpus, side))
            results.measured(f"{APART}, turn {turn}", {"threads": 1}, partial(measure_apart, corpus))
            for name, side in compared.items():
                results.measured(f"{name}, turn {turn}", side, partial(measure, corpus, side, nodes.address))
    finally:
        nodes.shutdown()
    show(blocks(results.content))


if __name__ == "__main__":
    main()
