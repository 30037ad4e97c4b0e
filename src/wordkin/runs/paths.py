"""Checks of the paths that a run writes to, before the text is read instead of after hours of training."""

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


def with_paths(
    run: Run,
    output: str | Path | None,
    log: str | Path | None,
    texts: Sequence[Source] = (),
    checkpoint: str | Path | None = None,
) -> Run:
    """Check the paths of the vectors and of the log, and return the run with these paths.

    Parameters
    ----------
    run : Run
        The run.
    output, log : path or None
        New paths; None keeps those of the run.
    texts : sequence of Source, default ()
        The texts that the run reads.
    checkpoint : path, default None
        The checkpoint directory of the run.

    Raises
    ------
    OutputError
        A path cannot be written.
    ConfigError
        The suffix of a path is unknown, or the path would overwrite the text or the run, or the next run would read it
        as text.
    """
    if output is not None:
        run = dataclasses.replace(run, output=str(Path(output).absolute()))
    if log is not None:
        run = dataclasses.replace(run, log=str(Path(log).absolute()))
    outputs = {"output": run.output, "log": run.log}
    files = {name: Path(path) for name, path in outputs.items() if path is not None}
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
        raise OutputError(f"cannot access {str(error.filename)!r}: {reason(error)}") from error
    return run


def _refuse_inside_run(paths: dict[str, Path], directory: Path) -> None:
    """Raise :class:`ConfigError` if an output path is the run directory or one of its files.

    ``paths`` maps the option, such as "output", to its path.
    """
    for name, given in paths.items():
        path = given.absolute()
        own = path.name in (RECORD_NAME, CORPUS_NAME, VALIDATION_NAME) or FILE_NAME.fullmatch(path.name)
        if path == directory.absolute() or (path.parent == directory.absolute() and own):
            raise ConfigError(
                name, "must not be the checkpoint directory or one of its files", str(given), "choose another name"
            )


def _refuse_to_become_text(paths: dict[str, Path], texts: Sequence[Source]) -> None:
    """Raise :class:`ConfigError` if an output would be in a directory of text, so that the next run would read it."""
    for name, path in paths.items():
        looks_binary = ".safetensors" in path.suffixes  # readers skip files that contain zero bytes
        is_new = name == "checkpoint" or not path.exists()
        if is_new and not looks_binary and any(text.would_read(path) for text in texts):
            rule = "must not be in a directory that is read as text, because the next run would read it too"
            raise ConfigError(name, rule, str(path), "choose another directory")


def _refuse_to_overwrite(paths: dict[str, Path], texts: Sequence[Source]) -> None:
    """Raise :class:`ConfigError` if an output is also a file of the text, or if two outputs are the same file."""
    written: dict[Path, str] = {}
    for name, given in paths.items():
        path = given.resolve()
        other = "a file of the text" if any(text.reads(path) for text in texts) else written.get(path)
        if other is not None:
            raise ConfigError(
                name, f"must not be {other}, which would be overwritten", str(given), "choose another name"
            )
        written[path] = f"the same file as {name}"
