"""Phrases: the same as gensim's, whatever the number of threads, and the same by kernels as by plain Python."""

from __future__ import annotations

import json
import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import wordkin
from wordkin.corpus import phrases as module
from wordkin.corpus import scan
from wordkin.corpus.phrases import (
    ENGLISH_CONNECTORS,
    CountedText,
    PhraseOptions,
    PhrasePass,
    Phrases,
    PhraseWarning,
    join_phrases,
    learn_phrases,
)
from wordkin.corpus.sources import resolve
from wordkin.errors import ConfigError, CorpusNotFoundError, FormatError

SENTENCES = [
    ["new", "york", "is", "far", "from", "new", "mexico"],
    ["the", "bank", "of", "america", "is", "in", "new", "york"],
    ["i", "love", "new", "york", "and", "the", "bank", "of", "america"],
] * 20


def counted(sentences) -> CountedText:
    return CountedText.of_scan(scan(resolve(sentences)))


def sentences_of(text: CountedText) -> list[list[str]]:
    return [[text.words[word_id] for word_id in sentence.tolist()] for sentence in text.corpus]


def skewed(seed: int, words: int = 3000, vocabulary: int = 60) -> list[list[str]]:
    """Sentences in which some words follow others far more often than chance."""
    rng = np.random.default_rng(seed)
    ids = np.minimum(rng.zipf(1.3, words), vocabulary) - 1
    ids[1::7] = ids[0::7][: len(ids[1::7])] + vocabulary  # after some words always the same partner
    cuts = np.sort(rng.choice(np.arange(1, words), words // 12, replace=False))
    return [[f"w{word}" for word in part] for part in np.split(ids, cuts)]


@pytest.mark.parametrize("scoring", ["default", "npmi"])
@pytest.mark.parametrize("connectors", [(), ("w0", "w2")], ids=["plain", "connectors"])
@pytest.mark.parametrize("passes", [1, 2])
def test_phrases_are_those_of_gensim(scoring, connectors, passes):
    gensim = pytest.importorskip("gensim.models.phrases")
    threshold = 1.0 if scoring == "default" else 0.3
    sentences = skewed(3)
    options = PhraseOptions(
        min_count=3, threshold=threshold, scoring=scoring.replace("default", "word2phrase"), connector_words=connectors
    )
    learned, text = learn_phrases(counted(sentences), passes, options)
    theirs = sentences
    for number in range(passes):
        model = gensim.Phrases(
            theirs, min_count=3, threshold=threshold, scoring=scoring, connector_words=frozenset(connectors)
        )
        if number == 0:  # afterwards its export splits words that are phrases already at the delimiter
            found = {"_".join(words): score for words, score in learned.passes[0].phrases.items()}
            assert found == pytest.approx(model.export_phrases(), rel=1e-9)
        theirs = [model[sentence] for sentence in theirs]
    assert len(learned) > 5
    assert sentences_of(text) == [list(sentence) for sentence in theirs]


@given(seed=st.integers(0, 999), workers=st.integers(1, 9), connector=st.sampled_from(["w1", "w61", "nothing"]))
def test_kernels_count_and_join_as_plain_python(seed, workers, connector):
    sentences = skewed(seed, words=400, vocabulary=12)
    options = PhraseOptions(min_count=2, threshold=0.5, connector_words=[connector])
    before = counted(sentences)
    counts = Counter(before.words[word_id] for word_id in before.corpus.ids.tolist())
    learned, text = learn_phrases(before, 1, options, workers=workers)
    grams = Counter(gram for sentence in sentences for gram in ngrams(sentence, connector))
    different = len([word for word in counts if word != connector]) + len(grams)
    expected = {
        gram: (count - 2) / (counts[gram[0]] * counts[gram[-1]]) * different
        for gram, count in grams.items()
        if count >= 2 and (count - 2) / (counts[gram[0]] * counts[gram[-1]]) * different > 0.5
    }
    assert learned.passes[0].phrases == pytest.approx(expected)
    assert sentences_of(text) == [learned.join(sentence) for sentence in sentences]
    assert text.counts.tolist() == [
        Counter(word for sentence in sentences for word in learned.join(sentence))[word] for word in text.words
    ]


def ngrams(sentence, connector):
    start = None
    for position, word in enumerate(sentence):
        if word != connector:
            if start is not None:
                yield tuple(sentence[start : position + 1])
            start = position


def test_normalised_information_is_one_for_words_that_never_part():
    learned, _ = learn_phrases(counted([["a", "b"]] * 9), 1, PhraseOptions(scoring="npmi"))
    # p(ab) = 9/18, p(a) = p(b) = 9/18: ln 2 / ln 2
    assert learned.passes[0].phrases == {("a", "b"): pytest.approx(1.0)}


def test_a_second_pass_lengthens_phrases():
    sentences = [["new", "york", "times", "x"], ["y", "z"]] * 30
    learned, text = learn_phrases(counted(sentences), 2, PhraseOptions(threshold=0.01))
    assert ["new_york_times_x"] in sentences_of(text)
    assert learned.join(["new", "york", "times", "x"]) == ["new_york_times_x"]


def test_rare_ngrams_are_dropped_with_a_warning_where_there_are_too_many(monkeypatch):
    monkeypatch.setattr(module, "_KEYS_AT_A_TIME", 64)
    rng = np.random.default_rng(0)
    sentences = [[f"w{word}" for word in rng.integers(0, 900, 10)] for _ in range(12_000)]
    for number in range(0, len(sentences), 30):
        sentences[number][:2] = ["new", "york"]
    options = PhraseOptions(max_ngrams=100_000, threshold=5)
    with pytest.warns(PhraseWarning, match=r"more distinct n-grams than max_ngrams=100,000: the rarest were dropped"):
        alone, _ = learn_phrases(counted(sentences), 1, options, workers=1)
    with pytest.warns(PhraseWarning):
        together, _ = learn_phrases(counted(sentences), 1, options, workers=4)
    assert alone == together
    assert ("new", "york") in alone.passes[0].phrases


def test_a_joined_word_that_was_there_before_is_one_word():
    sentences = [["new", "york"]] * 20 + [["new_york", "x"]] * 3
    _, text = learn_phrases(counted(sentences), 1, PhraseOptions(threshold=0.1))
    assert text.words.count("new_york") == 1
    assert text.counts[text.words.index("new_york")] == 23


def test_phrases_are_saved_and_applied_to_other_text(tmp_path):
    options = PhraseOptions(scoring="npmi", threshold=0.7, connector_words=ENGLISH_CONNECTORS)
    learned, _ = learn_phrases(counted(SENTENCES), 1, options)
    learned.save(tmp_path / "phrases.json")
    loaded = Phrases.load(tmp_path / "phrases.json")
    assert loaded == learned
    other = [["i", "saw", "new", "york"], ["bank", "of", "america"], ["unseen"]]
    joined = sentences_of(join_phrases(counted(other), loaded))
    assert joined == [["i", "saw", "new_york"], ["bank_of_america"], ["unseen"]] == list(map(loaded.join, other))


def test_a_text_of_joined_words_is_encoded_like_a_scan():
    plain = scan(resolve(SENTENCES))
    text = counted(SENTENCES)
    assert text.fingerprint == plain.fingerprint
    new_ids = np.arange(len(plain.words), dtype=np.int32)[::-1].copy()
    new_ids[::3] = -1
    with plain.encode(new_ids) as expected, text.encode(new_ids) as encoded:
        assert encoded.fingerprint == expected.fingerprint


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"min_count": 0}, "phrase min_count must be a whole number from 1 up; got 0"),
        ({"threshold": -1}, "phrase threshold must be a number from 0 up; got -1"),
        ({"threshold": 2, "scoring": "npmi"}, "phrase threshold must be a number from -1 to 1; got 2"),
        ({"scoring": "pmi"}, 'phrase scoring must be one of "word2phrase", "npmi"; got \'pmi\''),
        ({"delimiter": " "}, "phrase delimiter must be text without white space; got ' '"),
        ({"connector_words": "of"}, "phrase connector_words must be a list of words; got 'of'"),
        ({"max_ngrams": 10}, "phrase max_ngrams must be a whole number from 100000"),
    ],
)
def test_illegal_options(options, message):
    with pytest.raises(ConfigError, match=message):
        PhraseOptions(**options)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "it is not JSON, or an entry is missing or wrong"),
        ("[]", 'its format is not "wordkin phrases"'),
        ('{"format": "wordkin phrases", "version": 9}', "its format version is 9, but this wordkin reads version 1"),
        ('{"format": "wordkin phrases", "version": 1}', "an entry is missing or wrong"),
        (
            '{"format": "wordkin phrases", "version": 1, "delimiter": "_", "options": {},'
            ' "passes": [{"connector_words": [], "phrases": [["a", 1.0]]}]}',
            r"\['a'\] is not a list of two or more words",
        ),
    ],
)
def test_files_that_hold_no_phrases_are_refused(tmp_path, content, message):
    path = tmp_path / "phrases.json"
    path.write_text(content)
    with pytest.raises(FormatError, match=message):
        Phrases.load(path)
    with pytest.raises(CorpusNotFoundError, match="there is no file"):
        Phrases.load(tmp_path / "none.json")


def test_training_learns_phrases_keeps_them_and_joins_new_text(tmp_path):
    options = {"min_count": 1, "vector_size": 8, "subsample": 0, "phrases": 1, "phrase_threshold": 0.7, "epochs": 1}
    options |= {
        "phrase_connectors": ["english"],
        "phrase_scoring": "npmi",
        "objective": "hierarchical-softmax",
        "threads": 1,
    }
    model = wordkin.Word2Vec(**options).fit(SENTENCES, validation=SENTENCES[:3], checkpoint=tmp_path / "run")
    assert {"new_york", "bank_of_america"} <= set(model.vocabulary.words)
    score = model.score([["far", "new", "york"], ["new", "york", "from"]])
    assert math.isfinite(score) and score == model.score([["far", "new_york"], ["new_york", "from"]])
    loaded = wordkin.Word2Vec.load(tmp_path / "run")
    assert loaded.phrases == model.phrases
    assert loaded.score([["far", "new", "york"], ["new", "york", "from"]]) == score
    loaded.save(tmp_path / "model")
    assert wordkin.Word2Vec.load(tmp_path / "model").phrases == model.phrases
    model.phrases.save(tmp_path / "phrases.json")
    again = wordkin.train(SENTENCES, **options | {"phrases": tmp_path / "phrases.json"})
    assert again.words == model.embeddings.words
    assert np.array_equal(again.matrix, model.embeddings.matrix)


@pytest.mark.parametrize("value", [0, 17, True, 1.5, "phrases.txt"])
def test_the_option_is_passes_or_a_file(value):
    with pytest.raises(
        ConfigError, match=r"phrases must be a whole number of passes from 1 to 16, or the path of a \.json file"
    ):
        wordkin.TrainingConfig(phrases=value)


def test_plain_python_joins_from_left_to_right():
    pairs = PhrasePass({("a", "b"): 1.0, ("b", "c"): 1.0, ("c", "of", "d"): 1.0}, frozenset({"of"}))
    assert pairs.join(["a", "b", "c", "of", "d", "of", "a"], "_") == ["a_b", "c_of_d", "of", "a"]
    assert json.loads(Phrases((pairs,)).to_json())["passes"][0]["connector_words"] == ["of"]
