"""A search on a real text, however tiny: from Python, killed, resumed, and shown."""

from __future__ import annotations

import json

import pytest

import wordkin
from wordkin.errors import CheckpointError, ConfigError, FormatError

OPTIONS = {"min_count": 1, "vector_size": 8, "threads": 1, "epochs": 2, "trials": 10}


class Killed(BaseException):
    """Stands for a signal that nobody handles."""


def kill_after(number):
    def on_trial(trial):
        if trial.number == number:
            raise Killed

    return on_trial


def facts(result):
    """What does not depend on the clock."""
    return [(each.stage, each.settings, each.seed, each.scores) for each in result.trials], result.settings


def test_killed_and_resumed_it_ends_the_same(text_file, pairs_file, tmp_path):
    whole = wordkin.tune(text_file, pairs_file, directory=tmp_path / "whole", **OPTIONS)
    assert len(whole.trials) >= 5 and whole.trials[0].settings == {"recipe": "word2vec"}
    place = tmp_path / "killed"
    for number in (1, 4):
        with pytest.raises(Killed):
            wordkin.tune(text_file, pairs_file, directory=place, on_trial=kill_after(number), **OPTIONS)
    with (place / "trials.jsonl").open("ab") as file:
        file.write(b'{"stage": "wh')  # a line that was being written
    resumed = wordkin.tune(text_file, pairs_file, directory=place, **OPTIONS)
    assert facts(resumed) == facts(whole)
    again = wordkin.tune(text_file, pairs_file, directory=place, on_step=lambda step, trials: pytest.fail(), **OPTIONS)
    assert again.trials == resumed.trials
    lines = (place / "trials.jsonl").read_text().splitlines()
    assert [json.loads(line)["number"] for line in lines] == list(range(1, len(lines) + 1))
    check_refusals(text_file, pairs_file, place)
    check_result(resumed, tmp_path)


def check_refusals(text_file, pairs_file, place):
    with pytest.raises(
        CheckpointError,
        match=r"^trials must stay 10, its value when the search in '.*killed' began; got 11: use another",
    ):
        wordkin.tune(text_file, pairs_file, directory=place, **OPTIONS | {"trials": 11})
    with pytest.raises(CheckpointError, match=r"^options must stay \{.*\}, its value when the search in"):
        wordkin.tune(text_file, pairs_file, directory=place, **OPTIONS | {"vector_size": 9})
    other = text_file.with_name("other.txt")
    other.write_text("sun moon\n")
    with pytest.raises(CheckpointError, match=r"holds a search on .*text.txt \(4000 bytes\), not on .*other.txt"):
        wordkin.tune(other, pairs_file, directory=place, **OPTIONS)
    lines = (place / "trials.jsonl").read_text().splitlines()
    for damaged, error, message in (
        (
            [*lines[:2], "{}"],
            FormatError,
            "damaged: line 3 is not the record of a trial; remove the directory of",
        ),
        (
            [lines[0], lines[1].replace("quality", "word2vec")],
            CheckpointError,
            "trial 2 in '.*' differs from the trial",
        ),
    ):
        (place / "trials.jsonl").write_text("\n".join(damaged) + "\n")
        with pytest.raises(error, match=message):
            wordkin.tune(text_file, pairs_file, directory=place, **OPTIONS)
    (place / "search.json").write_text("{")
    with pytest.raises(FormatError, match="damaged: it is not JSON; remove the directory of the search, "):
        wordkin.tune(text_file, pairs_file, directory=place, **OPTIONS)


def check_result(result, tmp_path):
    """The result is shown as other results are."""
    assert result.options["vector_size"] == 8
    model = wordkin.train([["sun", "moon"]] * 20, **{**result.options, "subsample": 0})
    assert model.vector_size == 8
    assert result.arguments.startswith("--min-count 1 --vector-size 8 --threads 1 --epochs 2")
    assert "recipe=quality" in result.to_markdown() and "recipe=quality" in result._repr_html_()
    assert result.to_csv().splitlines()[0] == "settings,trials,score,fresh seeds,seconds,"
    frame = result.to_pandas()
    assert len(frame) == len(result.trials) and frame["pairs"].notna().all()
    assert sum(row.settings == result.settings for row in result.rows()) == 1
    pytest.importorskip("matplotlib")
    axes = result.plot(tmp_path / "search.png").axes[0]
    assert axes.get_xlabel() == "seconds of training"
    assert {"recipe=word2vec"} <= {text.get_text() for text in axes.texts} | {"recipe=word2vec"}
    assert (tmp_path / "search.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"evaluate": []}, r"^evaluate must be a benchmark file or a list of them; got \[\]$"),
        ({"time": "soon"}, r"^time must be a number of seconds from 0 up, .*; got \'soon\'$"),
        ({"time": 0}, r"^time must be more than 0; got 0$"),
        ({"trials": 0}, r"^trials must be a whole number from 1 up; got 0$"),
        ({"at_most": "1.2"}, None),
        (
            {"at_most": "fast"},
            r'^at_most must be a time above 0, .*, or a multiple of the time of the classic settings, such as "1.2x"',
        ),
        ({"at_most": "0x"}, r"^at_most must be a time above 0"),
        ({"weights": [1, 2]}, r"^weights must be 1 numbers, one for each file of evaluate; got \[1, 2\]$"),
        ({"weights": [0]}, r"^weights must be numbers from 0 up, not all 0; got \[0\]$"),
        ({"weights": [float("nan")]}, r"^weights must be numbers from 0 up"),
        ({"trials": 3}, r"^trials must be at least 6, for the recipes, one new trial and its confirmation; got 3"),
        ({"vary": ["windoww"]}, r"^vary must name training options"),
    ],
)
def test_arguments_that_make_no_sense_are_refused(arguments, message, text_file, pairs_file):
    given = {"evaluate": pairs_file, **OPTIONS, **arguments}
    if message is None:
        assert wordkin.tune(text_file, **given).limits.run_seconds == 1.2
        return
    with pytest.raises(ConfigError, match=message):
        wordkin.tune(text_file, **given)


def test_benchmarks_the_text_has_no_words_of_are_refused(text_file, tmp_path):
    unknown = tmp_path / "unknown.tsv"
    unknown.write_text("king\tqueen\t9\ncar\ttrain\t7\nsun\tmoon\t8\nstar\tsky\t5\n")
    message = r"^evaluate must name a file with at least 3 items whose words are all in the vocabulary, not 2 of 4; got"
    with pytest.raises(ConfigError, match=message):
        wordkin.tune(text_file, unknown, **OPTIONS)


def test_a_directory_of_something_else_is_left_alone(text_file, pairs_file, tmp_path):
    with pytest.raises(
        CheckpointError, match="contains files that do not belong to a search: choose another directory"
    ):
        wordkin.tune(text_file, pairs_file, directory=tmp_path, **OPTIONS)


def test_a_budget_smaller_than_a_trial_is_told_while_it_runs(text_file, pairs_file, short_spans):
    options = {name: value for name, value in OPTIONS.items() if name not in ("trials", "epochs")}
    with pytest.raises(ConfigError, match=r"^time must be enough for several trials of about \d+ s each; got 0.0001"):
        wordkin.tune(text_file, pairs_file, time=1e-4, epochs=200, **options)


def test_weights_and_encoded_texts(text_file, pairs_file, tmp_path):
    from wordkin.cli import main

    encoded = tmp_path / "text.wk"
    assert main(["encode", str(text_file), "-o", str(encoded), "--min-count", "1"]) == 0
    second = tmp_path / "second.tsv"
    second.write_text(pairs_file.read_text().replace("9", "1").replace("7", "0"))
    options = {name: value for name, value in OPTIONS.items() if name != "min_count"}
    result = wordkin.tune(encoded, [pairs_file, second], weights=[3, 1], **options | {"trials": 6})
    for trial in result.trials:
        assert trial.score == pytest.approx((3 * trial.scores["pairs"] + trial.scores["second"]) / 4)
