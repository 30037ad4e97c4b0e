"""The page Train in a browser."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess

import pytest

from wordkin.embeddings import load_embeddings
from wordkin.studio.worker import VECTORS

SHORT = "corpus=text.txt&epochs=2&vector_size=8&threads=1&min_count=1"
LONG = "corpus=text.txt&epochs=100000&vector_size=8&threads=1&min_count=1&watch=sun+nowhere"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with a text. No other file of tests trains in it."""
    folder = tmp_path_factory.mktemp("train") / "work"
    folder.mkdir()
    (folder / "text.txt").write_text("sun moon star sky night light\nbread cheese wine oil salt water\n" * 400)
    return folder


@pytest.fixture(scope="module")
def studio(folder, studio_in):
    """The studio of this file; its last test stops it."""
    with studio_in(folder) as running:
        yield running


def start(studio, new_tab, query: str):
    tab = new_tab(studio, f"/train?{query}")
    tab.page.get_by_role("button", name="Start training").click()
    tab.page.wait_for_url("**/train?run=*")
    return tab.page


def wait_for_status(page, status: str) -> None:
    page.wait_for_selector(f"dd:has-text('{status}')", timeout=60_000)


def test_a_run_is_trained_and_its_result_explored(studio, new_tab, folder):
    page = start(studio, new_tab, f"{SHORT}&validation_fraction=0.1&watch=sun+bread")
    wait_for_status(page, "Finished")
    assert re.fullmatch(r"\d\.\d{4}", page.inner_text("dt:has-text('Held-out loss') + dd"))
    name = re.search(r"run=([^&]+)", page.url)[1]
    vectors = load_embeddings(folder / "studio-runs" / name / VECTORS)
    assert vectors.vector_size == 8
    assert len(json.loads(vectors.metadata["losses"])) == 2
    expected = [f"{word} {cosine:.2f}" for word, cosine in vectors.most_similar("sun", topn=3)]
    page.wait_for_function(f"document.querySelector('.near li').innerText.startsWith({expected[0].split()[0]!r})")
    shown = page.locator(".near").first.locator("li").all_inner_texts()
    assert [" ".join(each.split()) for each in shown[:3]] == expected
    page.get_by_role("button", name="Open in Explore").click()
    page.wait_for_selector("ol.words li")
    page.get_by_role("tab", name="Model card").click()
    page.wait_for_selector("h3:has-text('Loss by epoch')")


def test_a_run_is_watched_paused_left_found_again_stopped_resumed_and_may_crash(studio, new_tab, folder):
    page = start(studio, new_tab, LONG)
    page.wait_for_selector(".watched h3:has-text('sun')", timeout=60_000)
    page.wait_for_selector("text=Not in the vocabulary")
    page.get_by_role("button", name="Pause").click()
    wait_for_status(page, "Paused")
    address = page.url.removeprefix(studio.url)
    page.goto("about:blank")  # the tab is closed; the run waits on
    page = new_tab(studio, address).page
    wait_for_status(page, "Paused")
    epoch = page.inner_text("dt:has-text('Epoch') + dd")
    page.wait_for_timeout(700)
    assert page.inner_text("dt:has-text('Epoch') + dd") == epoch  # the process waits
    page.get_by_role("button", name="Go on").click()
    wait_for_status(page, "Training")
    page.reload()
    wait_for_status(page, "Training")
    page.get_by_role("button", name="Stop").click()
    wait_for_status(page, "Stopped")
    page.get_by_role("button", name="Resume from the checkpoint").click()
    wait_for_status(page, "Training")
    kill_workers(folder)
    name = re.search(r"run=([^&]+)", address)[1]
    (folder / "studio-runs" / name / "output.txt").write_text("MemoryError: what it said before it died\n")
    page.wait_for_selector(".notice.bad:has-text('ended with code -9')")
    page.click("text=What the process printed")
    page.wait_for_selector("text=MemoryError: what it said before it died")


def kill_workers(folder) -> None:
    listed = subprocess.run(["ps", "-eo", "pid,args"], capture_output=True, text=True, check=True).stdout
    workers = [int(line.split()[0]) for line in listed.splitlines() if "wordkin.studio.worker" in line]
    for pid in workers:
        if os.path.realpath(f"/proc/{pid}/cwd") == os.path.realpath(folder):
            os.kill(pid, signal.SIGKILL)


def test_a_wrong_option_is_told_of_and_a_text_outside_the_folder_is_not_offered(studio, new_tab):
    page = new_tab(studio, "/train?epochs=2&corpus=../secret.txt").page
    assert "secret" not in page.inner_text("main")
    page.get_by_label("window", exact=True).fill("-3")
    page.get_by_role("button", name="Start training").click()
    page.wait_for_selector("text=window must be a whole number from 1 to 10000")
    assert "run=" not in page.url


def test_a_run_outlives_the_studio_and_is_resumed(studio, new_tab, studio_in, folder):
    page = start(studio, lambda studio, address: new_tab(studio, address, expect_errors=True), LONG)
    wait_for_status(page, "Training")
    address = page.url.removeprefix(studio.url)
    studio.stop()
    page.close()
    with studio_in(folder) as second:
        page = new_tab(second, address).page
        wait_for_status(page, "Stopped")
        page.get_by_role("button", name="Resume from the checkpoint").click()
        wait_for_status(page, "Training")
        page.close()
