"""Run docs/notebook.ipynb and keep what its cells put out: ``make notebook``.

Writes the notebook in place, without times and counts of executions, and a page of HTML where one is asked for with
``--html``.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import nbformat
from jupyter_client import KernelManager
from nbclient import NotebookClient

NOTEBOOK = Path(__file__).with_name("notebook.ipynb")


def execute(path: Path) -> nbformat.NotebookNode:
    """The notebook with fresh outputs. Raises ``CellExecutionError`` where a cell fails."""
    notebook = nbformat.read(path, as_version=4)
    kernel = KernelManager(kernel_name="python3", transport="ipc")
    NotebookClient(notebook, km=kernel, timeout=600, record_timing=False).execute()
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.execution_count = None
            for output in cell.outputs:
                if "execution_count" in output:
                    output.execution_count = None
    notebook.metadata.pop("language_info", None)  # names the exact Python
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
