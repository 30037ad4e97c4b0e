"""Score vectors on analogy questions and on rated word pairs, with gensim's file formats and gensim's results."""

from __future__ import annotations

import itertools
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from wordkin.compat.gensim.questions import Questions
from wordkin.errors import ConfigError, CorpusNotFoundError
from wordkin.queries.exact import nearest

logger = logging.getLogger(__name__)
_LOOKED_AT = 5  # number of neighbours that may be the answer, not counting the words of the question

Question = tuple[str, str, str, str]
Section = dict[str, Any]


class Benchmarks(Questions):
    """The methods of ``KeyedVectors`` that score vectors on benchmark files."""

    def evaluate_word_analogies(
        self,
        analogies: Any,
        restrict_vocab: int = 300000,
        case_insensitive: bool = True,
        dummy4unknown: bool = False,
        similarity_function: str = "most_similar",
    ) -> tuple[float, list[Section]]:
        """Answer the analogy questions in a file, and return the fraction of correct answers.

        Parameters
        ----------
        analogies : path
            A file with four words per line, in sections that begin with ``: NAME``.
        restrict_vocab : int, default 300000
            Use only this many first keys, in questions and answers.
        case_insensitive : bool, default True
            Ignore letter case: words are compared in upper case. If several keys differ only in case, the first one is
            used.
        dummy4unknown : bool, default False
            Count questions with unknown words as wrong instead of leaving them out.
        similarity_function : {"most_similar", "most_similar_cosmul"}, default "most_similar"
            The method that answers questions. gensim ignores this parameter and always uses "most_similar".

        Returns
        -------
        score : float
            The fraction of correct answers.
        sections : list of dict
            One dict for each section. "section" holds its name, "correct" the questions that were answered correctly,
            and "incorrect" those that were answered wrongly. The last dict holds the questions of all sections.
        """
        known = self._known(restrict_vocab, case_insensitive)
        read = list(_questions(analogies, case_insensitive))
        if all(question is None for _, question in read):
            raise ConfigError("analogies", "must hold lines of four words", str(analogies), "check the file")
        answerable = [asked for _, asked in read if asked is not None and all(word in known for word in asked)]
        answers = iter(self._answers(answerable, known, restrict_vocab, similarity_function))
        sections: list[Section] = []
        for name, question in read:
            if question is None:
                sections.append({"section": name, "correct": [], "incorrect": []})
                continue
            answer = None
            if all(word in known for word in question):
                folded = (str(key).upper() if case_insensitive else key for key in next(answers))
                answer = next((key for key in folded if key in known and key not in question[:3]), None)
            elif not dummy4unknown:
                continue
            sections[-1]["correct" if answer == question[3] else "incorrect"].append(question)
        total: Section = {"section": "Total accuracy"}
        for outcome in ("correct", "incorrect"):
            total[outcome] = list(itertools.chain.from_iterable(section[outcome] for section in sections))
        sections.append(total)
        for section in sections:
            self._log_evaluate_word_analogies(section)
        return _share(total), sections

    @staticmethod
    def _log_evaluate_word_analogies(section: Section) -> float:
        """Log the fraction of correct answers in a section, and return this fraction."""
        right, wrong = len(section["correct"]), len(section["incorrect"])
        if right + wrong:
            logger.info("%s: %.1f%% (%i/%i)", section["section"], 100 * _share(section), right, right + wrong)
        return _share(section)

    def _known(self, restrict_vocab: int, case_insensitive: bool) -> dict[str, int]:
        """Return a dict from each of the first ``restrict_vocab`` keys to its row.

        If case is ignored, the keys of the dict are in upper case. If several keys then are equal, the dict holds the
        row of the first one.
        """
        keys = self.index_to_key[:restrict_vocab]
        found = ((key.upper() if case_insensitive else key, row) for row, key in enumerate(keys))
        known: dict[str, int] = {}
        for key, row in found:
            known.setdefault(key, row)
        return known

    def _answers(
        self, questions: list[Question], known: dict[str, int], restrict_vocab: int, similarity_function: str
    ) -> list[list[Any]]:
        """Return a list of keys for each question: likely answers, best first, without the words of the question."""
        rows = np.array([[known[word] for word in question[:3]] for question in questions]).reshape(-1, 3)
        if not len(rows):
            return []
        if similarity_function == "most_similar":
            units = self.core().unit_vectors(rows.reshape(-1)).reshape(len(rows), 3, -1)
            queries = units[:, 1] + units[:, 2] - units[:, 0]
            ids, _ = nearest(self.core(), queries, _LOOKED_AT + 3, restrict_vocab=min(restrict_vocab, len(self)))
            kept = [[each for each in found if each not in own] for found, own in zip(ids, rows, strict=True)]
            return [[self.index_to_key[each] for each in found[:_LOOKED_AT]] for found in kept]
        if similarity_function != "most_similar_cosmul":
            rule = 'must be "most_similar" or "most_similar_cosmul"'
            raise ConfigError("similarity_function", rule, similarity_function)
        limit = min(restrict_vocab, len(self))
        keys = [[self.index_to_key[row] for row in each] for each in rows.tolist()]
        found = [self.most_similar_cosmul([b, c], [a], _LOOKED_AT, restrict_vocab=limit) for a, b, c in keys]
        return [[key for key, _ in pairs] for pairs in found]

    def evaluate_word_pairs(
        self,
        pairs: Any,
        delimiter: str = "\t",
        encoding: str = "utf8",
        restrict_vocab: int = 300000,
        case_insensitive: bool = True,
        dummy4unknown: bool = False,
    ) -> tuple[Any, Any, float]:
        """Read rated word pairs from a file, and correlate their cosines with their ratings.

        Parameters
        ----------
        pairs : path
            A file with two words and a number per line. Lines that begin with ``#`` are comments.
        delimiter, encoding : str, default tab and "utf8"
            Delimiter and encoding of the file.
        restrict_vocab, case_insensitive : int and bool
            See :meth:`evaluate_word_analogies`.
        dummy4unknown : bool, default False
            Count pairs with an unknown word as pairs with cosine 0 instead of leaving them out.

        Returns
        -------
        pearson, spearman : result of scipy
            Pearson's and Spearman's correlation, each with its p-value.
        oov_ratio : float
            Percentage of pairs with an unknown word.
        """
        from scipy import stats

        known = self._known(restrict_vocab, case_insensitive)
        gold: list[float] = []
        rows: list[tuple[int, int]] = []
        unknown = 0
        for line in _lines(pairs, encoding):
            fields = line.upper().split(delimiter) if case_insensitive else line.split(delimiter)
            if line.startswith("#") or len(fields) != 3 or not _is_number(fields[2]):
                continue
            if fields[0] in known and fields[1] in known:
                rows.append((known[fields[0]], known[fields[1]]))
            else:
                unknown += 1
                if not dummy4unknown:
                    continue
                rows.append((-1, -1))
            gold.append(float(fields[2]))
        if not gold:
            rule = "must contain at least one line with two known words and a number"
            raise ConfigError("pairs", rule, str(pairs), "check delimiter, and whether the vectors contain the words")
        found = [0.0 if first < 0 else self._row_similarity(first, second) for first, second in rows]
        pearson, spearman = stats.pearsonr(gold, found), stats.spearmanr(gold, found)
        ratio = unknown / (len(gold) if dummy4unknown else len(gold) + unknown) * 100
        self.log_evaluate_word_pairs(pearson, spearman, ratio, pairs)
        return pearson, spearman, ratio

    def _row_similarity(self, first: int, second: int) -> float:
        units = self.core().exact_unit_vectors([first, second])
        return float(units[0] @ units[1])

    @staticmethod
    def log_evaluate_word_pairs(pearson: Any, spearman: Any, oov: float, pairs: Any) -> None:
        """Log both correlations and the percentage of pairs with an unknown word."""
        logger.info("%s: Pearson %.4f, Spearman %.4f, unknown words in %.1f%%", pairs, pearson[0], spearman[0], oov)


def _share(section: Section) -> float:
    asked = len(section["correct"]) + len(section["incorrect"])
    return len(section["correct"]) / asked if asked else 0.0


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _lines(path: Any, encoding: str) -> Iterator[str]:
    try:
        with Path(path).open(encoding=encoding) as lines:
            yield from lines
    except FileNotFoundError:
        raise CorpusNotFoundError(f"there is no file {str(path)!r}: check the path") from None


def _questions(path: Any, case_insensitive: bool) -> Iterator[tuple[str, Question | None]]:
    """Yield (section, None) for each heading of a section, and (section, question) for each line of four words.

    Other lines are skipped.
    """
    name: str | None = None
    for number, line in enumerate(_lines(path, "utf-8"), 1):
        if line.startswith(": "):
            name = line.lstrip(": ").strip()
            yield name, None
            continue
        words = tuple((line.upper() if case_insensitive else line).split())
        if name is None:
            rule = 'must begin with the heading of a section, as in ": capitals"'
            raise ConfigError("analogies", rule, f"line {number} of {str(path)!r}: {line.strip()[:40]!r}")
        if len(words) == 4:
            a, b, c, d = words
            yield name, (a, b, c, d)
