"""Where a run writes: checked before the text is read, not after hours of training."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path

from wordkin.corpus.sources import Source
from wordkin.embeddings import check_output
from wordkin.errors import ConfigError, OutputError, WordkinError
from wordkin.runs.directory import CORPUS_NAME, VALIDATION_NAME, check_directory
from wordkin.runs.log import check_log
from wordkin.runs.record import FILE_NAME, RECORD_NAME, Run
from wordkin.storage.files import reason


def at_places(
    run: Run,
    output: str | Path | None,
    log: str | Path | None,
    texts: Sequence[Source] = (),
    checkpoint: str | Path | None = None,
) -> Run:
    """The run with these places for its files, after checking that they can be written.

    Parameters
    ----------
    output, log : left as the run has them where they are None.
    texts : what the run reads.
    checkpoint : the directory of the run.

    Raises :class:`OutputError` where one cannot be written, and :class:`ConfigError` where its suffix says
    nothing, where it would overwrite the text or the run, or where the next run would read it as text.
    """
    if output is not None:
        run = dataclasses.replace(run, output=str(Path(output).absolute()))
    if log is not None:
        run = dataclasses.replace(run, log=str(Path(log).absolute()))
    places = {"output": run.output, "log": run.log}
    files = {name: Path(place) for name, place in places.items() if place is not None}
    run_directory = {} if checkpoint is None else {"checkpoint": Path(checkpoint)}
    if checkpoint is not None:
        check_directory(checkpoint)
        _refuse_inside_run(files, Path(checkpoint))
    if run.output is not None:
        try:
            check_output(run.output)
        except ConfigError as error:
            raise ConfigError("output", error.rule, error.value, error.remedy) from error
    if run.log is not None:
        check_log(run.log)
    try:
        _refuse_to_overwrite(files, texts)
        _refuse_to_become_text(files | run_directory, texts)
    except WordkinError:
        raise
    except OSError as error:
        raise OutputError(f"cannot look at {str(error.filename)!r}: {reason(error)}") from error
    return run


def _refuse_inside_run(places: dict[str, Path], directory: Path) -> None:
    """Raise :class:`ConfigError` where vectors or log would take the place of a run or of one of its files."""
    for name, place in places.items():
        path = place.absolute()
        own = path.name in (RECORD_NAME, CORPUS_NAME, VALIDATION_NAME) or FILE_NAME.fullmatch(path.name)
        if path == directory.absolute() or (path.parent == directory.absolute() and own):
            raise ConfigError(name, "must not be the directory of checkpoints or a file of it", str(place))


def _refuse_to_become_text(places: dict[str, Path], texts: Sequence[Source]) -> None:
    """Raise :class:`ConfigError` where the next run on a directory would read as text what this one leaves there."""
    for name, place in places.items():
        looks_binary = ".safetensors" in place.suffixes  # its zero bytes keep it out
        is_new = name == "checkpoint" or not place.exists()
        if is_new and not looks_binary and any(text.would_read(place) for text in texts):
            remedy = "the next run would read it as text: choose another place"
            raise ConfigError(name, "must not lie in a directory of the text", str(place), remedy)


def _refuse_to_overwrite(places: dict[str, Path], texts: Sequence[Source]) -> None:
    """Raise :class:`ConfigError` where a file to be written is another one, or part of the text."""
    written: dict[Path, str] = {}
    for name, place in places.items():
        path = place.resolve()
        other = "a file of the text" if any(text.reads(path) for text in texts) else written.get(path)
        if other is not None:
            raise ConfigError(name, f"must not be {other}", str(place), "it would be overwritten: choose another name")
        written[path] = f"the same file as {name}"
