"""Names in emitted Python. Every identifier comes from here, so that no text of a spec becomes code.

Equal names are an error, never numbered: a number would move when a model is added.
"""

from __future__ import annotations

import keyword
import re
import sys
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import combinations
from typing import TypeAlias

from platemark.ir import Offer

Users: TypeAlias = "Mapping[int, Sequence[Offer]]"
"""Key of a thing: the offers that have it."""

_PACKAGE = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
"""Of single underscores, so that the distribution's name is told from the package's, and back."""
_TAKEN = frozenset({"platemark", "click", "httpx2", "opentelemetry", "pydantic"})
"""The generator, and what clients import."""
_WORDS = re.compile(r"[A-Za-z0-9]+")
_AXES: tuple[Callable[[Offer], str], ...] = (lambda o: o.mode, lambda o: o.route, lambda o: o.model)

CLIENT = frozenset({
    "prepare", "prepared", "estimate", "generate", "submit", "stream", "send", "start", "events", "finish", "run",
    "close", "aclose", "service", "context", "models", "tasks", "files", "with_options",
    "operation",
})  # fmt: skip
"""What a client has besides its models."""
ARGUMENTS = frozenset({
    "self", "model", "mode", "route", "envelope", "family", "values", "options",
    "timeout", "task_timeout", "poll_interval", "max_retries", "validate", "ignore", "strict_text", "max_cost",
    "extra_headers", "extra_parameters",
})  # fmt: skip
"""What a method takes besides parameters of the service."""


class NamingError(ValueError):
    """Two things would get the same name, or one has none. `near` is a name that works, where one is at hand."""

    def __init__(self, message: str, near: str = "") -> None:
        self.near = near
        super().__init__(message)


def _words(text: str) -> list[str]:
    found = _WORDS.findall(unicodedata.normalize("NFKC", text))
    if not found:
        raise NamingError(f"{text!r} holds no letter or digit to make a name of")
    return found


def identifier(text: str, taken: Iterable[str] = ()) -> str:
    """`qwen-image-2.0-pro` as `qwen_image_2_0_pro`. A word of the language, or one that is taken, ends in `_`."""
    name = "_".join(_words(text)).lower()
    name = f"m_{name}" if name[0].isdigit() else name
    return f"{name}_" if keyword.iskeyword(name) or keyword.issoftkeyword(name) or name in set(taken) else name


def package(name: str) -> str:
    """The name of the emitted package, if it may be called so: `my_images`. Raises NamingError."""
    if not _PACKAGE.fullmatch(name):
        near = "_".join(re.findall(r"[a-z0-9]+", name.lower())).lstrip("_0123456789")
        raise NamingError(f"{name!r} is no name of a package: it takes words of a-z and 0-9, joined by _", near)
    if keyword.iskeyword(name) or keyword.issoftkeyword(name) or name in _TAKEN or name in sys.stdlib_module_names:
        raise NamingError(f"{name!r} is the name of something else in Python", f"{name}_client")
    return name


def distribution(package: str) -> str:
    """What a package is called where packages are installed from: `my_images` as `my-images`. So is its command."""
    return package.replace("_", "-")


def constant(text: str) -> str:
    """`size.area` as `SIZE_AREA`."""
    return identifier(text).upper()


def class_name(*texts: str) -> str:
    """`qwen-image-2.0-pro` as `QwenImage20Pro`."""
    name = "".join(word[:1].upper() + word[1:] for text in texts for word in _words(text))
    return f"M{name}" if name[0].isdigit() else f"{name}_" if keyword.iskeyword(name) else name


def argument(parameter: str) -> str:
    """A parameter's name in signatures."""
    return identifier(parameter, ARGUMENTS)


def distinct(texts: Iterable[str], make: Callable[[str], str]) -> dict[str, str]:
    """Each text's name. Raises NamingError when two would be called the same."""
    made: dict[str, str] = {}
    owners: dict[str, str] = {}
    for text in texts:
        name = make(text)
        if owners.setdefault(name, text) != text:
            raise NamingError(f"{owners[name]!r} and {text!r} would both be called {name}")
        made[text] = name
    return made


def distinguish(base: str, users: Users) -> dict[int, str]:
    """Names of things that share a base: what most offers have is called just that, the others after who has them.

    Raises NamingError when the same offers have two of them."""
    order = sorted(users, key=lambda key: (-len(users[key]), key))
    everyone = [offer for key in order for offer in users[key]]
    names = {order[0]: base}
    for key in order[1:]:
        label = next(iter(_labels(users[key], everyone)), None)
        name = f"{base}_{constant(label)}" if label else base
        if name in names.values():
            raise NamingError(f"{name} would be two things of {users[key][0].model}")
        names[key] = name
    return names


def _labels(offers: Sequence[Offer], everyone: Sequence[Offer]) -> Iterable[str]:
    """Descriptions of some offers that fit no others, the shortest first: modes, routes, models, or several."""
    for count in (1, 2, 3):
        for axes in combinations(_AXES, count):
            values = [list(dict.fromkeys(axis(offer) for offer in offers)) for axis in axes]
            fitting = [o for o in everyone if all(axis(o) in v for axis, v in zip(axes, values, strict=True))]
            if len(fitting) == len(offers):
                yield " ".join(" or ".join(names) for names in values)
