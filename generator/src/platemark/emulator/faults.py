"""Which request is hit by which fault: its header decides, else the script, whose turns are counted here.

A script holds at most 1,000 entries. Who may send a header may also send a fault: it reaches no other caller.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from platemark import ir
from platemark.wire import faults, scripts
from platemark.wire.faults import NO_FAULT, Fault
from platemark.wire.scripts import Asked, Entry, Misfit


class BadFaults(ValueError):
    """A fault or a script can't be read; `misfits` are all the reasons, and `str` says them in lines."""

    def __init__(self, misfits: list[Misfit]) -> None:
        self.misfits = tuple(misfits)
        super().__init__("\n".join(scripts.told(found) for found in misfits))


class Script:
    """The faults to come, and how many requests each entry has seen."""

    def __init__(self, known: ir.Ir, data: Any = None) -> None:
        """`data` is a list as `platemark schema faults` says. Raises BadFaults."""
        self._known = known
        self._first: Any = [] if data is None else data
        self.set(self._first)

    def forget(self) -> None:
        """Begin again, with the entries of the start."""
        self.set(self._first)

    def set(self, data: Any) -> None:
        """Take these entries in place of all others. Raises BadFaults, and then keeps what was there."""
        wrong = scripts.departures(data) or list(scripts.misfits(data, self._known))
        if wrong:
            raise BadFaults(wrong)
        self._data: list[dict[str, Any]] = data
        self._entries: tuple[Entry, ...] = scripts.entries(data)
        self._seen = [0] * len(data)

    def told(self) -> list[dict[str, Any]]:
        """The entries as they were given, and of each how many turns are `left`: null without end."""
        rows = zip(self._data, self._entries, self._seen, strict=True)
        return [{**data, "left": entry.left(seen)} for data, entry, seen in rows]

    def next(self, header: str | None, asked: Callable[[], Asked]) -> Fault:
        """The fault of a request. A header takes no turn of the script.

        Raises BadFaults for a header that can't be read, or that asks for what can't be done to this request."""
        if header is not None:
            return _of_header(header, asked())
        if not self._entries:
            return NO_FAULT
        request = asked()
        for index, entry in enumerate(self._entries):
            if entry.left(self._seen[index]) != 0 and entry.matches(request):
                self._seen[index] += 1
                if entry.hits(self._seen[index] - 1):
                    return entry.fault
        return NO_FAULT

    def of_file(self, method: str, path: str, header: str | None) -> Fault:
        """The fault of a picture or of an upload, for which a proxy answers and no service. Raises BadFaults."""
        fault = self.next(header, lambda: Asked(method, path, served=False))
        return replace(fault, body=fault.body or "html") if fault.status else fault


def _of_header(text: str, asked: Asked) -> Fault:
    data, wrong = scripts.from_header(text)
    if not wrong:
        scopes = {switch.name: switch.scope for switch in faults.SWITCHES}
        way = f"by the {asked.route} route" if asked.route else "a question" if asked.served else "for a file"
        wrong = [
            Misfit((name,), f"can be done to a {scopes[name]} request only; this one is {way}")
            for name in data
            if not asked.suits(faults.read({name: data[name]}))
        ]
    if wrong:
        raise BadFaults(wrong)
    return faults.read(data)


def settled(fault: Fault, provider: ir.Provider) -> Fault:
    """The fault in the words of a service. Raises BadFaults for words that it does not have."""
    found, problem = faults.settled(fault, provider)
    if problem:
        name, _, message = problem.partition(": ")
        raise BadFaults([Misfit((name,), message)])
    return found


def explanation(bad: BadFaults) -> Mapping[str, Any]:
    """What a caller is told who asked for faults badly: each reason, and the faults there are."""
    return {
        "error": str(bad),
        "faults": {switch.name: f"{switch.about} ({switch.values})" for switch in faults.SWITCHES},
    }
