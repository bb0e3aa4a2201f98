"""Rules as Python: the AST of tests as expressions, and values as literals."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any, cast

from platemark.rules import expr, leaves, pictures
from platemark.targets.python import naming

ITEMS = ("item", "part", "piece", "element")
"""Names of the items of nested lists, from the outermost."""


def _functions(module: ModuleType) -> frozenset[str]:
    found = vars(module).items()
    return frozenset(
        name for name, value in found if name[0] != "_" and getattr(value, "__module__", "") == module.__name__
    )


LEAVES = {"leaves": _functions(leaves), "pictures": _functions(pictures)}
"""What printed tests call, by the module of the runtime that has it."""
TAKEN = LEAVES["leaves"] | LEAVES["pictures"] | {*ITEMS, "values", "all", "sum", "Iterator", "Rule"}

_OR, _AND, _NOT, _COMPARE, _PRODUCT, _ATOM = range(6)


class Code(str):
    """Python source that a printer made: the only text that templates let through as it is."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Printed:
    """An expression, how tightly it binds, and whether it is known beforehand."""

    text: str
    binds: int
    known: bool | None = None

    def within(self, binds: int) -> str:
        return self.text if self.binds >= binds else f"({self.text})"


TRUE, FALSE = Printed("True", _ATOM, True), Printed("False", _ATOM, False)


def literal(value: Any) -> Code:
    """A value as a Python literal. Texts are escaped by Python's own rules, so nothing in them is code."""
    if isinstance(value, Mapping):
        pairs = cast("Mapping[str, Any]", value).items()
        return Code("{" + ", ".join(f"{literal(key)}: {literal(part)}" for key, part in pairs) + "}")
    if isinstance(value, list):
        return Code("[" + ", ".join(literal(part) for part in cast("list[Any]", value)) + "]")
    if isinstance(value, tuple):
        parts = [literal(part) for part in cast("tuple[Any, ...]", value)]
        return Code("(" + ", ".join(parts) + ("," if len(parts) == 1 else "") + ")")
    if value is None or isinstance(value, str | bool | int):
        shown = repr(str(value) if isinstance(value, str) else value)
        return Code(f'"{shown[1:-1]}"' if shown[0] == "'" and '"' not in shown else shown)
    raise TypeError(f"a spec holds no {type(value).__name__}")


def docstring(text: str) -> Code:
    """A docstring: line breaks are kept, all else that is no plain text is escaped."""
    lines = text.replace("\\", "\\\\").split("\n")
    plain = "\n".join("".join(c if c.isprintable() else repr(c)[1:-1] for c in line) for line in lines)
    safe = plain.replace('"""', r"\"\"\"")
    return Code(f'"""{safe[:-1]}\\""""' if safe.endswith('"') else f'"""{safe}"""')


def wrapped(text: str, width: int) -> str:
    """Text in lines of so many characters; a line that goes on keeps its indentation and gets four more blanks if it
    has any."""
    made: list[str] = []
    for line in text.split("\n"):
        indent = line[: len(line) - len(line.lstrip())]
        made += textwrap.wrap(line, width, subsequent_indent=indent and f"{indent}    ", break_long_words=False,
                              break_on_hyphens=False) or [""]  # fmt: skip
    return "\n".join(made)


@dataclass
class Printer:
    """Prints the tests of one function; `leaves` and `names` are what they use."""

    leaves: set[str] = field(default_factory=set[str])
    names: dict[str, str] = field(default_factory=dict[str, str])
    """Parameter: the local variable that holds it, in the order of first use."""

    def broken(self, when: expr.Test, holds: expr.Test) -> Code | None:
        """The condition under which a rule is broken; None where it never is."""
        found = self.both([self.test(when, ()), self.negated(holds, ())])
        return None if found.known is False else Code(found.text)

    def test(self, test: expr.Test, items: tuple[str, ...]) -> Printed:
        """A test, as an expression. `items` are the variables of the lists around it."""
        match test:
            case expr.Between():
                return self.between(test, items)
            case expr.Equal():
                return self.equal(test, items, "==")
            case expr.Multiple():
                return self.multiple(test, items, "==")
            case expr.Given(of):
                return self.given(of, items, "in")
            case expr.Is(of, name):
                return self.call(f"is_{name}", self.value(of, items))
            case expr.OneOf(of, values):
                return self.one_of(self.value(of, items), values, "in")
            case expr.Only(of, names):
                return self.call("only", self.value(of, items), literal(names))
            case expr.SchemeIn(of, schemes):
                return Printed(f"{self.call('scheme', self.value(of, items)).text} in {literal(schemes)}", _COMPARE)
            case expr.PictureIn(of, formats):
                found = self.call("picture_format", self.value(of, items)).text
                return Printed(f"{found} in {literal(formats)}", _COMPARE)
            case expr.Alpha(of):
                return self.call("has_alpha", self.value(of, items))
            case expr.Every():
                return self.every(test, items, "all")
            case expr.All(tests):
                return self.both([self.test(part, items) for part in tests])
            case expr.AnyOf(tests):
                return self.either([self.test(part, items) for part in tests])
            case expr.Not(inner):
                return self.negated(inner, items)

    def negated(self, test: expr.Test, items: tuple[str, ...]) -> Printed:
        """The opposite of a test, as people would write it."""
        match test:
            case expr.Not(inner):
                return self.test(inner, items)
            case expr.Given(of):
                return self.given(of, items, "not in")
            case expr.Between():
                return self.outside(test, items)
            case expr.Equal():
                return self.equal(test, items, "!=")
            case expr.Multiple():
                return self.multiple(test, items, "!=")
            case expr.Is() | expr.Only() | expr.Alpha():
                return _not(self.test(test, items))
            case expr.OneOf(of, values):
                return self.one_of(self.value(of, items), values, "not in")
            case expr.SchemeIn(of, schemes):
                return Printed(f"{self.call('scheme', self.value(of, items)).text} not in {literal(schemes)}", _COMPARE)
            case expr.PictureIn(of, formats):
                found = self.call("picture_format", self.value(of, items)).text
                return Printed(f"{found} not in {literal(formats)}", _COMPARE)
            case expr.Every():
                return self.every(test, items, "any")
            case expr.All(tests):
                return self.either([self.negated(part, items) for part in tests])
            case expr.AnyOf(tests):
                return self.both([self.negated(part, items) for part in tests])

    def between(self, test: expr.Between, items: tuple[str, ...]) -> Printed:
        """`low <= term <= high`, or the one comparison that there is."""
        low, term, high = self.bounds(test, items)
        if low and high:
            return Printed(f"{term} == {low}" if low == high else f"{low} <= {term} <= {high}", _COMPARE)
        return Printed(f"{term} >= {low}" if low else f"{term} <= {high}", _COMPARE) if low or high else TRUE

    def bounds(self, test: expr.Between, items: tuple[str, ...]) -> tuple[str, str, str]:
        """The two bounds, nothing where there is none, and the term between them."""
        texts = [self.term(part, items).within(_PRODUCT) if part else "" for part in (test.low, test.term, test.high)]
        return texts[0], texts[1], texts[2]

    def outside(self, test: expr.Between, items: tuple[str, ...]) -> Printed:
        """The opposite of `between`."""
        low, term, high = self.bounds(test, items)
        if low and high:
            return Printed(f"{term} != {low}", _COMPARE) if low == high else _not(self.between(test, items))
        return Printed(f"{term} < {low}" if low else f"{term} > {high}", _COMPARE) if low or high else FALSE

    def equal(self, test: expr.Equal, items: tuple[str, ...], sign: str) -> Printed:
        sides = [self.term(side, items).within(_PRODUCT) for side in (test.left, test.right)]
        return Printed(f" {sign} ".join(sides), _COMPARE)

    def multiple(self, test: expr.Multiple, items: tuple[str, ...], sign: str) -> Printed:
        return Printed(f"{self.term(test.term, items).within(_ATOM)} % {test.of} {sign} 0", _COMPARE)

    def every(self, test: expr.Every, items: tuple[str, ...], word: str) -> Printed:
        """All items of a list pass, or any fails."""
        item = ITEMS[len(items)]
        each = (self.test if word == "all" else self.negated)(test.test, (*items, item))
        if each.known is (word == "all"):
            return each
        listed = self.call("items", self.value(test.over, items)).text
        return Printed(f"{word}({each.text} for {item} in {listed})", _ATOM)

    def both(self, parts: list[Printed]) -> Printed:
        """All of these."""
        if any(part.known is False for part in parts):
            return FALSE
        left = _unlike([part for part in parts if part.known is None])
        if len(left) <= 1:
            return left[0] if left else TRUE
        return Printed(" and ".join(part.within(_AND) for part in left), _AND)

    def either(self, parts: list[Printed]) -> Printed:
        """Any of these."""
        if any(part.known for part in parts):
            return TRUE
        left = _unlike([part for part in parts if part.known is None])
        if len(left) <= 1:
            return left[0] if left else FALSE
        return Printed(" or ".join(part.within(_NOT) for part in left), _OR)

    def one_of(self, value: str, among: tuple[expr.Scalar, ...], word: str) -> Printed:
        """Among these or not, by JSON's equality: that of texts is Python's own."""
        if len(among) > 1 and all(isinstance(wanted, str) for wanted in among):
            return Printed(f"{value} {word} {literal(among)}", _COMPARE)
        tests = [self.call("equal", value, literal(wanted)) for wanted in among]
        return self.either(tests) if word == "in" else self.both([_not(test) for test in tests])

    def given(self, of: str, items: tuple[str, ...], word: str) -> Printed:
        name, _, part = of.partition(".")
        if part:
            found = self.call("has", self.value(name, items), literal(part))
            return found if word == "in" else _not(found)
        return _known(word == "in") if name == "@" else Printed(f"{literal(name)} {word} values", _COMPARE)

    def term(self, term: expr.Term, items: tuple[str, ...]) -> Printed:
        """An integer."""
        match term:
            case expr.Number(value):
                return Printed(str(value), _ATOM)
            case expr.Measured(name, of):
                return self.call(name, self.value(of, items))
            case expr.Product(left, right):
                return Printed(f"{self.term(left, items).text} * {self.term(right, items).text}", _PRODUCT)
            case expr.Total(over, each):
                item = ITEMS[len(items)]
                inner = self.term(each, (*items, item)).text
                return Printed(f"sum({inner} for {item} in {self.call('items', self.value(over, items)).text})", _ATOM)

    def value(self, of: str, items: tuple[str, ...]) -> str:
        """A value, which is None where it is missing: no leaf tells the two apart."""
        name, _, part = of.partition(".")
        base = items[-1] if name == "@" else self.names.setdefault(name, naming.identifier(name, TAKEN))
        return self.call("field", base, literal(part)).text if part else base

    def call(self, leaf: str, *arguments: str) -> Printed:
        self.leaves.add(leaf)
        return Printed(f"{leaf}({', '.join(arguments)})", _ATOM)


def _not(found: Printed) -> Printed:
    return Printed(f"not {found.within(_NOT)}", _NOT)


def _known(value: bool) -> Printed:
    return TRUE if value else FALSE


def _unlike(parts: Iterable[Printed]) -> list[Printed]:
    return list({part.text: part for part in parts}.values())
