# ruff: noqa: E501, RUF001, RUF043 (tables of one case a line, some in Cyrillic)
"""Tests of benchmark files in their published layouts, shortened to a few lines, and of ambiguous files."""

from __future__ import annotations

import codecs
from pathlib import Path

import numpy as np
import pytest

import wordkin
from wordkin.errors import ConfigError, FormatError
from wordkin.evaluation import evaluate_file, read_dataset
from wordkin.evaluation.datasets import Analogies, WordCategories, WordPairs

SIMLEX = (
    "word1\tword2\tPOS\tSimLex999\tconc(w1)\tconc(w2)\tconcQ\tAssoc(USF)\tSimAssoc333\tSD(SimLex)\n"
    "old\tnew\tA\t1.58\t2.72\t2.81\t2\t7.25\t1\t0.41\nsmart\tintelligent\tA\t9.2\t1.75\t2.46\t1\t7.11\t1\t0.67\n"
)
MSIMLEX = (
    "Word1,Word2," + ",".join(map(str, range(1, 14))) + ",Average Score\n"
    "old,new,1,0,2,1,1,0,2,1,1,1,0,2,1,1.00\nsmart,intelligent,9,8,9,10,9,8,9,9,9,10,9,9,9,9.00\n"
)
RW = "squishing\tsquirt\t5.88\t7\t6\t3\t8\t5\nundated\tundatable\t5.83\t10\t5\t7\t4\t3\n"

# name: (text, pairs, scores, columns of the words and the score)
PAIRS = {
    "SimLex-999": (SIMLEX, ("old", "new"), [1.58, 9.2], (1, 2, 4)),
    "SimLex-999, four columns": ("old\tnew\tA\t1.58\nsmart\tintelligent\tA\t9.2\n", ("old", "new"), [1.58, 9.2], (1, 2, 4)),
    "MSimLex": (MSIMLEX, ("old", "new"), [1, 9], (1, 2, 16)),
    "SimVerb-3500": (
        "take\tremove\tV\t6.81\tSYNONYMS\nwalk\ttrail\tV\t4.81\tCOHYPONYMS\n", ("take", "remove"), [6.81, 4.81], (1, 2, 4),
    ),
    "RW": (RW, ("squishing", "squirt"), [5.88, 5.83], (1, 2, 3)),
    "MEN, natural form": ("sun sunlight 50.000000\nautomobile car 49.0\n", ("sun", "sunlight"), [50, 49], (1, 2, 3)),
    "MEN, lemma form": ("sun-n sunlight-n 50.0\nbake-v cook-v 49.0\nhot-j cold-j 1.0\n", ("sun", "sunlight"), [50, 49, 1], (1, 2, 3)),
    "WordSim-353": ("Word 1,Word 2,Human (mean)\nlove,sex,6.77\ntiger,cat,7.35\n", ("love", "sex"), [6.77, 7.35], (1, 2, 3)),
    "WordSim-353, each subject": (
        "Word 1,Word 2,Human (mean),1,2,3\nlove,sex,6.77,9,6,8\ntiger,cat,7.35,9,7,8\n", ("love", "sex"), [6.77, 7.35], (1, 2, 3),
    ),
    "WordSim-353, gensim": (
        "# The WordSimilarity-353 Test Collection (http://x.org/)\n# Word 1\tWord 2\tHuman (mean)\nlove\tsex\t6.77\n",
        ("love", "sex"), [6.77], (1, 2, 3),
    ),
    "WordSim-353, Korean": (
        "word 1,word 2,kor_score\n사랑,섹스,6.42\n호랑이,고양이,7.17\n", ("사랑", "섹스"), [6.42, 7.17], (1, 2, 3),
    ),
    "MTurk-287": ("episcopal,russia,2.75\nwater,shortage,2.714285714\n", ("episcopal", "russia"), [2.75, 2.714285714], (1, 2, 3)),
    "RG-65": ("cord;smile;0.02\nrooster;voyage;0.04\n", ("cord", "smile"), [0.02, 0.04], (1, 2, 3)),
    "MC-30, aligned with spaces": ("car         automobile  3.92\ngem  jewel   3.84\n", ("car", "automobile"), [3.92, 3.84], (1, 2, 3)),
    "YP-130": ("brag boast 4\nconcoct devise 4\n", ("brag", "boast"), [4, 4], (1, 2, 3)),
    "Card-660": ("football club\tmanager\t2.5\nCOVID\tcovidiot\t1\n", ("football club", "manager"), [2.5, 1], (1, 2, 3)),
    "Multi-SimLex": (
        "ID,Word 1,Word 2,POS,Average\n1,unhappy,sad,ADJ,5.1\n2,book,volume,N,4.2\n", ("unhappy", "sad"), [5.1, 4.2], (2, 3, 5),
    ),
    "an index without a name": (",word1,word2,score\n0,love,sex,6.77\n1,tiger,cat,7.35\n", ("love", "sex"), [6.77, 7.35], (2, 3, 4)),
    "an index without a header": ("1\tlove\tsex\t6.77\n2\ttiger\tcat\t7.35\n", ("love", "sex"), [6.77, 7.35], (2, 3, 4)),
    "Gur65": ("#Wort1:Wort2:Wert\nAutogramm:Küste:0.1\nFrucht:Ofen:0.2\n", ("Autogramm", "Küste"), [0.1, 0.2], (1, 2, 3)),
    "RUSSE": ("word1,word2,sim\nавтомобиль,машина,0.95\nлес,поле,0.2\n", ("автомобиль", "машина"), [0.95, 0.2], (1, 2, 3)),
    "PKU-500": ("word1\tword2\tscore\n没戏\t没辙\t4.3\n只管\t尽管\t3.2\n", ("没戏", "没辙"), [4.3, 3.2], (1, 2, 3)),
    "words and parts of speech in turn": (
        "word1,POS1,word2,POS2,mean\nold,A,new,A,1.5\nrun,V,walk,V,7\n", ("old", "new"), [1.5, 7], (1, 3, 5),
    ),
    "decimal comma, spaces": ("chat chien 7,35\nchat voiture 1,5\n", ("chat", "chien"), [7.35, 1.5], (1, 2, 3)),
    "decimal comma, one line": ("chat chien 7,35\n", ("chat", "chien"), [7.35], (1, 2, 3)),
    "decimal comma, tabs": ("chat\tchien\t7,35\nchat\tvoiture\t1\n", ("chat", "chien"), [7.35, 1], (1, 2, 3)),
    "decimal comma, semicolons": ("mot1;mot2;moyenne\nchat;chien;7,35\nchat;eau;0,5\n", ("chat", "chien"), [7.35, 0.5], (1, 2, 3)),
    "decimal comma, quotes": ('"chat","chien","7,35"\n"chat","eau","0,5"\n', ("chat", "chien"), [7.35, 0.5], (1, 2, 3)),
    "decimal comma below one": ("chat chien 0,350\nchat eau 1,250\n", ("chat", "chien"), [0.35, 1.25], (1, 2, 3)),
    "quoted CSV": ('word1,word2,score\n"new york, ny","boston",5\n"say ""hi""",hello,8\n', ("new york, ny", "boston"), [5, 8], (1, 2, 3)),
    "Excel": ("sep=;\nword1;word2;score\nlove;sex;6.77\n", ("love", "sex"), [6.77], (1, 2, 3)),
    "percentages": ("love,sex,67.7%\ntiger,cat,73 %\n", ("love", "sex"), [67.7, 73], (1, 2, 3)),
    "percentages, spaces": ("love sex 67%\ntiger cat 73%\n", ("love", "sex"), [67, 73], (1, 2, 3)),
    "an exponent first": ("love sex 1e1\ntiger cat 2\n", ("love", "sex"), [10, 2], (1, 2, 3)),
    "hashtags": ("#love #hate 3.4\n#cat #dog 7\n", ("#love", "#hate"), [3.4, 7], (1, 2, 3)),
    "hashtags and comments": ("# tweets\n#love #hate 3.4\ncat dog 7\n// the end\n", ("#love", "#hate"), [3.4, 7], (1, 2, 3)),
    "a comment without a space before all": ("#tweets\n#love #hate 3.4\ncat dog 7\n", ("#love", "#hate"), [3.4, 7], (1, 2, 3)),
    "emoticons": (":) :( 1.5\n:D :) 9\n", (":)", ":("), [1.5, 9], (1, 2, 3)),
    "words that are numbers": ("2019 2020 8.5\nnan inf 0.5\n", ("2019", "2020"), [8.5, 0.5], (1, 2, 3)),
    "a delimiter at the end of each line": ("love\tsex\t6.77\t\ntiger\tcat\t7.35\t\n", ("love", "sex"), [6.77, 7.35], (1, 2, 3)),
    "quotes and spaces": ('"new york" "boston" 5\n"sun" "moon" 4\n', ("new york", "boston"), [5, 4], (1, 2, 3)),
    "a header, a relation and whole scores": ("word1,word2,relation,score\na,b,syn,5\nc,d,ant,1\n", ("a", "b"), [5, 1], (1, 2, 4)),
    "bars": ("love | sex | 6.77\ntiger | cat | 7.35\n", ("love", "sex"), [6.77, 7.35], (1, 2, 3)),
    "short names that look like a header": ("w1 w2 5.5\nw3 w4 6.5\n", ("w1", "w2"), [5.5, 6.5], (1, 2, 3)),
    "negative scores and exponents": ("a b -1.5\nc d 2e-1\n", ("a", "b"), [-1.5, 0.2], (1, 2, 3)),
    "an unknown header": ("termino;altro;punti\ncane;gatto;5\nsole;luna;4\n", ("cane", "gatto"), [5, 4], (1, 2, 3)),
}  # fmt: skip


@pytest.mark.parametrize("name", PAIRS)
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"], ids=["unix", "windows", "old mac"])
def test_word_pairs(tmp_path: Path, name, line_end):
    text, first, scores, columns = PAIRS[name]
    path = tmp_path / "pairs.txt"
    path.write_bytes(codecs.BOM_UTF8 + text.replace("\n", line_end).encode())
    dataset = read_dataset(path)
    assert isinstance(dataset, WordPairs)
    assert (dataset.pairs[0], list(dataset.scores)) == (first, scores)
    assert tuple(dataset.reading.columns.values()) == columns
    assert (dataset.reading.used, dataset.reading.dropped) == (len(scores), ())


def test_the_report_says_what_was_understood(write_file, make_embeddings):
    result = evaluate_file(make_embeddings(["old", "new", "smart", "intelligent"]), write_file(MSIMLEX))
    assert str(result.reading) == (
        "read as similarity: by comma, header in the first line, columns 1 first ('Word1'), 2 second ('Word2'), "
        "16 score ('Average Score'); 2 rows used, none left out"
    )
    assert result.to_dict()["reading"]["header"][-1] == "Average Score"
    lemmas = read_dataset(write_file(PAIRS["MEN, lemma form"][0])).reading
    assert 'removed the parts of speech from words such as "sun-n"' in str(lemmas)
    assert read_dataset(write_file("# by x\na b 7,5\n")).reading.comments == 1
    assert "decimal comma" in str(read_dataset(write_file("a b 7,5\n")).reading)


def test_utf_16_is_seen_from_its_mark_and_other_encodings_are_named(tmp_path: Path):
    path = tmp_path / "pairs.txt"
    path.write_bytes("Straße\tWeg\t5\n".encode("utf-16"))
    assert read_dataset(path).pairs == (("Straße", "Weg"),)
    path.write_bytes("Straße\tWeg\t5\n".encode("latin-1"))
    assert read_dataset(path, encoding="latin-1").pairs == (("Straße", "Weg"),)
    with pytest.raises(
        ConfigError, match="encoding must be the name of an encoding, such as utf-8 or latin-1; got 'latin-99'"
    ):
        read_dataset(path, encoding="latin-99")
    path.write_bytes(b"cat\x03\x04\x00\x00")
    with pytest.raises(FormatError, match="must be a text file; got null bytes"):
        read_dataset(path)


# --- ambiguous files: refused without the option that decides, and read with it


@pytest.mark.parametrize(
    ("text", "message", "options", "expected"),
    [
        ("a,b,3,4\nc,d,5,6\n", "each of columns 3, 4 can be the score: pass score_column=3 or another of them, or decimal=','",
         {"score_column": 4}, [4, 6]),
        ("a,b,3,4\nc,d,5,6\n", "can be the score", {"decimal": ",", "delimiter": ","}, [3.4, 5.6]),
        ("a b 3.5 4.5\nc d 5.5 6.5\n", "each of columns 3, 4 can be the score", {"score_column": "3"}, [3.5, 5.5]),
        ("w;v;sim;rel\na;b;1;2\nc;d;3;4\n", "each of columns 3 \\('sim'\\), 4 \\('rel'\\) can be the score", {"score_column": "rel"}, [2, 4]),
        ("old\tnew\tA\t1.58\t2.72\t2.81\nfar\tnear\tA\t9.2\t1.75\t2.46\n", "each of columns 4, 5, 6 can be the score", {"score_column": 4}, [1.58, 9.2]),
        ("word1 word2 1\na b 2\n", r"line 1: could be a header \(judging by its first cells\) or a word pair \(judging by its numbers\): pass header=True",
         {"header": True}, [2]),
        ("word1 word2 1\na b 2\n", "pass header=True or header=False", {"header": False}, [1, 2]),
        ("a b 1,234\nc d 5,678\n", "the comma of '1,234' can be a decimal mark or a thousands separator", {"decimal": ","}, [1.234, 5.678]),
        ("a b 1.5\nc d 2,5\n", "scores must have one decimal mark; got points and commas", {"decimal": ".", "bad_items": "skip"}, [1.5]),
        ("# love\tsex\t6.77\ntiger\tcat\t7\n", "can be read as a comment or as an item: pass comments=True", {"comments": True}, [7]),
        ("# hate 3.4\na b 7\n", "line 1: can be read as a comment or as an item", {"comments": False}, [3.4, 7]),
        ("a b 7\n#c d\n", "line 2: an item must have 3 columns, and a comment must have a space after its mark", {"comments": True}, [7]),
        ("one 1 two 2\nthree 3 four 4\n", "can be read as analogies .* or as similarity .*: pass kind=\"analogies\" or kind=\"similarity\"",
         {"kind": "similarity", "word_columns": (1, 3), "score_column": 4}, [2, 4]),
        ("old A new A 1.5\nrun V walk V 7\n", "column 2 may contain words or parts of speech: .* word_columns=\\(1, 3\\)", {"word_columns": (1, 3)}, [1.5, 7]),
        ("a\tb 7\nc d\t8\n", "can be read as two columns by tabs or as three by white space: pass delimiter=", {"delimiter": "space"}, [7, 8]),
        ("a b 1\nc d\n", "line 2: a word pair must have two words and a finite score; got 'c d': pass bad_items=\"skip\"",
         {"bad_items": "skip", "kind": "similarity"}, [1]),
        ("a,b,1\nc,d,\ne,f,nan\ng,h,inf\n", "line 2: a word pair must have two words and a finite score", {"bad_items": "skip"}, [1]),
        ("word1,word2,score\nlove,sex,6.77\nnew york, ny,boston,5\nsun,moon,4\nsky,sea,3\nred,blue,2\ncup,tea,1\nbig,huge,9\nlow,high,1\n"
         "hot,cold,1\nleft,right,1\n", "line 3: a word pair must have 3 columns like the others, not 4",
         {"bad_items": "skip"}, [6.77, 4, 3, 2, 1, 9, 1, 1, 1]),
    ],
)  # fmt: skip
def test_two_readings_are_refused_with_the_option_that_decides(write_file, text, message, options, expected):
    with pytest.raises(FormatError, match=message):
        read_dataset(write_file(text))
    dataset = read_dataset(write_file(text), **options)
    assert list(dataset.scores) == expected


def test_rows_left_out_are_listed(write_file):
    reading = read_dataset(write_file("a b 1\nc d\n\ne f nan\n"), "similarity", bad_items="skip").reading
    assert reading.dropped[0] == (2, "a word pair must have two words and a finite score")
    assert [line for line, _ in reading.dropped] == [2, 4]
    assert "1 rows used, 2 left out (line 2: a word pair" in str(reading)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"score_column": 9}, "score_column must be the number of a column, from 1 to 3; got 9"),
        ({"score_column": "mean"}, "score_column must be the name of exactly one of the columns 'word1', 'word2', 'score'; got 'mean'"),
        ({"score_column": 0}, "score_column must be the name of a column or its number from 1; got 0"),
        ({"word_columns": (1, 1)}, r"word_columns must be two different columns, by name or by number from 1; got \(1, 1\)"),
        ({"delimiter": ";"}, "delimiter must occur in the lines of .*; got ';'"),
        ({"delimiter": "x"}, 'delimiter must be one of "tab", "comma", "semicolon", "colon", "bar", "space"; got'),
        ({"decimal": "·"}, 'decimal must be one of ".", ","; got'),
        ({"header": "no"}, "header must be True, False or None; got 'no'"),
        ({"bad_items": "drop"}, 'bad_items must be one of "refuse", "skip"; got'),
        ({"pairs_per_relation": 1}, "pairs_per_relation must be a whole number from 2 up; got 1"),
        ({"column": 1}, "column is not an option of reading a benchmark file; got 1: the options are bad_items, "),
    ],
)  # fmt: skip
def test_options_are_checked(write_file, options, message):
    with pytest.raises(ConfigError, match=message):
        read_dataset(write_file("word1\tword2\tscore\na\tb\t1\n"), **options)


def test_a_score_column_without_a_header_has_a_number(write_file):
    with pytest.raises(
        ConfigError, match="score_column must be the number of a column, because the file has no header; got 'x'"
    ):
        read_dataset(write_file("a b 1\n"), score_column="x")


# --- scores and answers in a second file


def test_semeval_2017_has_its_scores_in_a_second_file(tmp_path: Path):
    data, gold = tmp_path / "en.test.data.txt", tmp_path / "en.test.gold.txt"
    data.write_text("multiple sclerosis\tMRI\nJUICE\tthe movie\nMercury\tHermes\n")
    with pytest.raises(
        FormatError, match="its name says that the scores or answers are in a second file, 'en.test.gold.txt'"
    ):
        read_dataset(data)
    gold.write_text("2.5\n0.00\n3.67\n")
    dataset = read_dataset(data)
    assert (dataset.pairs[0], dataset.scores) == (("multiple sclerosis", "MRI"), (2.5, 0.0, 3.67))
    assert dataset.reading.files == ("en.test.data.txt", "en.test.gold.txt")
    gold.write_text("2.5\n0.00\n")
    with pytest.raises(FormatError, match=r"must have a line for each line of en\.test\.data\.txt; got 2 lines for 3"):
        read_dataset(data)
    other = tmp_path / "scores.txt"
    other.write_text("1\n2\n3\n")
    assert read_dataset(data, gold=other).scores == (1, 2, 3)


def test_translations_and_scores_of_multi_simlex_are_joined_by_their_id(tmp_path: Path):
    words, scores = tmp_path / "translation.csv", tmp_path / "scores.csv"
    words.write_text(
        "ID,POS,ENG 1,ENG 2,FRA 1,FRA 2\n1,ADJ,unhappy,sad,malheureux,triste\n2,N,book,volume,livre,tome\n"
    )
    scores.write_text("ID,ENG,FRA\n2,4.2,4.0\n1,5.1,5.5\n")
    dataset = read_dataset(
        words, "similarity", gold=scores, header=True, word_columns=("FRA 1", "FRA 2"), score_column="FRA"
    )
    assert (dataset.pairs[0], dataset.scores) == (("malheureux", "triste"), (5.5, 4.0))
    scores.write_text("ID,ENG\n1,5.1\n")
    with pytest.raises(FormatError, match=r"there must be a line for each ID of translation\.csv; got none for '2'"):
        read_dataset(words, "similarity", gold=scores, header=True, word_columns=(3, 4), score_column="ENG")


def test_msr_has_its_answers_in_a_second_file(tmp_path: Path):
    questions, answers = tmp_path / "word_relationship.questions", tmp_path / "word_relationship.answers"
    questions.write_text("good better rough\ngood best rough\n")
    answers.write_text("JJ_JJR rougher\nJJ_JJS roughest\n")
    dataset = read_dataset(questions)
    assert dataset.questions == (("good", "better", "rough", "rougher"), ("good", "best", "rough", "roughest"))
    assert [section.name for section in dataset.sections] == ["JJ_JJR", "JJ_JJS"]
    answers.write_text("rougher\nroughest\n")
    assert read_dataset(questions).questions == dataset.questions


# --- analogies


@pytest.mark.parametrize(
    ("text", "sections"),
    [
        ("good better rough rougher\ngood best rough roughest\n", [""]),
        ("JJ_JJR good better rough rougher\nNN_NNPOS time time's cat cat's\n", ["JJ_JJR", "NN_NNPOS"]),
        ("good/JJ better/JJR rough/JJ rougher/JJR\n", [""]),
        ("good,better,rough,rougher\n", [""]),
        ("word1\tword2\tword3\tword4\ngood\tbetter\trough\trougher\n", [""]),
        (": capital-common-countries\nathens greece oslo norway\n", ["capital-common-countries"]),
        (":hlavni-mesta\npraha česko oslo norsko\n", ["hlavni-mesta"]),
        (": 수도\n서울 한국 도쿄 일본\n", ["수도"]),
        (": tags\n#a #b #c #d\n", ["tags"]),
        (": numbers\none 1 two 2\n", ["numbers"]),
    ],
)
def test_analogies(write_file, text, sections):
    dataset = read_dataset(write_file(text))
    assert isinstance(dataset, Analogies)
    assert [section.name for section in dataset.sections] == sections
    assert all(len(set(question)) == 4 and not any("/" in word for word in question) for question in dataset.questions)


def test_bats_pairs_become_questions_with_several_answers(tmp_path: Path, make_embeddings):
    path = tmp_path / "I01 [noun - plural_reg].txt"
    path.write_text("album\talbums\narea\tareas/regions\ncat\tcats\n")
    dataset = read_dataset(path)
    assert len(dataset.questions) == 6
    assert dataset.questions[0] == ("album", "albums", "area", "areas")
    assert dataset.accepted[0] == ("areas", "regions")
    assert dataset.questions[2] == ("area", "areas", "album", "albums")
    assert dataset.reading.kind == "relations"
    assert "3 pairs of 1 relations became 6 questions" in str(dataset.reading)
    rng = np.random.default_rng(0)
    singular, offset = rng.standard_normal((3, 10)), 3 * rng.standard_normal(10)
    words = ["album", "area", "cat", "albums", "regions", "cats"]
    result = evaluate_file(make_embeddings(words, [*singular, *(singular + offset)]), path)
    assert (result.total.questions, result.total.known) == (6, 4)  # "areas" is unknown when it is the second word
    assert result.total.correct["3cosadd"] == 4 and result.syntactic is not None and result.semantic is None


def test_a_directory_of_bats_is_one_benchmark(tmp_path: Path):
    for name, text in {
        "1_Inflectional_morphology/I01 [noun - plural_reg].txt": "album\talbums\narea\tareas\n",
        "3_Encyclopedic_semantics/E02 [country - language].txt": "chile\tspanish\nperu\tspanish/quechua\nfrance\tfrench\n",
        "metadata.json": "{}",
        "README.txt": "see the paper",
    }.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    dataset = read_dataset(tmp_path)
    assert [(section.name, len(section)) for section in dataset.sections] == [
        ("I01 [noun - plural_reg]", 2), ("E02 [country - language]", 5),
    ]  # fmt: skip
    assert "1 questions left out whose answer is a word of the question" in str(dataset.reading)
    assert read_dataset(tmp_path, pairs_per_relation=2).reading.notes[1] == "1 pairs left out by pairs_per_relation=2"
    (tmp_path / "other.txt").write_text("a b 1\n")
    with pytest.raises(
        FormatError, match="each file of a directory must hold word pairs of one relation; this one contains sim"
    ):
        read_dataset(tmp_path)


def test_relations_may_be_sections_and_are_not_expanded_without_end(write_file):
    dataset = read_dataset(write_file(": capital\nathens greece\noslo norway\n: plural\ncat cats\ndog dogs\n"))
    assert [(section.name, len(section)) for section in dataset.sections] == [("capital", 2), ("plural", 2)]
    wordrep = "".join(f"word{i}\tother{i}\n" for i in range(1500))
    with pytest.raises(
        FormatError, match="must make at most 2,000,000 questions; got 2,248,500 or more: pass pairs_per_relation"
    ):
        read_dataset(write_file(wordrep))
    assert len(read_dataset(write_file(wordrep), pairs_per_relation=50).questions) == 2450


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("chile spanish\nperu spanish\nfrance french\n", "can be read as categories (a second column whose values repeat) or as"),
        ("animal dog\nanimal cat\ncolour red\n", "can be read as categories (a first column whose values repeat) or as relations ("),
        ("dog animal\n", 'pass kind="categories" or kind="relations"'),
        ("dog 1\ncat 2\n", "the kind of benchmark cannot be detected from 2 columns separated by space; the first line is 'dog 1'"),
    ],
)  # fmt: skip
def test_two_columns_that_may_be_either_are_refused(write_file, text, message):
    with pytest.raises(FormatError) as caught:
        read_dataset(write_file(text))
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("word,category\ndog,animal\ncat,animal\nred,colour\n", WordCategories),
        ("dog animal\ncat animal\nred colour\nblue colour\n", WordCategories),
        ("dog 1\ncat 1\nred 2\nblue 2\n", WordCategories),
        ("word1\tword2\nchile\tspanish\nperu\tspanish\nfrance\tfrench\n", Analogies),
        ("album\talbums\narea\tareas\n", Analogies),
        ("#love #loves\n#like #likes\n", Analogies),
    ],
)
def test_two_columns_of_one_kind(write_file, text, kind):
    assert isinstance(read_dataset(write_file(text)), kind)


@pytest.mark.parametrize(
    "text",
    [
        "".join(f"animal{i}-n\tmammal\tattri\tword{i}-j\n" for i in range(30)),  # BLESS: the third word is a relation
        "cat\ndog\nmouse\n\ncar\nhouse\n",
        "enormously | appropriately | uniquely | tremendously | decidedly\n",
        "a b 1/2\nc d 3/4\n",
    ],
)
def test_what_is_no_benchmark_of_a_known_kind_is_refused(write_file, text):
    with pytest.raises(FormatError, match="the kind of benchmark cannot be detected"):
        read_dataset(write_file(text))


def test_a_file_of_comments_holds_no_item(write_file):
    with pytest.raises(FormatError, match="must hold at least one item; got none"):
        read_dataset(write_file("# nothing\n// here\n"))


def test_random_vectors_gain_nothing_from_a_file_of_bats(write_file, make_embeddings):
    """If it were read as categories of one word each, any vectors would score 1.0."""
    text = "".join(f"w{i}\tw{i}s\n" for i in range(10))
    words = [f"w{i}{end}" for i in range(10) for end in ("", "s")]
    result = evaluate_file(make_embeddings(words), write_file(text))
    assert result.kind == "analogies" and result.total.accuracy().value < 0.5
    with pytest.raises(FormatError, match="any vectors have purity 1.0"):
        evaluate_file(make_embeddings(words), write_file(text), kind="categories")


@pytest.mark.parametrize("first", ["7*", "~7", "(7)", "n/a", "?", "**"])
def test_a_first_score_that_is_none_makes_no_header(tmp_path, first):
    path = tmp_path / "pairs.csv"
    path.write_text(f"love,sex,{first}\ntiger,cat,7\nsun,moon,5\n")
    with pytest.raises(FormatError, match="line 1: a word pair must have two words and a finite score"):
        read_dataset(path)
    assert len(read_dataset(path, bad_items="skip").pairs) == 2
    assert len(read_dataset(path, header=True).pairs) == 2


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"\x1f\x8b\x08\0\0", "compressed with gzip: unpack it first"),
        (b"PK\x03\x04\x14\0", "an archive or a spreadsheet"),
        (b"%PDF-1.7 word1 word2", "a PDF"),
        (b"<html>\n<body>404</body>\n</html>\n", "a web page: download the file itself"),
        (b"\n<!DOCTYPE html>\n<html>cat dog 3", "a web page: download the file itself"),
    ],
)
def test_files_that_are_no_text_are_named(tmp_path, content, what):
    (tmp_path / "pairs.txt").write_bytes(content)
    with pytest.raises(FormatError, match=f"must be a text file, but is {what}"):
        read_dataset(tmp_path / "pairs.txt")


@pytest.mark.parametrize("benchmark", ["pairs.txt", [("a", "b", 1.0)]])
def test_what_is_no_option_of_evaluating_is_refused(benchmark):
    vectors = wordkin.Embeddings(wordkin.Vocabulary(["a", "b"]), np.eye(2, dtype=np.float32))
    with pytest.raises(
        ConfigError, match=r"^resample is not an option of evaluation; got 5: did you mean resamples\?$"
    ):
        vectors.evaluate(benchmark, resample=5)
    with pytest.raises(
        ConfigError, match=r"^progress is not an option of evaluation; got True: the options are bad_items"
    ):
        vectors.evaluate(benchmark, progress=True)
