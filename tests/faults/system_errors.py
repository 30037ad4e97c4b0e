"""Make one file system call in this process fail: the n-th call below a directory, or the call at a site.

A *site* is a kind of call for a kind of file from a call stack in wordkin.

The functions of ``os``, ``io``, ``fcntl`` and ``mmap`` through which wordkin and its libraries access files are
replaced: opening, reading, writing, truncating, closing, fsync, renaming, removing, creating directories, stat,
listing, locking and memory mapping.
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
    """Counts file system calls below a directory and lets some of them fail.

    Parameters
    ----------
    directory : Path
        The directory below which calls are counted.
    which : int, str or None
        The call that fails: its number from 1, or its site (the first call there). None lets no call fail.
    error : int
        The ``errno`` of the failure.
    from_then_on : bool
        Whether all later calls fail as well, as with a broken disk.

    Attributes
    ----------
    calls : int
        Number of calls so far.
    sites : collection of str
        The distinct sites of the calls so far, in order. Not collected if ``which`` is a number.
    reached : bool
        Whether a call has failed.
    """

    def __init__(self, directory: Path, which: int | str | None, error: int, *, from_then_on: bool = False) -> None:
        self._below = os.path.realpath(directory)
        self._which, self._error, self._from_then_on = which, error, from_then_on
        self.calls = 0
        self.sites: dict[str, None] = {}
        self.reached = False
        self._readlink = os.readlink

    def step(self, call: str, place: object) -> None:
        """Count a call with a path or descriptor; raise OSError if it is the one that fails."""
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
        """Return the kind of call, the kind of file and the call stack in wordkin, innermost last."""
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
        """Return the path of a call relative to the directory; None if it is outside."""
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
        """Replace the functions for the lifetime of the process."""
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
        if opener is None:  # a given opener calls os.open, which is counted
            self.step("open", file)
        return _CountedFile(self, file, mode.replace("b", ""), opener)


class _CountedFile(io.FileIO):
    """An unbuffered file whose operations are counted. A failing write first writes half of its data."""

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
