"""What programs for gensim write: values, types and refusals of small idioms, beside gensim's where it is installed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from wordkin.compat import gensim as compat
from wordkin.compat.gensim import ENGLISH_CONNECTOR_WORDS, CallbackAny2Vec, KeyedVectors, LineSentence, Word2Vec
from wordkin.compat.gensim import word2vec as module
from wordkin.errors import ConfigError, UnknownWordError

TEXT = [["human", "interface", "computer"], ["user", "system", "human"], ["system", "user", "graph"]] * 3
SMALL: dict[str, Any] = {"vector_size": 8, "min_count": 1, "workers": 1, "epochs": 1, "sample": 0}


def filled(cls: type[Any]) -> Any:
    vectors = cls(6)
    rows = np.random.default_rng(0).normal(size=(12, 6)).astype(np.float32)
    vectors.add_vectors([f"w{number}" for number in range(12)], rows)
    return vectors


@pytest.fixture
def wv() -> KeyedVectors:
    return filled(KeyedVectors)


@pytest.mark.parametrize(
    "ask",
    [
        lambda wv: wv.similarity("w1", "w2"),
        lambda wv: wv.distance("w1", "w2"),
        lambda wv: wv.n_similarity(["w1", "w2"], ["w3"]),
        lambda wv: wv.n_similarity(["w1", "nothing"], ["w3"]),
        lambda wv: wv.n_similarity(["nothing"], ["w3"]),
        lambda wv: wv.rank_by_centrality(["w1", "w2", "w3"]),
        lambda wv: wv.relative_cosine_similarity("w1", "w2"),
        lambda wv: wv.similar_by_vector("w1", topn=2),
        lambda wv: wv.similar_by_vector(wv["w1"], topn=2),
        lambda wv: wv.most_similar([["w1", 2.0], ("w2", -0.5)], topn=2),
        lambda wv: wv.most_similar(["w1", "w3"], ["w2"], topn=2),
        lambda wv: wv.most_similar_cosmul(["w1", "w3"], ["w2"], topn=2),
        lambda wv: wv.words_closer_than("w1", "w2"),
        lambda wv: wv.get_mean_vector(["w1", "w2"], weights=[1, 2]),
        lambda wv: wv.distances("w1", ["w2"]),
        lambda wv: wv.mapfile_path,
    ],
)
@pytest.mark.filterwarnings("ignore:Call to deprecated:DeprecationWarning")
def test_values_and_types_are_those_of_gensim(ask: Any, wv: KeyedVectors) -> None:
    gensim = pytest.importorskip("gensim.models")
    ours, theirs = ask(wv), ask(filled(gensim.KeyedVectors))
    assert type(ours) is type(theirs)
    pairs = [(ours, theirs)]
    if isinstance(ours, list):
        pairs = list(zip(ours, theirs, strict=True))
    for one, other in pairs:
        for mine, his in zip(one, other, strict=True) if isinstance(one, tuple) else [(one, other)]:
            assert type(mine) is type(his)
            assert mine == his if isinstance(mine, str | None) else np.allclose(mine, his, atol=1e-6)


def test_what_cannot_be_asked(wv: KeyedVectors) -> None:
    with pytest.raises(ConfigError, match=r"keys must hold at least one key; got \[\]"):
        wv[[]]
    with pytest.raises(ConfigError, match="ws1 must be a list of keys; got 'w1'"):
        wv.n_similarity("w1", ["w2"])
    with pytest.raises(NotImplementedError, match="n_similarity"):
        wv.similarity_unseen_docs(["w1"], ["w2"])
    with pytest.raises(UnknownWordError):
        wv.similarity("w1", "nothing")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"alpha": [0.1]}, r"alpha must be a number; got \[0.1\]"),
        ({"alpha": None}, "alpha must be a number; got None"),
        ({"min_alpha": "0.1"}, "min_alpha must be a number; got '0.1'"),
        ({"min_alpha": 0.5}, r"min_alpha must not exceed alpha \(0.025\); got 0.5"),
        ({"sg": 7}, "sg must be 0 or 1; got 7"),
        ({"hs": 2}, "hs must be 0 or 1; got 2"),
        ({"cbow_mean": "1"}, "cbow_mean must be 0 or 1; got '1'"),
    ],
)
def test_odd_values_are_named(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        Word2Vec(TEXT, **{**SMALL, **options})


def test_flags_may_be_true_or_false() -> None:
    model = Word2Vec(sg=True, hs=np.bool_(False), cbow_mean=False)
    assert (model.sg, model.hs, model.cbow_mean) == (1, 0, 0)


def test_a_generator_may_be_counted_and_trained_on_once() -> None:
    model = Word2Vec(**SMALL)
    model.build_vocab(sentence for sentence in TEXT)
    assert (model.corpus_count, model.corpus_total_words) == (9, 27)
    assert model.train((sentence for sentence in TEXT), total_examples=9, epochs=1) == (27, 27)
    with pytest.raises(TypeError, match="can be read again"):
        model.train((sentence for sentence in TEXT), total_examples=9, epochs=2)
    for options in ({}, {"max_vocab_size": 100}):
        with pytest.raises(TypeError, match="can be read again"):
            Word2Vec((sentence for sentence in TEXT), **SMALL, **options)
    limited = Word2Vec(**SMALL, max_vocab_size=100)
    limited.build_vocab(sentence for sentence in TEXT)
    assert limited.corpus_count == 9


def test_build_vocab_takes_min_count_and_sample() -> None:
    model = Word2Vec(**SMALL)
    model.build_vocab(TEXT, min_count=5, sample=0.01)
    assert sorted(model.wv.key_to_index) == ["human", "system", "user"]
    assert (model.min_count, model.effective_min_count, model.sample) == (5, 5, 0.01)
    with pytest.raises(TypeError, match="no argument 'window'"):
        model.build_vocab(TEXT, window=3)
    with pytest.raises(TypeError, match="not both"):
        model.train(TEXT, corpus_file="text.txt", total_examples=9, epochs=1)


def test_the_loss_may_be_read_and_reset_by_callbacks() -> None:
    seen = []

    class Watch(CallbackAny2Vec):
        def on_epoch_end(self, model: Any) -> None:
            seen.append((model.running_training_loss, model.get_latest_training_loss()))
            model.running_training_loss = 0.0

    Word2Vec(TEXT, **{**SMALL, "epochs": 3}, compute_loss=True, callbacks=[Watch()])
    assert len(seen) == 3 and all(running == latest > 0 for running, latest in seen)


@pytest.mark.parametrize("options", [{}, {"hs": 1}, {"hs": 1, "negative": 0}])
def test_the_estimate_of_memory_is_that_of_gensim(options: dict[str, Any]) -> None:
    gensim = pytest.importorskip("gensim.models")
    sides = [cls(vector_size=10, **options).estimate_memory(vocab_size=1000) for cls in (Word2Vec, gensim.Word2Vec)]
    assert sides[0] == sides[1]


def test_old_names_that_gensim_still_has() -> None:
    model = Word2Vec(TEXT, **SMALL)
    model.init_sims(replace=True)
    np.testing.assert_allclose(np.linalg.norm(model.wv.vectors, axis=1), 1, atol=1e-6)
    assert module.FAST_VERSION > -1 and module.CORPUSFILE_VERSION > -1 and module.MAX_WORDS_IN_BATCH == 10000


def test_connector_words_are_those_of_gensim() -> None:
    phrases = pytest.importorskip("gensim.models.phrases")
    assert ENGLISH_CONNECTOR_WORDS == phrases.ENGLISH_CONNECTOR_WORDS


@pytest.mark.parametrize("source", [5, TEXT, None])
def test_lines_of_what_is_no_file(source: object) -> None:
    with pytest.raises(TypeError, match="source must be a path or an open file; got"):
        list(LineSentence(source))


def grown(models: Any) -> Any:
    model = models.Word2Vec(TEXT, **SMALL)
    new = [["fox", "user", "elk"], [], ["elk", "bat"], ["once"]]
    model.build_vocab(new, update=True, min_count=1)
    read = model.train(new, total_examples=model.corpus_count, epochs=2)[1]
    model.build_vocab([], update=True)
    counts = [int(model.wv.get_vecattr(word, "count")) for word in model.wv.index_to_key]
    return model.wv.index_to_key, counts, model.corpus_count, read, model.train_count, model.min_count


def from_counts(models: Any) -> Any:
    model = models.Word2Vec(**SMALL)
    model.build_vocab_from_freq({"b": 2, "a": 2, "c": 5, "d": 2}, corpus_count=4)
    return model.wv.index_to_key, model.corpus_count, model.corpus_total_words, model.wv.next_index


def by_hand(models: Any) -> Any:
    vectors = models.KeyedVectors(6, count=2)
    vectors.add_vectors(["p", "q"], np.ones((2, 6)))
    rows = [vectors.add_vector(key, np.ones(6)) for key in "ab"]
    for count, key in enumerate("abpq"):
        vectors.set_vecattr(key, "count", count // 2)
    return rows, vectors.next_index, vectors.sort_by_descending_frequency(), vectors.index_to_key


@pytest.mark.parametrize("program", [grown, from_counts, by_hand])
def test_orders_and_counts_are_those_of_gensim(program: Any) -> None:
    gensim = pytest.importorskip("gensim.models")
    assert program(compat) == program(gensim)
