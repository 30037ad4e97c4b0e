"""The static files of NiceGUI are answered from memory, and nothing beside them."""

from __future__ import annotations

import asyncio
import gzip
from pathlib import Path
from typing import Any

import pytest

from wordkin.studio.assets import Assets

SCRIPT, FONT = b"let a = 1;" * 200, b"wOF2" * 100


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "static"
    (folder / "fonts").mkdir(parents=True)
    (folder / "a.js").write_bytes(SCRIPT)
    (folder / "fonts" / "f.woff2").write_bytes(FONT)
    (tmp_path / "secret.js").write_bytes(b"secret")
    return folder


def ask(assets: Assets, path: str, *, method: str = "GET", accept: str = "") -> tuple[int, dict[str, str], bytes]:
    """The status, the headers and the body of the reply; status 404 if the request is passed on."""
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    headers = [(b"accept-encoding", accept.encode())] if accept else []
    scope = {"type": "http", "path": path, "method": method, "headers": headers}
    asyncio.run(assets(scope, None, send))  # type: ignore[arg-type]
    found = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    return sent[0]["status"], found, sent[1]["body"]


async def not_found(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 404, "headers": []})
    await send({"type": "http.response.body", "body": b""})


def made(folder: Path, *, compress: bool = True) -> Assets:
    return Assets(not_found, prefix="/x", folder=folder, compress=compress)


def test_files_have_their_type_and_length(folder):
    status, headers, body = ask(made(folder), "/x/a.js")
    assert (status, body) == (200, SCRIPT)
    assert headers["content-type"].endswith("javascript")
    assert headers["content-length"] == str(len(SCRIPT))
    assert ask(made(folder), "/x/fonts/f.woff2")[::2] == (200, FONT)
    status, headers, body = ask(made(folder), "/x/a.js", method="HEAD")
    assert (status, headers["content-length"], body) == (200, str(len(SCRIPT)), b"")


@pytest.mark.parametrize(
    "path", ["/x/../secret.js", "/x/%2e%2e/secret.js", "/x/fonts", "/x/", "/x", "/y/a.js", "/x//a.js", "/a.js"]
)
def test_other_requests_are_passed_on(folder, path):
    assert ask(made(folder), path)[0] == 404
    assert ask(made(folder), "/x/a.js", method="POST")[0] == 404


@pytest.mark.parametrize(
    ("accept", "compressed"),
    [("gzip, deflate, br", True), ("br;q=1.0, GZIP;q=0.5", True), ("", False), ("br", False), ("gzip;q=0", False)],
)
def test_files_are_compressed_for_browsers_that_accept_it(folder, accept, compressed):
    assets = made(folder)
    for _ in range(2):  # the second reply comes from memory
        _, headers, body = ask(assets, "/x/a.js", accept=accept)
        assert (headers.get("content-encoding") == "gzip") == compressed
        assert headers["content-length"] == str(len(body))
        assert (gzip.decompress(body) if compressed else body) == SCRIPT
    assert "content-encoding" not in ask(assets, "/x/fonts/f.woff2", accept=accept)[1]
    assert ask(made(folder, compress=False), "/x/a.js", accept=accept)[2] == SCRIPT
