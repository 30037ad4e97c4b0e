"""``wordkin train``: train word vectors on text."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from wordkin.cli.failures import UsageError
from wordkin.cli.option_values import show_values
from wordkin.cli.options import COMMON, OTHER, Option, training_options, with_options
from wordkin.cli.output import JsonFlag, print_json, shell_quoted
from wordkin.cli.vectors import check_output_first, unusable_output
from wordkin.config import OLD_WEIGHT, REPLAY_SHARE
from wordkin.training.cpu.compiling import announcing_compilation, load_numba_alone

if TYPE_CHECKING:
    from wordkin.api import Word2Vec
    from wordkin.training.display import ProgressDisplay
    from wordkin.training.progress import TrainingReport

_LONG_RUNS = "Long runs"


def _file_option(*spellings: str, text: str, metavar: str = "FILE", panel: str = _LONG_RUNS) -> Any:
    return typer.Option(*spellings, metavar=metavar, help=text, rich_help_panel=panel, show_default=False)


_CorpusArgument = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="CORPUS",
        help="Text with one sentence or paragraph per line: files (also .gz, .bz2, .xz, .zst), directories, "
        "glob patterns in quotes, URLs, or - for standard input.",
        show_default=False,
    ),
]
_OutputOption = Annotated[
    str | None,
    _file_option(
        "--output",
        "-o",
        text="Where to save the vectors. The suffix chooses the format: .safetensors, .bin, .txt or .vec, each also "
        "with .gz.",
        panel=COMMON,
    ),
]


class _LastReport:
    """A training callback that stores the last report."""

    def __init__(self) -> None:
        self.report: TrainingReport | None = None

    def __call__(self, report: TrainingReport) -> None:
        self.report = report


_REPLAY = Option(
    REPLAY_SHARE,
    "With --from: mix this share of the sentences of --replay-from into CORPUS, so that the model forgets less. A "
    "number above 0, at most 1.",
    panel=_LONG_RUNS,
)


_OLD_WEIGHT = Option(
    OLD_WEIGHT,
    "With --from: weight of the old vectors in the average of old and trained vectors that is saved. A number from 0 "
    "to 1; by default the share of the old text in all text, at most 0.65.",
    panel=_LONG_RUNS,
)


@with_options({**training_options(), "replay": _REPLAY, "old_weight": _OLD_WEIGHT})
def train(
    corpus: _CorpusArgument = None,
    *,
    output: _OutputOption = None,
    checkpoint: Annotated[
        str | None,
        _file_option(
            "--checkpoint",
            text="Save checkpoints in this directory, so that --resume can continue the run.",
            metavar="DIR",
        ),
    ] = None,
    checkpoint_every: Annotated[
        str | None,
        _file_option(
            "--checkpoint-every", text="Time between checkpoints, such as 30s or 2h.  [default: 10m]", metavar="TIME"
        ),
    ] = None,
    resume: Annotated[
        str | None, _file_option("--resume", text="Continue the run in this directory; needs no CORPUS.", metavar="DIR")
    ] = None,
    from_: Annotated[
        str | None,
        _file_option(
            "--from",
            text="Continue training the model in this directory (written by --checkpoint) on the new text CORPUS. A "
            "new word joins the vocabulary when its total count reaches --min-count. Options default to those of "
            "the model, except --learning-rate: 0.025 for skip-gram, 0.05 for CBOW.",
            metavar="MODEL",
        ),
    ] = None,
    init: Annotated[
        str | None, _file_option("--init", text="Start from the vectors in this file.", metavar="VECTORS")
    ] = None,
    freeze: Annotated[
        str | None,
        _file_option(
            "--freeze",
            text="With --from or --init: do not change the vectors of words that this regular expression matches fully "
            "(.* for all words). @FILE: of the words listed in a file, one per line.",
            metavar="PATTERN",
        ),
    ] = None,
    replay: float | None = None,
    replay_from: Annotated[
        str | None,
        _file_option(
            "--replay-from", text="Text that the model was trained on, such as an encoded text.", metavar="TEXT"
        ),
    ] = None,
    old_weight: float | None = None,
    vocabulary: Annotated[
        str | None,
        _file_option("--vocabulary", text="Use the words of this file as vocabulary: a word and its count per line."),
    ] = None,
    validation: Annotated[
        str | None, _file_option("--validation", text="Held-out text to measure the loss on after each epoch.")
    ] = None,
    log: Annotated[
        str | None,
        _file_option("--log", text="Write a line of JSON about once per second: words, speed, losses and more."),
    ] = None,
    cluster: Annotated[
        str | None,
        _file_option(
            "--cluster",
            text="Train on the machines of a Ray cluster: HOST:PORT, or auto for the cluster of this machine.",
            metavar="ADDRESS",
        ),
    ] = None,
    show_options: Annotated[
        bool,
        typer.Option(
            "--show-options",
            help="Print the value of every option and its source, and exit without training.",
            rich_help_panel=OTHER,
        ),
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Show no progress.", rich_help_panel=OTHER)] = False,
    json: JsonFlag = False,
    **options: Any,
) -> None:
    """Train word vectors on text.

    Progress goes to standard error. The vectors are saved only if training succeeds.
    """
    if show_options:
        show_values(options, json)
        return
    starts = {"--from": from_, "--init": init, "--vocabulary": vocabulary}
    others = {"--checkpoint": checkpoint, "--validation": validation, "--freeze": freeze, **starts}
    _check_usage(corpus, output, resume, others)
    replayed = {"replay": replay, "replay_from": replay_from}
    _check_replay(from_, replayed)
    if old_weight is not None and from_ is None:
        raise UsageError(
            f"--old-weight needs --from, because only the update of a model has old vectors; got {old_weight!r}"
        )
    _check_outputs_first(checkpoint, output, log, resume)
    from wordkin.training.display import ProgressDisplay
    from wordkin.training.state import rising_loss_note

    load_numba_alone()
    targets = {"output": output, "log": log, "checkpoint_every": checkpoint_every, "cluster": cluster}
    last = _LastReport()
    with (
        _advice_when_stopped(resume if checkpoint is None else checkpoint),
        ProgressDisplay(sys.stderr) as display,
        _notices(display, quiet),
    ):
        shown: dict[str, Any] = {"callbacks": [last] if quiet else [last, display]}
        if not quiet:
            shown["on_scan"] = display.reading
        kept = Path(freeze[1:]) if freeze is not None and freeze.startswith("@") else freeze
        new_run = {**targets, "checkpoint": checkpoint, "validation": validation, "freeze": kept, **shown}
        if resume is not None:
            model = _resume(resume, corpus, options, targets, shown)
        elif from_ is not None:
            model = _update(from_, corpus, options, {**new_run, **replayed, "old_weight": old_weight})
        else:
            model = _begin(corpus, options, {**new_run, "vocabulary": vocabulary, "init": init})
    if json:
        print_json(_document(model, model.output if output is None else output, last.report))
        return
    saved_to = output or model.output or resume  # a run that was started in Python may have no output
    loss = model.losses[model.best_epoch - 1]  # the epoch whose vectors were saved
    print(f"{saved_to}: {len(model.vocabulary):,} words x {model.config.vector_size}, loss {loss:.4f}")
    if model.ending:
        print(model.ending)
    if init is not None and not quiet:
        print(f"{model.words_from_init:,} of {len(model.vocabulary):,} words started from {init}", file=sys.stderr)
    if model.replayed is not None and not quiet:
        sentences, words = model.replayed["sentences"], model.replayed["words"]
        print(f"mixed in {sentences:,} sentences ({words:,} words) of {replay_from}", file=sys.stderr)
    if checkpoint is not None and not quiet:
        _report_rare_words(model, checkpoint)
    note = rising_loss_note(model.losses, model.validation_losses)
    if note and not quiet:
        print(f"note: {note.replace('validation_fraction=0.05', '--validation-fraction 0.05')}", file=sys.stderr)


@contextmanager
def _advice_when_stopped(directory: str | None) -> Iterator[None]:
    """If a signal stops the run inside the block, print the command that continues the run."""
    try:
        yield
    except (KeyboardInterrupt, SystemExit):
        if directory is not None and os.path.exists(os.path.join(directory, "run.json")):  # noqa: PTH110, PTH118
            print(f"wordkin: to continue: wordkin train --resume {shell_quoted(directory)}", file=sys.stderr)
        raise


def _notices(display: ProgressDisplay, quiet: bool) -> AbstractContextManager[None]:
    return nullcontext() if quiet else announcing_compilation(display.compiling)


def _check_usage(
    corpus: list[str] | None, output: str | None, resume: str | None, others: dict[str, str | None]
) -> None:
    if others["--from"] is not None:
        for name in "--init", "--vocabulary":
            if others[name] is not None:
                raise UsageError(
                    f"{name} must be left out with --from, which uses the words and vectors of the model; "
                    f"got {others[name]!r}"
                )
    if resume is not None:
        for name, value in others.items():
            if value is not None:
                raise UsageError(
                    f"{name} must be left out with --resume: a run continues as it was started; got {value!r}"
                )
    elif not corpus:
        raise UsageError("missing argument 'CORPUS'; see: wordkin train --help")
    elif output is None:
        raise UsageError("missing option '--output' / '-o'; see: wordkin train --help")


def _check_replay(from_: str | None, replayed: dict[str, Any]) -> None:
    """Refuse --replay and --replay-from without --from, and one of these two options without the other."""
    for name, value in replayed.items():
        if value is not None and from_ is None:
            raise UsageError(
                f"--{name.replace('_', '-')} needs --from, because only the update of a model replays old text; got "
                f"{value!r}"
            )
    for name, other in (("replay", "replay_from"), ("replay_from", "replay")):
        if replayed[name] is not None and replayed[other] is None:
            raise UsageError(f"--{name.replace('_', '-')} needs --{other.replace('_', '-')}; got {replayed[name]!r}")


def _check_outputs_first(checkpoint: str | None, output: str | None, log: str | None, resume: str | None) -> None:
    """Raise UsageError if a file of the run cannot be written, also a file of a resumed run.

    Called before the work begins.
    """
    from wordkin.runs.directory import check_directory, recorded_files
    from wordkin.runs.log import check_log

    directory = checkpoint
    if resume is not None:
        recorded_output, recorded_log = recorded_files(resume)
        directory = resume
        output = recorded_output if output is None else output
        log = recorded_log if log is None else log
    if output is not None:
        check_output_first(output)
    with unusable_output():
        if directory is not None:
            check_directory(directory)
        if log is not None:
            check_log(log)


def _source(corpus: list[str]) -> str | list[str]:
    return corpus[0] if len(corpus) == 1 else corpus


def _begin(corpus: list[str] | None, options: dict[str, Any], run: dict[str, Any]) -> Word2Vec:
    from wordkin.api import Word2Vec

    assert corpus is not None  # as checked
    return Word2Vec(**options).fit(_source(corpus), spool_directory=_beside(run["output"]), **run)


def _update(model: str, corpus: list[str] | None, options: dict[str, Any], run: dict[str, Any]) -> Word2Vec:
    from wordkin.api import Word2Vec

    assert corpus is not None  # as checked
    if Path(model).is_file():
        raise UsageError(
            f"--from must be a directory written by --checkpoint; got the file {model!r}: to start from vectors alone, "
            "use --init"
        )
    return Word2Vec.load(model).update(_source(corpus), spool_directory=_beside(run["output"]), **run, **options)


def _beside(output: str) -> Path:
    """Return the directory of the output. Temporary data that does not fit into memory is written there."""
    return Path(output).absolute().parent


def _report_rare_words(model: Word2Vec, directory: str) -> None:
    """Print how many rare words have their counts stored in the directory, and the size of the file of these counts."""
    if model.rare is None:
        return
    size = sum(each.stat().st_size for each in Path(directory).glob("rare-*.safetensors"))
    forgotten = f"; {model.forgotten:,} more were dropped (--max-types)" if model.forgotten else ""
    print(
        f"{directory}: keeps the counts of {len(model.rare):,} rare words, {size:,} bytes{forgotten}", file=sys.stderr
    )


def _resume(
    directory: str, corpus: list[str] | None, options: dict[str, Any], targets: dict[str, Any], shown: dict[str, Any]
) -> Word2Vec:
    from wordkin.api import Word2Vec

    return Word2Vec.resume(directory, _source(corpus) if corpus else None, **targets, **shown, **options)


def _document(model: Word2Vec, output: str | None, last: TrainingReport | None) -> dict[str, Any]:
    return {
        "output": output,
        "vocabulary_size": len(model.vocabulary),
        "vector_size": model.config.vector_size,
        "words": None if last is None else last.words,
        "losses": model.losses,
        "validation_losses": model.validation_losses,
        "best_epoch": model.best_epoch,
        "stopped_early": model.stopped_early,
        "replay": model.replayed,
        "seconds": None if last is None else last.seconds,
        "words_per_second": None if last is None else last.words_per_second,
    }
