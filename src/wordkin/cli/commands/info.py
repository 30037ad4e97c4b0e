"""``wordkin info``: what a file of vectors, or an encoded text, holds."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from wordkin.cli.encoded_texts import show_encoded_text, show_reading
from wordkin.cli.failures import UsageError
from wordkin.cli.options import with_options
from wordkin.cli.output import JsonFlag, print_json, print_table
from wordkin.cli.vectors import READING, open_vectors


@with_options(READING)
def info(
    file: Annotated[
        str, typer.Argument(metavar="FILE", help="A file of vectors, the directory of a run, or an encoded text.")
    ],
    *,
    json: JsonFlag = False,
    **reading: Any,
) -> None:
    """Show what a file of vectors holds and how it was trained, or what an encoded text holds and how it was read."""
    from wordkin.encoded_text import is_encoded_text

    if is_encoded_text(file):
        if reading:
            name = "--" + next(iter(reading)).replace("_", "-")
            raise UsageError(f"{name} is for vectors: leave it out for an encoded text")
        show_encoded_text(file, json=json)
        return
    embeddings = open_vectors(file, reading, argument="file")
    counts = embeddings.vocabulary.counts
    first_words = [embeddings.words[word_id] for word_id in range(min(10, len(embeddings)))]
    rare = _rare_words(Path(file))
    met = _reading_of(Path(file))
    facts = {
        "file": file,
        "bytes": _size(Path(file)),
        "words": len(embeddings),
        "items": "whole numbers" if embeddings.vocabulary.integers else "words",
        "vector_size": embeddings.vector_size,
        "dtype": embeddings.stored_dtype,
        "total_count": None if counts is None else int(counts.sum()),
        "rare_words": rare[0],
        "rare_bytes": rare[1],
        "reading": met,
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
    if rare[0] is not None:
        shown["rare words counted"] = f"{rare[0]:,} ({rare[1]:,} bytes)"
    print_table(["vectors", ""], shown.items())
    if met is not None:
        show_reading(met)
    if embeddings.metadata:
        print()
        print_table(["trained with", ""], sorted(embeddings.metadata.items()))


def _rare_words(path: Path) -> tuple[int, int] | tuple[None, None]:
    """How many rare words a run keeps the counts of, and in how many bytes; None where it keeps none."""
    from wordkin.embeddings.table_folders import is_table_folder

    if not path.is_dir() or is_table_folder(path):
        return None, None
    from wordkin.runs.directory import RunDirectory

    with RunDirectory.open(path) as opened:
        rare, file = opened.rare(), opened.record.files.get("rare")
    if rare is None or file is None:
        return None, None
    return len(rare), (path / file.name).stat().st_size


def _reading_of(path: Path) -> Mapping[str, Any] | None:
    """What the run in a directory met when its text was read; None where that is not known."""
    from wordkin.embeddings.table_folders import is_table_folder

    if not path.is_dir() or is_table_folder(path):
        return None
    from wordkin.runs.directory import RunDirectory

    with RunDirectory.open(path) as opened:
        return opened.record.run.reading


def _size(path: Path) -> int:
    """Bytes of a file, or of all files of a run."""
    return (
        sum(each.stat().st_size for each in path.rglob("*") if each.is_file()) if path.is_dir() else path.stat().st_size
    )
