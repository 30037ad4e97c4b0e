from __future__ import annotations

import pytest

from wordkin.errors import ConfigError
from wordkin.evaluation import evaluate_file
from wordkin.evaluation.section_groups import group_sections


@pytest.mark.parametrize(
    ("names", "groups"),
    [
        (["capital-world", "gram1-adjective-to-adverb"], ["semantic", "syntactic"]),
        (["sem1_capital-conturies", "sem5_misc", "syn1_case", "syn5_honorific"], ["semantic"] * 2 + ["syntactic"] * 2),
        (["I01 [noun - plural_reg]", "D02 [un+adj_reg]"], ["syntactic", "syntactic"]),
        (["E01 [country - capital]", "L01 [hypernyms - animals]"], ["semantic", "semantic"]),
        (["JJ_JJR", "NN_NNPOS"], ["syntactic", "syntactic"]),
        (["의미1_수도", "문법1_시제"], ["semantic", "syntactic"]),
        (["语义-首都", "语法-时态"], ["semantic", "syntactic"]),
        (["hlavni-mesta", "gram1-plural"], ["semantic", "syntactic"]),
        (["towns", "sem1", "syn1"], [None, "semantic", "syntactic"]),
        (["towns", "rivers", "family"], [None, None, "semantic"]),
        (["grammar: 1"], ["syntactic"]),
    ],
)
def test_known_names(names, groups):
    assert group_sections(names) == groups


def test_patterns_decide():
    assert group_sections(["towns", "A1", "A2"], ["A*"]) == ["semantic", "syntactic", "syntactic"]
    with pytest.raises(
        ConfigError, match=r"syntactic_sections must match a section of the file \('towns'\); got 'B\*'"
    ):
        group_sections(["towns"], ["B*"])
    with pytest.raises(ConfigError, match="syntactic_sections must be a list of names or patterns; got 'A'"):
        group_sections(["A"], "A")


def test_totals_of_a_korean_file(make_embeddings, write_file):
    text = ": sem1_capital\n아테네 그리스 오슬로 노르웨이\n: syn1_case\n나 내가 너 네가\n너 네가 나 내가\n"
    result = evaluate_file(make_embeddings(["나", "내가", "너", "네가"]), write_file(text))
    assert (result.semantic.questions, result.syntactic.questions, result.total.questions) == (1, 2, 3)
    result = evaluate_file(make_embeddings(["나"]), write_file(text), syntactic_sections=["sem*"])
    assert (result.semantic.questions, result.syntactic.questions) == (2, 1)
