"""Install the wheel in fresh environments and run the demo there: ``python try_wheel.py DIST [PYTHON...]``.

By default, it uses each of Python 3.11 to 3.14 that is on PATH or installed by pyenv.
"""

import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

PYTHONS = ("python3.11", "python3.12", "python3.13", "python3.14")
NEEDED = ("wordkin/py.typed", "wordkin/studio/texts/en.json", "wordkin/plots/viewer/")


def check_contents(dist: Path) -> Path:
    """Exit with an error if the distributions lack files of the package; return the path of the wheel."""
    wheels, sources = list(dist.glob("*.whl")), list(dist.glob("*.tar.gz"))
    if len(wheels) != 1 or len(sources) != 1:
        sys.exit(f"{dist} must contain exactly one wheel and one source distribution; build them with: make wheel")
    with zipfile.ZipFile(wheels[0]) as archive:
        of_wheel = archive.namelist()
    with tarfile.open(sources[0]) as archive:
        of_source = archive.getnames()
    for needed in NEEDED:
        for path, names in ((wheels[0], of_wheel), (sources[0], of_source)):
            if not any(needed in name for name in names):
                sys.exit(f"{path} lacks {needed}")
    for path in (wheels[0], sources[0]):
        print(f"{path.name}: {path.stat().st_size / 1e3:,.0f} kB")
    return wheels[0]


def run(*command: str | Path, cwd: Path) -> str:
    """Run a command and return its output; if it fails, print the output and exit."""
    done = subprocess.run(command, cwd=cwd, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if done.returncode:
        sys.exit(f"{' '.join(map(str, command))} failed with status {done.returncode}:\n{done.stdout}")
    return done.stdout


def interpreter(name: str) -> str | None:
    """Return a working interpreter of that name, or None. A pyenv shim on PATH may exist without an interpreter."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    for path in (shutil.which(name), *pyenv.glob(f"versions/*/bin/{name}")):
        if path is not None and subprocess.run([path, "-c", "import venv"], capture_output=True).returncode == 0:
            return str(path)
    return None


def try_wheel(wheel: Path, name: str, python: str) -> None:
    """Install the wheel without extras and run ``wordkin demo``."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        run(python, "-m", "venv", home / "venv", cwd=home)
        run(home / "venv/bin/python", "-m", "pip", "install", "-q", wheel.resolve(), cwd=home)
        shown = run(home / "venv/bin/wordkin", "demo", cwd=home)
        if "Nearest words" not in shown:
            sys.exit(f"the demo of the wheel under {name} shows no neighbours:\n{shown}")
        size = sum(file.stat().st_size for file in (home / "venv").rglob("*") if file.is_file())
        print(f"{name}: installed, demo ran; the environment takes {size / 1e6:,.0f} MB")


def main() -> None:
    """Check the contents of the distributions, then install and run the wheel."""
    wheel = check_contents(Path(sys.argv[1]))
    for name in sys.argv[2:] or PYTHONS:
        python = interpreter(name)
        if python is not None:
            try_wheel(wheel, name, python)
        elif sys.argv[2:]:
            sys.exit(f"{name}: not found here")
        else:
            print(f"{name}: not found here")


if __name__ == "__main__":
    main()
