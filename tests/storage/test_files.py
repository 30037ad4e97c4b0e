"""A file is replaced whole or not at all, and a place that cannot be written is found before the work."""

from __future__ import annotations

import os
import socket
import stat
import subprocess
import sys
import tempfile
import textwrap
from pathlib import Path

import numpy as np
import pytest

from wordkin.embeddings import Embeddings, check_output, load_embeddings
from wordkin.errors import ConfigError, FormatError, OutputError
from wordkin.storage.files import replacing
from wordkin.vocabulary import Vocabulary

SUFFIXES = (".safetensors", ".bin", ".txt", ".vec", ".safetensors.gz", ".bin.gz", ".txt.gz", ".vec.gz")


def some_vectors(words: int = 3) -> Embeddings:
    matrix = np.random.default_rng(0).normal(size=(words, 4)).astype(np.float32)
    return Embeddings(Vocabulary([f"w{i}" for i in range(words)]), matrix)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_check_output_agrees_with_save_and_leaves_no_trace(tmp_path, suffix):
    path = tmp_path / f"v{suffix}"
    check_output(path)
    assert list(tmp_path.iterdir()) == []
    some_vectors().save(path)
    check_output(path)
    assert [each.name for each in tmp_path.iterdir()] == [path.name]


def test_places_that_cannot_be_written(tmp_path):
    (tmp_path / "folder.bin").mkdir()
    cases = {
        tmp_path
        / "missing"
        / "v.bin": f", because there is no directory '{tmp_path / 'missing'}': make this directory first",
        tmp_path / "folder.bin": ", which is a directory: add a file name",
        tmp_path / ("x" * 300 + ".bin"): ": File name too long",
    }
    for path, message in cases.items():
        for attempt in (check_output, some_vectors().save):
            with pytest.raises(OutputError) as caught:
                attempt(path)
            assert str(caught.value) == f"cannot write {str(path)!r}{message}"
    with pytest.raises(
        ConfigError, match=r"path must end in .safetensors, .bin, .txt or .vec, each also with .gz; got"
    ):
        check_output(tmp_path / "v.npy")


def test_a_read_only_directory(without_privileges):
    with without_privileges() as directory:
        directory.chmod(0o500)
        with pytest.raises(OutputError, match="Permission denied"):
            check_output(directory / "v.bin")


def test_an_error_while_writing_leaves_the_old_file(tmp_path):
    path = tmp_path / "v.bin"
    path.write_bytes(b"old")
    with pytest.raises(KeyboardInterrupt), replacing(path) as stream:
        stream.write(b"new")
        raise KeyboardInterrupt
    assert path.read_bytes() == b"old" and len(list(tmp_path.iterdir())) == 1


@pytest.mark.skipif(sys.platform == "win32", reason="limits file sizes with the resource module")
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_full_disk_leaves_the_old_file(tmp_path, suffix):
    """A process that may write 20,000 bytes to a file saves vectors of 400,000."""
    path = tmp_path / f"v{suffix}"
    some_vectors().save(path)
    code = f"""
        import resource, signal
        import numpy as np
        from wordkin.embeddings import Embeddings
        from wordkin.errors import OutputError
        from wordkin.vocabulary import Vocabulary
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
        matrix = np.random.default_rng(0).normal(size=(1000, 100)).astype(np.float32)
        vectors = Embeddings(Vocabulary([f"w{{i}}" for i in range(1000)]), matrix)
        try:
            vectors.save({str(path)!r})
        except OutputError as error:
            print(error)
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, check=True)
    assert done.stdout == f"cannot write {str(path)!r}: File too large\n"
    assert [each.name for each in tmp_path.iterdir()] == [path.name]
    assert len(load_embeddings(path)) == 3


def test_the_mode_of_a_new_file_follows_the_umask(tmp_path):
    before = os.umask(0o027)
    try:
        some_vectors().save(tmp_path / "v.safetensors")
    finally:
        os.umask(before)
    if os.name == "posix":
        assert (tmp_path / "v.safetensors").stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_the_same_vectors_make_the_same_bytes(tmp_path, suffix):
    for name in ("first", "second"):
        some_vectors().save(tmp_path / f"{name}{suffix}")
    assert (tmp_path / f"first{suffix}").read_bytes() == (tmp_path / f"second{suffix}").read_bytes()


def test_a_directory_is_no_file_of_vectors(tmp_path):
    with pytest.raises(
        FormatError,
        match=r"is a directory without parts of a table .*, use Word2Vec\.load",
    ):
        load_embeddings(tmp_path)


# --- what is no plain file


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_links_stay_and_lead_to_the_new_file(tmp_path, suffix):
    shared = tmp_path / "shared"
    shared.mkdir()
    (shared / f"v{suffix}").write_bytes(b"old")
    link, far = tmp_path / f"link{suffix}", tmp_path / f"far{suffix}"
    link.symlink_to(f"shared/v{suffix}")
    far.symlink_to(link)
    for path in (link, far):
        check_output(path)
        some_vectors().save(path)
        assert path.is_symlink()
        assert load_embeddings(shared / f"v{suffix}").words == ["w0", "w1", "w2"]
        assert [each.name for each in shared.iterdir()] == [f"v{suffix}"]


def test_a_dangling_link_gets_its_file(tmp_path):
    (tmp_path / "link.bin").symlink_to("missing.bin")
    check_output(tmp_path / "link.bin")
    some_vectors().save(tmp_path / "link.bin")
    assert (tmp_path / "link.bin").is_symlink()
    assert len(load_embeddings(tmp_path / "missing.bin")) == 3


@pytest.mark.skipif(not Path("/dev/shm").is_dir(), reason="needs a second file system")
def test_a_link_to_another_file_system(tmp_path):
    with tempfile.TemporaryDirectory(dir="/dev/shm") as other:
        (tmp_path / "link.bin").symlink_to(Path(other) / "v.bin")
        some_vectors().save(tmp_path / "link.bin")
        assert [each.name for each in Path(other).iterdir()] == ["v.bin"]
        assert len(load_embeddings(tmp_path / "link.bin")) == 3


def test_links_that_lead_nowhere_are_refused(tmp_path):
    (tmp_path / "a.bin").symlink_to("b.bin")
    (tmp_path / "b.bin").symlink_to("a.bin")
    (tmp_path / "c.bin").symlink_to("no/such/v.bin")
    (tmp_path / "d.bin").symlink_to(tmp_path)
    messages = {"a": ": Too many levels of symbolic links", "c": ", because there is no directory .*no/such': make",
                "d": ", which is a directory: add a file name"}  # fmt: skip
    for name, message in messages.items():
        for attempt in (check_output, some_vectors().save):
            with pytest.raises(OutputError, match=rf"cannot write .*{name}.bin'{message}"):
                attempt(tmp_path / f"{name}.bin")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
@pytest.mark.parametrize("suffix", [".safetensors", ".bin", ".txt.gz"])
def test_a_pipe_is_written_into(tmp_path, suffix):
    pipe, copy = tmp_path / f"pipe{suffix}", tmp_path / f"copy{suffix}"
    os.mkfifo(pipe)
    check_output(pipe)
    with copy.open("wb") as received:
        reader = subprocess.Popen(["cat", str(pipe)], stdout=received)
        some_vectors().save(pipe)
        assert reader.wait(60) == 0
    some_vectors().save(tmp_path / f"plain{suffix}")
    assert copy.read_bytes() == (tmp_path / f"plain{suffix}").read_bytes()
    assert stat.S_ISFIFO(pipe.stat().st_mode)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full, a disk that is always full")
def test_a_device_is_written_into(tmp_path):
    for device in ("null", "full"):
        (tmp_path / f"{device}.bin").symlink_to(f"/dev/{device}")
        check_output(tmp_path / f"{device}.bin")
    some_vectors().save(tmp_path / "null.bin")
    with pytest.raises(OutputError, match=r"cannot write .*full.bin': No space left on device"):
        some_vectors().save(tmp_path / "full.bin")
    assert stat.S_ISCHR(Path("/dev/null").stat().st_mode)


@pytest.mark.skipif(os.name != "posix", reason="needs sockets that are files")
def test_a_socket_is_refused(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # the names of sockets are short
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("s.bin")
        with pytest.raises(OutputError, match=r"cannot write 's.bin', which is a socket: choose a file or a pipe"):
            check_output("s.bin")
