"""``wordkin studio``: serve web pages on this machine to explore vectors, train them and learn how training works."""

from __future__ import annotations

from typing import Annotated

import typer

from wordkin.cli.options import COMMON, Option, with_options
from wordkin.config import Number

_PORT = Option(
    Number(1, 65535, integer=True, optional=True),
    "Port to listen on. Default: 8080 or the next free port.",
    panel=COMMON,
)


@with_options({"port": _PORT})
def studio(
    vectors: Annotated[
        list[str] | None,
        typer.Argument(metavar="VECTORS", help="Files of vectors to list in the studio.", show_default=False),
    ] = None,
    *,
    port: int | None = None,
    host: Annotated[
        str | None,
        typer.Option(
            "--host",
            metavar="ADDRESS",
            help="Address to listen on. With an address that other machines can reach, the studio asks for a token.  "
            "[default: 127.0.0.1]",
            rich_help_panel=COMMON,
            show_default=False,
        ),
    ] = None,
    no_browser: Annotated[
        bool, typer.Option("--no-browser", help="Do not open the browser.", rich_help_panel=COMMON)
    ] = False,
) -> None:
    """Open the studio in the browser: explore vectors, train them, and see how training works.

    The pages can open files below the current directory and the VECTORS given. No data leaves this machine.
    """
    from wordkin.studio import DEFAULT_HOST, run_studio
    from wordkin.studio.loading import load_nicegui_alone

    load_nicegui_alone()
    run_studio(vectors or (), host=DEFAULT_HOST if host is None else host, port=port, open_browser=not no_browser)
