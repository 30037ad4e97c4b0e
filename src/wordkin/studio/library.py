"""Opened vectors: shared by all tabs, since nothing changes them, and closed with the last tab that shows them."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from pathlib import Path

from wordkin.embeddings import Embeddings, load_embeddings
from wordkin.errors import ConfigError
from wordkin.studio.workspace import Workspace

MAX_OPEN_FILES = 8


def _load(path: Path) -> Embeddings:
    """The vectors of a file; ConfigError where its items are whole numbers, which no field of a page could hold."""
    vectors = load_embeddings(path)
    if vectors.vocabulary.integers:
        remedy = f"wordkin convert {path.name} words.safetensors --as-text"
        raise ConfigError("vectors", "must have words as items", "whole numbers", remedy)
    return vectors


@dataclass
class _Opened:
    """A file that is being opened or is open, and the tabs that show it."""

    loading: asyncio.Task[Embeddings]
    tabs: set[str] = field(default_factory=set)


class Library:
    """Opens files of vectors for tabs and keeps each in memory once.

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

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self._opened: dict[tuple[Path, int, int], _Opened] = {}

    @property
    def open_files(self) -> int:
        """How many files are open."""
        return len(self._opened)

    async def open(self, name: str, *, tab: str) -> Embeddings:
        """The vectors of a file, read in a thread unless another tab has them open.

        Parameters
        ----------
        name : as :meth:`Workspace.vectors` lists it.
        tab : id of the tab that shows them, to be given to :meth:`close_tab`.

        Raises
        ------
        WordkinError : the file may not be opened or is no file of vectors, or too many are open.
        """
        path = self.workspace.path_of(name)
        facts = path.stat()
        key = (path, facts.st_mtime_ns, facts.st_size)  # a file that was written anew is opened anew
        if key not in self._opened:
            if len(self._opened) >= MAX_OPEN_FILES:
                rule = f"must be among the {MAX_OPEN_FILES} files that can be open at once"
                raise ConfigError("vectors", rule, name, "close a tab that shows another")
            self._opened[key] = _Opened(asyncio.ensure_future(asyncio.to_thread(_load, path)))
        opened = self._opened[key]
        opened.tabs.add(tab)
        try:
            return await asyncio.shield(opened.loading)
        except Exception:
            self._opened.pop(key, None)
            raise

    def close_tab(self, tab: str) -> None:
        """Forget a tab; vectors that no other one shows are given back."""
        for key, opened in list(self._opened.items()):
            opened.tabs.discard(tab)
            if not opened.tabs:
                del self._opened[key]
