"""Platemark: specs of image-generation services in YAML, and everything that is printed from them.

The small public API: `load` and `resolve` specs, `evaluate` a request, `generate` and `check` the output.
"""

from __future__ import annotations

from platemark.api import check, evaluate, generate, load, resolve
from platemark.version import VERSION

__version__ = VERSION
__all__ = ["check", "evaluate", "generate", "load", "resolve"]
