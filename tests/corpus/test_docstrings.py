"""The built-in corpus: read from source, never run."""

from __future__ import annotations

import subprocess
import sys
from itertools import islice
from pathlib import Path

import pytest

from wordkin.corpus.readers import docstrings
from wordkin.corpus.readers.docstrings import docstring_corpus

MODULE = '''
"""The module's own docstring.

    A second paragraph isn't lost_here.

>>> example(1)
array([1, 2])
"""
raise SystemExit("nothing is executed")

class Thing:
    """The Thing."""

    def method(self):
        r"""A raw \\d string method."""
        def inner():
            """Within a function."""

add_newdoc("name", ("other", """Documented from outside, {}"""))
topics = {{"key": """A topic of the help, {}"""}}
number = 3
'''.format("with enough words to count. " * 10, "with enough words to count. " * 10)


def sentences_of(files: dict[str, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, **options: int) -> list[str]:
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8", errors="surrogateescape")
    monkeypatch.setattr(docstrings, "_source_files", lambda: docstrings._python_files(tmp_path))
    return [" ".join(sentence) for sentence in docstring_corpus(**options)]


def test_docstrings_and_texts_of_a_module(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    counted = " ".join(["with enough words to count"] * 10)
    assert sentences_of({"module.py": MODULE}, monkeypatch, tmp_path) == [
        "the module's own docstring",
        "a second paragraph isn't lost_here",
        "the thing",
        "a raw d string method",
        "within a function",
        f"documented from outside {counted}",
        f"a topic of the help {counted}",
    ]


def test_odd_files_and_repeated_docstrings_are_skipped(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    files = {
        "a.py": '"""The same docstring."""',
        "b.py": '"""The same docstring."""',
        "broken.py": '"""Not Python."""\nprint "x"',
        "bytes.py": '"""Not UTF-8 \udcff."""',
        "code.py": '"""Few words."""\n' + "x = 1\n" * 100,
        "escapes.py": '"""An odd \\escape."""',
        "nothing.py": "",
        "zero.py": '"""A zero \0."""',
        "text.txt": '"""Not a Python file."""',
        "tests/test_a.py": '"""A test file."""',
    }
    assert sentences_of(files, monkeypatch, tmp_path) == ["the same docstring", "an odd escape"]


def test_it_stops_at_the_number_of_words(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    files = {f"{number}.py": f'"""File number n{number}."""' for number in range(9)}
    assert sentences_of(files, monkeypatch, tmp_path, max_words=7) == [f"file number n{n}" for n in range(3)]


def test_the_installation_is_read_in_the_same_order_each_time_without_importing_it() -> None:
    code = (
        "import sys; from wordkin.corpus.readers.docstrings import docstring_corpus\n"
        "sentences = list(docstring_corpus(30_000))\n"
        "assert not {'scipy', 'numba'} & set(sys.modules)\n"
        "print(hash(str(sentences)))"
    )
    command = [sys.executable, "-c", code]
    runs = {
        subprocess.run(
            command, env={"PYTHONHASHSEED": "0", "PYTHONPATH": ":".join(sys.path)}, capture_output=True
        ).stdout
        for _ in range(2)
    }
    assert len(runs) == 1
    assert runs != {b""}


def test_the_installation_has_much_to_say() -> None:
    sentences = list(islice(docstring_corpus(), 2000))
    assert sum(map(len, sentences)) > 20_000
    words = {word for sentence in sentences for word in sentence}
    assert {"array", "function", "returns"} <= words
    assert all(word == word.lower() for word in words)
