"""Measure the studio in a browser: start, search, drawing the map of 100,000 words, redraws while panning.

    benchmarks/studio.py [--words N] [--elements]

Needs Playwright for Python and a Chromium of the system. It validates first: the page shows the neighbours that
the library finds, and the map holds every word. Each figure is the median of a few tries; the aim stands beside it.
``--elements`` also measures what was tried for the map and dropped: ECharts' scatter in large mode, its
scatterGL, and Plotly's scattergl, each with all words.
"""

from __future__ import annotations

import argparse
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from wordkin.embeddings import Embeddings
from wordkin.vocabulary import Vocabulary

FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--enable-unsafe-swiftshader",
]  # fmt: skip
SIZE, TRIES, PANNING_SECONDS = 100, 5, 3.0
ELEMENTS = ("large", "scatterGL", "scattergl")
# Counts redraws of the map, of an ECharts chart, or of a Plotly plot.
COUNT_REDRAWS = """() => {
  window.redraws = 0;
  const count = () => { window.redraws++; };
  const map = document.querySelector('.word-map'), chart = document.querySelector('.nicegui-echart');
  if (map) { const draw = map.wordMap.draw.bind(map.wordMap); map.wordMap.draw = () => { draw(); count(); }; }
  else if (chart) getElement(+chart.id.slice(1)).chart.on('rendered', count);
  else document.querySelector('.js-plotly-plot').on('plotly_relayouting', count);
}"""
TWO_FRAMES = "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"


def make_vectors(path: Path, words: int) -> Embeddings:
    """Vectors in forty groups."""
    generator = np.random.default_rng(0)
    centres, groups = generator.normal(size=(40, SIZE)), generator.integers(0, 40, words)
    rows = centres[groups] + 0.8 * generator.normal(size=(words, SIZE))
    vocabulary = Vocabulary([f"word{number}" for number in range(words)], list(range(words, 0, -1)))
    vectors = Embeddings(vocabulary, rows.astype(np.float32))
    vectors.save(path)
    return vectors


@contextmanager
def served(command: list[str], folder: Path) -> Iterator[tuple[str, float]]:
    """A server in a process of its own: its address, and the seconds until it answered."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    began = time.perf_counter()
    environment = {**os.environ, "PORT": str(port)}
    process = subprocess.Popen(
        [part.replace("PORT", str(port)) for part in command],
        cwd=folder,
        env=environment,
        stdout=subprocess.DEVNULL,
    )
    try:
        while True:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            if process.poll() is not None:
                raise SystemExit("the server did not start")
            time.sleep(0.01)
        yield f"http://127.0.0.1:{port}", time.perf_counter() - began
    finally:
        process.terminate()
        process.wait(timeout=30)


def say(what: str, value: float, unit: str, aim: str) -> None:
    print(f"{what:<58} {value:8.2f} {unit:<9} {aim}", flush=True)


def measure_start(browser: Any, folder: Path) -> None:
    """From the command to a first page that is connected, with a browser that has nothing cached."""
    starts, pages = [], []
    for _ in range(3):
        began = time.perf_counter()
        with served([sys.executable, "-m", "wordkin", "studio", "--no-browser", "--port", "PORT"], folder) as (url, up):
            page = browser.new_context().new_page()
            asked = time.perf_counter()
            page.goto(url)
            page.wait_for_selector("main h1")
            pages.append(time.perf_counter() - asked)
            starts.append(time.perf_counter() - began)
            page.context.close()
            del up
    say("command to first page shown", statistics.median(starts), "s", "")
    say("first page after the server answers", statistics.median(pages), "s", "aim: under 2")


def measure_search(page: Any, vectors: Embeddings) -> None:
    """From Enter to the new neighbours on the screen."""
    took = []
    for number in range(5, 5 + 4 * TRIES):
        word = f"word{number}"
        page.get_by_label("Word", exact=True).fill(word)
        page.wait_for_timeout(100)
        took.append(
            page.evaluate(
                """async word => {
                  const field = document.querySelector('input[aria-label="Word"]'), began = performance.now();
                  field.dispatchEvent(new KeyboardEvent('keydown', {key: 'Enter', bubbles: true}));
                  while (!document.querySelector('section h2').textContent.endsWith(word))
                    await new Promise(done => setTimeout(done, 1));
                  return performance.now() - began;
                }""",
                word,
            )
        )
        shown = page.locator("ol.words li button").all_inner_texts()
        assert shown == [near for near, _ in vectors.most_similar(word, topn=20)], "the page shows other neighbours"
    say(f"search among {len(vectors):,} words, median", statistics.median(took), "ms", "aim: under 100")
    say("the slowest of these", max(took), "ms", "")


def measure_panning(page: Any, what: str, aim: str) -> None:
    """Redraws while the mouse drags the map."""
    page.evaluate(COUNT_REDRAWS)
    canvas = page.locator(".word-map canvas, .nicegui-echart canvas, .js-plotly-plot .nsewdrag").first
    box = canvas.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    if "ECharts" in what:  # it pans only where it has been zoomed
        for _ in range(3):
            page.mouse.wheel(0, -200)
        page.wait_for_timeout(500)
    page.mouse.down()
    page.evaluate("window.redraws = 0")
    began = time.perf_counter()
    step = 0
    while time.perf_counter() - began < PANNING_SECONDS:
        step += 1
        page.mouse.move(x + 60 * np.sin(step / 10), y + 40 * np.cos(step / 10))
    redraws, seconds = page.evaluate("window.redraws"), time.perf_counter() - began
    page.mouse.up()
    say(f"{what}: redraws while panning", redraws / seconds, "a second", aim)


def measure_studio(browser: Any, folder: Path, words: int) -> None:
    """Search and map on one file."""
    vectors = make_vectors(folder / "many.safetensors", words)
    command = [sys.executable, "-m", "wordkin", "studio", "--no-browser", "--port", "PORT"]
    with served(command, folder) as (url, _):
        draws = []
        for _ in range(3):
            page = browser.new_context(viewport={"width": 1400, "height": 1000}).new_page()
            page.set_default_timeout(120_000)
            began = time.perf_counter()
            page.goto(f"{url}/explore?vectors=many.safetensors")
            page.wait_for_function("+document.querySelector('.word-map canvas')?.dataset.labels > 0")
            draws.append(time.perf_counter() - began)
            held = page.evaluate("document.querySelector('.word-map').wordMap.data.words.length")
            assert held == min(words, 100_000), "the map lacks words"
            if len(draws) < 3:
                page.context.close()
        say("page asked for to map drawn, PCA and reading included", statistics.median(draws), "s", "aim: under 4")
        measure_panning(page, "map of the studio", "aim: at least 20")
        measure_search(page, vectors)


APPLICATION = """
import os, sys
import numpy as np
from nicegui import ui
kind, count = sys.argv[1], int(sys.argv[2])
places = np.random.default_rng(0).normal(size=(count, 2)).round(4)
style = "width: 1300px; height: 800px"

@ui.page("/")
def page():
    if kind == "scattergl":
        trace = {"type": "scattergl", "mode": "markers", "x": places[:, 0].tolist(), "y": places[:, 1].tolist()}
        ui.plotly({"data": [{**trace, "marker": {"size": 3}}], "layout": {"dragmode": "pan"}}).style(style)
        return
    zoom = [{"type": "inside", axis: 0, "filterMode": "none", "throttle": 0} for axis in ("xAxisIndex", "yAxisIndex")]
    series = {"data": places.tolist(), "symbolSize": 3, "type": "scatterGL" if kind == "scatterGL" else "scatter"}
    if kind == "large":
        series |= {"large": True, "largeThreshold": 1}
    options = {"animation": False, "xAxis": {}, "yAxis": {}, "dataZoom": zoom, "series": [series]}
    ui.echart(options, enable_3d=kind == "scatterGL").style(style)

ui.run(host="127.0.0.1", port=int(os.environ["PORT"]), show=False, reload=False, show_welcome_message=False)
"""


def measure_elements(browser: Any, folder: Path, words: int) -> None:
    """What NiceGUI's own elements do with as many points."""
    program = folder / "elements.py"
    program.write_text(APPLICATION)
    names = {"large": "ECharts, large", "scatterGL": "ECharts, scatterGL", "scattergl": "Plotly, scattergl"}
    for kind in ELEMENTS:
        with served([sys.executable, str(program), kind, str(words)], folder) as (url, _):
            page = browser.new_context(viewport={"width": 1400, "height": 1000}).new_page()
            page.set_default_timeout(180_000)
            began = time.perf_counter()
            page.goto(url)
            page.wait_for_selector("canvas")
            page.evaluate(TWO_FRAMES)
            say(f"{names[kind]}: page asked for to drawn", time.perf_counter() - began, "s", "")
            measure_panning(page, names[kind], "")
            page.context.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--words", type=int, default=100_000)
    parser.add_argument("--elements", action="store_true", help="measure NiceGUI's own elements too")
    arguments = parser.parse_args()
    from playwright.sync_api import sync_playwright

    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        raise SystemExit("no chromium on this machine: apt-get install chromium")
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        print(f"Chromium {browser.version}, no GPU")
        measure_start(browser, Path(name))
        measure_studio(browser, Path(name), arguments.words)
        if arguments.elements:
            measure_elements(browser, Path(name), arguments.words)
        browser.close()


if __name__ == "__main__":
    main()
