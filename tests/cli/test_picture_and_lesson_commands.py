"""Tests of wordkin plot, lesson and demo."""

from __future__ import annotations

import json
import re
import sys

import pytest

from wordkin.cli.commands.demo import EPOCHS


def test_plot_a_map_and_a_heatmap(run, vectors_file, tmp_path):
    pytest.importorskip("matplotlib")
    output = tmp_path / "map.png"
    finished = run("plot", vectors_file, "paris", "--words", "rome, oslo", "--words", "cheese", "-o", output)
    assert finished == (0, f"{output}: map of 4 words\n", "")
    assert output.read_bytes()[:4] == b"\x89PNG"
    finished = run("plot", vectors_file, "paris", "rome", "-o", tmp_path / "heat.svg", "--kind", "heatmap", "--json")
    assert json.loads(finished.out) == {
        "vectors": str(vectors_file),
        "logs": [],
        "words": ["paris", "rome"],
        "output": str(tmp_path / "heat.svg"),
        "kind": "heatmap",
    }
    assert "<svg" in (tmp_path / "heat.svg").read_text()


def test_plot_groups_and_losses(run, vectors_file, tmp_path):
    pytest.importorskip("matplotlib")
    finished = run("plot", vectors_file, "cheese", "--group", "city=paris,rome", "-o", tmp_path / "map.png", "--json")
    assert json.loads(finished.out)["words"] == ["cheese", "paris", "rome"]
    log = tmp_path / "run.jsonl"
    log.write_text('{"words": 100, "loss": 2.5, "validation_loss": null}\n')
    finished = run("plot", "--log", log, "-o", tmp_path / "losses.png", "--theme", "dark", "--title", "A run")
    assert finished.out == f"{tmp_path / 'losses.png'}: losses of 1 run\n"
    for arguments, message in (
        ([vectors_file, "--log", log], "--log draws the losses of training runs: leave out vectors and words"),
        ([], "plot needs VECTORS and words to show, or --log FILE; see: wordkin plot --help"),
        ([vectors_file, "--group", "paris"], "--group must be NAME=WORDS, as in fruit=apple,pear; got 'paris'"),
        ([vectors_file, "--group", "a=paris,rome", "--kind", "heatmap"], "--group works only for maps: with"),
    ):
        finished = run("plot", *arguments, "-o", tmp_path / "no.png")
        assert finished.code == 2 and message in finished.err
    assert not (tmp_path / "no.png").exists()


def test_plot_says_what_is_wrong(run, vectors_file, tmp_path):
    pytest.importorskip("matplotlib")
    finished = run("plot", vectors_file, "paris", "rome", "-o", tmp_path / "map.doc")
    assert (finished.code, finished.err) == (
        2,
        f"wordkin: --output must end in .png, .svg or .pdf; got '{tmp_path}/map.doc'\n",
    )
    finished = run("plot", vectors_file, "paris", "room", "-o", tmp_path / "map.png")
    assert finished.code == 2
    assert "'room' is not in the vocabulary" in finished.err


@pytest.mark.parametrize(("module", "options", "message"), [
    ("umap", ["--method", "umap"], "a map by UMAP needs an optional dependency: pip install 'wordkin[umap]'"),
    ("matplotlib.figure", [], "drawing pictures needs an optional dependency: pip install 'wordkin[plot]'"),
])  # fmt: skip
def test_plot_names_the_extra_that_is_missing(run, vectors_file, tmp_path, monkeypatch, module, options, message):
    if module == "umap":
        pytest.importorskip("matplotlib")
    monkeypatch.setitem(sys.modules, module, None)
    monkeypatch.setattr("wordkin.cli.failures.pip_of_this_python", lambda: "pip")
    words = ["paris", "rome", "oslo", "cheese", "france"]
    finished = run("plot", vectors_file, *words, "-o", tmp_path / "map.png", *options)
    assert finished.code == 2 and finished.err.startswith("wordkin: ") and finished.err.endswith(f"{message}\n")
    assert finished.err.count("\n") == 1 and not (tmp_path / "map.png").exists()


CAT = "the fat cat sat on the mat"


def test_lesson_walks_through_steps(run):
    finished = run("lesson", CAT, "--steps", "2")
    assert finished.code == 0
    for heading in (
        "Vocabulary\nid   word   count",
        "One-hot vectors, and the rows of W after 88 steps they select",
        "Cosines of one-hot vectors",
        "Cosines of the rows of W after 88 steps",
        "\nStep 89 (epoch 6, learning rate 0.225)\n===",
        "Pairs of the window\ninput   output",
        "From the input to the hidden vector",
        "negative-sampling: output rows in this step\noutput   label     score   σ(score)   EI = σ - label",
        "The same scores under three objectives, noise words drawn",
        "Gradients, and the step taken: after = before + step",
        "step = -η · gradient with η = 0.225",
        "EH₁ = EI_",
        "\nStep 90 ",
        "To see the next steps: --from 91 --steps 2",
    ):
        assert heading in finished.out
    assert "Step 91" not in finished.out
    assert max(map(len, finished.out.splitlines())) <= 100


def test_lesson_begins_where_it_is_told(run):
    finished = run("lesson", CAT, "--from", "1", "--steps", "1")
    assert "\nStep 1 (epoch 1, learning rate 0.3)" in finished.out
    assert "rows of W before training" in finished.out
    assert run("lesson", CAT, "--from", "999") == (
        2, "",
        "wordkin: --from must be a whole number from 1 to 338; got 999: begin at an earlier step, or increase epochs\n",
    )  # fmt: skip


def _numbers(line):
    return [float(cell) for cell in line.split() if cell.lstrip("-").replace(".", "").isdigit()]


@pytest.mark.parametrize("architecture", ["cbow", "skip-gram"])
def test_lesson_prints_the_step_taken(run, architecture):
    out = run("lesson", CAT, "--architecture", architecture, "--steps", "3", "--no-dynamic-window").out
    lines = out.splitlines()
    checked = 0
    for before, step, after in zip(lines, lines[2:], lines[3:], strict=False):
        if "   before   " in before:
            for old, moved, new in zip(_numbers(before)[-5:], _numbers(step)[-5:], _numbers(after)[-5:], strict=True):
                assert abs(old + moved - new) <= 2e-4
                checked += 1
    assert checked > 30
    assert ("word2vec's step is C = 4 times as large" in out) == (architecture == "cbow")


def test_lesson_shows_the_way_through_the_tree(run):
    finished = run("lesson", CAT, "--objective", "hierarchical-softmax", "--steps", "1")
    assert "hierarchical-softmax: the path to " in finished.out
    assert "p(left) = σ   p(right) = 1 - σ" in finished.out
    assert "\n* node 0\n" in finished.out and "├─ 0 (0." in finished.out and "└─ 1 (0." in finished.out
    assert "sum over the leaves 1.000000000000" in finished.out
    shown = re.search(r"hierarchical-softmax: formulas with numbers, for the output (node \d+) and", finished.out)[1]
    assert f"u_{shown} = v′_{shown} · h" in finished.out
    assert "p(" in finished.out
    deep = run("lesson", " ".join(map(str, range(30))), "--objective", "hierarchical-softmax", "--tree", "fibonacci")
    assert "The leaves\nleaf" in deep.out


def test_lesson_names_what_one_softmax_of_several_outputs_has(run):
    out = run("lesson", CAT, "--objective", "softmax", "--no-dynamic-window", "--steps", "1", "--from", "15").out
    assert "one softmax for C = 2 outputs, Σt of them this word" in out
    assert "Σt   " in out and "C·y   EI = C·y - Σt" in out
    assert "noise" not in out


def test_lesson_shows_noise_only_with_noise_and_subsampling_only_where_it_is(run):
    out = run("lesson", CAT, "--objective", "hierarchical-softmax", "--steps", "1").out
    assert "noise" not in out and "kept" not in out
    assert "kept" in run("lesson", CAT, "--subsample", "0.1", "--steps", "1").out


def test_lesson_takes_noise_by_hand(run):
    out = run("lesson", f"{CAT}\npizza computer", "--noise", "pizza, computer", "--steps", "1").out
    assert "noise words chosen" in out and "\npizza      " in out
    failed = run("lesson", CAT, "--noise", "pizza")
    assert failed.err == (
        "wordkin: --noise must be words of the text; got 'pizza': add a line with the word to the text\n"
    )


def test_lesson_blames_subsampling_where_it_drops_every_word(run):
    failed = run("lesson", CAT, "--subsample", "1e-9")
    assert failed.code == 2
    assert failed.err.startswith(
        "wordkin: --subsample must keep at least two words of a sentence, but drops nearly every word; got 1e-09: "
    )


def test_lesson_folds_wide_vectors(run):
    out = run("lesson", CAT, "--vector-size", "20", "--steps", "1").out
    assert "(components 1 to " in out
    assert max(map(len, out.splitlines())) <= 100


def test_lesson_shows_small_changes(run):
    out = run("lesson", CAT, "--learning-rate", "0.001", "--steps", "1").out
    (step, *_) = [_numbers(line) for line in out.splitlines() if line.strip().startswith("step ")]
    assert all(step)


def test_lesson_of_a_long_text_tells_one_hot_vectors_in_words(run):
    text = " ".join(f"w{number}" for number in range(30))
    assert "1 at 0 of 0 to 29" in run("lesson", text, "--steps", "1").out


@pytest.mark.parametrize("objective", ["softmax", "hierarchical-softmax", "negative-sampling"])
@pytest.mark.parametrize("architecture", ["cbow", "skip-gram"])
def test_lesson_of_one_repeated_word(run, architecture, objective):
    finished = run("lesson", "ha ha ha", "--architecture", architecture, "--objective", objective, "--steps", "2")
    assert (finished.code, finished.err) == (0, "")
    assert "loss" in finished.out


def test_lesson_says_which_options_are_not_its_own(run):
    failed = run("lesson", "a b", "--threads", "2")
    assert (
        failed.err
        == "wordkin: no such option: --threads: it is an option of wordkin train; see: wordkin lesson --help\n"
    )
    failed = run("lesson", "a b", "--noise", ",")
    assert (
        failed.err
        == "wordkin: --noise must hold at least one word; got []: leave noise out to draw noise words at random\n"
    )


def test_lesson_as_json(run):
    out = run("lesson", "a b a", "--architecture", "cbow", "--steps", "2", "--json").out
    document = json.loads(out)
    assert list(document) == ["overview", "start", "steps", "end"]
    assert document["overview"]["config"]["architecture"] == "cbow"
    assert len(document["steps"]) == 2
    assert document["end"]["steps"] == document["start"]["steps"] + 2 == document["steps"][-1]["number"]
    assert out.count("\n") == 1


@pytest.fixture
def _few_docstrings(monkeypatch):
    sentences = [
        ["mean", "is", "a", "median"],
        ["true", "is", "not", "false"],
        ["min", "minimum", "max", "maximum"],
    ] * 30
    monkeypatch.setattr("wordkin.corpus.readers.docstrings.docstring_corpus", lambda: iter(sentences))


@pytest.mark.usefixtures("_few_docstrings")
def test_demo_shows_what_it_learned_and_what_to_try(run, tmp_path):
    output = tmp_path / "my demo.safetensors"
    finished = run("demo", "--output", output)
    assert finished.code == 0
    assert f"epoch {EPOCHS}/{EPOCHS}, 100%" in finished.err
    assert "Nearest words\nmean" in finished.out
    assert "min : minimum = max : ?" in finished.out
    assert f" similar '{output}' " in finished.out
    assert run("similar", output, "mean").code == 0


@pytest.mark.usefixtures("_few_docstrings")
def test_demo_as_json(run, tmp_path):
    document = json.loads(run("demo", "--output", tmp_path / "demo.bin", "--json").out)
    assert list(document) == ["output", "vocabulary_size", "vector_size", "neighbours", "analogies"]
    assert document["neighbours"][0]["word"] == "mean"
    assert document["analogies"][0]["answers"][0].keys() == {"word", "similarity"}


def test_demo_finds_out_first_whether_it_can_save(run, tmp_path):
    assert run("demo", "--output", tmp_path / "demo.zip").code == 2


def test_an_html_file_is_a_map_of_all_words(run, vectors_file, tmp_path):
    finished = run("plot", vectors_file, "-o", tmp_path / "map.html")
    assert (finished.code, finished.out) == (0, f"{tmp_path / 'map.html'}: map of 7 words\n")
    assert "cheese" in (tmp_path / "map.html").read_text()


def test_an_html_file_takes_no_words(run, vectors_file, tmp_path):
    finished = run("plot", vectors_file, "paris", "-o", tmp_path / "map.html")
    assert finished.code == 2
    assert "an .html file is a map of all words; got" in finished.err
