"""Tests of benchmark reports: every table from sample results, plots, and the published pages in the docs."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import cluster_speed
import compat
import compat_tests
import cost
import determinism
import left_out
import loading
import merge_options
import pytest
import queries
import recipes
import replicas
import report
import sweep
import training
import weights

from wordkin.evaluation import AnalogyResult, evaluate_file

_WORK = {
    "kept": 1000.0,
    "contexts": 6.0,
    "path": 0.0,
    "block_examples": 32,
    "block_noise": 32,
    "pair_by_pair": False,
    "flops": 22800.0,
    "rows": 3.2,
    "bytes": 2560.0,
}
_MACHINE = {
    "processor": "a processor",
    "usable_cores": 2,
    "memory_bytes": 8 * 2**30,
    "vector_bits": 256,
    "system": "Linux x86_64",
    "python": "3.12.1",
    "versions": {"wordkin": "1.0"},
}


def _content(
    section: str, measurements: dict[str, Any], settings: dict[str, dict[str, Any]] | None = None
) -> dict[str, Any]:
    return {
        "section": section,
        "about": {"corpus": "text.txt", "bytes": 6_000_000, "threads": 2, "vector_size": 100},
        "machine": _MACHINE,
        "peaks": {threads: {"flops": 2e11, "bytes": 4e10} for threads in "12"},
        "measurements": {
            key: {"settings": (settings or {}).get(key, {}), "value": value} for key, value in measurements.items()
        },
    }


def _run(seconds: float, accuracy: float | None = None) -> dict[str, Any]:
    scores = {} if accuracy is None else {"total": accuracy, "wordsim353": 0.5}
    return {
        "wall_seconds": seconds + 1,
        "peak_bytes": 10**8,
        "peak_of": "RssAnon",
        "train_seconds": seconds,
        "scores": scores,
    }


@pytest.fixture
def training_results() -> dict[str, Any]:
    gensim = {"corpus_file": [_run(4.0), _run(8.0)], "iterable": [_run(6.0, 0.2)]}
    whole = {"wordkin": [_run(1.0)], "gensim": [_run(9.0)]}
    scans = {"wordkin": [{"scan_seconds": 0.1}], "gensim": [{"scan_seconds": 0.6}]}
    return _content(
        "training",
        {
            "text": {"words": 10**6, "vocabulary_size": 5000, "settings": {"skip-gram NS 100": _WORK}},
            "skip-gram NS 100": {"runs": {"wordkin": [_run(0.5, 0.21), _run(1.0, 0.22)], **gensim}},
            "scan": {"runs": scans},
            "command": {"runs": whole},
        },
    )


def test_training_tables(training_results: dict[str, Any]) -> None:
    tables = training.blocks(training_results)
    assert "| skip-gram NS 100, gensim, iterable |     1 |" in tables["quality"]
    row = tables["speed"].splitlines()[2].split("|")
    assert [cell.strip() for cell in row[1:-1]] == [
        "skip-gram NS 100", "1.50 (1.00 to 2.00)", "0.188 (0.125 to 0.250)", "0.167", "8.00",
    ]  # fmt: skip
    assert "60.0 |   10.0 |         6.00 |" in tables["whole"]  # MB/s
    assert "2.00 |   10.0 |         5.00 |" in tables["whole"]  # seconds of the command
    assert "Peak rates of the machine: 200 GFLOP/s (BLAS product)" in tables["bounds"]
    summary = tables["summary"]
    assert _cells(summary, "skip-gram, negative sampling, size 100, million words/s") == ["1.50", "0.188", "8.00"]
    assert _cells(summary, "from text to saved vectors, one epoch, seconds") == ["2.00", "10.0", "5.00"]


def test_training_tables_without_the_slower_mode(training_results: dict[str, Any]) -> None:
    row = training_results["measurements"]["skip-gram NS 100"]["value"]
    row["runs"] |= {"iterable": [], "command": [_run(1.0), _run(2.0)]}
    training_results["measurements"]["command"]["value"] = training.commands(row)
    tables = training.blocks(training_results)
    assert "gensim" not in tables["quality"]
    assert "iterable" not in tables["speed"]
    cells = [cell.strip() for cell in tables["speed"].splitlines()[2].split("|")]
    assert cells[1:-1] == ["skip-gram NS 100", "1.50 (1.00 to 2.00)", "0.188 (0.125 to 0.250)", "8.00"]
    assert "one epoch, s" in tables["whole"]


def test_quality_is_reached_within_seed_noise() -> None:
    target = {"total": 0.309, "wordsim353": 0.54}
    assert training.reached({"total": 0.305, "wordsim353": 0.535}, target)
    assert not training.reached({"total": 0.303, "wordsim353": 0.56}, target)


@pytest.fixture
def cost_results() -> dict[str, Any]:
    settings, values = {}, {}
    for architecture in cost.ARCHITECTURES:
        for objective in cost.OBJECTIVES:
            for size in cost.SIZES:
                key = f"{architecture}, {objective}, {size}"
                example = False
                settings[key] = {
                    "architecture": architecture,
                    "objective": objective,
                    "vocabulary_size": size,
                    "vector_size": 100,
                    "example": example,
                }
                values[key] = {"words": 64, "seconds": 1e-6 * size**0.5, "work": {**_WORK, "rows": size / 32}}
    example_key = "cbow, hierarchical-softmax, example"
    settings[example_key] = {**settings["cbow, softmax, 1000000"], "objective": "hierarchical-softmax", "example": True}
    settings[example_key]["vector_size"] = 500
    values[example_key] = {"seconds": 8e-6, "work": _WORK}
    return _content("cost", values, settings)


def test_the_example_with_ten_context_words(cost_results: dict[str, Any]) -> None:
    example = {"contexts": 10, "vector_size": 500, "vocabulary_size": 10**6, "negative": 5}
    assert cost.operations("hierarchical-softmax", **example) == pytest.approx(11_908, abs=1)
    assert cost.operations("softmax", **example) == pytest.approx(5e8, rel=1e-4)
    assert (
        "| hierarchical-softmax                 |          11,910 |      8.00 |" in cost.blocks(cost_results)["example"]
    )


def test_pictures_are_drawn(cost_results: dict[str, Any], tmp_path: Path) -> None:
    cost.draw(cost_results, tmp_path / "cost.png")
    points = [
        {"name": str(size), "words": 10**6, "seconds": [1.0, 2.0], "work": _WORK, "kept": 10**6} for size in (64, 128)
    ]
    texts = [
        {
            "name": str(words),
            "words": words,
            "fit_seconds": 2.0,
            "train_seconds": 1.0,
            "peak_bytes": 10**8,
            "peak_of": "RssAnon",
        }
        for words in (10**5, 10**6)
    ]
    swept = {
        "vector_size": points,
        "threads": [{**each, "name": name} for each, name in zip(points, "12", strict=True)],
        "text": texts,
    }
    content = _content("sweep", swept)
    assert sweep.blocks(content).keys() == {"vector_size", "threads", "text"}
    sweep.draw(content, tmp_path / "sweep.png")
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in tmp_path.glob("*.png"))
    assert len(list(tmp_path.glob("*.png"))) == 2


@pytest.fixture
def queries_results() -> dict[str, Any]:
    sides = {"wordkin": [1.0, 2.0], "gensim": [6.0, 8.0]}
    curve = {
        "words": 1000, "size": 100, "exact_seconds": 0.01, "build_seconds": 90.0, "index_bytes": 250_000_000,
        "points": [{"expansion": each, "recall": 0.9 + each / 1000, "seconds": each * 1e-5} for each in (16, 64)],
    }  # fmt: skip
    counts = {"words": 10**6, "size": 300, "queries": 1000, "questions": 2280, "restrict_vocab": 300_000}
    opened = {
        "words": 3 * 10**6, "size": 300, "file_bytes": 3.7e9, "vector_bytes": 3.6e9, "open_seconds": 0.07,
        "compare_seconds": 0.0001, "resident_bytes": 12_000_000,
    }  # fmt: skip
    return _content(
        "queries",
        {
            "gensim": {**counts, "rows": dict.fromkeys(queries.ROWS, sides), "bounds": {"single": 20.0}},
            "open": opened,
            "index": curve,
            "real": {"index": curve, "analogies": {**sides, "accuracy": 0.25}},
        },
    )


def test_the_table_and_the_picture_of_replicas(tmp_path: Path) -> None:
    settings: dict[str, dict[str, Any]] = {}
    values: dict[str, dict[str, float]] = {}
    for seed in (1, 2):
        for scheme in replicas.schemes(quick=True):
            key = f"{scheme}, seed {seed}"
            settings[key] = {"scheme": list(scheme), "seed": seed}
            score = 0.3 - 0.01 * scheme.replicas + 0.002 * seed
            values[key] = {"loss": 2.25, "total": score, "wordsim353": 0.5, "simlex999": 0.25}
    content = _content("replicas", values, settings)
    lines = replicas.blocks(content)["scores"].splitlines()
    assert [line.split("|")[1].strip() for line in lines[2:]] == ["1, never merged", "2, 256 rounds", "4, 256 rounds"]
    cells = [cell.strip() for cell in lines[3].split("|")[2:-1]]
    assert cells == ["4", "2", "28.3 ± 0.1", "0.500 ± 0.000", "0.250 ± 0.000", "2.250 ± 0.000"]
    replicas.draw(content, tmp_path / "replicas.png")
    assert (tmp_path / "replicas.png").read_bytes().startswith(b"\x89PNG")


def test_the_table_of_options_of_merging() -> None:
    settings, values = {}, {}
    for seed in (1, 2):
        for number, side, score in ((4, "`merge_late=True`", 0.13), (4, "defaults", 0.14), (2, "defaults", 0.15)):
            settings[f"{number} {side} {seed}"] = {"replicas": number, "side": side, "seed": seed}
            values[f"{number} {side} {seed}"] = {"loss": 2.25, "total": score + 0.002 * seed, "wordsim353": 0.5}
    found = merge_options.blocks(_content("merge_options", values, settings))["scores"]
    names = [line.split("|")[1].strip() for line in found.splitlines()[2:]]
    assert names == ["2 replicas, defaults", "4 replicas, defaults", "4 replicas, `merge_late=True`"]
    assert _cells(found, names[2]) == ["2", "13.3 ± 0.1", "0.500 ± 0.000", "", "2.2500 ± 0.0000"]


def test_the_table_of_the_speed_of_a_cluster() -> None:
    values = {}
    for run, nodes in ((1, 1.5), (2, 1.6), (3, 1.8)):
        speeds = {"one thread": 1, "two threads": 2, "two processes": 1.75, "two nodes": nodes}
        values[f"rounds, late, run {run}"] = {"sent": 12.5, **{side: run * each for side, each in speeds.items()}}
    found = cluster_speed.blocks(_content("cluster_speed", values))["speed"]
    expected = ["2.00", "1.75", "1.60 (1.50 to 1.80)", "0.60 (0.50 to 0.80)", "12.5"]
    assert _cells(found, "rounds, late") == expected


def test_tables_of_determinism() -> None:
    same = {"1": "aa", "2": "aa", "3": "aa", "8": "aa"}
    measurements: dict[str, Any] = {
        "bits, skip-gram, softmax, seed 1": same,
        "bits, skip-gram, softmax, seed 2": {**same, "8": "bb"},
    }
    for seed, speeds in enumerate([(4e6, 3e6), (2e6, 1.8e6)], start=1):
        for mode, speed in zip(determinism.MODES, speeds, strict=False):
            key = f"cost, cbow, hierarchical-softmax, {mode}, seed {seed}"
            found = {"total": 0.1 * seed, "wordsim353": 0.5}
            measurements[key] = {"words_per_second": speed, "loss": 1.0, "scores": found}
    blocks = determinism.blocks(_content("determinism", measurements))
    assert _cells(blocks["bits"], "skip-gram, softmax") == ["aa, all 4", "DIFFERENT: aa, bb", "not measured"]
    assert _cells(blocks["cost"], "cbow, hierarchical-softmax, default") == ["3.00", "", "15.0 ± 7.1", "0.500 ± 0.000"]
    assert _cells(blocks["cost"], "cbow, hierarchical-softmax, deterministic") == [
        "2.40", "0.82 (0.75 to 0.90)", "15.0 ± 7.1", "0.500 ± 0.000",
    ]  # fmt: skip


def _cells(shown: str, head: str) -> list[str]:
    """Return the cells of the row whose first cell is ``head``, without the first cell."""
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in shown.splitlines()]
    return next(cells for first, *cells in rows if first == head)


def test_tables_of_queries(queries_results: dict[str, Any], tmp_path: Path) -> None:
    tables = queries.blocks(queries_results)
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in tables["gensim"].splitlines()[2:]]
    sides = ["1.50 (1.00 to 2.00)", "7.00 (6.00 to 8.00)", "5.00 (4.00 to 6.00)"]
    assert rows[0] == ["load word2vec .bin", *sides, ""]
    assert rows[2] == ["1,000 single queries", *sides, "20.0"]
    assert rows[4][0] == "2,280 analogies, 300,000 words"
    assert "|    3,700 |     12.0 |" in tables["open"]
    assert tables["index"].splitlines()[3].replace(" ", "") == "|64|0.9640|0.640|16|"
    assert tables["index"].endswith("exact, one by one: 10.0 ms a query; index of 250 MB built in 90 s.")
    assert tables["real"] == tables["index"] and "25.0%" in tables["analogies"]
    queries.draw(queries_results, tmp_path / "recall.png")
    assert (tmp_path / "recall.png").read_bytes().startswith(b"\x89PNG")


def test_tables_of_loading() -> None:
    way = {
        mode: [{"seconds": seconds, "bytes": 2e6}] for mode, seconds in (("all", 4.0), ("words", 1.0), ("skip", 4.2))
    }
    mapped = {mode: way[mode] for mode in ("all", "words")}
    measurements = {
        "load, .safetensors": mapped, "load, .bin": way,
        "evaluate, similarity": {"rows": 100_000, "seconds": [3.0, 5.0, 4.0]},
    }  # fmt: skip
    settings = {f"load, {suffix}": {"words": 1_000_000, "runs": 1} for suffix in (".safetensors", ".bin")}
    found = loading.blocks(_content("loading", measurements, settings))
    assert "| 1,000,000 words x 300 |" in found["words"] and "`.safetensors`" in found["words"]
    assert re.search(r"`\.bin` +\| +4\.00 \| +2\.0 \| +1\.00 \| +2\.0 \| +0\.25 \|", found["words"])
    assert re.search(r"`\.bin` +\| +4\.00 \| +4\.20 \| +1\.1 \|", found["skip"]) and ".safetensors" not in found["skip"]
    assert re.search(r"similarity +\| 100,000 \| 4\.00 \(3\.00 to 5\.00\) \|", found["rows"])


def test_synthetic_questions_have_every_second_answer_right(tmp_path: Path) -> None:
    vectors = queries.clustered_vectors(300, 20, clusters=10)
    asked = queries.write_questions(vectors, 200, tmp_path / "questions.txt")
    result = evaluate_file(vectors, tmp_path / "questions.txt", restrict_vocab=200)
    assert isinstance(result, AnalogyResult)
    assert result.total.questions == result.total.known == asked == 6 * 20 * 19
    assert 0.5 <= result.total.accuracy().value < 0.55
    assert result.semantic is not None and result.syntactic is not None


def test_places_are_filled_and_can_be_filled_again() -> None:
    page = (
        "before\n<!-- measured: training.speed -->\n<!-- end -->\nbetween\n"
        "<!-- measured: cost.table -->\nold\n<!-- end -->\n"
    )
    once = report.filled(page, {"training.speed": "| fast |"})
    assert once == (
        "before\n<!-- measured: training.speed -->\n| fast |\n<!-- end -->\nbetween\n<!-- measured: cost.table -->\n"
        "*Not measured yet; `python benchmarks/cost.py` does it.*\n<!-- end -->\n"
    )
    assert report.filled(once, {"training.speed": "| fast |"}) == once


def test_circumstances_name_machine_versions_and_text(training_results: dict[str, Any]) -> None:
    assert report.tables({"training": training_results})["training.machine"] == (
        "Machine: a processor with 2 cores, vector registers of 256 bits, 8 GiB of memory. "
        "Software: Linux x86_64, Python 3.12.1, wordkin 1.0. Text: `text.txt`, 6 MB. Threads: 2."
    )


@pytest.mark.parametrize("name", report.PAGES)
def test_pages_show_the_published_results(name: str) -> None:
    page = report.page_path(name).read_text(encoding="utf-8")
    found = report.tables(report.load(report.DOCS / "results"))
    assert page == report.filled(page, found), "run: python benchmarks/report.py --published"


def test_tables_of_the_tests_of_gensim() -> None:
    passed = {"name": "TestModel::test_a", "result": "passed", "why": ""}
    other = {"name": "TestModel::test_b", "result": "left out", "why": "reads a | pickle"}
    alone = {"name": "TestModel::test_a", "result": "failed", "why": "1 is not 2"}
    runs = {"gensim": {"ran": True}, "wordkin": {"ran": False, "why": "KeyError: 'a'"}}
    measured = {
        "tests, Python 3.11.7": {"Word2Vec": [passed, other]},
        "tests, Python 3.13.0": {"Word2Vec": [alone, other]},
        "packages, Python 3.11.7": {"node2vec": runs},
    }
    content = _content("compat_tests", measured, {key: {"gensim": "4.4.0", "numpy": "2.4"} for key in measured})
    tables = {
        name: [[cell.strip() for cell in line.split("|")[1:-1]] for line in text.splitlines()[2:]]
        for name, text in compat_tests.blocks(content).items()
    }
    assert tables["counts"] == [
        ["Word2Vec, Python 3.11.7, gensim 4.4.0", "2", "1", "0", "0", "0", "1"],
        ["Word2Vec, Python 3.13.0, gensim 4.4.0", "2", "0", "0", "1", "0", "1"],
    ]
    assert tables["reasons"] == [
        ["Word2Vec: `test_b`", "not run", "reads a / pickle"],
        ["Word2Vec: `test_a`", "failed", "1 is not 2 (Python 3.13.0)"],
    ]
    assert tables["packages"] == [["node2vec", "3.11.7", "runs", "fails: KeyError: 'a'"]]
    assert compat_tests.blocks(_content("compat_tests", {}, {})) == {}


def test_tables_of_the_same_programs() -> None:
    trained = {
        "gensim": {"seconds": [9.0, 10.0, 8.0], "peak_bytes": [80_000_000] * 3, "score": [0.5, 0.6, 0.7]},
        "wordkin": {"seconds": [1.0, 1.0, 2.0], "peak_bytes": [40_000_000] * 3, "score": [0.6, 0.6, 0.6]},
    }
    walked = {"node2vec": {"gensim": {"ran": True, "seconds": [4.0]}, "wordkin": {"ran": True, "seconds": [2.0]}}}
    measured = {"train CBOW, corpus_file": trained, "packages": walked}
    tables = {
        name: [[cell.strip() for cell in line.split("|")[1:-1]] for line in text.splitlines()[2:]]
        for name, text in compat.blocks(_content("compat", measured, {key: {} for key in measured})).items()
    }
    assert tables["programs"] == [
        ["train CBOW, corpus_file", "9.00 (8.00 to 10.0)", "1.00 (1.00 to 2.00)", "9.00 (4.00 to 10.0)", "80.0", "40.0"]
    ]
    assert tables["scores"] == [["train CBOW, corpus_file", "0.600 ± 0.100", "0.600 ± 0.000"]]
    assert tables["packages"] == [["node2vec", "4.00", "2.00", "2.00"]]


def test_tables_of_weights() -> None:
    sizes = {name: {name: 1_500_000} for name in weights.EXTRAS}
    core = {"numpy": 70_000_000, "llvmlite": 180_000_000, "typer": 400_000, "rich": 3_000_000}
    measured = {**sizes, "core": core, "all": dict.fromkeys(weights.EXTRAS, 1500000)}
    found = weights.blocks(_content("weights", measured))
    assert found["total"].startswith(
        "Without extras, wordkin and its dependencies take 253 MB on disk (llvmlite 180 MB, numpy 70 MB)"
    )
    assert _cells(found["core"], "2 smaller packages") == ["3"]
    assert _cells(found["extras"], "`plot`: charts, heatmaps, maps by PCA") == ["1", "2"]


def test_the_table_of_extras_has_all_of_them() -> None:
    optional = tomllib.loads((report.DOCS.parent / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    assert set(weights.EXTRAS) == set(optional["all"][0].partition("[")[2].rstrip("]").split(","))


def test_tables_of_recipes() -> None:
    settings, values = {}, {}
    for seed in (1, 2):
        for number, side in enumerate(("classic", "quality", "quality without epochs")):
            key = f"en.txt, skip-gram, {side}, seed {seed}"
            settings[key] = {"text": "en.txt", "architecture": "skip-gram", "side": side, "seed": seed}
            gain = {"total": 0.3 + 0.1 * number, "syntactic": 0.2, "wordsim353": 0.5 + 0.05 * number}
            values[key] = {**gain, "seconds": 10.0, "processor_seconds": 20.0}
        for side in ("classic", "quality"):
            key = f"times: en.txt, skip-gram, {side}, turn {seed}"
            settings[key] = {"text": "en.txt", "architecture": "skip-gram", "side": side, "seed": seed}
            values[key] = {"seconds": 10.0 if side == "classic" else 11.0, "processor_seconds": 20.0}
    tables = recipes.blocks(_content("recipes", values, settings))
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in tables["scores"].splitlines()[2:]]
    assert rows[0] == ["en, skip-gram, classic", "2", "30.0 ± 0.0", "20.0 ± 0.0", "0.500 ± 0.000", ""]
    assert rows[1][2:5] == ["40.0 ± 0.0 (+10.0)", "20.0 ± 0.0 (+0.0)", "0.550 ± 0.000 (+0.050)"]
    assert len(rows) == 2
    assert "quality without epochs" in tables["steps"] and "50.0 ± 0.0 (+10.0)" in tables["steps"]
    times = [cell.strip() for cell in tables["times"].splitlines()[3].split("|")]
    assert times[3:6] == ["11.0", "1.10", "1.00"]


def test_the_table_of_what_was_left_out() -> None:
    scores = {"total": 0.3, "syntactic": 0.2, "wordsim353": 0.5, "simlex999": 0.25}
    key = "en.txt, cbow, seed 1"
    content = _content("left_out", {key: {"as it is": scores}}, {key: {"text": "en.txt", "architecture": "cbow"}})
    assert "| en, CBOW, quality          |     1 |         30.0 |" in left_out.blocks(content)["scores"]
