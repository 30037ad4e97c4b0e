"""Only the studio's own pages may talk to it."""

from __future__ import annotations

import asyncio
from typing import Any, ClassVar

import pytest

from wordkin.studio.guard import MAX_SESSIONS, Guard, is_loopback

HERE = {"host": "127.0.0.1:8080"}


def ask(
    headers: dict[str, str] | list[tuple[str, str]],
    *,
    kind: str = "http",
    path: str = "/",
    query: str = "",
    host: str = "127.0.0.1",
    token: str | None = None,
    sessions: int = 0,
) -> tuple[int, dict[str, str], bool]:
    """The status of a request, the headers of the reply, and whether it reached the application."""
    reached, sent = [], []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        reached.append(scope)
        if scope["type"] == "http":
            await send(
                {"type": "http.response.start", "status": 200, "headers": [(b"access-control-allow-origin", b"*")]}
            )

    async def receive() -> dict[str, str]:
        return {"type": "websocket.connect"}

    async def send(message: Any) -> None:
        sent.append(message)

    listed = list(headers.items() if isinstance(headers, dict) else headers)
    scope = {
        "type": kind,
        "path": path,
        "method": "GET",
        "query_string": query.encode(),
        "headers": [(name.encode(), value.encode()) for name, value in listed],
    }
    guard = Guard(app, host=host, token=token, sessions=lambda: sessions)
    asyncio.run(guard(scope, receive, send))
    first = sent[0] if sent else {"status": 101, "headers": []}
    found = {name.decode(): value.decode() for name, value in first.get("headers", [])}
    return first.get("status", first.get("code")), found, bool(reached)


@pytest.mark.parametrize("host", ["127.0.0.1:8080", "localhost", "LOCALHOST:1", "[::1]:8080"])
def test_names_of_this_machine_are_let_in(host):
    assert ask({"host": host})[0] == 200


@pytest.mark.parametrize(
    "host",
    ["evil.com", "127.0.0.1.evil.com", "evil.com:8080", "user@127.0.0.1", "127.0.0.1:80:80", "127.0.0.1:x", "",
     "192.168.0.7", "127.0.0.1/", "127.0.0.1#", "[::1"],
)  # fmt: skip
@pytest.mark.parametrize("kind", ["http", "websocket"])
def test_other_hosts_are_refused(host, kind):
    status, _, reached = ask({"host": host, "origin": f"http://{host}"}, kind=kind)
    assert (status, reached) == (421 if kind == "http" else 1008, False)


def test_a_request_without_a_host_or_with_two_is_refused():
    assert ask({})[0] == 421
    assert ask([("host", "127.0.0.1"), ("host", "evil.com")])[0] == 421


@pytest.mark.parametrize("path", ["/", "/_nicegui_ws/socket.io/", "/_nicegui/3/static/nicegui.js"])
@pytest.mark.parametrize(
    "origin", ["http://evil.com", "null", "http://127.0.0.1:9999", "file://", "http://localhost:8080"]
)
def test_other_origins_are_refused_on_every_path(origin, path):
    assert ask({**HERE, "origin": origin}, path=path)[::2] == (403, False)
    assert ask({**HERE, "origin": origin}, path=path, kind="websocket")[::2] == (1008, False)


def test_a_websocket_needs_an_origin():
    assert ask(HERE, kind="websocket")[::2] == (1008, False)
    assert ask({**HERE, "origin": "http://127.0.0.1:8080"}, kind="websocket")[2]


def test_what_another_site_makes_a_browser_load_is_refused_except_links():
    other = {**HERE, "sec-fetch-site": "cross-site"}
    assert ask({**other, "sec-fetch-mode": "no-cors", "sec-fetch-dest": "script"})[0] == 403
    assert ask({**other, "sec-fetch-mode": "navigate", "sec-fetch-dest": "iframe"})[0] == 403
    assert ask({**other, "sec-fetch-mode": "navigate", "sec-fetch-dest": "document"})[0] == 200


def test_replies_keep_the_page_to_itself():
    headers = ask(HERE)[1]
    assert "default-src 'self'" in headers["content-security-policy"]
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert "access-control-allow-origin" not in headers


def test_a_new_page_is_refused_where_too_many_are_open():
    assert ask(HERE, sessions=MAX_SESSIONS)[::2] == (503, False)
    assert ask(HERE, sessions=MAX_SESSIONS, path="/_nicegui/3/static/nicegui.js")[0] == 200
    assert ask(HERE, sessions=MAX_SESSIONS - 1)[0] == 200


class TestToken:
    """A studio that listens on more than this machine's own address asks for a token."""

    OPEN: ClassVar[dict[str, Any]] = {"host": "0.0.0.0", "token": "secret"}
    FROM: ClassVar[dict[str, str]] = {"host": "192.168.0.7:8080"}

    def test_without_it_nothing_is_served(self):
        for path in ("/", "/_nicegui_ws/socket.io/", "/_nicegui/3/static/nicegui.js"):
            assert ask(self.FROM, path=path, **self.OPEN)[::2] == (401, False)
        assert ask({**self.FROM, "cookie": "wordkin-studio=wrong"}, **self.OPEN)[0] == 401
        assert ask(self.FROM, query="token=wrong", **self.OPEN)[0] == 401
        origin = {**self.FROM, "origin": "http://192.168.0.7:8080"}
        assert ask(origin, kind="websocket", **self.OPEN)[::2] == (1008, False)

    def test_the_address_that_carries_it_gives_a_cookie(self):
        status, headers, reached = ask(self.FROM, path="/explore", query="token=secret&word=a", **self.OPEN)
        assert (status, headers["location"], reached) == (303, "/explore?word=a", False)
        assert headers["set-cookie"].startswith("wordkin-studio=secret;")
        assert "HttpOnly" in headers["set-cookie"]
        assert ask({**self.FROM, "cookie": "a=b; wordkin-studio=secret"}, **self.OPEN)[0] == 200

    def test_the_redirect_stays_here(self):
        assert ask(self.FROM, path="//evil.com", query="token=secret", **self.OPEN)[1]["location"] == "/evil.com"

    def test_a_foreign_name_is_refused_with_the_token_too(self):
        assert ask({"host": "evil.com", "cookie": "wordkin-studio=secret"}, **self.OPEN)[0] == 421


@pytest.mark.parametrize(
    ("host", "own"),
    [("127.0.0.1", True), ("localhost", True), ("::1", True), ("127.0.0.9", True), ("0.0.0.0", False), ("::", False)],
)
def test_which_addresses_are_this_machines_own(host, own):
    assert is_loopback(host) is own
