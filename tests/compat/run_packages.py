"""Run packages that depend on gensim with gensim and with ``wordkin.compat.gensim``, and report the outcomes.

The packages are installed unmodified into their own directory, without the dependencies that they pin. Each program
runs in its own process, once with gensim and once after ``install()``. The exit status is 1 if a program works with
gensim but not with wordkin.

    python tests/compat/run_packages.py [--folder FOLDER] [--json FILE] [--only WORDS] [--turns 3]

``benchmarks/compat_tests.py`` and ``benchmarks/compat.py`` run this script and store the results for the documentation.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

# Packages to install with pip without dependencies; the dependencies needed are listed.
PACKAGES = [
    "node2vec==0.5.0", "karateclub==1.3.3", "pecanpy==2.0.9", "nodevectors==0.1.23", "networkx==3.6.1", "tqdm",
    "six", "decorator", "python-louvain", "pygsp", "levenshtein", "rapidfuzz", "nptyping", "numba-progress",
    "csrgraph", "joblib",
]  # fmt: skip
# The graphs and parameters come from the packages' own introductions, if they have one.
GRAPH = "import networkx as nx\ngraph = nx.newman_watts_strogatz_graph({nodes}, 20, 0.05, seed=1)\n"
PROGRAMS = {
    "node2vec": """
import networkx as nx
graph = nx.fast_gnp_random_graph(n=100, p=0.5, seed=1)
from node2vec import Node2Vec
from node2vec.edges import HadamardEmbedder
walks = Node2Vec(graph, dimensions=64, walk_length=30, num_walks=200, workers=1, quiet=True)
start()
model = walks.fit(window=10, min_count=1, batch_words=4)
stop()
print(model.wv.most_similar("2", topn=1))
model.wv.save_word2vec_format("vectors.txt")
model.save("model")
edges = HadamardEmbedder(keyed_vectors=model.wv)
assert edges[("1", "2")].shape == (64,)
pairs = edges.as_keyed_vectors()
print(pairs.most_similar(str(("1", "2")), topn=1))
""",
    **{f"karateclub {name}": GRAPH.format(nodes=100) + f"""
from karateclub import {name}
model = {name}()
start()
model.fit(graph)
stop()
assert model.get_embedding().shape[0] == 100, model.get_embedding().shape
""" for name in ("DeepWalk", "Node2Vec", "Walklets", "Diff2Vec")},
    "pecanpy": GRAPH.format(nodes=1000) + """
from pecanpy import pecanpy
with open("graph.edg", "w") as file:
    file.writelines(f"{a}\\t{b}\\n" for a, b in graph.edges)
found = pecanpy.SparseOTF(p=1, q=0.5, workers=1, verbose=False)
found.read_edg("graph.edg", weighted=False, directed=False)
start()
assert found.embed(dim=64, num_walks=10, walk_length=40).shape == (1000, 64)
stop()
""",
    "nodevectors": GRAPH.format(nodes=1000) + """
from nodevectors import Node2Vec
start()
found = Node2Vec(n_components=64, walklen=40, verbose=False).fit_transform(graph)
stop()
assert found.shape == (1000, 64)
""",
}  # fmt: skip
TIMER = """
import sys, time, warnings
warnings.simplefilter("ignore")
spent = []
def start(): spent.append(-time.perf_counter())
def stop(): spent[-1] += time.perf_counter()
"""
INSTALL = "from wordkin.compat.gensim import install\ninstall()\n"


def fetch(folder: Path) -> None:
    """Install the packages into a directory."""
    command = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--target", str(folder), *PACKAGES]
    subprocess.run(command, check=True)


def run(program: str, folder: Path, with_wordkin: bool) -> dict[str, Any]:
    """Run a program; return whether it succeeded, the seconds of its fit, and the last line of its error."""
    code = TIMER + (INSTALL if with_wordkin else "") + program + "\nprint('seconds', spent[-1])"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(folder), os.environ.get("PYTHONPATH", "")])}
    with tempfile.TemporaryDirectory() as place:
        command = [sys.executable, "-c", code]
        done = subprocess.run(
            command, cwd=place, env=environment, capture_output=True, text=True, timeout=900, check=False
        )
    if done.returncode:
        return {"ran": False, "why": (done.stderr.strip().splitlines() or ["no message"])[-1][:300]}
    return {"ran": True, "seconds": float(done.stdout.split()[-1])}


def in_turn(program: str, folder: Path, turns: int) -> dict[str, Any]:
    """Run a program with gensim and wordkin in turn; return outcomes and seconds. A failing program runs only once.

    If there are several turns, wordkin first runs once without timing, to compile and cache the kernels.
    """
    found: dict[str, Any] = {}
    if turns > 1:
        run(program, folder, True)
    for _ in range(turns):
        for side, with_wordkin in (("gensim", False), ("wordkin", True)):
            if not found.get(side, {"ran": True})["ran"]:
                continue
            once = run(program, folder, with_wordkin)
            seconds = once.pop("seconds", None)
            before = found.get(side, {}).get("seconds", [])
            found[side] = {**once, "seconds": [*before, seconds]} if once["ran"] else once
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--folder", type=Path, help="packages that were installed before, in place of new ones")
    parser.add_argument("--only", help="programs whose names hold this text")
    parser.add_argument("--json", type=Path, help="a file for the results")
    parser.add_argument("--turns", type=int, default=1, help="runs of each side in turn (default: 1)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.folder or Path(temporary)
        if options.folder is None:
            fetch(folder)
        found = {}
        for name, program in PROGRAMS.items():
            if options.only and options.only not in name:
                continue
            found[name] = in_turn(program, folder, options.turns)
            print(name, json.dumps(found[name]), flush=True)
    if options.json:
        options.json.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    return int(any(each["gensim"]["ran"] and not each["wordkin"]["ran"] for each in found.values()))


if __name__ == "__main__":
    sys.exit(main())
