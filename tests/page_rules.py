"""What every page of ours keeps to: well formed, asks nobody for anything, no dead ends, tables with heads.

Each rule gives what breaks it, so that a test can show that it catches something.
"""

import re
from html.parser import HTMLParser
from pathlib import Path


class Outline(HTMLParser):
    """What a page is made of: tags with their attributes, and whether they are closed in order."""

    EMPTY = ("meta", "br", "img", "link")

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.wrong: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in self.EMPTY:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.wrong.append(tag)


def outlined(page: str) -> Outline:
    """The page's outline."""
    parser = Outline()
    parser.feed(page)
    return parser


def shape_faults(outline: Outline) -> list[str]:
    """Tags that are not closed in order, and identifiers used twice (paths of drawings apart)."""
    found = [attributes["id"] or "" for tag, attributes in outline.tags if "id" in attributes and tag != "path"]
    return [*outline.wrong, *outline.open, *(name for name in dict.fromkeys(found) if found.count(name) > 1)]


def requests(page: str, outline: Outline) -> list[str]:
    """What a browser would fetch from elsewhere, and scripts."""
    faults = [tag for tag, _ in outline.tags if tag in ("script", "link", "iframe", "img")]
    for _, attributes in outline.tags:
        targets = [attributes.get(name) or "#" for name in ("src", "href", "xlink:href")]
        faults += [target for target in targets if not target.startswith(("#", "charts/"))]
    faults += ["@import"] * page.count("@import")
    return faults + [target for target in re.findall(r"url\(([^)]*)\)", page) if not target.startswith("#")]


def dead_ends(outline: Outline, folder: Path) -> list[str]:
    """Links within the page, and to files beside it, that lead nowhere."""
    identifiers = {attributes.get("id") for _, attributes in outline.tags}
    found = [attributes.get(name) or "" for _, attributes in outline.tags for name in ("href", "xlink:href")]
    inside = [target for target in found if target.startswith("#") and target[1:] not in identifiers]
    return inside + [one for one in found if one and not one.startswith("#") and not (folder / one).is_file()]


def table_faults(outline: Outline) -> list[str]:
    """Tables without a caption, and head cells that do not say of what."""
    tables, captions = (sum(tag == name for tag, _ in outline.tags) for name in ("table", "caption"))
    faults = ["table without a caption"] * (tables - captions)
    return faults + [
        "th without a scope" for tag, attributes in outline.tags if tag == "th" and "scope" not in attributes
    ]
