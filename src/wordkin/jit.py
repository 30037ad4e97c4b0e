"""How kernels are compiled and cached. Everything that wordkin uses of Numba comes through this file.

Environment variables that Numba reads, and what becomes of them here:

- One that Numba cannot read, and ``NUMBA_NUM_THREADS`` below 1, is a :class:`ConfigError` that names it.
- ``NUMBA_DISABLE_JIT``, which debuggers and coverage tools set, does not disable the kernels: they are made of
  vector instructions that Python has no form of. They are compiled, and everything else can be stepped through.
- Those that change the machine code (``NUMBA_OPT``, ``NUMBA_BOUNDSCHECK`` and so on) are part of the key under which
  it is cached.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import inspect
import os
import re
import sys
import threading
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

from wordkin.errors import ConfigError


def _refuse_bad_threads() -> None:
    """Raise :class:`ConfigError` for a ``NUMBA_NUM_THREADS`` with which Numba cannot be imported."""
    threads = os.environ.get("NUMBA_NUM_THREADS")
    if threads is not None and not re.fullmatch(r"\s*\+?0*[1-9][0-9_]*\s*", threads):
        raise ConfigError(
            "NUMBA_NUM_THREADS", "must be a whole number from 1 up", threads,
            "correct or unset this environment variable; wordkin has its own option, threads")  # fmt: skip


def _import_numba() -> None:
    """Import Numba; raise :class:`ConfigError` for an environment variable that it cannot read.

    Numba itself goes on with a warning of many lines, or fails with an error that does not name the variable.
    """
    if "numba" in sys.modules:
        return
    _refuse_bad_threads()
    with warnings.catch_warnings():
        warnings.filterwarnings("error", "Environment variable 'NUMBA_", RuntimeWarning)
        try:
            import numba  # noqa: F401
        except RuntimeWarning as warning:
            found = re.match(r"Environment variable '(\w+)' .* value '(.*)' could not be parsed", str(warning))
            if found is None:
                raise
            reason = str(warning).strip().splitlines()[-1]
            for name in [name for name in sys.modules if name.split(".")[0] == "numba"]:
                del sys.modules[name]  # half imported; so that it can be imported when the variable is corrected
            raise ConfigError(
                found[1], "must be a value that Numba can read", found[2],
                f"correct or unset this environment variable ({reason})") from None  # fmt: skip


_import_numba()

from numba import njit, typeof, types, uint32, uint64  # noqa: E402
from numba.core import caching, cgutils, config, event  # noqa: E402
from numba.core.registry import cpu_target  # noqa: E402
from numba.extending import NativeValue, intrinsic, models, register_model, typeof_impl, unbox  # noqa: E402

__all__ = [
    "NativeValue",
    "cgutils",
    "cpu_target",
    "event",
    "inlined",
    "inner",
    "intrinsic",
    "kernel",
    "models",
    "part",
    "register_model",
    "typeof",
    "typeof_impl",
    "types",
    "uint32",
    "uint64",
    "unbox",
]

# Kernels allocate nothing, so they need no reference counts; Numba would otherwise count every array of every
# named tuple up and down at every call, with locked instructions. And nothing is called from C.
_SWITCHES = {"nogil": True, "_nrt": False, "no_cfunc_wrapper": True}

PACKAGE = Path(__file__).parent
# Every file from which something is compiled into a kernel: functions, intrinsics and constants.
KERNEL_SOURCES = (
    "jit.py",
    "corpus/scanning/kernels.py",
    "corpus/phrase_kernels.py",
    "corpus/scanning/token_text.py",
    "objectives/cpu/*.py",
    "training/cpu/waiting.py",
    "windows/*.py",
)
# Settings of Numba that change the machine code; it has none of them in its own key.
_CODE_SETTINGS = ("OPT", "LOOP_VECTORIZE", "SLP_VECTORIZE", "BOUNDSCHECK", "DEBUGINFO_DEFAULT", "ENABLE_PROFILING")


@functools.lru_cache(maxsize=1)
def _digest(stamps: tuple[tuple[str, int, int], ...]) -> bytes:
    """Hash of the files of the package named in ``stamps`` (name, time of change, size), computed where one changed."""
    digest = hashlib.sha256()
    for name, _, size in stamps:
        digest.update(f"{name} {size} ".encode())
        digest.update((PACKAGE / name).read_bytes())
    return digest.digest()


def kernel_sources_hash() -> bytes | None:
    """Hash of all kernel sources as they are on the disk now; None where they cannot be read, as in a zip file."""
    if not _SOURCE_FILES:
        return None
    try:
        stats = [(name, os.stat(path)) for name, path in _SOURCE_FILES]  # noqa: PTH116  (twice as fast)
        return _digest(tuple((name, stat.st_mtime_ns, stat.st_size) for name, stat in stats))
    except OSError:
        return None


_SOURCE_FILES = [
    (path.relative_to(PACKAGE).as_posix(), str(path))
    for pattern in KERNEL_SOURCES
    for path in sorted(PACKAGE.glob(pattern))
]
_HASH_AT_START = kernel_sources_hash()  # before any file of kernels is imported


# What Numba raises for files of its cache that are lost, unreadable or damaged.
_DAMAGE = (OSError, EOFError, caching.pickle.UnpicklingError)


class KernelCache(caching.FunctionCache):  # type: ignore[misc]
    """Numba's cache of the machine code of one kernel, made to notice a change in any file of kernels.

    Numba watches the file of a kernel, not those of the functions and constants that were compiled into it.
    Here the hash of all of them is part of the stamp of a cached kernel. A process that sees them change
    while it runs neither saves nor loads: what it imported may be older or newer than what is on the disk.
    A cache is a help and no condition, so errors of the disk are no errors here.
    """

    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__(function)
        stamp = self._impl.locator.get_source_stamp(), _HASH_AT_START
        self._cache_file = caching.IndexDataCacheFile(self._cache_path, self._impl.filename_base, stamp)

    def _index_key(self, signature: Any, codegen: Any) -> tuple[Any, ...]:
        settings = tuple(str(getattr(config, name, None)) for name in _CODE_SETTINGS)
        return (*super()._index_key(signature, codegen), settings)

    def load_overload(self, signature: Any, target_context: Any) -> Any:
        if kernel_sources_hash() == _HASH_AT_START:
            with contextlib.suppress(*_DAMAGE):
                return super().load_overload(signature, target_context)
        return None

    def save_overload(self, signature: Any, compiled: Any) -> None:
        if kernel_sources_hash() == _HASH_AT_START:
            with contextlib.suppress(*_DAMAGE):
                super().save_overload(signature, compiled)


def can_cache() -> bool:
    """Whether kernels can be cached: their sources can be read, and Numba has what :class:`KernelCache` builds on.

    These parts of Numba are internal. ``pyproject.toml`` bounds its version; this looks whether they are there.
    """
    expected = ("_index_key", "load_overload", "save_overload")
    file_arguments = list(inspect.signature(getattr(caching, "IndexDataCacheFile", object)).parameters)
    return (
        _HASH_AT_START is not None
        and all(name in vars(caching.FunctionCache.__base__) for name in expected)
        and file_arguments == ["cache_path", "filename_base", "source_stamp"]
    )


class _EnabledCompilation(contextlib.ContextDecorator):
    """``NUMBA_DISABLE_JIT`` is off for whoever is inside, in however many threads.

    Numba asks for it when a function is decorated, and again for its own functions while it compiles.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._inside = 0
        self._before = 0

    def __enter__(self) -> None:
        with self._lock:
            if self._inside == 0:
                self._before, config.DISABLE_JIT = config.DISABLE_JIT, 0
            self._inside += 1

    def __exit__(self, *_error: object) -> None:
        with self._lock:
            self._inside -= 1
            if self._inside == 0:
                config.DISABLE_JIT = self._before


_enabled_compilation = _EnabledCompilation()


@_enabled_compilation
def _compiled(function: Callable[..., Any], **switches: Any) -> Any:
    """A dispatcher of Numba for a function."""
    dispatcher = njit(**switches)(function)
    dispatcher.compile = _enabled_compilation(dispatcher.compile)
    return dispatcher


def kernel(function: Callable[..., Any]) -> Any:
    """A decorator: compiled when it is called, and cached on disk.

    Where Numba finds no directory to write to, as for a package installed read-only and a user without a
    home, each process compiles for itself; and so where the cache of this version of Numba is not the known one.
    """
    dispatcher = _compiled(function, **_SWITCHES)
    if can_cache():
        with contextlib.suppress(RuntimeError):  # no directory
            dispatcher._cache = KernelCache(function)
    return dispatcher


# What kernels are made of has no entry of its own, which is faster to compile, and is cached as a part of them:
def inner(function: Callable[..., Any]) -> Any:
    """Called by kernels, or inlined where LLVM likes to."""
    return _compiled(function, **_SWITCHES, no_cpython_wrapper=True)


def inlined(function: Callable[..., Any]) -> Any:
    """Compiled once, and inlined by LLVM everywhere."""
    return _compiled(function, **_SWITCHES, no_cpython_wrapper=True, forceinline=True)


def part(function: Callable[..., Any]) -> Any:
    """Used in one place: inlined by Numba, never compiled alone."""
    return _compiled(function, nogil=True, _nrt=False, inline="always")
