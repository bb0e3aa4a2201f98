"""The command line: the only module that prints or exits.

Exit codes: 0 nothing found, 1 findings, 2 usage, unreadable input or specs that do not load, 5 network,
130 interrupted.
"""

from __future__ import annotations

import argparse
import io
import itertools
import json
import os
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

from platemark.answers import SCHEMA_VERSION, Answer, Usage
from platemark.problems import Invalid, did_you_mean
from platemark.version import VERSION


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run a command and exit with its code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # no terminal's encoding is a reason to fail
            stream.reconfigure(errors="backslashreplace")
    try:
        code = run(sys.argv[1:] if arguments is None else arguments)
    except KeyboardInterrupt:
        code = 130
    except BrokenPipeError:  # the reader of a pipe has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 0
    sys.exit(code)


def run(arguments: Sequence[str]) -> int:
    """Run a command and say what it found; its exit code."""
    as_json = _wants_json(arguments)
    try:
        options = _parsed(arguments)
        answers = options.command(options)
        return _say(answers, options.format)
    except Invalid as invalid:
        text = "\n\n".join(problem.render() for problem in invalid.problems)
        count = len(invalid.problems)
        return _fail("specs", text, f"{count} problem{'s' if count != 1 else ''}; see specs/README.md", as_json)
    except Usage as usage:
        return _fail(usage.code, usage.message, usage.hint, as_json)
    except BrokenPipeError:
        raise
    except OSError as error:
        at = error.filename or "standard input or output"
        return _fail("unreadable", f"{at}: {error.strerror or error}", "", as_json)


def _wants_json(arguments: Sequence[str]) -> bool:
    """Whether errors should be JSON, known before the arguments are understood."""
    return "--format=json" in arguments or ("--format", "json") in itertools.pairwise(arguments)


def _say(answer: Answer, form: str) -> int:
    if form == "json":
        print(_json(answer.data), flush=True)
    elif answer.text:
        print(answer.text, flush=True)
    return answer.code


def _json(data: Mapping[str, Any]) -> str:
    """In ASCII, so that every encoding of standard output leaves it valid."""
    return json.dumps({"schema_version": SCHEMA_VERSION, **data})


def _fail(code: str, message: str, hint: str, as_json: bool) -> int:
    if as_json:
        print(json.dumps({"error": {"code": code, "message": message, "hint": hint}}), file=sys.stderr)
    else:
        print(f"platemark: {message}" + (f"\nhint: {hint}" if hint else ""), file=sys.stderr)
    return 2


_COMMON = ("--specs", "--format")


class _Parser(argparse.ArgumentParser):
    """Errors are ours: they name the nearest known word."""

    def error(self, message: str) -> NoReturn:
        raise Usage("usage", message, f"`{self.prog} --help` shows what there is")

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        if action.choices is not None and value not in action.choices:
            what = action.metavar or action.dest
            raise Usage("usage", f"no {what} is called `{value}`", did_you_mean(str(value), map(str, action.choices)))


def _parsed(arguments: Sequence[str]) -> Any:
    first = arguments[0].partition("=")[0] if arguments else ""
    if first in _COMMON:
        raise Usage("usage", f"`{first}` stands after the command", f"platemark COMMAND {first} …")
    options, extra = _parser().parse_known_args(arguments)
    if extra:
        known = set(re.findall(r"--[a-z]+", options.parser.format_help()))
        raise Usage("usage", f"unknown argument `{extra[0]}`", did_you_mean(extra[0], known))
    return options


def _parser() -> argparse.ArgumentParser:
    common = _Parser(add_help=False)
    common.add_argument(
        "--specs", metavar="DIR", help="folder of specs (default: $PLATEMARK_SPECS, ./specs, the checkout's)"
    )
    common.add_argument("--format", choices=("text", "json"), default="text", help="how to answer")
    parser = _Parser("platemark", description="Specs of image-generation services, and everything printed from them.",
                     allow_abbrev=False)  # fmt: skip
    parser.add_argument("--version", action="version", version=f"platemark {VERSION}")
    commands = parser.add_subparsers(metavar="command", required=True)

    def add(name: str, command: Callable[[Any], Answer], text: str) -> argparse.ArgumentParser:
        made = commands.add_parser(name, parents=[common], help=text, description=text, allow_abbrev=False)
        made.set_defaults(command=command, parser=made)
        return made

    add("list", _list, "all models")
    add("show", _show, "what a model takes, by mode and route").add_argument("model")
    explain = add("explain", _explain, "the rules of a model, who says so, and what others say")
    explain.add_argument("model")
    explain.add_argument("parameter", nargs="?")
    add("schema", _schema, "JSON Schema of a format of ours").add_argument("name", nargs="?")
    add("lint", _lint, "everything wrong with the specs")
    validate = add("validate", _validate, "judge a wire body, from a file or standard input")
    validate.add_argument("model", help="its id, or provider/id")
    validate.add_argument("file", nargs="?", default="-", help="JSON; standard input if it is - or left out")
    validate.add_argument("--route", choices=("sync", "stream", "task"), help="else the one that the body is meant for")
    validate.add_argument("--lines", action="store_true", help="one body a line")
    generate = add("generate", _generate, "write everything that is printed from the specs")
    generate.add_argument("--out", default="generated", metavar="DIR")
    generate.add_argument("--target", action="append", metavar="TARGET", help="only this part; may be repeated")
    generate.add_argument("--force", action="store_true", help="overwrite what was edited by hand")
    add("check", _check, "is what was generated up to date?").add_argument("--out", default="generated", metavar="DIR")
    serve = add("serve", _serve, "an emulator of all services; its address is the first line")
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
    _conform_options(add("conform", _conform, "where does a service part from its documents?"))
    add("demo", _demo, "every model, mode and route against the emulator").add_argument("--out", default="demo-output")
    return parser


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


# ── Commands: heavy modules are imported where they are used ──────────────────────────────────────────────────────


def _ir(options: Any) -> Any:
    from platemark import api

    return api.resolve(api.load(_specs(options)))


def _specs(options: Any) -> Path:
    from platemark import api

    folder = api.find_specs(options.specs)
    if not (folder / "documents.yaml").is_file():
        near = [place for place in (folder / "specs", folder.parent) if (place / "documents.yaml").is_file()]
        hint = f"did you mean {near[0]}?" if near else "name one with --specs"
        raise Usage("no-specs", f"{folder} is no folder of specs: it has no documents.yaml", hint)
    return folder


def _list(options: Any) -> Answer:
    from platemark import commands

    return commands.list_models(_ir(options))


def _show(options: Any) -> Answer:
    from platemark import commands

    return commands.show(_ir(options), options.model)


def _explain(options: Any) -> Answer:
    from platemark import commands

    return commands.explain(_ir(options), options.model, options.parameter)


def _schema(options: Any) -> Answer:
    from platemark.spec import shape

    if options.name is None:
        return Answer("\n".join(shape.NAMES), {"schemas": list(shape.NAMES)})
    if options.name not in shape.NAMES:
        raise Usage("unknown-schema", f"no schema is called `{options.name}`", did_you_mean(options.name, shape.NAMES))
    found = shape.schema(shape.NAMES[options.name])
    return Answer(json.dumps(found, indent=2), found)


def _lint(options: Any) -> Answer:
    from platemark import api, commands

    return commands.problems(api.problems(_specs(options)))


def _validate(options: Any) -> Answer:
    from platemark import api, commands
    from platemark.wire.bodies import read_body

    known = _ir(options)
    commands.find_model(known, options.model)
    text = _read(options.file)
    bodies = [line for line in text.splitlines() if line.strip()] if options.lines else [text]
    answers: list[Answer] = []
    for number, raw in enumerate(bodies, 1):
        body, problem = read_body(raw)
        if problem:
            at = f"line {number}: " if options.lines else ""
            name = "standard input" if options.file == "-" else options.file
            raise Usage("not-json", f"{name}: {at}{problem}", "the body is one JSON object")
        answers.append(commands.validated(api.evaluate(known, options.model, body, options.route)))
    if not options.lines:
        return answers[0]
    text = "\n".join(_json(a.data) if options.format == "json" else a.text for a in answers)
    options.format = "text"  # an object a line already
    return Answer(text, {}, max((a.code for a in answers), default=0))


def _read(name: str) -> bytes:
    if name != "-":
        return Path(name).read_bytes()
    if sys.stdin is None:  # pyright: ignore[reportUnnecessaryComparison]: it is, where it was closed
        raise Usage("no-input", "standard input is closed", "name a file")
    return sys.stdin.buffer.read()


def _generate(options: Any) -> Answer:
    from platemark import api, commands, targets, write

    specs, out = _specs(options), Path(options.out)
    chosen = options.target or list(targets.FOLDERS)
    for name in chosen:
        if name not in targets.FOLDERS:
            raise Usage("unknown-target", f"no target is called `{name}`", did_you_mean(name, targets.FOLDERS))
    folders = [targets.FOLDERS[name] for name in chosen]
    files = api.generate(_ir(options), chosen)
    plan = write.plan(out, files, folders)
    if (plan.edited or plan.foreign) and not options.force:
        return commands.refused(plan, options.out)
    write.apply(out, files, plan, folders, api.about(specs))
    return commands.planned(plan, written=True)


def _check(options: Any) -> Answer:
    from platemark import api, commands

    if not Path(options.out).is_dir():
        raise Usage("not-generated", f"there is no folder {options.out}", "`platemark generate` makes it")
    return commands.planned(api.check(_ir(options), options.out), written=False)


def _serve(options: Any) -> Answer:
    try:
        from platemark import emulator
    except ImportError as error:
        raise Usage("missing-extra", str(error), 'python -m pip install "platemark[emulator]"') from None

    def ready(address: str) -> None:
        print(address, flush=True)

    known = _ir(options)
    modes = {"strict": options.strict, "control": options.control, "limits": options.limits, "quota": options.quota}
    faults = _faults(options.faults, known)
    try:
        emulator.serve(known, options.host, options.port, ready=ready, faults=faults, **modes)
    except emulator.CannotListen as error:
        raise Usage("cannot-serve", str(error), "--host 127.0.0.1 --port 0 picks a free port here") from None
    except emulator.Unservable as error:
        raise Usage("cannot-serve", str(error)) from None
    return Answer("", {})


def _faults(file: str | None, known: Any) -> Any:
    """The script of faults. Raises Usage that says all that is wrong with it, by line and column."""
    from platemark import api

    if file is None:
        return None
    try:
        return api.faults(Path(file).read_bytes(), file, known)
    except Invalid as invalid:
        text = "\n\n".join(problem.render() for problem in invalid.problems)
        raise Usage("faults", text, "docs/emulator.md says how a script is written; so does `schema faults`") from None


def _progress() -> Callable[[str], None]:
    """Says on standard error how far a long command is: on one line of a terminal, else a line each."""
    on_terminal = sys.stderr.isatty()

    def say(text: str) -> None:
        print(f"\r\033[K{text}" if on_terminal else text, end="" if on_terminal else "\n", file=sys.stderr, flush=True)

    return say


def _conform(options: Any) -> Answer:
    from platemark import probing

    names = probing.Wanted.__dataclass_fields__
    wanted = probing.Wanted(**{"models": options.model, **{n: getattr(options, n) for n in names if n != "models"}})
    say = _progress()
    try:
        return probing.run(_ir(options), wanted, os.environ, say)
    finally:
        say("")


def _demo(options: Any) -> Answer:
    from platemark import demo

    say = _progress()
    try:
        return demo.run(_ir(options), Path(options.out), say)
    finally:
        say("")
