"""A server that behaves as the documents say, driven by the IR alone.

`create_app` gives it as an ASGI application, `serve` runs it until interrupted, `running` while a block runs.
"""

from __future__ import annotations

from platemark.emulator.app import Unservable, create_app
from platemark.emulator.clock import Clock
from platemark.emulator.failing import Dropped
from platemark.emulator.faults import BadFaults
from platemark.emulator.server import CannotListen, Running, running, running_app, serve

__all__ = [
    "BadFaults",
    "CannotListen",
    "Clock",
    "Dropped",
    "Running",
    "Unservable",
    "create_app",
    "running",
    "running_app",
    "serve",
]
