"""``wordkin analogy``: answer an analogy question."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from wordkin.cli.options import with_options
from wordkin.cli.output import JsonFlag, print_json, print_table, printable
from wordkin.cli.vectors import READING, SEARCH, VectorsArgument, items_of, open_vectors


@with_options({**SEARCH, **READING})
def analogy(
    vectors: VectorsArgument,
    a: Annotated[str, typer.Argument(metavar="A", help="The question: A is to B as C is to which word?")],
    b: Annotated[str, typer.Argument(metavar="B", help="See A.")],
    c: Annotated[str, typer.Argument(metavar="C", help="See A.")],
    *,
    topn: int = 10,
    restrict_vocab: int | None = None,
    threads: int | None = None,
    json: JsonFlag = False,
    **reading: Any,
) -> None:
    """Answer an analogy question: A is to B as C is to which word?"""
    embeddings = open_vectors(vectors, reading)
    items = items_of(embeddings, [a, b, c])
    answers = embeddings.analogy(items[0], items[1], items[2], topn, restrict_vocab=restrict_vocab, threads=threads)
    if json:
        found = [{"word": word, "similarity": cosine} for word, cosine in answers]
        print_json({"vectors": vectors, **dict(zip("abc", items, strict=True)), "answers": found})
        return
    rows = [(str(word), cosine) for word, cosine in answers]
    print_table([f"{printable(a)} is to {printable(b)} as {printable(c)} is to", "similarity"], rows)
