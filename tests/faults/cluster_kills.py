"""Kill machines of a Ray cluster at random moments of training and compare the bits: ``make cluster-faults``.

The cluster runs on this computer: a head node, and several nodes with one CPU each. A third of the kills end a whole
node (SIGKILL to its raylet), the others only the training process on it. After each run, killed nodes are replaced, so
that the next run has nodes that joined late. The exit status is 1 if bits differ, a run does not end, or a process of a
node is left over.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import sys
import time
import warnings
from collections import Counter
from collections.abc import Callable

import numpy as np
import ray
from ray.cluster_utils import Cluster

from wordkin.config import TrainingConfig
from wordkin.corpus.encoded import EncodedCorpus
from wordkin.training.cluster.backend import ReplicatedBackend
from wordkin.training.cluster.clocks import Clocks
from wordkin.training.cluster.ray_cluster import RayCluster
from wordkin.training.cluster.ray_transport import RayTransport
from wordkin.training.schedule import Schedule
from wordkin.training.tables import first_pieces

VOCABULARY, WORDS = 1300, 30_000
STORE_BYTES = 80_000_000
CASES = [
    {"architecture": architecture, "objective": objective}
    for architecture in ("skip-gram", "cbow")
    for objective in ("negative-sampling", "hierarchical-softmax")
]
CASES += [{"merge_late": True}, {"merge_late": True, "merge_dtype": "bfloat16"}]
SECONDS_TO_FILL_UP = 120


def text(seed: int) -> EncodedCorpus:
    weights = 1 / np.arange(1, VOCABULARY + 1)
    ids = np.random.default_rng(seed).choice(VOCABULARY, WORDS, p=weights / weights.sum()).astype(np.int32)
    offsets = np.append(np.arange(0, WORDS, 20), WORDS)
    for array in (ids, offsets):
        array.flags.writeable = False
    return EncodedCorpus(ids, offsets, "none")


class Faults:
    """A cluster, and training runs on it during which machines are killed.

    Parameters
    ----------
    machines : int
        Number of nodes.
    seed : int
        Random seed that chooses moments and victims.
    """

    def __init__(self, nodes: Cluster, cluster: RayCluster, machines: int, seed: int) -> None:
        self._nodes, self._cluster, self._machines = nodes, cluster, machines
        self._chance = random.Random(seed)
        self._corpus = text(seed)
        self._counts = np.maximum(np.bincount(self._corpus.ids, minlength=VOCABULARY), 1)
        self._expected = {number: self._bits(self._in_process(number), lambda: False) for number in range(len(CASES))}
        self.kills: Counter[str] = Counter()
        self.processes: set[int] = set()

    def _config(self, case: int) -> TrainingConfig:
        clocks = {"replicas": 4, "round_words": 500, "merge_all_every": 3, "frequent_rows": 50}
        return TrainingConfig.from_options(vector_size=10, threads=1, deterministic=True, **clocks, **CASES[case])  # type: ignore[arg-type]

    def _in_process(self, case: int) -> ReplicatedBackend:
        config = self._config(case)
        return ReplicatedBackend.in_process(config, self._counts, first_pieces(config, VOCABULARY))

    def _bits(self, backend: ReplicatedBackend, should_stop: Callable[[], bool]) -> bytes:
        done = backend.train_span(self._corpus, 0, 0, WORDS, Schedule(0.05, 0.0, WORDS), should_stop).stop
        bits = b"".join(table.tobytes() for table in backend.tables().values())
        backend.close()
        return bits if done == WORDS else b""

    def run(self, case: int) -> bool:
        """Train once with one or two kills; return whether the bits equal those of training in one process."""
        self._fill_up()
        config = self._config(case)
        transport = RayTransport(self._cluster, config, self._counts, None)
        backend = ReplicatedBackend(Clocks.of(config, WORDS), transport)
        moments = {self._chance.randrange(1, 40) for _ in range(self._chance.choice((1, 2)))}
        asked = 0

        def should_stop() -> bool:
            nonlocal asked
            asked += 1
            if asked in moments:
                time.sleep(self._chance.random() * 0.05)
                self._kill()
            return False

        return self._bits(backend, should_stop) == self._expected[case]

    def _kill(self) -> None:
        """Kill one machine, unless it is the last one."""
        if len(self._cluster.machines) < 2:
            return
        victim = self._chance.choice(self._cluster.machines)
        if self._chance.random() < 1 / 3:
            node = next((each for each in self._nodes.worker_nodes if each.node_id == victim.node_id), None)
            if node is None:
                return  # it was killed just before
            self._nodes.remove_node(node, allow_graceful=False)
            self.kills["nodes"] += 1
            return
        try:
            os.kill(int(ray.get(victim.control("process"), timeout=5)), signal.SIGKILL)
        except (ray.exceptions.RayError, TimeoutError):
            return  # it is dead already
        self.kills["processes"] += 1

    def _fill_up(self) -> None:
        """Add nodes until there are as many as at the start."""
        for _ in range(self._machines - len(self._nodes.worker_nodes)):
            self._nodes.add_node(num_cpus=1, object_store_memory=STORE_BYTES, wait=False)
        self._cluster.drop_lost()
        deadline = time.monotonic() + SECONDS_TO_FILL_UP
        while len(self._cluster.machines) < self._machines:
            if time.monotonic() > deadline:
                raise TimeoutError(f"{len(self._cluster.machines)} of {self._machines} machines came")
            self._cluster.look()
            time.sleep(0.1)
        self.processes |= {int(ray.get(machine.control("process"))) for machine in self._cluster.machines}


def alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=50, help="at least so many")
    parser.add_argument("--machines", type=int, default=3)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    warnings.filterwarnings("ignore", message="lost the machine")
    head = {"num_cpus": 0, "object_store_memory": STORE_BYTES, "include_dashboard": False}
    nodes = Cluster(initialize_head=True, head_node_args=head)
    runs = failed = 0
    try:
        for _ in range(options.machines):
            nodes.add_node(num_cpus=1, object_store_memory=STORE_BYTES, wait=False)
        nodes.wait_for_nodes()
        with RayCluster(nodes.address) as cluster:
            faults = Faults(nodes, cluster, options.machines, options.seed)
            while faults.kills.total() < options.kills:
                runs += 1
                failed += not faults.run(runs % len(CASES))
                print(f"{runs} runs, {dict(faults.kills)} killed, {failed} with other bits", flush=True)
        time.sleep(2)  # Ray ends processes in the background
        left = [process for process in faults.processes if alive(process)]
    finally:
        nodes.shutdown()
    print(f"{len(left)} processes left behind")
    sys.exit(failed > 0 or bool(left))


if __name__ == "__main__":
    main()
