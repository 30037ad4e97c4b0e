"""What a corpus argument means: found out once, or refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from wordkin.corpus import resolve, scan
from wordkin.errors import CorpusError, CorpusNotFoundError

BOTH_REMEDIES = "check the path; if you meant words or a text instead of a path, pass a list of lists of words"


def names_of(corpus: object) -> list[str]:
    return [file.name for file in resolve(corpus).files]


@pytest.mark.parametrize(
    ("corpus", "expected"),
    [
        ("a.txt", True),
        (Path("a.txt"), True),
        (["a.txt", Path("b.txt")], True),
        ({"a.txt"}, True),
        ([], False),
        ([["a"]], False),
        (["a.txt", ["a"]], False),
        ([1, 2], False),
        (iter(["a.txt"]), False),
    ],
)
def test_what_means_paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, corpus: object, expected: bool) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("a.txt", "b.txt"):
        (tmp_path / name).touch()
    source = resolve(corpus)
    assert bool(source.files) is expected
    assert (source.items is corpus) is not expected
    assert resolve(source) is source


def test_order_of_files(tmp_path: Path) -> None:
    for name in ("b.txt", "a.txt", "sub/c.txt", "sub/.hidden", ".git/d.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("x")
    a, b, c = (str(tmp_path / name) for name in ("a.txt", "b.txt", "sub/c.txt"))
    assert names_of([b, a]) == [b, a]
    assert names_of({b, a, c}) == [a, b, c]
    assert names_of(tmp_path) == [a, b, c]
    assert names_of(str(tmp_path / "*.txt")) == [a, b]
    assert names_of(str(tmp_path / "**" / "*.txt")) == [a, b, c]
    assert names_of([c, tmp_path / "?.txt"]) == [c, a, b]


@pytest.mark.parametrize("name", ["a[1].txt", "a::b.txt", "-"])
def test_a_file_whose_name_looks_like_something_else(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_text("x")
    assert names_of(path) == [str(path)]
    assert scan(resolve(path)).words == ["x"]


@pytest.mark.parametrize("name", ["nothing.txt", "one two three"])
def test_missing_file_names_both_remedies(name: str) -> None:
    with pytest.raises(CorpusNotFoundError, match=f"there is no file or directory '{name}': {BOTH_REMEDIES}"):
        resolve([name])


def test_pattern_without_a_match_names_both_remedies(tmp_path: Path) -> None:
    with pytest.raises(CorpusNotFoundError, match=rf"no file matches the pattern '.*\*.txt': {BOTH_REMEDIES}"):
        resolve(tmp_path / "*.txt")


def test_directory_without_files(tmp_path: Path) -> None:
    with pytest.raises(CorpusNotFoundError, match=r"the directory '.*' holds no files: put text files there"):
        resolve(tmp_path)


@pytest.mark.parametrize("corpus", [None, 3, 2.5, True])
def test_what_is_neither_paths_nor_iterable_is_refused(corpus: object) -> None:
    message = r"the corpus must be a path, a list of paths or an iterable .*; got .* \((NoneType|int|float|bool)\)"
    with pytest.raises(CorpusError, match=message):
        resolve(corpus)


def test_what_a_source_reads_and_would_read(tmp_path: Path) -> None:
    (tmp_path / "texts").mkdir()
    (tmp_path / "texts" / "a.txt").touch()
    (tmp_path / "link").symlink_to("texts")
    source = resolve([tmp_path / "link"])
    assert source.reads(tmp_path / "texts" / "a.txt") and not source.reads(tmp_path / "texts" / "b.txt")
    assert source.would_read(tmp_path / "texts" / "new" / "b.txt")
    assert not source.would_read(tmp_path / "texts" / ".b.txt") and not source.would_read(tmp_path / "b.txt")
    only = resolve(tmp_path / "texts" / "a.txt")
    assert only.reads(tmp_path / "link" / "a.txt") and not only.would_read(tmp_path / "texts" / "b.txt")
    assert not resolve([["a"]]).would_read(tmp_path)
