"""Tests of the benchmark harness: statistics, tables, turns, child processes, stored results."""

from __future__ import annotations

import sys
from pathlib import Path

import harness
import pytest
from harness import Results, Summary


def test_a_summary_shows_median_and_ends() -> None:
    assert Summary.of([3.0, 1.0, 2.0]) == Summary(2.0, 1.0, 3.0)
    assert Summary.of([7.13e6, 6.9e6, 7.4e6]).text(3, 1e6) == "7.13 (6.90 to 7.40)"
    assert Summary.of([0.5]).text() == "0.500"


def test_ratios_are_taken_within_a_turn() -> None:
    # the second turn was twice as slow for both sides
    assert harness.ratios([10.0, 5.0], [1.0, 0.5]) == Summary(10.0, 10.0, 10.0)


def test_mean_and_deviation_over_seeds() -> None:
    assert harness.mean_text([0.3, 0.31, 0.32], 1, 100) == "31.0 ± 1.0"
    assert harness.mean_text([0.3], 1, 100) == "30.0"


@pytest.mark.parametrize(
    ("number", "text"),
    [(7.126, "7.13"), (0.02514, "0.0251"), (86123, "86,100"), (999.6, "1,000"), (0, "0"), (-12.34, "-12.3")],
)
def test_three_significant_digits(number: float, text: str) -> None:
    assert harness.significant(number) == text


def test_axes_show_short_numbers() -> None:
    assert [harness.shortened(number) for number in (0.5, 20, 3_000, 1_000_000)] == ["0.5", "20", "3k", "1M"]


def test_a_table_has_even_columns() -> None:
    assert harness.table(("side", "s"), [("wordkin", 1.5), ("gensim", 12)]).splitlines() == [
        "| side    |   s |",
        "|---------|----:|",
        "| wordkin | 1.5 |",
        "| gensim  |  12 |",
    ]


def test_sides_run_in_turn() -> None:
    order: list[str] = []

    def side(name: str) -> int:
        order.append(name)
        return len(order)

    assert harness.in_turn({"a": lambda: side("a"), "b": lambda: side("b")}, 2) == {"a": [1, 3], "b": [2, 4]}
    assert order == ["a", "b", "a", "b"]


def test_a_child_is_measured_and_its_last_line_read() -> None:
    code = "import time; held = bytearray(80_000_000); time.sleep(0.5); print('hello'); print('{\"answer\": 42}')"
    child = harness.run_child([sys.executable, "-c", code])
    assert child.output == {"answer": 42}
    assert child.seconds > 0.5
    assert child.peak_bytes is None or child.peak_bytes > 80_000_000


def test_a_child_that_fails_stops_the_benchmark_with_its_words() -> None:
    with pytest.raises(SystemExit, match=r"failed with 3:\nout of luck"):
        harness.run_child([sys.executable, "-c", "import sys; print('out of luck', file=sys.stderr); sys.exit(3)"])


def test_anonymous_memory_is_read_from_the_status_of_a_process() -> None:
    assert harness.anonymous_bytes("VmRSS:\t  900 kB\nRssAnon:\t     512 kB\nRssFile:\t 4 kB\n") == 512 * 1024
    assert harness.anonymous_bytes("VmRSS:\t  900 kB\n") == 0


def test_output_that_is_no_object_gives_nothing() -> None:
    assert harness.last_json("3 words") == harness.last_json("") == {}


class _Measurement:
    def __init__(self, value: object) -> None:
        self.value, self.made = value, 0

    def __call__(self) -> object:
        self.made += 1
        return self.value


def test_results_are_kept_and_only_what_is_missing_is_measured(tmp_path: Path) -> None:
    first, again, other = _Measurement({1: [2.0]}), _Measurement("again"), _Measurement("other")
    results = Results("sample", {"corpus": "a.txt"}, folder=tmp_path)
    assert results.measured("row", {"runs": 3}, first) == {"1": [2.0]}  # as read back from JSON
    resumed = Results("sample", {"corpus": "a.txt"}, folder=tmp_path)
    assert resumed.measured("row", {"runs": 3}, again) == {"1": [2.0]}
    assert resumed.measured("row", {"runs": 5}, other) == "other"  # other settings: measured again
    assert (first.made, again.made, other.made) == (1, 0, 1)
    assert harness.values(resumed.content, "r") == {"ow": "other"}


def test_other_code_is_measured_again_row_by_row(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = Results("sample", {}, folder=tmp_path)
    for row in ("first", "second"):
        before.measured(row, {}, _Measurement("old"))
    monkeypatch.setattr(harness, "measured_code", lambda sources: "changed")
    after = Results("sample", {}, folder=tmp_path)
    assert after.measured("first", {}, _Measurement("new")) == "new"
    assert harness.values(after.content) == {"first": "new", "second": "old"}


def test_other_circumstances_start_over_and_keep_a_copy(tmp_path: Path) -> None:
    Results("sample", {"corpus": "a.txt"}, folder=tmp_path).measured("row", {}, _Measurement(1))
    moved = Results("sample", {"corpus": "b.txt"}, folder=tmp_path)
    assert moved.content["measurements"] == {}
    assert (tmp_path / "sample.old.json").exists()


def test_the_machine_is_described_without_paths_or_names() -> None:
    described = harness.machine()
    assert {"processor", "usable_cores", "vector_bits", "versions"} <= described.keys()
    assert str(Path.home()) not in repr(described)
    assert described["versions"]["wordkin"]
