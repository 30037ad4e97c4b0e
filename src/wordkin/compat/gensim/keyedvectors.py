"""``KeyedVectors`` with gensim 4's methods."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from wordkin.compat.gensim.benchmarks import Benchmarks
from wordkin.compat.gensim.errors import refuse
from wordkin.compat.gensim.files import path_of, read_counts, read_vectors, write_counts, write_vectors
from wordkin.compat.gensim.store import REAL
from wordkin.embeddings import Embeddings, load
from wordkin.embeddings.native_format import write_native
from wordkin.errors import ConfigError
from wordkin.storage.files import replacing
from wordkin.vocabulary import Vocabulary


def pseudorandom_weak_vector(size: int, seed_string: str | None = None, hashfxn: Any = hash) -> NDArray[np.float32]:
    """Return a vector of ``size`` random numbers, uniform between -0.5 / size and 0.5 / size.

    Calls with the same ``seed_string`` return the same numbers.
    """
    seed = None if seed_string is None else hashfxn(seed_string) & 0xFFFFFFFF
    return ((np.random.default_rng(seed).random(size) - 0.5) / size).astype(REAL)


class KeyedVectors(Benchmarks):
    """Vectors with keys, like gensim's ``KeyedVectors``: a mutable wrapper of :class:`wordkin.Embeddings`.

    >>> vectors = KeyedVectors(2)
    >>> vectors.add_vectors(["cat", "dog", "car"], [[1, 0], [0.8, 0.6], [0, 1]])
    >>> vectors.most_similar("cat", topn=1)
    [('dog', 0.800000011920929)]
    """

    # --- files

    @classmethod
    def load_word2vec_format(
        cls,
        fname: Any,
        fvocab: Any = None,
        binary: bool = False,
        encoding: str = "utf8",
        unicode_errors: str = "strict",
        limit: int | None = None,
        datatype: Any = REAL,
        no_header: bool = False,
    ) -> Self:
        """Read a file of vectors in word2vec's text or binary format; it may be compressed with gzip.

        Parameters
        ----------
        fname : path
            The file.
        fvocab : path, default None
            A file of counts. If None, the counts decrease from the number of words to 1.
        limit : int, default None
            Maximum number of words to read; None or 0 for all.
        binary, no_header : bool, default False
            Whether the file has the binary format, and whether its first line is a vector instead of a header.
        encoding, unicode_errors : str, default "utf8" and "strict"
            The options ``encoding`` and ``encoding_errors`` of :func:`wordkin.load`.
        datatype : data type, default float32
            Data type of the vectors in memory.
        """
        read = read_vectors(
            fname,
            binary=binary,
            encoding=encoding,
            unicode_errors=unicode_errors,
            limit=None if limit == 0 else limit,
            no_header=no_header,
        )
        vectors = cls.from_embeddings(read, datatype)
        if fvocab is not None:
            counts = read_counts(fvocab, encoding, unicode_errors)
            vectors.expandos["count"] = np.array([counts.get(key, 0) for key in vectors.index_to_key], dtype=np.int64)
        return vectors

    @classmethod
    def from_embeddings(cls, embeddings: Embeddings, datatype: Any = None) -> Self:
        """Return a mutable copy of :class:`wordkin.Embeddings`."""
        vectors = cls(embeddings.vector_size, dtype=embeddings.matrix.dtype if datatype is None else datatype)
        vectors._take(embeddings, embeddings.matrix.astype(vectors.vectors.dtype))
        return vectors

    def _take(self, embeddings: Embeddings, matrix: NDArray[Any]) -> None:
        counts = embeddings.vocabulary.counts
        self.index_to_key = list(embeddings.words)
        self.key_to_index = {key: row for row, key in enumerate(self.index_to_key)}
        self.vectors, self.next_index = matrix, len(self)
        made = np.arange(len(self), 0, -1)  # as in gensim: the rank if counts are unknown
        self.expandos["count"] = np.array(made if counts is None else counts, dtype=np.int64)
        self._changed()

    def to_embeddings(self) -> Embeddings:
        """Return an immutable copy of the vectors, with the same keys and counts."""
        counts = self.expandos.get("count")
        dtype = np.float16 if self.vectors.dtype == np.float16 else np.float32
        vocabulary = Vocabulary(self.index_to_key, None if counts is None else counts.astype(np.int64))
        return Embeddings(vocabulary, np.array(self.vectors, dtype=dtype))

    def save_word2vec_format(
        self,
        fname: Any,
        fvocab: Any = None,
        binary: bool = False,
        total_vec: int | None = None,
        write_header: bool = True,
        prefix: str = "",
        append: bool = False,
        sort_attr: str = "count",
    ) -> None:
        """Write keys and vectors in word2vec's text or binary format.

        Parameters
        ----------
        fname : path
            The file. It is compressed if its name ends in ``.gz``.
        fvocab : path, default None
            A file to write the counts to.
        binary : bool, default False
            Whether to write the binary format instead of text.
        total_vec : None
            Not supported: the header always contains the number of keys.
        write_header : bool, default True
            Whether the first line of a text file contains the number and the size of the vectors.
        prefix : str, default ""
            Text to write before each word.
        append : bool, default False
            Append to an existing text file.
        sort_attr : str, default "count"
            Attribute of keys. Keys are written in decreasing order of its values. Keys with equal values, or without
            this attribute, keep their order.
        """
        refuse("total_vec", total_vec, None, "write all vectors in one call")
        order = np.arange(len(self))
        if sort_attr in self.expandos:
            order = np.argsort(-self.expandos[sort_attr].astype(np.float64), kind="stable")
        words = [f"{prefix}{self.index_to_key[row]}" for row in order.tolist()]
        if fvocab is not None:
            if "count" not in self.expandos:
                raise ConfigError("fvocab", "must be None if the keys have no counts", str(fvocab))
            write_counts(fvocab, words, self.expandos["count"][order])
        in_order = bool((order[:-1] < order[1:]).all())
        rows = self.vectors if in_order else self.vectors[order]
        write_vectors(fname, words, rows, binary=binary, write_header=write_header, append=append)

    def intersect_word2vec_format(
        self, fname: Any, lockf: float = 0.0, binary: bool = False, encoding: str = "utf8",
        unicode_errors: str = "strict",
    ) -> None:  # fmt: skip
        """Replace the vectors of existing keys by those of a file. Other keys keep their vectors.

        ``lockf`` becomes the lock factor of the replaced vectors. With 0.0, training does not change these vectors;
        with 1.0, it does.
        """
        read = read_vectors(
            fname, binary=binary, encoding=encoding, unicode_errors=unicode_errors, limit=None, no_header=False
        )
        if read.vector_size != self.vector_size:
            raise ConfigError("fname", f"must hold vectors of {self.vector_size} numbers", read.vector_size)
        if len(self.vectors_lockf) < len(self):
            self.vectors_lockf = np.ones(len(self), dtype=np.float32)
        for row, word in enumerate(read.words):
            if word in self.key_to_index:
                self._writable()[self.key_to_index[word]] = read.matrix[row]
                self.vectors_lockf[self.key_to_index[word]] = lockf
        self._changed()

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Write keys, vectors and counts in the native format of wordkin. The path may have any suffix.

        gensim's ``separately``, ``sep_limit``, ``ignore`` and ``pickle_protocol`` are options of pickling and have no
        effect. Raises :class:`ConfigError` if keys have attributes besides their count, because the format cannot store
        them.
        """
        path = saving_path("KeyedVectors.save", args, kwargs)
        others = [attr for attr in self.expandos if attr != "count"]
        if others:
            remedy = "delete the others with del " + ", ".join(f"wv.expandos[{attr!r}]" for attr in others)
            raise ConfigError("a saved file", 'can hold only the attribute "count"', others, remedy)
        with replacing(path) as stream:
            write_native(self.to_embeddings(), stream)

    @classmethod
    def load(cls, *args: Any, **kwargs: Any) -> Self:
        """Read a file that :meth:`save` wrote, or any other file in wordkin's native format.

        With ``mmap="r"``, the vectors are mapped read-only. Raises :class:`FormatError` for a pickle; the message
        contains the call that converts it.
        """
        path, mapped = loading_path("KeyedVectors.load", args, kwargs)
        read = load(path, format="safetensors")
        vectors = cls(read.vector_size, dtype=read.matrix.dtype)
        vectors._take(read, read.matrix if mapped else np.array(read.matrix))
        return vectors

    # --- new vectors from these

    def vectors_for_all(
        self, keys: Iterable[Any], allow_inference: bool = True, copy_vecattrs: bool = False
    ) -> KeyedVectors:
        """Return new ``KeyedVectors`` with the known ones among ``keys``, each key once, in the given order.

        Vectors of unknown keys cannot be inferred, so ``allow_inference`` has no effect.
        """
        known = [key for key in dict.fromkeys(keys) if key in self]
        rows = [self.get_index(key) for key in known]
        chosen = KeyedVectors(self.vector_size, dtype=self.vectors.dtype)
        if known:
            chosen.add_vectors(known, self.vectors[rows])
        chosen.expandos["count"] = np.arange(len(known), 0, -1)
        if copy_vecattrs:
            chosen.expandos.update({attr: values[rows] for attr, values in self.expandos.items()})
        return chosen


_OF_PICKLING = {"separately", "sep_limit", "ignore", "pickle_protocol"}


def saving_path(function: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Return the path that was passed to ``save``; ``function`` is the name to use in errors."""
    return path_of(_first(function, args, kwargs, _OF_PICKLING))


def loading_path(function: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, bool]:
    """Return the path that was passed to ``load``, and whether to map the file; ``function`` is the name for errors."""
    options = dict(kwargs)
    mmap = options.pop("mmap", args[1] if len(args) > 1 else None)
    if mmap not in (None, "r"):
        raise ConfigError("mmap", 'must be None or "r"', mmap, "mapped files are read-only")
    return path_of(_first(function, args[:1], options, {"rethrow"})), mmap == "r"


def _first(function: str, args: tuple[Any, ...], kwargs: dict[str, Any], known: set[str]) -> Any:
    named = [kwargs[name] for name in ("fname", "fname_or_handle") if name in kwargs]
    unknown = kwargs.keys() - known - {"fname", "fname_or_handle"}
    if unknown or len(args[:1]) + len(named) != 1:
        raise TypeError(f"{function} takes a path{f', and no argument {min(unknown)!r}' if unknown else ''}")
    return args[0] if args else named[0]


def _load_word2vec_format(
    cls: Any, fname: Any, fvocab: Any = None, binary: bool = False, encoding: str = "utf8",
    unicode_errors: str = "strict", limit: int | None = None, datatype: Any = REAL, no_header: bool = False,
    binary_chunk_size: int = 100 * 1024,
) -> Any:  # fmt: skip
    """Like :meth:`KeyedVectors.load_word2vec_format`; ``binary_chunk_size`` has no effect."""
    del binary_chunk_size
    return cls.load_word2vec_format(fname, fvocab, binary, encoding, unicode_errors, limit, datatype, no_header)


load_word2vec_format = KeyedVectors.load_word2vec_format
Word2VecKeyedVectors = EuclideanKeyedVectors = KeyedVectors
