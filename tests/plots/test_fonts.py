from __future__ import annotations

import shutil
import warnings
from pathlib import Path

import pytest

from wordkin.plots import FontWarning
from wordkin.plots.fonts import DEFAULT_FAMILY, _coverage_of_family, families_for

matplotlib = pytest.importorskip("matplotlib")
BUNDLED = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
UNASSIGNED_SCRIPT = "\U00012000\U00012001"  # cuneiform, for which test machines are unlikely to have a font
EAST_ASIAN = {"Hangul": "서울 한국", "Han": "中国 數學", "Kana": "ひらがな カタカナ"}


def test_latin_greek_and_cyrillic_need_the_default_font_only():
    assert families_for(["straße", "Ελλάδα", "мир", "tab\tline\n"]) == [DEFAULT_FAMILY]


@pytest.mark.parametrize("text", EAST_ASIAN.values(), ids=EAST_ASIAN)
def test_east_asian_words_find_a_font_that_has_them(text):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FontWarning)
        families = families_for([text])
    if families == [DEFAULT_FAMILY]:
        pytest.skip("no font for this script is installed")
    covered = frozenset().union(*map(_coverage_of_family, families))
    assert {ord(character) for character in text if character != " "} <= covered


def test_characters_without_a_font_are_one_warning_that_says_what_to_install():
    with pytest.warns(FontWarning) as warned:
        families_for([UNASSIGNED_SCRIPT, UNASSIGNED_SCRIPT[0]])
    assert [str(each.message) for each in warned] == [
        "characters that no installed font contains are drawn as empty boxes (2 in total, such as "
        f"{UNASSIGNED_SCRIPT}; Cuneiform): install a font (on Debian and Ubuntu: fonts-noto-core), or pass "
        "a font file as font"
    ]


def test_missing_glyphs_are_drawn_with_one_warning_and_no_others(tmp_path):
    import numpy as np

    from wordkin.embeddings import Embeddings
    from wordkin.plots import plot_words
    from wordkin.vocabulary import Vocabulary

    vectors = Embeddings(Vocabulary(["a", UNASSIGNED_SCRIPT]), np.float32([[1, 0], [0, 1]]))
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        plot_words(vectors, ["a", UNASSIGNED_SCRIPT], tmp_path / "map.png")
    assert [each.category for each in warned] == [FontWarning]


def test_a_registered_font_file_comes_first(tmp_path):
    path = Path(shutil.copy(BUNDLED / "DejaVuSerif.ttf", tmp_path / "mine.ttf"))
    assert families_for(["a"], path)[0] == "DejaVu Serif"
    assert families_for(["a"], "DejaVu Sans Mono")[0] == "DejaVu Sans Mono"
