"""Generate docs/options.md from the metadata of the options: ``make docs``."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from wordkin.config import GROUPS, Flag, FlagOrLanguage, TokenizerName, TrainingConfig

PAGE = Path(__file__).with_name("options.md")
HEAD = """\
# Training options

`wordkin.train(corpus, **options)`, `wordkin.Word2Vec(**options)`, `wordkin.TrainingConfig(**options)` and the command
`wordkin train` take the same options. An illegal value raises `ConfigError`; the message names the legal values.
In the column "default", "unset" means None. The column "what it does" then says what happens if the option is not set.

On this page, an *update* is the training of an existing model on [more text](growing.md). The options whose
description begins with "With replicas" are for training on [several machines](machines.md).

`make docs` generates this page from `src/wordkin/config.py`, and a test compares the two.
"""
FOOT = """
## Sources

- word2vec.c: the program that T. Mikolov, I. Sutskever, K. Chen, G. Corrado and J. Dean published with their papers.
- Mikolov et al. 2013a: Efficient Estimation of Word Representations in Vector Space, arXiv:1301.3781.
- Mikolov et al. 2013b: Distributed Representations of Words and Phrases and their Compositionality, NeurIPS 26.
- Press and Wolf 2017: Using the Output Embedding to Improve Language Models, EACL.
"""


def page() -> str:
    """Return the text of the page."""
    parts = [HEAD]
    for group in GROUPS:
        rows = [_row(each) for each in dataclasses.fields(TrainingConfig) if each.metadata["group"] == group]
        heads = ["option", "command line", "default", "legal values", "what it does", "source"]
        lines = [heads, ["---"] * len(heads), *rows]
        parts.append(f"\n## {group}\n\n" + "".join(f"| {' | '.join(line)} |\n" for line in lines))
    return "".join([*parts, FOOT])


def _row(field: dataclasses.Field[object]) -> list[str]:
    rule, spelling = field.metadata["rule"], "--" + field.name.replace("_", "-")
    if isinstance(rule, Flag) and field.default is True:
        spelling = f"{spelling}`, `--no-{spelling[2:]}"
    legal = str(rule).removeprefix("must be ").replace("|", "\\|")
    if isinstance(rule, FlagOrLanguage):
        spelling = f"{spelling}`, `{spelling}-language"
    if isinstance(rule, TokenizerName):
        legal = f"{legal} (`package.module:function` on the command line)"
    default = "unset" if field.default is None else f"`{field.default!r}`".replace("'", '"')
    return [f"`{field.name}`", f"`{spelling}`", default, legal, field.metadata["help"], field.metadata["source"]]


if __name__ == "__main__":
    PAGE.write_text(page())
