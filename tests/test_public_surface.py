"""Tests of the public names of the package."""

from __future__ import annotations

import ast
import inspect
from importlib.metadata import version
from pathlib import Path

import pytest

import wordkin
from wordkin import errors

NAMES = [
    "CheckpointError",
    "ClusterError",
    "ConfigError",
    "CorpusError",
    "CorpusNotFoundError",
    "CorpusWarning",
    "DivergenceError",
    "Embeddings",
    "EmptyVocabularyError",
    "EncodingError",
    "FormatError",
    "MissingExtraError",
    "NotTrainedError",
    "OutputError",
    "TrainingConfig",
    "TrainingReport",
    "TuningResult",
    "UnknownWordError",
    "Vocabulary",
    "Word2Vec",
    "WordkinError",
    "__version__",
    "load",
    "resume",
    "train",
    "tune",
]


def test_a_model_shows_what_it_is():
    model = wordkin.Word2Vec(vector_size=4, min_count=1, objective=["softmax", "negative-sampling"], subsample=0)
    options = "vector_size=4, min_count=1, subsample=0"
    assert repr(model) == f"Word2Vec(objective=('softmax', 'negative-sampling'), {options}, not trained)"
    assert repr(wordkin.Word2Vec()) == "Word2Vec(not trained)"
    model.fit([["sun", "moon"]])
    assert repr(model).endswith(f"{options}, 2 words, loss {model.losses[-1]:.4f})")


def test_the_public_names():
    assert sorted(wordkin.__all__) == NAMES
    assert set(NAMES) <= set(dir(wordkin))


@pytest.mark.parametrize("name", NAMES)
def test_each_name_is_there_and_documented(name):
    value = getattr(wordkin, name)
    if name != "__version__":
        assert inspect.getdoc(value)


def test_type_checkers_see_the_same_names():
    tree = ast.parse(Path(wordkin.__file__).read_text())
    (block,) = (node for node in tree.body if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING")
    seen = {name.asname: node.module for node in block.body for name in node.names if name.asname}
    assert sorted([*seen, "__version__"]) == NAMES
    assert all(getattr(wordkin, name).__module__.startswith(module) for name, module in seen.items())


def test_every_error_is_public():
    found = [name for name, value in vars(errors).items() if inspect.isclass(value) and issubclass(value, Exception)]
    assert set(found) <= set(NAMES)


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match=r"^module 'wordkin' has no attribute 'word2vec'$"):
        wordkin.word2vec  # noqa: B018


def test_the_version_is_that_of_the_installed_package():
    assert version("wordkin") == wordkin.__version__


def test_the_package_is_typed():
    assert (Path(wordkin.__file__).parent / "py.typed").exists()


def test_parameters_have_the_same_names_wherever_they_stand():
    train, fit = inspect.signature(wordkin.train).parameters, inspect.signature(wordkin.Word2Vec.fit).parameters
    shared = [name for name in train if name in fit]
    assert shared[0] == "corpus"
    assert all(train[name].default == fit[name].default for name in shared)
