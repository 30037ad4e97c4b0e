"""Print the description of an encoded text."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from wordkin.cli.output import print_json, print_table


def document(path: str) -> dict[str, Any]:
    """Return the description of an encoded text as a JSON document."""
    from wordkin.text.encoded_text import open_text

    opened = open_text(path)
    description = opened.description
    return {
        "file": path,
        "bytes": sum(each.stat().st_size for each in Path(path).iterdir()),
        "words": opened.corpus.words,
        "sentences": opened.corpus.sentences,
        "vocabulary_size": len(opened.vocabulary),
        "text_words": description.text_words,
        "content_fingerprint": description.content_fingerprint,
        "provenance_fingerprint": description.provenance_fingerprint,
        "sources": description.sources,
        "readers": dict(description.readers),
        "dropped": None if description.dropped is None else dict(description.dropped),
        "options": dict(description.options),
    }


def show_encoded_text(path: str, *, json: bool) -> None:
    """Print the description of an encoded text, as tables or JSON."""
    facts = document(path)
    if json:
        print_json(facts)
        return
    names = [each["name"] for each in facts["sources"]]
    print_table(["encoded text", ""], {
        "directory": path,
        "bytes": f"{facts['bytes']:,}",
        "words": f"{facts['words']:,} of {facts['text_words']:,} in the text",
        "sentences": f"{facts['sentences']:,}",
        "vocabulary": f"{facts['vocabulary_size']:,}",
        "content": facts["content_fingerprint"],
        "provenance": facts["provenance_fingerprint"],
        "made of": ", ".join(names[:3]) + (f" and {len(names) - 3:,} more" if len(names) > 3 else ""),
    }.items())  # fmt: skip
    show_reading(facts)
    print()
    options = {name: value for name, value in facts["options"].items() if value is not None}
    print_table(["read with", ""], ((name, str(value)) for name, value in sorted(options.items())))


def show_reading(reading: Mapping[str, Any]) -> None:
    """Print, for each reader, how many files and records it read, records it skipped and words it replaced.

    If words were dropped, old text was replayed or old rows were averaged, this is printed as well.
    """
    from wordkin.corpus.scanning.bounds import Dropped

    print()
    print_table(["reader", "files", "records", "skipped", "words replaced"], [
        (name, f"{met['files']:,}", f"{met['records']:,}" if met["records"] else "", skipped_text(met["skipped"]),
         f"{met['replaced']:,}") for name, met in reading["readers"].items()
    ])  # fmt: skip
    if reading["dropped"] is not None:
        print()
        print(Dropped(**reading["dropped"]))
    if reading.get("replay") is not None:
        print()
        replay = reading["replay"]
        print(f"replay: {replay['share']:g} of old text, {replay['sentences']:,} sentences, {replay['words']:,} words")
    if reading.get("old_weight") is not None:
        print()
        print(f"rows of old words: {reading['old_weight']:g} of their value before the update, the rest as trained")


def skipped_text(skipped: dict[str, int]) -> str:
    """Return a text with the number of skipped records for each reason; "0" if there are none."""
    return ", ".join(f"{number:,} {reason}" for reason, number in skipped.items()) or "0"
