"""How requests reach a service: over HTTP, or straight into an emulator. Only here is anything sent."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from platemark import ir
from platemark.conform.exchange import Answer, Lost, Send, Unsent
from platemark.conform.probes import Request
from platemark.rules import specimens

if TYPE_CHECKING:
    import httpx2

TIMEOUT = 300.0
"""Seconds that an answer may take; making pictures synchronously takes up to minutes."""
CONNECT = 10.0
IN_PROCESS_KEY = "sk-test-conform"
_MOST = 64 << 20
"""Bytes of an answer that are read at most: events with pictures of their own are large, endless ones are no answer."""


def in_process(spec: ir.Ir, *, strict: bool = False) -> Send:
    """A sender that asks an emulator of these specs, in this process and without a socket."""
    from platemark.emulator.direct import Direct, content

    direct = Direct(spec, strict=strict)
    keys = {p.base_path: (p.auth.header.lower(), p.auth.value.replace("{key}", IN_PROCESS_KEY)) for p in spec.providers}
    bases = sorted(keys, key=lambda base: -len(base))

    def send(request: Request) -> Answer:
        if not request.keyed and request.method == "GET":
            size = direct.picture(request.address)
            return Answer(200, body=specimens.png(size)) if size else Answer(404)
        headers = {name.lower(): value for name, value in request.headers.items()}
        if request.keyed and (base := next((b for b in bases if request.address.startswith(b)), None)) is not None:
            name, value = keys[base]
            headers[name] = value
        reply = direct.answer(request.method, request.address, headers, request.content)
        kind = "text/event-stream" if reply.events else "application/json"
        return Answer(reply.status, {"content-type": kind}, content(reply))

    return send


@contextmanager
def over_http(
    keys: Mapping[str, str],
    providers: Iterable[ir.Provider],
    base_url: str,
    transport: httpx2.BaseTransport | None = None,
) -> Generator[Send]:
    """A sender that asks services at a base address by HTTP; it may end in a service's base path or not.

    `keys` are by provider. A key travels to this address alone. Raises ImportError where httpx2 is not installed."""
    import httpx2

    found = {p.base_path: (p.auth.header, p.auth.value.replace("{key}", keys[p.id])) for p in providers}
    bases = sorted(found, key=lambda base: -len(base))
    root = base_url.rstrip("/")
    root = next((root.removesuffix(base) for base in bases if base and root.endswith(base)), root)
    timeout = httpx2.Timeout(TIMEOUT, connect=CONNECT)
    with httpx2.Client(transport=transport, timeout=timeout) as client:

        def send(request: Request) -> Answer:
            elsewhere = bool(urlsplit(request.address).scheme)
            url = request.address if elsewhere else root + request.address
            headers = dict(request.headers)
            if request.keyed and not elsewhere:
                name, value = found[next(base for base in bases if request.address.startswith(base))]
                headers[name] = value
            return _exchanged(client, request, url, headers)

        yield send


def _exchanged(client: httpx2.Client, request: Request, url: str, headers: Mapping[str, str]) -> Answer:
    import httpx2

    unsent = httpx2.ConnectError | httpx2.ConnectTimeout | httpx2.PoolTimeout | httpx2.UnsupportedProtocol
    told = f"{request.method} {url.partition('?')[0]}"
    try:
        # A request with a key goes where it was meant to go; pictures may have moved.
        with client.stream(
            request.method,
            url,
            headers=dict(headers),
            content=request.content or None,
            follow_redirects=not request.keyed,
        ) as response:
            return Answer(
                response.status_code,
                {k.lower(): v for k, v in response.headers.items()},
                _body(response, request.first),
            )
    except (httpx2.RequestError, httpx2.InvalidURL) as error:
        text = f"{told}: {type(error).__name__} {error}".rstrip()
        if isinstance(error, unsent | httpx2.ProxyError | httpx2.InvalidURL):
            raise Unsent(text) from error
        raise Lost(text) from error


def _body(response: httpx2.Response, first: int) -> bytes:
    """The body, or as much of it as is wanted."""
    parts, held = list[bytes](), 0
    for part in response.iter_bytes():
        parts.append(part)
        held += len(part)
        if held >= (first or _MOST):
            break
    return b"".join(parts)
