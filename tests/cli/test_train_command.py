"""Tests of wordkin train: results, early errors, no partial files."""

from __future__ import annotations

import io
import json
import sys

import pytest

from wordkin.embeddings import load_embeddings

SMALL = ["--vector-size", "8", "--threads", "1", "--subsample", "0"]


def test_text_becomes_vectors(run, text_file, tmp_path):
    output = tmp_path / "v.safetensors"
    finished = run("train", text_file, "-o", output, *SMALL, "--epochs", "3")
    assert finished.code == 0
    assert finished.out.startswith(f"{output}: 8 words x 8, loss ")
    lines = [
        line for line in finished.err.splitlines() if not line.startswith("Compiling")
    ]  # printed if the kernels are not cached yet
    assert [line.split(",")[0] for line in lines] == ["epoch 1/3", "epoch 2/3", "epoch 3/3"]
    vectors = load_embeddings(output)
    assert vectors.similarity("sun", "moon") > vectors.similarity("sun", "cheese")
    assert vectors.metadata["epochs"] == "3"


def test_json(run, text_file, tmp_path):
    output = tmp_path / "v.bin"
    finished = run("train", text_file, "--output", output, *SMALL, "--epochs", "2", "--json", "--quiet")
    document = json.loads(finished.out)
    assert finished.err == ""
    assert (document["output"], document["vocabulary_size"], document["words"]) == (str(output), 8, 4800)
    assert len(document["losses"]) == 2


def test_several_inputs_and_a_pattern(run, tmp_path):
    for name in ("a.txt", "b.txt"):
        (tmp_path / name).write_text("left right\n" * 5)
    for inputs in ([tmp_path / "a.txt", tmp_path / "b.txt"], [tmp_path / "*.txt"]):
        document = json.loads(run("train", *inputs, "-o", tmp_path / "v.bin", *SMALL, "--epochs", "1", "--json").out)
        assert document["words"] == 20


def test_standard_input(run, tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"left right\n" * 10)))
    finished = run("train", "-", "-o", tmp_path / "v.bin", *SMALL)
    assert finished.code == 0
    assert sorted(load_embeddings(tmp_path / "v.bin").words) == ["left", "right"]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        (
            "v.model",
            "--output must end in .safetensors, .bin, .txt or .vec, each also with .gz; got '{}'",
        ),
        ("no/v.bin", "there is no directory"),
        ("", "--output must end in"),
    ],
)
def test_an_impossible_output_is_found_before_the_text_is_read(run, tmp_path, monkeypatch, name, words):
    monkeypatch.setattr("wordkin.api.Word2Vec.fit", lambda *_, **__: pytest.fail("training began"))
    finished = run("train", "text.txt", "-o", tmp_path / name)
    assert finished.code == 2
    assert words.format(tmp_path / name) in finished.err
    assert list(tmp_path.iterdir()) == []


def test_an_impossible_log_is_bad_usage(run, text_file, tmp_path):
    finished = run("train", text_file, "-o", tmp_path / "v.bin", "--log", tmp_path / "no" / "log.jsonl")
    assert finished.code == 2
    assert finished.err == (
        f"wordkin: cannot write '{tmp_path}/no/log.jsonl', because there is no directory '{tmp_path}/no': "
        "make this directory first\n"
    )


@pytest.mark.parametrize("place", ["text.txt", "text.txt/run", "text.txt/deep/run"])
def test_an_impossible_directory_for_checkpoints_is_bad_usage(run, text_file, tmp_path, place, monkeypatch):
    monkeypatch.chdir(tmp_path)
    text_file = text_file.rename(tmp_path / "text.txt")
    finished = run("train", text_file, "-o", "v.bin", "--checkpoint", place)
    assert finished.code == 2
    named = "it" if place == "text.txt" else f"'{text_file}'"
    assert finished.err == f"wordkin: cannot write to the directory '{place}': {named} is a file\n"


def test_places_for_runs_are_checked_before_the_work(run, text_file, tmp_path):
    finished = run("train", text_file, "-o", tmp_path / "v.bin", "--checkpoint-every", "5m")
    assert (finished.code, finished.err) == (
        2, "wordkin: --checkpoint-every needs a checkpoint directory; got '5m': pass the directory as checkpoint\n"
    )  # fmt: skip
    finished = run("train", text_file, "-o", tmp_path / "v.txt", "--log", text_file)
    assert finished.code == 2
    assert finished.err.startswith("wordkin: --log must not be a file of the text, which would be overwritten; got")
    assert text_file.read_text()


def test_unusable_text(run, tmp_path):
    empty, rare, output = tmp_path / "empty.txt", tmp_path / "rare.txt", tmp_path / "v.bin"
    empty.write_text(" \n\n")
    rare.write_text("each word here comes once\n")
    finished = run("train", empty, "-o", output)
    assert (finished.code, finished.err) == (
        2,
        f"wordkin: there are no words in '{empty}': the text is empty or only white space\n",
    )
    finished = run("train", rare, "-o", output)
    assert finished.code == 2
    assert "--min-count" in finished.err
    assert not output.exists()


def test_a_failed_run_leaves_nothing_behind(run, text_file, tmp_path, monkeypatch):
    def fail(*_, **__):
        raise OSError(28, "No space left on device", "v.bin")

    monkeypatch.setattr("wordkin.embeddings.formats.write_binary", fail)
    finished = run("train", text_file, "-o", tmp_path / "v.bin", *SMALL, "--epochs", "1", "--quiet")
    assert finished.code == 1
    assert "No space left on device" in finished.err
    assert list(tmp_path.iterdir()) == [text_file]


@pytest.mark.filterwarnings("default::wordkin.corpus.CorpusWarning")
def test_a_warning_is_one_line(run, tmp_path):
    (tmp_path / "latin.txt").write_bytes(b"sun moon stars\n" * 100 + "größe\n".encode("latin-1"))
    finished = run("train", tmp_path / "latin.txt", "-o", tmp_path / "v.bin", *SMALL, "--epochs", "1", "--quiet")
    assert finished.code == 0
    assert finished.err.startswith("wordkin: warning: ")
    assert '--encoding-errors "strict"' in finished.err
    assert finished.err.count("\n") == 1


def test_held_out_text_and_a_log(run, text_file, tmp_path):
    output, log, held_out = tmp_path / "v.bin", tmp_path / "log.jsonl", tmp_path / "held-out.txt"
    held_out.write_text("sun moon star sky\n" * 5)
    places = ["-o", output, "--validation", held_out, "--log", log]
    finished = run("train", text_file, *places, *SMALL, "--epochs", "3", "--json")
    document = json.loads(finished.out)
    assert len(document["losses"]) == len(document["validation_losses"]) == 3
    assert ", held-out " in finished.err
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    assert lines[-1]["loss"] == pytest.approx(document["losses"][-1])


def test_a_run_that_stopped_goes_on(run, text_file, tmp_path, monkeypatch):
    directory, whole, resumed = tmp_path / "run", tmp_path / "whole.bin", tmp_path / "resumed.bin"
    options = [*SMALL, "--epochs", "4", "--quiet"]
    assert run("train", text_file, "-o", whole, *options).code == 0

    def stop(self, report):
        if report.epoch == 2 and report.epoch_finished:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("wordkin.cli.commands.train._LastReport.__call__", stop)
        stopped = run(
            "train", text_file, "-o", resumed, "--checkpoint", directory, "--checkpoint-every", "0s", *options
        )
    assert stopped.code == 130
    assert not resumed.exists()
    finished = run("train", "--resume", directory, "--quiet")
    assert (finished.code, finished.err) == (0, "")
    assert resumed.read_bytes() == whole.read_bytes()


def test_resuming_says_what_is_wrong(run, tmp_path):
    finished = run("train", "--resume", tmp_path / "none")
    assert finished.code == 2
    assert str(tmp_path / "none") in finished.err
    finished = run(
        "train", "text.txt", "-o", tmp_path / "v.bin", "--checkpoint", tmp_path, "--checkpoint-every", "soon"
    )
    assert finished.code == 2
    assert finished.err.startswith("wordkin: --checkpoint-every must be a number of seconds from 0 up")


def test_the_help_tells_the_time_between_checkpoints(run):
    from wordkin.runs.checkpoints import DEFAULT_CHECKPOINT_EVERY

    assert f"[default: {DEFAULT_CHECKPOINT_EVERY}]" in " ".join(run("train", "--help").out.split())


def test_early_stopping_says_which_epoch_was_kept(run, text_file, tmp_path):
    options = (
        "--validation-fraction",
        "0.2",
        "--patience",
        "1",
        "--epochs",
        "40",
        "--vector-size",
        "8",
        "--min-count",
        "1",
    )
    rates = ("--learning-rate", "0.2", "--min-learning-rate", "0.2", "--threads", "1", "--quiet")
    arguments = ("train", text_file, "-o", tmp_path / "v.safetensors", *options, *rates)
    document = json.loads(run(*arguments, "--json").out)
    assert document["stopped_early"]
    best, done = document["best_epoch"], len(document["losses"])
    assert best == done - 1
    lines = run(*arguments).out.splitlines()
    assert lines[0].endswith(f"loss {document['losses'][best - 1]:.4f}")
    kept = document["validation_losses"][best - 1]
    assert lines[1] == f"stopped after {done} of 40 epochs; kept epoch {best}, held-out loss {kept:.4f}"
    assert lines[1] in run("info", tmp_path / "v.safetensors").out


def test_the_options_of_a_recipe_are_shown_and_nothing_is_trained(run):
    finished = run("train", "--recipe", "quality", "--epochs", "7", "--show-options")
    rows = {line.split()[0]: line.split()[1:] for line in finished.out.splitlines()}
    assert finished.code == 0
    assert rows["subsample"] == ["3e-05", "recipe", "quality"]
    assert rows["epochs"] == ["7", "given"]
    assert rows["window"] == ["3", "recipe", "quality"]
    last = finished.out.splitlines()[-1]
    assert last == (
        "for a text of fewer than 10,000,000 words: window 7, dynamic_window True, negative 3, subsample 5e-05"
    )
    document = json.loads(run("train", "--recipe", "quality", "--show-options", "--json").out)
    assert document["dynamic_window"] == {"value": False, "source": "recipe quality", "small_text": True}
    assert document["negative"] == {"value": 5, "source": "default", "small_text": 3}
    assert document["window"] == {"value": 3, "source": "recipe quality", "small_text": 7}
    assert document["seed"] == {"value": 1, "source": "default"}


def test_rows_of_init_that_cannot_be_read_name_the_command_that_skips_them(run, text_file, tmp_path):
    (tmp_path / "v.txt").write_text("2 2\nsun 1 2\nmoon x 3\n")
    failed = run("train", text_file, "-o", tmp_path / "o.bin", "--vector-size", "2", "--init", tmp_path / "v.txt", "-q")
    remedy = 'pass --bad-rows "skip" to skip such rows; wordkin convert has this option: convert the file first\n'
    assert failed.code == 2 and failed.err.endswith(f"v.txt': line 3: 'x' is not a number: {remedy}")
