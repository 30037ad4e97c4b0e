"""Opened files of vectors. All tabs share them; a file is closed when the last tab that shows it is closed."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from wordkin.errors import ConfigError
from wordkin.studio.workspace import Workspace

if TYPE_CHECKING:
    from wordkin.embeddings import Embeddings

MAX_OPEN_FILES = 8


def _load(path: Path) -> Embeddings:
    """Load the vectors of a file; raise ConfigError if its items are whole numbers, which the pages do not support."""
    from wordkin.embeddings import load_embeddings

    vectors = load_embeddings(path)
    if vectors.vocabulary.integers:
        remedy = f"wordkin convert {path.name} words.safetensors --as-text"
        raise ConfigError("vectors", "must have words as items", "whole numbers", remedy)
    return vectors


@dataclass
class _Opened:
    """A file that is open or being opened, and for each tab how many times the tab has opened it."""

    loading: asyncio.Task[Embeddings]
    tabs: Counter[str] = field(default_factory=Counter)

    @property
    def vectors(self) -> Embeddings | None:
        """The vectors. None while the file is being opened, or if it cannot be opened."""
        done = self.loading.done() and not self.loading.cancelled() and self.loading.exception() is None
        return self.loading.result() if done else None


class Library:
    """Opens files of vectors for tabs, and keeps each file in memory only once.

    Parameters
    ----------
    workspace : Workspace
        The files that may be opened.
    is_connected : callable, optional
        Takes the id of a tab, and returns whether the tab is connected to its browser. A tab is closed some seconds
        after it was disconnected. If too many files are open, those that only disconnected tabs show are closed at
        once. By default, all tabs count as connected.

    >>> import asyncio, tempfile
    >>> from wordkin.studio.workspace import Workspace
    >>> async def look(folder):
    ...     library = Library(Workspace(folder))
    ...     vectors = await library.open("v.txt", tab="first")
    ...     library.close_tab("first")
    ...     return len(vectors), library.open_files
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = (Path(folder) / "v.txt").write_text("2 2\\na 1 2\\nb 2 1\\n")
    ...     asyncio.run(look(Path(folder)))
    (2, 0)
    """

    def __init__(self, workspace: Workspace, is_connected: Callable[[str], bool] = lambda tab: True) -> None:
        self.workspace = workspace
        self._is_connected = is_connected
        self._opened: dict[tuple[Path, int, int], _Opened] = {}

    @property
    def open_files(self) -> int:
        """Number of open files."""
        return len(self._opened)

    async def open(self, name: str, *, tab: str) -> Embeddings:
        """Return the vectors of a file. They are read in a thread, unless another tab has the file open.

        Parameters
        ----------
        name : str
            Name of the file, as :meth:`Workspace.vectors` lists it.
        tab : str
            Id of the tab that shows the vectors. :meth:`close` and :meth:`close_tab` take the same id.

        Raises
        ------
        WordkinError
            The file may not be opened, it is not a file of vectors, or too many files are open.
        """
        path = self.workspace.path_of(name)
        facts = path.stat()
        key = (path, facts.st_mtime_ns, facts.st_size)  # a file that has changed is opened again
        if key not in self._opened:
            if len(self._opened) >= MAX_OPEN_FILES:
                self._close_left()
            if len(self._opened) >= MAX_OPEN_FILES:
                rule = f"cannot be opened: {MAX_OPEN_FILES} other files are open, which is the maximum"
                raise ConfigError("vectors", rule, name, "close a tab that shows another file")
            self._opened[key] = _Opened(asyncio.ensure_future(asyncio.to_thread(_load, path)))
        opened = self._opened[key]
        opened.tabs[tab] += 1
        try:
            return await asyncio.shield(opened.loading)
        except Exception:
            self._opened.pop(key, None)
            raise

    def close(self, vectors: Embeddings, *, tab: str) -> None:
        """Undo one :meth:`open` of a tab, and close the file if no tab shows it any more."""
        for key, opened in list(self._opened.items()):
            if opened.tabs[tab] and opened.vectors is vectors:
                opened.tabs[tab] -= 1
                self._close_unused(key)

    def close_tab(self, tab: str) -> None:
        """Remove a tab, and close the files that only this tab shows."""
        for key, opened in list(self._opened.items()):
            opened.tabs.pop(tab, None)
            self._close_unused(key)

    def _close_left(self) -> None:
        """Close the files that only disconnected tabs show."""
        for key, opened in list(self._opened.items()):
            opened.tabs = Counter({tab: count for tab, count in opened.tabs.items() if self._is_connected(tab)})
            self._close_unused(key)

    def _close_unused(self, key: tuple[Path, int, int]) -> None:
        if not self._opened[key].tabs.total():
            del self._opened[key]
