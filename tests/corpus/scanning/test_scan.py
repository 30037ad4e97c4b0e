"""The scan against a plain Python one: same words, counts, sentences and ids, however the text is cut."""

from __future__ import annotations

import contextlib
import gzip
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from wordkin.corpus import CorpusWarning, EncodedCorpus, Scan, ScanProgress, Source, resolve
from wordkin.corpus.readers.files import PACKED_MARKS, OpenFile, TextFile
from wordkin.corpus.readers.pieces import Block
from wordkin.corpus.readers.text import cut_blocks
from wordkin.corpus.scanning import scan as scanning
from wordkin.corpus.scanning.lists import count_batches, count_sentences, decoded_lines
from wordkin.corpus.scanning.progress import Reporter
from wordkin.corpus.scanning.text import count_text
from wordkin.corpus.scanning.token_text import TokenText
from wordkin.corpus.tokenization.spelling import Spelling
from wordkin.corpus.tokenization.tokenizers import split_tokens_at_boundaries, whole_tokens, words_of
from wordkin.corpus.tokenization.tokenizing import tokenized
from wordkin.errors import ConfigError, CorpusError, EmptyVocabularyError, EncodingError, OutputError
from wordkin.storage.spool import Spool

SPACES = [chr(code) for code in range(0x110000) if chr(code).isspace()]
NEAR_SPACES = ["\u200b", "\u200c", "\u180e", "\u2060", "\u2029\u0308", "\u1681", "\u167f", "\u3001", "\ufeff", "\u2007"]
LETTERS = ["a", "b", "Q", "é", "ß", "İ", "Σ", "σ", "日", "本", "ひ", "😀", "\u0301", "\x01", "\x7f", "\U00020000"]

texts = st.lists(
    st.one_of(
        st.sampled_from([*LETTERS, "\n", " ", " ", "\r\n", "ab", "don't", "longer-than-eight", "x" * 40]),
        st.sampled_from(SPACES + NEAR_SPACES),
        st.characters(exclude_categories=["Cs"], exclude_characters="\0"),
    ),
    max_size=80,
).map(lambda parts: "".join(parts).encode())
broken_texts = st.lists(
    st.one_of(
        st.sampled_from(
            [b"\xc2", b"\xe2\x80", b"\xe2", b"\xe3\x80", b"\xe1\x9a", b"\x80", b"\xff", b"\xf0\x9f", b"\x85"]
        ),
        st.sampled_from([b" ", b"\n", b"a", b"word ", "\u3000\u2003é".encode()]),
        st.binary(max_size=12).map(lambda data: data.replace(b"\0", b"")),
    ),
    max_size=40,
).map(b"".join)


def scan(corpus: object, **options: Any) -> Scan:
    return scanning.scan(resolve(corpus), **options)


def sentences_of(data: bytes, errors: str = "replace") -> list[list[str]]:
    text = data.removeprefix(b"\xef\xbb\xbf").decode("utf-8", errors)
    return [line.split() for line in text.split("\n") if line.split()]


def blocks_of(path: Path, block_bytes: int) -> Iterator[Block]:
    with contextlib.closing(OpenFile(TextFile(str(path)), checked=False)) as opened:
        yield from cut_blocks(opened, block_bytes)


def scan_in_blocks(
    path: Path, *, block_bytes: int, workers: int, boundaries: bool = False, lowercase: bool = False
) -> Scan:
    text = TokenText(Spool(memory_limit_bytes=64))
    blocks = blocks_of(path, block_bytes)
    count_text(blocks, text, Reporter(None, Source()), "replace", workers)
    words = (
        split_tokens_at_boundaries(text.tokens, Spelling(lowercase))
        if boundaries
        else whole_tokens(text.tokens, Spelling(lowercase), text.unique)
    )
    return Scan(text, words, workers, None)


def decoded(scanned: Scan) -> list[list[str]]:
    corpus = scanned.encode(np.arange(len(scanned.words), dtype=np.int32))
    return [[scanned.words[word_id] for word_id in sentence] for sentence in corpus]


def assert_equal(scanned: Scan, sentences: list[list[str]]) -> None:
    counts = Counter(word for sentence in sentences for word in sentence)
    assert dict(zip(scanned.words, scanned.counts.tolist(), strict=True)) == counts
    assert scanned.words == list(counts)  # in the order of the text
    assert scanned.total_words == counts.total()
    assert decoded(scanned) == sentences
    scanned.close()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("scanning")


@given(data=texts, block_bytes=st.integers(1, 30), workers=st.sampled_from([1, 2, 5]))
@example(data="\ufeffa\n".encode(), block_bytes=2, workers=1)
def test_scan_equals_str_split(folder: Path, data: bytes, block_bytes: int, workers: int) -> None:
    path = folder / "text.txt"
    path.write_bytes(data)
    scanned = scan_in_blocks(path, block_bytes=block_bytes, workers=workers)
    assert scanned.sentences == len(sentences_of(data))
    assert_equal(scanned, sentences_of(data))


@pytest.mark.filterwarnings("ignore::wordkin.corpus.CorpusWarning")
@given(data=broken_texts, block_bytes=st.integers(1, 30), workers=st.sampled_from([1, 3]))
@example(data=b"\xe2\x80", block_bytes=1, workers=1)
def test_scan_of_broken_utf8_equals_decoding_first(folder: Path, data: bytes, block_bytes: int, workers: int) -> None:
    path = folder / "broken.txt"
    path.write_bytes(data)
    if data.startswith((b"\xff\xfe", b"\xfe\xff", *PACKED_MARKS)):
        return  # taken for UTF-16 or compressed data, and refused
    assert_equal(scan_in_blocks(path, block_bytes=block_bytes, workers=workers), sentences_of(data))


@given(data=texts, block_bytes=st.integers(1, 30), lowercase=st.booleans(), boundaries=st.booleans())
def test_words_and_lower_case_equal_doing_so_word_by_word(
    folder: Path, data: bytes, block_bytes: int, lowercase: bool, boundaries: bool
) -> None:
    path = folder / "cased.txt"
    path.write_bytes(data)
    split = words_of if boundaries else str.split
    expected = []
    for line in data.decode().removeprefix("\ufeff").split("\n"):
        words = [word for token in line.split() for word in split(token)]
        expected.append([word.lower() for word in words] if lowercase else words)
    scanned = scan_in_blocks(path, block_bytes=block_bytes, workers=2, boundaries=boundaries, lowercase=lowercase)
    assert_equal(scanned, [sentence for sentence in expected if sentence])


@given(data=texts, block_bytes=st.integers(1, 30))
def test_callable_tokenizer_gets_whole_lines(folder: Path, data: bytes, block_bytes: int) -> None:
    path = folder / "lines.txt"
    path.write_bytes(data)
    lines: list[str] = []

    def tokenizer(line: str) -> list[str]:
        lines.append(line)
        return line.split()

    reporter, text = Reporter(None, Source()), TokenText(Spool())
    blocks = blocks_of(path, block_bytes)
    found = tokenized(decoded_lines(blocks, "strict", reporter), tokenizer, 1)
    count_batches(found, text, reporter, "strict", segment_entries=7)
    assert_equal(Scan(text, whole_tokens(text.tokens, Spelling(), text.unique), 1, None), sentences_of(data))
    expected = data.decode().removeprefix("\ufeff").split("\n")
    assert lines[: len(expected)] == [line.removesuffix("\r") for line in expected]
    assert set(lines[len(expected) :]) <= {""}


@given(st.lists(st.lists(st.text(min_size=1, max_size=4).map(lambda w: w.encode("utf-8", "replace").decode()))))
def test_lists_of_words_come_out_as_they_went_in(sentences: list[list[str]]) -> None:
    if not any(sentences):
        return
    scanned = scan(iter(sentences))
    assert scanned.sentences == sum(bool(sentence) for sentence in sentences)
    assert_equal(scanned, [sentence for sentence in sentences if sentence])


def zipf_text(words: int, seed: int = 0) -> str:
    generator = np.random.default_rng(seed)
    ids = generator.zipf(1.3, words) % 200_000
    breaks = generator.random(words) < 0.05
    return "".join(f"{'word' * (i % 4)}{i}" + ("\n" if end else " ") for i, end in zip(ids, breaks, strict=True))


def test_large_text_with_many_distinct_words_in_any_number_of_threads(tmp_path: Path) -> None:
    path = tmp_path / "large.txt"
    text = zipf_text(300_000)
    path.write_text(text)
    expected = sentences_of(text.encode())
    for workers in (1, 2, 5):
        assert_equal(scan_in_blocks(path, block_bytes=100_000, workers=workers), expected)


def test_fingerprints_do_not_depend_on_threads_blocks_or_the_kind_of_input(tmp_path: Path) -> None:
    path, packed = tmp_path / "text.txt", tmp_path / "text.txt.gz"
    text = zipf_text(20_000)
    path.write_text(text)
    packed.write_bytes(gzip.compress(text.encode()))
    sources = [scan(path, threads=1), scan(path, threads=5), scan(packed), scan(sentences_of(text.encode()))]
    sources += [scan_in_blocks(path, block_bytes=500, workers=workers) for workers in (1, 3)]
    assert len({source.fingerprint for source in sources}) == 1
    corpora = [source.encode(np.arange(len(source.words), dtype=np.int32)) for source in sources]
    assert len({corpus.fingerprint for corpus in corpora}) == 1
    for source in sources:
        source.close()
    other = scan(sentences_of(text.encode())[::-1])
    assert other.encode(np.arange(len(other.words), dtype=np.int32)).fingerprint != corpora[0].fingerprint


def test_dropped_words_and_the_sentences_they_leave_empty() -> None:
    scanned = scan([["a", "b"], ["b"], ["c", "a"]])
    corpus = scanned.encode(np.array([1, -1, 0], np.int32))
    assert corpus.ids.tolist() == [1, 0, 1]
    assert corpus.offsets.tolist() == [0, 1, 3]
    assert (corpus.ids.dtype, corpus.offsets.dtype) == (np.int32, np.int64)
    assert (len(corpus), corpus.words, corpus.sentences) == (2, 3, 2)
    nothing = scanned.encode(np.full(3, -1, np.int32))
    assert (nothing.words, nothing.sentences) == (0, 0)


def test_words_dropped_from_tokens_of_several_words(tmp_path: Path) -> None:
    path = tmp_path / "text.txt"
    path.write_text("(yes) no.\n...\nno")
    scanned = scan(path, tokenizer="words")
    assert scanned.words == ["(", "yes", ")", "no", "."]
    assert scanned.counts.tolist() == [1, 1, 1, 2, 4]
    keep_words = np.array([-1, 0, -1, 1, -1], np.int32)
    corpus = scanned.encode(keep_words)
    assert [sentence.tolist() for sentence in corpus] == [[0, 1], [1]]


def test_one_entry_per_word_is_needed() -> None:
    with pytest.raises(ValueError, match=r"new_ids must have one entry per word, 2; got shape \(1,\)"):
        scan([["a", "b"]]).encode(np.zeros(1, np.int32))


def test_files_in_the_order_given_and_never_joined(tmp_path: Path) -> None:
    (tmp_path / "1.txt").write_text("one")
    (tmp_path / "2.txt").write_text("\ufefftwo\nthree")
    assert decoded(scan([tmp_path / "2.txt", tmp_path / "1.txt"])) == [["two"], ["three"], ["one"]]


def test_a_generator_is_read_once_and_a_spent_one_is_noticed() -> None:
    asked = 0

    def sentences() -> Iterator[list[str]]:
        nonlocal asked
        asked += 1
        yield ["a", "b"]

    generator = sentences()
    assert decoded(scan(generator)) == [["a", "b"]]
    assert asked == 1
    with pytest.raises(EmptyVocabularyError, match="a generator can be read only once; pass a list or a new generator"):
        scan(generator)


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (iter(["a b", "c"]), r"sentence 0 is 'a b' \(str\), not a list of words: split it into words"),
        (iter([["a"], "b c"]), r"sentence 1 is 'b c' \(str\), not a list of words"),
        ([["a", 1]], r"items must be all strings or all whole numbers; got both 'a' and 1: convert"),
        ([["a", b"b"]], r"words must be strings, or whole numbers; got b'b' \(bytes\): decode it"),
        ([[["a"]]], r"words must be strings, or whole numbers; got \['a'\] \(list\): flatten the sentence"),
        (b"abc", r"the corpus must not be bytes; got b'abc': pass a path as str, or decode text"),
        (iter([b"a b"]), r"sentence 0 is b'a b' \(bytes\), not a list of words: decode it"),
        ([1, 2], "sentence 0 is 1 .int., not a list of words: put the whole numbers of each sentence in a list"),
        ([["a"], None], "sentence 1 is None .NoneType., not a list of words: leave this sentence out"),
        (iter([Path("a")]), "sentence 0 is .*, not a list of words: pass paths as a list"),
        (np.array("a b"), "the corpus must be a path, a list of paths or an iterable of lists of words; got array"),
        ([], "the corpus holds no words: it is empty"),
        ([[], []], "the corpus holds no words: all its sentences are empty"),
        (list, "the corpus must be .*: call it, and pass the result"),
        (7, r"the corpus must be a path, a list of paths or an iterable of lists of words; got 7 \(int\)"),
    ],
)
def test_what_is_not_lists_of_words_is_refused(source: object, message: str) -> None:
    with pytest.raises(CorpusError, match=message):
        scan(source)  # type: ignore[arg-type]


def test_an_error_in_the_callers_own_sentences_is_left_alone() -> None:
    def sentence() -> Iterator[str]:
        yield "a"
        raise TypeError("mine")

    with pytest.raises(TypeError, match="mine"):
        scan([sentence()])


@pytest.mark.parametrize("text", ["", " \n\t\n\u3000"])
def test_text_without_words(tmp_path: Path, text: str) -> None:
    path = tmp_path / "empty.txt"
    path.write_text(text)
    with pytest.raises(EmptyVocabularyError, match=r"there are no words in '.*empty.txt': the text is empty or only"):
        scan(path)


def test_encoding_policies(tmp_path: Path) -> None:
    path = tmp_path / "text.txt"
    path.write_bytes(b"\xef\xbb\xbfab\xff c\n\xff ab\xff d")
    with pytest.warns(CorpusWarning, match=r"invalid UTF-8 in 3 words was replaced by U\+FFFD"):
        assert decoded(scan(path)) == [["ab\ufffd", "c"], ["\ufffd", "ab\ufffd", "d"]]
    with pytest.warns(CorpusWarning, match="invalid UTF-8 in 3 words was ignored"):
        assert decoded(scan(path, encoding_errors="ignore")) == [["ab", "c"], ["ab", "d"]]
    where = r"'.*text.txt' is not valid UTF-8 at byte 5 \(0xff\): convert the file, or pass encoding_errors=\"replace\""
    with pytest.raises(EncodingError, match=where):
        scan(path, encoding_errors="strict")
    with pytest.raises(EncodingError, match=where):
        scan(path, encoding_errors="strict", tokenizer=str.split)
    with pytest.warns(CorpusWarning, match="invalid UTF-8 in 2 lines was replaced"):
        assert decoded(scan(path, tokenizer=str.split))[0] == ["ab\ufffd", "c"]


def test_strict_decoding_counts_bytes_across_blocks(tmp_path: Path) -> None:
    path = tmp_path / "text.txt"
    path.write_bytes(b"a b\n" * 1000 + b"\x80")
    text = TokenText(Spool())
    with pytest.raises(EncodingError, match=r"at byte 4,000 \(0x80\)"):
        count_text(blocks_of(path, 100), text, Reporter(None, Source()), "strict", 2)


def test_words_utf8_cannot_hold() -> None:
    sentences = [["a\ud800", "b"], ["a\ud800"]]
    with pytest.warns(CorpusWarning, match="invalid UTF-8 in 2 words was replaced"):
        assert decoded(scan(sentences)) == [["a\ufffd", "b"], ["a\ufffd"]]
    with pytest.warns(CorpusWarning, match="invalid UTF-8 in 2 words was ignored"):
        assert decoded(scan(sentences, encoding_errors="ignore")) == [["a", "b"], ["a"]]
    with pytest.raises(EncodingError, match=r"the word 'a\\ud800' has a lone surrogate, which UTF-8 cannot hold"):
        scan(sentences, encoding_errors="strict")


def test_empty_words_are_left_out_with_a_warning() -> None:
    with pytest.warns(CorpusWarning, match="skipped 2 empty words"):
        assert decoded(scan([["", "a"], ["", "b"]])) == [["a"], ["b"]]


def test_words_with_spaces_stay_whole_in_lists() -> None:
    assert decoded(scan([["New York", "a\nb"]])) == [["New York", "a\nb"]]


def test_tokenizer_must_return_words(tmp_path: Path) -> None:
    path = tmp_path / "text.txt"
    path.write_text("a b")
    with pytest.raises(CorpusError, match=r"the tokenizer str\.upper must return a list of words; got 'A B' \(str\)"):
        scan(path, tokenizer=str.upper)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"tokenizer": "word"}, 'tokenizer must be one of "whitespace", "words", .* or a function .* got \'word\''),
        ({"tokenizer": "words"}, 'tokenizer must be "whitespace" for lists of words'),
        ({"lowercase": 1}, r"lowercase must be True, False or a language .*\(\"tr\", \"az\", \"lt\"\); got 1"),
        ({"encoding_errors": "skip"}, 'encoding_errors must be one of "replace", "strict", "ignore"; got \'skip\''),
        ({"threads": 0}, "threads must be a whole number from 1 to 1024; got 0"),
        ({"threads": -1}, "threads must be a whole number from 1 to 1024; got -1"),
    ],
)
def test_illegal_options(options: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        scan([["a"]], **options)  # type: ignore[arg-type]


def test_progress_ends_with_everything_read(tmp_path: Path) -> None:
    path = tmp_path / "text.txt.gz"
    path.write_bytes(gzip.compress(b"a b c\n" * 1000))
    reports: list[ScanProgress] = []
    scan([path, path], on_progress=reports.append)
    assert reports[-1].words == 6000
    assert reports[-1].bytes_read == reports[-1].bytes_total == 2 * path.stat().st_size
    assert reports[-1].seconds > 0
    scan([["a", "b"]], on_progress=reports.append)
    assert (reports[-1].words, reports[-1].bytes_total) == (2, None)


def test_an_error_while_scanning_leaves_no_thread_and_no_file(tmp_path: Path) -> None:
    spool, text = tmp_path / "spool", tmp_path / "text.txt"
    spool.mkdir()
    text.write_text("a b c\n" * 10)

    def stop(_: ScanProgress) -> None:
        raise RuntimeError("stop")

    before = threading.active_count()
    with pytest.raises(RuntimeError, match="stop"):
        scan(text, on_progress=stop, spool_directory=spool)
    assert threading.active_count() == before
    assert not list(spool.iterdir())


def test_large_text_goes_to_a_nameless_file_and_a_full_disk_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spooled = TokenText(Spool(tmp_path, memory_limit_bytes=1000))
    sentences = [[f"w{i % 50}" for i in range(start, start + 9)] for start in range(400)]
    reporter = Reporter(None, Source())
    count_sentences(sentences, spooled, reporter, "strict", segment_entries=100)
    assert spooled.spool._file is not None  # on the disk
    assert not list(tmp_path.iterdir())
    assert_equal(Scan(spooled, whole_tokens(spooled.tokens, Spelling(), True), 2, tmp_path), sentences)
    unusable = TokenText(Spool(tmp_path / "none", memory_limit_bytes=10))
    message = r"cannot write temporary files in .*none .No such file or directory.: free some space there, or choose"
    with pytest.raises(OutputError, match=message):
        count_sentences(sentences, unusable, reporter, "strict", segment_entries=100)


def test_a_sentence_of_any_length_is_used_whole(tmp_path: Path) -> None:
    path = tmp_path / "long.txt"
    path.write_bytes(b"one two three " * 100_000)
    with scan_in_blocks(path, block_bytes=10_000, workers=2) as scanned:
        corpus = scanned.encode(np.arange(3, dtype=np.int32))
    assert (corpus.words, corpus.sentences) == (300_000, 1)


def test_a_word_of_a_megabyte(tmp_path: Path) -> None:
    path = tmp_path / "long.txt"
    word = "é" * 500_000
    path.write_text(f"a {word} b {word}c {word}\n")
    assert_equal(scan_in_blocks(path, block_bytes=10_000, workers=2), [["a", word, "b", word + "c", word]])


def test_words_of_equal_length_and_beginning_are_told_apart(tmp_path: Path) -> None:
    path = tmp_path / "alike.txt"
    words = [f"common-beginning-{i:06}-common-end" for i in range(5000)]
    path.write_text(" ".join(words + words[::-1]))
    assert_equal(scan_in_blocks(path, block_bytes=3000, workers=2), [words + words[::-1]])


def test_lists_of_words_do_not_load_numba() -> None:
    code = "import sys, wordkin.corpus as c; c.scan(c.resolve([['a']])); sys.exit('numba' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_saving_while_encoding(tmp_path: Path) -> None:
    scanned = scan([["a", "b"], ["b"]])
    corpus = scanned.encode(np.array([0, 1], np.int32), path=tmp_path / "corpus")
    again = EncodedCorpus.open(tmp_path / "corpus", verify=True)
    assert again.ids.tolist() == corpus.ids.tolist() == [0, 1, 1]
    assert again.fingerprint == corpus.fingerprint == scanned.encode(np.array([0, 1], np.int32)).fingerprint
