"""The command line: the only module that prints or exits.

Exit codes: 0 nothing found, 1 findings, 2 usage, unreadable input or specs that do not load, 5 network,
130 interrupted.
"""

from __future__ import annotations

import io
import itertools
import json
import os
import sys
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

from platemark.answers import SCHEMA_VERSION, Answer, Usage
from platemark.options import parsed
from platemark.problems import Invalid, did_you_mean


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
        options = parsed(arguments)
        return _say(_COMMANDS[options.command](options), options.format)
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


def _new_provider(options: Any) -> Answer:
    from platemark import api, beginning

    return beginning.provider(api.named_specs(options.specs) or Path("specs"), options.name, options.document)


def _new_model(options: Any) -> Answer:
    from platemark import api, beginning

    specs = api.named_specs(options.specs) or Path("specs")
    return beginning.family(specs, options.name, options.provider, options.model, options.document)


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

    out = Path(options.out)
    chosen = options.target or list(targets.FOLDERS)
    for name in chosen:
        if name not in targets.FOLDERS:
            raise Usage("unknown-target", f"no target is called `{name}`", did_you_mean(name, targets.FOLDERS))
    folders = [targets.FOLDERS[name] for name in chosen]
    package = options.package or api.package_of(out)
    known = _ir(options)
    with _naming():
        files = api.generate(known, chosen, package)
    plan = write.plan(out, files, folders)
    if (plan.edited or plan.foreign) and not options.force:
        return commands.refused(plan, options.out)
    write.apply(out, files, plan, folders, api.about(known, package))
    return commands.planned(plan, written=True)


def _check(options: Any) -> Answer:
    from platemark import api, commands

    if not Path(options.out).is_dir():
        raise Usage("not-generated", f"there is no folder {options.out}", "`platemark generate` makes it")
    with _naming():
        return commands.planned(api.check(_ir(options), options.out), written=False)


@contextmanager
def _naming() -> Generator[None, None, None]:
    """Names that can't be emitted are the specs' or the caller's mistake."""
    from platemark.targets.python.naming import NamingError

    try:
        yield
    except NamingError as error:
        raise Usage("bad-name", str(error), f"did you mean {error.near}?" if error.near else "") from None


def _diff(options: Any) -> Answer:
    from platemark import comparing

    with _naming():
        return comparing.run(options.old, options.new, _specs(options), options.format, options.fail_on)


def _pin(options: Any) -> Answer:
    drifting = _drifting()
    return drifting.pin(_specs(options), options.document, options.files)


def _drift(options: Any) -> Answer:
    drifting = _drifting()
    asked = drifting.Asked(options.document, options.against_document, options.format, options.apply)
    return drifting.answer(_specs(options), asked)


def _drifting() -> Any:
    try:
        from platemark import drifting
    except ImportError as error:
        raise Usage("missing-extra", str(error), 'python -m pip install "platemark[documents]"') from None
    return drifting


def _draft(options: Any) -> Answer:
    try:
        from platemark import drafts
    except ImportError as error:
        raise Usage("missing-extra", str(error), 'python -m pip install "platemark[documents]"') from None
    return drafts.answer(
        _specs(options),
        drafts.Wanted(options.file, options.provider, options.family, options.document, options.model, options.out),
    )


def _update(options: Any) -> Answer:
    _drifting()
    from platemark import api, updating

    # Those that platemark brings along are not to be changed by who stands elsewhere.
    options.specs = api.named_specs(options.specs) or Path("specs")

    wanted = updating.Wanted(
        options.document, options.against_document, Path(options.out) if options.out else None, options.package,
        Path(options.changelog) if options.changelog else None, [Path(name) for name in options.report],
        options.dry_run, options.format,
    )  # fmt: skip
    with _naming():
        return updating.run(_specs(options), wanted)


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


_COMMANDS: Mapping[str, Callable[[Any], Answer]] = {
    "list": _list,
    "show": _show,
    "explain": _explain,
    "schema": _schema,
    "lint": _lint,
    "validate": _validate,
    "generate": _generate,
    "check": _check,
    "documents pin": _pin,
    "drift": _drift,
    "diff": _diff,
    "draft": _draft,
    "update": _update,
    "serve": _serve,
    "conform": _conform,
    "demo": _demo,
    "new provider": _new_provider,
    "new model": _new_model,
}
"""What each command does."""
