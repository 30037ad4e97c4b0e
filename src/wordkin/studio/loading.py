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
    """Import NiceGUI without its HTTP clients, and with garbage collection switched off. This saves 0.3 seconds.

    During the call, no other thread can import HTTP clients. Only programs should therefore call this function, not
    libraries. It does nothing if NiceGUI is not installed.
    """
    with contextlib.suppress(ImportError), _without_collection(), _hidden(_UNUSED):
        import nicegui  # noqa: F401


@contextlib.contextmanager
def _hidden(names: tuple[str, ...]) -> Iterator[None]:
    """Make imports of these modules fail inside the block, except modules that are imported already."""
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
    """Switch garbage collection off inside the block.

    Later collections do not search the objects that exist at the end of the block.
    """
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collects:
            gc.freeze()
            gc.enable()
