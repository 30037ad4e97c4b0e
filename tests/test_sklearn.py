from __future__ import annotations

import math
import pickle
import subprocess
import sys

import joblib
import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.utils.estimator_checks import parametrize_with_checks

from wordkin.embeddings import Embeddings
from wordkin.errors import ConfigError, CorpusNotFoundError, CorpusWarning, EmptyVocabularyError, FormatError
from wordkin.sklearn import Word2VecVectorizer
from wordkin.vocabulary import Vocabulary

ANIMALS = ["the cat saw the dog", "a dog saw a cow", "the cow and the cat ran", "a cat ran"]
MARKETS = ["the stock fell", "a bond and a stock rose", "the bond fell", "a stock rose and fell"]
TEXTS, LABELS = (ANIMALS + MARKETS) * 3, ([0] * 4 + [1] * 4) * 3


@pytest.fixture
def vectors() -> Embeddings:
    words = ["cat", "dog", "cow", "stock", "bond", "the", "a"]
    matrix = [[1, 0, 0], [0.9, 0.1, 0], [0.8, 0, 0.1], [-1, 0, 0], [-0.9, 0.1, 0], [0, 1, 0.5], [0, 1, -0.5]]
    return Embeddings(Vocabulary(words, [9, 8, 7, 6, 5, 4, 3]), np.float32(matrix))


class NumbersAsWords:
    """A tokenizer whose name in the ids of tests is the same in every process, as pytest-xdist needs."""

    def __call__(self, row: np.ndarray) -> list[str]:
        return [f"column{column}_is_about_{value:.0f}" for column, value in enumerate(row)]

    def __repr__(self) -> str:
        return "numbers as words"


numbers_as_words = NumbersAsWords()


class NumbersVectorizer(Word2VecVectorizer):
    """Reads rows of numbers as documents, since that is what scikit-learn's checks feed an estimator."""

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = True
        tags.input_tags.string = False
        return tags


ANY_LENGTH = "input with another number of columns must be refused, but a document may have any number of words"
ANY_WORDS = "complex numbers, objects and NaN must be refused, but the tokenizer makes words of any value"
ONE_DIMENSION = "one-dimensional input must be refused, but a list of documents is one-dimensional"
EXPECTED_FAILURES = {
    "check_n_features_in": ANY_LENGTH,
    "check_n_features_in_after_fitting": ANY_LENGTH,
    "check_transformer_general": f"all of it passes but its last step: {ANY_LENGTH}",
    "check_estimators_empty_data_messages": ANY_LENGTH,
    "check_complex_data": ANY_WORDS,
    "check_dtype_object": ANY_WORDS,
    "check_estimators_nan_inf": ANY_WORDS,
    "check_fit1d": ONE_DIMENSION,
    "check_fit2d_predict1d": ONE_DIMENSION,
    "check_transformer_data_not_an_array": "its input can be converted to an array but not iterated over",
}


@parametrize_with_checks(
    [
        NumbersVectorizer(
            tokenizer=numbers_as_words, min_count=1, vector_size=4, epochs=1, subsample=0.0, weighting=weighting
        )
        for weighting in ("mean", "tfidf", "sif")
    ],
    expected_failed_checks=lambda estimator: EXPECTED_FAILURES,
)
def test_scikit_learns_own_checks(estimator, check):
    check(estimator)


def test_words_with_white_space_are_warned_of_only_as_given_lists():
    options = {"vector_size": 2, "min_count": 1, "epochs": 1, "subsample": 0.0, "threads": 1}
    split = Word2VecVectorizer(tokenizer=lambda text: text.split(";"), **options)
    split.fit(["the cat sat on the mat;a dog lay by it"] * 3)  # warnings are errors
    assert "the cat sat on the mat" in split.embeddings_
    with pytest.warns(CorpusWarning, match="pass sentences as texts"):
        Word2VecVectorizer(**options).fit([["the cat sat on the mat", "a dog lay by it"]] * 3)


def test_rows_that_cannot_be_read_name_the_way_to_skip_them(tmp_path):
    (tmp_path / "v.txt").write_text("2 2\na 1 2\nb x 2\n")
    with pytest.raises(FormatError, match=r"pass bad_rows=.*as in embeddings=load\('.*v.txt', bad_rows="):
        Word2VecVectorizer(embeddings=tmp_path / "v.txt").fit(["a b"])


# --- what the weightings compute


def test_mean_counts_every_known_word(vectors):
    result = Word2VecVectorizer(vectors).fit_transform(["the cat", "cat cat dog unknown", "unknown", ""])
    the, cat, dog = vectors["the"], vectors["cat"], vectors["dog"]
    assert np.allclose(result, [(the + cat) / 2, (2 * cat + dog) / 3, 0 * cat, 0 * cat], atol=1e-6)
    assert result.dtype == np.float32


def test_tfidf_agrees_with_scikit_learns(vectors):
    model = Word2VecVectorizer(vectors, weighting="tfidf").fit(TEXTS)
    theirs = TfidfVectorizer(vocabulary=list(vectors.words), token_pattern=r"\S+", norm="l1")
    weights = theirs.fit_transform(TEXTS)
    assert np.allclose(model.word_weights_, theirs.idf_)
    assert np.allclose(model.transform(TEXTS), weights @ vectors.matrix, atol=1e-6)


@pytest.mark.parametrize("components", [0, 1, 2])
def test_sif_follows_the_paper(vectors, components):
    model = Word2VecVectorizer(vectors, weighting="sif", sif_weight=0.01, sif_components=components)
    result = model.fit_transform(TEXTS)
    shares = vectors.vocabulary.counts / vectors.vocabulary.counts.sum()
    expected = []
    for text in TEXTS:
        known = [vectors.vocabulary.id_of(word) for word in text.split() if word in vectors]
        expected.append(sum(0.01 / (0.01 + shares[i]) * vectors.matrix[i].astype(float) for i in known) / len(known))
    expected = np.array(expected)
    common = np.linalg.svd(expected)[2][:components]
    expected -= expected @ common.T @ common
    assert np.allclose(result, expected, atol=1e-6)
    assert np.allclose(model.transform(TEXTS[:3]), expected[:3], atol=1e-6)
    assert model.components_.shape == (components, 3)


def test_sif_counts_the_documents_where_the_vectors_have_no_counts(vectors):
    uncounted = Embeddings(Vocabulary(list(vectors.words)), vectors.matrix)
    model = Word2VecVectorizer(uncounted, weighting="sif", sif_weight=0.5).fit(["cat cat dog", "cat unknown"])
    assert np.allclose(model.word_weights_, [0.5 / (0.5 + 3 / 4), 0.5 / (0.5 + 1 / 4), 1, 1, 1, 1, 1])


def test_blocks_of_documents_do_not_change_the_result(vectors, monkeypatch):
    model = Word2VecVectorizer(vectors, weighting="tfidf").fit(TEXTS)
    whole = model.transform(TEXTS)
    monkeypatch.setattr("wordkin.sklearn._DOCUMENTS_AT_ONCE", 5)
    assert np.array_equal(model.transform(TEXTS), whole)
    assert model.transform([]).shape == (0, 3)


# --- what a document is


@pytest.mark.parametrize(
    ("options", "document", "words"),
    [
        ({}, "The cat, the dog!", ["cat", "the", "dog"]),
        ({"lowercase": True}, "The cat, the dog!", ["the", "cat", "the", "dog"]),
        ({"tokenizer": "whitespace"}, "the cat, the dog", ["the", "the", "dog"]),
        ({"tokenizer": lambda text: text.split("-")}, "the-cat", ["the", "cat"]),
        ({}, ["the", "cat"], ["the", "cat"]),
        ({"lowercase": True}, ("THE", "cat"), ["cat"]),
        ({"tokenizer": lambda row: [row["word"]]}, {"word": "cow"}, ["cow"]),
    ],
)
def test_documents_are_strings_words_or_what_the_tokenizer_takes(vectors, options, document, words):
    result = Word2VecVectorizer(vectors, **options).fit_transform([document])
    assert np.allclose(result[0], vectors[words].mean(axis=0), atol=1e-6)


def test_arrays_series_and_generators_of_documents(vectors):
    pandas = pytest.importorskip("pandas")
    model = Word2VecVectorizer(vectors)
    expected = model.fit_transform(TEXTS)
    for documents in (np.array(TEXTS), np.array(TEXTS, dtype=object), pandas.Series(TEXTS), iter(TEXTS), tuple(TEXTS)):
        assert np.array_equal(clone(model).fit_transform(documents), expected)


@pytest.mark.parametrize(
    ("documents", "message"),
    [
        ("the cat", "X must be a sequence of documents, not one string; got 'the cat': put it in a list"),
        (None, "X must be a sequence of documents; got 'NoneType'"),
        ([None], "X must hold documents that are strings or lists of words; got 'NoneType': pass a tokenizer"),
        ([["a", 1]], "X must hold documents that are strings or lists of words; got 'list'"),
        (np.ones((2, 2)), "X must hold documents that are strings or lists of words; got 'ndarray'"),
        ([], r"X must hold at least one document; got \[\]"),
    ],
)
def test_other_documents_are_refused(vectors, documents, message):
    with pytest.raises(ConfigError, match=message):
        Word2VecVectorizer(vectors).fit(documents)


def test_tables_and_sparse_matrices_are_refused(vectors):
    pandas = pytest.importorskip("pandas")
    import scipy.sparse

    with pytest.raises(ConfigError, match="not a table; got 'DataFrame': pass one of its columns"):
        Word2VecVectorizer(vectors).fit(pandas.DataFrame({"text": TEXTS}))
    with pytest.raises(ConfigError, match="not a sparse matrix; got 'csr_array'"):
        Word2VecVectorizer(vectors).fit(scipy.sparse.csr_array(np.eye(2)))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"weighting": "sum"}, 'weighting must be one of "mean", "tfidf", "sif"; got \'sum\''),
        ({"sif_weight": 0}, "sif_weight must be a number above 0; got 0"),
        ({"sif_components": 1.5}, "sif_components must be a whole number from 0 up; got 1.5"),
        ({"tokenizer": "letters"}, 'tokenizer must be one of "whitespace", "words", .*; got \'letters\''),
        ({"embeddings": 3}, "embeddings must be Embeddings, a path or None; got 'int': Embeddings.from_gensim"),
        ({"embeddings": None, "vector_size": 0}, "vector_size must be a whole number from 1 to 65536; got 0"),
        (
            {"embeddings": None, "training_options": {"seed": 3}},
            "must not repeat a parameter of the estimator; got 'seed': set the parameter random_state",
        ),
        ({"embeddings": None, "training_options": {"windw": 3}}, "windw is not an option of training"),
    ],
)
def test_illegal_parameters(vectors, options, message):
    with pytest.raises(ConfigError, match=message):
        Word2VecVectorizer(**{"embeddings": vectors, **options}).fit(TEXTS)


# --- trained and loaded vectors


def test_it_trains_on_the_documents():
    model = Word2VecVectorizer(
        min_count=2, vector_size=6, epochs=2, subsample=0.0, training_options={"dynamic_window": False}
    )
    assert model.fit_transform(TEXTS).shape == (24, 6)
    assert "stock" in model.embeddings_ and "unknown" not in model.embeddings_
    assert model.embeddings_.metadata["dynamic_window"] == "False"
    with pytest.raises(EmptyVocabularyError):
        Word2VecVectorizer(min_count=1000).fit(TEXTS)


def test_the_seed_decides_the_vectors():
    def fitted(random_state):
        return Word2VecVectorizer(min_count=1, vector_size=4, subsample=0.0, random_state=random_state).fit_transform(
            TEXTS
        )

    assert np.array_equal(fitted(7), fitted(7))
    assert not np.array_equal(fitted(7), fitted(8))
    assert np.array_equal(fitted(np.random.RandomState(3)), fitted(np.random.RandomState(3)))
    assert fitted(None).shape == (24, 4)


def test_numpy_numbers_of_a_grid_are_numbers():
    model = Word2VecVectorizer(min_count=np.int64(1), vector_size=np.int32(4), subsample=np.float64(0.5))
    assert model.fit_transform(TEXTS).shape == (24, 4)


def test_a_path_is_loaded(vectors, tmp_path):
    path = tmp_path / "vectors.safetensors"
    vectors.save(path)
    for given in (path, str(path)):
        loaded = Word2VecVectorizer(given).fit_transform(TEXTS)
        assert np.array_equal(loaded, Word2VecVectorizer(vectors).fit_transform(TEXTS))
    with pytest.raises((CorpusNotFoundError, FileNotFoundError)):
        Word2VecVectorizer(tmp_path / "nowhere.bin").fit(TEXTS)


# --- inside scikit-learn


def test_pipeline_and_grid_search_learn_the_labels(vectors):
    pipeline = Pipeline([("vectors", Word2VecVectorizer(vectors)), ("classify", LogisticRegression())])
    grid = {"vectors__weighting": ["mean", "tfidf", "sif"], "vectors__lowercase": [True, False]}
    search = GridSearchCV(pipeline, grid, cv=3).fit(TEXTS, LABELS)
    assert search.best_score_ == 1.0
    assert search.predict(["the dog and the cow", "the bond and a stock"]).tolist() == [0, 1]


def test_grid_search_over_training_options():
    pipeline = make_pipeline(Word2VecVectorizer(min_count=1, epochs=1, subsample=0.0), LogisticRegression())
    search = GridSearchCV(pipeline, {"word2vecvectorizer__vector_size": [2, np.int64(3)]}, cv=2, error_score="raise")
    search.fit(TEXTS, LABELS)
    assert set(search.cv_results_["param_word2vecvectorizer__vector_size"]) == {2, 3}


def test_clones_share_the_vectors(vectors):
    model = Word2VecVectorizer(vectors, weighting="sif").fit(TEXTS)
    copy = clone(model)
    assert copy.embeddings is vectors and not hasattr(copy, "embeddings_")
    assert copy.get_params()["weighting"] == "sif"


@pytest.mark.parametrize("weighting", ["mean", "tfidf", "sif"])
def test_pickle_and_joblib(vectors, tmp_path, weighting):
    model = Word2VecVectorizer(vectors, weighting=weighting).fit(TEXTS)
    expected = model.transform(TEXTS)
    assert np.array_equal(pickle.loads(pickle.dumps(model)).transform(TEXTS), expected)
    joblib.dump(model, tmp_path / "model.joblib")
    assert np.array_equal(joblib.load(tmp_path / "model.joblib").transform(TEXTS), expected)


def test_feature_names_and_pandas_output(vectors):
    pytest.importorskip("pandas")
    model = Word2VecVectorizer(vectors).set_output(transform="pandas")
    table = model.fit_transform(TEXTS)
    assert list(table.columns) == [f"word2vecvectorizer{i}" for i in range(3)] == list(model.get_feature_names_out())


def test_unfitted_vectorizers_say_so(vectors):
    with pytest.raises(NotFittedError, match="This Word2VecVectorizer instance is not fitted yet"):
        Word2VecVectorizer(vectors).transform(TEXTS)


def test_without_scikit_learn_the_extra_is_named():
    code = "import sys; sys.modules['sklearn'] = None; sys.modules['sklearn.base'] = None\nimport wordkin.sklearn"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (
        "MissingExtraError: wordkin.sklearn needs an optional dependency: pip install 'wordkin[sklearn]'" in done.stderr
    )


def test_training_parameters_and_defaults_are_those_of_training():
    from wordkin.config import TrainingConfig

    config = TrainingConfig().to_dict()
    parameters = Word2VecVectorizer().get_params()
    shared = set(config) & set(parameters) - {"tokenizer"}
    assert {name for name in shared if config[name] != parameters[name]} == {"threads"}
    assert parameters["random_state"] == config["seed"] and parameters["threads"] == 1
    assert math.isclose(parameters["sif_weight"], 1e-3)
