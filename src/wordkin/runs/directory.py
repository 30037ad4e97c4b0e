"""Run directories: atomic checkpoints on disk.

``docs/checkpoints.md`` specifies the directory. ``run.json`` names every other file and is replaced last. From the
first checkpoint on, the directory therefore always holds one complete checkpoint.
"""

from __future__ import annotations

import contextlib
import copy
import dataclasses
import errno
import hashlib
import os
import re
import secrets
import stat
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO, Self

import numpy as np
from numpy.typing import NDArray

from wordkin._version import __version__
from wordkin.corpus.encoded import EncodedCorpus
from wordkin.corpus.phrases import Phrases
from wordkin.errors import CheckpointError, CorpusNotFoundError, FormatError, OutputError, shown
from wordkin.runs.record import FILE_NAME, RECORD_NAME, Run, RunRecord, StoredFile
from wordkin.storage.files import InputFile, mapped_bytes, reason, replacing, sync_directory
from wordkin.storage.tensors import Layout, read_tensors, write_tensors
from wordkin.training.state import RunState
from wordkin.training.tables import NamedTables, OldRows, table_shapes
from wordkin.vocabulary import Vocabulary
from wordkin.vocabulary.tensors import VOCABULARY_LAYOUT, vocabulary_metadata, vocabulary_of_tensors, vocabulary_tensors

CORPUS_NAME, VALIDATION_NAME = "corpus", "validation"
_HALF_WRITTEN_RECORD = re.compile(r"\.run\.json\.[0-9a-f]{8}\.tmp")


def check_directory(path: str | Path) -> None:
    """Raise :class:`OutputError` unless ``path`` is a directory, or one could be created there. Creates nothing."""
    existing = wanted = Path(path).absolute()
    try:
        if "\0" in str(existing):
            raise ValueError("embedded null byte")
        while not os.path.lexists(existing):
            existing = existing.parent
        if not existing.is_dir():
            named = "it" if existing == wanted else repr(str(existing))
            raise NotADirectoryError(errno.ENOTDIR, f"{named} is a file")
        tempfile.TemporaryFile(dir=existing).close()
    except (OSError, ValueError) as error:
        raise OutputError(f"cannot write to the directory {str(path)!r}: {reason(error)}") from error


_PHRASES_LAYOUT: Layout = {"json": (("U8",), 1)}
_FROZEN_LAYOUT: Layout = {"ids": (("I64",), 1)}
_WEIGHTS_LAYOUT: Layout = {"weights": (("F32",), 1)}
_TEXT_LAYOUT: Layout = {"counts": (("I64",), 1)}


def recorded_files(path: str | Path) -> tuple[str | None, str | None]:
    """Return the paths of the vectors and of the log that ``run.json`` names; None for a file not written.

    Raises the errors of :meth:`RunDirectory.open`.
    """
    directory = RunDirectory(path)
    directory._check_has_run()
    run = directory._read_record().run
    return run.output, run.log


class RunDirectory:
    """The directory of one run or of one saved model. Other processes cannot write to it while it is open for writing.

    Attributes
    ----------
    path : Path
        The directory.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self._record: RunRecord | None = None
        self._vocabulary: Vocabulary | None = None
        self._descriptor: int | None = None
        self._best: StoredFile | None = None  # written, but not yet in the record

    @classmethod
    def create(cls, path: str | Path, *, replace: bool = False) -> Self:
        """Create and lock a directory for a new run. It stays empty until :meth:`begin` is called.

        Parameters
        ----------
        path : str or Path
            The directory; it may already exist.
        replace : bool, default False
            Allow replacing a saved model. The checkpoints of a run are never replaced.

        Raises
        ------
        CheckpointError
            The directory holds a run.
        OutputError
            The directory cannot be created or written.
        """
        directory = cls(path)
        with contextlib.ExitStack() as on_error:
            on_error.callback(directory.close)
            try:
                if directory.path.is_file():
                    raise FileExistsError(errno.EEXIST, "it is a file")
                directory.path.mkdir(parents=True, exist_ok=True)
                directory._lock()
                tempfile.TemporaryFile(dir=directory.path).close()
                holds_run = directory.path / RECORD_NAME in directory.path.iterdir()
            except (OSError, ValueError) as error:
                raise OutputError(f"cannot write to the directory {str(path)!r}: {reason(error)}") from error
            if holds_run:
                directory._record = directory._read_record()
                directory._refuse_to_replace(directory._record, replace)
            on_error.pop_all()
        return directory

    @classmethod
    def open(cls, path: str | Path, *, lock: bool = False) -> Self:
        """Open the run in a directory.

        Parameters
        ----------
        path : str or Path
            The directory.
        lock : bool, default False
            Lock the directory, in order to write checkpoints.

        Raises
        ------
        CheckpointError
            The directory holds no run, the run was edited, or another process is using it.
        FormatError
            A file of the run is damaged.
        """
        directory = cls(path)
        directory._check_has_run()
        with contextlib.ExitStack() as on_error:
            on_error.callback(directory.close)
            if lock:
                try:
                    directory._lock()
                except OSError as error:
                    raise CheckpointError(f"cannot lock the directory {str(path)!r}: {reason(error)}") from error
            directory._record = directory._read_record()
            if lock:
                directory._remove_leftovers()
            directory._vocabulary = directory._read_words(directory._record.files["vocabulary"])
            on_error.pop_all()
        return directory

    @property
    def record(self) -> RunRecord:
        """The content of ``run.json``."""
        assert self._record is not None, "call begin or open first"
        return self._record

    @property
    def text_paths(self) -> tuple[Path, Path]:
        """The subdirectories in which the encoded training text and the encoded held-out text are stored."""
        return self.path / CORPUS_NAME, self.path / VALIDATION_NAME

    @property
    def has_begun(self) -> bool:
        """Whether the directory holds a run: one that was opened, or that :meth:`begin` wrote."""
        return self._vocabulary is not None

    @property
    def vocabulary(self) -> Vocabulary:
        """The vocabulary of the run."""
        assert self._vocabulary is not None, "call begin or open first"
        return self._vocabulary

    def begin(
        self,
        run: Run,
        vocabulary: Vocabulary,
        state: RunState,
        tables: NamedTables | None,
        *,
        finished: bool,
        phrases: Phrases | None = None,
        rare: Vocabulary | None = None,
        text_counts: NDArray[np.int64] | None = None,
        frozen: NDArray[np.int64] | None = None,
        old_weights: NDArray[np.float32] | None = None,
    ) -> None:
        """Write the files of a run before training begins, so that it can be resumed.

        Parameters
        ----------
        run : Run
            Configuration and fingerprints.
        vocabulary : Vocabulary
            The words.
        state : RunState
            The state of training.
        tables : mapping of str to ndarray, or None
            The tables; None if training starts from random ones.
        finished : bool
            Whether training has ended.
        phrases : Phrases, default None
            The phrases that were joined in the text.
        rare : Vocabulary, default None
            Words outside the vocabulary, with their counts.
        text_counts : ndarray of shape (V,), default None
            Count of each word in the text, if it differs from the count in the vocabulary.
        frozen : ndarray of int64, default None
            Ids of the words whose vectors must not change.
        old_weights : ndarray of shape (V,), float32, default None
            Weight of the row of each word in ``tables``. At the end of training, this row is averaged with the trained
            row. The directory stores the weights and the tables until then.

        Raises
        ------
        OutputError
            The files cannot be written. The previous content of the directory is then unchanged.
        """
        self._vocabulary = vocabulary
        files = {
            "vocabulary": self._write("vocabulary", vocabulary_tensors(vocabulary), vocabulary_metadata(vocabulary))
        }
        if phrases is not None:
            files["phrases"] = self._write("phrases", {"json": np.frombuffer(phrases.to_json(), np.uint8)})
        if rare is not None:
            files["rare"] = self._write("rare", vocabulary_tensors(rare), vocabulary_metadata(rare))
        if text_counts is not None:
            files["text"] = self._write("text", {"counts": text_counts})
        if frozen is not None:
            files["frozen"] = self._write("frozen", {"ids": frozen})
        if old_weights is not None and tables is not None:
            files["weights"] = self._write("weights", {"weights": old_weights})
            files["start"], tables = self._write("start", tables), None  # also what training starts from
        self._publish(RunRecord(run, state, finished, files), tables)

    def phrases(self) -> Phrases | None:
        """The phrases that are joined in the text of the run; None if there are none."""
        file = self.record.files.get("phrases")
        return None if file is None else Phrases.from_json(self._read(file, _PHRASES_LAYOUT)[0]["json"].tobytes())

    def rare(self) -> Vocabulary | None:
        """Words outside the vocabulary with their counts; None if they were not stored."""
        file = self.record.files.get("rare")
        return None if file is None else self._read_words(file)

    def text_counts(self) -> NDArray[np.int64] | None:
        """Count of each word in the text, shape (V,); None if it is the count in the vocabulary."""
        file = self.record.files.get("text")
        if file is None:
            return None
        counts: NDArray[np.int64] = self._read(file, _TEXT_LAYOUT)[0]["counts"]
        if len(counts) != len(self.vocabulary) or counts.min() < 0:
            raise FormatError(
                f"{str(self.path / file.name)!r} must hold one nonnegative count for each of the "
                f"{len(self.vocabulary):,} words"
            )
        return counts

    def frozen(self) -> NDArray[np.int64] | None:
        """Ids of the words whose vectors must not change; None if there are none."""
        file = self.record.files.get("frozen")
        if file is None:
            return None
        ids: NDArray[np.int64] = self._read(file, _FROZEN_LAYOUT)[0]["ids"]
        if len(np.unique(ids)) != len(ids) or not ((ids >= 0) & (ids < len(self.vocabulary))).all():
            raise FormatError(f"{str(self.path / file.name)!r} must hold distinct word ids of the vocabulary")
        return ids

    def old_rows(self) -> OldRows | None:
        """The tables before an update, and their weights in the average that the update ends with.

        None if the run is not an update that averages tables. The tables are memory-mapped read-only.
        """
        file = self.record.files.get("weights")
        if file is None:
            return None
        weights: NDArray[np.float32] = self._read(file, _WEIGHTS_LAYOUT)[0]["weights"]
        if len(weights) != len(self.vocabulary) or not ((weights >= 0) & (weights <= 1)).all():
            raise FormatError(f"{str(self.path / file.name)!r} must hold a number from 0 to 1 for each word")
        start = self.record.files.get("start")
        if start is None:
            raise FormatError(
                f"{str(self.path / RECORD_NAME)!r} is damaged: it names no file with the tables before the update"
            )
        return OldRows(self._read_tables(start), weights)

    def continue_as(self, run: Run) -> None:
        """Use ``run`` as the record from the next checkpoint on, after the run was resumed with changed options.

        Only options that can be changed when a run is resumed differ from the recorded ones.
        """
        self._record = dataclasses.replace(self.record, run=run)

    def save(self, state: RunState, tables: NamedTables, *, finished: bool) -> None:
        """Write a checkpoint. If it raises :class:`OutputError`, the previous checkpoint is unchanged."""
        self.check_unchanged()
        files = dict(self.record.files)
        if self._best is not None:
            files["best"] = self._best
        if finished:
            for kind in ("best", "start", "weights"):  # the final tables do not depend on them any more
                files.pop(kind, None)
        record = dataclasses.replace(self.record, state=copy.deepcopy(state), finished=finished, files=files)
        self._publish(record, tables)

    def tables(self) -> NamedTables | None:
        """The tables of the last checkpoint, memory-mapped read-only; None if training starts from random ones."""
        stored = self.record.files.get("tables", self.record.files.get("start"))
        return None if stored is None else self._read_tables(stored)

    def keep_best(self, tables: NamedTables) -> None:
        """Write the tables of the best epoch so far. They belong to the run from the next checkpoint on.

        Raises :class:`OutputError` if they cannot be written.
        """
        self.check_unchanged()
        self._best = self._write("best", tables)

    def best_tables(self) -> NamedTables:
        """The tables that :meth:`keep_best` wrote last, memory-mapped read-only."""
        best = self.record.files.get("best") if self._best is None else self._best
        if best is None:
            raise FormatError(
                f"{str(self.path / RECORD_NAME)!r} is damaged: it names no file with the tables of the best epoch"
            )
        return self._read_tables(best)

    def check_unchanged(self) -> None:
        """Raise :class:`OutputError` if the directory or a file that a checkpoint needs was moved or removed.

        A checkpoint without its text or vocabulary could not be resumed. A directory with the same path may now belong
        to another run.
        """
        try:
            if self._descriptor is not None and not os.path.samestat(os.fstat(self._descriptor), self.path.stat()):
                raise OSError(errno.ESTALE, "it is not the directory that the run started in")
            for kind in self.record.files.keys() - {"tables"}:
                (self.path / self.record.files[kind].name).stat()
            run = self.record.run
            texts = {CORPUS_NAME: run.corpus_fingerprint, VALIDATION_NAME: run.validation_fingerprint}
            for name in [name for name, fingerprint in texts.items() if fingerprint is not None]:
                EncodedCorpus.check_files(self.path / name)
        except OSError as error:
            raise OutputError(f"cannot write to the directory {str(self.path)!r}: {reason(error)}") from error
        except FormatError as error:
            raise OutputError(
                f"cannot continue the run in {str(self.path)!r}: its text is missing ({error})"
            ) from error

    def open_corpus(self) -> EncodedCorpus:
        """Open the encoded training text.

        Raises :class:`CheckpointError` if it is not the text that the run started with, and :class:`FormatError` if it
        is damaged.
        """
        return self._open_corpus(CORPUS_NAME, self.record.run.corpus_fingerprint)

    def open_validation(self) -> EncodedCorpus | None:
        """Open the encoded held-out text; None if there is none. Raises the errors of :meth:`open_corpus`."""
        wanted = self.record.run.validation_fingerprint
        return None if wanted is None else self._open_corpus(VALIDATION_NAME, wanted)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Release the lock of the directory."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    # --- writing

    def _publish(self, record: RunRecord, tables: NamedTables | None) -> None:
        """Write a checkpoint: first the tables, then the record that names them.

        Afterwards, files that the record does not name are removed.
        """
        try:
            if tables is not None:
                record = dataclasses.replace(record, files={**record.files, "tables": self._write("tables", tables)})
            with replacing(self.path / RECORD_NAME) as stream:
                stream.write(record.to_json())
            self._record, self._best = record, None
        finally:
            self._remove_leftovers()

    def _write(self, kind: str, tensors: NamedTables, metadata: Mapping[str, str] | None = None) -> StoredFile:
        """Write arrays to a file with a new name and fsync it. It becomes part of the run when ``run.json`` names it.

        ``kind`` is the first part of the name, such as "tables".
        """
        path = self.path / f"{kind}-{secrets.token_hex(6)}.safetensors"
        written = False
        try:
            with path.open("xb") as file:
                hashed = _HashedWriter(file)
                write_tensors(hashed, tensors, {"wordkin.version": __version__, **(metadata or {})})
                file.flush()
                os.fsync(file.fileno())
            sync_directory(self.path)
            written = True
        except OSError as error:
            raise OutputError(f"cannot write {str(path)!r}: {reason(error)}") from error
        finally:
            if not written:
                with contextlib.suppress(OSError):
                    path.unlink()
        return StoredFile(path.name, hashed.digest.hexdigest())

    def _remove_leftovers(self) -> None:
        """Remove files of earlier checkpoints and unfinished files of killed processes. Errors are ignored.

        The files to keep are those that ``run.json`` on disk names, because after an error this object may not know
        which files are on disk. If ``run.json`` cannot be read, nothing is removed. If it was written but not fsynced,
        a power cut may restore the previous record; the files of both are then kept. A file that cannot be removed only
        takes space, and the next checkpoint tries again.
        """
        counting: list[StoredFile] = [] if self._best is None else [self._best]
        try:
            names = [path.name for path in self.path.iterdir()]
            if RECORD_NAME in names:
                counting += self._read_record().files.values()
        except (OSError, FormatError, CheckpointError):
            return
        if self._record is not None:
            counting += self._record.files.values()
        kept = {file.name for file in counting}
        for name in names:
            if name not in kept and (FILE_NAME.fullmatch(name) or _HALF_WRITTEN_RECORD.fullmatch(name)):
                with contextlib.suppress(OSError):
                    (self.path / name).unlink()

    def _lock(self) -> None:
        """Lock the directory, if the system supports it, so that no other process writes to it.

        The system releases the lock when the process ends.
        """
        if os.name != "posix":
            return
        import fcntl

        self._descriptor = os.open(self.path, os.O_RDONLY)
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno in (errno.EWOULDBLOCK, errno.EACCES):
                raise CheckpointError(
                    f"{str(self.path)!r} is in use by another process: wait for it, or choose another directory"
                ) from error  # other errors mean that the file system does not support locks

    def _refuse_to_replace(self, record: RunRecord, models_may_be: bool) -> None:
        if record.run.corpus_fingerprint is None and models_may_be:
            return
        what = "a saved model"
        if record.run.corpus_fingerprint is not None:
            what = "a finished run" if record.finished else "an unfinished run, which can be resumed"
        raise CheckpointError(f"{str(self.path)!r} holds {what}: choose another directory, or remove this one first")

    # --- reading

    def _check_has_run(self) -> None:
        """Raise :class:`CheckpointError` if there is no ``run.json``, or it is inaccessible."""
        try:
            if stat.S_ISREG((self.path / RECORD_NAME).stat().st_mode):
                return
        except OSError as error:
            if error.errno not in (errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG):
                raise CheckpointError(f"cannot look for a run in {shown(str(self.path))}: {reason(error)}") from error
        except ValueError:  # an impossible path, such as one with a null byte
            pass
        raise CheckpointError(
            f"there is no run in {shown(str(self.path))} (no {RECORD_NAME}): check the path; start the run again if it "
            "ended before its text was read"
        )

    def _read_record(self) -> RunRecord:
        path = self.path / RECORD_NAME
        try:
            return RunRecord.from_json(path.read_bytes())
        except OSError as error:
            raise FormatError(f"cannot read {str(path)!r}: {reason(error)}") from error
        except (FormatError, CheckpointError) as error:
            raise type(error)(f"{str(path)!r}: {error}") from error

    def _read_words(self, file: StoredFile) -> Vocabulary:
        return vocabulary_of_tensors(*self._read(file, VOCABULARY_LAYOUT))

    def _read_tables(self, file: StoredFile) -> NamedTables:
        shapes = table_shapes(self.record.run.config, len(self.vocabulary))
        tables = self._read(file, {name: (("F32",), len(shape)) for name, shape in shapes.items()})[0]
        for name, shape in shapes.items():
            if tables[name].shape != shape:
                raise FormatError(
                    f"{str(self.path / file.name)!r}: the table {name!r} must have the shape {shape}, "
                    f"but has {tables[name].shape}"
                )
        return tables

    def _read(self, file: StoredFile, layout: Layout) -> tuple[dict[str, NDArray[Any]], dict[str, str]]:
        """Check the digest of a file of the run; return its arrays, memory-mapped read-only, and its metadata.

        ``layout`` gives the names, types and dimensions that the arrays must have.
        """
        try:
            with InputFile(self.path / file.name) as source:
                data = mapped_bytes(source)
                if hashlib.sha256(data).hexdigest() != file.sha256:
                    raise source.broken(f"its SHA-256 differs from that in {RECORD_NAME}, so the file is damaged")
                arrays, metadata = read_tensors(data, layout)
                for name in layout.keys() - arrays.keys():
                    raise source.broken(f"the tensor {name!r} is missing")
                return arrays, metadata
        except CorpusNotFoundError as error:
            raise FormatError(str(error)) from error

    def _open_corpus(self, name: str, fingerprint: str | None) -> EncodedCorpus:
        corpus = EncodedCorpus.open(self.path / name, verify=True)
        if corpus.fingerprint != fingerprint:
            raise CheckpointError(
                f"the text in {str(self.path / name)!r} is not the text that the run started with: restore that text, "
                "or start a new run"
            )
        if not corpus.holds_ids_below(len(self.vocabulary)):
            raise FormatError(f"{str(self.path / name)!r} is damaged: it holds word ids that are not in the vocabulary")
        return corpus


class _HashedWriter:
    """Writes bytes to a file, and computes their SHA-256 digest meanwhile."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.digest = hashlib.sha256()

    def write(self, data: bytes | memoryview) -> int:
        self.digest.update(data)
        return self._file.write(data)
