"""Coverage-guided fuzzing of all file readers: ``make fuzz ARGS="--inputs 100000"``.

Needs atheris (``pip install atheris``), which mutates seeds and keeps inputs that reach new code. The first byte of an
input selects the reader, the second its options, and the rest is the file. The seeds are files written by wordkin. A
reader must return consistent vectors, or raise an error of wordkin with a one-line message. Anything else is written to
``findings.jsonl`` with the input, and the search continues. Corpus and counts are stored in the working directory, so
that repeated calls continue the search.
"""

from __future__ import annotations

import argparse
import collections
import gzip
import json
import sys
import tempfile
import traceback
import warnings
from collections.abc import Callable
from pathlib import Path

import atheris

with atheris.instrument_imports(
    include=["wordkin.embeddings", "wordkin.storage", "wordkin.evaluation", "wordkin.queries.index_file",
             "wordkin.runs.record", "wordkin.vocabulary", "wordkin.vectors"],
):  # fmt: skip
    import numpy as np

    import wordkin
    from wordkin.corpus.encoded import EncodedCorpus
    from wordkin.embeddings import Embeddings, load_embeddings
    from wordkin.errors import WordkinError
    from wordkin.evaluation import read_dataset
    from wordkin.queries.index_file import check_index_file, seal
    from wordkin.runs.record import RunRecord
    from wordkin.vocabulary import Vocabulary

BENCHMARKS = (
    b": capitals\nathens greece oslo norway\n", b"cat,dog,7.5\nsun,moon,6\n", b"Word1\tWord2\tScore\ncat\tdog\t7,5\n",
    b"cat animal\ncar vehicle\nbus vehicle\n", b"cat dog cow | car\n", b"album\talbums/records\n",
)  # fmt: skip
LOADING = (
    {}, {"limit": 2}, {"words": ["the", "x"]}, {"bad_rows": "skip"}, {"encoding_errors": "replace"},
    {"duplicates": "first", "bad_rows": "skip"}, {"words": ["été"], "bad_rows": "skip", "limit": 3},
    {"encoding": "cp949", "encoding_errors": "replace"}, {"encoding": "utf-16-le", "encoding_errors": "ignore"},
)  # fmt: skip


class Fuzz:
    """The readers, as functions of a file's content and a byte that selects options, and the counts of outcomes."""

    def __init__(self, work: Path) -> None:
        self.work = work
        memory = Path("/dev/shm")
        self.folder = Path(tempfile.mkdtemp(dir=memory if memory.is_dir() else None))
        self.readers: dict[str, Callable[[bytes, int], None]] = {
            "native": lambda data, how: self.load(data, how, "safetensors"),
            "binary": lambda data, how: self.load(data, how, "bin"),
            "text": lambda data, how: self.load(data, how, "text"),
            "text without header": lambda data, how: self.load(data, how, "text", header=False),
            "gzip": lambda data, how: self.load(gzip.compress(data, 1), how, ("bin", "text", "safetensors")[how % 3]),
            "compressed bytes": lambda data, how: self.load(data, how, "text"),
            "index": self.index,
            "run record": lambda data, how: RunRecord.from_json(data) and None,
            "encoded corpus": self.corpus,
            "benchmark": self.benchmark,
        }
        self.state = work / "counts.json"
        stored = json.loads(self.state.read_text()) if self.state.exists() else {}
        self.counts = collections.Counter(stored.get("inputs", {}))
        self.findings = collections.Counter(stored.get("findings", {}))

    def path(self, name: str, data: bytes) -> Path:
        path = self.folder / name
        path.write_bytes(data)
        return path

    def load(self, data: bytes, how: int, kind: str, **options: object) -> None:
        options |= LOADING[how % len(LOADING)]
        if kind == "safetensors":
            options = {name: value for name, value in options.items() if name in ("limit", "words")}
        if kind == "bin" and options.get("encoding") == "utf-16-le":
            options = {}
        vectors = load_embeddings(self.path("v", data), format=kind, **options)
        words = list(vectors)
        assert len(words) == len(vectors) == len(vectors.matrix)
        for word_id, word in enumerate(words):
            assert vectors.vocabulary.id_of(word) == word_id
        if words:
            assert np.isfinite(vectors.similarities(np.ones(vectors.vector_size))).all()

    def index(self, data: bytes, how: int) -> None:
        path = self.path("i.usearch", data)
        if how % 2:
            seal(path)  # a malicious file can have a correct seal
        check_index_file(path)

    def corpus(self, data: bytes, how: int) -> None:
        (self.folder / "corpus" / "corpus.json").write_bytes(data)
        with EncodedCorpus.open(self.folder / "corpus", verify=bool(how % 2)) as corpus:
            assert sum(len(sentence) for sentence in corpus) == corpus.words

    def benchmark(self, data: bytes, how: int) -> None:
        kinds = (None, "analogies", "similarity", "categories", "odd-one-out")
        read_dataset(self.path("b.txt", data), kind=kinds[how % len(kinds)])

    def seeds(self) -> dict[str, list[bytes]]:
        """Return files of every kind, written by wordkin."""
        matrix = np.random.default_rng(0).normal(size=(5, 3)).astype(np.float32)
        vectors = Embeddings(Vocabulary(["the", "été", "猫", "word", "x"], range(5)), matrix, {"training": "{}"})
        made: dict[str, list[bytes]] = {}
        for name, suffix in (("native", ".safetensors"), ("binary", ".bin"), ("text", ".txt")):
            vectors.save(self.folder / f"s{suffix}")
            made[name] = [(self.folder / f"s{suffix}").read_bytes()]
        vectors.save(self.folder / "bare.txt", header=False)
        made["text without header"] = [(self.folder / "bare.txt").read_bytes(), b"R$ 00 1.3 -.8 .2\n. . . 1 2 3\n"]
        made["gzip"] = [made[name][0] for name in ("binary", "text", "native")]
        made["compressed bytes"] = [gzip.compress(made["text"][0], 1)]
        vectors.build_index(self.folder / "s.usearch", threads=1)
        made["index"] = [(self.folder / "s.usearch").read_bytes(), (self.folder / "s.usearch").read_bytes()[:-48]]
        run = self.folder / "run"
        text = [["a", "b", "c"]] * 20
        wordkin.train(text, checkpoint=run, vector_size=2, min_count=1, epochs=1, threads=1, subsample=0)
        made["run record"] = [(run / "run.json").read_bytes()]
        (run / "corpus").rename(self.folder / "corpus")
        made["encoded corpus"] = [(self.folder / "corpus" / "corpus.json").read_bytes()]
        made["benchmark"] = list(BENCHMARKS)
        return made

    def write_seeds(self) -> Path:
        folder = self.work / "corpus"
        folder.mkdir(parents=True, exist_ok=True)
        for number, (name, contents) in enumerate(self.seeds().items()):
            assert list(self.readers)[number] == name
            for at, content in enumerate(contents):
                for how in range(0, len(LOADING), 2):
                    (folder / f"seed-{number}-{at}-{how}").write_bytes(bytes([number, how]) + content)
        return folder

    def __call__(self, data: bytes) -> None:
        if len(data) < 2:
            return
        name = list(self.readers)[data[0] % len(self.readers)]
        self.counts[name] += 1
        try:
            self.readers[name](data[2:], data[1])
        except WordkinError as error:
            if "\n" in str(error) or len(str(error)) > 1500:
                self.found(name, data, "an error of several lines, or too long")
        except Exception as error:  # noqa: BLE001 (what is not an error of wordkin is what is looked for)
            last = traceback.extract_tb(error.__traceback__)[-1]
            self.found(name, data, f"{type(error).__name__} at {Path(last.filename).name}:{last.lineno}: {error}"[:200])
        if self.counts.total() % 500 == 0:
            self.state.write_text(json.dumps({"inputs": self.counts, "findings": self.findings}, indent=1))

    def found(self, name: str, data: bytes, what: str) -> None:
        key = f"{name}: {what.partition(': ')[0]}"
        self.findings[key] += 1
        if self.findings[key] == 1:
            with (self.work / "findings.jsonl").open("a") as file:
                file.write(json.dumps({"reader": name, "what": what, "input": data.hex()}) + "\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--inputs", type=int, default=100_000, help="how many inputs to try in this call")
    parser.add_argument("--seconds", type=int, default=600, help="stop after so long in any case")
    parser.add_argument("--work", type=Path, default=Path(".fuzz"), help="where corpus, counts and findings are kept")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    options.work.mkdir(parents=True, exist_ok=True)
    fuzz = Fuzz(options.work)
    corpus = fuzz.write_seeds()
    limits = [f"-runs={options.inputs}", f"-max_total_time={options.seconds}", "-max_len=4096", "-rss_limit_mb=3000"]
    atheris.Setup([sys.argv[0], str(corpus), *limits, "-timeout=60", "-verbosity=0", "-print_final_stats=1"], fuzz)
    atheris.Fuzz()  # ends the process


if __name__ == "__main__":
    main()
