"""``wordkin encode``: read and count a text once, to train on it many times."""

from __future__ import annotations

import sys
from typing import Annotated, Any

import typer

from wordkin.cli.encoded_texts import document
from wordkin.cli.failures import UsageError
from wordkin.cli.options import COMMON, OTHER, training_options, with_options
from wordkin.cli.output import JsonFlag, print_json
from wordkin.cli.vectors import unusable_output

_OPTIONS = {
    name: option
    for name, option in training_options().items()
    if (option.panel == "Text options" or name in ("min_count", "lowercase", "threads")) and "subsample" not in name
}


@with_options(_OPTIONS)
def encode(
    corpus: Annotated[
        list[str] | None,
        typer.Argument(metavar="CORPUS", help="Text, as for wordkin train.", show_default=False),
    ] = None,
    *,
    output: Annotated[
        str | None,
        typer.Option(
            "--output", "-o", metavar="DIR", help="The directory to create, such as corpus.wk.", rich_help_panel=COMMON
        ),
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Show no progress.", rich_help_panel=OTHER)] = False,
    json: JsonFlag = False,
    **options: Any,
) -> None:
    """Read and count text once, so that later training runs start immediately.

    Pass the directory to wordkin train as its CORPUS. Options of reading
    text may be left out there; if given, they must have the same values.
    """
    from wordkin.config import TrainingConfig
    from wordkin.text.encoded_text import check_output_directory
    from wordkin.text.read import save_encoded
    from wordkin.text.steps import source_of
    from wordkin.training.display import ProgressDisplay

    if not corpus:
        raise UsageError("missing argument 'CORPUS'; see: wordkin encode --help")
    if output is None:
        raise UsageError("missing option '--output' / '-o'; see: wordkin encode --help")
    with unusable_output():
        check_output_directory(output)
    config = TrainingConfig.from_options(**options)
    source = source_of(corpus[0] if len(corpus) == 1 else corpus, config)
    with ProgressDisplay(sys.stderr) as display:
        opened = save_encoded(source, config, output, on_scan=None if quiet else display.reading)
    if json:
        print_json(document(output))
        return
    print(
        f"{output}: {opened.corpus.words:,} words in {opened.corpus.sentences:,} sentences, {len(opened.vocabulary):,} "
        f"different ones; content {opened.description.content_fingerprint}"
    )
