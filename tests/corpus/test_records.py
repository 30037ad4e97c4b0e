"""Records whose text is missing, of the wrong kind or null; and what is refused instead of being misread."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pandas
import pyarrow
import pyarrow.parquet
import pytest

import wordkin
from wordkin import ConfigError, CorpusError, CorpusWarning, EncodingError, MissingExtraError
from wordkin.config import TrainingConfig
from wordkin.corpus import ScanProgress
from wordkin.text.steps import scan_text, source_of


def words_of(corpus: object = None, *, texts: object = None, **options: Any) -> list[str]:
    config = TrainingConfig(threads=1, **options)
    with scan_text(source_of(corpus, config, texts=texts), config) as scanned:
        return scanned.words


def sentences_of(corpus: object = None, *, texts: object = None, **options: Any) -> int:
    config = TrainingConfig(threads=1, **options)
    with scan_text(source_of(corpus, config, texts=texts), config) as scanned:
        return scanned.sentences


def written(path: Path, content: str | bytes) -> Path:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


# --- iterables


@pytest.mark.parametrize("corpus", [
    [{"tokens": ["a", "b"], "label": 0}] * 5, [{"text": "a b"}], ({"text": "a"} for _ in range(2)),
])  # fmt: skip
def test_dicts_without_a_field_are_refused(corpus: Iterable[Any]) -> None:
    with pytest.raises(
        CorpusError, match=r"sentence 0 is .*dict.*: name the field with text or words, such as field='t"
    ):
        words_of(corpus)


@pytest.mark.parametrize("corpus", [[{"a", "b"}], [["a"], frozenset("ab")]])
def test_sets_as_sentences_are_refused(corpus: list[Any]) -> None:
    with pytest.raises(
        CorpusError, match=r"sentence \d is .*set.*: pass a list, such as sorted.sentence., because a set has no fixed"
    ):
        words_of(corpus)


@pytest.mark.parametrize("corpus", [{("a", "b"), ("c",)}, frozenset([("a",)])])
def test_a_set_of_sentences_is_refused(corpus: object) -> None:
    with pytest.raises(
        CorpusError, match=r"the corpus must not be a set, because training depends on the order; got .*: pass a list"
    ):
        words_of(corpus)


def test_a_set_of_texts_is_refused() -> None:
    with pytest.raises(CorpusError, match=r"must not be a set|a set has no fixed order"):
        words_of(texts={"a b", "c"})


@pytest.mark.parametrize("corpus", [{"train": [["a"]], "test": [["b"]]}, {"a": 1}])
def test_a_dict_is_no_corpus(corpus: object) -> None:
    with pytest.raises(
        CorpusError, match=r"the corpus must not be a dict, because iterating over it gives its keys \('.*'\): pass one"
    ):
        words_of(corpus)
    with pytest.raises(CorpusError, match="the corpus must not be a dict"):
        words_of(corpus, field="text")


@pytest.mark.parametrize("corpus", [[["a"], "b c"], pandas.Series(["a b", "c"]), np.array(["a b"]), (t for t in ["a"])])
def test_strings_where_lists_of_words_should_be_name_texts(corpus: Any) -> None:
    with pytest.raises(CorpusError, match=r"sentence \d is .*'.* \(str_?\), not a list of words: .* texts=\[...\]"):
        words_of(corpus)


def test_strings_that_are_no_paths_name_texts() -> None:
    with pytest.raises(
        CorpusError, match=r"there is no file or directory 'I like cats': .* or strings as texts=\[...\]"
    ):
        words_of(["I like cats", "dogs are fine"])


def test_texts_are_split_as_lines_are() -> None:
    assert words_of(texts=["You say", "", " goodbye\nI say"], lowercase=True) == ["you", "say", "goodbye", "i"]
    assert sentences_of(texts=["a b", "", "c\nd", "\n\n e"]) == 4
    assert words_of(texts=["Don't, e-mail"], tokenizer="words") == ["Don't", ",", "e", "-", "mail"]
    assert words_of(texts=["a,b", "c"], tokenizer=lambda line: line.split(",")) == ["a", "b", "c"]


@pytest.mark.parametrize("texts", ["a b", b"a", Path("x"), 3])
def test_texts_must_be_an_iterable_of_strings(texts: object) -> None:
    with pytest.raises(
        CorpusError, match=r"must be an iterable of strings; got .*: if this is one text, put it in a list"
    ):
        words_of(texts=texts)


@pytest.mark.parametrize(("value", "kind"), [(["a"], "list"), (3, "int"), (b"a", "bytes"), ({"a": 1}, "dict")])
def test_texts_of_another_kind(value: object, kind: str) -> None:
    with pytest.raises(CorpusError, match=rf"texts, element 1: the text is {kind}, not text; got"):
        words_of(texts=["a", value])


def test_texts_without_a_value_are_counted() -> None:
    series = pandas.Series(["a b", None, float("nan"), pandas.NA, "c"], dtype=object)
    with pytest.warns(CorpusWarning, match="skipped 3 of 5 records without text: 3 null"):
        assert words_of(texts=series) == ["a", "b", "c"]


def test_corpus_and_texts_are_not_given_together() -> None:
    with pytest.raises(CorpusError, match="pass either a corpus or texts, not both"):
        words_of([["a"]], texts=["a"])
    with pytest.raises(CorpusError, match=r"the corpus must be a path.*; got None \(NoneType\)"):
        wordkin.train()


def test_a_data_frame_needs_a_column() -> None:
    frame = pandas.DataFrame({"id": [1, 2], "text": ["a b", "c"]})
    assert words_of(frame, field="text") == ["a", "b", "c"]
    with pytest.raises(
        CorpusError, match=r"the corpus is a data frame: name the text column, .*; the available ones are 'id', 'text'"
    ):
        words_of(frame)
    with pytest.raises(CorpusError, match="the data frame has no column 'body'; the available ones are 'id', 'text'"):
        words_of(frame, field="body")
    with pytest.raises(
        CorpusError, match="texts is a data frame: pass one of its columns; the available ones are 'id', 'text'"
    ):
        words_of(texts=frame)
    with pytest.raises(CorpusError, match="the data frame, row 0: the column 'id' is int, not text or a list"):
        words_of(frame, field="id")


def test_records_of_iterables() -> None:
    records = [{"a": {"b": "x y"}}, {"a": {"b": None}}, {"a": {}}, {"a": 3}, {"a": {"b": "z"}}]
    with pytest.warns(CorpusWarning, match="skipped 3 of 5 records without text: 2 missing, 1 null"):
        assert words_of(records, field="a.b") == ["x", "y", "z"]
    assert words_of([{"a.b": "x"}], field="a.b") == ["x"]
    with pytest.raises(
        CorpusError, match=r"field 'a.b' is ambiguous, because a record has a field 'a.b', and also 'b' within 'a'"
    ):
        words_of([{"a.b": "x", "a": {"b": "y"}}], field="a.b")
    with pytest.raises(CorpusError, match=r"no record has the field 'body'; the available ones are 'text', 'label'"):
        words_of([{"text": "a", "label": 1}] * 3, field="body")
    with pytest.raises(CorpusError, match=r"element 1 is \['a'\] \(list\), not a dict with the field 'text'"):
        words_of([{"text": "a"}, ["a"]], field="text")
    with pytest.raises(ConfigError, match="field must be a name for dicts, not a column number; got 0"):
        words_of([{"text": "a"}], field=0)


def test_lists_and_text_are_not_mixed() -> None:
    with pytest.raises(CorpusError, match=r"record 1: the field 't' is a list, but other records have text"):
        words_of([{"t": "a"}, {"t": ["b"]}], field="t")
    with pytest.raises(CorpusError, match=r"record 1: the field 't' is text, but other records have lists of words"):
        words_of([{"t": ["a"]}, {"t": "b"}], field="t")
    with pytest.raises(
        CorpusError, match=r"record 0: the field 't' is a list with an item of type float, but may contain only"
    ):
        words_of([{"t": [1, 2.0]}], field="t")
    with pytest.warns(CorpusWarning, match="skipped 1 of 2 records without text: 1 empty list"):
        assert words_of([{"t": ["a b"]}, {"t": []}], field="t") == ["a b"]
    with pytest.raises(ConfigError, match='tokenizer must be "whitespace" for lists of words'):
        words_of([{"t": ["a"]}], field="t", tokenizer="words")


@pytest.mark.parametrize("options", [{"reader": "jsonl"}, {"encoding": "cp949"}])
@pytest.mark.parametrize("arguments", [{"corpus": [["a"]]}, {"texts": ["a"]}])
def test_options_of_files_are_refused_for_iterables(options: dict[str, Any], arguments: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match=f"{next(iter(options))} works only with a corpus of files, but"):
        words_of(**arguments, **options)


def test_lone_surrogates_in_texts() -> None:
    with pytest.warns(CorpusWarning, match="invalid UTF-8 in 1 words was replaced"):
        assert words_of(texts=["a\ud800 b"] + ["c"] * 200) == ["a\ufffd", "b", "c"]
    with pytest.raises(EncodingError, match=r"has a lone surrogate, which UTF-8 cannot hold: clean the text"):
        words_of(texts=["a\ud800 b"], encoding_errors="strict")


# --- files


@pytest.mark.parametrize(("name", "content"), [
    ("c.csv", 'id,text\n1,"the mat"\n'), ("c.tsv", "id\ttext\n"), ("c.jsonl", '{"text": "a"}\n'), ("C.NDJSON", "{}\n"),
])  # fmt: skip
def test_records_without_a_field_are_not_read_as_lines(tmp_path: Path, name: str, content: str) -> None:
    path = written(tmp_path / name, content)
    with pytest.raises(
        CorpusError, match=r'(is a table: name the text column|holds records: name the text field).*field="text"'
    ):
        words_of(path)
    if "csv" in name:
        assert words_of(path, reader="text") == ["id,text", '1,"the', 'mat"']


def test_tables_and_arrays_of_pyarrow() -> None:
    table = pyarrow.table({"text": ["a b", None, "c"], "words": [["a b"], [], ["c"]]})
    for each in (table, table.to_batches()[0]):
        with pytest.warns(CorpusWarning, match="skipped 1 of 3 records without text: 1 null"):
            assert words_of(each, field="text") == ["a", "b", "c"]
        with pytest.raises(CorpusError, match=r"the corpus is a data frame: name the text column, .* 'text', 'words'"):
            words_of(each)
    with pytest.warns(CorpusWarning, match="1 null"):
        assert words_of(texts=table["text"]) == ["a", "b", "c"]
    assert words_of(table["words"]) == ["a b", "c"]
    assert words_of(pyarrow.array([[1, 2], [3]])) == [1, 2, 3]
    with pytest.raises(
        CorpusError, match="texts is a data frame: pass one of its columns; the available ones are 'text', 'words'"
    ):
        words_of(texts=table)


class Series:
    """A column of polars, or a value in a column of lists, as far as it is used."""

    dtype = "String"

    def __init__(self, *values: Any) -> None:
        self._values = values

    def __iter__(self) -> Any:
        return iter(self._values)

    def to_list(self) -> list[Any]:
        return list(self._values)


class Frame:
    """A data frame of polars, as far as it is used."""

    columns = ("text", "words")
    dtypes = ("String", "List(String)")

    def __getitem__(self, name: str) -> Series:
        return {"text": Series("a b", None), "words": Series(Series("a b"), Series(1, "c"))}[name]


class LazyFrame(Frame):
    def collect(self) -> Frame:
        return Frame()

    def collect_schema(self) -> None: ...


def test_data_frames_of_polars() -> None:
    with pytest.warns(CorpusWarning, match="1 null"):
        assert words_of(Frame(), field="text") == ["a", "b"]
    with pytest.raises(CorpusError, match="items must be all strings or all whole numbers"):
        words_of(Frame(), field="words")
    for options in ({"corpus": LazyFrame(), "field": "text"}, {"texts": LazyFrame()}):
        with pytest.raises(CorpusError, match=r"the corpus is a lazy data frame: pass the result of its collect\(\)"):
            words_of(**options)


def test_json_documents_are_refused(tmp_path: Path) -> None:
    path = written(tmp_path / "c.json", '{"text": "a b"}\n')
    with pytest.raises(CorpusError, match=r'is either JSON Lines or one JSON document: pass reader="jsonl" if each'):
        words_of(path, field="text")
    assert words_of(path, field="text", reader="jsonl") == ["a", "b"]


@pytest.mark.parametrize(("content", "reader"), [
    ('{"text": "a b", "id": 1}\n{}', "jsonl"), ('<doc id="1" url="u" title="t">\nt\n</doc>', "wikiextractor"),
])  # fmt: skip
def test_text_that_looks_like_records_is_refused(tmp_path: Path, content: str, reader: str) -> None:
    path = written(tmp_path / "wiki_00", content)
    with pytest.raises(CorpusError, match=f'looks like .*: pass reader="{reader}".* or pass reader="text" to read it'):
        words_of(path)
    assert len(words_of(path, reader="text")) > 2


def test_text_in_braces_is_text(tmp_path: Path) -> None:
    assert words_of(written(tmp_path / "c.txt", "{ we are } no JSON\n")) == ["{", "we", "are", "}", "no", "JSON"]


@pytest.mark.parametrize("reader", [None, "text", "wikiextractor"])
def test_a_field_of_plain_text_is_refused(tmp_path: Path, reader: str | None) -> None:
    path = written(tmp_path / "c.txt", "a b\n")
    with pytest.raises(CorpusError, match=r"field='text' names a field of records, but '.*c.txt' is read as"):
        words_of(path, field="text", reader=reader)


def test_json_lines(tmp_path: Path) -> None:
    lines = ['{"t": "a b"}', "", '{"t": null}', '{"u": 1}', '{"t": "c\\nd"}', '{"t": "é", "x": NaN}']
    path = written(tmp_path / "c.jsonl", "\r\n".join(lines))
    with pytest.warns(CorpusWarning, match="skipped 2 of 5 records without text: 1 missing, 1 null"):
        assert words_of(path, field="t") == ["a", "b", "c", "d", "é"]


@pytest.mark.parametrize(("line", "message"), [
    ('{"t": "a"', r"line 2, is not JSON"), ("[1]", "line 2: each line must be a JSON object; got"),
    ('{"t": 3}', "line 2: the field 't' is int, not text or a list of strings; got 3"),
    ('{"t": {"a": 1}}', "line 2: the field 't' is dict, not text"),
    ('{"t": ["a", 1]}', "line 2: the field 't' is a list with an item of type int|line 2: the field 't' is a list"),
    ('{"t": true}', "line 2: the field 't' is bool, not text"),
])  # fmt: skip
def test_broken_json_lines_name_the_line(tmp_path: Path, line: str, message: str) -> None:
    path = written(tmp_path / "c.jsonl", '{"t": "a"}\n' + line + "\n")
    with pytest.raises(CorpusError, match=f"'.*c.jsonl', ({message})"):
        words_of(path, field="t")


@pytest.mark.parametrize("lines", [
    ('{"t": "a", "x": [1', '2]}'), ('{"t": "a"', '"x": 2}'), ('{"t": "a', 'b"}'),
    ('{"t": "a"}, {"t": "b"}', '{"t": "c"}'),
    ('{"t": "a"}', ']', '['), ('{"t": [{}', '{}]}', '{"t": "a"}, {"t": "b"}'),
])  # fmt: skip
def test_lines_that_only_together_are_json_are_refused(tmp_path: Path, lines: tuple[str, ...]) -> None:
    with pytest.raises(CorpusError, match="is not JSON"):
        words_of(written(tmp_path / "c.jsonl", "\n".join(lines)), field="t")


def test_json_lines_without_the_field(tmp_path: Path) -> None:
    path = written(tmp_path / "c.jsonl", '{"text": "a", "id": 1}\n' * 3)
    with pytest.raises(
        CorpusError, match=r"c.jsonl': no line has the field 'body'; the available ones are 'text', 'id'"
    ):
        words_of(path, field="body")


def test_json_lines_are_the_same_without_orjson(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    values = ["a b", "\u00e9\ud83d\ude00", "\ud800 x", 'q"\\/\b\n', "12"]
    lines = [json.dumps({"t": value, "n": 10**400, "x": float("inf")}) for value in values] + [
        json.dumps({"t": "z"})
    ] * 300
    path = written(tmp_path / "c.jsonl", "\n".join(lines))
    with pytest.warns(CorpusWarning, match="invalid UTF-8 in 1 words was replaced"):
        fast = words_of(path, field="t")
    monkeypatch.setitem(sys.modules, "orjson", None)
    with pytest.warns(CorpusWarning, match="invalid UTF-8 in 1 words was replaced"):
        assert words_of(path, field="t") == fast == ["a", "b", "é😀", "\ufffd", "x", 'q"\\/\b', "12", "z"]


def test_tables(tmp_path: Path) -> None:
    path = written(tmp_path / "c.csv", '\ufeffid,text\r\n1,"a ""b"", c\nd"\r\n\r\n2\r\n3,e,more\r\n')
    with pytest.warns(CorpusWarning, match="skipped 1 of 3 records without text: 1 missing"):
        assert words_of(path, field="text") == ["a", '"b",', "c", "d", "e"]
    assert words_of(path, field=0) == ["id", "1", "2", "3"]


def test_tables_with_other_delimiters(tmp_path: Path) -> None:
    path = written(tmp_path / "c.csv", 'id;text\n1;"a; b, c"\n')
    assert words_of(path, field="text", delimiter=";") == ["a;", "b,", "c"]
    assert words_of(written(tmp_path / "c.txt", "a|b\n"), field=1, delimiter="|", reader="csv") == ["b"]
    with pytest.raises(CorpusError, match=r"delimiter='\|' separates CSV columns, but '.*c.txt' is read as text"):
        words_of(tmp_path / "c.txt", delimiter="|")
    with pytest.raises(ConfigError, match="delimiter works only with a corpus of files, but"):
        words_of([{"t": "a"}], field="t", delimiter="|")
    for wrong in ("", ";;", "a", '"', "\n", 3):
        with pytest.raises(
            ConfigError, match="delimiter must be a single character that is not a letter, digit, quotation mark"
        ):
            TrainingConfig(delimiter=wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize(("content", "field", "message"), [
    ("id,text\n1,a\n", "body", r"has no column 'body' in its first row; the available ones are 'id', 'text'$"),
    ("id;text\n1;a\n", "text", r"has no column 'text' in its first row; the available ones are 'id;text' \(if col"),
    ("text,text\na,b\n", "text", "has 2 columns with the name 'text': rename all but one"),
    ("a,b\n", 2, r"no row has the column 2; the available ones are 0, 1"),
    ('a,b\nc,"d\n', 1, r"line 2, is not valid CSV \(unexpected end of data\): correct the quotation marks, or pass"),
    ('a,b\nc,"d"e\n', 1, r"line 2, is not valid CSV \(.*\): correct the quotation marks, or pass"),
])  # fmt: skip
def test_tables_that_cannot_be_read(tmp_path: Path, content: str, field: str | int, message: str) -> None:
    with pytest.raises(CorpusError, match=message):
        words_of(written(tmp_path / "c.csv", content), field=field)


def test_quotation_marks_of_tsv_that_are_text_are_not_guessed_at(tmp_path: Path) -> None:
    path = written(tmp_path / "c.tsv", 'id\ttext\n1\t"a b\n2\tc d"\n3\t"e\nf"\n')
    with pytest.raises(
        CorpusError, match=r"c.tsv', line 3: a quotation with tabs and line breaks ends here; it begins with 'a b"
    ):
        words_of(path, field="text")
    assert words_of(path, field="text", reader="csv", delimiter="\t") == ["a", "b", "2", "c", "d", "e", "f"]
    with pytest.raises(CorpusError, match=r"quoting=False if quotation marks are text"):
        words_of(path, field="text")


def test_quotation_marks_can_be_text(tmp_path: Path) -> None:
    path = written(tmp_path / "c.tsv", 'id\ttext\n1\t"a b\n2\tc "d"\n')
    assert words_of(path, field="text", quoting=False) == ['"a', "b", "c", '"d"']
    assert words_of(written(tmp_path / "c.csv", '1,"a\n'), field=1, quoting=False) == ['"a']
    with pytest.raises(CorpusError, match=r"quoting=False applies to CSV and TSV, but '.*c.txt' is read as text"):
        words_of(written(tmp_path / "c.txt", "a\n"), quoting=False)
    with pytest.raises(ConfigError, match="quoting works only with a corpus of files, but"):
        words_of([{"t": "a"}], field="t", quoting=False)


def test_names_of_columns_with_white_space(tmp_path: Path) -> None:
    path = written(tmp_path / "c.csv", "a, b ,b\n1,x,y\n")
    assert [words_of(path, field=name) for name in ("a", " b ", "b")] == [["1"], ["x"], ["y"]]


def test_a_long_field_of_a_table(tmp_path: Path) -> None:
    import csv

    limit = csv.field_size_limit()
    path = written(tmp_path / "c.csv", f"text\n{'word ' * 100_000}\n")
    assert words_of(path, field="text") == ["word"]
    assert csv.field_size_limit() == limit


def test_parquet_columns(tmp_path: Path) -> None:
    path = tmp_path / "c.parquet"
    columns = {
        "n": [1, 2, 3], "t": ["a b", None, "c\nd"], "w": [["x y"], [], None], "d": [[1.0]] * 3, "e": [None] * 3,
        "m": [["a", None]] * 3, "s": [{"t": "q"}] * 3,
    }  # fmt: skip
    pyarrow.parquet.write_table(pyarrow.table(columns), path)
    with pytest.warns(CorpusWarning, match="skipped 1 of 3 records without text: 1 null"):
        assert words_of(path, field="t") == ["a", "b", "c", "d"]
    with pytest.warns(CorpusWarning, match="skipped 2 of 3 records without text: 1 empty list, 1 null"):
        assert words_of(path, field="w") == ["x y"]
    assert words_of(path, field="s.t") == ["q"]
    with pytest.raises(CorpusError, match=r"^'.*c.parquet' is a table: name the text column"):
        words_of(path)
    by_number = pyarrow.array([["x y", "z"]], pyarrow.list_(pyarrow.dictionary(pyarrow.int32(), pyarrow.string())))
    pyarrow.parquet.write_table(pyarrow.table({"w": by_number}), tmp_path / "d.parquet")
    assert words_of(tmp_path / "d.parquet", field="w") == ["x y", "z"]
    for field, message in [
        (None, "is a table: name the text column, such as field=\"text\"; the available ones are 'n', 't', 'w'"),
        ("x", "has no column 'x'; the available ones are 'n', 't'"),
        ("s.x", "has no column 's.x'; the available ones are"),
        (9, "has no column 9; the available ones are"),
        ("n", "the column 'n' has the type int64; a text column must hold strings, lists of strings"),
        ("d", "the column 'd' has the type list<.*>; a text column must hold strings, lists of strings"),
        ("s", "the column 's' has the type struct<.*>; a text column must"),
        ("m", "the column 'm' has nulls within its lists, which must hold strings only"),
    ]:
        with pytest.raises(CorpusError, match=message):
            words_of(path, field=field)


@pytest.mark.parametrize("name", ["c.parquet", "c.feather", "c.arrow"])
def test_files_that_are_no_tables(tmp_path: Path, name: str) -> None:
    with pytest.raises(CorpusError, match=rf"cannot (open|read) '.*{name}'"):
        words_of(written(tmp_path / name, b"nothing of the kind " * 10), field="t")
    path = written(tmp_path / f"{name}.gz", b"\x1f\x8b")
    with pytest.raises(CorpusError, match=r"is a compressed \w+ file, which cannot be read: decompress it first"):
        words_of(path, field="t")
    with pytest.raises(CorpusError, match=r"cannot be read from standard input: name the file"):
        words_of("-", field="t", reader="arrow")


def test_a_table_with_another_suffix_names_its_reader(tmp_path: Path) -> None:
    path = tmp_path / "c.bin"
    pyarrow.parquet.write_table(pyarrow.table({"t": ["a"]}), path)
    with pytest.raises(
        CorpusError, match='is a file of the format parquet: pass reader="parquet", and the name of its'
    ):
        words_of(path)
    assert words_of(path, reader="parquet", field="t") == ["a"]


def test_missing_pyarrow_names_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(
        MissingExtraError, match=r"reading Parquet.* needs an optional dependency: pip install 'wordkin\[arr"
    ):
        words_of(written(tmp_path / "c.parquet", b""), field="t")


def test_several_files_of_one_kind(tmp_path: Path) -> None:
    written(tmp_path / "a.jsonl", '{"t": "a"}\n')
    written(tmp_path / "b.csv", "t\nb\n")
    assert words_of(tmp_path, field="t") == ["a", "b"]
    written(tmp_path / "c.jsonl", '{"t": ["c d"]}\n')
    with pytest.raises(CorpusError, match=r"'.*c.jsonl' has lists of words, but earlier input has text:"):
        words_of(tmp_path, field="t")


def test_output_of_wikiextractor(tmp_path: Path) -> None:
    article = '<doc id="7" url="u" title="Sun">\nSun\n\nThe sun <b> </doc> shines\n\n</doc>\n'
    path = written(tmp_path / "wiki_00", article * 2)
    assert words_of(path, reader="wikiextractor") == ["Sun", "The", "sun", "<b>", "</doc>", "shines"]
    assert sentences_of(path, reader="wikiextractor") == 4
    with pytest.raises(
        CorpusError, match=r"has no line <doc id=...> of WikiExtractor: for output of its option --json"
    ):
        words_of(written(tmp_path / "wiki_01", '{"text": "a"}\n'), reader="wikiextractor")


def test_progress_tells_what_was_read_and_left_out(tmp_path: Path) -> None:
    written(tmp_path / "a.jsonl", '{"t": "a b"}\n{"t": null}\n{}\n')
    written(tmp_path / "b.csv", "t\nc\n")
    config = TrainingConfig(threads=1, field="t")
    reports: list[ScanProgress] = []
    with (
        pytest.warns(CorpusWarning, match="skipped 2 of 4 records without text: 1 missing, 1 null"),
        scan_text(source_of(tmp_path, config), config, on_scan=reports.append),
    ):
        last = reports[-1]
    assert (last.words, last.skipped, last.replaced) == (3, 2, 0)
    assert last.readers["jsonl"].to_dict() == {
        "files": 1, "records": 3, "skipped": {"missing": 1, "null": 1}, "replaced": 0,
    }  # fmt: skip
    assert (last.readers["csv"].files, last.readers["csv"].records) == (1, 1)
