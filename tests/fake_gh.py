"""Stands in for `gh` in tests: pull requests in the file that GH_STATE names."""

import argparse
import json
import os
import sys
from pathlib import Path


def main() -> int:
    """`pr list` and `pr create`, as far as the workflow uses them."""
    parser = argparse.ArgumentParser(allow_abbrev=False)
    parser.add_argument("what", choices=["pr"])
    commands = parser.add_subparsers(dest="command", required=True)
    listing = commands.add_parser("list", allow_abbrev=False)
    listing.add_argument("--head", required=True)
    listing.add_argument("--state", choices=["open", "closed", "merged", "all"], default="open")
    listing.add_argument("--limit", type=int, default=30)
    listing.add_argument("--json", required=True)
    creating = commands.add_parser("create", allow_abbrev=False)
    for name in ("--base", "--head", "--title", "--body-file"):
        creating.add_argument(name, required=True)
    asked = parser.parse_args()
    if os.environ["GH_TOKEN"] != "gh-test-token":
        print("gh: not logged in", file=sys.stderr)
        return 4
    state = Path(os.environ["GH_STATE"])
    requests = json.loads(state.read_text("utf-8")) if state.exists() else []
    if asked.command == "list":
        mine = [each for each in requests if each["headRefName"] == asked.head]
        mine = [each for each in mine if asked.state in {"all", each["state"].lower()}][: asked.limit]
        print(json.dumps([{name: each[name] for name in asked.json.split(",")} for each in mine]))
        return 0
    if any(each["headRefName"] == asked.head and each["state"] == "OPEN" for each in requests):
        print("gh: a pull request for this branch already exists", file=sys.stderr)
        return 1
    body = Path(asked.body_file).read_text("utf-8")
    made = {"number": len(requests) + 1, "state": "OPEN", "headRefName": asked.head, "isCrossRepository": False,
            "baseRefName": asked.base, "title": asked.title, "body": body}  # fmt: skip
    state.write_text(json.dumps([*requests, made]), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
