"""Comparison of two files of vectors: a table of the neighbours of one word in both."""

from __future__ import annotations

from functools import partial

from nicegui import background_tasks

from wordkin.embeddings import Embeddings
from wordkin.errors import WordkinError
from wordkin.studio.explore.downloads import give_csv
from wordkin.studio.explore.exploration import TOPN, Exploration
from wordkin.studio.explore.neighbours import bar
from wordkin.studio.widgets import button, heading, inline, marked, notice, paragraph, select

Row = tuple[str, float | None, float | None, bool, bool]


def aligned(word: str, first: Embeddings, second: Embeddings, topn: int = TOPN) -> list[Row]:
    """Return a table of the neighbours of a word in two files of vectors, with one row per neighbour.

    Returns
    -------
    list of (str, float or None, float or None, bool, bool)
        The neighbour, its cosine in the first file and in the second, and whether it is one of the ``topn`` nearest
        words in the first file and in the second. If a file does not have the neighbour, the cosine in it is None. Rows
        are sorted: first neighbours that are among the nearest in both files, and among these by decreasing sum of
        cosines.

    Raises
    ------
    UnknownWordError
        The word is missing from one of the files.
    """
    lists = [dict(each.most_similar(word, topn=topn)) for each in (first, second)]
    names = list(dict.fromkeys([*lists[0], *lists[1]]))
    cosines = [_cosines(each, word, names) for each in (first, second)]
    rows = [(name, cosines[0][name], cosines[1][name], name in lists[0], name in lists[1]) for name in names]
    return sorted(rows, key=lambda row: (-(row[3] + row[4]), -((row[1] or 0) + (row[2] or 0))))


def _cosines(vectors: Embeddings, word: str, names: list[str]) -> dict[str, float | None]:
    known = [name for name in names if name in vectors]
    found: dict[str, float | None] = dict.fromkeys(names)
    if known:
        found.update(zip(known, vectors.similarities(word, known).tolist(), strict=True))
    return found


class ComparePanel:
    """The panel that compares the file with another one."""

    def __init__(self, exploration: Exploration) -> None:
        self._exploration, view = exploration, exploration.view
        heading(view.text("explore.tab.compare"))
        others = [name for name in view.studio.workspace.vectors() if name != exploration.name]
        chosen = view.state.get("other", "")
        if chosen and chosen not in others:
            others.append(chosen)
        self._other: Embeddings | None = None
        self._name = chosen  # of the other file, also while it is being opened
        self._rows: list[Row] = []
        if not others:
            paragraph(view.text("compare.none"), "muted")
        else:
            with marked("div", "line"):
                names = {"": view.text("compare.choose"), **{name: name for name in others}}
                chooser = select(names, chosen, view.text("compare.other"), self._choose)
                chooser.style("min-width: min(20rem, 100%)")
                button("CSV", self._save, "quiet", label=view.text("compare.csv"))
        self._holder = marked("div", "stack")
        if chosen:
            background_tasks.create(self._open(chosen))

    def show(self) -> None:
        """Show the neighbours of the selected word in both files."""
        if self._other is None:
            return
        exploration, view = self._exploration, self._exploration.view
        self._holder.clear()
        with self._holder:
            try:
                self._rows = aligned(exploration.word, exploration.vectors, self._other)
            except WordkinError as error:
                notice(f"{self._name}: {error}", bad=True)
                return
            shared = sum(row[3] and row[4] for row in self._rows)
            paragraph(view.text("compare.shared", shared=shared, topn=TOPN, word=exploration.word))
            self._show_table()

    def _show_table(self) -> None:
        exploration, view = self._exploration, self._exploration.view
        with marked("div", "scroll-x"), marked("table", "aligned"):
            with marked("thead"), marked("tr"):
                for name in (view.text("compare.word"), exploration.name, self._name):
                    with marked("th").props("scope=col"):
                        inline(name)
            with marked("tbody"):
                for word, first, second, near_first, near_second in self._rows:
                    with marked("tr"):
                        with marked("td"):
                            button(word, partial(exploration.walk, word), "word")
                        for cosine, near in ((first, near_first), (second, near_second)):
                            with marked("td"):
                                _cell(cosine, near, view.text("compare.lacks"))

    def _choose(self, name: str) -> None:
        view = self._exploration.view
        view.remember(other=name or None)
        if self._other is not None:
            view.studio.library.close(self._other, tab=view.client.id)
        self._other, self._name = None, name
        self._holder.clear()
        if name:
            background_tasks.create(self._open(name))

    async def _open(self, name: str) -> None:
        view = self._exploration.view
        try:
            opened = await view.studio.library.open(name, tab=view.client.id)
        except WordkinError as error:
            if name == self._name:
                with self._holder:
                    notice(str(error), bad=True)
            return
        if name != self._name or self._other is not None:  # another file was chosen meanwhile, or this one again
            view.studio.library.close(opened, tab=view.client.id)
            return
        self._other = opened
        self.show()

    def _save(self) -> None:
        rows = [(word, first, second, int(a), int(b)) for word, first, second, a, b in self._rows]
        head = ["word", self._exploration.name, self._name, "near in first", "near in second"]
        give_csv(f"compare-{self._exploration.word}", head, rows)


def _cell(cosine: float | None, near: bool, lacking: str) -> None:
    if cosine is None:
        inline(lacking, "muted small")
        return
    with marked("span", "line" if near else "line faint").style("flex-wrap: nowrap"):
        bar(cosine)
        inline(f"{cosine:.3f}", "number")
