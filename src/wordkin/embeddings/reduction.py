"""Smaller vectors: fewer bits a number, fewer numbers a vector."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from wordkin.config import Number, check
from wordkin.embeddings.embeddings import Embeddings
from wordkin.errors import ConfigError
from wordkin.items import Item, is_integer
from wordkin.vocabulary import Vocabulary

_BLOCK_ROWS = 16384
_LARGEST_WHOLE = 127
_SMALLEST = np.finfo(np.float32).smallest_subnormal
LARGEST_SCALE = np.nextafter(np.finfo(np.float32).max / np.float32(_LARGEST_WHOLE), np.float32(0))
"""No scale is above it, so that 127 times as much is a finite number."""


def astype(vectors: Embeddings, dtype: DTypeLike) -> Embeddings:
    """The same words with vectors of another type.

    Parameters
    ----------
    dtype : {"float32", "float16", "int8"}
        Half precision keeps three digits and numbers up to 65,504, at half the size. With "int8" each number becomes a
        whole one from -127 to 127 times a scale of its row, the row's largest number by 127. A native file is then a
        quarter of the size; in memory the vectors stay float32, rounded in this way.

    Raises
    ------
    ConfigError
        Another type, or a number that is too large for it.
    FormatError
        For "int8", a value that is not a finite number.
    """
    try:
        wanted = np.dtype(dtype)
    except TypeError:
        wanted = None
    if wanted not in (np.float32, np.float16, np.int8):
        raise ConfigError("dtype", 'must be "float32", "float16" or "int8"', dtype)
    if wanted == np.int8:
        return vectors if vectors.scales is not None else _rounded(vectors)
    if wanted == vectors.matrix.dtype:
        return vectors if vectors.scales is None else Embeddings(vectors.vocabulary, vectors.matrix, vectors.metadata)
    with np.errstate(over="ignore"):
        matrix = vectors.matrix.astype(wanted)
    lost = np.isinf(matrix).any() and not np.isinf(vectors.matrix).any()
    if lost:
        largest = float(np.abs(vectors.matrix).max())
        raise ConfigError("dtype", "must hold all numbers", str(wanted), f"they go up to {largest:g}: keep float32")
    return Embeddings(vectors.vocabulary, matrix, vectors.metadata)


def _rounded(vectors: Embeddings) -> Embeddings:
    """The vectors as whole numbers times a scale of their row."""
    _ = vectors.norms  # refuses what is not finite
    matrix = vectors.matrix.astype(np.float32, copy=False)
    largest = np.maximum(matrix.max(axis=1), -matrix.min(axis=1))
    scales = np.clip(largest / np.float32(_LARGEST_WHOLE), _SMALLEST, LARGEST_SCALE)
    scales[largest == 0] = 0
    return Embeddings(
        vectors.vocabulary, scaled(whole_numbers(matrix, scales), scales), vectors.metadata, scales=scales
    )


def whole_numbers(matrix: NDArray[Any], scales: NDArray[np.float32]) -> NDArray[np.int8]:
    """The whole numbers that rows are nearest to when divided by their scales, shape (V, N)."""
    found = np.empty(matrix.shape, np.int8)
    divisors = np.where(scales > 0, scales, 1).astype(np.float64)[:, None]
    for start in range(0, len(matrix), _BLOCK_ROWS):
        block = slice(start, start + _BLOCK_ROWS)
        found[block] = np.clip(np.rint(matrix[block] / divisors[block]), -_LARGEST_WHOLE, _LARGEST_WHOLE)
    return found


def scaled(whole: NDArray[np.int8], scales: NDArray[np.float32]) -> NDArray[np.float32]:
    """Rows of whole numbers times their scales, float32, shape (V, N)."""
    matrix = np.empty(whole.shape, np.float32)
    np.multiply(whole, scales[:, None], out=matrix)
    return matrix


def reduce_dimensions(vectors: Embeddings, dimensions: int) -> Embeddings:
    """The vectors in the coordinates of their first principal components, so that few dimensions say most.

    Parameters
    ----------
    dimensions : length of the new vectors, from 1 to N.

    The components are the eigenvectors of XᵀX, with the vectors as they are: not centred, since cosines
    are angles at the origin. Of all projections to so few dimensions this one keeps dot products best,
    and with ``dimensions`` equal to N it is a rotation, which changes no cosine. Each component's largest
    coordinate is positive, so the same vectors always give the same result.
    """
    size = vectors.vector_size
    check("dimensions", Number(1, size, integer=True), dimensions)
    products = np.zeros((size, size))
    for start in range(0, len(vectors), _BLOCK_ROWS):
        block = vectors.matrix[start : start + _BLOCK_ROWS].astype(np.float64)
        products += block.T @ block
    if not np.isfinite(products).all():
        raise ConfigError("matrix", "must hold finite numbers", "values that are not")
    _, components = np.linalg.eigh(products)
    components = components[:, ::-1][:, :dimensions]
    largest = np.abs(components).argmax(axis=0)
    components = (components * np.sign(components[largest, np.arange(dimensions)])).astype(np.float32)
    matrix = np.empty((len(vectors), dimensions), dtype=vectors.matrix.dtype)
    for start in range(0, len(vectors), _BLOCK_ROWS):
        matrix[start : start + _BLOCK_ROWS] = vectors.matrix[start : start + _BLOCK_ROWS] @ components
    return Embeddings(vectors.vocabulary, matrix, vectors.metadata)


def refuse_integers(vectors: Embeddings, what: str) -> None:
    """Raise :class:`ConfigError` where the items are whole numbers, which ``what`` cannot hold."""
    if vectors.vocabulary.integers:
        remedy = "use vectors.with_words(str), or --as-text"
        raise ConfigError("vectors", f"must hold words for {what}", vectors, remedy)


def with_words(vectors: Embeddings, names: Mapping[Any, Item] | Callable[[Any], Item]) -> Embeddings:
    """The same vectors under other names; see :meth:`wordkin.Embeddings.with_words`."""
    if isinstance(names, Mapping):
        missing = next((word for word in vectors.words if word not in names), None)
        if missing is not None:
            raise ConfigError("names", "must have a name for each word", missing, "which has none")
        named = [names[word] for word in vectors.words]
    elif callable(names):
        named = [names(word) for word in vectors.words]
    else:
        raise ConfigError("names", "must be a mapping of words to names, or a function from one to the other", names)
    for word, name in zip(vectors.words, named, strict=True):
        if not isinstance(name, str) and not is_integer(name):
            raise ConfigError("names", "must give text or whole numbers", name, f"which is the name of {word!r}")
    vocabulary = Vocabulary(named, vectors.vocabulary.counts)
    return Embeddings(vocabulary, vectors.matrix, vectors.metadata, scales=vectors.scales)
