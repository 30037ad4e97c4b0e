from __future__ import annotations

import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from wordkin.embeddings import Embeddings
from wordkin.errors import ConfigError, MissingExtraError, OutputError, UnknownWordError
from wordkin.evaluation import evaluate_file
from wordkin.plots import map_words, of_epochs, plot_heatmap, plot_losses, plot_scores, plot_words
from wordkin.vocabulary import Vocabulary

pytest.importorskip("matplotlib")
SIGNATURES = {".png": b"\x89PNG", ".svg": b"<?xml", ".pdf": b"%PDF"}


def drawn(plot, *arguments, **options) -> Path:
    """Return the file that a plot wrote, after checking that it returned the figure."""
    from matplotlib.figure import Figure

    assert isinstance(plot(*arguments, **options), Figure)
    return arguments[-1]


def pixels(path: Path) -> np.ndarray:
    from matplotlib.image import imread

    return np.asarray(imread(path))


@pytest.mark.parametrize("suffix", SIGNATURES)
@pytest.mark.parametrize("plot", [plot_words, plot_heatmap])
def test_pictures_of_words_in_each_format_are_the_same_each_time(clustered, tmp_path, plot, suffix):
    first, second = (drawn(plot, clustered, clustered.words[::4], tmp_path / f"{n}{suffix}").read_bytes() for n in "ab")
    assert first.startswith(SIGNATURES[suffix])
    assert first == second


def test_a_notebook_shows_a_figure_without_pyplot(clustered):
    figure = plot_words(clustered, clustered.words[:5])
    png, metadata = figure._repr_png_()
    assert png.startswith(SIGNATURES[".png"])
    assert metadata == {"width": round(int.from_bytes(png[16:20], "big") * 96 / figure.dpi)}
    assert pickle.loads(pickle.dumps(figure))._repr_png_()[0] == png


def test_words_of_any_script_and_dollar_signs_are_drawn_as_they_are(tmp_path):
    words = ["straße", "İstanbul", "Ελλάδα", "мир", "$x_1$", "a$b"]
    vectors = Embeddings(Vocabulary(words), np.float32(np.random.default_rng(0).standard_normal((6, 4))))
    for name, plot in (("map", plot_words), ("heat", plot_heatmap)):
        assert drawn(plot, vectors, words, tmp_path / f"{name}.png").exists()


def test_pca_keeps_distances_that_lie_in_a_plane():
    angles = np.linspace(0, 2, 7)
    vectors = Embeddings(
        Vocabulary("abcdefg"), np.float32(np.column_stack((np.cos(angles), np.sin(angles), 0 * angles)))
    )
    places, shares = map_words(vectors, list("abcdefg"))
    distances = np.linalg.norm(places[:, None] - places[None], axis=2)
    truth = np.linalg.norm(vectors.matrix[:, None] - vectors.matrix[None], axis=2)
    assert np.allclose(distances, truth, atol=1e-6)
    assert shares.sum() == pytest.approx(1) and shares[0] >= shares[1]


def test_pca_puts_clusters_apart_and_ignores_the_length_of_vectors(clustered):
    places, _ = map_words(clustered, clustered.words)
    centres = places.reshape(3, 8, 2).mean(axis=1)
    spread = np.linalg.norm(places.reshape(3, 8, 2) - centres[:, None], axis=2).max()
    assert min(np.linalg.norm(centres[i] - centres[j]) for i, j in ((0, 1), (0, 2), (1, 2))) > 2 * spread
    longer = Embeddings(clustered.vocabulary, clustered.matrix * np.float32(7))
    assert np.allclose(map_words(longer, clustered.words)[0], places, atol=1e-5)


def test_two_words_and_equal_words_can_be_drawn(clustered, tmp_path):
    places, shares = map_words(clustered, ["cat0", "dog0"])
    assert np.allclose(places[:, 1], 0, atol=1e-6) and shares[0] == pytest.approx(1)
    same = Embeddings(Vocabulary(["a", "b"]), np.ones((2, 3), np.float32))
    assert map_words(same, ["a", "b"])[1].tolist() == [0, 0]
    plot_words(same, ["a", "b"], tmp_path / "same.png")
    plot_heatmap(same, ["a", "b"], tmp_path / "heat.png", order="given")


def test_heatmap_is_symmetric_and_hot_on_the_diagonal(clustered, tmp_path):
    words = ["cat0", "car0", "cat1", "car1", "cat2", "car2"]
    given, clusters = (
        pixels(drawn(plot_heatmap, clustered, words, tmp_path / f"{order}.png", order=order))
        for order in ("given", "clustered")
    )
    assert given.shape[2] == 4
    assert not np.array_equal(given, clusters)


@pytest.fixture
def benchmark(tmp_path):
    path = tmp_path / "questions.txt"
    path.write_text(": one\ncat0 cat1 dog0 dog1\ncat0 cat1 car0 car1\n: gram\ncat1 cat0 dog3 dog4\n: none\nx y z q\n")
    return path


def test_scores_of_every_kind_side_by_side(clustered, tmp_path, benchmark):
    for name, text in (
        ("pairs.txt", "cat0\tcat1\t9\ncat0\tdog1\t2\ncat0\tcar1\t1\ncat3\tcat4\t8\n"),
        ("categories.txt", "".join(f"{word}\t{word[:3]}\n" for word in clustered.words)),
        ("odd.txt", "cat0 cat1 cat2 | car0\ndog0 dog1 dog2 | cat0\n"),
        ("undefined.txt", "x\ty\t1\n"),
    ):
        (tmp_path / name).write_text(text)
    files = [benchmark, *(tmp_path / name for name in ("pairs.txt", "categories.txt", "odd.txt", "undefined.txt"))]
    results = [evaluate_file(clustered, file) for file in files]
    one = drawn(plot_scores, {"first$1$": results}, tmp_path / "one.png")
    two = drawn(plot_scores, {"first": results, "second": results[:2]}, tmp_path / "two.png")
    assert pixels(one).shape[0] < pixels(two).shape[0]


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda e, d: plot_words(e, ["cat0", "unicorn"], d / "a.png"), UnknownWordError, "the word 'unicorn' is not"),
        (
            lambda e, d: plot_words(e, ["cat0", "cat0"], d / "a.png"),
            ConfigError,
            "words must hold from 2 to 1,000 different words; got '1'",
        ),
        (
            lambda e, d: plot_words(e, "cat0", d / "a.png"),
            ConfigError,
            "words must be a list of words, not one string; got 'cat0'",
        ),
        (
            lambda e, d: plot_words(e, ["cat0", "dog0"], d / "a.jpg"),
            ConfigError,
            r"output must end in \.png, \.svg or \.pdf; got",
        ),
        (lambda e, d: plot_words(e, ["cat0", "dog0"], d / "no" / "a.png"), OutputError, "there is no directory"),
        (
            lambda e, d: plot_words(e, ["cat0", "dog0"], d / "a.png", "tsne"),
            ConfigError,
            'method must be "pca" or "umap"; got \'tsne\'',
        ),
        (lambda e, d: plot_words(e, ["cat0", "dog0"], d / "a.png", "umap"), ConfigError, "words must hold at least 5"),
        (
            lambda e, d: plot_heatmap(e, ["cat0", "dog0"], d / "a.png", order="x"),
            ConfigError,
            'order must be "clustered" or "given"; got \'x\'',
        ),
        (lambda e, d: plot_scores({}, d / "a.png"), ConfigError, "results must have 1 to 7 sets of vectors; got 0"),
        (lambda e, d: plot_scores({"a": []}, d / "a.png"), ConfigError, "results must hold at least one result"),
    ],
)
def test_illegal_arguments_leave_no_file(clustered, tmp_path, call, error, message):
    with pytest.raises(error, match=message):
        call(clustered, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_missing_extras_are_named(clustered, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "umap", None)
    with pytest.raises(
        MissingExtraError, match=r"a map by UMAP needs an optional dependency: pip install 'wordkin\[umap\]'"
    ):
        map_words(clustered, clustered.words, "umap")
    monkeypatch.setitem(sys.modules, "matplotlib.backends.backend_agg", None)
    with pytest.raises(
        MissingExtraError, match=r"drawing pictures needs an optional dependency: pip install 'wordkin\[plot\]'"
    ):
        plot_words(clustered, clustered.words, tmp_path / "a.png")


def test_umap_keeps_clusters_together(clustered, tmp_path):
    pytest.importorskip("umap")
    places, shares = map_words(clustered, clustered.words, "umap", seed=1)
    again, _ = map_words(clustered, clustered.words, "umap", seed=1)
    assert np.array_equal(places, again) and np.isnan(shares).all()
    groups = places.reshape(3, 8, 2)
    centres = groups.mean(axis=1)
    nearest = np.linalg.norm(places[:, None] - centres[None], axis=2).argmin(axis=1)
    assert nearest.tolist() == np.repeat([0, 1, 2], 8).tolist()
    plot_words(clustered, clustered.words, tmp_path / "umap.png", "umap")


def test_importing_the_plots_loads_no_matplotlib():
    code = "import sys, wordkin.plots; print(sorted({'matplotlib', 'scipy', 'umap', 'numba'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("count", [5, 60, 200])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_heatmaps_of_any_size_have_labels_that_can_be_read(count, theme):
    rng = np.random.default_rng(1)
    words = [f"word{number}" for number in range(count)]
    figure = plot_heatmap(Embeddings(Vocabulary(words), np.float32(rng.random((count, 5)))), words, theme=theme)
    width, height = figure.get_size_inches() * figure.dpi
    assert max(width, height) < 3200
    assert all(label.get_fontsize() >= 5 for label in figure.axes[0].get_yticklabels())


@pytest.mark.parametrize(
    ("matrix", "low", "high"),
    [([[1, 0.1], [1, 0.3], [0.9, 0.4]], 0.9, 1.0), ([[1, 0], [0.2, 1], [-0.3, 1]], -0.3, 0.9)],
)
def test_the_colour_scale_spans_the_cosines_of_different_words(matrix, low, high):
    figure = plot_heatmap(Embeddings(Vocabulary(list("abc")), np.float32(matrix)), list("abc"))
    assert figure.axes[0].images[0].get_clim() == pytest.approx((low, high))


def test_words_in_groups_have_colours_and_a_legend(clustered):
    groups = {kind: [f"{kind}{number}" for number in range(8)] for kind in ("cat", "dog", "car")}
    axes = plot_words(clustered, groups).axes[0]
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["cat", "dog", "car"]
    assert len(axes.collections) == 3
    found = plot_words(clustered, clustered.words, clusters=3).axes[0].collections
    assert sorted(len(points.get_offsets()) for points in found) == [8, 8, 8]


def test_pictures_have_titles_that_can_be_replaced_or_left_out(clustered):
    words = clustered.words[:5]
    assert plot_words(clustered, words).axes[0].get_title(loc="left") == "Map of 5 words (PCA)"
    assert plot_heatmap(clustered, words, title="Cats").axes[0].get_title(loc="left") == "Cats"
    assert plot_heatmap(clustered, words, title="").axes[0].get_title(loc="left") == ""


def test_pictures_are_drawn_on_given_axes(clustered):
    from matplotlib.figure import Figure

    figure = Figure(figsize=(12, 4))
    first, second, third = figure.subplots(1, 3)
    assert plot_words(clustered, clustered.words, ax=first) is figure
    assert plot_heatmap(clustered, clustered.words, ax=second) is figure
    assert plot_losses(of_epochs([3, 2]), ax=third) is figure
    assert first.texts and second.images and third.lines


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"theme": "blue"}, 'theme must be "light" or "dark"; got \'blue\''),
        ({"font": "Comic Sands"}, r"font must be an installed font family or a \.ttf, \.otf or \.ttc file; got"),
        ({"font": "missing.ttf"}, "font must be a readable font file; got 'missing.ttf'"),
        ({"clusters": 1}, "clusters must be a whole number from 2 to 7; got 1"),
        (
            {"words": {"a": ["cat0"], "b": ["cat0"]}},
            "words must name each word in only one group; got \"'cat0' in 'a' and 'b'",
        ),
        ({"words": {"a": ["cat0"], "b": ["cat1"]}, "clusters": 2}, "clusters must be left unset if words are given in"),
        ({"words": {str(n): [f"cat{n}"] for n in range(8)}}, "words must have at most 7 groups; got 8"),
    ],
)
def test_illegal_options_of_maps(clustered, options, message):
    with pytest.raises(ConfigError, match=message):
        plot_words(clustered, **({"words": clustered.words[:8]} | options))


def test_scores_fill_their_axis_and_totals_stand_apart(clustered, benchmark):
    figure = plot_scores({"a": [evaluate_file(clustered, benchmark)]})
    labels = figure.axes[0].get_yticklabels()
    assert [label.get_text() for label in labels] == [
        "one",
        "gram",
        "semantic",
        "syntactic",
        "total",
    ]  # "none" has no score
    assert [label.get_fontweight() for label in labels] == ["normal"] * 2 + ["bold"] * 3
    assert figure.axes[0].get_xlabel() == "1 row without a known word left out"


def test_scores_below_a_third_do_not_leave_two_thirds_empty():
    from wordkin.plots.scores import _span

    assert _span([0.21, 0.28]) == pytest.approx((0.2079, 0.2821), abs=1e-3)
    assert _span([0.02, 0.28]) == pytest.approx((-0.0084, 0.2884), abs=1e-3)
    assert _span([]) == pytest.approx((-0.03, 1.03))
