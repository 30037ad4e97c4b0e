"""Read vectors from Parquet and Arrow tables with a column of words and a column of vectors (extra ``arrow``).

A vector is a list of numbers, as :meth:`wordkin.Embeddings.to_parquet` writes it, or a VectorUDT (a struct with size,
indices and values), as Spark's Word2Vec writes it. Tables are read in batches of rows.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wordkin.embeddings.embeddings import Embeddings
from wordkin.embeddings.rows import ReadOptions, Rows, Source
from wordkin.errors import FormatError, MissingExtraError
from wordkin.storage.files import InputFile

_BATCH_ROWS = 1 << 14
_WORD_NAMES, _VECTOR_NAMES, _COUNT_NAME = ("word", "token", "term"), ("vector", "embedding"), "count"


class TableFolder:
    """A directory whose files form one table.

    Errors name the directory, and the number of the row, which counts the rows of all files.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def broken(self, what: str) -> FormatError:
        """Return a FormatError that names the directory and says what is wrong."""
        return FormatError(f"{str(self.path)!r}: {what}")


def read_parquet(source: InputFile, options: ReadOptions) -> Embeddings:
    """Read words, vectors and (if present) counts from a Parquet file, an Arrow file or an Arrow stream."""
    return _read(source, [source], options)


def read_table_folder(folder: Path, parts: Sequence[Path], options: ReadOptions) -> Embeddings:
    """Read words, vectors and counts from the files of a directory that form one table. A file may have no rows."""
    with contextlib.ExitStack() as closing:
        files = [closing.enter_context(InputFile(part)) for part in parts]
        return _read(TableFolder(folder), files, options)


def _read(source: Source, files: Sequence[InputFile], options: ReadOptions) -> Embeddings:
    try:
        import pyarrow
    except ImportError as error:
        raise MissingExtraError("reading Parquet and Arrow files", "arrow") from error
    rows: Rows | None = None
    read = 0
    for file in files:
        if read == options.limit or (rows is not None and rows.complete):
            break
        try:
            schema, batches = _open(file)
            word, vector, count = _columns(file, schema)
            for batch in batches:
                if options.limit is not None:
                    batch = batch.slice(0, options.limit - read)
                words, vectors = batch.column(word), batch.column(vector)
                counts = None if count is None else batch.column(count)
                lengths = _lengths(vectors)
                if rows is None:
                    known = lengths[lengths > 0]
                    size = int(known[0]) if len(known) else 1
                    rows = Rows(source, options, size, 0, "row")
                _append(rows, words, vectors, counts, lengths, read)
                read += len(batch)
                if read == options.limit or rows.complete:
                    break
        except (pyarrow.ArrowException, OSError) as error:
            if isinstance(error, FormatError):
                raise
            raise file.broken(f"the table cannot be read: {' '.join(str(error).split())[:200]}") from error
    if rows is None:
        raise source.broken("the table has no rows")
    return rows.finish()


def _open(source: InputFile) -> tuple[Any, Iterator[Any]]:
    """Return the schema of a table and an iterator over its batches of rows."""
    import pyarrow.ipc
    import pyarrow.parquet

    path = str(source.path)
    head = source.read(6)
    if head.startswith(b"PAR1"):
        file = pyarrow.parquet.ParquetFile(path, memory_map=True)
        return file.schema_arrow, file.iter_batches(batch_size=_BATCH_ROWS)
    memory = pyarrow.memory_map(path)
    if head == b"ARROW1":
        table = pyarrow.ipc.open_file(memory)
        return table.schema, (table.get_batch(index) for index in range(table.num_record_batches))
    stream = pyarrow.ipc.open_stream(memory)
    return stream.schema, iter(stream)


def _columns(source: InputFile, schema: Any) -> tuple[str, str, str | None]:
    """Return the names of the columns of words, vectors and counts; None for counts if there is no such column.

    Raises FormatError if no column, or more than one, can be the column of words or that of vectors.
    """
    import pyarrow.types as types

    def is_text(kind: Any) -> bool:
        kind = kind.value_type if types.is_dictionary(kind) else kind
        return bool(types.is_string(kind) or types.is_large_string(kind))

    def is_numbers(kind: Any) -> bool:
        if types.is_struct(kind):
            names = {kind.field(index).name for index in range(kind.num_fields)}
            return {"type", "size", "indices", "values"} <= names
        listed = types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind)
        return bool(listed and (types.is_floating(kind.value_type) or types.is_integer(kind.value_type)))

    texts = [field.name for field in schema if is_text(field.type)]
    vectors = [field.name for field in schema if is_numbers(field.type)]
    word = _the_one(source, "words (text)", texts, _WORD_NAMES)
    vector = _the_one(source, "vectors (lists of numbers)", vectors, _VECTOR_NAMES)
    index = schema.get_field_index(_COUNT_NAME)
    counted = index >= 0 and types.is_integer(schema.field(index).type)
    return word, vector, _COUNT_NAME if counted else None


def _the_one(source: InputFile, what: str, found: list[str], names: tuple[str, ...]) -> str:
    named = [name for name in found if name.lower() in names]
    candidates = found if len(found) == 1 else named
    if len(candidates) != 1:
        listed = ", ".join(map(repr, found[:6])) or "none"
        raise source.broken(
            f"the table must have exactly one column of {what}, or one named {names[0]!r}; it has {listed}"
        )
    return candidates[0]


def _is_struct(vectors: Any) -> bool:
    import pyarrow.types

    return bool(pyarrow.types.is_struct(vectors.type))


def _values(vectors: Any) -> Any:
    """Return a column of vectors as a column of lists of numbers: for a VectorUDT, its field "values"."""
    return vectors.field("values") if _is_struct(vectors) else vectors


def _lengths(vectors: Any) -> NDArray[np.int64]:
    """Return the size of each vector, shape (rows,). The size of a null is -1."""
    import pyarrow.compute as pc

    lengths = pc.list_value_length(_values(vectors))
    if _is_struct(vectors):  # only a sparse vector has a "size"
        lengths = pc.coalesce(vectors.field("size"), lengths)
    valid = pc.is_valid(vectors)
    return np.asarray(pc.fill_null(pc.if_else(valid, lengths, -1), -1), dtype=np.int64)


def _append(rows: Rows, words: Any, vectors: Any, counts: Any, lengths: NDArray[np.int64], first_row: int) -> None:
    """Add the rows of a batch to ``rows``; ``first_row`` is the index of its first row in the whole table."""
    size = rows.matrix.shape[1]
    positions = first_row + 1 + np.arange(len(words))
    texts = [None if text is None else text.encode() for text in words.to_pylist()]
    good = lengths == size
    for index in range(len(texts)):
        if texts[index] is None or not good[index]:
            good[index] = False
            found = "no word" if texts[index] is None else f"a vector of {max(lengths[index], 0):,} numbers"
            rows.bad(int(positions[index]), f"expected a word and {size:,} numbers, found {found}")
    chosen = np.flatnonzero(good)
    kept, among = rows.choose([text for text in (texts[index] for index in chosen.tolist()) if text is not None])
    chosen = chosen if among is None else chosen[among]
    if not kept:
        return
    import pyarrow

    taken = pyarrow.array(chosen)
    block = _matrix(vectors.take(taken), size)
    seen = None
    if counts is not None and not counts.null_count:
        seen = np.asarray(counts.take(taken).to_numpy(zero_copy_only=False), dtype=np.int64)
        if (seen < 0).any():
            raise rows.broken(
                int(positions[chosen[int(np.argmin(seen))]]), f"a count must not be negative; it is {int(seen.min())}"
            )
    rows.append(kept, positions[chosen], block, seen)


def _matrix(vectors: Any, size: int) -> NDArray[np.float32]:
    """Convert a column of vectors to a float32 array of shape (rows, size).

    Numbers that are too large for float32 become infinite, and a later check refuses them.
    """
    lists = _values(vectors)
    flat = lists.flatten()
    numbers = np.asarray(flat.to_numpy(zero_copy_only=False), dtype=np.float64)  # nulls become NaN
    with np.errstate(over="ignore"):
        values = numbers.astype(np.float32)
    if not _is_struct(vectors):
        return values.reshape(-1, size)
    block = np.zeros((len(vectors), size), dtype=np.float32)
    lengths = np.asarray(lists.value_lengths().fill_null(0), dtype=np.int64)
    indices = vectors.field("indices")
    index_lengths = np.asarray(indices.value_lengths().fill_null(0), dtype=np.int64)
    columns = np.asarray(indices.flatten().to_numpy(zero_copy_only=False), dtype=np.int64)
    value_ends, index_ends = np.cumsum(lengths), np.cumsum(index_lengths)
    for row in range(len(vectors)):
        own = values[value_ends[row] - lengths[row] : value_ends[row]]
        at = columns[index_ends[row] - index_lengths[row] : index_ends[row]]
        sparse = vectors.field("type")[row].as_py() == 0
        if sparse and len(at) == len(own) and ((at >= 0) & (at < size)).all():
            block[row, at] = own
        elif not sparse and len(own) == size:
            block[row] = own
        else:
            block[row] = np.nan
    return block
