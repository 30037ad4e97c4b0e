"""The order of trials and the final choice, as a function of the trials recorded so far.

:func:`search` is a generator. It yields a step, which describes a trial to make, and receives the finished trial
through ``send``. To resume a search, the caller sends the recorded trials again. The generator never reads a clock; it
counts the recorded seconds of the trials against the time budget. A search has three stages:

1. References: the recipes ``word2vec`` (the classic settings) and ``quality``, on the whole text.
2. Brackets, until the budget is used: up to nine new settings are tried on a fraction of the text, and the best three
   of them on the whole text (successive halving). A third of the settings are drawn from the whole space; the others
   are neighbours of the best known settings. If the text is too short to be split, all trials use the whole text.
3. Confirmation: the best settings and the references are trained again with fresh seeds, which no earlier trial used.
"""

from __future__ import annotations

import statistics
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import Any

from wordkin.errors import ConfigError
from wordkin.tuning.space import Settings, Space, identity
from wordkin.tuning.trials import REFERENCES, Step, Trial

SCREENING_SHARE = 0.25
SCREENING_WORDS = 2_000_000
"""Smallest fraction of the text that a trial uses, in words."""
BRACKET = 9
DRAWS = 2 * BRACKET
"""Maximum number of settings drawn for a bracket. Settings whose trials do not fit into the budget are skipped."""
KEPT_OF_BRACKET = 3
FINALISTS = 3
LONG_BUDGET, MEDIUM_BUDGET = 60, 24
"""Smallest budgets for three and for two fresh seeds, in multiples of the time of a classic trial. Below: one seed."""


@dataclass(frozen=True)
class Limits:
    """The limits of a search, and of the training time of the settings that it may choose.

    Attributes
    ----------
    seconds : float
        Maximum time of all trials together.
    trials : int or None, default None
        Maximum number of trials.
    run_seconds : float or None, default None
        Maximum training time of the chosen settings.
    run_ratio : float or None, default None
        The same limit as a multiple of the training time of the classic settings, the recipe "word2vec".
    """

    seconds: float
    trials: int | None = None
    run_seconds: float | None = None
    run_ratio: float | None = None


@dataclass(frozen=True)
class Choice:
    """The settings that a search chose.

    Attributes
    ----------
    settings : mapping
        The settings to use.
    better : bool
        Whether they score higher than every reference recipe with each seed of the confirmation.
    reason : str
        How much higher they score, or why nothing better was found.
    """

    settings: Settings
    better: bool
    reason: str


class Book:
    """The trials of a search so far, and what follows from them: estimated times, rankings, the rest of the budget."""

    def __init__(self, space: Space, limits: Limits, words: int, first_seed: int) -> None:
        self.space, self.limits, self.first_seed = space, limits, first_seed
        self.trials: list[Trial] = []
        self.seen: set[object] = set()  # identity() of the settings tried
        self._trials_of: dict[str, list[Trial]] = {}
        self._costs: list[float] = []  # of each trial, seconds for one epoch on the whole text
        self._epochs_of: dict[str, int] = {}
        share = max(SCREENING_SHARE, SCREENING_WORDS / max(1, words))
        self.screening_share = share if share <= 0.5 else 1.0

    def references(self) -> list[Settings]:
        """The settings of the reference recipes, one set for each architecture in the search space."""
        architectures = self.space.values.get("architecture", (None,))
        return [
            {"recipe": recipe} | ({} if each is None else {"architecture": each})
            for each in architectures
            for recipe in REFERENCES
        ]

    def add(self, trial: Trial) -> None:
        """Add a trial that has been made."""
        self.trials.append(trial)
        self._trials_of.setdefault(_key(trial.settings), []).append(trial)
        self._costs.append(self._cost(trial))
        self.seen.add(identity(self.space.config(trial.settings)))

    def of(self, settings: Settings) -> list[Trial]:
        """Return all trials with these settings."""
        return self._trials_of.get(_key(settings), [])

    def seconds(self) -> float:
        """Total time of all trials."""
        return sum(each.seconds for each in self.trials)

    def estimate(self, settings: Settings, share: float = 1.0) -> float:
        """Estimate the seconds that a trial takes on the fraction ``share`` of the text.

        The estimate is based on trials with the same settings or, if there are none, on all trials.
        """
        costs = [self._cost(each) for each in self.of(settings)] or self._costs
        return statistics.median(costs) * share * self._epochs(settings)

    def _cost(self, trial: Trial) -> float:
        return trial.seconds / (trial.share * self._epochs(trial.settings))

    def _epochs(self, settings: Settings) -> int:
        key = _key(settings)
        if key not in self._epochs_of:
            self._epochs_of[key] = self.space.config(settings).epochs
        return self._epochs_of[key]

    def fresh_seeds(self) -> list[int]:
        """Return one to three seeds that no trial has used, for the confirmation.

        If the budget allows only few trials, there are fewer seeds.
        """
        whole = self.limits.seconds / max(self.trials[0].seconds, 1e-9)
        if self.limits.trials is not None:
            whole = min(whole, self.limits.trials)
        number = 3 if whole >= LONG_BUDGET else 2 if whole >= MEDIUM_BUDGET else 1
        return [self.first_seed + 1 + each for each in range(number)]

    def fits(self, steps: Sequence[Step], finalists: Sequence[Settings]) -> bool:
        """Whether the rest of the budget is enough for all of the steps and then for confirming the finalists."""
        confirmed = [*self.references(), *finalists]
        seeds = len(self.fresh_seeds())
        if self.limits.trials is not None:
            after = len(self.trials) + len(steps) + seeds * len(confirmed)
            if after > self.limits.trials:
                return False
        needed = sum(self.estimate(each.settings, each.share) for each in steps)
        needed += seeds * sum(self.estimate(each) for each in confirmed)
        return self.seconds() + needed <= self.limits.seconds

    def allowed(self, settings: Settings) -> bool:
        """Whether training with these settings is expected to take no longer than the limit ``at_most``."""
        bound = self._bound()
        return bound is None or self.run_seconds(settings) <= bound

    def _bound(self) -> float | None:
        if self.limits.run_ratio is not None:
            return self.limits.run_ratio * self.run_seconds(self.references()[0])
        return self.limits.run_seconds

    def run_seconds(self, settings: Settings) -> float:
        """Return the median training time of these settings on the whole text.

        If no trial has them, return an estimate.
        """
        same = self.of(settings)
        same = [each for each in same if each.share == 1.0] or same
        return statistics.median(each.train_seconds / each.share for each in same)

    def ranked(self, trials: Sequence[Trial]) -> list[Trial]:
        """Return the trials that have a score and took no longer than the limit ``at_most``, best first."""
        bound = self._bound()
        usable = [
            each
            for each in trials
            if each.score is not None and (bound is None or self.run_seconds(each.settings) <= bound)
        ]
        return sorted(usable, key=lambda each: (-(each.score or 0.0), each.number))

    def candidates(self) -> list[Trial]:
        """Return the trials with new settings, on the whole text, with the seed that all trials share, best first."""
        return self.ranked([each for each in self.trials if each.stage == "whole"])

    def best_known(self) -> Settings:
        """Return the settings with the best score on the whole text, with the seed that all trials share."""
        trials = [each for each in self.trials if each.stage in ("reference", "whole")]
        ranked = self.ranked(trials)
        return ranked[0].settings if ranked else self.references()[-1]


def _key(settings: Settings) -> str:
    return str(sorted(settings.items()))


Search = Generator[Step, Trial, Choice]


def search(book: Book) -> Search:
    """Make a search: a generator that yields a step for each trial to make, and returns the choice.

    The caller makes the trial and passes it to the generator with ``send``.
    """
    for settings in book.references():
        yield from _make(book, Step("reference", settings, 1.0, book.first_seed))
    _refuse_small_budget(book)
    number = 0
    while True:
        before = len(book.trials)
        number = yield from _bracket(book, number)
        if len(book.trials) == before:
            break
    return (yield from _confirm(book))


def _make(book: Book, step: Step) -> Generator[Step, Trial, Trial]:
    trial = yield step
    book.add(trial)
    return trial


def _refuse_small_budget(book: Book) -> None:
    """Raise :class:`ConfigError` if the rest of the budget is too small for one new trial and its confirmation."""
    typical = book.best_known()
    if book.fits([Step("whole", typical, 1.0, book.first_seed)], [typical]):
        return
    limits, confirmed = book.limits, len(book.references()) + 1
    least = len(book.trials) + 1 + confirmed
    if limits.trials is not None and limits.trials < least:
        raise ConfigError("trials", f"must be at least {least}, {_WHAT_A_SEARCH_NEEDS}", limits.trials, "raise trials")
    needed = book.seconds() + (1 + confirmed) * max(book.estimate(each) for each in book.references())
    rule = f"must be at least about {needed:.0f} s for this text, {_WHAT_A_SEARCH_NEEDS}"
    raise ConfigError("time", rule, limits.seconds, "raise time, or pass only a part of the text")


_WHAT_A_SEARCH_NEEDS = "for the recipes, one new trial and its confirmation"


def _bracket(book: Book, number: int) -> Generator[Step, Trial, int]:
    """Try new settings on a fraction of the text, and the best of them on the whole text.

    Random draws of settings are numbered through the whole search. ``number`` is the number of the next draw; the new
    number of the next draw is returned.
    """
    share = book.screening_share
    made: list[Trial] = []
    stage = "screening" if share < 1.0 else "whole"
    for position in range(DRAWS):
        near = None if position % 3 == 2 else book.best_known()
        settings = book.space.draw(book.first_seed, number, near, book.seen)
        if settings is None and near is not None:  # all neighbours of the best have been tried
            settings = book.space.draw(book.first_seed, number, None, book.seen)
        number += 1
        if settings is None or len(made) == BRACKET:
            break
        step = Step(stage, settings, share, book.first_seed)
        after = [] if share == 1.0 else [Step("whole", settings, 1.0, book.first_seed)]
        if book.fits([step, *after], _finalists(book, settings)):
            made.append((yield from _make(book, step)))
    if share < 1.0:
        for trial in book.ranked(made)[:KEPT_OF_BRACKET]:
            step = Step("whole", trial.settings, 1.0, book.first_seed)
            if not book.fits([step], _finalists(book, trial.settings)):
                break
            yield from _make(book, step)
    return number


def _finalists(book: Book, new: Settings) -> list[Settings]:
    """Return the settings that would be confirmed if ``new`` were the last new settings of the search."""
    return [*(each.settings for each in book.candidates()[: FINALISTS - 1]), new]


def _confirm(book: Book) -> Search:
    """Train the best settings and the reference recipes again with new seeds; choose by these trials."""
    first = {each.number: each.score for each in book.trials}
    allowed = [each for each in book.references() if book.allowed(each)]
    references = [each for each in book.trials if each.stage == "reference" and each.settings in allowed]
    best_reference = max((first[each.number] or -1.0 for each in references), default=-1.0)
    finalists = [each for each in book.candidates() if (each.score or -1.0) > best_reference][:FINALISTS]
    if not finalists:
        return _nothing_better(book, references, "no new settings scored higher with the first seed")
    seeds = book.fresh_seeds()
    for seed in seeds:
        for settings in [*(each.settings for each in finalists), *(each.settings for each in references)]:
            yield from _make(book, Step("confirmation", settings, 1.0, seed))
    return _judge(book, [each.settings for each in finalists], [each.settings for each in references])


def _judge(book: Book, finalists: Sequence[Settings], references: Sequence[Settings]) -> Choice:
    """Choose among the settings that were trained with the seeds of the confirmation."""
    seeds = book.fresh_seeds()

    def scores(settings: Settings) -> list[float]:
        found = {each.seed: each.score for each in book.of(settings) if each.stage == "confirmation"}
        return [-1.0 if found[seed] is None else float(found[seed] or 0.0) for seed in seeds]

    usable = [each for each in finalists if book.allowed(each)]
    by_mean = sorted(usable, key=lambda each: -statistics.fmean(scores(each)))
    for settings in by_mean:
        own = scores(settings)
        others = [scores(each) for each in references]
        if all(one > other for each in others for one, other in zip(own, each, strict=True)):
            lead = min((statistics.fmean(own) - statistics.fmean(each) for each in others), default=0.0)
            word = "seed" if len(seeds) == 1 else "seeds"
            ahead = f"ahead of the recipes by {lead:.4f} or more" if others else "the best within the limit"
            return Choice(settings, True, f"{ahead}, over {len(seeds)} fresh {word}")
    known = [each for each in book.trials if each.stage == "confirmation" and each.settings in references]
    return _nothing_better(book, known, f"no finalist was ahead of the recipes with each of {len(seeds)} fresh seeds")


def _nothing_better(book: Book, references: Sequence[Trial], why: str) -> Choice:
    """Return the reference recipe with the highest mean score over the trials ``references`` as the choice.

    ``why`` says why none of the new settings was chosen.
    """
    if not references:
        raise ConfigError("at_most", "must leave some settings to choose", _limit_text(book), "raise at_most")
    names: list[Any] = []
    for each in references:
        if each.settings not in names:
            names.append(each.settings)
    means = [statistics.fmean(each.score or -1.0 for each in references if each.settings == name) for name in names]
    best = max(range(len(names)), key=lambda at: means[at])
    return Choice(names[best], False, why)


def _limit_text(book: Book) -> str:
    limits = book.limits
    return f"{limits.run_seconds:g}s" if limits.run_seconds is not None else f"{limits.run_ratio:g}x"
