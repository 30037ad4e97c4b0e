"""Models that learn more: in memory, from a directory, interrupted and resumed, with any number of threads."""

from __future__ import annotations

import json

import numpy as np
import pytest

import wordkin
import wordkin.runs.run
from wordkin import ConfigError, CorpusError, CorpusWarning, FormatError, NotTrainedError, Vocabulary, Word2Vec
from wordkin.corpus.encoded import EncodedCorpus
from wordkin.runs.directory import RunDirectory
from wordkin.text.read import save_encoded
from wordkin.text.steps import source_of
from wordkin.training.cpu.backend import CpuBackend

OPTIONS = {"vector_size": 8, "min_count": 4, "epochs": 2, "threads": 1, "subsample": 0.01}


def sentences(seed, words, number=200):
    rng = np.random.default_rng(seed)
    return [[f"w{i}" for i in row] for row in rng.zipf(1.4, (number, 10)) % words]


OLD, NEW = sentences(1, 100), sentences(2, 160)


@pytest.fixture
def model():
    return Word2Vec(**OPTIONS).fit(OLD)


def same(one, other):
    return one.vocabulary == other.vocabulary and np.array_equal(one.embeddings.matrix, other.embeddings.matrix)


def test_old_words_go_on_from_their_vectors_and_new_ones_join(model):
    before, counts = model.embeddings, dict(zip(model.vocabulary, model.vocabulary.counts.tolist(), strict=True))
    rare = dict(zip(model.rare, model.rare.counts.tolist(), strict=True))
    assert model.update(NEW) is model
    in_new = dict(zip(*np.unique([word for each in NEW for word in each], return_counts=True), strict=True))
    assert set(before.words) < set(model.vocabulary)
    for word, count in zip(model.vocabulary, model.vocabulary.counts.tolist(), strict=True):
        assert count == counts.get(word, 0) + rare.get(word, 0) + in_new.get(word, 0)
    assert any(in_new[word] < 4 for word in set(model.vocabulary) - set(before.words))  # joined thanks to kept counts
    moved = [np.corrcoef(before[word], model.embeddings[word])[0, 1] for word in before.words]
    assert min(moved) > 0.5 and max(moved) < 1
    assert model.config.learning_rate == 0.025 and model.config.epochs == 2


def test_subsampling_follows_the_new_text_and_noise_all_of_it(model, monkeypatch):
    seen = {}

    class Watched(CpuBackend):
        def __init__(self, config, counts, start, *, text_counts=None, **others):
            seen.update(counts=np.array(counts), text=text_counts)
            super().__init__(config, counts, start, text_counts=text_counts, **others)

    monkeypatch.setattr("wordkin.training.choose.CpuBackend", Watched)
    model.update(NEW)
    in_new = [sum(row.count(word) for row in NEW) for word in model.vocabulary]
    assert seen["text"].tolist() == in_new and seen["counts"].tolist() == model.vocabulary.counts.tolist()
    Word2Vec(**OPTIONS).fit(OLD)
    assert seen["text"] is None


def test_a_saved_model_grows_to_the_same_bits(model, tmp_path):
    model.save(tmp_path / "model")
    model.update(NEW)
    loaded = Word2Vec.load(tmp_path / "model").update(NEW, output=tmp_path / "v.bin")
    assert same(loaded, model) and loaded.rare == model.rare
    assert wordkin.load(tmp_path / "v.bin").words == loaded.vocabulary.words
    loaded.save(tmp_path / "second")
    assert same(Word2Vec.load(tmp_path / "second").update(OLD), model.update(OLD))


def test_the_bits_do_not_depend_on_threads(tmp_path):
    Word2Vec(**{**OPTIONS, "deterministic": True}).fit(OLD).save(tmp_path)
    one, three = (Word2Vec.load(tmp_path).update(NEW, threads=threads) for threads in (1, 3))
    assert same(one, three)


def test_an_update_that_is_killed_resumes_to_the_same_bits(model, tmp_path, monkeypatch):
    model.save(tmp_path / "model")
    whole = Word2Vec.load(tmp_path / "model").update(NEW, checkpoint=tmp_path / "whole")

    class Killed(BaseException):
        pass

    def kill(*_, **__):
        raise Killed

    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(wordkin.runs.run, "open_backend", kill)
        Word2Vec.load(tmp_path / "model").update(NEW, checkpoint=tmp_path / "early")
    assert same(Word2Vec.resume(tmp_path / "early", NEW), whole)

    def stop(report):
        if report.epoch_finished:
            raise Killed

    with pytest.raises(Killed):
        Word2Vec.load(tmp_path / "model").update(NEW, checkpoint=tmp_path / "late", callbacks=[stop])
    resumed = Word2Vec.resume(tmp_path / "late")
    assert same(resumed, whole) and resumed.rare == whole.rare
    assert same(Word2Vec.resume(tmp_path / "late"), whole)
    assert same(Word2Vec.load(tmp_path / "late").update(OLD), whole.update(OLD))


def test_old_rows_are_averaged_with_the_trained_ones(model, tmp_path):
    model.save(tmp_path)
    before, frequent = model.embeddings, model.vocabulary.words[0]

    def updated(**options):
        return Word2Vec.load(tmp_path).update(NEW, **options)

    trained, half, old = (updated(old_weight=weight) for weight in (0, 0.5, 1))
    assert trained.vocabulary == half.vocabulary == old.vocabulary
    for word in trained.vocabulary:
        moved = trained.embeddings[word]
        if word in before:
            np.testing.assert_array_equal(old.embeddings[word], before[word])
            moved = before[word] + (moved - before[word]) * np.float32(0.5)
        np.testing.assert_array_equal(half.embeddings[word], moved)
    outputs = [each._tables["output/negative-sampling"][each.vocabulary.id_of(frequent)] for each in (trained, old)]
    assert (outputs[0] != outputs[1]).any()
    assert not same(updated(), half) and not same(updated(), trained)
    with pytest.raises(ConfigError, match=r"old_weight must be a number from 0 to 1; got 2"):
        updated(old_weight=2)


def test_the_average_is_made_once_when_an_update_is_interrupted(model, tmp_path):
    model.save(tmp_path / "model")
    whole = Word2Vec.load(tmp_path / "model").update(NEW, old_weight=0.25)
    Word2Vec.load(tmp_path / "model").update(
        NEW, old_weight=0.25, checkpoint=tmp_path / "run", callbacks=[lambda report: report.epoch_finished]
    )
    assert {"start", "weights"} < set(json.loads((tmp_path / "run" / "run.json").read_text())["files"])
    assert same(Word2Vec.resume(tmp_path / "run"), whole)
    assert {"start", "weights"}.isdisjoint(json.loads((tmp_path / "run" / "run.json").read_text())["files"])
    assert same(Word2Vec.resume(tmp_path / "run"), whole)


def test_an_update_that_fails_leaves_the_model_as_it_was(model):
    vectors, config, rare = model.embeddings.matrix.copy(), model.config, model.rare
    with pytest.raises(CorpusError, match="the text contains no word of the model"):
        model.update([["unknown", "words"]])
    with pytest.raises(ConfigError, match=r"vector_size must be .*, as in the model"):
        model.update(NEW, vector_size=3)
    for name in ("init", "vocabulary"):
        with pytest.raises(
            ConfigError, match=f"{name} must be left out when a model is updated, because .* of the model"
        ):
            model.update(NEW, **{name: model.vocabulary})

    def fail(report):
        raise RuntimeError("enough")

    with pytest.raises(RuntimeError, match="enough"):
        model.update(NEW, callbacks=[fail])
    np.testing.assert_array_equal(model.embeddings.matrix, vectors)
    assert model.config == config and model.rare is rare
    with pytest.raises(NotTrainedError):
        Word2Vec().update(NEW)


def test_rare_counts_can_be_bounded_and_switched_off(tmp_path):
    with pytest.warns(CorpusWarning, match="max_types=60"):
        bounded = Word2Vec(**OPTIONS | {"min_count": 20}, max_types=60).fit(OLD)
    assert len(bounded.rare) == 60 - len(bounded.vocabulary) > 0
    without = Word2Vec(**OPTIONS, rare_counts=False).fit(OLD)
    without.save(tmp_path)
    assert without.rare is None and Word2Vec.load(tmp_path).rare is None
    assert not list(tmp_path.glob("rare-*"))
    assert Word2Vec.load(tmp_path).update(NEW, rare_counts=True).rare is not None


def test_phrases_of_the_model_are_joined_in_the_new_text():
    old = [["in", "new", "york", "now"], ["a", "new", "day"], ["york", "castle"]] * 20
    model = Word2Vec(**{**OPTIONS, "min_count": 2, "subsample": 0}, phrases=1, phrase_threshold=0).fit(old)
    joined = next(word for word in model.phrases.join(old[0]) if "_" in word)
    count = model.vocabulary.counts[model.vocabulary.id_of(joined)]
    model.update([["in", "new", "york", "now"]] * 3)
    assert model.vocabulary.counts[model.vocabulary.id_of(joined)] == count + 3


def test_training_starts_from_published_vectors(model, tmp_path):
    path = tmp_path / "v.txt"
    model.embeddings.save(path)
    options = {**OPTIONS, "min_count": 1, "learning_rate": 1e-6}
    started = Word2Vec(**options).fit(NEW, init=path, checkpoint=tmp_path / "run")
    cosines = [np.corrcoef(model.embeddings[word], started.embeddings[word])[0, 1] for word in model.vocabulary
               if word in started.vocabulary]  # fmt: skip
    assert min(cosines) > 0.999
    assert same(Word2Vec(**options).fit(NEW, init=wordkin.load(path)), started)
    assert same(Word2Vec.resume(tmp_path / "run"), started)
    with pytest.raises(
        ConfigError,
        match="init must hold vectors with 100 dimensions, the value of vector_size; got 8: set vector_size",
    ):
        wordkin.train(NEW, init=path)
    with pytest.raises(ConfigError, match="init must be the path of a file of vectors, or an Embeddings object; got 7"):
        wordkin.train(NEW, init=7)
    path.write_text("2 2\nw1 1 2\nw2 x 3\n")
    with pytest.raises(FormatError, match=r'pass bad_rows="skip" to .*; load takes this option, as in init=load\('):
        wordkin.train(NEW, init=path)
    path.write_text("3 2\nw1 1 2\n")
    with pytest.raises(FormatError, match=r"pass limit=1 .*; load takes this option, as in init=load\(.*, limit=...\)"):
        wordkin.train(NEW, init=path)


def test_a_given_vocabulary_is_learned_with_its_counts(tmp_path):
    given = {"w1": 50, "w2": 900, "w77": 1, "absent": 3}
    options = {"vector_size": 5, "epochs": 1, "threads": 1}
    vectors = wordkin.train(NEW, vocabulary=given, **options)
    assert list(vectors.words) == ["w2", "w1", "absent", "w77"] and vectors.vocabulary.counts.tolist() == [
        900,
        50,
        3,
        1,
    ]
    Vocabulary(list(given), list(given.values())).save(tmp_path / "v.txt")
    again = Word2Vec(**options).fit(NEW, vocabulary=tmp_path / "v.txt", checkpoint=tmp_path / "run")
    np.testing.assert_array_equal(again.embeddings.matrix, vectors.matrix)
    assert same(Word2Vec.resume(tmp_path / "run", NEW), again)
    for name, value in {"min_count": 2, "max_vocabulary": 7, "keep_words": ["a"]}.items():
        with pytest.raises(ConfigError, match=f"{name} cannot be combined with vocabulary"):
            wordkin.train(NEW, vocabulary=given, **{name: value})


def test_the_command_line_grows_a_model(tmp_path):
    from wordkin.cli import main

    for name, text in (("old", OLD), ("new", NEW)):
        (tmp_path / f"{name}.txt").write_text("\n".join(map(" ".join, text)))
    options = ["--vector-size", "8", "--min-count", "4", "--epochs", "2", "--threads", "1"]
    first = ["train", tmp_path / "old.txt", "-o", tmp_path / "old.bin", "--checkpoint", tmp_path / "first", *options]
    assert main([str(each) for each in first]) == 0
    grow = ["train", "--from", tmp_path / "first", tmp_path / "new.txt", "-o", tmp_path / "new.bin", "--epochs", "1",
            "--checkpoint", tmp_path / "second"]  # fmt: skip
    assert main([str(each) for each in grow]) == 0
    expected = Word2Vec.load(tmp_path / "first").update(str(tmp_path / "new.txt"), epochs=1)
    assert same(Word2Vec.load(tmp_path / "second"), expected)
    assert json.loads((tmp_path / "second" / "run.json").read_text())["config"]["learning_rate"] == 0.025


def test_an_encoded_text_is_learned_like_the_text(model, tmp_path):
    (tmp_path / "new.txt").write_text("\n".join(map(" ".join, NEW)))
    config = wordkin.TrainingConfig(min_count=1)
    save_encoded(source_of(str(tmp_path / "new.txt"), config), config, tmp_path / "new.wk")
    model.save(tmp_path / "model")
    model.update(str(tmp_path / "new.txt"))
    encoded = Word2Vec.load(tmp_path / "model").update(tmp_path / "new.wk")
    assert same(encoded, model) and dict(zip(encoded.rare, encoded.rare.counts, strict=True)) == dict(
        zip(model.rare, model.rare.counts, strict=True)
    )
    learned = Word2Vec(**{**OPTIONS, "min_count": 2, "subsample": 0}, phrases=1, phrase_threshold=0).fit(OLD)
    with pytest.raises(ConfigError, match=r"phrases must be (the same in model|left out, because)"):
        learned.update(tmp_path / "new.wk")


def test_info_and_train_tell_what_they_kept_and_found(tmp_path, capsys, monkeypatch):
    from wordkin.cli import main

    monkeypatch.setattr("wordkin.text.steps.MOST_RARE_WORDS", 7)
    text, run, vectors = (str(tmp_path / name) for name in ("old.txt", "run", "v.bin"))
    (tmp_path / "old.txt").write_text("\n".join(map(" ".join, OLD)))
    train = ["train", text, "-o", vectors, "--vector-size", "8", "--epochs", "1", "--threads", "1"]
    assert main([*train, "--checkpoint", run]) == 0
    size = next((tmp_path / "run").glob("rare-*")).stat().st_size
    assert f"{run}: keeps the counts of 7 rare words, {size:,} bytes; " in capsys.readouterr().err
    assert main(["info", run, "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert (facts["rare_words"], facts["rare_bytes"]) == (7, size)
    again = ["train", text, "-o", str(tmp_path / "w.bin"), "--init", vectors, *train[4:]]
    assert main(again) == 0
    assert f"{facts['words']} of {facts['words']} words started from {vectors}" in capsys.readouterr().err
    grown = str(tmp_path / "grown")
    update = ["train", text, "-o", str(tmp_path / "w.bin"), "--epochs", "1", "--threads", "1"]
    assert main([*update, "--from", run, "--checkpoint", grown, "--old-weight", "0.25"]) == 0
    assert main(["info", grown]) == 0
    assert "rows of old words: 0.25 of their value before the update" in capsys.readouterr().out
    for options, message in (
        (
            ["--old-weight", "0.5"],
            "--old-weight needs --from, because only the update of a model has old vectors; got 0.5",
        ),
        (["--from", vectors], "--from must be a directory written by --checkpoint"),
        (
            ["--from", run, "--init", vectors],
            "--init must be left out with --from, which uses the words and vectors of the model",
        ),
        (["--resume", run, "--vocabulary", text], "--vocabulary must be left out with --resume"),
        (["--from", str(tmp_path / "none")], "there is no run in"),
    ):
        assert main(["train", text, "-o", str(tmp_path / "x.bin"), *options]) == 2
        assert message in capsys.readouterr().err


@pytest.mark.parametrize("options", [{"threads": 2}, {"threads": 2, "deterministic": True}, {"objective": "softmax"}])
@pytest.mark.parametrize("architecture", ["skip-gram", "cbow"])
def test_frozen_words_stay_and_others_learn(options, architecture):
    model = Word2Vec(**OPTIONS | {"architecture": architecture} | options).fit(OLD)
    before = model.embeddings
    kept = ["w1", "w2", "w7"]
    model.update(NEW, freeze=kept, learning_rate=0.05)
    for word in before.words:
        assert np.array_equal(model.embeddings[word], before[word]) == (word in kept), word


def test_all_known_words_can_be_frozen_by_a_pattern_or_a_file(model, tmp_path):
    old = model.embeddings
    path = tmp_path / "words.txt"
    path.write_text("w1\r\nw3\n")
    model.update(NEW, freeze=".*")
    assert len(model.vocabulary) > len(old)
    np.testing.assert_array_equal(np.array([model.embeddings[word] for word in old.words]), old.matrix)
    model.update(NEW, freeze=path)
    assert [word for word in old.words if np.array_equal(model.embeddings[word], old[word])] == ["w1", "w3"]


def test_words_with_vectors_to_start_from_can_be_frozen(model):
    vectors = model.embeddings
    started = wordkin.train(NEW, init=vectors, freeze="w[1-4]", **OPTIONS)
    same = {word for word in started.words if word in vectors and np.array_equal(started[word], vectors[word])}
    assert same == {"w1", "w2", "w3", "w4"}


def test_frozen_words_stay_frozen_when_a_killed_update_resumes(model, tmp_path, monkeypatch):
    options = {"freeze": "w[1-5]", "deterministic": True, "epochs": 3, "checkpoint_every": 1e-6}
    model.save(tmp_path / "model")
    whole = Word2Vec.load(tmp_path / "model").update(NEW, checkpoint=tmp_path / "whole", **options)

    def stop(report):
        if report.epoch == 2:
            raise RuntimeError("stop")

    with pytest.raises(RuntimeError):
        Word2Vec.load(tmp_path / "model").update(NEW, checkpoint=tmp_path / "run", callbacks=[stop], **options)
    resumed = Word2Vec.resume(tmp_path / "run")
    np.testing.assert_array_equal(resumed.embeddings.matrix, whole.embeddings.matrix)
    np.testing.assert_array_equal(resumed.embeddings["w3"], model.embeddings["w3"])


def test_what_cannot_be_frozen_is_refused(model):
    with pytest.raises(ConfigError, match=r"freeze must hold only words that have a vector; got 'okapi': leave this"):
        model.update(NEW, freeze=["w1", "okapi"])
    with pytest.raises(ConfigError, match="freeze must select at least one word that has a vector; got 'okapi'"):
        model.update(NEW, freeze="okapi")
    with pytest.raises(ConfigError, match=r"freeze must be a list of words; got \{'w1': 1\}: pass list"):
        model.update(NEW, freeze={"w1": 1})
    with pytest.raises(ConfigError, match=r"freeze must be a regular expression \(missing \), .*; got '\('"):
        model.update(NEW, freeze="(")
    with pytest.raises(ConfigError, match="freeze needs vectors to start from; got 'w1': pass init, or call update"):
        wordkin.train(NEW, freeze="w1", **OPTIONS)
    with pytest.raises(
        ConfigError, match=r"freeze needs vectors=\"input\" \(now 'sum'\), because .*; got 'w1': leave freeze"
    ):
        model.update(NEW, freeze="w1", vectors="sum")
    with pytest.raises(ConfigError, match=r"freeze needs replicas=1 \(now 2\), because .*; got 'w1': leave freeze out"):
        model.update(NEW, freeze="w1", replicas=2, deterministic=True)


def trained_sentences(run, vocabulary):
    """The sentences that a run trained on, as words."""
    with EncodedCorpus.open(run / "corpus") as corpus:
        return [[vocabulary.word(each) for each in ids.tolist()] for ids in corpus]


def test_old_sentences_are_mixed_into_the_text_of_an_update(model, tmp_path):
    counts = dict(zip(model.vocabulary, model.vocabulary.counts.tolist(), strict=True))
    plain = Word2Vec(**OPTIONS).fit(OLD).update(NEW)
    model.update(NEW, replay=0.3, replay_from=OLD, checkpoint=tmp_path)
    assert model.vocabulary == plain.vocabulary and model.rare == plain.rare  # old text is not counted again
    assert all(model.vocabulary.counts[model.vocabulary.id_of(word)] >= count for word, count in counts.items())
    kept = [[[word for word in each if word in model.vocabulary] for each in text] for text in (OLD, NEW)]
    old, new = ([tuple(each) for each in text if each] for text in kept)
    trained = [tuple(each) for each in trained_sentences(tmp_path, model.vocabulary)]
    replayed = []
    for each in trained:  # the new text in its order; between its sentences old ones, in theirs
        if new and each == new[0]:
            new.pop(0)
        else:
            replayed.append(each)
    assert not new and model.replayed == {"share": 0.3, "sentences": len(replayed), "words": sum(map(len, replayed))}
    rest = iter(old)
    assert all(each in rest for each in replayed) and 40 < len(replayed) < 80
    assert json.loads(model.embeddings.metadata["replay"]) == model.replayed
    text_counts = np.array([sum(each.count(word) for each in trained) for word in model.vocabulary])
    with RunDirectory.open(tmp_path) as opened:
        np.testing.assert_array_equal(opened.text_counts(), text_counts)  # subsampling follows the mixed text
    assert Word2Vec.load(tmp_path).replayed == model.replayed
    assert model.update(NEW).replayed is None


def test_replay_gives_the_same_bits_for_any_threads_any_container_and_after_a_kill(model, tmp_path):
    old, new = tmp_path / "old.txt", tmp_path / "new.txt"
    for path, text in ((old, OLD), (new, NEW)):
        path.write_text("\n".join(map(" ".join, text)))
    config = wordkin.TrainingConfig(min_count=1)
    save_encoded(source_of(str(old), config), config, tmp_path / "old.wk")
    Word2Vec(**{**OPTIONS, "deterministic": True}).fit(str(old)).save(tmp_path / "model")

    def grown(**options):
        return Word2Vec.load(tmp_path / "model").update(NEW, replay=0.2, **options)

    one = grown(replay_from=OLD, threads=1)
    assert same(one, grown(replay_from=tmp_path / "old.wk", threads=3))
    assert not same(one, grown(replay_from=OLD, seed=2))
    by_text = Word2Vec.load(tmp_path / "model")
    by_text.update(texts=map(" ".join, NEW), replay=0.2, replay_from=map(" ".join, OLD), validation=new)
    assert same(one, by_text)

    def stop(report):
        raise RuntimeError("stop")

    with pytest.raises(RuntimeError):
        grown(replay_from=str(old), checkpoint=tmp_path / "run", callbacks=[stop])
    resumed = Word2Vec.resume(tmp_path / "run", NEW)
    assert same(resumed, one) and resumed.replayed == one.replayed


def test_what_cannot_be_replayed_is_refused(model, tmp_path):
    wrong = {
        r"replay needs replay_from, because .*; got 0.2: pass this text as replay_from": {"replay": 0.2},
        r"replay_from needs replay, the fraction of the old sentences to mix in; got .*: set replay": {
            "replay_from": OLD
        },
        r"replay must be a number above 0 and at most 1; got 0: leave replay out": {"replay": 0, "replay_from": OLD},
        r"replay must be a number above 0 and at most 1; got 1.5": {"replay": 1.5, "replay_from": OLD},
        r"replay must be a number above 0 and at most 1; got True": {"replay": True, "replay_from": OLD},
    }
    for message, options in wrong.items():
        with pytest.raises(ConfigError, match=message):
            model.update(NEW, **options)
    unlearned = {
        r"the model was not trained on the text to replay, where 'w\d+' has a count of \d+, but in .* only \d+": NEW,
        r"not trained on the text to replay, where 'okapi' has a count of 2, but in .* only 0": [["okapi", "okapi"]],
        r"not trained on the text to replay, where 'w1' has": OLD + OLD,
        r"the items of the model or vocabulary are words, such as 'w1', but those of the text": [[1, 2]],
    }
    for message, text in unlearned.items():
        with pytest.raises(CorpusError, match=message):
            model.update(NEW, replay=0.2, replay_from=text)
    with pytest.raises(
        CorpusError, match="replay=1e-09 selects none of the 200 sentences of the old text: raise replay"
    ):
        model.update(NEW, replay=1e-9, replay_from=OLD)
    without = Word2Vec(**OPTIONS, rare_counts=False).fit(OLD)
    with pytest.raises(CorpusError, match="the text to replay contains no word of the model"):
        without.update(NEW, replay=0.2, replay_from=[["okapi", "okapi"]])
    assert without.update(NEW, replay=0.2, replay_from=[*OLD[:100], ["okapi"]]).replayed is not None


def test_an_encoded_text_whose_words_were_made_otherwise_is_refused(model, tmp_path):
    (tmp_path / "old.txt").write_text("\n".join(map(" ".join, OLD)))
    made = {"lowercase": True, "normalize": "NFC", "phrases": 1}
    for name, value in made.items():
        config = wordkin.TrainingConfig(min_count=1, **{name: value})
        save_encoded(source_of(str(tmp_path / "old.txt"), config), config, tmp_path / "old.wk")
        with pytest.raises(ConfigError, match=rf"{name} of the encoded text must be .*, as in the model"):
            model.update(NEW, replay=0.2, replay_from=tmp_path / "old.wk")
        with pytest.raises(ConfigError, match=rf"{name} of the encoded text must be .*, as in the model"):
            model.update(tmp_path / "old.wk")
        with pytest.raises(ConfigError, match=rf"{name} of the encoded text must be .*, as in the model"):
            model.update(NEW, validation=tmp_path / "old.wk")


def test_the_command_line_replays(model, tmp_path, capsys):
    from wordkin.cli import main

    old, new = (str(tmp_path / name) for name in ("old.txt", "new.txt"))
    for path, text in ((old, OLD), (new, NEW)):
        (tmp_path / path).write_text("\n".join(map(" ".join, text)))
    model.save(tmp_path / "model")
    train = ["train", new, "-o", str(tmp_path / "v.bin"), "--threads", "1"]
    grow = [*train, "--from", str(tmp_path / "model")]
    assert main([*grow, "--replay", "0.2", "--replay-from", old, "--checkpoint", str(tmp_path / "run")]) == 0
    expected = Word2Vec.load(tmp_path / "model").update(new, replay=0.2, replay_from=old)
    assert same(Word2Vec.load(tmp_path / "run"), expected)
    sentences, words = expected.replayed["sentences"], expected.replayed["words"]
    assert f"mixed in {sentences:,} sentences ({words:,} words) of {old}" in capsys.readouterr().err
    assert main(["info", str(tmp_path / "run")]) == 0
    assert f"replay: 0.2 of old text, {sentences:,} sentences, {words:,} words" in capsys.readouterr().out
    for options, message in (
        ([*grow, "--replay", "0.2"], "--replay needs --replay-from; got 0.2"),
        ([*grow, "--replay-from", old], f"--replay-from needs --replay; got {old!r}"),
        ([*train, "--replay", "0.2", "--replay-from", old], "--replay needs --from, because only the update"),
        ([*grow, "--replay", "2", "--replay-from", old], "--replay must be a number above 0 and at most 1; got 2"),
        ([*grow, "--replay", "0.2", "--replay-from", new], "the model was not trained on the text to replay"),
    ):
        assert main(options) == 2
        assert message in capsys.readouterr().err
