"""Tests of results as data frames, HTML, Markdown, LaTeX and CSV."""

from __future__ import annotations

import csv
import io

import pytest

from wordkin.errors import ConfigError
from wordkin.evaluation import read_dataset

WORDS = ["athens", "greece", "oslo", "norway", "small", "smaller", "<b>", "x_y"]
ANALOGIES = ": <capitals> & towns\nathens greece oslo norway\n: gram1\nsmall smaller athens rome\n"
TEXTS = {
    "analogies": ANALOGIES,
    "similarity": "athens\tgreece\t1\noslo\tnorway\t2\nsmall\tsmaller\t3\nathens\trome\t1\n",
    "categories": "athens town\noslo town\ngreece country\nnorway country\n",
    "odd-one-out": ": towns\nathens oslo | small\n",
}


@pytest.fixture
def result(request, make_embeddings, write_file):
    return make_embeddings(WORDS).evaluate(write_file(TEXTS[request.param]))


@pytest.mark.parametrize("result", TEXTS, indirect=True)
def test_csv_and_data_frame_hold_the_numbers(result):
    rows = list(csv.DictReader(io.StringIO(result.to_csv())))
    assert {row["kind"] for row in rows} == {result.kind}
    assert rows[-1]["total"] == "True" and all(int(row["known"]) <= int(row["items"]) for row in rows)
    pandas = pytest.importorskip("pandas")
    frame = result.to_pandas()
    assert isinstance(frame, pandas.DataFrame) and len(frame) == len(rows)
    assert frame["value"].isna().tolist() == [row["value"] == "" for row in rows]
    assert list(frame["total"])[-1] and frame["measure"].iloc[0] in ("3cosadd", "spearman", "purity", "accuracy")


@pytest.mark.parametrize("result", ["analogies"], indirect=True)
def test_analogies_have_sections_and_then_totals(result):
    assert [(row.name, row.total) for row in result.rows()] == [
        ("<capitals> & towns", False), ("gram1", False), ("semantic (total)", True), ("syntactic (total)", True),
        ("total", True),
    ]  # fmt: skip
    html = result._repr_html_()
    assert "&lt;capitals&gt; &amp; towns" in html and "<capitals>" not in html
    assert "read as analogies: by space, no header; 2 rows used" in html
    assert r"\<capitals\> & towns | 1/1 |" in result.to_markdown()
    assert r"<capitals> \& towns & 1/1 &" in result.to_latex()
    assert result.to_latex().startswith("\\begin{tabular}{lrrrrr}\n\\toprule\n")


@pytest.mark.parametrize("result", ["similarity"], indirect=True)
def test_one_file_is_one_line(result):
    assert len(result.rows()) == 1
    assert result.to_markdown().splitlines()[0] == "| known | Spearman | 95% interval | Pearson | all |"
    assert "<caption>benchmark.txt (similarity)</caption>" in result._repr_html_()


def test_items_and_datasets_are_benchmarks_too(make_embeddings, write_file):
    vectors = make_embeddings(WORDS)
    path = write_file(TEXTS["similarity"])
    from_file = vectors.evaluate(path)
    items = [("athens", "greece", 1), ("oslo", "norway", 2.0), ("small", "smaller", 3), ("athens", "rome", 1)]
    assert vectors.evaluate(items).spearman == from_file.spearman == vectors.evaluate(read_dataset(path)).spearman
    assert vectors.evaluate(iter(items)).reading is None
    analogies = vectors.evaluate([("athens", "greece", "oslo", "norway")], case="exact")
    assert (analogies.kind, analogies.total.questions, analogies.sections[0].name) == ("analogies", 1, "")
    assert vectors.evaluate(path, kind="similarity").pairs == 4


@pytest.mark.parametrize(
    "items",
    [
        [], [("a", "b")], [("a", "b", "c")], [("a", "b", 1), ("a", "b", "c", "d")], [("a", 1, 2)], ["abcd"],
        [("a", "b", float("nan"))],
    ],
)  # fmt: skip
def test_other_items_are_refused(make_embeddings, items):
    with pytest.raises(
        ConfigError, match=r"benchmark must be a file, or a list of \(word, word, score\) or of \(a, b, c, d\)"
    ):
        make_embeddings(["a"]).evaluate(items)
    with pytest.raises(ConfigError, match="header applies only to benchmark files; got True: leave header out"):
        make_embeddings(["a"]).evaluate([("a", "b", 1)], header=True)
