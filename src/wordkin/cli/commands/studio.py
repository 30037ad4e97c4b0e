"""``wordkin studio``: a web page on this machine to explore vectors, train them and learn how it works."""

from __future__ import annotations

from typing import Annotated

import typer

from wordkin.cli.options import COMMON, Option, with_options
from wordkin.config import Number

_PORT = Option(
    Number(1, 65535, integer=True, optional=True),
    "Port to listen on; 8080, or the next free one, unless set.",
    panel=COMMON,
)


@with_options({"port": _PORT})
def studio(
    vectors: Annotated[
        list[str] | None,
        typer.Argument(metavar="VECTORS", help="Files of vectors to offer.", show_default=False),
    ] = None,
    *,
    port: int | None = None,
    host: Annotated[
        str | None,
        typer.Option(
            "--host",
            metavar="ADDRESS",
            help="Address to listen on; another than this machine's own makes the studio ask for a token.  "
            "[default: 127.0.0.1]",
            rich_help_panel=COMMON,
            show_default=False,
        ),
    ] = None,
    no_browser: Annotated[
        bool, typer.Option("--no-browser", help="Do not open the browser.", rich_help_panel=COMMON)
    ] = False,
) -> None:
    """Open the studio: explore vectors, train them, and see how training works, in the browser.

    The pages may open files below the current folder, and the VECTORS named. Nothing leaves this machine.
    """
    from wordkin.studio import DEFAULT_HOST, run_studio

    run_studio(vectors or (), host=DEFAULT_HOST if host is None else host, port=port, open_browser=not no_browser)
