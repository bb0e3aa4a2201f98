"""Schemathesis on the OpenAPI documents, against the emulator: every answer, to good requests and bad, is as promised.

`nox -s fuzz` runs the short form, the same requests each time; `nox -s fuzz -- --long` ten times as many, other
ones each time. What follows `--long` goes to Schemathesis: `--seed N` repeats a run.
"""

import argparse
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import platemark
from platemark import targets
from platemark.emulator import running
from platemark.ir import Auth

KEY = "sk-test-fuzz"
CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"
SHORT = ("--max-examples", "100", "--seed", "20261121")
LONG = ("--max-examples", "1000")


def main() -> int:
    """The number of providers for which something was found."""
    parser = argparse.ArgumentParser(description="Schemathesis against the emulator")
    parser.add_argument("--long", action="store_true", help="ten times as many requests, other ones each time")
    options, rest = parser.parse_known_args()
    amount = (*(LONG if options.long else SHORT), *rest)
    ir = platemark.resolve(platemark.load())
    documents = targets.emit("openapi", ir)
    found: list[str] = []
    with TemporaryDirectory() as scratch, running(ir, pace=0) as server:
        for provider in ir.providers:
            document = Path(scratch, f"{provider.id}.json")
            document.write_text(documents[f"openapi/{provider.id}.json"], encoding="utf-8")
            url = server.url + provider.base_path
            run = subprocess.run(command(document, url, provider.auth, amount), cwd=scratch, check=False)
            found += [provider.id] if run.returncode else []
    print(f"found something for {', '.join(found)}" if found else f"nothing found for {len(ir.providers)} providers")
    return len(found)


def command(document: Path, url: str, auth: Auth, amount: tuple[str, ...]) -> list[str]:
    """One run of Schemathesis; it remembers nothing."""
    key = f"{auth.header}: {auth.value.replace('{key}', KEY)}"
    return ["st", "run", str(document), "--url", url, "--header", key, "--checks", CHECKS,
            "--generation-database", "none", "--no-color", *amount]  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
