"""Parts of a source: one after the other they are the text, wherever files are cut."""

from __future__ import annotations

import gzip
import io
from pathlib import Path

import numpy as np
import pytest

from wordkin.corpus import resolve, scan
from wordkin.corpus.parts import parts_of
from wordkin.corpus.readers.files import LinesOfPart
from wordkin.corpus.readers.pieces import Reading
from wordkin.errors import EmptyVocabularyError

LINES = ["a b c", "", "한국어 d", "e", "  ", "f g h i j k l", "m"]


@pytest.mark.parametrize("end", ["", "\n"])
@pytest.mark.parametrize("size", [1, 3, 1000])
def test_parts_of_lines_are_the_file_wherever_it_is_cut(size: int, end: str) -> None:
    text = ("\n".join(LINES) + end).encode()
    for part in range(1, len(text) + 1):
        found = []
        for start in range(0, len(text), part):
            lines = LinesOfPart(io.BytesIO(text), start, min(start + part, len(text)))
            pieces = []
            while piece := lines.read(size):
                pieces.append(piece)
            found.append(b"".join(pieces))
        assert b"".join(found) == text, part
        assert all(each.endswith(b"\n") for each in found if each and each is not [one for one in found if one][-1])


def test_files_are_parted_where_lines_are_records(tmp_path: Path) -> None:
    text = "\n".join(LINES) + "\n"
    (tmp_path / "a.txt").write_text(text)
    (tmp_path / "b.txt.gz").write_bytes(gzip.compress(text.encode()))
    (tmp_path / "c.txt").write_text("")
    parts = [part.files[0] for part in parts_of(resolve(tmp_path), 20)]
    size = len(text.encode())
    assert [(Path(part.name).name, part.part) for part in parts] == [
        *(("a.txt", (start, min(start + 20, size))) for start in range(0, size, 20)),
        ("b.txt.gz", None),
        ("c.txt", None),
    ]
    other = resolve(str(tmp_path / "a.txt"), Reading(encoding="utf-16"))
    assert [part.files[0].part for part in parts_of(other, 20)] == [None]


def test_words_of_parts_are_those_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("\n".join(LINES * 9))
    words: list[str] = []
    sentences = 0
    for part in parts_of(resolve(path), 50):
        try:
            with scan(part, threads=1) as scanned:
                ids = scanned.encode(np.arange(len(scanned.words), dtype=np.int32))
                words += [scanned.words[number] for number in ids.ids]
                sentences += scanned.sentences
        except EmptyVocabularyError:  # of white space
            continue
    assert words == " ".join(LINES * 9).split()
    assert sentences == 9 * 5


def test_parquet_is_parted_by_row_groups(tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    import pyarrow
    import pyarrow.parquet

    path = tmp_path / "a.parquet"
    table = pyarrow.table({"text": [f"a{number} b" for number in range(100)]})
    pyarrow.parquet.write_table(table, path, row_group_size=10)
    source = resolve(str(path), Reading(field="text"))
    assert [part.files[0].part for part in parts_of(source, 1)] == [(first, first + 1) for first in range(10)]
    assert [part.files[0].part for part in parts_of(source)] == [(0, 10)]
    with scan(parts_of(source, 1)[3], threads=1) as scanned:
        assert list(scanned.words) == ["a30", "b", *(f"a{number}" for number in range(31, 40))]
