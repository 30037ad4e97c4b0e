"""Which format a file has, and the one way in and out."""

from __future__ import annotations

import codecs
import difflib
import inspect
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Literal, Never, get_args

from wordkin.config import FROM_1_OR_NONE, Choice, Encoding, OptionalChoice, check
from wordkin.embeddings.binary_format import read_binary, write_binary
from wordkin.embeddings.embeddings import Embeddings, Whitespace
from wordkin.embeddings.native_format import read_native, write_native
from wordkin.embeddings.parquet_format import read_parquet, read_table_folder
from wordkin.embeddings.rows import ReadOptions
from wordkin.embeddings.table_folders import TABLE_SUFFIXES, is_folder, parts_of
from wordkin.embeddings.text_format import first_unwritable, read_text, write_text
from wordkin.embeddings.unsupported import LONGEST_HEAD, unsupported_kind
from wordkin.errors import ConfigError
from wordkin.items import Item, are_integers
from wordkin.storage.files import InputFile, check_writable, replacing
from wordkin.vocabulary import Vocabulary
from wordkin.vocabulary.vocabulary import word_list

FORMATS = {".safetensors": "safetensors", ".bin": "bin", ".txt": "text", ".vec": "text"}
SUFFIXES = ".safetensors, .bin, .txt or .vec, each also with .gz"
Format = Literal["safetensors", "bin", "text", "parquet"]
DecodingErrors = Literal["strict", "replace", "ignore", "backslashreplace"]
Duplicates = Literal["error", "first"]
BadRows = Literal["error", "skip"]
_FORMAT_NAMES = {"safetensors": "the native format", "bin": "word2vec binary", "parquet": "Parquet and Arrow"}
# Options of loading and the formats that have no use for them.
_REFUSED = {
    "header": ("safetensors", "bin", "parquet"),
    "encoding": ("safetensors", "parquet"),
    "encoding_errors": ("safetensors", "parquet"),
    "bad_rows": ("safetensors",),
    "duplicates": ("safetensors",),
}
NAMES_IN_GENSIM = {
    "binary": 'use format="bin" or format="text"',
    "unicode_errors": "use encoding_errors",
    "no_header": "use header=False",
    "mmap": "leave it out: .safetensors is always memory-mapped",
    "datatype": 'load, then use vectors.astype("float16")',
    "fvocab": "leave it out: words and vectors are in one file",
    "binary_chunk_size": "leave it out",
    "fname": "pass the path first",
    "ignore_missing": "leave it out: words that the file does not have are left out",
    "restrict_vocab": "use limit",
    "vocab": "use words",
}


def save_embeddings(
    vectors: Embeddings, path: str | Path, *, header: bool = True, whitespace: Whitespace = "refuse"
) -> None:
    """Write vectors in the format of the file's suffix: whole, or not at all.

    Parameters
    ----------
    vectors : Embeddings
        What to write.
    path : str or Path
        ``.safetensors`` for the native format; ``.bin``, ``.txt`` or ``.vec`` for those of word2vec, which hold
        words and float32 vectors only; each also with ``.gz``.
    header : bool, default True
        For text, whether line 1 gives the sizes (word2vec, fastText) or not (GloVe).
    whitespace : {"refuse", "underscore"}, default "refuse"
        What becomes of white space in words where the format has no room for it.

    Raises
    ------
    ConfigError
        The suffix or an option is not known, or the format cannot hold a word.
    OutputError
        The system refused to write. A file that was at ``path`` is still there.
    """
    path = Path(path)
    kind = format_of(path)
    check("whitespace", Choice(get_args(Whitespace)), whitespace)
    if not header and kind != "text":
        raise ConfigError("header", "must be True for formats other than text", header)
    check_items(path, vectors.vocabulary)
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
    words: Iterable[Item] | None = None,
    bad_rows: BadRows | None = None,
    encoding: str | None = None,
    encoding_errors: DecodingErrors | None = None,
    duplicates: Duplicates | None = None,
    header: bool | None = None,
    **others: Never,
) -> Embeddings:
    """Read vectors from any format that :func:`save_embeddings` writes, and their relatives.

    Parameters
    ----------
    path : str or Path
        A file; gzip is recognised by its content. Or a folder of Parquet or Arrow files that are one table, as
        Spark writes it (``part-00000-....parquet``, ``_SUCCESS``), or a model of Spark's Word2Vec.
    format : {"safetensors", "bin", "text", "parquet"}, default None
        "bin" is word2vec binary, "text" word2vec, fastText ``.vec`` and GloVe, "parquet" a Parquet or Arrow
        file of words and vectors, as ``to_parquet`` and Spark write (extra ``arrow``); by the file's suffix
        unless set.
    limit : int, default None
        Read only this many first rows. What follows is not looked at, so a file that was cut short can be
        read up to there.
    words : iterable of str, or of int, default None
        Load only these words, in the order of the file, in one pass and in memory for them alone; those
        that the file does not have are left out. Reading ends when all are found, and other rows are not
        checked.
    bad_rows : {"error", "skip"}, default "error"
        "skip" leaves out rows that cannot be right (too short, two in one line, with numbers that are none
        or not finite) and warns once with their number and the first positions.
    encoding : str, default "utf-8"
        Encoding of the words in text and word2vec binary files, by its name in Python.
    encoding_errors : {"strict", "replace", "ignore", "backslashreplace"}, default "strict"
        What to do with words that are not valid in the encoding: refuse the file, or as Python's decoder does.
    duplicates : {"error", "first"}, default "error"
        Refuse a file with a word twice, or keep the first.
    header : bool, default None
        For text, whether line 1 gives the sizes; found out unless set.

    Returns
    -------
    Embeddings
        The native file is memory-mapped: opening it reads the vocabulary, not the vectors. It knows no
        invalid or doubled words, so the last five options are refused for it.

    Raises
    ------
    CorpusNotFoundError
        If there is no such file.
    FormatError
        If the file is damaged or of another kind; the message gives the byte, line or row.
    ConfigError
        If an option or the suffix is not known, or none of ``words`` is in the file.
    """
    _refuse_others(others)
    path = Path(path)
    listed = None if words is None else _listed_words(words)
    options = _checked_options(limit, listed, bad_rows, encoding, encoding_errors, duplicates, header)
    _check_choice("format", format, get_args(Format))
    given = {
        "header": header, "encoding": encoding, "encoding_errors": encoding_errors,
        "bad_rows": bad_rows, "duplicates": duplicates,
    }  # fmt: skip
    if is_folder(path):
        parts = parts_of(path)
        if format not in (None, "parquet"):
            raise ConfigError("format", 'must be "parquet" or left unset for a folder', format)
        _refuse_useless("parquet", given)
        return read_table_folder(path, parts, options)
    with InputFile(path) as source:
        kind = _format_to_read(source) if format is None else format
        _refuse_useless(kind, given)
        if kind == "safetensors":
            return read_native(source, options.limit, words=listed)
        if listed is not None and are_integers(listed):
            raise ConfigError("word", "must be text: only the native format holds whole numbers", listed[0])
        if kind == "parquet":
            return read_parquet(source, options)
        if kind == "bin" and " ".encode(options.encoding) != b" ":
            raise ConfigError("encoding", "must leave ASCII as it is for word2vec binary", options.encoding)
        return read_binary(source, options) if kind == "bin" else read_text(source, options)


def _refuse_useless(kind: str, given: Mapping[str, object]) -> None:
    """Raise :class:`ConfigError` for an option that a format has no use for."""
    for name, value in given.items():
        if value is not None and kind in _REFUSED[name]:
            formats = "formats other than text" if name == "header" else _FORMAT_NAMES[kind]
            raise ConfigError(name, f"must be left unset for {formats}", value)


def _checked_options(
    limit: int | None,
    words: list[Item] | None,
    bad_rows: str | None,
    encoding: str | None,
    encoding_errors: str | None,
    duplicates: str | None,
    header: object,
) -> ReadOptions:
    if header is not None and not isinstance(header, bool):
        raise ConfigError("header", "must be True, False or None", header)
    _check_choice("bad_rows", bad_rows, get_args(BadRows))
    _check_choice("encoding_errors", encoding_errors, get_args(DecodingErrors))
    _check_choice("duplicates", duplicates, get_args(Duplicates))
    return ReadOptions(
        limit=check("limit", FROM_1_OR_NONE, limit),
        words=None if words is None else frozenset(str(word).encode("utf-8", "surrogatepass") for word in words),
        bad_rows="error" if bad_rows is None else bad_rows,
        encoding="utf-8" if encoding is None else _codec(encoding),
        encoding_errors="strict" if encoding_errors is None else encoding_errors,
        duplicates="error" if duplicates is None else duplicates,
        header=header,
    )


def _listed_words(words: object) -> list[Item]:
    listed = word_list("words", words)
    if not listed:
        raise ConfigError("words", "must hold at least one word", listed)
    return listed


def check_items(path: str | Path, vocabulary: Vocabulary, parameter: str = "path") -> None:
    """Raise :class:`ConfigError` where the items are whole numbers, which the format of a path cannot hold."""
    if vocabulary.integers and format_of(Path(path)) != "safetensors":
        raise ConfigError(
            parameter,
            "must end in .safetensors for items that are whole numbers: as text they would come back as words",
            str(path), "or save vectors.with_words(str)")  # fmt: skip


def _codec(name: object) -> str:
    """Python's own name of a text encoding, so that all spellings of UTF-8 are one."""
    check("encoding", Encoding(), name)
    return codecs.lookup(str(name)).name


def _refuse_others(others: Mapping[str, object]) -> None:
    """Refuse what is no option, and say what is to be written instead."""
    for name, value in others.items():
        known = [each for each in inspect.signature(load_embeddings).parameters if each not in ("path", "others")]
        near = difflib.get_close_matches(name, known, n=3, cutoff=0.6)
        guess = f"did you mean {' or '.join(near)}?" if near else f"the options are {', '.join(known)}"
        raise ConfigError(name, "is not an option of loading", value, NAMES_IN_GENSIM.get(name, guess))


def check_output(path: str | Path) -> None:
    """Find out before training whether vectors can be saved at ``path``.

    Raises :class:`ConfigError` for an unknown suffix and :class:`OutputError` where a file cannot be made.
    """
    format_of(Path(path))
    check_writable(Path(path))


def check_words(path: str | Path, vocabulary: Vocabulary) -> None:
    """Find out before training whether the format of ``path`` can hold the words; :class:`ConfigError` where not."""
    if format_of(Path(path)) == "safetensors":
        return
    word = first_unwritable(vocabulary.words)
    if word is not None:
        raise ConfigError(
            "output", "must end in .safetensors for words with white space", str(path),
            f"{word!r} is one; or put an underscore there in your words")  # fmt: skip


def format_of(path: Path) -> str:
    """The format a suffix stands for: "safetensors", "bin" or "text"; ConfigError where it stands for none."""
    plain = path.with_suffix("") if path.suffix == ".gz" else path
    if plain.suffix not in FORMATS:
        raise ConfigError("path", f"must end in {SUFFIXES}", str(path))
    return FORMATS[plain.suffix]


def _format_to_read(source: InputFile) -> str:
    """As :func:`format_of`, but a file of a kind that is known and not read is named for what it is."""
    if source.path.suffix in TABLE_SUFFIXES:
        return "parquet"
    try:
        return format_of(source.path)
    except ConfigError as error:
        stranger = unsupported_kind(source.read(LONGEST_HEAD))
        if stranger:
            raise source.broken(stranger) from None
        remedy = 'or pass format="safetensors", "bin", "text" or "parquet"'
        raise ConfigError(error.parameter, error.rule, error.value, remedy) from None


def _check_choice(parameter: str, value: str | None, choices: tuple[str, ...]) -> None:
    check(parameter, OptionalChoice(choices), value)
