"""The same corpus in every container: the same words, counts, ids and vectors."""

from __future__ import annotations

import csv
import gzip
import http.server
import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import fsspec
import numpy as np
import pandas
import pyarrow
import pyarrow.feather
import pyarrow.ipc
import pyarrow.parquet
import pytest
import zstandard

import wordkin

WORDS = ["sun", "moon", "étoile", "별", "星", 'quo"ted', "com,ma", "tab", "don't"]
LINES = [" ".join(WORDS[(7 * line + word * word) % len(WORDS)] for word in range(1 + line % 9)) for line in range(400)]
OPTIONS = {"vector_size": 8, "min_count": 1, "epochs": 2, "threads": 1, "subsample": 0}


class Dataset:
    """Has the interface of a dataset of Hugging Face: rows are dicts, columns can be selected."""

    def __init__(self, rows: list[dict[str, Any]], names: list[str]) -> None:
        self._rows, self.column_names = rows, names

    def select_columns(self, names: list[str]) -> Dataset:
        return Dataset([{name: row[name] for name in names} for row in self._rows], names)

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return iter(self._rows)

    def __getitem__(self, name: str) -> list[Any]:
        return [row[name] for row in self._rows]


class StreamedDataset:
    """The same, streamed: read once, with columns that are not known before."""

    column_names = None

    def __init__(self, rows: list[dict[str, Any]]) -> None:
        self._rows = iter(rows)

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return self._rows


def rows() -> list[dict[str, Any]]:
    return [
        {"id": number, "text": line, "meta": {"body": line}, "words": line.split()} for number, line in enumerate(LINES)
    ]


def table() -> pyarrow.Table:
    return pyarrow.Table.from_pylist(rows())


def text(path: Path) -> Any:
    path.write_text("\n".join(LINES))
    return {"corpus": path}


def compressed(path: Path) -> Any:
    path.with_suffix(".txt.gz").write_bytes(gzip.compress("\n".join(LINES).encode()))
    return {"corpus": path.with_suffix(".txt.gz")}


def zst(path: Path) -> Any:
    path.with_suffix(".txt.zst").write_bytes(zstandard.compress("\n".join(LINES).encode()))
    return {"corpus": path.with_suffix(".txt.zst")}


def utf16(path: Path) -> Any:
    path.write_text("\n".join(LINES), encoding="utf-16")
    return {"corpus": path, "encoding": "utf-16"}


def json_lines(path: Path, *, ascii: bool = False, name: str = "c.jsonl", field: str = "text") -> Any:
    path.with_name(name).write_text("".join(json.dumps(row, ensure_ascii=ascii) + "\n" for row in rows()))
    return {"corpus": path.with_name(name), "field": field}


def json_lines_gz(path: Path) -> Any:
    data = "\n".join(json.dumps(row) for row in rows())
    path.with_name("c.jsonl.gz").write_bytes(gzip.compress(data.encode()))
    return {"corpus": path.with_name("c.jsonl.gz"), "field": "text"}


def json_lines_utf16(path: Path) -> Any:
    path.with_name("c.jsonl").write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in rows()), "utf-16")
    return {"corpus": path.with_name("c.jsonl"), "field": "text", "encoding": "utf-16"}


def table_file(path: Path, suffix: str, encoding: str = "utf-8", *, header: bool = True) -> Any:
    path = path.with_suffix(suffix)
    with path.open("w", newline="", encoding=encoding) as file:
        writer = csv.writer(file, delimiter="," if suffix == ".csv" else "\t")
        writer.writerows(([["id", "text"]] if header else []) + [[number, line] for number, line in enumerate(LINES)])
    return {"corpus": path, "field": "text" if header else 1, "encoding": encoding}


def parquet(path: Path, field: str = "text", **options: Any) -> Any:
    pyarrow.parquet.write_table(table(), path.with_suffix(".parquet"), row_group_size=150, **options)
    return {"corpus": path.with_suffix(".parquet"), "field": field}


def feather(path: Path) -> Any:
    pyarrow.feather.write_feather(table(), str(path.with_suffix(".feather")))
    return {"corpus": path.with_suffix(".feather"), "field": "text"}


def arrow_stream(path: Path) -> Any:
    with pyarrow.ipc.new_stream(str(path.with_suffix(".arrow")), table().schema) as writer:
        writer.write_table(table(), max_chunksize=37)
    return {"corpus": path.with_suffix(".arrow"), "field": "words"}


def dictionary_column(path: Path) -> Any:
    encoded = pyarrow.table({"text": pyarrow.array(LINES).dictionary_encode()})
    pyarrow.feather.write_feather(encoded, str(path.with_suffix(".feather")))
    return {"corpus": path.with_suffix(".feather"), "field": "text"}


def wikiextractor(path: Path) -> Any:
    path = path.with_name("wiki_00")
    articles = [LINES[start : start + 50] for start in range(0, len(LINES), 50)]
    path.write_text("".join(
        f'<doc id="{number}" url="https://example.org/{number}" title="T">\n' + "\n".join(lines) + "\n\n</doc>\n"
        for number, lines in enumerate(articles)
    ))  # fmt: skip
    return {"corpus": path, "reader": "wikiextractor"}


CONTAINERS: dict[str, Callable[[Path], Any]] = {
    "text": text,
    "gz": compressed,
    "zst": zst,
    "UTF-16": utf16,
    "JSON lines": json_lines,
    "JSON lines, ASCII": lambda path: json_lines(path, ascii=True),
    "JSON lines, nested": lambda path: json_lines(path, field="meta.body"),
    "JSON lines, lists": lambda path: json_lines(path, field="words"),
    "JSON lines, other suffix": lambda path: {**json_lines(path, name="c.dump"), "reader": "jsonl"},
    "JSON lines, gz": json_lines_gz,
    "JSON lines, UTF-16": json_lines_utf16,
    "CSV": lambda path: table_file(path, ".csv"),
    "CSV without header": lambda path: table_file(path, ".csv", header=False),
    "CSV, GB18030": lambda path: table_file(path, ".csv", "gb18030"),
    "TSV": lambda path: table_file(path, ".tsv"),
    "Parquet": parquet,
    "Parquet, nested": lambda path: parquet(path, "meta.body"),
    "Parquet, lists": lambda path: parquet(path, "words"),
    "Parquet, zstd": lambda path: parquet(path, compression="zstd"),
    "Feather": feather,
    "Arrow stream": arrow_stream,
    "dictionary": dictionary_column,
    "WikiExtractor": wikiextractor,
    "dataset": lambda _: {"corpus": Dataset(rows(), ["id", "text", "meta", "words"]), "field": "text"},
    "dataset, nested": lambda _: {"corpus": Dataset(rows(), ["id", "text", "meta", "words"]), "field": "meta.body"},
    "dataset, lists": lambda _: {"corpus": Dataset(rows(), ["id", "text", "meta", "words"]), "field": "words"},
    "dataset, column": lambda _: {"texts": Dataset(rows(), [])["text"]},
    "dataset, streamed": lambda _: {"corpus": StreamedDataset(rows()), "field": "text"},
    "generator of dicts": lambda _: {"corpus": (row for row in rows()), "field": "text"},
    "Series": lambda _: {"texts": pandas.Series(LINES)},
    "DataFrame": lambda _: {"corpus": pandas.DataFrame(rows()), "field": "text"},
    "DataFrame, lists": lambda _: {"corpus": pandas.DataFrame(rows()), "field": "words"},
    "array of strings": lambda _: {"texts": np.array(LINES)},
    "generator of strings": lambda _: {"texts": (line for line in LINES)},
    "lists of words": lambda _: {"corpus": [line.split() for line in LINES]},
    "generator of lists": lambda _: {"corpus": (line.split() for line in LINES)},
}


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, np.ndarray]:
    path = tmp_path_factory.mktemp("expected") / "c.txt"
    return outcome(text(path))


def outcome(arguments: dict[str, Any]) -> tuple[str, np.ndarray]:
    """The words in the order of their ids, and the vectors."""
    options = {name: arguments.pop(name) for name in ("field", "reader", "encoding") if name in arguments}
    model = wordkin.Word2Vec(**OPTIONS, **options).fit(**arguments)
    return " ".join(model.vocabulary.words), model.embeddings.matrix


@pytest.mark.parametrize("container", CONTAINERS)
def test_each_container_gives_the_same_vectors(
    tmp_path: Path, container: str, expected: tuple[str, np.ndarray]
) -> None:
    words, matrix = outcome(CONTAINERS[container](tmp_path / "c.txt"))
    assert words == expected[0]
    assert np.array_equal(matrix, expected[1])


# --- addresses: servers of the real protocols, on loopback


class RangeHandler(http.server.BaseHTTPRequestHandler):
    """Serves the files of a directory, whole or in ranges."""

    folder: Path

    def do_HEAD(self) -> None:
        self._answer(with_body=False)

    def do_GET(self) -> None:
        self._answer(with_body=True)

    def _answer(self, *, with_body: bool) -> None:
        path = self.folder / self.path.split("?")[0].lstrip("/")
        if not path.is_file():
            self.send_error(404)
            return
        data, asked = path.read_bytes(), self.headers.get("Range")
        self.send_response(206 if asked else 200)
        self.send_header("Accept-Ranges", "bytes")
        if asked:
            first, last = asked.removeprefix("bytes=").split("-")
            start, stop = int(first), min(int(last or len(data)) + 1, len(data))
            self.send_header("Content-Range", f"bytes {start}-{stop - 1}/{len(data)}")
            data = data[start:stop]
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if with_body:
            self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def web(tmp_path: Path) -> Iterator[str]:
    pytest.importorskip("aiohttp", reason="fsspec reads HTTP by aiohttp")
    handler = type("Handler", (RangeHandler,), {"folder": tmp_path})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.mark.parametrize("container", ["text", "gz", "JSON lines, gz", "CSV", "Parquet", "Arrow stream"])
def test_http_gives_the_same_vectors(
    tmp_path: Path, container: str, expected: tuple[str, np.ndarray], web: str
) -> None:
    arguments = CONTAINERS[container](tmp_path / "c.txt")
    words, matrix = outcome({**arguments, "corpus": f"{web}/{arguments['corpus'].name}?version=1"})
    assert words == expected[0] and np.array_equal(matrix, expected[1])


def test_http_without_the_file(web: str) -> None:
    with pytest.raises(wordkin.CorpusError, match=r"there is no file or directory 'http://127.0.0.1:\d+/nothing.txt'"):
        wordkin.train(f"{web}/nothing.txt")


@pytest.fixture(scope="module")
def bucket() -> Iterator[str]:
    pytest.importorskip("s3fs", reason="fsspec reads S3 by s3fs")
    pytest.importorskip("moto", reason="the S3 server is moto's")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{port}")
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        patch.setenv("AWS_ACCESS_KEY_ID", "test")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "test")
        patch.setenv("AWS_CONFIG_FILE", os.devnull)
        patch.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)
        try:
            deadline = time.monotonic() + 30
            while True:
                try:
                    socket.create_connection(("127.0.0.1", port), timeout=1).close()
                    break
                except OSError:
                    assert server.poll() is None and time.monotonic() < deadline, "the S3 server does not start"
                    time.sleep(0.1)
            s3 = fsspec.filesystem("s3")
            s3.mkdir("texts")
            yield "s3://texts"
        finally:
            server.kill()
            server.wait()


@pytest.mark.filterwarnings("ignore::DeprecationWarning:botocore", "ignore::DeprecationWarning:aiobotocore")
def test_s3_gives_the_same_vectors(tmp_path: Path, expected: tuple[str, np.ndarray], bucket: str) -> None:
    s3 = fsspec.filesystem("s3")
    for container, place in [("zst", ""), ("Parquet", ""), ("text", "parts/")]:
        arguments = CONTAINERS[container](tmp_path / "c.txt")
        name = arguments["corpus"].name
        s3.put_file(str(arguments["corpus"]), f"{bucket}/{place}{name}")
        for address in (f"{bucket}/{place}{name}", f"{bucket}/{place}*{arguments['corpus'].suffix}"):
            words, matrix = outcome({**arguments, "corpus": address})
            assert words == expected[0] and np.array_equal(matrix, expected[1])
    assert outcome({"corpus": f"{bucket}/parts"})[0] == expected[0]
    with pytest.raises(wordkin.CorpusError, match=r"there is no file or directory 's3://texts/nothing.txt'"):
        wordkin.train(f"{bucket}/nothing.txt")
