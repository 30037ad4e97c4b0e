"""max_types against a plain count that follows the rule word by word, whatever the text comes in."""

from __future__ import annotations

import contextlib
import dataclasses
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from wordkin import TrainingConfig, Word2Vec, train
from wordkin.corpus import Source, resolve
from wordkin.corpus.readers.files import OpenFile, TextFile
from wordkin.corpus.readers.pieces import Block
from wordkin.corpus.readers.text import cut_blocks
from wordkin.corpus.scanning import scan as scanning
from wordkin.corpus.scanning.bounds import Bound, Dropped
from wordkin.corpus.scanning.lists import count_batches, count_sentences
from wordkin.corpus.scanning.progress import Reporter
from wordkin.corpus.scanning.scan import Scan
from wordkin.corpus.scanning.text import TokenTable, count_text
from wordkin.corpus.scanning.token_text import TokenText
from wordkin.corpus.tokenization.spelling import Spelling
from wordkin.corpus.tokenization.tokenizers import whole_tokens
from wordkin.corpus.tokenization.tokenizing import tokenized
from wordkin.errors import CheckpointError, ConfigError, CorpusWarning, EmptyVocabularyError
from wordkin.storage.spool import Spool
from wordkin.text.encoded_text import open_text
from wordkin.text.read import save_encoded
from wordkin.text.steps import source_of

PIECE = 7
lines_of_words = st.lists(st.lists(st.sampled_from([f"word-{n}" for n in range(12)] + list("abcde")), max_size=12))


@dataclasses.dataclass
class Expected:
    counts: dict[str, int]
    sentences: list[list[str]]
    dropped: Dropped | None


def expected(sentences: list[list[str]], max_types: int, always: frozenset[str] = frozenset()) -> Expected:
    """The rule of wordkin.corpus.scanning.bounds, word by word."""
    counts: dict[str, int] = {}
    missed: dict[str, int] = {}
    kept: dict[str, list[tuple[int, int]]] = {}  # where each word stands in the text
    highest = words = occurrences = met = 0

    def prune(most: int) -> None:
        nonlocal highest, words, occurrences
        free = [word for word in counts if word not in always]
        if len(free) <= max_types:
            return
        for word in sorted(free, key=lambda each: -(counts[each] + missed[each]))[most:]:
            highest = max(highest, counts[word] + missed[word])
            words, occurrences = words + 1, occurrences + counts[word]
            for table in counts, missed, kept:
                del table[word]

    for line, sentence in enumerate(sentences):
        for position, word in enumerate(sentence):
            if word not in counts:
                counts[word], missed[word], kept[word] = 0, highest, []
            counts[word] += 1
            kept[word].append((line, position))
            met += 1
            if met % PIECE == 0:
                prune(max_types // 2)
    prune(max_types)
    places = sorted((place, word) for word, found in kept.items() for place in found)
    rest = [[word for (line, _), word in places if line == number] for number in range(len(sentences))]
    affected = sum(1 for word in missed if missed[word])
    dropped = Dropped(max_types, words, occurrences, highest, affected) if words else None
    return Expected(counts, [sentence for sentence in rest if sentence], dropped)


def found(text: TokenText, bound: Bound) -> Expected:
    with Scan(text, whole_tokens(text.tokens, Spelling(), text.unique), 2, None) as scanned:
        words = list(scanned.words)
        sentences = []
        if words:
            corpus = scanned.encode(np.arange(len(words), dtype=np.int32))
            sentences = [[words[word_id] for word_id in sentence] for sentence in corpus]
        counts = dict(zip(words, scanned.counts.tolist(), strict=True))
    return Expected(counts, sentences, bound.dropped())


def blocks_of(path: Path, block_bytes: int) -> Iterator[Block]:
    with contextlib.closing(OpenFile(TextFile(str(path)), checked=False)) as opened:
        yield from cut_blocks(opened, block_bytes)


@settings(max_examples=40)
@given(
    sentences=lines_of_words,
    max_types=st.integers(1, 9),
    block_bytes=st.integers(1, 90),
    always=st.frozensets(st.sampled_from(["a", "word-3", "word-5"])),
)
@example([["a", "b", "c", "a"] * 5], 2, 10, frozenset("c"))
def test_every_way_follows_the_rule(
    tmp_path_factory: pytest.TempPathFactory,
    sentences: list[list[str]],
    max_types: int,
    block_bytes: int,
    always: frozenset[str],
) -> None:
    path = tmp_path_factory.getbasetemp() / "bounded.txt"
    path.write_text("".join(" ".join(sentence) + "\n" for sentence in sentences))
    wanted = expected(sentences, max_types, always)
    for way in ("text", "lists", "tokenizer"):
        bound = Bound(max_types, always.__contains__, piece_words=PIECE)
        text, reporter = TokenText(Spool(memory_limit_bytes=64)), Reporter(None, Source())
        if way == "text":
            count_text(blocks_of(path, block_bytes), text, reporter, "replace", 3, bound)
        elif way == "lists":
            count_sentences(map(iter, sentences), text, reporter, "replace", bound=bound)
        else:
            batches = tokenized(map(" ".join, sentences), str.split, 1)
            count_batches(batches, text, reporter, "replace", bound=bound)
        assert found(text, bound) == wanted, way
        assert list(text.tokens) == list(wanted.counts)  # in the order of the text


@given(lines_of_words, st.integers(1, 9))
def test_what_is_promised_of_counts(sentences: list[list[str]], max_types: int) -> None:
    bound = Bound(max_types, piece_words=PIECE)
    text = TokenText(Spool())
    count_sentences(sentences, text, Reporter(None, Source()), "replace", bound=bound)
    true = Counter(word for sentence in sentences for word in sentence)
    kept = dict(zip(text.tokens, text.counts.tolist(), strict=True))
    dropped = bound.dropped()
    highest = dropped.highest if dropped else 0
    assert len(kept) <= max_types
    assert all(true[word] <= highest for word in true.keys() - kept)
    assert all(0 <= true[word] - count <= highest for word, count in kept.items())
    affected = sum(1 for word, count in kept.items() if count < true[word])
    assert affected <= (dropped.affected if dropped else 0)
    assert sum(kept.values()) + (dropped.occurrences if dropped else 0) == true.total()


def test_table_that_is_pruned_goes_on_as_a_new_one() -> None:
    table = TokenTable()
    text = " ".join([f"token-number-{number}" for number in range(500)] * 2).encode() + b"\n" * 16
    table.count(text)
    table.keep(np.arange(0, 500, 7))
    assert table.packed() == [f"token-number-{number}" for number in range(0, 500, 7)]
    assert set(table.counts.tolist()) == {2}
    table.count(text)
    assert len(table) == 500
    assert sorted(table.counts.tolist()) == [2] * (500 - 72) + [4] * 72


@pytest.fixture
def rare(tmp_path: Path) -> Path:
    """A text of five frequent words among 30 that occur once."""
    path = tmp_path / "rare.txt"
    lines = [f"the cat sat on mats rare{number} Rare{number}" for number in range(15)]
    path.write_text("\n".join(lines) + "\n")
    return path


MESSAGE = "max_types=6: 29 rare words were dropped while counting, each with a count of at most 1; the counts"


def test_text_is_counted_with_a_warning(rare: Path) -> None:
    with pytest.warns(CorpusWarning, match=re.escape(MESSAGE)):
        scanned = scanning.scan(resolve(rare), max_types=6)
    assert list(scanned.words) == ["the", "cat", "sat", "on", "mats", "rare0"]
    assert scanned.dropped == Dropped(6, 29, 29, 1, 0)


def test_words_to_keep_are_never_dropped(rare: Path) -> None:
    options = {"min_count": 2, "vector_size": 4, "subsample": 0.0, "max_types": 5}
    with pytest.warns(CorpusWarning, match="max_types=5: 28 rare words were dropped"):
        vectors = train(str(rare), keep_words=["rare9", "Rare3"], **options)
    assert {"rare9", "Rare3"} < set(vectors.words)
    with pytest.warns(CorpusWarning, match="max_types=5: 28 rare words were dropped"):
        vectors = train(str(rare), keep_words=["rare9"], lowercase=True, **options)
    assert vectors.vocabulary.counts is not None
    assert vectors.vocabulary.counts[vectors.vocabulary.id_of("rare9")] == 2  # rare9 and Rare9


@pytest.mark.filterwarnings("ignore:max_types=5")
def test_updated_model_keeps_what_it_knows(rare: Path, tmp_path: Path) -> None:
    model = Word2Vec(min_count=1, vector_size=4, subsample=0, threads=1).fit([["rare9", "Rare3"]] * 3)
    model.update(str(rare), max_types=5, checkpoint=tmp_path / "run")
    counts = dict(zip(model.vocabulary, model.vocabulary.counts.tolist(), strict=True))  # type: ignore[union-attr]
    assert counts["rare9"] == counts["Rare3"] == 4
    assert len(counts) == 7
    with pytest.raises(CheckpointError, match=r"cannot be compared with that of the update in .* leave the corpus out"):
        Word2Vec.resume(tmp_path / "run", str(rare))


@pytest.mark.filterwarnings("ignore:max_types=")
def test_bounded_text_is_kept_and_resumed(rare: Path, tmp_path: Path) -> None:
    config = TrainingConfig(min_count=1, max_types=6, vector_size=4, subsample=0)
    opened = save_encoded(source_of(str(rare), config), config, tmp_path / "rare.wk")
    assert opened.description.options["max_types"] == 6
    assert opened.description.dropped == Dropped(6, 29, 29, 1, 0).to_dict()
    assert open_text(tmp_path / "rare.wk").description.dropped == opened.description.dropped
    assert len(train(tmp_path / "rare.wk", vector_size=4, min_count=1, subsample=0)) == 6
    with pytest.raises(EmptyVocabularyError):
        train(tmp_path / "rare.wk", vector_size=4, min_count=50)
    model = Word2Vec(config).fit(str(rare), checkpoint=tmp_path / "run")
    assert Word2Vec.resume(tmp_path / "run", str(rare)).vocabulary == model.vocabulary


def test_bound_does_not_go_with_a_given_vocabulary(rare: Path) -> None:
    with pytest.raises(
        ConfigError,
        match=r"max_types cannot be combined with vocabulary, because all words .*; got 9: leave max_types out",
    ):
        train(str(rare), vocabulary={"cat": 3}, max_types=9)
    with pytest.raises(ConfigError, match="max_types must be a whole number from 1 up; got 0"):
        train(str(rare), max_types=0)
