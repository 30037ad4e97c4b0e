"""``wordkin convert``: change the format, number type or size of vectors, or keep fewer words."""

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
    "header": Option(
        Flag(), "In text files, write a first line with the number and size of the vectors.", True, switch=True
    ),
    "dtype": Option(
        Choice(("float32", "float16", "int8")),
        "Number type. In .safetensors files, float16 halves the size and int8 quarters it.",
    ),
    "dimensions": Option(Number(1, integer=True), "Reduce vectors to their first N principal components."),
    "keep": Option(Number(1, integer=True, optional=True), "Keep only the first N words."),
    "only_words": Option(
        Text("a path"),
        "Keep only the words listed in this file, one per line. Words that have no vector are ignored.",
        metavar="FILE",
        spelling="words",
    ),
    "measure": Option(
        Flag(),
        "Measure how smaller vectors differ from the original. With --no-measure, --words reads only the listed words.",
        True,
        switch=True,
    ),
    "evaluate": Option(
        Text("a path"),
        "Score the vectors before and after the conversion on this benchmark, like wordkin evaluate.",
        metavar="FILE",
    ),
    "as_text": Option(Flag(), "Convert items that are whole numbers to words, for formats that cannot store numbers."),
    "whitespace": Option(
        Choice(("refuse", "underscore")),
        "What to do with white space in words, which .bin, .txt and .vec cannot store.",
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
            help="The file to write: .safetensors, .bin, .txt or .vec, each also with .gz; .parquet for data frames; "
            ".tsv for the two files of TensorBoard's projector. A name that ends in / is a directory in the format of "
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
    """Convert vectors to another format, number type or size, or keep fewer words.

    If this makes the vectors smaller, the difference is measured on a sample of the remaining words: how many of their
    10 nearest neighbours stay the same, and how much the cosines change.
    """
    _check_output_first(output, dtype)
    if evaluate is not None and not measure:
        raise UsageError("--evaluate cannot be given with --no-measure: leave one out")
    if only_words is not None and not measure:
        reading["only_words"], only_words = only_words, None
    before = open_vectors(source, reading, argument="source")
    if as_text and not before.vocabulary.integers:
        raise ConfigError(
            "as_text",
            "applies only to items that are whole numbers, but these items are words",
            True,
            "leave as_text out",
        )
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
        print("; ".join(_differences(agreement)) + f" (measured on {agreement.words:,} words)")
    if scored:
        from wordkin.cli.scores import print_scores

        print()
        print_scores(scored, {name: name for name, _ in scored}, sections=False)


def _smaller(
    vectors: Embeddings, keep: int | None, only_words: str | None, dimensions: int | None, dtype: str | None
) -> Embeddings:
    """Reduce vectors as the options say.

    The steps are, in this order: keep the first ``keep`` words, keep the words that the file ``only_words`` lists,
    reduce the dimensions, convert the number type. Options that are None are skipped.
    """
    if keep is not None:
        vectors = vectors.first(keep)
    if only_words is not None:
        wanted = set(items_of(vectors, words_of(only_words), argument="words"))
        kept = [word for word in vectors.words if word in wanted]
        if not kept:
            raise UsageError(f"--words: none of the words in {only_words!r} has a vector")
        vectors = vectors if len(kept) == len(vectors) else vectors.vectors_for_all(kept)
    if dimensions is not None:
        vectors = vectors.reduce_dimensions(dimensions)
    return vectors if dtype is None else vectors.astype(dtype)


def _differences(agreement: Agreement) -> list[str]:
    found = [f"{agreement.shared_neighbours:.1%} of the {agreement.topn} nearest words stay the same"]
    if agreement.cosine_difference is not None:
        found.append(f"their cosines change by {agreement.cosine_difference:.1e} on average")
    if agreement.vector_cosine is not None:
        found.append(f"the mean cosine of old and new vector is {agreement.vector_cosine:.6f}")
    if agreement.kept_text is not None and agreement.kept_text < 1:
        found.append(f"the words kept cover {agreement.kept_text:.1%} of the text")
    return found


def _scores(benchmark: str, before: Embeddings, after: Embeddings) -> list[Scored]:
    from wordkin.evaluation import evaluate_file

    with named(path="evaluate"):
        return [(name, evaluate_file(each, benchmark)) for name, each in (("before", before), ("after", after))]


def _check_output_first(output: str, dtype: str | None) -> None:
    """Check that the output can be written. For an unknown suffix, the error also lists the formats for export."""
    if dtype == "int8" and not output.removesuffix(".gz").endswith(".safetensors"):
        raise UsageError(f"--dtype int8 needs a .safetensors file, because no other format stores int8; got {output!r}")
    if output.endswith("/") or Path(output).suffix in _EXPORTS:
        return
    try:
        check_output_first(output)
    except ConfigError as error:
        if error.parameter != "output" or not error.rule.startswith("must end in"):
            raise
        rule = f"{error.rule}, or in {', '.join(_EXPORTS)} or / (data frames, TensorBoard's projector, static models)"
        raise ConfigError("output", rule, error.value, error.remedy) from None


def _write(vectors: Embeddings, output: str, *, header: bool, whitespace: Whitespace) -> list[str]:
    """Write the vectors and return the paths written."""
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
    """Return the number type that the vectors have in the file written."""
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
