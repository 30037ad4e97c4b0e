"""Convert vectors to smaller number types or to fewer dimensions."""

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
"""The largest scale whose product with 127 is finite in float32."""


def astype(vectors: Embeddings, dtype: DTypeLike) -> Embeddings:
    """Convert the number type; see :meth:`wordkin.Embeddings.astype`.

    For int8, the scale of a row is its largest absolute value divided by 127.
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
        raise ConfigError("dtype", f"must be able to hold all numbers, up to {largest:g}", str(wanted), "keep float32")
    return Embeddings(vectors.vocabulary, matrix, vectors.metadata)


def _rounded(vectors: Embeddings) -> Embeddings:
    """Round the vectors to int8: each number becomes a whole number times the scale of its row."""
    _ = vectors.norms  # raises for values that are not finite
    matrix = vectors.matrix.astype(np.float32, copy=False)
    largest = np.maximum(matrix.max(axis=1), -matrix.min(axis=1))
    scales = np.clip(largest / np.float32(_LARGEST_WHOLE), _SMALLEST, LARGEST_SCALE)
    scales[largest == 0] = 0
    return Embeddings(
        vectors.vocabulary, scaled(whole_numbers(matrix, scales), scales), vectors.metadata, scales=scales
    )


def whole_numbers(matrix: NDArray[Any], scales: NDArray[np.float32]) -> NDArray[np.int8]:
    """Divide each row of a matrix by its scale, and round to int8. The result has the shape of the matrix."""
    found = np.empty(matrix.shape, np.int8)
    divisors = np.where(scales > 0, scales, 1).astype(np.float64)[:, None]
    for start in range(0, len(matrix), _BLOCK_ROWS):
        block = slice(start, start + _BLOCK_ROWS)
        found[block] = np.clip(np.rint(matrix[block] / divisors[block]), -_LARGEST_WHOLE, _LARGEST_WHOLE)
    return found


def scaled(whole: NDArray[np.int8], scales: NDArray[np.float32]) -> NDArray[np.float32]:
    """Multiply each row of whole numbers by its scale. The result is float32 and has the same shape."""
    matrix = np.empty(whole.shape, np.float32)
    np.multiply(whole, scales[:, None], out=matrix)
    return matrix


def reduce_dimensions(vectors: Embeddings, dimensions: int) -> Embeddings:
    """Project vectors to their first principal components.

    The components are the eigenvectors of XᵀX, where X is the matrix. The vectors are not centred, because cosines are
    angles at the origin. Among all projections to this number of dimensions, this one preserves dot products best. If
    ``dimensions`` is N, the projection is a rotation, which changes no cosine. The sign of each component is chosen so
    that its largest coordinate is positive, which makes the result unique.

    Parameters
    ----------
    vectors : Embeddings
        The vectors.
    dimensions : int
        Size of the new vectors, from 1 to N.

    Returns
    -------
    Embeddings
        The projected vectors, with the number type of ``vectors.matrix``.

    Raises
    ------
    ConfigError
        ``dimensions`` is out of range, or the matrix contains values that are not finite.
    """
    size = vectors.vector_size
    check("dimensions", Number(1, size, integer=True), dimensions)
    products = np.zeros((size, size))
    for start in range(0, len(vectors), _BLOCK_ROWS):
        block = vectors.matrix[start : start + _BLOCK_ROWS].astype(np.float64)
        products += block.T @ block
    if not np.isfinite(products).all():
        raise ConfigError("matrix", "must hold only finite numbers", "infinite or NaN values")
    _, components = np.linalg.eigh(products)
    components = components[:, ::-1][:, :dimensions]
    largest = np.abs(components).argmax(axis=0)
    components = (components * np.sign(components[largest, np.arange(dimensions)])).astype(np.float32)
    matrix = np.empty((len(vectors), dimensions), dtype=vectors.matrix.dtype)
    for start in range(0, len(vectors), _BLOCK_ROWS):
        matrix[start : start + _BLOCK_ROWS] = vectors.matrix[start : start + _BLOCK_ROWS] @ components
    return Embeddings(vectors.vocabulary, matrix, vectors.metadata)


def refuse_integers(vectors: Embeddings, what: str) -> None:
    """Raise ConfigError if the items are whole numbers, which ``what`` (a format or library) cannot store."""
    if vectors.vocabulary.integers:
        remedy = "use vectors.with_words(str), or --as-text"
        raise ConfigError("vectors", f"must have words, not whole numbers, for {what}", vectors, remedy)


def with_words(vectors: Embeddings, names: Mapping[Any, Item] | Callable[[Any], Item]) -> Embeddings:
    """Rename the words; see :meth:`wordkin.Embeddings.with_words`."""
    if isinstance(names, Mapping):
        missing = next((word for word in vectors.words if word not in names), None)
        if missing is not None:
            raise ConfigError("names", f"must have a name for each word, but has none for {missing!r}", names)
        named = [names[word] for word in vectors.words]
    elif callable(names):
        named = [names(word) for word in vectors.words]
    else:
        raise ConfigError("names", "must be a mapping or a function from words to names", names)
    for word, name in zip(vectors.words, named, strict=True):
        if not isinstance(name, str) and not is_integer(name):
            raise ConfigError("names", f"must map {word!r}, like all words, to text or a whole number", name)
    vocabulary = Vocabulary(named, vectors.vocabulary.counts)
    return Embeddings(vocabulary, vectors.matrix, vectors.metadata, scales=vectors.scales)
