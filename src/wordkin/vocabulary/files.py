"""Text files of vocabularies: one word and its count per line."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from wordkin.errors import ConfigError, shown
from wordkin.items import is_integer
from wordkin.storage.files import InputFile, check_writable, replacing
from wordkin.vocabulary.vocabulary import Vocabulary

_LINE = re.compile(r"(\S|\S.*\S)[ \t]+([0-9]{1,19})", re.DOTALL)
_BLOCK = 1 << 20
_LINE_REMEDY = "save the vectors instead"


def save_vocabulary(vocabulary: Vocabulary, path: str | Path) -> None:
    """Write one ``word count`` line per word, in order of the ids, as UTF-8; the write is atomic.

    Raises :class:`ConfigError` if the vocabulary has no counts or a word that a line cannot store, and
    :class:`OutputError` if the file cannot be written.
    """
    path = Path(path)
    if vocabulary.counts is None:
        raise ConfigError("vocabulary", "must have counts to be saved", vocabulary)
    if vocabulary.integers:
        raise ConfigError(
            "vocabulary",
            "must hold words to be saved as text, because a text file would turn whole numbers into words",
            vocabulary,
        )
    check_writable(path)
    lines = []
    for word, count in zip(vocabulary, vocabulary.counts.tolist(), strict=True):
        if not word or word != word.strip() or "\n" in word or "\r" in word:
            raise ConfigError(
                "vocabulary",
                "must not hold a word with line breaks or outer white space, because each word is a line",
                word,
                _LINE_REMEDY,
            )
        lines.append(f"{word} {count}\n")
    with replacing(path) as stream:
        stream.write("".join(lines).encode())


def load_vocabulary(path: str | Path) -> Vocabulary:
    """Read a file of ``word count`` lines; ids follow the order of the lines.

    Tabs and ``\\r\\n`` are accepted. The last number of a line is the count, so words may contain spaces. Raises
    :class:`FormatError`, which names the line, and :class:`CorpusNotFoundError` if there is no such file.
    """
    words: dict[str, int] = {}
    with InputFile(Path(path)) as source:
        content = bytearray()
        while block := source.read(_BLOCK):
            content += block
        try:
            text = content.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            broken = content.count(b"\n", 0, error.start) + 1
            raise source.broken(f"line {broken:,} is not valid UTF-8") from error
        for number, ended in enumerate(text.split("\n"), start=1):
            line = ended.removesuffix("\r")
            if not line:
                continue
            match = _LINE.fullmatch(line)
            if match is None or int(match[2]) >= 2**63:
                rule = "must be a word and its count, as in 'house 12'"
                raise source.broken(f"line {number:,} {rule}; it is {shown(line)}")
            if match[1] in words:
                raise source.broken(f"line {number:,} repeats the word {match[1]!r}")
            words[match[1]] = int(match[2])
        if not words:
            raise source.broken("it holds no word")
    return Vocabulary.of_distinct(list(words), np.fromiter(words.values(), np.int64, len(words)))


def vocabulary_of(given: object) -> Vocabulary:
    """Convert the ``vocabulary`` argument of training to a vocabulary with ids by descending count.

    Parameters
    ----------
    given : path, mapping or Vocabulary
        A file that :func:`load_vocabulary` reads, a mapping from word to count, or a vocabulary with counts.

    Raises
    ------
    ConfigError
        The argument is none of these, or a count is not positive.
    FormatError
        The file is malformed.
    """
    if isinstance(given, str | Path):
        given = load_vocabulary(given)
    elif isinstance(given, Mapping):
        given = _of_mapping(given)
    if not isinstance(given, Vocabulary):
        remedy = "pass counts too, or use keep_words to keep words whatever their count" if _is_list(given) else ""
        raise ConfigError("vocabulary", "must be a file, a mapping of words to counts or a Vocabulary", given, remedy)
    if given.counts is None:
        raise ConfigError(
            "vocabulary", "must have counts, because subsampling and noise depend on them", given,
            "use a file of 'word count' lines")  # fmt: skip
    if len(given) == 0:
        raise ConfigError("vocabulary", "must hold at least one word", given)
    if given.counts.min() < 1:
        word = given.word(int(given.counts.argmin()))
        raise ConfigError("vocabulary", "must have counts from 1 up", f"{word} {int(given.counts.min())}")
    if "" in given:
        raise ConfigError(
            "vocabulary", "must not hold the empty word, because no text contains it", "", "remove the empty word"
        )
    return Vocabulary.choose(given.words, given.counts)[0]


def _is_list(given: object) -> bool:
    return isinstance(given, list | tuple | set | frozenset)


def _of_mapping(given: Mapping[Any, object]) -> Vocabulary:
    for word, count in given.items():
        if not isinstance(word, str) and not is_integer(word):
            raise ConfigError("vocabulary", "must map words, which are strings or whole numbers, to counts", word)
        if isinstance(count, bool) or not isinstance(count, int | np.integer) or not 0 <= count < 2**62:
            raise ConfigError("vocabulary", "must map words to whole numbers from 1 up", f"{word}: {count!r}")
    return Vocabulary(list(given), np.array(list(given.values()), np.int64))
