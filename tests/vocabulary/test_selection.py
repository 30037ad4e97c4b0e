"""Which words of a text are learned, of a first one and of more."""

from __future__ import annotations

import numpy as np
import pytest

from wordkin.errors import ConfigError, CorpusError, CorpusWarning, EmptyVocabularyError
from wordkin.vocabulary import Vocabulary
from wordkin.vocabulary.selection import Known, Rules, choose_words, given_words, grown_words


def counts_of(vocabulary):
    return dict(zip(vocabulary, vocabulary.counts.tolist(), strict=True))


def chosen(text, **rules):
    return choose_words(list(text), np.array(list(text.values())), Rules(**rules))


def grown(known, text, **rules):
    return grown_words(list(text), np.array(list(text.values())), known, Rules(**rules))


def test_rare_words_keep_their_counts_the_most_frequent_first():
    text = {"a": 9, "b": 1, "c": 2, "d": 5, "e": 2}
    found = chosen(text, min_count=5, most_rare=10)
    assert counts_of(found.vocabulary) == {"a": 9, "d": 5} and counts_of(found.rare) == {"c": 2, "e": 2, "b": 1}
    assert found.forgotten == 0 and found.text_counts is None
    few = chosen(text, min_count=5, most_rare=2)
    assert counts_of(few.rare) == {"c": 2, "e": 2} and few.forgotten == 1
    assert chosen(text, min_count=5).rare is None
    assert counts_of(chosen(text, max_vocabulary=1, most_rare=9).rare) == {"d": 5, "c": 2, "e": 2, "b": 1}


def test_words_to_keep_survive_min_count_and_the_limit():
    text = {"a": 9, "b": 1, "c": 2, "d": 5}
    assert list(chosen(text, min_count=5, keep_words=["b"]).vocabulary) == ["a", "d", "b"]
    assert list(chosen(text, min_count=1, max_vocabulary=2, keep_words=["b"]).vocabulary) == ["a", "b"]
    with pytest.raises(ConfigError, match=r"max_vocabulary must be at least 2, the number of keep_words; got 1"):
        chosen(text, max_vocabulary=1, keep_words=["b", "c"])
    with pytest.warns(CorpusWarning, match=r"1 words of keep_words do not occur in the text: 'zebra'"):
        assert list(chosen(text, min_count=9, keep_words=["zebra"]).vocabulary) == ["a"]


def test_new_words_join_when_all_text_together_has_them_often_enough():
    known = Known(Vocabulary(["a", "b"], [9, 5]), Vocabulary(["c", "d", "never"], [3, 1, 4]))
    text = {"d": 1, "e": 6, "a": 2, "c": 2, "b": 7, "f": 1}
    found = grown(known, text, min_count=5, most_rare=10)
    assert counts_of(found.vocabulary) == {"b": 12, "a": 11, "e": 6, "c": 5}
    assert counts_of(found.rare) == {"never": 4, "d": 2, "f": 1}
    words = [None if each < 0 else found.vocabulary.word(each) for each in found.ids.tolist()]
    assert words == [None, "e", "a", "c", "b", None]
    assert found.text_counts.tolist() == [text[word] for word in found.vocabulary]


def test_words_that_the_new_text_lacks_do_not_join_and_old_words_stay():
    known = Known(Vocabulary(["a", "b"], [9, 5]), Vocabulary(["c"], [3]))
    found = grown(known, {"a": 1}, min_count=2, most_rare=5)
    assert counts_of(found.vocabulary) == {"a": 10, "b": 5} and counts_of(found.rare) == {"c": 3}
    assert found.text_counts.tolist() == [1, 0]
    assert len(grown(known, {"a": 1, "x": 8}, max_vocabulary=1).vocabulary) == 2  # no room for new ones
    assert list(grown(known, {"x": 8, "y": 9}, max_vocabulary=3).vocabulary) == ["a", "y", "b"]
    assert list(grown(known, {"x": 8, "y": 1}, min_count=9, keep_words=["y"]).vocabulary) == ["a", "b", "y"]
    assert grown(Known(known.vocabulary), {"a": 1}, min_count=2).rare is None
    with pytest.raises(
        CorpusError, match="the text contains no word of the model, and no new word reached min_count=3"
    ):
        grown(known, {"x": 2}, min_count=3)


def test_growing_in_steps_gives_the_counts_of_growing_at_once():
    rng = np.random.default_rng(5)
    parts = [dict(zip(*np.unique([f"w{i}" for i in rng.zipf(1.4, 300) % 90], return_counts=True), strict=True))
             for _ in range(4)]  # fmt: skip
    found = chosen(parts[0], min_count=6, most_rare=1000)
    for part in parts[1:]:
        found = grown(Known(found.vocabulary, found.rare), part, min_count=6, most_rare=1000)
    total = {word: sum(part.get(word, 0) for part in parts) for word in set().union(*parts)}
    assert counts_of(found.vocabulary) | counts_of(found.rare) == total
    late = {word for word in counts_of(found.rare) if total[word] >= 6}
    assert not late & parts[-1].keys()


def test_a_given_vocabulary_is_taken_whole():
    found = given_words(["b", "x"], Vocabulary(["a", "b"], [9, 5]))
    assert found.ids.tolist() == [1, -1] and len(found.vocabulary) == 2
    with pytest.raises(EmptyVocabularyError, match="no word of the text is in the given vocabulary of 2 words"):
        given_words(["x"], Vocabulary(["a", "b"], [9, 5]))
