"""The order of trials and the final choice, as a function of the trials recorded so far.

:func:`search` is a generator that yields steps and is sent the trial made of each. To resume a search, the recorded
trials are sent again, so it continues where it stopped. No clock is read here: the time budget counts recorded seconds.

1. References: ``word2vec`` (classic settings) and the quality recipe, on the whole text.
2. Brackets of new settings, by successive halving: up to nine on a share of the text, and the best three of them on the
   whole text. A third of the settings are drawn from the whole space, the others are neighbours of the best known
   settings. A text too short to be split is always used whole.
3. Confirmation: the best settings and the references again, with fresh seeds, which were not used before.
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
"""Smallest share of the text, in words."""
BRACKET = 9
DRAWS = 2 * BRACKET
"""Most settings drawn for a bracket; those whose trials do not fit the budget are skipped."""
KEPT_OF_BRACKET = 3
FINALISTS = 3
LONG_BUDGET, MEDIUM_BUDGET = 60, 24
"""Smallest budgets, in trials of the classic settings, for three and for two fresh seeds; below them there is one."""


@dataclass(frozen=True)
class Limits:
    """Limits of a search and of the settings it may choose.

    Attributes
    ----------
    seconds : float
        Longest time of all trials together.
    trials : int or None, default None
        Largest number of trials.
    run_seconds : float or None, default None
        Longest training time of the chosen settings.
    run_ratio : float or None, default None
        The same, as a multiple of the training time of the classic settings.
    """

    seconds: float
    trials: int | None = None
    run_seconds: float | None = None
    run_ratio: float | None = None


@dataclass(frozen=True)
class Choice:
    """The result of a search.

    Attributes
    ----------
    settings : mapping
        The settings to use.
    better : bool
        Whether they score higher than every reference with each fresh seed.
    reason : str
        By how much, or why nothing better was found.
    """

    settings: Settings
    better: bool
    reason: str


class Book:
    """The trials made so far, and estimates based on them."""

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
        """The recipes, for each architecture in the space."""
        architectures = self.space.values.get("architecture", (None,))
        return [
            {"recipe": recipe} | ({} if each is None else {"architecture": each})
            for each in architectures
            for recipe in REFERENCES
        ]

    def add(self, trial: Trial) -> None:
        """Add a trial that was made."""
        self.trials.append(trial)
        self._trials_of.setdefault(_key(trial.settings), []).append(trial)
        self._costs.append(self._cost(trial))
        self.seen.add(identity(self.space.config(trial.settings)))

    def of(self, settings: Settings) -> list[Trial]:
        """The trials of some settings."""
        return self._trials_of.get(_key(settings), [])

    def seconds(self) -> float:
        """Total time of all trials."""
        return sum(each.seconds for each in self.trials)

    def estimate(self, settings: Settings, share: float = 1.0) -> float:
        """Estimated time of a trial, from trials of the same settings, or from all if there are none."""
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
        """The seeds of the confirmation; their number depends on the budget and on the time of the first trial."""
        whole = self.limits.seconds / max(self.trials[0].seconds, 1e-9)
        if self.limits.trials is not None:
            whole = min(whole, self.limits.trials)
        number = 3 if whole >= LONG_BUDGET else 2 if whole >= MEDIUM_BUDGET else 1
        return [self.first_seed + 1 + each for each in range(number)]

    def fits(self, steps: Sequence[Step], finalists: Sequence[Settings]) -> bool:
        """Whether the budget has room for some steps and then for the confirmation of some settings."""
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
        """Whether training with some settings keeps the limit on its time, as far as is known."""
        bound = self._bound()
        return bound is None or self.run_seconds(settings) <= bound

    def _bound(self) -> float | None:
        if self.limits.run_ratio is not None:
            return self.limits.run_ratio * self.run_seconds(self.references()[0])
        return self.limits.run_seconds

    def run_seconds(self, settings: Settings) -> float:
        """Training time on the whole text: the median of trials on the whole text, or of scaled times of others."""
        same = self.of(settings)
        same = [each for each in same if each.share == 1.0] or same
        return statistics.median(each.train_seconds / each.share for each in same)

    def ranked(self, trials: Sequence[Trial]) -> list[Trial]:
        """Trials with a score whose settings keep the limit, best first."""
        bound = self._bound()
        usable = [
            each
            for each in trials
            if each.score is not None and (bound is None or self.run_seconds(each.settings) <= bound)
        ]
        return sorted(usable, key=lambda each: (-(each.score or 0.0), each.number))

    def candidates(self) -> list[Trial]:
        """Trials of new settings on the whole text with the first seed, best first."""
        return self.ranked([each for each in self.trials if each.stage == "whole"])

    def best_known(self) -> Settings:
        """The settings with the best score on the whole text with the first seed."""
        trials = [each for each in self.trials if each.stage in ("reference", "whole")]
        ranked = self.ranked(trials)
        return ranked[0].settings if ranked else self.references()[-1]


def _key(settings: Settings) -> str:
    return str(sorted(settings.items()))


Search = Generator[Step, Trial, Choice]


def search(book: Book) -> Search:
    """Yield the trials to make, be sent each as it was made, and return the choice."""
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
    """Raise :class:`ConfigError` if the budget has no room for one new trial and its confirmation."""
    typical = book.best_known()
    if book.fits([Step("whole", typical, 1.0, book.first_seed)], [typical]):
        return
    limits, confirmed = book.limits, len(book.references()) + 1
    least = len(book.trials) + 1 + confirmed
    if limits.trials is not None and limits.trials < least:
        raise ConfigError("trials", f"must be at least {least}", limits.trials, _WHAT_A_SEARCH_NEEDS)
    needed = book.seconds() + (1 + confirmed) * max(book.estimate(each) for each in book.references())
    remedy = f"{_WHAT_A_SEARCH_NEEDS}; a part of the text would do too"
    raise ConfigError("time", f"must be at least about {needed:.0f} s for this text", limits.seconds, remedy)


_WHAT_A_SEARCH_NEEDS = "the recipes, one new trial and its confirmation need so much"


def _bracket(book: Book, number: int) -> Generator[Step, Trial, int]:
    """Try new settings on a share of the text and the best of them on the whole; return the number of the next draw."""
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
    """The settings that would be confirmed if ``new`` were the last ones tried."""
    return [*(each.settings for each in book.candidates()[: FINALISTS - 1]), new]


def _confirm(book: Book) -> Search:
    """Train the best settings and the references with fresh seeds, and choose by the scores of these only."""
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
    """Choose among the confirmed settings."""
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
    """Choose the best reference, by its mean over some trials."""
    if not references:
        raise ConfigError("at_most", "must leave some settings to choose", _limit_text(book), "raise it")
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
