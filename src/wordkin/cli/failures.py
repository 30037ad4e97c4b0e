"""What a user sees of an error: one line, in the spelling of the command line, and an exit code.

====  ======================================================================
0     done
1     a failure while running: training diverged, the disk is full
2     bad usage or input: an option, a file or a word is not what it must be
129   stopped by SIGHUP, as when its terminal is closed
130   stopped by Ctrl-C
141   whoever read the output has gone, as in ``| head``
143   stopped by SIGTERM
====  ======================================================================
"""

from __future__ import annotations

import re
from collections.abc import Mapping

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
# What the library says of a path that is not there to callers who may have meant words; nobody does so here.
_FOR_PYTHON_ONLY = re.compile(r", or, if words were meant, .*")
_BAD_INPUT = (CheckpointError, ConfigError, CorpusError, FormatError, MissingExtraError, UnknownWordError)


class UsageError(Exception):
    """The command line itself is wrong, or what it names cannot be used; found before the work begins."""


def exit_code(error: Exception) -> int:
    """The exit code that stands for an error."""
    return BAD_USAGE if isinstance(error, (UsageError, *_BAD_INPUT)) else FAILED


def describe(error: Exception, spellings: Mapping[str, str]) -> str:
    """An error as one line of text.

    Parameters
    ----------
    spellings : how the command spells its parameters: ``min_count`` as ``--min-count``, say. Messages
        of the library, made for callers from Python, are rewritten by it.
    """
    match error:
        case ConfigError():
            name = spellings.get(error.parameter, error.parameter)
            message = f"{name} {respell(error.rule, spellings)}; got {shown(error.value)}"
            text = f"{message}: {respell(error.remedy, spellings)}" if error.remedy else message
        case CorpusNotFoundError():
            text = _FOR_PYTHON_ONLY.sub("", str(error)).replace("with build_index()", "with wordkin index")
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
                f"unexpected {type(error).__name__}: {error}. This is a fault of wordkin: please report it "
                "with the traceback that WORDKIN_DEBUG=1 shows"
            )
    return " ".join(text.split())


def respell(text: str, spellings: Mapping[str, str]) -> str:
    """Rewrite what a message says of parameters.

    ``name="value"`` becomes ``--name value`` and ``flag=False`` becomes ``--no-flag``; bare names
    change only where an underscore tells them from a word of English.
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
