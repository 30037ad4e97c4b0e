"""``wordkin phrases``: learn the phrases of a text once, to use them in many training runs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from wordkin.cli.failures import UsageError
from wordkin.cli.options import COMMON, Option, training_options, with_options
from wordkin.cli.output import JsonFlag, print_json
from wordkin.cli.vectors import unusable_output
from wordkin.config import Number, TrainingConfig

_READING = (
    "tokenizer", "lowercase", "normalize", "keep", "field", "reader", "encoding", "encoding_errors", "threads",
    "phrase_min_count", "phrase_threshold", "phrase_scoring", "phrase_connectors", "phrase_delimiter",
)  # fmt: skip
_LEARNING: Mapping[str, Option] = {
    "passes": Option(Number(1, 16, integer=True), "Number of passes; 2 find phrases of up to four words.", 1),
    "show": Option(Number(0, integer=True), "Number of best phrases to print.", 10),
}


def _options() -> dict[str, Option]:
    training = training_options()
    return {**_LEARNING, **{name: training[name] for name in _READING if name in training}}


@with_options(_options())
def phrases(
    corpus: Annotated[
        list[str] | None, typer.Argument(metavar="CORPUS", help="Text, as for wordkin train.", show_default=False)
    ] = None,
    *,
    output: Annotated[
        str | None,
        typer.Option(
            "--output", "-o", metavar="FILE", help="Where to save the phrases: a .json file.", rich_help_panel=COMMON
        ),
    ] = None,
    passes: int = 1,
    show: int = 10,
    json: JsonFlag = False,
    **reading: Any,
) -> None:
    """Learn phrases such as new_york, to use with wordkin train --phrases."""
    from wordkin.storage.files import check_writable
    from wordkin.text.steps import learn_phrases_of, source_of

    if not corpus:
        raise UsageError("missing argument 'CORPUS'; see: wordkin phrases --help")
    if output is None or not output.endswith(".json"):
        raise UsageError(f"phrases needs --output FILE that ends in .json; got {output!r}")
    with unusable_output():
        check_writable(Path(output))
    config = TrainingConfig.from_options(phrases=passes, **reading)
    learned = learn_phrases_of(source_of(corpus[0] if len(corpus) == 1 else corpus, config), config)
    learned.save(output)
    best = sorted((item for each in learned.passes for item in each.phrases.items()), key=lambda item: -item[1])[:show]
    if json:
        found = [{"phrase": learned.delimiter.join(words), "score": score} for words, score in best]
        print_json({"output": output, "phrases": len(learned), "best": found})
        return
    for words, score in best:
        print(f"{learned.delimiter.join(words)}  {score:.4g}")
    print(f"{output}: {len(learned):,} phrases")
