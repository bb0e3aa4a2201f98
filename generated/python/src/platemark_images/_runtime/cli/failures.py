"""What went wrong, as a code to exit with and words that say what to do."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import click

from platemark_images._runtime import errors
from platemark_images._runtime.cli.voice import PROGRAM, Voice

FAILURE, USAGE, INVALID, AUTH, NETWORK, UNFINISHED, INTERRUPTED = 1, 2, 3, 4, 5, 8, 130
"""Exit codes; 0 is success."""


class Stopped(Exception):
    """A command that was interrupted, or ends with a code of its own."""

    def __init__(self, name: str, message: str, code: int, hint: str = "", **more: object) -> None:
        super().__init__(message)
        self.name, self.code, self.hint, self.more = name, code, hint, more


class NoKey(errors.ConfigurationError):
    """There is no key to send."""


class BadKey(errors.ConfigurationError):
    """What is there for a key can't be one."""


COPIED = "set its variable anew, to the key alone: no line break, blank or quotation mark belongs to it"
Hint: TypeAlias = "Callable[[Any], str]"


def _past(error: errors.RequestInvalid) -> str:
    ids = dict.fromkeys(violation.rule for violation in error.violations)
    return f"to send it all the same: {' '.join(f'--ignore {each}' for each in ids)}, or --validate warn"


def _unknown(error: errors.OutcomeUnknown) -> str:
    return f"it may have been billed; where it was a task, `{PROGRAM} task list --since 1h` may show it"


KINDS: tuple[tuple[type[BaseException], int, Hint], ...] = (
    (errors.RequestInvalid, INVALID, _past),
    (errors.CostExceeded, INVALID, lambda _: "nothing was sent; raise --max-cost, or ask for fewer pictures"),
    (errors.CostUnknown, INVALID, lambda _: "nothing was sent; name a currency that a price is known in, or leave --max-cost out"),
    (errors.JobsInvalid, INVALID, lambda _: "nothing was sent; all that is wrong is told at once"),
    (NoKey, AUTH, lambda _: f"`{PROGRAM} doctor` checks key, region and host"),
    (BadKey, AUTH, lambda _: COPIED),
    (errors.ConfigurationError, USAGE, lambda error: _where() if "region" in str(error) else ""),
    (errors.AuthenticationError, AUTH, lambda _: f"`{PROGRAM} doctor --try-regions` finds the region of a key"),
    (errors.PermissionDenied, AUTH, lambda _: "the key may not do this, or the service does not do it this way"),
    (errors.OutcomeUnknown, NETWORK, _unknown),
    (errors.ConnectionFailed, NETWORK, lambda _: f"`{PROGRAM} doctor` checks host, clock and proxy"),
    (errors.TaskTimeout, UNFINISHED, lambda error: f"{PROGRAM} task wait {error.task_id}"),
    (errors.RateLimited, FAILURE, lambda error: _later(error)),
    (errors.ContentRejected, FAILURE, lambda _: "asking again changes nothing; change the prompt or the pictures"),
    (errors.ResultExpired, FAILURE, lambda _: "it has to be made again"),
    (errors.PlatemarkError, FAILURE, lambda _: ""),
)  # fmt: skip
"""Kinds of errors, the special ones first: exit code and hint."""

_FIELDS = {"code": "service_code", "request_id": "request_id", "status": "status", "task_id": "task_id",
           "reason": "reason", "retry_after": "retry_after", "stage": "stage", "state": "state"}  # fmt: skip
"""What errors know besides their message, and what it is called here."""


def tell(voice: Voice, error: BaseException) -> int:
    """Say what an error means; the code to exit with."""
    code, told = meaning(error)
    voice.fail(told)
    return code


def meaning(error: BaseException) -> tuple[int, Mapping[str, Any]]:
    """The code to exit with; and `code`, `message`, `hint` and what else is known."""
    match error:
        case Stopped():
            return error.code, {**_said(error.name, str(error), error.hint), **error.more}
        case click.Abort() | KeyboardInterrupt():
            return INTERRUPTED, _said("interrupted", "interrupted")
        case click.UsageError():
            at = error.ctx.command_path if error.ctx else PROGRAM
            return USAGE, _said("usage", error.format_message(), f"`{at} --help` shows what there is")
        case click.ClickException():
            return USAGE, _said("usage", error.format_message())
        case errors.PlatemarkError():
            code, hint = next((code, hint(error)) for kind, code, hint in KINDS if isinstance(error, kind))
            # The last line of a refusal says how to go past it in Python.
            message = str(error).rpartition("\n")[0] if isinstance(error, errors.RequestInvalid) else str(error)
            return code, {**_said(_name(error), message, hint), **_known(error)}
        case OSError():
            at = f"{error.filename}: " if error.filename else ""
            return FAILURE, _said("unreadable", f"{at}{error.strerror or error}")
        case _:
            what = f"{type(error).__name__}: {error}"
            return FAILURE, _said(
                "unexpected", f"an error of this program: {what}", "please report it, with the command"
            )


def _said(code: str, message: str, hint: str = "") -> dict[str, Any]:
    return {"code": code, "message": message, "hint": hint}


def _name(error: errors.PlatemarkError) -> str:
    """`TaskTimeout` as `task_timeout`."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=API)(?=E)", "_", type(error).__name__).lower()


def _known(error: errors.PlatemarkError) -> dict[str, Any]:
    found = {name: getattr(error, field, None) for field, name in _FIELDS.items()}
    known = {name: value for name, value in found.items() if value not in (None, "")}
    if isinstance(error, errors.RequestInvalid):
        known["violations"] = [violation(each) for each in error.violations]
    if isinstance(error, errors.JobsInvalid):
        known["problems"] = list(error.problems)
    return known


def violation(each: Any) -> dict[str, Any]:
    """A broken rule, an adjustment or a note as JSON; a picture is never in it."""
    from platemark_images._runtime.report import short

    return {"rule": each.rule, "path": each.path, "value": short(each.value), "limit": each.limit,
            "nearest": each.nearest, "sources": [str(source) for source in each.sources]}  # fmt: skip


def _where() -> str:
    return f"an address goes before a region, be they options or variables, and an option before its own variable; `{PROGRAM} doctor` checks them"


def _later(error: errors.RateLimited) -> str:
    if error.reason == "quota":
        return "the account's quota is used up; waiting does not help"
    return f"try again in {error.retry_after:.0f} s" if error.retry_after else "try again later"
