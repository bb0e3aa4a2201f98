"""The HTTP clients of drivers: what can be one, and why none can be made. httpx2 is imported when one is first needed."""

from __future__ import annotations

import os
from collections.abc import Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Literal, TypeVar

from platemark_images._runtime.errors import ConfigurationError

if TYPE_CHECKING:
    import asyncio

    import httpx2

HttpT = TypeVar("HttpT", "httpx2.Client", "httpx2.AsyncClient")

_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")
_CERTIFICATES = ("SSL_CERT_FILE", "SSL_CERT_DIR")


def check(kind: Literal["Client", "AsyncClient"], client: object, transport: object) -> None:
    """Refuse what was handed in and can't do the work. Raises ConfigurationError."""
    if client is not None and transport is not None:
        raise ConfigurationError("http_client= and transport= can't both be given: make the client with that transport")
    if client is not None:
        import httpx2

        if not isinstance(client, getattr(httpx2, kind)):
            raise ConfigurationError(f"http_client must be an httpx2.{kind}, not {_shown(client)}")
    method = "handle_request" if kind == "Client" else "handle_async_request"
    if transport is not None and not callable(getattr(transport, method, None)):
        base = "BaseTransport" if kind == "Client" else "AsyncBaseTransport"
        raise ConfigurationError(f"transport must be an httpx2.{base}, not {_shown(transport)}")


def _shown(value: object) -> str:
    kind = value if isinstance(value, type) else type(value)
    module = "" if kind.__module__ == "builtins" else f"{kind.__module__.partition('.')[0]}."
    return f"{'the class ' if kind is value else ''}{module}{kind.__qualname__}"


@contextmanager
def making() -> Generator[None, None, None]:
    """What hinders a client from being made, in words: it is set up by the environment, which may name what is not there."""
    import httpx2

    try:
        yield
    except (ValueError, ImportError, OSError, httpx2.InvalidURL) as error:
        reason = str(error)
        if isinstance(error, ImportError) and "socksio" in reason:
            reason = 'a SOCKS proxy needs the package socksio: pip install "httpx2[socks]"'
        raise ConfigurationError(f"no HTTP client can be made: {reason}; {_environment()}") from error


def _environment() -> str:
    """What of the environment is looked at. Addresses of proxies may hold passwords, so they are only named."""
    named = [name for each in _PROXIES for name in (each, each.lower()) if os.environ.get(name)]
    named += [f"{name}={os.environ[name]}" for name in _CERTIFICATES if os.environ.get(name)]
    return f"it looks at {', '.join((*_PROXIES, *_CERTIFICATES))}, and set are {', '.join(dict.fromkeys(named)) or 'none of them'}"


def usable(client: HttpT) -> HttpT:
    """A client that is still open. Raises ConfigurationError."""
    if client.is_closed:
        raise closed()
    return client


def closed() -> ConfigurationError:
    """The error of somebody who goes on with what was closed."""
    return ConfigurationError("this client was closed; make another one")


def elsewhere() -> ConfigurationError:
    """The error of somebody who takes connections of one event loop to another, where they can't work."""
    return ConfigurationError(
        "this client was first used in another event loop, as of another asyncio.run(), and its connections are there; "
        "make a client for each"
    )


def running() -> asyncio.AbstractEventLoop | None:
    """The event loop in which this is called; None outside of those of asyncio."""
    import asyncio

    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None
