"""A run starts from the tables it is given, also where it is killed before its first checkpoint."""

from __future__ import annotations

import numpy as np
import pytest

import wordkin.runs.run
from wordkin import CheckpointError, ConfigError, TrainingConfig, Vocabulary, Word2Vec
from wordkin.corpus.encoded import CorpusWriter
from wordkin.runs.directory import RunDirectory
from wordkin.runs.record import Run
from wordkin.runs.run import train_run
from wordkin.training.tables import Start, initial_input_rows, table_shapes

WORDS = 30
VOCABULARY = Vocabulary([f"w{each}" for each in range(WORDS)], np.arange(2 * WORDS, WORDS, -1))
OBJECTIVES = ("negative-sampling", "hierarchical-softmax")
OPTIONS = {
    "vector_size": 6, "epochs": 2, "threads": 1, "subsample": 0, "objective": OBJECTIVES,
    "output_bias": True, "projection_bias": True,
}  # fmt: skip
CONFIG = TrainingConfig(**OPTIONS)


def corpus(path=None):
    with CorpusWriter(path) as writer:
        for sentence in np.random.default_rng(4).integers(0, WORDS, (40, 10)).astype(np.int32):
            writer.add_ids(sentence)
            writer.add_ends(np.array([writer.words]))
        return writer.finish()


def tables_to_start_from():
    rng = np.random.default_rng(2)
    shapes = table_shapes(CONFIG, WORDS)
    return {name: rng.normal(0, 0.1, shape).astype(np.float32) for name, shape in shapes.items()}


def trained(tables, **options):
    start = None if tables is None else Start(tables)
    return train_run(Run(CONFIG), VOCABULARY, corpus(), None, start=start, **options)[1]


def assert_same(found, expected):
    assert found.keys() == expected.keys()
    for name, table in expected.items():
        np.testing.assert_array_equal(found[name], table, err_msg=name)


def test_a_run_starts_from_the_tables_it_is_given():
    start = tables_to_start_from()
    before = {name: table.copy() for name, table in start.items()}
    for table in start.values():
        table.flags.writeable = False
    found = trained(start)
    assert_same(start, before)
    assert all((found[name] != table).any() for name, table in start.items())
    assert np.corrcoef(found["input"].ravel(), start["input"].ravel())[0, 1] > 0.8  # it went on from there
    assert (trained(None)["input"] != found["input"]).any()


def test_a_run_that_is_given_what_it_would_draw_ends_as_if_it_had_drawn_it():
    zeros = {name: np.zeros(shape, np.float32) for name, shape in table_shapes(CONFIG, WORDS).items()}
    drawn = np.concatenate([rows for _, rows in initial_input_rows(CONFIG, WORDS)])
    assert_same(trained({**zeros, "input": drawn}), trained(None))


def test_a_run_killed_before_its_first_checkpoint_resumes_from_where_it_started(tmp_path, monkeypatch):
    start = tables_to_start_from()
    whole = trained(start)

    class Killed(BaseException):
        pass

    def kill(*_, **__):
        raise Killed

    monkeypatch.setattr(wordkin.runs.run, "open_backend", kill)
    with corpus(tmp_path / "corpus") as ids, RunDirectory.create(tmp_path) as directory, pytest.raises(Killed):
        run = Run(CONFIG, corpus_fingerprint=ids.fingerprint)
        train_run(run, VOCABULARY, ids, None, start=Start(start), directory=directory)
    monkeypatch.undo()
    assert_same(Word2Vec.resume(tmp_path)._tables, whole)


def test_a_run_that_has_begun_takes_no_other_tables(tmp_path):
    with corpus(tmp_path / "corpus") as ids, RunDirectory.create(tmp_path) as directory:
        run = Run(CONFIG, corpus_fingerprint=ids.fingerprint)
        train_run(run, VOCABULARY, ids, None, directory=directory)
        with pytest.raises(
            CheckpointError, match=r"a run that has begun continues from its own tables: leave start out"
        ):
            train_run(run, VOCABULARY, ids, None, start=Start(tables_to_start_from()), directory=directory)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"input": None}, r"start must hold the tables input, output/negative-sampling, .*; got"),
        ({"more": np.zeros(3, np.float32)}, r"start must hold the tables input, "),
        ({"input": np.zeros((WORDS, 5), np.float32)}, r"the table input as float32 of shape \(30, 6\); got"),
        ({"projection_bias": np.zeros(6)}, r"the table projection_bias as float32 of shape \(6,\); got"),
        ({"projection_bias": np.full(6, np.nan, np.float32)}, r"must hold only finite numbers; got 'projection_bias"),
    ],
)
def test_other_tables_are_refused_before_anything_is_written(tmp_path, changed, message):
    start = {name: table for name, table in (tables_to_start_from() | changed).items() if table is not None}
    with RunDirectory.create(tmp_path) as directory, pytest.raises(ConfigError, match=message):
        trained(start, directory=directory)
    assert not list(tmp_path.iterdir())
