"""What strategies draw: requests and answers as frozen values, short to read where Hypothesis prints them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from platemark import ir
from platemark.plain import is_map, is_seq
from platemark.rules.judge import Judgement, judge

_SHOWN = 40


@dataclass(frozen=True, repr=False)
class Request:
    """A request by values and on the wire: `method`, `path`, `headers` and `body` are as vectors have them.

    `values` are what was meant, by parameter; `rule` is the id of the rule that it breaks, or whose edge it shows, if
    any. What is expected is worked out when it is asked for."""

    model: str
    route: ir.RouteName
    mode: str
    values: Mapping[str, Any]
    body: Any
    path: str
    headers: Mapping[str, str]
    _provider: ir.Provider = field(compare=False)
    _family: ir.Family = field(compare=False)
    rule: str = ""
    method: str = "POST"

    @property
    def judgement(self) -> Judgement:
        """What the evaluator says of it."""
        return judge(self._provider, self._family, self.model, self.route, self.body)

    @property
    def expected(self) -> dict[str, Any]:
        """What becomes of it, as a vector says it: `verdict`, the `rules` that decide, and `expected`, such as the
        size that comes back."""
        judgement = self.judgement
        return {"verdict": judgement.verdict, "rules": [*judgement.rules], "expected": judgement.expected}

    def _repr_pretty_(self, printer: Any, _: bool) -> None:
        """How Hypothesis prints it."""
        printer.text(repr(self))

    def __repr__(self) -> str:
        meant = [f"{name}={_short(value)}" for name, value in self.values.items()]
        broken = [f"rule={self.rule!r}", f"body={_short(self.body, 400)}"] if self.rule else []
        return f"Request({', '.join([repr(self.model), f'{self.route}/{self.mode}', *meant, *broken])})"


@dataclass(frozen=True)
class Response:
    """An answer: `kind` is `result`, `event`, `created`, `task` or `error`; `status` is that of HTTP."""

    model: str
    route: ir.RouteName
    mode: str
    kind: str
    status: int
    body: Any


@dataclass(frozen=True)
class History:
    """What a poller sees of one task, from its creation on: states as the service words them, and an answer for each.

    The last answers may come after the task has expired."""

    provider: str
    states: tuple[str, ...]
    answers: tuple[Response, ...]


def _short(value: Any, most: int = _SHOWN) -> str:
    """A value as Python writes it; of a long text its beginning and how long it is."""
    if isinstance(value, str) and len(value) > most:
        return f"<{len(value)} characters: {value[: most // 2]!r}…>"
    if is_seq(value):
        return f"[{', '.join(_short(item) for item in value)}]"
    if is_map(value):
        return "{" + ", ".join(f"{key!r}: {_short(part)}" for key, part in value.items()) + "}"
    return repr(value)
