"""Waiting in a loop for a counter that other threads increment."""

from __future__ import annotations

from typing import Any

from llvmlite import ir

from wordkin.jit import intrinsic, kernel, types


@intrinsic
def count_now(_typing: Any, counter: Any) -> Any:
    """``count_now(counter)``: read ``counter[0]`` atomically, with acquire semantics."""

    def codegen(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Any) -> ir.Value:
        array = context.make_array(signature.args[0])(context, builder, arguments[0])
        return builder.load_atomic(array.data, "acquire", 8)

    return types.int64(counter), codegen


@kernel
def reaches(counter, awaited, looks):
    """Read ``counter`` int64 [1] up to ``looks`` times, at least once; return whether it is at least ``awaited``."""
    for _ in range(looks):
        if count_now(counter) >= awaited:
            return True
    return count_now(counter) >= awaited
