"""Tests of every kind of bad input listed in docs/bad-input.md."""

from __future__ import annotations

import bz2
import gzip
import lzma
import os
import stat
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
import zstandard

import wordkin
from wordkin import (
    CheckpointError,
    ConfigError,
    CorpusError,
    CorpusNotFoundError,
    EmptyVocabularyError,
    EncodingError,
    FormatError,
    OutputError,
)

SMALL = {"vector_size": 8, "min_count": 1, "epochs": 1, "subsample": 0, "threads": 1}
TEXT = b"sun moon stars\nmoon sun\n" * 50


def trained_on(tmp_path: Path, data: bytes, name: str = "text.txt", **options: object) -> wordkin.Embeddings:
    path = tmp_path / name
    path.write_bytes(data)
    return wordkin.train(path, **SMALL | options)


def words_of(vectors: wordkin.Embeddings) -> set[str]:
    assert np.isfinite(vectors.matrix).all()
    return set(vectors.words)


# --- files that are not text


@pytest.mark.parametrize(
    "data", [b"", b" \t\n\r\n \n", "\u3000\u00a0\u2028\n".encode()], ids=["empty", "spaces", "wide"]
)
def test_nothing_but_white_space(tmp_path, data):
    with pytest.raises(
        EmptyVocabularyError, match=r"there are no words in .*text.txt': the text is empty or only white space"
    ):
        trained_on(tmp_path, data)


def test_no_word_often_enough(tmp_path):
    with pytest.raises(EmptyVocabularyError, match=r"no word reached min_count=500 \(the highest count is 100"):
        trained_on(tmp_path, TEXT, min_count=500)


@pytest.mark.parametrize(
    "data", [b"\x7fELF\x02\x01\x00\x00" * 500, np.random.default_rng(1).bytes(9000)], ids=["program", "noise"]
)
def test_binary(tmp_path, data):
    with pytest.raises(CorpusError, match=r"text.txt'? .*binary"):
        trained_on(tmp_path, data)


def test_a_directory_without_text(tmp_path):
    with pytest.raises(CorpusError, match=r"no files"):
        wordkin.train(tmp_path, **SMALL)


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(CorpusNotFoundError, match=r"no.*nowhere.txt"):
        wordkin.train(tmp_path / "nowhere.txt", **SMALL)


@pytest.mark.parametrize("text", ["", [""], ["text.txt", ""]])
def test_an_empty_path(tmp_path, monkeypatch, text):
    """pathlib interprets it as the current directory, whose files would all be read as the text."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "text.txt").write_bytes(TEXT)
    with pytest.raises(CorpusNotFoundError, match="the path is empty"):
        wordkin.train(text, **SMALL)


@pytest.mark.parametrize("naming", [str, lambda text: [text]], ids=["string", "list"])
def test_text_where_a_path_should_be(naming):
    """A text is longer than any path, for which the system has its own error."""
    with pytest.raises(
        CorpusNotFoundError, match=r"there is no file or directory 'sun moon .*pass a list of lists"
    ) as it:
        wordkin.train(naming("sun moon " * 1000), **SMALL)
    assert len(str(it.value)) < 600


@pytest.mark.parametrize("name", ["x" * 5000, "x\0y"], ids=["long", "zero byte"])
def test_paths_that_no_system_has(tmp_path, name):
    text, place = [["sun", "moon"]] * 9, f"{tmp_path}/{name}"
    with pytest.raises(CorpusNotFoundError):
        wordkin.train(place, **SMALL)
    for options in ({"output": place + ".bin"}, {"log": place}, {"checkpoint": place}):
        with pytest.raises(OutputError, match=r"cannot write .*(too long|null byte)"):
            wordkin.train(text, **options, **SMALL)
    with pytest.raises(FormatError, match=r"cannot read .*(too long|null byte)"):
        wordkin.load(place + ".bin")
    with pytest.raises(CheckpointError, match="there is no run in"):
        wordkin.resume(place)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_named_pipe_is_read_as_a_file(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    writer = threading.Thread(target=lambda: (tmp_path / "pipe").write_bytes(TEXT))
    writer.start()
    assert words_of(wordkin.train(tmp_path / "pipe", **SMALL)) == {"sun", "moon", "stars"}
    writer.join()


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="needs devices")
@pytest.mark.parametrize("kind", ["safetensors", "bin", "text"])
@pytest.mark.parametrize("device", ["/dev/zero", "/dev/null"])
def test_devices_are_no_files_of_vectors(device, kind):
    with pytest.raises(FormatError, match=device):
        wordkin.load(device, format=kind)


def test_closed_standard_input(monkeypatch):
    monkeypatch.setattr(sys, "stdin", None)
    with pytest.raises(CorpusError, match="standard input is closed: pass a file"):
        wordkin.train("-", **SMALL)


COMPRESSORS = {
    ".gz": gzip.compress,
    ".bz2": bz2.compress,
    ".xz": lzma.compress,
    ".zst": lambda data: zstandard.ZstdCompressor().compress(data),
}


@pytest.mark.parametrize("suffix", COMPRESSORS)
def test_truncated_and_false_compression(tmp_path, suffix):
    text = np.random.default_rng(2).integers(97, 123, 100_000).astype(np.uint8).tobytes().replace(b"q", b" ")
    whole = COMPRESSORS[suffix](text)
    assert len(trained_on(tmp_path, whole, "text.txt" + suffix)) > 1000
    with pytest.raises(CorpusError, match=r"truncated|damaged|ends"):
        trained_on(tmp_path, whole[: len(whole) // 2], "text.txt" + suffix)
    with pytest.raises(CorpusError, match=rf"text.txt{suffix}"):
        trained_on(tmp_path, TEXT, "text.txt" + suffix)


# --- unusual text


def test_invalid_utf8(tmp_path):
    data = TEXT + b"caf\xe9 sun\n" * 5
    with pytest.warns(UserWarning, match=r"invalid UTF-8 in 5 words was"):
        assert words_of(trained_on(tmp_path, data)) == {"sun", "moon", "stars", "caf\ufffd"}
    with pytest.warns(UserWarning, match=r"invalid UTF-8 in 5 words was"):
        assert "caf" in words_of(trained_on(tmp_path, data, encoding_errors="ignore"))
    with pytest.raises(EncodingError, match=r"byte 1[,.]?20\d"):
        trained_on(tmp_path, data, encoding_errors="strict")


def test_nul_bytes_inside_words(tmp_path):
    assert words_of(trained_on(tmp_path, TEXT * 400 + b"a\0b sun\n")) == {"sun", "moon", "stars", "a\0b"}


def test_a_line_of_200_megabytes_is_one_sentence(tmp_path):
    word = b"x" * 999
    path = tmp_path / "text.txt"
    with path.open("wb") as file:
        for block in range(200):
            file.write(b" ".join([word, b"%06d" % block] * 994))
            file.write(b" ")
    assert path.stat().st_size > 200_000_000
    reports = []
    vectors = wordkin.train(path, callbacks=[reports.append], **SMALL)
    assert len(vectors) == 201
    assert reports[-1].words == 200 * 2 * 994


def test_a_word_of_a_megabyte(tmp_path):
    assert "y" * 1_000_000 in words_of(trained_on(tmp_path, TEXT + b"y" * 1_000_000 + b" sun\n"))


@pytest.mark.parametrize("end", [b"\r\n", b"\r"], ids=["Windows", "old Macintosh"])
def test_line_ends_of_other_systems(tmp_path, end):
    assert words_of(trained_on(tmp_path, TEXT.replace(b"\n", end))) == {"sun", "moon", "stars"}


def test_a_byte_order_mark(tmp_path):
    assert words_of(trained_on(tmp_path, b"\xef\xbb\xbf" + TEXT)) == {"sun", "moon", "stars"}


def test_utf16_is_refused(tmp_path):
    with pytest.raises(CorpusError, match=r"text.txt' is UTF-16, not UTF-8: convert it with iconv"):
        trained_on(tmp_path, TEXT.decode().encode("utf-16"))


@pytest.mark.parametrize("space", ["\u3000", "\u00a0", "\u2028", "\x1c"])
def test_wide_and_unbreakable_spaces_part_words(tmp_path, space):
    assert words_of(trained_on(tmp_path, TEXT.decode().replace(" ", space).encode())) == {"sun", "moon", "stars"}


@pytest.mark.parametrize("token", ["New York", "tab\tbed", "line\nend", "New\u3000York", "New\u00a0York"])
def test_words_with_white_space_survive_or_are_refused(tmp_path, token):
    sentences = [["the", token]] * 9
    wordkin.train(sentences, output=tmp_path / "v.safetensors", **SMALL)
    assert token in wordkin.load(tmp_path / "v.safetensors")
    for suffix in (".bin", ".txt"):
        output = tmp_path / f"v{suffix}"
        if token.isascii():  # the white space that separates fields in these formats
            with pytest.raises(ConfigError, match=r"output must end in .safetensors, because words such as"):
                wordkin.train(sentences, output=output, **SMALL)
            assert not output.exists()
        else:
            wordkin.train(sentences, output=output, **SMALL)
            assert token in wordkin.load(output)


def test_a_spent_generator(tmp_path):
    sentences = iter([["sun", "moon"]] * 9)
    assert len(wordkin.train(sentences, **SMALL)) == 2
    with pytest.raises(
        EmptyVocabularyError, match=r"a generator can be read only once; pass a list or a new generator"
    ):
        wordkin.train(sentences, **SMALL)


def test_an_untokenised_string_in_a_list():
    with pytest.raises(CorpusError, match=r"sentence 0 is 'you say goodbye' \(str\), not a list of words: split it"):
        wordkin.train(iter(["you say goodbye", "i say hello"]), **SMALL)


# --- paths that cannot be used


@pytest.mark.parametrize("what", ["output", "checkpoint", "log"])
def test_no_permission(without_privileges, what):
    wordkin.train([["a", "b"]] * 9, **SMALL)  # imports all modules while file access is allowed
    with without_privileges() as locked:
        locked.chmod(stat.S_IRUSR | stat.S_IXUSR)
        with pytest.raises(OutputError, match="Permission denied"):
            wordkin.train([["a", "b"]] * 9, **SMALL | {what: locked / "v.bin"})


@pytest.mark.skipif(sys.platform != "linux", reason="/proc is a file system that takes no files")
def test_a_read_only_place(tmp_path):
    for options in ({"output": "/proc/v.bin"}, {"checkpoint": "/proc/run"}, {"log": "/proc/log"}):
        with pytest.raises(OutputError, match=r"/proc"):
            wordkin.train([["a", "b"]] * 9, **SMALL | options)


def test_an_output_without_its_directory(tmp_path):
    with pytest.raises(OutputError, match=r"there is no directory .*no such'?: make this directory first"):
        wordkin.train([["a", "b"]] * 9, output=tmp_path / "no such" / "v.bin", **SMALL)


@pytest.mark.skipif(sys.platform != "linux", reason="limits on files as Linux has them")
@pytest.mark.parametrize("what", ["the corpus", "the checkpoint", "the vectors"])
def test_a_full_disk(tmp_path, what):
    """In its own process, with a limit on the size of files."""
    places = f"output={str(tmp_path / 'v.safetensors')!r}"
    if what != "the vectors":
        places += f", checkpoint={str(tmp_path / 'run')!r}"
    limit = {"the corpus": 20_000, "the checkpoint": 80_000, "the vectors": 4_000}[what]
    script = f"""
import resource, wordkin
sentences = [[f"w{{number % 400}}" for number in range(start, start + 30)] for start in range(600)]
wordkin.train(sentences, min_count=1, epochs=1)  # compiles what is not compiled yet
resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit}))
wordkin.train(sentences, {places}, min_count=1, epochs=1)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode == 1
    if what == "the checkpoint":
        assert "this checkpoint is skipped, the previous one is kept" in done.stderr
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith("wordkin.errors.OutputError: cannot write")
    assert "File too large" in last
    assert not (tmp_path / "v.safetensors").exists()
    if what == "the checkpoint":
        assert len(wordkin.resume(tmp_path / "run")) == 400
        assert len(wordkin.load(tmp_path / "v.safetensors")) == 400


# --- options and files


@pytest.mark.parametrize("threads", [0, -1, 1025, 2.0, True])
def test_impossible_numbers_of_threads(threads):
    with pytest.raises(ConfigError, match=r"threads must be a whole number from 1 to 1024; got"):
        wordkin.train([["a", "b"]] * 9, threads=threads)


def test_many_more_threads_than_cores(tmp_path):
    assert words_of(trained_on(tmp_path, TEXT * 100, threads=200)) == {"sun", "moon", "stars"}


@pytest.mark.parametrize("counts", [[3, -1], [3, 0.5], [3], [3, None]])
def test_impossible_counts(counts):
    with pytest.raises(ConfigError, match=r"counts must (be whole numbers from 0 up|hold one number for each)"):
        wordkin.Vocabulary(["a", "b"], counts)


def test_counts_of_zero_are_legal(tmp_path):
    assert wordkin.Vocabulary(["a", "b"], [3, 0]).counts.tolist() == [3, 0]


def test_doubled_words_in_a_file_of_vectors(tmp_path):
    path = tmp_path / "v.txt"
    path.write_text("2 2\na 1 2\na 2 1\n")
    with pytest.raises(FormatError, match=r"line 3: the word 'a' occurs twice, first at line 2"):
        wordkin.load(path)
    assert list(wordkin.load(path, duplicates="first").words) == ["a"]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_fork_after_import_and_after_training():
    """A forked child trains like its parent, before and after the parent has trained; there are no other threads."""
    script = """
import os, sys, warnings
import wordkin
warnings.filterwarnings("ignore", "This process .* is multi-threaded")
options = dict(vector_size=8, min_count=1, subsample=0, threads=1)
def bits():
    return wordkin.train([["sun", "moon"], ["moon", "stars"]] * 50, **options).matrix.tobytes()
def in_child():
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.write(writer, bits())
        os._exit(0)
    os.close(writer)
    content = os.read(reader, 1 << 16)
    assert os.waitpid(pid, 0)[1] == 0
    return content
before, own, after = in_child(), bits(), in_child()
assert len(own) == 3 * 8 * 4 and before == own == after
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
