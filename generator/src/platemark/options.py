"""What may stand on the command line: commands and their options."""

from __future__ import annotations

import argparse
import re
from collections.abc import Sequence
from typing import Any, NoReturn

from platemark.answers import Usage
from platemark.problems import did_you_mean
from platemark.version import VERSION

_COMMON = ("--specs", "--format")


class _Parser(argparse.ArgumentParser):
    """Errors are ours: they name the nearest known word."""

    def error(self, message: str) -> NoReturn:
        raise Usage("usage", message, f"`{self.prog} --help` shows what there is")

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        if action.choices is not None and value not in action.choices:
            what = action.metavar or action.dest
            raise Usage("usage", f"no {what} is called `{value}`", did_you_mean(str(value), map(str, action.choices)))


def parsed(arguments: Sequence[str]) -> Any:
    """What was asked: `command`, its name, and its options. Raises Usage for words that mean nothing."""
    first = arguments[0].partition("=")[0] if arguments else ""
    if first in _COMMON:
        raise Usage("usage", f"`{first}` stands after the command", f"platemark COMMAND {first} …")
    options, extra = _parser().parse_known_args(arguments)
    if extra:
        known = set(re.findall(r"--[a-z]+", options.parser.format_help()))
        raise Usage("usage", f"unknown argument `{extra[0]}`", did_you_mean(extra[0], known))
    return options


def _parser() -> argparse.ArgumentParser:
    common = _common("text", "json")
    parser = _Parser("platemark", description="Specs of image-generation services, and everything printed from them.",
                     allow_abbrev=False)  # fmt: skip
    parser.add_argument("--version", action="version", version=f"platemark {VERSION}")
    commands = parser.add_subparsers(metavar="command", required=True)

    def add(name: str, text: str, common: _Parser = common) -> argparse.ArgumentParser:
        made = commands.add_parser(name, parents=[common], help=text, description=text, allow_abbrev=False)
        made.set_defaults(command=name, parser=made)
        return made

    add("list", "all models")
    add("show", "what a model takes, by mode and route").add_argument("model")
    explain = add("explain", "the rules of a model, who says so, and what others say")
    explain.add_argument("model")
    explain.add_argument("parameter", nargs="?")
    add("schema", "JSON Schema of a format of ours").add_argument("name", nargs="?")
    add("lint", "everything wrong with the specs")
    _new_options(commands.add_parser("new", help="begin a provider or a family of models of your own"), common)
    validate = add("validate", "judge a wire body, from a file or standard input")
    validate.add_argument("model", help="its id, or provider/id")
    validate.add_argument("file", nargs="?", default="-", help="JSON; standard input if it is - or left out")
    validate.add_argument("--route", choices=("sync", "stream", "task"), help="else the one that the body is meant for")
    validate.add_argument("--lines", action="store_true", help="one body a line")
    generate = add("generate", "write everything that is printed from the specs")
    generate.add_argument("--out", default="generated", metavar="DIR")
    generate.add_argument("--target", action="append", metavar="TARGET", help="only this part; may be repeated")
    generate.add_argument("--force", action="store_true", help="overwrite what was edited by hand")
    generate.add_argument("--package", metavar="NAME", help="of the Python client, such as my_images; DIR remembers it")
    add("check", "is what was generated up to date?").add_argument("--out", default="generated", metavar="DIR")
    _drift_options(
        add("drift", "which rules depend on what changed in documents", _common("text", "json", "markdown", "sarif"))
    )
    _draft_options(add("draft", "a first spec of the models on a page"))
    _documents_options(commands.add_parser("documents", help="keep what documents say"), common)
    _update_options(
        add("update", "bring everything in line with changed documents", _common("text", "json", "markdown"))
    )
    diff = add("diff", "what changed for callers between two specs", _common("text", "json", "markdown", "changelog"))
    diff.add_argument("old", metavar="OLD", help="a folder of specs, or a git revision")
    diff.add_argument("new", metavar="NEW", nargs="?", help="the same; the specs as they are where it is left out")
    diff.add_argument("--fail-on", choices=("breaking", "any"), help="exit 1 for such changes that nobody has accepted")
    serve = add("serve", "an emulator of all services; its address is the first line")
    serve.add_argument("--host", default="127.0.0.1")
    serve.add_argument("--port", type=_port, default=8000, help="0 picks a free one")
    serve.add_argument("--strict", action="store_true", help="refuse keys that no document knows")
    serve.add_argument("--control", action="store_true", help="serve /_control/…: clock, log, faults and reset")
    serve.add_argument("--limits", action="store_true", help="refuse what exceeds the documented rates and concurrency")
    serve.add_argument(
        "--quota", type=_count, metavar="N", help="how many pictures each key gets; without it, any number"
    )
    serve.add_argument(
        "--faults", metavar="FILE", help="what goes wrong with which requests, in YAML; docs/emulator.md"
    )
    _conform_options(add("conform", "where does a service part from its documents?"))
    add("demo", "every model, mode and route against the emulator").add_argument("--out", default="demo-output")
    return parser


def _common(*formats: str) -> _Parser:
    """Options of every command, with the formats that it answers in."""
    common = _Parser(add_help=False)
    common.add_argument(
        "--specs", metavar="DIR", help="folder of specs (default: $PLATEMARK_SPECS, ./specs, the checkout's)"
    )
    common.add_argument("--format", choices=formats, default=formats[0], help="how to answer")
    return common


def _update_options(parser: argparse.ArgumentParser) -> None:
    _given_options(parser)
    parser.add_argument("--out", default="generated", metavar="DIR", help="where output is kept; empty for nowhere")
    parser.add_argument("--package", metavar="NAME", help="of the Python client, such as my_images; DIR remembers it")
    parser.add_argument("--changelog", metavar="FILE", help="default: CHANGELOG.md beside the specs, if it is there")
    parser.add_argument(
        "--report", action="append", default=[], metavar="FILE", help="write the report: .md or .json; may be repeated"
    )
    parser.add_argument("--dry-run", action="store_true", help="write nothing but reports")


def _drift_options(parser: argparse.ArgumentParser) -> None:
    _given_options(parser)
    parser.add_argument("--apply", action="store_true", help="patch the specs where the documents decide")


def _given_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--document",
        action="append",
        default=[],
        metavar="ID=FILE",
        help="as it is now; again for others, or other parts",
    )
    parser.add_argument(
        "--against-document",
        action="append",
        default=[],
        metavar="ID=FILE",
        help="as it was; without it, as it is pinned",
    )


def _documents_options(parser: argparse.ArgumentParser, common: argparse.ArgumentParser) -> None:
    kinds = parser.add_subparsers(metavar="pin", required=True)
    text = "write what a document says, as digests and figures, into documents.lock"
    pin = kinds.add_parser("pin", parents=[common], help=text, description=text, allow_abbrev=False)
    pin.set_defaults(command="documents pin", parser=pin)
    pin.add_argument("document", metavar="ID", help="its id in documents.yaml, or the name of its page")
    pin.add_argument(
        "files", metavar="FILE", nargs="+", help="HTML, Markdown or text; several captures are one document"
    )


def _new_options(parser: argparse.ArgumentParser, common: argparse.ArgumentParser) -> None:
    kinds = parser.add_subparsers(metavar="provider|model", required=True)
    for name, what, text in (
        ("provider", "NAME", "a service: a file with a slot for each fact"),
        ("model", "FAMILY", "models that one page documents: a file with a slot for each fact"),
    ):
        made = kinds.add_parser(name, parents=[common], help=text, description=text, allow_abbrev=False)
        made.set_defaults(command=f"new {name}", parser=made)
        made.add_argument("name", metavar=what, help="of the folder or file, such as wan2.6-image")
        made.add_argument("--document", action="append", default=[], metavar="ID", help="who says so; may be repeated")
        if name == "model":
            made.add_argument("--provider", required=True, metavar="NAME", help="whose models")
            made.add_argument("--model", action="append", default=[], metavar="ID", help="may be repeated; else FAMILY")


def _draft_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", nargs="+", metavar="FILE", help="the page, in one capture or several")
    parser.add_argument("--provider", required=True, metavar="NAME", help="whose models")
    parser.add_argument("--family", default="", metavar="NAME", help="else what the models' ids begin with")
    parser.add_argument("--document", default="", metavar="ID", help="under which documents.yaml will list the page")
    parser.add_argument("--model", action="append", default=[], metavar="ID", help="only this one; may be repeated")
    parser.add_argument("--out", default="", metavar="FILE", help="else standard output; never overwritten")


def _conform_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--base-url", default="", metavar="URL", help="the service; the built-in emulator without one")
    parser.add_argument("--provider", default="", help="whose models, where the address does not tell")
    parser.add_argument("--model", action="append", default=[], help="only this one; may be repeated")
    parser.add_argument("--budget", default="", metavar="2.00CNY", help="what may be spent; nothing without it")
    parser.add_argument("--plan", action="store_true", help="say what would be sent and could be spent; send nothing")
    parser.add_argument(
        "--report", default="", metavar="FILE", help="write all findings: .md, .json, or .xml for JUnit"
    )
    parser.add_argument(
        "--resume", default="", metavar="FILE", help="keep a journal here, and go on with the one there"
    )
    parser.add_argument("--region", default="", help="whose prices hold; without it, the highest")
    parser.add_argument("--picture", default="", metavar="URL", help="an input picture that the service can fetch")
    parser.add_argument("--key-env", default="", metavar="NAME", help="the variable that holds the key")
    parser.add_argument("--emulator", action="store_true", help="ask the built-in emulator, whatever keys are set")


def _count(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,9}", text):
        raise argparse.ArgumentTypeError(f"`{text}` is no number of pictures: 0 to 999999999")
    return int(text)


def _port(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,5}", text) or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"`{text}` is no port: 0 to 65535")
    return int(text)
