"""The native file: one safetensors file that is memory-mapped and searched where it lies.

``docs/formats.md`` specifies it.
"""

from __future__ import annotations

from typing import BinaryIO

import numpy as np

from wordkin._version import __version__
from wordkin.embeddings.embeddings import Embeddings
from wordkin.embeddings.unsupported import LONGEST_HEAD, unsupported_kind
from wordkin.errors import ConfigError, FormatError
from wordkin.storage.files import InputFile, mapped_bytes
from wordkin.storage.tensors import Layout, read_tensors, write_tensors
from wordkin.vocabulary import Vocabulary
from wordkin.vocabulary.tensors import VOCABULARY_LAYOUT, vocabulary_tensors

FORMAT_VERSION = "1"
_RESERVED = ("wordkin.format_version", "wordkin.version")
_LAYOUT: Layout = {**VOCABULARY_LAYOUT, "vectors": (("F32", "F16"), 2)}


def write_native(vectors: Embeddings, stream: BinaryIO) -> None:
    """Write the native format; the matrix is written without a copy."""
    metadata = dict(vectors.metadata) | dict(zip(_RESERVED, (FORMAT_VERSION, __version__), strict=True))
    write_tensors(stream, vocabulary_tensors(vectors.vocabulary) | {"vectors": vectors.matrix}, metadata)


def read_native(source: InputFile, limit: int | None, *, words: frozenset[bytes] | None = None) -> Embeddings:
    """Map a native file; only its header and the table of words are read now.

    Raises :class:`FormatError` where the file is not one that :func:`write_native` could have made. The
    vectors themselves are checked when they are used.
    """
    data = mapped_bytes(source)
    try:
        arrays, metadata = read_tensors(data, _LAYOUT)
        version = metadata.get(_RESERVED[0], FORMAT_VERSION)
        if version != FORMAT_VERSION:
            raise FormatError(
                f"it is of format version {version!r}, and this wordkin reads {FORMAT_VERSION!r}: update it"
            )
        missing = _LAYOUT.keys() - arrays.keys() - {"counts"}
        if missing:
            raise FormatError(f"there is no tensor {min(missing)!r}: it holds tensors, but not word vectors of wordkin")
        vocabulary = Vocabulary.from_packed(
            arrays["word_bytes"], arrays["word_offsets"], arrays["word_order"], arrays.get("counts")
        )
        if len(arrays["vectors"]) != len(vocabulary) or arrays["vectors"].shape[1] == 0:
            rows = f"{len(arrays['vectors']):,} rows of {arrays['vectors'].shape[1]:,} numbers"
            raise FormatError(f"the vectors are {rows}, for {len(vocabulary):,} words")
    except FormatError as error:
        raise source.broken(unsupported_kind(bytes(data[:LONGEST_HEAD])) or str(error)) from None
    own = {key: value for key, value in metadata.items() if key not in _RESERVED}
    vectors = Embeddings(vocabulary, arrays["vectors"], own, path=source.path)
    if words is None:
        return vectors if limit is None else vectors.first(limit)
    ids = vectors.vocabulary.find_ids(word.decode("utf-8", "surrogatepass") for word in words)
    ids = np.sort(ids[(ids >= 0) & (ids < (len(vectors) if limit is None else limit))])
    if not len(ids):
        raise ConfigError(
            "words",
            f"must hold a word of {str(source.path)!r}",
            [word.decode(errors="replace") for word in sorted(words)[:3]],
        )
    counts = None if vocabulary.counts is None else vocabulary.counts[ids]
    kept = Vocabulary([vocabulary.words[word_id] for word_id in ids.tolist()], counts)
    return Embeddings(kept, vectors.matrix[ids], own)
