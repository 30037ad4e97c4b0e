"""The state that the panels of the page Explore share: the vectors and the selected word."""

from __future__ import annotations

import heapq
from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass

from wordkin.embeddings import Embeddings
from wordkin.queries.neighbours import Neighbours
from wordkin.studio.view import View

TOPN = 20
MAX_WORD = 200  # maximum length of a word to look up, in characters
MAX_WORDS = 30  # maximum number of words of a heatmap or of an odd-one-out group
MAX_TEXT = 2_000  # maximum length of a list of words, in characters


@dataclass
class Exploration:
    """The state of the page Explore in one tab.

    Attributes
    ----------
    view : View
        The tab.
    name : str
        Name of the file in the workspace.
    vectors : Embeddings
        Its vectors.
    walk : callable
        A function that selects another word in all panels.
    word : str, default ""
        The selected word; "" for none.
    neighbours : Neighbours or None, default None
        Neighbours of the selected word.
    """

    view: View
    name: str
    vectors: Embeddings
    walk: Callable[[str], None]
    word: str = ""
    neighbours: Neighbours | None = None


def completions(vectors: Embeddings, begun: str, most: int = 8) -> list[str]:
    """Return up to ``most`` words that begin with the typed text, the most frequent first.

    >>> import numpy as np
    >>> from wordkin.vocabulary import Vocabulary
    >>> vectors = Embeddings(Vocabulary(["paris", "park", "Parma", "rome"]), np.ones((4, 2), dtype=np.float32))
    >>> completions(vectors, "par"), completions(vectors, "x")
    (['paris', 'park', 'Parma'], [])
    """
    if not begun or len(begun) > MAX_WORD:
        return []
    ids: set[int] = set()
    for beginning in {begun, begun.lower(), begun.capitalize()}:
        ids.update(_best_from(vectors, beginning, most))
    return [vectors.words[word_id] for word_id in sorted(ids)[:most]]


def _best_from(vectors: Embeddings, beginning: str, most: int) -> list[int]:
    order, words = vectors.vocabulary.order, vectors.words

    def key(position: int) -> bytes:
        return words[int(order[position])].encode("utf-8", "surrogatepass")

    wanted = beginning.encode("utf-8", "surrogatepass")
    start = bisect_left(range(len(words)), wanted, key=key)
    stop = bisect_left(range(len(words)), wanted + b"\xff", key=key)
    return heapq.nsmallest(most, order[start:stop].tolist())


def words_of(text: str) -> list[str]:
    """Split a typed list at commas and white space; return the distinct words in their order."""
    return list(dict.fromkeys(text[:MAX_TEXT].replace(",", " ").split()))
