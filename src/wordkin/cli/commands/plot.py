"""``wordkin plot``: draw a map of words, a heatmap of their similarities, or loss curves."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from wordkin.cli.failures import UsageError
from wordkin.cli.options import COMMON, Option, with_options
from wordkin.cli.output import JsonFlag, print_json
from wordkin.cli.vectors import READING, check_picture_first, items_of, open_vectors, unusable_output
from wordkin.config import Choice, Number

MOST_ON_PAGE = 100_000
_DRAWING: Mapping[str, Option] = {
    "kind": Option(Choice(("map", "heatmap")), "Draw a map of words or a heatmap of their similarities.", "map"),
    "method": Option(
        Choice(("pca", "umap")), "How a map reduces vectors to two dimensions; umap needs the extra umap.", "pca"
    ),
    "order": Option(
        Choice(("clustered", "given")),
        "Order of the words in a heatmap: similar words adjacent, or as given.",
        "clustered",
    ),
    "clusters": Option(
        Number(2, 7, integer=True, optional=True), "In a map, divide the words into N clusters and colour them."
    ),
    "seed": Option(Number(0, 2**32 - 1, integer=True), "Random seed of UMAP and clustering.", 0),
    "theme": Option(Choice(("light", "dark")), "Colour theme of the picture.", "light"),
    "most": Option(Number(2, integer=True), "In an .html file, map at most the first N words.", MOST_ON_PAGE),
}


def _shown(name: str, text: str, metavar: str) -> Any:
    return typer.Option(name, metavar=metavar, help=text, rich_help_panel=COMMON)


# --words names the words to show here, not a file of words to load.
_READING = {name: option for name, option in READING.items() if name != "only_words"}


@with_options({**_DRAWING, **_READING})
def plot(
    vectors: Annotated[str | None, typer.Argument(metavar="VECTORS", help="A file of vectors.")] = None,
    words: Annotated[list[str] | None, typer.Argument(metavar="WORD", help="Words to show.")] = None,
    *,
    more_words: Annotated[
        list[str] | None, _shown("--words", "Words to show, separated by commas or spaces.", "WORDS")
    ] = None,
    group: Annotated[
        list[str] | None,
        _shown("--group", "A group of words to draw in its own colour in a map. May be repeated.", "NAME=WORDS"),
    ] = None,
    log: Annotated[
        list[str] | None,
        _shown("--log", "Draw the losses from a log that wordkin train --log wrote. May be repeated.", "FILE"),
    ] = None,
    title: Annotated[str | None, _shown("--title", 'Title of the picture; "" for no title.', "TEXT")] = None,
    font: Annotated[
        str | None,
        _shown("--font", "Font family or font file for the words. Default: chosen by their scripts.", "FONT"),
    ] = None,
    output: Annotated[
        str,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="The picture to write: .png, .svg or .pdf; or .html for an interactive map of all words.",
            rich_help_panel=COMMON,
        ),
    ],
    kind: str = "map",
    method: Literal["pca", "umap"] = "pca",
    order: Literal["clustered", "given"] = "clustered",
    clusters: int | None = None,
    seed: int = 0,
    theme: Literal["light", "dark"] = "light",
    most: int = MOST_ON_PAGE,
    json: JsonFlag = False,
    **reading: Any,
) -> None:
    """Draw a map of words, a heatmap of their similarities, or (with --log) the loss curves of training runs.

    An .html file is a map of the whole vocabulary. Pan, zoom and search it in a browser; it needs no network.
    """
    from wordkin.plots import curves_of_logs, plot_heatmap, plot_losses, plot_words, write_map
    from wordkin.plots.html import check_page

    style: dict[str, Any] = {"title": title, "theme": theme, "font": font}
    if log:
        if vectors is not None or words or more_words or group:
            raise UsageError("--log draws the losses of training runs: leave out vectors and words")
        check_picture_first(output)
        plot_losses(curves_of_logs(log), output, **style)
        line = f"{output}: losses of {len(log)} run{'s' * (len(log) > 1)}"
        _report({"vectors": None, "logs": log, "words": [], "output": output, "kind": "losses"}, line, json)
        return
    if vectors is None:
        raise UsageError("plot needs VECTORS and words to show, or --log FILE; see: wordkin plot --help")
    shown = [*(words or []), *(word for text in more_words or [] for word in _split(text))]
    groups = _groups(group or [], shown, kind)
    if output.lower().endswith(".html"):
        if shown or groups or kind != "map":
            raise UsageError(f"an .html file is a map of all words; got {output!r}: leave out words and --kind")
        with unusable_output():
            check_page(output)
        embeddings = open_vectors(vectors, reading)
        name = Path(vectors).name if title is None else title
        made = write_map(embeddings, output, method, clusters=clusters, most=most, seed=seed, title=name)
        document = {"vectors": vectors, "logs": [], "words": [], "output": output, "kind": kind}
        _report(document, f"{output}: {kind} of {made:,} words", json)
        return
    if not shown and not groups:
        raise UsageError("plot needs words to show: add --words king,queen,man; see: wordkin plot --help")
    check_picture_first(output)
    embeddings = open_vectors(vectors, reading)
    if kind == "map":
        named = {name: items_of(embeddings, members) for name, members in groups.items()}
        plot_words(
            embeddings, named or items_of(embeddings, shown), output, method, clusters=clusters, seed=seed, **style
        )
    else:
        plot_heatmap(embeddings, items_of(embeddings, shown), output, order=order, **style)
    shown += [word for members in groups.values() for word in members if word not in shown]
    document = {"vectors": vectors, "logs": [], "words": shown, "output": output, "kind": kind}
    _report(document, f"{output}: {kind} of {len(shown)} words", json)


def _split(text: str) -> list[str]:
    return [word for word in re.split(r"[,\s]+", text) if word]


def _groups(options: Sequence[str], ungrouped: Sequence[str], kind: str) -> dict[str, list[str]]:
    """Parse values of ``--group NAME=WORDS``; return a dict from the name of each group to its words.

    Words without a group are put into a group "other".
    """
    groups: dict[str, list[str]] = {}
    for option in options:
        name, separator, members = option.partition("=")
        if not separator or not name or not _split(members):
            raise UsageError(f"--group must be NAME=WORDS, as in fruit=apple,pear; got {option!r}")
        groups.setdefault(name, []).extend(_split(members))
    if groups and kind != "map":
        raise UsageError("--group works only for maps: with --kind heatmap, name the words with --words instead")
    if groups and ungrouped:
        groups["other"] = [*groups.get("other", []), *ungrouped]
    return groups


def _report(document: dict[str, Any], line: str, json: bool) -> None:
    if json:
        print_json(document)
    else:
        print(line)
