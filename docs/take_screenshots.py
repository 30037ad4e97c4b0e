"""Take the pictures of docs/lesson-pages.md: every page of the lesson, some dark, on a phone and in Korean.

    python docs/take_screenshots.py

It starts a studio of its own in an empty folder and looks at it with Chromium through Playwright for Python.
"""

from __future__ import annotations

import io
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import sync_playwright

from wordkin.studio.catalogue import Texts
from wordkin.studio.lesson.topics import TOPICS

DOCS = Path(__file__).parent
FOLDER = DOCS / "images" / "lesson"
STATES = {
    "one_hot": "preset=hello&order=appearance",
    "cbow": "preset=ice-cream&architecture=cbow&objective=softmax&step=800",
    "skip_gram": "objective=softmax",
    "update": "architecture=cbow",
    "tree": "preset=fruit&objective=hierarchical-softmax",
    "sampling": "noise=pizza,computer",
    "noise": "preset=royal",
    "subsampling": "preset=royal&subsample=0.03",
}
OTHERS = (
    ("dark", "sampling", "theme=dark&noise=pizza,computer", 1200),
    ("dark", "tree", "theme=dark&preset=fruit&objective=hierarchical-softmax", 1200),
    ("phone", "windows", "theme=light", 390),
    ("phone", "sampling", "theme=light&noise=pizza,computer", 390),
    ("korean", "cbow", "lang=ko&theme=light&preset=ice-cream-ko&architecture=cbow&objective=softmax&step=500", 1200),
    ("korean", "sampling", "lang=ko&theme=light&preset=cat-ko", 1200),
)  # fmt: skip


def main() -> None:
    """Take all pictures, then write the page that shows them."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    with socket.socket() as probe, tempfile.TemporaryDirectory() as empty:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        probe.close()
        command = [sys.executable, "-m", "wordkin", "studio", "--no-browser", "--port", str(port)]
        studio = subprocess.Popen(command, cwd=empty, stdout=subprocess.DEVNULL)
        try:
            wait_for(port)
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
                for topic in TOPICS:
                    take(browser, port, "light", topic, f"theme=light&{STATES.get(topic, '')}", 1200)
                for kind, topic, state, width in OTHERS:
                    take(browser, port, kind, topic, state, width)
                browser.close()
        finally:
            studio.terminate()
            studio.wait()
    write_page()


def wait_for(port: int) -> None:
    """Wait until the studio listens."""
    for _ in range(600):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise SystemExit("the studio did not start")


def take(browser: Any, port: int, kind: str, topic: str, state: str, width: int) -> None:
    """One picture, in few colours so that it is small."""
    page = browser.new_page(viewport={"width": width, "height": 900}, locale="en-US")
    page.goto(f"http://127.0.0.1:{port}/lesson?topic={topic}&{state}")
    page.wait_for_selector(".lesson-flow table")
    page.wait_for_function("document.querySelectorAll('.lesson-topic .notice[role=status]').length < 2")
    page.wait_for_timeout(6000 if topic in ("tables", "six") else 500)
    data = page.screenshot(full_page=True)
    page.close()
    FOLDER.mkdir(parents=True, exist_ok=True)
    picture = Image.open(io.BytesIO(data)).convert("RGB").quantize(96, dither=Image.Dither.NONE)
    picture.save(FOLDER / f"{kind}-{topic}.png", optimize=True)
    print(f"{kind}-{topic}.png")


def write_page() -> None:
    """docs/lesson-pages.md, with all pictures."""
    texts = Texts("en")
    lines = [
        "# The pages of the lesson",
        "",
        "Made by `docs/take_screenshots.py`. What each page shows stands in the [checklist](checklist.md),",
        "and how to use them in class in [a class hour](class-hour.md).",
    ]
    for number, topic in enumerate(TOPICS, 1):
        title = texts[f"lesson.topic.{topic}"]
        lines += ["", f"## {number}. {title}", "", f"![{title}](images/lesson/light-{topic}.png)"]
    lines += ["", "## Dark, on a phone, in Korean"]
    for kind, topic, _, _ in OTHERS:
        lines += ["", f"![{texts[f'lesson.topic.{topic}']}, {kind}](images/lesson/{kind}-{topic}.png)"]
    (DOCS / "lesson-pages.md").write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
