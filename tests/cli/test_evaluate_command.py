"""Tests of wordkin evaluate."""

from __future__ import annotations

import json
import re

import pytest

from wordkin.cli.scores import short_names


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
    assert [line.split()[0] for line in lines[2:-1] if line] == [
        "capitals",
        "gram1-none",
        "semantic",
        "syntactic",
        "total",
    ]
    assert lines[4] == "" and lines[5].startswith("semantic (total)")
    assert lines[2].split()[1:3] == ["2/3", "100.0%"]
    assert lines[2].split()[-1] == "66.7%"
    assert lines[-2].split()[1:3] == ["3/4", "66.7%"]
    assert lines[-1] == "read as analogies: by space, no header; 4 rows used, none left out"


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
    assert "  towns  " in lines[2] and "  line  " in lines[3]
    comparison = lines[lines.index("comparison") + 1 :]
    assert comparison[0].split()[:3] == ["benchmark", "vectors", "against"]
    assert [line.split()[0] for line in comparison[1:]] == ["capitals.txt", "pairs.tsv"]
    assert run("evaluate", vectors_file, "--pairs", pairs, "--compare").err == (
        "wordkin: --compare needs two or more files of vectors; got 1\n"
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


@pytest.fixture
def bats(tmp_path):
    path = tmp_path / "I01 [noun - plural_reg].txt"
    path.write_text("france\tparis\nitaly\trome/milan\nspain\tmadrid\n")
    return path


def test_relations_and_a_korean_file(run, vectors_file, bats, tmp_path):
    out = run("evaluate", vectors_file, "--dataset", bats).out
    assert "I01 [noun - plural_reg].txt (analogies, first 30,000 words)" in out
    assert (
        "read as relations: by tab, no header, columns 1 first, 2 second; 3 rows used, none left out; 3 pairs of" in out
    )
    korean = tmp_path / "ko.txt"
    korean.write_text(": sem1_capital\nfrance paris italy rome\n: syn1_case\nitaly rome norway oslo\n: misc\na b c d\n")
    lines = run("evaluate", vectors_file, "--dataset", korean).out.splitlines()
    assert [line.split()[0] for line in lines[2:-1]] == ["semantic", "syntactic", "total"]
    out = run("evaluate", vectors_file, "--dataset", korean, "--syntactic-sections", "s*,misc", "--json").out
    assert json.loads(out)["results"][0]["syntactic"]["questions"] == 3


def test_options_decide_what_a_file_means(run, vectors_file, tmp_path):
    path = tmp_path / "pairs.csv"
    path.write_text("paris,france,3,4\nrome,italy,5,6\noslo,moon,1,2\n")
    finished = run("evaluate", vectors_file, "--dataset", path)
    assert finished.code == 2
    assert (
        "each of columns 3, 4 can be the score: pass --score-column 3 or another of them, or --decimal" in finished.err
    )
    out = run("evaluate", vectors_file, "--dataset", path, "--score-column", "4", "--json").out
    assert json.loads(out)["results"][0]["reading"]["columns"] == {"first": 1, "second": 2, "score": 4}
    two = tmp_path / "two.txt"
    two.write_text("chile spanish\nperu spanish\nfrance french\n")
    assert 'pass --kind "categories" or --kind "relations"' in run("evaluate", vectors_file, "--dataset", two).err
    assert run("evaluate", vectors_file, "--dataset", two, "--kind", "relations").code == 0
    data, gold = tmp_path / "words.txt", tmp_path / "scores.txt"
    data.write_text("paris\tfrance\nrome\titaly\noslo\tcheese\n")
    gold.write_text("5\n4\n1\n")
    assert "3/3" in run("evaluate", vectors_file, "--dataset", data, "--gold", gold).out
    assert "--gold needs exactly one benchmark file; got 2" in run(
        "evaluate", vectors_file, "--dataset", data, "--dataset", two, "--gold", gold
    ).err  # fmt: skip


def test_tables_for_documents(run, vectors_file, analogies, pairs):
    out = run("evaluate", vectors_file, "--dataset", analogies, "--dataset", pairs, "--format", "markdown").out
    assert "| section | known | 3CosAdd | 95% interval | 3CosMul | all |\n| --- | ---: |" in out
    assert "| capitals | 2/3 | 100.0% |" in out
    assert "read as similarity: by tab" in out
    out = run("evaluate", vectors_file, "--dataset", analogies, "--format", "latex").out
    assert r"capitals & 2/3 & 100.0\% &" in out and r"\begin{tabular}{lrrrrr}" in out
    lines = run("evaluate", vectors_file, "--dataset", pairs, "--format", "csv").out.splitlines()
    assert lines[0].startswith("vectors,dataset,kind,name,total,items,known,measure,value,low,high,")
    assert lines[1].startswith("towns,pairs.tsv,similarity,total,True,5,4,spearman,")
    finished = run("evaluate", vectors_file, "--dataset", pairs, "--format", "html")
    assert (finished.code, finished.err) == (
        2,
        'wordkin: --format must be one of "markdown", "latex", "csv"; got \'html\'\n',
    )
    assert "--format cannot be given with --json" in run(
        "evaluate", vectors_file, "--dataset", pairs, "--format", "csv", "--json"
    ).err  # fmt: skip


def test_names_are_stems_told_apart():
    assert short_names(["x/v.bin", "x/w.vec.gz"]) == {"x/v.bin": "v", "x/w.vec.gz": "w"}
    assert short_names(["x/v.bin", "y/v.bin"]) == {"x/v.bin": "x/v", "y/v.bin": "y/v"}
    assert short_names(["x/v.bin", "x/v.txt"]) == {"x/v.bin": "v.bin", "x/v.txt": "v.txt"}
    assert short_names(["v.bin", "v.bin"]) == {"v.bin": "v"}


@pytest.mark.parametrize("width", [100, 80, 64, 50, 40])
def test_a_terminal_never_breaks_numbers(run, vectors_file, analogies, tmp_path, monkeypatch, width):
    other = tmp_path / "vectors-with-quite-a-long-name.safetensors"
    run("convert", vectors_file, other, "--dimensions", "1")
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    monkeypatch.setenv("COLUMNS", str(width))
    out = run("evaluate", vectors_file, other, "--dataset", analogies, "--sections").out
    lines = re.sub(r"\x1b\[[0-9;]*m", "", out).splitlines()
    assert all(len(line) <= width for line in lines)
    assert sum("66.7%" in line for line in lines) >= 2
    assert sum("20.8% to 93.9%" in line for line in lines) == 1
