"""Load and save vectors in any of the supported formats."""

from __future__ import annotations

import codecs
import difflib
import inspect
import re
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
from wordkin.errors import ConfigError, FormatError
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
# Options of loading, and the formats they do not apply to.
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
    "mmap": "leave mmap out, because .safetensors is always memory-mapped",
    "datatype": 'load, then use vectors.astype("float16")',
    "fvocab": "leave fvocab out, because words and vectors are in one file",
    "binary_chunk_size": "leave binary_chunk_size out",
    "fname": "pass the path first",
    "ignore_missing": "leave ignore_missing out, because words that are not in the file are always ignored",
    "restrict_vocab": "use limit",
    "vocab": "use words",
}


def save_embeddings(
    vectors: Embeddings, path: str | Path, *, header: bool = True, whitespace: Whitespace = "refuse"
) -> None:
    """Write vectors to a file atomically. The suffix chooses the format.

    Parameters
    ----------
    vectors : Embeddings
        The vectors to write.
    path : str or Path
        The file. ``.safetensors`` is the native format. ``.bin`` (binary), ``.txt`` and ``.vec`` (text) are the formats
        of word2vec, which store only words and float32 vectors. Each suffix may be followed by ``.gz``.
    header : bool, default True
        For text formats, whether to write the number and the size of the vectors to line 1. word2vec and fastText have
        this line; GloVe does not.
    whitespace : {"refuse", "underscore"}, default "refuse"
        What to do with white space in words if the format cannot store it: raise ConfigError, or replace it by
        underscores.

    Raises
    ------
    ConfigError
        The suffix or an option is not known, or the format cannot store a word.
    OutputError
        The file cannot be written. An existing file at ``path`` is unchanged.
    """
    path = Path(path)
    kind = format_of(path)
    check("whitespace", Choice(get_args(Whitespace)), whitespace)
    if not header and kind != "text":
        raise ConfigError("header", "must be True for formats other than text", header, "leave header out")
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
    """Load vectors in the native format, word2vec, fastText ``.vec``, GloVe, Parquet or Arrow.

    Parameters
    ----------
    path : str or Path
        A file, possibly compressed with gzip; or a directory of Parquet or Arrow files that form one table, as written
        by Spark (``part-00000-....parquet``, ``_SUCCESS``); or a saved Word2Vec model of Spark.
    format : {"safetensors", "bin", "text", "parquet"} or None, default None
        "safetensors" is the native format, "bin" is word2vec binary, "text" is word2vec text, fastText ``.vec`` or
        GloVe, and "parquet" is a Parquet or Arrow file of words and vectors (extra ``arrow``). None chooses by suffix.
    limit : int or None, default None
        Read only the first ``limit`` rows. The rest of the file is not read, so that this works for truncated files.
    words : iterable of str or of int, or None, default None
        Load only these words, in the order of the file. Words that are not in the file are ignored. Reading stops when
        all of them have been found. Only their vectors are kept in memory and checked.
    bad_rows : {"error", "skip"} or None, default "error"
        Whether to raise FormatError for a malformed row (too few numbers, two rows in one line, not a number, not
        finite), or to skip such rows and warn once with their number and the first positions.
    encoding : str or None, default "utf-8"
        Python name of the encoding of the words in text and word2vec binary files.
    encoding_errors : {"strict", "replace", "ignore", "backslashreplace"} or None, default "strict"
        How to handle words that are not valid in the encoding: raise FormatError, or decode like :meth:`bytes.decode`.
    duplicates : {"error", "first"} or None, default "error"
        Whether to raise FormatError if a word occurs twice, or to keep its first vector.
    header : bool or None, default None
        For text formats, whether line 1 holds the number and size of the vectors; None detects it.

    Returns
    -------
    Embeddings
        The vectors. A native file is memory-mapped: opening it reads the vocabulary, not the vectors. The options
        ``bad_rows``, ``encoding``, ``encoding_errors``, ``duplicates`` and ``header`` cannot be used with a native
        file.

    Raises
    ------
    CorpusNotFoundError
        The file does not exist.
    FormatError
        The file is damaged or of another kind. The message names the byte, line or row.
    ConfigError
        An option or the suffix is not known, or none of ``words`` is in the file.
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
            raise ConfigError("format", 'must be "parquet" or left unset for a directory', format)
        _refuse_useless("parquet", given)
        return read_table_folder(path, parts, options)
    with InputFile(path) as source:
        kind = _format_to_read(source) if format is None else format
        _refuse_useless(kind, given)
        if kind == "safetensors":
            return read_native(source, options.limit, words=listed)
        if listed is not None and are_integers(listed):
            raise ConfigError(
                "word", "must be a string, because only the native format stores whole numbers", listed[0]
            )
        if kind == "parquet":
            return read_parquet(source, options)
        if kind == "bin" and " ".encode(options.encoding) != b" ":
            raise ConfigError(
                "encoding",
                "must be a superset of ASCII for word2vec binary, in which a space ends each word",
                options.encoding,
            )
        return read_binary(source, options) if kind == "bin" else read_text(source, options)


def load_for(parameter: str, path: str | Path) -> Embeddings:
    """Load the vectors of the parameter with this name (such as "init"), which was passed as a path.

    If the file is malformed, the error tells the user to load the vectors with :func:`load_embeddings` and to pass them
    instead of the path. The options that a :class:`FormatError` suggests can be passed only to that function.
    """
    try:
        return load_embeddings(path)
    except FormatError as error:
        option = re.search(r"\bpass (\w+)=", str(error))
        if option is None:
            raise
        call = f"{parameter}=load({str(path)!r}, {option[1]}=...)"
        raise FormatError(f"{error}; load takes this option, as in {call}") from error


def _refuse_useless(kind: str, given: Mapping[str, object]) -> None:
    """Raise ConfigError if an option is set that does not apply to the format ``kind``."""
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
    """Raise ConfigError if the vocabulary holds whole numbers and the format of ``path`` cannot store them."""
    if vocabulary.integers and format_of(Path(path)) != "safetensors":
        raise ConfigError(
            parameter,
            "must end in .safetensors for items that are whole numbers, since other formats would turn them into words",
            str(path), "change the suffix, or save vectors.with_words(str)")  # fmt: skip


def _codec(name: object) -> str:
    """Return Python's canonical name of an encoding; raise ConfigError if there is no such encoding."""
    check("encoding", Encoding(), name)
    return codecs.lookup(str(name)).name


def _refuse_others(others: Mapping[str, object]) -> None:
    """Raise ConfigError if there are unknown keyword arguments; the message suggests the right name."""
    for name, value in others.items():
        known = [each for each in inspect.signature(load_embeddings).parameters if each not in ("path", "others")]
        near = difflib.get_close_matches(name, known, n=3, cutoff=0.6)
        guess = f"did you mean {' or '.join(near)}?" if near else f"the options are {', '.join(known)}"
        raise ConfigError(name, "is not an option of loading", value, NAMES_IN_GENSIM.get(name, guess))


def check_output(path: str | Path) -> None:
    """Check that vectors can be saved at ``path``. Called before training.

    Raises
    ------
    ConfigError
        The suffix is not known.
    OutputError
        The file cannot be created.
    """
    format_of(Path(path))
    check_writable(Path(path))


def check_words(path: str | Path, vocabulary: Vocabulary) -> None:
    """Raise ConfigError if the format of ``path`` cannot store one of the words. Called before training."""
    if format_of(Path(path)) == "safetensors":
        return
    word = first_unwritable(vocabulary.words)
    if word is not None:
        raise ConfigError(
            "output", f"must end in .safetensors, because words such as {word!r} contain white space", str(path),
            "change the suffix, or replace white space in your words by underscores")  # fmt: skip


def format_of(path: Path) -> str:
    """Return the format that a suffix selects ("safetensors", "bin" or "text"); raise ConfigError if it is unknown."""
    plain = path.with_suffix("") if path.suffix == ".gz" else path
    if plain.suffix not in FORMATS:
        raise ConfigError("path", f"must end in {SUFFIXES}", str(path))
    return FORMATS[plain.suffix]


def _format_to_read(source: InputFile) -> str:
    """Return the format that the suffix of a file selects.

    Raises FormatError if the content shows that the file is of a kind that wordkin cannot load.
    """
    if source.path.suffix in TABLE_SUFFIXES:
        return "parquet"
    try:
        return format_of(source.path)
    except ConfigError as error:
        unsupported = unsupported_kind(source.read(LONGEST_HEAD))
        if unsupported:
            raise source.broken(unsupported) from None
        remedy = 'change the suffix, or pass format="safetensors", "bin", "text" or "parquet"'
        raise ConfigError(error.parameter, error.rule, error.value, remedy) from None


def _check_choice(parameter: str, value: str | None, choices: tuple[str, ...]) -> None:
    check(parameter, OptionalChoice(choices), value)
