"""``wordkin similar``: the neighbours of words."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from wordkin.cli.options import with_options
from wordkin.cli.output import JsonFlag, print_json, print_table, printable
from wordkin.cli.vectors import READING, SEARCH, VectorsArgument, open_vectors


@with_options({**SEARCH, **READING})
def similar(
    vectors: VectorsArgument,
    words: Annotated[list[str], typer.Argument(metavar="WORD", help="Words to find the neighbours of, each apart.")],
    *,
    topn: int = 10,
    restrict_vocab: int | None = None,
    threads: int | None = None,
    json: JsonFlag = False,
    **reading: Any,
) -> None:
    """Show the words nearest to a word, by cosine similarity."""
    embeddings = open_vectors(vectors, reading)
    answers = embeddings.most_similar_batch(words, topn, restrict_vocab=restrict_vocab, threads=threads)
    if json:
        results = [
            {"word": word, "neighbours": [{"word": near, "similarity": cosine} for near, cosine in neighbours]}
            for word, neighbours in zip(words, answers, strict=True)
        ]
        print_json({"vectors": vectors, "results": results})
        return
    for position, (word, neighbours) in enumerate(zip(words, answers, strict=True)):
        if position:
            print()
        print_table([f"near {printable(word)}", "similarity"], neighbours)
