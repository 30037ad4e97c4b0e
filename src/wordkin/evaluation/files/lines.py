"""Read, decode and number the lines of a benchmark file."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from pathlib import Path

from wordkin.errors import ConfigError, CorpusNotFoundError, FormatError

_OTHER_KINDS = (
    (re.compile(rb"\x1f\x8b"), "compressed with gzip: unpack it first"),
    (re.compile(rb"PK\x03\x04"), "an archive or a spreadsheet (.xlsx): unpack it, or save it as CSV"),
    (re.compile(rb"%PDF-"), "a PDF: copy its items into a text file"),
    (
        re.compile(rb"\s*<(!doctype html|html|\?xml)", re.IGNORECASE),
        "a web page: download the file itself",
    ),
)
_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark is a prefix of this one
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_LINE_END = re.compile(r"\r\n|\n|\r")
_COMMENT_MARKS = ("#", "//")
_LONGEST_SHOWN = 80
SKIP_LINES = 'pass bad_items="skip" to skip such lines'  # the remedy for a line that cannot be used


@dataclass(frozen=True, slots=True)
class Line:
    """A nonempty line of a file. ``number`` is its line number, from 1; empty lines are counted, too."""

    text: str
    number: int
    path: Path

    def error(self, rule: str, remedy: str = "") -> FormatError:
        """Return a FormatError that names the file and quotes this line with its number."""
        shown = self.text if len(self.text) <= _LONGEST_SHOWN else self.text[: _LONGEST_SHOWN - 3] + "..."
        message = f"{self.path}, line {self.number}: {rule}; got {shown!r}"
        return FormatError(f"{message}: {remedy}" if remedy else message)

    @property
    def is_marked(self) -> bool:
        """Whether the line starts with ``#`` or ``//``, as a comment or a word such as ``#love`` does."""
        return self.text.startswith(_COMMENT_MARKS)

    @property
    def mark_is_a_word(self) -> bool:
        """Whether text follows the ``#`` or ``//`` without a space, as in ``#love``."""
        return re.match(r"(#|//)[^\s#/]", self.text) is not None


def read_lines(path: Path, encoding: str | None) -> list[Line]:
    """Return the nonempty lines of a file.

    Spaces at both ends of a line are removed. Tabs are not removed, because the first or last cell may be empty.

    Raises
    ------
    CorpusNotFoundError
        The file does not exist.
    FormatError
        The file cannot be read, or is not text in the encoding.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise CorpusNotFoundError(f"there is no benchmark file {str(path)!r}: check the path") from None
    except OSError as error:
        raise FormatError(f"the benchmark file {str(path)!r} cannot be read: {error.strerror}") from error
    for pattern, what in _OTHER_KINDS:
        if pattern.match(content):
            raise FormatError(f"{path} must be a text file, but is {what}")
    text = _decode(content, path, encoding)
    if "\0" in text:
        raise FormatError(
            f"{path} must be a text file; got null bytes: pass another file, or the encoding of this file as encoding="
        )
    stripped = ((number, raw.strip(" \ufeff")) for number, raw in enumerate(_LINE_END.split(text), start=1))
    return [Line(each, number, path) for number, each in stripped if each.strip()]


def _decode(content: bytes, path: Path, encoding: str | None) -> str:
    for mark, name in _BYTE_ORDER_MARKS:
        if content.startswith(mark):
            content, encoding = (content[len(mark) :] if name == "utf-8" else content), name
            break
    encoding = "utf-8" if encoding is None else encoding
    try:
        return content.decode(encoding)
    except LookupError:
        raise ConfigError("encoding", "must be the name of an encoding, such as utf-8 or latin-1", encoding) from None
    except UnicodeDecodeError as error:
        number = len(re.findall(rb"\r\n|\n|\r", content[: error.start])) + 1
        raise FormatError(
            f"{path}, line {number}, is not valid {encoding.upper()} (byte {content[error.start]:#04x}): "
            "pass the encoding of the file as encoding="
        ) from error
