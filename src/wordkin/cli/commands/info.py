"""``wordkin info``: describe a file of vectors, a training run or an encoded text."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from wordkin.cli.encoded_texts import show_encoded_text, show_reading
from wordkin.cli.failures import UsageError
from wordkin.cli.options import with_options
from wordkin.cli.output import JsonFlag, print_json, print_table
from wordkin.cli.vectors import READING, names_run, open_vectors


@with_options(READING)
def info(
    file: Annotated[
        str, typer.Argument(metavar="FILE", help="A file of vectors, the directory of a run, or an encoded text.")
    ],
    *,
    json: JsonFlag = False,
    **reading: Any,
) -> None:
    """Describe a file of vectors, a training run or an encoded text: sizes, words, options."""
    from wordkin.text.encoded_text import is_encoded_text

    if is_encoded_text(file):
        if reading:
            name = "--" + next(iter(reading)).replace("_", "-")
            raise UsageError(f"{name} works only for vectors, and {file!r} is an encoded text: leave {name} out")
        show_encoded_text(file, json=json)
        return
    embeddings = open_vectors(file, reading, argument="file")
    counts = embeddings.vocabulary.counts
    first_words = [embeddings.words[word_id] for word_id in range(min(10, len(embeddings)))]
    rare_words, rare_bytes, reading_statistics = _kept_by_run(file)
    facts = {
        "file": file,
        "bytes": _size(Path(file)),
        "words": len(embeddings),
        "items": "whole numbers" if embeddings.vocabulary.integers else "words",
        "vector_size": embeddings.vector_size,
        "dtype": embeddings.stored_dtype,
        "total_count": None if counts is None else int(counts.sum()),
        "rare_words": rare_words,
        "rare_bytes": rare_bytes,
        "reading": reading_statistics,
        "first_words": first_words,
        "metadata": dict(embeddings.metadata),
    }
    if json:
        print_json(facts)
        return
    shown = {
        "file": facts["file"],
        "bytes": f"{facts['bytes']:,}",
        str(facts["items"]): f"{facts['words']:,}",
        "vector size": facts["vector_size"],
        "number type": facts["dtype"],
        "counted words of text": None if counts is None else f"{facts['total_count']:,}",
        "first words": " ".join(map(str, first_words)),
    }
    if rare_words is not None:
        shown["rare words counted"] = f"{rare_words:,} ({rare_bytes:,} bytes)"
    print_table(["vectors", ""], shown.items())
    if reading_statistics is not None:
        show_reading(reading_statistics)
    if embeddings.metadata:
        print()
        print_table(["trained with", ""], sorted(embeddings.metadata.items()))


def _kept_by_run(path: str) -> tuple[int | None, int | None, Mapping[str, Any] | None]:
    """Return data that a training run stores besides its vectors; (None, None, None) if ``path`` is not a run.

    Returns
    -------
    rare_words : int or None
        Number of rare words whose counts the run stores.
    rare_bytes : int or None
        Size of the file of these counts in bytes.
    reading : mapping or None
        Statistics of reading the text.
    """
    if not names_run(path):
        return None, None, None
    from wordkin.runs.directory import RunDirectory

    with RunDirectory.open(Path(path)) as opened:
        rare, file, reading = opened.rare(), opened.record.files.get("rare"), opened.record.run.reading
    if rare is None or file is None:
        return None, None, reading
    return len(rare), Path(path, file.name).stat().st_size, reading


def _size(path: Path) -> int:
    """Return the size in bytes of a file or of all files in a directory."""
    return (
        sum(each.stat().st_size for each in path.rglob("*") if each.is_file()) if path.is_dir() else path.stat().st_size
    )
