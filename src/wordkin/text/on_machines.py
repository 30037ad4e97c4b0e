"""Reading, counting and encoding of text on the machines of a cluster.

A source is cut into parts (:mod:`wordkin.corpus.parts`), which are assigned to the machines. Each machine counts its
parts. The driver (the process of the user) adds the counts in the order of the text and sends the vocabulary to the
machines, which encode their parts to their own disks. No machine needs to read the whole text. During training, a
machine fetches sentences that it needs and does not hold from other machines. If a machine is lost, another one reads
its parts again.
"""

from __future__ import annotations

import bisect
import dataclasses
import hashlib
import itertools
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wordkin.config import TrainingConfig
from wordkin.corpus.encoded import CorpusPiece, EncodedCorpus
from wordkin.corpus.parts import parts_of
from wordkin.corpus.readers.files import compression_of
from wordkin.corpus.readers.formats import FORMATS
from wordkin.corpus.readers.pieces import Tally
from wordkin.corpus.reading import reader_of, warn_of_skipped
from wordkin.corpus.scanning.progress import ScanProgress
from wordkin.corpus.scanning.scan import Scan, words_fingerprint
from wordkin.corpus.sources import Source
from wordkin.errors import EmptyVocabularyError, OutputError, warn
from wordkin.items import Item
from wordkin.text.read import Text
from wordkin.text.steps import OnScan, encode, scan_text, select_words
from wordkin.training.cluster.ray_cluster import RayCluster, RayMachine, gather, share
from wordkin.training.cluster.transport import MachineLostError
from wordkin.vocabulary import Vocabulary

ENCODED_SIZE = 2  # times the compressed size: gzip and xz need 2.1 and 1.5 bytes a word, encoded ids need 4
Kept = dict[str, Any]  # the data of a machine between calls of the functions below


@dataclass
class Counts:
    """The word counts of one part of a text, or of several parts together."""

    words: Sequence[Item] = ()
    counts: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))
    sentences: int = 0
    readers: dict[str, Tally] = field(default_factory=dict)


def count_part(kept: Kept, number: int, part: Source, config: TrainingConfig) -> Counts:
    """Read a part of a text on a machine and count its words.

    ``kept`` is a dict that the machine keeps between calls. It receives the scanned text, for :func:`encode_part`.
    """
    _refuse_too_large(part)
    try:
        scanned = scan_text(part, config)
    except EmptyVocabularyError:
        return Counts()
    assert isinstance(scanned, Scan), "phrases are read by one machine"
    kept[f"scan {number}"] = scanned
    return Counts(scanned.words, scanned.counts, scanned.sentences, dict(scanned.readers))


def encode_part(
    kept: Kept, number: int, part: Source, config: TrainingConfig, vocabulary: Vocabulary
) -> tuple[int, int, str]:
    """Encode a part of a text on a machine, and keep it there in ``kept``.

    Returns its number of words, its number of sentences, and its fingerprint. The part is read again if another machine
    has counted it.
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
    """Return the sentences that contain the given ``positions`` of the text, on the machine that holds their part.

    The part begins at position ``first`` of a text of ``words`` words.
    """
    corpus: EncodedCorpus = kept[f"corpus {number}"]
    ids, offsets, _ = corpus.piece(range(positions.start - first, positions.stop - first))
    return CorpusPiece(ids, offsets + first, words)


def _refuse_too_large(part: Source) -> None:
    """Raise :class:`OutputError` if the word ids of a compressed file may not fit on the disk of this machine."""
    (file,) = part.files
    if not compression_of(file.name) or file.size is None:
        return
    directory = tempfile.gettempdir()
    needed, free = ENCODED_SIZE * file.size, shutil.disk_usage(directory).free
    if needed > free:
        raise OutputError(
            f"{file.name} is compressed, so one machine must read all of it; the encoded text needs about "
            f"{needed / 1e9:.3g} GB in {directory}, where {free / 1e9:.3g} GB are free: decompress or split the file, "
            "so that several machines read it, or set TMPDIR to a larger directory before ray start"
        )


class PartsOnMachines:
    """The parts of a text, and the machine that holds each.

    Parameters
    ----------
    cluster : RayCluster
        The machines.
    parts : sequence of Source
        The parts in the order of the text.
    config : TrainingConfig
        The options of reading; ``threads`` is per machine.
    """

    def __init__(self, cluster: RayCluster, parts: Sequence[Source], config: TrainingConfig) -> None:
        self._cluster, self._config = cluster, config
        self._parts = parts
        self._holders: list[RayMachine | None] = [None] * len(parts)
        self._vocabulary: Any = None

    def holder(self, number: int) -> RayMachine:
        """Return the machine that holds a part. If it is lost, the part is assigned to another machine."""
        found = self._holders[number]
        if found is None or not self.is_held(number):
            self._cluster.refuse_none_left()
            machines = self._cluster.machines
            found = self._holders[number] = machines[number % len(machines)]
            if self._vocabulary is not None:
                gather([(found, self._call(found, encode_part, number, self._vocabulary))])
        return found

    def is_held(self, number: int) -> bool:
        """Whether the machine that holds a part is still available."""
        found = self._holders[number]
        return found is not None and not found.lost and found in self._cluster.machines

    def count(self, when_counted: Callable[[Counts], None]) -> list[Counts]:
        """Count the words of all parts, and return the counts of each.

        ``when_counted`` is called with the counts of each part, in the order of the text.
        """
        counted: list[Counts] = []
        for numbers in self._turns():
            found = self._all(count_part, numbers)
            for each in found:
                when_counted(each)
            counted += found
        return counted

    def encode(self, vocabulary: Vocabulary) -> list[tuple[int, int, str]]:
        """Encode all parts; return the number of words, the number of sentences and the fingerprint of each."""
        shared = share(vocabulary)
        encoded = [each for numbers in self._turns() for each in self._all(encode_part, numbers, shared)]
        self._vocabulary = shared
        return encoded

    def piece(self, number: int, first: int, positions: range, words: int) -> Any:
        """Call :func:`piece_of_part` on the machine of a part; return a Ray reference to the result."""
        return self.holder(number).text("do", piece_of_part, number, first, positions, words)

    def _turns(self) -> list[range]:
        """Divide the numbers of the parts into ranges, each with as many parts as there are machines."""
        size = len(self._cluster.machines)
        return [range(first, min(first + size, len(self._parts))) for first in range(0, len(self._parts), size)]

    def _all(self, function: Callable[..., Any], numbers: Sequence[int], *arguments: Any) -> list[Any]:
        """Call a function for each of some parts, on the machine that holds the part; return the results.

        If a machine is lost, its calls are repeated on another one.
        """
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
    """An encoded corpus whose word ids are stored on the machines of a cluster; :attr:`ids` is empty here.

    Parameters
    ----------
    parts : PartsOnMachines
        The parts and their machines.
    encoded : sequence of tuple of int, int and str
        For each part, its number of words, its number of sentences, and its fingerprint.
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
        """Return one or more Ray references to the sentences that contain these positions, in order.

        If a machine that held a part was lost, the part is read again first.
        """
        if not positions:
            return [share(CorpusPiece(np.empty(0, np.int32), np.array([positions.start]), self.words))]
        return [
            self._parts.piece(number, self._starts[number], piece, self.words)
            for number, piece in self._pieces(positions)
        ]

    def is_available(self, positions: range) -> bool:
        """Whether the machines hold all parts that contain these positions, so that none must be read again."""
        return all(self._parts.is_held(number) for number, _ in self._pieces(positions))

    def _pieces(self, positions: range) -> Iterator[tuple[int, range]]:
        """Yield the parts that contain some of the given positions of the text.

        For each part, yields its number and the given positions that are in it.
        """
        number = bisect.bisect_right(self._starts, positions.start) - 1
        start = positions.start
        while start < positions.stop:
            stop = min(positions.stop, self._starts[number + 1])
            if start < stop:
                yield number, range(start, stop)
            start, number = stop, number + 1


def can_read_on_machines(source: Source, config: TrainingConfig, *, others: Sequence[str] = ()) -> bool:
    """Whether each machine can read a part of the text, so that no machine needs the whole text.

    This needs a source of files. Phrases, held-out sentences and ``max_types`` need the whole text on one machine; a
    warning then names the option that needs it.

    Parameters
    ----------
    source : Source
        The text.
    config : TrainingConfig
        The options.
    others : sequence of str, default ()
        Names of further options that were given and need the whole text.
    """
    if source.kind != "files":
        return False
    given = [name for name in ("phrases", "validation_fraction", "max_types") if getattr(config, name) is not None]
    if given or others:
        names = " and ".join((*given, *others))
        warn(
            f"this machine reads the whole text, which is necessary for {names}; without {names}, each machine would "
            "read a part of the text",
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
    """Read a text on the machines of a cluster, which store it; otherwise like :func:`wordkin.text.read_text`.

    Raises
    ------
    CorpusError
        The text cannot be used, or a machine cannot read a file; the message names it.
    OutputError
        The disk of a machine is too small.
    """
    parts = parts_of(source)
    on_machines = PartsOnMachines(cluster, parts, config)
    whole = _added(on_machines.count(_reporting(on_scan, source, parts)))
    if not len(whole.words):
        raise EmptyVocabularyError(f"no words in {len(source.files):,} files: pass files that contain text")
    warn_of_skipped(whole.readers)
    selection = select_words(whole.words, whole.counts, config, vocabulary=vocabulary)
    corpus = CorpusOnMachines(on_machines, on_machines.encode(selection.vocabulary))
    fingerprint = f"{words_fingerprint(list(whole.words), whole.counts, whole.sentences)}-{corpus.fingerprint}"  # type: ignore[arg-type]
    reading = {"readers": {name: tally.to_dict() for name, tally in whole.readers.items()}, "dropped": None}
    return Text(selection.vocabulary, corpus, None, fingerprint, config, None, selection, reading)


def _added(counted: Sequence[Counts]) -> Counts:
    """Add the counts of all parts. The words of the result are in order of first occurrence in the text."""
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
    """Return a function to call with the counts of each part, which reports the progress to ``on_scan``."""
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
    if file.part is not None and FORMATS[reader_of(file, part.reading)].parts == "lines":
        return file.part[1] - file.part[0]
    return file.size or 0
