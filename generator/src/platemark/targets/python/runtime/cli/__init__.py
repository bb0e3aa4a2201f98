"""The command line `platemark-images`. It needs the extra `cli`; without it the command says so."""

from __future__ import annotations

import sys
from typing import NoReturn


def main() -> NoReturn:
    """Run a command and exit with its code."""
    try:
        from platemark_images._runtime.cli.app import run
    except ModuleNotFoundError as error:
        if error.name != "click":
            raise
        print('platemark-images needs its extra `cli`: pip install "platemark-images[cli]"', file=sys.stderr)
        raise SystemExit(2) from None

    sys.exit(run(sys.argv[1:]))
