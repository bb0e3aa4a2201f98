"""Mixed load on `platemark serve` over HTTP: its memory stays what it was, and no answer is an error of its own.

`nox -s soak` takes 30 minutes, `-- --minutes N` as many as you like. Before, all that the emulator remembers is filled
to its bounds, and a minute of the mix warms it. From a sixth of the time to the end its memory may grow by a tenth.
"""

import argparse
import asyncio
import random
import re
import subprocess
import sys
import time
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from itertools import chain, repeat
from statistics import median
from tempfile import TemporaryFile
from typing import Any, TypeAlias

import httpx2
import psutil  # pyright: ignore[reportMissingModuleSource]  # installed by its session only

import platemark
from platemark.emulator import log, pictures, tasks, uploads
from platemark.emulator.app import DRAWERS
from platemark.ir import ROUTES, Family, Ir, Offer, Provider
from platemark.rules import leaves, samples
from platemark.rules.vectors import vectors
from platemark.wire import requests, skeletons

ACCOUNTS = [f"sk-test-soak-{number}" for number in range(8)]
AT_ONCE = 8
GROWTH = 1.10
WARMING = 60.0
"""Seconds of the mix in which threads start and allocators take what they then keep."""
SHARES = {
    "vector": 40, "fresh": 20, "task": 15, "picture": 8, "garbage": 6, "fault": 5, "upload": 3, "left": 2, "raw": 1,
    "clock": 0.3,
}  # fmt: skip
"""How often each method of Load is called in the mix."""

FAULTS = (
    "reset=before", "reset=after", "close=after", "hang=before", "hang=after", "status=503", "status=502, body=html",
    "code=Throttling.RateQuota, retry_after=1", "latency=50 ms", "body=half", "extra=true", "cut=1", "tear=1",
    "task=stuck", "task=FAILED", "failures=1", "no such fault",
)  # fmt: skip
PICTURE = re.compile(r"https?://[^\"]+/pictures/[0-9a-f]+\.png")
PICTURE_FILE = bytes.fromhex("89504e470d0a1a0a0000000d49484452000002000000020008000000") + b"\0" * 5_000
"""The head of a PNG of 512*512 and some more: nothing reads the rest."""
GARBAGE = (b"", b"{", b"[" * 100_000, b"\xff\xfe", b"NaN", b'{"model": "\\ud800"}', b'{"model": 1}', b'{"a":1,"a":2}')
RAW = (
    b"GET / HTTP/9.9\r\n\r\n",
    b"\x16\x03\x01\x02\x00",
    b"POST /nowhere HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc",
    b"GET /\x00 HTTP/1.1\r\n\r\n",
    b"GET / HTTP/1.1\r\nA: " + b"a" * 70_000,
)


# ── The server, and its memory ────────────────────────────────────────────────────────────────────────────────────


@contextmanager
def served() -> Iterator[tuple[str, psutil.Process, Callable[[], str]]]:
    """The emulator as a process of its own: its address, the process, and what it has said so far."""
    command = [sys.executable, "-m", "platemark", "serve", "--port", "0", "--control"]
    with TemporaryFile("w+", encoding="utf-8", errors="replace") as said:

        def told() -> str:
            said.seek(0)
            return said.read()

        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=said, text=True) as process:
            try:
                address = process.stdout.readline().strip() if process.stdout else ""
                if not address:
                    raise SystemExit(f"the emulator did not start:\n{told()}")
                yield address, psutil.Process(process.pid), told
            finally:
                process.terminate()


def resident(process: psutil.Process) -> float:
    """Megabytes of memory that a process holds."""
    return process.memory_info().rss / 2**20


@dataclass(frozen=True, slots=True)
class Memory:
    """Megabytes by second of the mixed load, which takes `seconds`."""

    seconds: float
    readings: list[tuple[float, float]] = field(default_factory=list[tuple[float, float]])

    async def watch(self, process: psutil.Process) -> None:
        began = time.monotonic()
        while (now := time.monotonic() - began) <= self.seconds:
            self.readings.append((now, resident(process)))
            await asyncio.sleep(1)

    def at(self, share: float) -> float:
        """The median about a moment, given as a share of the time: pictures that are being drawn come and go."""
        return median(size for now, size in self.readings if abs(now / self.seconds - share) <= 1 / 30)

    @property
    def growth(self) -> float:
        """How much larger it is at the end than after a sixth of the time."""
        return self.at(1) / self.at(1 / 6)


# ── Load ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Order:
    """An offer, and whose it is."""

    provider: Provider
    family: Family
    offer: Offer

    @property
    def most(self) -> int:
        """How many pictures a request can bring."""
        name = self.offer.makes.removeprefix("..")
        ranges = [rule.args["high"] for rule in self.family.rules_of(self.offer) if rule.id == f"{name}.range"]
        return int(ranges[0]) if ranges else 1

    def takes(self, parameter: str) -> bool:
        return self.family.parameter_of(self.offer, parameter) is not None


class Load:
    """What is asked, at random but in the same order at every run, and what came of it."""

    def __init__(self, ir: Ir, client: httpx2.AsyncClient) -> None:
        self.client = client
        self.dice = random.Random(20261121)
        self.orders = [Order(ir.provider(f.provider), f, offer) for f in ir.families for offer in f.offers]
        self.vectors = [
            (ir.provider(family.provider), vector)
            for family in ir.families
            for model in family.models
            for vector in vectors(ir.provider(family.provider), family, model.id)[0]
        ]
        self.numbers = 0
        self.still = asyncio.Lock()  # held by what must not lose hours on its way
        self.became: dict[str, Counter[str]] = {}
        self.took: dict[str, list[float]] = {}
        self.wrong: list[str] = []
        self.tasks: deque[tuple[Provider, str, str]] = deque(maxlen=500)
        self.pictures: deque[str] = deque(maxlen=500)

    # ── One request ──

    async def send(self, kind: str, method: str, url: str, *expected: int, **more: Any) -> httpx2.Response:
        """An answer with another status than the expected ones is wrong; where none is, one of 500 and more."""
        began = time.monotonic()
        answer = await self.client.request(method, url, **more)
        self.note(kind, str(answer.status_code), began)
        if answer.status_code not in expected if expected else answer.status_code >= 500:
            self.wrong.append(f"{kind}: {method} {url[:100]}: {answer.status_code} {answer.text[:200]}")
        return answer

    def note(self, kind: str, became: str, began: float) -> None:
        self.became.setdefault(kind, Counter())[became] += 1
        self.took.setdefault(kind, []).append(time.monotonic() - began)

    def remember(self, provider: Provider, account: str, answer: httpx2.Response) -> None:
        """The pictures and the task of an answer, to ask for later."""
        self.pictures.extend(PICTURE.findall(answer.text))
        if provider.tasks and answer.status_code == 200 and answer.headers["content-type"] == "application/json":
            found = read(provider.tasks.created, answer.json())
            if "task_id" in found:
                self.tasks.append((provider, account, found["task_id"]))

    async def create(self, kind: str, order: Order, account: str = "", **given: Any) -> None:
        """Order pictures, which must be accepted."""
        account = account or self.dice.choice(ACCOUNTS)
        body = samples.body(order.provider, order.offer, samples.minimal(order.family, order.offer) | given)
        wire = requests.request(order.provider, order.offer.endpoint, order.offer.route, body, account)
        answer = await self.send(kind, "POST", wire["path"], 200, headers=wire["headers"], json=body)
        self.remember(order.provider, account, answer)

    async def uploaded(self) -> tuple[str, str, Order]:
        """An address of an uploaded picture, and what it can be used for by whom."""
        order = self.dice.choice([each for each in self.orders if each.provider.uploads and each.takes("images")])
        account, way = self.dice.choice(ACCOUNTS), order.provider.uploads
        assert way
        method, _, path = way.policy.partition(" ")
        url = order.provider.base_path + path.replace("{model}", order.offer.model)
        leave = await self.send("policy", method, url, 200, headers=key_of(order.provider, account))
        said = read(way.answer, leave.json())
        said["key"] = way.key.format(**said, file_name=f"{self.dice.randrange(10**9)}.png")
        *fields, (file, _) = [pair for each in way.form for pair in each.items()]
        form = {name: str(skeletons.build(part, said)) for name, part in fields}
        await self.send("upload", "POST", said["upload_host"], 200, data=form, files={file: ("a.png", PICTURE_FILE)})
        return f"{way.scheme}://{said['key']}", account, order

    # ── What is asked ──

    async def fresh(self) -> None:
        """Pictures that nobody ordered before."""
        self.numbers += 1
        await self.create("fresh", self.dice.choice(self.orders), prompt=f"A paper lantern, number {self.numbers}")

    async def vector(self) -> None:
        """A request within the limits, on them, or just outside, by any route."""
        provider, vector = self.dice.choice(self.vectors)
        wire, refused = vector.request, vector.verdict == "reject"
        kind, expected = ("refused", ()) if refused else (vector.route, (200,))
        answer = await self.send(kind, "POST", wire["path"], *expected, headers=wire["headers"], json=wire["body"])
        self.remember(provider, account_of(provider, wire), answer)

    async def left(self) -> None:
        """A stream that nobody reads to its end."""
        streams = [each.request for _, each in self.vectors if each.route == "stream" and each.verdict == "accept"]
        wire, began = self.dice.choice(streams), time.monotonic()
        async with self.client.stream("POST", wire["path"], headers=wire["headers"], json=wire["body"]) as answer:
            async for _ in answer.aiter_raw():
                break
        self.note("left", str(answer.status_code), began)

    async def task(self) -> None:
        """How a task is, all tasks, or the end of one."""
        if not self.tasks:
            return
        provider, account, task_id = self.dice.choice(self.tasks)
        life = provider.tasks
        assert life
        actions = [name for name in ("query", "query", "query", "list", "cancel") if getattr(life, name)]
        kind = self.dice.choice(actions)
        method, _, path = str(getattr(life, kind)).partition(" ")
        url = provider.base_path + path.replace("{task_id}", task_id)
        await self.send(kind, method, url, headers=key_of(provider, account))

    async def picture(self) -> None:
        """One that was made, be it forgotten by now."""
        if self.pictures:
            await self.send("picture", "GET", self.dice.choice(self.pictures), 200, 404)

    async def largest(self) -> None:
        """The largest pictures that there can be: what drawing takes at most is taken early."""
        told = [each for _, each in self.vectors if each.route == "sync" and "size" in each.expected]
        wire = max(
            told, key=lambda each: leaves.width(each.expected["size"]) * leaves.height(each.expected["size"])
        ).request
        answer = await self.send("largest", "POST", wire["path"], 200, headers=wire["headers"], json=wire["body"])
        for address in PICTURE.findall(answer.text):
            await self.send("picture", "GET", address, 200)

    async def garbage(self) -> None:
        """Bodies, keys, methods and paths that make no sense."""
        order = self.dice.choice(self.orders)
        endpoint = order.provider.endpoint(order.offer.endpoint)
        url = order.provider.base_path + self.dice.choice([endpoint.path, "/nowhere", "/%00%ff%0A"])
        headers = self.dice.choice([{}, key_of(order.provider, "sk-test-soak"), key_of(order.provider, "!" * 5_000)])
        method = self.dice.choice(["POST", "POST", "POST", "DELETE", "GET"])
        await self.send("garbage", method, url, headers=headers, content=self.dice.choice(GARBAGE))

    async def raw(self) -> None:
        """Bytes that are no HTTP."""
        began, base = time.monotonic(), self.client.base_url
        reader, writer = await asyncio.open_connection(base.host, base.port)
        with suppress(OSError, TimeoutError):
            writer.write(self.dice.choice(RAW))
            await asyncio.wait_for(reader.read(1_000), 0.2)
        with suppress(OSError):
            writer.close()
            await writer.wait_closed()
        self.note("raw", "left", began)

    async def fault(self) -> None:
        """A fault that was asked for: whatever comes is fine."""
        fault, route = self.dice.choice(FAULTS), self.dice.choice(ROUTES)
        fitting = [each.request for _, each in self.vectors if each.route == route and each.verdict == "accept"]
        wire, began = self.dice.choice(fitting), time.monotonic()
        headers = {**wire["headers"], "X-Platemark-Fault": fault}
        kind = f"fault {fault.partition(',')[0]}"
        try:
            answer = await self.client.post(wire["path"], headers=headers, json=wire["body"], timeout=0.5)
        except httpx2.HTTPError as error:
            self.note(kind, type(error).__name__, began)
        else:
            self.note(kind, str(answer.status_code), began)

    async def upload(self) -> None:
        """A picture is uploaded, and others are made of it."""
        async with self.still:
            address, account, order = await self.uploaded()
            least = samples.minimal(order.family, order.offer).get("images", [])
            await self.create("of upload", order, account, images=[address] * max(1, len(least)))

    async def clock(self) -> None:
        """Time goes by, and after hours of it tasks and uploads are forgotten."""
        seconds = {"advance": self.dice.choice([5, 3_600, 90_000])}
        async with self.still:
            await self.send("clock", "POST", "/_control/clock", 200, json=seconds)


def key_of(provider: Provider, key: str) -> dict[str, str]:
    """The header that carries a key."""
    return {provider.auth.header: provider.auth.value.replace("{key}", key)}


def account_of(provider: Provider, wire: Mapping[str, Any]) -> str:
    """The key that a request carries, if it does."""
    return str(wire["headers"].get(provider.auth.header, "")).removeprefix(provider.auth.value.partition("{key}")[0])


def read(skeleton: Any, answer: Any) -> dict[str, Any]:
    """The values that an answer has where its skeleton names them."""
    found: dict[str, Any] = {}
    for name in skeletons.names(skeleton):
        part = answer
        for key in (skeletons.place(skeleton, name) or "").split("."):
            part = part.get(key) if isinstance(part, dict) else None
        if part is not None:
            found[name] = part
    return found


# ── A run ─────────────────────────────────────────────────────────────────────────────────────────────────────────

Job: TypeAlias = "Callable[[], Awaitable[object]]"


async def at_once(jobs: Iterable[Job]) -> None:
    """Do jobs in turn, several at a time."""
    rest = iter(jobs)

    async def work() -> None:
        for job in rest:
            await job()

    await asyncio.gather(*(work() for _ in range(AT_ONCE)))


async def fill(load: Load) -> None:
    """All that is bounded gets full: tasks, pictures, the log, uploads."""
    order = max((each for each in load.orders if each.offer.route == "task"), key=lambda each: each.most)
    given: dict[str, Any] = {order.offer.makes.removeprefix(".."): order.most}

    async def create() -> None:
        load.numbers += 1
        await load.create("fill", order, prompt=f"A paper lantern, number {load.numbers}", **given)

    count = max(tasks.KEPT, log.KEPT, pictures.KEPT // order.most + 1)
    await at_once(chain(repeat(create, count), repeat(load.uploaded, uploads.KEPT)))


async def mix(load: Load, seconds: float, rate: float) -> None:
    """Requests of all kinds, at most `rate` a second."""
    began = time.monotonic()

    async def turn(kind: str, due: float) -> None:
        await asyncio.sleep(began + due - time.monotonic())
        if time.monotonic() - began < seconds:
            try:
                await getattr(load, kind)()
            except httpx2.HTTPError as error:
                load.wrong.append(f"{kind}: {type(error).__name__}: {error}")

    kinds = load.dice.choices(list(SHARES), list(SHARES.values()), k=int(seconds * rate))
    await at_once(partial(turn, kind, number / rate) for number, kind in enumerate(kinds))


async def run(address: str, process: psutil.Process, seconds: float, rate: float) -> tuple[Load, Memory]:
    """Fill, warm, then mix."""
    memory = Memory(seconds)
    async with httpx2.AsyncClient(base_url=address, timeout=60) as client:
        load = Load(platemark.resolve(platemark.load()), client)
        print(f"{resident(process):.1f} MB at the start", flush=True)
        await fill(load)
        await at_once(repeat(load.largest, 4 * DRAWERS))
        print(f"{resident(process):.1f} MB when everything is full", flush=True)
        await mix(load, WARMING, rate)
        print(f"{resident(process):.1f} MB when warm", flush=True)
        await asyncio.gather(memory.watch(process), mix(load, seconds, rate))
    return load, memory


def table(load: Load) -> Iterator[str]:
    """A line for each kind of request: how many, how long they took, and what became of them."""
    yield f"{'kind':<24}{'requests':>9}{'median ms':>11}{'p99 ms':>9}  became"
    for kind, became in sorted(load.became.items()):
        took = sorted(load.took[kind])
        middle, slow = (1000 * took[int(share * (len(took) - 1))] for share in (0.5, 0.99))
        said = ", ".join(f"{status} × {count:,}" for status, count in became.most_common())
        yield f"{kind:<24}{len(took):>9,}{middle:>11.1f}{slow:>9.1f}  {said}"


def findings(load: Load, memory: Memory, said: str) -> Iterator[str]:
    """What is not as it should be."""
    if memory.growth > GROWTH:
        yield f"memory grew by {memory.growth - 1:.1%}, which is more than {GROWTH - 1:.0%}"
    yield from load.wrong[:50]
    if len(load.wrong) > 50:
        yield f"and {len(load.wrong) - 50} more"
    if "Traceback" in said:
        yield f"the emulator said:\n{said[-5_000:]}"


def main() -> int:
    """1 if anything is not as it should be."""
    parser = argparse.ArgumentParser(description="mixed load on the emulator")
    parser.add_argument("--minutes", type=float, default=30, help="of mixed load; 30 without")
    parser.add_argument("--rate", type=float, default=50, help="requests a second at most; 50 without")
    options = parser.parse_args()
    with served() as (address, process, told):
        load, memory = asyncio.run(run(address, process, options.minutes * 60, options.rate))
        found = list(findings(load, memory, told()))
    print(*table(load), sep="\n")
    print("MB by sixths of the time:", ", ".join(f"{memory.at(sixth / 6):.1f}" for sixth in range(7)))
    print(f"grown by {memory.growth - 1:+.1%} from the end of the first sixth to the end")
    print(*(found or ["nothing found"]), sep="\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
