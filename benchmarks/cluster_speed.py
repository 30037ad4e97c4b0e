"""Compare two Ray nodes with one core each to two threads in one process, and count the bytes that the nodes send.

    python benchmarks/cluster_speed.py enwiki-17m.txt --runs 3
    python benchmarks/cluster_speed.py enwiki-17m.txt --runs 1 --round-words 131072
    python benchmarks/cluster_speed.py enwiki-17m.txt --bfloat16 --all-rows-every 8 --late

Each of ``--bfloat16``, ``--all-rows-every`` and ``--late`` adds a setting of the nodes: this option, and those of the
setting before. The cluster runs on this computer and is started before the measurements. For each setting, one thread,
two threads, two processes and two nodes train one epoch, period by period in turn, so that slow phases of the computer
affect all of them. Starting actors, encoding the text and compiling kernels are not measured. The two processes train
half of each period, with their own tables that are never merged, and without Ray: no merging of replicas can be faster.

Ray gives its workers a low priority by default, so that any other process would slow down the nodes but not the
threads; here they have the usual one. Each measurement is stored at once, so that a restart with more ``--runs`` makes
only the missing ones.
"""

from __future__ import annotations

import argparse
import contextlib
import multiprocessing
import os
import statistics
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import texts
from harness import Results, Summary, common_options, results_folder, show, significant, table, values
from runs import Text, scanned, text_of

from wordkin.config import TrainingConfig
from wordkin.training.cluster.backend import ReplicatedBackend
from wordkin.training.cluster.clocks import Clocks
from wordkin.training.cpu.backend import CpuBackend
from wordkin.training.schedule import Schedule
from wordkin.training.tables import first_pieces

ROUND_WORDS = (None, 131_072, 524_288)  # words per round of a node; None: chosen by wordkin for the text
SOURCES = ("windows", "objectives/cpu", "training", "training/cpu", "training/cluster")
STORE_BYTES = 500_000_000
RAY_OPTIONS = {"RAY_worker_niceness": "0"}
ALONE, TOGETHER, APART, NODES = "one thread", "two threads", "two processes", "two nodes"
Trains = Callable[[int, int], None]  # the text from a position to another


def sides(round_words: Sequence[int | None], changes: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """Return the settings of the nodes: for each length of rounds, with more and more of the changes."""
    found: dict[str, dict[str, Any]] = {}
    for words in round_words:
        name = "rounds as chosen" if words is None else f"rounds of {words:,} words"
        side: dict[str, Any] = {"round_words": words}
        found[name] = side
        for change, options in changes.items():
            name, side = f"{name}, {change}", {**side, **options}
            found[name] = side
    return found


def measure(text: Text, options: Mapping[str, Any], address: str, halves: Sequence[Connection]) -> dict[str, float]:
    """Train one epoch on each side; return the speeds in words per second, and the bytes that nodes send per word."""
    from wordkin.training.cluster.ray_cluster import RayCluster
    from wordkin.training.cluster.ray_transport import RayTransport

    config, words = TrainingConfig.from_options(epochs=1, threads=1, replicas=2, **options), text.corpus.words
    clocks, schedule = Clocks.of(config, words), Schedule.of(config, words)
    sent = 0
    with RayCluster(address) as cluster, contextlib.ExitStack() as opened:
        nodes = ReplicatedBackend(clocks, RayTransport(cluster, config, text.counts, None))

        def train_on_nodes(start: int, stop: int) -> None:
            nonlocal sent
            sent += nodes.train_span(text.corpus, 0, start, stop, schedule, lambda: False).sent_bytes

        trains: dict[str, Trains] = {APART: partial(train_apart, halves), NODES: train_on_nodes}
        for name, threads in ((ALONE, 1), (TOGETHER, 2)):
            trains[name] = opened.enter_context(in_this_process(text, threads))
        seconds: Counter[str] = Counter()
        for period in clocks.periods(range(words), words, 0, words):
            for name in (ALONE, TOGETHER, APART, NODES):
                began = time.perf_counter()
                trains[name](period.text.start, period.text.stop)
                seconds[name] += time.perf_counter() - began
    return {**{name: words / each for name, each in seconds.items()}, "sent": sent / words}


@contextlib.contextmanager
def in_this_process(text: Text, threads: int) -> Iterator[Trains]:
    """Open tables in this process; return a function that trains them."""
    config = TrainingConfig(epochs=1, threads=threads)
    backend = CpuBackend(config, text.counts, first_pieces(config, len(text.vocabulary)))
    schedule = Schedule.of(config, text.corpus.words)
    try:
        yield lambda start, stop: backend.train_span(text.corpus, 0, start, stop, schedule, lambda: False) and None
    finally:
        backend.close()


def train_apart(halves: Sequence[Connection], start: int, stop: int) -> None:
    """Let each of two processes train half of a text, and wait for both."""
    middle = (start + stop) // 2
    for process, part in zip(halves, ((start, middle), (middle, stop)), strict=True):
        process.send(part)
    for process in halves:
        process.recv()


def serve(corpus: Path, requests: Connection) -> None:
    """Train, in another process, the parts of the text that are requested."""
    with scanned(corpus, threads=1) as scan, in_this_process(text_of(scan), threads=1) as train:
        requests.send(None)
        while (part := requests.recv()) is not None:
            train(*part)
            requests.send(None)


@contextlib.contextmanager
def two_processes(corpus: Path) -> Iterator[list[Connection]]:
    """Start the processes of :func:`train_apart`; return connections to them."""
    context = multiprocessing.get_context("spawn")
    pairs = [context.Pipe() for _ in range(2)]
    processes = [context.Process(target=serve, args=(corpus, theirs)) for _, theirs in pairs]
    for process in processes:
        process.start()
    halves = [own for own, _ in pairs]
    for each in halves:
        each.recv()  # the text is encoded, and the kernels are compiled
    yield halves
    for each in halves:
        each.send(None)
    for process in processes:
        process.join()


def blocks(content: Mapping[str, Any]) -> dict[str, str]:
    """Return the table of results: medians over the runs."""
    found: dict[str, list[dict[str, float]]] = {}
    for key, value in values(content).items():
        found.setdefault(key.rpartition(", run ")[0], []).append(value)
    rows = []
    for name, runs in found.items():
        times = {side: [run[side] / run[ALONE] for run in runs] for side in (TOGETHER, APART, NODES)}
        gains = [(nodes - 1) / (both - 1) for nodes, both in zip(times[NODES], times[TOGETHER], strict=True)]
        sent = significant(statistics.median(run["sent"] for run in runs))
        cells = [Summary.of(each).text(3) for each in times.values()]
        rows.append((name, *cells, Summary.of(gains).text(2), sent))
    heads = ("setting of the nodes", TOGETHER, APART, NODES, "part of the gain of a thread", "bytes sent per word")
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
    parser.add_argument("--runs", type=int, default=3, help="runs of each setting (default: 3)")
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
        with scanned(corpus, threads=2) as scan, two_processes(corpus) as halves:
            text = text_of(scan)
            for run in range(1, (1 if options.quick else options.runs) + 1):
                for name, side in sides(options.round_words or ROUND_WORDS, changes_asked(options)).items():
                    measuring = partial(measure, text, side, nodes.address, halves)
                    results.measured(f"{name}, run {run}", side, measuring)
    finally:
        nodes.shutdown()
    show(blocks(results.content))


if __name__ == "__main__":
    main()
