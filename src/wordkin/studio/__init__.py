"""The studio: web pages, served on this machine, to explore vectors, train them and learn how training works.

``wordkin studio`` or :func:`run_studio` starts it. It needs the extra ``studio`` (NiceGUI). The pages load no file from
another host, because the wheel of NiceGUI contains all JavaScript.

==================  ===============================================================================
``server``          starts the server: address, token, routes
``loading``         loads NiceGUI without parts that the studio does not use
``assets``          ASGI middleware: serves the static files of NiceGUI from memory
``guard``           ASGI middleware: checks Host, Origin, token and number of sessions; sets headers
``workspace``       the files that pages may open
``library``         opened vectors, shared by all tabs
``catalogue``       the texts of the interface, one JSON file per language in ``texts/``
``view``            the state of one tab: language, theme, parameters of the URL; the page frame
``live``            HTML that changes often, sent without rendering the page again
``pages``           the list of all pages
``start``           the first page
``explore``         search, neighbours, map, questions, comparison
``train``           training in a separate process, with live progress
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
    """Serve the studio until Ctrl-C stops it.

    Parameters
    ----------
    vectors : sequence of str or Path, default ()
        Files of vectors to list, in any directory.
    folder : str or Path, default "."
        Pages may open the files in this directory and its subdirectories, and no others except ``vectors``.
    host : str, default "127.0.0.1"
        Address to listen on. If other machines can reach it, the studio requires a token, which is part of the address
        that it prints.
    port : int or None, default None
        Port to listen on. None selects 8080 or the next free port.
    open_browser : bool, default True
        Whether to open the first page in the browser.

    Raises
    ------
    MissingExtraError
        NiceGUI is not installed.
    ConfigError
        The address cannot be used, or a file of vectors has an unknown suffix.
    CorpusNotFoundError
        A file of vectors does not exist.
    """
    try:
        import nicegui  # noqa: F401
    except ImportError as error:
        raise MissingExtraError("the studio", "studio") from error
    from wordkin.studio.server import serve

    serve(vectors, folder=Path(folder), host=host, port=port, open_browser=open_browser)
