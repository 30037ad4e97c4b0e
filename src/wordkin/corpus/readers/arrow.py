"""Parquet, Arrow and Feather files: one column of text or of lists of strings, in batches."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from wordkin.corpus.readers.files import STANDARD_INPUT, OpenFile, TextFile, compression_of
from wordkin.corpus.readers.files import reading as reading_file
from wordkin.corpus.readers.pieces import BLOCK_BYTES, Block, Piece, Reading, Tally, WordLists
from wordkin.corpus.readers.records import listed, path_of
from wordkin.errors import CorpusError, MissingExtraError

_BATCH_ROWS = 4096
_READ_AHEAD_BYTES = 1 << 20
_FILE_MARK = b"ARROW1"
_OLD_FEATHER_MARK = b"FEA1"


def read_parquet(opened: OpenFile, reading: Reading, tally: Tally, block_bytes: int) -> Iterator[Piece]:
    """Yield the texts or lists of words of one column of a Parquet file, in batches of rows.

    ``reading.field`` names the column. The number of rows read and the number of rows without text are added to
    ``tally``. Raises :class:`CorpusError` for an unknown column or a column of another type, and
    :class:`MissingExtraError` without pyarrow. ``block_bytes`` is not used.
    """
    _pyarrow()
    import pyarrow.parquet

    source = _seekable(opened, "Parquet")
    with reading_file(opened.name):
        file = pyarrow.parquet.ParquetFile(source, buffer_size=_READ_AHEAD_BYTES, pre_buffer=False)
        field = _field_of(reading.field, file.schema_arrow, opened.name)
        part = opened.file.part
        groups = None if part is None else list(range(*part))
        batches = file.iter_batches(_BATCH_ROWS, row_groups=groups, columns=[field])
    yield from _pieces(batches, field, opened, tally)


def row_group_bytes(file: TextFile) -> list[int]:
    """Uncompressed size in bytes of each row group of a Parquet file, over all columns."""
    _pyarrow()
    import pyarrow.parquet

    with contextlib.closing(OpenFile(file, checked=False)) as opened:
        source = _seekable(opened, "Parquet")
        with reading_file(file.name):
            about = pyarrow.parquet.ParquetFile(source).metadata
            return [about.row_group(number).total_byte_size for number in range(about.num_row_groups)]


def read_arrow(opened: OpenFile, reading: Reading, tally: Tally, block_bytes: int) -> Iterator[Piece]:
    """Like :func:`read_parquet`, for a file in the file format or the stream format of Arrow.

    Feather files of version 2 are in the file format.
    """
    _pyarrow()
    import pyarrow.ipc

    source = _seekable(opened, "Arrow")
    with reading_file(opened.name):
        mark = source.read(len(_FILE_MARK))
        source.seek(0)
        if mark.startswith(_OLD_FEATHER_MARK):
            raise CorpusError(
                f"{opened.name!r} is a Feather file of version 1, which is too old: write it again with a newer pyarrow"
            )
        if mark == _FILE_MARK:
            file = pyarrow.ipc.open_file(source)
            batches = (file.get_batch(number) for number in range(file.num_record_batches))
        else:
            file = batches = pyarrow.ipc.open_stream(source)
        field = _field_of(reading.field, file.schema, opened.name)
    yield from _pieces(batches, field, opened, tally)


def _pyarrow() -> Any:
    try:
        import pyarrow
    except ImportError as error:
        raise MissingExtraError("reading Parquet, Arrow and Feather files", "arrow") from error
    return pyarrow


def _seekable(opened: OpenFile, kind: str) -> Any:
    """Return the file for pyarrow, which must seek; raise :class:`CorpusError` for a pipe or a compressed file."""
    if opened.name == STANDARD_INPUT:
        raise CorpusError(f"{kind} cannot be read from standard input: name the file")
    if compression_of(opened.name):
        raise CorpusError(
            f"{opened.name!r} is a compressed {kind} file, which cannot be read: decompress it first; "
            f"{kind} compresses its own data, so little space is lost"
        )
    return opened.raw


def _field_of(field: str | int | None, schema: Any, name: str) -> str:
    """Return the name of the text column, which may be dotted (a field inside structs).

    ``field`` is a name, or the number of a column from 0. Raises :class:`CorpusError` if the schema has no such column.
    """
    if isinstance(field, int) and field < len(schema.names):
        return str(schema.names[field])
    if not isinstance(field, str):
        raise CorpusError(
            f'{name!r} is a table: name the text column, such as field="text"; {listed(schema.names)}'
            if field is None
            else f"{name!r} has no column {field}; {listed(schema.names)}"
        )
    nested = _is_nested(field, schema)
    if field in schema.names and nested:
        raise CorpusError(
            f"{name!r} has a column {field!r} and also a field with this name within a column: rename one"
        )
    if field not in schema.names and not nested:
        raise CorpusError(f"{name!r} has no column {field!r}; {listed(schema.names)}")
    return field


def _is_nested(field: str, schema: Any) -> bool:
    """Whether a dotted name refers to a field inside structs."""
    types = _pyarrow().types
    first, *rest = path_of(field)
    if not rest or first not in schema.names:
        return False
    found = schema.field(first).type
    for each in rest:
        if not types.is_struct(found) or found.get_field_index(each) < 0:
            return False
        found = found.field(each).type
    return True


def _pieces(batches: Any, field: str, opened: OpenFile, tally: Tally) -> Iterator[Piece]:
    """Yield the values of one column of record batches as pieces of text or of lists of words."""
    batches = iter(batches)
    while True:
        with reading_file(opened.name):
            batch = next(batches, None)
        if batch is None:
            return
        column = _column(batch, field)
        for start in range(0, len(column), _BATCH_ROWS):
            yield from column_pieces(column.slice(start, _BATCH_ROWS), f"column {field!r}", opened, tally)


def _column(batch: Any, field: str) -> Any:
    if field in batch.schema.names:
        return batch.column(field)
    compute = _compute()
    first, *rest = path_of(field)
    column = batch.column(first)
    for each in rest:
        column = compute.struct_field(column, each)
    return column


def _compute() -> Any:
    import pyarrow.compute

    return pyarrow.compute


def column_pieces(column: Any, what: str, opened: OpenFile, tally: Tally) -> Iterator[Piece]:
    """Yield the values of a pyarrow array as pieces of text or of lists of words.

    ``what`` describes the column in errors. Rows are counted in ``tally``.
    """
    types = _pyarrow().types
    tally.records += len(column)
    if column.null_count:
        tally.skipped["null"] += column.null_count
        column = column.drop_null()
    if types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if _is_text(column.type):
        yield from _blocks(column, opened, tally)
    elif _is_list(column.type) and _is_text(_decoded(column.type.value_type)):
        yield from _word_lists(column, what, opened, tally)
    elif _is_list(column.type) and types.is_integer(column.type.value_type):
        yield from _integer_lists(column, what, opened, tally)
    elif not types.is_null(column.type):
        raise CorpusError(
            f"{opened.name!r}: the {what} has the type {column.type}; a text column must hold strings, "
            "lists of strings, or lists of whole numbers"
        )


def _decoded(kind: Any) -> Any:
    """If a type is dictionary-encoded, return the type of its values; otherwise return it unchanged."""
    return kind.value_type if _pyarrow().types.is_dictionary(kind) else kind


def _is_text(kind: Any) -> bool:
    types = _pyarrow().types
    return bool(types.is_string(kind) or types.is_large_string(kind) or types.is_string_view(kind))


def _is_list(kind: Any) -> bool:
    types = _pyarrow().types
    return bool(types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind))


def _blocks(column: Any, opened: OpenFile, tally: Tally) -> Iterator[Block]:
    """Yield the strings of a column as blocks of UTF-8 lines, without a Python object for each string."""
    arrow = _pyarrow()
    if arrow.types.is_string_view(column.type):
        column = column.cast(arrow.large_string())
    lengths = _compute().binary_length(column)
    total = (_compute().sum(lengths).as_py() or 0) + len(column)
    parts = max(1, -(-total // (2 * BLOCK_BYTES)))
    rows = max(1, len(column) // parts)
    for start in range(0, len(column), rows):
        part = column.slice(start, rows).cast(arrow.string())
        whole = arrow.ListArray.from_arrays([0, len(part)], part)
        text = _compute().binary_join(whole, "\n")[0].as_buffer().to_pybytes() + b"\n"
        yield Block(text, opened.name, 0, opened.bytes_read)


def _integer_lists(column: Any, what: str, opened: OpenFile, tally: Tally) -> Iterator[WordLists]:
    """Yield lists of whole numbers as NumPy arrays, without a Python object for each number."""
    items = column.flatten()
    if items.null_count:
        raise CorpusError(f"{opened.name!r}: the {what} has nulls within its lists, which must hold whole numbers only")
    lengths = _compute().list_value_length(column).to_numpy(zero_copy_only=False)
    ends = lengths.cumsum()
    numbers = items.to_numpy(zero_copy_only=False)
    sentences = [numbers[end - length : end] for end, length in zip(ends, lengths, strict=True) if length]
    tally.skipped["empty list"] += len(lengths) - len(sentences)
    if sentences:
        yield WordLists(sentences, opened.name, opened.bytes_read)


def _word_lists(column: Any, what: str, opened: OpenFile, tally: Tally) -> Iterator[WordLists]:
    if column.flatten().null_count:
        raise CorpusError(f"{opened.name!r}: the {what} has nulls within its lists, which must hold strings only")
    lists = column.to_pylist()
    sentences = [words for words in lists if words]
    tally.skipped["empty list"] += len(lists) - len(sentences)
    if sentences:
        yield WordLists(sentences, opened.name, opened.bytes_read)
