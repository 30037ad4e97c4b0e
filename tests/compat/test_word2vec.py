"""``Word2Vec`` in the interface of gensim: steps of training, growing, loss, callbacks, questions, files."""

from __future__ import annotations

import logging
import pickle

import numpy as np
import pytest

import wordkin
from wordkin.compat.gensim import RULE_DEFAULT, RULE_DISCARD, RULE_KEEP, CallbackAny2Vec, KeyedVectors, Word2Vec
from wordkin.compat.gensim.errors import NotAModelError
from wordkin.errors import ConfigError, CorpusError, FormatError, NotTrainedError

TEXT = [["the", "cat", "sat"], ["the", "dog", "ran"], ["a", "cat", "ran"], ["the", "dog", "sat"]] * 30
# No two words have the same count: the core and gensim order those differently.
DISTINCT = [*TEXT, ["the", "cat", "sat"], ["cat", "sat", "dog"], ["cat", "sat"], ["cat", "dog"], ["the", "ran"]]
SMALL = {"vector_size": 8, "min_count": 1, "workers": 1, "sample": 0, "epochs": 2}


def test_in_one_step_or_two_to_the_same_vectors():
    at_once = Word2Vec(TEXT, **SMALL)
    model = Word2Vec(**SMALL)
    model.build_vocab(TEXT)
    before = model.wv.vectors.copy()
    model.train(TEXT, total_examples=model.corpus_count, epochs=model.epochs)
    assert not np.array_equal(before, model.wv.vectors)
    np.testing.assert_array_equal(at_once.wv.vectors, model.wv.vectors)
    assert model.corpus_count == 120 and model.corpus_total_words == 360
    assert model.wv.index_to_key[0] == "the" and model.wv.get_vecattr("the", "count") == 90


def test_what_the_core_trains():
    """The vectors are those of wordkin.Word2Vec with the options that the parameters stand for."""
    model = Word2Vec(DISTINCT, sg=1, negative=3, window=2, alpha=0.05, min_alpha=0.001, seed=7, **SMALL)
    options = {"negative": 3, "window": 2, "learning_rate": 0.05, "min_learning_rate": 0.001, "seed": 7}
    core = wordkin.Word2Vec(vector_size=8, min_count=1, threads=1, subsample=0, epochs=2, **options).fit(DISTINCT)
    assert len(set(core.vocabulary.counts)) == 6
    assert core.vocabulary.words == model.wv.index_to_key
    np.testing.assert_array_equal(core.embeddings.matrix, model.wv.vectors)
    assert model.get_latest_training_loss() == core.losses[-1]


def test_corpus_file(tmp_path):
    path = tmp_path / "text.txt"
    path.write_text("".join(" ".join(sentence) + "\n" for sentence in TEXT))
    model = Word2Vec(corpus_file=str(path), **SMALL)
    np.testing.assert_array_equal(model.wv.vectors, Word2Vec(TEXT, **SMALL).wv.vectors)
    model.train(corpus_file=str(path), total_words=model.corpus_total_words, epochs=1)
    assert model.train_count == 2


@pytest.mark.parametrize("objectives", [{"hs": 0}, {"hs": 1, "negative": 0}, {"hs": 1, "negative": 5}])
def test_growing(objectives):
    model = Word2Vec(TEXT, **SMALL, **objectives)
    before, learned = model.wv["cat"].copy(), model.syn1neg.copy() if model.negative else None
    model.build_vocab([["the", "fox", "ran"], ["fox"]], update=True)
    assert model.wv.index_to_key[-1] == "fox" and model.wv.get_vecattr("the", "count") == 91
    np.testing.assert_array_equal(model.wv["cat"], before)
    if model.negative:
        np.testing.assert_array_equal(model.syn1neg[:-1], learned)
        assert not model.syn1neg[-1].any()
    fox = model.wv["fox"].copy()
    model.train([["the", "fox", "ran"]] * 10, total_examples=10, epochs=2)
    assert not np.array_equal(fox, model.wv["fox"])


@pytest.mark.parametrize("options", [{}, {"max_vocab_size": 100}])
def test_growing_by_nothing(options):
    model = Word2Vec(TEXT, **SMALL, **options)
    before = model.wv.vectors.copy()
    for text, count in ([], 0), ([[], []], 2):
        model.build_vocab(text, update=True)
        assert (len(model.wv), model.corpus_count, model.corpus_total_words) == (6, count, 0)
        with pytest.warns(RuntimeWarning, match="no training example"):
            assert model.train(text, total_examples=model.corpus_count, epochs=2) == (0, 0)
    np.testing.assert_array_equal(model.wv.vectors, before)
    assert model.train_count == 3
    if not options:
        with pytest.raises(RuntimeError, match="you must first build vocabulary"):
            Word2Vec(**SMALL).build_vocab([])
        with pytest.raises(RuntimeError, match="yielded no words: a generator can be read only once"):
            model.build_vocab(iter([]), update=True)
    with pytest.raises(CorpusError, match="yielded no words: a generator can be read only once"):
        model.train(iter([]), total_examples=9, epochs=1)


def test_counts_of_words_that_train_returns():
    model = Word2Vec(TEXT, **SMALL)
    text = [["the", "cat", "unknown"], ["unknown"]]
    assert model.train(text, total_examples=2, epochs=3) == (6, 12)  # trained, and read
    assert model.train(text, total_words=99, epochs=1) == (2, 4)


def test_growing_needs_something_to_add_to():
    with pytest.raises(RuntimeError, match="update=True needs an existing vocabulary"):
        Word2Vec(**SMALL).build_vocab(TEXT, update=True)


def test_vocabulary_from_counts():
    model = Word2Vec(**{**SMALL, "min_count": 2})
    model.build_vocab_from_freq({"b": 2, "a": 5, "c": 1}, corpus_count=3)
    assert model.wv.index_to_key == ["a", "b"] and (model.corpus_count, model.corpus_total_words) == (3, 0)
    model.build_vocab([["a", "b"], ["a", "b"]])
    model.build_vocab_from_freq({"a": 1, "d": 4}, update=True)
    assert model.wv.index_to_key == ["b", "a", "d"]
    assert model.wv.expandos["count"].tolist() == [2, 3, 4]  # a known word counts below min_count too, as in gensim
    assert (model.corpus_count, model.corpus_total_words) == (0, 4)


@pytest.mark.parametrize("options", [{}, {"max_vocab_size": 100}])
def test_empty_sentences_are_counted(options, tmp_path):
    model = Word2Vec([[], ["a", "b"], [], (), ["a"]], **SMALL, **options)
    assert (model.corpus_count, model.corpus_total_words) == (5, 3)
    model.build_vocab(([] if number % 2 else ["b"]) for number in range(6))
    assert model.corpus_count == 6
    path = tmp_path / "text.txt"
    path.write_text("\na b\n\n \nb\n")
    assert Word2Vec(corpus_file=str(path), **SMALL, **options).corpus_count == 2  # LineSentence leaves out empty lines


def test_words_of_equal_count_stand_in_the_order_of_gensim():
    text = [["b", "a", "c", "b", "a", "c", "d", "e", "e", "e"]]
    assert Word2Vec(text, **SMALL).wv.index_to_key == ["e", "c", "a", "b", "d"]
    assert Word2Vec(text, **SMALL, sorted_vocab=0).wv.index_to_key == ["b", "a", "c", "d", "e"]
    model = Word2Vec(text, **SMALL)
    model.build_vocab([["z", "e", "y", "x", "x"]], update=True)
    assert model.wv.index_to_key[5:] == ["z", "y", "x"] and model.wv.get_vecattr("e", "count") == 4
    assert model.wv.next_index == 0
    model = Word2Vec(**SMALL)
    model.build_vocab_from_freq({"m": 2, "a": 2, "z": 3})
    assert model.wv.index_to_key == ["z", "a", "m"]


def test_rules_and_limits():
    def rule(word, count, min_count):
        return {"the": RULE_DISCARD, "a": RULE_KEEP}.get(word, RULE_DEFAULT)

    assert set(Word2Vec(TEXT, **{**SMALL, "min_count": 60}, trim_rule=rule).wv.key_to_index) == {
        "a", "cat", "dog", "ran", "sat",
    }  # fmt: skip
    model = Word2Vec(max_final_vocab=3, **SMALL)
    model.build_vocab(TEXT)
    assert model.wv.index_to_key == ["the"] and model.effective_min_count == 61  # the next four are as frequent
    assert len(Word2Vec(TEXT, sorted_vocab=0, **SMALL).wv) == 6
    assert len(Word2Vec(TEXT, max_vocab_size=3, **SMALL).wv) <= 4
    with pytest.raises(ConfigError, match="trim_rule must return RULE_DEFAULT"):
        Word2Vec(TEXT, trim_rule=lambda word, count, least: 7, **SMALL)


@pytest.mark.parametrize("corpus", [(sentence for sentence in TEXT), iter(TEXT), 7, "text.txt", [3]])
def test_what_is_no_corpus_is_a_type_error(corpus):
    with pytest.raises(TypeError, match=r"sentence|corpus_file"):
        Word2Vec(corpus, **SMALL)


def test_texts_instead_of_lists_are_refused():
    with pytest.raises(CorpusError, match=r"item should be a list of words.*sentence\.split"):
        Word2Vec(["the cat sat"], **SMALL)


def test_training_says_what_it_needs():
    model = Word2Vec(**SMALL)
    with pytest.raises(ConfigError, match=r"total_examples must be given.*model\.corpus_count"):
        model.train(TEXT, epochs=1)
    with pytest.raises(ConfigError, match="epochs must be given"):
        model.train(TEXT, total_examples=4)
    with pytest.raises(RuntimeError, match="you must first build vocabulary"):
        model.train(TEXT, total_examples=4, epochs=1)
    with pytest.raises(RuntimeError, match="you must first build vocabulary"):
        Word2Vec(TEXT, **{**SMALL, "min_count": 1000})
    with pytest.raises(ConfigError, match="negative must be above 0 if hs is 0"):
        Word2Vec(TEXT, negative=0, **SMALL)
    with pytest.raises(TypeError, match="no argument 'size'"):
        model.train(TEXT, total_examples=4, epochs=1, size=3)


@pytest.mark.parametrize("options", [{"sg": 0}, {"sg": 1}, {"hs": 1, "negative": 0}])
@pytest.mark.parametrize("locks", [[0, 1, 1], [0]])
def test_vectors_whose_factor_is_0_stay(options, locks):
    model = Word2Vec(**{**SMALL, **options})
    model.build_vocab(TEXT)
    model.wv.vectors_lockf = np.array(np.resize(locks, len(model.wv) if len(locks) > 1 else 1), np.float32)
    before = model.wv.vectors.copy()
    model.train(TEXT, total_examples=model.corpus_count, epochs=3)
    moved = (model.wv.vectors != before).any(axis=1)
    assert not moved[::3].any()
    assert moved[1] == (len(locks) > 1)


@pytest.mark.parametrize(
    ("locks", "shown"), [([1, 0.5], "0.5"), ([2.0], "2.0"), ([], r"\(0,\)"), ([float("nan")], "nan")]
)
def test_other_factors_are_refused(locks, shown):
    model = Word2Vec(TEXT, **SMALL)
    model.wv.vectors_lockf = np.array(locks, np.float32)
    with pytest.raises(
        ConfigError,
        match=f"vectors_lockf must hold one 0 or 1 for each word, or a single value for all words; got {shown}",
    ):
        model.train(TEXT, total_examples=4, epochs=1)


def test_callbacks_see_the_model_of_the_epoch():
    told = []

    class Watch(CallbackAny2Vec):
        def on_train_begin(self, model):
            told.append("begin")

        def on_epoch_begin(self, model):
            told.append("epoch")

        def on_epoch_end(self, model):
            told.append((model.wv["cat"].copy(), model.syn1neg.copy(), model.get_latest_training_loss()))

        def on_train_end(self, model):
            told.append("end")

    model = Word2Vec(TEXT, callbacks=[Watch()], **SMALL)
    assert [each if isinstance(each, str) else "ended" for each in told] == [
        "begin", "epoch", "ended", "epoch", "ended", "end",
    ]  # fmt: skip
    first, last = told[2], told[4]
    assert not np.array_equal(first[0], last[0]) and not np.array_equal(first[1], last[1])
    np.testing.assert_array_equal(last[0], model.wv["cat"])
    assert [first[2], last[2]] == model.latest_losses and last[2] > 0


def test_a_rising_learning_rate_is_logged(caplog):
    model = Word2Vec(TEXT, **SMALL)
    with caplog.at_level(logging.WARNING):
        model.train(TEXT, total_examples=4, epochs=1)
    assert "Effective 'alpha' higher than previous training cycles" in caplog.text


def test_predictions_sum_to_one():
    model = Word2Vec(TEXT, **{**SMALL, "epochs": 20})
    found = model.predict_output_word(["the", "sat"], topn=100)
    assert len(found) == 6 and sum(share for _, share in found) == pytest.approx(1)
    assert model.predict_output_word([0, "sat"], topn=3) == model.predict_output_word(["the", "sat"], topn=3)
    assert model.predict_output_word(["unknown"]) is None
    with pytest.raises(NotTrainedError, match="needs a model trained with negative sampling"):
        Word2Vec(TEXT, hs=1, negative=0, **SMALL).predict_output_word(["the"])


@pytest.mark.parametrize("sg", [0, 1])
def test_scores_are_those_of_the_core(sg):
    model = Word2Vec(DISTINCT, hs=1, negative=0, sg=sg, window=2, alpha=0.025, **SMALL)
    options = {"architecture": "skip-gram" if sg else "cbow", "objective": "hierarchical-softmax", "window": 2}
    core = wordkin.Word2Vec(
        vector_size=8, min_count=1, threads=1, subsample=0, epochs=2, learning_rate=0.025, min_learning_rate=1e-4,
        **options,
    ).fit(DISTINCT)  # fmt: skip
    sentences = [["the", "cat", "sat"], ["the", "nothing"], ["a", "dog"]]
    scores = model.score(sentences)
    examples = [6, 0, 2] if sg else [3, 0, 2]
    assert scores[1] == 0
    for number in 0, 2:
        assert scores[number] == pytest.approx(core.score([sentences[number]]) * examples[number], rel=1e-4)
    with pytest.raises(NotTrainedError, match="score needs a model trained with hs=1"):
        Word2Vec(TEXT, **SMALL).score(sentences)


@pytest.mark.parametrize("objectives", [{}, {"hs": 1, "negative": 0}])
def test_files(tmp_path, objectives):
    path = str(tmp_path / "word2vec.model")
    model = Word2Vec(TEXT, comment="mine", **SMALL, **objectives)
    model.save(path)
    for loaded in Word2Vec.load(path), Word2Vec.load(path, mmap="r"):
        assert loaded.comment == "mine" and loaded.corpus_count == 120 and loaded.epochs == 2
        np.testing.assert_array_equal(loaded.wv.vectors, model.wv.vectors)
        assert loaded.get_latest_training_loss() == model.get_latest_training_loss()
        loaded.min_alpha_yet_reached = 1
        loaded.train(TEXT, total_examples=loaded.corpus_count, epochs=1)
    again = Word2Vec.load(path)
    again.train(TEXT, total_examples=again.corpus_count, epochs=1)
    np.testing.assert_array_equal(again.wv.vectors, loaded.wv.vectors)
    assert wordkin.load(path, format="safetensors").words == model.wv.index_to_key
    with pytest.raises(AttributeError, match=r"Word2Vec\.load\(path\)"):
        model.load(path)


def test_files_of_another_kind_are_refused(tmp_path):
    path = tmp_path / "vectors.kv"
    vectors = KeyedVectors(2)
    vectors.add_vectors(["a"], [[1, 2]])
    vectors.save(path)
    with pytest.raises(NotAModelError, match=r"read it with KeyedVectors\.load"):
        Word2Vec.load(path)
    path.write_bytes(pickle.dumps([1, 2]))
    with pytest.raises(FormatError, match="Python pickle"):
        Word2Vec.load(path)


def test_hash_function_and_batches_change_nothing():
    plain = Word2Vec(TEXT, **SMALL)
    other = Word2Vec(TEXT, hashfxn=len, batch_words=7, compute_loss=True, **SMALL)
    np.testing.assert_array_equal(plain.wv.vectors, other.wv.vectors)


def test_vocabulary_of_another_model():
    model, other = Word2Vec(TEXT, **SMALL), Word2Vec([["x", "y"]] * 3, **SMALL)
    model.reset_from(other)
    assert model.wv.index_to_key == other.wv.index_to_key == ["y", "x"] and model.corpus_count == 3
    model.train([["x", "y"]], total_examples=1, epochs=1)


@pytest.mark.parametrize(("options", "there"), [({}, ["syn1neg"]), ({"hs": 1, "negative": 0}, ["syn1"])])
def test_only_output_tables_that_are_trained_are_attributes(options, there, tmp_path):
    model = Word2Vec(vector_size=4, min_count=1, **options)
    assert not hasattr(model, "syn1") and not hasattr(model, "syn1neg")
    model.build_vocab([["a", "b"], ["b", "c"]])
    model.save(str(tmp_path / "model"))
    for each in model, Word2Vec.load(str(tmp_path / "model")):
        assert [name for name in ("syn1", "syn1neg") if hasattr(each, name)] == there
