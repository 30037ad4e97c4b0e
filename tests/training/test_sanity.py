"""Training ends in finite, sane tables, or stops and says what to change."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wordkin import DivergenceError, TrainingConfig, Word2Vec
from wordkin.config import ARCHITECTURES, OBJECTIVES
from wordkin.training.sanity import LARGEST_SANE_NUMBER, refuse_wild_loss, refuse_wild_tables

ADVICE = re.compile(
    r"training diverged in epoch \d+: (the mean loss is|the table [a-z_/-]+ holds the value) [-+.\w]+; "
    r"lower learning_rate \(now [\d.e-]+\)(, window \(\d+\) or negative \(\d+\)| or window \(\d+\))"
    r'(, or set cbow_combine="mean")?'
)


def assert_sane(model: Word2Vec) -> None:
    assert np.isfinite(model.losses).all()
    for name, table in model._tables.items():
        assert np.isfinite(table).all() and np.abs(table).max(initial=0) <= LARGEST_SANE_NUMBER, name


def text_of(kind: str, words: int) -> list[list[str]]:
    if kind == "one word":
        return [["a"] * 20] * (words // 20)
    generator = np.random.default_rng(3)
    size = {"two words": 2, "five words": 5, "twenty words": 20, "one sentence": 200, "many words": 1000}[kind]
    weights = 1 / np.arange(1, size + 1)
    drawn = [f"w{word}" for word in generator.choice(size, words, p=weights / weights.sum())]
    return [drawn] if kind == "one sentence" else [drawn[first : first + 20] for first in range(0, words, 20)]


@st.composite
def edges(draw):
    """Configurations at the edges of what is legal."""
    architecture = draw(st.sampled_from(ARCHITECTURES))
    return {
        "architecture": architecture,
        "objective": draw(st.sampled_from(OBJECTIVES)),
        "vector_size": draw(st.sampled_from([1, 7])),
        "window": draw(st.sampled_from([1, 5, 50])),
        "negative": draw(st.sampled_from([1, 5, 64])),
        "learning_rate": draw(st.sampled_from([None, 0.2, 1.0, 10.0])),
        "cbow_combine": draw(st.sampled_from(["mean", "sum"])) if architecture == "cbow" else "mean",
        "dynamic_window": draw(st.booleans()),
        "noise_exponent": draw(st.sampled_from([0.75, 8, -8])),
        "output_bias": draw(st.booleans()),
        "projection_bias": draw(st.booleans()),
        "subsample": draw(st.sampled_from([0, 1e-3])),
        "deterministic": draw(st.booleans()),
        "epochs": 2,
        "min_count": 1,
        "threads": 1,
    }


@pytest.mark.filterwarnings("ignore:the first epoch had no training example")
@given(
    options=edges(),
    kind=st.sampled_from(["one word", "two words", "five words", "twenty words", "one sentence", "many words"]),
)
@settings(max_examples=30)
def test_a_legal_configuration_trains_to_sane_tables_or_says_what_to_change(options, kind):
    try:
        model = Word2Vec(**options).fit(text_of(kind, 3000))
    except DivergenceError as error:
        assert ADVICE.fullmatch(str(error)), str(error)
    else:
        assert_sane(model)


@pytest.mark.filterwarnings("ignore:the first epoch had no training example")
@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize("objective", OBJECTIVES)
@pytest.mark.parametrize("kind", ["one word", "two words", "five words", "twenty words", "one sentence", "many words"])
def test_the_defaults_never_diverge(architecture, objective, kind):
    for subsample in (0, 1e-3):
        options = {"min_count": 1, "vector_size": 8, "threads": 1, "subsample": subsample}
        assert_sane(Word2Vec(architecture=architecture, objective=objective, **options).fit(text_of(kind, 20_000)))


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_one_word_half_a_million_times(architecture, tmp_path):
    text = tmp_path / "text.txt"
    text.write_text("word " * 500_000)
    assert_sane(Word2Vec(architecture=architecture, vector_size=8, subsample=0, epochs=1).fit(text))


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_one_sentence_of_a_million_words(architecture, tmp_path):
    text = tmp_path / "text.txt"
    text.write_text(" ".join(" ".join(text_of("one sentence", 50_000)[0]) for _ in range(20)))
    reports = []
    model = Word2Vec(architecture=architecture, vector_size=8, epochs=1).fit(text, callbacks=[reports.append])
    assert reports[-1].words == 1_000_000
    assert_sane(model)


# --- the checks themselves


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1.1e4, -1.1e4])
@pytest.mark.parametrize("name", ["input", "output/softmax", "projection_bias"])
def test_one_wild_number_is_found_wherever_it_is(name, value):
    tables = {"input": np.zeros((9000, 3)), "output/softmax": np.zeros((9000, 3)), "projection_bias": np.zeros(3)}
    config = TrainingConfig(architecture="cbow", objective="softmax", cbow_combine="sum")
    refuse_wild_tables(tables, config, 1)
    tables[name].flat[-1] = value
    with pytest.raises(DivergenceError) as caught:
        refuse_wild_tables(tables, config, 2)
    shown = "nan" if np.isnan(value) else "inf" if np.isinf(value) else "1.1e+04"
    assert str(caught.value) == (
        f"training diverged in epoch 2: the table {name} holds the value {shown}; "
        'lower learning_rate (now 0.05) or window (5), or set cbow_combine="mean"'
    )


@pytest.mark.parametrize("loss", [0.0, 14.0, 150.0])
def test_a_loss_of_this_size_is_sane(loss):
    refuse_wild_loss(loss, TrainingConfig(), 1)


@pytest.mark.parametrize("loss", [np.nan, np.inf, 1e4])
def test_a_wild_loss_is_divergence(loss):
    with pytest.raises(DivergenceError, match=ADVICE):
        refuse_wild_loss(loss, TrainingConfig(), 3)
