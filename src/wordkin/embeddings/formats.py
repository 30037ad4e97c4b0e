"""Which format a file has, and the one way in and out."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, get_args

from wordkin.embeddings.embeddings import Embeddings, Whitespace
from wordkin.embeddings.native_format import read_native, write_native
from wordkin.embeddings.unsupported import unsupported_kind
from wordkin.embeddings.word2vec_format import ReadOptions, read_binary, read_text, write_binary, write_text
from wordkin.errors import ConfigError
from wordkin.storage.files import InputFile, check_writable, replacing

FORMATS = {".safetensors": "safetensors", ".bin": "bin", ".txt": "text", ".vec": "text"}
SUFFIXES = ".safetensors, .bin, .txt or .vec, each also with .gz"
Format = Literal["safetensors", "bin", "text"]
DecodingErrors = Literal["strict", "replace", "ignore", "backslashreplace"]
Duplicates = Literal["error", "first"]


def save_embeddings(
    vectors: Embeddings, path: str | Path, *, header: bool = True, whitespace: Whitespace = "refuse"
) -> None:
    """Write vectors in the format of the file's suffix: whole, or not at all.

    Parameters
    ----------
    path : ``.safetensors`` for the native format; ``.bin``, ``.txt`` or ``.vec`` for those of word2vec,
        which hold words and float32 vectors only; each also with ``.gz``.
    header : for text, whether line 1 gives the sizes (word2vec, fastText) or not (GloVe).
    whitespace : what becomes of white space in words where the format has no room for it: "refuse" or
        "underscore".

    Raises
    ------
    ConfigError : an unknown suffix or option, or a word that the format cannot hold.
    OutputError : the system refused to write; what stood at ``path`` before still does.
    """
    path = Path(path)
    kind = format_of(path)
    if whitespace not in ("refuse", "underscore"):
        raise ConfigError("whitespace", 'must be one of "refuse", "underscore"', whitespace)
    if not header and kind != "text":
        raise ConfigError("header", "must be True for formats other than text", header)
    check_writable(path)
    with replacing(path) as stream:
        if kind == "safetensors":
            write_native(vectors, stream)
        elif kind == "bin":
            write_binary(vectors, stream, whitespace)
        else:
            write_text(vectors, stream, whitespace, header)


def load_embeddings(
    path: str | Path,
    *,
    format: Format | None = None,
    limit: int | None = None,
    encoding_errors: DecodingErrors | None = None,
    duplicates: Duplicates | None = None,
    header: bool | None = None,
) -> Embeddings:
    """Read vectors from any format that :func:`save_embeddings` writes, and their relatives.

    Parameters
    ----------
    path : a file; gzip is recognised by its content.
    format : "safetensors", "bin" (word2vec binary) or "text" (word2vec, fastText ``.vec``, GloVe); by the
        file's suffix unless set.
    limit : read only this many first words.
    encoding_errors : what to do with words that are not valid UTF-8: "strict" (the default) refuses
        them, "replace", "ignore" and "backslashreplace" do as Python's decoder does.
    duplicates : "error" (the default) refuses a file with a word twice, "first" keeps the first.
    header : for text, whether line 1 gives the sizes; found out unless set.

    The native file is memory-mapped: opening it reads the vocabulary, not the vectors. It knows no
    invalid or doubled words, so the last three options are refused for it.

    Raises
    ------
    CorpusNotFoundError : there is no such file.
    FormatError : the file is damaged or of another kind; the message gives the byte or line.
    ConfigError : an unknown suffix or option.
    """
    path = Path(path)
    if limit is not None and (isinstance(limit, bool) or not isinstance(limit, int) or limit < 1):
        raise ConfigError("limit", "must be a whole number from 1 up", limit)
    _check_choice("format", format, get_args(Format))
    _check_choice("encoding_errors", encoding_errors, get_args(DecodingErrors))
    _check_choice("duplicates", duplicates, get_args(Duplicates))
    with InputFile(path) as source:
        kind = _format_to_read(source) if format is None else format
        if header is not None and kind != "text":
            raise ConfigError("header", "must be left unset for formats other than text", header)
        if kind == "safetensors":
            for name, value in (("encoding_errors", encoding_errors), ("duplicates", duplicates)):
                if value is not None:
                    raise ConfigError(name, "must be left unset for the native format", value)
            return read_native(source, limit)
        options = ReadOptions(
            limit=limit,
            encoding_errors="strict" if encoding_errors is None else encoding_errors,
            duplicates="error" if duplicates is None else duplicates,
            header=header,
        )
        return read_binary(source, options) if kind == "bin" else read_text(source, options)


def check_output(path: str | Path) -> None:
    """Find out before training whether vectors can be saved at ``path``.

    Raises :class:`ConfigError` for an unknown suffix and :class:`OutputError` where a file cannot be made.
    """
    format_of(Path(path))
    check_writable(Path(path))


def format_of(path: Path) -> str:
    """The format a suffix stands for: "safetensors", "bin" or "text"; ConfigError where it stands for none."""
    plain = path.with_suffix("") if path.suffix == ".gz" else path
    if plain.suffix not in FORMATS:
        raise ConfigError("path", f"must end in {SUFFIXES}", str(path))
    return FORMATS[plain.suffix]


def _format_to_read(source: InputFile) -> str:
    """As :func:`format_of`, but a file of a kind that is known and not read is named for what it is."""
    try:
        return format_of(source.path)
    except ConfigError as error:
        stranger = unsupported_kind(source.read(8))
        if stranger:
            raise source.broken(stranger) from None
        remedy = 'or pass format="safetensors", "bin" or "text"'
        raise ConfigError(error.parameter, error.rule, error.value, remedy) from None


def _check_choice(parameter: str, value: str | None, choices: tuple[str, ...]) -> None:
    if value is not None and value not in choices:
        raise ConfigError(parameter, "must be one of " + ", ".join(f'"{choice}"' for choice in choices), value)
