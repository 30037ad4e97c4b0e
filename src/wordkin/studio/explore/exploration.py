"""What the parts of the page Explore share: the vectors, the word, and how to go to another."""

from __future__ import annotations

import heapq
from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass

from wordkin.embeddings import Embeddings
from wordkin.queries.neighbours import Neighbours
from wordkin.studio.view import View

TOPN = 20
MAX_WORD = 200  # characters of a word that is looked up
MAX_WORDS = 30  # words in a heatmap or among which one is odd
MAX_TEXT = 2_000  # characters of a list of words


@dataclass
class Exploration:
    """One tab's look at a file of vectors.

    Attributes
    ----------
    view : the tab.
    name : the file, as the workspace names it.
    vectors : its vectors.
    walk : shows another word everywhere.
    word : the word looked at; "" for none.
    neighbours : its neighbours.
    """

    view: View
    name: str
    vectors: Embeddings
    walk: Callable[[str], None]
    word: str = ""
    neighbours: Neighbours | None = None


def completions(vectors: Embeddings, begun: str, most: int = 8) -> list[str]:
    """Words that begin with what was typed, in small letters or with a capital too; the most frequent first.

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
    """The words of a list as it is typed, between commas or white space; each once, in their order."""
    return list(dict.fromkeys(text[:MAX_TEXT].replace(",", " ").split()))
