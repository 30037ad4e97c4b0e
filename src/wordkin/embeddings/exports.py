"""To and from other libraries: gensim, PyTorch, spaCy, pandas, Arrow, Parquet, TensorBoard's projector."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from wordkin.config import Flag, Number, check
from wordkin.embeddings.embeddings import Embeddings
from wordkin.embeddings.reduction import astype, reduce_dimensions, refuse_integers
from wordkin.errors import ConfigError, MissingExtraError
from wordkin.storage.files import check_writable, replacing
from wordkin.tables import data_frame
from wordkin.vocabulary import Vocabulary

if TYPE_CHECKING:
    import gensim.models
    import pandas
    import pyarrow
    import spacy.vectors
    import torch

_BLOCK_ROWS = 4096


def to_gensim(vectors: Embeddings) -> gensim.models.KeyedVectors:
    """A KeyedVectors with the same words, counts and float32 vectors, which are copied (extra ``gensim``)."""
    try:
        from gensim.models import KeyedVectors
    except ImportError as error:
        raise MissingExtraError("conversion to gensim", "gensim") from error
    keyed = KeyedVectors(vectors.vector_size, dtype=np.float32)
    keyed.add_vectors(list(vectors.words), vectors.matrix.astype(np.float32, copy=False))
    counts = vectors.vocabulary.counts
    if counts is not None:  # the "extras" of add_vectors, meant for this, fail on anything but an empty dict
        keyed.allocate_vecattrs(["count"], [np.int64])
        keyed.expandos["count"][:] = counts
    return keyed


def from_gensim(vectors: Any) -> Embeddings:
    """Embeddings from a gensim KeyedVectors, or from a model that has one as ``wv``; the vectors are copied.

    Raises :class:`ConfigError` for anything else.
    """
    keyed = getattr(vectors, "wv", vectors)
    try:
        words, matrix, extras = keyed.index_to_key, keyed.vectors, keyed.expandos
    except AttributeError as error:
        name = type(vectors).__name__
        raise ConfigError("vectors", "must be a gensim KeyedVectors or a model with one", name) from error
    counts = extras.get("count")
    copied = np.array(matrix, dtype=np.float16 if matrix.dtype == np.float16 else np.float32)
    return Embeddings(Vocabulary(words, None if counts is None else np.asarray(counts, dtype=np.int64)), copied)


def to_torch(vectors: Embeddings) -> torch.Tensor:
    """A tensor of shape (V, N) on the CPU, of the type of the vectors (extra ``torch``).

    It is a copy, so that it can be written to. ``torch.from_numpy(vectors.matrix)`` would share memory that is
    meant to be read only: what is written through such a tensor changes the vectors behind the back of wordkin.
    """
    return _torch().from_numpy(np.array(vectors.matrix))


def to_torch_embedding(vectors: Embeddings, *, freeze: bool = True, extra_rows: int = 0) -> torch.nn.Embedding:
    """A ``torch.nn.Embedding`` whose row i is a copy of the vector of word i (extra ``torch``).

    Parameters
    ----------
    freeze : bool, default True
        Whether training leaves the vectors as they are.
    extra_rows : int, default 0
        Rows of zeros behind those of the words, with the ids from V on: for padding and unknown words.

    Raises
    ------
    ConfigError
        An option is not legal.
    MissingExtraError
        PyTorch is not installed.
    """
    check("freeze", Flag(), freeze)
    check("extra_rows", Number(0, integer=True), extra_rows)
    torch = _torch()
    matrix = np.zeros((len(vectors) + extra_rows, vectors.vector_size), vectors.matrix.dtype)
    matrix[: len(vectors)] = vectors.matrix
    return torch.nn.Embedding.from_pretrained(torch.from_numpy(matrix), freeze=freeze)


def _torch() -> Any:
    try:
        import torch
    except ImportError as error:
        raise MissingExtraError("conversion to PyTorch", "torch") from error
    return torch


def to_spacy(vectors: Embeddings) -> spacy.vectors.Vectors:
    """A ``spacy.vectors.Vectors`` with the same words and float32 vectors, which are copied (extra ``spacy``).

    ``nlp.vocab.vectors = vectors.to_spacy()`` gives a pipeline these vectors.
    """
    try:
        from spacy.strings import StringStore
        from spacy.vectors import Vectors
    except ImportError as error:
        raise MissingExtraError("conversion to spaCy", "spacy") from error
    refuse_integers(vectors, "spaCy")
    words = list(vectors.words)
    rows = np.array(vectors.matrix, dtype=np.float32)
    return Vectors(strings=StringStore(words), data=rows, keys=words, name="wordkin")


def to_pandas(vectors: Embeddings) -> pandas.DataFrame:
    """A data frame, the words as its index (named "word"), columns 0 to N - 1 (extra ``arrow``)."""
    return data_frame(range(vectors.vector_size), vectors.matrix, index=("word", list(vectors.words)))


def to_arrow(vectors: Embeddings) -> pyarrow.Table:
    """A table with a column "word" (string), "count" (int64, where known) and "vector" (N floats a row).

    The vectors, counts and words are the same memory, not copies (extra ``arrow``).
    """
    refuse_integers(vectors, "Arrow and Parquet")
    pa = _pyarrow()
    words = vectors.words
    columns = {"word": pa.LargeStringArray.from_buffers(len(words), *map(pa.py_buffer, (words.offsets, words.utf8)))}
    if vectors.vocabulary.counts is not None:
        columns["count"] = pa.array(vectors.vocabulary.counts)
    columns["vector"] = pa.FixedSizeListArray.from_arrays(pa.array(vectors.matrix.reshape(-1)), vectors.vector_size)
    return pa.table(columns)


def to_parquet(vectors: Embeddings, path: str | Path) -> None:
    """Write a Parquet file with the columns of :func:`to_arrow` and a map: "x" and "y" (extra ``arrow``).

    The map is made of the first two principal components (0 for y where N is 1), so that
    ``embedding-atlas FILE --text word --x x --y y`` shows it at once, and ``--vector vector`` a better
    one. float16 vectors are widened, since few readers know half precision.
    """
    pa = _pyarrow()
    import pyarrow.parquet

    path = Path(path)
    check_writable(path)
    wide = astype(vectors, "float32")
    table = to_arrow(wide)
    plane = np.zeros((len(vectors), 2), dtype=np.float32)
    plane[:, : vectors.vector_size] = reduce_dimensions(wide, min(2, vectors.vector_size)).matrix
    for column, name in enumerate("xy"):
        table = table.append_column(name, pa.array(plane[:, column]))
    with replacing(path) as stream:
        pyarrow.parquet.write_table(table, stream, compression="zstd")


def to_projector(vectors: Embeddings, prefix: str | Path) -> tuple[Path, Path]:
    """Write the two files of TensorBoard's projector: ``PREFIX_tensor.tsv`` and ``PREFIX_metadata.tsv``.

    The first holds a vector a line, numbers between tabs; the second the word of each line or, where
    counts are known, a heading and word and count. Tabs and line ends in words become spaces. Returns
    both paths.
    """
    prefix = Path(prefix)
    tensor, metadata = (prefix.with_name(f"{prefix.name}_{part}.tsv") for part in ("tensor", "metadata"))
    for path in (tensor, metadata):
        check_writable(path)
    row_format = "\t".join(["%.9g"] * vectors.vector_size) + "\n"
    with replacing(tensor) as stream:
        for start in range(0, len(vectors), _BLOCK_ROWS):
            block = vectors.matrix[start : start + _BLOCK_ROWS].tolist()
            stream.write("".join(row_format % tuple(row) for row in block).encode())
    words = [str(word).translate(str.maketrans("\t\r\n", "   ")) for word in vectors.words]
    counts = vectors.vocabulary.counts
    lines = (
        words
        if counts is None
        else ["word\tcount"] + [f"{word}\t{count}" for word, count in zip(words, counts.tolist(), strict=True)]
    )
    with replacing(metadata) as stream:
        stream.write("".join(f"{line}\n" for line in lines).encode())
    return tensor, metadata


def _pyarrow() -> Any:
    try:
        import pyarrow
    except ImportError as error:
        raise MissingExtraError("conversion to Arrow and Parquet", "arrow") from error
    return pyarrow
