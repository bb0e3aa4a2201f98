"""JSON bodies as they arrive: strict, bounded, and never a traceback."""

from __future__ import annotations

import json
import math
from typing import Any, NoReturn

from platemark.plain import is_map, is_seq, parts

DEPTH = 64
_DIGITS = 400


def read_body(raw: bytes | str) -> tuple[Any, str]:
    """The value of a JSON text, or None and what is wrong with it.

    Refused: what is not UTF-8, NaN and Infinity, more than 64 levels, numbers that no machine holds."""
    try:
        text = raw.decode("utf-8") if isinstance(raw, bytes) else raw
        if text.startswith("\ufeff"):
            return None, "it begins with a byte order mark, which JSON has not"
        value = json.loads(text, parse_constant=_refuse, parse_int=_integer, parse_float=_decimal)
    except UnicodeDecodeError as error:
        return None, f"byte {error.start} is not UTF-8"
    except json.JSONDecodeError as error:
        return None, f"not JSON at line {error.lineno}, column {error.colno}: {error.msg}"
    except RecursionError:
        return None, f"more than {DEPTH} levels"
    except ValueError as error:
        return None, str(error)
    return (None, f"more than {DEPTH} levels") if _too_deep(value) else (value, "")


def _refuse(word: str) -> NoReturn:
    raise ValueError(f"{word} is not a JSON number")


def _integer(word: str) -> int:
    if len(word) > _DIGITS:
        raise ValueError(f"a number has {len(word):,} digits")
    return int(word)


def _decimal(word: str) -> float:
    if math.isinf(value := float(word)):
        raise ValueError(f"{word[:20]} is larger than any number that is sent")
    return value


def _too_deep(value: Any) -> bool:
    """Whether lists and objects are nested too deeply. Level by level, since recursion is what it guards."""
    level = [value]
    for _ in range(DEPTH):
        level = [part for held in level for part in parts(held)]
        if not level:
            return False
    return any(is_map(part) or is_seq(part) for part in level)
