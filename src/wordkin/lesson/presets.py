"""Example texts for lessons."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

_SMALL: dict[str, Any] = {"vector_size": 4, "window": 2, "dynamic_window": False, "learning_rate": 0.3, "epochs": 40}


@dataclass(frozen=True, slots=True)
class Preset:
    """An example text, and options that suit it.

    Attributes
    ----------
    name : str
        Short ASCII name, used in URLs.
    language : {"en", "ko"}
        Language of the text.
    title : str
        Title in a list of texts, in the language of the text.
    text : str
        The text, one sentence per line.
    options : mapping
        Options of :func:`wordkin.lesson.lesson_config`.
    noise : tuple of str
        Noise words that suit the text; empty if noise words should be drawn.
    """

    name: str
    language: str
    title: str
    text: str
    options: MappingProxyType[str, Any]
    noise: tuple[str, ...] = ()


def _preset(name: str, language: str, title: str, text: str, noise: tuple[str, ...] = (), **options: Any) -> Preset:
    return Preset(name, language, title, text, MappingProxyType({**_SMALL, **options}), noise)


PRESETS: dict[str, Preset] = {
    preset.name: preset
    for preset in (
        _preset("hello", "en", "You say goodbye and I say hello.", "You say goodbye and I say hello."),
        _preset(
            "cat", "en", "The fat cat sat on the mat; pizza computer cute mighty",
            "the fat cat sat on the mat\npizza computer cute mighty",
            noise=("pizza", "computer"), negative=2,
        ),
        _preset(
            "ice-cream", "en", "A gap to fill: ice cream",
            "on the way home I ate cold ice cream\n"
            "my teeth ached with cold so it was hard to eat\n"
            "ice cream is so cold that my teeth ached\n"
            "my stomach was full so it was hard to eat",
            architecture="cbow", vector_size=5,
        ),
        _preset(
            "fruit", "en", "Fruit and juice",
            "we eat an apple\nwe eat an orange\nwe eat a pear\nwe drink apple juice\nwe drink orange juice\n"
            "we drink pear juice\nthey eat an apple\nthey eat a pear\nthey drink orange juice",
            epochs=30,
        ),
        _preset(
            "royal", "en", "King and queen",
            "the king is a man\nthe queen is a woman\nthe prince is a boy\nthe princess is a girl\n"
            "a man was a boy\na woman was a girl\nthe king was a prince\nthe queen was a princess",
            epochs=30, vector_size=5,
        ),
        _preset(
            "capitals", "en", "Countries and capitals",
            "paris is the capital of france\nrome is the capital of italy\nseoul is the capital of korea\n"
            "people in france love paris\npeople in italy love rome\npeople in korea love seoul",
            epochs=30, vector_size=5,
        ),
        _preset(
            "weather", "en", "A weather diary, with unequal counts",
            "rain rain sun wind rain snow rain\nfog rain sun rain hail wind rain\nrain frost rain wind rain sun storm\n"
            "sun rain fog snow rain hail\nrain frost sun rain snow fog\nwind rain storm hail rain frost",
            epochs=30,
        ),
        _preset("hello-ko", "ko", "너는 안녕이라 하고 나는 반갑다 한다", "너는 안녕이라 하고 나는 반갑다 한다 ."),
        _preset(
            "cat-ko", "ko", "살찐 고양이가 깔개 위에 앉았다; 피자 컴퓨터 귀여운 강력한",
            "그 살찐 고양이가 그 깔개 위에 앉았다\n피자 컴퓨터 귀여운 강력한",
            noise=("피자", "컴퓨터"), negative=2,
        ),
        _preset(
            "ice-cream-ko", "ko", "빈칸 채우기: 아이스크림",
            "집에 오는 길에 차가운 아이스크림을 먹었다\n"
            "이가 너무 시려서 먹기가 힘들었다\n"
            "아이스크림이 너무 차가워서 이가 시려서 힘들었다\n"
            "배가 너무 불러서 먹기가 힘들었다",
            architecture="cbow", vector_size=5,
        ),
        _preset(
            "fruit-ko", "ko", "과일과 주스",
            "우리는 사과를 먹는다\n우리는 귤을 먹는다\n우리는 배를 먹는다\n우리는 사과 주스를 마신다\n"
            "우리는 귤 주스를 마신다\n우리는 배 주스를 마신다\n그들은 사과를 먹는다\n그들은 귤 주스를 마신다",
            epochs=30,
        ),
        _preset(
            "royal-ko", "ko", "왕과 왕비",
            "왕은 남자 이다\n왕비는 여자 이다\n왕자는 소년 이다\n공주는 소녀 이다\n"
            "남자 는 소년 이었다\n여자 는 소녀 이었다",
            epochs=30, vector_size=5,
        ),
        _preset(
            "capitals-ko", "ko", "나라와 수도",
            "파리 는 프랑스 의 수도 이다\n로마 는 이탈리아 의 수도 이다\n서울 은 한국 의 수도 이다\n"
            "프랑스 사람 은 파리 를 좋아한다\n이탈리아 사람 은 로마 를 좋아한다\n한국 사람 은 서울 을 좋아한다",
            epochs=30, vector_size=5,
        ),
        _preset(
            "weather-ko", "ko", "날씨 일기 (빈도 차이가 큼)",
            "비 비 해 바람 비 눈 비\n안개 비 해 비 우박 바람 비\n비 서리 비 바람 비 해 폭풍\n"
            "해 비 안개 눈 비 우박\n비 서리 해 비 눈 안개\n바람 비 폭풍 우박 비 서리",
            epochs=30,
        ),
    )
}  # fmt: skip
