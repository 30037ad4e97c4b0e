"""Take the screenshots of the studio for the docs, and write the page ``docs/lesson-pages.md``.

    docs/screenshots.py [PREFIX...]

With prefixes such as ``studio/map`` or ``lesson/dark``, only pictures whose path below docs/images starts with one of
them are taken. The script first trains on the docstrings of this Python, so that the pictures show familiar words. It
needs Playwright for Python and Chromium.
"""

from __future__ import annotations

import io
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import wordkin
from wordkin.corpus.readers.docstrings import docstring_corpus
from wordkin.lesson import PRESETS
from wordkin.studio.catalogue import Texts
from wordkin.studio.lesson.choices import Choices
from wordkin.studio.lesson.topics import TOPICS

DOCS = Path(__file__).parent
IMAGES = DOCS / "images"
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
WIDE, PHONE = {"width": 1280, "height": 860}, {"width": 390, "height": 844}
# Variants of a page: its query string and the size of the viewport.
LOOKS: dict[str, tuple[str, dict[str, int]]] = {
    "light": ("lang=en&theme=light", WIDE),
    "dark": ("lang=en&theme=dark", WIDE),
    "phone": ("lang=en&theme=light", PHONE),
    "korean": ("lang=ko&theme=light", WIDE),
    "korean-phone": ("lang=ko&theme=light", PHONE),
}


@dataclass(frozen=True)
class Picture:
    """One screenshot: its path below docs/images, the address of the page, and a function that waits for the page."""

    path: str
    address: str
    wait: Callable[[Any], None]
    full_page: bool = False

    @property
    def look(self) -> str:
        """The key of `LOOKS` that the file name ends with (studio) or starts with (lesson)."""
        name = Path(self.path).stem
        names = sorted(LOOKS, key=len, reverse=True)
        return next(look for look in names if name.endswith(look) or name.startswith(look))


def settled(page: Any) -> None:
    """Wait until words and charts are shown."""
    page.wait_for_selector("main h1")
    page.wait_for_timeout(1500)


def map_drawn(page: Any) -> None:
    """Wait until the map shows points and labels."""
    page.wait_for_function("+document.querySelector('.word-map canvas')?.dataset.labels > 0")
    settled(page)


def trained(page: Any) -> None:
    """Start a short run and wait for its end."""
    page.get_by_role("button", name=re.compile("^(Start training|학습 시작)$")).click()
    page.wait_for_selector("dd:has-text('Finished'), dd:has-text('완료')", timeout=300_000)
    settled(page)


def computed(page: Any) -> None:
    """Wait until a page of the lesson shows its step and all computed results."""
    page.wait_for_selector(".lesson-flow table")
    page.wait_for_function("document.querySelectorAll('.lesson-topic .notice[role=status]').length < 2")
    page.wait_for_timeout(500)


def drawn_over_time(page: Any) -> None:
    """Wait like :func:`computed`, but long enough for charts that are computed over all steps."""
    computed(page)
    page.wait_for_timeout(5500)


EXPLORE = "/explore?vectors=docstrings.safetensors&word=float"
RUN = "/train?corpus=text.txt&epochs=6&vector_size=60&min_count=3&validation_fraction=0.05&watch=float+list+returns"
STUDIO = (
    *(Picture(f"studio/start-{look}.jpg", "/", settled) for look in ("light", "dark", "phone")),
    *(Picture(f"studio/map-{look}.jpg", f"{EXPLORE}&colour=cluster", map_drawn) for look in ("light", "dark", "phone")),
    Picture("studio/analogy-light.jpg", f"{EXPLORE}&tab=analogy&a=minimum&b=min&c=maximum", settled),
    Picture("studio/similarities-light.jpg", f"{EXPLORE}&tab=heatmap", settled),
    Picture("studio/odd-light.jpg", f"{EXPLORE}&tab=odd&odd=int+float+complex+file", settled),
    Picture("studio/compare-light.jpg", f"{EXPLORE}&tab=compare&other=cbow.safetensors", settled),
    *(Picture(f"studio/card-{look}.jpg", f"{EXPLORE}&tab=card", settled) for look in ("light", "dark")),
    Picture("studio/train-light.jpg", "/train", settled),
    *(Picture(f"studio/run-{look}.jpg", RUN, trained) for look in ("light", "dark", "korean-phone")),
)
STATES = {
    "one_hot": "preset=hello&order=appearance",
    "cbow": "preset=ice-cream&architecture=cbow&objective=softmax&step=440",
    "skip_gram": "objective=softmax",
    "update": "architecture=cbow",
    "tree": "preset=fruit&objective=hierarchical-softmax",
    "sampling": "noise=pizza,computer&step=72",
    "noise": "preset=royal",
    "subsampling": "preset=royal&subsample=0.03",
}
OTHER_LOOKS = (
    ("dark", "sampling", STATES["sampling"]),
    ("dark", "tree", STATES["tree"]),
    ("phone", "windows", ""),
    ("phone", "sampling", STATES["sampling"]),
    ("korean", "cbow", "preset=ice-cream-ko&architecture=cbow&objective=softmax&step=339"),
    ("korean", "sampling", "preset=cat-ko"),
)
LESSON = tuple(
    Picture(
        f"lesson/{look}-{topic}.png",
        f"/lesson?topic={topic}&{state}",
        drawn_over_time if topic in ("tables", "six") else computed,
        full_page=True,
    )
    for look, topic, state in (*(("light", topic, STATES.get(topic, "")) for topic in TOPICS), *OTHER_LOOKS)
)


def make_vectors(folder: Path) -> None:
    """Write two files of vectors and a text."""
    sentences = list(docstring_corpus(800_000))
    for name, architecture in (("docstrings", "skip-gram"), ("cbow", "cbow")):
        options: dict[str, Any] = {"architecture": architecture, "epochs": 4, "validation_fraction": 0.02}
        wordkin.train(sentences, output=folder / f"{name}.safetensors", **options)
    (folder / "text.txt").write_text("\n".join(" ".join(words) for words in sentences[:12_000]), encoding="utf-8")


@contextmanager
def studio_in(folder: Path) -> Iterator[str]:
    """Run the studio inside the block; yield its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "wordkin", "studio", "--no-browser", "--port", str(port)]
    server = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL)
    try:
        for _ in range(600):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        else:
            raise SystemExit("the studio did not start within a minute")
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(timeout=60)


def take(browser: Any, url: str, picture: Picture) -> None:
    """Take one screenshot, as PNG with few colours for tables or as JPEG for maps and charts."""
    from PIL import Image

    query, size = LOOKS[picture.look]
    page = browser.new_context(viewport=size, locale="en-US").new_page()
    page.set_default_timeout(120_000)
    page.goto(f"{url}{picture.address}{'&' if '?' in picture.address else '?'}{query}")
    picture.wait(page)
    if size is PHONE and page.locator(".q-tabs").count():
        page.evaluate("document.querySelector('.q-tabs').scrollIntoView()")
        page.wait_for_timeout(300)
    shown = Image.open(io.BytesIO(page.screenshot(full_page=picture.full_page))).convert("RGB")
    page.context.close()
    path = IMAGES / picture.path
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".png":
        shown.quantize(224, dither=Image.Dither.NONE).save(path, optimize=True)
    else:
        shown.save(path, quality=70, optimize=True)
    print(f"docs/images/{picture.path}: {path.stat().st_size // 1000} kB", flush=True)


def trained_on(texts: Texts, state: str) -> str:
    """Return a line that names the text, the architecture and the objective of a picture."""
    choices = Choices.of_state(dict(parse_qsl(state)), "en")
    architecture = "CBOW" if choices.architecture == "cbow" else choices.architecture
    objective = texts[f"lesson.objective.{choices.objective}"].lower()
    title = PRESETS[choices.preset].title.rstrip(".")
    return f'Text: "{title}". Model: {architecture} with {objective}.'


def write_lesson_page() -> None:
    """Write docs/lesson-pages.md, which shows all pictures of the lesson."""
    texts = Texts("en")
    lines = [
        "# The pages of the lesson",
        "",
        "This page shows a picture of each page of the lesson in the [studio](studio.md).",
        "The [checklist](checklist.md) lists what a learner sees on each page.",
        "[A class hour](class-hour.md) describes how to use the pages in class. `make screenshots` takes the pictures.",
        "",
        "Every page of the lesson works with any text. Each picture shows the example text that suits its page best.",
        "The line above a picture names the model and the text, as in the studio's list of example texts.",
    ]
    for number, topic in enumerate(TOPICS, 1):
        title = texts[f"lesson.topic.{topic}"]
        lines += ["", f"## {number}. {title}", "", trained_on(texts, STATES.get(topic, ""))]
        lines += ["", f"![{title}](images/lesson/light-{topic}.png)"]
    lines += ["", "## Dark mode, phone and Korean"]
    kinds = {"dark": "in dark mode", "phone": "on a phone", "korean": "in Korean"}
    for look, topic, state in OTHER_LOOKS:
        title = texts[f"lesson.topic.{topic}"]
        lines += [
            "",
            f'The page "{title}" {kinds[look]}. {trained_on(texts, state)}',
            "",
            f"![{title}, {look}](images/lesson/{look}-{topic}.png)",
        ]
    (DOCS / "lesson-pages.md").write_text("\n".join(lines) + "\n", encoding="utf-8")


def main() -> None:
    """Take the requested pictures."""
    from playwright.sync_api import sync_playwright

    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        raise SystemExit("Chromium is not installed: apt-get install chromium fonts-noto-cjk")
    wanted = [each for each in (*STUDIO, *LESSON) if each.path.startswith(tuple(sys.argv[1:]) or "")]
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        if any(each in STUDIO for each in wanted):
            make_vectors(Path(name))
        with studio_in(Path(name)) as url:
            browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
            for each in wanted:
                take(browser, url, each)
            browser.close()
    write_lesson_page()


if __name__ == "__main__":
    main()
