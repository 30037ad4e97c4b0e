"""Tests of the word2vec formats: exchange with other programs, and errors for malformed files."""

from __future__ import annotations

import gzip
import pickle
import struct

import numpy as np
import pytest
from gensim.models import KeyedVectors
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from wordkin.embeddings import Embeddings, binary_format, load_embeddings, text_format
from wordkin.errors import ConfigError, CorpusNotFoundError, FormatError
from wordkin.vocabulary import Vocabulary

SUFFIXES = (".bin", ".txt", ".vec", ".bin.gz", ".txt.gz", ".vec.gz")
letters = st.characters(exclude_categories=["Cs"], exclude_characters=" \t\n\r\v\f")
plain_words = st.lists(st.text(letters, min_size=1, max_size=5), unique=True, min_size=1, max_size=8)


def some_vectors(words=("the", "été", "猫", "x"), size: int = 3) -> Embeddings:
    matrix = np.random.default_rng(0).normal(size=(len(words), size)).astype(np.float32)
    return Embeddings(Vocabulary(words), matrix)


def load_bytes(tmp_path, name: str, content: bytes, **options) -> Embeddings:
    path = tmp_path / name
    path.write_bytes(content)
    return load_embeddings(path, **options)


def refusal(tmp_path, name: str, content: bytes, **options) -> str:
    with pytest.raises(FormatError) as caught:
        load_bytes(tmp_path, name, content, **options)
    message = str(caught.value)
    assert str(tmp_path / name) in message and "\n" not in message
    return message


@given(words=plain_words, suffix=st.sampled_from(SUFFIXES), header=st.booleans(), data=st.data())
def test_round_trip_bit_for_bit(tmp_path_factory, words, suffix, header, data):
    finite = {"allow_nan": False, "allow_infinity": False}
    matrix = data.draw(hnp.arrays(np.float32, (len(words), data.draw(st.integers(1, 4))), elements=finite))
    path = tmp_path_factory.mktemp("w2v") / f"v{suffix}"
    header = header or ".bin" in suffix
    # in a file without a header, a first row like "12 7" looks like a header
    Embeddings(Vocabulary(words), matrix).save(path, header=header)
    loaded = load_embeddings(path, header=None if header else False)
    assert loaded.words == words
    assert np.array_equal(loaded.matrix, matrix) and loaded.matrix.dtype == np.float32


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_gensim_reads_what_we_write(tmp_path, suffix):
    vectors = some_vectors()
    vectors.save(tmp_path / f"v{suffix}")
    keyed = KeyedVectors.load_word2vec_format(str(tmp_path / f"v{suffix}"), binary=".bin" in suffix)
    assert keyed.index_to_key == list(vectors)
    assert np.array_equal(keyed.vectors, vectors.matrix)


@pytest.mark.filterwarnings("ignore:Exception ignored in:pytest.PytestUnraisableExceptionWarning")  # gensim's open file
def test_gensim_reads_our_text_without_header(tmp_path):
    vectors = some_vectors()
    vectors.save(tmp_path / "v.txt", header=False)
    keyed = KeyedVectors.load_word2vec_format(str(tmp_path / "v.txt"), no_header=True)
    assert keyed.index_to_key == list(vectors) and np.array_equal(keyed.vectors, vectors.matrix)


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("header", [True, False])
def test_we_read_what_gensim_writes(tmp_path, suffix, header):
    keyed = some_vectors().to_gensim()
    binary = ".bin" in suffix
    if binary and not header:
        pytest.skip("binary has a header always")
    keyed.save_word2vec_format(str(tmp_path / f"v{suffix}"), binary=binary, write_header=header)
    loaded = load_embeddings(tmp_path / f"v{suffix}")
    assert loaded.words == keyed.index_to_key
    assert np.array_equal(loaded.matrix, keyed.vectors)


def binary_file(rows, *, end=b"\n", header=None) -> bytes:
    """Format words and vectors like word2vec.c (a newline after each vector) or gensim (none)."""
    first = f"{len(rows)} {len(rows[0][1])}\n".encode() if header is None else header
    return first + b"".join(word + b" " + struct.pack(f"<{len(row)}f", *row) + end for word, row in rows)


ROWS = [(b"the", [1, 2]), (b"caf\xc3\xa9", [3, 4]), (b"x", [5, 6])]


@pytest.mark.parametrize("end", [b"", b"\n"])
@pytest.mark.parametrize("block", [1, 7, 64, 1 << 20])
def test_binary_with_and_without_line_ends_in_blocks_of_any_size(tmp_path, monkeypatch, end, block):
    for module in (binary_format, text_format):
        monkeypatch.setattr(module, "_BLOCK_BYTES", max(block, 16))
    loaded = load_bytes(tmp_path, "v.bin", binary_file(ROWS, end=end))
    assert loaded.words == ["the", "café", "x"]
    assert loaded.matrix.tolist() == [[1, 2], [3, 4], [5, 6]]


def test_a_vector_whose_bytes_look_like_spaces_and_line_ends(tmp_path):
    rows = [(b"a", list(struct.unpack("<2f", b"\n \n \n \n "))), (b"b", list(struct.unpack("<2f", b"        ")))]
    for end in (b"", b"\n"):
        loaded = load_bytes(tmp_path, "v.bin", binary_file(rows, end=end))
        assert loaded.words == ["a", "b"] and loaded.matrix.tolist() == [row for _, row in rows]


_row_words = st.one_of(st.integers(1, 300).map(lambda length: b"x" * length), st.just(b"a\nb"))


@given(
    st.lists(st.tuples(st.integers(0, 3), _row_words), min_size=1, max_size=12),
    st.integers(1, 3),
    st.sampled_from([16, 100, 1 << 20]),
)
def test_rows_that_differ_in_length_and_line_ends(tmp_path_factory, shapes, size, block):
    """Long words and several newlines are parsed by a slower path; no row is lost between the two paths."""
    words = [b"%d" % number + word for number, (_, word) in enumerate(shapes)]
    vectors = np.frombuffer(b" \n\x01\x02" * (size * len(words)), dtype="<f4").reshape(len(words), size)
    content = b"%d %d\n" % (len(words), size)
    for (line_ends, _), word, row in zip(shapes, words, vectors, strict=False):
        content += b"\n" * line_ends + word + b" " + row.tobytes()
    path = tmp_path_factory.mktemp("rows") / "v.bin"
    path.write_bytes(content)
    with pytest.MonkeyPatch.context() as patch:
        for module in (binary_format, text_format):
            patch.setattr(module, "_BLOCK_BYTES", block)
        loaded = load_embeddings(path)
        first = load_embeddings(path, limit=max(1, len(words) // 2))
    assert loaded.words == [word.decode() for word in words] and np.array_equal(loaded.matrix, vectors)
    assert first.words == loaded.words[: len(first)] and np.array_equal(first.matrix, vectors[: len(first)])


@pytest.mark.parametrize("block", [1, 30, 1 << 20])
def test_binary_is_written_as_word2vec_writes_it(tmp_path, monkeypatch, block):
    for module in (binary_format, text_format):
        monkeypatch.setattr(module, "_BLOCK_BYTES", block)
    some_vectors().save(tmp_path / "v.bin")
    vectors = some_vectors()
    rows = zip((word.encode() for word in vectors), vectors.matrix.tolist(), strict=True)
    assert (tmp_path / "v.bin").read_bytes() == binary_file(list(rows))
    Embeddings(Vocabulary([]), np.empty((0, 3), np.float32)).save(tmp_path / "empty.bin")
    assert (tmp_path / "empty.bin").read_bytes() == b"0 3\n"


@pytest.mark.parametrize("content", [
    b"2 2\nthe 1 2\ncat 3 4\n",
    b"2 2\nthe 1 2\ncat 3 4",
    b"2 2\r\nthe 1 2\r\ncat 3 4\r\n",
    b"\xef\xbb\xbf2 2\nthe 1 2\ncat 3 4\n",
    b"2 2\nthe 1 2 \ncat 3 4 \n",
    b"2 2\nthe\t1\t2\ncat\t3\t4\n",
    b"2 2\nthe 1  2\ncat 3 4\n",
    b"the 1 2\ncat 3 4\n",
    b"the 1.0e0 +2\ncat 3. 4\n\n",
])  # fmt: skip
@pytest.mark.parametrize("block", [16, 1 << 20])
def test_text_in_its_many_spellings(tmp_path, monkeypatch, content, block):
    for module in (binary_format, text_format):
        monkeypatch.setattr(module, "_BLOCK_BYTES", block)
    loaded = load_bytes(tmp_path, "v.txt", content)
    assert loaded.words == ["the", "cat"] and loaded.matrix.tolist() == [[1, 2], [3, 4]]


def test_words_with_spaces_as_glove_has_them(tmp_path):
    loaded = load_bytes(tmp_path, "glove.txt", b"the 1 2\n. . . 3 4\nat name@domain.com 5 6\n")
    assert loaded.words == ["the", ". . .", "at name@domain.com"]
    assert loaded.matrix.tolist() == [[1, 2], [3, 4], [5, 6]]


def test_letters_that_look_like_spaces_stay_in_the_word(tmp_path):
    for word in ("a\u00a0b", "\u3000", "a\u0085", "\u2028"):
        for suffix in SUFFIXES:
            some_vectors((word, "x")).save(tmp_path / f"v{suffix}")
            assert load_embeddings(tmp_path / f"v{suffix}").words == [word, "x"]


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_limit(tmp_path, suffix):
    some_vectors().save(tmp_path / f"v{suffix}")
    assert list(load_embeddings(tmp_path / f"v{suffix}", limit=2)) == ["the", "été"]
    assert len(load_embeddings(tmp_path / f"v{suffix}", limit=9)) == 4
    for wrong in (0, -1, True, 2.0):
        with pytest.raises(ConfigError, match="limit must be a whole number from 1 up; got"):
            load_embeddings(tmp_path / f"v{suffix}", limit=wrong)


def test_limit_does_not_look_at_what_follows(tmp_path):
    assert list(load_bytes(tmp_path, "v.txt", b"2 2\na 1 2\nb 3 oops\n", limit=1)) == ["a"]
    assert list(load_bytes(tmp_path, "v.bin", binary_file(ROWS)[:-5], limit=2)) == ["the", "café"]


@pytest.mark.parametrize(("policy", "word"), [
    ("replace", "caf\ufffd"), ("ignore", "caf"), ("backslashreplace", "caf\\xe9"),
])  # fmt: skip
def test_policies_for_words_that_are_not_utf8(tmp_path, policy, word):
    text, binary = b"the 1 2\ncaf\xe9 3 4\n", binary_file([(b"the", [1, 2]), (b"caf\xe9", [3, 4])])
    assert list(load_bytes(tmp_path, "v.txt", text, encoding_errors=policy)) == ["the", word]
    assert list(load_bytes(tmp_path, "v.bin", binary, encoding_errors=policy)) == ["the", word]
    assert "line 2: the word b'caf\\xe9' is not valid UTF-8: pass encoding=, or encoding_errors=" in refusal(
        tmp_path, "v.txt", text
    )
    assert "byte 17: the word b'caf\\xe9' is not valid UTF-8: pass" in refusal(tmp_path, "v.bin", binary)
    with pytest.raises(ConfigError, match='encoding_errors must be one of "strict", "replace"'):
        load_bytes(tmp_path, "v.txt", text, encoding_errors="surrogateescape")


def test_doubled_words(tmp_path):
    text = b"a 1 2\nb 3 4\na 5 6\n"
    binary = binary_file([(b"a", [1, 2]), (b"b", [3, 4]), (b"a", [5, 6])])
    again = "the word 'a' occurs twice, first at"
    assert f'line 3: {again} line 1: pass duplicates="first"' in refusal(tmp_path, "v.txt", text)
    assert f'byte 26: {again} byte 4: pass duplicates="first"' in refusal(tmp_path, "v.bin", binary)
    for name, content in (("v.txt", text), ("v.bin", binary)):
        loaded = load_bytes(tmp_path, name, content, duplicates="first")
        assert loaded.words == ["a", "b"] and loaded.matrix.tolist() == [[1, 2], [3, 4]]


TEXT_REFUSALS = {
    b"": "the file is empty",
    b"\n": "the file is empty",
    b"3 2\na 1 2\nb 3 4\n": "the header announces 3 words, but the file ends after 2",
    b"1 2\na 1 2\nb 3 4\n": "line 3: the file continues after the 1 words that its header announces",
    b"2 3\na 1 2\nb 3 4\n": "line 2: expected a word and 3 numbers, found 3 fields",
    b"2 1\na 1 2\nb 3 4\n": "line 2: expected a word and 1 numbers, found 3 fields",
    b"a 1 2\nb 3\n": "line 2: expected a word and 2 numbers, found 2 fields",
    b"a 1 2\nb 3 4 c 5 6\n": "line 2: expected a word and 2 numbers, found 6 fields, perhaps two rows in one",
    b"a 1 2\nb 3 4c 5 6\n": "line 2: expected a word and 2 numbers, found 5 fields, perhaps two rows in one",
    b"a 1 2\nb 3 4 5 x\n": "line 2: 'x' is not a number",
    b"a 1 2\nb 3 cat\n": "line 2: 'cat' is not a number",
    b"a 1 2\nb 3 1_0\n": "line 2: '1_0' is not a number",
    b"a 1 2\nb 3 \xd9\xa1\n": "line 2: '\u0661' is not a number",
    b"a 1 2\nb 3 0x10\n": "line 2: '0x10' is not a number",
    b"a 1 2\nb 1-2 3\n": "line 2: '1-2' is not a number",
    b"a 1 2\nb nan 3\n": "line 2: the vector of 'b' holds a value that is not finite",
    b"a 1 2\nb 3 1e999\n": "line 2: the vector of 'b' holds a value that is not finite",
    b"a 1 2\n\nb 3 4\n": 'line 2: the line is empty: pass bad_rows="skip" to skip such rows',
    b"word\n": "line 1: expected a word and its numbers, found b'word'",
    b"1000000000000 300\na 1 2\n": "claims 1,000,000,000,000 words of 300 numbers, which take at least 600,0",
    b"2 0\na\nb\n": "line 1 must be the header, as in \"1000 300\"; it is b'2 0'",
    b"2 999999999\na 1\nb 2\n": "the header (line 1) claims 2 words of 999,999,999 numbers",
}


@pytest.mark.parametrize("content", TEXT_REFUSALS)
@pytest.mark.parametrize("suffix", [".txt", ".vec.gz"])
def test_text_that_is_not_whole_is_refused_with_the_line(tmp_path, content, suffix):
    compressed = suffix.endswith(".gz")
    message = refusal(tmp_path, f"v{suffix}", gzip.compress(content) if compressed else content)
    if not (compressed and "claims" in TEXT_REFUSALS[content]):
        assert TEXT_REFUSALS[content] in message


BINARY_REFUSALS = {
    b"": "line 1 must be the number of words and the vector size, as in \"1000 300\"; it begins with b''",
    b"hello world\n": "it begins with b'hello world'",
    b"-1 2\n": "it begins with b'-1 2'",
    b"1 0\na ": "it begins with b'1 0'",
    b"1" * 80: "line 1 must be the number of words",
    binary_file(ROWS)[:-5]: "the header announces 3 words, but the file ends at byte 38 inside word 3",
    binary_file(ROWS) + b"more": "the file continues after the 3 words that its header announces",
    binary_file(
        ROWS, header=b"1000000000000 300\n"
    ): "claims 1,000,000,000,000 words of 300 numbers, which take at least 1,201,0",
    binary_file(ROWS, header=b"1 999999999\n"): "claims 1 words of 999,999,999 numbers",
    binary_file([*ROWS[:1], (b"b", [3, float("nan")])]): "byte 17: the vector of 'b' holds a value that is not finite",
}


@pytest.mark.parametrize("content", BINARY_REFUSALS)
@pytest.mark.parametrize("suffix", [".bin", ".bin.gz"])
def test_binary_that_is_not_whole_is_refused_with_the_byte(tmp_path, content, suffix):
    compressed = suffix.endswith(".gz")
    message = refusal(tmp_path, f"v{suffix}", gzip.compress(content) if compressed else content)
    if not (compressed and "claims" in BINARY_REFUSALS[content]):
        assert BINARY_REFUSALS[content] in message


@pytest.mark.parametrize("bits", [0x7F800000, 0xFF800000, 0x7FC00000, 0x7F800001])
def test_infinities_and_every_kind_of_nan(tmp_path, bits):
    vector = struct.pack("<2I", bits, 0xFF800000)
    message = refusal(tmp_path, "v.bin", b"1 2\nword " + vector)
    assert message.endswith("'word' holds a value that is not finite: pass bad_rows=\"skip\" to skip such rows")


def test_large_values_are_not_taken_for_infinite(tmp_path):
    loaded = load_bytes(tmp_path, "v.bin", binary_file([(b"a", [3e38, 3e38]), (b"b", [-3e38, 1])]))
    assert loaded.matrix[0].tolist() == pytest.approx([3e38, 3e38])


def test_words_of_any_length_up_to_a_bound(tmp_path, monkeypatch):
    long = "x" * 4_000_000
    some_vectors((long, "y")).save(tmp_path / "v.bin")
    assert load_embeddings(tmp_path / "v.bin").words == [long, "y"]
    some_vectors((long, "y")).save(tmp_path / "v.txt")
    assert load_embeddings(tmp_path / "v.txt").words == [long, "y"]
    monkeypatch.setattr(binary_format, "_LONGEST_WORD", 1 << 20)
    monkeypatch.setattr(text_format, "_LONGEST_LINE", 1 << 21)
    assert "byte 4: a word starts here, but no space follows it" in refusal(
        tmp_path, "v.bin", (tmp_path / "v.bin").read_bytes()
    )
    assert "a line is longer than 2,097,152 bytes" in refusal(tmp_path, "v.txt", (tmp_path / "v.txt").read_bytes())


class _Trap:
    def __reduce__(self):
        return (print, ("code ran",))


STRANGERS = {
    "pickle": (pickle.dumps(_Trap()), "this is a Python pickle. Pickles can run code"),
    "fastText": (b"\xba\x16\x4f\x2f\x0c\x00\x00\x00" + bytes(90), "this is a fastText model, not a file of vectors"),
    "zip": (b"PK\x03\x04" + bytes(90), "this is a zip archive: unpack it"),
    "xz": (b"\xfd7zXZ\x00" + bytes(90), "this is compressed with xz: unpack it"),
    "bzip2": (b"BZh91AY&SY" + bytes(90), "this is compressed with bzip2"),
    "zstd": (b"\x28\xb5\x2f\xfd" + bytes(90), "this is compressed with zstd"),
}


@pytest.mark.parametrize("name", STRANGERS)
@pytest.mark.parametrize("suffix", [".bin", ".txt", ".safetensors", ".model", ".bin.gz"])
def test_files_of_other_programs_are_recognised(tmp_path, name, suffix, capfd):
    content, message = STRANGERS[name]
    if suffix.endswith(".gz"):
        content = gzip.compress(content)
    assert message in refusal(tmp_path, f"v{suffix}", content)
    assert capfd.readouterr().out == ""


@pytest.mark.parametrize("suffix", [".kv", ".model", ".bin"])
def test_gensims_own_file_is_refused_with_the_call_that_converts_it(tmp_path, suffix):
    some_vectors().to_gensim().save(str(tmp_path / f"v{suffix}"))
    with pytest.raises(
        FormatError, match=r"KeyedVectors.load\(path\).save_word2vec_format\('vectors.bin', binary=True"
    ):
        load_embeddings(tmp_path / f"v{suffix}")


def test_suffixes_and_formats(tmp_path):
    content = b"the 1 2\ncat 3 4\n"
    with pytest.raises(ConfigError) as caught:
        load_bytes(tmp_path, "vectors.dat", content)
    assert str(caught.value).startswith("path must end in .safetensors, .bin, .txt or .vec, each also with .gz; got")
    assert str(caught.value).endswith(': change the suffix, or pass format="safetensors", "bin", "text" or "parquet"')
    assert list(load_bytes(tmp_path, "vectors.dat", content, format="text")) == ["the", "cat"]
    assert list(load_bytes(tmp_path, "v.txt", gzip.compress(content))) == [
        "the",
        "cat",
    ]  # gzip is detected without the suffix
    with pytest.raises(ConfigError, match='format must be one of "safetensors", "bin", "text", "parquet"; got \'csv\''):
        load_bytes(tmp_path, "v.txt", content, format="csv")
    with pytest.raises(CorpusNotFoundError, match=r"there is no file .*nowhere.txt': check the path"):
        load_embeddings(tmp_path / "nowhere.txt")
    with pytest.raises(FormatError, match="is a directory"):
        load_embeddings(tmp_path, format="text")


def test_header_options(tmp_path):
    assert "the header announces 2 words, but the file ends after 1" in refusal(tmp_path, "v.txt", b"2 1\n3 1\n")
    assert load_bytes(tmp_path, "v.txt", b"2 7\n3 1\n", header=False).words == ["2", "3"]
    assert "line 1 must be the header" in refusal(tmp_path, "v.txt", b"a 1\nb 2\n", header=True)
    with pytest.raises(ConfigError, match="header must be left unset for formats other than text"):
        load_bytes(tmp_path, "v.bin", binary_file(ROWS), header=True)


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("word", ["new york", "a\tb", "a\nb", "", "a\r"])
def test_words_the_format_cannot_hold_are_refused_and_nothing_is_written(tmp_path, suffix, word):
    with pytest.raises(ConfigError) as caught:
        some_vectors(("the", word)).save(tmp_path / f"v{suffix}")
    rule = "word must not be empty or contain white space in word2vec formats"
    assert str(caught.value) == f'{rule}; got {word!r}: save as .safetensors, or pass whitespace="underscore"'
    assert list(tmp_path.iterdir()) == []


def test_white_space_as_underscores(tmp_path):
    path = tmp_path / "v.bin"
    some_vectors(("new york", "x")).save(path, whitespace="underscore")
    assert load_embeddings(path).words == ["new_york", "x"]
    with pytest.raises(ConfigError, match=r"become 'new_york'; got 'underscore': save as \.safetensors instead"):
        some_vectors(("new york", "new_york")).save(path, whitespace="underscore")
    with pytest.raises(ConfigError, match='whitespace must be one of "refuse", "underscore"'):
        some_vectors().save(path, whitespace="drop")
    assert load_embeddings(path).words == ["new_york", "x"]


def test_half_precision_is_widened(tmp_path):
    half = some_vectors().astype("float16")
    for suffix in SUFFIXES:
        half.save(tmp_path / f"v{suffix}")
        assert np.array_equal(load_embeddings(tmp_path / f"v{suffix}").matrix, half.matrix.astype(np.float32))
