"""Page about the distribution of noise words, and about special draws.

A draw is special if the noise word is the true word, the input word or a word of the context.
"""

from __future__ import annotations

from collections.abc import Callable

from nicegui import ui

from wordkin.lesson import Step
from wordkin.lesson.text import Example
from wordkin.studio.lesson.html import number, plain, row, shown, table, text
from wordkin.studio.lesson.parts import folded
from wordkin.studio.lesson.tab import Tab, Update
from wordkin.studio.widgets import button, heading, marked, paragraph
from wordkin.vocabulary.noise import noise_probabilities


def noise(tab: Tab) -> Update:
    """Page on the distribution of noise words, for three exponents and one that the user chooses."""
    paragraph(tab.text("noise.intro"))
    ui.html(_POWER, sanitize=False)
    paragraph(tab.text("noise.exponents"))
    heading(tab.text("noise.why"), 3)
    paragraph(tab.text("noise.why_text"))
    with marked("div", "line"):
        slider = ui.slider(min=0, max=1, step=0.05, value=_SHOWN_FIRST).style("width:16rem; max-width:100%")
        slider.props["aria-label"] = tab.text("noise.exponent")
        shown = ui.label(f"{tab.text('noise.exponent')} = {_SHOWN_FIRST:.2f}")
    element = ui.html(sanitize=False).classes("stack")

    def change(exponent: float) -> None:
        shown.text = f"{tab.text('noise.exponent')} = {exponent:.2f}"
        element.set_content(
            f"{example_html(tab, exponent)}<h3>{text(tab.text('noise.here'))}</h3>{noise_html(tab, exponent)}"
        )

    slider.on_value_change(lambda event: change(float(event.value)))
    change(_SHOWN_FIRST)
    folded(tab.text("for_readers"), tab.text("noise.letters"))
    return lambda: None


_POWER = (
    '<math displaystyle="true"><mrow><mi>q</mi><mo stretchy="false">(</mo><mi>w</mi><mo stretchy="false">)</mo>'
    "<mo>=</mo><mfrac><mrow><mi>count</mi><msup><mrow><mo>(</mo><mi>w</mi><mo>)</mo></mrow><mn>3/4</mn></msup></mrow>"
    "<mrow><mo>∑</mo><mi>count</mi><msup><mrow><mo>(</mo><mi>z</mi><mo>)</mo></mrow><mn>3/4</mn></msup></mrow></mfrac>"
    "</mrow></math>"
)
_SHOWN_FIRST = 0.5  # the exponent of the slider
_EXAMPLE_COUNTS = (1_000_000, 10_000, 10)


def example_html(tab: Tab, exponent: float) -> str:
    """Return the noise probabilities of three words whose counts differ much, and how often the rarest is drawn."""
    words = [each.strip() for each in tab.text("noise.example_words").split(",")]
    rarest = {each: 1 / noise_probabilities(_EXAMPLE_COUNTS, each)[-1] for each in (1.0, 0.75, 0.0, exponent)}
    often = "; ".join(
        tab.text("noise.once", exponent=f"{power:g}", draws=f"{draws:,.0f}") for power, draws in rarest.items()
    )
    made = _shares_html(tab, words, _EXAMPLE_COUNTS, exponent, "example")
    return f"{made}<p>{text(tab.text('noise.rarest', word=words[-1], often=often))}</p>"


def noise_html(tab: Tab, exponent: float = 0.75) -> str:
    """Return a table of the words of the lesson with their counts and their noise probabilities."""
    return _shares_html(
        tab, [each.word for each in tab.overview.words], [each.count for each in tab.overview.words], exponent, "noise"
    )


def _shares_html(tab: Tab, words: list[str], counts: tuple[int, ...] | list[int], exponent: float, name: str) -> str:
    """Return noise probabilities with the exponents 1, 3/4 and 0, and with a chosen one."""
    spread = [(power, noise_probabilities(counts, power).tolist()) for power in (1.0, 0.75, 0.0)]
    titles = ["noise.unigram", "noise.power", "noise.uniform"]
    heads = ["", tab.text("count"), *map(tab.text, titles), tab.text("noise.chosen", exponent=f"{exponent:g}")]
    chosen = noise_probabilities(counts, exponent).tolist()
    most = max(chosen + [share for _, values in spread for share in values])
    rows = []
    for index, (word, count) in enumerate(zip(words, counts, strict=True)):
        shares = [(f"{name}.{power:g}.{index}", values[index]) for power, values in spread]
        cells = [_bar_of(share, most, named) for named, share in [*shares, (f"{name}.chosen.{index}", chosen[index])]]
        rows.append(row(word, [plain(f"{count:,}"), *cells]))
    return table(heads, rows)


def _bar_of(share: float, most: float, name: str) -> str:
    bars = f'<span class="share-bar" style="--share:{share / most * 0.6:.4f}"></span>'
    return f'<td class="barred">{bars}{number(share, name)}</td>'


# -- special draws -------------------------------------------------------------------------------------


def special_html(tab: Tab, step: Step | None) -> str:
    """Explain what happens if a noise word is the true word, the input or a context word, and how often this is so."""
    named = {"input": tab.text("input"), "output": tab.text("output")}
    if step is not None:
        named = {"input": f"“{step.inputs[0].word}”", "output": f"“{step.comparisons[0].output}”"}
    others = ("also_context_cbow",) if tab.choices.architecture == "cbow" else ("also_input", "also_context")
    listed = "".join(f"<li>{text(tab.text(f'sampling.{each}', **named))}</li>" for each in ("skipped", *others))
    made = f"<p>{text(tab.text('sampling.special'))}</p><ul class='how'>{listed}</ul>"
    if step is None:
        return made
    word, k = step.comparisons[0].output, tab.choices.negative
    q = next(each.noise_probability for each in tab.overview.words if each.word == word)
    frequent_q = float(noise_probabilities(_EXAMPLE_COUNTS, 0.75)[0])
    said = tab.text(
        "sampling.how_often", k=k, word=word, q=shown(q), share=shown(at_least_once(q, k)),
        frequent=tab.text("noise.example_words").split(",")[0], frequent_q=shown(frequent_q),
        frequent_share=shown(at_least_once(frequent_q, k)),
    )  # fmt: skip
    return f"{made}<p>{text(said)}</p>"


def at_least_once(q: float, draws: int) -> float:
    """Return the probability that at least one of several draws is a word with the noise probability q.

    >>> at_least_once(0.5, 2)
    0.75
    """
    return 1 - (1 - q) ** draws


def next_with_noise(tab: Tab, fits: Callable[[Example], bool]) -> int | None:
    """Return the number of the next step whose example fits; None if no step fits.

    After the last step, the search goes on at the first.
    """
    numbers = (*range(tab.number + 1, tab.steps + 1), *range(1, tab.number))
    return next((number for number in numbers if fits(tab.course.taken(number).example)), None)


def has_skipped_draw(example: Example) -> bool:
    """Return whether a noise word of an example is the word to be predicted."""
    return example.outputs[0] in example.noise[0]


def has_input_as_noise(example: Example) -> bool:
    """Return whether a noise word of an example is an input word, but not the word to be predicted."""
    return bool(set(example.inputs) & set(example.noise[0]) - {example.outputs[0]})


def offer_special_steps(tab: Tab) -> None:
    """Add buttons, each of which leads to the next step with one kind of special draw."""

    def leading(fits: Callable[[Example], bool]) -> Callable[[], None]:
        def lead() -> None:
            found = next_with_noise(tab, fits)
            if found is None:
                ui.notify(tab.text("sampling.no_step"))
            else:
                tab.pause()
                tab.go(found)

        return lead

    with marked("div", "line"):
        button(tab.text("sampling.to_skipped"), leading(has_skipped_draw), "quiet")
        button(tab.text("sampling.to_input"), leading(has_input_as_noise), "quiet")
