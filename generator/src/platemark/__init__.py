"""Platemark: specs of image-generation services in YAML, and everything that is printed from them.

The small public API: `load` and `resolve` specs, `evaluate` a request, `generate` and `check` the output.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from platemark.version import VERSION

if TYPE_CHECKING:
    from platemark.api import check, evaluate, generate, load, resolve

__version__ = VERSION
__all__ = ["check", "evaluate", "generate", "load", "resolve"]


def __getattr__(name: str) -> Any:
    """Load the machinery at its first use, so that `platemark --help` starts in a blink."""
    if name not in __all__:
        raise AttributeError(f"module 'platemark' has no attribute {name!r}")
    from platemark import api

    return getattr(api, name)
