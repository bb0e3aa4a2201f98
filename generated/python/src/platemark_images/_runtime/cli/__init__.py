"""The command line. It needs the extra `cli`; without it the command says so."""

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
        program = __name__.partition(".")[0].replace("_", "-")
        print(f'{program} needs its extra `cli`: pip install "{program}[cli]"', file=sys.stderr)
        raise SystemExit(2) from None

    sys.exit(run(sys.argv[1:]))
