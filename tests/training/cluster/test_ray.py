"""Machines of a Ray cluster: the bits of one process, whatever machines there are and whichever of them die."""

from __future__ import annotations

import functools
import gzip
import itertools
import json
import os
import signal
import subprocess
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import wordkin
from wordkin.config import TrainingConfig
from wordkin.corpus import ScanProgress, Source, resolve
from wordkin.corpus.encoded import CorpusPiece, EncodedCorpus
from wordkin.corpus.parts import parts_of
from wordkin.errors import ClusterError, ConfigError, CorpusNotFoundError, OutputError
from wordkin.text.read import read_text
from wordkin.training.cluster.backend import ReplicatedBackend
from wordkin.training.cluster.clocks import Clocks
from wordkin.training.schedule import Schedule
from wordkin.training.tables import first_pieces

ray = pytest.importorskip("ray", reason="the extra cluster is not installed")

from wordkin.text import on_machines as text_on_machines  # noqa: E402
from wordkin.text.on_machines import read_text_on_machines  # noqa: E402
from wordkin.training.cluster import ray_cluster  # noqa: E402
from wordkin.training.cluster.ray_cluster import RayCluster  # noqa: E402
from wordkin.training.cluster.ray_transport import RayTransport  # noqa: E402

VOCABULARY = 1300  # more than one stripe
WORDS = 4 * 300 * 2 * 3 + 700  # three periods of four replicas and two rounds, and a part of one
OBJECTIVES = ("negative-sampling", "hierarchical-softmax")
STORE_BYTES = 80_000_000
Tables = dict[str, np.ndarray]


@pytest.fixture(scope="module")
def nodes() -> Iterator[Any]:
    """A Ray cluster on this computer: a head without processors, and two nodes with one each."""
    from ray.cluster_utils import Cluster

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what Ray warns of when it starts is not ours
        head = {"num_cpus": 0, "object_store_memory": STORE_BYTES, "include_dashboard": False}
        try:
            started = Cluster(initialize_head=True, head_node_args=head)
        except Exception as error:  # noqa: BLE001  (of Ray, which needs ports and shared memory)
            pytest.skip(f"Ray does not start on this computer: {error}")
    for _ in range(2):
        add_node(started)
    yield started
    started.shutdown()


def add_node(nodes: Any) -> Any:
    return nodes.add_node(num_cpus=1, object_store_memory=STORE_BYTES, wait=False)


@pytest.fixture(scope="module")
def cluster(nodes: Any) -> Iterator[RayCluster]:
    """A connection, with an actor on each node."""
    nodes.wait_for_nodes(timeout=120)
    with RayCluster(nodes.address) as opened:
        yield opened


def words_of_machines(machines: int, **options: object) -> list[int]:
    """Words that each machine trains in a run of four replicas."""
    clocks, found = Clocks.of(configured(**options), WORDS), [0] * machines
    for period in clocks.periods(range(WORDS), WORDS, 0, WORDS):
        for of_round in clocks.rounds(period):
            for number, block in enumerate(of_round):
                found[number % machines] += len(block)
    return found


def encoded(ids: np.ndarray) -> EncodedCorpus:
    ids = ids.astype(np.int32)
    offsets = np.append(np.arange(0, len(ids), 20), len(ids))
    for array in (ids, offsets):
        array.flags.writeable = False
    return EncodedCorpus(ids, offsets, "none")


WEIGHTS = 1 / np.arange(1, VOCABULARY + 1)
CORPUS = encoded(np.random.default_rng(6).choice(VOCABULARY, WORDS, p=WEIGHTS / WEIGHTS.sum()))
COUNTS = np.maximum(np.bincount(CORPUS.ids, minlength=VOCABULARY), 1)
SCHEDULE = Schedule(0.05, 0.0, CORPUS.words)


def configured(**options: object) -> TrainingConfig:
    clocks = {"replicas": 4, "round_words": 300, "merge_all_every": 2, "frequent_rows": 50}
    usual = {"vector_size": 7, "min_count": 1, "threads": 1, "deterministic": True}
    return TrainingConfig.from_options(**{**usual, **clocks, **options})


def trained(
    backend: ReplicatedBackend, should_stop: Callable[[], bool] = lambda: False, *, corpus: EncodedCorpus = CORPUS
) -> Tables:
    assert backend.train_span(corpus, 0, 0, WORDS, SCHEDULE, should_stop).stop == WORDS
    return {name: table.copy() for name, table in backend.tables().items()}


@functools.cache
def of_one_process(architecture: str = "skip-gram", objective: str = OBJECTIVES[0], **options: object) -> Tables:
    config = configured(architecture=architecture, objective=objective, **options)
    backend = ReplicatedBackend.in_process(config, COUNTS, first_pieces(config, VOCABULARY))
    tables = trained(backend)
    backend.close()
    return tables


def on_machines(cluster: Any, **options: object) -> ReplicatedBackend:
    config = configured(**options)
    return ReplicatedBackend(Clocks.of(config, WORDS), RayTransport(cluster, config, COUNTS, None))


LATE = {"merge_late": True, "merge_all_every": 3}


def same(found: Tables, expected: Tables) -> bool:
    return all(found[name].tobytes() == table.tobytes() for name, table in expected.items())


def after(questions: int, act: Callable[[], object]) -> Callable[[], bool]:
    """Never asks to stop, but does something at a question of when to."""
    asked = itertools.count(1)

    def should_stop() -> bool:
        if next(asked) == questions:
            act()
        return False

    return should_stop


def test_the_number_of_machines_changes_no_bit(cluster: RayCluster) -> None:
    cases = [(2, "skip-gram", OBJECTIVES[0]), (1, "skip-gram", OBJECTIVES[0]), (2, "cbow", OBJECTIVES[1])]
    for machines, architecture, objective in cases:  # make cluster-faults tries all four with 4 machines
        some = SimpleNamespace(machines=cluster.machines[:machines], look=lambda: None)
        expected = of_one_process(architecture, objective)
        backend = on_machines(some, architecture=architecture, objective=objective)
        assert same(trained(backend), expected), (machines, architecture, objective)


def test_what_is_stopped_leaves_no_trace_and_goes_on(cluster: RayCluster) -> None:
    backend = on_machines(cluster)
    asked = itertools.count(1)
    stopped = backend.train_span(CORPUS, 0, 0, WORDS, SCHEDULE, lambda: next(asked) > 4)
    assert stopped.stop < WORDS
    assert backend.train_span(CORPUS, 0, stopped.stop, WORDS, SCHEDULE, lambda: False).stop == WORDS
    assert same(dict(backend.tables()), of_one_process())


def test_machines_start_from_tables_and_measure(cluster: RayCluster) -> None:
    config = configured()
    alone = ReplicatedBackend.in_process(config, COUNTS, first_pieces(config, VOCABULARY))
    start = {name: table.copy() for name, table in alone.tables().items()}
    expected = alone.held_out_loss(CORPUS, lambda: False)
    alone.close()
    backend = ReplicatedBackend(Clocks.of(config, WORDS), RayTransport(cluster, config, COUNTS, start))
    assert backend.held_out_loss(CORPUS, lambda: False) == expected
    result = backend.train_span(CORPUS, 0, 0, WORDS, SCHEDULE, lambda: False)
    assert (result.machines, result.sent_bytes > 0) == (2, True)
    assert same(dict(backend.tables()), of_one_process())
    backend.load_tables(start)
    assert same(dict(backend.tables()), start)


def written(folder: Path) -> Source:
    """The corpus as 20 files, every fifth of which is compressed."""
    sentences = [" ".join(f"w{word}" for word in sentence) for sentence in CORPUS]
    for number in range(20):
        lines = "".join(f"{line}\n\n" for line in sentences[number * 20 : (number + 1) * 20])
        path = folder / f"{number:02}.txt"
        if number % 5 == 4:
            path.with_suffix(".txt.gz").write_bytes(gzip.compress(lines.encode()))
        else:
            path.write_text(lines)
    return resolve(folder)


def of_text(source: Source) -> Tables:
    """The tables of one process that reads the text by itself."""
    config = configured()
    with read_text(source, config) as read:
        backend = ReplicatedBackend.in_process(
            config, read.vocabulary.counts, first_pieces(config, len(read.vocabulary))
        )
        tables = trained(backend, corpus=read.corpus)
        backend.close()
    return tables


def test_bfloat16_has_the_same_bits_on_machines_and_halves_what_they_send(cluster: RayCluster) -> None:
    sent = {}
    for merge_dtype in ("float32", "bfloat16"):
        config = configured(merge_dtype=merge_dtype, vector_size=56)
        alone = ReplicatedBackend.in_process(config, COUNTS, first_pieces(config, VOCABULARY))
        backend = on_machines(cluster, merge_dtype=merge_dtype, vector_size=56)
        sent[merge_dtype] = backend.train_span(CORPUS, 0, 0, WORDS, SCHEDULE, lambda: False).sent_bytes
        expected = trained(alone)
        alone.close()
        assert same(backend.tables(), expected)
    assert sent["bfloat16"] < 0.6 * sent["float32"]


def test_the_text_of_the_next_period_is_fetched_while_one_is_trained(
    cluster: RayCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    events: list[tuple[str, int]] = []
    fetch, train = RayTransport._fetch_text, RayTransport.train_period

    def fetched(self: RayTransport, corpus: Any, rounds: Any) -> Any:
        events.append(("fetch", rounds[0][0].start))
        return fetch(self, corpus, rounds)

    def done(self: RayTransport, corpus: Any, epoch: int, rounds: Any, *others: Any) -> Any:
        result = train(self, corpus, epoch, rounds, *others)
        events.append(("trained", rounds[0][0].start))
        return result

    monkeypatch.setattr(RayTransport, "_fetch_text", fetched)
    monkeypatch.setattr(RayTransport, "train_period", done)
    backend = on_machines(cluster)
    assert same(trained(backend), of_one_process())
    starts = [start for event, start in events if event == "trained"]
    assert len(starts) == len(set(starts)) > 3
    expected = [("fetch", starts[0])]
    for start, following in itertools.pairwise(starts):
        expected += [("fetch", following), ("trained", start)]
    assert events == [*expected, ("trained", starts[-1])]


def test_counting_and_encoding_on_machines_equal_one_process(
    cluster: RayCluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(text_on_machines, "parts_of", functools.partial(parts_of, part_bytes=700))
    source, config = written(tmp_path), configured(min_count=2)
    reports: list[ScanProgress] = []
    with (
        read_text(source, config) as alone,
        read_text_on_machines(cluster, source, config, on_scan=reports.append) as found,
    ):
        assert list(found.vocabulary.words) == list(alone.vocabulary.words)
        assert found.vocabulary.counts.tolist() == alone.vocabulary.counts.tolist()
        assert found.fingerprint.split("-")[0] == alone.fingerprint.split("-")[0]
        assert (found.corpus.words, found.corpus.sentences) == (alone.corpus.words, alone.corpus.sentences)
        for positions in (range(found.corpus.words), range(1000, 1001), range(990, 3000)):
            pieces = [ray.get(each) for each in found.corpus.references(positions)]
            joined = CorpusPiece.joined(pieces)
            expected = alone.corpus.piece(positions)
            assert joined.ids.tolist() == expected.ids.tolist()
            assert joined.offsets.tolist() == expected.offsets.tolist()
        everything = range(found.corpus.words)
        assert found.corpus.is_available(everything)
        monkeypatch.setattr(cluster.machines[0], "lost", True)
        assert not found.corpus.is_available(everything)
        monkeypatch.undo()
        assert found.reading is not None and found.reading["readers"]["text"]["replaced"] == 0
    assert len(reports) > 40
    assert reports[-1].words == WORDS


def test_files_that_a_machine_cannot_read_are_told_with_its_name(cluster: RayCluster, tmp_path: Path) -> None:
    source = written(tmp_path)
    (tmp_path / "07.txt").unlink()
    with pytest.raises(
        CorpusNotFoundError, match=r"on the machine .*node .*: there is no file or directory '.*07.txt'"
    ):
        read_text_on_machines(cluster, source, configured())


def test_a_compressed_file_too_large_for_one_machine_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = written(tmp_path)
    free = SimpleNamespace(free=100)
    monkeypatch.setattr(text_on_machines.shutil, "disk_usage", lambda directory: free)
    parts = parts_of(source)
    plain, compressed = parts[0], parts[4]
    text_on_machines.count_part({}, 0, plain, configured())
    with pytest.raises(OutputError, match=r"04.txt.gz is compressed, so one machine must read all of it; .* are free"):
        text_on_machines.count_part({}, 0, compressed, configured())
    free.free = 2 * (compressed.files[0].size or 0)
    text_on_machines.count_part({}, 0, compressed, configured())


def test_a_full_disk_is_told_with_the_name_of_the_machine() -> None:
    cause = OutputError("cannot keep the encoded corpus in /tmp: No space left on device")
    error = ray.exceptions.RayTaskError("do", "", cause)
    named = ray_cluster._named(error, SimpleNamespace(name="pine (10.0.0.2, node 1f)"))  # type: ignore[arg-type]
    assert isinstance(named, OutputError)
    assert str(named) == f"on the machine pine (10.0.0.2, node 1f): {cause}"


def test_a_text_that_only_the_driver_reads_is_told(tmp_path: Path) -> None:
    source = written(tmp_path)
    can_read = text_on_machines.can_read_on_machines
    assert can_read(source, configured())
    message = "this machine reads the whole text, which is necessary for validation_fraction and checkpoint"
    with pytest.warns(RuntimeWarning, match=message):
        assert not can_read(source, configured(validation_fraction=0.1), others=["checkpoint"])


def process_of(machine: ray_cluster.RayMachine) -> int:
    return int(ray.get(machine.control("process")))


def is_running(process: int) -> bool:
    """Whether a process of this computer has not ended; Ray itself needs Linux's ``/proc``."""
    try:
        status = Path(f"/proc/{process}/stat").read_text()
    except OSError:
        return False
    return status.rpartition(")")[2].split()[0] != "Z"  # ended, and not yet forgotten by its parent


def test_a_killed_actor_a_late_joiner_and_a_killed_node_change_no_bit(
    nodes: Any, cluster: RayCluster, tmp_path: Path
) -> None:
    backend = on_machines(cluster, **LATE)
    victim = process_of(cluster.machines[1])
    with pytest.warns(RuntimeWarning, match=r"lost the machine .*: the other machines train its replicas"):
        found = trained(backend, after(3, lambda: os.kill(victim, signal.SIGKILL)))
    assert same(found, of_one_process(**LATE))

    def wait_for(machines: int) -> None:
        deadline = time.monotonic() + 60
        while len(cluster.machines) < machines and time.monotonic() < deadline:
            cluster.look()
            time.sleep(0.1)
        assert len(cluster.machines) == machines

    joining: list[Any] = []

    def join() -> None:
        joining.extend(add_node(nodes) for _ in range(2))
        wait_for(4)  # the new ones, and another actor in place of the killed one

    backend = on_machines(cluster, **LATE)
    assert same(trained(backend, after(2, join)), of_one_process(**LATE))
    result = backend.train_span(CORPUS, 0, 0, WORDS, SCHEDULE, lambda: False)
    assert result.machines == 4
    assert sorted(work.words for work in result.work.values()) == sorted(words_of_machines(4, **LATE))
    for work in result.work.values():
        assert 0 < work.training_seconds < work.seconds

    text = written(tmp_path)
    expected = of_text(text)
    config = configured()
    read = read_text_on_machines(cluster, text, config)
    transport = RayTransport(cluster, config, read.vocabulary.counts, None)
    backend = ReplicatedBackend(Clocks.of(config, WORDS), transport)
    processes = [process_of(machine) for machine in cluster.machines]

    def kill_a_node() -> None:
        nodes.remove_node(joining[0], allow_graceful=False)
        # Without its node, an actor still trains for a moment: perhaps to the end of this short text.
        deadline = time.monotonic() + 60
        while all(map(is_running, processes)) and time.monotonic() < deadline:
            time.sleep(0.02)

    with pytest.warns(RuntimeWarning, match="lost the machine"):
        found = trained(backend, after(3, kill_a_node), corpus=read.corpus)
    assert same(found, expected)


def test_a_whole_run_by_its_command(nodes: Any, cluster: RayCluster, tmp_path: Path) -> None:
    """In another process, which needs the processors that the tests hold."""
    cluster.close()
    text, output, log = (tmp_path / name for name in ("text.txt", "vectors.safetensors", "log.jsonl"))
    text.write_text("\n".join(" ".join(f"w{word}" for word in CORPUS.ids[at : at + 20]) for at in range(0, WORDS, 20)))
    options = {"vector_size": 7, "min_count": 1, "epochs": 2, "deterministic": True, "replicas": 3, "round_words": 300}
    command = [sys.executable, "-m", "wordkin", "train", str(text), "-o", str(output), "--log", str(log)]
    for name, value in options.items():
        command += [f"--{name.replace('_', '-')}", *([] if value is True else [str(value)])]
    done = subprocess.run([*command, "--cluster", nodes.address], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    expected = wordkin.train(text, **options)
    assert wordkin.load(output).matrix.tobytes() == expected.matrix.tobytes()
    last = json.loads(log.read_text().splitlines()[-1])
    assert last["machines"] == 3
    assert last["sent_bytes_per_word"] > 0


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("127.0.0.1:1", r"no Ray cluster answers at 127.0.0.1:1: .*; ray start --head shows the address of one"),
        (
            "somewhere",
            "the address of a Ray cluster must be auto, or the HOST:PORT that ray start prints; got somewhere",
        ),
        ("ray://127.0.0.1:10001", "ray://127.0.0.1:10001 is an address of Ray Client: start wordkin on a machine"),
    ],
)
def test_wrong_addresses_are_told(address: str, message: str, tmp_path: Path) -> None:
    if ray.is_initialized():
        ray.shutdown()
    text = tmp_path / "text.txt"
    text.write_text("a b c\n" * 10)
    with pytest.raises(ClusterError, match=message):
        wordkin.train(text, min_count=1, cluster=address)


def test_machines_that_differ_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    machine = SimpleNamespace(name="pine (10.0.0.2, node 1f)", starting=None)
    cluster = RayCluster.__new__(RayCluster)
    here = ray_cluster.Facts.here()
    for name, facts, there in (
        ("wordkin", here._replace(wordkin="0.1"), "0.1"),
        ("Numba", here._replace(numba="0.60.0"), "0.60.0"),
        ("vector width", here._replace(lanes=2 * here.lanes), str(2 * here.lanes)),
    ):
        monkeypatch.setattr(ray_cluster.ray, "get", lambda _, facts=facts: facts)
        with pytest.raises(ClusterError, match=rf"the machine pine \(10.0.0.2, node 1f\) has {name} {there}, and this"):
            cluster._check(machine)  # type: ignore[arg-type]


def test_what_cannot_be_trained_on_machines_is_refused_first(tmp_path: Path) -> None:
    text = tmp_path / "text.txt"
    text.write_text("a b c\n" * 10)
    with pytest.raises(ConfigError, match='cluster needs objective="negative-sampling" or "hierarchical-softmax"'):
        wordkin.train(text, objective="softmax", cluster="auto")
    with pytest.raises(ConfigError, match="replicas must be set on a cluster with deterministic=True"):
        wordkin.train(text, deterministic=True, cluster="auto")
    with pytest.raises(ConfigError, match="cluster needs a corpus of files; got 'an iterable"):
        wordkin.train([["a", "b"]], cluster="auto")
    with pytest.raises(ConfigError, match=r"cluster needs a corpus of files; got 'standard input'"):
        wordkin.train("-", cluster="auto")
    with pytest.raises(ConfigError, match=r'cluster must be "auto" or the address of a Ray cluster, .*; got 7'):
        wordkin.train(text, cluster=7)  # type: ignore[arg-type]
    vectors = tmp_path / "vectors.txt"
    vectors.write_text("1 3\na 1 2 3\n")
    with pytest.raises(ConfigError, match="freeze cannot be combined with cluster"):
        wordkin.train(text, init=vectors, freeze=".*", vector_size=3, cluster="auto")
