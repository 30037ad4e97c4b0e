"""Runs packages that build on gensim with gensim and with ``wordkin.compat.gensim``, and writes what came of each.

The packages are installed as they are into a folder of their own, without the dependencies that they pin. Each program
is run in a process of its own, with gensim and then after ``install()``; nothing else differs. Results are kept in
``docs/results/packages.json``, from which ``benchmarks/report.py`` fills the page. The exit status is 1 where a
program runs with gensim and not with wordkin.

    python tests/compat/run_packages.py [--folder FOLDER] [--keep]
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parents[2] / "docs" / "results" / "packages.json"
# What pip installs, each without dependencies: those that are needed are named.
PACKAGES = [
    "node2vec==0.5.0", "karateclub==1.3.3", "pecanpy==2.0.9", "nodevectors==0.1.23", "networkx==3.6.1", "tqdm",
    "six", "decorator", "python-louvain", "pygsp", "levenshtein", "rapidfuzz", "nptyping", "numba-progress",
    "csrgraph",
]  # fmt: skip
GRAPH = "import networkx as nx\ngraph = nx.newman_watts_strogatz_graph(1000, 10, 0.05, seed=1)\n"
PROGRAMS = {
    "node2vec": GRAPH + """
from node2vec import Node2Vec
from node2vec.edges import HadamardEmbedder
walks = Node2Vec(graph, dimensions=64, walk_length=30, num_walks=20, workers=1, quiet=True)
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
    **{f"karateclub {name}": GRAPH + f"""
from karateclub import {name}
model = {name}()
start()
model.fit(graph)
stop()
assert model.get_embedding().shape[0] == 1000, model.get_embedding().shape
""" for name in ("DeepWalk", "Node2Vec", "Walklets", "Diff2Vec")},
    "pecanpy": GRAPH + """
from pecanpy import pecanpy
nx.write_weighted_edgelist
with open("graph.edg", "w") as file:
    file.writelines(f"{a}\\t{b}\\n" for a, b in graph.edges)
found = pecanpy.SparseOTF(p=1, q=0.5, workers=1, verbose=False)
found.read_edg("graph.edg", weighted=False, directed=False)
start()
assert found.embed(dim=64, num_walks=10, walk_length=40).shape == (1000, 64)
stop()
""",
    "nodevectors": GRAPH + """
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
WARM = "from gensim.models import Word2Vec\nWord2Vec([['a', 'b']] * 20, min_count=1, vector_size=8, workers=1, hs=1)\n"


def fetch(folder: Path) -> None:
    """Install the packages into a folder."""
    command = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--target", str(folder), *PACKAGES]
    subprocess.run(command, check=True)


def run(program: str, folder: Path, with_wordkin: bool) -> dict[str, Any]:
    """What came of a program: whether it ran, the seconds of its fit, and the last line of its error."""
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


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--folder", type=Path, help="packages that were installed before, in place of new ones")
    parser.add_argument("--only", help="programs whose names hold this text")
    parser.add_argument("--publish", action="store_true", help=f"keep the results in {RESULTS.name} of docs/results")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.folder or Path(temporary)
        if options.folder is None:
            fetch(folder)
        found = {}
        run(WARM + "start()\nstop()\n", folder, True)  # compiles and caches the kernels once
        for name, program in PROGRAMS.items():
            if options.only and options.only not in name:
                continue
            found[name] = {"gensim": run(program, folder, False), "wordkin": run(program, folder, True)}
            print(name, json.dumps(found[name]), flush=True)
    if options.publish:
        versions = {name: version(name) for name in ("gensim", "numpy", "numba")}
        about = {"python": platform.python_version(), "versions": versions, "day": time.strftime("%Y-%m-%d")}
        RESULTS.write_text(json.dumps({"about": about, "programs": found}, indent=1) + "\n")
    return int(any(each["gensim"]["ran"] and not each["wordkin"]["ran"] for each in found.values()))


if __name__ == "__main__":
    sys.exit(main())
