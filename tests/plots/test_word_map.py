"""Tests of the map of a whole vocabulary, and of its HTML page."""

from __future__ import annotations

import base64
import json
import re

import numpy as np
import pytest

from wordkin.embeddings import Embeddings
from wordkin.errors import ConfigError
from wordkin.plots import map_words, write_map
from wordkin.plots.word_map import cluster_words, map_vocabulary
from wordkin.vocabulary import Vocabulary


def test_pca_is_that_of_the_small_map(clustered):
    made = map_vocabulary(clustered)
    positions, shares = map_words(clustered, list(clustered.words))
    assert np.allclose(made.positions, positions, atol=1e-5)
    assert np.allclose(made.shares, shares)


def test_positions_are_packed_on_one_scale_for_both_axes(clustered):
    made = map_vocabulary(clustered)
    packed = np.frombuffer(base64.b64decode(made.packed_positions), dtype="<u2").reshape(-1, 2).astype(float)
    spans = np.ptp(packed, axis=0)
    assert spans.max() == 65_535
    assert spans[0] / spans[1] == pytest.approx(np.ptp(made.positions[:, 0]) / np.ptp(made.positions[:, 1]), rel=1e-3)


def test_clusters_are_those_that_were_planted(clustered):
    found = cluster_words(clustered, len(clustered), 3)
    assert sorted(np.unique(found.reshape(3, 8), axis=1).ravel().tolist()) == [0, 1, 2]


def test_vectors_of_one_number_lie_on_a_line():
    vectors = Embeddings(Vocabulary(["a", "b", "c"]), np.float32([[1], [-1], [2]]))
    assert not map_vocabulary(vectors).positions[:, 1].any()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda v: map_vocabulary(v, "tsne"), "method"),
        (lambda v: map_vocabulary(v, most=1), "words must hold at least two words"),
        (lambda v: cluster_words(v, 24, 9), "clusters must be a whole number from 2 to 8; got 9"),
    ],
)
def test_what_cannot_be_mapped_is_refused(clustered, make, message):
    with pytest.raises(ConfigError, match=message):
        make(clustered)


def test_the_page_holds_all_words_and_nothing_of_them_runs(tmp_path):
    words = ["</script><script>alert(1)</script>", "<img src=x onerror=alert(1)>", "서울", "a&b"]
    vectors = Embeddings(Vocabulary(words), np.eye(4, dtype=np.float32))
    assert write_map(vectors, tmp_path / "map.html", title="<b>") == 4
    page = (tmp_path / "map.html").read_text(encoding="utf-8")
    assert "alert(1)</script>" not in page
    data = re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.DOTALL)
    assert json.loads(data[1])["words"] == words
    assert not re.search(r"(src|href)=[\"']?https?:", page)


def test_the_suffix_says_what_is_written(clustered, tmp_path):
    with pytest.raises(ConfigError, match=r"output must end in \.html"):
        write_map(clustered, tmp_path / "map.png")
