"""The service behind wan2.6-image as its documents describe it, and 64 ways to get one rule of it wrong.

Written by hand from the documents that README.md beside this file names, without a look at this project's specs or
code. `answer` judges one create request; every check stands under its name in `CHECKS`. Given the name of a mutation it
drops one check or moves one bound. A contract test should call the unchanged server right and find fault with each
changed one: a mutation that it does not see is a rule that it does not test.

Over-long texts are accepted and cut, so an accepted answer carries the number of characters that were kept. Sides and
alpha of a picture are read from PNG data URIs; of other pictures only the address, the named format and the length are
judged. Tasks are not run: polling is not part of this.
"""

from __future__ import annotations

import base64
import re
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, cast

MODEL = "wan2.6-image"
GENERATION = "/api/v1/services/aigc/multimodal-generation/generation"  # one JSON answer, or a stream
TASKS = "/api/v1/services/aigc/image-generation/generation"
TEXT2IMAGE = "/api/v1/services/aigc/text2image/image-synthesis"  # exists, for other models
IMAGE2IMAGE = "/api/v1/services/aigc/image2image/image-synthesis"  # exists, for other models

PARAMETERS = frozenset(
    ["enable_interleave", "max_images", "n", "negative_prompt", "prompt_extend", "seed", "size", "stream", "watermark"]
)
FORMATS = frozenset(f"image/{name}" for name in ("jpeg", "jpg", "png", "bmp", "webp"))
SIZE_TOKENS = ("1K", "2K", "4K")  # in order; this model has as many of the first as `edit_size_token` says
PIXELS = re.compile(r"([1-9][0-9]{0,8})\*([1-9][0-9]{0,8})")
DATA_URI = re.compile(r"data:([a-z0-9.+-]+/[a-z0-9.+-]+);base64,([A-Za-z0-9+/]*={0,2})")
PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"


class Answer(NamedTuple):
    """HTTP status, names in `CHECKS` in their order (the first decides the status), and what is left of each text.

    `kept` counts code points under the names in `LENGTHS`; it is empty in a refusal.
    """

    status: int
    rules_broken: tuple[str, ...]
    kept: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Call:
    """One request. Header names are in lower case; a body is what its JSON decodes to, None without one."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: object

    @property
    def body_is_other(self) -> bool:
        """No body, or one that is no JSON object: then only that is judged."""
        return not isinstance(self.body, dict)

    @property
    def input(self) -> dict[str, object]:
        return mapping(mapping(self.body).get("input"))

    @property
    def messages(self) -> list[object]:
        return sequence(self.input.get("messages"))

    @property
    def content(self) -> object:
        """The content of the first message; None if no message is there."""
        return mapping(self.messages[0]).get("content") if self.messages else None

    @property
    def parameters(self) -> dict[str, object]:
        return mapping(mapping(self.body).get("parameters"))

    @property
    def interleave(self) -> bool:
        return self.parameters.get("enable_interleave") is True

    def values(self, kind: str) -> list[object]:
        """What the content items of one kind, "text" or "image", hold, in order."""
        return [mapping(item)[kind] for item in sequence(self.content) if kind in mapping(item)]


Reader = Callable[[Call], "int | None"]  # None: the request has nothing that this rule could judge


@dataclass(frozen=True, slots=True)
class Check:
    """One rule: `holds(call, bound)`; `status` is the HTTP status of a request that breaks it.

    Widening adds `wider` to `bound`, tightening goes one step the other way; with 0 there is no bound to move.
    """

    holds: Callable[[Call, int], bool]
    status: int = 400
    bound: int = 0
    wider: int = 0
    strict_only: bool = field(default=False, kw_only=True)


# ---- reading a request


def mapping(value: object) -> dict[str, object]:
    return cast("dict[str, object]", value) if isinstance(value, dict) else {}


def sequence(value: object) -> list[object]:
    return cast("list[object]", value) if isinstance(value, list) else []


def integer(value: object) -> int | None:
    """A JSON number without a fraction: 1 and 1.0 are the integer 1, true is none."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    return int(value) if isinstance(value, float) and value.is_integer() else None


def parameter(name: str) -> Reader:
    return lambda call: integer(call.parameters.get(name))


def in_edit(read: Reader) -> Reader:
    return lambda call: None if call.interleave else read(call)


def in_interleave(read: Reader) -> Reader:
    return lambda call: read(call) if call.interleave else None


def count(kind: str) -> Reader:
    return lambda call: len(call.values(kind)) if isinstance(call.content, list) else None


def messages(call: Call) -> int | None:
    return len(call.messages) if isinstance(call.input.get("messages"), list) else None


def sides(call: Call) -> tuple[int, int] | None:
    size = call.parameters.get("size")
    found = PIXELS.fullmatch(size) if isinstance(size, str) else None
    return (int(found[1]), int(found[2])) if found else None


def area(call: Call) -> int | None:
    return pair[0] * pair[1] if (pair := sides(call)) else None


def excess_width(call: Call) -> int | None:
    """Pixels of width beyond 4:1; negative within."""
    return pair[0] - 4 * pair[1] if (pair := sides(call)) else None


def excess_height(call: Call) -> int | None:
    """Pixels of height beyond 1:4; negative within."""
    return pair[1] - 4 * pair[0] if (pair := sides(call)) else None


def size_token(call: Call) -> int | None:
    """Which size token is asked for, counted from 1."""
    size = call.parameters.get("size")
    return SIZE_TOKENS.index(size) + 1 if isinstance(size, str) and size in SIZE_TOKENS else None


def addresses(call: Call) -> list[str]:
    return [address for address in call.values("image") if isinstance(address, str)]


def data_uri(address: str) -> tuple[str, str] | None:
    """MIME type and base64 text of a whole data URI."""
    found = DATA_URI.fullmatch(address)
    return (found[1], found[2]) if found and len(found[2]) % 4 == 0 else None


def pictures(call: Call) -> list[tuple[str, bytes]]:
    """MIME type and content of every image that is in the request itself."""
    return [(uri[0], base64.b64decode(uri[1])) for uri in map(data_uri, addresses(call)) if uri]


def largest_picture(call: Call) -> int | None:
    return max((len(data) for _, data in pictures(call)), default=None)


def pngs(call: Call) -> list[tuple[int, int, bool]]:
    """Width, height and whether there is an alpha channel, of every PNG among the data URIs."""
    heads = [data[:26] for _, data in pictures(call) if data.startswith(PNG_SIGNATURE) and len(data) >= 26]
    return [(*struct.unpack(">II", head[16:24]), head[25] in (4, 6)) for head in heads]


def shortest_side(call: Call) -> int | None:
    return min((min(width, height) for width, height, _ in pngs(call)), default=None)


def longest_side(call: Call) -> int | None:
    return max((max(width, height) for width, height, _ in pngs(call)), default=None)


# ---- kinds of checks


def at_least(read: Reader, bound: int) -> Check:
    return Check(lambda call, limit: (value := read(call)) is None or value >= limit, bound=bound, wider=-1)


def at_most(read: Reader, bound: int, *, wider: int = 1) -> Check:
    return Check(lambda call, limit: (value := read(call)) is None or value <= limit, bound=bound, wider=wider)


def rule(holds: Callable[[Call], bool], status: int = 400) -> Check:
    return Check(lambda call, _: holds(call), status)


def typed(name: str, fits: Callable[[object], bool]) -> Check:
    """A parameter may be absent; null is a value of the wrong type."""
    return rule(lambda call: name not in call.parameters or fits(call.parameters[name]))


def no_other_keys(read: Callable[[Call], dict[str, object]], known: frozenset[str]) -> Check:
    return Check(lambda call, _: set(read(call)) <= known, strict_only=True)


def is_boolean(value: object) -> bool:
    return isinstance(value, bool)


def is_integer(value: object) -> bool:
    return integer(value) is not None


def is_string(value: object) -> bool:
    return isinstance(value, str)


# ---- rules with more than one part


def authorized(call: Call) -> bool:
    """Judges what is there; that something is there is a rule of its own."""
    value = call.headers.get("authorization")
    return value is None or (value.startswith("Bearer ") and bool(value.removeprefix("Bearer ").strip()))


def json_content(call: Call) -> bool:
    return call.headers.get("content-type", "").partition(";")[0].strip().lower() == "application/json"


def async_header(call: Call) -> str | None:
    return call.headers.get("x-dashscope-async")


def has_sse_header(call: Call) -> bool:
    return call.headers.get("x-dashscope-sse") == "enable"


def stream_asked(call: Call) -> bool:
    """An interleave answer on the generation endpoint can't be asked for with false; what is no boolean breaks another
    rule, and the header alone chooses the stream."""
    return call.path != GENERATION or not call.interleave or call.parameters.get("stream") is not False


def edit_is_not_streamed(call: Call) -> bool:
    streamed = has_sse_header(call) or call.parameters.get("stream") is True
    return call.path != GENERATION or call.interleave or not streamed


def one_kind_each(call: Call) -> bool:
    return all(len({"text", "image"} & set(mapping(item))) == 1 for item in sequence(call.content))


def reachable(call: Call) -> bool:
    """http(s), a whole data URI, or an uploaded picture; an empty host is none."""
    return all(
        re.match(r"https?://[^/]", address) or re.match(r"oss://[^/]", address) or data_uri(address)
        for address in addresses(call)
    )


def uploads_resolved(call: Call) -> bool:
    uploaded = any(address.startswith("oss://") for address in addresses(call))
    return not uploaded or call.headers.get("x-dashscope-ossresourceresolve") == "enable"


def size_written_right(call: Call) -> bool:
    size = call.parameters.get("size")
    return not isinstance(size, str) or size in SIZE_TOKENS or sides(call) is not None


# ---- the tables

CHECKS: dict[str, Check] = {
    # transport
    "path": rule(lambda call: call.path in (GENERATION, TASKS, TEXT2IMAGE, IMAGE2IMAGE), 404),
    "method": rule(lambda call: call.method == "POST", 405),
    "authorization": rule(lambda call: "authorization" in call.headers, 401),
    "authorization_bearer": rule(authorized, 401),
    "content_type": rule(json_content),
    "endpoint_text2image": rule(lambda call: call.path != TEXT2IMAGE),
    "endpoint_image2image": rule(lambda call: call.path != IMAGE2IMAGE),
    "task_async_header": rule(lambda call: call.path != TASKS or async_header(call) is not None, 403),
    "task_async_value": rule(lambda call: call.path != TASKS or async_header(call) in (None, "enable"), 403),
    "generation_async_header": rule(lambda call: call.path != GENERATION or async_header(call) is None, 403),
    "interleave_sse_header": rule(lambda call: call.path != GENERATION or not call.interleave or has_sse_header(call)),
    "interleave_stream": rule(stream_asked),
    "edit_stream": rule(edit_is_not_streamed),
    # structure
    "body_object": rule(lambda call: not call.body_is_other),
    "model_given": rule(lambda call: call.body_is_other or "model" in mapping(call.body)),
    "model_known": rule(lambda call: mapping(call.body).get("model", MODEL) == MODEL, 404),
    "messages_array": rule(lambda call: call.body_is_other or messages(call) is not None),
    "messages_min": at_least(messages, 1),
    "messages_max": at_most(messages, 1),
    "role_user": rule(lambda call: all(mapping(message).get("role") == "user" for message in call.messages)),
    "content_array": rule(lambda call: not call.messages or isinstance(call.content, list)),
    "content_item": rule(one_kind_each),
    "texts_min": at_least(count("text"), 1),
    "texts_max": at_most(count("text"), 1),
    "text_string": rule(lambda call: all(isinstance(text, str) for text in call.values("text"))),
    "text_not_empty": rule(lambda call: all(text != "" for text in call.values("text"))),
    "edit_images_min": at_least(in_edit(count("image")), 1),
    "edit_images_max": at_most(in_edit(count("image")), 4),
    "interleave_images_max": at_most(in_interleave(count("image")), 1),
    "image_string": rule(lambda call: all(isinstance(image, str) for image in call.values("image"))),
    "image_address": rule(reachable),
    "image_uploaded": rule(uploads_resolved),
    "image_format": rule(lambda call: all(mime in FORMATS for mime, _ in pictures(call))),
    "image_bytes": at_most(largest_picture, 10 * 1024 * 1024),
    "image_side_min": at_least(shortest_side, 240),
    "image_side_max": at_most(longest_side, 8000),
    "image_alpha": rule(lambda call: not any(alpha for _, _, alpha in pngs(call))),
    # types
    "parameters_object": rule(lambda call: isinstance(mapping(call.body).get("parameters", {}), dict)),
    "enable_interleave_boolean": typed("enable_interleave", is_boolean),
    "max_images_integer": typed("max_images", is_integer),
    "n_integer": typed("n", is_integer),
    "negative_prompt_string": typed("negative_prompt", is_string),
    "prompt_extend_boolean": typed("prompt_extend", is_boolean),
    "seed_integer": typed("seed", is_integer),
    "size_string": typed("size", is_string),
    "stream_boolean": typed("stream", is_boolean),
    "watermark_boolean": typed("watermark", is_boolean),
    # values
    "edit_n_min": at_least(in_edit(parameter("n")), 1),
    "edit_n_max": at_most(in_edit(parameter("n")), 4),
    "interleave_n_min": at_least(in_interleave(parameter("n")), 1),
    "interleave_n_max": at_most(in_interleave(parameter("n")), 1),
    "max_images_min": at_least(parameter("max_images"), 1),
    "max_images_max": at_most(parameter("max_images"), 5),
    "seed_min": at_least(parameter("seed"), 0),
    "seed_max": at_most(parameter("seed"), 2147483647),
    "size_form": rule(size_written_right),
    "edit_size_token": at_most(in_edit(size_token), 2),
    "interleave_size_token": rule(lambda call: not call.interleave or size_token(call) is None),
    "edit_area_min": at_least(in_edit(area), 768 * 768),
    "edit_area_max": at_most(in_edit(area), 2048 * 2048),
    "interleave_area_min": at_least(in_interleave(area), 768 * 768),
    # No size within the ratio has 1 to 4 pixels more than 1280*1280: 1035*1583 is the next.
    "interleave_area_max": at_most(in_interleave(area), 1280 * 1280, wider=5),
    "ratio_wide": at_most(excess_width, 0),
    "ratio_tall": at_most(excess_height, 0),
    # parameters of the other mode
    "edit_max_images": rule(lambda call: call.interleave or "max_images" not in call.parameters),
    "interleave_prompt_extend": rule(lambda call: not call.interleave or "prompt_extend" not in call.parameters),
    # keys that no document knows
    "body_keys": no_other_keys(lambda call: mapping(call.body), frozenset({"model", "input", "parameters"})),
    "input_keys": no_other_keys(lambda call: call.input, frozenset({"messages"})),
    "parameter_keys": no_other_keys(lambda call: call.parameters, PARAMETERS),
}

LENGTHS: dict[str, int] = {"text_length": 2000, "negative_prompt_length": 500}  # code points; what is beyond is cut
How = Literal["dropped", "widened", "tightened"]


@dataclass(frozen=True, slots=True)
class Mutation:
    """One check that the server gets wrong. `seen_in` says which part of an `Answer` shows it."""

    check: str
    how: How
    seen_in: Literal["status", "kept"]


CHANGED: dict[How, tuple[str, ...]] = {
    "dropped": (
        "authorization",
        "endpoint_text2image",
        "endpoint_image2image",
        "task_async_header",
        "generation_async_header",
        "interleave_sse_header",
        "interleave_stream",
        "edit_stream",
        "model_known",
        "role_user",
        "content_item",
        "image_address",
        "image_format",
        "enable_interleave_boolean",
        "max_images_integer",
        "n_integer",
        "prompt_extend_boolean",
        "watermark_boolean",
        "size_form",
        "interleave_size_token",
        "edit_max_images",
        "interleave_prompt_extend",
        "messages_array",
    ),
    "widened": (
        "messages_max",
        "texts_min",
        "texts_max",
        "edit_images_min",
        "edit_images_max",
        "interleave_images_max",
        "image_side_min",
        "image_side_max",
        "edit_n_min",
        "edit_n_max",
        "interleave_n_min",
        "interleave_n_max",
        "max_images_min",
        "max_images_max",
        "seed_min",
        "seed_max",
        "edit_size_token",
        "edit_area_min",
        "edit_area_max",
        "interleave_area_min",
        "interleave_area_max",
        "ratio_wide",
        "ratio_tall",
        *LENGTHS,
    ),
    "tightened": (
        "edit_images_min",
        "edit_images_max",
        "interleave_images_max",
        "edit_n_min",
        "edit_n_max",
        "max_images_max",
        "seed_max",
        "edit_size_token",
        "edit_area_min",
        "edit_area_max",
        "interleave_area_min",
        "interleave_area_max",
        "ratio_wide",
        "ratio_tall",
        *LENGTHS,
    ),
}

MUTATIONS: dict[str, Mutation] = {
    f"{check}_{how}": Mutation(check, how, "status" if check in CHECKS else "kept")
    for how, checks in CHANGED.items()
    for check in checks
}


# ---- the answer


def moved(name: str, bound: int, wider: int, mutation: Mutation | None) -> int:
    if mutation is None or mutation.check != name or mutation.how == "dropped":
        return bound
    return bound + wider if mutation.how == "widened" else bound - (1 if wider > 0 else -1)


def broken(call: Call, mutation: Mutation | None, *, strict: bool) -> list[str]:
    dropped = mutation.check if mutation and mutation.how == "dropped" else None
    return [
        name
        for name, check in CHECKS.items()
        if name != dropped
        and (strict or not check.strict_only)
        and not check.holds(call, moved(name, check.bound, check.wider, mutation))
    ]


def kept(call: Call, mutation: Mutation | None) -> dict[str, int]:
    """How many characters of each text in an accepted request the model gets to read."""
    negative = call.parameters.get("negative_prompt")
    texts = {"text_length": next(iter(call.values("text")), None), "negative_prompt_length": negative}
    limits = {name: moved(name, length, 1, mutation) for name, length in LENGTHS.items()}
    return {name: min(len(text), limits[name]) for name, text in texts.items() if isinstance(text, str)}


def answer(
    method: str,
    path: str,
    headers: Mapping[str, str],
    body: object,
    *,
    mutation: str | None = None,
    strict: bool = False,
) -> Answer:
    """Judge one create request.

    `path` includes /api/v1 but no host; `body` is decoded JSON, or None without a body. `mutation` is a name in
    `MUTATIONS` (KeyError for any other). A `strict` server also refuses keys that no document knows.
    """
    change = None if mutation is None else MUTATIONS[mutation]
    call = Call(method, path, {name.lower(): value for name, value in headers.items()}, body)
    rules = broken(call, change, strict=strict)
    return Answer(CHECKS[rules[0]].status, tuple(rules), {}) if rules else Answer(200, (), kept(call, change))
