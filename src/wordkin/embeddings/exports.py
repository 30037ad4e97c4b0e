"""Conversion to and from gensim, PyTorch, spaCy, pandas, Arrow, Parquet and TensorBoard's projector."""

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
    """Copy words, counts and vectors to a KeyedVectors (extra ``gensim``). The vectors become float32."""
    try:
        from gensim.models import KeyedVectors
    except ImportError as error:
        raise MissingExtraError("conversion to gensim", "gensim") from error
    keyed = KeyedVectors(vectors.vector_size, dtype=np.float32)
    keyed.add_vectors(list(vectors.words), vectors.matrix.astype(np.float32, copy=False))
    counts = vectors.vocabulary.counts
    if counts is not None:  # the parameter "extras" of add_vectors fails unless it is an empty dict
        keyed.allocate_vecattrs(["count"], [np.int64])
        keyed.expandos["count"][:] = counts
    return keyed


def from_gensim(vectors: Any) -> Embeddings:
    """Copy words, counts and vectors from a gensim KeyedVectors, or from a model that has one as its attribute ``wv``.

    Raises
    ------
    ConfigError
        ``vectors`` is neither a KeyedVectors nor such a model.
    """
    keyed = getattr(vectors, "wv", vectors)
    try:
        words, matrix, extras = keyed.index_to_key, keyed.vectors, keyed.expandos
    except AttributeError as error:
        name = type(vectors).__name__
        raise ConfigError(
            "vectors", "must be a gensim KeyedVectors, or a model whose attribute wv is one", name
        ) from error
    counts = extras.get("count")
    copied = np.array(matrix, dtype=np.float16 if matrix.dtype == np.float16 else np.float32)
    return Embeddings(Vocabulary(words, None if counts is None else np.asarray(counts, dtype=np.int64)), copied)


def to_torch(vectors: Embeddings) -> torch.Tensor:
    """Copy the vectors to a tensor of shape (V, N) on the CPU (extra ``torch``).

    PyTorch cannot make a tensor read-only. If the tensor shared the memory of ``vectors.matrix``, writing to it would
    change the vectors.
    """
    return _torch().from_numpy(np.array(vectors.matrix))


def to_torch_embedding(vectors: Embeddings, *, freeze: bool = True, extra_rows: int = 0) -> torch.nn.Embedding:
    """Copy the vectors to a PyTorch layer; see :meth:`wordkin.Embeddings.to_torch_embedding`."""
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
    """Copy words and vectors to a ``spacy.vectors.Vectors`` (extra ``spacy``). The vectors become float32.

    ``nlp.vocab.vectors = vectors.to_spacy()`` sets the vectors of a pipeline.
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
    """Make a data frame with the words as index and the columns 0 to N - 1 (extra ``arrow``)."""
    return data_frame(range(vectors.vector_size), vectors.matrix, index=("word", list(vectors.words)))


def to_arrow(vectors: Embeddings) -> pyarrow.Table:
    """Make a table with the columns "word", "count" and "vector" (extra ``arrow``).

    Their types are string, int64, and lists of N floats. There is no "count" if counts are not known. The columns share
    the memory of the vectors.
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
    """Write a Parquet file with the columns of :func:`to_arrow` and the columns "x" and "y" (extra ``arrow``).

    "x" and "y" hold the first two principal components of the vectors (y is 0 if N is 1). The program embedding-atlas
    shows them as a map at once: ``embedding-atlas FILE --text word --x x --y y``. With ``--vector vector`` instead of
    the last two options, it computes a better map first. float16 vectors are converted to float32, because few programs
    read float16.
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

    The first file has one vector per line, whose numbers are separated by tabs. The second has one word per line. If
    counts are known, it has a header line and the columns "word" and "count" instead. Tabs and newlines in words become
    spaces.

    Returns
    -------
    tuple of Path
        The paths of both files.
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
