"""``wordkin similar``: show the nearest neighbours of words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from wordkin.cli.failures import UsageError
from wordkin.cli.options import COMMON, with_options
from wordkin.cli.output import JsonFlag, print_json, print_table, printable
from wordkin.cli.vectors import READING, SEARCH, VectorsArgument, items_of, open_vectors

if TYPE_CHECKING:
    from wordkin.embeddings import Embeddings


@with_options({**SEARCH, **READING})
def similar(
    vectors: VectorsArgument,
    words: Annotated[list[str], typer.Argument(metavar="WORD", help="Words to look up, each on its own.")],
    *,
    index: Annotated[
        bool,
        typer.Option(
            "--index",
            help="Search approximately, with the index that wordkin index built for VECTORS.",
            rich_help_panel=COMMON,
        ),
    ] = False,
    index_file: Annotated[
        str | None,
        typer.Option(
            "--index-file", metavar="FILE", help="Like --index, with the index in this file.", rich_help_panel=COMMON
        ),
    ] = None,
    topn: int = 10,
    restrict_vocab: int | None = None,
    threads: int | None = None,
    json: JsonFlag = False,
    **reading: Any,
) -> None:
    """Show the words nearest to a word, by cosine similarity.

    Unknown words are reported after the answers for the known ones, and the exit code is then 2.
    """
    if (index or index_file) and restrict_vocab is not None:
        raise UsageError("--restrict-vocab cannot be given with --index, which searches all words: leave one out")
    embeddings = open_vectors(vectors, reading)
    asked = items_of(embeddings, words)
    known = [word for word in asked if word in embeddings]
    unknown = [word for word in asked if word not in embeddings]
    if not known:
        raise _unknown(embeddings, unknown)
    if index or index_file:
        opened = embeddings.open_index(index_file)
        answers = opened.most_similar_batch(known, topn, threads=threads)
    else:
        answers = embeddings.most_similar_batch(known, topn, restrict_vocab=restrict_vocab, threads=threads)
    if json:
        results = [
            {"word": word, "neighbours": [{"word": near, "similarity": cosine} for near, cosine in neighbours]}
            for word, neighbours in zip(known, answers, strict=True)
        ]
        print_json({"vectors": vectors, "results": results, "unknown": unknown})
    else:
        for position, (word, neighbours) in enumerate(zip(known, answers, strict=True)):
            if position:
                print()
            rows = [(str(near), cosine) for near, cosine in neighbours]
            print_table([f"near {printable(str(word))}", "similarity"], rows)
    if unknown:
        raise _unknown(embeddings, unknown)


def _unknown(embeddings: Embeddings, words: Sequence[str]) -> Exception:
    """Return an error that names all unknown words and suggests similar spellings."""
    from wordkin.errors import UnknownWordError

    errors: list[Exception] = []
    for word in words:
        try:
            embeddings.vocabulary.id_of(word)
        except UnknownWordError as error:
            errors.append(error)
    return errors[0] if len(errors) == 1 else UsageError("; ".join(map(str, errors)))
