"""Saving and opening encoded corpora: atomic, checked, and refused when damaged."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wordkin.corpus import EncodedCorpus, encoded
from wordkin.corpus.encoded import CorpusWriter
from wordkin.errors import FormatError, OutputError

SENTENCES = [[3, 1], [2], [0, 0, 5]]


def make(sentences: list[list[int]], writer: CorpusWriter | None = None) -> EncodedCorpus:
    with writer or CorpusWriter() as target:
        for sentence in sentences:
            target.add_ids(np.array(sentence, np.int32))
            target.add_ends(np.array([target.words]))
        return target.finish()


def content(corpus: EncodedCorpus) -> list[list[int]]:
    return [sentence.tolist() for sentence in corpus]


@given(st.lists(st.lists(st.integers(0, 2**31 - 1), min_size=1)))
def test_what_is_saved_is_opened(tmp_path_factory: pytest.TempPathFactory, sentences: list[list[int]]) -> None:
    directory = tmp_path_factory.getbasetemp() / "round-trip"
    corpus = make(sentences)
    corpus.save(directory)
    again = EncodedCorpus.open(directory, verify=True)
    assert content(again) == content(corpus) == sentences
    assert again.fingerprint == corpus.fingerprint
    assert len(list(directory.iterdir())) == 3  # nothing of the corpus it replaced


def test_large_corpora_live_in_nameless_files(tmp_path: Path) -> None:
    writer = CorpusWriter(spool_directory=tmp_path, expected_bytes=100, memory_limit_bytes=10)
    with make(SENTENCES, writer) as corpus:
        assert isinstance(corpus.ids, np.memmap)
        assert content(corpus) == SENTENCES
        assert not list(tmp_path.iterdir())
    assert (corpus.words, corpus.sentences) == (0, 0)
    empty = make([], CorpusWriter(spool_directory=tmp_path, expected_bytes=100, memory_limit_bytes=10))
    assert (empty.words, empty.sentences, repr(empty)) == (0, 0, "EncodedCorpus(0 words in 0 sentences)")


def test_arrays_cannot_be_written_to(tmp_path: Path) -> None:
    make(SENTENCES).save(tmp_path)
    for corpus in (make(SENTENCES), EncodedCorpus.open(tmp_path)):
        assert not corpus.ids.flags.writeable
        assert not corpus.offsets.flags.writeable


def test_what_a_killed_process_left_is_swept_away(tmp_path: Path) -> None:
    for name in ("ids-0.int32", "offsets-0.int64", ".corpus.json.0123abcd.tmp"):
        (tmp_path / name).write_bytes(b"half")
    (tmp_path / "other").write_bytes(b"whole")
    make(SENTENCES).save(tmp_path)
    assert content(EncodedCorpus.open(tmp_path, verify=True)) == SENTENCES
    assert len(list(tmp_path.iterdir())) == 4


def test_an_unfinished_corpus_leaves_the_old_one(tmp_path: Path) -> None:
    make(SENTENCES).save(tmp_path)
    with pytest.raises(RuntimeError), CorpusWriter(tmp_path) as writer:
        writer.add_ids(np.zeros(5, np.int32))
        raise RuntimeError
    assert content(EncodedCorpus.open(tmp_path, verify=True)) == SENTENCES
    assert len(list(tmp_path.iterdir())) == 3


@pytest.mark.parametrize("failing", ["fsync", "write", "replace"])
def test_a_failing_disk_leaves_the_old_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: str) -> None:
    make(SENTENCES).save(tmp_path)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    target = {"fsync": (os, "fsync"), "write": (encoded, "write_fully"), "replace": (Path, "replace")}[failing]
    monkeypatch.setattr(*target, full)
    with pytest.raises(OutputError, match=rf"cannot write .*{tmp_path}.*: No space left on device"):
        make([[1]]).save(tmp_path)
    monkeypatch.undo()
    assert content(EncodedCorpus.open(tmp_path, verify=True)) == SENTENCES
    assert len(list(tmp_path.iterdir())) == 3


def test_unwritable_places(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(OutputError, match=r"cannot write the encoded corpus to .*file: File exists"):
        make(SENTENCES).save(tmp_path / "file")
    with pytest.raises(OutputError, match=r"cannot write temporary files in .*none .No such file or directory.: free"):
        CorpusWriter(spool_directory=tmp_path / "none", expected_bytes=100, memory_limit_bytes=10)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the system has no /dev/full")
def test_a_full_disk_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encoded, "nameless_file", lambda _: Path("/dev/full").open("r+b", buffering=0))  # noqa: SIM115
    with pytest.raises(
        OutputError, match=r"No space left on device\): free some space there, or choose another directory"
    ):
        CorpusWriter(spool_directory=tmp_path, expected_bytes=100, memory_limit_bytes=10)


def test_a_directory_without_a_corpus(tmp_path: Path) -> None:
    with pytest.raises(
        FormatError, match=r"is not an encoded corpus: corpus.json cannot be read .No such file or directory"
    ):
        EncodedCorpus.open(tmp_path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"format": "other"}, "is not the header of an encoded corpus"),
        ({"version": 2}, "has format version 2, but this wordkin reads version 1: encode the text again"),
        ({"words": "6"}, "entries are missing or have the wrong type"),
        ({"words": -1}, "entries are missing or have the wrong type"),
        ({"words": 10**12}, r"has 24 bytes instead of 4,000,000,000,000"),
        ({"sentences": True}, "entries are missing or have the wrong type"),
        ({"sentences": 7}, "has 32 bytes instead of 64"),
        ({"fingerprint": None}, "entries are missing or have the wrong type"),
        ({"ids": "../ids.int32"}, "it contains invalid file names"),
        ({"offsets": "of\0fsets"}, "it contains invalid file names"),
        ({"offsets": "o" * 1000}, "it contains invalid file names"),
        ({"ids": "none"}, "none cannot be read: No such file or directory"),
    ],
)
def test_damaged_headers(tmp_path: Path, change: dict[str, object], message: str) -> None:
    make(SENTENCES).save(tmp_path)
    header = tmp_path / "corpus.json"
    header.write_text(json.dumps(json.loads(header.read_text()) | change))
    with pytest.raises(FormatError, match=message):
        EncodedCorpus.open(tmp_path)


@pytest.mark.parametrize("text", [b"", b"{", b"[]", b"\xff", b"null", b"[" * 100_000])
def test_headers_that_are_not(tmp_path: Path, text: bytes) -> None:
    (tmp_path / "corpus.json").write_bytes(text)
    with pytest.raises(FormatError, match=r"it is not valid JSON|is not the header of an encoded corpus"):
        EncodedCorpus.open(tmp_path)


def test_damaged_files(tmp_path: Path) -> None:
    make(SENTENCES).save(tmp_path)
    (ids,), (offsets,) = tmp_path.glob("ids-*"), tmp_path.glob("offsets-*")
    good_ids, good_offsets = ids.read_bytes(), offsets.read_bytes()
    ids.write_bytes(good_ids[:-1])
    with pytest.raises(FormatError, match=r"has 23 bytes instead of 24: encode the text again"):
        EncodedCorpus.open(tmp_path)
    ids.write_bytes(b"\1" + good_ids[1:])
    EncodedCorpus.open(tmp_path)
    with pytest.raises(FormatError, match="is damaged, because its content does not match its fingerprint"):
        EncodedCorpus.open(tmp_path, verify=True)
    ids.write_bytes(good_ids)
    for bad, message in (
        ([0, 3, 2, 6], "do not increase"),
        ([0, 2, 3, 9], "do not span its words"),
        ([1, 2, 3, 6], "span"),
    ):
        offsets.write_bytes(np.array(bad, "<i8").tobytes())
        with pytest.raises(FormatError, match=f"is damaged, because its sentence offsets .*{message}"):
            EncodedCorpus.open(tmp_path)
    offsets.write_bytes(good_offsets)
    assert content(EncodedCorpus.open(tmp_path, verify=True)) == SENTENCES


def test_columns_that_the_header_names_stay_where_the_directory_cannot_be_synced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(SENTENCES).save(tmp_path)

    def broken(directory: Path) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr("wordkin.storage.files.sync_directory", broken)
    with pytest.raises(OutputError, match=rf"cannot write the encoded corpus to {tmp_path}: Input/output error"):
        make([[1, 2]]).save(tmp_path)
    monkeypatch.undo()
    assert content(EncodedCorpus.open(tmp_path, verify=True)) == [[1, 2]]
    make(SENTENCES).save(tmp_path)
    assert content(EncodedCorpus.open(tmp_path, verify=True)) == SENTENCES
    assert len(list(tmp_path.iterdir())) == 3


def test_leftovers_that_cannot_be_removed_are_no_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make(SENTENCES).save(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(Path, "unlink", lambda *_, **__: (_ for _ in ()).throw(PermissionError(13, "Permission denied")))
        make([[1, 2]]).save(tmp_path)
    assert content(EncodedCorpus.open(tmp_path, verify=True)) == [[1, 2]]
