"""Training runs of the studio. Each run has its own process and its own folder.

The folder of a run holds its specification (``run.json``), its checkpoints, its log, its output and finally its
vectors. A studio that is started later therefore lists this run as well, and can resume it.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import sys
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from wordkin.errors import ConfigError
from wordkin.storage.files import replacing_path
from wordkin.studio.worker import CHECKPOINT, CORPUS_OF_DOCSTRINGS, LOG, OUTPUT, SPECIFICATION, VECTORS
from wordkin.studio.workspace import Workspace

FOLDER = "studio-runs"
MAX_RUNNING = 2
MAX_LISTED = 100
MAX_POINTS = 1_000  # maximum number of points of a curve; beyond it, every second point is dropped
_LOG_LINES = 30

Status = Literal["reading", "training", "paused", "stopping", "done", "stopped", "failed"]
RUNNING: tuple[Status, ...] = ("reading", "training", "paused", "stopping")


@dataclass
class TrainingRun:
    """A training run, as the pages show it.

    Attributes
    ----------
    name : str
        Name of its folder.
    folder : Path
        Its folder.
    corpus : str
        Name of its text in the workspace; "" for the built-in corpus.
    options : dict of str to object
        The training options that the user chose.
    status : {"reading", "training", "paused", "stopping", "done", "stopped", "failed"}
        The state of the run; "reading" means reading the text.
    reading, report : dict of str to object
        The last event of the kind "reading", and the last one of the kind "report".
    points : list of (int, float, float)
        Number of words trained so far, loss and learning rate, at several moments.
    held_out : list of (int, float)
        Number of words trained so far and held-out loss after each epoch, if this loss is measured.
    watch : tuple of str
        The watched words.
    watched : dict of str to list of (str, float), or None
        Neighbours of each watched word; None for a word that is not in the vocabulary.
    message : str
        The error or warning to show; "" for none.
    """

    name: str
    folder: Path
    corpus: str
    options: dict[str, Any]
    status: Status = "stopped"
    reading: dict[str, Any] = field(default_factory=dict)
    report: dict[str, Any] = field(default_factory=dict)
    points: list[tuple[int, float, float]] = field(default_factory=list)
    held_out: list[tuple[int, float]] = field(default_factory=list)
    watch: tuple[str, ...] = ()
    watched: dict[str, list[tuple[str, float]] | None] = field(default_factory=dict)
    message: str = ""
    _process: asyncio.subprocess.Process | None = field(default=None, repr=False)
    _stride: int = 1
    _seen: int = 0

    @property
    def running(self) -> bool:
        """Whether the process of the run exists; it may be paused."""
        return self.status in RUNNING

    @property
    def resumable(self) -> bool:
        """Whether the run can be resumed from a checkpoint."""
        return not self.running and self.status != "done" and (self.folder / CHECKPOINT / "run.json").exists()

    @property
    def vectors(self) -> Path | None:
        """The file of the vectors of the run; None if it has not saved any."""
        path = self.folder / VECTORS
        return path if path.is_file() else None

    def log_tail(self) -> str:
        """Return the last lines that the process printed."""
        try:
            with (self.folder / OUTPUT).open(encoding="utf-8", errors="replace") as printed:
                return "".join(deque(printed, maxlen=_LOG_LINES)).strip()
        except OSError:
            return ""

    async def start(self, *, resume: bool) -> None:
        """Start the process."""
        self.status, self.message = "reading", ""
        specification = {
            "directory": str(self.folder),
            "corpus": self.corpus,
            "options": self.options,
            "resume": resume,
            "watch": self.watch,
        }
        environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
        with (self.folder / OUTPUT).open("ab") as printed:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                *("-P", "-m", "wordkin.studio.worker"),  # -P prevents the import of modules from the current directory
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=printed,
                env=environment,
                start_new_session=True,  # Ctrl-C then reaches only the studio, which stops the run
                limit=2**20,
            )
        self._send(specification)

    async def follow(self) -> None:
        """Process the events of the process until it ends."""
        assert self._process is not None
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            self._take(json.loads(line))
        code = await self._process.wait()
        if self.running:
            self.status = "failed"
            self.message = f"the process of the run ended with code {code}"
        self._process = None

    def pause(self, waiting: bool) -> None:
        """Pause the run if ``waiting`` is true; otherwise continue it.

        It pauses when the span of the text that it trains on is done.
        """
        if self.status in ("training", "paused"):
            self.status = "paused" if waiting else "training"
            self._send({"pause": waiting})

    def stop(self) -> None:
        """Stop the run when the span of the text that it trains on is done. Its checkpoint is kept."""
        if self.running:
            self.status = "stopping"
            self._send({"stop": True})

    def set_watch(self, words: tuple[str, ...]) -> None:
        """Set the words whose neighbours are shown."""
        self.watch = words
        self.watched = {word: near for word, near in self.watched.items() if word in words}
        self._send({"watch": words})

    def read_log(self) -> None:
        """Read the curves from the log of a run that an earlier studio started."""
        with contextlib.suppress(OSError), (self.folder / LOG).open(encoding="utf-8") as lines:
            for line in lines:
                with contextlib.suppress(ValueError, KeyError, TypeError):
                    self._take({**json.loads(line), "kind": "logged"})

    def _send(self, command: Mapping[str, Any]) -> None:
        if self._process is not None and self._process.stdin is not None:
            with contextlib.suppress(ConnectionError, RuntimeError):
                self._process.stdin.write(json.dumps(command).encode() + b"\n")

    def _take(self, event: dict[str, Any]) -> None:
        match event["kind"]:
            case "reading":
                self.reading = event
            case "report" | "logged":
                self._take_report(event)
            case "watch":
                self.watched = event["words"]
            case "warning":
                self.message = event["message"]
            case "error":
                self.status, self.message = "failed", event["message"]
            case "done" | "stopped" as ending:
                self.status = ending

    def _take_report(self, event: dict[str, Any]) -> None:
        if event["kind"] == "report":
            self.report = event
            if self.status == "reading":
                self.status = "training"
        self._seen += 1
        if self._seen % self._stride == 0:
            self.points.append((event["words"], event["loss"], event["learning_rate"]))
        if len(self.points) > MAX_POINTS:
            self.points, self._stride = self.points[::2], 2 * self._stride
        if event["validation_loss"] is not None:
            self.held_out.append((event["words"], event["validation_loss"]))


class Runs:
    """All training runs in the folder of a workspace.

    Parameters
    ----------
    workspace : Workspace
        The files of the studio. Its folder holds the runs, and its texts can be trained on.
    """

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self._folder = workspace.folder / FOLDER
        self._runs: dict[str, TrainingRun] = {}
        self._following: set[asyncio.Task[None]] = set()

    def all(self) -> list[TrainingRun]:
        """Return all runs, the newest first."""
        if not self._folder.resolve().is_relative_to(self.workspace.folder):
            return []
        with contextlib.suppress(OSError):
            for path in sorted(self._folder.iterdir())[-MAX_LISTED:]:
                if path.name not in self._runs and not path.is_symlink():
                    self._find(path)
        return sorted(self._runs.values(), key=lambda run: run.name, reverse=True)

    def get(self, name: str) -> TrainingRun | None:
        """Return the run with a name; None if there is none."""
        return next((run for run in self.all() if run.name == name), None)

    async def begin(self, corpus: str, options: dict[str, Any], watch: tuple[str, ...]) -> TrainingRun:
        """Start a run.

        Raises
        ------
        ConfigError
            Too many runs are active, or the text may not be opened.
        CorpusNotFoundError
            The text does not exist.
        """
        self._refuse_too_many()
        path = CORPUS_OF_DOCSTRINGS if corpus == CORPUS_OF_DOCSTRINGS else str(self.workspace.path_of(corpus))
        folder = self._new_folder(corpus)
        with replacing_path(folder / SPECIFICATION) as written:
            written.write_text(json.dumps({"corpus": corpus, "options": options}), encoding="utf-8")
        run = TrainingRun(folder.name, folder, path, options, watch=watch)
        self._runs[run.name] = run
        await self._start(run, resume=False)
        run.corpus = corpus
        return run

    async def resume(self, run: TrainingRun) -> None:
        """Resume a run from its last checkpoint; raise ConfigError if too many runs are active."""
        self._refuse_too_many()
        if run.resumable:
            await self._start(run, resume=True)

    async def stop_all(self) -> None:
        """Stop every run and wait until each has written its checkpoint."""
        for run in self._runs.values():
            run.stop()
        if self._following:
            await asyncio.wait(self._following, timeout=60)

    async def _start(self, run: TrainingRun, *, resume: bool) -> None:
        await run.start(resume=resume)
        task = asyncio.create_task(run.follow())
        self._following.add(task)
        task.add_done_callback(self._following.discard)

    def _refuse_too_many(self) -> None:
        running = [run.name for run in self._runs.values() if run.running]
        if len(running) >= MAX_RUNNING:
            raise ConfigError("runs", f"must be at most {MAX_RUNNING} at a time", len(running) + 1, "stop one first")

    def _new_folder(self, corpus: str) -> Path:
        subject = re.sub(r"[^\w.-]+", "-", Path(corpus).name.split(".")[0]).strip("-.")[:40] or "docstrings"
        stem = f"{time.strftime('%Y%m%d-%H%M%S')}-{subject}"
        self._folder.mkdir(exist_ok=True)
        for number in range(1, 100):
            folder = self._folder / (stem if number == 1 else f"{stem}-{number}")
            with contextlib.suppress(FileExistsError):
                folder.mkdir()
                return folder
        raise ConfigError("run", "must have a folder name that is not used yet", stem, "try again in a second")

    def _find(self, folder: Path) -> None:
        """Add the run in a folder that an earlier studio wrote. Ignore folders that do not contain a run."""
        try:
            specification = json.loads((folder / SPECIFICATION).read_text(encoding="utf-8"))
            run = TrainingRun(folder.name, folder, str(specification["corpus"]), dict(specification["options"]))
        except (OSError, ValueError, KeyError, TypeError):
            return
        run.read_log()
        run.status = "done" if _is_finished(folder / CHECKPOINT / "run.json") else "stopped"
        self._runs[run.name] = run


def _is_finished(record: Path) -> bool:
    try:
        return bool(json.loads(record.read_text(encoding="utf-8")).get("finished"))
    except (OSError, ValueError, AttributeError):
        return False
