"""Kernels are cached, never stale, and work where they cannot be cached and whatever the environment says."""

from __future__ import annotations

import ast
import errno
import functools
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from numba.core import caching, config

from wordkin import jit
from wordkin.jit import kernel

SOURCE = Path(jit.__file__).parent


def next_number(number):
    return number + 1


def full(*_: object) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


def test_without_any_directory_to_write_to(monkeypatch):
    monkeypatch.setattr(caching.CacheImpl, "_locator_classes", [])
    assert kernel(next_number)(1) == 2


@pytest.mark.parametrize("file", ["_save_index", "_save_data"])
def test_without_room_on_the_disk(monkeypatch, tmp_path, file):
    monkeypatch.setattr(caching.IndexDataCacheFile, file, full)
    monkeypatch.setattr(caching.config, "CACHE_DIR", str(tmp_path))
    compiled = kernel(next_number)
    assert compiled(1) == 2
    assert compiled(1.5) == 2.5


def test_kept_where_there_is_a_place(monkeypatch, tmp_path):
    monkeypatch.setattr(caching.config, "CACHE_DIR", str(tmp_path))
    assert kernel(next_number)(1) == 2
    assert list(tmp_path.rglob("*.nbc"))
    again = kernel(next_number)
    assert again(1) == 2
    assert again.stats.cache_hits


def hits(compiled) -> int:
    return sum(compiled.stats.cache_hits.values())


@pytest.fixture
def directory(monkeypatch, tmp_path):
    monkeypatch.setattr(caching.config, "CACHE_DIR", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize("suffix", ["nbi", "nbc"])
@pytest.mark.parametrize("content", [b"", b"not a pickle", None], ids=["empty", "garbage", "unreadable"])
def test_a_damaged_cache_is_compiled_anew(directory, suffix, content):
    assert kernel(next_number)(1) == 2
    for file in directory.rglob(f"*.{suffix}"):
        file.unlink()
        file.mkdir() if content is None else file.write_bytes(content)
    again = kernel(next_number)
    assert again(1) == 2
    assert hits(again) == 0


def test_a_process_that_sees_the_sources_change_neither_saves_nor_loads(directory, monkeypatch):
    assert kernel(next_number)(1) == 2
    files = sorted(directory.rglob("*"))
    monkeypatch.setattr(jit, "kernel_sources_hash", lambda: b"another")
    again = kernel(next_number)
    assert again(1) == 2
    assert again(1.5) == 2.5
    assert hits(again) == 0
    assert sorted(directory.rglob("*")) == files


@pytest.mark.parametrize(("setting", "value"), [("BOUNDSCHECK", 1), ("LOOP_VECTORIZE", 0), ("SLP_VECTORIZE", 2)])
def test_settings_that_change_the_code_are_part_of_the_key(directory, monkeypatch, setting, value):
    assert kernel(next_number)(1) == 2
    with monkeypatch.context() as changed:
        changed.setattr(config, setting, value)
        other = kernel(next_number)
        assert other(1) == 2
        assert hits(other) == 0
    again = kernel(next_number)
    assert again(1) == 2
    assert hits(again) == 1  # what was cached for other settings has not replaced it


def test_a_numba_with_another_cache_is_used_without_it(directory, monkeypatch):
    monkeypatch.setattr(caching, "IndexDataCacheFile", lambda path, stamp: None)
    assert not jit.can_cache()
    assert kernel(next_number)(1) == 2
    assert not list(directory.rglob("*.nb?"))


def test_sources_that_cannot_be_read_are_not_cached(directory, monkeypatch):
    monkeypatch.setattr(jit, "_SOURCE_FILES", [("gone.py", str(directory / "gone.py"))])
    assert jit.kernel_sources_hash() is None
    monkeypatch.setattr(jit, "_SOURCE_FILES", [])
    assert jit.kernel_sources_hash() is None


# --- all files from which kernels are compiled are known ---


DECORATORS = {"kernel", "inner", "inlined", "part"}
KNOWN = {path for pattern in jit.KERNEL_SOURCES for path in SOURCE.glob(pattern)}


def compiled_code(tree: ast.Module) -> list[ast.AST]:
    """What Numba or an intrinsic makes machine code of: decorated functions; the whole file where it has intrinsics."""
    if any(isinstance(node, ast.Name) and node.id == "intrinsic" for node in ast.walk(tree)):
        return [tree]
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    return [each for each in functions if any(getattr(name, "id", "") in DECORATORS for name in each.decorator_list)]


@functools.cache
def files_compiled_from(path: Path) -> set[Path]:
    """The file itself where it holds kernels, and those of the package from which they use a name."""
    tree = ast.parse(path.read_text())
    code = compiled_code(tree)
    used = {node.id for part in code for node in ast.walk(part) if isinstance(node, ast.Name)}
    found = {path} if code else set()
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("wordkin"):
            module = SOURCE.joinpath(*node.module.split(".")[1:]).with_suffix(".py")
            if used & {name.asname or name.name for name in node.names}:
                found.add(module)
    return found


@pytest.mark.parametrize("path", sorted(SOURCE.rglob("*.py")), ids=lambda path: path.relative_to(SOURCE).as_posix())
def test_every_file_that_is_compiled_is_hashed(path):
    assert files_compiled_from(path) <= KNOWN


def test_the_hashed_files_are_there_and_compiled():
    assert all(list(SOURCE.glob(pattern)) for pattern in jit.KERNEL_SOURCES)
    assert set().union(*map(files_compiled_from, SOURCE.rglob("*.py"))) == {
        path for path in KNOWN if path.name not in ("__init__.py", "layout.py", "reference.py")
    }


RUN_KERNELS = """
import json
import numpy as np
from wordkin.corpus.scanning.kernels import map_tokens
from wordkin.objectives.cpu.negative_sampling import draw_noise

drawn = np.zeros(64, np.int32)
draw_noise(np.full(64, 2**31, np.uint32), np.arange(64, dtype=np.int32), np.uint64(1), drawn)
mapped, ends = np.zeros(4, np.int32), np.zeros(4, np.int64)
none = np.zeros(0, np.int32)
map_tokens(np.array([0, -1, 0, -3, 0], np.int32), np.array([7, 8, 9], np.int32), none, none, mapped, ends)
kernels = draw_noise, map_tokens
print(json.dumps({
    "hits": [sum(each.stats.cache_hits.values()) for each in kernels],
    "misses": [sum(each.stats.cache_misses.values()) for each in kernels],
    "results": [drawn.tolist(), mapped.tolist() + ends.tolist()],
}))
"""


def run_kernels(directory: Path, **environment: str):
    """What ``RUN_KERNELS`` prints, in a process whose cache of kernels is in a directory."""
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(directory / "kernels"), **environment}
    command = [sys.executable, "-c", RUN_KERNELS]
    done = subprocess.run(command, env=environment, cwd=directory, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def test_an_edit_in_another_file_is_seen(tmp_path):
    package = tmp_path / "wordkin"
    shutil.copytree(SOURCE, package, ignore=shutil.ignore_patterns("__pycache__"))

    def edit(name, old, new):
        text = (package / name).read_text()
        assert text.count(old) == 1
        (package / name).write_text(text.replace(old, new))

    where = {"PYTHONPATH": str(tmp_path)}
    first = run_kernels(tmp_path, **where)
    assert first["hits"] == [0, 0]
    assert first["misses"] == [1, 1]
    assert run_kernels(tmp_path, **where) == {"hits": [1, 1], "misses": [0, 0], "results": first["results"]}
    edit("windows/rng.py", "* uint64(0x94D049BB133111EB)", "* uint64(0x94D049BB133111ED)")  # a callee
    edit("corpus/scanning/token_text.py", "LINE_END = -1", "LINE_END = -3")  # a constant
    edited = run_kernels(tmp_path, **where)
    assert edited["misses"] == [1, 1]
    assert all(before != after for before, after in zip(first["results"], edited["results"], strict=True))


@pytest.fixture(scope="module")
def started_together(tmp_path_factory):
    """A directory in which three processes ran the kernels at the same time, and what they printed."""
    directory = tmp_path_factory.mktemp("together")
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(directory / "kernels")}
    command = [sys.executable, "-c", RUN_KERNELS]
    started = [subprocess.Popen(command, env=environment, cwd=directory, stdout=subprocess.PIPE) for _ in range(3)]
    return directory, [json.loads(process.communicate()[0]) for process in started]


def test_processes_that_start_together_compile_each_kernel_once(started_together):
    _, found = started_together
    assert np.sum([each["misses"] for each in found], axis=0).tolist() == [1, 1]
    assert np.sum([each["hits"] for each in found], axis=0).tolist() == [2, 2]


@pytest.mark.skipif(os.name != "posix", reason="locks of POSIX")
def test_an_interrupted_compilation_leaves_no_lock(directory, monkeypatch):
    import fcntl

    compiled = kernel(next_number)

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as interrupted:
        interrupted.setattr(compiled._compiler, "compile", interrupt)
        with pytest.raises(KeyboardInterrupt):
            compiled(1)
    (lock,) = directory.rglob("*.lock")
    with lock.open() as file:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    assert compiled(1) == 2


def test_without_locks(directory, monkeypatch):
    """As on Windows, and in directories where no file can be locked."""
    monkeypatch.setattr(jit, "fcntl", None)
    assert kernel(next_number)(1) == 2
    assert hits(again := kernel(next_number)) == 0
    assert again(1) == 2
    assert hits(again) == 1


# --- environment variables of Numba ---


def test_compiled_though_compilation_is_disabled(started_together, tmp_path):
    """As debuggers and coverage tools have it; what is not of wordkin stays disabled."""
    directory, (usual, *_) = started_together
    results = {"results": usual["results"]}
    assert run_kernels(directory, NUMBA_DISABLE_JIT="1") == {"hits": [1] * 2, "misses": [0] * 2, **results}
    assert run_kernels(tmp_path, NUMBA_DISABLE_JIT="1") == {"hits": [0] * 2, "misses": [1] * 2, **results}


DISABLED = """
import numba, threading
from wordkin import jit

def print_nothing():
    pass

@jit.inner
def largest(a, b):
    return max(a, b)

@jit.kernel
def compiled(a, b):
    return largest(a, b) + 1

if __name__ == "__main__":
    threads = [threading.Thread(target=compiled, args=(number(1), number(2))) for number in (int, float)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(len(compiled.signatures), numba.config.DISABLE_JIT, numba.njit(print_nothing) is print_nothing)
"""


def python(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


def test_functions_of_others_stay_disabled(tmp_path):
    (tmp_path / "disabled.py").write_text(DISABLED)
    done = subprocess.run(
        [sys.executable, "disabled.py"],
        env={**os.environ, "NUMBA_DISABLE_JIT": "1"}, cwd=tmp_path,
        capture_output=True, text=True, timeout=300, check=True,
    )  # fmt: skip
    assert done.stdout == "2 1 True\n"


UNREADABLE = [
    ("NUMBA_NUM_THREADS", "0", "must be a whole number from 1 up; got '0'"),
    ("NUMBA_NUM_THREADS", "-2", "must be a whole number from 1 up; got '-2'"),
    ("NUMBA_NUM_THREADS", "", "must be a whole number from 1 up; got ''"),
    ("NUMBA_NUM_THREADS", "four", "must be a whole number from 1 up; got 'four'"),
    ("NUMBA_DISABLE_JIT", "yes", "must be a value that Numba can parse; got 'yes'"),
    ("NUMBA_OPT", "9", "must be a value that Numba can parse; got '9'"),
    ("NUMBA_DEBUG", "on", "must be a value that Numba can parse; got 'on'"),
]
# A value that is refused leaves nothing imported, so that one process can try them all.
TRAIN_WITH_EACH = """
import json, os, sys, wordkin
for name, value in json.loads(sys.stdin.read()):
    os.environ[name] = value
    try:
        wordkin.train([["a", "b", "c"]] * 9, min_count=1, vector_size=4, epochs=1, subsample=0)
    except wordkin.ConfigError as error:
        print(error)
    del os.environ[name]
"""


def test_a_variable_that_numba_cannot_read_is_named():
    values = json.dumps([(name, value) for name, value, _ in UNREADABLE])
    command = [sys.executable, "-c", TRAIN_WITH_EACH]
    done = subprocess.run(command, input=values, capture_output=True, text=True, check=True)
    lines = done.stdout.splitlines()
    assert len(lines) == len(UNREADABLE)
    for line, (name, _, message) in zip(lines, UNREADABLE, strict=True):
        assert line.startswith(f"{name} {message}: correct or unset this environment variable")


def test_the_variable_can_be_corrected_in_the_same_process():
    code = """
import importlib, os, wordkin
for name, value in ("NUMBA_OPT", "9"), ("NUMBA_NUM_THREADS", "0"):
    os.environ[name] = value
    try:
        importlib.import_module("wordkin.windows.rng")
    except wordkin.ConfigError as error:
        print(error.parameter)
    del os.environ[name]
print(importlib.import_module("wordkin.windows.rng").random_bits(1, 2) > 0)
"""
    done = python(code)
    assert (done.stdout.split(), done.stderr) == (["NUMBA_OPT", "NUMBA_NUM_THREADS", "True"], "")


def test_kernels_run_with_settings_that_do_not_concern_them():
    settings = {
        "NUMBA_NUM_THREADS": "3",
        "NUMBA_CACHE_DIR": "/proc/nowhere",
        "NUMBA_CACHE_LOCATOR_CLASSES": "nonsense",
        "NUMBA_THREADING_LAYER": "nonsense",
        "NUMBA_ENABLE_CUDASIM": "1",
        "NUMBA_DISABLE_JIT": "1",
    }
    done = python("from wordkin.windows.rng import random_bits; print(random_bits(1, 2) > 0)", **settings)
    assert (done.stdout, done.stderr) == ("True\n", "")


def test_queries_need_no_numba(tmp_path):
    path = tmp_path / "vectors.txt"
    path.write_text("2 2\na 1 2\nb 2 1\n")
    code = f"import wordkin; print(wordkin.load({str(path)!r}).most_similar('a')[0][0])"
    assert python(code, NUMBA_NUM_THREADS="0").stdout == "b\n"


def test_the_command_line_names_the_variable(tmp_path):
    (tmp_path / "text.txt").write_text("a b c\n" * 9)
    done = subprocess.run(
        [sys.executable, "-m", "wordkin", "train", "text.txt", "--output", "vectors.txt"],
        env={**os.environ, "NUMBA_NUM_THREADS": "0"}, cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert "NUMBA_NUM_THREADS must be a whole number from 1 up; got '0'" in done.stderr
