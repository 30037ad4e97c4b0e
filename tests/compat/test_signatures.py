"""Every parameter of gensim is a parameter here, with the same default, and is honoured or refused by name."""

from __future__ import annotations

import inspect

import numpy as np
import pytest

import wordkin.compat.gensim as compat
from wordkin.errors import ConfigError

word2vec = pytest.importorskip("gensim.models.word2vec")
phrases = pytest.importorskip("gensim.models.phrases")
callbacks = pytest.importorskip("gensim.models.callbacks")
CLASSES = {
    "Word2Vec": word2vec.Word2Vec,
    "KeyedVectors": word2vec.KeyedVectors,
    "LineSentence": word2vec.LineSentence,
    "PathLineSentences": word2vec.PathLineSentences,
    "Text8Corpus": word2vec.Text8Corpus,
    "Phrases": phrases.Phrases,
    "FrozenPhrases": phrases.FrozenPhrases,
    "CallbackAny2Vec": callbacks.CallbackAny2Vec,
}
# Deprecated names of gensim 3, and internals of its queue of jobs, its counts and its tree.
NOT_HERE = {
    "Word2Vec": {
        "add_null_word", "create_binary_tree", "make_cum_table", "seeded_vector", "add_lifecycle_event",
    },
    "KeyedVectors": {"log_accuracy", "add_lifecycle_event"},
    "Phrases": {"add_lifecycle_event"},
    "FrozenPhrases": {"add_lifecycle_event"},
}  # fmt: skip


def parameters(function):
    return {
        name: each.default
        for name, each in inspect.signature(function).parameters.items()
        if each.kind not in (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    }


def methods(kind):
    names = [name for name in dir(kind) if not name.startswith("_")]
    return [
        name for name in names if callable(inspect.getattr_static(kind, name, None)) or callable(getattr(kind, name))
    ]


@pytest.mark.parametrize("name", CLASSES)
def test_constructors_take_the_same_parameters(name):
    assert parameters(getattr(compat, name)) == parameters(CLASSES[name])


PICKLES = {"save", "load"}  # they take a path here and say what they ignore
METHODS = [
    (name, method)
    for name, kind in CLASSES.items()
    for method in methods(kind)
    if method not in NOT_HERE.get(name, set()) | PICKLES
]


@pytest.mark.parametrize(("name", "method"), METHODS)
def test_methods_take_the_same_parameters(name, method):
    ours, theirs = getattr(getattr(compat, name), method), getattr(CLASSES[name], method)
    assert parameters(ours) == parameters(theirs)


def test_what_is_not_supported_is_refused_by_name():
    with pytest.raises(ConfigError, match="null_word must be 0 in wordkin; got 1"):
        compat.Word2Vec(null_word=1)
    with pytest.raises(ConfigError, match="hashfxn must be a function"):
        compat.Word2Vec(hashfxn=3)
    with pytest.raises(ConfigError, match="mapfile_path must be None in wordkin"):
        compat.KeyedVectors(2, mapfile_path="vectors")
    vectors = compat.KeyedVectors(2)
    vectors.add_vectors(["a", "b"], np.eye(2))
    with pytest.raises(ConfigError, match=r"indexer must be None in wordkin.*build_index"):
        vectors.most_similar("a", indexer=object())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"alpha": -1}, "alpha must be"),
        ({"sample": 2}, "sample must be a number from 0 to 1"),
        ({"workers": 0}, "workers must be"),
        ({"window": 0}, "window must be"),
        ({"ns_exponent": 99}, "ns_exponent must be"),
        ({"alpha": 0.01, "min_alpha": 0.02}, "min_alpha must not exceed"),
        ({"vector_size": 0}, "vector_size must be"),
        ({"vector_size": 2.7}, r"vector_size must be a whole number from 1 up; got 2\.7"),
        ({"window": 2.5}, r"window must be a whole number from 1 up; got 2\.5"),
        ({"workers": 2.9}, "workers must be a whole number"),
        ({"min_count": -1}, "min_count must be a whole number from 0 up"),
        ({"negative": -1}, "negative must be a whole number from 0 up"),
        ({"max_final_vocab": "x"}, "max_final_vocab must be a whole number from 0 up; got 'x'"),
        ({"max_vocab_size": -1}, "max_vocab_size must be"),
        ({"trim_rule": 5}, "trim_rule must be a function"),
        ({"callbacks": 3}, r"callbacks must be a list of callbacks; got 3: pass \[callback\]"),
    ],
)
def test_values_are_refused_in_the_names_of_gensim(options, message):
    with pytest.raises(ConfigError, match=message):
        compat.Word2Vec(**options)


@pytest.mark.parametrize(
    ("name", "remedy"),
    [
        ("vocab", "use key_to_index for rows, or get_vecattr"), ("index2word", "use index_to_key"),
        ("syn0norm", r"use get_normed_vectors\(\)"), ("accuracy", r"use evaluate_word_analogies\(path\)"),
        ("nothing", "^KeyedVectors has no attribute 'nothing'$"),
    ],
)  # fmt: skip
def test_former_names_of_vectors_name_the_present_ones(name, remedy):
    with pytest.raises(AttributeError, match=remedy):
        getattr(compat.KeyedVectors(2), name)


@pytest.mark.parametrize(
    ("name", "remedy"),
    [
        ("most_similar", "use wv.most_similar"), ("similarity", "use wv.similarity"), ("iter", "use epochs"),
        ("doesnt_match", "use wv.doesnt_match"), ("wmdistance", "use wv.wmdistance"), ("syn0", "use wv.vectors"),
        ("save_word2vec_format", "use wv.save_word2vec_format"),
        ("load_word2vec_format", r"use KeyedVectors.load_word2vec_format\(path\)"), ("vocab", "use wv.key_to_index"),
        ("nothing", "^Word2Vec has no attribute 'nothing'$"),
    ],
)  # fmt: skip
def test_former_names_of_models_name_the_present_ones(name, remedy):
    model = compat.Word2Vec()
    with pytest.raises(AttributeError, match=remedy):
        getattr(model, name)
    with pytest.raises(TypeError, match=r"use model\.wv\['cat'\]"):
        model["cat"]
    with pytest.raises(TypeError, match=r"use 'cat' in model\.wv"):
        _ = "cat" in model


def test_odd_values_of_questions_and_readers(tmp_path):
    vectors = compat.KeyedVectors(2)
    vectors.add_vectors(["a", "b"], np.eye(2))
    assert vectors.most_similar("a", clip_start=99) == vectors.most_similar("a", clip_start=1, clip_end=1) == []
    assert vectors.most_similar("a", topn=np.int64(1)) == vectors.most_similar("a", restrict_vocab=0)
    for options, message in [
        ({"clip_start": -2}, "clip_start must be a whole number from 0 up; got -2"),
        ({"clip_end": -1}, "clip_end must be"), ({"restrict_vocab": -1}, "restrict_vocab must be"),
        ({"topn": "3"}, "topn must be a whole number or None; got '3'"),
    ]:  # fmt: skip
        with pytest.raises(ConfigError, match=message):
            vectors.most_similar("a", **options)
    with pytest.raises(ConfigError, match="keys_list must hold a key"):
        vectors.most_similar_to_given("a", [])
    for options, message in [
        ({"limit": -1}, "limit must be"),
        ({"max_sentence_length": 0}, "max_sentence_length must"),
    ]:
        with pytest.raises(ConfigError, match=message):
            compat.LineSentence(tmp_path / "text.txt", **options)
