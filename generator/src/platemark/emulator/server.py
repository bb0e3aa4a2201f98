"""The emulator on a port of this machine."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from platemark import ir
from platemark.emulator.app import create_app

if TYPE_CHECKING:
    from uvicorn import Server

_BACKLOG = 2048
_PATIENCE = 10.0


class CannotListen(Exception):
    """The address is taken, not this machine's, or not allowed."""


@dataclass(frozen=True, slots=True)
class Running:
    """A server that answers; `url` has no slash at its end."""

    url: str


def serve(spec: ir.Ir, host: str = "127.0.0.1", port: int = 0, *, ready: Callable[[str], None], **options: Any) -> None:
    """Serve until interrupted. `ready` gets the address once it listens; `options` are those of `create_app`.

    Port 0 picks a free one. Raises CannotListen and what `create_app` raises."""
    app = create_app(spec, **options)
    listening, url = _listen(host, port)
    with listening:
        ready(url)
        _server(app).run(sockets=[listening])


@contextmanager
def running(spec: ir.Ir, host: str = "127.0.0.1", port: int = 0, **options: Any) -> Generator[Running]:
    """Serve from a thread while the block runs. Parameters and errors as for `serve`."""
    with running_app(create_app(spec, **options), host, port) as server:
        yield server


@contextmanager
def running_app(app: Any, host: str = "127.0.0.1", port: int = 0) -> Generator[Running]:
    """Serve an application of `create_app`, which may answer in process, too. Parameters and errors as for `serve`."""
    listening, url = _listen(host, port)
    with listening:
        server = _server(app)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, name="emulator", daemon=True)
        thread.start()
        try:
            _await(server, thread)
            yield Running(url)
        finally:
            server.should_exit = True
            thread.join(_PATIENCE)


def _await(server: Server, thread: threading.Thread) -> None:
    deadline = time.monotonic() + _PATIENCE
    while not server.started:
        if not thread.is_alive() or time.monotonic() > deadline:
            raise CannotListen("the emulator did not start")
        time.sleep(0.005)


def _listen(host: str, port: int) -> tuple[socket.socket, str]:
    if not host:  # it would mean every address of this machine
        raise CannotListen("can't listen: no host is named")
    # asyncio turns Nagle's algorithm off only where the protocol is named: else each answer waits 40 ms.
    listening = socket.socket(
        socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP
    )
    try:
        if os.name == "posix":  # elsewhere this would let a second server take the port
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
        listening.listen(_BACKLOG)
    except (OSError, OverflowError) as error:
        listening.close()
        raise CannotListen(
            f"can't listen at {host}, port {port}: {getattr(error, 'strerror', None) or error}"
        ) from error
    name = f"[{host}]" if ":" in host else host
    return listening, f"http://{name}:{listening.getsockname()[1]}"


def _server(app: Any) -> Server:
    from uvicorn import Config, Server

    from platemark.emulator.connections import BreakableConnection

    return Server(
        Config(
            app,
            http=BreakableConnection,
            log_level="warning",
            access_log=False,
            lifespan="off",
            log_config=None,
            server_header=False,
            timeout_graceful_shutdown=1,
        )
    )
