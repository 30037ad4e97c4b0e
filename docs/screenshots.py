"""Write a picture of each page of the studio into docs/images/studio: light, dark, and on a phone.

    docs/screenshots.py [NAME...]

trains on the docstrings of this Python first, so that the pictures show words that people know. With names, only
pictures whose names begin so are written. Needs Playwright for Python and a Chromium of the system.
"""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import wordkin
from wordkin.corpus.readers.docstrings import docstring_corpus

FOLDER = Path(__file__).parent / "images" / "studio"
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
WIDE, PHONE = {"width": 1280, "height": 860}, {"width": 390, "height": 844}
MAP_DRAWN = "+document.querySelector('.word-map canvas')?.dataset.labels > 0"


def settled(page: Any) -> None:
    """Wait until words and charts are there."""
    page.wait_for_selector("main h1")
    page.wait_for_timeout(1500)


def map_drawn(page: Any) -> None:
    page.wait_for_function(MAP_DRAWN)
    settled(page)


def trained(page: Any) -> None:
    """Start a short run and wait for its end."""
    page.get_by_role("button", name=re.compile("^(Start training|학습 시작)$")).click()
    page.wait_for_selector("dd:has-text('Finished'), dd:has-text('완료')", timeout=300_000)
    settled(page)


EXPLORE = "/explore?vectors=docstrings.safetensors&word=float"
RUN = "/train?corpus=text.txt&epochs=6&vector_size=60&min_count=3&validation_fraction=0.05&watch=float+list+returns"
# name, address, what to wait for; each is taken light, dark and on a phone
PAGES: tuple[tuple[str, str, Callable[[Any], None]], ...] = (
    ("start", "/", settled),
    ("map", f"{EXPLORE}&colour=cluster", map_drawn),
    ("analogy", f"{EXPLORE}&tab=analogy&a=minimum&b=min&c=maximum", settled),
    ("similarities", f"{EXPLORE}&tab=heatmap", settled),
    ("odd", f"{EXPLORE}&tab=odd&odd=int+float+complex+file", settled),
    ("compare", f"{EXPLORE}&tab=compare&other=cbow.safetensors", settled),
    ("card", f"{EXPLORE}&tab=card", settled),
    ("train", "/train", settled),
    ("run", RUN, trained),
)


def make_vectors(folder: Path) -> None:
    """Two files of vectors and a text."""
    sentences = list(docstring_corpus(800_000))
    for name, architecture in (("docstrings", "skip-gram"), ("cbow", "cbow")):
        options: dict[str, Any] = {"architecture": architecture, "epochs": 4, "validation_fraction": 0.02}
        wordkin.train(sentences, output=folder / f"{name}.safetensors", **options)
    (folder / "text.txt").write_text("\n".join(" ".join(words) for words in sentences[:12_000]), encoding="utf-8")


def take(browser: Any, url: str, wanted: list[str]) -> None:
    """Take the pictures."""
    for name, address, wait in PAGES:
        for kind in ("light", "dark", "phone"):
            if wanted and not f"{name}-{kind}".startswith(tuple(wanted)):
                continue
            extra = "&" if "?" in address else "?"
            size, language, theme = (PHONE, "ko", "light") if kind == "phone" else (WIDE, "en", kind)
            page = browser.new_context(viewport=size).new_page()
            page.set_default_timeout(120_000)
            page.goto(f"{url}{address}{extra}lang={language}&theme={theme}")
            wait(page)
            if kind == "phone" and page.locator(".q-tabs").count():
                page.evaluate("document.querySelector('.q-tabs').scrollIntoView()")
                page.wait_for_timeout(300)
            path = FOLDER / f"{name}-{kind}.jpg"
            page.screenshot(path=path, type="jpeg", quality=70)
            print(f"{path.relative_to(FOLDER.parents[2])}: {path.stat().st_size // 1000} kB", flush=True)
            page.context.close()


def main() -> None:
    from playwright.sync_api import sync_playwright

    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        raise SystemExit("no chromium on this machine: apt-get install chromium fonts-noto-cjk")
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        folder = Path(name)
        make_vectors(folder)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        command = [sys.executable, "-m", "wordkin", "studio", "--no-browser", "--port", str(port)]
        server = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL)
        try:
            while socket.socket().connect_ex(("127.0.0.1", port)) != 0:
                time.sleep(0.1)
            browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
            take(browser, f"http://127.0.0.1:{port}", sys.argv[1:])
            browser.close()
        finally:
            server.terminate()
            server.wait(timeout=60)


if __name__ == "__main__":
    main()
