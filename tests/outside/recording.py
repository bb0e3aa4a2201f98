"""Both clients, the vendor's and ours, before one server of this machine that keeps every request as it arrives."""

import importlib
import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp

import platemark
from platemark.emulator import Clock, running
from platemark_images import DashScope

KEY = "sk-test-differential"
MOMENT = 1_800_000_000.0

IR = platemark.resolve(platemark.load())
PROVIDER = IR.provider("dashscope")
OFFERS = [(family, offer) for family in IR.families_of(PROVIDER.id) for offer in family.offers]

_MODULES = {
    "ImageGeneration": "aigc.image_generation", "ImageSynthesis": "aigc.image_synthesis",
    "MultiModalConversation": "aigc.multimodal_conversation", "DashScopeError": "v2.errors",
}  # fmt: skip


def sdk(name: str) -> Any:
    """A class of the SDK. Only while a bench stands: the SDK reads its settings when it is first imported."""
    return getattr(importlib.import_module(f"dashscope.{_MODULES[name]}"), name)


@dataclass(frozen=True, slots=True)
class Sent:
    """A request as it arrived; `path` comes after the service's base path, names of headers are in small letters."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: Any
    """As JSON says; None where there is none."""


class Recorder:
    """Keeps what arrives before the emulator answers it, and answers in its place where it is told to."""

    def __init__(self) -> None:
        self._kept: list[Sent] = []
        self._status = 0

    async def __call__(self, request: Request) -> ASGIApp | None:
        body = await request.body()
        path = request.scope["raw_path"].decode("latin-1").removeprefix(PROVIDER.base_path)
        query, headers = ({name: ", ".join(named.getlist(name)) for name in dict(named)}
                          for named in (request.query_params, request.headers))  # fmt: skip
        self._kept.append(Sent(request.method, path, query, headers, json.loads(body) if body else None))
        return Response("Bad gateway\n", self._status) if self._status else None

    def of(self, ask: Callable[[], object]) -> list[Sent]:
        """What arrives while something is asked."""
        before = len(self._kept)
        ask()
        return self._kept[before:]

    @contextmanager
    def failing(self, status: int) -> Iterator[None]:
        """Answer everything with a status, and nothing that a service would say."""
        self._status = status
        try:
            yield
        finally:
            self._status = 0


@dataclass(frozen=True, slots=True)
class Bench:
    """Our client, and the SDK's new one; its classes need no more than to be imported."""

    recorder: Recorder
    ours: DashScope
    new: Any


@contextmanager
def bench() -> Iterator[Bench]:
    """Both clients before a server which answers as the documents say, and in which only questions move tasks on.

    Once for each process."""
    recorder = Recorder()
    with running(IR, clock=Clock(lambda: MOMENT), pace=0, hook=recorder) as server:
        base = server.url + PROVIDER.base_path
        settings = {"DASHSCOPE_HTTP_BASE_URL": base, "DASHSCOPE_API_KEY": KEY}
        with patch.dict(os.environ, settings), DashScope(api_key=KEY, base_url=base) as ours:
            module = importlib.import_module("dashscope")
            with closing(module.Client(api_key=KEY, base_url=base)) as new:
                yield Bench(recorder, ours, new)
