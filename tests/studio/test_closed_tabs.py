"""A closed tab gives back what it held: its elements, its state and its files."""

from __future__ import annotations

import asyncio
import gc
import sys
import time
import weakref
from collections.abc import Callable

import numpy as np
import pytest

from wordkin.embeddings import Embeddings
from wordkin.vocabulary import Vocabulary

pytest.importorskip("nicegui")
from nicegui import Client, core
from nicegui.testing.user_simulation import user_simulation

from wordkin.studio import server
from wordkin.studio.library import Library
from wordkin.studio.pages import PAGES
from wordkin.studio.train.runs import Runs
from wordkin.studio.view import Studio
from wordkin.studio.workspace import Workspace

# Addresses of pages, and a CSS class of an element that is there once the page is complete.
ADDRESSES = {
    "/lesson?topic=tables&epochs=3": "lesson-flow",
    "/explore?vectors=v.safetensors": "word-map",
    "/explore?vectors=v.safetensors&tab=compare&other=w.safetensors": "words",
    "/train": "options",
}


async def until(reached: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not reached():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.05)


@pytest.fixture
def modules_stay(monkeypatch):
    """Keep the modules of wordkin, because the simulation forgets those that define pages, and their parents."""
    for name in [each for each in sys.modules if each.split(".")[0] == "wordkin"]:
        monkeypatch.setitem(sys.modules, name, sys.modules[name])


@pytest.mark.usefixtures("modules_stay")
def test_what_a_closed_tab_held_is_given_back(tmp_path):
    for name in ("v", "w"):
        Embeddings(Vocabulary(["a", "b", "c"]), np.eye(3, dtype=np.float32)).save(tmp_path / f"{name}.safetensors")

    async def open_and_close() -> None:
        workspace = Workspace(tmp_path)
        library = Library(workspace)
        studio = Studio(workspace, library, Runs(workspace), PAGES)
        async with user_simulation() as user:
            core.app.config.reconnect_timeout = 0.01
            for page in PAGES:
                server._route(studio, page)
            for address, complete in ADDRESSES.items():
                client = await user.open(address)
                await until(lambda: any(complete in each.classes for each in client.elements.values()))  # noqa: B023
                await until(lambda: library.open_files == address.count("safetensors"))  # noqa: B023
                kept = [weakref.ref(client), *map(weakref.ref, client.elements.values())]
                name = client.id
                for socket in list(client._socket_to_document_id):
                    client.handle_disconnect(socket)
                client = user.client = None
                await until(lambda: name not in Client.instances)  # noqa: B023
                assert library.open_files == 0
                await until(lambda: gc.collect() >= 0 and all(each() is None for each in kept))  # noqa: B023

    asyncio.run(open_and_close())
