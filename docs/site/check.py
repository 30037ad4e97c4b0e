"""Fail where a built page loads something from another host: ``python check.py FOLDER``."""

import sys
from html.parser import HTMLParser
from pathlib import Path

LOADED = {"script": "src", "link": "href", "img": "src", "iframe": "src", "source": "src", "video": "src"}


class Loads(HTMLParser):
    """The addresses that a page loads by itself; links that people follow are not among them."""

    def __init__(self) -> None:
        super().__init__()
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        """Note the address of an element that loads one."""
        address = dict(attributes).get(LOADED.get(tag, ""))
        if address is not None:
            self.addresses.append(address)


def foreign(folder: Path) -> list[str]:
    """Addresses of other hosts in pages and style sheets below ``folder``, each with the file that has it."""
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
    """Print what is loaded from elsewhere and exit with 1, or say how many pages load nothing."""
    folder = Path(sys.argv[1])
    found = foreign(folder)
    pages = len(list(folder.rglob("*.html")))
    if found or not pages:
        sys.exit("\n".join(found) or f"{folder} has no pages; build the site first")
    print(f"{folder}: {pages} pages, none loads anything from another host")


if __name__ == "__main__":
    main()
