"""Tests of directories of Parquet or Arrow files that form one table."""

from __future__ import annotations

import json

import pytest

import wordkin
from wordkin import ConfigError, FormatError
from wordkin.cli import main
from wordkin.embeddings import load_embeddings

pa = pytest.importorskip("pyarrow")
pq = pytest.importorskip("pyarrow.parquet")

NAME = "part-{:05}-ae3c-c000.snappy.parquet"


def table(words, start=0, **columns):
    vectors = [[float(start + index), 1.0] for index in range(len(words))]
    return pa.table(
        {"word": pa.array(words, pa.string()), "vector": pa.array(vectors, pa.list_(pa.float32()))} | columns
    )


def write_part(folder, number, words, start=0, **columns):
    """Write a part like Spark, with its checksum file."""
    folder.mkdir(parents=True, exist_ok=True)
    name = NAME.format(number)
    pq.write_table(table(words, start, **columns), folder / name)
    (folder / f".{name}.crc").write_bytes(b"crc\0")


@pytest.fixture
def spark(tmp_path):
    """The words a to e in three parts, the second of which has no rows."""
    folder = tmp_path / "vectors.parquet"
    write_part(folder, 0, ["a", "b"])
    write_part(folder, 1, [])
    write_part(folder, 2, ["c", "d", "e"], start=2)
    (folder / "_SUCCESS").touch()
    (folder / "._SUCCESS.crc").write_bytes(b"crc\0")
    return folder


def test_a_folder_is_one_table(spark):
    loaded = wordkin.load(spark)
    assert list(loaded) == list("abcde")
    assert loaded.matrix.tolist() == [[0, 1], [1, 1], [2, 1], [3, 1], [4, 1]]
    assert list(wordkin.load(spark, format="parquet", limit=3)) == ["a", "b", "c"]
    assert list(wordkin.load(spark, words=["e", "b", "x"])) == ["b", "e"]


def test_a_model_of_spark_is_read_from_its_data(tmp_path):
    write_part(tmp_path / "model" / "data", 0, ["a", "b"])
    (tmp_path / "model" / "data" / "_SUCCESS").touch()
    (tmp_path / "model" / "metadata").mkdir()
    (tmp_path / "model" / "metadata" / "part-00000").write_text(json.dumps({"class": "Word2VecModel"}))
    assert list(wordkin.load(tmp_path / "model")) == ["a", "b"]


@pytest.mark.parametrize("name", ["part.{}.parquet", "train-{}-of-11.parquet", "data-{}-of-11.arrow"])
def test_parts_come_in_the_order_of_their_numbers(tmp_path, name):
    for number in (10, 9, 2):
        path = tmp_path / name.format(number)
        if path.suffix == ".arrow":
            with pa.ipc.new_file(path, table([]).schema) as writer:
                writer.write_table(table([f"w{number}"]))
        else:
            pq.write_table(table([f"w{number}"]), path)
    assert list(load_embeddings(tmp_path)) == ["w2", "w9", "w10"]


def test_rows_are_counted_through_all_parts(spark):
    write_part(spark, 3, ["f", "a"])
    message = r"vectors.parquet': row 7: the word 'a' occurs twice, first at row 1: pass duplicates="
    with pytest.raises(FormatError, match=message):
        load_embeddings(spark)
    assert list(load_embeddings(spark, duplicates="first")) == list("abcdef")


def test_counts_are_kept_where_every_part_has_them(tmp_path):
    write_part(tmp_path, 0, ["a", "b"], count=[7, 5])
    assert load_embeddings(tmp_path).vocabulary.counts.tolist() == [7, 5]
    write_part(tmp_path, 1, ["c"])
    assert load_embeddings(tmp_path).vocabulary.counts is None


def test_a_vector_of_another_length_is_a_bad_row(spark):
    vectors = pa.array([[1.0, 2.0, 3.0]], pa.list_(pa.float32()))
    pq.write_table(pa.table({"word": ["f"], "vector": vectors}), spark / NAME.format(3))
    with pytest.raises(FormatError, match=r"row 6: expected a word and 2 numbers, found a vector of 3 numbers"):
        load_embeddings(spark)
    with pytest.warns(UserWarning, match="skipped 1 bad rows and kept 5"):
        assert len(load_embeddings(spark, bad_rows="skip")) == 5


def test_folders_that_are_no_whole_table(tmp_path, spark):
    (tmp_path / "empty").mkdir()
    with pytest.raises(FormatError, match=r"is a directory without parts of a table .*use Word2Vec.load$"):
        load_embeddings(tmp_path / "empty")
    for only in ("_SUCCESS", "part-00000.csv", ".hidden.parquet", "_metadata.parquet"):
        folder = tmp_path / f"only {only}"
        folder.mkdir()
        (folder / only).write_text("x")
        with pytest.raises(FormatError, match="without parts of a table"):
            load_embeddings(folder)
    (spark / "notes.txt").touch()
    with pytest.raises(
        FormatError, match=r"contains 'notes.txt' among the parts of a table: move it away, or load one part$"
    ):
        load_embeddings(spark)
    (spark / "notes.txt").unlink()
    (spark / NAME.format(2)).write_bytes((spark / NAME.format(2)).read_bytes()[:-9])
    with pytest.raises(FormatError, match=r"part-00002.*: the table cannot be read: "):
        load_embeddings(spark)
    (spark / "_temporary").mkdir()
    with pytest.raises(FormatError, match=r"_temporary: the job that writes the table is still running, or failed$"):
        load_embeddings(spark)


def test_options_that_folders_have_no_use_for(spark):
    with pytest.raises(ConfigError, match=r'^format must be "parquet" or left unset for a directory; got \'bin\'$'):
        load_embeddings(spark, format="bin")
    with pytest.raises(ConfigError, match=r"^encoding must be left unset for Parquet and Arrow"):
        load_embeddings(spark, encoding="latin-1")


def test_a_folder_of_empty_parts_has_no_rows(tmp_path):
    write_part(tmp_path, 0, [])
    with pytest.raises(FormatError, match="the table has no rows"):
        load_embeddings(tmp_path)


def test_the_command_line_reads_folders(spark, tmp_path, capsys):
    assert main(["similar", str(spark), "a"]) == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()[-4:]] == ["b", "c", "d", "e"]
    assert main(["info", str(spark)]) == 0
    assert "first words             a b c d e" in capsys.readouterr().out
    assert main(["similar", str(tmp_path), "a"]) == 2
    assert "there is no run in" in capsys.readouterr().err
