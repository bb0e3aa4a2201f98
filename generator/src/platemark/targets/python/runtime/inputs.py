"""What callers may give instead of what a request holds: files for pictures, `16:9` for a size."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Protocol, TypeAlias, cast

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

Pictures: TypeAlias = (
    "list[Picture] | list[str] | list[Path] | list[bytes] | list[Drawn] | list[Upload] | tuple[Picture, ...]"
)
"""Input pictures, in order. A text would do for a sequence of texts, so it is a list or a tuple."""

_STEPS = tuple(range(-4 * sizes.GRID, 4 * sizes.GRID + 1, sizes.GRID))
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
    try:
        if isinstance(value, os.PathLike):
            return Path(cast("os.PathLike[str]", value)).read_bytes()
        if isinstance(value, bytes | bytearray):
            return bytes(value)
        if callable(own := getattr(value, "read", None)):
            data = own()
            if not isinstance(data, bytes):
                raise ConfigurationError(f"{where}: open the file in binary mode, as open(…, 'rb')")
            return data
        if callable(save := getattr(value, "save", None)):
            from io import BytesIO

            made = BytesIO()
            save(made, format="PNG")
            return made.getvalue()
    except OSError as error:
        raise ConfigurationError(f"{where}: {value} can't be read: {error.strerror or error}") from error
    return None


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
    """A value as JSON has it: tuples and other sequences are lists, files are data URIs."""
    if isinstance(value, Mapping):
        return {str(k): plain(v, name, is_picture=False) for k, v in cast("Mapping[object, object]", value).items()}
    if isinstance(value, list | tuple) or (not is_picture and _is_sequence(value)):
        parts = cast("Iterable[object]", value)
        return [plain(part, f"{name}[{i}]", is_picture=is_picture) for i, part in enumerate(parts)]
    return picture(value, name) if is_picture else value


def _is_sequence(value: object) -> bool:
    from collections.abc import Sequence

    return isinstance(value, Sequence) and not isinstance(value, str | bytes | bytearray)
