"""Makes one call of the file system fail, in this process: the so-manieth one below a directory, or that of a site.

A *site* is a call of one kind, about one kind of file, by one stack of functions of wordkin.

Python's own functions are replaced, those of ``os``, ``io``, ``fcntl`` and ``mmap`` through which wordkin and
the libraries it uses reach files: opening, reading, writing, truncating, closing, forcing to the disk,
renaming, removing, making directories, looking at and listing them, locking and mapping.
"""

from __future__ import annotations

import builtins
import errno
import fcntl
import io
import mmap
import os
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

ERRORS = (
    errno.ENOSPC, errno.EACCES, errno.ENOENT, errno.EIO, errno.EROFS, errno.ESTALE, errno.EDQUOT
)  # fmt: skip
_BY_PATH = (
    "open", "stat", "lstat", "mkdir", "unlink", "remove", "rmdir", "rename", "replace", "listdir", "scandir", "truncate"
)  # fmt: skip
_BY_DESCRIPTOR = ("fsync", "fstat", "ftruncate")
_CODE = f"{os.sep}wordkin{os.sep}"


class FailingCalls:
    """Counts calls about files below a directory and lets some of them fail.

    Parameters
    ----------
    directory : where calls count.
    which : the call that fails, by its number from 1, or the first of a site; None lets none fail.
    error : the ``errno`` it fails with.
    from_then_on : whether all calls after it fail as well, as of a disk that broke.

    Attributes
    ----------
    calls : how many calls there were so far.
    sites : those of the calls so far, each once, in their order; not where a call fails by its number.
    reached : whether a call has failed.
    """

    def __init__(self, directory: Path, which: int | str | None, error: int, *, from_then_on: bool = False) -> None:
        self._below = os.path.realpath(directory)
        self._which, self._error, self._from_then_on = which, error, from_then_on
        self.calls = 0
        self.sites: dict[str, None] = {}
        self.reached = False
        self._readlink = os.readlink

    def step(self, call: str, place: object) -> None:
        """Count a call about a path or descriptor; OSError where it is to fail."""
        place = self._path_of(place)
        if place is None:
            return
        self.calls += 1
        if self.reached:
            failing = self._from_then_on
        elif isinstance(self._which, int):
            failing = self.calls == self._which
        else:
            site = self._site(call, place)
            self.sites[site] = None
            failing = site == self._which
        if failing:
            self.reached = True
            raise OSError(self._error, os.strerror(self._error), place)

    def _site(self, call: str, place: str) -> str:
        """Kind of call, kind of file, and the lines of wordkin that led here, the innermost last."""
        lines: list[str] = []
        frame = sys._getframe(2)
        while frame is not None:
            name = frame.f_code.co_filename
            if _CODE in name:
                lines.append(f"{name.rpartition(_CODE)[2]}:{frame.f_lineno}")
            frame = frame.f_back
        kind = re.sub(r"[0-9a-f]{8,}|[a-z0-9_]{8}(?=\.tmp)|[0-9]+", "#", place[len(self._below) :])
        return " ".join([call, kind, *reversed(lines)])

    def _path_of(self, place: object) -> str | None:
        """The path that a call is about, below the directory; None where calls do not count."""
        if isinstance(place, int):
            try:
                place = self._readlink(f"/proc/self/fd/{place}")
            except OSError:
                return None
        if not isinstance(place, str | os.PathLike):
            return None
        path = os.fspath(place)
        return path if isinstance(path, str) and path.startswith(self._below) else None

    def install(self) -> None:
        """Replace the functions, for as long as the process lives."""
        for name in (*_BY_PATH, *_BY_DESCRIPTOR):
            setattr(os, name, self._counted(name, getattr(os, name)))
        real_flock, real_map = fcntl.flock, mmap.mmap

        def flock(descriptor: int, operation: int) -> None:
            self.step("flock", descriptor)
            real_flock(descriptor, operation)

        def mapped(descriptor: int, *arguments: Any, **options: Any) -> mmap.mmap:
            self.step("mmap", descriptor)
            return real_map(descriptor, *arguments, **options)

        fcntl.flock, mmap.mmap = flock, mapped  # type: ignore[assignment,misc]
        builtins.open = io.open = self._opening(io.open)  # type: ignore[assignment]

    def _counted(self, name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(place: Any, *arguments: Any, **options: Any) -> Any:
            self.step(name, place)
            return real(place, *arguments, **options)

        return call

    def _opening(self, real: Callable[..., Any]) -> Callable[..., Any]:
        def opened(file: Any, mode: str = "r", buffering: int = -1, *arguments: Any, **options: Any) -> Any:
            if isinstance(file, int) or "b" not in mode or self._path_of(file) is None:
                self.step("open", file)
                return real(file, mode, buffering, *arguments, **options)
            raw = self._raw(file, mode.replace("b", ""), opener=options.get("opener"))
            if buffering == 0:
                return raw
            kind = io.BufferedRandom if "+" in mode else io.BufferedReader if "r" in mode else io.BufferedWriter
            return kind(raw)

        return opened

    def _raw(self, file: Any, mode: str = "r", *, opener: Any = None) -> io.FileIO:
        if opener is None:  # one that is given calls os.open, which counts
            self.step("open", file)
        return _CountedFile(self, file, mode.replace("b", ""), opener)


class _CountedFile(io.FileIO):
    """An unbuffered file whose reading, writing, cutting and closing count. A write that fails wrote a half before."""

    def __init__(self, calls: FailingCalls, file: Any, mode: str, opener: Any) -> None:
        super().__init__(os.fspath(file), mode, opener=opener)
        self._calls = calls

    def write(self, data: Any, /) -> int:
        view = memoryview(data).cast("B")
        try:
            self._calls.step("write", self.fileno())
        except OSError:
            super().write(view[: len(view) // 2])
            raise
        return super().write(view)

    def readinto(self, buffer: Any, /) -> int:
        self._calls.step("read", self.fileno())
        return super().readinto(buffer)

    def read(self, size: int = -1, /) -> bytes:
        self._calls.step("read", self.fileno())
        return super().read(size)

    def readall(self) -> bytes:
        self._calls.step("read", self.fileno())
        return super().readall()

    def truncate(self, size: int | None = None, /) -> int:
        self._calls.step("truncate", self.fileno())
        return super().truncate(size)

    def close(self) -> None:
        if self.closed or not self.writable():
            super().close()
            return
        try:
            self._calls.step("close", self.fileno())
        finally:
            super().close()
