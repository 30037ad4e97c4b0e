"""Check that the core's dependencies can be installed from wheels alone on all supported systems and Python versions.

pip resolves them for a foreign platform without installing anything, so that one machine can check all of them.
"""

import itertools
import json
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]
PYTHONS = ("3.11", "3.12", "3.13", "3.14")
# pip does not derive the tags of older systems, whose wheels run on newer ones, so all are listed.
SYSTEMS = {
    "Linux x86-64": [f"manylinux_2_{minor}_x86_64" for minor in range(17, 35)] + ["manylinux2014_x86_64"],
    "Linux arm64": [f"manylinux_2_{minor}_aarch64" for minor in range(17, 35)] + ["manylinux2014_aarch64"],
    "macOS arm64": [f"macosx_{major}_0_{kind}" for major in range(11, 16) for kind in ("arm64", "universal2")],
    "Windows": ["win_amd64"],
}


def resolve(requirements: list[str], python: str, tags: list[str]) -> tuple[int, str]:
    """Return the number of packages that pip would install, or 0 and the last line of its error."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder, "report.json")
        command = [
            sys.executable,
            "-m",
            "pip",
            "install",
            "-q",
            "--dry-run",
            "--ignore-installed",
            "--only-binary=:all:",
        ]
        command += ["--target", folder, "--python-version", python, "--report", str(report)]
        command += [argument for tag in tags for argument in ("--platform", tag)]
        done = subprocess.run([*command, *requirements], text=True, capture_output=True)
        if done.returncode:
            return 0, (done.stderr.strip().splitlines() or ["pip said nothing"])[-1]
        return len(json.loads(report.read_text())["install"]), ""


def main() -> None:
    """Print a line for each system and Python version; exit with status 1 if a wheel is missing."""
    requirements = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    missing = 0
    for (system, tags), python in itertools.product(SYSTEMS.items(), PYTHONS):
        packages, problem = resolve(requirements, python, tags)
        missing += bool(problem)
        print(f"{system:<12}  Python {python}  {problem or f'{packages} packages, all from wheels'}", flush=True)
    sys.exit(missing > 0)


if __name__ == "__main__":
    main()
