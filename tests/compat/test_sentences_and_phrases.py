"""Sentences from files, and phrases, in the interface of gensim."""

from __future__ import annotations

import bz2
import io

import pytest

from wordkin.compat.gensim import (
    ENGLISH_CONNECTOR_WORDS,
    LineSentence,
    PathLineSentences,
    Phraser,
    Phrases,
    Text8Corpus,
)
from wordkin.errors import ConfigError, CorpusError, CorpusNotFoundError

TEXT = [["new", "york", "is", "big"], ["in", "new", "york"], ["the", "bank", "of", "america"], ["york"], ["big"]] * 8


def test_lines(tmp_path):
    path = tmp_path / "text.txt"
    path.write_text("a b c\n\nd\n")
    assert list(LineSentence(path)) == [["a", "b", "c"], ["d"]]
    assert list(LineSentence(str(path), max_sentence_length=2, limit=1)) == [["a", "b"], ["c"]]
    stream = io.BytesIO(b"a b\n")
    sentences = LineSentence(stream)
    assert list(sentences) == list(sentences) == [["a", "b"]]
    with bz2.open(tmp_path / "zipped.txt.bz2", "wb") as packed:
        packed.write(b"z\n")
    assert list(PathLineSentences(tmp_path)) == [["a", "b", "c"], ["d"], ["z"]]
    assert list(PathLineSentences(path)) == [["a", "b", "c"], ["d"]]
    with pytest.raises(CorpusNotFoundError, match="there is no file or directory"):
        PathLineSentences(tmp_path / "none")
    with pytest.raises(CorpusNotFoundError, match="there is no file"):
        list(LineSentence(tmp_path / "none"))


def test_a_text_without_lines(tmp_path):
    path = tmp_path / "text8"
    words = [f"w{number}" for number in range(30_000)]
    path.write_text(" ".join(words))
    sentences = list(Text8Corpus(path, max_sentence_length=7000))
    assert [len(sentence) for sentence in sentences] == [7000, 7000, 7000, 7000, 2000]
    assert [word for sentence in sentences for word in sentence] == words


@pytest.mark.parametrize("options", [{"threshold": 1}, {"threshold": 0.5, "scoring": "npmi"}])
def test_phrases_are_those_of_gensim(options):
    theirs = pytest.importorskip("gensim.models.phrases").Phrases(
        TEXT, min_count=1, connector_words=ENGLISH_CONNECTOR_WORDS, **options
    )
    ours = Phrases(TEXT, min_count=1, connector_words=ENGLISH_CONNECTOR_WORDS, **options)
    assert ours.export_phrases().keys() == theirs.export_phrases().keys() != set()
    for sentence in TEXT[:3]:
        assert ours[sentence] == theirs[sentence]
    assert list(ours[TEXT]) == list(theirs[TEXT])
    assert ours.find_phrases(TEXT).keys() == theirs.find_phrases(TEXT).keys()


def test_phrases_in_files_and_frozen(tmp_path):
    phrases = Phrases(TEXT, min_count=1, threshold=0.1)
    path = str(tmp_path / "phrases.json")
    phrases.save(path)
    for each in Phrases.load(path), Phraser(phrases), phrases.freeze():
        assert each[["new", "york"]] == ["new_york"] and each[[]] == []
        assert "new_york" in each.phrasegrams
    chained = Phrases(phrases[TEXT], min_count=1, threshold=0.01)
    assert chained[phrases[TEXT[0]]] == ["new_york_is_big"]


def test_what_phrases_refuse():
    phrases = Phrases(TEXT)
    with pytest.raises(ConfigError, match="add_vocab must be called once"):
        phrases.add_vocab(TEXT)
    with pytest.raises(CorpusError, match="item should be a list of words"):
        Phrases(["new york"])
    with pytest.raises(ConfigError, match="sentence must be a list of words"):
        phrases["new york"]
    with pytest.raises(ConfigError, match="phrase min_count must be"):
        Phrases(TEXT, min_count=0)


def test_options_of_phrases_are_read_and_not_changed():
    phrases = Phrases([["new", "york"]] * 9, min_count=2, threshold=0.5, connector_words=["of"])
    assert (phrases.min_count, phrases.threshold, phrases.connector_words) == (2, 0.5, {"of"})
    with pytest.raises(AttributeError, match="threshold"):
        phrases.threshold = 2
