"""Headers of directories: a small JSON file that says what the other files are."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from wordkin.errors import FormatError, shown
from wordkin.storage.files import reason


def read_header(path: Path, format_name: str, version: int, what: str) -> dict[str, Any]:
    """The entries of a header that names its format and version.

    Parameters
    ----------
    path : the file.
    format_name, version : what its entries ``format`` and ``version`` must be.
    what : what a directory with such a header is, for messages: "encoded corpus".

    Raises
    ------
    FormatError : there is no such header, or it is damaged, of something else or of another version.
    """
    try:
        header = json.loads(path.read_bytes())
    except OSError as error:
        raise FormatError(f"{str(path.parent)!r} holds no {what}: {path.name}: {reason(error)}") from error
    except (ValueError, RecursionError) as error:
        raise FormatError(f"{str(path)!r} is damaged: it is not JSON; encode the text again") from error
    if not isinstance(header, dict) or header.get("format") != format_name:
        raise FormatError(f"{str(path)!r} is not the header of an {what}")
    if header.get("version") != version:
        raise FormatError(
            f"{str(path)!r} is of version {shown(header.get('version'))}, but this wordkin reads version {version}; "
            "encode the text again"
        )
    return header
