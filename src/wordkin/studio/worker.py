"""One training run in a separate process. The studio starts the process and exchanges lines of JSON with it.

``python -m wordkin.studio.worker`` reads the specification of the run from the first line of its standard input:

``{"directory": ..., "corpus": ..., "options": {...}, "resume": false, "watch": [...]}``

Commands follow: ``{"pause": true}``, ``{"pause": false}``, ``{"stop": true}``, ``{"watch": [words]}``. If the input
ends, the studio has ended; the run then stops, and can be resumed. The process writes events to its standard output.
Each event is an object whose ``kind`` is ``reading``, ``report``, ``watch``, ``done``, ``stopped`` or ``error``.
"""

from __future__ import annotations

import json
import sys
import threading
import time
import warnings
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from wordkin.errors import WordkinError

if TYPE_CHECKING:
    from wordkin.api import Word2Vec
    from wordkin.training.display import ReadingReport
    from wordkin.training.progress import TrainingReport

VECTORS, CHECKPOINT, LOG, OUTPUT = "vectors.safetensors", "checkpoint", "log.jsonl", "output.txt"
SPECIFICATION = "run.json"
CORPUS_OF_DOCSTRINGS = ""  # the built-in corpus
WATCHED_AMONG = 10_000  # number of first words among which neighbours of watched words are searched
MAX_WATCHED = 12
_NEIGHBOURS = 8
_SECONDS_BETWEEN_WATCHES = 1.0
_CHECKPOINT_EVERY = "1m"


class Control:
    """The commands of the studio, which a separate thread reads from standard input."""

    def __init__(self, commands: Iterable[str], watch: Sequence[str]) -> None:
        self._commands = commands
        self.stopping = False
        self.watch = tuple(watch)
        self._going = threading.Event()
        self._going.set()
        threading.Thread(target=self._listen, daemon=True).start()

    @property
    def paused(self) -> bool:
        """Whether the run must wait."""
        return not self._going.is_set()

    def _listen(self) -> None:
        for line in self._commands:
            command = json.loads(line)
            if "watch" in command:
                self.watch = tuple(str(word) for word in command["watch"][:MAX_WATCHED])
            if "pause" in command:
                (self._going.clear if command["pause"] else self._going.set)()
            if command.get("stop"):
                break
        self.stopping = True
        self._going.set()


class Teller:
    """Writes events; it is also a callback of training."""

    def __init__(self, stream: IO[str], control: Control) -> None:
        self._stream, self._control = stream, control
        self._next_watch = 0.0
        self._lock = threading.Lock()

    def tell(self, kind: str, **values: object) -> None:
        """Write an event. If no process reads events any more, it is lost, and training stops after a checkpoint."""
        line = json.dumps({"kind": kind, **values})
        with self._lock:
            try:
                print(line, file=self._stream, flush=True)
            except (BrokenPipeError, ValueError):
                self._control.stopping = True

    def reading(self, report: ReadingReport) -> None:
        """Write the progress of reading the text."""
        self.tell("reading", words=report.words, bytes_read=report.bytes_read, bytes_total=report.bytes_total)
        if self._control.stopping:
            raise KeyboardInterrupt

    def __call__(self, report: TrainingReport) -> bool:
        """Write the progress of training, wait while the run is paused, and return whether to stop."""
        names = ("epoch", "epochs", "epoch_finished", "words", "total_words", "words_per_second", "loss")
        values = {name: getattr(report, name) for name in names}
        self.tell(
            "report",
            **values,
            learning_rate=report.learning_rate,
            validation_loss=report.validation_loss,
            seconds=report.seconds,
            seconds_left=report.seconds_left,
        )
        self._watch(
            report, now=report.epoch_finished
        )  # so that the last neighbours shown are those of the final vectors
        while self._control.paused and not self._control.stopping:
            self._watch(report)  # words may be chosen during a pause
            time.sleep(0.1)
        return self._control.stopping

    def _watch(self, report: TrainingReport, *, now: bool = False) -> None:
        if not self._control.watch or report.snapshot is None or not (now or time.monotonic() >= self._next_watch):
            return
        import numpy as np  # here, because the studio imports the names above when it starts

        self._next_watch = time.monotonic() + _SECONDS_BETWEEN_WATCHES
        vocabulary = report.snapshot.vocabulary
        known = [word for word in self._control.watch if word in vocabulary]
        count = min(WATCHED_AMONG, len(vocabulary))
        ids = [vocabulary.id_of(word) for word in known]
        rows = report.snapshot.vectors([*range(count), *ids])
        rows = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)
        words: dict[str, list[tuple[str, float]] | None] = dict.fromkeys(self._control.watch)
        for word, word_id, row in zip(known, ids, rows[count:], strict=True):
            cosines = rows[:count] @ row
            if word_id < count:
                cosines[word_id] = -2
            best = np.argsort(-cosines)[: min(_NEIGHBOURS, count - 1)]
            words[word] = [(vocabulary.words[int(each)], round(float(cosines[each]), 4)) for each in best]
        self.tell("watch", words=words)


def run(specification: dict[str, Any], control: Control, teller: Teller) -> None:
    """Train as specified, and write the final event."""
    try:
        model = _train(specification, teller)
    except WordkinError as error:
        teller.tell("error", message=str(error))
        sys.exit(2)
    except (KeyboardInterrupt, SystemExit):
        teller.tell("stopped")
        sys.exit(0)
    finished = len(model.losses) >= model.config.epochs or not control.stopping
    teller.tell("done" if finished else "stopped", losses=model.losses)


def _train(specification: dict[str, Any], teller: Teller) -> Word2Vec:
    from wordkin.api import Word2Vec

    directory = Path(specification["directory"])
    places: dict[str, Any] = {
        "output": directory / VECTORS,
        "log": directory / LOG,
        "checkpoint_every": _CHECKPOINT_EVERY,
    }
    if specification["resume"]:
        return Word2Vec.resume(directory / CHECKPOINT, callbacks=[teller], **places)
    corpus: Any = specification["corpus"]
    if corpus == CORPUS_OF_DOCSTRINGS:
        from wordkin.corpus.readers.docstrings import docstring_corpus

        corpus = docstring_corpus()
    return Word2Vec(**specification["options"]).fit(
        corpus,
        checkpoint=directory / CHECKPOINT,
        callbacks=[teller],
        on_scan=teller.reading,
        spool_directory=directory,
        **places,
    )


def main() -> None:
    """Read the specification and run it."""
    specification = json.loads(sys.stdin.readline())
    control = Control(sys.stdin, specification.get("watch", ()))
    teller = Teller(sys.stdout, control)
    sys.stdout = sys.stderr  # output of other code must not mix with the events
    warnings.showwarning = lambda message, *_, **__: teller.tell("warning", message=str(message))
    run(specification, control, teller)


if __name__ == "__main__":
    main()
