"""``wordkin index``: build an index for approximate nearest-neighbour search."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Annotated, Any

import typer

from wordkin.cli.failures import UsageError
from wordkin.cli.options import COMMON, Option, with_options
from wordkin.cli.output import JsonFlag, print_json
from wordkin.cli.vectors import READING, VectorsArgument, open_vectors, unusable_output
from wordkin.config import Choice, Number

_BUILDING: Mapping[str, Option] = {
    "dtype": Option(Choice(("i8", "bf16", "f16", "f32")), "Number type of the vectors in the index.", "i8"),
    "connectivity": Option(
        Number(2, integer=True), "Links per word in the graph. More links raise recall and take more memory.", 24
    ),
    "expansion_add": Option(
        Number(1, integer=True), "Candidates examined for each added word. More raise recall and take longer.", 96
    ),
    "threads": Option(
        Number(1, 1024, integer=True, optional=True), "Threads to build with. Default: all available cores."
    ),
}


@with_options({**_BUILDING, **READING})
def index(
    vectors: VectorsArgument,
    *,
    output: Annotated[
        str | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="Where to save the index. Default: the path of the vectors with .usearch appended.",
            rich_help_panel=COMMON,
        ),
    ] = None,
    dtype: str = "i8",
    connectivity: int = 24,
    expansion_add: int = 96,
    threads: int | None = None,
    json: JsonFlag = False,
    **reading: Any,
) -> None:
    """Build an index for approximate nearest-neighbour search.

    wordkin similar searches it with --index. Needs the extra index. To build an index of a million vectors of size 100
    takes minutes.
    """
    embeddings = open_vectors(vectors, reading)
    if output is None and embeddings.path is None:
        raise UsageError(f"--output must be given when VECTORS is not a single file; got VECTORS {vectors!r}")
    live = sys.stderr.isatty()

    def show(done: int, words: int) -> None:
        print(f"\r{done:,} of {words:,} words", end="\n" if done == words else "", file=sys.stderr, flush=True)

    with unusable_output():
        built = embeddings.build_index(
            output,
            dtype=dtype,
            connectivity=connectivity,
            expansion_add=expansion_add,
            threads=threads,
            progress=show if live else None,
        )
    if json:
        print_json({"vectors": vectors, "output": str(built.path), "words": len(built), "dtype": dtype})
        return
    print(f"{built.path}: {len(built):,} words, {dtype}")
