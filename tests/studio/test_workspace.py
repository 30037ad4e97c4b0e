"""No file outside the started folder is opened, except those named at the start."""

from __future__ import annotations

import asyncio
import gzip
import os

import numpy as np
import pytest

from wordkin.embeddings import Embeddings
from wordkin.errors import ConfigError, CorpusNotFoundError, FormatError, WordkinError
from wordkin.studio.library import MAX_OPEN_FILES, Library
from wordkin.studio.train.runs import Runs
from wordkin.studio.workspace import Workspace
from wordkin.vocabulary import Vocabulary

VECTORS = Embeddings(Vocabulary(["a", "b"]), np.eye(2, dtype=np.float32))


@pytest.fixture
def places(tmp_path):
    """A folder with vectors, and others outside it."""
    inside, outside = tmp_path / "in", tmp_path / "out"
    (inside / "deep" / "er").mkdir(parents=True)
    outside.mkdir()
    for path in (inside / "v.txt", inside / "deep" / "er" / "v.bin", inside / ".hidden.bin", outside / "secret.bin"):
        VECTORS.save(path)
    (inside / "leak.bin").symlink_to(outside / "secret.bin")
    (inside / "leaks").symlink_to(outside)
    (inside / "inner.bin").symlink_to(inside / "v.txt")
    return inside, outside


def test_files_below_the_folder_are_listed_by_their_path(places):
    assert Workspace(places[0]).vectors() == ["inner.bin", "v.txt", "deep/er/v.bin"]
    assert Workspace(places[0]).texts() == ["v.txt"]


@pytest.mark.parametrize(
    ("first_line", "listed"),
    [
        ("2 3", True),
        ("a 1 2 3", True),
        ("New York .5 -1e-3", True),
        ("the cat sat", False),
        ("in 1984", False),
        ("", False),
    ],
)
def test_texts_are_not_listed_as_vectors(tmp_path, first_line, listed):
    (tmp_path / "v.txt").write_text(f"{first_line}\nb 1 2 3\n")
    with gzip.open(tmp_path / "w.txt.gz", "wt") as stream:
        stream.write(f"{first_line}\nb 1 2 3\n")
    (tmp_path / "broken.txt.gz").write_bytes(b"no gzip")
    assert Workspace(tmp_path).vectors() == ["broken.txt.gz", *(["v.txt", "w.txt.gz"] if listed else [])]


@pytest.mark.parametrize(
    "name",
    ["../out/secret.bin", "deep/../../out/secret.bin", "/etc/passwd", "leak.bin", "leaks/secret.bin", "deep/er", "",
     "a\0b", "./../out/secret.bin", "..", "."],
)  # fmt: skip
def test_nothing_else_is_opened(places, name):
    with pytest.raises(WordkinError, match="file must be"):
        Workspace(places[0]).path_of(name)


def test_an_absolute_path_into_the_folder_is_refused_as_well(places):
    with pytest.raises(ConfigError, match="file must be a file in the folder that the studio was started in; got"):
        Workspace(places[0]).path_of(str(places[0] / "v.txt"))


def test_a_missing_file_is_named(places):
    with pytest.raises(CorpusNotFoundError, match=r"no such file: 'x\.bin'"):
        Workspace(places[0]).path_of("x.bin")


@pytest.mark.skipif(os.name != "posix", reason="pipes as POSIX has them")
def test_a_pipe_is_no_file(places):
    os.mkfifo(places[0] / "pipe.bin")
    with pytest.raises(ConfigError, match="file must be a regular file"):
        Workspace(places[0]).path_of("pipe.bin")


def test_files_named_at_the_start_may_lie_anywhere(places):
    inside, outside = places
    named = str(outside / "secret.bin")
    workspace = Workspace(inside, [named])
    assert workspace.vectors()[0] == named
    assert workspace.path_of(named) == outside / "secret.bin"
    with pytest.raises(ConfigError):
        workspace.path_of(str(outside / "other.bin"))


@pytest.mark.parametrize(
    ("name", "error", "message"),
    [("missing.bin", CorpusNotFoundError, "no such file of vectors"), ("picture.png", ConfigError, "must end in")],
)
def test_what_is_named_at_the_start_is_checked_then(places, name, error, message):
    with pytest.raises(error, match=message):
        Workspace(places[0], [places[0] / name])


class TestLibrary:
    """Opened vectors are shared, and given back with the last tab."""

    def test_two_tabs_share_one_copy(self, places):
        async def look():
            library = Library(Workspace(places[0]))
            first, second = await asyncio.gather(library.open("v.txt", tab="a"), library.open("v.txt", tab="b"))
            assert first is second
            library.close_tab("a")
            assert library.open_files == 1
            library.close_tab("b")
            return library.open_files

        assert asyncio.run(look()) == 0

    def test_a_bad_file_is_not_kept(self, places):
        (places[0] / "bad.bin").write_bytes(b"3 4\nnothing")

        async def look():
            library = Library(Workspace(places[0]))
            with pytest.raises(FormatError):
                await library.open("bad.bin", tab="a")
            return library.open_files

        assert asyncio.run(look()) == 0

    def test_a_file_written_anew_is_read_anew(self, places):
        async def look():
            library = Library(Workspace(places[0]))
            before = await library.open("v.txt", tab="a")
            (places[0] / "v.txt").write_text("1 2\nc 1 2\n")
            after = await library.open("v.txt", tab="b")
            return len(before), len(after)

        assert asyncio.run(look()) == (2, 1)

    def test_the_number_of_open_files_is_bounded(self, places):
        for number in range(MAX_OPEN_FILES + 1):
            VECTORS.save(places[0] / f"v{number}.bin")

        async def look():
            library = Library(Workspace(places[0]))
            for number in range(MAX_OPEN_FILES):
                await library.open(f"v{number}.bin", tab="a")
            with pytest.raises(
                ConfigError, match="vectors cannot be opened: 8 other files are open, which is the maximum"
            ):
                await library.open(f"v{MAX_OPEN_FILES}.bin", tab="a")

        asyncio.run(look())

    def test_a_file_that_a_tab_no_longer_shows_is_closed(self, places):
        async def look():
            library = Library(Workspace(places[0]))
            first = await library.open("v.txt", tab="a")
            await library.open("v.txt", tab="a")  # the panel that compares files shows the file of the page
            library.close(first, tab="b")
            library.close(first, tab="a")
            assert library.open_files == 1
            library.close(first, tab="a")
            return library.open_files

        assert asyncio.run(look()) == 0

    def test_files_of_disconnected_tabs_make_room(self, places):
        for number in range(MAX_OPEN_FILES + 1):
            VECTORS.save(places[0] / f"v{number}.bin")

        async def look():
            library = Library(Workspace(places[0]), lambda tab: tab in ("tab 0", "new"))
            for number in range(MAX_OPEN_FILES):
                await library.open(f"v{number}.bin", tab=f"tab {number}")
            await library.open(f"v{MAX_OPEN_FILES}.bin", tab="new")
            return library.open_files

        assert asyncio.run(look()) == 2


def test_runs_in_a_folder_that_leads_elsewhere_are_not_read(places):
    (places[0] / "studio-runs").symlink_to(places[1])
    (places[1] / "run").mkdir()
    (places[1] / "run" / "run.json").write_text('{"corpus": "", "options": {}}')
    assert Runs(Workspace(places[0])).all() == []
