"""Text in other encodings than UTF-8, and text that is not in the encoding it is read in."""

from __future__ import annotations

import io
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wordkin import ConfigError, CorpusError, CorpusWarning, EncodingError
from wordkin.config import TrainingConfig
from wordkin.corpus.readers.encodings import Transcoded
from wordkin.text.steps import scan_text, source_of

KOREAN = "해는 아침에 뜨고 달은 밤에 뜬다 별은 멀리 있다\n"
CHINESE = "太阳 早上 升起 月亮 晚上 升起 星星 很 远 我们 看见 它们\n"
JAPANESE = "太陽 は 朝 昇り 月 は 夜 昇る 星 は 遠い\n"
RUSSIAN = "солнце луна звезда земля небо\n"
FRENCH = "café über señor\n"
TEXTS = {
    "cp949": KOREAN, "euc_kr": KOREAN, "gbk": CHINESE, "gb18030": CHINESE, "big5": "太陽 早上 升起\n",
    "shift_jis": JAPANESE, "euc_jp": JAPANESE, "iso2022_jp": JAPANESE, "latin-1": FRENCH, "cp1252": FRENCH,
    "cp1251": RUSSIAN, "koi8-r": RUSSIAN, "utf-16": KOREAN, "utf-16-le": KOREAN, "utf-32": CHINESE,
    "utf-8-sig": KOREAN, "UTF8": KOREAN,
}  # fmt: skip


def words_of(path: Path, **options: Any) -> list[str]:
    config = TrainingConfig(threads=1, **options)
    with scan_text(source_of(path, config), config) as scanned:
        return scanned.words


@pytest.mark.parametrize("encoding", TEXTS)
def test_text_in_its_encoding(tmp_path: Path, encoding: str) -> None:
    text = TEXTS[encoding] * 50
    path = tmp_path / "c.txt"
    path.write_bytes(text.encode(encoding))
    assert words_of(path, encoding=encoding) == list(dict.fromkeys(text.split()))


@given(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=40),
    st.integers(1, 7),
    st.sampled_from(["utf-16", "gb18030", "utf-7"]),
)
def test_reading_in_pieces_of_any_size(text: str, size: int, encoding: str) -> None:
    stream = Transcoded(io.BytesIO(text.encode(encoding)), encoding, "strict", "c")
    assert b"".join(iter(lambda: stream.read(size), b"")).decode() == text
    assert stream.replaced == 0


@pytest.mark.parametrize(("encoding", "sample", "guesses"), [
    ("gbk", CHINESE, "gb18030|gbk|gb2312"), ("cp949", KOREAN, "cp949|euc_kr|johab"),
    ("cp1251", RUSSIAN, ".*"),
])  # fmt: skip
@pytest.mark.parametrize("repeats", [1, 10, 20_000])
def test_text_in_another_encoding_is_refused_with_a_guess(
    tmp_path: Path, encoding: str, sample: str, guesses: str, repeats: int
) -> None:
    path = tmp_path / "c.txt"
    path.write_bytes((sample * repeats).encode(encoding))
    counts = r"'.*c.txt': [\d,]+ of [\d,]+ words \(\d+%\) are not valid UTF-8"
    message = rf'{counts}: (pass its encoding, perhaps encoding="({guesses})"|pass its)'
    with pytest.raises(EncodingError, match=message):
        words_of(path)


def test_the_guess_is_right(tmp_path: Path) -> None:
    path = tmp_path / "c.txt"
    path.write_bytes((CHINESE * 100).encode("gb18030"))
    with pytest.raises(EncodingError, match=r'pass its encoding, perhaps encoding="gb(18030|k|2312)"'):
        words_of(path)
    assert words_of(path, encoding="gb18030") == list(dict.fromkeys(CHINESE.split()))


@pytest.mark.parametrize("errors", ["replace", "ignore"])
def test_one_percent_is_where_a_warning_ends(tmp_path: Path, errors: str) -> None:
    path = tmp_path / "c.txt"
    path.write_bytes(b"word " * 990 + b"w\xff " * 10)
    with pytest.warns(CorpusWarning, match=r"invalid UTF-8 in 10 words was (replaced|ignored)"):
        words_of(path, encoding_errors=errors)
    path.write_bytes(b"word " * 989 + b"w\xff " * 11)
    with pytest.raises(EncodingError, match=r"11 of 1,000 words \(1%\) are not valid UTF-8: "):
        words_of(path, encoding_errors=errors)


def test_what_is_wrong_late_is_found_at_the_end(tmp_path: Path) -> None:
    path = tmp_path / "c.txt"
    path.write_bytes(b"word " * 300_000 + "太阳 ".encode("gbk") * 100_000)
    with pytest.raises(EncodingError, match=r"'.*c.txt': 100,000 of 400,000 words \(25%\) are not valid UTF-8"):
        words_of(path)


def test_one_wrong_file_of_many_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"word " * 300_000)
    (tmp_path / "b.txt").write_bytes(CHINESE.encode("gbk"))
    with pytest.raises(EncodingError, match=r"b.txt': 11 of 12 words \(92%\) are not valid UTF-8"):
        words_of(tmp_path)


def test_a_wrong_encoding_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "c.txt"
    path.write_text(KOREAN * 100)
    with pytest.raises(
        EncodingError, match=r'words \(\d+%\) are not valid ascii: pass its encoding, perhaps encoding="utf_8"'
    ):
        words_of(path, encoding="ascii")


@pytest.mark.parametrize("name", ["c.txt", "c.csv", "c.jsonl"])
def test_a_few_invalid_bytes_in_another_encoding(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    line = {"c.txt": "word é\n", "c.csv": "word é\n", "c.jsonl": '{"t": "word é"}\n'}[name]
    data = ("t\n" if name == "c.csv" else "") + line * 300
    path.write_bytes(data.encode("cp949", "ignore").replace(b"word", b"w\xff\xffrd", 1))
    field = None if name == "c.txt" else "t"
    with pytest.warns(CorpusWarning, match="invalid cp949 in 1 words was replaced"):
        assert words_of(path, encoding="cp949", field=field)[0] == "w\ufffd\ufffdrd"
    with pytest.warns(CorpusWarning, match="invalid cp949 in 1 words was ignored"):
        assert words_of(path, encoding="cp949", field=field, encoding_errors="ignore")[0] == "wrd"
    with pytest.raises(EncodingError, match=r"is not valid cp949 at byte \d+ \(0xff\): convert the file, or pass"):
        words_of(path, encoding="cp949", field=field, encoding_errors="strict")


@pytest.mark.parametrize("name", ["c.csv", "c.jsonl"])
def test_a_few_invalid_bytes_in_records(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    line = b"word\n" if name == "c.csv" else b'{"t": "word"}\n'
    path.write_bytes((b"t\n" if name == "c.csv" else b"") + line * 600 + line.replace(b"o", b"\xff"))
    with pytest.warns(CorpusWarning, match="invalid UTF-8 in 1 words was replaced"):
        assert words_of(path, field="t") == ["word", "w\ufffdrd"]
    with pytest.raises(EncodingError, match=r"is not valid UTF-8 at byte [\d,]+ \(0xff\)"):
        words_of(path, field="t", encoding_errors="strict")


@pytest.mark.parametrize("value", ["klingon", "", 8, "base64", "rot13", None, b"utf-8"])
def test_an_encoding_must_be_known(value: object) -> None:
    with pytest.raises(ConfigError, match="encoding must be a text encoding that Python knows"):
        TrainingConfig(encoding=value)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["c.txt", "c.csv", "c.jsonl"])
@pytest.mark.parametrize(("encoding", "written", "message"), [
    ("utf-16", "utf-16-le", r'no byte-order mark, .* pass the byte order too, as encoding="utf-16-le" or "utf-16-be"'),
    ("utf-32", "utf-32-be", r'no byte-order mark, .* pass the byte order too, as encoding="utf-32-le" or "utf-32-be"'),
    ("idna", "utf-8", r"cannot be read as idna \(.*\): pass its encoding"),
    ("utf-8", "iso2022_jp", 'has 50 escape sequences of ISO 2022 .*, perhaps encoding="iso2022_jp"'),
    ("utf-8", "iso2022_kr", 'escape sequences of ISO 2022 .*: pass its encoding, perhaps encoding="iso2022_kr"'),
])  # fmt: skip
def test_what_a_codec_cannot_decode_is_said(
    tmp_path: Path, name: str, encoding: str, written: str, message: str
) -> None:
    path = tmp_path / name
    sample = {"iso2022_kr": KOREAN.strip(), "utf-8": "xn--a"}.get(written, "東京")
    path.write_bytes(((sample + "\n") * 50).encode(written))
    with pytest.raises(CorpusError, match=message):
        words_of(path, encoding=encoding, **({} if name == "c.txt" else {"field": "text"}))


def test_utf8_read_as_another_encoding_is_warned_of(tmp_path: Path) -> None:
    path = tmp_path / "text.txt"
    path.write_text("caf\u00e9 na\u00efve " * 5)
    options = TrainingConfig(encoding="latin-1", threads=1)
    with pytest.warns(CorpusWarning, match="text.txt' is valid UTF-8, with 10 characters beyond ASCII at its"):
        scan_text(source_of(path, options), options).close()
    path.write_text("caf\u00e9 na\u00efve " * 4)  # too few to tell
    scan_text(source_of(path, options), options).close()
    path.write_bytes("caf\u00e9 na\u00efve ".encode("latin-1") * 50)
    scan_text(source_of(path, options), options).close()


def test_a_few_escape_sequences_are_text(tmp_path: Path) -> None:
    path = tmp_path / "c.txt"
    path.write_bytes(b"an escape \x1b$B in a log\n" + b"and \x1b[31mred\x1b[0m words\n" * 50)
    assert len(words_of(path)) == 9


def test_standard_input_in_another_encoding(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(KOREAN.encode("cp949"))))
    config = TrainingConfig(encoding="cp949")
    with scan_text(source_of("-", config), config) as scanned:
        assert scanned.words == list(dict.fromkeys(KOREAN.split()))
