"""Fail if a page of the built site loads anything from another host: ``python check.py FOLDER``."""

import sys
from html.parser import HTMLParser
from pathlib import Path

LOADED = {"script": "src", "link": "href", "img": "src", "iframe": "src", "source": "src", "video": "src"}


class Loads(HTMLParser):
    """Collects the addresses that a page loads by itself, such as scripts and images, but not links."""

    def __init__(self) -> None:
        super().__init__()
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        """Collect the address if the element loads one."""
        address = dict(attributes).get(LOADED.get(tag, ""))
        if address is not None:
            self.addresses.append(address)


def foreign(folder: Path) -> list[str]:
    """Return references to other hosts in pages and style sheets below ``folder``, each as "file: reference"."""
    found = []
    for page in sorted(folder.rglob("*.html")):
        loads = Loads()
        loads.feed(page.read_text(encoding="utf-8"))
        found += [f"{page}: {address}" for address in loads.addresses if "//" in address]
    for sheet in sorted(folder.rglob("*.css")):
        text = sheet.read_text(encoding="utf-8")
        found += [f"{sheet}: {rule}" for rule in ("@import url(http", "url(http", "url(//") if rule in text]
    return found


def main() -> None:
    """Print references to other hosts and exit with status 1, or print the number of pages checked."""
    folder = Path(sys.argv[1])
    found = foreign(folder)
    pages = len(list(folder.rglob("*.html")))
    if found or not pages:
        sys.exit("\n".join(found) or f"{folder} has no pages; build the site first")
    print(f"{folder}: {pages} pages, none of which loads anything from another host")


if __name__ == "__main__":
    main()
