"""Handling of bytes that are invalid in the encoding of a file, and of strings that UTF-8 cannot encode."""

from __future__ import annotations

import codecs
import re
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from wordkin.errors import CorpusWarning, EncodingError, warn

SAMPLE_BYTES = 1 << 20
"""The encoding of a file is checked on this many of its first bytes."""

_MOST_INVALID = 0.01  # fraction of invalid tokens above which the text is taken to be in another encoding
_FEW = 5  # up to this many invalid tokens are tolerated, unless all tokens are invalid
_ISO_2022 = {"iso2022_jp": re.compile(rb"\x1b\$[@B]"), "iso2022_kr": re.compile(rb"\x1b\$\)C|\x0e[!-~]+\x0f")}
_UTF8_CHARACTERS = re.compile(rb"[\xc2-\xf4][\x80-\xbf]+")
_MANY = 10  # characters beyond ASCII: short texts in some encodings are valid UTF-8 by chance
_WIDE = ("utf_16", "utf_32")
_SURROGATES = re.compile("[\ud800-\udfff]")
_MOST_GUESSED_BYTES = 1 << 16  # charset-normalizer would take seconds for more


class ByteStream(Protocol):
    """A readable stream of bytes."""

    def read(self, size: int, /) -> bytes:
        """Return at most ``size`` bytes; an empty result means the end of the stream."""


def means_utf8(encoding: str) -> bool:
    """Whether ``encoding`` names UTF-8, with or without a byte-order mark."""
    return codecs.lookup(encoding).name in ("utf-8", "utf-8-sig")


def decode(text: bytes, encoding_errors: str, name: str, position: int) -> str:
    """Decode UTF-8 with the error handler ``encoding_errors``.

    With "strict", invalid bytes raise an :class:`EncodingError` with the name of the file and the position of the byte
    in the file. ``position`` is the position in the file of the first byte of ``text``.
    """
    try:
        return text.decode("utf-8", encoding_errors)
    except UnicodeDecodeError as error:
        raise not_valid(name, "UTF-8", position + error.start, text[error.start]) from error


def not_valid(name: str, encoding: str, position: int, byte: int) -> EncodingError:
    """Return the error to raise for an invalid byte with ``encoding_errors="strict"``.

    ``position`` is the number of bytes of the file before the invalid one.
    """
    return EncodingError(
        f"{name!r} is not valid {encoding} at byte {position:,} (0x{byte:02x}): "
        'convert the file, or pass encoding_errors="replace"'
    )


def cannot_decode(name: str, encoding: str, error: UnicodeError) -> EncodingError:
    """Return the error for text that a codec cannot decode at all, such as UTF-16 without a byte-order mark."""
    codec = codecs.lookup(encoding).name
    if codec in ("utf-16", "utf-32"):
        return EncodingError(
            f"{name} has no byte-order mark, which {encoding} begins with: pass the byte order too, as "
            f'encoding="{codec}-le" or "{codec}-be"'
        )
    reason = " ".join(str(error).split())
    return EncodingError(f'{name} cannot be read as {encoding} ({reason}): pass its encoding, as in encoding="cp949"')


class Transcoded:
    """Converts a stream of bytes in another encoding to UTF-8 while it is read.

    Attributes
    ----------
    replaced : int
        Number of white-space tokens with invalid bytes so far.
    """

    def __init__(self, stream: ByteStream, encoding: str, encoding_errors: str, name: str) -> None:
        self._stream, self._encoding, self._errors, self._name = stream, encoding, encoding_errors, name
        self._decoder = codecs.getincrementaldecoder(encoding)("strict")
        self._position = 0
        self._ended = False
        self.replaced = 0

    def read(self, size: int, /) -> bytes:
        """Read about ``size`` bytes of the stream, and return them converted to UTF-8; empty at the end."""
        while not self._ended:
            data = self._stream.read(size)
            self._ended = not data
            try:
                text = self._decode(data, final=self._ended)
            except UnicodeError as error:
                raise cannot_decode(repr(self._name), self._encoding, error) from error
            self._position += len(data)
            if text:
                return text.encode("utf-8", "replace")
        return b""

    def _decode(self, data: bytes, *, final: bool) -> str:
        state = self._decoder.getstate()
        try:
            return self._decoder.decode(data, final)
        except UnicodeDecodeError as error:
            if self._errors == "strict":
                pending = len(error.object) - len(data)  # bytes of a partial character from the previous read
                position = self._position - pending + error.start
                raise not_valid(self._name, self._encoding, position, error.object[error.start]) from error
        self._decoder.setstate(state)
        self._decoder.errors = "replace"
        text = self._decoder.decode(data, final)
        self._decoder.errors = "strict"
        self.replaced += sum("\ufffd" in token for token in text.split())
        return text.replace("\ufffd", "") if self._errors == "ignore" else text


def refuse_other_encoding(sample: bytes, encoding: str, name: str) -> None:
    """Raise :class:`EncodingError` if a sample of a file is probably not in ``encoding``.

    The error is raised if more than 1% of the white-space tokens, and more than a few, are invalid. Its message
    suggests an encoding that fits the sample. The sample may end inside a character. Warns if the sample is valid UTF-8
    and ``encoding`` is not UTF-8.
    """
    decoder = codecs.getincrementaldecoder(encoding)
    try:
        try:
            decoder("strict").decode(sample)
        except UnicodeDecodeError:
            tokens = decoder("replace").decode(sample).split()
            refuse_too_many_invalid(sum("\ufffd" in token for token in tokens), len(tokens), sample, encoding, name)
    except UnicodeError as error:
        raise cannot_decode(name, encoding, error) from error
    if not means_utf8(encoding):
        _warn_of_utf8(sample, encoding, name)


def _warn_of_utf8(sample: bytes, encoding: str, name: str) -> None:
    """Warn if a sample is valid UTF-8 and has many characters beyond ASCII, although another encoding was given.

    Text in another encoding is hardly ever valid UTF-8.
    """
    number = len(_UTF8_CHARACTERS.findall(sample))
    if number < _MANY:
        return
    try:
        codecs.getincrementaldecoder("utf-8")("strict").decode(sample)
    except UnicodeDecodeError:
        return
    warn(
        f"{name} is valid UTF-8, with {number:,} characters beyond ASCII at its beginning, but is read as {encoding}: "
        "leave encoding out if words look wrong",
        CorpusWarning,
    )


def refuse_escapes(sample: bytes, name: str) -> None:
    """Raise :class:`EncodingError` if a sample has more than a few escape sequences of ISO 2022.

    Text in ISO 2022 consists of ASCII bytes and is therefore valid UTF-8, so no other check finds it.
    """
    for encoding, switch in _ISO_2022.items():
        number = len(switch.findall(sample))
        if number > _FEW and number > _MOST_INVALID * len(sample.split()):
            raise EncodingError(
                f"{name!r} has {number:,} escape sequences of ISO 2022 at its beginning, so it is not UTF-8: "
                f'pass its encoding, perhaps encoding="{encoding}"'
            )


def refuse_too_many_invalid(invalid: int, tokens: int, sample: bytes, encoding: str, name: str) -> None:
    """Raise :class:`EncodingError` if too many tokens are invalid: more than 1%, and more than a few.

    ``tokens`` is the number of tokens, and ``invalid`` the number of those that are invalid in ``encoding``. ``sample``
    is the beginning of the text, from which the message derives the encoding that it suggests.
    """
    if invalid > _MOST_INVALID * tokens and (invalid > _FEW or invalid == tokens):
        shown = "UTF-8" if means_utf8(encoding) else encoding
        guess = guess_encoding(sample, encoding)
        suggestion = f"perhaps encoding={guess!r}" if guess else "as in encoding='cp949', or clean the text"
        raise EncodingError(
            f"{name}: {invalid:,} of {tokens:,} words ({invalid / tokens:.0%}) are not valid {shown}: "
            + f"pass its encoding, {suggestion}".replace("'", '"')
        )


def guess_encoding(sample: bytes, encoding: str) -> str | None:
    """Guess the encoding of a sample with charset-normalizer.

    Returns None if it finds no encoding, or only ``encoding``, which is known to be wrong.
    """
    import charset_normalizer

    if len(sample) > _MOST_GUESSED_BYTES:  # cut where no character is cut
        part = sample[:_MOST_GUESSED_BYTES]
        sample = part[: max(part.rfind(b"\n"), part.rfind(b" ")) + 1] or part
    guesses = iter(charset_normalizer.from_bytes(sample))
    # Text in UTF-16 and UTF-32 has zero bytes, in its spaces and line ends.
    found = next((each for each in guesses if b"\0" in sample or not each.encoding.startswith(_WIDE)), None)
    if found is None or codecs.lookup(found.encoding).name == codecs.lookup(encoding).name:
        return None
    return found.encoding


def encode_texts(texts: list[str], encoding_errors: str, name: str) -> tuple[bytes, int]:
    """Encode strings as lines of UTF-8; also return the number of tokens with lone surrogates.

    With ``encoding_errors="strict"``, a lone surrogate raises an :class:`EncodingError`. Otherwise, lone surrogates are
    replaced or removed.
    """
    joined = "\n".join(texts)
    try:
        return joined.encode() + b"\n", 0
    except UnicodeEncodeError as error:
        if encoding_errors == "strict":
            raise EncodingError(
                f"{name}: the text {joined[max(0, error.start - 20) : error.end]!r} has a lone surrogate, which UTF-8 "
                'cannot hold: clean the text, or pass encoding_errors="replace"'
            ) from error
    changed = sum(bool(_SURROGATES.search(token)) for token in joined.split())
    return without_surrogates(joined, encoding_errors).encode() + b"\n", changed


def without_surrogates(text: str, encoding_errors: str) -> str:
    """Replace lone surrogates by U+FFFD if ``encoding_errors`` is "replace"; otherwise remove them."""
    return _SURROGATES.sub("\ufffd" if encoding_errors == "replace" else "", text)


def replace_surrogates(words: list[str], counts: NDArray[np.int64], encoding_errors: str) -> bool:
    """Replace or remove lone surrogates in a list of words, in place; return whether there were any.

    ``encoding_errors`` selects what to do; "strict" raises an :class:`EncodingError`. ``counts`` are the counts of the
    words, for the warning.
    """
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
        words[number] = without_surrogates(words[number], encoding_errors)
    return True


def warn_of_invalid(number: int, what: str, encoding_errors: str, encoding: str = "UTF-8") -> None:
    """Warn that ``number`` words or lines (``what``) had invalid bytes, which were replaced or ignored."""
    action = "replaced by U+FFFD" if encoding_errors == "replace" else "ignored"
    warn(
        f"invalid {encoding} in {number:,} {what} was {action}; "
        'encoding_errors="strict" raises an error that names the position',
        CorpusWarning,
    )
