"""The emulator without a server: requests go in as values, and thousands a second come back."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import parse_qsl, urlsplit

from platemark import ir
from platemark.emulator.app import service_of
from platemark.emulator.clock import Clock
from platemark.emulator.limits import Limits
from platemark.emulator.pictures import Gallery
from platemark.emulator.replies import Reply, encode
from platemark.emulator.service import Call
from platemark.rules.sizes import Size

ORIGIN = "http://emulator.invalid"
"""Where its pictures seem to lie."""


class Direct:
    """All services of an IR. Only questions move tasks on, and nothing is limited."""

    def __init__(self, spec: ir.Ir, *, strict: bool = False, clock: Clock | None = None) -> None:
        clock = clock or Clock()
        self._gallery = Gallery(clock)
        self._services = sorted(
            (
                service_of(spec, each, self._gallery, clock, limits=Limits(each, clock), pace=0, strict=strict)
                for each in spec.providers
            ),
            key=lambda service: -len(service.provider.base_path),
        )

    def answer(self, method: str, address: str, headers: Mapping[str, str], body: bytes) -> Reply:
        """The reply to a request; names of headers are lower-case. Status 404 where no service is."""
        path, query = urlsplit(address)[2:4]
        owners = [service for service in self._services if service.routes.owns(path)]
        targets = [(service, service.routes.match(method, path, headers)) for service in owners]
        if not targets:
            return Reply(404)
        service, target = next((found for found in targets if found[1]), targets[0])
        return service.answer(target, Call(method, path, headers, dict(parse_qsl(query)), body, ORIGIN))

    def picture(self, address: str) -> Size | None:
        """The sides of a picture that was made here."""
        found = self._gallery.at(address)
        return found.size if found else None


def content(reply: Reply) -> bytes:
    """What goes over the wire of a reply."""
    return b"".join(reply.events) if reply.events else encode(reply.body)
