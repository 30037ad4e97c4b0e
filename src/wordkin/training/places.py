"""Where a run writes: checked before the text is read, not after hours of training."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from pathlib import Path

from wordkin.corpus.readers import find_files, is_paths
from wordkin.embeddings import check_output
from wordkin.errors import ConfigError
from wordkin.training.log import check_log
from wordkin.training.record import Run


def at_places(run: Run, output: str | Path | None, log: str | Path | None, texts: Iterable[object] = ()) -> Run:
    """The run with these places for its files, after checking that they can be written.

    Parameters
    ----------
    output, log : left as the run has them where they are None.
    texts : what the run reads; a corpus of any kind, or None.

    Raises :class:`OutputError` where one cannot be written, and :class:`ConfigError` where its suffix says
    nothing or where it would overwrite the text.
    """
    if output is not None:
        run = dataclasses.replace(run, output=str(Path(output).absolute()))
    if log is not None:
        run = dataclasses.replace(run, log=str(Path(log).absolute()))
    if run.output is not None:
        try:
            check_output(run.output)
        except ConfigError as error:
            raise ConfigError("output", error.rule, error.value, error.remedy) from error
    if run.log is not None:
        check_log(run.log)
    places = {"output": run.output, "log": run.log}
    _refuse_to_overwrite({name: Path(place) for name, place in places.items() if place is not None}, texts)
    return run


def _refuse_to_overwrite(places: dict[str, Path], texts: Iterable[object]) -> None:
    """Raise :class:`ConfigError` where a file to be written is another one, or part of the text."""
    read = {Path(file.name).resolve() for text in texts if is_paths(text) for file in find_files(text)}
    written: dict[Path, str] = {}
    for name, place in places.items():
        path = place.resolve()
        other = "a file of the text" if path in read else written.get(path)
        if other is not None:
            raise ConfigError(name, f"must not be {other}", str(place), "it would be overwritten: choose another name")
        written[path] = f"the same file as {name}"
