"""A map of words as one HTML file that needs no other file and no network."""

from __future__ import annotations

import json
import os
from importlib.resources import files
from pathlib import Path

from wordkin.embeddings import Embeddings
from wordkin.errors import ConfigError
from wordkin.plots.word_map import MOST_WORDS, map_vocabulary
from wordkin.storage.files import check_writable, replacing_path

SUFFIX = ".html"


def write_map(
    embeddings: Embeddings,
    output: str | os.PathLike[str],
    method: str = "pca",
    *,
    clusters: int | None = None,
    most: int = MOST_WORDS,
    seed: int = 0,
    title: str = "Map of words",
) -> int:
    """Write a map of the first words of a vocabulary as one HTML file, to be panned, zoomed and searched.

    Parameters
    ----------
    output : an .html file; an existing one is replaced.
    method : "pca" or "umap", as of :func:`map_words`.
    clusters : how many clusters to colour the words by, 2 to 8; by their frequency unless set.
    most : how many words at most, the first ones.
    seed : of UMAP.
    title : heading of the page.

    Returns how many words are on it. Raises ConfigError on another suffix or an illegal option, OutputError where the
    file cannot be written, and MissingExtraError where UMAP is not installed.
    """
    path = check_page(output)
    made = map_vocabulary(embeddings, method, most=most, seed=seed)
    about = f"{made.count:,} of {len(embeddings):,} words by {method.upper()}; drag, scroll, or arrow keys, + and -"
    data = json.dumps({**made.data(clusters), "title": title, "about": about, "label": title}, ensure_ascii=False)
    viewer = (files("wordkin.plots") / "viewer" / "index.js").read_text(encoding="utf-8")
    page = (files("wordkin.plots") / "viewer" / "page.html").read_text(encoding="utf-8")
    before, middle, after = _split(page)
    # inside <script>, "<" can end the element whatever the words are; in JSON it may always be escaped
    safe = data.replace("<", "\\u003c")
    with replacing_path(path) as written:
        Path(written).write_text(f"{before}{safe}{middle}{viewer}{after}", encoding="utf-8")
    return made.count


def check_page(output: str | os.PathLike[str]) -> Path:
    """The path to write to. Raises ConfigError on an unknown suffix, OutputError on an unwritable place."""
    path = Path(output)
    if path.suffix.lower() != SUFFIX:
        raise ConfigError("output", "must end in .html", str(output))
    check_writable(path)
    return path


def _split(page: str) -> tuple[str, str, str]:
    before, _, rest = page.partition("DATA")
    middle, _, after = rest.partition("VIEWER")
    return before, middle, after
