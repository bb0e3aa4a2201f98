"""A provider: endpoints, transports, regions, skeletons and errors refer to each other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from platemark.lint import names, parameters
from platemark.lint.names import unknown
from platemark.lint.skeletons import SkeletonCheck
from platemark.plain import each, is_map, is_seq
from platemark.problems import Place, Problem, did_you_mean
from platemark.rules.kinds import KINDS
from platemark.source import Keys, Tree
from platemark.spec.model import Family, Losing, Provider
from platemark.wire.skeletons import names as named

_FILLED: Mapping[Keys, tuple[str, ...]] = {
    ("auth", "value"): ("key",),
    ("hosts", "region"): ("host", "region"),
    ("hosts", "workspace"): ("workspace", "region", "host"),
    ("tasks", "query"): ("task_id",),
    ("tasks", "list"): (),
    ("tasks", "cancel"): ("task_id",),
    ("uploads", "policy"): ("model",),
}
"""What is filled into texts of the file."""
_STATES = ("waiting", "done", "failed")
"""What a task must be able to say, for a poller to end."""
_OF_THE_FILE = ("key", "file")
"""What a form says besides what leave to upload brought."""


class ProviderCheck:
    """The names in a provider's file. `families` are its own: payloads may name their parameters."""

    def __init__(self, provider: Provider, families: Sequence[Family]) -> None:
        self.provider = provider
        self.tree: Tree = provider.tree
        self.data = provider.data
        self.families = families

    def at(self, *path: str | int) -> Place:
        return self.tree.place(path)

    def problems(self) -> Iterator[Problem]:
        """Everything wrong with the names in the file."""
        yield from self.endpoints()
        yield from self.regions()
        yield from self.skeletons()
        yield from self.tasks()
        yield from self.streams()
        yield from parameters.froms(self.tree, ("images",))
        yield from self.texts()
        yield from codes(self.data["errors"]["rules"], self.data["errors"]["codes"], self.tree, ("errors", "rules"))
        yield from self.conflicts()
        types = self.types()
        for name, layer in self.provider.parameters.items():
            yield from parameters.line(name, layer, "")
            yield from parameters.others(name, layer, types)
            yield from parameters.froms(self.tree, ("parameters", name))

    def endpoints(self) -> Iterator[Problem]:
        for name, endpoint in self.data["endpoints"].items():
            for payload in each(endpoint["payload"]):
                if payload not in self.data["payloads"]:
                    yield unknown(
                        "unknown-payload", payload, self.at("endpoints", name, "payload"), self.data["payloads"]
                    )
            for index, transport in enumerate(endpoint["transports"]):
                if transport not in self.data["transports"]:
                    place = self.tree.value(("endpoints", name, "transports", index))
                    yield unknown("unknown-transport", transport, place, self.data["transports"])

    def regions(self) -> Iterator[Problem]:
        for name, region in self.data["regions"].items():
            if "host" not in region and "workspace" not in self.data["hosts"]:
                message = f"`{name}` has no host, and there are no workspace hosts"
                yield Problem("no-host", message, self.at("regions", name), "give it a `host`")

    def skeletons(self) -> Iterator[Problem]:
        types = self.types()
        for name in self.data["payloads"]:
            yield from SkeletonCheck(self.tree, ("payloads", name), types).problems()
        for name in self.data["results"]:
            check = SkeletonCheck(self.tree, ("results", name))
            yield from check.problems()
            yield from check.must_hold_pictures()
        for path in (
            ("answer",),
            ("tasks", "created"),
            ("tasks", "answer"),
            ("tasks", "list_query"),
            ("tasks", "list_answer"),
            ("errors", "answer"),
        ):
            if path in self.tree.values:
                yield from SkeletonCheck(self.tree, path).problems()
        yield from SkeletonCheck(self.tree, ("errors", "answer")).must_name("message", "what went wrong")
        yield from self.uploads()

    def types(self) -> dict[str, str]:
        """The parameters that payloads may name: the provider's, its transports' and its families'."""
        found = dict.fromkeys(names.set_by_transports(self.provider), "")
        for family in self.families:
            layers = [layer for _, layer in names.layers(family)]
            found |= {name: parameters.type_of(name, self.provider, layers) for layer in layers for name in layer}
        return found | {name: parameters.type_of(name, self.provider, []) for name in self.provider.parameters}

    def tasks(self) -> Iterator[Problem]:
        tasks = self.data.get("tasks")
        if tasks is None:
            if "task" in self.data["transports"]:
                message = "there is a task transport, but nothing says how a task lives"
                yield Problem("no-tasks", message, self.at("transports", "task"), "add `tasks`")
            return
        yield from SkeletonCheck(self.tree, ("tasks", "created")).must_name("task_id", "the id of a new task")
        yield from SkeletonCheck(self.tree, ("tasks", "answer")).must_name("status", "the state of a task")
        for meaning in _STATES:
            if meaning not in tasks["states"].values():
                yield Problem("no-state", f"no state means that a task is {meaning}", self.at("tasks", "states"),
                              "without it, nobody knows when to stop asking")  # fmt: skip
        for index, state in enumerate(tasks.get("cancelable", ())):
            if state not in tasks["states"]:
                yield unknown("unknown-state", state, self.tree.value(("tasks", "cancelable", index)), tasks["states"])
        yield from parameters.froms(self.tree, ("tasks",))

    def uploads(self) -> Iterator[Problem]:
        """Leave to upload says all that the form and the key need; the last field is the file."""
        uploads = self.data.get("uploads")
        if uploads is None:
            return
        answer, form = SkeletonCheck(self.tree, ("uploads", "answer")), SkeletonCheck(self.tree, ("uploads", "form"))
        yield from answer.problems()
        yield from answer.must_name("upload_host", "where the form goes")
        yield from form.problems()
        yield from form.must_name("key", "the key of the file")
        said = named(uploads["answer"])
        for index, field in enumerate(uploads["form"]):
            for name in (name for name in named(field) if name not in (*said, *_OF_THE_FILE)):
                place = self.tree.value(("uploads", "form", index, next(iter(field))))
                yield unknown("unknown-answer-field", name, place, (*said, *_OF_THE_FILE))
        if named(uploads["form"])[-1:] != ["file"]:
            yield form.lacks("the last field of the form is not the file", "end it with `- file: $file`")
        yield from names.placeholders(uploads["key"], (*said, "file_name"), self.tree.value(("uploads", "key")))

    def streams(self) -> Iterator[Problem]:
        if "stream" in self.data["transports"] and "stream" not in self.data:
            message = "there is a stream transport, but nothing says what an event looks like"
            yield Problem("no-stream", message, self.at("transports", "stream"), "add `stream`")

    def texts(self) -> Iterator[Problem]:
        for path, filled in _FILLED.items():
            if path in self.tree.values:
                yield from names.placeholders(self.data[str(path[0])][path[1]], filled, self.tree.value(path))
        for name, endpoint in self.data["endpoints"].items():
            yield from names.placeholders(endpoint["path"], ("model",), self.tree.value(("endpoints", name, "path")))

    def conflicts(self) -> Iterator[Problem]:
        known = {*self.provider.parameters, *names.set_by_transports(self.provider)}
        for key, losing in self.provider.conflicts.items():
            name, _, kind = key.partition(".")
            if name in known and kind:
                if kind not in KINDS and kind not in parameters.FACETS:
                    yield idle_conflict(key, losing, [f"{name}.{fact}" for fact in (*KINDS, *parameters.FACETS)])
            elif not _leads(self.data, key.split(".")):
                below = [f"{head}.{part}" for head, parts in self.data.items() if is_map(parts) for part in parts]
                yield idle_conflict(key, losing, below if "." in key else [*self.data, *known])


def _leads(data: Any, keys: list[str]) -> bool:
    """Whether a dotted path leads to something; names may hold dots themselves."""
    if not keys:
        return True
    if is_seq(data):
        return any(_leads(part, keys) for part in data)
    if not is_map(data):
        return False
    heads = ((".".join(keys[:end]), keys[end:]) for end in range(1, len(keys) + 1))
    return any(head in data and _leads(data[head], rest) for head, rest in heads)


def idle_conflict(key: str, losing: Losing, known: Sequence[str]) -> Problem:
    """A conflict about nothing that the specs state."""
    return Problem("idle-conflict", f"no rule or fact is called `{key}`", losing.place, did_you_mean(key, known))


def codes(rules: Mapping[str, Any], known: Mapping[str, Any], tree: Tree, path: Keys) -> Iterator[Problem]:
    """What the service says when a rule is broken: a code that it has, or a status."""
    for rule, error in rules.items():
        if "code" in error and error["code"] not in known:
            yield unknown("unknown-code", error["code"], tree.value((*path, rule, "code")), known)
        if "code" not in error and "status" not in error:
            hint = "give it a `code`, or a `status`"
            yield Problem("no-status", f"`{rule}` has neither a code nor a status", tree.place((*path, rule)), hint)
