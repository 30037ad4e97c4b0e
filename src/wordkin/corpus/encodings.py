"""What becomes of bytes and strings that UTF-8 cannot represent."""

from __future__ import annotations

import re

import numpy as np
from numpy.typing import NDArray

from wordkin.errors import CorpusWarning, EncodingError, warn

_SURROGATES = re.compile("[\ud800-\udfff]")


def is_utf8(text: bytes) -> bool:
    """Whether the bytes are valid UTF-8."""
    try:
        text.decode()
    except UnicodeDecodeError:
        return False
    return True


def decode(text: bytes, encoding_errors: str, name: str, position: int) -> str:
    """The text as a string; :class:`EncodingError` says where in the file ``name`` a strict decoding fails.

    ``position`` is that of the first byte of ``text``.
    """
    try:
        return text.decode("utf-8", encoding_errors)
    except UnicodeDecodeError as error:
        raise EncodingError(
            f"{name!r} is not valid UTF-8 at byte {position + error.start:,} (0x{text[error.start]:02x}): "
            'convert the file, or pass encoding_errors="replace"'
        ) from error


def replace_surrogates(words: list[str], counts: NDArray[np.int64], encoding_errors: str) -> bool:
    """Apply the policy, in place, to words with lone surrogates, which UTF-8 cannot hold; whether there were any."""
    try:
        "".join(words).encode()
    except UnicodeEncodeError:
        found = [number for number, word in enumerate(words) if _SURROGATES.search(word)]
    else:
        return False
    if encoding_errors == "strict":
        raise EncodingError(
            f"the word {words[found[0]]!r} has a lone surrogate, which UTF-8 cannot hold: "
            'clean the words, or pass encoding_errors="replace"'
        )
    warn_of_invalid(int(counts[found].sum()), "words", encoding_errors)
    for number in found:
        words[number] = _SURROGATES.sub("\ufffd" if encoding_errors == "replace" else "", words[number])
    return True


def warn_of_invalid(number: int, what: str, encoding_errors: str) -> None:
    """Say how many words or lines the policy had to change."""
    action = "replaced by U+FFFD" if encoding_errors == "replace" else "ignored"
    warn(
        f'invalid UTF-8 in {number:,} {what} was {action}; encoding_errors="strict" stops there and says where it is',
        CorpusWarning,
    )
