"""Encoded texts: a directory with an encoded corpus, its vocabulary and a description of how it was made.

``docs/corpora.md`` specifies the directory. It is written under a temporary name and renamed, so it is either complete
or absent.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import secrets
import shutil
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wordkin._version import __version__
from wordkin.corpus.encoded import TEXT_HEADER_NAME, CorpusWriter, EncodedCorpus
from wordkin.corpus.ordered_threads import in_order
from wordkin.corpus.phrases import Phrases
from wordkin.errors import CorpusNotFoundError, FormatError, OutputError
from wordkin.storage.files import InputFile, mapped_bytes, reason
from wordkin.storage.headers import read_header
from wordkin.storage.tensors import read_tensors, write_tensors
from wordkin.vocabulary import Vocabulary
from wordkin.vocabulary.tensors import VOCABULARY_LAYOUT, vocabulary_metadata, vocabulary_of_tensors, vocabulary_tensors

FORMAT_NAME = "wordkin encoded text"
FORMAT_VERSION = 1
PIECE_WORDS = 1 << 20
"""Number of words per piece of the content fingerprint."""

_VOCABULARY_NAME = "vocabulary.safetensors"
_DIGEST_BYTES = 16  # per word
_BATCH_WORDS = 1 << 20


@dataclass(frozen=True)
class Description:
    """How an encoded text was made.

    Attributes
    ----------
    options : mapping
        The training options that affect reading and counting, by name.
    sources : list of mapping
        ``name`` and ``bytes`` of each file (null if the size is unknown), or one entry for an iterable.
    readers : mapping
        Statistics of each reader: files, records, skipped records by reason, replaced words.
    text_words : int
        Number of words in the text, including those outside the vocabulary.
    scan_fingerprint : str
        Digest of all words of the text, their counts and the number of sentences.
    content_fingerprint : str, default ""
        Digest of the sentences of words; see :func:`content_fingerprint`.
    phrases : Phrases or None, default None
        The phrases that were joined.
    dropped : mapping or None, default None
        What ``max_types`` dropped, as in :class:`wordkin.corpus.scanning.bounds.Dropped`; None if it dropped nothing.
    """

    options: Mapping[str, Any]
    sources: list[dict[str, Any]]
    readers: Mapping[str, Any]
    text_words: int
    scan_fingerprint: str
    content_fingerprint: str = ""
    phrases: Phrases | None = None
    dropped: Mapping[str, int] | None = None

    @property
    def provenance_fingerprint(self) -> str:
        """Digest of where the text came from: sources and options, without the content of the text."""
        values = {"sources": self.sources, "options": dict(self.options)}
        return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()[:32]


@dataclass(frozen=True)
class EncodedText:
    """An encoded text that is open; its corpus and vocabulary are memory-mapped."""

    vocabulary: Vocabulary
    corpus: EncodedCorpus
    description: Description = field(repr=False)

    @property
    def phrases(self) -> Phrases | None:
        """The phrases that were joined; None if there are none."""
        return self.description.phrases


def is_encoded_text(path: str | Path) -> bool:
    """Whether a path is the directory of an encoded text."""
    return os.path.isfile(os.path.join(path, TEXT_HEADER_NAME))  # noqa: PTH113, PTH118  (Path raises for a name too long)


def check_output_directory(path: str | Path) -> None:
    """Raise :class:`OutputError` unless an encoded text can be saved at ``path``.

    An encoded text that is already there will be replaced; any other directory or file is refused.
    """
    path = Path(path).absolute()
    if os.path.lexists(path) and not is_encoded_text(path):
        raise OutputError(f"cannot write {str(path)!r}, which exists and is not an encoded text: choose another name")
    if not path.parent.is_dir():
        raise OutputError(
            f"cannot write {str(path)!r}, because there is no directory {str(path.parent)!r}: make this directory first"
        )
    if not os.access(path.parent, os.W_OK):
        raise OutputError(f"cannot write {str(path)!r}: no permission to write in {str(path.parent)!r}")


@contextlib.contextmanager
def saving_text(path: str | Path) -> Iterator[Path]:
    """Context manager that yields a temporary directory, which becomes ``path`` if the block succeeds."""
    path = Path(path).absolute()
    check_output_directory(path)
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    old = temporary.with_suffix(".old")
    try:
        temporary.mkdir()
        yield temporary
        if path.exists():
            path.rename(old)
        temporary.rename(path)
    except OSError as error:
        if isinstance(error, OutputError):
            raise
        raise OutputError(f"cannot write {str(path)!r}: {reason(error)}") from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
        shutil.rmtree(old, ignore_errors=True)


def write_description(directory: Path, vocabulary: Vocabulary, corpus: EncodedCorpus, description: Description) -> None:
    """Write vocabulary and description of an encoded text to a directory that already contains its encoded corpus."""
    with (directory / _VOCABULARY_NAME).open("xb") as file:
        write_tensors(
            file, vocabulary_tensors(vocabulary), {"wordkin.version": __version__, **vocabulary_metadata(vocabulary)}
        )
        file.flush()
        os.fsync(file.fileno())
    header = {
        "format": FORMAT_NAME,
        "version": FORMAT_VERSION,
        "wordkin": __version__,
        "vocabulary_size": len(vocabulary),
        "text_words": description.text_words,
        "options": dict(description.options),
        "sources": description.sources,
        "readers": dict(description.readers),
        "dropped": None if description.dropped is None else dict(description.dropped),
        "phrases": None if description.phrases is None else json.loads(description.phrases.to_json()),
        "content_fingerprint": description.content_fingerprint,
        "provenance_fingerprint": description.provenance_fingerprint,
        "scan_fingerprint": description.scan_fingerprint,
        "corpus_fingerprint": corpus.fingerprint,
        "vocabulary_sha256": hashlib.sha256((directory / _VOCABULARY_NAME).read_bytes()).hexdigest(),
    }
    with (directory / TEXT_HEADER_NAME).open("xb") as file:
        file.write(json.dumps(header, indent=1, ensure_ascii=False).encode() + b"\n")
        file.flush()
        os.fsync(file.fileno())


def open_text(path: str | Path, *, verify: bool = False) -> EncodedText:
    """Open an encoded text.

    Parameters
    ----------
    path : str or Path
        The directory.
    verify : bool, default False
        Read the whole text, and check the fingerprint of the corpus and the content fingerprint.

    Raises
    ------
    FormatError
        The directory is damaged or has another format version.
    """
    path = Path(path)
    header = _read_header(path / TEXT_HEADER_NAME)
    vocabulary = _read_vocabulary(path / _VOCABULARY_NAME, header["vocabulary_sha256"])
    corpus = EncodedCorpus.open(path, verify=verify)
    if corpus.fingerprint != header["corpus_fingerprint"] or not corpus.holds_ids_below(len(vocabulary)):
        raise FormatError(
            f"{str(path)!r} is damaged, because corpus and vocabulary do not match: encode the text again"
        )
    names = ("options", "sources", "readers", "text_words", "scan_fingerprint", "content_fingerprint")
    phrases = header.get("phrases")
    known = None if phrases is None else Phrases.from_json(json.dumps(phrases).encode())
    description = Description(**{name: header[name] for name in names}, phrases=known, dropped=header.get("dropped"))
    if verify and content_fingerprint(vocabulary, corpus) != description.content_fingerprint:
        raise FormatError(f"{str(path)!r} is damaged, because its words were changed: encode the text again")
    return EncodedText(vocabulary, corpus, description)


def content_fingerprint(vocabulary: Vocabulary, corpus: EncodedCorpus, threads: int = 1) -> str:
    """Digest of the sentences of words, which does not depend on word ids or on where the text came from.

    Each word is hashed with 16-byte BLAKE2b: a word as its UTF-8 bytes, a whole number as its decimal digits with
    ``person=b"integer"``. The corpus is divided into pieces of 2**20 words, so that they can be hashed in parallel. The
    digest of a piece is the SHA-256 of the digests of its words, followed by the ends of the sentences that end in the
    piece, as int64 positions relative to its start. The fingerprint is the first 32 hexadecimal digits of the SHA-256
    of the number of words, the number of sentences (both as int64), and the digests of all pieces.
    """
    digests = np.empty((len(vocabulary), _DIGEST_BYTES), np.uint8)
    person = b"integer" if vocabulary.integers else b""
    for word_id, word in enumerate(vocabulary.words):
        digest = hashlib.blake2b(str(word).encode(), digest_size=_DIGEST_BYTES, person=person).digest()
        digests[word_id] = np.frombuffer(digest, np.uint8)
    whole = hashlib.sha256(np.array([corpus.words, corpus.sentences], "<i8").tobytes())

    def piece_digest(start: int) -> bytes:
        stop = min(start + PIECE_WORDS, corpus.words)
        first, last = np.searchsorted(corpus.offsets, [start, stop], side="right")
        digest = hashlib.sha256(digests[corpus.ids[start:stop]].data)
        digest.update((corpus.offsets[max(first, 1) : last] - start).astype("<i8").tobytes())
        return digest.digest()

    with ThreadPoolExecutor(threads, "wordkin-fingerprint") as pool:
        for digest in in_order(pool, piece_digest, range(0, corpus.words, PIECE_WORDS), 2 * threads):
            whole.update(digest)
    return whole.hexdigest()[:32]


def renumbered(
    corpus: EncodedCorpus, new_ids: NDArray[np.int32], *, path: Path | None, spool_directory: str | Path | None
) -> EncodedCorpus:
    """Return a corpus in which each id is replaced by ``new_ids[id]``.

    Words whose new id is -1 are removed, and so are sentences that become empty. ``path`` is the directory to save the
    result in, if it is not None.
    """
    expected = corpus.ids.nbytes + corpus.offsets.nbytes
    with CorpusWriter(path, spool_directory=spool_directory, expected_bytes=expected) as writer:
        last_end = 0
        for start in range(0, corpus.words, _BATCH_WORDS):
            stop = min(start + _BATCH_WORDS, corpus.words)
            ids = new_ids[corpus.ids[start:stop]]
            kept = ids >= 0
            first, last = np.searchsorted(corpus.offsets, [start, stop], side="right")
            positions = corpus.offsets[max(first, 1) : last] - start
            ends = writer.words + np.concatenate([[0], np.cumsum(kept)])[positions]
            writer.add_ids(ids[kept])
            rising = np.diff(ends, prepend=last_end) > 0
            if rising.any():
                writer.add_ends(ends[rising])
                last_end = int(ends[-1])
        return writer.finish()


def interleaved(
    first: EncodedCorpus, second: EncodedCorpus, *, path: Path | None = None, spool_directory: str | Path | None = None
) -> EncodedCorpus:
    """Merge two corpora so that the sentences of both are spread evenly. The order within each corpus is kept.

    The sort key of a sentence is the fraction of the words of its own corpus that precede it. Of two sentences with
    equal keys, the one from ``first`` comes first.
    """
    corpora = (first, second)
    shares = np.concatenate([each.offsets[:-1] / max(1, each.words) for each in corpora])
    order = np.argsort(shares, kind="stable")
    is_second = order >= first.sentences
    del shares
    lengths = np.concatenate([np.diff(each.offsets) for each in corpora])[order]
    ends = np.cumsum(lengths)
    expected = sum(each.ids.nbytes + each.offsets.nbytes for each in corpora)
    with CorpusWriter(path, spool_directory=spool_directory, expected_bytes=expected) as writer:
        start = 0
        words_done = np.zeros(2, np.int64)  # per corpus
        while start < len(order):
            before = int(ends[start - 1]) if start else 0
            stop = max(start + 1, int(np.searchsorted(ends, before + _BATCH_WORDS, side="right")))
            here = is_second[start:stop]
            from_second = np.repeat(here, lengths[start:stop])
            ids = np.empty(len(from_second), np.int32)
            for i, chosen in enumerate((~from_second, from_second)):
                words = np.count_nonzero(chosen)
                ids[chosen] = corpora[i].ids[words_done[i] : words_done[i] + words]
                words_done[i] += words
            writer.add_ids(ids)
            writer.add_ends(ends[start:stop])
            start = stop
        return writer.finish()


def _read_header(path: Path) -> dict[str, Any]:
    header = read_header(path, FORMAT_NAME, FORMAT_VERSION, "encoded text of wordkin")
    kinds: dict[str, type] = {
        "options": dict, "sources": list, "readers": dict, "text_words": int, "scan_fingerprint": str,
        "content_fingerprint": str, "corpus_fingerprint": str, "vocabulary_sha256": str,
    }  # fmt: skip
    for name, kind in kinds.items():
        if not isinstance(header.get(name), kind):
            raise FormatError(f"{str(path)!r} is damaged, because its entry {name!r} is missing or has the wrong type")
    return header


def _read_vocabulary(path: Path, sha256: str) -> Vocabulary:
    try:
        with InputFile(path) as source:
            data = mapped_bytes(source)
            if hashlib.sha256(data).hexdigest() != sha256:
                raise source.broken(f"its SHA-256 differs from that in {TEXT_HEADER_NAME}, so the file is damaged")
            arrays, metadata = read_tensors(data, VOCABULARY_LAYOUT)
            for name in VOCABULARY_LAYOUT.keys() - arrays.keys():
                raise source.broken(f"the tensor {name!r} is missing")
    except CorpusNotFoundError as error:
        raise FormatError(str(error)) from error
    return vocabulary_of_tensors(arrays, metadata)
