"""Sphinx configuration of the documentation site: all pages of the repository, and an API reference from docstrings.

The source directory is the root of the repository, so that links between pages work on the site as in a checkout.
`make site` builds the site without network access. The site loads nothing from other hosts.
"""

import re

from docutils import nodes
from latex2mathml.converter import convert
from sphinx.application import Sphinx
from sphinx.writers.html5 import HTML5Translator

import wordkin

project = "wordkin"
version = release = wordkin.__version__
copyright = "the authors of wordkin"

extensions = ["myst_parser", "numpydoc", "sphinx.ext.autodoc", "sphinx.ext.viewcode", "sphinx_copybutton"]
root_doc = "docs/index"
include_patterns = ["*.md", "docs/*.md", "docs/reference/*.md"]
html_theme = "furo"
html_title = f"wordkin {version}"
html_copy_source = False
html_additional_pages = {"index": "start.html"}
templates_path = ["templates"]
html_static_path = ["static"]
html_css_files = ["site.css"]

myst_heading_anchors = 4
myst_enable_extensions = ["dollarmath"]
html_math_renderer = "mathml"

autodoc_member_order = "bysource"
autodoc_typehints = "none"  # the parameter lists of docstrings have them
numpydoc_show_class_members = False
copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True

# Types of other libraries and private types of wordkin have no page to link to.
nitpicky = True
nitpick_ignore_regex = [
    ("py:.*", r"(?!wordkin\b).*"),
    ("py:(class|obj|data)", r"wordkin\..*"),
]


def add_tables_of_contents(app: Sphinx, page: str, source: list[str]) -> None:
    """Add the pages listed in each table of the index page to the navigation, under the heading of the table."""
    if page != root_doc:
        return
    parts = re.split(r"^(?=## )", source[0], flags=re.MULTILINE)
    for number, part in enumerate(parts):
        pages = re.findall(r"^\| \[[^\]]+\]\(([^)]+)\.md\)", part, flags=re.MULTILINE)
        if pages:
            caption = part.splitlines()[0].removeprefix("## ")
            listed = "\n".join(pages)
            parts[number] = f"{part}\n```{{toctree}}\n:hidden:\n:caption: {caption}\n\n{listed}\n```\n\n"
    source[0] = "".join(parts)


def visit_inline(translator: HTML5Translator, node: nodes.math) -> None:
    """Write an inline formula as MathML, which browsers render without scripts."""
    translator.body.append(convert(node.astext()))
    raise nodes.SkipNode


def visit_displayed(translator: HTML5Translator, node: nodes.math_block) -> None:
    """Write a displayed formula as MathML."""
    translator.body.append(f'<div class="math">{convert(node.astext(), display="block")}</div>')
    raise nodes.SkipNode


def setup(app: Sphinx) -> None:
    """Register the hooks."""
    app.connect("source-read", add_tables_of_contents)
    app.add_html_math_renderer("mathml", (visit_inline, None), (visit_displayed, None))
