"""Smaller vectors: fewer bits a number, fewer numbers a vector."""

from __future__ import annotations

import numpy as np
from numpy.typing import DTypeLike

from wordkin.config import Number, check
from wordkin.embeddings.embeddings import Embeddings
from wordkin.errors import ConfigError

_BLOCK_ROWS = 16384


def astype(vectors: Embeddings, dtype: DTypeLike) -> Embeddings:
    """The same words with vectors of another type.

    Parameters
    ----------
    dtype : "float32" or "float16". Half precision keeps three digits and numbers up to 65,504, at half the size.

    Raises :class:`ConfigError` for another type, or where a number is too large for it.
    """
    try:
        wanted = np.dtype(dtype)
    except TypeError:
        wanted = None
    if wanted not in (np.float32, np.float16):
        raise ConfigError("dtype", 'must be "float32" or "float16"', dtype)
    if wanted == vectors.matrix.dtype:
        return vectors
    with np.errstate(over="ignore"):
        matrix = vectors.matrix.astype(wanted)
    lost = np.isinf(matrix).any() and not np.isinf(vectors.matrix).any()
    if lost:
        largest = float(np.abs(vectors.matrix).max())
        raise ConfigError("dtype", "must hold all numbers", str(wanted), f"they go up to {largest:g}: keep float32")
    return Embeddings(vectors.vocabulary, matrix, vectors.metadata)


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
