"""The tokenizers that have a name, such as "jieba". Three of them need a library, which only this file imports."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterator, Sequence

from wordkin.corpus.tokenization.tokenizers import Tokenizer, words_of
from wordkin.errors import MissingExtraError

LineTokenizer = Callable[[str], Sequence[str]]

_PART = 2_000  # characters; sudachi rejects lines above 49,149 bytes, and kiwi is slow on long lines
_SENTENCE_END = re.compile(r"[\s\u3002\uff0e\uff01\uff1f!?]")


def line_tokenizer(tokenizer: Tokenizer) -> LineTokenizer:
    """Return the function that splits a line into words, given the name of a tokenizer or the function itself.

    Raises :class:`MissingExtraError` if the library of the tokenizer is not installed. A dictionary is loaded once per
    process.
    """
    return tokenizer if callable(tokenizer) else _FUNCTIONS[tokenizer]()


def name_of(tokenizer: Tokenizer) -> str:
    """The name of a tokenizer for messages. For a function or an object, the name of the function or of its class."""
    if isinstance(tokenizer, str):
        return tokenizer
    name = getattr(tokenizer, "__qualname__", None)
    found = tokenizer if isinstance(name, str) else type(tokenizer)
    module = getattr(found, "__module__", None)  # None for methods of built-in types
    return f"{module}.{found.__qualname__}" if isinstance(module, str) else str(found.__qualname__)


def works_on_tokens(tokenizer: Tokenizer) -> bool:
    """Whether a tokenizer splits each white-space token by itself, so that each distinct token is split only once."""
    return tokenizer in ("whitespace", "words")


@functools.cache
def _jieba() -> LineTokenizer:
    """Make the Chinese tokenizer: a dictionary, and a hidden Markov model for words that are not in it."""
    try:
        import rjieba
    except ImportError as error:
        raise MissingExtraError('tokenizer="jieba"', "chinese") from error
    cut: Callable[[str], list[str]] = rjieba.cut
    return lambda line: [word for word in cut(line) if not word.isspace()]


@functools.cache
def _kiwi() -> LineTokenizer:
    """Make the Korean tokenizer. It yields morphemes: particles and endings are separate words, verbs are stems."""
    try:
        from kiwipiepy import Kiwi
    except ImportError as error:
        raise MissingExtraError('tokenizer="kiwi"', "korean") from error
    tokenize = Kiwi(num_workers=1).tokenize

    def morphemes(line: str) -> list[str]:
        forms = (token.form for part in _parts(line) for token in tokenize(part))
        return [form for form in forms if form and not form.isspace()]

    return morphemes


@functools.cache
def _sudachi() -> LineTokenizer:
    """Make the Japanese tokenizer: the longest units of its dictionary (mode C), as they are written."""
    try:
        from sudachipy import Dictionary, SplitMode
    except ImportError as error:
        raise MissingExtraError('tokenizer="sudachi"', "japanese") from error
    try:
        tokenize = Dictionary(dict="core").tokenizer(mode=SplitMode.C).tokenize
    except ModuleNotFoundError as error:  # the package of the dictionary
        raise MissingExtraError('tokenizer="sudachi"', "japanese") from error

    def morphemes(line: str) -> list[str]:
        forms = (token.surface() for part in _parts(line) for token in tokenize(part))
        return [form for form in forms if form and not form.isspace()]

    return morphemes


def _parts(line: str, most: int = _PART) -> Iterator[str]:
    """Split a line into parts of at most ``most`` characters, because tokenizers take too long for very long lines.

    Each part ends after white space or the end of a sentence if possible.
    """
    start = 0
    while len(line) - start > most:
        ends = [match.end() for match in _SENTENCE_END.finditer(line, start, start + most)]
        stop = ends[-1] if ends else start + most
        yield line[start:stop]
        start = stop
    yield line[start:]


_FUNCTIONS: dict[str, Callable[[], LineTokenizer]] = {
    "whitespace": lambda: str.split,
    "words": lambda: words_of,
    "jieba": _jieba,
    "kiwi": _kiwi,
    "sudachi": _sudachi,
}
