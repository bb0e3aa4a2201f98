"""Bodies near those that a service takes, and far from them: what a reader of bodies must survive."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from hypothesis import strategies as st

from platemark.plain import is_map, is_seq
from platemark.wire.mutations import GONE, Path, put, walk

_KEYS = (
    "model",
    "input",
    "messages",
    "role",
    "content",
    "text",
    "image",
    "parameters",
    "prompt",
    "n",
    "size",
    "",
    "$others",
    "$each",
)

_SCALARS = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=12)
)
PLAIN: st.SearchStrategy[Any] = st.recursive(
    _SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(_KEYS) | st.text(max_size=6), inner, max_size=4)
    ),
    max_leaves=8,
)
"""Any JSON value."""

_EDITS = st.integers(0, 4)
_PLACES = st.integers(0, 10_000)
_WAYS = st.integers(0, 5)


def edited(draw: st.DrawFn, body: Any) -> Any:
    """A body after up to four edits: parts replaced, taken out, doubled, wrapped, unwrapped, or given a new key."""
    made = deepcopy(body)
    for _ in range(draw(_EDITS)):
        parts = list(walk(made))
        path, part = parts[draw(_PLACES) % len(parts)]
        made = _changed(draw, made, path, part)
    return made


def _changed(draw: st.DrawFn, body: Any, path: Path, part: Any) -> Any:
    match draw(_WAYS):
        case 1 if path:
            return put(body, path, GONE)
        case 2 if is_map(part):
            return _put(body, path, {**part, draw(st.sampled_from(_KEYS)): draw(PLAIN)})
        case 3 if is_seq(part):
            return _put(body, path, [*part, *deepcopy(part)])
        case 4:
            return _put(body, path, [part])
        case 5 if is_seq(part) and part:
            return _put(body, path, part[0])
        case _:
            return _put(body, path, draw(PLAIN))


def _put(body: Any, path: Path, value: Any) -> Any:
    return put(body, path, value) if path else value
