"""evaluate: scores of vectors on benchmark files, side by side."""

from __future__ import annotations

import json

import pytest


@pytest.fixture
def analogies(tmp_path):
    path = tmp_path / "capitals.txt"
    path.write_text(
        ": capitals\nfrance paris italy rome\nitaly rome norway oslo\nfrance paris spain madrid\n"
        ": gram1-none\nfrance paris italy oslo\n"
    )
    return path


@pytest.fixture
def pairs(tmp_path):
    path = tmp_path / "pairs.tsv"
    path.write_text("paris\tfrance\t5\nrome\toslo\t9\nparis\tcheese\t1\nitaly\tnorway\t8\nrome\tmoon\t2\n")
    return path


def test_analogies_show_sections_and_totals(run, vectors_file, analogies):
    finished = run("evaluate", vectors_file, "--analogies", analogies, "--sections")
    assert finished.code == 0
    lines = finished.out.splitlines()
    assert lines[0] == "capitals.txt (analogies, first 30,000 words)"
    assert lines[1].split() == ["section", "known", "3CosAdd", "95%", "interval", "3CosMul", "all"]
    assert [line.split()[0] for line in lines[2:]] == ["capitals", "gram1-none", "semantic", "syntactic", "total"]
    assert lines[2].split()[1:3] == ["2/3", "100.0%"]
    assert lines[2].split()[-1] == "66.7%"
    assert lines[-1].split()[1:3] == ["3/4", "66.7%"]


def test_the_kind_is_seen_from_the_file(run, vectors_file, analogies, pairs):
    finished = run("evaluate", vectors_file, "--dataset", analogies, "--dataset", pairs)
    assert "capitals.txt (analogies, first 30,000 words)" in finished.out
    assert "\n\npairs.tsv (similarity)\nknown   Spearman" in finished.out
    assert run("evaluate", vectors_file, "--dataset", analogies, "--restrict-vocab", "0").out.startswith(
        "capitals.txt (analogies)\n"
    )


def test_categories_and_odd_one_out(run, vectors_file, tmp_path):
    categories, groups = tmp_path / "kinds.txt", tmp_path / "odd.txt"
    categories.write_text("paris town\nrome town\noslo town\nfrance country\nitaly country\nmoon country\n")
    groups.write_text("paris rome oslo | cheese\n")
    out = run("evaluate", vectors_file, "--categories", categories, "--odd-one-out", groups).out
    assert "kinds.txt (categories)\nknown   purity" in out
    assert "5/6" in out
    assert "odd.txt (odd-one-out)" in out
    assert "total       1/1     100.0%" in out


def test_several_vectors_side_by_side_and_compared(run, vectors_file, analogies, pairs, tmp_path):
    other = tmp_path / "line.safetensors"
    run("convert", vectors_file, other, "--dimensions", "1")
    finished = run("evaluate", vectors_file, other, "--analogies", analogies, "--pairs", pairs, "--compare")
    lines = finished.out.splitlines()
    assert lines[1].split()[:2] == ["section", "vectors"]
    assert [line.split()[1] for line in lines[2:4]] == [str(vectors_file), str(other)]
    comparison = lines[lines.index("comparison") + 1 :]
    assert comparison[0].split()[:3] == ["benchmark", "vectors", "against"]
    assert [line.split()[0] for line in comparison[1:]] == ["capitals.txt", "pairs.tsv"]
    assert run("evaluate", vectors_file, "--pairs", pairs, "--compare").err == (
        "wordkin: --compare needs two files of vectors or more; got 1\n"
    )


def test_json(run, vectors_file, analogies, pairs):
    arguments = [
        "evaluate",
        vectors_file,
        vectors_file,
        "--dataset",
        analogies,
        "--pairs",
        pairs,
        "--compare",
        "--json",
    ]
    document = json.loads(run(*arguments).out)
    assert list(document) == ["results", "comparisons"]
    assert [result["kind"] for result in document["results"]] == ["analogies", "similarity"]
    assert all(result["vectors"] == str(vectors_file) for result in document["results"])
    assert document["results"][0]["total"]["known"] == 3


def test_plot(run, vectors_file, analogies, tmp_path):
    pytest.importorskip("matplotlib")
    assert run("evaluate", vectors_file, "--dataset", analogies, "--plot", tmp_path / "scores.png").code == 0
    assert (tmp_path / "scores.png").read_bytes()[:4] == b"\x89PNG"
    finished = run("evaluate", vectors_file, "--dataset", analogies, "--plot", tmp_path / "scores.doc")
    assert finished.code == 2
    assert "must end in .png, .svg or .pdf" in finished.err


def test_bad_files(run, vectors_file, tmp_path):
    finished = run("evaluate", vectors_file, "--dataset", tmp_path / "no.txt")
    assert finished.code == 2
    assert "there is no benchmark file" in finished.err
    broken = tmp_path / "broken.txt"
    broken.write_text(": section\nfrance paris italy\n")
    finished = run("evaluate", vectors_file, "--analogies", broken)
    assert finished.code == 2
    assert f"{broken}, line 2: an analogy must have four words, not 3" in finished.err
