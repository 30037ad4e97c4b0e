"""The header of a format that is a directory: a small JSON file that describes the other files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from wordkin.errors import FormatError, shown
from wordkin.storage.files import reason


def read_header(path: Path, format_name: str, version: int, what: str) -> dict[str, Any]:
    """Read a header and check its format and version.

    Parameters
    ----------
    path : Path
        The header file.
    format_name : str
        Required value of its entry ``format``.
    version : int
        Required value of its entry ``version``.
    what : str
        Noun for the directory in messages, such as "encoded corpus".

    Raises
    ------
    FormatError
        The header is missing or damaged, or it has another format or version.
    """
    try:
        header = json.loads(path.read_bytes())
    except OSError as error:
        raise FormatError(
            f"{str(path.parent)!r} is not an {what}: {path.name} cannot be read ({reason(error)})"
        ) from error
    except (ValueError, RecursionError) as error:
        raise FormatError(f"{str(path)!r} is damaged, because it is not valid JSON: encode the text again") from error
    if not isinstance(header, dict) or header.get("format") != format_name:
        raise FormatError(f"{str(path)!r} is not the header of an {what}")
    if header.get("version") != version:
        raise FormatError(
            f"{str(path)!r} has format version {shown(header.get('version'))}, but this wordkin reads version "
            f"{version}: encode the text again"
        )
    return header
