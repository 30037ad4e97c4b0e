"""Names, shapes and initial values of the trained tables.

Each backend stores tables in its own layout. Backends receive the initial tables in pieces, and return tables under
these names:

========================  ===================  =====================================================
name                      shape                content
========================  ===================  =====================================================
``input``                 [V, N]               the projection, one row per word: the word vectors
``output/OBJECTIVE``      [V or nodes, N]      one row per word, or per inner node of the Huffman tree
``projection_bias``       [N]                  added to the hidden layer (option)
``output_bias/OBJECTIVE`` [V or nodes]         added to the scores (option)
========================  ===================  =====================================================
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from wordkin.config import TRAITS, TrainingConfig
from wordkin.errors import ConfigError

NamedTables = Mapping[str, NDArray[Any]]
TablePiece = tuple[str, int, NDArray[Any]]  # name of a table, first row, rows

_INITIALISATION_STREAM = 0
PIECE_ROWS = 4096


def output_rows(objective: str, vocabulary_size: int) -> int:
    """Number of rows of the output table of an objective: one per word, or one per inner node of the tree."""
    return vocabulary_size - 1 if TRAITS[objective].rows_are_nodes else vocabulary_size


def table_shapes(config: TrainingConfig, vocabulary_size: int) -> dict[str, tuple[int, ...]]:
    """The shape of every table that a configuration needs, by name."""
    size = config.vector_size
    shapes: dict[str, tuple[int, ...]] = {"input": (vocabulary_size, size)}
    for objective in config.objectives:
        rows = output_rows(objective, vocabulary_size)
        shapes[f"output/{objective}"] = (rows, size)
        if config.output_bias:
            shapes[f"output_bias/{objective}"] = (rows,)
    if config.projection_bias:
        shapes["projection_bias"] = (size,)
    return shapes


def initial_input_rows(config: TrainingConfig, vocabulary_size: int) -> Iterator[tuple[int, NDArray[np.float32]]]:
    """Yield the random initial input table in pieces: the index of the first row, and n rows, shape (n, N).

    The numbers are uniform in ±0.5 / N as in word2vec.c. Other tables start at 0.
    """
    size = config.vector_size
    generator = np.random.Generator(np.random.Philox(key=[config.seed, _INITIALISATION_STREAM]))
    for first in range(0, vocabulary_size, PIECE_ROWS):
        count = min(PIECE_ROWS, vocabulary_size - first)
        rows = generator.random((count, size), dtype=np.float32)
        rows -= np.float32(0.5)
        rows /= np.float32(size)
        yield first, rows


def first_pieces(config: TrainingConfig, vocabulary_size: int) -> Iterator[TablePiece]:
    """Yield the random initial tables in pieces of (name of the table, first row, rows).

    Only input rows are in the pieces. All other rows start at 0.
    """
    for first, rows in initial_input_rows(config, vocabulary_size):
        yield "input", first, rows


def pieces_of(tables: NamedTables) -> Iterator[TablePiece]:
    """Yield (table name, first row, rows) of all tables, at most ``PIECE_ROWS`` rows at a time.

    A caller that copies or converts each piece before it takes the next one needs memory for one piece, not for all
    tables.
    """
    for name, table in tables.items():
        for first in range(0, len(table), PIECE_ROWS):
            yield name, first, table[first : first + PIECE_ROWS]


def check_tables(parameter: str, tables: NamedTables, config: TrainingConfig, vocabulary_size: int) -> None:
    """Raise :class:`ConfigError` unless names, shapes and dtype fit the configuration and all values are finite.

    ``parameter`` is the name of the parameter that the tables come from, for the message.
    """
    shapes = table_shapes(config, vocabulary_size)
    if tables.keys() != shapes.keys():
        raise ConfigError(parameter, f"must hold the tables {', '.join(shapes)}", ", ".join(tables))
    for name, shape in shapes.items():
        if tables[name].shape != shape or tables[name].dtype != np.float32:
            found = f"{tables[name].dtype} of shape {tables[name].shape}"
            raise ConfigError(parameter, f"must hold the table {name} as float32 of shape {shape}", found)
    for name, _, rows in pieces_of(tables):
        if not np.isfinite(rows).all():
            raise ConfigError(parameter, "must hold only finite numbers", f"{name} with {rows[~np.isfinite(rows)][0]}")


class Start(NamedTuple):
    """What training starts from instead of random tables.

    Attributes
    ----------
    tables : mapping of str to ndarray
        All tables; they are not modified.
    frozen : ndarray of int64, default None
        Ids of words whose input rows must not change.
    old_weights : ndarray of shape (V,), float32, default None
        For each word, a weight w from 0 to 1. At the end of training, the rows of the word are set to w times the row
        in ``tables`` plus 1 - w times the trained row.
    """

    tables: NamedTables
    frozen: NDArray[np.int64] | None = None
    old_weights: NDArray[np.float32] | None = None

    @property
    def old_weight(self) -> float:
        """The highest of ``old_weights``, rounded to six digits; 0 if there are none."""
        return 0.0 if self.old_weights is None else float(f"{self.old_weights.max(initial=0):.6g}")

    @property
    def old_rows(self) -> OldRows | None:
        """The rows of ``tables`` with their weights, to be averaged with the trained rows; None without weights."""
        return None if self.old_weights is None else OldRows(self.tables, self.old_weights)


class OldRows(NamedTuple):
    """Rows of a model before an update. At the end of the update, they are averaged with the trained rows.

    Attributes
    ----------
    tables : mapping of str to ndarray
        All tables before the update.
    weights : ndarray of shape (V,), float32
        Weight of the old row of each word, from 0 to 1; 0 for new words.
    """

    tables: NamedTables
    weights: NDArray[np.float32]

    def averaged_with(self, tables: NamedTables) -> NamedTables:
        """Average each old row with its updated row. A row that did not change stays bit-identical."""
        averaged = {name: np.array(table, np.float32) for name, table in tables.items()}
        for name, first, rows in pieces_of(averaged):
            if name == "projection_bias":
                weights = self.weights.max(initial=0, keepdims=True)
            else:
                weights = self.weights[first : first + len(rows)].reshape(-1, *[1] * (rows.ndim - 1))
            old = self.tables[name][first : first + len(rows)]
            # Exact for a weight of 1 and for equal rows; rows of weight 0 are left alone.
            np.copyto(rows, old + (rows - old) * (1 - weights), where=weights > 0)
        return averaged


def compacted(tables: NamedTables) -> NamedTables:
    """Return the tables as contiguous arrays without padding, made in place; do not use the arguments afterwards.

    Backends pad rows and store biases in the padding. Compacting in place avoids a second copy in memory.
    """
    biases = {name: np.array(table) for name, table in tables.items() if table.ndim == 1}  # copied before rows move
    return {name: biases[name] if name in biases else _moved_together(table) for name, table in tables.items()}


def _moved_together(table: NDArray[Any]) -> NDArray[Any]:
    if table.flags.c_contiguous:
        return table
    row_size = table.shape[1]
    flat = np.lib.stride_tricks.as_strided(table, (table.size,), (table.itemsize,))
    for first in range(0, len(table), PIECE_ROWS):
        rows = table[first : first + PIECE_ROWS]
        flat[first * row_size : first * row_size + rows.size] = rows.reshape(-1)
    return flat.reshape(table.shape)


def result_vectors(config: TrainingConfig, tables: NamedTables) -> NDArray[np.float32]:
    """Return the word vectors, shape (V, N), that the option ``vectors`` selects, such as the input rows.

    The vectors are not copied if they are one of the tables.
    """
    inputs = tables["input"]
    if config.vectors == "input":
        return np.ascontiguousarray(inputs, np.float32)
    objective = next(each for each in config.objectives if not TRAITS[each].rows_are_nodes)
    outputs = tables[f"output/{objective}"]
    if config.vectors == "output":
        return np.ascontiguousarray(outputs, np.float32)
    summed = np.add(inputs, outputs, dtype=np.float32)
    return summed if config.vectors == "sum" else summed * np.float32(0.5)
