"""Where the workflow `documents` finds pages: what is to be fetched, and what `platemark update` is to be given.

`addresses SPECS PAGES`: a line for each page, the name of a file and an address with a tab between.
`given SPECS PAGES FETCHED`: a line for each argument.

PAGES is a folder, an address, or empty for the addresses that documents.yaml states. Only the pages of documents that
are pinned are fetched: the others have nothing to be held against.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path, PurePosixPath
from urllib.parse import quote, urlsplit

from platemark import api
from platemark.drifting import held_documents
from platemark.ir import Document
from platemark.problems import did_you_mean

_ADDRESS = re.compile(r"https?://[^\s]+")


class Unknown(Exception):
    """Pages that can't be used as they are, and why."""


def addresses(documents: Iterable[Document], pinned: Collection[str], pages: str) -> Iterator[tuple[str, str]]:
    """The file for the page of each pinned document, and the address of the page.

    In PAGES, `{id}` and `{page}` stand for a document's; without either, pages are `PAGES/ID.html`."""
    if pages and not _ADDRESS.fullmatch(pages):
        return
    pattern = pages if not pages or "{id}" in pages or "{page}" in pages else f"{pages.rstrip('/')}/{{id}}.html"
    for document in documents:
        if document.id not in pinned:
            continue
        if pattern:
            page = document.page or document.id
            address = pattern.replace("{id}", quote(document.id)).replace("{page}", quote(page))
        elif _ADDRESS.fullmatch(document.address):
            address = document.address
        else:
            continue
        yield f"{document.id}{_suffix(address)}", address


def _suffix(address: str) -> str:
    """What a page is written in, as far as its address tells; web pages mostly have no suffix."""
    suffix = PurePosixPath(urlsplit(address).path).suffix.lower()
    return suffix if suffix in {".md", ".mdx", ".markdown", ".txt"} else ".html"


def given(documents: Iterable[Document], files: Iterable[Path]) -> list[str]:
    """The arguments that give these files to `platemark update`. A file is called after its document or page:
    `qwen-image.html`, or `qwen-image.2.html` for another part.

    Raises Unknown for files that no document is called after."""
    known = {word for document in documents for word in (document.id, document.page) if word}
    found, wrong = list[str](), list[str]()
    for path in sorted(files):
        parts = path.name.split(".")
        names = (".".join(parts[:end]) for end in range(len(parts), 0, -1))
        name = next((name for name in names if name in known), "")
        if name:
            found.append(f"--document={name}={path}")
        else:
            wrong.append(f"{path}: no document is called so; {did_you_mean(path.stem, known)}")
    if wrong:
        raise Unknown("\n".join(wrong))
    return found


def main(arguments: list[str]) -> int:
    """Print what is asked for."""
    what, specs, pages, *fetched = arguments
    documents = api.load(specs).documents
    if what == "addresses":
        if pages and not _ADDRESS.fullmatch(pages) and not Path(pages).is_dir():
            print(f"`{pages}` is no folder here, and no address", file=sys.stderr)
            return 2
        pinned = held_documents(Path(specs))
        loose = [document.id for document in documents if document.held and document.id not in pinned]
        if loose:
            print(f"::notice::not looked at, since they are not pinned: {', '.join(loose)}", file=sys.stderr)
        for name, address in addresses(documents, pinned, pages):
            print(f"{name}\t{address}")
        return 0
    folder = Path(pages if pages and not _ADDRESS.fullmatch(pages) else fetched[0])
    files = [path for path in folder.iterdir() if path.is_file() and not path.name.startswith(".")]
    try:
        lines = given(documents, files)
    except Unknown as unknown:
        print(unknown, file=sys.stderr)
        return 2
    print("\n".join(lines), end="\n" if lines else "")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
