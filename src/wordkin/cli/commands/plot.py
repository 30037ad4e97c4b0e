"""``wordkin plot``: a map of words, or a heatmap of their similarity, as a picture."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any

import typer

from wordkin.cli.failures import UsageError
from wordkin.cli.options import COMMON, Option, with_options
from wordkin.cli.output import JsonFlag, print_json
from wordkin.cli.vectors import READING, VectorsArgument, check_picture_first, open_vectors
from wordkin.config import Choice, Number

_DRAWING: Mapping[str, Option] = {
    "kind": Option(Choice(("map", "heatmap")), "A map of words, or a heatmap of their similarities.", "map"),
    "method": Option(Choice(("pca", "umap")), "How a map brings words to the plane; umap needs the extra.", "pca"),
    "order": Option(
        Choice(("clustered", "given")), "In a heatmap, similar words side by side, or as given.", "clustered"
    ),
    "seed": Option(Number(0, 2**32 - 1, integer=True), "Seeds umap.", 0),
}


@with_options({**_DRAWING, **READING})
def plot(
    vectors: VectorsArgument,
    words: Annotated[list[str] | None, typer.Argument(metavar="WORD", help="Words to show.")] = None,
    *,
    more_words: Annotated[
        list[str] | None,
        typer.Option(
            "--words", metavar="WORDS", help="Words to show, between commas or spaces.", rich_help_panel=COMMON
        ),
    ] = None,
    output: Annotated[
        str, typer.Option("--output", "-o", metavar="FILE", help="A .png, .svg or .pdf file.", rich_help_panel=COMMON)
    ],
    kind: str = "map",
    method: str = "pca",
    order: str = "clustered",
    seed: int = 0,
    json: JsonFlag = False,
    **reading: Any,
) -> None:
    """Draw a map of words, or a heatmap of their similarities."""
    from wordkin.plots import plot_heatmap, plot_words

    shown = [*([] if words is None else words)]
    for text in [] if more_words is None else more_words:
        shown += [word for word in re.split(r"[,\s]+", text) if word]
    if not shown:
        raise UsageError("plot needs words to show: add --words king,queen,man; see: wordkin plot --help")
    check_picture_first(output)
    embeddings = open_vectors(vectors, reading)
    if kind == "map":
        plot_words(embeddings, shown, output, method, seed=seed)
    else:
        plot_heatmap(embeddings, shown, output, order=order)
    if json:
        print_json({"vectors": vectors, "output": output, "kind": kind, "words": shown})
        return
    print(f"{output}: {kind} of {len(shown)} words")
