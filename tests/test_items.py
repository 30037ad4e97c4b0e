"""Whole numbers as items: what trains on them, what stores and answers them, and what refuses them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import wordkin
from wordkin import Embeddings, Vocabulary, Word2Vec
from wordkin.corpus.scanning.integers import count_integers
from wordkin.corpus.scanning.progress import Reporter
from wordkin.corpus.scanning.token_text import TokenText
from wordkin.corpus.sources import Source
from wordkin.errors import ConfigError, CorpusError, FormatError, UnknownWordError
from wordkin.storage.spool import Spool
from wordkin.text.read import encode_source, save_encoded
from wordkin.text.steps import source_of
from wordkin.vocabulary.packing import are_decimal

random = np.random.default_rng(3)
ITEMS = np.concatenate([random.integers(-40, 40, 70), [2**62, -(2**62)]])
BASKETS: list[list[int]] = [random.choice(ITEMS, 12).tolist() for _ in range(300)]
OPTIONS: dict[str, Any] = {"min_count": 1, "vector_size": 8, "epochs": 1, "threads": 1}


@pytest.fixture(scope="module")
def vectors() -> Embeddings:
    return wordkin.train(BASKETS, **OPTIONS)


def as_text(baskets: list[list[int]]) -> list[list[str]]:
    return [[str(item) for item in basket] for basket in baskets]


def test_every_form_of_a_sentence_gives_the_same_vectors(vectors: Embeddings, tmp_path: Path) -> None:
    (tmp_path / "b.jsonl").write_text("".join(json.dumps({"b": basket}) + "\n" for basket in BASKETS))
    pyarrow = pytest.importorskip("pyarrow")
    pytest.importorskip("pyarrow.parquet").write_table(pyarrow.table({"b": BASKETS}), tmp_path / "b.parquet")
    forms: list[tuple[Any, dict[str, Any]]] = [
        ([tuple(basket) for basket in BASKETS], {}),
        ((iter(basket) for basket in BASKETS), {}),
        ([np.array(basket) for basket in BASKETS], {}),
        ([np.array(basket, object) for basket in BASKETS], {}),
        ([[], *BASKETS, np.array([])], {}),
        (np.array(BASKETS), {}),
        ([list(map(np.int64, basket)) for basket in BASKETS], {}),
        ([{"b": np.array(basket)} for basket in BASKETS], {"field": "b"}),
        (tmp_path / "b.jsonl", {"field": "b"}),
        (tmp_path / "b.parquet", {"field": "b"}),
    ]
    for corpus, more in forms:
        found = wordkin.train(corpus, **OPTIONS, **more)
        assert found.words == vectors.words
        assert found.matrix.tobytes() == vectors.matrix.tobytes()
    assert {type(word) for word in vectors.words} == {int}
    counts = vectors.vocabulary.counts
    assert counts is not None
    ranks = list(zip((-counts).tolist(), vectors.words, strict=True))
    assert ranks == sorted(ranks)  # by falling count, then by size


def test_numbering_in_pieces_changes_nothing() -> None:
    def counted(segment: int) -> tuple[list[Any], list[int], list[int]]:
        text = TokenText(Spool(None))
        count_integers(BASKETS, text, Reporter(None, Source()), segment)
        streams = [text.spool.array(number).tolist() for number in range(len(text.spool))]
        return text.tokens, text.counts.tolist(), [each for stream in streams for each in stream]

    tokens, counts, stream = counted(10**6)
    assert counted(100) == (tokens, counts, stream)
    assert [tokens[each] for each in stream if each >= 0] == [item for basket in BASKETS for item in basket]
    assert tokens == list(dict.fromkeys(item for basket in BASKETS for item in basket))


NOT_ITEMS: list[tuple[Any, str]] = [
    ([[1, True]], "words must be strings, or whole numbers; got True (bool): convert it with str() or int()"),
    ([[True]], "words must be strings, or whole numbers; got True (bool): convert it with str() or int()"),
    ([[1, 2.0]], "words must be strings, or whole numbers; got 2.0 (float): convert it with str() or int()"),
    ([[1.5]], "words must be strings, or whole numbers; got 1.5 (float): convert it with str() or int()"),
    (
        [np.array([1.5])],
        "words must be strings, or whole numbers; got np.float64(1.5) (float64): convert it with str()",
    ),
    ([[(1, 2)]], "words must be strings, or whole numbers; got (1, 2) (tuple): flatten the sentence"),
    ([[1, (2,)]], "words must be strings, or whole numbers; got (2,) (tuple): flatten the sentence"),
    ([np.array([[1, 2]])], "words must be strings, or whole numbers; got array([1, 2]) (ndarray): flatten the sen"),
    ([[1, None]], "words must be strings, or whole numbers; got None (NoneType): remove it from its sente"),
    ([[1, float("nan")]], "words must be strings, or whole numbers; got nan (float): remove it from its sentence"),
    ([[1, "a"]], "items must be all strings or all whole numbers; got both 1 and 'a': convert them with"),
    ([["a", 1]], "items must be all strings or all whole numbers; got both 'a' and 1: convert them with"),
    (
        [[7], ["a"]],
        "items must be all strings or all whole numbers; got both 7 and 'a': convert them with",
    ),
    ([["a"], np.array([1])], "items must be all strings or all whole numbers; got both 'a' and np.int64"),
    ([[2**63]], "whole numbers must fit in 64 bits, from -2**63 to 2**63 - 1; got 9223372036854775808: renumber"),
    ([np.array([2**63], np.uint64)], "whole numbers must fit in 64 bits, from -2**63 to 2**63 - 1; got 92233720"),
    ([1, 2], "sentence 0 is 1 (int), not a list of words"),
]


@pytest.mark.parametrize(("corpus", "message"), NOT_ITEMS, ids=lambda each: repr(each)[:30])
def test_what_is_no_item_is_refused(corpus: Any, message: str) -> None:
    with pytest.raises(CorpusError) as caught:
        wordkin.train(corpus, **OPTIONS)
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"lowercase": True}, "lowercase needs a text of words, not of whole numbers; got True: leave lowercase out"),
        ({"normalize": "NFC"}, "normalize needs a text of words, not of whole numbers; got 'NFC': leave normalize out"),
        ({"keep": "1.*"}, "keep needs a text of words, not of whole numbers; got '1.*': leave keep out"),
        ({"phrases": 1}, "phrases needs a text of words, not of whole numbers; got 1: leave phrases out"),
        ({"keep_words": ["01"]}, "keep_words must be whole numbers, like the items of the text; got '01'"),
        ({"keep_words": [1, "a"]}, "keep_words must be a list of words, or of whole numbers; got (1, 'a')"),
        ({"vocabulary": {"1": 5}, "min_count": 5}, "the items of the model or vocabulary are words, such as '1', but "),
        ({"validation": [["a", "b"]]}, "the items of the model or vocabulary are whole numbers, such as "),
    ],
)
def test_options_of_words_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises((ConfigError, CorpusError)) as caught:
        wordkin.train(BASKETS, **OPTIONS | options)
    assert message in str(caught.value)


def test_numbers_can_be_kept_and_given() -> None:
    text = [[1, 2, 3, 3, 2], [3, 2, 3, 2, 3]]
    assert set(wordkin.train(text, min_count=2, keep_words=[1], vector_size=2, epochs=1, subsample=0).words) == {
        1,
        2,
        3,
    }
    as_typed = wordkin.train(text, min_count=2, keep_words=["1"], vector_size=2, epochs=1, subsample=0)
    assert set(as_typed.words) == {1, 2, 3}
    assert wordkin.train(text, vocabulary={3: 5, 2: 4}, vector_size=2, epochs=1, subsample=0).words == [3, 2]
    with pytest.raises(CorpusError, match=r"are whole numbers, such as 3, but .* words, such as 'a': .* with int\(\)"):
        wordkin.train([["a", "b"]], vocabulary={3: 5}, vector_size=2)


def test_queries_take_and_give_numbers(vectors: Embeddings) -> None:
    one, other, third = (int(vectors.words[each]) for each in range(3))
    named = vectors.with_words(str)
    assert [(str(word), cosine) for word, cosine in vectors.most_similar(one)] == named.most_similar(str(one))
    assert vectors.most_similar(np.int32(one)) == vectors.most_similar([one])
    assert vectors.most_similar([one, other], [third], topn=3) == vectors.analogy(third, one, other, 3)
    assert vectors.most_similar((one, 0.5), topn=1) == vectors.most_similar([(one, 2)], topn=1)
    assert vectors.similarity(one, other) == named.similarity(str(one), str(other))
    assert vectors.doesnt_match([one, other, third]) in (one, other, third)
    assert vectors[np.array([one, other])].shape == (2, 8)
    assert (one in vectors, str(one) in vectors, float(one) in vectors, 10**6 in vectors) == (True, False, False, False)
    assert 1 in Vocabulary([1, 0]) and True not in Vocabulary([1, 0])
    assert repr(vectors) == f"Embeddings({len(vectors)} whole numbers x 8, float32)"
    with pytest.raises(UnknownWordError, match=r"^the item 1000000 is not in the vocabulary$"):
        vectors[10**6]


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (
            lambda vectors: vectors["42"],
            "word must be a whole number, like all items of this vocabulary; got '42': pass 42 without quotes",
        ),
        (lambda vectors: vectors[True], "word must be a whole number, like all items of this vocabulary; got True"),
        (
            lambda vectors: vectors.most_similar("cat"),
            "word must be a whole number, like all items of this vocabulary",
        ),
        (
            lambda vectors: vectors.most_similar((1, 2)),
            "positive must not be a tuple of two whole numbers, which can mean two items, or an item and its weight; "
            "got (1, 2): pass [1, 2] or (1, 2.0)",
        ),
        (
            lambda vectors: vectors.most_similar(np.array([1, 2])),
            "query must not be an array of whole numbers, which can mean either items or one vector; got "
            "array([1, 2]): pass a list",
        ),
        (
            lambda vectors: vectors.evaluate([("a", "b", 1.0), ("c", "d", 2.0)]),
            "vectors must have words as items, because bench",
        ),
        (lambda vectors: vectors.to_arrow(), "vectors must have words, not whole numbers, for Arrow and Parquet; got"),
        (lambda vectors: vectors.vocabulary.save("v.txt"), "vocabulary must hold words to be saved as text, because"),
        (lambda vectors: vectors.with_words({1: "a"}), "names must have a name for each word, but has none for"),
        (lambda vectors: vectors.with_words(lambda item: "a"), "words must be distinct; got 'a'"),
        (lambda vectors: vectors.with_words(float), "names must map"),
        (lambda vectors: Vocabulary([1, "a"]), "words must be all strings or all whole numbers; got [1, 'a']: convert"),
        (
            lambda vectors: Vocabulary([1, True]),
            "word must be a string or a whole number; got True",
        ),
        (
            lambda vectors: Vocabulary([2**63]),
            "word must be a whole number that fits in 64 bits; got 9223372036854775808",
        ),
    ],
)
def test_what_needs_words_or_numbers_says_so(
    vectors: Embeddings, ask: Callable[[Embeddings], object], message: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        ask(vectors)
    assert str(caught.value).startswith(message)


def test_native_files_keep_numbers(vectors: Embeddings, tmp_path: Path) -> None:
    vectors.save(tmp_path / "v.safetensors")
    loaded = wordkin.load(tmp_path / "v.safetensors")
    assert (loaded.words, loaded.vocabulary) == (vectors.words, vectors.vocabulary)
    assert loaded.words != vectors.with_words(str).words
    assert "wordkin.items" not in loaded.metadata
    some = [int(vectors.words[5]), int(vectors.words[2])]
    assert set(wordkin.load(tmp_path / "v.safetensors", words=some).words) == set(some)
    assert loaded.with_words(str).with_words(int).words == vectors.words


@pytest.mark.parametrize("suffix", [".vec", ".txt", ".bin", ".vec.gz"])
def test_formats_of_text_refuse_numbers_before_training(vectors: Embeddings, suffix: str, tmp_path: Path) -> None:
    rule = "must end in .safetensors for items that are whole numbers, since other formats would turn them into words"
    with pytest.raises(ConfigError, match=f"^path {rule}; got .*: change the suffix, or save vectors.with_words"):
        vectors.save(tmp_path / f"v{suffix}")
    reports: list[object] = []
    with pytest.raises(ConfigError, match=f"^output {rule}"):
        wordkin.train(BASKETS, output=tmp_path / f"v{suffix}", callbacks=[reports.append], **OPTIONS)
    assert not reports
    vectors.with_words(str).save(tmp_path / f"v{suffix}")
    assert wordkin.load(tmp_path / f"v{suffix}").words == list(map(str, vectors.words))


def test_a_run_and_a_model_that_grows_keep_numbers(tmp_path: Path) -> None:
    options = {**OPTIONS, "min_count": 2}
    text = [*BASKETS, [10**9]]
    whole = Word2Vec(**options).fit(text)
    Word2Vec(**options).fit(text, checkpoint=tmp_path / "run", callbacks=[lambda report: True])
    resumed = Word2Vec.resume(tmp_path / "run", text)
    assert resumed.embeddings.matrix.tobytes() == whole.embeddings.matrix.tobytes()
    with pytest.raises(
        CorpusError, match=r"are whole numbers, such as .* words, such as '.*: convert the text with int"
    ):
        Word2Vec.resume(tmp_path / "run", as_text(text))
    grown = Word2Vec.load(tmp_path / "run").update([[10**9, 5, 6]], subsample=0.0)  # seen once before
    assert 10**9 in grown.vocabulary and grown.vocabulary.integers
    assert grown.predict(int(grown.vocabulary.words[0]), topn=1)[0][0] in grown.vocabulary
    with pytest.raises(
        CorpusError, match=r"are whole numbers, such as .* but those of the text are words, such as 'a'"
    ):
        grown.update([["a", "b"]])


def test_encoded_texts_keep_numbers_and_differ_from_text(vectors: Embeddings, tmp_path: Path) -> None:
    config = Word2Vec(**OPTIONS).config
    made = save_encoded(source_of(BASKETS, config), config, tmp_path / "c.wk")
    assert wordkin.train(tmp_path / "c.wk", **OPTIONS).matrix.tobytes() == vectors.matrix.tobytes()
    words = save_encoded(source_of(as_text(BASKETS), config), config, tmp_path / "d.wk")
    for name in ("content_fingerprint", "scan_fingerprint"):
        assert getattr(made.description, name) != getattr(words.description, name)
    with pytest.raises(CorpusError, match=r"are whole numbers, such as .* but those of the text are words"):
        encode_source(source_of(str(tmp_path / "d.wk"), config), config, vectors.vocabulary)


@pytest.mark.parametrize(
    ("words", "fits"),
    [
        (["0", "-1", "12", "9223372036854775807", "-9223372036854775808"], True),
        ([], True),
        (["-0"], False), (["007"], False), (["+1"], False), ([""], False), (["-"], False), (["1-"], False),
        (["a"], False), (["9223372036854775808"], False), (["-9223372036854775809"], False), (["1" * 21], False),
    ],
)  # fmt: skip
def test_damaged_numbers_are_found(words: list[str], fits: bool) -> None:
    packed = Vocabulary(words).words
    assert are_decimal(packed.utf8, packed.offsets) == fits
    if not fits:
        with pytest.raises(FormatError, match="must be 64-bit whole numbers"):
            Vocabulary.from_packed(packed.utf8, packed.offsets, integers=True)


def test_the_gensim_layer_and_documents_refuse_numbers(vectors: Embeddings) -> None:
    from wordkin.compat.gensim import Word2Vec as Compatible

    with pytest.raises(
        CorpusError, match=r"words must be strings; got -?\d+ \(int\): convert whole numbers with str\(\), or"
    ):
        Compatible(BASKETS, min_count=1, vector_size=4)
    sklearn = pytest.importorskip("wordkin.sklearn")
    with pytest.raises(ConfigError, match="embeddings must have words as items, not whole numbers"):
        sklearn.Word2VecVectorizer(vectors).fit(["a b"])


def test_pictures_are_labelled_with_numbers(vectors: Embeddings, tmp_path: Path) -> None:
    plots = pytest.importorskip("wordkin.plots")
    some = [int(word) for word in vectors.words[:4]]
    figure = plots.plot_words(vectors, some, tmp_path / "map.png")
    assert {text.get_text() for text in figure.axes[0].texts} == set(map(str, some))
    plots.plot_words(vectors, {"left": some[:2], "right": some[2:]}, tmp_path / "groups.png")
    plots.plot_heatmap(vectors, some, tmp_path / "heat.png")
    assert plots.write_map(vectors, tmp_path / "map.html") == len(vectors)


def test_names_keep_the_scales_of_int8_and_models_of_sentences_refuse_numbers(
    vectors: Embeddings, tmp_path: Path
) -> None:
    small = vectors.astype("int8")
    scales = small.with_words(str).scales
    assert scales is not None and np.array_equal(scales, np.asarray(small.scales))
    small.save(tmp_path / "small.safetensors")
    assert wordkin.load(tmp_path / "small.safetensors").words == vectors.words
    with pytest.raises(
        ConfigError,
        match=r"^vectors must have words, not whole numbers, for a model of sentences; got .*with_words\(str\)",
    ):
        vectors.to_static_model(tmp_path / "model")
