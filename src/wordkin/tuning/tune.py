"""``wordkin.tune``: the text read once, the trials of a search made one after the other, and the result."""

from __future__ import annotations

import contextlib
import dataclasses
import re
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

from wordkin.config import FROM_1_OR_NONE, TrainingConfig, check
from wordkin.corpus.sources import Corpus, Source
from wordkin.encoded_text import is_encoded_text, open_text
from wordkin.errors import CheckpointError, ConfigError
from wordkin.options import TrainingOptions
from wordkin.runs.checkpoints import seconds_of
from wordkin.text import OnScan, Text, described, read_text, save_encoded, source_of
from wordkin.tuning.directory import SearchDirectory
from wordkin.tuning.result import TuningResult
from wordkin.tuning.runner import Runner
from wordkin.tuning.scoring import Benchmark, read_benchmarks
from wordkin.tuning.search import Book, Choice, Limits, search
from wordkin.tuning.space import Space, space_of
from wordkin.tuning.trials import Step, Trial

if TYPE_CHECKING:
    from wordkin.training.progress import Callback

DEFAULT_TIME = "20m"
_RATIO = re.compile(r"([0-9]+(?:\.[0-9]+)?)x")


def tune(
    corpus: Corpus,
    evaluate: str | Path | Sequence[str | Path],
    *,
    time: str | float = DEFAULT_TIME,
    trials: int | None = None,
    at_most: str | float | None = None,
    weights: Sequence[float] | None = None,
    vary: Sequence[str] | Mapping[str, Sequence[Any] | None] | None = None,
    directory: str | Path | None = None,
    on_scan: OnScan | None = None,
    on_step: Callable[[Step, Sequence[Trial]], None] | None = None,
    on_trial: Callable[[Trial], None] | None = None,
    callbacks: Sequence[Callback] = (),
    **options: Unpack[TrainingOptions],
) -> TuningResult:
    """Search for the options of training that give the best scores on a text, within a budget of time.

    The text is read once. Trials are made one after the other, each with all threads, so that their times can be
    compared. The classic settings and the quality recipe are always among them, and a choice is called better only
    if it scores higher than both with every fresh seed.

    Parameters
    ----------
    corpus : path, sequence of paths or iterable of lists of words
        As of :func:`train`, or a directory that ``wordkin encode`` made.
    evaluate : path or sequence of paths
        Benchmark files, of any kind that ``Embeddings.evaluate`` reads. The score of a trial is the weighted mean of
        the values: accuracy of analogies (3CosAdd, 30,000 words) and of the odd one out, Spearman's correlation of word
        pairs, purity of categories; items with unknown words are left out.
    time : float or str, default "20m"
        Budget for all trials together: seconds, or text such as "20m". Reading the text is not counted.
    trials : int, default None
        Most trials to make.
    at_most : float or str, default None
        Longest training time of a run that may be chosen: seconds, text such as "30s", or, as "1.2x", a multiple of
        the time of the classic settings.
    weights : sequence of float, default None
        Weight of each benchmark file; 1 unless given.
    vary : sequence of str or mapping, default None
        Options to vary, or for each the values to try (None for the usual ones). Unless given: window,
        dynamic_window, negative, subsample, epochs and learning_rate; for CBOW also cbow_gradient and vectors.
    directory : path, default None
        Where the search is kept. Called again with the same arguments, it goes on where it was stopped or killed.
    on_scan : function, default None
        As of :func:`train`.
    on_step, on_trial : function, default None
        Called with each step before it is made and the trials so far; with each trial when it has been made.
    callbacks : sequence of functions, default ()
        As of :func:`train`; called in each trial, and what they return is ignored.
    **options
        Options of :class:`TrainingConfig`, the same in every trial. ``seed`` is the first seed.

    Returns
    -------
    TuningResult
        Trials, the settings to use, and whether they are better than the recipes.

    Raises
    ------
    ConfigError
        An argument is not legal, the vocabulary has no item of a benchmark, or the budget is too small.
    CheckpointError
        The directory holds another search or another process has it.
    CorpusError, FormatError, OutputError
        As of :func:`train` and of ``Embeddings.evaluate``.
    """
    space = space_of(options, vary)
    limits = _limits(time, trials, at_most)
    benchmarks = read_benchmarks(evaluate, weights)
    config = space.config({})
    source = source_of(corpus, config)
    with contextlib.ExitStack() as closing:
        if directory is None:
            directory = closing.enter_context(tempfile.TemporaryDirectory(prefix="wordkin-tune-"))
        opened = closing.enter_context(SearchDirectory(directory))
        text = closing.enter_context(_encoded(source, config, opened, on_scan))
        space = dataclasses.replace(space, words=text.corpus.words)
        runner = Runner(text, space, benchmarks, limits, callbacks)
        recorded = opened.begin(_description(text, space, limits, benchmarks, config.worker_threads))
        book = Book(space, limits, text.corpus.words, config.seed)
        choice = _search(book, recorded, runner, opened, on_step, on_trial)
    return TuningResult(
        tuple(book.trials), choice.settings, choice.better, choice.reason, space, limits, book.screening_share
    )


def _search(
    book: Book,
    recorded: Sequence[Trial],
    runner: Runner,
    directory: SearchDirectory,
    on_step: Callable[[Step, Sequence[Trial]], None] | None,
    on_trial: Callable[[Trial], None] | None,
) -> Choice:
    """Run a search: reuse the recorded trials, make the others, and return the choice."""
    steps = search(book)
    step = next(steps)
    try:
        while True:
            number = len(book.trials)
            if number < len(recorded):
                trial = recorded[number]
                _refuse_other_step(step, trial, directory)
            else:
                if on_step is not None:
                    on_step(step, tuple(book.trials))
                trial = runner.make(step, number + 1)
                directory.add(trial)
                if on_trial is not None:
                    on_trial(trial)
            step = steps.send(trial)
    except StopIteration as ended:
        choice: Choice = ended.value
        return choice


def _refuse_other_step(step: Step, trial: Trial, directory: SearchDirectory) -> None:
    expected = (step.stage, dict(step.settings), step.share, step.seed)
    if (trial.stage, dict(trial.settings), trial.share, trial.seed) != expected:
        raise CheckpointError(
            f"trial {trial.number} in {str(directory.path)!r} is not the one that the search makes there; it was "
            "changed, or made by another version: choose another directory"
        )


def _limits(time: str | float, trials: object, at_most: object) -> Limits:
    """The limits of a search, from its arguments."""
    seconds = seconds_of(time, "time")
    if seconds == 0:
        raise ConfigError("time", "must be more than 0", time)
    number = check("trials", FROM_1_OR_NONE, trials)
    assert number is None or isinstance(number, int)
    ratio = _RATIO.fullmatch(at_most.strip()) if isinstance(at_most, str) else None
    if ratio is not None and float(ratio[1]) > 0:
        return Limits(seconds, number, run_ratio=float(ratio[1]))
    if at_most is None:
        return Limits(seconds, number)
    try:
        run_seconds = seconds_of(at_most, "at_most")  # type: ignore[arg-type]
    except ConfigError:
        run_seconds = 0.0
    if run_seconds == 0:
        rule = 'must be a time above 0, as 30 or "30s", or a multiple of the classic time, as "1.2x"'
        raise ConfigError("at_most", rule, at_most)
    return Limits(seconds, number, run_seconds=run_seconds)


@contextlib.contextmanager
def _encoded(
    source: Source, config: TrainingConfig, directory: SearchDirectory, on_scan: OnScan | None
) -> Iterator[Text]:
    """The encoded text of a search; the corpus is read unless that was done before."""
    place = source.directories[0] if source.kind == "encoded" else directory.text
    if source.kind != "encoded":
        if not is_encoded_text(place):
            save_encoded(source, config, place, on_scan=on_scan)
        known = open_text(place).description.sources
        if known != described(source):
            raise CheckpointError(
                f"{str(directory.path)!r} holds a search on {_names(known)}; got {_names(described(source))}: choose "
                "another directory for another text"
            )
    with read_text(source_of(str(place), config), config) as text:
        yield text


def _names(sources: Sequence[Mapping[str, object]]) -> str:
    return ", ".join(f"{each['name']} ({each['bytes']} bytes)" for each in sources[:3])


def _description(
    text: Text, space: Space, limits: Limits, benchmarks: Sequence[Benchmark], threads: int
) -> Mapping[str, Any]:
    """All arguments that decide which trials are made, for the record."""
    named = {name: value for name, value in text.config.to_dict().items() if name in space.fixed}
    return {
        "text": text.fingerprint,
        "options": named,
        "vary": {name: list(values) for name, values in space.values.items()},
        "time": limits.seconds,
        "trials": limits.trials,
        "at_most": limits.run_seconds if limits.run_ratio is None else f"{limits.run_ratio:g}x",
        "evaluate": [{"name": each.name, "digest": each.digest, "weight": each.weight} for each in benchmarks],
        "threads": threads,
    }
