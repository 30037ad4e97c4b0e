from __future__ import annotations

import json

import pytest

import wordkin
from wordkin.errors import ConfigError, CorpusNotFoundError, FormatError
from wordkin.plots import curves_of_logs, of_epochs, plot_losses, read_log

pytest.importorskip("matplotlib")
LINE = {"words": 2_000_000, "loss": 2.5, "validation_loss": None}


def write_log(path, *lines):
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


def test_a_log_of_training_is_read_and_drawn(tmp_path):
    sentences = [["sun", "moon", "star"], ["moon", "sun", "sky"]] * 50
    log = tmp_path / "run.jsonl"
    options = {"min_count": 1, "vector_size": 8, "epochs": 3, "subsample": 0}
    model = wordkin.Word2Vec(**options).fit(sentences, log=log, validation=sentences[:2])
    curve = read_log(log)
    assert curve.losses[-1] == pytest.approx(model.losses[-1])
    assert list(curve.validation_losses) == pytest.approx(model.validation_losses)
    assert curve.validation_done == pytest.approx([300e-6, 600e-6, 900e-6])
    axes = plot_losses(curve, tmp_path / "losses.png").axes[0]
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["training", "held out"]
    assert axes.get_xlabel() == "million words"
    assert (tmp_path / "losses.png").read_bytes().startswith(b"\x89PNG")
    assert model.plot_losses(theme="dark").axes[0].get_xlabel() == "epochs"


@pytest.mark.parametrize("epochs", [1, 2, 3, 8, 20])
def test_epochs_are_whole_numbers(epochs):
    ticks = plot_losses(of_epochs(range(epochs), [])).axes[0].get_xticks()
    assert all(tick == round(tick) for tick in ticks.tolist())


def test_the_epoch_that_was_kept_is_marked():
    axes = plot_losses(of_epochs([3, 2, 1], [2, 1, 2], best_epoch=2)).axes[0]
    assert [text.get_text() for text in axes.texts] == ["kept: epoch 2"]


def test_logs_of_one_name_are_told_apart(tmp_path):
    (tmp_path / "b").mkdir()
    paths = [write_log(tmp_path / "run.jsonl", LINE), write_log(tmp_path / "b" / "run.jsonl", LINE)]
    assert [curve.name for curve in curves_of_logs(paths)] == [str(path) for path in paths]
    other = write_log(tmp_path / "other.jsonl", LINE)
    curves = curves_of_logs([paths[0], other])
    assert [curve.name for curve in curves] == ["run", "other"]
    names = [text.get_text() for text in plot_losses(curves).axes[0].get_legend().get_texts()]
    assert names == ["run: training", "other: training"]


def test_a_line_that_is_half_written_is_left_out(tmp_path):
    path = write_log(tmp_path / "run.jsonl", LINE)
    path.write_text(path.read_text() + '{"words": 3, "lo')
    assert read_log(path).losses == [2.5]


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        (None, CorpusNotFoundError, "there is no file"),
        ("", FormatError, "contains no line of a training log yet"),
        ("{}\n", FormatError, r"line 1 is not a line of a training log \(KeyError"),
        ("no json\n", FormatError, r"line 1 is not a line of a training log \(JSONDecodeError"),
        ("[1]\n", FormatError, r"line 1 is not a line of a training log \(TypeError"),
    ],
)
def test_what_is_no_log_is_refused(tmp_path, text, error, message):
    path = tmp_path / "log.jsonl"
    if text is not None:
        path.write_text(text)
    with pytest.raises(error, match=message):
        read_log(path)


@pytest.mark.parametrize(
    ("curves", "message"),
    [
        ([], "curves must hold from 1 to 7 runs; got 0"),
        ([of_epochs([1])] * 8, "curves must hold from 1 to 7 runs; got 8"),
    ],
)
def test_illegal_numbers_of_curves(curves, message):
    with pytest.raises(ConfigError, match=message):
        plot_losses(curves)


def test_curves_of_different_units_are_not_mixed(tmp_path):
    with pytest.raises(ConfigError, match="curves must all have the same unit"):
        plot_losses([read_log(write_log(tmp_path / "a.jsonl", LINE)), of_epochs([1, 2])])
