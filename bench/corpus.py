"""Builds a corpus out of text that any Debian or Python machine has; nothing is fetched, nothing of it kept here.

    python bench/corpus.py OUT.jsonl [--megabytes 64] [--seed 11]

Manual pages, package documentation and changelogs, licences, Python and Perl sources, web pages of documentation and
message catalogues of other languages. A line is ``{"doc_id", "text", "source"}``. Sources are interleaved by fixed
shares, each in an order that the seed shuffles, so that the first lines of a large corpus are the whole of a small one.
Beside it, OUT.jsonl.meta.json says what came from where. Where a machine has less text than was asked for, the rest
is recombined from paragraphs of what it has (source ``recombined``), and both files say so.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import html
import json
import random
import re
import struct
import sys
import sysconfig
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

SHORTEST, LONGEST = 200, 1_000_000
"""Characters of a document: shorter ones are left out, longer ones too."""
HOME = Path.home()


@dataclass(frozen=True, slots=True)
class Source:
    """Where one kind of text lies.

    Parameters
    ----------
    share
        Of the corpus's bytes, relative to the other sources'.
    roots
        Folders that are searched, those that exist; ``*`` is allowed.
    accepts
        Whether a file is of this source.
    read
        Bytes of a file to text.
    """

    name: str
    share: int
    roots: tuple[str, ...]
    accepts: Callable[[str], bool]
    read: Callable[[bytes], str]


def plain(data: bytes) -> str:
    """Return the text of a file; what is not UTF-8 is read as Latin-1."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("latin-1")


_MACRO_WITH_TEXT = re.compile(
    r"^[.']\s*(?:SH|SS|Sh|Ss|B|I|BR|RB|BI|IB|IR|RI|SM|SB|Nm|Nd|Fl|Ar|Pa|Xr|Em|Op|It|Li|Dq|Sq|Va|Fn|TP|IP|Bl|\s)*(?:\s+|$)"
)
_ROFF_ESCAPE = re.compile(
    r"\\(?:f(?:\(..|\[[^]]*\]|.)|s[-+]?\d+|[&/,|^%:!{}cdu]|m\[[^]]*\]|[hvw]'[^']*')"
)
_ROFF_CHARACTERS = {
    r"\-": "-", r"\(aq": "'", r"\(cq": "’", r"\(oq": "‘", r"\(lq": "“", r"\(rq": "”", r"\(em": "—", r"\(en": "–",
    r"\(bu": "•", r"\(co": "©", r"\(rg": "®", r"\(dq": '"', r"\(ti": "~", r"\(ha": "^", r"\(rs": "\\", r"\e": "\\",
    r"\[aq]": "'", r"\[dq]": '"', r"\[ti]": "~", r"\[ha]": "^", r"\[rs]": "\\", r"\ ": " ", r"\~": " ", r"\0": " ",
    r"\`": "`", r"\'": "'", r"\.": ".", r"\(->": "→", r"\(<-": "←", r"\(mu": "×",
}  # fmt: skip
_ROFF_CHARACTER = re.compile("|".join(re.escape(key) for key in _ROFF_CHARACTERS))
_ROFF_DROPPED = re.compile(
    r"^[.']\s*(?:\\\"|\.|\\}|TH|Dd|Dt|Os|de|ds|nr|rr|br|tm|if|ie|el|so|ft|ad|hy|nh|ta|tr|ne|in|ti|ll|sp|nf|fi"
    r"|IX|Vb|Ve|UR|UE|RS|RE|PD)"
)
_ROFF_SECTION = re.compile(r"^[.']\s*(?:SH|SS|Sh|Ss)\b")
_ROFF_BREAK = re.compile(r"^[.']\s*(?:PP|LP|P|Pp|TP|IP|It|sp|HP|RS|RE|nf|fi)\b")


def manual_page(data: bytes) -> str:
    """Return the text of a manual page, without its macros and escapes; it is not typeset."""
    lines: list[str] = []
    paragraph: list[str] = []
    skips = False

    def end() -> None:
        if paragraph:
            lines.extend((" ".join(paragraph), ""))
            paragraph.clear()

    for raw in plain(data).splitlines():
        if skips or raw.startswith((".de", ".ig")):
            skips = raw.rstrip() != ".."
            continue
        if _ROFF_SECTION.match(raw):
            end()
            lines.append(_roff_text(_MACRO_WITH_TEXT.sub("", raw)).strip('" '))
        elif _ROFF_BREAK.match(raw) or not raw.strip():
            end()
        elif not _ROFF_DROPPED.match(raw):
            is_macro = raw[0] in ".'"
            text = _roff_text(_MACRO_WITH_TEXT.sub("", raw) if is_macro else raw)
            paragraph.append(text.replace('"', "") if is_macro else text)
    end()
    return "\n".join(lines).strip()


def _roff_text(text: str) -> str:
    text = _ROFF_ESCAPE.sub("", re.sub(r'\\".*', "", text))
    return _ROFF_CHARACTER.sub(lambda found: _ROFF_CHARACTERS[found.group()], text)


_UNSEEN = re.compile(
    r"<(script|style|head|nav|svg)\b.*?</\1\s*>|<!--.*?-->", re.DOTALL | re.IGNORECASE
)
_BLOCK = re.compile(
    r"</?(?:p|div|br|li|ul|ol|tr|table|h[1-6]|pre|section|dt|dd|dl|blockquote|summary|details)\b[^>]*>",
    re.IGNORECASE,
)
_TAG = re.compile(r"<[^>]*>")


def web_page(data: bytes) -> str:
    """Return the text of a web page, a line a block."""
    text = _TAG.sub("", _BLOCK.sub("\n", _UNSEEN.sub(" ", plain(data))))
    text = html.unescape(text).replace("\xa0", " ")
    return re.sub(r"\s*\n\s*\n\s*", "\n", re.sub(r"[ \t]+", " ", text)).strip()


def catalogue(data: bytes) -> str:
    """Return the translations of a compiled message catalogue, a line each."""
    if data[:4] != b"\xde\x12\x04\x95":
        return ""
    _, count, _, at = struct.unpack_from("<4I", data, 4)
    table = struct.unpack_from(f"<{2 * count}I", data, at)
    parts = [
        data[begin : begin + length] for length, begin in zip(table[::2], table[1::2], strict=True)
    ]
    # The first is the header; plural forms stand behind each other.
    return "\n".join(plain(part).replace("\0", "\n") for part in parts[1:])


def _ends(*suffixes: str) -> Callable[[str], bool]:
    return lambda path: path.removesuffix(".gz").lower().endswith(suffixes)


def _is_english_page(path: str) -> bool:
    return "/man/man" in path


def _is_other_page(path: str) -> bool:
    return "/man/man" not in path and bool(re.search(r"/man\d\w*/", path))


def _is_changelog(path: str) -> bool:
    return "changelog" in path.rsplit("/", 1)[1].lower() or "/NEWS" in path


def _is_note(path: str) -> bool:
    name = path.rsplit("/", 1)[1].lower()
    known = name.removesuffix(".gz").endswith((".txt", ".md", ".rst", ".pod"))
    return (known or name.startswith(("readme", "faq", "howto", "todo"))) and not _is_changelog(
        path
    )


DOCS = "/usr/share/doc"
PYTHONS = (
    sysconfig.get_path("stdlib"), sysconfig.get_path("purelib"), "/usr/lib/python3*", "/usr/local/lib/python3*",
    f"{HOME}/.pyenv/versions/*/lib", "/usr/lib/google-cloud-sdk",
)  # fmt: skip
SOURCES = (
    Source("manual", 26, ("/usr/share/man",), _is_english_page, manual_page),
    Source("python", 18, PYTHONS, _ends(".py"), plain),
    Source("web", 12, (DOCS, f"{HOME}/.rustup/toolchains/*/share/doc"), _ends(".html", ".htm"), web_page),
    Source("changelog", 10, (DOCS,), _is_changelog, plain),
    Source("notes", 10, (DOCS, "/usr/share/cmake-*/Help", "/usr/share/vim", "/usr/lib/node_modules", *PYTHONS),
           _is_note, plain),
    Source("licence", 6, (DOCS,), lambda path: path.endswith("/copyright"), plain),
    Source("other-manual", 6, ("/usr/share/man",), _is_other_page, manual_page),
    Source("messages", 6, ("/usr/share/locale",), _ends(".mo"), catalogue),
    Source("perl", 3, ("/usr/share/perl", "/usr/share/perl5"), _ends(".pm", ".pl"), plain),
    Source("headers", 3, ("/usr/include",), _ends(".h"), plain),
)  # fmt: skip


def files_of(source: Source, seed: int) -> list[Path]:
    """Return a source's files, each once, in an order that depends on their names and the seed alone."""
    found: dict[str, None] = {}
    for pattern in source.roots:
        root = Path("/")
        for folder in sorted(root.glob(pattern.lstrip("/"))):
            for where, folders, names in (
                folder.walk() if hasattr(folder, "walk") else _walk(folder)
            ):
                folders.sort()
                paths = (f"{where}/{name}" for name in names)
                found.update(dict.fromkeys(path for path in paths if source.accepts(path)))

    def key(path: str) -> bytes:
        return hashlib.blake2b(
            f"{seed}:{path}".encode(errors="surrogateescape"), digest_size=8
        ).digest()

    return [Path(path) for path in sorted(found, key=lambda path: (key(path), path))]


def _walk(folder: Path) -> Iterator[tuple[str, list[str], list[str]]]:
    import os

    return os.walk(folder)


def documents_of(source: Source, seed: int) -> Iterator[tuple[str, str]]:
    """Yield path and text of a source's documents."""
    for path in files_of(source, seed):
        try:
            if path.is_symlink() or not SHORTEST // 4 <= path.stat().st_size <= 2 * LONGEST:
                continue
            data = path.read_bytes()
            text = source.read(gzip.decompress(data) if path.suffix == ".gz" else data)
        except (OSError, EOFError, ValueError, zlib.error, struct.error):
            continue
        if SHORTEST <= len(text) <= LONGEST and "\0" not in text:
            yield str(path).encode("utf-8", "replace").decode(), text


def corpus(seed: int) -> Iterator[dict[str, str]]:
    """Yield all documents of this machine, interleaved by the sources' shares."""
    left = {source.name: (source, documents_of(source, seed)) for source in SOURCES}
    taken = dict.fromkeys(left, 0.0)
    while left:
        name = min(left, key=lambda name: taken[name])
        source, documents = left[name]
        found = next(documents, None)
        if found is None:
            del left[name]
            continue
        taken[name] += len(found[1].encode("utf-8", "surrogatepass")) / source.share
        yield {"doc_id": found[0], "text": found[1], "source": name}


def recombined(seed: int, paragraphs: list[str]) -> Iterator[dict[str, str]]:
    """Yield documents without end: some paragraphs of the machine's text each, drawn with replacement."""
    rng = random.Random(seed)
    number = 0
    while paragraphs:
        number += 1
        text = "\n\n".join(rng.choices(paragraphs, k=rng.randint(3, 40)))
        yield {"doc_id": f"recombined:{number}", "text": text, "source": "recombined"}


def build(out: Path, *, megabytes: float, seed: int) -> dict[str, object]:
    """Write the corpus and its description, and return the description."""
    wanted = int(megabytes * 1_000_000)
    size, documents = Counter[str](), Counter[str]()
    paragraphs: list[str] = []
    rng = random.Random(seed)
    with out.open("w", encoding="utf-8", errors="surrogatepass") as file:

        def write(rows: Iterable[dict[str, str]], *, keeps: bool) -> None:
            for row in rows:
                if sum(size.values()) >= wanted:
                    return
                file.write(json.dumps(row, ensure_ascii=False) + "\n")
                size[row["source"]] += len(row["text"].encode("utf-8", "surrogatepass"))
                documents[row["source"]] += 1
                if keeps:
                    parts = [part for part in row["text"].split("\n\n") if 80 <= len(part) <= 4_000]
                    paragraphs.extend(rng.sample(parts, min(3, len(parts))))

        write(corpus(seed), keeps=True)
        found = sum(size.values())
        if found < wanted:
            print(f"this machine has {found / 1e6:.0f} MB of text of the {megabytes:g} asked for: the rest is "
                  f"recombined from {len(paragraphs):,} paragraphs of it", file=sys.stderr)  # fmt: skip
            write(recombined(seed, paragraphs), keeps=False)
    about: dict[str, object] = {
        "seed": seed, "asked_megabytes": megabytes, "found_megabytes": round(found / 1e6, 1),
        "documents": sum(documents.values()), "megabytes": round(sum(size.values()) / 1e6, 1),
        "sources": {name: {"documents": documents[name], "megabytes": round(size[name] / 1e6, 2)} for name in size},
    }  # fmt: skip
    out.with_name(out.name + ".meta.json").write_text(json.dumps(about, indent=1) + "\n")
    return about


def main() -> None:
    """Build what the command line asks for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("out", type=Path)
    parser.add_argument("--megabytes", type=float, default=64)
    parser.add_argument("--seed", type=int, default=11)
    arguments = parser.parse_args()
    about = build(arguments.out, megabytes=arguments.megabytes, seed=arguments.seed)
    print(json.dumps(about, indent=1))


if __name__ == "__main__":
    main()
