"""The mutable part of ``KeyedVectors``: keys, vectors and attributes of keys, with gensim's names."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wordkin.compat.gensim.errors import (
    FORMER_NAMES_OF_VECTORS,
    NOT_SET,
    WrongRowCountError,
    WrongTypeError,
    former_name,
    no_attribute,
    refuse,
)
from wordkin.errors import ConfigError, UnknownWordError
from wordkin.vectors import WordVectors
from wordkin.vocabulary import Vocabulary
from wordkin.vocabulary.huffman import HuffmanTree
from wordkin.vocabulary.spelling import nearest_spellings

REAL = np.float32


def key_list(keys: Any) -> list[Any]:
    """Return a list of keys or vectors: ``[keys]`` if a single one was passed, [] for None."""
    if keys is None:
        return []
    if isinstance(keys, str | int | np.integer) or (isinstance(keys, np.ndarray) and keys.ndim == 1):
        return [keys]
    return list(keys)


class VectorStore:
    """Base class of ``KeyedVectors``: V keys, each with a vector of ``vector_size`` (N) numbers. Both can be changed.

    Parameters
    ----------
    vector_size : int
        Length of a vector.
    count : int, default 0
        Number of empty rows to allocate. :meth:`add_vector` fills them before it adds rows.
    dtype : data type, default float32
        Data type of the vectors. Queries copy vectors of types other than float32 and float16 to float32.
    mapfile_path : None
        Not supported. To map a file in the native format, load it with ``mmap="r"``.
    """

    def __init__(
        self, vector_size: int, count: int = 0, dtype: Any = np.float32, mapfile_path: str | None = None
    ) -> None:
        refuse("mapfile_path", mapfile_path, None, 'save the vectors and load them with mmap="r"')
        self.vector_size = vector_size
        self.index_to_key: list[Any] = [None] * count
        self.key_to_index: dict[Any, int] = {}
        self.next_index = 0
        self.vectors: NDArray[Any] = np.zeros((count, vector_size), dtype=dtype)
        self.vectors_lockf: NDArray[np.float32] = np.ones(1, dtype=np.float32)
        self.expandos: dict[str, NDArray[Any]] = {}
        self.norms: NDArray[np.float32] | None = None
        self.mapfile_path = None
        self.has_tree = (
            False  # whether the attributes "code" and "point" exist: paths in the tree of hierarchical softmax
        )
        self._tree: tuple[NDArray[Any], HuffmanTree] | None = None
        self._cached: tuple[NDArray[Any], int, WordVectors] | None = None

    def __setattr__(self, name: str, value: Any) -> None:
        if name in NOT_SET:
            raise former_name(self, name, FORMER_NAMES_OF_VECTORS)
        super().__setattr__(name, value)

    def __getattr__(self, name: str) -> Any:
        raise former_name(self, name, FORMER_NAMES_OF_VECTORS)

    def __len__(self) -> int:
        return len(self.index_to_key)

    def __contains__(self, key: Any) -> bool:
        return self.has_index_for(key)

    def __str__(self) -> str:
        return f"{type(self).__name__}<vector_size={self.vector_size}, {len(self)} keys>"

    __repr__ = __str__

    # --- the immutable core

    def core(self) -> WordVectors:
        """Return the vectors as :class:`wordkin.vectors.WordVectors`, without copying them.

        Their norms are cached until a method changes vectors or :meth:`fill_norms` is called with ``force``.
        """
        if self._cached is None or self._cached[0] is not self.vectors or self._cached[1] != len(self):
            self._cached = self.vectors, len(self), self._core_of(0, len(self))
        return self._cached[2]

    def _core_of(self, start: int, stop: int) -> WordVectors:
        """Return the rows from ``start`` to ``stop - 1`` as :class:`WordVectors`.

        If any key is not a string, the words of the result are row numbers.
        """
        keys = self.index_to_key[start:stop]
        named = keys if all(isinstance(key, str) for key in keys) else [str(row) for row in range(start, stop)]
        rows = self.vectors[start:stop]
        rows = rows if rows.dtype in (np.float32, np.float16) else rows.astype(np.float32)
        return WordVectors(Vocabulary(named), rows)

    def _changed(self) -> None:
        """Clear the cached values that depend on the vectors."""
        self.norms, self._cached = None, None

    # --- keys

    def has_index_for(self, key: Any) -> bool:
        """Return whether ``key`` is a key or the number of a row."""
        return bool(self.get_index(key, -1) >= 0)

    def get_index(self, key: Any, default: int | None = None) -> int:
        """Return the row of a key. A whole number that is not a key is interpreted as the number of a row.

        If there is no such row, returns ``default``; if ``default`` is None, raises :class:`UnknownWordError`, which is
        also a KeyError.
        """
        index = self.key_to_index.get(key, -1)
        if index >= 0:
            return index
        if isinstance(key, int | np.integer) and 0 <= key < len(self.index_to_key):
            return int(key)
        if default is not None:
            return default
        raise UnknownWordError(key, lambda: self._near(key))

    def _near(self, key: Any) -> list[str]:
        words = self.core().vocabulary.words
        return nearest_spellings(words.utf8, words.offsets, key) if isinstance(key, str) and len(words) else []

    # --- reading

    def __getitem__(self, key_or_keys: Any) -> NDArray[Any]:
        """Return the vector of a key, shape (N,), or the vectors of several keys, shape (n, N)."""
        if isinstance(key_or_keys, str | int | np.integer):
            return self.get_vector(key_or_keys)
        rows = [self.get_vector(key) for key in key_or_keys]
        if not rows:
            raise ConfigError("keys", "must hold at least one key", key_or_keys)
        return np.vstack(rows)

    def get_vector(self, key: Any, norm: bool = False) -> NDArray[Any]:
        """Return the vector of a key, read-only; with ``norm``, return a float32 copy that is scaled to length 1."""
        index = self.get_index(key)
        if norm:
            unit: NDArray[Any] = self.core().unit_vectors([index])[0]
            return unit
        row: NDArray[Any] = self.vectors[index].view()
        row.flags.writeable = False
        return row

    def word_vec(self, *args: Any, **kwargs: Any) -> NDArray[Any]:
        """Old name of :meth:`get_vector`."""
        return self.get_vector(*args, **kwargs)

    def get_mean_vector(
        self,
        keys: Any,
        weights: Any = None,
        pre_normalize: bool = True,
        post_normalize: bool = False,
        ignore_missing: bool = True,
    ) -> NDArray[np.float32]:
        """Return the weighted mean of vectors, shape (N,).

        Parameters
        ----------
        keys : list of keys or vectors
            What to average. ``pre_normalize`` applies only to keys, not to vectors.
        weights : list of float, default None
            A weight for each key; None for equal weights.
        pre_normalize, post_normalize : bool, default True and False
            Whether to normalise the vectors of keys, and the mean, to length 1.
        ignore_missing : bool, default True
            Leave out unknown keys instead of raising :class:`UnknownWordError`.
        """
        listed = key_list(keys)
        if not listed:
            raise ConfigError("keys", "must hold a key or a vector", keys)
        given = np.ones(len(listed)) if weights is None else np.asarray(weights, dtype=np.float64)
        if len(given) != len(listed):
            raise ConfigError("weights", f"must hold one number for each of the {len(listed)} keys", given.tolist())
        total, size = np.zeros(self.vector_size), 0.0
        for key, weight in zip(listed, given.tolist(), strict=True):
            if isinstance(key, np.ndarray):
                total += weight * self._checked_vector("keys", key)
            elif self.has_index_for(key) or not ignore_missing:
                total += weight * self.get_vector(key, norm=pre_normalize)
            else:
                continue
            size += abs(weight)
        mean = total / size if size > 0 else total
        length = np.linalg.norm(mean)
        return (mean / length if post_normalize and length > 0 else mean).astype(np.float32)

    def _checked_vector(self, parameter: str, vector: NDArray[Any]) -> NDArray[Any]:
        """Check and return a vector that was passed instead of a key; raise :class:`ConfigError` if it is not one."""
        if vector.shape != (self.vector_size,) or vector.dtype.kind not in "iuf":
            got = vector if vector.dtype.kind not in "iuf" else vector.shape
            raise ConfigError(parameter, f"must hold keys or vectors of {self.vector_size} numbers", got)
        return vector

    # --- changing

    def add_vector(self, key: Any, vector: Any) -> int:
        """Add a key in the next empty row, or in a new row, and return the row. An existing key keeps its vector."""
        if key in self.key_to_index:
            self.add_vectors([key], [vector])  # checks the vector
            return self.key_to_index[key]
        index = self.next_index
        if index < len(self) and self.index_to_key[index] is None:
            self._writable()[index] = vector
            self.index_to_key[index], self.key_to_index[key] = key, index
            self._changed()
        else:
            index = len(self)
            self.add_vectors([key], [vector])
        self.next_index = index + 1
        return index

    def add_vectors(self, keys: Any, weights: Any, extras: Any = None, replace: bool = False) -> None:
        """Add keys with their vectors.

        Parameters
        ----------
        keys : key or list of keys
            The keys to add.
        weights : array_like of shape (n, N) or (N,)
            Their vectors.
        extras : dict of str to array, default None
            Attributes by name, with one value for each key.
        replace : bool, default False
            Whether to replace the vectors of existing keys.
        """
        if isinstance(keys, str | int | np.integer):
            keys, weights = [keys], np.asarray(weights).reshape(1, -1)
        keys, rows = list(keys), np.asarray(weights)
        if rows.shape != (len(keys), self.vector_size):
            rule = f"must have the shape ({len(keys)}, {self.vector_size}), a row for each key"
            wrong_count = rows.ndim != 2 or len(rows) != len(keys)
            raise (WrongRowCountError if wrong_count else ConfigError)("weights", rule, rows.shape)
        rows = rows.astype(self.vectors.dtype, copy=False)
        first_of = {key: row for row, key in reversed(list(enumerate(keys)))}
        new = [key for key in first_of if key not in self.key_to_index]
        new.sort(key=first_of.__getitem__)
        old = [key for key in first_of if key in self.key_to_index]
        if new:
            self._append(new, rows[[first_of[key] for key in new]])
        if replace and old:
            self._writable()[[self.key_to_index[key] for key in old]] = rows[[first_of[key] for key in old]]
        for attr, values in (extras or {}).items():
            taken = [*new, *(old if replace else ())]
            for key in taken:
                self.set_vecattr(key, attr, np.asarray(values)[first_of[key]])
        self._changed()

    def _append(self, keys: Sequence[Any], rows: NDArray[Any]) -> None:
        start = len(self)
        self.key_to_index.update(zip(keys, range(start, start + len(keys)), strict=True))
        self.index_to_key.extend(keys)
        self.vectors = np.concatenate([self.vectors, rows]) if start else np.array(rows)
        if len(self.vectors_lockf) > 1:
            self.vectors_lockf = np.concatenate([self.vectors_lockf, np.ones(len(keys), np.float32)])
        self.allocate_vecattrs()

    def _writable(self) -> NDArray[Any]:
        """Return the vectors as a writable array; vectors in a mapped file are copied first."""
        if not self.vectors.flags.writeable:
            self.vectors = self.vectors.copy()
        return self.vectors

    def __setitem__(self, keys: Any, weights: Any) -> None:
        """Set the vector of a key, or the vectors of several keys; new keys are added."""
        if not isinstance(keys, list | tuple | np.ndarray):
            keys, weights = [keys], np.asarray(weights).reshape(1, -1)
        self.add_vectors(keys, weights, replace=True)

    def resize_vectors(self, seed: int = 0) -> None:
        """Add missing rows, so that each key has one. New rows are uniform random numbers in ±0.5 / N."""
        missing = len(self) - len(self.vectors)
        if missing > 0:
            drawn = (np.random.default_rng(seed).random((missing, self.vector_size)) - 0.5) / self.vector_size
            self.vectors = np.concatenate([self.vectors, drawn.astype(self.vectors.dtype)])
        self.vectors = self.vectors[: len(self)]
        self.allocate_vecattrs()
        self._changed()

    # --- attributes of keys

    def allocate_vecattrs(self, attrs: Iterable[str] | None = None, types: Iterable[Any] | None = None) -> None:
        """Create attributes of keys, with one value of a type for each key.

        Attributes that exist and have too few values are extended with zeros. ``types`` holds a type for each name in
        ``attrs``.
        """
        names, kinds = list(attrs or ()), list(types or ())
        if len(names) != len(kinds):
            raise WrongTypeError("types", f"must hold a type for each of {names}", types)
        wanted = dict(zip(names, kinds, strict=True))
        for attr, kind in {**{name: values.dtype for name, values in self.expandos.items()}, **wanted}.items():
            dtype = _dtype_of(kind)
            before = self.expandos.get(attr, np.empty(0, dtype))
            if attr in wanted and not np.can_cast(dtype, before.dtype):
                raise WrongTypeError("types", f"must be {before.dtype.name} for the attribute {attr!r}", dtype.name)
            if len(before) < len(self):
                grown = np.zeros(len(self), dtype)
                grown[: len(before)] = before
                self.expandos[attr] = grown

    def set_vecattr(self, key: Any, attr: str, val: Any) -> None:
        """Set an attribute of a key, such as "count". The attribute is created for all keys if it does not exist."""
        index = self.get_index(key)
        if attr not in self.expandos:
            self.allocate_vecattrs([attr], [type(val)])
        self.allocate_vecattrs()
        values = self.expandos[attr]
        if not np.can_cast(_dtype_of(type(val)), values.dtype):
            raise WrongTypeError("val", f"must be of type {values.dtype.name}, like the attribute {attr!r}", val)
        values[index] = val

    def get_vecattr(self, key: Any, attr: str) -> Any:
        """Return an attribute of a key, such as its "count"."""
        index = self.get_index(key)
        if attr in ("code", "point") and self.has_tree:
            nodes, bits = self._huffman_tree().path(index)
            return bits if attr == "code" else nodes
        if attr not in self.expandos:
            raise no_attribute(attr, self.expandos)
        return self.expandos[attr][index]

    def _huffman_tree(self) -> HuffmanTree:
        counts = self.expandos["count"]
        if self._tree is None or self._tree[0] is not counts:
            self._tree = counts, HuffmanTree.from_counts(counts)
        return self._tree[1]

    def sort_by_descending_frequency(self) -> None:
        """Sort keys, vectors and attributes by decreasing "count".

        Keys with equal counts are put in reverse order, as in gensim.
        """
        if not len(self):
            return
        if "count" not in self.expandos:
            raise no_attribute("count", self.expandos)
        order = by_descending_frequency(self.expandos["count"])
        self.index_to_key = [self.index_to_key[row] for row in order.tolist()]
        self.key_to_index = {key: row for row, key in enumerate(self.index_to_key)}
        self.expandos = {attr: values[order] for attr, values in self.expandos.items()}
        if len(self.vectors_lockf) > 1:
            self.vectors_lockf = self.vectors_lockf[order]
        self.vectors = self.vectors[order] if len(self.vectors) else self.vectors
        self._changed()

    # --- lengths

    def fill_norms(self, force: bool = False) -> None:
        """Compute the norm of each vector. Pass ``force`` after writing to ``vectors``, because norms are cached."""
        if self.norms is None or force:
            self._changed()
            self.norms = self.core().norms

    def get_normed_vectors(self) -> NDArray[np.float32]:
        """Return a copy of all vectors, scaled to length 1, shape (V, N). Zero vectors stay zero."""
        return self.core().unit_vectors(np.arange(len(self)))

    def unit_normalize_all(self) -> None:
        """Normalise all vectors to length 1, in place. Do not train the model any further after this."""
        self.vectors = self.get_normed_vectors().astype(self.vectors.dtype)
        self.fill_norms(force=True)

    def init_sims(self, replace: bool = False) -> None:
        """Old name of :meth:`fill_norms` and, with ``replace``, of :meth:`unit_normalize_all`."""
        if replace:
            self.unit_normalize_all()
        else:
            self.fill_norms()


def by_descending_frequency(counts: NDArray[Any]) -> NDArray[np.int64]:
    """Return the row numbers sorted by decreasing count.

    Rows with equal counts are in reverse order, as in gensim.
    """
    order: NDArray[np.int64] = np.argsort(counts, kind="stable")[::-1]
    return order


def _dtype_of(kind: Any) -> np.dtype[Any]:
    """Return the NumPy data type for values of a Python type; object if there is none."""
    known = not isinstance(kind, type) or issubclass(kind, np.generic | int | float)
    found: np.dtype[Any] = np.dtype(kind if known else object)
    return found
