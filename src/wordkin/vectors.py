"""Word vectors as data: a vocabulary, one row of numbers for each of its words, and the lengths of the rows."""

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
# Between them a dot product with a unit vector, and one over the length, stay well inside the range of float32.
_SMALLEST_NORM, _LARGEST_NORM = 1e-30, 1e37
_SMALLEST_SQUARE, _LARGEST_SQUARE = 1e-30, 1e30  # between them float32 sums of squares are exact enough


class WordVectors:
    """V words, one vector of N numbers each, read-only: what queries and evaluation work on.

    Parameters
    ----------
    vocabulary : Vocabulary
        The V words.
    matrix : ndarray of shape (V, N), float32 or float16
        Made read-only; copied only where it is not contiguous.
    path : Path, optional
        The file the vectors came from; an index built for them is saved beside it.

    Raises
    ------
    ConfigError
        If the matrix does not fit the vocabulary or is of another type.
    """

    __slots__ = ("_extreme", "_matrix", "_norms", "_path", "_vocabulary")

    def __init__(self, vocabulary: Vocabulary, matrix: NDArray[Any], *, path: Path | None = None) -> None:
        if matrix.dtype not in (np.float32, np.float16):
            raise ConfigError("matrix", "must be of float32 or float16", matrix.dtype.name)
        if matrix.ndim != 2 or len(matrix) != len(vocabulary) or matrix.shape[1] == 0:
            rule = f"must have {len(vocabulary):,} rows, one for each word, and at least one column"
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
        """The file the vectors were loaded from."""
        return self._path

    @property
    def words(self) -> PackedWords:
        """The words in the order of their ids: a sequence of str."""
        return self._vocabulary.words

    @property
    def vector_size(self) -> int:
        """Length of a vector, N."""
        return int(self._matrix.shape[1])

    @property
    def shape(self) -> tuple[int, int]:
        """Shape of the matrix, (V, N)."""
        return len(self), self.vector_size

    @property
    def norms(self) -> NDArray[np.float32]:
        """Length of every vector, shape (V,), read-only; computed at first use.

        A length beyond the range of float32 (3.4e38) is infinity; queries compare such vectors all the same.
        Raises :class:`FormatError` where a vector holds a value that is not a finite number.
        """
        if self._norms is None:
            blocks = range(0, len(self), _NORM_BLOCK)
            parts = [_norms(self._matrix[start : start + _NORM_BLOCK]) for start in blocks]
            norms = np.concatenate(parts) if parts else np.empty(0, np.float32)
            extreme = np.flatnonzero(~((norms >= _SMALLEST_NORM) & (norms <= _LARGEST_NORM)) & (norms != 0))
            for start in range(0, len(extreme), _NORM_BLOCK):
                self._rows_and_divisors(extreme[start : start + _NORM_BLOCK])  # refuses what is not finite
            norms.flags.writeable = False
            self._norms, self._extreme = norms, extreme
        return self._norms

    @property
    def extreme_ids(self) -> NDArray[np.int64]:
        """Ids of the vectors too short or too long for products in float32, ascending; zeros are not among them."""
        _ = self.norms  # found with the lengths
        return self._extreme

    def unit_vectors(self, ids: ArrayLike) -> NDArray[np.float32]:
        """The vectors of these word ids, each divided by its length, shape (n, N); zeros stay zeros.

        Raises :class:`FormatError` where one holds a value that is not a finite number.
        """
        return self.exact_unit_vectors(ids).astype(np.float32)

    def exact_unit_vectors(self, ids: ArrayLike) -> NDArray[np.float64]:
        """As :meth:`unit_vectors`, in float64."""
        rows, divisors = self._rows_and_divisors(np.asarray(ids, dtype=np.int64))
        rows /= divisors[:, None]
        return rows

    def cosines(self, ids: NDArray[np.int64], units: NDArray[np.floating]) -> NDArray[np.float32]:
        """Cosines of the words ``ids`` (b, n) with vectors of length 1, ``units`` (b, N); 0 for a vector of zeros.

        Computed in float64; equal for equal vectors. Raises as :meth:`unit_vectors`.
        """
        rows, divisors = self._rows_and_divisors(ids)
        products: NDArray[np.float64] = np.vecdot(rows, units[:, None, :].astype(np.float64))
        return (products / divisors).astype(np.float32)

    def _rows_and_divisors(self, ids: NDArray[np.int64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """The vectors of word ids of any shape, and what makes their length 1: the length, or 1 for zeros."""
        rows = self._matrix[ids].astype(np.float64)
        with np.errstate(invalid="ignore"):
            norms: NDArray[np.float64] = np.sqrt(np.vecdot(rows, rows))
        unusable = np.flatnonzero(~np.isfinite(norms.ravel()))
        if len(unusable):
            word = self.words[int(ids.ravel()[unusable[0]])]
            raise FormatError(
                f"the vector of {word!r} holds a value that is not a finite number "
                f"({len(unusable):,} such vectors): the file is damaged or its training diverged"
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
        """The vector of a word, shape (N,), read-only; or those of several words, shape (n, N)."""
        if isinstance(words, str) or not isinstance(words, Iterable):
            row: NDArray[Any] = self._matrix[self._vocabulary.id_of(words)]
            return row
        rows: NDArray[Any] = self._matrix[self._vocabulary.ids_of(words)]
        return rows

    def vector(self, word: Item, *, norm: bool = False) -> NDArray[Any]:
        """The vector of a word, shape (N,); with ``norm`` a float32 copy divided by its length."""
        word_id = self._vocabulary.id_of(word)
        row: NDArray[Any] = self.unit_vectors([word_id])[0] if norm else self._matrix[word_id]
        return row

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> NDArray[Any]:
        """The matrix, as ``numpy.asarray`` and scikit-learn take it: read-only and not copied unless need be.

        Raises ValueError where ``copy=False`` and another dtype would need a copy.
        """
        if dtype is None or np.dtype(dtype) == self._matrix.dtype:
            return self._matrix.copy() if copy else self._matrix
        if copy is False:
            raise ValueError(
                f"vectors of {self._matrix.dtype.name} cannot become {np.dtype(dtype).name} without a copy"
            )
        return self._matrix.astype(dtype)

    def __repr__(self) -> str:
        items = "whole numbers" if self._vocabulary.integers else "words"
        return f"{type(self).__name__}({len(self):,} {items} x {self.vector_size}, {self._matrix.dtype.name})"


def unit_rows(rows: NDArray[Any]) -> NDArray[np.float64]:
    """Vectors along the last axis divided by their lengths, in float64; vectors of zeros stay zeros.

    Raises :class:`FormatError` where a value is not a finite number: no score could be trusted.
    """
    rows = np.asarray(rows)
    wide: NDArray[np.float64] = rows.astype(np.float64)
    if rows.dtype == np.float64:  # squares of float32 stay inside the range of float64, others need not
        largest = np.abs(wide).max(axis=-1, initial=0.0, keepdims=True)
        np.ldexp(wide, -np.frexp(largest)[1], out=wide)
    lengths = np.sqrt(np.einsum("...i,...i->...", wide, wide))[..., None]
    unusable = int(np.count_nonzero(~np.isfinite(lengths)))
    if unusable:
        raise FormatError(
            f"vectors to be scored must hold finite numbers; got {unusable:,} that do not: "
            "the file is damaged or its training diverged"
        )
    np.divide(wide, lengths, where=lengths > 0, out=wide)
    return wide


def _norms(rows: NDArray[Any]) -> NDArray[np.float32]:
    """Length of each row, shape (n,); infinite or NaN where the row is not finite or beyond float32."""
    with np.errstate(over="ignore", invalid="ignore"):
        values = rows.astype(np.float32, copy=False)
        squares = np.einsum("ij,ij->i", values, values)
        # Very long and very short vectors leave the range of float32 when squared.
        extreme = np.flatnonzero(~((squares > _SMALLEST_SQUARE) & (squares < _LARGEST_SQUARE)))
        norms: NDArray[np.float32] = np.sqrt(squares)
        if len(extreme):
            exact = values[extreme].astype(np.float64)
            norms[extreme] = np.sqrt(np.einsum("ij,ij->i", exact, exact)).astype(np.float32)
    return norms
