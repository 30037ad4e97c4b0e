"""Load NiceGUI without parts that the studio does not use."""

from __future__ import annotations

import contextlib
import gc
import sys
from collections.abc import Iterator

# HTTP clients and a web server that python-engineio imports if they are installed. The studio uses only its server for
# ASGI. They take a third of the time that importing NiceGUI takes.
_UNUSED = ("aiohttp", "requests", "tornado")


def load_nicegui_alone() -> None:
    """Import NiceGUI without HTTP clients, and without collecting garbage meanwhile. This saves a third of a second.

    During the call no other thread may import them, so only programs should call this function, not libraries. It does
    nothing if NiceGUI is not installed.
    """
    with contextlib.suppress(ImportError), _without_collection(), _hidden(_UNUSED):
        import nicegui  # noqa: F401


@contextlib.contextmanager
def _hidden(names: tuple[str, ...]) -> Iterator[None]:
    """Let the import of modules fail inside the block, unless they are imported already."""
    hidden = [name for name in names if name not in sys.modules]
    for name in hidden:
        sys.modules[name] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        for name in hidden:
            del sys.modules[name]


@contextlib.contextmanager
def _without_collection() -> Iterator[None]:
    """Collect no garbage inside the block, and do not search what it created for garbage later."""
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collects:
            gc.freeze()
            gc.enable()
