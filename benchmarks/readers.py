"""Reading: MB and words a second, and peak memory, by container and tokenizer, beside gensim's ``build_vocab``.

    python benchmarks/readers.py                      # the synthetic text
    python benchmarks/readers.py enwiki-17m.txt.xz    # a text of your own, 25 words of it a record
    python benchmarks/readers.py TEXT --chinese zhwiki.txt.xz --korean kowiki.txt.xz    # and tokenizers for them

The same text is written in every container; each is read, counted and encoded by a fresh process, after a warm-up on
the beginning, and all must give the same content. MB are those of the plain text, so the columns compare. gensim counts
words only, in one thread, and reads plain and compressed text. Tokenizers read the beginning of a text as it is, and
gensim splits the same text at white space.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import texts
from harness import Results, Summary, common_options, in_turn, ratios, results_folder, run_child, show, table, values

_WARM_UP_LINES = 2_000
_WARM_UP_BYTES = 100_000
_BATCH_LINES = 20_000


def _lines(plain: Path) -> Iterator[str]:
    with plain.open(encoding="utf-8") as file:
        for line in file:
            words = line.split()
            for start in range(0, len(words), 25):
                yield " ".join(words[start : start + 25])


def _write_text(lines: Iterator[str], path: Path, encoding: str = "utf-8") -> None:
    with path.open("w", encoding=encoding) as file:
        file.writelines(line + "\n" for line in lines)


def _write_gzip(lines: Iterator[str], path: Path) -> None:
    with gzip.open(path, "wt", encoding="utf-8") as file:
        file.writelines(line + "\n" for line in lines)


def _write_zstandard(lines: Iterator[str], path: Path) -> None:
    import zstandard

    with zstandard.open(path, "wt", encoding="utf-8") as file:
        file.writelines(line + "\n" for line in lines)


def _write_json(lines: Iterator[str], path: Path) -> None:
    with path.open("w", encoding="utf-8") as file:
        rows = ({"id": number, "text": line} for number, line in enumerate(lines))
        file.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def _write_csv(lines: Iterator[str], path: Path) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "text"])
        writer.writerows(enumerate(lines))


def _write_parquet(lines: Iterator[str], path: Path, *, split: bool = False) -> None:
    import pyarrow
    import pyarrow.parquet

    kind = pyarrow.list_(pyarrow.string()) if split else pyarrow.string()
    schema = pyarrow.schema([("id", pyarrow.int64()), ("text", kind)])
    with pyarrow.parquet.ParquetWriter(path, schema) as writer:
        first, batch = 0, list(_taken(lines, _BATCH_LINES))
        while batch:
            column = [line.split() for line in batch] if split else batch
            numbers = range(first, first + len(batch))
            writer.write_table(pyarrow.table({"id": numbers, "text": column}, schema=schema))
            first, batch = first + len(batch), list(_taken(lines, _BATCH_LINES))


def _taken(lines: Iterator[str], number: int) -> Iterator[str]:
    for _, line in zip(range(number), lines, strict=False):
        yield line


# Each container: its suffix, how it is written, and the options that read it.
CONTAINERS: dict[str, tuple[str, Callable[[Iterator[str], Path], None], dict[str, Any]]] = {
    "text": (".txt", _write_text, {}),
    "text, gz": (".txt.gz", _write_gzip, {}),
    "text, zst": (".txt.zst", _write_zstandard, {}),
    "text, UTF-16": (".utf16.txt", partial(_write_text, encoding="utf-16"), {"encoding": "utf-16"}),
    "JSON lines": (".jsonl", _write_json, {"field": "text"}),
    "CSV": (".csv", _write_csv, {"field": "text"}),
    "Parquet": (".parquet", _write_parquet, {"field": "text"}),
    "Parquet, lists": (".lists.parquet", partial(_write_parquet, split=True), {"field": "text"}),
    "iterable of strings": (".txt", _write_text, {"texts": True}),
    "iterable of lists": (".txt", _write_text, {"lists": True}),
}
GENSIM = ("text", "text, gz")
# Each tokenizer: the language of the text that it reads, and how many bytes of it.
TOKENIZERS = {
    "whitespace": ("", 30_000_000),
    "words": ("", 30_000_000),
    "a Python function": ("", 30_000_000),
    "jieba": ("chinese", 4_000_000),
    "kiwi": ("korean", 1_000_000),
}
LEAST = {"JSON lines": 0.6, "Parquet": 0.6}  # of the speed of plain text, as asked for


def read_wordkin(path: str, warm_up: str, threads: int, options: dict[str, Any]) -> dict[str, Any]:
    """Seconds from a container to vocabulary and encoded corpus, words, and the fingerprint of the content."""
    _encoded(warm_up, threads, dict(options))
    began = time.perf_counter()
    vocabulary, corpus, words = _encoded(path, threads, dict(options))
    seconds = time.perf_counter() - began
    from wordkin.text.encoded_text import content_fingerprint

    return {"seconds": seconds, "words": words, "content": content_fingerprint(vocabulary, corpus, threads)}


def _encoded(path: str, threads: int, options: dict[str, Any]) -> tuple[Any, Any, int]:
    from wordkin.config import TrainingConfig
    from wordkin.text.steps import count_and_encode, scan_text, source_of

    lists, strings = options.pop("lists", False), options.pop("texts", False)
    if options.get("tokenizer") == "a Python function":
        options["tokenizer"] = str.split
    config = TrainingConfig(threads=threads, min_count=1, **options)
    if lists or strings:
        with open(path, encoding="utf-8") as file:  # noqa: PTH123
            source = (
                source_of((line.split() for line in file), config) if lists else source_of(None, config, texts=file)
            )
            with scan_text(source, config) as scanned:
                return *count_and_encode(scanned, config), scanned.total_words
    with scan_text(source_of(path, config), config) as scanned:
        return *count_and_encode(scanned, config), scanned.total_words


def read_gensim(path: str) -> dict[str, Any]:
    """Seconds in which gensim counts the words of a file."""
    from gensim.models import Word2Vec
    from gensim.models.word2vec import LineSentence

    model = Word2Vec(min_count=1)
    began = time.perf_counter()
    model.build_vocab(LineSentence(path))
    return {"seconds": time.perf_counter() - began, "words": model.corpus_total_words}


def measure(name: str, folder: Path, text_bytes: int, threads: int, runs: int) -> dict[str, Any]:
    """Speed and memory of one container, in turn with plain text, and of gensim where it can read it."""
    files = {each: folder / f"corpus{CONTAINERS[each][0]}" for each in ("text", name)}
    sides: dict[str, Callable[[], dict[str, Any]]] = {
        each: partial(_child, "read_wordkin", path=str(path), warm_up=str(path.with_name("warm-up" + path.name)),
                      threads=threads, options=CONTAINERS[each][2])
        for each, path in files.items()
    }  # fmt: skip
    if name in GENSIM:
        sides["gensim"] = partial(_child, "read_gensim", path=str(files[name]))
    found = in_turn(sides, runs)
    contents = {each["content"] for side in ("text", name) for each in found[side]}
    if len(contents) != 1:
        sys.exit(f"{name} gives another content than plain text")
    return {
        "bytes": text_bytes,
        "words": found["text"][0]["words"],
        "file_bytes": files[name].stat().st_size,
        "sides": {side: [{"seconds": each["seconds"], "peak_bytes": each["peak_bytes"]} for each in runs_of]
                  for side, runs_of in found.items()},
    }  # fmt: skip


def measure_tokenizer(name: str, text: Path, threads: int, runs: int) -> dict[str, Any]:
    """Speed and memory of one tokenizer, in turn with gensim, which splits at white space."""
    warm_up = texts.head(text, _WARM_UP_BYTES)
    options = {"tokenizer": name}
    sides = {
        name: partial(_child, "read_wordkin", path=str(text), warm_up=str(warm_up), threads=threads, options=options),
        "gensim": partial(_child, "read_gensim", path=str(text)),
    }
    found = in_turn(sides, runs)
    return {
        "text": text.name,
        "bytes": text.stat().st_size,
        "words": found[name][0]["words"],
        "sides": {side: [{"seconds": each["seconds"], "peak_bytes": each["peak_bytes"]} for each in runs_of]
                  for side, runs_of in found.items()},
    }  # fmt: skip


def _child(job: str, **arguments: Any) -> dict[str, Any]:
    return run_child([sys.executable, __file__, "--child", json.dumps({"job": job, **arguments})]).to_dict()


def blocks(content: Mapping[str, Any]) -> dict[str, str]:
    """The table made of the results."""
    rows = []
    for name, found in values(content, "read, ").items():
        seconds = {side: [each["seconds"] for each in runs] for side, runs in found["sides"].items()}
        rate = Summary.of(found["bytes"] / each for each in seconds[name])
        peak = [each["peak_bytes"] for each in found["sides"][name] if each["peak_bytes"]]
        gensim = seconds.get("gensim")
        rows.append((
            name,
            rate.text(3, 1e6),
            Summary.of(found["words"] / each for each in seconds[name]).text(3, 1e6),
            ratios(seconds["text"], seconds[name]).text(2),
            f"{LEAST[name]:g}" if name in LEAST else "",
            f"{max(peak) / 2**20:,.0f}" if peak else "",
            Summary.of(found["bytes"] / each for each in gensim).text(3, 1e6) if gensim else "",
        ))  # fmt: skip
    heads = ("format", "MB/s", "million words/s", "ratio to text", "required", "peak MiB", "gensim build_vocab, MB/s")
    found_blocks = {"readers": table(heads, rows)} if rows else {}
    rows = [_tokenizer_row(name, found) for name, found in values(content, "tokenized by ").items()]
    heads = ("tokenizer", "text", "MB", "MB/s", "million words/s", "peak MiB", "gensim build_vocab, MB/s")
    return found_blocks | ({"tokenizers": table(heads, rows)} if rows else {})


def _tokenizer_row(name: str, found: Mapping[str, Any]) -> tuple[str, ...]:
    seconds = {side: [each["seconds"] for each in runs] for side, runs in found["sides"].items()}
    peak = [each["peak_bytes"] for each in found["sides"][name] if each["peak_bytes"]]
    return (
        name,
        found["text"],
        f"{found['bytes'] / 1e6:.1f}",
        Summary.of(found["bytes"] / each for each in seconds[name]).text(3, 1e6),
        Summary.of(found["words"] / each for each in seconds[name]).text(3, 1e6),
        f"{max(peak) / 2**20:,.0f}" if peak else "",
        Summary.of(found["bytes"] / each for each in seconds["gensim"]).text(3, 1e6),
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("corpus", nargs="?", help="a text file (default: a synthetic text)")
    parser.add_argument("--runs", type=int, default=5, help="turns (default: 5)")
    parser.add_argument("--chinese", help="a Chinese text, for jieba")
    parser.add_argument("--korean", help="a Korean text, for kiwi")
    parser.add_argument("--folder", type=Path, help="where to write the containers (default: a temporary folder)")
    parser.add_argument("--only", choices=["containers", "tokenizers"], help="leave the others as they were measured")
    parser.add_argument("--tokenizers", nargs="+", choices=[*TOKENIZERS], default=[*TOKENIZERS], help="which of them")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    common_options(parser)
    options = parser.parse_args()
    if options.child:
        request = json.loads(options.child)
        print(json.dumps({"read_wordkin": read_wordkin, "read_gensim": read_gensim}[request.pop("job")](**request)))
        return
    runs = 1 if options.quick else options.runs
    words = 1_000_000 if options.quick else 17_000_000
    plain = texts.plain_text(options.corpus, words)
    about = {**texts.description(plain), "threads": options.threads}
    results = Results("readers", about, fresh=options.fresh, folder=results_folder(options.quick))
    if options.only != "tokenizers":
        measure_containers(results, plain, options, runs)
    if options.only != "containers":
        measure_tokenizers(results, plain, options, runs)
    show(blocks(results.content))


def measure_containers(results: Results, plain: Path, options: argparse.Namespace, runs: int) -> None:
    """Every container, written to a folder first."""
    with tempfile.TemporaryDirectory(dir=options.folder) as name:
        folder = Path(name)
        for suffix, write, _ in CONTAINERS.values():
            if not (folder / f"corpus{suffix}").exists():
                write(_lines(plain), folder / f"corpus{suffix}")
                write(_taken(_lines(plain), _WARM_UP_LINES), folder / f"warm-upcorpus{suffix}")
        size = (folder / "corpus.txt").stat().st_size
        for container in CONTAINERS:
            measurement = partial(measure, container, folder, size, options.threads, runs)
            results.measured(f"read, {container}", {"runs": runs}, measurement)


def measure_tokenizers(results: Results, plain: Path, options: argparse.Namespace, runs: int) -> None:
    """Every tokenizer for which there is a text, on the beginning of it."""
    for name in options.tokenizers:
        language, size = TOKENIZERS[name]
        given = getattr(options, language) if language else plain
        if given is not None:
            text = texts.head(texts.plain_text(str(given), 0), size // (10 if options.quick else 1))
            measurement = partial(measure_tokenizer, name, text, options.threads, runs)
            results.measured(f"tokenized by {name}", {"runs": runs, "text": text.name}, measurement)


if __name__ == "__main__":
    main()
