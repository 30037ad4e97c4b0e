"""Files, patterns, directories, addresses and compressions; and every way in which reading them fails."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import sys
import urllib.parse
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from wordkin.config import READERS
from wordkin.corpus import CorpusWarning, Scan, Source, reading, resolve
from wordkin.corpus.readers import files, text
from wordkin.corpus.readers.files import TextFile
from wordkin.corpus.readers.formats import FORMATS
from wordkin.corpus.readers.pieces import BLOCK_BYTES, Block, Reading
from wordkin.corpus.scanning import scan as scanning
from wordkin.corpus.scanning.progress import Reporter
from wordkin.errors import CorpusError, CorpusNotFoundError, MissingExtraError

COMPRESS: dict[str, Callable[[bytes], bytes]] = {
    ".gz": gzip.compress,
    ".bz2": bz2.compress,
    ".xz": lzma.compress,
    ".zst": zstandard.compress,
}
BOTH_REMEDIES = "check the path; if you meant words or a text instead of a path, pass a list of lists of words"


def scan(corpus: object, **options: Any) -> Scan:
    return scanning.scan(resolve(corpus), **options)


def read_blocks(inputs: list[TextFile], block_bytes: int = BLOCK_BYTES) -> Iterator[Block]:
    source = Source(tuple(inputs))
    yield from reading.blocks_of(reading.read(source, "replace", Reporter(None, source), block_bytes))


def text_of(*names: str | Path, block_bytes: int = 1000) -> bytes:
    return b"".join(block.text for block in read_blocks([TextFile(str(name)) for name in names], block_bytes))


def test_each_reader_of_the_options_has_a_format() -> None:
    assert tuple(FORMATS) == READERS
    assert all(callable(each.read_function()) for each in FORMATS.values())


@pytest.mark.parametrize("suffix", COMPRESS)
def test_compressed_data_may_have_several_parts_but_nothing_else(tmp_path: Path, suffix: str) -> None:
    compress = COMPRESS[suffix]
    path = tmp_path / f"a.txt{suffix}"
    path.write_bytes(compress(b"a b\n") + compress(b"c\n" * 50_000))
    assert text_of(path).split() == [b"a", b"b", *[b"c"] * 50_000]
    for rest in (b"garbage", compress(b"d")[:-3]):
        path.write_bytes(compress(b"a b\n") + rest)
        with pytest.raises(CorpusError, match=r"a\.txt.* is damaged or cut short and cannot be decompressed"):
            text_of(path)


def test_padding_after_xz_is_allowed(tmp_path: Path) -> None:
    (tmp_path / "a.xz").write_bytes(lzma.compress(b"a ") + b"\0" * 8 + lzma.compress(b"b") + b"\0" * 4)
    assert text_of(tmp_path / "a.xz").split() == [b"a", b"b"]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a", gzip.compress(b"a b"), "'.*a' is compressed by gzip: give its name the suffix .gz"),
        ("a.txt", bz2.compress(b"a b"), "is compressed by bzip2: give its name the suffix .bz2"),
        ("a.txt", lzma.compress(b"a b"), "is compressed by xz"),
        ("a.txt", zstandard.compress(b"a b"), "is compressed by Zstandard"),
        ("a.gz", gzip.compress(gzip.compress(b"a b")), "is compressed by gzip within .gz: decompress it first"),
        ("a.docx", b"PK\x03\x04aaaa", "is a zip archive, or a document in one: extract its text"),
        ("a.pdf", b"%PDF-1.4", "is a PDF document: extract its text"),
        (
            "a.html",
            b"\n<!DOCTYPE HTML><p>a b",
            'looks like an HTML page: extract its text, or pass reader="text" to',
        ),
        ("a.txt", b'<?xml version="1.0"?>', "looks like XML"),
        ("a.rtf", b"{\\rtf1 a b}", "looks like a document in RTF"),
    ],
    ids=["gzip", "bzip2", "xz", "zstandard", "gzip in gzip", "zip", "pdf", "html", "xml", "rtf"],
)
def test_what_is_no_plain_text_is_named(tmp_path: Path, name: str, content: bytes, message: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(CorpusError, match=message):
        text_of(tmp_path / name)


def test_files_behind_symbolic_links_are_read_once(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("a b")
    (tmp_path / "loop").symlink_to(".")
    (tmp_path / "again.txt").symlink_to("a.txt")
    for corpus in (f"{tmp_path}/**/*.txt", tmp_path):
        with pytest.warns(CorpusWarning, match="more than once, through symbolic links, such as .*: each is read once"):
            assert [Path(file.name).name for file in resolve(corpus).files] == ["a.txt"]
    twice = [tmp_path / "a.txt", tmp_path / "again.txt"]
    assert len(resolve(twice).files) == 2
    with pytest.raises(CorpusNotFoundError, match=r"'~/none\.txt', because ~ is not expanded: pass the whole path"):
        resolve("~/none.txt")


def test_directory_without_text(tmp_path: Path) -> None:
    for number in range(3):
        (tmp_path / f"{number}.bin").write_bytes(b"\0\1" * 100)
    with pytest.raises(
        CorpusError, match=r"all 3 files look binary, such as '.*0.bin': pass a file or directory of text"
    ):
        scan(tmp_path)
    (tmp_path / "text.txt").write_text("a b")
    with pytest.warns(CorpusWarning, match=r"skipped 3 of 4 files because they look binary: .*0.bin, .*1.bin, .*2.bin"):
        assert scan(tmp_path).words == ["a", "b"]


def test_binary_file(tmp_path: Path) -> None:
    path = tmp_path / "image.txt"
    path.write_bytes(b"abc \0 def")
    with pytest.raises(CorpusError, match=r"'.*image.txt' looks binary \(it holds zero bytes\): pass plain text, or"):
        scan(path)
    path.write_bytes("words".encode("utf-16"))
    with pytest.raises(
        CorpusError,
        match=r"'.*image.txt' is UTF-16, not UTF-8: convert it with iconv",
    ):
        scan(path)


@pytest.mark.parametrize(("name", "option"), [("t.csv", "text"), ("t.tsv", "text"), ("t.jsonl", "text")])
def test_binary_records(tmp_path: Path, name: str, option: str) -> None:
    path = tmp_path / name
    wide = '{"text": "a b"}\n' if name.endswith("jsonl") else "text\na b\n"
    for data, message in (
        (wide.encode("utf-16"), r"is UTF-16, not UTF-8: convert it with .* or pass encoding=\"utf-16\""),
        (wide.encode("utf-16-le"), r"looks like UTF-16 without a byte-order mark .* pass encoding=\"utf-16-le\""),
        (wide.encode("utf-16-be"), r"looks like UTF-16 without a byte-order mark .* pass encoding=\"utf-16-be\""),
        (wide.encode("utf-32"), r"is UTF-32, not UTF-8: convert it with .* or pass encoding=\"utf-32\""),
        (wide.encode("utf-32-be"), r"looks binary \(it holds zero bytes\)"),
    ):
        path.write_bytes(data)
        with pytest.raises(CorpusError, match=message):
            scanning.scan(resolve(path, Reading(field=option)))
    path.write_bytes(wide.encode("utf-16"))
    assert scanning.scan(resolve(path, Reading(field=option, encoding="utf-16"))).words == ["a", "b"]


def test_a_zero_byte_far_into_a_text_is_part_of_a_word(tmp_path: Path) -> None:
    path = tmp_path / "text.txt"
    path.write_bytes(b"word\n" * 20_000 + b"a\0b\n")
    assert scan(path).words == ["word", "a\0b"]


@pytest.mark.parametrize("suffix", COMPRESS)
@pytest.mark.parametrize("size", [0, 1, 100_000])
def test_compressed_files(tmp_path: Path, suffix: str, size: int) -> None:
    data = np.random.default_rng(1).integers(97, 123, size, np.uint8).tobytes().replace(b"z", b" ")
    path = tmp_path / f"text.txt{suffix}"
    path.write_bytes(COMPRESS[suffix](data) + COMPRESS[suffix](b" twice"))
    assert text_of(path) == data + b" twice\n"


@pytest.mark.parametrize("suffix", COMPRESS)
def test_truncated_compressed_files(tmp_path: Path, suffix: str) -> None:
    data = np.random.default_rng(1).integers(97, 123, 10_000, np.uint8).tobytes()
    whole = COMPRESS[suffix](data)
    path = tmp_path / f"text.txt{suffix}"
    for length in (len(whole) - 1, len(whole) // 2, 5):
        path.write_bytes(whole[:length])
        with pytest.raises(
            CorpusError, match=rf"'.*text.txt{suffix}' is damaged or cut short and cannot be decompressed"
        ):
            scan(path)


@pytest.mark.parametrize("suffix", COMPRESS)
def test_files_that_are_not_what_their_suffix_says(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"text.txt{suffix}"
    path.write_text("plain text, not compressed at all " * 100)
    with pytest.raises(CorpusError, match=rf"'.*text.txt{suffix}' is damaged or cut short and cannot be decompressed"):
        scan(path)


def test_very_repetitive_zstandard_text(tmp_path: Path) -> None:
    path = tmp_path / "text.zst"
    path.write_bytes(zstandard.compress(b"word " * 1_000_000))
    assert sum(len(block.text) for block in read_blocks([TextFile(str(path))])) == 5_000_001


def test_missing_zstandard_names_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "text.zst"
    path.write_bytes(zstandard.compress(b"a b"))
    monkeypatch.setitem(sys.modules, "zstandard", None)
    with pytest.raises(
        MissingExtraError, match=r"reading .zst files needs an optional dependency: pip install 'wordkin\[zstd\]'"
    ):
        scan(path)


def test_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"a b\nc")))
    reports = []
    assert scan("-", on_progress=reports.append).words == ["a", "b", "c"]
    assert (reports[-1].bytes_read, reports[-1].bytes_total) == (5, None)
    assert not sys.stdin.buffer.closed


def test_addresses_go_through_fsspec(tmp_path: Path) -> None:
    (tmp_path / "b.txt.gz").write_bytes(gzip.compress(b"a b"))
    (tmp_path / "c.txt").write_bytes(b"c\xff\0")
    (tmp_path / "d.txt").write_bytes(b"d")
    address = "file://" + urllib.parse.quote(str(tmp_path))
    assert scan(f"{address}/b.txt.gz").words == ["a", "b"]
    assert scan([f"{address}/[bd]*"]).words == ["a", "b", "d"]
    with pytest.warns(CorpusWarning, match="skipped 1 of 3 files"):
        assert scan(address).words == ["a", "b", "d"]
    with pytest.raises(CorpusNotFoundError, match=f"there is no file or directory '.*none.txt': {BOTH_REMEDIES}"):
        scan(f"{address}/none.txt")
    with pytest.raises(CorpusNotFoundError, match=rf"no file at '.*/x\*': {BOTH_REMEDIES}"):
        scan(f"{address}/x*")
    with pytest.raises(CorpusError, match=r"cannot open 'nonsense://a': .*nonsense"):
        scan("nonsense://a")


def test_no_permission(without_privileges: Callable[[], AbstractContextManager[Path]]) -> None:
    with without_privileges() as directory:
        path = directory / "text.txt"
        path.write_text("a")
        path.chmod(0)
        with pytest.raises(CorpusError, match=r"no permission to read '.*text.txt': ask its owner"):
            scan(path)


def test_refused_and_failing_reads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "text.txt"
    path.write_text("a")

    def refuse(error: OSError) -> None:
        def opened(_: TextFile) -> None:
            raise error

        monkeypatch.setattr(files, "_open_raw", opened)

    refuse(PermissionError(13, "Permission denied"))
    with pytest.raises(CorpusError, match=r"no permission to read '.*text.txt': ask its owner for read permission"):
        scan(path)
    refuse(OSError(5, "Input/output error"))
    with pytest.raises(CorpusError, match=r"cannot read '.*text.txt': Input/output error"):
        scan(path)


def test_a_file_that_shrinks_while_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "text.txt"
    path.write_bytes(b"word " * 1000)
    blocks = read_blocks([TextFile(str(path))], 100)
    next(blocks)
    os.truncate(path, 1000)
    message = r"'.*text.txt' shrank while it was read, from 5,000 to 1,000 bytes: start again after the program that"
    with pytest.raises(CorpusError, match=message):
        list(blocks)


def test_a_file_that_changes_while_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "text.txt"
    path.write_bytes(b"word " * 1000)
    blocks = read_blocks([TextFile(str(path))], 100)
    next(blocks)
    with path.open("ab") as file:
        file.write(b"more")
    with pytest.warns(CorpusWarning, match=r"'.*text.txt' changed while it was read; the text may mix its old and new"):
        assert b"".join(block.text for block in blocks).endswith(b"more\n")


@given(
    parts=st.lists(
        st.sampled_from([b" ", b"\n", b"\t", b"\r", "\u3000".encode(), b"a", b"bc", "é".encode(), b"d" * 20])
    ),
    block_bytes=st.integers(1, 25),
)
def test_blocks_are_the_text_cut_at_white_space(
    tmp_path_factory: pytest.TempPathFactory, parts: list[bytes], block_bytes: int
) -> None:
    path = tmp_path_factory.getbasetemp() / "parts.txt"
    whole = b"".join(parts)
    path.write_bytes(whole)
    blocks = list(read_blocks([TextFile(str(path))], block_bytes))
    assert b"".join(block.text for block in blocks) == whole + b"\n"
    assert all(block.text.decode()[-1].isspace() for block in blocks)
    assert [block.position for block in blocks] == np.cumsum([0, *(len(block.text) for block in blocks)])[:-1].tolist()
    assert blocks[-1].bytes_read == len(whole)


def test_byte_order_marks_are_dropped_at_the_beginning_of_files_only(tmp_path: Path) -> None:
    path = tmp_path / "text.txt"
    path.write_bytes(b"\xef\xbb\xbfa \xef\xbb\xbfb")
    assert text_of(path, path) == b"a \xef\xbb\xbfb\n" * 2


def test_a_word_beyond_any_measure_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text, "LONGEST_WORD_BYTES", 10_000)
    path = tmp_path / "text.txt"
    path.write_bytes(b"x" * 20_000)
    with pytest.raises(CorpusError, match=r"'.*text.txt' has a word of over 10,000 bytes: check that the file is text"):
        text_of(path)
