"""Tokenizers by name, and functions that take their part."""

from __future__ import annotations

import functools
import importlib
import json
import multiprocessing
import signal
import subprocess
import sys
import threading
from array import array
from pathlib import Path

import pytest

import wordkin
from wordkin import Word2Vec
from wordkin.config import TOKENIZERS
from wordkin.corpus.scanning.scan import scan
from wordkin.corpus.sources import resolve
from wordkin.corpus.tokenization import named_tokenizers, tokenizing
from wordkin.corpus.tokenization.named_tokenizers import line_tokenizer
from wordkin.errors import ConfigError, CorpusError, CorpusWarning, MissingExtraError

SMALL = {"vector_size": 4, "epochs": 1, "min_count": 1, "threads": 1, "subsample": 0}
CHINESE = "我在北京的大学学习中文。 他喜欢喝茶。"
JAPANESE = "私は東京の大学で日本語を勉強しています。　猫が好きです。"
KOREAN = "저는 서울에 있는 학교에서 한국어를 배웁니다. 학교가 큽니다."


def test_every_name_has_a_function():
    assert tuple(named_tokenizers._FUNCTIONS) == TOKENIZERS


def test_chinese_by_jieba():
    pytest.importorskip("rjieba")
    words = line_tokenizer("jieba")(CHINESE)
    assert "".join(words) == CHINESE.replace(" ", "")
    assert {"北京", "大学", "学习", "喜欢"} <= set(words)


def test_japanese_by_sudachi():
    pytest.importorskip("sudachipy")
    pytest.importorskip("sudachidict_core")
    words = line_tokenizer("sudachi")(JAPANESE)
    assert "".join(words) == JAPANESE.replace("\u3000", "")
    assert {"東京", "大学", "日本語", "猫"} <= set(words)
    assert "".join(line_tokenizer("sudachi")(JAPANESE * 2000)) == JAPANESE.replace("\u3000", "") * 2000


def test_korean_by_kiwi():
    pytest.importorskip("kiwipiepy")
    words = line_tokenizer("kiwi")(KOREAN)
    assert words.count("학교") == 2 and {"서울", "한국어", "에서", "배우"} <= set(words)
    assert not any(word.isspace() for word in words)


def test_long_lines_are_cut_behind_sentences():
    line = "猫。" * 30 + "x" * 25 + " y"
    parts = list(named_tokenizers._parts(line, 11))
    assert "".join(parts) == line and max(map(len, parts)) <= 11
    assert parts[0] == "猫。" * 5


@pytest.mark.parametrize(
    ("name", "module", "extra"),
    [
        ("jieba", "rjieba", "chinese"),
        ("kiwi", "kiwipiepy", "korean"),
        ("sudachi", "sudachipy", "japanese"),
        ("sudachi", "sudachidict_core", "japanese"),
    ],
)
def test_what_is_not_installed_is_named_before_reading(name, module, extra, monkeypatch):
    if module == "sudachidict_core":
        pytest.importorskip("sudachipy")
    named_tokenizers._FUNCTIONS[name].cache_clear()
    monkeypatch.setitem(sys.modules, module, None)

    def unread():
        raise AssertionError("the text was read")
        yield ""

    with pytest.raises(MissingExtraError, match=rf"tokenizer=\"{name}\" needs .*pip install 'wordkin\[{extra}\]'"):
        wordkin.train(texts=unread(), tokenizer=name, **SMALL)
    named_tokenizers._FUNCTIONS[name].cache_clear()


class Cutter:
    """A tokenizer with a lock, as that of the package jieba has."""

    def __init__(self):
        self.lock = threading.RLock()

    def lcut(self, line):
        with self.lock:
            return [" ", *line, "", "\t\u3000"]

    __call__ = lcut


@pytest.mark.parametrize("tokenizer", [Cutter().lcut, Cutter(), functools.partial(Cutter.lcut, Cutter())])
def test_bound_methods_and_objects_train_and_are_saved(tokenizer, tmp_path):
    path = tmp_path / "text"
    path.write_text("ab\nba\n" * 20)
    with pytest.warns(CorpusWarning, match="skipped 123 words of the tokenizer that are empty or white space"):
        model = Word2Vec(tokenizer=tokenizer, **SMALL).fit(path, output=tmp_path / "v.bin", checkpoint=tmp_path / "run")
    assert sorted(model.vocabulary.words) == ["a", "b"]
    model.save(tmp_path / "model")
    name = json.loads((tmp_path / "model" / "run.json").read_text())["config"]["tokenizer"]
    assert "Cutter" in name and "0x" not in name


def test_a_function_with_the_name_of_a_tokenizer_is_not_taken_for_it(tmp_path):
    def words(line):
        return list(line)

    words.__qualname__ = "words"
    Word2Vec(tokenizer=words, **SMALL).fit(texts=["abba"] * 9).save(tmp_path / "model")
    assert Word2Vec.load(tmp_path / "model").config.to_dict()["tokenizer"] == f"{__name__}:words"


@pytest.mark.parametrize("made", ["a b", b"ab", None, 7, [7], [["a"]], [b"a"], [None], {"a", "b"}, {"a": 1}])
def test_a_tokenizer_that_returns_something_else(made):
    message = (
        r"the tokenizer \S*test_named_tokenizers\.test_\S*<lambda> must return a list of (words; got|strings; one)"
    )
    with pytest.raises(CorpusError, match=message):
        wordkin.train(texts=["a b"] * 9, tokenizer=lambda line: made, **SMALL)


def test_a_tokenizer_that_fails_is_named():
    def fails(line):
        yield "a"
        raise KeyError("no such\nword")

    message = r"the tokenizer \S*test_named_tokenizers\.test_\S*fails failed for the line 'a b': KeyError: 'no such"
    with pytest.raises(CorpusError, match=message) as caught:
        wordkin.train(texts=["a b"] * 9, tokenizer=fails, **SMALL)
    assert isinstance(caught.value.__cause__, KeyError) and "\n" not in str(caught.value)
    with pytest.raises(CorpusError, match=r"the tokenizer str\.join failed for the line 'a b': TypeError"):
        wordkin.train(texts=["a b"] * 9, tokenizer=str.join, **SMALL)


# --- processes


MODULE = """
import os
def split(line):
    return [*line.split(), ' ', str('é')]
def pids(line):
    return [str(os.getpid())]
def fails(line):
    raise KeyError(line[:5])
def dies(line):
    os._exit(3)
"""
IN_OTHER_PROCESSES = """
import multiprocessing, os, pathlib, signal, threading, time
AWAY = multiprocessing.parent_process() is not None
class Odd(Exception):  # it can be pickled, but not unpickled
    def __init__(self, one, two):
        super().__init__(one)
class Word(str):
    def __reduce__(self):
        raise TypeError("no")
    def __str__(self):
        return self
def killed(line):
    os.kill(os.getpid(), signal.SIGKILL if AWAY else 0)
    return [line]
def leaves(line):
    return os._exit(3) if AWAY else [line]
def raises(line):
    if AWAY:
        raise Odd(1, 2)
    return [line]
def unpicklable(line):
    return [Word(line)]
def stays(line):  # a thread keeps the process from ending
    threading.Thread(target=time.sleep, args=(600 if AWAY else 0,)).start()
    return [line]
def hangs(line):
    if AWAY:
        pathlib.Path("hanging").touch()
        time.sleep(600)
    return [line]
class Unready:
    def __setstate__(self, state):
        raise ValueError("not here")
    def __getstate__(self):
        return {"a": 1}
    def __call__(self, line):
        return [line]
unready = Unready()
"""
SCRIPT = """
import sys
print("once")
import wordkin
from wordkin.corpus.tokenization import tokenizing
tokenizing.PATIENCE_SECONDS, tokenizing._BATCH_CHARACTERS = -1.0, 50
import my_tokenizers
vectors = wordkin.train("text", tokenizer=getattr(my_tokenizers, sys.argv[1]), epochs=1, min_count=1, vector_size=2,
                        threads=2)
print(*sorted(vectors.words))
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "my_tokenizers.py").write_text(MODULE)
    (tmp_path / "script.py").write_text(SCRIPT)
    (tmp_path / "text").write_text("".join(f"w{i % 7} w{i % 11}\n" for i in range(60)))
    return tmp_path


def run(folder, *arguments):
    command = [sys.executable, "-W", "ignore", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120, check=False)


def test_scripts_without_a_guard_use_other_processes_and_run_once(folder):
    done = run(folder, "script.py", "pids")
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("once") == 1 and len(done.stdout.split()) >= 3  # this process, and another at least


def test_errors_of_other_processes_arrive(folder):
    done = run(folder, "script.py", "fails")
    assert "KeyError: 'w" in done.stderr
    done = run(folder, "script.py", "dies")
    assert done.returncode == 3  # here it is met in this process, before others are started


def test_the_corpus_is_the_same_for_any_number_of_processes(folder, monkeypatch):
    monkeypatch.setattr(tokenizing, "_BATCH_CHARACTERS", 64)
    monkeypatch.syspath_prepend(folder)
    import my_tokenizers

    fingerprints = set()
    for patience, threads in [(1.0, 1), (-1.0, 1), (-1.0, 2), (-1.0, 3)]:
        monkeypatch.setattr(tokenizing, "PATIENCE_SECONDS", patience)
        with (
            pytest.warns(CorpusWarning, match=r"skipped 6[01] words of the tokenizer that are empty or white space"),
            scan(resolve(folder / "text"), tokenizer=my_tokenizers.split, threads=threads) as scanned,
        ):
            fingerprints.add(scanned.fingerprint)
    assert len(fingerprints) == 1


def test_what_cannot_be_handed_over_runs_in_one_process(folder, monkeypatch):
    monkeypatch.setattr(tokenizing, "_BATCH_CHARACTERS", 64)
    monkeypatch.setattr(tokenizing, "PATIENCE_SECONDS", -1.0)

    def fingerprint(tokenizer, threads):
        with scan(resolve(folder / "text"), tokenizer=tokenizer, threads=threads) as scanned:
            return scanned.fingerprint

    expected = fingerprint("whitespace", 1)
    message = "the tokenizer runs in one process, because the tokenizer cannot be sent to other processes"
    with pytest.warns(CorpusWarning, match=message):
        assert fingerprint(lambda line: line.split(), 2) == expected
    lost = type(sys)("a_module_that_no_file_has")
    exec("def split(line):\n    return line.split()", lost.__dict__)
    monkeypatch.setitem(sys.modules, lost.__name__, lost)
    with pytest.warns(CorpusWarning, match=f"{message} .*No module named 'a_module_that_no_file_has'"):
        assert fingerprint(lost.split, 2) == expected


@pytest.fixture
def away(folder, monkeypatch):
    """The module of tokenizers that misbehave in other processes; none of those is left at the end."""
    monkeypatch.setattr(tokenizing, "_BATCH_CHARACTERS", 8)
    monkeypatch.setattr(tokenizing, "PATIENCE_SECONDS", -1.0)
    (folder / "away.py").write_text(IN_OTHER_PROCESSES)
    monkeypatch.syspath_prepend(folder)
    monkeypatch.chdir(folder)
    yield importlib.import_module("away")
    del sys.modules["away"]
    assert multiprocessing.active_children() == []


LINES = [f"line {number}" for number in range(40)]


def made_by(tokenizer):
    batches = list(tokenizing.tokenized(LINES, tokenizer, 2))
    return [batch.words[each] for batch in batches for each in array("i", batch.ids) if each >= 0]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (
            "killed",
            r"a process of the tokenizer away\.killed was killed by signal 9, possibly because it ran out of mem",
        ),
        ("leaves", r"a process of the tokenizer away\.leaves ended with exit code 3: use fewer threads, or threads=1"),
        ("raises", r"the tokenizer away\.raises failed for the line 'line \d+': Odd: 1"),
    ],
)
def test_a_tokenizer_that_ends_its_process_or_fails_there_is_named(away, name, message):
    with pytest.raises(CorpusError, match=message):
        made_by(getattr(away, name))


def test_words_that_cannot_be_pickled_and_processes_that_do_not_end(away):
    assert made_by(away.unpicklable) == LINES
    assert made_by(away.stays) == LINES
    with pytest.warns(CorpusWarning, match=r"the tokenizer runs in one process, .* \(ValueError: not here\)"):
        assert made_by(away.unready) == LINES


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="needs an alarm")
def test_an_interrupt_does_not_wait_for_a_tokenizer_that_hangs(away, monkeypatch):
    def interrupt(*_):
        if Path("hanging").exists():
            raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, interrupt)
    signal.setitimer(signal.ITIMER_REAL, 0.05, 0.05)
    try:
        with pytest.raises(KeyboardInterrupt):
            made_by(away.hangs)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def test_little_text_needs_no_other_process_and_no_warning():
    wordkin.train(texts=["ab ba"] * 9, tokenizer=lambda line: line.split(), **{**SMALL, "threads": 2})


# --- the command line


def test_a_function_by_its_name(folder):
    train = ("-m", "wordkin", "train", "text", "-o", "v.safetensors", "--min-count", "1", "--epochs", "1", "-q")
    done = run(folder, *train, "--tokenizer", "my_tokenizers:split", "--checkpoint", "run")
    assert done.returncode == 0, done.stderr
    assert "é" in wordkin.load(folder / "v.safetensors")
    for wrong, reason in [
        ("my_tokenizers:nothing", "has no attribute 'nothing'"),
        ("no_such_module:split", "No module named 'no_such_module'"),
        ("my_tokenizers:os", "must name an object that can be called"),
        (":split", "Empty module name"),
    ]:
        done = run(folder, *train, "--tokenizer", wrong)
        assert done.returncode == 2 and reason in done.stderr and "package.module:function" in done.stderr


def test_a_name_in_a_run_is_not_imported(tmp_path):
    def letters(line):
        return list(line)

    letters.__qualname__ = "this:s"  # importing the module this prints a poem
    model = Word2Vec(tokenizer=letters, **SMALL).fit(texts=["abba"] * 9)
    model.save(tmp_path / "model")
    loaded = set(sys.modules)
    again = Word2Vec.load(tmp_path / "model")
    with pytest.raises(ConfigError, match=r"tokenizer must be passed again, .* got 'this:s'"):
        again.config.tokenizer("abba")
    assert "this" not in set(sys.modules) - loaded


def test_a_name_in_python_is_not_imported():
    with pytest.raises(ConfigError, match=r"tokenizer must be one of .* or a function"):
        wordkin.TrainingConfig(tokenizer="my_tokenizers:split")


def test_case_by_language_on_the_command_line(tmp_path):
    (tmp_path / "text").write_text("\u0130STANBUL ISPARTA\n" * 5)
    train = ("-m", "wordkin", "train", "text", "-o", "v.safetensors", "--epochs", "1", "-q")
    for options, expected in [
        (["--lowercase"], {"i\u0307stanbul", "isparta"}),
        (["--lowercase-language", "tr"], {"istanbul", "\u0131sparta"}),
    ]:
        assert run(tmp_path, *train, *options).returncode == 0
        assert set(wordkin.load(tmp_path / "v.safetensors").words) == expected
    assert run(tmp_path, *train, "--lowercase-language", "de").returncode == 2
