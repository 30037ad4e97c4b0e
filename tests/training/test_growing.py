"""Tables of a model that grows, and of one that starts from vectors."""

from __future__ import annotations

import numpy as np
import pytest

from wordkin import Embeddings, TrainingConfig, Vocabulary
from wordkin.errors import ConfigError
from wordkin.training.growing import grown_tables, old_weights, tables_from_vectors, uniform_by_word, update_config
from wordkin.training.tables import OldRows, table_shapes
from wordkin.windows.rng import random_bits, random_bits_of

OLD, GROWN = Vocabulary(["a", "b", "c"], [9, 5, 4]), Vocabulary(["b", "x", "a", "y", "c"], [12, 10, 9, 6, 4])
CONFIG = TrainingConfig(
    objective=("negative-sampling", "softmax"), vector_size=40, output_bias=True, projection_bias=True
)


def tables():
    rng = np.random.default_rng(3)
    return {name: rng.normal(size=shape).astype(np.float32) for name, shape in table_shapes(CONFIG, 3).items()}


def test_every_table_follows_its_words_to_their_new_ids():
    old = tables()
    grown = grown_tables(CONFIG, old, OLD, GROWN)
    assert {name: table.shape for name, table in grown.items()} == table_shapes(CONFIG, 5)
    for name, table in grown.items():
        assert table.dtype == np.float32
        if name == "projection_bias":
            np.testing.assert_array_equal(table, old[name])
            continue
        np.testing.assert_array_equal(table[[2, 0, 4]], old[name], err_msg=name)
        if name != "input":
            assert not table[[1, 3]].any()
    new = grown["input"][[1, 3]]
    assert np.abs(new).max() <= 0.5 / 40 and np.abs(new).max() > 0.4 / 40 and (new[0] != new[1]).any()


def test_new_rows_depend_on_seed_and_word_and_not_on_the_id():
    other = Vocabulary(["y", "c", "b", "a", "x", "z"], [12, 10, 9, 6, 5, 4])
    first, second = (grown_tables(CONFIG, tables(), OLD, each)["input"] for each in (GROWN, other))
    np.testing.assert_array_equal(first[[1, 3]], second[[4, 0]])
    assert (uniform_by_word(1, ["x"], 9) != uniform_by_word(2, ["x"], 9)).all()


def test_numbers_by_word_are_uniform_and_streams_are_those_of_the_kernel():
    uniform = uniform_by_word(7, (f"w{i}" for i in range(500)), 40)
    assert uniform.dtype == np.float32 and uniform.min() >= 0 and uniform.max() < 1
    np.testing.assert_allclose(np.histogram(uniform, bins=10, range=(0, 1))[0] / uniform.size, 0.1, atol=0.01)
    assert abs(np.corrcoef(uniform[:-1].ravel(), uniform[1:].ravel())[0, 1]) < 0.03
    keys = np.array([0, 5, 2**64 - 1], np.uint64)
    expected = [[int(random_bits(key, np.uint64(counter))) for counter in range(4)] for key in keys]
    assert random_bits_of(keys, 4).tolist() == expected


def test_given_vectors_are_taken_and_others_drawn_at_their_scale():
    rng = np.random.default_rng(2)
    config = TrainingConfig(vector_size=40)
    words = [f"w{i}" for i in range(300)]
    vocabulary = Vocabulary([f"w{i}" for i in range(200, 500)], np.arange(300, 0, -1))
    vectors = Embeddings(Vocabulary(words), rng.normal(0.05, 0.3, (300, 40)).astype(np.float16))
    started, found = tables_from_vectors(config, vectors.vocabulary, vectors.matrix, vocabulary)
    assert found == 100 and not started["output/negative-sampling"].any()
    np.testing.assert_array_equal(started["input"][:100], vectors.matrix[200:].astype(np.float32))
    root_mean_square = np.sqrt(np.square(started["input"][100:]).mean())
    assert root_mean_square == pytest.approx(np.sqrt(np.square(vectors.matrix[200:].astype(float)).mean()), rel=0.02)


def test_vectors_that_do_not_fit_are_refused():
    config = TrainingConfig(vector_size=2)
    with pytest.raises(ConfigError, match="init must hold a vector of at least one word of the text"):
        tables_from_vectors(config, Vocabulary(["q"]), np.ones((1, 2), np.float32), OLD)
    broken = np.array([[1, np.nan]], np.float32)
    with pytest.raises(
        ConfigError, match="init must hold only finite numbers; got \"infinite or NaN numbers in the vector of 'b'\""
    ):
        tables_from_vectors(config, Vocabulary(["b"]), broken, OLD)


def test_the_learning_rate_of_an_update_is_its_own():
    first = TrainingConfig(learning_rate=0.1, min_learning_rate=0.05, epochs=7, patience=2, validation_fraction=0.1)
    assert update_config(first, {}, has_validation=False).learning_rate == 0.025
    assert update_config(first, {}, has_validation=False).min_learning_rate is None
    assert update_config(first, {}, has_validation=False).epochs == 7
    assert update_config(TrainingConfig(architecture="cbow"), {}, has_validation=False).learning_rate == 0.05
    asked = update_config(first, {"learning_rate": 0.02, "epochs": 1}, has_validation=True)
    assert (asked.learning_rate, asked.epochs, asked.validation_fraction, asked.patience) == (0.02, 1, None, 2)
    assert update_config(TrainingConfig(patience=2), {}, has_validation=False).patience is None


@pytest.mark.parametrize(
    "options",
    [
        {"recipe": "quality"},
        {"vector_size": 8},
        {"architecture": "cbow"},
        {"objective": "softmax"},
        {"output_bias": True},
        {"phrases": 2},
    ],
)
def test_what_would_change_the_meaning_of_the_tables_is_refused(options):
    (name,) = options
    with pytest.raises(
        ConfigError,
        match=rf"{name} must be .* for an update, as in the model; got .*: leave {name} out, or train a new model",
    ):
        update_config(TrainingConfig(), options, has_validation=False)
    assert update_config(TrainingConfig(**options), options, has_validation=False)


def test_the_weight_of_old_rows_follows_the_share_of_the_old_text():
    some, much = Vocabulary(["a", "x"], [15, 9]), Vocabulary(["x", "a"], [90, 10])
    np.testing.assert_allclose(old_weights(None, Vocabulary(["a"], [12]), some), [0.5, 0])
    np.testing.assert_allclose(old_weights(None, Vocabulary(["a"], [10]), much), [0, 0.1])
    np.testing.assert_allclose(old_weights(None, Vocabulary(["a"], [23]), some), [0.65, 0])
    assert old_weights(0.25, OLD, GROWN).tolist() == [0.25, 0, 0.25, 0, 0.25]
    assert old_weights(0, OLD, GROWN) is None


def test_rows_that_did_not_change_keep_their_bits_in_an_average():
    old = tables()
    changed = {name: np.where(np.arange(len(table)).reshape(-1, *[1] * (table.ndim - 1)) % 2, table, table + 1)
               for name, table in old.items()}  # fmt: skip
    weights = np.full(3, 0.3, np.float32)
    averaged = OldRows(old, weights).averaged_with(changed)
    for name, table in averaged.items():
        np.testing.assert_array_equal(table[1::2], old[name][1::2], err_msg=name)
        np.testing.assert_allclose(table[::2], old[name][::2] + 0.7, rtol=1e-5, err_msg=name)


def test_hierarchical_softmax_is_refused_with_the_reason():
    for objective in "hierarchical-softmax", ("negative-sampling", "hierarchical-softmax"):
        config = TrainingConfig(objective=objective)
        with pytest.raises(ConfigError, match=r'objective must not include "hierarchical-softmax" .* change the tree'):
            update_config(config, {}, has_validation=False)
