"""ASGI middleware that answers requests for the static files of NiceGUI from memory.

A page needs a dozen of these files before it is shown. Without this middleware, NiceGUI reads each file in a thread,
and compresses it for every request.
"""

from __future__ import annotations

import gzip
import mimetypes
import os
from pathlib import Path

from wordkin.studio.guard import App, Message, Receive, Send

_COMPRESSED = (".woff2",)  # suffixes of files that are already compressed


class Assets:
    """ASGI middleware that serves the files of a folder, and passes all other requests on.

    Parameters
    ----------
    app : ASGI application
        The application that answers the other requests.
    prefix : str
        The beginning of the URL paths of these files, which stands for the folder.
    folder : Path
        The folder. Files that are added later are not served.
    compress : bool
        Whether to compress each file once with gzip, for browsers that accept it. This costs time, and saves none if
        the browser runs on this machine.
    """

    def __init__(self, app: App, *, prefix: str, folder: Path, compress: bool) -> None:
        self._app, self._compress = app, compress
        found = [Path(top) / name for top, _, names in os.walk(folder) for name in names]
        self._files = {f"{prefix}/{path.relative_to(folder).as_posix()}": path for path in found}
        self._bodies: dict[tuple[Path, bool], bytes] = {}

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        asked = scope["type"] == "http" and scope["method"] in ("GET", "HEAD")
        path = self._files.get(scope["path"]) if asked else None
        if path is None:
            await self._app(scope, receive, send)
            return
        compressed = self._compress and path.suffix not in _COMPRESSED and _accepts_gzip(scope)
        body = self._body(path, compressed)
        kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
        headers = [
            (b"content-type", kind.encode()),
            (b"content-length", str(len(body)).encode()),
            (b"vary", b"accept-encoding"),
        ]
        if compressed:
            headers.append((b"content-encoding", b"gzip"))
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})

    def _body(self, path: Path, compressed: bool) -> bytes:
        if (path, compressed) not in self._bodies:
            content = path.read_bytes()
            self._bodies[path, compressed] = gzip.compress(content, 6) if compressed else content
        return self._bodies[path, compressed]


def _accepts_gzip(scope: Message) -> bool:
    accepted = b",".join(value for name, value in scope["headers"] if name == b"accept-encoding")
    offers = [each.replace(b" ", b"").lower().split(b";") for each in accepted.split(b",")]
    return any(name == b"gzip" and weight not in ([b"q=0"], [b"q=0.0"]) for name, *weight in offers)
