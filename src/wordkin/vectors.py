"""Word vectors as data: a vocabulary, a matrix with one row per word, and the norms of the rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, overload

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from wordkin.errors import ConfigError, FormatError
from wordkin.items import Item
from wordkin.storage.packed_words import PackedWords
from wordkin.vocabulary import Vocabulary

_NORM_BLOCK = 16384
# For norms in this range, dot products with unit vectors and reciprocals of norms do not over- or underflow float32.
_SMALLEST_NORM, _LARGEST_NORM = 1e-30, 1e37
_SMALLEST_SQUARE, _LARGEST_SQUARE = 1e-30, 1e30  # in this range, sums of squares are accurate in float32


class WordVectors:
    """V words with one N-dimensional vector each, read-only. Queries and evaluation work on this class.

    Parameters
    ----------
    vocabulary : Vocabulary
        The V words.
    matrix : ndarray of shape (V, N), float32 or float16
        The vectors; row i belongs to word i. The matrix is copied only if it is not contiguous.
    path : Path, default None
        The file that the vectors were loaded from. An index is saved in the same directory.

    Raises
    ------
    ConfigError
        The matrix has the wrong shape or dtype.
    """

    __slots__ = ("_extreme", "_matrix", "_norms", "_path", "_vocabulary")

    def __init__(self, vocabulary: Vocabulary, matrix: NDArray[Any], *, path: Path | None = None) -> None:
        if matrix.dtype not in (np.float32, np.float16):
            raise ConfigError(
                "matrix", "must have dtype float32 or float16", matrix.dtype.name, 'convert it with astype("float32")'
            )
        if matrix.ndim != 2 or len(matrix) != len(vocabulary) or matrix.shape[1] == 0:
            rule = f"must have {len(vocabulary):,} rows, one per word, and at least one column"
            raise ConfigError("matrix", rule, matrix.shape)
        view = np.ascontiguousarray(matrix).view(np.ndarray)[:]
        view.flags.writeable = False
        self._vocabulary, self._matrix, self._path = vocabulary, view, path
        self._norms: NDArray[np.float32] | None = None
        self._extreme = np.empty(0, np.int64)

    @property
    def vocabulary(self) -> Vocabulary:
        """The words, their ids and counts."""
        return self._vocabulary

    @property
    def matrix(self) -> NDArray[Any]:
        """All vectors, shape (V, N), float32 or float16, read-only; row i belongs to word i."""
        return self._matrix

    @property
    def path(self) -> Path | None:
        """The file that the vectors were loaded from; None if there is none."""
        return self._path

    @property
    def words(self) -> PackedWords:
        """The words in order of their ids, a sequence of str."""
        return self._vocabulary.words

    @property
    def vector_size(self) -> int:
        """Dimension of a vector, N."""
        return int(self._matrix.shape[1])

    @property
    def shape(self) -> tuple[int, int]:
        """Shape of the matrix, (V, N)."""
        return len(self), self.vector_size

    @property
    def norms(self) -> NDArray[np.float32]:
        """Euclidean norm of every vector, shape (V,), read-only; computed on first use.

        A norm that exceeds float32 (3.4e38) is infinite; queries still handle such vectors.
        Raises :class:`FormatError` if a vector holds an infinite or NaN value.
        """
        if self._norms is None:
            blocks = range(0, len(self), _NORM_BLOCK)
            parts = [_norms(self._matrix[start : start + _NORM_BLOCK]) for start in blocks]
            norms = np.concatenate(parts) if parts else np.empty(0, np.float32)
            extreme = np.flatnonzero(~((norms >= _SMALLEST_NORM) & (norms <= _LARGEST_NORM)) & (norms != 0))
            for start in range(0, len(extreme), _NORM_BLOCK):
                self._rows_and_divisors(extreme[start : start + _NORM_BLOCK])  # raises if values are not finite
            norms.flags.writeable = False
            self._norms, self._extreme = norms, extreme
        return self._norms

    @property
    def extreme_ids(self) -> NDArray[np.int64]:
        """Ascending ids of the nonzero vectors whose norms are too small or too large to multiply in float32."""
        _ = self.norms  # computes both
        return self._extreme

    def unit_vectors(self, ids: ArrayLike) -> NDArray[np.float32]:
        """Return vectors divided by their norms, in float32.

        Parameters
        ----------
        ids : array-like of int, shape (n,)
            Ids of the words.

        Returns
        -------
        ndarray of shape (n, N), float32
            The unit vectors, in the order of ``ids``. Zero vectors stay zero.

        Raises
        ------
        FormatError
            A vector holds an infinite or NaN value.
        """
        return self.exact_unit_vectors(ids).astype(np.float32)

    def exact_unit_vectors(self, ids: ArrayLike) -> NDArray[np.float64]:
        """Return vectors divided by their norms, in float64.

        Parameters
        ----------
        ids : array-like of int, shape (n,)
            Ids of the words.

        Returns
        -------
        ndarray of shape (n, N), float64
            The unit vectors, in the order of ``ids``. Zero vectors stay zero.

        Raises
        ------
        FormatError
            A vector holds an infinite or NaN value.
        """
        rows, divisors = self._rows_and_divisors(np.asarray(ids, dtype=np.int64))
        rows /= divisors[:, None]
        return rows

    def cosines(self, ids: NDArray[np.int64], units: NDArray[np.floating]) -> NDArray[np.float32]:
        """Return the cosines between the vectors of words and given unit vectors.

        The computation is in float64, so equal vectors have equal cosines.

        Parameters
        ----------
        ids : ndarray of shape (b, n), int64
            Ids of the words; row i is compared with row i of ``units``.
        units : ndarray of shape (b, N), float
            Unit vectors.

        Returns
        -------
        ndarray of shape (b, n), float32
            The cosines. Zero vectors have cosine 0.

        Raises
        ------
        FormatError
            The vector of a word holds an infinite or NaN value.
        """
        rows, divisors = self._rows_and_divisors(ids)
        products: NDArray[np.float64] = np.vecdot(rows, units[:, None, :].astype(np.float64))
        return (products / divisors).astype(np.float32)

    def _rows_and_divisors(self, ids: NDArray[np.int64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the vectors of some words in float64, and the numbers by which to divide them to get unit vectors.

        ``ids`` may have any shape. The divisor is the norm of the vector, or 1 for a zero vector.
        """
        rows = self._matrix[ids].astype(np.float64)
        with np.errstate(invalid="ignore"):
            norms: NDArray[np.float64] = np.sqrt(np.vecdot(rows, rows))
        unusable = np.flatnonzero(~np.isfinite(norms.ravel()))
        if len(unusable):
            word = self.words[int(ids.ravel()[unusable[0]])]
            raise FormatError(
                f"the vector of {word!r} holds an infinite or NaN value (vectors with such values: {len(unusable):,}): "
                "the file is damaged, or its training diverged"
            )
        return rows, np.where(norms > 0, norms, 1.0)

    def __len__(self) -> int:
        return len(self._vocabulary)

    def __contains__(self, word: object) -> bool:
        return word in self._vocabulary

    def __iter__(self) -> Iterator[str]:
        return iter(self._vocabulary)

    @overload
    def __getitem__(self, words: Item) -> NDArray[Any]: ...
    @overload
    def __getitem__(self, words: Iterable[Item]) -> NDArray[Any]: ...
    def __getitem__(self, words: Item | Iterable[Item]) -> NDArray[Any]:
        """Return the vector of a word, shape (N,), read-only, or of several words, shape (n, N)."""
        if isinstance(words, str) or not isinstance(words, Iterable):
            row: NDArray[Any] = self._matrix[self._vocabulary.id_of(words)]
            return row
        rows: NDArray[Any] = self._matrix[self._vocabulary.ids_of(words)]
        return rows

    def vector(self, word: Item, *, norm: bool = False) -> NDArray[Any]:
        """Return the vector of a word.

        Parameters
        ----------
        word : str or int
            The word; a whole number if the vocabulary holds whole numbers.
        norm : bool, default False
            Whether to divide the vector by its norm.

        Returns
        -------
        ndarray of shape (N,), float32 or float16
            The vector, a read-only view of the matrix; with ``norm``, a float32 copy.

        Raises
        ------
        UnknownWordError
            The word is not in the vocabulary.
        FormatError
            ``norm`` is true and the vector holds an infinite or NaN value.
        """
        word_id = self._vocabulary.id_of(word)
        row: NDArray[Any] = self.unit_vectors([word_id])[0] if norm else self._matrix[word_id]
        return row

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> NDArray[Any]:
        """Return the matrix for ``numpy.asarray`` and scikit-learn: read-only, and copied only if necessary.

        Raises ValueError if ``copy=False`` and ``dtype`` requires a copy.
        """
        if dtype is None or np.dtype(dtype) == self._matrix.dtype:
            return self._matrix.copy() if copy else self._matrix
        if copy is False:
            raise ValueError(
                f"cannot convert {self._matrix.dtype.name} vectors to {np.dtype(dtype).name} without a copy"
            )
        return self._matrix.astype(dtype)

    def __repr__(self) -> str:
        items = "whole numbers" if self._vocabulary.integers else "words"
        return f"{type(self).__name__}({len(self):,} {items} x {self.vector_size}, {self._matrix.dtype.name})"


def unit_rows(rows: NDArray[Any]) -> NDArray[np.float64]:
    """Normalise the vectors along the last axis, in float64; zero vectors stay zero.

    Raises :class:`FormatError` for infinite or NaN values, because no score could be trusted.
    """
    rows = np.asarray(rows)
    wide: NDArray[np.float64] = rows.astype(np.float64)
    if rows.dtype == np.float64:  # squares of float64 values may overflow; squares of float32 values do not
        largest = np.abs(wide).max(axis=-1, initial=0.0, keepdims=True)
        np.ldexp(wide, -np.frexp(largest)[1], out=wide)
    lengths = np.sqrt(np.einsum("...i,...i->...", wide, wide))[..., None]
    unusable = int(np.count_nonzero(~np.isfinite(lengths)))
    if unusable:
        raise FormatError(
            f"vectors must hold finite numbers, but {unusable:,} of {lengths.size:,} hold infinite or NaN values: "
            "the file is damaged, or its training diverged"
        )
    np.divide(wide, lengths, where=lengths > 0, out=wide)
    return wide


def _norms(rows: NDArray[Any]) -> NDArray[np.float32]:
    """Euclidean norm of each row, shape (n,).

    The norm of a row is NaN or infinite if the row holds such a value, and infinite if it exceeds float32.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        values = rows.astype(np.float32, copy=False)
        squares = np.einsum("ij,ij->i", values, values)
        # The squares of very long and very short vectors over- or underflow float32.
        extreme = np.flatnonzero(~((squares > _SMALLEST_SQUARE) & (squares < _LARGEST_SQUARE)))
        norms: NDArray[np.float32] = np.sqrt(squares)
        if len(extreme):
            exact = values[extreme].astype(np.float64)
            norms[extreme] = np.sqrt(np.einsum("ij,ij->i", exact, exact)).astype(np.float32)
    return norms
