"""Two Ray nodes of one core each against two threads in one process, and the bytes that the nodes send.

    python benchmarks/cluster_speed.py enwiki-17m.txt      # --runs 3 --round-words 524288

The cluster is started on this computer before anything is measured. One thread, two threads and two nodes train
in turn on the same text, each one epoch; what counts is the time of training that the run reports, without reading.
"""

from __future__ import annotations

import argparse
import statistics
import warnings

import texts
from harness import table

from wordkin import TrainingReport, Word2Vec


def measured(corpus: str, **options: object) -> TrainingReport:
    """The last report of a run."""
    reports: list[TrainingReport] = []
    cluster = options.pop("cluster", None)
    model = Word2Vec(epochs=1, **options)  # type: ignore[arg-type]
    model.fit(corpus, cluster=cluster, callbacks=[reports.append])  # type: ignore[arg-type]
    return reports[-1]


def main() -> None:
    from ray.cluster_utils import Cluster

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", nargs="?", help="text file (default: a synthetic text)")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--round-words", type=int, help="of the nodes (default: as of a run)")
    options = parser.parse_args()
    corpus = str(texts.plain_text(options.corpus, 10_000_000))
    head = {"num_cpus": 0, "object_store_memory": 500_000_000, "include_dashboard": False}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        nodes = Cluster(initialize_head=True, head_node_args=head)
    try:
        for _ in range(2):
            nodes.add_node(num_cpus=1, object_store_memory=500_000_000)
        sides = {
            "one thread": {"threads": 1},
            "two threads": {"threads": 2},
            "two nodes": {"threads": 1, "replicas": 2, "round_words": options.round_words, "cluster": nodes.address},
        }
        found: dict[str, list[TrainingReport]] = {name: [] for name in sides}
        for _ in range(options.runs):
            for name, side in sides.items():
                found[name].append(measured(corpus, **side))
    finally:
        nodes.shutdown()
    speeds = {name: statistics.median(each.words_per_second for each in reports) for name, reports in found.items()}
    alone = speeds["one thread"]
    rows = [
        (name, f"{speed:,.0f}", f"{speed / alone:.2f}", f"{found[name][-1].sent_bytes_per_word:.1f}")
        for name, speed in speeds.items()
    ]
    print(table(("", "words/s", "gain", "bytes a word and machine"), rows))
    of_gain = (speeds["two nodes"] / alone - 1) / (speeds["two threads"] / alone - 1)
    of_speed = speeds["two nodes"] / speeds["two threads"]
    print(f"\ntwo nodes reach {of_speed:.2f} of the speed of two threads, {of_gain:.2f} of their gain over one")


if __name__ == "__main__":
    main()
