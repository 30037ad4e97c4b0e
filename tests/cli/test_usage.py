"""Tests of help, usage errors, and parsing of options."""

from __future__ import annotations

import dataclasses
import json

import pytest

from wordkin import __version__
from wordkin.cli.application import COMMANDS
from wordkin.config import TrainingConfig

NAMES = [command.__name__ for command in COMMANDS]


def test_version(run):
    assert run("--version") == (0, f"wordkin {__version__}\n", "")


def test_no_arguments_show_the_help(run):
    finished = run()
    assert finished == run("--help")
    assert finished.code == 0
    for name in NAMES:
        assert f"\n  {name} " in finished.out


@pytest.mark.parametrize("name", NAMES)
def test_help_of_each_command_fits_80_columns(run, name):
    finished = run(name, "--help")
    assert finished.code == 0
    assert finished.out.startswith(f"Usage: wordkin {name} [OPTIONS]")
    assert max(map(len, finished.out.splitlines())) <= 80
    assert finished == run(name, "-h")


@pytest.mark.parametrize("name", NAMES)
def test_every_command_offers_json_and_explains_every_option(run, name):
    text = run(name, "--help").out
    assert "--json" in text or name == "studio"  # a server prints no result
    lines = text.splitlines()
    for line, after in zip(lines, [*lines[1:], ""], strict=True):
        if line.startswith("  -"):
            explained = len(line[2:].split("  ", 1)) == 2 or after.startswith("      ")
            assert explained, line


def test_train_help_groups_options_the_common_ones_first(run):
    text = run("train", "--help").out
    headings = [
        "Arguments",
        "Common options",
        "Long runs",
        "Model options",
        "Text options",
        "Training options",
        "Other options",
    ]
    places = [text.index(f"\n{heading}:\n") for heading in headings]
    assert places == sorted(places)
    for option in ("--output", "--architecture", "--objective", "--vector-size", "--window", "--epochs"):
        assert places[1] < text.index(option) < places[2]


def test_train_offers_every_option_of_training_with_its_default(run):
    text = " ".join(run("train", "--help").out.split())
    for field in dataclasses.fields(TrainingConfig):
        assert f"--{field.name.replace('_', '-')} " in text
        if field.default not in (None, True, False, ()):
            assert f"{field.metadata['help']} [default: {field.default}]" in text


def test_lesson_help_tells_its_own_options_and_defaults(run):
    from wordkin.lesson import LESSON_OPTIONS, lesson_config

    config, text = lesson_config(), " ".join(run("lesson", "--help").out.split())
    for name in [field.name for field in dataclasses.fields(TrainingConfig)]:
        assert (f"--{name.replace('_', '-')} " in text) == (name in LESSON_OPTIONS), name
        default = getattr(config, name)
        if name in LESSON_OPTIONS and default not in (None, True, False):
            assert f"[default: {default}]" in text
    assert "Learning rate at the start. [default: 0.3]" in text
    assert "0.025" not in text


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["trian"], "no such command 'trian'"),
        (["similar"], "missing argument 'VECTORS'; see: wordkin similar --help"),
        (["similar", "x.bin"], "missing argument 'WORD'; see: wordkin similar --help"),
        (["train"], "missing argument 'CORPUS'; see: wordkin train --help"),
        (
            ["train", "--resume", "run", "--checkpoint", "other"],
            "--checkpoint must be left out with --resume: a run continues as it was started; got 'other'",
        ),
        (["train", "x.txt"], "missing option '--output' / '-o'; see: wordkin train --help"),
        (["train", "x", "-o", "y.bin", "--windw", "3"], "no such option: --windw"),
        (
            ["train", "x", "-o", "y.bin", "--window", "wide"],
            "--window must be a whole number from 1 to 10000, or \"sentence\"; got 'wide'",
        ),
        (
            ["train", "x", "-o", "y.bin", "--window", "2.5"],
            "--window must be a whole number from 1 to 10000, or \"sentence\"; got '2.5'",
        ),
        (
            ["train", "x", "-o", "y.bin", "--vector-size", "0"],
            "--vector-size must be a whole number from 1 to 65536; got 0",
        ),
        (["train", "x", "-o", "y.bin", "--subsample", "nan"], "--subsample must be a number from 0 to 1; got nan"),
        (["train", "x", "-o", "y.bin", "--epochs", "-1"], "--epochs must be a whole number from 1 up; got -1"),
        (
            ["train", "x", "-o", "y.bin", "--architecture", "glove"],
            '--architecture must be one of "skip-gram", "cbow"; got \'glove\'',
        ),
        (
            ["train", "x", "-o", "y.bin", "--objective", "softmax,x"],
            '--objective must be one or more of "negative-sampling", "hierarchical-softmax", "softmax"; '
            "got 'softmax,x'",
        ),
        (
            ["train", "x", "-o", "y.bin", "--learning-rate", "0.1", "--min-learning-rate", "0.2"],
            "--min-learning-rate must not exceed --learning-rate (0.1); got 0.2",
        ),
        (
            ["train", "x", "-o", "y.bin", "--vectors", "sum", "--objective", "hierarchical-softmax"],
            '--vectors must be "input" with --objective "hierarchical-softmax", whose output rows belong to tree '
            "nodes, not to words; got 'sum': leave vectors out",
        ),
        (
            ["train", "x", "-o", "y.bin", "--drafts", "3"],
            "option --drafts was renamed: use --parts; see: wordkin train --help",
        ),
        (["similar", "x.bin", "a", "--topn", "0"], "--topn must be a whole number from 1 up; got 0"),
        (["evaluate", "x.bin"], "evaluate needs a benchmark file: add --dataset FILE; see: wordkin evaluate --help"),
        (
            ["plot", "x.bin", "-o", "m.png"],
            "plot needs words to show: add --words king,queen,man; see: wordkin plot --help",
        ),
        (["lesson", "a b", "--steps", "0"], "--steps must be a whole number from 1 up; got 0"),
    ],
)
def test_bad_usage_is_one_line_and_exit_code_2(run, arguments, message):
    finished = run(*arguments)
    assert (finished.code, finished.out) == (2, "")
    assert finished.err.startswith(f"wordkin: {message}")
    assert finished.err.count("\n") == 1
    if "no such" not in message:  # the parser appends suggestions
        assert finished.err == f"wordkin: {message}\n"


def test_options_reach_training_as_their_types(run, monkeypatch, tmp_path):
    seen = {}

    class Model:
        def __init__(self, **options):
            seen.update(options)

        def fit(self, corpus, **places):
            seen.update(corpus=corpus, output=places["output"])
            raise KeyboardInterrupt

    monkeypatch.setattr("wordkin.api.Word2Vec", Model)
    numbers = ["--vector-size", "30", "--learning-rate", "0.5"]
    words = ["--objective", "softmax,negative-sampling", "--no-dynamic-window", "--lowercase"]
    finished = run("train", "a.txt", "b.txt", "-o", tmp_path / "v.bin", *numbers, *words)
    assert (finished.code, finished.err) == (130, "wordkin: stopped by Ctrl-C\n")
    assert seen == {
        "corpus": ["a.txt", "b.txt"],
        "output": str(tmp_path / "v.bin"),
        "vector_size": 30,
        "learning_rate": 0.5,
        "objective": ("softmax", "negative-sampling"),
        "dynamic_window": False,
        "lowercase": True,
    }


def test_json_is_one_document(run, vectors_file):
    document = json.loads(run("similar", vectors_file, "paris", "rome", "--topn", "2", "--json").out)
    assert [result["word"] for result in document["results"]] == ["paris", "rome"]


@pytest.mark.parametrize(
    ("option", "hint"),
    [
        ("--sg", '--sg: use --architecture "skip-gram" or "cbow"'),
        ("--hs", '--hs: use --objective "hierarchical-softmax"'),
        ("--workers", "--workers: use --threads"),
        ("--workers=3", "--workers: use --threads"),
        ("--iter", "--iter: use --epochs"),
        ("--sample", "--sample: use --subsample"),
        ("--max-final-vocab", "--max-final-vocab: use --max-vocabulary"),
        ("--ns_exponent", "--ns_exponent: use --noise-exponent"),
        ("-size", "-size: use --vector-size"),
        ("-train", "-train: give the text as CORPUS"),
        ("-cbow", "-cbow: use --architecture cbow or skip-gram"),
        ("-iter", "-iter: use --epochs"),
        ("--save-vocab", "--save-vocab: leave this option out, because vectors in .safetensors contain the counts"),
    ],
)
def test_options_of_gensim_and_word2vec_c_get_a_hint(run, option, hint):
    finished = run("train", "text.txt", "-o", "v.bin", option, "1")
    assert (finished.code, finished.err) == (2, f"wordkin: no such option: {hint}; see: wordkin train --help\n")


def test_an_option_that_nobody_has_gets_the_nearest(run):
    failed = run("train", "a", "--min-cuont", "3")
    assert (
        "no such option: --min-cuont (Possible options: --max-context, --min-count, --phrase-min-count)" in failed.err
    )
