"""Text that is read, counted and encoded on the machines of a cluster, each of which keeps what it has encoded.

A source is cut into parts (:mod:`wordkin.corpus.parts`), which are dealt to the machines. Each counts its parts, the
counts are added here in the order of the text, and the vocabulary is sent out; each then encodes its parts to its own
disk. So the text itself never passes through one machine. Those that train ask the others for the sentences of a block.
A part whose machine died is read again by another.
"""

from __future__ import annotations

import bisect
import dataclasses
import hashlib
import itertools
import shutil
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wordkin.config import TrainingConfig
from wordkin.corpus.encoded import CorpusPiece, EncodedCorpus
from wordkin.corpus.parts import parts_of
from wordkin.corpus.readers.files import compression_of
from wordkin.corpus.readers.pieces import Tally
from wordkin.corpus.reading import warn_of_skipped
from wordkin.corpus.scanning.progress import ScanProgress
from wordkin.corpus.scanning.scan import Scan, words_fingerprint
from wordkin.corpus.sources import Source
from wordkin.errors import EmptyVocabularyError, OutputError, warn
from wordkin.items import Item
from wordkin.text import OnScan, Text, encode, scan_text, select_words
from wordkin.training.cluster.ray_cluster import RayCluster, RayMachine, gather, share
from wordkin.training.cluster.transport import MachineLostError
from wordkin.vocabulary import Vocabulary

ENCODED_SIZE = 2  # of what gzip and xz make of a text: they leave 2.1 and 1.5 bytes a word, and ids take 4
Kept = dict[str, Any]  # what a machine keeps between calls of the functions below


@dataclass
class Counts:
    """What was counted in a part, or in several.

    Attributes
    ----------
    words : in the order of the text.
    counts : int64 [words].
    sentences : lines, or lists, that are not empty.
    readers : by reader, what it met.
    """

    words: Sequence[Item] = ()
    counts: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))
    sentences: int = 0
    readers: dict[str, Tally] = field(default_factory=dict)


def count_part(kept: Kept, number: int, part: Source, config: TrainingConfig) -> Counts:
    """On a machine: read a part and count its words; its text is kept for :func:`encode_part`."""
    _refuse_too_large(part)
    try:
        scanned = scan_text(part, config)
    except EmptyVocabularyError:
        return Counts()
    assert isinstance(scanned, Scan), "the options ask for no phrases"
    kept[f"scan {number}"] = scanned
    return Counts(scanned.words, scanned.counts, scanned.sentences, dict(scanned.readers))


def encode_part(
    kept: Kept, number: int, part: Source, config: TrainingConfig, vocabulary: Vocabulary
) -> tuple[int, int, str]:
    """On a machine: encode a part and keep it; returns its words, its sentences and its fingerprint.

    A part that another machine has counted is read again.
    """
    if f"scan {number}" not in kept:
        count_part(kept, number, part, config)
    scanned = kept.pop(f"scan {number}", None)
    if scanned is None:
        corpus = EncodedCorpus(np.empty(0, np.int32), np.zeros(1, np.int64), "")
    else:
        with scanned:
            corpus = encode(scanned, vocabulary)
    kept[f"corpus {number}"] = corpus
    return corpus.words, corpus.sentences, corpus.fingerprint


def piece_of_part(kept: Kept, number: int, first: int, positions: range, words: int) -> CorpusPiece:
    """On a machine: sentences of a part, which begins at position ``first`` of a text of so many words."""
    corpus: EncodedCorpus = kept[f"corpus {number}"]
    ids, offsets, _ = corpus.piece(range(positions.start - first, positions.stop - first))
    return CorpusPiece(ids, offsets + first, words)


def _refuse_too_large(part: Source) -> None:
    """Raise :class:`OutputError` for a compressed file whose words need more room than this machine has on its disk."""
    (file,) = part.files
    if not compression_of(file.name) or file.size is None:
        return
    directory = tempfile.gettempdir()
    needed, free = ENCODED_SIZE * file.size, shutil.disk_usage(directory).free
    if needed > free:
        raise OutputError(
            f"{file.name} is compressed, so that one machine must read all of it: its {file.size / 1e9:.3g} GB need "
            f"about {needed / 1e9:.3g} GB in {directory} once encoded, and {free / 1e9:.3g} GB are free; decompress "
            "the file or split it, so that machines share it, or name a larger directory as TMPDIR before ray start"
        )


class PartsOnMachines:
    """Which machine has which part, and what was made of it.

    Parameters
    ----------
    cluster : the machines.
    parts : in the order of the text.
    config : how text is read; its ``threads`` are those of a machine.
    """

    def __init__(self, cluster: RayCluster, parts: Sequence[Source], config: TrainingConfig) -> None:
        self._cluster, self._config = cluster, config
        self._parts = parts
        self._holders: list[RayMachine | None] = [None] * len(parts)
        self._vocabulary: Any = None

    def holder(self, number: int) -> RayMachine:
        """The machine that has a part, or is to have it."""
        found = self._holders[number]
        if found is None or found.lost or found not in self._cluster.machines:
            self._cluster.refuse_none_left()
            machines = self._cluster.machines
            found = self._holders[number] = machines[number % len(machines)]
            if self._vocabulary is not None:
                gather([(found, self._call(found, encode_part, number, self._vocabulary))])
        return found

    def count(self, when_counted: Callable[[Counts], None]) -> list[Counts]:
        """Count all parts; ``when_counted`` is called for one after the other."""
        counted: list[Counts] = []
        for numbers in self._turns():
            found = self._all(count_part, numbers)
            for each in found:
                when_counted(each)
            counted += found
        return counted

    def encode(self, vocabulary: Vocabulary) -> list[tuple[int, int, str]]:
        """Encode all parts."""
        shared = share(vocabulary)
        encoded = [each for numbers in self._turns() for each in self._all(encode_part, numbers, shared)]
        self._vocabulary = shared
        return encoded

    def piece(self, number: int, first: int, positions: range, words: int) -> Any:
        """A reference to sentences of a part; see :func:`piece_of_part`."""
        return self.holder(number).call("do", piece_of_part, number, first, positions, words)

    def _turns(self) -> list[range]:
        """The parts, as many at a time as there are machines."""
        size = len(self._cluster.machines)
        return [range(first, min(first + size, len(self._parts))) for first in range(0, len(self._parts), size)]

    def _all(self, function: Callable[..., Any], numbers: Sequence[int], *arguments: Any) -> list[Any]:
        """Have each part handled where it is; where a machine dies, on the others."""
        while True:
            try:
                holders = [(self.holder(number), number) for number in numbers]
                return gather([(holder, self._call(holder, function, each, *arguments)) for holder, each in holders])
            except MachineLostError:
                self._cluster.drop_lost()
                self._cluster.refuse_none_left()

    def _call(self, machine: RayMachine, function: Callable[..., Any], number: int, *arguments: Any) -> Any:
        config = dataclasses.replace(self._config, threads=self._config.threads or machine.threads)
        return machine.call("do", function, number, self._parts[number], config, *arguments)


class CorpusOnMachines(EncodedCorpus):
    """An encoded corpus whose words are on the machines; there are none in :attr:`ids` here.

    Parameters
    ----------
    parts : who has them.
    encoded : words, sentences and fingerprint of each part.
    """

    def __init__(self, parts: PartsOnMachines, encoded: Sequence[tuple[int, int, str]]) -> None:
        digest = hashlib.sha256("".join(fingerprint for _, _, fingerprint in encoded).encode()).hexdigest()[:32]
        super().__init__(np.empty(0, np.int32), np.zeros(1, np.int64), digest)
        self._parts = parts
        self._starts = [0, *itertools.accumulate(words for words, _, _ in encoded)]
        self._sentences = sum(sentences for _, sentences, _ in encoded)

    @property
    def words(self) -> int:
        return self._starts[-1]

    @property
    def sentences(self) -> int:
        return self._sentences

    def references(self, positions: range) -> list[Any]:
        """References to pieces that together hold these positions, in their order; at least one."""
        if not positions:
            return [share(CorpusPiece(np.empty(0, np.int32), np.array([positions.start]), self.words))]
        found = []
        number = bisect.bisect_right(self._starts, positions.start) - 1
        start = positions.start
        while start < positions.stop:
            stop = min(positions.stop, self._starts[number + 1])
            if start < stop:
                found.append(self._parts.piece(number, self._starts[number], range(start, stop), self.words))
            start, number = stop, number + 1
        return found


def can_read_on_machines(source: Source, config: TrainingConfig, *, others: Sequence[str] = ()) -> bool:
    """Whether options and source allow that each machine reads a share of the text; a warning says why not.

    Phrases, held-out sentences and ``max_types`` need all of the text at once, and an encoded text is encoded already.

    Parameters
    ----------
    others : names of further options that were given and do not allow it.
    """
    if source.kind != "files":
        return False
    given = [name for name in ("phrases", "validation_fraction", "max_types") if getattr(config, name) is not None]
    if given or others:
        names = " and ".join((*given, *others))
        warn(
            f"this machine reads the whole text, since {names} needs all of it in one place: leave that out to have "
            "each machine read a share",
            RuntimeWarning,
        )
    return not given and not others


def read_text_on_machines(
    cluster: RayCluster,
    source: Source,
    config: TrainingConfig,
    *,
    vocabulary: Vocabulary | None = None,
    on_scan: OnScan | None = None,
) -> Text:
    """What :func:`wordkin.text.read_text` gives, with the text on the machines.

    Raises
    ------
    CorpusError
        The text cannot be used, or a machine cannot read a file; the message names it.
    OutputError
        The disk of a machine is full.
    """
    parts = parts_of(source)
    on_machines = PartsOnMachines(cluster, parts, config)
    whole = _added(on_machines.count(_reporting(on_scan, source, parts)))
    if not len(whole.words):
        raise EmptyVocabularyError(f"no words in {len(source.files):,} files: give text")
    warn_of_skipped(whole.readers)
    selection = select_words(whole.words, whole.counts, config, vocabulary=vocabulary)
    corpus = CorpusOnMachines(on_machines, on_machines.encode(selection.vocabulary))
    fingerprint = f"{words_fingerprint(list(whole.words), whole.counts, whole.sentences)}-{corpus.fingerprint}"  # type: ignore[arg-type]
    reading = {"readers": {name: tally.to_dict() for name, tally in whole.readers.items()}, "dropped": None}
    return Text(selection.vocabulary, corpus, None, fingerprint, config, None, selection, reading)


def _added(counted: Sequence[Counts]) -> Counts:
    """The counts of all parts together, words by their first appearance in the text."""
    numbers: dict[Item, int] = {}
    readers: dict[str, Tally] = {}
    for each in counted:
        for word in each.words:
            numbers.setdefault(word, len(numbers))
        for name, tally in each.readers.items():
            whole = readers.setdefault(name, Tally())
            whole.records += tally.records
            whole.skipped.update(tally.skipped)
            whole.replaced += tally.replaced
    counts = np.zeros(len(numbers), np.int64)
    for each in counted:
        counts[[numbers[word] for word in each.words]] += each.counts
    return Counts(list(numbers), counts, sum(each.sentences for each in counted), readers)


def _reporting(on_scan: OnScan | None, source: Source, parts: Sequence[Source]) -> Callable[[Counts], None]:
    """Tells how far counting has come, after each part."""
    sizes = [_bytes_of(part) for part in parts]
    began, remaining = time.perf_counter(), iter(sizes)
    bytes_read = words = 0

    def report(counted: Counts) -> None:
        nonlocal bytes_read, words
        bytes_read += next(remaining)
        words += int(counted.counts.sum())
        if on_scan is not None:
            on_scan(ScanProgress(bytes_read, sum(sizes), words, time.perf_counter() - began))

    return report


def _bytes_of(part: Source) -> int:
    (file,) = part.files
    if file.part is not None and not file.name.endswith((".parquet", ".pq")):
        return file.part[1] - file.part[0]
    return file.size or 0
