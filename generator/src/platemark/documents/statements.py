"""From blocks to statements: what each is about, whom it concerns, and what its figures are for."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from zlib import crc32

from platemark.documents import words
from platemark.documents.atoms import Atom, Lexicon, family_or_model, figures, stated
from platemark.documents.blocks import Block
from platemark.documents.broken import DEFINITION, NAME
from platemark.documents.columns import code_in, in_column, message, messages_in, presence
from platemark.documents.normal import normal
from platemark.documents.page import Statement
from platemark.documents.roles import with_roles

_SENTENCE = re.compile(
    r"(?<=[.!?])(?<!e\.g\.)(?<!vs\.)\s+(?=[A-Z\"(\[•]|[a-z]+[\d-])|(?<=[a-z]\.)(?=(?:true|false):)"
    r"|(?<=[。;！?!])|\n+|;\s+|\s•\s|(?<=[.:])\s+(?=-\s[A-Z])"
)
_EITHER = re.compile(r"^[a-z_]+ ?/ ?(?=[a-z_]+ )")
"""The first of two names for one entry: `text / prompt`."""
_TYPED = re.compile(rf"(?P<type>{words.TYPES})\W*(?P<presence>{words.PRESENCE})?\W*", re.IGNORECASE)
_LISTED = re.compile(rf"^[\s•*-]*(?P<name>{NAME})\s*(?:\([^)]*\))?\s*(?::|：| - |—)\s*(?P<rest>.+)$", re.DOTALL)
_LONGEST = 6000
"""No sentence has more characters: what has is no text that people wrote."""
_WORD = re.compile(r"[a-z_]{2,}|[\u4e00-\u9fff]")
_NAMES = re.compile(r"^(?:parameter|param|field|name|key|property|参数|字段|名称|参数名)", re.IGNORECASE)
_DEFAULTS = re.compile(r"^(?:default|默认)", re.IGNORECASE)
_PROSE = frozenset(
    (
        "the",
        "a",
        "an",
        "this",
        "that",
        "it",
        "is",
        "are",
        "note",
        "example",
        "if",
        "when",
        "for",
        "type",
        "value",
        "and",
        "or",
    )
)
_DIGITS = re.compile(r"[-+]?\d[\d.,:*%]*")


@dataclass
class _Context:
    """What the text so far was about."""

    section: str = ""
    zone: str = ""
    subject: str = ""
    named: bool = False
    """Whether the subject was named, rather than told by the words for it."""
    models: tuple[str, ...] = ()
    around: tuple[str, ...] = ()
    """The models that the text around entries is about: what one entry says of a model does not hold for the next."""
    money: str = ""
    """What the text before a table says of its amounts."""
    lead: str = ""
    """The sentence that introduces the list which follows."""
    code: str = ""
    """The error that the last heading which names one is about."""
    depth: int = 0
    """The level of that heading."""


def statements(blocks: Iterable[Block], lexicon: Lexicon, sections: frozenset[str] = frozenset()) -> list[Statement]:
    """The statements of a page. `sections` are headings that specs cite: in plain text nothing else tells them."""
    reader = _Reader(lexicon, sections)
    return [statement for block in blocks for statement in reader.block(block)]


class _Reader:
    def __init__(self, lexicon: Lexicon, sections: frozenset[str]) -> None:
        self.lexicon = lexicon
        self.sections = frozenset(section.lower() for section in sections)
        self.pattern = lexicon.model_pattern()
        self.names = lexicon.parameters | lexicon.structure | frozenset(lexicon.fields)
        self.at = _Context()
        self.table = 0
        self.columns: tuple[str, ...] = ()

    def block(self, block: Block) -> Iterator[Statement]:
        if block.sort != "row":
            self.columns = ()
        match block.sort:
            case "code":
                yield from self.code(block)
            case "row":
                yield from self.row(block)
            case "heading":
                yield from self.heading(block)
            case _:
                yield from self.text(block)

    def heading(self, block: Block) -> Iterator[Statement]:
        text = normal(block.text).strip(":# ")
        name = self.entry(text) or (text if text in self.names else "")
        if name:
            yield from self.begin(name, text, block.line)
            return
        self.section(text)
        if named := words.CODED.match(text):
            self.at.code, self.at.depth = named["code"] or named["bare"], block.level
        elif block.level <= self.at.depth:
            self.at.code = ""
        if self.at.code and not named:
            yield self.made(text, messages_in(text), block.line, subject=self.at.code)
        else:
            yield from self.sentences(text, block.line, scope="")

    def section(self, text: str) -> None:
        self.at.section, self.at.subject, self.at.lead, self.at.named = text[:60], "", "", False
        low = text.lower()
        for zone, pattern in (("errors", words.ERRORS), ("response", words.RESPONSES), ("request", words.REQUESTS)):
            if pattern.fullmatch(low) or (zone == "errors" and pattern.search(low)):
                self.at.zone = zone
                break
        self.at.models = self.at.around = self.mentioned(text)

    def entry(self, text: str) -> str:
        found = DEFINITION.match(_EITHER.sub("", text))
        if not found or found["name"].lower() in _PROSE or re.fullmatch(words.TYPES, found["name"]):
            return ""
        return found["name"].rstrip(".").split(".")[-1].removesuffix("[]")

    def begin(self, name: str, text: str, line: int) -> Iterator[Statement]:
        """The entry of a parameter or field: whether it is required counts as a fact."""
        self.at.subject, self.at.named, self.at.lead, self.at.models = name, True, "", self.at.around
        found = DEFINITION.match(text)
        rest = found["rest"] if found else ""
        low = rest[:40].lower()
        kind = "optional" if words.OPTIONAL.search(low) else "required" if words.REQUIRED.search(low) else ""
        typed = words.TYPED.get(found["type"].lower().split("<")[0].strip(), "") if found else ""
        atoms = [Atom("type", typed, printed=found["type"])] if found and typed else []
        atoms += [Atom("policy", kind, "presence", printed=kind)] if kind else []
        atoms += [Atom("header", name, printed=name)] if name.startswith("X-") else []
        yield self.made(f"{name} {typed} {kind}", atoms, line, subject=name, defines=name)
        rest = re.sub(rf"^[\s:(\[,|•-]*(?:{words.PRESENCE})?[\s)\]:,.|-]*", "", rest, flags=re.IGNORECASE)
        if len(rest) > 3:
            yield from self.sentences(rest, line, scope="")

    def code(self, block: Block) -> Iterator[Statement]:
        """Only what names a place or a model counts in code; an endpoint's line is a statement even there."""
        models = self.mentioned(normal(block.text))
        for offset, line in enumerate(block.text.split("\n")):
            text = normal(line)
            atoms = figures(text, self.lexicon, self.pattern, code=True)
            told = bool(words.ENDPOINT.match(text))
            if atoms:
                role = frozenset[str]() if told else frozenset({"sample"})
                made = self.made(text, [replace(a, roles=role) for a in atoms], block.line + offset, sample=not told)
                yield replace(made, models=models or made.models)

    def row(self, block: Block) -> Iterator[Statement]:
        if block.head != self.columns or not self.columns:
            self.table, self.columns = self.table + 1, block.head
        for statement in self.cells(block):
            yield replace(statement, table=self.table)

    def cells(self, block: Block) -> Iterator[Statement]:
        head = [normal(name) for name in block.head]
        cells = [normal(cell) for cell in block.cells]
        name = ""
        if cells and (not head or _NAMES.match(head[0]) or cells[0] in self.lexicon.parameters):
            found = re.match(rf"({NAME})(?:[\s(]|$)", cells[0])
            name = found[1].split(".")[-1] if found and not self.pattern.match(cells[0]) else ""
        outer, named, models = self.at.subject, self.at.named, self.at.models
        if name:
            self.at.subject, self.at.named = name, True
            yield self.made(f"{name} row", [], block.line, subject=name, defines=name)
        mentioned = self.mentioned(cells[0]) if cells and not name else ()
        label = cells[0] if not name and cells else ""
        for index, cell in enumerate(cells):
            column = head[index] if index < len(head) else ""
            if name and index == 0:
                continue
            scope = " ".join(part for part in (column, label if index else "") if part)
            if name and (kind := presence(column, cell)):
                yield self.made(f"{name} {kind}", [Atom("policy", kind, "presence", printed=cell)], block.line)
                continue
            if told := self.error(cell, cells, head, index):
                yield self.made(cell, [told], block.line, subject=code_in(cells, head))
                continue
            for statement in self.sentences(cell, block.line, scope=scope, column=column):
                placed = replace(statement, column=column)
                yield replace(placed, models=mentioned, own=True) if mentioned else placed
        self.at.subject, self.at.named, self.at.models = outer, named, models

    def error(self, cell: str, cells: list[str], head: list[str], index: int) -> Atom | None:
        """The code, the message or the status in a table of errors."""
        column = head[index].lower() if index < len(head) else ""
        code = code_in(cells, head)
        if not code or not cell:
            return None
        if words.CODES.search(column) and cell == code:
            return Atom("code", code, printed=cell)
        if words.MESSAGES.search(column):
            return message(cell)
        return Atom("int", cell, "status", printed=cell) if re.fullmatch(r"[1-5]\d\d", cell) else None

    def text(self, block: Block) -> Iterator[Statement]:
        text = normal(block.text)
        if self.at.code and (told := words.MESSAGE.match(text)):
            yield self.made(told["message"], messages_in(told["message"]), block.line, subject=self.at.code)
            yield from self.sentences(text[told.end() :], block.line, scope="")
            return
        name = self.entry(text)
        if name:
            yield from self.begin(name, text, block.line)
            return
        if block.sort == "text" and (text.lower() in self.sections or self.is_title(text)):
            self.section(text)
            if not re.search(r"\d", text):
                return
        listed = _LISTED.match(text)
        scope, outer = "", self.at.subject
        if listed and listed["name"] in self.lexicon.parameters and len(listed["name"]) > 1:
            self.at.subject, self.at.named = listed["name"], True
            yield self.made(f"{listed['name']} entry", [], block.line, defines=listed["name"])
        elif not self.at.named:
            self.at.subject = self.told(text[:220]) or (outer if block.sort == "text" else "")
        if block.sort == "item":
            scope = self.at.lead
        else:
            self.at.lead = ""
        models = self.at.models
        if self.opens(text):
            self.at.models = self.mentioned(text[:90]) or self.at.models
            self.at.around = self.at.around if self.at.named else self.at.models
        yield from self.typed(text, block.line)
        yield from self.sentences(text, block.line, scope=scope)
        if block.sort == "item" and not text.endswith(":"):
            self.at.models = models  # what one item says of a model does not hold for the next
            self.at.around = self.at.around if self.at.named else models
        if not self.at.named and block.sort == "item":
            self.at.subject = outer
        if any(pattern.search(text.lower()) for pattern in words.MONEY.values()) and len(text) < 120:
            self.at.money = text
        if block.sort == "text" and text.endswith(":"):
            self.at.lead = text[-240:]

    def typed(self, text: str, line: int) -> Iterator[Statement]:
        """The type, and whether it is required, where they stand below the name."""
        found = _TYPED.fullmatch(text) if self.at.named else None
        if self.at.named and not found and (told := presence("required", text)):  # of a table that lost its columns
            yield self.made(f"{self.at.subject} {told}", [Atom("policy", told, "presence", printed=text)], line)
        if found:
            name = words.TYPED.get(found["type"].lower(), "")
            kind = "required" if words.REQUIRED.search(text.lower()) else "optional" if found["presence"] else ""
            atoms = [Atom("type", name, printed=name)] if name else []
            atoms += [Atom("policy", kind, "presence", printed=kind)] if kind else []
            yield self.made(f"{name} {kind}", atoms, line)

    def is_title(self, text: str) -> bool:
        """A short line that only says what comes: of a response, a request, errors."""
        low = text.lower()
        short = len(text) <= 40 and not text.endswith((".", ":", "。"))
        return short and bool(
            words.RESPONSES.fullmatch(low) or words.REQUESTS.fullmatch(low) or words.ERRORS.match(low)
        )

    def opens(self, text: str) -> bool:
        found = self.pattern.search(text[:60])
        if not found or found.start() >= 24 or text.startswith("Q") or words.SAME.search(text.lower()):
            return False
        return not re.search(r"\b(?:from|vs|than|as|to|like)\s*$|[与同]\s*$", text[: found.start()].lower())

    def told(self, text: str) -> str:
        """The parameter that a text speaks of by the words that documents have for it."""
        low = text.lower()
        found = [(low.find(said), -len(said), name) for said, name in self.lexicon.words if said in low]
        return min(found)[2] if found else ""

    def mentioned(self, text: str) -> tuple[str, ...]:
        """The models that a text names; a family as `wan2.7*`."""
        atoms = [a for a in figures(text, self.lexicon, self.pattern) if a.type == "model"]
        return tuple(dict.fromkeys(family_or_model(a, text, self.lexicon) for a in atoms))

    def sentences(self, text: str, line: int, *, scope: str, column: str = "") -> Iterator[Statement]:
        """The sentences of a text. What stands before its first colon, and what introduces it, holds for all."""
        prefix = text[: text.find(":") + 1] if 0 < text.find(":") < 90 else ""
        prefix = "" if re.search(r"[。;]|\.\s", prefix) else prefix
        example = bool(words.EXAMPLE_LINE.match(text.lower()))
        inherited = f"{scope} {prefix}".strip()
        for part in _SENTENCE.split(text):
            if not part or not part.strip(" .|-"):
                continue
            if len(part) > _LONGEST:
                yield self.made(part[:80], [Atom("damaged", part[:40], printed=part[:40])], line)
                continue
            if part.startswith("- "):  # an item that stuck to the text before
                inherited = part[: part.find(":") + 1]
            sample = example or bool(words.EXAMPLE_LINE.match(part.lower()))
            atoms = in_column(figures(part, self.lexicon, self.pattern), column, part, self.at.money)
            atoms = with_roles(atoms, part, inherited, self.lexicon, default=bool(_DEFAULTS.match(column)))
            subject = self.subject(part, inherited)
            atoms += self.barred(part, subject)
            atoms = self.with_states(atoms, part, f"{subject} {inherited} {self.at.section} {part}".lower())
            codes = [atom.value for atom in atoms if atom.type == "code"]
            if len(codes) == 1 and any(_is_status(atom) for atom in atoms):
                atoms = [replace(atom, unit="status") if _is_status(atom) else atom for atom in atoms]
                subject = codes[0]
            if sample:
                atoms = [replace(atom, roles=atom.roles | {"example"}) for atom in atoms]
            yield self.made(part, atoms, line, subject=subject, sample=sample)

    def with_states(self, atoms: list[Atom], text: str, about: str) -> list[Atom]:
        """The figures, with words in capitals as states where the text around them speaks of states, else with none."""
        told = bool(words.STATES.search(about)) or any(a.value in self.lexicon.states for a in atoms)
        if not told:
            return [a for a in atoms if a.type != "state"]
        taken = {a.at for a in atoms}
        return [*atoms, *(a for a in stated(text, self.lexicon) if a.at not in taken)]

    def barred(self, text: str, subject: str) -> list[Atom]:
        """The parameter of an entry, where a sentence of it says only that it is not supported."""
        low = text.lower()
        said = words.UNSUPPORTED.search(low) if self.at.named and subject in self.lexicon.parameters else None
        if not said or len(text) > 80 or "alpha" in low or "sync" in low or "透明" in low:
            return []
        return [
            Atom(
                "name",
                subject,
                roles=frozenset({"unsupported"}),
                at=said.start(),
                printed=subject,
                models=self.mentioned(text),
            )
        ]

    def subject(self, text: str, scope: str) -> str:
        if self.at.named and self.at.subject:
            return self.at.subject
        names = [n for n in self.lexicon.parameters if re.search(rf"(?<![\w`'\"-]){re.escape(n)}(?![\w'-]|=\w)", text)]
        names.sort(key=lambda name: (text.find(name), -len(name)))
        plain = [name for name in names if "_" not in name]
        coded = [name for name in names if "_" in name]
        if self.at.subject and not coded:
            return self.at.subject
        return next(iter([*coded, *filter(None, [self.told(text)]), *plain, self.told(scope)]), "") or self.at.subject

    def made(
        self, text: str, atoms: list[Atom], line: int, *, subject: str = "", sample: bool = False, defines: str = ""
    ) -> Statement:
        masked = _masked(text, atoms)
        return Statement(
            digest=_digest(f"{text.lower()}"),
            mask=_digest(masked),
            words=frozenset(_digest(word, 4) for word in _WORD.findall(masked)),
            atoms=tuple(atoms),
            line=line,
            section=self.at.section,
            chapter=_digest(self.at.section.lower()) if self.at.section else "",
            subject=self.lexicon.fields.get(subject or self.at.subject, subject or self.at.subject),
            zone=self.at.zone,
            models=self.at.models,
            sample=sample,
            defines=defines,
            text=text,
        )


def _is_status(atom: Atom) -> bool:
    return atom.type == "int" and bool(re.fullmatch(r"[1-5]\d\d", atom.value))


def _masked(text: str, atoms: Iterable[Atom]) -> str:
    spans = sorted(
        ((a.at, a.at + len(a.printed)) for a in atoms if a.printed and a.type not in {"policy", "type"}), reverse=True
    )
    for start, end in spans:
        text = f"{text[:start]}#{text[end:]}"
    return re.sub(r"[^\w#\u4e00-\u9fff]+", " ", _DIGITS.sub("#", text.lower())).strip()


def _digest(text: str, length: int = 8) -> str:
    return f"{crc32(text.encode()):08x}"[:length]
