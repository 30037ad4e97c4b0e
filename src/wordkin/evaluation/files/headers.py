"""Detect a header line, and find columns by their names in it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from wordkin.errors import ConfigError, FormatError
from wordkin.evaluation.files.numbers import is_missing, looks_numeric
from wordkin.evaluation.files.options import Options
from wordkin.evaluation.files.table import Row, Table

# Names of word columns in published files and their translations, without number or letter: "Word 1", "term_a".
_WORD_STEMS = frozenset(
    (  # noqa: SIM905  (as a list it would take a screen)
        "word term target item token noun verb adjective adj wort mot palabra palavra parola paraula słowo slowo slovo "
        "sana sözcük kelime kelimə слово слова 단어 낱말 词 词语 單詞 单词 単語 語 שם מילה كلمة kata từ"
    ).split()
)
_LETTER_STEMS = frozenset("wt")  # "w1" can also be a word of a pair: "w1 w2 5"
_NUMBERED = re.compile(r"(.*?)[\s_.\-#]*(1|2|3|4|a|b|c|d|i|ii|one|two)")
_PAIRS_OF_NAMES = frozenset(
    {
        ("first", "second"), ("left", "right"), ("source", "target"), ("cue", "target"), ("word", "comparison"),
        ("word", "category"), ("word", "class"), ("word", "group"), ("word", "label"), ("word", "concept"),
        ("concept", "category"), ("concept", "class"), ("term", "category"), ("단어", "범주"), ("단어", "분류"),
        ("wort", "kategorie"), ("mot", "catégorie"), ("palabra", "categoría"),
    }
)  # fmt: skip
_CATEGORY_NAMES = frozenset(
    "category class group label concept cluster 범주 분류 kategorie catégorie categoría".split()  # noqa: SIM905
)
_INDEX_NAMES = frozenset({"", "id", "nr", "no", "no.", "nr.", "number", "index", "pair", "pair id", "unnamed: 0"})
# Names of score columns in order of preference. Each word of a column name is compared.
_SCORE_TIERS = tuple(
    frozenset(names.split())
    for names in (
        "average avg mean moyenne mittelwert media promedio média 평균 平均 среднее ortalama",
        "score simlex999 simlex simverb gold goldscore punktzahl puntuación punteggio pontuação 점수 分数 得分 スコア "
        "оценка puan",
        "similarity sim relatedness rel rating human judgment judgement ähnlichkeit similarité similitud 유사도 相似度 "
        "類似度 сходство benzerlik",
    )
)
_NO_SCORE = frozenset(
    {"sd", "std", "stdev", "stddev", "deviation", "variance", "n", "count", "annotators", "confidence", "conc", "assoc"}
)


def find_header(table: Table, options: Options) -> Table:
    """Return the table; if its first row is a header, this row is moved from ``rows`` to ``header``.

    The option ``header`` decides, if it is set. Otherwise the first row is a header if it has names of word columns
    (``Word 1, Word 2``, ``word1 word2``, ``단어1 단어2``), possibly after an index column, or if it has a name above a
    column of numbers.
    """
    first = table.rows[0]
    is_header = _is_header(first, table) if options.header is None else options.header
    if is_header and len(table.rows) == 1:
        raise FormatError(
            f"{table.path}: a benchmark file must hold at least one item; got only the header {first.line.text!r}: "
            "pass header=False if this is an item"
        )
    return table.without_header() if is_header else table


def _is_header(row: Row, table: Table) -> bool:
    if "|" in row.cells or len(row.cells) < 2:
        return False
    numeric = [at for at in range(2, table.width) if table.is_numeric(at, 0.9)]
    numbers = [looks_numeric(row.cells[at]) for at in numeric if at < len(row.cells)]
    names = [normalised(cell) for cell in row.cells]
    words = words_of_header(names)
    if words is None or (words[0] > 0 and not is_index_name(names[0]) and not numbers):
        return bool(numbers) and _names_numbers(row, table, numeric)
    letters = _NUMBERED.fullmatch(names[words[0]])
    short = letters is not None and letters[1] in _LETTER_STEMS
    if not numeric:
        return not short and (len(names) != 4 or all(_NUMBERED.fullmatch(name) for name in names))
    if all(numbers) and not short:
        raise row.line.error(
            "could be a header (judging by its first cells) or a word pair (judging by its numbers): "
            "pass header=True or header=False"
        )
    return not all(numbers)


def _names_numbers(row: Row, table: Table, numeric: list[int]) -> bool:
    """Return whether the first row has a name in each of the columns that hold numbers below it (``numeric``)."""
    if len(row.cells) != table.width or len(table.rows) < 2:
        return False
    return all(_is_name(row.cells[at]) for at in numeric)


def _is_name(cell: str) -> bool:
    """Return whether a cell can be the name of a column.

    A number with a unit or mark, such as ``20%`` or ``3*``, cannot.
    """
    if is_missing(cell) or looks_numeric(cell) or re.search(r"\d[.,]|[.,]\d", cell):
        return False
    return any(character.isalpha() for character in cell)


def normalised(name: str) -> str:
    """Return the name of a column in lower case, without quotes, and without a comment mark before it."""
    return name.strip().strip('"').lstrip("#/ ").strip().casefold()


def words_of_header(names: Sequence[str]) -> tuple[int, int] | None:
    """Return the indices of the two word columns, found by names such as ``word1`` and ``word2``; None if not found."""
    numbered: dict[bool, int] = {}
    for at, name in enumerate(names):
        match = _NUMBERED.fullmatch(name)
        if match and (match[1] in _WORD_STEMS or match[1] in _LETTER_STEMS):
            numbered.setdefault(match[2] in ("1", "a", "i", "one"), at)
    if len(numbered) == 2:
        return numbered[True], numbered[False]
    return next(((at, at + 1) for at, pair in enumerate(pairwise(names)) if pair in _PAIRS_OF_NAMES), None)


def score_of_header(names: list[str], candidates: list[int]) -> list[int]:
    """Return the candidate columns whose names, such as "mean", fit a score best; [] if no name is known."""
    for tier in _SCORE_TIERS:
        found = [at for at in candidates if at < len(names) and _named(names[at], tier)]
        if found:
            return found
    return []


def _named(name: str, tier: frozenset[str]) -> bool:
    parts = set(re.findall(r"[^\W_]+", name))
    return bool(parts & tier) and not parts & _NO_SCORE


def is_category_name(name: str) -> bool:
    return name in _CATEGORY_NAMES


def is_index_name(name: str) -> bool:
    return name in _INDEX_NAMES


def find_column(table: Table, parameter: str, wanted: str | int) -> int:
    """Return the index (from 0) of the column ``wanted``, which is a name or a number from 1.

    ``parameter`` is the name of the option with the value ``wanted``; an error names it.
    """
    width = max(len(row.cells) for row in table.rows)
    if isinstance(wanted, str) and wanted.isdecimal() and (table.header is None or wanted not in table.header.cells):
        wanted = int(wanted)
    if isinstance(wanted, int):
        if wanted > width:
            raise ConfigError(parameter, f"must be the number of a column, from 1 to {width}", wanted)
        return wanted - 1
    if table.header is None:
        raise ConfigError(parameter, "must be the number of a column, because the file has no header", wanted)
    names = [normalised(cell) for cell in table.header.cells]
    found = [at for at, name in enumerate(names) if name == normalised(wanted)]
    if len(found) != 1:
        raise ConfigError(
            parameter,
            "must be the name of exactly one of the columns " + ", ".join(map(repr, table.header.cells)),
            wanted,
        )
    return found[0]
