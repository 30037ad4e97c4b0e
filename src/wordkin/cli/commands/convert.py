"""``wordkin convert``: to another format, number type or vector size, or with fewer words."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from wordkin.cli.failures import UsageError
from wordkin.cli.options import Option, with_options
from wordkin.cli.output import JsonFlag, print_json
from wordkin.cli.vectors import READING, check_output_first, items_of, named, open_vectors, words_of
from wordkin.config import Choice, Flag, Number, Text
from wordkin.errors import ConfigError

if TYPE_CHECKING:
    from wordkin.cli.scores import Scored
    from wordkin.embeddings import Embeddings
    from wordkin.embeddings.embeddings import Whitespace
    from wordkin.queries.agreement import Agreement

_EXPORTS = (".parquet", ".tsv")
_CHANGES: Mapping[str, Option] = {
    "header": Option(Flag(), "For text, write the line of sizes first.", True, switch=True),
    "dtype": Option(
        Choice(("float32", "float16", "int8")),
        "Number type; for .safetensors, float16 halves the file and int8 quarters it.",
    ),
    "dimensions": Option(Number(1, integer=True), "Shorten vectors to this length by their principal components."),
    "keep": Option(Number(1, integer=True, optional=True), "Keep only this many of the first words."),
    "only_words": Option(
        Text("a path"),
        "Keep only the words of this file, one a line, and of them those that there are.",
        metavar="FILE",
        spelling="words",
    ),
    "measure": Option(
        Flag(),
        "Measure what smaller vectors lose. Without it, --words reads no more than the words it keeps.",
        True,
        switch=True,
    ),
    "evaluate": Option(
        Text("a path"), "Score the vectors before and after on this benchmark, as wordkin evaluate.", metavar="FILE"
    ),
    "as_text": Option(Flag(), "Write items that are whole numbers as words, for formats of text."),
    "whitespace": Option(
        Choice(("refuse", "underscore")),
        "What to do with white space in words, for which .bin, .txt and .vec have no room.",
        "refuse",
    ),
}
_READING = {name: option for name, option in READING.items() if name not in _CHANGES}


@with_options({**_CHANGES, **_READING})
def convert(
    source: Annotated[str, typer.Argument(metavar="IN", help="The file of vectors to read.")],
    output: Annotated[
        str,
        typer.Argument(
            metavar="OUT",
            help="The file to write: .safetensors, .bin, .txt or .vec, also with .gz; .parquet for tables and maps; "
            ".tsv for the two files of TensorBoard's projector. A name that ends in / is a directory for "
            "sentence-transformers and model2vec.",
        ),
    ],
    *,
    header: bool = True,
    dtype: str | None = None,
    dimensions: int | None = None,
    keep: int | None = None,
    only_words: str | None = None,
    measure: bool = True,
    evaluate: str | None = None,
    as_text: bool = False,
    whitespace: str = "refuse",
    json: JsonFlag = False,
    **reading: Any,
) -> None:
    """Convert vectors to another format, number type or size, or keep some of the words.

    Where vectors become smaller, what they lose is measured and shown, over a sample of the words that are left: how
    many of the 10 nearest words stay, and how far their cosines move.
    """
    _check_output_first(output, dtype)
    if evaluate is not None and not measure:
        raise UsageError("--evaluate cannot be given with --no-measure: leave one out")
    if only_words is not None and not measure:
        reading["only_words"], only_words = only_words, None
    before = open_vectors(source, reading, argument="source")
    if as_text and not before.vocabulary.integers:
        raise ConfigError("as_text", "is for items that are whole numbers", True, "leave it out: these are words")
    before = before.with_words(str) if as_text else before
    after = _smaller(before, keep, only_words, dimensions, dtype)
    agreement = None if after is before or not measure or len(before) < 2 else before.agreement(after)
    scored = [] if evaluate is None else _scores(evaluate, before, after)
    written = _write(after, output, header=header, whitespace=cast("Whitespace", whitespace))
    if json:
        print_json(_document(source, written, after, agreement, scored))
        return
    print(f"{', '.join(written)}: {len(after):,} words x {after.vector_size}, {_dtype(after, output)}")
    if agreement is not None:
        print("; ".join(_losses(agreement)) + f" ({agreement.words:,} words asked about)")
    if scored:
        from wordkin.cli.scores import print_scores

        print()
        print_scores(scored, {name: name for name, _ in scored}, sections=False)


def _smaller(
    vectors: Embeddings, keep: int | None, only_words: str | None, dimensions: int | None, dtype: str | None
) -> Embeddings:
    """The vectors with what was asked for done in this order."""
    if keep is not None:
        vectors = vectors.first(keep)
    if only_words is not None:
        wanted = set(items_of(vectors, words_of(only_words), argument="words"))
        kept = [word for word in vectors.words if word in wanted]
        if not kept:
            raise UsageError(f"--words: none of the words of {only_words!r} is there")
        vectors = vectors if len(kept) == len(vectors) else vectors.vectors_for_all(kept)
    if dimensions is not None:
        vectors = vectors.reduce_dimensions(dimensions)
    return vectors if dtype is None else vectors.astype(dtype)


def _losses(agreement: Agreement) -> list[str]:
    found = [f"of the {agreement.topn} nearest words {agreement.shared_neighbours:.1%} stay"]
    if agreement.cosine_difference is not None:
        found.append(f"their cosines move by {agreement.cosine_difference:.1e} on average")
    if agreement.vector_cosine is not None:
        found.append(f"the mean cosine of a vector before and after is {agreement.vector_cosine:.6f}")
    if agreement.kept_text is not None and agreement.kept_text < 1:
        found.append(f"the words kept are {agreement.kept_text:.1%} of the text")
    return found


def _scores(benchmark: str, before: Embeddings, after: Embeddings) -> list[Scored]:
    from wordkin.evaluation import evaluate_file

    with named(path="evaluate"):
        return [(name, evaluate_file(each, benchmark)) for name, each in (("before", before), ("after", after))]


def _check_output_first(output: str, dtype: str | None) -> None:
    """As for any vectors, but an unknown suffix is answered with the exports as well."""
    if dtype == "int8" and not output.removesuffix(".gz").endswith(".safetensors"):
        raise UsageError(f"--dtype int8 is for .safetensors alone: no other format has room for it; got {output!r}")
    if output.endswith("/") or Path(output).suffix in _EXPORTS:
        return
    try:
        check_output_first(output)
    except ConfigError as error:
        if error.parameter != "output" or not error.rule.startswith("must end in"):
            raise
        rule = f"{error.rule}; or in {', '.join(_EXPORTS)} or /, for tables, TensorBoard's projector and static models"
        raise ConfigError("output", rule, error.value, error.remedy) from None


def _write(vectors: Embeddings, output: str, *, header: bool, whitespace: Whitespace) -> list[str]:
    """Write the vectors; returns the paths."""
    if output.endswith("/"):
        vectors.to_static_model(output)
        return [output]
    path = Path(output)
    if path.suffix == ".parquet":
        vectors.to_parquet(path)
        return [output]
    if path.suffix == ".tsv":
        return [str(each) for each in vectors.to_projector(path.with_suffix(""))]
    with named(path="output"):
        vectors.save(path, header=header, whitespace=whitespace)
    return [output]


def _dtype(vectors: Embeddings, output: str) -> str:
    """The number type in the file that was written."""
    native = output.removesuffix(".gz").endswith(".safetensors")
    return vectors.stored_dtype if native else "float32"


def _document(
    source: str, written: list[str], vectors: Embeddings, agreement: Agreement | None, scored: list[Scored]
) -> dict[str, Any]:
    measured = ("shared_neighbours", "cosine_difference", "vector_cosine", "kept_text")
    return {
        "input": source,
        "outputs": written,
        "words": len(vectors),
        "vector_size": vectors.vector_size,
        "dtype": _dtype(vectors, written[0]),
        **{name: None if agreement is None else getattr(agreement, name) for name in measured},
        "scores": {name: result.to_dict() for name, result in scored} or None,
    }
