"""How well drift reports what is known to have changed: the measures of `nox -s drift_bars` and of the history test."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import platemark
from platemark.documents.page import Page
from platemark.drift import Capture, Drift, Reader, Row, drift
from platemark.drift.apply import patch
from platemark.drift.report import SEMANTIC

ROOT = Path(__file__).parents[1]
ORACLE = Path(__file__).parent / "oracle"
HISTORIES = tuple(sorted(ORACLE.glob("history*")))

WORDED = frozenset({"alpha", "unsupported", "only_in", "same_length", "required", "requires", "type"})
"""Kinds that documents state in words, each page in its own: that they changed is what counts."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """One thing that was to be seen, and whether it was."""

    id: str
    document: str
    kind: str
    right: bool
    note: str = ""
    extra: tuple[str, ...] = ()
    """What was reported besides, and should not have been."""
    whole: bool = True
    """Whether each model that it holds for was named."""
    wanted: str = "changed"
    """`changed`, `suspect`, `example` or `confirmed`."""


class Held(Reader):
    """A reader that reads each former page once."""

    def __init__(self, specs: Path) -> None:
        super().__init__(platemark.load(specs))
        self.kept: dict[tuple[Capture, ...], Page] = {}

    def page(self, captures: Sequence[Capture]) -> Page:
        return self.kept.get(tuple(captures)) or super().page(captures)

    def keep(self, capture: Capture) -> Capture:
        self.kept.setdefault((capture,), super().page([capture]))
        return capture

    def against(self, old: Capture, new: bytes, file: str = "") -> Drift:
        """What became of a page; `file` names the new one, where it is written in something else."""
        name = old.document
        return drift(self, {name: [Capture(name, file or old.file, new)]}, {name: [self.keep(old)]}, {})


def semantic(found: Drift) -> list[Row]:
    """The rules that drift says something of."""
    return [row for row in found.rows if row.status in SEMANTIC]


def told(row: Row) -> str:
    """A row on a line."""
    whom = ",".join(row.models[:2])
    return f"{row.status} {row.id} [{row.kind}] {whom}: {row.old or '-'} → {row.new or '-'} {row.why}".rstrip()


def said(found: Drift) -> str:
    """What was reported, on a line."""
    rows = [told(row) for row in semantic(found)[:4]] + [f"new {n.type} {n.value}" for n in found.news[:3]]
    rows += [f"{read.id} is {read.status}: {read.why}" for read in found.documents if read.status != "ok"]
    return "; ".join(rows) or "nothing"


# ── Figures ───────────────────────────────────────────────────────────────────────────────────────────────────────


def same(one: object, other: object) -> bool:
    """Whether two figures are one, whatever the signs, the base of a path, and where one is without its unit."""
    left, right = _plain(one), _plain(other)
    numbers = [re.sub(r"[^\d.]", "", each) for each in (left, right)]
    bare = any(re.fullmatch(r"-?[\d.]+", each) for each in (left, right))
    amounts = all(re.fullmatch(r"\D{0,4}[\d.]+\D{0,12}", each) for each in (left, right))
    return left == right or (bare and amounts and numbers[0] == numbers[1] and left[:1] != "-" and right[:1] != "-")


def _plain(figure: object) -> str:
    text = str(figure or "").lower().replace("×", "*").replace(",", "").replace(" ", "")
    return re.sub(r"^/(?:api|model|compatible-mode)/v\d+(?=/)", "", text)


# ── Single figures ────────────────────────────────────────────────────────────────────────────────────────────────


def changes(held: Held, folder: Path, file: Path) -> Iterator[Outcome]:
    """Each single change of a list, made in a copy of its document in `folder`."""
    data = json.loads(file.read_text("utf-8"))
    for case in data["changes"]:
        text = (folder / case["file"]).read_text("utf-8")
        old = Capture(case["document"], case["file"], text.encode())
        found = held.against(old, _made(text, case).encode())
        yield _outcome(held, case, found, data.get("same_as", {}))


def _made(text: str, case: Mapping[str, Any]) -> str:
    lines = text.split("\n")
    line, at = lines[case["line"] - 1], case["column"] - 1
    end = at + len(case["old_text"])
    assert line[at:end] == case["old_text"], f"{case['id']}: {case['file']} is another"
    lines[case["line"] - 1] = line[:at] + case["new_text"] + line[end:]
    return "\n".join(lines)


def _outcome(held: Held, case: Mapping[str, Any], found: Drift, same_as: Mapping[str, str]) -> Outcome:
    rows = semantic(found)
    expected = case["expect"]
    kind = "/".join(_kinds(expected[0])) if expected else case["status"]
    wanted = {(e["parameter"], kind) for e in [*expected, *case["also"]] for kind in _kinds(e)}
    extra = [row for row in rows if (row.parameter, row.kind) not in wanted]
    hits = [_hits(each, rows, same_as, case["status"]) for each in expected]
    right = bool(all(hits)) if expected else not rows
    applied = case["status"] == "suspect" and bool(patch(held.spec, _texts(held), rows).edits)
    note = "" if right and not applied else f"{case['file']}:{case['line']} {case['old_text']!r} → {case['new_text']!r}"
    if note:
        wants = "; ".join(f"{e['parameter']}.{e['kind']} {e['models'][:2]} {e['old']} → {e['new']}" for e in expected)
        note = f"{note}{' WAS APPLIED' if applied else ''}; wanted {wants or 'nothing'}; got {said(found)}"
    known = {model for model in held.lexicon.models if model not in same_as}
    whole = all(
        {_folded(m, same_as) for m in each["models"]} & known <= {_folded(m, same_as) for r in hit for m in r.models}
        for each, hit in zip(expected, hits, strict=True)
    )
    return Outcome(
        case["id"], case["document"], kind, right and not applied, note, tuple(map(told, extra)), not right or whole,
        case["status"],
    )  # fmt: skip


def _kinds(expected: Mapping[str, Any]) -> list[str]:
    return expected["kind"] if isinstance(expected["kind"], list) else [expected["kind"]]


def _folded(model: str, same_as: Mapping[str, str]) -> str:
    return same_as.get(model, model)


def _hits(expected: Mapping[str, Any], rows: Iterable[Row], same_as: Mapping[str, str], status: str) -> list[Row]:
    """The rows that say what was to be said: the rule, for some of the models, and the figures."""
    models = {_folded(model, same_as) for model in expected["models"]}
    return [
        row
        for row in rows
        if row.parameter == expected["parameter"]
        and row.kind in _kinds(expected)
        and (not models or models & {_folded(model, same_as) for model in row.models})
        and (status != "suspect" or row.status == "suspect")
        and (_worded(row, expected) or (same(row.old, expected["old"]) and same(row.new, expected["new"])))
    ]


def _worded(row: Row, expected: Mapping[str, Any]) -> bool:
    digits = re.search(r"\d", f"{expected['old']}{expected['new']}")
    return not digits and (row.kind in WORDED or row.kind == "length") and row.old != row.new


def _texts(held: Held) -> dict[str, str]:
    """The files of the specs, by the names that rows give them."""
    trees = [file.tree.file for file in (*held.spec.providers, *held.spec.families)]
    return {name: (ROOT / name).read_text("utf-8") for name in trees}


# ── Rewrites ──────────────────────────────────────────────────────────────────────────────────────────────────────


def rewrites(held: Held, folder: Path, count: int) -> Iterator[Outcome]:
    """Rewrites of each document in `folder` that change no fact: nothing is to be reported."""
    if str(ORACLE) not in sys.path:
        sys.path.insert(0, str(ORACLE))
    from rewrites import rewrite  # pyright: ignore[reportMissingImports]

    for path in sorted(folder.glob("*.txt")):
        text = path.read_text("utf-8")
        old = Capture(path.name.partition(".")[0], path.name, text.encode())
        for seed in range(count):
            made, suffix, steps = rewrite(text, seed)
            found = held.against(old, made.encode(), f"page{suffix}")
            right = not semantic(found) and found.documents[0].status == "ok"
            news = tuple(f"new {n.type} {n.value} (line {n.line})" for n in found.news)
            note = "" if right else f"{path.name} seed {seed} {'+'.join(steps)}: {said(found)}"
            yield Outcome(f"{path.name} seed {seed}", old.document, "+".join(steps), right, note, news)


# ── Histories ─────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Transition:
    """Two captures of a page, whether a maintainer had to look, and whether drift said so."""

    page: str
    old: str
    new: str
    wanted: bool
    reported: bool
    note: str
    changes: tuple[Outcome, ...]
    """Each labelled change of it; and the status of the page, where it is gone."""


def histories(held: Held, folder: Path, *, every: int = 1) -> Iterator[Transition]:
    """What drift says of the labelled transitions of page histories; of one in `every`."""
    data = json.loads((folder / "labels.json").read_text("utf-8"))
    pages = {each["page"]: each for each in data["pages"]}
    for label in data["transitions"][::every]:
        page = pages[label["page"]]
        old = (folder / label["page"] / label["from"]).read_bytes()
        new = (folder / label["page"] / label["to"]).read_bytes()
        found = held.against(Capture(page["document"], label["from"], old), new, label["to"])
        yield _transition(held, page["document"], label, found)


def _transition(held: Held, document: str, label: Mapping[str, Any], found: Drift) -> Transition:
    changes = [{"old": "", "new": "", "suspect": False, **each} for each in label["changes"]]
    facts = [each for each in changes if not _repaired(held, each)]
    wanted = bool(label["semantic"]) and (bool(facts) or label["status"] != "ok" or not label["changes"])
    made = [_labelled(document, each, found) for each in facts]
    if label["status"] != "ok":
        status = found.documents[0].status
        fits = status != "ok"  # labels tell a login page from a gone one, drift calls both missing
        note = "" if fits else f"it is {label['status']}, drift says {status}: {found.documents[0].why}"
        made.append(Outcome(label["to"], document, "gone", fits, note))
    where = f"{label['page']} {label['from']} → {label['to']}"
    note = "" if wanted == found.semantic else f"{where}: {'missed' if wanted else 'false alarm'}: {said(found)}"
    return Transition(label["page"], label["from"], label["to"], wanted, found.semantic, note, tuple(made))


def _repaired(held: Held, change: Mapping[str, Any]) -> bool:
    """Whether a damaged figure became the spec's own again: confirmed, and nothing to look at."""
    old, new = str(change.get("old") or ""), str(change.get("new") or "")
    glued = old != new and bool(re.search(r"[*/]", new)) and re.sub(r"[\W_]", "", old) == re.sub(r"[\W_]", "", new)
    return (
        glued
        and not change["suspect"]
        and any(
            claim.parameter == change.get("parameter") and any(same(figure.value, new) for figure in claim.figures)
            for claim in held.claims
        )
    )


def _labelled(document: str, change: Mapping[str, Any], found: Drift) -> Outcome:
    if change["what"] == "rule":
        expected = {**change, "parameter": change["parameter"] or ""}
        right = bool(_hits(expected, semantic(found), {}, "suspect" if change["suspect"] else "changed"))
    else:
        right = any(same(news.value, change["value"]) for news in found.news) or any(
            same(row.new, change["value"]) or (change["new"] and same(row.new, change["new"]))
            for row in semantic(found)
        )
    shown = f"{change.get('parameter', '')}.{change.get('kind', change.get('type'))} {change.get('value', '')}"
    note = "" if right else f"{shown} {change['old']} → {change['new']}; got {said(found)}"
    return Outcome(shown, document, change.get("kind", change.get("type")), right, note)


# ── Pages that are gone ───────────────────────────────────────────────────────────────────────────────────────────

_LOGIN_EN = (
    "<html><body><form><h1>Sign in</h1></form><p>Please sign in to your account to read this page. Forgot your "
    "password? Ask for a verification code, and it is sent to your phone within a minute.</p></body></html>"
)
_LOGIN_ZH = (
    "<html><body><main><h2>请登录</h2><p>登录后即可查看该文档。请输入账号和密码，或使用手机扫码登录。"
    "首次登录需要输入短信验证码。</p></main></body></html>"
)
_LOST = (
    "# Page not found\n\nThe page that you asked for does not exist or has been moved. Go back to the start page, or "
    "search the documentation.\n\n- Home\n- Search\n- Contact\n"
)
_LOST_ZH = (
    "<html><body><div><h1>404</h1><p>抱歉，您访问的页面不存在或已被删除。</p><p>返回首页，或在文档中心搜索。</p>"
    "<p>如需帮助，请联系我们的支持团队，我们会尽快答复您的问题。</p></div></body></html>"
)
_SHELL = (
    '<!doctype html><html><head><title>Docs</title><script src="/app.js"></script></head><body><div id="root"></div>'
    "<noscript>You need to enable JavaScript to run this app.</noscript></body></html>"
)
_SOUP = "\n\n".join(
    f"Step {step} of the soup: wash the vegetables, cut them small, and let them rest while the stock simmers on a low "
    "flame. Taste it, add a little salt, and stir from time to time so that nothing burns. Serve it hot, with bread."
    for step in range(1, 21)
)
_NONE = frozenset({"missing", "unreadable"})
_MISSING = frozenset({"missing"})
GONE: Mapping[str, tuple[str, bytes, frozenset[str]]] = {
    "empty": ("page.txt", b"", _MISSING),
    "blank": ("page.html", b"<html><body>\n  \n</body></html>", _MISSING),
    "login": ("page.html", _LOGIN_EN.encode(), _MISSING),
    "login, Chinese": ("page.html", _LOGIN_ZH.encode("gb18030"), _MISSING),
    "404": ("page.md", _LOST.encode(), _MISSING),
    "404, Chinese": ("page.html", _LOST_ZH.encode(), _MISSING),
    "scripts only": ("page.html", _SHELL.encode(), _MISSING),
    "another page": ("page.txt", _SOUP.encode(), _NONE),
    "PDF": ("page.pdf", b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog >>\nendobj\n" * 40, _NONE),
    "bytes": ("page.html", bytes(range(256)) * 16, _NONE),
}
"""Pages that are none: a file, and what it may be called."""


def gone(held: Held, captures: Iterable[Capture]) -> Iterator[Outcome]:
    """Each page that is none, in place of each document: it is missing or unreadable, and no rule changed."""
    for old in captures:
        for name, (file, raw, statuses) in GONE.items():
            found = held.against(old, raw, file)
            right = found.documents[0].status in statuses and not semantic(found) and not found.news
            note = "" if right else f"{old.file} as {name}: {found.documents[0].status}; {said(found)}"
            yield Outcome(f"{old.file} {name}", old.document, name, right, note)
