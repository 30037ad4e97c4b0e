"""``wordkin.tune``: reads the text once, makes the trials of a search one after the other, and returns the result."""

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
from wordkin.errors import CheckpointError, ConfigError
from wordkin.options import TrainingOptions
from wordkin.runs.checkpoints import seconds_of
from wordkin.text.encoded_text import is_encoded_text, open_text
from wordkin.text.read import Text, described, read_text, save_encoded
from wordkin.text.steps import OnScan, source_of
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
    """Search for the training options that give the best benchmark scores for a text, within a time budget.

    A *trial* trains vectors with some settings and scores them on the benchmark files. Trials are made one after the
    other, each with all threads, so that their times can be compared. The text is read only once. The classic settings
    (the recipe "word2vec") and the recipe "quality" are always tried. At the end, the best settings and both recipes
    are trained again with new seeds. The settings count as better only if they score higher than both recipes with
    every new seed.

    Parameters
    ----------
    corpus : path, sequence of paths or iterable of lists of words
        The text, as for :func:`train`, or a directory that ``wordkin encode`` made.
    evaluate : path or sequence of paths
        Benchmark files of any kind that ``Embeddings.evaluate`` reads. The score of a trial is the weighted mean of one
        value per file: the accuracy for analogies (3CosAdd, first 30,000 words) and odd-one-out groups, Spearman's
        correlation for word pairs, the purity for categories. Items with unknown words are left out.
    time : float or str, default "20m"
        Time for all trials together: seconds, or text such as "20m". It does not include reading the text.
    trials : int, default None
        Maximum number of trials; None for no limit.
    at_most : float or str, default None
        Maximum training time of the chosen settings: a number of seconds, text such as "30s", or text such as "1.2x",
        which stands for 1.2 times the training time of the classic settings.
    weights : sequence of float, default None
        Weight of each benchmark file; None for equal weights.
    vary : sequence of str or mapping, default None
        Names of the options to vary, or a mapping from their names to the values to try. A value of None in the mapping
        selects the standard values. If ``vary`` is None: window, dynamic_window, negative, subsample, epochs and
        learning_rate, and for CBOW also cbow_gradient and vectors.
    directory : path, default None
        Directory that stores the search. A call with the same arguments continues a search that was stopped or killed.
    on_scan : function, default None
        Called while the text is read, as for :func:`train`.
    on_step : function, default None
        Called before each trial, with a description of the trial and the list of earlier trials.
    on_trial : function, default None
        Called after each trial, with the trial.
    callbacks : sequence of functions, default ()
        Called during training in each trial, as for :func:`train`, except that their results are ignored.
    **options
        Options of :class:`TrainingConfig` that are the same in every trial. ``seed`` is the first seed.

    Returns
    -------
    TuningResult
        The trials, the chosen settings, and whether these are better than the recipes.

    Raises
    ------
    ConfigError
        An argument is not legal, a benchmark has no item whose words are all in the vocabulary, or the budget is too
        small.
    CheckpointError
        The directory holds another search, or another process uses it.
    CorpusError, FormatError, OutputError
        As for :func:`train` and ``Embeddings.evaluate``.
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
    """Run a search: take the results of recorded trials, make all further trials, and return the choice."""
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
            f"trial {trial.number} in {str(directory.path)!r} differs from the trial that this search makes; the trial "
            "was edited, or made by another version: choose another directory"
        )


def _limits(time: str | float, trials: object, at_most: object) -> Limits:
    """Convert the arguments ``time``, ``trials`` and ``at_most`` of :func:`tune` to the limits of a search."""
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
        rule = (
            'must be a time above 0, such as "30s", or a multiple of the time of the classic settings, such as "1.2x"'
        )
        raise ConfigError("at_most", rule, at_most)
    return Limits(seconds, number, run_seconds=run_seconds)


@contextlib.contextmanager
def _encoded(
    source: Source, config: TrainingConfig, directory: SearchDirectory, on_scan: OnScan | None
) -> Iterator[Text]:
    """Context manager that yields the encoded text of a search.

    The corpus is read only if the directory of the search does not hold its text yet.
    """
    place = source.directories[0] if source.kind == "encoded" else directory.text
    if source.kind != "encoded":
        if not is_encoded_text(place):
            save_encoded(source, config, place, on_scan=on_scan)
        known = open_text(place).description.sources
        if known != described(source):
            raise CheckpointError(
                f"{str(directory.path)!r} holds a search on {_names(known)}, not on {_names(described(source))}: "
                "choose another directory for another text"
            )
    with read_text(source_of(str(place), config), config) as text:
        yield text


def _names(sources: Sequence[Mapping[str, object]]) -> str:
    return ", ".join(f"{each['name']} ({each['bytes']} bytes)" for each in sources[:3])


def _description(
    text: Text, space: Space, limits: Limits, benchmarks: Sequence[Benchmark], threads: int
) -> Mapping[str, Any]:
    """Return all arguments that determine which trials are made, as the directory of the search records them."""
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
