"""A studio in a process of its own and a real Chromium that looks at it.

These tests need Playwright for Python and a ``chromium`` of the system; where one is missing they are
skipped and say so. ``.ci/run`` installs both.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
import pytest

from wordkin.embeddings import Embeddings
from wordkin.vocabulary import Vocabulary

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
# Each new window of Chromium loads a page of its own for the address bar, with 400 files. The other features are those
# that Playwright switches off by default, as far as they concern pages on this machine.
NO_FEATURES = (
    "WebUIOmniboxPopup", "WebUIOmniboxAimPopup", "WebUIOmniboxFullPopup", "AimEnabled", "HttpsUpgrades", "MediaRouter",
    "NetworkTimeServiceQuerying", "OptimizationHints", "PaintHolding", "PreconnectToSearch",
)  # fmt: skip
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", f"--disable-features={','.join(NO_FEATURES)}",
]  # fmt: skip
HOSTILE = "<img src=x onerror=alert(1)>"
# Texts below an element whose contrast with their background is less than 4.5 : 1, transparent backgrounds and
# drawings included. Each element is looked at once.
LOW_CONTRAST = """(root) => {
  const parse = c => { const m = c.match(/[\\d.]+/g).map(Number); return m.length < 4 ? [...m, 1] : m; };
  const luminance = c => { const [r, g, b] = c.slice(0, 3).map(v => { v /= 255;
    return v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; }); return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
  const over = (top, below) => [0, 1, 2].map(i => top[i] * top[3] + below[i] * (1 - top[3]));
  const backgrounds = new Map();
  const backgroundOf = e => { if (!e) return [255, 255, 255];
    if (!backgrounds.has(e)) { const c = parse(getComputedStyle(e).backgroundColor);
      backgrounds.set(e, c[3] === 1 ? c : over(c, backgroundOf(e.parentElement))); }
    return backgrounds.get(e); };
  const found = [], seen = new Set();
  const walker = document.createTreeWalker(document.querySelector(root), NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const text = walker.currentNode.textContent.trim(), e = walker.currentNode.parentElement;
    if (!text || seen.has(e)) continue;
    seen.add(e);
    if (['SCRIPT', 'STYLE'].includes(e.tagName) || !e.checkVisibility({visibilityProperty: true})) continue;
    if (e.closest('.nicegui-error-popup, .q-icon, [disabled], .disabled')) continue;
    const style = getComputedStyle(e), colour = parse(e.closest('svg') ? style.fill : style.color);
    const below = backgroundOf(e), [a, b] = [luminance(over(colour, below)), luminance(below)];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) found.push([text.slice(0, 40), ratio]);
  }
  return found;
}"""
_STARTING_SECONDS = 60
_VIEWPORT = {"width": 1280, "height": 800}
# Without motion, so that no test waits for colours that change gradually.
_USUAL: dict[str, Any] = {"locale": "en-US", "viewport": _VIEWPORT, "reduced_motion": "reduce"}


@dataclass
class RunningStudio:
    """A studio that a test talks to."""

    url: str
    folder: Path
    process: subprocess.Popen[str]

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(timeout=20)


@contextmanager
def _studio_in(folder: Path, *arguments: str) -> Iterator[RunningStudio]:
    """Start ``wordkin studio`` in a folder and wait until it says where it is."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "wordkin", "studio", "--no-browser", "--port", str(port), *arguments]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    environment.pop("PYTEST_CURRENT_TEST", None)  # NiceGUI behaves differently where it sees this
    log = folder.parent / f"{folder.name}.log"
    with log.open("w+") as stream:
        process = subprocess.Popen(
            command, cwd=folder, stdout=stream, stderr=subprocess.STDOUT, text=True, env=environment
        )
        try:
            _wait_for(port, process, log)
            yield RunningStudio(f"http://127.0.0.1:{port}", folder, process)
        finally:
            process.terminate()
            try:
                process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _wait_for(port: int, process: subprocess.Popen[str], log: Path) -> None:
    deadline = time.monotonic() + _STARTING_SECONDS
    while time.monotonic() < deadline:
        assert process.poll() is None, log.read_text()
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise AssertionError(f"the studio did not start: {log.read_text()}")


@dataclass
class Tab:
    """A page in the browser with what it did that nobody should see: errors, requests to other hosts."""

    page: Any
    url: str
    errors: list[str] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)

    def open(self, address: str) -> Tab:
        """Load an address of the studio and wait until it is connected."""
        self.page.goto(self.url + address)
        self.page.wait_for_selector("main h1")
        self.page.wait_for_function("window.socket?.connected === true")
        return self


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Chromium, headless; one for each file of tests, since Playwright keeps an event loop running while it is open."""
    api = pytest.importorskip("playwright.sync_api", reason="Playwright for Python is not installed")
    if CHROMIUM is None:
        pytest.skip("no chromium on this machine: apt-get install chromium fonts-noto-cjk")
    with api.sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield launched
        launched.close()


@pytest.fixture(scope="module")
def usual_context(browser: Any) -> Any:
    """Tabs without wishes of their own share a context, and so what the browser has loaded before."""
    return browser.new_context(**_USUAL)


@pytest.fixture(scope="module")
def idle_tabs() -> list[Tab]:
    """Tabs of the usual context that a test is done with; the next test takes them, which is quicker than opening."""
    return []


@pytest.fixture
def new_tab(browser: Any, usual_context: Any, idle_tabs: list[Tab]) -> Iterator[Callable[..., Tab]]:
    """Opens tabs; at the end none may have shown an error in its console or asked another host."""
    contexts, usual, checked = [], [], []

    def open_tab(studio: RunningStudio, address: str = "/", *, expect_errors: bool = False, **options: Any) -> Tab:
        if options:
            context = browser.new_context(**{**_USUAL, **options})
            contexts.append(context)
            tab = _watched(context.new_page())
        else:
            tab = idle_tabs.pop() if idle_tabs else _watched(usual_context.new_page())
            usual.append(tab)
        if not expect_errors:
            checked.append(tab)
        tab.url = studio.url
        return tab.open(address)

    yield open_tab
    noted = [(list(tab.errors), list(tab.foreign)) for tab in checked]
    for context in contexts:
        context.close()
    for tab in usual:
        if not tab.page.is_closed():
            tab.page.goto("about:blank")  # the studio takes it for closed
            tab.page.set_viewport_size(_VIEWPORT)
            tab.errors.clear()
            tab.foreign.clear()
            idle_tabs.append(tab)
    assert noted == [([], [])] * len(noted)


def _watched(page: Any) -> Tab:
    """A tab that notes what its page does."""
    tab = Tab(page, "")
    page.set_default_timeout(20_000)
    page.on("console", lambda said: tab.errors.append(said.text) if said.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: tab.errors.append(str(error)))
    page.on("request", lambda asked: _note_foreign(asked.url, tab))
    page.on("dialog", lambda dialog: (tab.errors.append(f"a dialog: {dialog.message}"), dialog.dismiss()))
    return tab


def _note_foreign(url: str, tab: Tab) -> None:
    if not url.startswith((tab.url, tab.url.replace("http:", "ws:"), "data:", "blob:", "about:blank")):
        tab.foreign.append(url)


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Files to look at: two small ones with names of every kind, a broken one, a text."""
    folder = tmp_path_factory.mktemp("studio") / "work"
    folder.mkdir()
    write_vectors(folder / "towns.safetensors", seed=1)
    write_vectors(folder / "other.safetensors", seed=2)
    (folder / "broken.bin").write_bytes(b"3 4\nno vectors at all")
    (folder / "text.txt").write_text("sun moon star sky night light\nbread cheese wine oil salt water\n" * 400)
    return folder


def write_vectors(path: Path, *, seed: int, extra: int = 60) -> None:
    """Words in three groups, so that neighbours are known, and words that are hard to show."""
    generator = np.random.default_rng(seed)
    groups = [
        ["paris", "rome", "oslo", "berlin"],
        ["bread", "cheese", "wine", "olive"],
        ["서울", "부산", "東京", HOSTILE],
    ]
    words = [word for group in groups for word in group] + [f"word{number}" for number in range(extra)]
    centres = generator.normal(size=(4, 16))
    group_of = [0] * 4 + [1] * 4 + [2] * 4 + [3] * extra
    rows = centres[group_of] + generator.normal(size=(len(words), 16)) * 0.3
    counts = np.arange(len(words), 0, -1) * 10
    Embeddings(Vocabulary(words, counts.tolist()), np.float32(rows), {"epochs": "5", "window": "4"}).save(path)


@pytest.fixture(scope="session")
def studio(folder: Path) -> Iterator[RunningStudio]:
    """One studio for the tests that do not stop it."""
    with _studio_in(folder, "towns.safetensors") as running:
        yield running


@pytest.fixture(scope="session")
def studio_in() -> Callable[..., AbstractContextManager[RunningStudio]]:
    """Starts a studio of its own in a folder, for as long as a block lasts."""
    return _studio_in


@pytest.fixture
def lesson(studio, new_tab) -> Callable[..., Any]:
    """Opens the lesson and waits until it shows a step."""

    def open_lesson(**state: object) -> Any:
        query = "&".join(f"{name}={quote(str(value))}" for name, value in state.items())
        tab = new_tab(studio, f"/lesson?{query}")
        tab.page.wait_for_selector(".lesson-flow table")
        return tab

    return open_lesson


@pytest.fixture
def hostile() -> str:
    """A word of the vectors that would run as HTML."""
    return HOSTILE


@pytest.fixture
def assert_readable() -> Callable[..., None]:
    """Waits until no text of a page, or of a part of it, is hard to read; colours may change gradually."""

    def check(page: Any, root: str = "body") -> None:
        page.wait_for_function(f"root => ({LOW_CONTRAST})(root).length === 0", arg=root, timeout=5000)

    return check
