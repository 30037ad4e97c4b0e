"""Tests of the options of load: selecting, skipping and decoding rows, and names of options in other libraries."""

from __future__ import annotations

import gzip
import struct
import unicodedata
import warnings

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from gensim.models import KeyedVectors

import wordkin
from wordkin.embeddings import Embeddings, binary_format, load_embeddings, text_format
from wordkin.errors import ConfigError, FormatError, UnknownWordError
from wordkin.vocabulary import Vocabulary

WORDS = ("the", "été", "猫", "x", "R$ 00")
ALL_SUFFIXES = (".safetensors", ".safetensors.gz", ".bin", ".bin.gz", ".txt", ".txt.gz", ".parquet")


def some_vectors(words=WORDS[:4], size: int = 3) -> Embeddings:
    matrix = np.random.default_rng(0).normal(size=(len(words), size)).astype(np.float32)
    return Embeddings(Vocabulary(words, range(len(words))), matrix)


def saved(tmp_path, suffix: str, vectors: Embeddings):
    path = tmp_path / f"v{suffix}"
    vectors.to_parquet(path) if suffix == ".parquet" else vectors.save(path)
    return path


def load_bytes(tmp_path, name: str, content: bytes, **options) -> Embeddings:
    path = tmp_path / name
    path.write_bytes(content)
    return load_embeddings(path, **options)


def binary_file(rows, header: bytes | None = None, end: bytes = b"\n") -> bytes:
    first = f"{len(rows)} {len(rows[0][1])}\n".encode() if header is None else header
    return first + b"".join(word + b" " + struct.pack(f"<{len(row)}f", *row) + end for word, row in rows)


# --- words=


@pytest.mark.parametrize("suffix", ALL_SUFFIXES)
@pytest.mark.parametrize("block", [16, 1 << 20])
def test_only_the_words_asked_for(tmp_path, monkeypatch, suffix, block):
    for module in (binary_format, text_format):
        monkeypatch.setattr(module, "_BLOCK_BYTES", block)
    vectors = some_vectors()
    path = saved(tmp_path, suffix, vectors)
    loaded = load_embeddings(path, words=["x", "absent", "été", "x"])
    assert list(loaded) == ["été", "x"]
    assert np.array_equal(loaded.matrix, vectors[["été", "x"]])
    assert list(load_embeddings(path, words=(word for word in WORDS))) == list(WORDS[:4])
    assert list(load_embeddings(path, words=["x", "the"], limit=2)) == ["the"]
    if "safetensors" in suffix or suffix == ".parquet":
        assert loaded.vocabulary.counts.tolist() == [1, 3]
    with pytest.raises(ConfigError, match=r"words must hold at least one word of '.*'; got \['absent'\]"):
        load_embeddings(path, words=["absent"])
    for wrong in ("text", b"x", 3, [3], [None]):
        with pytest.raises(ConfigError, match=r"(words must be a list of words|word must be (text|a string))"):
            load_embeddings(path, words=wrong)
    with pytest.raises(ConfigError, match="words must hold at least one word"):
        load_embeddings(path, words=[])


@pytest.mark.parametrize("content", [
    b"2 2\nR$ 00 1 2\nthe 3 4\n", b"2 2\nR$\t00\t1\t2\nthe\t3\t4\n", b"R 1 2\nR$ 00 1 2\nthe 3 4\n",
    b"2 2\n R$ 00 1 2\nthe 3 4",
])  # fmt: skip
def test_words_with_spaces_are_chosen_whole(tmp_path, content):
    loaded = load_bytes(tmp_path, "v.txt", content, words=["R$ 00"], header=None if content[:1] == b"2" else False)
    assert list(loaded) == ["R$ 00"] and loaded.matrix.tolist() == [[1, 2]]


def test_reading_ends_when_all_words_are_found(tmp_path):
    assert list(load_bytes(tmp_path, "v.txt", b"3 2\na 1 2\nb 3 oops\n", words=["a"])) == ["a"]
    content = binary_file([(b"a", [1, 2])], header=b"1000000 2\n") + b"b 12"
    assert list(load_bytes(tmp_path, "v.bin.gz", gzip.compress(content), words=["a"])) == ["a"]


@pytest.mark.parametrize("name", ["v.txt", "v.bin"])
def test_words_are_chosen_as_they_are_decoded(tmp_path, name):
    rows = [("café".encode("latin-1"), [1, 2]), (b"b", [3, 4])]
    content = binary_file(rows) if name == "v.bin" else b"".join(b"%b %d %d\n" % (word, *row) for word, row in rows)
    assert list(load_bytes(tmp_path, name, content, words=["café"], encoding="latin-1")) == ["café"]
    assert list(load_bytes(tmp_path, name, content, words=["caf\ufffd"], encoding_errors="replace")) == ["caf\ufffd"]
    assert list(load_bytes(tmp_path, name, content, words=["b"])) == ["b"]


# --- bad_rows=

BAD_ROWS = {
    "glued": b"b 3 4 c 5 6", "glued without a space": b"b 3 4c 5 6", "short": b"b 3", "without numbers": b"b",
    "NaN": b"b nan 4", "infinite": b"b 3 inf", "too large": b"b 3 1e99", "no number": b"b 3 four", "empty": b"",
    "blank": b"  ", "not UTF-8": b"\xff 1 2", "underscores": b"b 1_0 2", "three glued": b"b 3 4 c 5 6 d 7 8",
}  # fmt: skip


@pytest.mark.parametrize("case", BAD_ROWS)
@pytest.mark.parametrize("header", [b"", b"3 2\n"])
@pytest.mark.parametrize("block", [16, 1 << 20])
def test_bad_rows_of_text_are_skipped_and_reported(tmp_path, monkeypatch, case, header, block):
    monkeypatch.setattr(text_format, "_BLOCK_BYTES", block)
    content = header + b"a 1 2\n" + BAD_ROWS[case] + b"\ne 7 8\n"
    if case in ("empty", "blank"):
        content = content.replace(b"3 2\n", b"2 2\n")
    with pytest.raises(FormatError, match=f"line {2 + bool(header)}: .*pass (bad_rows|encoding)="):
        load_bytes(tmp_path, "v.txt", content)
    with pytest.warns(
        UserWarning, match=rf"v.txt': skipped 1 bad rows and kept 2: line {2 + bool(header)}: "
    ) as warned:
        loaded = load_bytes(tmp_path, "v.txt", content, bad_rows="skip")
    assert len(warned) == 1
    assert list(loaded) == ["a", "e"] and loaded.matrix.tolist() == [[1, 2], [7, 8]]


def test_only_the_first_places_are_named(tmp_path):
    with pytest.warns(
        UserWarning, match=r"skipped 5 bad rows and kept 1: line 2: .*; line 3: .*; line 4: [^;]*; \.\.\.$"
    ):
        load_bytes(tmp_path, "v.txt", b"a 1 2\n" + b"b 3\n" * 5, bad_rows="skip")


def test_a_good_file_gives_no_warning(tmp_path):
    for suffix in (".bin", ".txt"):
        path = saved(tmp_path, suffix, some_vectors())
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            assert list(load_embeddings(path, bad_rows="skip")) == list(WORDS[:4])


def test_bad_rows_of_binary(tmp_path):
    rows = [(b"a", [1, 2]), (b"b", [3, float("nan")]), (b"c", [float("inf"), 4]), (b"\xff", [5, 6]), (b"e", [7, 8])]
    with pytest.warns(UserWarning, match=r"skipped 3 bad rows and kept 2: byte 15: the vector of 'b' .*; byte 26: "):
        loaded = load_bytes(tmp_path, "v.bin", binary_file(rows), bad_rows="skip")
    assert list(loaded) == ["a", "e"] and loaded.matrix.tolist() == [[1, 2], [7, 8]]
    with pytest.warns(UserWarning, match=r"the header announces 9 words, but the file ends at byte 59 inside word 6"):
        loaded = load_bytes(tmp_path, "v.bin", binary_file(rows, header=b"9 2\n"), bad_rows="skip")
    assert list(loaded) == ["a", "e"]


@pytest.mark.parametrize("word", [b"", b"\t", b"\r", b"\x0b\x0c", b" "])
@pytest.mark.parametrize("end", [b"", b"\n"])
@pytest.mark.parametrize("options", [{}, {"bad_rows": "skip"}, {"words": ["a", "z"]}, {"limit": 2}])
def test_a_binary_with_a_word_without_letters_is_refused(tmp_path, word, end, options):
    content = binary_file([(b"a", [1, 2]), (word, [3, 4]), (b"c", [5, 6])], end=end)
    with pytest.raises(FormatError, match=r"byte \d+: the word b'.*' is empty or white space\. gensim can write"):
        load_bytes(tmp_path, "v.bin", content, **options)


@pytest.mark.parametrize("word", ["", " ", "\t"])
def test_such_a_file_as_gensim_writes_it(tmp_path, word):
    keyed = KeyedVectors(3)
    keyed.add_vectors(["the", word, "y"], np.ones((3, 3), np.float32))
    keyed.save_word2vec_format(str(tmp_path / "v.bin"), binary=True)
    with pytest.raises(FormatError, match="gensim can write such files, but all vectors after such a word are shifted"):
        load_embeddings(tmp_path / "v.bin")


# --- limit=


@pytest.mark.parametrize(("name", "content"), [
    ("v.txt", b"9 2\na 1 2\nb 3 4\n"), ("v.txt", b"999999 2\na 1 2\nb 3 4\n"), ("v.txt.gz", b"9 2\na 1 2\nb 3 4\n"),
    ("v.bin", binary_file([(b"a", [1, 2]), (b"b", [3, 4])], header=b"9 2\n")),
    ("v.bin", binary_file([(b"a", [1, 2]), (b"b", [3, 4])], header=b"999999 2\n")),
    ("v.bin.gz", binary_file([(b"a", [1, 2]), (b"b", [3, 4])], header=b"9 2\n")),
])  # fmt: skip
def test_a_limit_reads_what_is_there(tmp_path, name, content):
    content = gzip.compress(content) if name.endswith("gz") else content
    for limit in (1, 2, np.int64(2)):
        assert list(load_bytes(tmp_path, name, content, limit=limit)) == ["a", "b"][:limit]
    for options in ({}, {"limit": 3}):
        with pytest.raises(FormatError, match=r"pass limit="):
            load_bytes(tmp_path, name, content, **options)


def test_the_error_of_a_short_file_names_the_limit_to_pass(tmp_path):
    with pytest.raises(
        FormatError, match="announces 3 words, but the file ends after 2: pass limit=2 to read the complete ones"
    ):
        load_bytes(tmp_path, "v.txt", b"3 2\na 1 2\nb 3 4\n")


# --- words with spaces


@pytest.mark.parametrize(("content", "words"), [
    (b"2 3\nR$ 00 1.3 -.8 .2\nthe 1 2 3\n", ["R$ 00", "the"]),
    (b"the 1 2 3\nR$ 00 1.3 -.8 .2\n", ["the", "R$ 00"]),
    (b". . . 1 2 3\nthe 1 2 3\n", [". . .", "the"]),
    (b"at name@domain.com 1 2 3\nthe 1 2 3\n", ["at name@domain.com", "the"]),
    (b"2 3\n1 2 3 4 5\n7 1 2 3\n", ["1 2", "7"]),
    (b"the 1 2 3\n1 / 2 1 2 3\nyear 2000 AD 1 2 3\n", ["the", "1 / 2", "year 2000 AD"]),
    (b"the\t1\t2\t3\nnew york\t1\t2\t3\n", ["the", "new york"]),
    (b"2 1\nnew york 1\nthe 2\n", ["new york", "the"]),
    (b"2 3\nR$  00 1 2 3\n  the 1 2 3\n", ["R$ 00", "the"]),
])  # fmt: skip
def test_the_last_fields_are_the_vector(tmp_path, content, words):
    assert list(load_bytes(tmp_path, "v.txt", content)) == words


# --- encoding=


@pytest.mark.parametrize(("encoding", "words"), [
    ("latin-1", ["café", "naïve"]), ("cp949", ["한국어", "단어"]), ("euc_jp", ["言葉", "日本"]),
    ("gb18030", ["你好", "词"]),
    ("shift_jis", ["表", "言葉"]), ("cp1251", ["слово", "мир"]), ("utf-8-sig", ["é", "b"]), ("UTF8", ["é", "b"]),
])  # fmt: skip
@pytest.mark.parametrize("block", [3, 1 << 20])
def test_words_in_other_encodings(tmp_path, monkeypatch, encoding, words, block):
    monkeypatch.setattr(text_format, "_BLOCK_BYTES", block)
    text = "".join(f"{word} 1 2\n" for word in words).encode(encoding)
    assert list(load_bytes(tmp_path, "v.txt", text, encoding=encoding)) == words
    if encoding != "utf-8-sig":
        binary = binary_file([(word.encode(encoding), [1, 2]) for word in words])
        assert list(load_bytes(tmp_path, "v.bin", binary, encoding=encoding)) == words


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-32"])
def test_wide_encodings_of_text(tmp_path, encoding):
    text = "2 2\ncafé 1 2\n猫 3 4\n".encode(encoding)
    assert list(load_bytes(tmp_path, "v.txt", text, encoding=encoding)) == ["café", "猫"]
    if not encoding.endswith("32"):
        with pytest.raises(FormatError, match='pass encoding="utf-16'):
            load_bytes(tmp_path, "v.txt", text)
    with pytest.raises(ConfigError, match="encoding must be a superset of ASCII for word2vec binary"):
        load_bytes(tmp_path, "v.bin", binary_file([(b"a", [1])]), encoding=encoding)


def test_bytes_that_are_not_in_the_encoding(tmp_path):
    text = b"a 1 2\n\xb0\x20 3 4\n"
    with pytest.raises(FormatError, match=r"line 2: the word b'.xb0' is not valid CP949: pass encoding="):
        load_bytes(tmp_path, "v.txt", text, encoding="cp949")
    assert list(load_bytes(tmp_path, "v.txt", text, encoding="cp949", encoding_errors="replace")) == ["a", "\ufffd"]
    for wrong in ("nope", "hex", "rot13", 3, "", "utf-8\0"):
        with pytest.raises(ConfigError, match="encoding must be a text encoding that Python knows"):
            load_bytes(tmp_path, "v.txt", b"a 1\n", encoding=wrong)


# --- tables


def spark_struct(rows, sparse: bool) -> pa.Array:
    fields = [
        ("type", pa.int8()),
        ("size", pa.int32()),
        ("indices", pa.list_(pa.int32())),
        ("values", pa.list_(pa.float64())),
    ]
    if sparse:
        made = [
            {"type": 0, "size": len(row), "indices": np.flatnonzero(row).tolist(), "values": [x for x in row if x]}
            for row in rows
        ]
    else:
        made = [{"type": 1, "size": None, "indices": None, "values": row} for row in rows]
    return pa.array(made, pa.struct(fields))


MATRIX = [[1.0, 0.0, 2.0], [3.0, 4.0, 0.0]]
LAYOUTS = {
    "array<float>": pa.array(MATRIX, pa.list_(pa.float32())),
    "array<double>": pa.array(MATRIX, pa.list_(pa.float64())),
    "large list": pa.array(MATRIX, pa.large_list(pa.float32())),
    "fixed": pa.array(MATRIX, pa.list_(pa.float32(), 3)),
    "half": pa.array([[np.float16(x) for x in row] for row in MATRIX], pa.list_(pa.float16())),
    "whole numbers": pa.array([[1, 0, 2], [3, 4, 0]], pa.list_(pa.int64())),
    "VectorUDT, dense": spark_struct(MATRIX, False),
    "VectorUDT, sparse": spark_struct(MATRIX, True),
}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("suffix", [".parquet", ".arrow", ".feather", ".arrows"])
def test_tables_of_words_and_vectors(tmp_path, layout, suffix):
    table = pa.table({"id": [1, 2], "word": ["a", "é"], "vector": LAYOUTS[layout]})
    path = tmp_path / f"v{suffix}"
    if suffix == ".parquet":
        pq.write_table(table, path)
    else:
        new = pa.ipc.new_stream if suffix == ".arrows" else pa.ipc.new_file
        with new(path, table.schema) as writer:
            writer.write_table(table)
    loaded = load_embeddings(path, format="parquet")
    assert list(loaded) == ["a", "é"] and loaded.matrix.tolist() == MATRIX and loaded.matrix.dtype == np.float32
    assert list(load_embeddings(path, format="parquet", words=["é"])) == ["é"]
    assert load_embeddings(path, format="parquet", words=["é"]).matrix.tolist() == MATRIX[1:]
    assert list(load_embeddings(path, format="parquet", limit=1)) == ["a"]


def test_our_own_parquet_keeps_counts(tmp_path):
    vectors = some_vectors()
    loaded = load_embeddings(saved(tmp_path, ".parquet", vectors))
    assert loaded.words == vectors.words and np.array_equal(loaded.matrix, vectors.matrix)
    assert loaded.vocabulary.counts.tolist() == [0, 1, 2, 3]


def test_columns_of_other_names_and_kinds(tmp_path):
    path = tmp_path / "v.parquet"
    words = pa.array(["a", "b"]).dictionary_encode()
    pq.write_table(pa.table({"w2v": LAYOUTS["fixed"], "lemma": words}), path)
    assert list(load_embeddings(path)) == ["a", "b"]
    for columns, what in (
        (
            {"vector": LAYOUTS["fixed"]},
            "must have exactly one column of words \\(text\\), or one named 'word'; it has none",
        ),
        ({"a": ["x", "y"], "b": ["x", "y"], "vector": LAYOUTS["fixed"]}, "it has 'a', 'b'"),
        (
            {"word": ["x", "y"], "p": LAYOUTS["fixed"], "q": LAYOUTS["fixed"]},
            "one named 'vector'; it has 'p', 'q'",
        ),
        ({"word": ["x", "y"], "0": [1.0, 2.0], "1": [1.0, 2.0]}, "lists of numbers.*it has none"),
    ):
        pq.write_table(pa.table(columns), path)
        with pytest.raises(FormatError, match=what):
            load_embeddings(path)


BAD_TABLE_ROWS = {
    "no word": (None, [1.0, 2.0]), "no vector": ("b", None), "short": ("b", [1.0]), "long": ("b", [1.0, 2.0, 3.0]),
    "NaN": ("b", [1.0, float("nan")]), "nothing in it": ("b", [1.0, None]), "too large": ("b", [1e99, 1.0]),
    "empty": ("b", []),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD_TABLE_ROWS)
def test_bad_rows_of_tables(tmp_path, case):
    word, row = BAD_TABLE_ROWS[case]
    table = pa.table(
        {"word": ["a", word, "c"], "vector": pa.array([[1.0, 2.0], row, [3.0, 4.0]], pa.list_(pa.float64()))}
    )
    pq.write_table(table, tmp_path / "v.parquet")
    with pytest.raises(FormatError, match=r'row 2: .*: pass bad_rows="skip"'):
        load_embeddings(tmp_path / "v.parquet")
    with pytest.warns(UserWarning, match="skipped 1 bad rows and kept 2: row 2: "):
        assert list(load_embeddings(tmp_path / "v.parquet", bad_rows="skip")) == ["a", "c"]


def test_tables_that_are_none(tmp_path):
    for content in (b"", b"PAR1", b"PAR1" + bytes(50) + b"PAR1", b"ARROW1\0\0", b"the 1 2\n", bytes(100)):
        with pytest.raises(FormatError, match=r"v.parquet'"):
            load_bytes(tmp_path, "v.parquet", content)
    pq.write_table(pa.table({"word": ["a", "a"], "vector": LAYOUTS["fixed"]}), tmp_path / "v.parquet")
    with pytest.raises(FormatError, match="row 2: the word 'a' occurs twice, first at row 1"):
        load_embeddings(tmp_path / "v.parquet")
    assert list(load_embeddings(tmp_path / "v.parquet", duplicates="first")) == ["a"]
    for option in ({"encoding": "latin-1"}, {"encoding_errors": "replace"}, {"header": True}):
        with pytest.raises(ConfigError, match="must be left unset for"):
            load_embeddings(tmp_path / "v.parquet", **option)


# --- names of options in other libraries


@pytest.mark.parametrize(("name", "hint"), [
    ("binary", 'use format="bin" or format="text"'), ("unicode_errors", "use encoding_errors"),
    ("no_header", "use header=False"), ("mmap", "leave mmap out, because .safetensors is always memory-mapped"),
    ("datatype", 'vectors.astype("float16")'), ("fvocab", "leave fvocab out"), ("lmit", "did you mean limit?"),
    ("quatsch", "the options are format, limit, words, bad_rows, encoding"),
])  # fmt: skip
def test_options_of_gensim_and_slips_get_a_hint(tmp_path, name, hint):
    path = saved(tmp_path, ".txt", some_vectors())
    for load in (load_embeddings, wordkin.load):
        with pytest.raises(ConfigError) as caught:
            load(path, **{name: True})
        assert str(caught.value).startswith(f"{name} is not an option of loading; got True: ") and hint in str(
            caught.value
        )


def zip_of(name: bytes) -> bytes:
    return b"PK\x03\x04" + bytes(22) + len(name).to_bytes(2, "little") + bytes(2) + name + bytes(60)


STRANGERS = {
    "floret": (b"50000 300 4 5 2 2166136261 < >\n0 0.1 0.2\n", "this is a floret table"),
    "npz": (zip_of(b"vectors.npy"), r"this is an archive of NumPy arrays \(.npz\)"),
    "npy": (b"\x93NUMPY\x01\x00v\x00" + bytes(60), r"this is a NumPy array \(.npy\) without words"),
    "GloVe's zip": (zip_of(b"glove.6B.50d.txt"), "this is a zip archive: unpack it and load 'glove.6B.50d.txt'"),
    "a zip without a name": (zip_of(b""), "this is a zip archive: unpack it and load the file inside"),
    "PyTorch": (zip_of(b"model/data.pkl"), "this is a PyTorch model"),
    "HDF5": (b"\x89HDF\r\n\x1a\n" + bytes(60), r"this is an HDF5 file \(.h5\)"),
    "old fastText": (
        struct.pack("<12i", 100, 5, 5, 5, 5, 1, 2, 2, 2000000, 3, 6, 100) + bytes(60),
        "this is a fastText model",
    ),
    "pickle of gensim 3": (b"\x80\x02cgensim.models.keyedvectors\nWord2VecKeyedVectors\n", "this is a Python pickle"),
    "pickle of gensim 4": (b"\x80\x04\x95\x00\x00\x00\x00\x00\x00\x00\x00" + bytes(60), "this is a Python pickle"),
    "pickle of Python 2": (b"ccopy_reg\n_reconstructor\np0\n", "this is a Python pickle"),
    "Parquet": (b"PAR1" + bytes(60), 'this is a Parquet file: pass format="parquet"'),
    "Arrow": (b"ARROW1\0\0" + bytes(60), 'this is an Arrow file: pass format="parquet"'),
    "SQLite": (b"SQLite format 3\0" + bytes(60), "this is a SQLite database"),
    "Git LFS": (b"version https://git-lfs.github.com/spec/v1\noid", "this is a pointer of Git LFS"),
    "a page": (b"<!DOCTYPE html>\n<html>", "this is a web page"),
    "tar": (b"glove.txt" + bytes(248) + b"ustar\x0000" + bytes(300), "this is a tar archive"),
    "7z": (b"7z\xbc\xaf\x27\x1c" + bytes(60), "this is a 7z archive"),
    "UTF-16": ("a 1 2\n".encode("utf-16"), 'this is UTF-16 text: pass encoding="utf-16"'),
    "UTF-16 without a byte order mark": ("a 1 2\n".encode("utf-16-le"), 'pass encoding="utf-16-le"'),
}


@pytest.mark.parametrize("name", STRANGERS)
@pytest.mark.parametrize("suffix", [".bin", ".txt", ".vec.gz", ".model", ".h5"])
def test_files_of_other_programs_are_named(tmp_path, name, suffix):
    content, message = STRANGERS[name]
    if suffix != ".txt" and suffix != ".vec.gz" and name == "UTF-16 without a byte order mark":
        pytest.skip("only text may be UTF-16")
    with pytest.raises(FormatError, match=message):
        load_bytes(tmp_path, f"v{suffix}", gzip.compress(content) if suffix.endswith("gz") else content)


def test_files_that_only_look_alike_are_read(tmp_path):
    for content, words in (
        (b"1 2 3 4 5 6 7 8\n9 2 3 4 5 6 7 8\n", ["1", "9"]), (b"<s> 1 2\n<html 3 4\n", ["<s>", "<html"]),
        (b"\0 1 2\n7z 3 4\n", ["\0", "7z"]), (b"PK 1 2\nRar! 3 4\n", ["PK", "Rar!"]),
    ):  # fmt: skip
        assert list(load_bytes(tmp_path, "v.txt", content)) == words


# --- unknown words


@pytest.mark.parametrize("word", ["café", "naïve", "한국어", "Ångström", "ệ", "パリ"])
@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_the_canonically_equal_word_is_suggested_first(word, form):
    other = {"NFC": "NFD", "NFD": "NFC"}[form]
    held, asked = unicodedata.normalize(form, word), unicodedata.normalize(other, word)
    if held == asked:
        pytest.skip("it has one form")
    vectors = some_vectors((asked[:-1] + "x", held.upper() + "1", held, asked + "s"))
    with pytest.raises(UnknownWordError) as caught:
        vectors.most_similar(asked)
    assert caught.value.suggestions[0] == held
    assert f"the first is the same word in the Unicode form {form}, as unicodedata.normalize('{form}', word)" in str(
        caught.value
    )


@pytest.mark.parametrize("rows", ["2 2\na 1,5 2\nb 1 nan\n", "a 1 nan\n"])
def test_a_file_of_bad_rows_alone_is_refused(tmp_path, rows):
    (tmp_path / "v.txt").write_text(rows)
    with pytest.raises(FormatError, match=r"all . rows are malformed; the first: line \d: "):
        load_embeddings(tmp_path / "v.txt", bad_rows="skip")
