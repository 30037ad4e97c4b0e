"""The studio: a web page on this machine to look at vectors, train them and learn how training works.

``wordkin studio`` starts it; :func:`run_studio` does the same from Python. It needs the extra ``studio``
(NiceGUI, whose JavaScript comes inside its wheel): no request leaves the machine.

==================  ===============================================================================
``server``          starts the server: address, token, routes
``guard``           ASGI middleware: Host, Origin, token, number of sessions, headers of replies
``workspace``       which files may be opened: those below the started folder, and those named
``library``         opened vectors, shared by tabs, closed with the last tab that shows them
``catalogue``       the texts of the interface, one JSON file per language in ``texts/``
``view``            what one tab has: its language, theme and state in the URL; the frame around a page
``pages``           the list of all pages
``start``           the first page
``explore``         search, neighbours, map, questions, comparison
``train``           training in its own process, seen live
``lesson``          the lesson
==================  ===============================================================================
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from wordkin.errors import MissingExtraError

DEFAULT_HOST = "127.0.0.1"
DEFAULT_PORT = 8080


def run_studio(
    vectors: Sequence[str | Path] = (),
    *,
    folder: str | Path = ".",
    host: str = DEFAULT_HOST,
    port: int | None = None,
    open_browser: bool = True,
) -> None:
    """Serve the studio until it is stopped by Ctrl-C.

    Parameters
    ----------
    vectors : files of vectors to offer, wherever they lie.
    folder : the folder whose files the pages may open; no other file is read or served.
    host : address to listen on. Anything but this machine's own (127.0.0.1, ::1, localhost) makes
        the studio ask for a token, which is part of the address it prints.
    port : port to listen on; 8080, or the next free one, unless set.
    open_browser : whether to show the first page in the browser.

    Raises
    ------
    MissingExtraError : NiceGUI is not installed.
    ConfigError : the address cannot be used, or a file of vectors has an unknown suffix.
    CorpusNotFoundError : a file of vectors does not exist.
    """
    try:
        import nicegui  # noqa: F401
    except ImportError as error:
        raise MissingExtraError("the studio", "studio") from error
    from wordkin.studio.server import serve

    serve(vectors, folder=Path(folder), host=host, port=port, open_browser=open_browser)
