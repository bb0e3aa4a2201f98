"""What callers may give instead of what a request holds: files for pictures, `16:9` for a size."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Protocol, TypeAlias, cast
from urllib.parse import urlsplit

from platemark_images._runtime import leaves, nearest, pictures, sizes
from platemark_images._runtime.errors import ConfigurationError
from platemark_images._runtime.ir import Family, Offer, size_follows

if TYPE_CHECKING:
    import datetime

Size: TypeAlias = "str | tuple[int, int]"
"""`W*H`, `WxH` or `(W, H)` in pixels; or a ratio such as `16:9`, for the recommended size that is nearest to it."""


class Drawn(Protocol):
    """A picture in memory that can be written to a file, such as PIL's."""

    def save(self, fp: IO[bytes], format: str) -> None: ...


@dataclass(frozen=True, slots=True)
class Upload:
    """A file in the service's temporary storage. Only the account and the model that it was uploaded for can use it."""

    url: str
    expires_at: datetime.datetime | None
    """When it will be gone; None where no document says."""


Picture: TypeAlias = "str | Path | bytes | bytearray | IO[bytes] | Drawn | Upload"
"""An input picture: an address or data URI (`str`, never a path), a file, its bytes, an open file, a PIL image, an upload."""

_OneKind: TypeAlias = "list[Path] | list[bytes] | list[str | Path] | list[Drawn] | list[Upload]"
"""Lists of one kind of picture, or of addresses and files."""
Pictures: TypeAlias = "list[Picture] | list[str] | _OneKind | tuple[Picture, ...]"
"""Input pictures, in order. A text would do for a sequence of texts, so it is a list or a tuple."""

_ALIASES = {"image/jpg": "image/jpeg", "image/x-ms-bmp": "image/bmp", "image/x-bmp": "image/bmp", "image/x-png": "image/png"}
_STEPS = tuple(range(-4 * sizes.GRID, 4 * sizes.GRID + 1, sizes.GRID))
_CLOSE = 1_020_000
"""How far a size may be from its ratio without a word: a quotient in millionths."""
_CROSS = re.compile(r"\s*[x×*]\s*", re.IGNORECASE)
_RATIO = re.compile(r"([1-9][0-9]{0,3})\s*:\s*([1-9][0-9]{0,3})")


# ── Pictures ──────────────────────────────────────────────────────────────────────────────────────────────────────


def picture(value: object, where: str) -> object:
    """A picture as a request holds it: an address, or a data URI whose type is that of its bytes.

    Whatever is no picture stays as it is, for the rules to judge. Raises ConfigurationError for what can't be read."""
    if isinstance(value, str):
        return value
    if isinstance(value, Upload):
        return value.url
    data = read(value, where)
    if data is None:
        return value
    try:
        return pictures.data_uri(data)
    except ValueError as error:
        raise ConfigurationError(f"{where}: {error}") from None


def read(value: object, where: str) -> bytes | None:
    """The bytes of a file, of an open one or of a picture in memory; None for what is neither. Raises ConfigurationError."""
    if isinstance(value, bytes | bytearray):
        return bytes(value)
    called = _called(value)
    try:
        if isinstance(value, os.PathLike):
            data: object = Path(os.fsdecode(cast("os.PathLike[str]", value))).read_bytes()
        elif callable(own := getattr(value, "read", None)):
            data = own()
        elif callable(save := getattr(value, "save", None)):
            from io import BytesIO

            made = BytesIO()
            save(made, format="PNG")
            data = made.getvalue()
        else:
            return None
    except Exception as error:  # files and pictures are the caller's, and may raise anything
        reason = (error.strerror if isinstance(error, OSError) else "") or str(error) or type(error).__name__
        raise ConfigurationError(f"{where}: {called} can't be read: {reason}") from error
    if isinstance(data, str):
        raise ConfigurationError(f"{where}: open the file in binary mode, as open(…, 'rb')")
    if not isinstance(data, bytes):
        raise ConfigurationError(f"{where}: {called} gives {type(data).__name__} where bytes are needed")
    if not data:
        empty = "is empty" if isinstance(value, os.PathLike) else "has no bytes left; was it read before?"
        raise ConfigurationError(f"{where}: {called} {empty}")
    return data


def _called(value: object) -> str:
    """A file by its name, and any other object by its kind."""
    name: object = value if isinstance(value, Path) else getattr(value, "name", None)
    if not isinstance(name, str | Path):
        return f"this {type(value).__name__}"
    return text if (text := str(name)).isprintable() else repr(text)


# ── What to say of pictures ───────────────────────────────────────────────────────────────────────────────────────


def remarks(values: Mapping[str, object], base_url: str) -> list[str]:
    """What is doubtful about the input pictures of a request, in words: data that are not what they claim, addresses that
    the service can't reach. A service that itself is at a loopback address can reach what we can."""
    held = leaves.items(values.get("images"))
    is_near = bool(held) and _is_loopback(urlsplit(base_url).hostname or "")
    told = ((i, _doubt(item, is_near=is_near)) for i, item in enumerate(held) if isinstance(item, str))
    return [f"images[{i}]: {doubt}" for i, doubt in told if doubt]


def _doubt(item: str, *, is_near: bool) -> str:
    match leaves.scheme(item):
        case "data":
            found, claim = pictures.from_data_uri(item), item.partition(";")[0].removeprefix("data:").lower()
            if found is None:
                return "no picture can be read from its data"
            same = _ALIASES.get(claim, claim) == found.mime
            return "" if same else f"it claims to be {claim}, and its data are {found.mime}"
        case "http" | "https":
            if any(letter.isspace() for letter in item):
                return "its address holds a space or a line break, where no address can"
            try:
                host = urlsplit(item).hostname or ""
            except ValueError as error:
                return f"its address can't be read: {error}"
            return f"the service can't reach {host}; give the file itself" if not is_near and _is_private(host) else ""
        case _:
            return ""


def _is_loopback(host: str) -> bool:
    import ipaddress

    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def _is_private(host: str) -> bool:
    """Whether a host means something in our network only."""
    import ipaddress

    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        return "." not in host or host.endswith((".localhost", ".local", ".internal"))


def hints(values: Mapping[str, object]) -> list[str]:
    """What may have been meant by input pictures that rules refuse, in words."""
    given = values.get("images")
    if isinstance(given, list | tuple):
        held = enumerate(cast("Iterable[object]", given))
        return [f"images[{i}]: {meant}" for i, item in held if isinstance(item, str) and (meant := _meant(item))]
    if isinstance(given, str | bytes | bytearray | Path | Upload) or any(callable(getattr(given, name, None)) for name in ("read", "save")):
        meant = _meant(given) if isinstance(given, str) else ""
        return ["images: put the picture into a list, be it the only one", *([f"images: {meant}"] if meant else [])]
    return []


def _meant(text: str) -> str:
    """What a text that is no address may have been."""
    scheme, colon, rest = text.strip().partition(":")
    if not text.strip() or leaves.scheme(text):
        return ""
    if leaves.scheme(other := f"{scheme.lower()}{colon}{rest}"):
        return f"an address begins with its scheme in small letters, as {other[:60]!r}"
    if scheme == "data" or ("//" in rest and scheme != "file"):
        return ""
    path = rest.removeprefix("//") if scheme == "file" else text
    return f"a str is an address, never a path: for a file, give pathlib.Path({path[:60]!r})"


# ── Sizes ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def size(value: object, family: Family, offer: Offer) -> object:
    """A size as it is sent, where it was given as `(1024, 768)`, `1024x768` or `16:9`; all else as it is."""
    if isinstance(value, tuple | list):
        pair = cast("tuple[object, ...]", value)
        return "{}*{}".format(*pair) if len(pair) == 2 and all(map(leaves.is_integer, pair)) else pair
    if not isinstance(value, str):
        return value
    if ratio := _RATIO.fullmatch(value.strip()):
        found = _by_ratio((int(ratio[1]), int(ratio[2])), family, offer)
        return sizes.written(found) if found else value
    crossed = _CROSS.sub("*", value.strip())
    return crossed if leaves.is_size(crossed) else value


def ratio_told(requested: object, size: object) -> str | None:
    """What to tell where the size for a ratio such as `16:9` is more than 2 % off it; None where it is not."""
    asked = _RATIO.fullmatch(requested.strip()) if isinstance(requested, str) else None
    width, height = leaves.sides(size)
    if asked is None or not width * height:
        return None
    quotient, _ = _apart((width, height), (int(asked[1]), int(asked[2])))
    if quotient <= _CLOSE:
        return None
    real = f"{width / height:.4g}:1" if width > height else f"1:{height / width:.4g}"
    return f"size={requested!r}: the nearest that fits is {size}, which is {real}"


def _by_ratio(ratio: sizes.Size, family: Family, offer: Offer) -> sizes.Size | None:
    """The recommended size nearest to a ratio; where none are recommended, one that is as large as the default."""
    parameter = family.parameter_of(offer, "size")
    if parameter is None:
        return None
    limits, facets = nearest.limits(family.rules_of(offer)), parameter.facets
    known = [leaves.sides(text) for key in ("recommended", "exceptions") for text in facets.get(key, ())]
    if known or limits.among:
        return min(known or limits.among, key=lambda other: _apart(other, ratio))
    made = sizes.follow(_area(facets), ratio)
    near = [(made[0] + wide, made[1] + high) for wide in _STEPS for high in _STEPS]
    fitting = [pair for pair in near if min(pair) > 0 and limits.allow(pair)]
    return min(fitting, key=lambda pair: _apart(pair, ratio)[0] + _off(pair, made), default=sizes.nearest(made, limits))


def _off(one: sizes.Size, other: sizes.Size) -> int:
    """How far two areas are from each other, in millionths of the second."""
    return abs(one[0] * one[1] - other[0] * other[1]) * 1_000_000 // (other[0] * other[1])


def _apart(one: sizes.Size, other: sizes.Size) -> tuple[int, int]:
    """How far two ratios are from each other, as a quotient in millionths; of equal ones the larger size comes first."""
    across, along = one[0] * other[1], one[1] * other[0]
    return max(across, along) * 1_000_000 // min(across, along), -one[0] * one[1]


def _area(facets: Mapping[str, Any]) -> int:
    default = facets.get("default")
    if isinstance(default, Mapping):
        return size_follows(cast("Mapping[str, Any]", default)).area
    width, height = leaves.sides(facets.get("tokens", {}).get(default, default))
    return width * height or 1024 * 1024


def given(value: object, name: str, *, are_pictures: bool) -> Any:
    """A parameter's value as JSON has it. What should be pictures and is no list stays as it is, for the rules to judge."""
    return plain(value, name, is_picture=are_pictures and isinstance(value, list | tuple))


def plain(value: object, name: str, *, is_picture: bool) -> Any:
    """A value as JSON has it: tuples and other sequences are lists, files are data URIs. Raises ConfigurationError."""
    try:
        return _plain(value, name, is_picture=is_picture)
    except RecursionError:
        raise ConfigurationError(f"{name} holds itself, or is nested too deeply for JSON") from None


def _plain(value: object, name: str, *, is_picture: bool) -> Any:
    if isinstance(value, Mapping):
        return {str(k): _plain(v, name, is_picture=False) for k, v in cast("Mapping[object, object]", value).items()}
    if isinstance(value, list | tuple) or (not is_picture and _is_sequence(value)):
        parts = cast("Iterable[object]", value)
        return [_plain(part, f"{name}[{i}]", is_picture=is_picture) for i, part in enumerate(parts)]
    return picture(value, name) if is_picture else value


def _is_sequence(value: object) -> bool:
    from collections.abc import Sequence

    return isinstance(value, Sequence) and not isinstance(value, str | bytes | bytearray)
