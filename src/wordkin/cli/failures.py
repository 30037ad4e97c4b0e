"""Exit codes, and one-line error messages that name parameters as the command line does.

====  ====================================================================== 0     success 1     the command failed
while running: training diverged, the disk is full 2     invalid usage or input: an option, a file or a word is not
valid 129   stopped by SIGHUP, for example because the terminal was closed 130   stopped by Ctrl-C 141   the reader of
the output closed the pipe, as ``| head`` does 143   stopped by SIGTERM ====
======================================================================
"""

from __future__ import annotations

import re
import shlex
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

from wordkin.errors import (
    CheckpointError,
    ConfigError,
    CorpusError,
    CorpusNotFoundError,
    FormatError,
    MissingExtraError,
    UnknownWordError,
    WordkinError,
    shown,
)

DONE, FAILED, BAD_USAGE, HUNG_UP, INTERRUPTED, BROKEN_PIPE, TERMINATED = 0, 1, 2, 129, 130, 141, 143
# A hint in CorpusNotFoundError for Python callers who passed a text. On the command line, a corpus is always a path.
_FOR_PYTHON_ONLY = re.compile(r"; if you meant words or a text instead of a path, .*")
# The remedy in FormatError for Python callers who passed a path where vectors can be passed.
_LOAD = re.compile(r"; load takes this option, as in .*")
_BAD_INPUT = (CheckpointError, ConfigError, CorpusError, FormatError, MissingExtraError, UnknownWordError)


class UsageError(Exception):
    """The arguments are not valid, or a file that they name cannot be used. Raised before the work begins."""


def pip_of_this_python() -> str:
    """Return the command that runs pip in this environment.

    The ``pip`` on the path may install into another environment.
    """
    found = shutil.which("pip")
    own = found is not None and Path(found).parent == Path(sys.executable).parent
    return "pip" if own else f"{shlex.quote(sys.executable)} -m pip"


def exit_code(error: Exception) -> int:
    """Return the exit code for an error."""
    return BAD_USAGE if isinstance(error, (UsageError, *_BAD_INPUT)) else FAILED


def describe(error: Exception, spellings: Mapping[str, str]) -> str:
    """Format an error as one line of text.

    Parameters
    ----------
    error : Exception
        The error.
    spellings : mapping of str to str
        Python names of parameters and their command-line spellings, such as ``min_count`` and ``--min-count``. Names
        in the message are replaced accordingly.
    """
    match error:
        case ConfigError():
            name = spellings.get(error.parameter, error.parameter)
            message = f"{name} {respell(error.rule, spellings)}; got {shown(error.value)}"
            text = f"{message}: {respell(error.remedy, spellings)}" if error.remedy else message
        case CorpusNotFoundError():
            text = _FOR_PYTHON_ONLY.sub("", str(error)).replace("with build_index()", "with wordkin index")
        case MissingExtraError():
            text = str(error).replace("pip install", f"{pip_of_this_python()} install")
        case FormatError() if _LOAD.search(str(error)):
            text = _LOAD.sub("; wordkin convert has this option: convert the file first", str(error))
            text = respell(text, {"bad_rows": "--bad-rows", "encoding_errors": "--encoding-errors"})
        case WordkinError():
            text = respell(str(error), spellings).replace("with build_index()", "with wordkin index")
        case UsageError():
            text = str(error)
        case MemoryError():
            text = "not enough memory: use a smaller --vector-size or --max-vocabulary, or a larger machine"
        case OSError(strerror=str(reason)):
            text = f"{error.filename}: {reason}" if error.filename else reason
        case _:
            text = (
                f"unexpected {type(error).__name__}: {error}. This is a bug in wordkin: please report it "
                "with the traceback that WORDKIN_DEBUG=1 shows"
            )
    return " ".join(text.split())


def respell(text: str, spellings: Mapping[str, str]) -> str:
    """Replace Python names of parameters in a message by their command-line spelling.

    ``name="value"`` becomes ``--name value`` and ``flag=False`` becomes ``--no-flag``. A name without a value is
    replaced only if it contains an underscore; otherwise it could be an English word.
    """

    def with_value(match: re.Match[str]) -> str:
        spelling = spellings.get(match["name"])
        match spelling, match["value"]:
            case None, _:
                return match[0]
            case str(), "True":
                return spelling
            case str(), "False":
                return spelling.replace("--", "--no-", 1)
        return f"{spelling} {match['value']}"

    text = re.sub(r"\b(?P<name>[a-z_]+)=(?P<value>\"[^\"]*\"|'[^']*'|[\w.+-]*\w)", with_value, text)
    return re.sub(r"(?<![-\w])[a-z]+(_[a-z]+)+\b", lambda match: spellings.get(match[0], match[0]), text)
