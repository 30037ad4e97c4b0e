"""Access control of the studio: ASGI middleware for pages, polling and WebSockets.

A web page of another site can make a browser send requests to this machine. Three checks refuse them:

- The header *Host* must name this machine. This refuses names of other sites that resolve to this machine (DNS
  rebinding).
- The header *Origin*, if the browser sends it, must be the address of the studio. A WebSocket must send it. Requests
  that the browser marks as sent by another site are refused, unless the user followed a link.
- If other machines can reach the studio, a request must contain a *token*. It is part of the address that the studio
  prints, and is then stored in a cookie.

The headers of replies forbid a page to load files from other hosts (Content-Security-Policy) and to be shown in a
frame.
"""

from __future__ import annotations

import hmac
import ipaddress
import socket
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]

LOOPBACK_NAMES = frozenset({"127.0.0.1", "localhost", "::1"})
MAX_SESSIONS = 100
_COOKIE = "wordkin-studio"
_HEADERS = {
    "content-security-policy": "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; "
    "style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; "
    "worker-src 'self' blob:; connect-src 'self'; object-src 'none'; base-uri 'self'; form-action 'self'; "
    "frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
}


@dataclass(frozen=True)
class Refusal:
    """The HTTP status and the text of the reply to a refused request."""

    status: int
    reason: str


class Guard:
    """ASGI middleware that refuses requests that do not come from pages of the studio.

    Parameters
    ----------
    app : ASGI application
        The application to protect.
    host : str
        The address that the studio listens on.
    token : str or None
        The token that requests must contain; None if only this machine can reach the studio.
    sessions : callable
        Returns the number of open tabs. If it is :data:`MAX_SESSIONS`, new pages are refused.
    """

    def __init__(self, app: App, *, host: str, token: str | None, sessions: Callable[[], int]) -> None:
        self._app = app
        self._host = host.strip("[]").lower()
        self._token = token
        self._sessions = sessions

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        headers = _headers(scope)
        refusal = self._refusal(scope, headers)
        if refusal is not None:
            await _refuse(scope, receive, send, refusal)
            return
        if self._token is not None and scope["type"] == "http":
            query = dict(parse_qsl(scope.get("query_string", b"").decode("latin-1"), keep_blank_values=True))
            given = query.pop("token", None)
            if given is not None and hmac.compare_digest(given.encode(), self._token.encode()):
                await _keep_token(send, self._token, scope["path"], query)
                return
        # NiceGUI would copy this header into the page, but there is no proxy that could set it.
        scope["headers"] = [each for each in scope["headers"] if each[0] != b"x-forwarded-prefix"]
        await self._app(scope, receive, _with_headers(send) if scope["type"] == "http" else send)

    def _refusal(self, scope: Message, headers: dict[str, list[str]]) -> Refusal | None:
        hosts = headers.get("host", [])
        if len(hosts) != 1 or not self._names_this_machine(hosts[0]):
            return Refusal(421, "Host must name this machine: open the address that wordkin studio printed.")
        if not _same_origin(scope, headers, hosts[0]):
            return Refusal(403, "Origin must be the studio: pages of other sites may not send requests to it.")
        if self._token is not None and not self._knows_token(scope, headers):
            return Refusal(401, "A token is needed: open the address that wordkin studio printed, with its token.")
        is_page = scope["type"] == "http" and not scope["path"].startswith("/_nicegui")
        if is_page and self._sessions() >= MAX_SESSIONS:
            return Refusal(503, f"The studio has {MAX_SESSIONS} open tabs, which is the maximum: close some of them.")
        return None

    def _names_this_machine(self, header: str) -> bool:
        name = _host_name(header)
        if name is None:
            return False
        if name in LOOPBACK_NAMES or name == self._host:
            return True
        if self._host in LOOPBACK_NAMES:
            return False
        # The token is still checked. A cookie belongs to one host name, so DNS rebinding cannot send it.
        return _is_address(name) or name in {socket.gethostname().lower(), socket.getfqdn().lower()}

    def _knows_token(self, scope: Message, headers: dict[str, list[str]]) -> bool:
        assert self._token is not None
        query = parse_qsl(scope.get("query_string", b"").decode("latin-1"))
        given = [value for name, value in query if name == "token"]
        for header in headers.get("cookie", []):
            try:
                cookie = SimpleCookie(header).get(_COOKIE)
            except CookieError:
                continue
            given += [] if cookie is None else [cookie.value]
        return any(hmac.compare_digest(each.encode(), self._token.encode()) for each in given)


def is_loopback(host: str) -> bool:
    """Return whether only this machine can reach an address."""
    name = host.strip("[]").lower()
    if name in LOOPBACK_NAMES:
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def _headers(scope: Message) -> dict[str, list[str]]:
    headers: dict[str, list[str]] = {}
    for name, value in scope["headers"]:
        headers.setdefault(name.decode("latin-1").lower(), []).append(value.decode("latin-1"))
    return headers


def _host_name(header: str) -> str | None:
    """Return the host name in a Host header in lower case, without the port; None if the header is invalid."""
    try:
        parts = urlsplit(f"//{header}")
        _ = parts.port  # raises ValueError if it is not a number
    except ValueError:
        return None
    if parts.netloc != header or "@" in header or parts.path or parts.query or parts.fragment:
        return None
    return parts.hostname


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _same_origin(scope: Message, headers: dict[str, list[str]], host: str) -> bool:
    origins = headers.get("origin", [])
    if scope["type"] == "websocket" and not origins:
        return False
    if any(origin.lower() not in (f"http://{host.lower()}", f"https://{host.lower()}") for origin in origins):
        return False
    sites = headers.get("sec-fetch-site", [])
    if all(site in ("same-origin", "none") for site in sites):
        return True
    follows_link = headers.get("sec-fetch-mode") == ["navigate"] and headers.get("sec-fetch-dest") == ["document"]
    return follows_link and scope.get("method") == "GET"


async def _refuse(scope: Message, receive: Receive, send: Send, refusal: Refusal) -> None:
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.close", "code": 1008, "reason": refusal.reason[:120]})
        return
    body = refusal.reason.encode()
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": refusal.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def _keep_token(send: Send, token: str, path: str, query: dict[str, str]) -> None:
    """Redirect a request with the token in its URL to the URL without it, and store the token in a cookie."""
    target = "/" + path.lstrip("/\\")
    target = f"{target}?{urlencode(query)}" if query else target
    cookie = f"{_COOKIE}={token}; Path=/; HttpOnly; SameSite=Lax"
    headers = [
        (b"location", target.encode("latin-1", "replace")),
        (b"set-cookie", cookie.encode()),
        (b"content-length", b"0"),
        (b"cache-control", b"no-store"),
        (b"referrer-policy", b"no-referrer"),
    ]
    await send({"type": "http.response.start", "status": 303, "headers": headers})
    await send({"type": "http.response.body", "body": b""})


def _with_headers(send: Send) -> Send:
    async def send_with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            kept = [each for each in message.get("headers", []) if each[0].lower().decode() not in _HEADERS]
            kept = [each for each in kept if not each[0].lower().startswith(b"access-control-")]
            added = [(name.encode(), value.encode()) for name, value in _HEADERS.items()]
            message = {**message, "headers": [*kept, *added]}
        await send(message)

    return send_with_headers
