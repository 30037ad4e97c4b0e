"""Write an interactive map of words as one HTML file that needs no other file and no network."""

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
    """Write an interactive map of the first words of a vocabulary as one HTML file.

    Parameters
    ----------
    embeddings : Embeddings
        The vectors.
    output : str or path
        An .html file. An existing file is replaced.
    method : {"pca", "umap"}, default "pca"
        See :func:`map_words`.
    clusters : int or None, default None
        Number of clusters to colour the words by, 2 to 8; None colours them by frequency.
    most : int, default 100,000
        Maximum number of words.
    seed : int, default 0
        Random seed of UMAP.
    title : str, default "Map of words"
        Heading of the page.

    Returns
    -------
    int
        The number of words on the map.

    Raises
    ------
    ConfigError
        The suffix or an option is not valid.
    OutputError
        The file cannot be written.
    MissingExtraError
        UMAP is not installed.
    """
    path = check_page(output)
    made = map_vocabulary(embeddings, method, most=most, seed=seed)
    about = f"{made.count:,} of {len(embeddings):,} words by {method.upper()}; drag, scroll, or arrow keys, + and -"
    data = json.dumps({**made.data(clusters), "title": title, "about": about, "label": title}, ensure_ascii=False)
    viewer = (files("wordkin.plots") / "viewer" / "index.js").read_text(encoding="utf-8")
    page = (files("wordkin.plots") / "viewer" / "page.html").read_text(encoding="utf-8")
    before, middle, after = _split(page)
    # "<" in a word could end the <script> element, so it is escaped, which JSON allows
    safe = data.replace("<", "\\u003c")
    with replacing_path(path) as written:
        Path(written).write_text(f"{before}{safe}{middle}{viewer}{after}", encoding="utf-8")
    return made.count


def check_page(output: str | os.PathLike[str]) -> Path:
    """Return the path of an HTML file to write.

    Raises
    ------
    ConfigError
        The suffix is not .html.
    OutputError
        The file cannot be written.
    """
    path = Path(output)
    if path.suffix.lower() != SUFFIX:
        raise ConfigError("output", "must end in .html", str(output))
    check_writable(path)
    return path


def _split(page: str) -> tuple[str, str, str]:
    before, _, rest = page.partition("DATA")
    middle, _, after = rest.partition("VIEWER")
    return before, middle, after
