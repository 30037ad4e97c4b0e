"""Execute docs/notebook.ipynb and save it with its outputs: ``make notebook``.

Execution times and counts are removed, so that the file changes only when outputs do. ``--html`` writes an HTML page as
well.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import nbformat
from jupyter_client import KernelManager
from nbclient import NotebookClient

NOTEBOOK = Path(__file__).with_name("notebook.ipynb")


def execute(path: Path) -> nbformat.NotebookNode:
    """Return the notebook with new outputs; raise ``CellExecutionError`` if a cell fails."""
    notebook = nbformat.read(path, as_version=4)
    kernel = KernelManager(kernel_name="python3", transport="ipc")
    NotebookClient(notebook, km=kernel, timeout=600, record_timing=False).execute()
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.execution_count = None
            for output in cell.outputs:
                if "execution_count" in output:
                    output.execution_count = None
    notebook.metadata.pop("language_info", None)  # contains the Python version
    return notebook


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--html", type=Path, help="write the page as HTML as well")
    options = parser.parse_args()
    notebook = execute(NOTEBOOK)
    nbformat.write(notebook, NOTEBOOK)
    if options.html is not None:
        from nbconvert import HTMLExporter

        options.html.write_text(HTMLExporter().from_notebook_node(notebook)[0])


if __name__ == "__main__":
    main()
