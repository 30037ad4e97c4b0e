"""Memory layout of rows, and their division into register tiles."""

from __future__ import annotations

import dataclasses
import functools
import math
from typing import Any, NamedTuple

import numpy as np

from wordkin.jit import typeof, typeof_impl, types
from wordkin.objectives.cpu.registers import TileShape, host_lanes, register_budget


class TileShapes(NamedTuple):
    """The shapes of the register tiles that a kernel is compiled for.

    A row is processed in *panels* of some consecutive columns. Shapes are given as rows x registers.

    panel : one row of a panel.
    update : several rows of a panel that are updated together (update = coefficients x rows).
    score : a tile of the product of hidden vectors with output rows; each output row is a column.
    pair : two rows of a panel, to be multiplied with the same third row; pair_sums : a register for each.
    square : lanes x lanes, for transposing.
    vector : one register.
    """

    panel: TileShape
    update: TileShape
    score: TileShape
    pair: TileShape
    pair_sums: TileShape
    square: TileShape
    vector: TileShape


@functools.cache
def _shapes_type(shapes: TileShapes) -> types.Type:
    return types.NamedTuple([typeof(shape) for shape in shapes], TileShapes)


@typeof_impl.register(TileShapes)
def _type_of_shapes(value: TileShapes, _context: Any) -> types.Type:
    return _shapes_type(value)  # Numba asks at every call of a kernel and would go through the shapes each time


class Layout(NamedTuple):
    """Memory layout of rows. Each row begins ``row_size`` numbers after the one before; padding is always zero."""

    row_size: int
    lanes: int
    shapes: TileShapes

    def with_score_vectors(self, vectors: int) -> Layout:
        """A layout whose score tiles are ``vectors`` registers wide, which is faster for few output rows."""
        score = dataclasses.replace(self.shapes.score, rows=_most_rows(vectors), vectors=vectors)
        return self._replace(shapes=self.shapes._replace(score=score))

    def with_update_rows(self, rows: int) -> Layout:
        """A layout whose update tiles have at most ``rows`` rows, which is faster if few rows are updated together."""
        update, pair, pair_sums = (
            dataclasses.replace(shape, rows=min(rows, shape.rows))
            for shape in (self.shapes.update, self.shapes.pair, self.shapes.pair_sums)
        )
        return self._replace(shapes=self.shapes._replace(update=update, pair=pair, pair_sums=pair_sums))


CACHE_LINE_BYTES = 64
MIN_PANEL, MAX_PANEL = 4, 8  # registers
MAX_TILE_ROWS = 8  # buffers hold a multiple of this many rows, so that a tile never runs off their end


@functools.cache
def choose_layout(numbers: int, dtype: str = "float32", lanes: int | None = None) -> Layout:
    """Choose the memory layout of rows of ``numbers`` numbers for this processor.

    A row is processed in panels of 4 to 8 registers, or at once if it is shorter; with narrower panels, additions and
    address computations would limit the speed. Among these widths, the one with the least padding is chosen, and of
    equal ones the widest. A tile has as many rows as fit in the registers of the processor, rounded down to a power of
    two so that blocks divide evenly.
    """
    number_type = np.dtype(dtype)
    lanes = lanes or (host_lanes() if number_type == np.float32 else max(2, host_lanes() // 2))
    budget = register_budget()
    needed = -(-numbers // lanes)
    broadest = min(MAX_PANEL, budget)
    breadths = range(min(MIN_PANEL, needed, broadest), min(broadest, needed) + 1)
    panel = min(breadths, key=lambda breadth: (padded(needed, breadth), -breadth))
    row_size = padded(needed, panel) * lanes

    def shape(rows: int, vectors: int) -> TileShape:
        return TileShape(number_type, lanes, rows, vectors)

    shapes = TileShapes(
        panel=shape(1, panel),
        update=shape(_most_rows(panel), panel),
        score=shape(_most_rows(2), 2),
        pair=shape(min(2, _most_rows(panel)), panel),
        pair_sums=shape(min(2, _most_rows(panel)), 1),
        square=shape(lanes, 1),
        vector=shape(1, 1),
    )
    return Layout(row_size, lanes, shapes)


def _most_rows(vectors: int) -> int:
    """Maximum number of rows of a tile that is ``vectors`` registers wide; a power of two."""
    return max(rows for rows in (1, 2, 4, MAX_TILE_ROWS) if rows * vectors <= max(register_budget(), vectors))


def padded(count: int, multiple: int = MAX_TILE_ROWS) -> int:
    """The smallest multiple of ``multiple`` that is at least ``count``."""
    return -(-count // multiple) * multiple


def aligned_zeros(shape: tuple[int, ...], dtype: str = "float32") -> np.ndarray[Any, Any]:
    """An array of zeros aligned to cache lines, because loads that cross a line cost twice as much."""
    spare = CACHE_LINE_BYTES // np.dtype(dtype).itemsize
    memory = np.zeros(math.prod(shape) + spare, dtype)
    offset = -memory.ctypes.data % CACHE_LINE_BYTES // memory.itemsize
    return memory[offset : offset + math.prod(shape)].reshape(shape)
