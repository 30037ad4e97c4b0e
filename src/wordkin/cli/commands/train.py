"""``wordkin train``: text in, vectors out."""

from __future__ import annotations

import sys
from typing import Annotated, Any

import typer

from wordkin.cli.options import COMMON, OTHER, training_options, with_options
from wordkin.cli.output import JsonFlag, print_json
from wordkin.cli.vectors import check_output_first
from wordkin.training.progress import ProgressDisplay, TrainingReport


class _Epochs:
    """A callback that keeps the last report of each epoch."""

    def __init__(self) -> None:
        self.reports: list[TrainingReport] = []

    def __call__(self, report: TrainingReport) -> None:
        if report.epoch_finished:
            self.reports.append(report)


@with_options(training_options())
def train(
    corpus: Annotated[
        list[str],
        typer.Argument(
            metavar="CORPUS",
            help="Text, one sentence or paragraph a line: files (also .gz, .bz2, .xz, .zst), directories, "
            "patterns in quotes, URLs, or - for standard input.",
        ),
    ],
    *,
    output: Annotated[
        str,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="Where to save the vectors; the suffix says how: .safetensors, .bin, .txt or .vec, also with .gz.",
            rich_help_panel=COMMON,
        ),
    ],
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Show no progress.", rich_help_panel=OTHER)] = False,
    json: JsonFlag = False,
    **options: Any,
) -> None:
    """Train word vectors on text.

    Progress goes to standard error. Nothing is saved unless training ends well.
    """
    from wordkin.api import train as train_vectors
    from wordkin.config import TrainingConfig

    TrainingConfig.from_options(**options)
    check_output_first(output)
    epochs = _Epochs()
    with ProgressDisplay(sys.stderr) as display:
        vectors = train_vectors(
            corpus[0] if len(corpus) == 1 else corpus,
            output=output,
            callbacks=[epochs] if quiet else [epochs, display],
            on_scan=None if quiet else display.reading,
            **options,
        )
    last = epochs.reports[-1]
    if json:
        print_json(
            {
                "output": output,
                "vocabulary_size": len(vectors),
                "vector_size": vectors.vector_size,
                "words": last.words,
                "losses": [report.loss for report in epochs.reports],
                "seconds": last.seconds,
                "words_per_second": last.words_per_second,
            }
        )
        return
    print(f"{output}: {len(vectors):,} words x {vectors.vector_size}, loss {last.loss:.4f}")
