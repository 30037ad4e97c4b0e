"""Read and write the native format, which is a memory-mapped safetensors file; ``docs/formats.md`` specifies it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from wordkin._version import __version__
from wordkin.embeddings.embeddings import Embeddings
from wordkin.embeddings.reduction import LARGEST_SCALE, scaled, whole_numbers
from wordkin.embeddings.rows import none_found
from wordkin.embeddings.unsupported import LONGEST_HEAD, unsupported_kind
from wordkin.errors import FormatError
from wordkin.items import Item
from wordkin.storage.files import InputFile, mapped_bytes
from wordkin.storage.tensors import Layout, read_tensors, write_tensors
from wordkin.vocabulary import Vocabulary
from wordkin.vocabulary.tensors import (
    VOCABULARY_KEYS,
    VOCABULARY_LAYOUT,
    vocabulary_metadata,
    vocabulary_of_tensors,
    vocabulary_tensors,
)

FORMAT_VERSION, QUANTIZED_VERSION = "1", "2"
_RESERVED = ("wordkin.format_version", "wordkin.version")
_LAYOUT: Layout = {**VOCABULARY_LAYOUT, "vectors": (("F32", "F16", "I8"), 2), "scales": (("F32",), 1)}


def write_native(vectors: Embeddings, stream: BinaryIO) -> None:
    """Write the native format: the matrix or, for vectors rounded to int8, whole numbers and a scale for each row."""
    tensors: dict[str, NDArray[Any]] = {"vectors": vectors.matrix}
    version = FORMAT_VERSION
    if vectors.scales is not None:
        tensors = {"vectors": whole_numbers(vectors.matrix, vectors.scales), "scales": vectors.scales}
        version = QUANTIZED_VERSION
    metadata = dict(vectors.metadata) | dict(zip(_RESERVED, (version, __version__), strict=True))
    metadata |= vocabulary_metadata(vectors.vocabulary)
    write_tensors(stream, vocabulary_tensors(vectors.vocabulary) | tensors, metadata)


def read_native(source: InputFile, limit: int | None, *, words: Collection[Item] | None = None) -> Embeddings:
    """Memory-map a native file. Its header and vocabulary are read at once, its vectors when they are first used.

    int8 vectors, however, are read at once, and converted to float32. Mapped vectors are checked for values that are
    not finite when they are first used.

    Raises
    ------
    FormatError
        The file is not in the native format, or it is damaged.
    """
    data = mapped_bytes(source, copied_on_write=True)
    try:
        arrays, metadata = read_tensors(data, _LAYOUT)
        version = metadata.get(_RESERVED[0], FORMAT_VERSION)
        if version not in (FORMAT_VERSION, QUANTIZED_VERSION):
            raise FormatError(
                f"its format version is {version!r}, but this wordkin reads versions up to {QUANTIZED_VERSION!r}: "
                "update wordkin"
            )
        quantized = version == QUANTIZED_VERSION
        missing = _LAYOUT.keys() - arrays.keys() - {"counts"} - (set() if quantized else {"scales"})
        if missing:
            raise FormatError(f"the tensor {min(missing)!r} is missing: this is not a file of wordkin word vectors")
        vocabulary = vocabulary_of_tensors(arrays, metadata)
        if len(arrays["vectors"]) != len(vocabulary) or arrays["vectors"].shape[1] == 0:
            rows = f"{len(arrays['vectors']):,} rows of {arrays['vectors'].shape[1]:,} numbers"
            raise FormatError(f"the vectors are {rows}, for {len(vocabulary):,} words")
        _check_scales(arrays, len(vocabulary), quantized)
    except FormatError as error:
        raise source.broken(unsupported_kind(bytes(data[:LONGEST_HEAD])) or str(error)) from None
    own = {key: value for key, value in metadata.items() if key not in (*_RESERVED, *VOCABULARY_KEYS)}
    stored, scales = arrays["vectors"], arrays.get("scales") if quantized else None
    if words is None:
        count = len(stored) if limit is None else min(limit, len(stored))
        kept = vocabulary if count == len(stored) else vocabulary.first(count)
        return _embeddings(kept, stored[:count], None if scales is None else scales[:count], own, source.path)
    ids = vocabulary.find_ids(words)
    ids = np.unique(ids[(ids >= 0) & (ids < (len(stored) if limit is None else limit))])
    if not len(ids):
        raise none_found(source.path, sorted(words, key=str)[:3])
    counts = None if vocabulary.counts is None else vocabulary.counts[ids]
    kept = Vocabulary([vocabulary.words[word_id] for word_id in ids.tolist()], counts)
    return _embeddings(kept, stored[ids], None if scales is None else scales[ids], own, None)


def _check_scales(arrays: Mapping[str, NDArray[Any]], words: int, quantized: bool) -> None:
    """Raise FormatError if vectors and scales do not fit together.

    If ``quantized``, as the format version says, the vectors must be int8 and each row must have a finite scale of at
    least 0. Otherwise the vectors must not be int8.
    """
    if (arrays["vectors"].dtype == np.int8) != quantized:
        wanted = "int8" if quantized else "float32 or float16"
        raise FormatError(f"the vectors are {arrays['vectors'].dtype.name}, but the format version requires {wanted}")
    if not quantized:
        return
    scales = arrays["scales"]
    if len(scales) != words:
        raise FormatError(f"there are {len(scales):,} scales, but {words:,} words")
    unusable = np.flatnonzero(~((scales >= 0) & (scales <= LARGEST_SCALE)))
    if len(unusable):
        raise FormatError(
            f"the scale of the word with id {unusable[0]:,} must be a finite number from 0 up, but is "
            f"{scales[unusable[0]]}"
        )


def _embeddings(
    vocabulary: Vocabulary,
    stored: NDArray[Any],
    scales: NDArray[np.float32] | None,
    metadata: Mapping[str, str],
    path: Path | None,
) -> Embeddings:
    """Make Embeddings from the arrays of a file. Vectors of int8 are multiplied by their scales."""
    if scales is None:
        return Embeddings(vocabulary, stored, metadata, path=path)
    return Embeddings(vocabulary, scaled(stored, scales), metadata, path=path, scales=scales)
