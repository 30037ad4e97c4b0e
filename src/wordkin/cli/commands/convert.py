"""``wordkin convert``: from one format, number type or vector size to another."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from wordkin.cli.options import Option, with_options
from wordkin.cli.output import JsonFlag, print_json
from wordkin.cli.vectors import READING, check_output_first, named, open_vectors
from wordkin.config import Choice, Flag, Number
from wordkin.errors import ConfigError

if TYPE_CHECKING:
    from wordkin.embeddings import Embeddings
    from wordkin.embeddings.embeddings import Whitespace
    from wordkin.queries.agreement import Agreement

_EXPORTS = (".parquet", ".tsv")
_CHANGES: Mapping[str, Option] = {
    "header": Option(Flag(), "For text, write the line of sizes first.", True, switch=True),
    "dtype": Option(Choice(("float32", "float16")), "Number type; float16, for .safetensors, halves the file."),
    "dimensions": Option(Number(1, integer=True), "Shorten vectors to this length by their principal components."),
    "whitespace": Option(
        Choice(("refuse", "underscore")),
        "What to do with white space in words, for which .bin, .txt and .vec have no room.",
        "refuse",
    ),
}


@with_options({**_CHANGES, **READING})
def convert(
    source: Annotated[str, typer.Argument(metavar="IN", help="The file of vectors to read.")],
    output: Annotated[
        str,
        typer.Argument(
            metavar="OUT",
            help="The file to write: .safetensors, .bin, .txt or .vec, also with .gz; .parquet for tables and maps; "
            ".tsv for the two files of TensorBoard's projector.",
        ),
    ],
    *,
    header: bool = True,
    dtype: str | None = None,
    dimensions: int | None = None,
    whitespace: str = "refuse",
    json: JsonFlag = False,
    **reading: Any,
) -> None:
    """Convert vectors to another format, number type or size.

    Where --dtype or --dimensions makes vectors smaller, the cost is measured and shown: how many of the
    10 nearest words stay, over a sample of the words, and how far their cosines move.
    """
    exported = Path(output).suffix in _EXPORTS
    if not exported:
        _check_output_first(output)
    before = open_vectors(source, reading, argument="source")
    after = before if dimensions is None else before.reduce_dimensions(dimensions)
    after = after if dtype is None else after.astype(dtype)
    agreement = None if after is before or len(before) < 2 else _agreement(before, after)
    if exported:
        written = _export(after, Path(output))
    else:
        with named(path="output"):
            after.save(output, header=header, whitespace=cast("Whitespace", whitespace))
        written = [output]
    if json:
        print_json(_document(source, written, after, agreement))
        return
    print(f"{', '.join(written)}: {len(after):,} words x {after.vector_size}, {after.matrix.dtype.name}")
    if agreement is not None:
        print(
            f"of the {agreement.topn} nearest words {agreement.shared_neighbours:.1%} stay, cosines move by "
            f"{agreement.cosine_difference:.1e} on average ({agreement.words:,} words asked about)"
        )


def _check_output_first(output: str) -> None:
    """As for any vectors, but an unknown suffix is answered with the exports as well."""
    try:
        check_output_first(output)
    except ConfigError as error:
        if error.parameter != "output" or not error.rule.startswith("must end in"):
            raise
        rule = f"{error.rule}; or in {' or '.join(_EXPORTS)}, for tables and TensorBoard's projector"
        raise ConfigError("output", rule, error.value, error.remedy) from None


def _agreement(before: Embeddings, after: Embeddings) -> Agreement:
    from wordkin.queries.agreement import neighbour_agreement

    return neighbour_agreement(before, after)


def _export(vectors: Embeddings, output: Path) -> list[str]:
    if output.suffix == ".parquet":
        vectors.to_parquet(output)
        return [str(output)]
    return [str(path) for path in vectors.to_projector(output.with_suffix(""))]


def _document(source: str, written: list[str], vectors: Embeddings, agreement: Agreement | None) -> dict[str, Any]:
    return {
        "input": source,
        "outputs": written,
        "words": len(vectors),
        "vector_size": vectors.vector_size,
        "dtype": vectors.matrix.dtype.name,
        "shared_neighbours": None if agreement is None else agreement.shared_neighbours,
        "cosine_difference": None if agreement is None else agreement.cosine_difference,
    }
