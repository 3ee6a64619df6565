"""Write a page that says what other pages of Assay say first, and leads to them.

python examples/front_page.py FRONT.html PAGE.html [PAGE.html ...]

Of each page it takes the title, the headlines and the first sentence, as text.
"""

from __future__ import annotations

import argparse
import html
from html.parser import HTMLParser
from pathlib import Path

STYLE = """
:root { color-scheme: light dark; }
body { font: 1rem/1.55 system-ui, sans-serif; margin: 0 auto; max-width: 44rem; padding: 2.5rem 1rem 4rem; }
h2 { font-size: 1.2rem; margin: 2.5rem 0 .5rem; }
"""


class Headlines(HTMLParser):
    """The title of a page, and what stands in its heads.

    Parameters
    ----------
    page
        HTML.
    """

    def __init__(self, page: str) -> None:
        super().__init__()
        self.title = ""
        self.verdicts: list[str] = []
        self._inside = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Begin a head, or what a page marks as its verdict."""
        if tag == "title" and not self.title:
            self._inside = tag
        elif tag in ("h1", "h2") or ("class", "verdict") in attrs:
            self._inside = tag
            self.verdicts.append("")

    def handle_endtag(self, tag: str) -> None:
        """End it."""
        if tag == self._inside:
            self._inside = ""

    def handle_data(self, data: str) -> None:
        """Keep what stands in it."""
        if self._inside == "title":
            self.title += data
        elif self._inside:
            self.verdicts[-1] += data


def section(page: Path, front: Path) -> str:
    """Return what a page says first, with a link to it."""
    found = Headlines(page.read_text("utf-8"))
    # A head that is a sentence is a finding; others are names of sections.
    said = [text.strip() for text in found.verdicts if text.strip().endswith(".")]
    words = "".join(f"<p>{html.escape(text)}</p>" for text in said)
    link = html.escape(page.relative_to(front.parent).as_posix())
    return f'<h2><a href="{link}">{html.escape(found.title)}</a></h2>{words}'


def main() -> None:
    """Write the front page."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("front", type=Path)
    parser.add_argument("pages", type=Path, nargs="+")
    arguments = parser.parse_args()
    parts = "\n".join(section(page, arguments.front) for page in arguments.pages)
    arguments.front.write_text(
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><title>Assay</title>'
        f"<style>{STYLE}</style></head>\n<body><h1>What was found</h1>\n{parts}\n</body></html>\n",
        "utf-8",
    )
    print(f"{arguments.front}: {len(arguments.pages)} pages")


if __name__ == "__main__":
    main()
