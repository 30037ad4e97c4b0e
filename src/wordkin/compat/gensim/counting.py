"""Which words a model keeps: counts, rules that trim them, and what gensim reports of it."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from wordkin.errors import ConfigError
from wordkin.vocabulary.subsampling import keep_probabilities

logger = logging.getLogger(__name__)

RULE_DEFAULT, RULE_DISCARD, RULE_KEEP = 0, 1, 2
TrimRule = Callable[[str, int, int], int]


def keeps(word: str, count: int, min_count: int, trim_rule: TrimRule | None) -> bool:
    """Whether a word is kept: as the rule says, or where it has no opinion, by its count."""
    decision = RULE_DEFAULT if trim_rule is None else trim_rule(word, count, min_count)
    if decision not in (RULE_DEFAULT, RULE_DISCARD, RULE_KEEP, None):
        rule = "must return RULE_DEFAULT (0), RULE_DISCARD (1) or RULE_KEEP (2)"
        raise ConfigError("trim_rule", rule, decision)
    return decision == RULE_KEEP or (decision != RULE_DISCARD and count >= min_count)


def counted_with_limit(
    sentences: Iterable[Iterable[str]], max_vocab_size: int, trim_rule: TrimRule | None
) -> tuple[dict[str, int], int, int]:
    """Counts with the rarest dropped after each sentence that makes too many, words and sentences in all.

    Counts of words that were dropped and came again are too low, as they are in gensim.
    """
    counts: Counter[str] = Counter()
    number, total, least = 0, 0, 1
    for sentence in sentences:
        words = list(sentence)
        counts.update(words)
        number, total = number + 1, total + len(words)
        if len(counts) > max_vocab_size:
            counts = Counter({word: n for word, n in counts.items() if keeps(word, n, least, trim_rule)})
            least += 1
    return dict(counts), total, number


@dataclass
class Choice:
    """The words that were chosen of some counts.

    Attributes
    ----------
    kept : dict of str to int
        Words and counts, in the order of the counts that were given.
    min_count : int
        The least count, which ``max_final_vocab`` may have raised.
    dropped_words, dropped_total : int
        How many words were left out, and how often they occur.
    """

    kept: dict[str, int]
    min_count: int
    dropped_words: int = 0
    dropped_total: int = 0

    @classmethod
    def of(
        cls, counts: Mapping[str, int], min_count: int, max_final_vocab: int | None, trim_rule: TrimRule | None
    ) -> Choice:
        """Choose words by count and rule."""
        if max_final_vocab is not None and max_final_vocab < len(counts):
            min_count = max(min_count, sorted(counts.values(), reverse=True)[max_final_vocab] + 1)
        kept = {word: count for word, count in counts.items() if keeps(word, count, min_count, trim_rule)}
        return cls(kept, min_count, len(counts) - len(kept), sum(counts.values()) - sum(kept.values()))

    def report(self, sample: float) -> dict[str, Any]:
        """What gensim's ``prepare_vocab`` returns."""
        counts = np.array(list(self.kept.values()), dtype=np.int64)
        shares = keep_probabilities(counts, sample) if len(counts) else np.ones(0)
        return {
            "drop_unique": self.dropped_words,
            "retain_total": int(counts.sum()),
            "downsample_unique": int(np.count_nonzero(shares < 1)),
            "downsample_total": int((counts * np.minimum(shares, 1)).sum()),
            "num_retained_words": len(self.kept),
        }
