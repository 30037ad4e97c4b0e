"""Tiles of vector registers as values inside Numba functions.

LLVM vectorizes a loop only when it can prove that this is safe, and it does not keep a whole matrix
tile in registers. The functions here request both explicitly. A *tile* is ``rows x vectors``
registers of ``lanes`` numbers each. A Numba function can load, combine and store tiles like numbers::

    update = zeros(shape)                                # shape: a TileShape, fixed at compile time
    for k in range(count):
        update = add_outer(update, coefficients, k, stride, load_row(shape, rows, k * row_size))
    store(update, target, start, row_size)

The shape of a tile is part of its Numba *type*, and so part of the signature under which Numba
caches compiled code. Code compiled for one shape is never used for another. LLVM splits vectors that
are wider than the registers of the processor (AVX-512, AVX2, NEON, SSE2); :func:`host_lanes` returns
the width that needs no splitting. The functions assume no alignment and check no bounds.

Results are deterministic: the shape fixes the order of summation.
"""

from __future__ import annotations

import dataclasses
import functools
import math
from dataclasses import dataclass
from typing import Any

import llvmlite.binding as llvm
import numpy as np
from llvmlite import ir

from wordkin.jit import NativeValue, cgutils, intrinsic, models, register_model, typeof_impl, types, unbox

# log 2 = high - excess. The high part has few bits, so that its products with small integers are exact.
LOG_2_HIGH, LOG_2_EXCESS = 0.693359375, 2.12194440054690582767878542e-4


@functools.cache
def host_lanes() -> int:
    """Return how many float32 numbers a vector register of this processor holds: 16, 8 or 4."""
    features = llvm.get_host_cpu_features()
    if features.get("avx512f"):
        return 16
    return 8 if features.get("avx2") else 4


@functools.cache
def register_budget() -> int:
    """Return how many registers of this processor a tile may use for sums, so that none is spilled to memory."""
    return 24 if host_lanes() == 16 else 10


@dataclass(frozen=True)
class TileShape:
    """The shape of a tile.

    Attributes
    ----------
    dtype : numpy.dtype
        ``float32`` or ``float64``.
    lanes : int
        Numbers in one register.
    rows : int
        Rows of the tile.
    vectors : int
        Registers in one row.
    """

    dtype: np.dtype[Any]
    lanes: int
    rows: int
    vectors: int


class TileShapeType(types.Type):
    """Numba type of a :class:`TileShape`. It has no data at run time."""

    def __init__(self, shape: TileShape) -> None:
        self.shape = shape
        super().__init__(f"TileShape({shape.dtype},{shape.lanes},{shape.rows},{shape.vectors})")


class TileType(types.Type):
    """The Numba type of a tile, which is held in registers."""

    def __init__(self, shape: TileShape) -> None:
        self.shape = shape
        self.scalar = types.float32 if shape.dtype == np.float32 else types.float64
        super().__init__(f"Tile({shape.dtype},{shape.lanes},{shape.rows},{shape.vectors})")


@functools.cache
def _shape_type(shape: TileShape) -> TileShapeType:
    return TileShapeType(shape)


@typeof_impl.register(TileShape)
def _type_of_shape(value: TileShape, _context: Any) -> TileShapeType:
    return _shape_type(value)


register_model(TileShapeType)(models.OpaqueModel)


@unbox(TileShapeType)
def _unbox_shape(_type: TileShapeType, _value: Any, context: Any) -> NativeValue:
    return NativeValue(context.context.get_dummy_value())


def _llvm_scalar(shape: TileShape) -> ir.Type:
    return ir.FloatType() if shape.dtype == np.float32 else ir.DoubleType()


def _llvm_vector(shape: TileShape) -> ir.VectorType:
    return ir.VectorType(_llvm_scalar(shape), shape.lanes)


@register_model(TileType)
class _TileModel(models.PrimitiveModel):
    def __init__(self, manager: Any, kind: TileType) -> None:
        shape = kind.shape
        super().__init__(manager, kind, ir.ArrayType(_llvm_vector(shape), shape.rows * shape.vectors))


# --- helpers that emit LLVM instructions --------------------------------------------------------


def _address(context: Any, builder: ir.IRBuilder, array_type: types.Array, array: Any, index: ir.Value) -> ir.Value:
    """Return a pointer to the element of a C-contiguous array at a flat index."""
    data = context.make_array(array_type)(context, builder, array).data
    return builder.gep(data, [index])


def _load_vector(builder: ir.IRBuilder, shape: TileShape, address: ir.Value, offset: int = 0) -> ir.Value:
    pointer = builder.gep(address, [ir.Constant(ir.IntType(64), offset)])
    value = builder.load(builder.bitcast(pointer, _llvm_vector(shape).as_pointer()))
    value.align = shape.dtype.itemsize
    return value


def _store_vector(builder: ir.IRBuilder, shape: TileShape, value: ir.Value, address: ir.Value, offset: int) -> None:
    pointer = builder.gep(address, [ir.Constant(ir.IntType(64), offset)])
    builder.store(value, builder.bitcast(pointer, _llvm_vector(shape).as_pointer())).align = shape.dtype.itemsize


def _pack(builder: ir.IRBuilder, shape: TileShape, vectors: list[ir.Value]) -> ir.Value:
    tile = ir.Constant(ir.ArrayType(_llvm_vector(shape), len(vectors)), ir.Undefined)
    for position, vector in enumerate(vectors):
        tile = builder.insert_value(tile, vector, position)
    return tile


def _unpack(builder: ir.IRBuilder, shape: TileShape, tile: ir.Value) -> list[ir.Value]:
    return [builder.extract_value(tile, position) for position in range(shape.rows * shape.vectors)]


def _splat(builder: ir.IRBuilder, shape: TileShape, scalar: ir.Value) -> ir.Value:
    vector_type = _llvm_vector(shape)
    first = builder.insert_element(ir.Constant(vector_type, ir.Undefined), scalar, ir.Constant(ir.IntType(32), 0))
    zeros_mask = ir.Constant(ir.VectorType(ir.IntType(32), shape.lanes), None)
    return builder.shuffle_vector(first, ir.Constant(vector_type, ir.Undefined), zeros_mask)


def _constant(shape: TileShape, value: float) -> ir.Constant:
    return ir.Constant(_llvm_vector(shape), [float(value)] * shape.lanes)


def _call(builder: ir.IRBuilder, name: str, result: ir.Type, *arguments: ir.Value) -> ir.Value:
    function_type = ir.FunctionType(result, [each.type for each in arguments])
    return builder.call(cgutils.get_or_insert_function(builder.module, function_type, name), list(arguments))


def _suffix(shape: TileShape) -> str:
    return f"v{shape.lanes}f{8 * shape.dtype.itemsize}"


def _fused(builder: ir.IRBuilder, shape: TileShape, a: ir.Value, b: ir.Value, c: ir.Value) -> ir.Value:
    """Compute ``a * b + c`` with a single rounding."""
    return _call(builder, f"llvm.fma.{_suffix(shape)}", _llvm_vector(shape), a, b, c)


def _shuffle(builder: ir.IRBuilder, a: ir.Value, b: ir.Value, lanes: list[int]) -> ir.Value:
    mask = ir.Constant(ir.VectorType(ir.IntType(32), len(lanes)), lanes)
    return builder.shuffle_vector(a, b, mask)


def _tree_sum(builder: ir.IRBuilder, values: list[ir.Value]) -> ir.Value:
    while len(values) > 1:
        paired = [builder.fadd(a, b) for a, b in zip(values[0::2], values[1::2], strict=False)]
        values = paired + values[2 * len(paired) :]
    return values[0]


def _fold_lanes(builder: ir.IRBuilder, shape: TileShape, vector: ir.Value, combine: Any) -> ir.Value:
    """Reduce the lanes of a register to one number, by combining its two halves until one lane remains."""
    lanes = shape.lanes
    while lanes > 1:
        lanes //= 2
        low = _shuffle(builder, vector, vector, list(range(lanes)))
        high = _shuffle(builder, vector, vector, list(range(lanes, 2 * lanes)))
        vector = combine(low, high)
    return builder.extract_element(vector, ir.Constant(ir.IntType(32), 0))


def _fold_segments(builder: ir.IRBuilder, a: ir.Value, b: ir.Value | None, segments: int) -> ir.Value:
    """Halve the segments of one or two registers: add the second half of each segment to its first half.

    A segment is a run of neighbouring lanes that belong to one sum. A segment of one lane is copied.
    """
    lanes = a.type.count
    size = lanes // segments
    starts = range(0, (1 if b is None else 2) * lanes, size)
    other = a if b is None else b
    if size == 1:
        return _shuffle(builder, a, other, list(starts))
    low = [start + lane for start in starts for lane in range(size // 2)]
    high = [lane + size // 2 for lane in low]
    return builder.fadd(_shuffle(builder, a, other, low), _shuffle(builder, a, other, high))


def _contiguous(array: types.Type, dtype: np.dtype[Any] | None = None) -> bool:
    if not (isinstance(array, types.Array) and array.layout == "C"):
        return False
    return dtype is None or array.dtype == (types.float32 if dtype == np.float32 else types.float64)


def _constant_of_shape(measure: Any) -> Any:
    """Make an intrinsic ``f(shape)`` that returns ``measure(shape)``, an integer known at compile time."""

    def typed(_typing: Any, shape: Any) -> Any:
        if not isinstance(shape, TileShapeType):
            return None

        def codegen(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Any) -> ir.Value:
            return ir.Constant(ir.IntType(64), measure(shape.shape))

        return types.intp(shape), codegen

    typed.__name__ = typed.__qualname__ = measure.__name__
    return intrinsic(typed)


def _height(shape: TileShape) -> int:
    return shape.rows


def _breadth(shape: TileShape) -> int:
    return shape.vectors * shape.lanes


height = _constant_of_shape(_height)  # number of rows of a tile
breadth = _constant_of_shape(_breadth)  # numbers in one row of a tile


# --- load and store -----------------------------------------------------------------------------


@intrinsic
def zeros(_typing: Any, shape: Any) -> Any:
    """``zeros(shape)``: return a tile of zeros."""
    if not isinstance(shape, TileShapeType):
        return None
    tile = TileType(shape.shape)

    def codegen(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Any) -> ir.Value:
        return ir.Constant(context.get_value_type(tile), None)

    return tile(shape), codegen


@intrinsic
def filled(_typing: Any, shape: Any, value: Any) -> Any:
    """``filled(shape, value)``: return a tile whose elements all equal ``value``."""
    if not isinstance(shape, TileShapeType):
        return None
    tile = TileType(shape.shape)

    def codegen(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Any) -> ir.Value:
        own = shape.shape
        return _pack(builder, own, [_splat(builder, own, arguments[1])] * (own.rows * own.vectors))

    return tile(shape, tile.scalar), codegen


@intrinsic
def load(_typing: Any, shape: Any, array: Any, start: Any, row_size: Any) -> Any:
    """``load(shape, array, start, row_size)``: return a tile with row r from ``array.flat[start + r * row_size:]``."""
    if not (isinstance(shape, TileShapeType) and _contiguous(array, shape.shape.dtype)):
        return None
    tile = TileType(shape.shape)

    def codegen(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Any) -> ir.Value:
        own = shape.shape
        address = _address(context, builder, array, arguments[1], arguments[2])
        vectors = []
        for _row in range(own.rows):
            vectors += [_load_vector(builder, own, address, v * own.lanes) for v in range(own.vectors)]
            address = builder.gep(address, [arguments[3]])
        return _pack(builder, own, vectors)

    return tile(shape, array, types.intp, types.intp), codegen


@intrinsic
def load_row(_typing: Any, shape: Any, array: Any, start: Any) -> Any:
    """``load_row(shape, array, start)``: load one row, as wide as ``shape``, from ``array.flat[start:]``."""
    if not (isinstance(shape, TileShapeType) and _contiguous(array, shape.shape.dtype)):
        return None
    own = dataclasses.replace(shape.shape, rows=1)
    tile = TileType(own)

    def codegen(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Any) -> ir.Value:
        address = _address(context, builder, array, arguments[1], arguments[2])
        return _pack(builder, own, [_load_vector(builder, own, address, v * own.lanes) for v in range(own.vectors)])

    return tile(shape, array, types.intp), codegen


@intrinsic
def store(_typing: Any, tile: Any, array: Any, start: Any, row_size: Any) -> Any:
    """``store(tile, array, start, row_size)``: write row r of the tile to ``array.flat[start + r * row_size:]``."""
    if not (isinstance(tile, TileType) and _contiguous(array, tile.shape.dtype)):
        return None

    def codegen(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Any) -> ir.Value:
        own = tile.shape
        address = _address(context, builder, array, arguments[1], arguments[2])
        vectors = _unpack(builder, own, arguments[0])
        for row in range(own.rows):
            for v in range(own.vectors):
                _store_vector(builder, own, vectors[row * own.vectors + v], address, v * own.lanes)
            address = builder.gep(address, [arguments[3]])
        return context.get_dummy_value()

    return types.void(tile, array, types.intp, types.intp), codegen


@intrinsic
def add_to_rows(_typing: Any, tile: Any, table: Any, row_ids: Any, first: Any, row_size: Any, column: Any) -> Any:
    """``add_to_rows(tile, table, row_ids, first, row_size, column)``: add the rows of a tile to rows of a table.

    Row r of the tile is added at ``table.flat[row_ids[first + r] * row_size + column]``. Rows are added one after the
    other, so if a row id occurs twice, both rows are added to it.
    """
    if not (isinstance(tile, TileType) and _contiguous(table, tile.shape.dtype) and row_ids == types.int32[::1]):
        return None

    def codegen(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Any) -> ir.Value:
        own = tile.shape
        vectors = _unpack(builder, own, arguments[0])
        ids = _address(context, builder, row_ids, arguments[2], arguments[3])
        for row in range(own.rows):
            row_id = builder.load(builder.gep(ids, [ir.Constant(ir.IntType(64), row)]))
            place = builder.mul(builder.sext(row_id, ir.IntType(64)), arguments[4])
            address = _address(context, builder, table, arguments[1], builder.add(place, arguments[5]))
            for v in range(own.vectors):
                old = _load_vector(builder, own, address, v * own.lanes)
                _store_vector(builder, own, builder.fadd(old, vectors[row * own.vectors + v]), address, v * own.lanes)
        return context.get_dummy_value()

    return types.void(tile, table, row_ids, types.intp, types.intp, types.intp), codegen


@intrinsic
def prefetch(_typing: Any, array: Any, start: Any, count: Any) -> Any:
    """``prefetch(array, start, count)``: prefetch the cache lines of ``array.flat[start : start + count]``."""
    if not _contiguous(array):
        return None

    def codegen(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Any) -> ir.Value:
        integer = ir.IntType(32)
        byte_pointer = ir.IntType(8).as_pointer()
        per_line = ir.Constant(ir.IntType(64), max(1, 64 // (array.dtype.bitwidth // 8)))
        start_address = _address(context, builder, array, arguments[0], arguments[1])
        with cgutils.for_range_slice(builder, ir.Constant(ir.IntType(64), 0), arguments[2], per_line) as (index, _):
            line = builder.bitcast(builder.gep(start_address, [index]), byte_pointer)
            hints = [ir.Constant(integer, each) for each in (0, 3, 1)]  # read, keep in all levels, data
            _call(builder, "llvm.prefetch.p0", ir.VoidType(), line, *hints)
        return context.get_dummy_value()

    return types.void(array, types.intp, types.intp), codegen


# --- arithmetic on tiles ------------------------------------------------------------------------


@intrinsic
def add_dots(_typing: Any, partial: Any, tile: Any, row: Any) -> Any:
    """``add_dots(partial, tile, row)``: return one register of partial sums for each row of ``tile`` times ``row``.

    Summing the elements of register r of the result gives the dot product of row r with ``row``, plus the sum of
    register r of ``partial``. One register per row is enough, because the processor computes the next dot product at
    the same time, which hides the latency of the additions.
    """
    if not (isinstance(partial, TileType) and isinstance(tile, TileType) and isinstance(row, TileType)):
        return None
    if partial.shape.vectors != 1 or partial.shape.rows != tile.shape.rows:
        return None
    if row.shape.rows != 1 or row.shape.vectors != tile.shape.vectors:
        return None

    def codegen(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Any) -> ir.Value:
        own = tile.shape
        sums, left, right = (
            _unpack(builder, each.shape, value) for each, value in zip((partial, tile, row), arguments, strict=True)
        )
        for v in range(own.vectors):
            sums = [_fused(builder, own, left[r * own.vectors + v], right[v], summed) for r, summed in enumerate(sums)]
        return _pack(builder, partial.shape, sums)

    return partial(partial, tile, row), codegen


@intrinsic
def add_scaled(_typing: Any, tile: Any, scale: Any, other: Any) -> Any:
    """``add_scaled(tile, scale, other)``: return ``tile + scale * other``; ``scale`` is a number."""
    if not (isinstance(tile, TileType) and tile == other):
        return None

    def codegen(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Any) -> ir.Value:
        own = tile.shape
        factor = _splat(builder, own, arguments[1])
        pairs = zip(_unpack(builder, own, arguments[0]), _unpack(builder, own, arguments[2]), strict=True)
        return _pack(builder, own, [_fused(builder, own, factor, value, total) for total, value in pairs])

    return tile(tile, tile.scalar, tile), codegen


@intrinsic
def add_outer(_typing: Any, tile: Any, coefficients: Any, start: Any, stride: Any, row: Any) -> Any:
    """``add_outer(tile, coefficients, start, stride, row)``: add a multiple of ``row`` to each row.

    Row r is multiplied by ``coefficients.flat[start + r * stride]``.
    """
    if not (isinstance(tile, TileType) and isinstance(row, TileType) and _contiguous(coefficients, tile.shape.dtype)):
        return None
    if row.shape.rows != 1 or row.shape.vectors != tile.shape.vectors:
        return None

    def codegen(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Any) -> ir.Value:
        own = tile.shape
        totals = _unpack(builder, own, arguments[0])
        values = _unpack(builder, row.shape, arguments[4])
        address = _address(context, builder, coefficients, arguments[1], arguments[2])
        results = []
        for r in range(own.rows):
            factor = _splat(builder, own, builder.load(address))
            address = builder.gep(address, [arguments[3]])
            results += [
                _fused(builder, own, factor, values[v], totals[r * own.vectors + v]) for v in range(own.vectors)
            ]
        return _pack(builder, own, results)

    return tile(tile, coefficients, types.intp, types.intp, row), codegen


@intrinsic
def add_rows(_typing: Any, row: Any, coefficients: Any, start: Any, stride: Any, tile: Any) -> Any:
    """``add_rows(row, coefficients, start, stride, tile)``: add a multiple of each row of ``tile`` to ``row``.

    Row r is multiplied by ``coefficients.flat[start + r * stride]``.
    """
    if not (isinstance(tile, TileType) and isinstance(row, TileType) and _contiguous(coefficients, tile.shape.dtype)):
        return None
    if row.shape.rows != 1 or row.shape.vectors != tile.shape.vectors:
        return None

    def codegen(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Any) -> ir.Value:
        own = tile.shape
        totals = _unpack(builder, row.shape, arguments[0])
        values = _unpack(builder, own, arguments[4])
        address = _address(context, builder, coefficients, arguments[1], arguments[2])
        for r in range(own.rows):
            factor = _splat(builder, own, builder.load(address))
            address = builder.gep(address, [arguments[3]])
            of_row = values[r * own.vectors : (r + 1) * own.vectors]
            totals = [_fused(builder, own, factor, value, total) for value, total in zip(of_row, totals, strict=True)]
        return _pack(builder, row.shape, totals)

    return row(row, coefficients, types.intp, types.intp, tile), codegen


@intrinsic
def store_totals(
    _typing: Any, first: Any, second: Any, third: Any, fourth: Any, array: Any, start: Any, row_size: Any
) -> Any:
    """``store_totals(a, b, c, d, array, start, row_size)``: sum each row of four tiles and store the sums.

    Each tile has one register per row. The four sums of row r are stored at
    ``array.flat[start + r * row_size:][:4]``. Reducing four registers at once needs a quarter of the
    shuffles of four calls of :func:`total`.
    """
    if not (isinstance(first, TileType) and first == second == third == fourth):
        return None
    if not (first.shape.vectors == 1 and _contiguous(array, first.shape.dtype)):
        return None

    def codegen(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Any) -> ir.Value:
        own = first.shape
        address = _address(context, builder, array, arguments[4], arguments[5])
        for a, b, c, d in zip(*(_unpack(builder, own, each) for each in arguments[:4]), strict=True):
            left, right = _fold_segments(builder, a, b, 1), _fold_segments(builder, c, d, 1)
            folded, lanes = _fold_segments(builder, left, right, 2), own.lanes
            while lanes > 4:
                lanes //= 2
                folded = _fold_segments(builder, folded, None, 4)
            builder.store(folded, builder.bitcast(address, folded.type.as_pointer())).align = own.dtype.itemsize
            address = builder.gep(address, [arguments[6]])
        return context.get_dummy_value()

    return types.void(first, second, third, fourth, array, types.intp, types.intp), codegen


@intrinsic
def total(_typing: Any, tile: Any) -> Any:
    """``total(tile)``: return the sum of all elements."""
    if not isinstance(tile, TileType):
        return None

    def codegen(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Any) -> ir.Value:
        own = tile.shape
        return _fold_lanes(builder, own, _tree_sum(builder, _unpack(builder, own, arguments[0])), builder.fadd)

    return tile.scalar(tile), codegen


def _larger(builder: ir.IRBuilder, shape: TileShape, a: ir.Value, b: ir.Value) -> ir.Value:
    return builder.select(builder.fcmp_ordered(">", a, b), a, b)


@intrinsic
def larger(_typing: Any, first: Any, second: Any) -> Any:
    """``larger(first, second)``: return the elementwise maximum of two tiles."""
    if not (isinstance(first, TileType) and first == second):
        return None

    def codegen(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Any) -> ir.Value:
        own = first.shape
        pairs = zip(*(_unpack(builder, own, each) for each in arguments), strict=True)
        return _pack(builder, own, [_larger(builder, own, a, b) for a, b in pairs])

    return first(first, second), codegen


@intrinsic
def highest(_typing: Any, tile: Any) -> Any:
    """``highest(tile)``: return the maximum of a tile of one register."""
    if not (isinstance(tile, TileType) and tile.shape.rows == tile.shape.vectors == 1):
        return None

    def codegen(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Any) -> ir.Value:
        own = tile.shape
        vector = builder.extract_value(arguments[0], 0)
        return _fold_lanes(builder, own, vector, lambda a, b: _larger(builder, own, a, b))

    return tile.scalar(tile), codegen


@intrinsic
def transpose(
    _typing: Any, shape: Any, source: Any, start: Any, row_size: Any, target: Any, place: Any, size: Any
) -> Any:
    """``transpose(shape, source, start, row_size, target, place, size)``: copy a square transposed.

    The shape must have ``lanes`` rows and one vector. Element (r, c), at
    ``source.flat[start + r * row_size + c]``, is copied to ``target.flat[place + c * size + r]``.
    """
    if not (isinstance(shape, TileShapeType) and shape.shape.rows == shape.shape.lanes and shape.shape.vectors == 1):
        return None

    def codegen(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Any) -> ir.Value:
        own = shape.shape
        address = _address(context, builder, source, arguments[1], arguments[2])
        rows = []
        for _row in range(own.lanes):
            rows.append(_load_vector(builder, own, address))
            address = builder.gep(address, [arguments[3]])
        half = own.lanes // 2
        first_halves = [
            lane for pair in zip(range(half), range(own.lanes, own.lanes + half), strict=True) for lane in pair
        ]
        second_halves = [lane + half for lane in first_halves]
        for _stage in range(int(math.log2(own.lanes))):  # each stage moves one bit from row to column index
            pairs = list(zip(rows[:half], rows[half:], strict=True))
            rows = [_shuffle(builder, a, b, lanes) for a, b in pairs for lanes in (first_halves, second_halves)]
        address = _address(context, builder, target, arguments[4], arguments[5])
        for row in rows:
            _store_vector(builder, own, row, address, 0)
            address = builder.gep(address, [arguments[6]])
        return context.get_dummy_value()

    return types.void(shape, source, types.intp, types.intp, target, types.intp, types.intp), codegen


@intrinsic
def any_equal(_typing: Any, shape: Any, ids: Any, start: Any, value: Any) -> Any:
    """``any_equal(shape, ids, start, value)``: whether ``value`` is in ``ids.flat[start : start + lanes]``, int32."""
    if not (isinstance(shape, TileShapeType) and ids == types.int32[::1]):
        return None

    def codegen(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Any) -> ir.Value:
        lanes = shape.shape.lanes
        integers = ir.VectorType(ir.IntType(32), lanes)
        address = _address(context, builder, ids, arguments[1], arguments[2])
        loaded = builder.load(builder.bitcast(address, integers.as_pointer()))
        loaded.align = 4
        wanted = builder.insert_element(
            ir.Constant(integers, ir.Undefined), arguments[3], ir.Constant(ir.IntType(32), 0)
        )
        wanted = _shuffle(builder, wanted, wanted, [0] * lanes)
        equal = builder.bitcast(builder.icmp_signed("==", loaded, wanted), ir.IntType(lanes))
        return builder.icmp_unsigned("!=", equal, ir.Constant(ir.IntType(lanes), 0))

    return types.boolean(shape, ids, types.intp, types.int32), codegen


# --- the logistic function ----------------------------------------------------------------------


def _polynomial(builder: ir.IRBuilder, shape: TileShape, x: ir.Value, coefficients: list[float]) -> ir.Value:
    """Evaluate a polynomial by Horner's rule; ``coefficients`` start with the constant term."""
    result: ir.Value = _constant(shape, coefficients[-1])
    for each in reversed(coefficients[:-1]):
        result = _fused(builder, shape, result, x, _constant(shape, each))
    return result


def _log1p(builder: ir.IRBuilder, shape: TileShape, t: ir.Value) -> ir.Value:
    """Compute log(1 + t) for 0 <= t <= 1 to rounding error.

    The series is 2 artanh(z) with z = t / (2 + t) <= 1/3.
    """
    terms = 17 if shape.dtype == np.float64 else 8
    z = builder.fdiv(t, builder.fadd(t, _constant(shape, 2.0)))
    series = _polynomial(builder, shape, builder.fmul(z, z), [2 / (2 * n + 1) for n in range(terms)])
    return builder.fmul(z, series)


def _exp_of_negative(builder: ir.IRBuilder, shape: TileShape, x: ir.Value) -> ir.Value:
    """Compute e^x for x <= 0, accurate to one or two units in the last place.

    Results do not fall below about the smallest normal number: x is clipped from below.
    """
    double = shape.dtype == np.float64
    bits, bias, lowest, degree = (52, 1023, -708.0, 13) if double else (23, 127, -87.0, 7)
    integers = ir.VectorType(ir.IntType(64 if double else 32), shape.lanes)
    x = _call(builder, f"llvm.maxnum.{_suffix(shape)}", _llvm_vector(shape), x, _constant(shape, lowest))
    exponent = _call(
        builder, f"llvm.rint.{_suffix(shape)}", _llvm_vector(shape), builder.fmul(x, _constant(shape, 1 / math.log(2)))
    )
    rest = _fused(builder, shape, exponent, _constant(shape, -LOG_2_HIGH), x)
    rest = _fused(builder, shape, exponent, _constant(shape, LOG_2_EXCESS), rest)
    fraction = _polynomial(builder, shape, rest, [1 / math.factorial(n) for n in range(degree + 1)])
    whole = builder.add(builder.fptosi(exponent, integers), ir.Constant(integers, [bias] * shape.lanes))
    power = builder.bitcast(builder.shl(whole, ir.Constant(integers, [bits] * shape.lanes)), _llvm_vector(shape))
    return builder.fmul(fraction, power)


@intrinsic
def exp_of_negative(_typing: Any, tile: Any) -> Any:
    """``exp_of_negative(tile)``: return e^x for each element x <= 0, to rounding error."""
    if not isinstance(tile, TileType):
        return None

    def codegen(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Any) -> ir.Value:
        own = tile.shape
        return _pack(builder, own, [_exp_of_negative(builder, own, x) for x in _unpack(builder, own, arguments[0])])

    return tile(tile), codegen


@intrinsic
def logistic_step(_typing: Any, scores: Any, labels: Any) -> Any:
    """``logistic_step(scores, labels)``: return two tiles, the errors and the losses of scores.

    A label a > 0 is a positive pair of weight a; a label a < 0 is a negative pair of weight -a.
    With x = -sign(a) * score::

        error = a * sigma(x)            which is a * (1 - sigma(score)) or a * sigma(score)
        loss  = |a| * log(1 + e^x)      which is -|a| * log sigma(sign(a) * score)

    The sigmoid is computed to rounding error, without a table and without clipping the scores.
    """
    if not (isinstance(scores, TileType) and scores == labels):
        return None
    shape = scores.shape

    def codegen(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Any) -> ir.Value:
        vector = _llvm_vector(shape)
        one, zero = _constant(shape, 1.0), _constant(shape, 0.0)
        errors, losses = [], []
        for score, label in zip(*(_unpack(builder, shape, each) for each in arguments), strict=True):
            sign = _call(builder, f"llvm.copysign.{_suffix(shape)}", vector, one, label)
            x = builder.fneg(builder.fmul(score, sign))
            weight = _call(builder, f"llvm.fabs.{_suffix(shape)}", vector, label)
            distance = _call(builder, f"llvm.fabs.{_suffix(shape)}", vector, x)
            t = _exp_of_negative(builder, shape, builder.fneg(distance))
            numerator = builder.select(builder.fcmp_ordered("<", x, zero), t, one)
            errors.append(builder.fmul(label, builder.fdiv(numerator, builder.fadd(one, t))))
            positive_part = _call(builder, f"llvm.maxnum.{_suffix(shape)}", vector, x, zero)
            losses.append(builder.fmul(weight, builder.fadd(positive_part, _log1p(builder, shape, t))))
        return context.make_tuple(
            builder, signature.return_type, [_pack(builder, shape, errors), _pack(builder, shape, losses)]
        )

    return types.UniTuple(scores, 2)(scores, labels), codegen
