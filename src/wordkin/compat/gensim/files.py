"""Read and write files: whole models, and vectors in the formats of word2vec with gensim's parameters.

The readers and writers of :mod:`wordkin.embeddings` process vectors. The file of a model has wordkin's native format,
and contains the other tables and the parameters as well.
"""

from __future__ import annotations

import contextlib
import json
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from wordkin._version import __version__
from wordkin.compat.gensim import training
from wordkin.compat.gensim.errors import NotAModelError, NotSupportedError, ShortFileError, WordEncodingError
from wordkin.embeddings import Embeddings, load
from wordkin.embeddings.binary_format import write_binary
from wordkin.embeddings.text_format import write_text
from wordkin.errors import ConfigError, CorpusNotFoundError, FormatError
from wordkin.storage.files import InputFile, mapped_bytes, replacing
from wordkin.storage.tensors import Layout, read_tensors, write_tensors
from wordkin.vocabulary import Vocabulary
from wordkin.vocabulary.tensors import vocabulary_tensors

if TYPE_CHECKING:
    from wordkin.compat.gensim.word2vec import Word2Vec

FORMAT_VERSION = "1"
_PARAMETERS = (
    "vector_size", "alpha", "window", "min_count", "max_vocab_size", "sample", "seed", "workers", "min_alpha", "sg",
    "hs", "negative", "ns_exponent", "cbow_mean", "epochs", "sorted_vocab", "batch_words", "compute_loss", "comment",
    "max_final_vocab", "shrink_windows",
)  # fmt: skip
_STATE = (
    "min_alpha_yet_reached", "effective_min_count", "corpus_count", "corpus_total_words", "train_count",
    "total_train_time", "latest_losses",
)  # fmt: skip
_TABLES: Layout = {"syn1": (("F32",), 2), "syn1neg": (("F32",), 2), "vectors_lockf": (("F32",), 1)}


def read_vectors(
    path: Any, *, binary: bool, encoding: str, unicode_errors: str, limit: int | None, no_header: bool
) -> Embeddings:
    """Read a file of vectors in a format of word2vec. If a word occurs twice, its first vector is used.

    Raises
    ------
    ShortFileError
        The file ends too early (also an EOFError).
    WordEncodingError
        A word is not valid in the encoding (also a UnicodeDecodeError).
    FormatError
        The file is damaged in another way, or it is a pickle; the message contains the call that converts it.
    """
    if no_header and binary:
        raise NotSupportedError(
            "no_header",
            "must be False with binary=True, because the header gives the vector size",
            no_header,
            "leave no_header out",
        )
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
    """Return whether a file of vectors can be read with these options."""
    try:
        load(path, **options)
    except FormatError:
        return False
    return True


def _ends_early(path: Any, **options: Any) -> bool:
    """Return whether a file of vectors can be read except that rows at its end are missing."""
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
    """Read the counts of a vocabulary file, which has a word and its count per line."""
    counts: dict[str, int] = {}
    try:
        with Path(path).open("rb") as lines:
            for number, line in enumerate(lines, 1):
                word, _, count = line.decode(encoding, unicode_errors).strip().rpartition(" ")
                if not word or not count.isdecimal():
                    raise FormatError(f"{str(path)!r}: line {number} must be a word and its count; got {line[:40]!r}")
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
    """Write a file of vectors in a format of word2vec."""
    if binary and not write_header:
        raise ConfigError(
            "write_header",
            "must be True with binary=True, because a binary file needs a header",
            write_header,
            "leave write_header out",
        )
    if binary and append:
        raise ConfigError(
            "append",
            "must be False with binary=True, because a binary file begins with its header",
            append,
            "write a new file",
        )
    dtype = rows.dtype if rows.dtype in (np.float32, np.float16) else np.float32
    vectors = Embeddings(Vocabulary(words), rows.astype(dtype, copy=False))
    with _target(path, append) as stream:
        if binary:
            write_binary(vectors, stream, "refuse")
        else:
            write_text(vectors, stream, "refuse", write_header)


def write_counts(path: Any, words: list[str], counts: NDArray[Any]) -> None:
    """Write a vocabulary file with a word and its count per line."""
    with replacing(Path(path)) as stream:
        for word, count in zip(words, counts.tolist(), strict=True):
            stream.write(f"{word} {count}\n".encode())


def path_of(what: Any) -> Path:
    """Convert the path that was passed to ``save`` or ``load``; raise :class:`ConfigError` for an open file."""
    if not isinstance(what, str | Path):
        raise ConfigError("fname", "must be a path", what, "pass the path of the file")
    return Path(what)


def save_model(model: Word2Vec, path: Path) -> None:
    """Write a model to a file."""
    values = {name: _plain(getattr(model, name)) for name in (*_PARAMETERS, *_STATE)}
    metadata = {
        "wordkin.format_version": "1", "wordkin.version": __version__,
        "gensim_model_version": FORMAT_VERSION, "gensim_model": json.dumps(values),
    }  # fmt: skip
    tables = {
        **vocabulary_tensors(training.vocabulary_of(model)), "vectors": model.wv.vectors,
        **{name: table for name, table in model.outputs().items() if len(table)},
        "vectors_lockf": model.wv.vectors_lockf,
    }  # fmt: skip
    with replacing(path) as stream:
        write_tensors(stream, tables, metadata)


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value


def load_model(cls: type[Any], path: Path, mapped: bool) -> Any:
    """Read a model from a file, and return it as an instance of ``cls``.

    With ``mapped``, its tables are mapped from the file, and are copied only where they are written to.
    """
    vectors = load(
        path, format="safetensors"
    )  # checks the file, and raises an error that names its format if it has another one
    parameters, state = _values(vectors, path)
    with InputFile(path) as source:
        tables, _ = read_tensors(mapped_bytes(source, copied_on_write=True), _TABLES)
    model = cls(**parameters)
    for name in _STATE:
        setattr(model, name, state[name])
    model.wv._take(vectors, vectors.matrix if mapped else np.array(vectors.matrix))
    for name in ("syn1", "syn1neg"):
        if name in tables:
            if tables[name].shape != vectors.shape:
                raise FormatError(
                    f"{str(path)!r}: the table {name} has the shape {tables[name].shape}, but the "
                    f"vectors have the shape {vectors.shape}: the file is damaged"
                )
            setattr(model, name, tables[name] if mapped else np.array(tables[name]))
    model.wv.vectors_lockf = np.array(tables.get("vectors_lockf", np.ones(1, np.float32)))
    return model


def _values(vectors: Embeddings, path: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    if "gensim_model" not in vectors.metadata:
        raise NotAModelError(f"{str(path)!r} holds only vectors, not a model: read it with KeyedVectors.load")
    if vectors.metadata.get("gensim_model_version") != FORMAT_VERSION:
        found = vectors.metadata.get("gensim_model_version")
        raise FormatError(
            f"{str(path)!r} is a model of format version {found!r}, but this wordkin reads version {FORMAT_VERSION!r}"
        )
    try:
        values = json.loads(vectors.metadata["gensim_model"])
        return {name: values[name] for name in _PARAMETERS}, {name: values[name] for name in _STATE}
    except (ValueError, KeyError, TypeError) as error:
        raise FormatError(f"{str(path)!r}: the parameters of the model cannot be read ({error!r})") from error
