"""Compare two Ray nodes with one core each to two threads in one process, and count the bytes that the nodes send.

    python benchmarks/cluster_speed.py enwiki-17m.txt --runs 3
    python benchmarks/cluster_speed.py enwiki-17m.txt --runs 1 --round-words 131072
    python benchmarks/cluster_speed.py enwiki-17m.txt --bfloat16                       # and merge_dtype="bfloat16"

The cluster runs on this computer and is started before the measurements. In each turn, one thread, two threads and two
nodes train one epoch on the same text. The result is the training time that the run reports, which excludes starting
actors, encoding the text and compiling kernels. Ray gives its workers a low priority by default, so that any other
process would slow down the nodes but not the threads; here they have the usual one. Each measurement is stored at once,
so that a restart with more ``--runs`` makes only the missing ones.
"""

from __future__ import annotations

import argparse
import os
import statistics
import warnings
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import texts
from harness import Results, Summary, common_options, results_folder, show, significant, table, values

from wordkin import TrainingReport, Word2Vec

ROUND_WORDS = (None, 131_072, 524_288)  # words per round of a node; None: chosen by wordkin for the text
SOURCES = ("windows", "objectives/cpu", "training", "training/cpu", "training/cluster")
STORE_BYTES = 500_000_000
RAY_OPTIONS = {"RAY_worker_niceness": "0"}
ALONE, TOGETHER = "one thread", "two threads"


def sides(round_words: Sequence[int | None], address: str, *, bfloat16: bool) -> dict[str, dict[str, Any]]:
    """Return the training options of each side."""
    nodes = {"threads": 1, "replicas": 2, "cluster": address}
    found: dict[str, dict[str, Any]] = {ALONE: {"threads": 1}, TOGETHER: {"threads": 2}}
    for words in round_words:
        name = "two nodes, rounds as chosen" if words is None else f"two nodes, rounds of {words:,} words"
        found[name] = {**nodes, "round_words": words}
        if bfloat16:
            found[f"{name}, bfloat16"] = {**found[name], "merge_dtype": "bfloat16"}
    return found


def measure(corpus: str, options: Mapping[str, Any]) -> dict[str, float]:
    """Train once; return speed and bytes sent."""
    reports: list[TrainingReport] = []
    arguments = dict(options)
    cluster = arguments.pop("cluster", None)
    Word2Vec(epochs=1, **arguments).fit(corpus, cluster=cluster, callbacks=[reports.append])
    return {"words_per_second": reports[-1].words_per_second, "sent": reports[-1].sent_bytes_per_word}


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
        shown = share.text(2) if nodes else ""
        rows.append((name, significant(statistics.median(own)), "" if name == ALONE else gain.text(), shown, sent))
    heads = ("setting", "words/s", "times one thread", "part of the gain of a thread", "bytes sent per word")
    return {"speed": table(heads, rows)}


def main() -> None:
    from ray.cluster_utils import Cluster

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", nargs="?", help="text file (default: a synthetic text)")
    parser.add_argument("--runs", type=int, default=3, help="turns (default: 3)")
    parser.add_argument("--round-words", type=int, action="append", help="of the nodes (default: several)")
    parser.add_argument("--bfloat16", action="store_true", help="also measure the nodes with bfloat16")
    common_options(parser, threads=None)
    options = parser.parse_args()
    corpus = texts.synthetic_text(200_000, 2_000) if options.quick else texts.plain_text(options.corpus, 10_000_000)
    about = texts.description(corpus)
    folder = results_folder(options.quick)
    results = Results("cluster_speed", about, fresh=options.fresh, folder=folder, sources=SOURCES)
    os.environ.update(RAY_OPTIONS)
    head = {"num_cpus": 0, "object_store_memory": STORE_BYTES, "include_dashboard": False}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        nodes = Cluster(initialize_head=True, head_node_args=head)
    try:
        for _ in range(2):
            nodes.add_node(num_cpus=1, object_store_memory=STORE_BYTES)
        compared = sides(options.round_words or ROUND_WORDS, nodes.address, bfloat16=options.bfloat16)
        for turn in range(1, (1 if options.quick else options.runs) + 1):
            for name, side in compared.items():
                settings = {key: value for key, value in side.items() if key != "cluster"}
                results.measured(f"{name}, turn {turn}", settings, partial(measure, str(corpus), side))
    finally:
        nodes.shutdown()
    show(blocks(results.content))


if __name__ == "__main__":
    main()
