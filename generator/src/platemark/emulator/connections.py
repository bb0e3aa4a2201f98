"""uvicorn's HTTP/1.1, in which an application may break the connection that it is asked on."""

from __future__ import annotations

import asyncio
import os
import socket
import struct
from typing import Any

from uvicorn.config import Config
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

from platemark.emulator.failing import CONNECTION

_AT_ONCE = struct.pack("hh" if os.name == "nt" else "ii", 1, 0)
"""The value of SO_LINGER with which closing means resetting."""


class BreakableConnection(H11Protocol):
    """A connection that hands itself out, as `failing.Connection`, to each request that comes in on it."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self.held = False
        served = self.app

        async def app(scope: Any, receive: Any, send: Any) -> None:
            scope.setdefault("extensions", {})[CONNECTION] = self
            await served(scope, receive, send)

        self.app = app

    def drop(self, *, reset: bool) -> None:
        """End the connection at once by a reset, or in order after what was written."""
        if not reset:
            self.transport.close()
            return
        own: socket.socket | None = self.transport.get_extra_info("socket")
        if own is not None:
            own.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
        self.transport.abort()

    async def flushed(self) -> None:
        """Until all that was written is on its way, or the connection is lost."""
        while self.transport.get_write_buffer_size() and not self.transport.is_closing():
            await asyncio.sleep(0.005)

    def shutdown(self) -> None:
        """The server stops: an answer that is held back will not come."""
        if self.held:
            self.drop(reset=True)
        else:
            super().shutdown()
