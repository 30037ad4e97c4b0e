"""Compilation and caching of Numba kernels. All other modules import Numba through this one.

Numba's environment variables are treated as follows:

- An invalid value, or ``NUMBA_NUM_THREADS`` below 1, raises a :class:`ConfigError` that names the variable.
- ``NUMBA_DISABLE_JIT``, which debuggers and coverage tools set, does not disable the kernels: they use vector
  intrinsics, which have no Python implementation. All other code can still be stepped through.
- Variables that change the machine code (``NUMBA_OPT``, ``NUMBA_BOUNDSCHECK`` and so on) are part of the cache key.
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

try:
    import fcntl
except ImportError:  # not on Windows
    fcntl = None  # type: ignore[assignment]


def _refuse_bad_threads() -> None:
    """Raise :class:`ConfigError` if ``NUMBA_NUM_THREADS`` has a value with which Numba cannot be imported."""
    threads = os.environ.get("NUMBA_NUM_THREADS")
    if threads is not None and not re.fullmatch(r"\s*\+?0*[1-9][0-9_]*\s*", threads):
        raise ConfigError(
            "NUMBA_NUM_THREADS", "must be a whole number from 1 up", threads,
            "correct or unset this environment variable; wordkin has its own option, threads")  # fmt: skip


def _import_numba() -> None:
    """Import Numba; raise :class:`ConfigError` if one of its environment variables has an invalid value.

    Numba itself only issues a long warning, or fails with an error that does not name the variable.
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
                del sys.modules[name]  # partly imported; a later import must start again
            raise ConfigError(
                found[1], "must be a value that Numba can parse", found[2],
                f"correct or unset this environment variable ({reason})") from None  # fmt: skip


_import_numba()

from numba import njit, typeof, types, uint32, uint64  # noqa: E402
from numba.core import caching, cgutils, config, event  # noqa: E402
from numba.core.compiler_lock import global_compiler_lock  # noqa: E402
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

# Kernels allocate nothing, so they need no reference counting. With it, each call would increment and decrement the
# counts of all arrays in its named tuples with atomic instructions. No kernel is called from C.
_SWITCHES = {"nogil": True, "_nrt": False, "no_cfunc_wrapper": True}

PACKAGE = Path(__file__).parent
# All files whose functions, intrinsics or constants are compiled into kernels.
KERNEL_SOURCES = (
    "jit.py",
    "corpus/scanning/kernels.py",
    "corpus/phrase_kernels.py",
    "corpus/scanning/token_text.py",
    "objectives/cpu/*.py",
    "training/cpu/waiting.py",
    "windows/*.py",
)
# Numba settings that change the machine code but are missing from Numba's own cache key.
_CODE_SETTINGS = ("OPT", "LOOP_VECTORIZE", "SLP_VECTORIZE", "BOUNDSCHECK", "DEBUGINFO_DEFAULT", "ENABLE_PROFILING")


@functools.lru_cache(maxsize=1)
def _digest(stamps: tuple[tuple[str, int, int], ...]) -> bytes:
    """Hash of the contents of source files, cached until a modification time or size changes.

    Each of ``stamps`` is (path relative to the package, modification time in nanoseconds, size in bytes).
    """
    digest = hashlib.sha256()
    for name, _, size in stamps:
        digest.update(f"{name} {size} ".encode())
        digest.update((PACKAGE / name).read_bytes())
    return digest.digest()


def kernel_sources_hash() -> bytes | None:
    """Hash of the current kernel sources on disk; None if they cannot be read, for example inside a zip file."""
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
_HASH_AT_START = kernel_sources_hash()  # before any module with kernels is imported


WAITING = "wordkin:waiting"  # the event of Numba that is triggered while another process compiles a kernel

# Errors that Numba raises for missing, unreadable or damaged cache files.
_DAMAGE = (OSError, EOFError, caching.pickle.UnpicklingError)


class KernelCache(caching.FunctionCache):  # type: ignore[misc]
    """Numba's on-disk cache of one kernel, invalidated by a change in any kernel source file.

    Numba's own cache checks only the file that defines the kernel, not the files of the functions and constants
    compiled into it. This class adds the hash of all kernel sources to the stamp of a cached kernel. If the sources
    change while a process runs, the process stops using the cache, because its imported modules may differ from the
    files. Disk errors are ignored: the kernel is then compiled without the cache.

    While a process compiles a kernel, other processes that need the same kernel wait for it and load the result.
    Otherwise all workers of a cluster or of joblib, which start at the same time, would compile it. The operating
    system releases the lock of a process that is killed. Numba loads and saves while it holds its compiler lock, and
    kernels call each other without cycles, so two processes never wait for each other.
    """

    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__(function)
        stamp = self._impl.locator.get_source_stamp(), _HASH_AT_START
        self._cache_file = caching.IndexDataCacheFile(self._cache_path, self._impl.filename_base, stamp)
        self._lock_path = os.path.join(self._cache_path, f"{self._impl.filename_base}.lock")  # noqa: PTH118
        self._lock: int | None = None

    def _index_key(self, signature: Any, codegen: Any) -> tuple[Any, ...]:
        settings = tuple(str(getattr(config, name, None)) for name in _CODE_SETTINGS)
        return (*super()._index_key(signature, codegen), settings)

    def load_overload(self, signature: Any, target_context: Any) -> Any:
        if kernel_sources_hash() != _HASH_AT_START:
            return None
        found = self._load(signature, target_context)
        if found is None and self._wait_for_others():
            found = self._load(signature, target_context)  # another process may have compiled it in the meantime
        return found

    def _load(self, signature: Any, target_context: Any) -> Any:
        with contextlib.suppress(*_DAMAGE):
            return super().load_overload(signature, target_context)
        return None

    def save_overload(self, signature: Any, compiled: Any) -> None:
        if kernel_sources_hash() == _HASH_AT_START:
            with contextlib.suppress(*_DAMAGE):
                super().save_overload(signature, compiled)

    def _wait_for_others(self) -> bool:
        """Lock this kernel, so that only one process compiles it, and wait while another process holds the lock.

        Returns whether another process held the lock; its result is then in the cache. On systems without file locks,
        returns False at once, and every process compiles the kernel.
        """
        if fcntl is None or self._lock is not None:
            return False
        with contextlib.suppress(OSError):
            self._lock = os.open(self._lock_path, os.O_RDWR | os.O_CREAT, 0o666)
            try:
                fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                with event.trigger_event(WAITING):
                    fcntl.flock(self._lock, fcntl.LOCK_EX)
                return True
        return False

    def unlock(self) -> None:
        """Release the lock, so that waiting processes can load or compile this kernel."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


def can_cache() -> bool:
    """Whether kernels can be cached: their sources are readable, and Numba has the internals that the cache uses.

    :class:`KernelCache` overrides internal classes of Numba. ``pyproject.toml`` bounds the version of Numba; this
    function checks that the installed version still has them.
    """
    expected = ("_index_key", "load_overload", "save_overload")
    file_arguments = list(inspect.signature(getattr(caching, "IndexDataCacheFile", object)).parameters)
    return (
        _HASH_AT_START is not None
        and all(name in vars(caching.FunctionCache.__base__) for name in expected)
        and file_arguments == ["cache_path", "filename_base", "source_stamp"]
    )


class _EnabledCompilation(contextlib.ContextDecorator):
    """Context manager that overrides ``NUMBA_DISABLE_JIT``, so that kernels are compiled. Threads may share it.

    Numba reads the setting when a function is decorated, and again for its own functions during compilation.
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
    """Compile a function lazily with Numba; ``switches`` are keyword arguments of ``numba.njit``."""
    dispatcher = njit(**switches)(function)
    dispatcher.compile = _enabled_compilation(dispatcher.compile)
    return dispatcher


def kernel(function: Callable[..., Any]) -> Any:
    """Decorator for kernels: compiles lazily and caches on disk.

    If the cache directory is not writable, or :func:`can_cache` is False, compiles without caching.
    """
    dispatcher = _compiled(function, **_SWITCHES)
    if can_cache():
        with contextlib.suppress(RuntimeError):  # Numba found no writable directory
            dispatcher._cache = cache = KernelCache(function)
            dispatcher.compile = _unlocking(cache, dispatcher.compile)
    return dispatcher


def _unlocking(cache: KernelCache, compile_kernel: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap ``compile_kernel`` so that it releases the lock of the kernel even if it fails or is interrupted."""

    @functools.wraps(compile_kernel)
    def compile_and_unlock(signature: Any) -> Any:
        with global_compiler_lock:  # no other thread compiles and holds the lock
            try:
                return compile_kernel(signature)
            finally:
                cache.unlock()

    return compile_and_unlock


# The functions that kernels call have no Python entry point, which makes compilation faster. They are cached as part
# of the kernels.
def inner(function: Callable[..., Any]) -> Any:
    """Decorator for functions that only kernels call. LLVM decides whether to inline them."""
    return _compiled(function, **_SWITCHES, no_cpython_wrapper=True)


def inlined(function: Callable[..., Any]) -> Any:
    """Decorator for functions that are compiled once and that LLVM always inlines."""
    return _compiled(function, **_SWITCHES, no_cpython_wrapper=True, forceinline=True)


def part(function: Callable[..., Any]) -> Any:
    """Decorator for functions with a single caller: Numba inlines them and never compiles them alone."""
    return _compiled(function, nogil=True, _nrt=False, inline="always")
