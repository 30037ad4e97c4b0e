"""The record of a run, ``run.json``: its configuration, its state and the names of its array files."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from wordkin._version import __version__
from wordkin.config import FORMER_NAMES, TokenizerName, TrainingConfig
from wordkin.errors import CheckpointError, ConfigError, FormatError, shown
from wordkin.training.state import RunState

RECORD_NAME = "run.json"
FORMAT_NAME = "wordkin run"
FORMAT_VERSION = 1
FREE_TO_CHANGE = ("threads",)  # options that may differ when a run is resumed
FILE_NAME = re.compile(r"(vocabulary|phrases|rare|text|frozen|weights|start|tables|best)-[0-9a-f]{12}\.safetensors")
_FINGERPRINTS = ("text_fingerprint", "corpus_fingerprint", "validation_fingerprint")


@dataclass(frozen=True)
class Run:
    """The part of a run that does not change during training.

    Attributes
    ----------
    config : TrainingConfig
        The options.
    text_fingerprint, corpus_fingerprint, validation_fingerprint : str or None, default None
        Digests of the text as it was read, of the training corpus and of the held-out corpus. A digest is None if there
        is no such text.
    output : str or None, default None
        Path of the vectors.
    log : str or None, default None
        Path of the JSON Lines log.
    checkpoint_seconds : float, default 600
        Time between checkpoints in seconds.
    reading : mapping or None, default None
        Statistics of reading: ``readers`` holds the statistics of each reader, ``dropped`` those of ``max_types``.
    """

    config: TrainingConfig
    text_fingerprint: str | None = None
    corpus_fingerprint: str | None = None
    validation_fingerprint: str | None = None
    output: str | None = None
    log: str | None = None
    checkpoint_seconds: float = 600.0
    reading: Mapping[str, Any] | None = None

    def fingerprinted(self) -> dict[str, Any]:
        """The configuration and the fingerprints of the texts: the values that must not change during a run."""
        return {"config": self.config.to_dict(), **{name: getattr(self, name) for name in _FINGERPRINTS}}


@dataclass(frozen=True)
class StoredFile:
    """A file in the directory of ``run.json``, and the SHA-256 digest of its content."""

    name: str
    sha256: str


@dataclass(frozen=True)
class RunRecord:
    """The content of ``run.json``.

    Attributes
    ----------
    run : Run
        Configuration and fingerprints.
    state : RunState
        The state of training.
    finished : bool
        Whether training has ended.
    files : mapping of str to StoredFile
        Files by what they store. "vocabulary" is always present. The others are optional: "phrases"; "rare", the counts
        of words outside the vocabulary; "text", the word counts in the text of an update; "frozen", the ids of words
        whose vectors must not change; "tables", those of the last checkpoint; "best", the tables of the best epoch so
        far; "start", the tables that an update starts from; "weights", the weights of these tables when they are
        averaged with the trained ones. "best", "start" and "weights" are removed when the run is finished.
    """

    run: Run
    state: RunState
    finished: bool
    files: Mapping[str, StoredFile] = field(default_factory=dict)

    def to_json(self) -> bytes:
        """The content of ``run.json`` for this record."""
        fingerprinted = self.run.fingerprinted()
        values = {
            "format": FORMAT_NAME,
            "version": FORMAT_VERSION,
            "wordkin": __version__,
            **fingerprinted,
            "fingerprint": _fingerprint(fingerprinted, self.files),
            "output": self.run.output,
            "log": self.run.log,
            "checkpoint_seconds": self.run.checkpoint_seconds,
            "reading": self.run.reading,
            "finished": self.finished,
            "state": self.state.to_dict(),
            "files": {kind: {"name": file.name, "sha256": file.sha256} for kind, file in self.files.items()},
        }
        values["sha256"] = digest_of(values)
        text = json.dumps(values, indent=1, ensure_ascii=False, allow_nan=False)
        # File names need not be valid UTF-8. Python represents invalid bytes as lone surrogates, which are written as
        # JSON escapes: \udcff for the byte 0xff.
        return text.encode("utf-8", "backslashreplace")

    @classmethod
    def from_json(cls, text: bytes) -> RunRecord:
        """Inverse of :meth:`to_json`.

        Raises :class:`FormatError` if the text is not a valid record, and :class:`CheckpointError` if its configuration
        or a fingerprint was edited.
        """
        try:
            values = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise FormatError(f"it is not JSON ({error})") from error
        if not isinstance(values, dict) or values.get("format") != FORMAT_NAME:
            raise FormatError("it is not the record of a wordkin run")
        if values.get("version") != FORMAT_VERSION:
            raise FormatError(
                f"its format version is {values.get('version')!r}, but this wordkin reads version {FORMAT_VERSION}"
            )
        files = _files(_entry(values, "files", dict))
        fingerprinted = {
            "config": _entry(values, "config", dict),
            **{name: _entry(values, name, str | None) for name in _FINGERPRINTS},
        }
        if values.get("fingerprint") != _fingerprint(fingerprinted, files):
            raise CheckpointError(
                "the configuration or a fingerprint was edited after the run started: undo the edit, or start a new run"
            )
        run = Run(
            config=_config(fingerprinted["config"]),
            **{name: fingerprinted[name] for name in _FINGERPRINTS},
            output=_entry(values, "output", str | None),
            log=_entry(values, "log", str | None),
            checkpoint_seconds=_entry(values, "checkpoint_seconds", float),
            reading=_entry(values, "reading", dict | None),
        )
        record = cls(run, RunState.from_dict(values.get("state")), _entry(values, "finished", bool), files)
        if values.pop("sha256", None) != digest_of(values):
            raise FormatError("it was edited or is damaged: undo the edit, or start a new run")
        return record


class UnsavedFunction:
    """Stands for an option that was a Python function when the run was saved; functions are not stored."""

    def __init__(self, option: str, name: str) -> None:
        self._option = option
        self.__qualname__ = name

    def __call__(self, text: str) -> list[str]:
        raise ConfigError(
            self._option, "must be passed again, because Python functions are not stored with a run", self.__qualname__,
            "pass the function, or one that does the same")  # fmt: skip


def with_options(run: Run, options: Mapping[str, Any]) -> Run:
    """Return the run with changed options, for resuming it.

    Raises :class:`CheckpointError` if an option that must not change differs from the value the run started with.
    """
    values = {each.name: getattr(run.config, each.name) for each in dataclasses.fields(run.config)}
    asked = TrainingConfig.from_dict(values | dict(options))
    began_values, asked_values = run.config.to_dict(), asked.to_dict()
    for name in options:
        began, now = began_values[name], asked_values[name]
        if now != began and name not in FREE_TO_CHANGE:
            raise CheckpointError(
                f"the run started with {name}={began!r} and cannot be resumed with {now!r}: leave the option out, or "
                "start a new run"
            )
    return dataclasses.replace(run, config=asked)


def _fingerprint(fingerprinted: Mapping[str, Any], files: Mapping[str, StoredFile]) -> str:
    """Return the digest of the values that must not change during a run, including the digest of its vocabulary."""
    config = {name: value for name, value in fingerprinted["config"].items() if name not in FREE_TO_CHANGE}
    content = {**fingerprinted, "config": config, "vocabulary": files["vocabulary"].sha256}
    return digest_of(content)


def digest_of(values: Mapping[str, Any]) -> str:
    """SHA-256 of a JSON object, independent of the order of its entries."""
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()


def _files(entries: Mapping[str, Any]) -> dict[str, StoredFile]:
    files = {kind: StoredFile(_entry(each, "name", str), _entry(each, "sha256", str)) for kind, each in entries.items()}
    if "vocabulary" not in files:
        raise FormatError("its entry 'files' names no file for the vocabulary")
    for kind, file in files.items():
        match = FILE_NAME.fullmatch(file.name)
        if match is None or match[1] != kind:
            raise FormatError(f"its entry 'files' stores {shown(kind)} in {shown(file.name)}, which wordkin never does")
    return files


def _config(values: Mapping[str, Any]) -> TrainingConfig:
    """Return the stored configuration. Options that an earlier version called differently get their present names."""
    former = {name: now for name, now in FORMER_NAMES.items() if name in values and now not in values}
    values = {former.get(name, name): value for name, value in values.items()}
    tokenizer = values.get("tokenizer")
    if isinstance(tokenizer, str) and not TokenizerName().accepts(tokenizer):
        values = {**values, "tokenizer": UnsavedFunction("tokenizer", tokenizer)}
    match values.get("keep"):
        case {"function": str(name)}:
            values = {**values, "keep": UnsavedFunction("keep", name)}
    try:
        return TrainingConfig.from_dict(values)
    except (ConfigError, TypeError) as error:
        raise FormatError(f"its configuration is invalid: {error}") from error


def _entry(values: object, name: str, kind: Any) -> Any:
    """Return an entry of a JSON object; raise FormatError unless it has the type ``kind``.

    A whole number is accepted where a float is required.
    """
    found = values.get(name) if isinstance(values, dict) else None
    if kind is float and type(found) is int:
        return float(found)
    if not isinstance(found, kind) or (isinstance(found, float) and not math.isfinite(found)):
        raise FormatError(f"its entry {name!r} is missing or has the wrong type")
    return found
