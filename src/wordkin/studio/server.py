"""The web server: address, token and routes."""

from __future__ import annotations

import asyncio
import errno
import secrets
import socket
from collections.abc import Sequence
from importlib import import_module
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import quote

import nicegui
from nicegui import Client, __version__, app, ui

from wordkin.errors import ConfigError
from wordkin.studio import DEFAULT_PORT
from wordkin.studio.assets import Assets
from wordkin.studio.guard import Guard, is_loopback
from wordkin.studio.library import Library
from wordkin.studio.pages import PAGES
from wordkin.studio.train.runs import Runs
from wordkin.studio.view import Page, Studio, View
from wordkin.studio.workspace import Workspace

RECONNECT_SECONDS = 10.0  # after a lost connection, a tab can reconnect and keep its state for this long
RESPONSE_SECONDS = (
    60.0  # a page imports its modules when first shown; NiceGUI's default of 3 s is too short on a busy machine
)
TAB_STORAGE_SECONDS = 60.0  # NiceGUI keeps a dictionary for each tab, which the studio does not use, for 30 days
_PORTS_TRIED = 50
_STATIC = Path(nicegui.__file__).parent / "static"
# On this machine, compressing takes longer than sending.
_UNCOMPRESSED: dict[str, Any] = {"gzip_middleware_factory": None, "ws_per_message_deflate": False}


def serve(vectors: Sequence[str | Path], *, folder: Path, host: str, port: int | None, open_browser: bool) -> None:
    """Serve the studio until it is stopped; see :func:`wordkin.studio.run_studio`."""
    workspace = Workspace(folder, vectors)
    port = _free_port(host, port)
    local = is_loopback(host)
    token = None if local else secrets.token_urlsafe(24)
    runs = Runs(workspace)
    studio = Studio(workspace, Library(workspace, _is_connected), runs, PAGES)
    app.add_middleware(Assets, prefix=f"/_nicegui/{__version__}/static", folder=_STATIC, compress=not local)
    app.add_middleware(Guard, host=host, token=token, sessions=lambda: len(Client.instances))
    theme, live = ((files("wordkin.studio") / name).read_text(encoding="utf-8") for name in ("theme.css", "live.js"))
    ui.add_head_html(f"<style>{theme}</style><script>{live}</script>", shared=True)
    for page in PAGES:
        _route(studio, page)
    app.storage.max_tab_storage_age = TAB_STORAGE_SECONDS
    app.on_shutdown(runs.stop_all)
    app.on_connect(_import_pages)
    start = "/" if token is None else f"/?token={quote(token)}"
    print(f"The studio is at {_address(host, port)}{start}", flush=True)
    print("Ctrl-C stops it.", flush=True)
    ui.run(
        host=host,
        port=port,
        title="wordkin",
        favicon="🔤",
        dark=None,
        show=start if open_browser else False,
        reload=False,
        tailwind=False,
        reconnect_timeout=RECONNECT_SECONDS,
        binding_refresh_interval=None,
        show_welcome_message=False,
        timeout_graceful_shutdown=1,
        server_header=False,
        proxy_headers=False,
        **(_UNCOMPRESSED if local else {}),
    )


async def _import_pages() -> None:
    """Import the modules of all pages as soon as the first page is shown. Other pages then open immediately."""
    for page in PAGES:
        await asyncio.to_thread(import_module, page.module)


def _route(studio: Studio, page: Page) -> None:
    @ui.page(page.path, response_timeout=RESPONSE_SECONDS)
    async def build(client: Client) -> None:
        tab = client.id
        client.on_delete(lambda: studio.library.close_tab(tab))
        await View(studio, page, client).show()


def _is_connected(tab: str) -> bool:
    """Return whether the browser shows a tab at this moment."""
    client = Client.instances.get(tab)
    return client is not None and client.has_socket_connection


def _address(host: str, port: int) -> str:
    """Return the address to open in a browser.

    If the studio listens on all addresses, it contains the name of this machine.
    """
    if host in ("0.0.0.0", "::", "[::]", ""):
        host = socket.gethostname()
    return f"http://[{host.strip('[]')}]:{port}" if ":" in host else f"http://{host}:{port}"


def _free_port(host: str, port: int | None) -> int:
    """Return ``port``, or the first free port from 8080 on if ``port`` is None; raise ConfigError if none is free."""
    try:
        family, _, _, _, address = socket.getaddrinfo(host.strip("[]"), 0, type=socket.SOCK_STREAM)[0]
    except (OSError, UnicodeError):
        raise ConfigError("host", "must be an address of this machine", host) from None
    for tried in [port] if port is not None else range(DEFAULT_PORT, DEFAULT_PORT + _PORTS_TRIED):
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((address[0], tried))
            except PermissionError:
                raise ConfigError(
                    "port", "must be a port that this user may open", tried, "choose a port of at least 1024"
                ) from None
            except OSError as error:
                if error.errno == errno.EADDRNOTAVAIL:
                    raise ConfigError("host", "must be an address of this machine", host) from None
                continue
            return int(probe.getsockname()[1])
    if port is None:
        raise ConfigError(
            "port", f"must be set, because {DEFAULT_PORT} to {DEFAULT_PORT + _PORTS_TRIED - 1} are in use", None
        )
    raise ConfigError("port", "must be free", port, "stop the program that uses it, or choose another port")
