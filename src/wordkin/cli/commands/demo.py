"""``wordkin demo``: train on the docstrings of the installed Python, which needs no data."""

from __future__ import annotations

import shlex
import shutil
import sys
from itertools import zip_longest
from typing import TYPE_CHECKING, Annotated

import typer

from wordkin.cli.options import COMMON
from wordkin.cli.output import JsonFlag, print_json, print_table
from wordkin.cli.vectors import check_output_first
from wordkin.training.cpu.compiling import announcing_compilation, load_numba_alone

if TYPE_CHECKING:
    from wordkin.embeddings import Embeddings
    from wordkin.queries.neighbours import Neighbours
    from wordkin.training.progress import TrainingReport

EPOCHS = 15
_WORDS = ("mean", "true", "thread", "complex", "red")
_ANALOGIES = (
    ("min", "minimum", "max"),
    ("file", "files", "directory"),
    ("smaller", "larger", "lower"),
    ("read", "reading", "write"),
)
_NEIGHBOURS, _ANSWERS = 6, 3


def demo(
    output: Annotated[
        str,
        typer.Option("--output", "-o", metavar="FILE", help="Where to save the vectors.", rich_help_panel=COMMON),
    ] = "demo.safetensors",
    json: JsonFlag = False,
) -> None:
    """Train on the docstrings of this Python and show neighbours and analogies.

    Takes less than a minute.
    """
    from wordkin.api import train
    from wordkin.corpus.readers.docstrings import docstring_corpus
    from wordkin.training.display import ProgressDisplay
    from wordkin.training.state import rising_loss_note

    check_output_first(output)
    load_numba_alone()
    print(f"Skip-gram, {EPOCHS} epochs, on the docstrings of this Python and its packages.", file=sys.stderr)
    losses: list[float] = []

    def keep_loss(report: TrainingReport) -> None:
        if report.epoch_finished:
            losses.append(report.loss)

    with ProgressDisplay(sys.stderr) as display, announcing_compilation(display.compiling):
        vectors = train(
            docstring_corpus(), output=output, epochs=EPOCHS, callbacks=[display, keep_loss], on_scan=display.reading
        )
    note = rising_loss_note(losses)
    if note:
        print(f"Note: {note.partition(';')[0]}. On held-out text, the loss falls in every epoch.", file=sys.stderr)
    neighbours = {word: vectors.most_similar(word, topn=_NEIGHBOURS) for word in _WORDS if word in vectors}
    answers = {
        question: vectors.analogy(*question, topn=_ANSWERS)
        for question in _ANALOGIES
        if all(word in vectors for word in question)
    }
    if json:
        print_json(_document(output, vectors, neighbours, answers))
    else:
        _show(output, vectors, neighbours, answers)


def _document(
    output: str,
    vectors: Embeddings,
    neighbours: dict[str, Neighbours],
    answers: dict[tuple[str, str, str], Neighbours],
) -> object:
    def named(found: Neighbours) -> list[dict[str, object]]:
        return [{"word": word, "similarity": cosine} for word, cosine in found]

    return {
        "output": output,
        "vocabulary_size": len(vectors),
        "vector_size": vectors.vector_size,
        "neighbours": [{"word": word, "neighbours": named(found)} for word, found in neighbours.items()],
        "analogies": [{"a": a, "b": b, "c": c, "answers": named(found)} for (a, b, c), found in answers.items()],
    }


def _show(
    output: str,
    vectors: Embeddings,
    neighbours: dict[str, Neighbours],
    answers: dict[tuple[str, str, str], Neighbours],
) -> None:
    columns = [[word for word, _ in found] for found in neighbours.values()]
    print()
    print_table(list(neighbours), list(zip_longest(*columns, fillvalue="")), title="Nearest words")
    print()
    rows = [[f"{a} : {b} = {c} : ?", ", ".join(word for word, _ in found)] for (a, b, c), found in answers.items()]
    print_table(["question", "answers"], rows, title="Analogies")
    print()
    command, file = _own_command(), shlex.quote(output)
    print(f"{len(vectors):,} words x {vectors.vector_size} saved to {output}. Try next:")
    print(f"  {command} similar {file} socket matrix")
    print(f"  {command} analogy {file} row rows column")
    print(f'  {command} lesson "the fat cat sat on the mat"')
    print(f"  {command} train YOUR_TEXT.txt --output vectors.safetensors")


def _own_command() -> str:
    """Return the command that calls this program: its name if it is on PATH, otherwise the path it was called by."""
    called_as = sys.argv[0]
    if called_as.endswith("__main__.py"):
        return f"{shlex.quote(sys.executable)} -m wordkin"
    return "wordkin" if shutil.which("wordkin") == called_as else shlex.quote(called_as)
