"""Right and wrong uses of the public functions; mypy refuses each line marked with ``# error``, and no other.

Nothing here is run.
"""

from __future__ import annotations

from pathlib import Path
from typing import assert_type

import wordkin
from wordkin import Embeddings, TrainingConfig, Word2Vec


def right_uses() -> None:
    assert_type(wordkin.train("text.txt"), Embeddings)
    wordkin.train(Path("text.txt"), vector_size=50, architecture="cbow", objective="softmax", learning_rate=None)
    wordkin.train(["a.txt", "b.txt"], objective=["softmax", "negative-sampling"], output="vectors.bin", log=None)
    wordkin.train([["you", "say", "goodbye"]], min_count=1, subsample=0, tokenizer=str.split, deterministic=True)
    wordkin.train("text.txt", callbacks=[lambda report: report.words > 1_000_000], on_scan=lambda progress: None)
    wordkin.train("text.txt", progress=True)
    wordkin.resume("run", progress=None)
    wordkin.train("x.parquet", field="text", reader="parquet", encoding="latin-1")
    wordkin.train(texts=["you say goodbye"])
    wordkin.train("text.txt", checkpoint="run", checkpoint_every="10m", validation=["held-out.txt"])
    assert_type(wordkin.resume("run", threads=4, checkpoint_every=60), Embeddings)
    assert_type(wordkin.load("vectors.bin", limit=1000, encoding_errors="replace", duplicates="first"), Embeddings)
    assert_type(Word2Vec(TrainingConfig(vector_size=10)).fit("text.txt"), Word2Vec)
    assert_type(Word2Vec(vectors="sum").fit("text.txt", log="log.jsonl").losses, list[float])
    assert_type(Word2Vec.resume("run", "text.txt", seed=1), Word2Vec)
    wordkin.load("vectors.bin").save("vectors.txt", header=False, whitespace="underscore")


def wrong_uses(vectors: Embeddings) -> None:
    wordkin.train(texts=7)  # error: arg-type
    wordkin.train(3)  # error: arg-type
    wordkin.train("text.txt", vector_size="50")  # error: arg-type
    wordkin.train("text.txt", vector_sise=50)  # error: call-arg
    wordkin.train("text.txt", workers=4)  # error: call-arg
    wordkin.train("text.txt", architecture="skipgram")  # error: arg-type
    wordkin.train("text.txt", objective="hs")  # error: arg-type
    wordkin.train("text.txt", objective=["softmax", "hs"])  # error: list-item
    wordkin.train("text.txt", cbow_combine="average")  # error: arg-type
    wordkin.train("text.txt", vectors="both")  # error: arg-type
    wordkin.train("text.txt", encoding_errors="surrogateescape")  # error: arg-type
    wordkin.train("text.txt", reader="txt")  # error: arg-type
    wordkin.train("text.txt", tokenizer=len)  # error: arg-type
    wordkin.train("text.txt", epochs=None)  # error: arg-type
    wordkin.train("text.txt", epochs=2.5)  # error: arg-type
    wordkin.train("text.txt", deterministic="yes")  # error: arg-type
    wordkin.train("text.txt", output=3)  # error: arg-type
    wordkin.train("text.txt", callbacks=print)  # error: arg-type
    wordkin.train("text.txt", on_scan="bar")  # error: arg-type
    wordkin.train("text.txt", progress="bar")  # error: arg-type
    wordkin.train("text.txt", "vectors.bin")  # error: call-arg, arg-type
    wordkin.resume("run", validation="text.txt")  # error: call-arg
    wordkin.resume("run", seed="1")  # error: arg-type
    wordkin.resume(None)  # error: arg-type
    wordkin.load("vectors.bin", format="word2vec")  # error: arg-type
    wordkin.load("vectors.bin", limit="1000")  # error: arg-type
    wordkin.load("vectors.bin", duplicates="last")  # error: arg-type
    wordkin.load("vectors.bin", binary=True)  # error: arg-type
    Word2Vec(vector_size="50")  # error: arg-type
    Word2Vec({"vector_size": 50})  # error: arg-type
    Word2Vec().fit("text.txt", vector_size=50)  # error: call-arg
    Word2Vec().fit("text.txt", checkpoint_every=["10m"])  # error: arg-type
    Word2Vec.resume("run", architecture="glove")  # error: arg-type
    TrainingConfig(subsample_formula="gensim")  # error: arg-type
    TrainingConfig(windw=5)  # error: call-arg
    vectors.most_similar("a", topn="10")  # error: arg-type
    vectors.save("vectors.txt", whitespace="keep")  # error: arg-type
    vectors.save(3)  # error: arg-type
    vectors.similarity("a")  # error: call-arg
