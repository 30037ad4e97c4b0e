"""Files of vectors: word2vec's formats in gensim's parameters, over the readers and writers of the core."""

from __future__ import annotations

import contextlib
import logging
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from wordkin.compat.gensim.errors import ShortFileError, WordEncodingError
from wordkin.embeddings import Embeddings, load
from wordkin.embeddings.binary_format import write_binary
from wordkin.embeddings.text_format import write_text
from wordkin.errors import ConfigError, CorpusNotFoundError, FormatError
from wordkin.storage.files import replacing
from wordkin.vocabulary import Vocabulary

logger = logging.getLogger(__name__)


def read_vectors(
    path: Any, *, binary: bool, encoding: str, unicode_errors: str, limit: int | None, no_header: bool
) -> Embeddings:
    """The vectors of a file of word2vec; of a word that stands twice, the first.

    Raises
    ------
    ShortFileError
        The file ends too early (also an EOFError).
    WordEncodingError
        A word is not valid in the encoding (also a UnicodeDecodeError).
    FormatError
        It is damaged in another way, or a pickle; the message has the call that converts it.
    """
    if no_header and binary:
        raise ConfigError("no_header", "must be False with binary=True", no_header, "the header gives the size of rows")
    options: dict[str, Any] = {
        "format": "bin" if binary else "text", "limit": limit, "encoding": encoding, "duplicates": "first",
        "header": None if binary else not no_header,
    }  # fmt: skip
    try:
        return load(path, **{**options, "encoding_errors": unicode_errors})
    except FormatError as error:
        message = str(error)
        if unicode_errors == "strict" and _readable(path, **options, encoding_errors="replace"):
            raise WordEncodingError(encoding, message) from error
        if _ends_early(path, **options, encoding_errors="replace"):
            raise ShortFileError(message) from error
        raise


def _readable(path: Any, **options: Any) -> bool:
    """Whether a file can be read with these options."""
    try:
        load(path, **options)
    except FormatError:
        return False
    return True


def _ends_early(path: Any, **options: Any) -> bool:
    """Whether all that is wrong with a file is that rows are missing at its end."""
    try:
        with warnings.catch_warnings(record=True):
            warnings.simplefilter("always")
            count = len(load(path, bad_rows="skip", **options))
        if count == 0:
            return False
        load(path, **{**options, "limit": count})
    except FormatError:
        return False
    return True


def read_counts(path: Any, encoding: str, unicode_errors: str) -> dict[str, int]:
    """The counts of a vocabulary file: a word and its count a line."""
    counts: dict[str, int] = {}
    try:
        with Path(path).open("rb") as lines:
            for number, line in enumerate(lines, 1):
                word, _, count = line.decode(encoding, unicode_errors).strip().rpartition(" ")
                if not word or not count.isdecimal():
                    raise FormatError(f"{str(path)!r}: line {number} must be a word and its count; it is {line[:40]!r}")
                counts[word] = int(count)
    except FileNotFoundError:
        raise CorpusNotFoundError(f"there is no file {str(path)!r}: check the path") from None
    except UnicodeDecodeError as error:
        raise WordEncodingError(encoding, f"{str(path)!r}: {error}") from error
    return counts


@contextlib.contextmanager
def _target(path: Any, append: bool) -> Iterator[BinaryIO]:
    if append:
        with Path(path).open("ab") as stream:
            yield stream
    else:
        with replacing(Path(path)) as stream:
            yield stream


def write_vectors(
    path: Any, words: list[str], rows: NDArray[Any], *, binary: bool, write_header: bool, append: bool
) -> None:
    """Write a file of word2vec."""
    if binary and not write_header:
        raise ConfigError("write_header", "must be True with binary=True", write_header, "readers need it")
    if binary and append:
        raise ConfigError("append", "must be False with binary=True", append, "a header would stand inside the file")
    dtype = rows.dtype if rows.dtype in (np.float32, np.float16) else np.float32
    vectors = Embeddings(Vocabulary(words), rows.astype(dtype, copy=False))
    with _target(path, append) as stream:
        if binary:
            write_binary(vectors, stream, "refuse")
        else:
            write_text(vectors, stream, "refuse", write_header)


def write_counts(path: Any, words: list[str], counts: NDArray[Any]) -> None:
    """Write a vocabulary file: a word and its count a line."""
    with replacing(Path(path)) as stream:
        for word, count in zip(words, counts.tolist(), strict=True):
            stream.write(f"{word} {count}\n".encode())


def path_of(what: Any) -> Path:
    """A path that was passed to ``save`` or ``load``; open files are not taken."""
    if not isinstance(what, str | Path):
        raise ConfigError("fname", "must be a path", what, "pass the path instead of an open file")
    return Path(what)
