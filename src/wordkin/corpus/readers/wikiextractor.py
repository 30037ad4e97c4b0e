"""Reader of the output of WikiExtractor: articles between lines ``<doc ...>`` and ``</doc>``."""

from __future__ import annotations

import re
from collections.abc import Iterator

from wordkin.corpus.readers.files import OpenFile
from wordkin.corpus.readers.pieces import Block, Reading, Tally
from wordkin.corpus.readers.text import whole_lines
from wordkin.errors import CorpusError

_OPENING = re.compile(rb"^<doc id=[^\n]*>[ \t\r]*$", re.MULTILINE)
_CLOSING = re.compile(rb"^</doc>[ \t\r]*$", re.MULTILINE)


def read(opened: OpenFile, reading: Reading, tally: Tally, block_bytes: int) -> Iterator[Block]:
    """Yield the text of the articles, without the lines ``<doc ...>`` and ``</doc>``, in blocks of whole lines.

    The first line of an article is its title. ``block_bytes`` is the approximate size of a block. Raises
    :class:`CorpusError` if the file has no article.
    """
    position = articles = 0
    for lines in whole_lines(opened, block_bytes):
        text, opened_here = _OPENING.subn(b"", lines)
        articles += opened_here
        text = _CLOSING.sub(b"", text)
        yield Block(text if text.endswith(b"\n") else text + b"\n", opened.name, position, opened.bytes_read)
        position += len(lines)
    if not articles:
        raise CorpusError(
            f"{opened.name!r} has no line <doc id=...> of WikiExtractor: for output of its option --json, pass "
            'reader="jsonl", field="text"'
        )
    tally.records += articles
