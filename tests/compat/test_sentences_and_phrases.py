"""Sentences from files, and phrases, in the interface of gensim."""

from __future__ import annotations

import bz2
import io
import json

import pytest

from wordkin.compat.gensim import (
    ENGLISH_CONNECTOR_WORDS,
    LineSentence,
    PathLineSentences,
    Phraser,
    Phrases,
    Text8Corpus,
)
from wordkin.compat.gensim import phrases as module
from wordkin.corpus.phrases import PhrasePass
from wordkin.corpus.phrases import Phrases as LearnedPhrases
from wordkin.errors import ConfigError, CorpusError, CorpusNotFoundError, FormatError

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
        assert "new_york" in each.export_phrases()
    chained = Phrases(phrases[TEXT], min_count=1, threshold=0.01)
    assert chained[phrases[TEXT[0]]] == ["new_york_is_big"]


MORE = [["san", "francisco"], ["bank", "of", "america"], ["new", "york"]] * 6


def share(worda_count, wordb_count, bigram_count, len_vocab, min_count, corpus_word_count):
    return bigram_count / min(worda_count, wordb_count)


def learned(module, **options):
    return module.Phrases(
        TEXT, **{"min_count": 1, "threshold": 0.1, "connector_words": ENGLISH_CONNECTOR_WORDS} | options
    )


def with_more(module):
    phrases = learned(module)
    phrases.add_vocab(MORE)
    return phrases


def with_other_options(module):
    phrases = learned(module)
    phrases.threshold, phrases.min_count = 0.35, 2
    return phrases


@pytest.mark.parametrize(
    "ask",
    [
        lambda module: with_more(module).export_phrases(),
        lambda module: with_more(module).vocab,
        lambda module: with_more(module).corpus_word_count,
        lambda module: with_more(module).freeze().phrasegrams,
        lambda module: list(with_more(module).freeze()[TEXT + MORE]),
        lambda module: with_other_options(module).export_phrases(),
        lambda module: list(with_other_options(module)[TEXT]),
        lambda module: learned(module, scoring=share).export_phrases(),
        lambda module: learned(module, scoring="npmi").export_phrases(),
        lambda module: list(learned(module).analyze_sentence(["the", "bank", "of", "america", "new", "york", "of"])),
        lambda module: list(module.Phraser(learned(module)).analyze_sentence(["bank", "of", "america", "new"])),
        lambda module: learned(module).score_candidate("new", "york", []),
        lambda module: learned(module).score_candidate("old", "york", []),
        lambda module: learned(module, delimiter=" ")[["bank", "of", "america"]],
        lambda module: (str(learned(module)), str(learned(module).freeze())),
        lambda module: (learned(module).scoring.__name__, module.Phrases([]).vocab, bool(module.Phrases())),
    ],
)
def test_counts_scores_and_options_are_those_of_gensim(ask):
    theirs = ask(pytest.importorskip("gensim.models.phrases"))
    ours = ask(module)
    if isinstance(theirs, dict):
        assert ours.keys() == theirs.keys() and [ours[key] for key in theirs] == pytest.approx(list(theirs.values()))
    else:
        assert ours == theirs


def test_phrases_in_a_file_learn_on(tmp_path):
    path = str(tmp_path / "phrases.json")
    learned(module).save(path)
    loaded = Phrases.load(path)
    loaded.add_vocab(MORE)
    assert loaded.vocab == with_more(module).vocab and str(loaded) == str(with_more(module))
    assert LearnedPhrases.load(path).join(["bank", "of", "america"]) == ["bank_of_america"]
    frozen = learned(module, scoring=share).freeze()
    frozen.save(path)
    again = Phrases.load(path)
    assert isinstance(again, Phraser) and again.phrasegrams == frozen.phrasegrams and again.scoring is None
    with pytest.raises(ConfigError, match=r"scoring must be .* in a saved file.*save phrases\.freeze\(\)"):
        learned(module, scoring=share).save(path)


def test_a_damaged_file_of_counts_is_refused(tmp_path):
    path = tmp_path / "phrases.json"
    learned(module).save(path)
    document = json.loads(path.read_text())
    document["gensim_counts"]["vocab"]["new"] = "many"
    path.write_text(json.dumps(document))
    with pytest.raises(FormatError, match="the counts of the phrases cannot be read"):
        Phrases.load(path)


def test_a_file_of_several_passes_is_joined_pass_by_pass(tmp_path):
    passes = (PhrasePass({("new", "york"): 9.0}), PhrasePass({("new_york", "city"): 8.0}))
    LearnedPhrases(passes).save(tmp_path / "phrases.json")
    frozen = Phraser.load(tmp_path / "phrases.json")
    assert frozen[["in", "new", "york", "city"]] == ["in", "new_york_city"]
    assert list(frozen[[["new", "york", "city"]]]) == [["new_york_city"]]
    frozen.save(tmp_path / "again.json")
    assert LearnedPhrases.load(tmp_path / "again.json").passes == passes


def test_what_phrases_refuse():
    phrases = Phrases(TEXT)
    with pytest.raises(CorpusError, match="item should be a list of words"):
        Phrases(["new york"])
    with pytest.raises(ConfigError, match="sentence must be a list of words"):
        phrases["new york"]
    for options, message in [
        ({"min_count": 0}, "min_count must be above 0; got 0"),
        ({"threshold": 0}, "threshold must be above 0 with the default scoring"),
        ({"threshold": 2, "scoring": "npmi"}, "threshold must be a number from -1 to 1"),
        ({"scoring": "pmi"}, 'scoring must be "default", "npmi" or a function'),
        (
            {"scoring": lambda bigram_count: 1.0},
            "scoring must be a function with the parameters worda_count, .*add the parameter worda_count",
        ),
        ({"delimiter": ""}, "delimiter must be text"),
        ({"max_vocab_size": 0}, "max_vocab_size must be a whole number from 1 up"),
    ]:
        with pytest.raises(ConfigError, match=message):
            Phrases(TEXT, **options)


def test_a_vocabulary_that_is_too_large_loses_its_rarest():
    phrases = Phrases(TEXT, max_vocab_size=5)
    assert phrases.vocab == {"new": 16, "york": 24, "big": 16, "new_york": 16} and phrases.min_reduce > 1
