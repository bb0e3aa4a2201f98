"""Every kind of change, classified by hand: what `platemark diff` must say of it, forth and back."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from diffing import EXTRA, SPECS, edited, resolved
from platemark import commands, diff, targets
from platemark import ir as ir_
from platemark.diff.providers import providers
from platemark.ir import Ir
from platemark.rules.kinds import KINDS
from platemark.targets.python import models, surface

LUMEN = "lumen/aurora.yaml"
SERVICE = "lumen/provider.yaml"


@dataclass(frozen=True)
class Row:
    """An edit of a spec, and what it changes: `rule change class`, a line each.

    `back` is what undoing it changes; what is documentation alone is left out of both."""

    name: str
    file: str
    before: str
    after: str
    forth: tuple[str, ...]
    back: tuple[str, ...]


def rows(*listed: tuple[str, str, str, str, str | list[str], str | list[str]]) -> list[Row]:
    def each(said: str | list[str]) -> tuple[str, ...]:
        return (said,) if isinstance(said, str) else tuple(said)

    return [Row(*edit[:4], *map(each, edit[4:])) for edit in listed]


LIMITS = rows(
    ("range, above", LUMEN, "range: 1..6", "range: 1..5",
     "copies.range tightened breaking", "copies.range loosened compatible"),
    ("range, below", LUMEN, "range: 1..6", "range: 0..6",
     "copies.range loosened compatible", "copies.range tightened breaking"),
    ("range, moved", LUMEN, "range: 1..6", "range: 0..5",
     "copies.range changed breaking", "copies.range changed breaking"),
    ("range of all families", SERVICE, "range: 0..99999", "range: 0..9999",
     "seed.range tightened breaking", "seed.range loosened compatible"),
    ("range to list", LUMEN, "range: 1..6", "one_of: [1, 2, 4]",
     "copies.one_of tightened breaking", "copies.range loosened compatible"),
    ("range to the same list", LUMEN, "range: 1..6", "one_of: [1, 2, 3, 4, 5, 6]", [], []),
    ("range to a list beyond it", LUMEN, "range: 1..6", "one_of: [1, 8]",
     "copies.one_of changed breaking", "copies.range changed breaking"),
    ("range to fixed", LUMEN, "range: 1..6\n    default: 1", "fixed: 1",
     "copies.fixed tightened breaking", "copies.range loosened compatible"),
    ("fixed to another", LUMEN, "    default: true\n  inks", "    fixed: true\n  inks",
     "polish.fixed tightened breaking", "polish.fixed loosened compatible"),
    ("list, shorter", LUMEN, "one_of: [dawn, noon, dusk]", "one_of: [dawn, noon]",
     "mood.one_of tightened breaking", "mood.one_of loosened compatible"),
    ("list, other word", LUMEN, "one_of: [dawn, noon, dusk]", "one_of: [dawn, noon, night]",
     "mood.one_of changed breaking", "mood.one_of changed breaking"),
    ("list, in another order", LUMEN, "one_of: [dawn, noon, dusk]", "one_of: [dusk, noon, dawn]", [], []),
    ("list dropped", LUMEN, "    one_of: [dawn, noon, dusk]\n", "",
     "mood.one_of loosened compatible", "mood.one_of tightened breaking"),
    ("length, shorter", LUMEN, "length: ..500", "length: ..400",
     "prompt.length tightened breaking", "prompt.length loosened compatible"),
    ("length in tokens", LUMEN, "length: ..500", "length: ..500 tokens",
     "prompt.length changed breaking", "prompt.length changed breaking"),
    ("length, cut off instead of refused", LUMEN, "{length: ..500}", "{length: ..500, excess: truncated}",
     "prompt.length loosened compatible", "prompt.length tightened breaking"),
    ("length, dropped", LUMEN, "prompt: {length: ..500}", "prompt: shared",
     "prompt.length loosened compatible", "prompt.length tightened breaking"),
    ("required", LUMEN, "    about: Width and height, or a word\n",
     "    about: Width and height, or a word\n    required: true\n",
     "size.required tightened breaking", "size.required loosened compatible"),
    ("count of pictures", LUMEN, "count: 1..4", "count: 1..3",
     "images.count tightened breaking", "images.count loosened compatible"),
    ("count of a list", LUMEN, "count: 2..5", "count: 1..6",
     "inks.count loosened compatible", "inks.count tightened breaking"),
    ("schemes", SERVICE, "schemes: [https, data, oss]", "schemes: [https, data]",
     "images.schemes tightened breaking", "images.schemes loosened compatible"),
    ("side of a size", LUMEN, "side: 256..3072", "side: 512..3072",
     "size.side tightened breaking", "size.side loosened compatible"),
    ("side of a picture", LUMEN, "side: 64..4096", "side: 64..8192",
     "images.side loosened compatible", "images.side tightened breaking"),
    ("ratio", LUMEN, "ratio: 1:3..3:1", "ratio: 1:2..3:1",
     "size.ratio tightened breaking", "size.ratio loosened compatible"),
    ("tokens, fewer", LUMEN, "tokens: {1K: 1024*1024, 2K: 2048*2048}", "tokens: {1K: 1024*1024}",
     "size.tokens tightened breaking", "size.tokens loosened compatible"),
    ("tokens, other pixels", LUMEN, "tokens: {1K: 1024*1024, 2K: 2048*2048}", "tokens: {1K: 1024*1024, 2K: 2000*2000}",
     "size.tokens changed breaking", "size.tokens changed breaking"),
    ("tokens, none", LUMEN, "        tokens: {1K: 1024*1024, 2K: 2048*2048}\n        from: {tokens: aurora-ref}\n",
     "        side: 256..3072\n", "size.tokens tightened breaking", "size.tokens loosened compatible"),
    ("rounds, finer", LUMEN, "rounds: 16", "rounds: 8",
     "size.rounds loosened compatible", "size.rounds tightened breaking"),
    ("formats", LUMEN, "formats: [PNG, JPEG]", "formats: [PNG, JPEG, WEBP]",
     "images.formats loosened compatible", "images.formats tightened breaking"),
    ("bytes", LUMEN, "bytes: ..8 MB", "bytes: ..8192 KB", [], []),
    ("bytes, fewer", LUMEN, "bytes: ..8 MB", "bytes: ..4 MB",
     "images.bytes tightened breaking", "images.bytes loosened compatible"),
    ("alpha, refused", LUMEN, "    bytes: ..8 MB\n", "    bytes: ..8 MB\n    alpha: refused\n",
     "images.alpha tightened breaking", "images.alpha loosened compatible"),
    ("sum", LUMEN, "sums_to: {share: 100.00%}", "sums_to: {share: 50.00%}",
     "inks.sums_to changed breaking", "inks.sums_to changed breaking"),
    ("sum, none", LUMEN, "    sums_to: {share: 100.00%}\n", "",
     "inks.sums_to loosened compatible", "inks.sums_to tightened breaking"),
    ("requires more", LUMEN, "requires: {polish: false}", "requires: {polish: false, mood: noon}",
     "inks.requires tightened breaking", "inks.requires loosened compatible"),
    ("requires otherwise", LUMEN, "requires: {polish: false}", "requires: {polish: true}",
     "inks.requires changed breaking", "inks.requires changed breaking"),
    ("requires what is the default", LUMEN, "    default: true\n  inks", "    default: false\n  inks",
     ["inks.requires loosened compatible", "polish.default default changed compatible"],
     ["inks.requires tightened breaking", "polish.default default changed compatible"]),
    ("soft", LUMEN, "soft: {area: 512*512..}", "soft: {area: 768*768..}",
     "size.soft.area tightened compatible", "size.soft.area loosened compatible"),
    ("soft, none", LUMEN, "    soft: {area: 512*512..}\n", "",
     "size.soft.area loosened compatible", "size.soft.area tightened compatible"),
    ("type", LUMEN, "{type: color, about: The colour", "{type: text, about: The colour",
     "inks.items.tint.type changed breaking", "inks.items.tint.type changed breaking"),
    ("area", LUMEN, "    soft: {area: 512*512..}", "    area: 512*512..2048*2048",
     ["size.area tightened breaking", "size.soft.area loosened compatible"],
     ["size.area loosened compatible", "size.soft.area tightened compatible"]),
    ("a field more", LUMEN, "        tint: {", "        gloss: {type: integer, about: Shine}\n        tint: {",
     "inks.items.gloss added compatible", "inks.items.gloss removed breaking"),
    ("a field more, required", LUMEN, "        tint: {",
     "        gloss: {type: integer, about: Shine, required: true}\n        tint: {",
     "inks.items.gloss added breaking", "inks.items.gloss removed breaking"),
    ("a field, required", LUMEN, "tint: {type: color, about: The colour, required: true}",
     "tint: {type: color, about: The colour}",
     "inks.items.tint.required loosened compatible", "inks.items.tint.required tightened breaking"),
)  # fmt: skip


CONTESTED = rows(
    ("the winner, which is only noted", LUMEN, "ratio: 1:3..3:1", "ratio: 1:2..2:1",
     "size.ratio tightened compatible", "size.ratio loosened compatible"),
    ("the loser, beyond which is refused", LUMEN, "lumen-guide: {ratio: 1:4..4:1}", "lumen-guide: {ratio: 1:5..5:1}",
     "size.ratio loosened compatible", "size.ratio tightened breaking"),
    ("decided otherwise", LUMEN, "    clause: newest\n    verdict: note\n    because: aurora-ref is the newest",
     "    clause: newest\n    because: aurora-ref is the newest",
     "size.ratio tightened breaking", "size.ratio loosened compatible"),
    ("tolerated no more", LUMEN, "    clause: third-party\n", "    clause: newest\n",
     "negative_text.unsupported tightened breaking", "negative_text.unsupported loosened compatible"),
    ("nothing but the reason", LUMEN, "because: only Easel uses it", "because: nobody else uses it", [], []),
    ("nothing but the sources", LUMEN, "from: {tokens: aurora-ref}", "from: {tokens: [aurora-ref, lumen-guide]}",
     [], []),
)  # fmt: skip
DEFAULTS = rows(
    ("how many pictures", LUMEN, "range: 1..6\n    default: 1", "range: 1..6\n    default: 2",
     "copies.default default changed breaking", "copies.default default changed breaking"),
    ("the size", LUMEN, "default: 1024*1024", "default: 1280*1280",
     "size.default default changed breaking", "size.default default changed breaking"),
    ("the size of one mode", LUMEN, "area: ..1536*1536", "area: ..1024*1024",
     "size.default default changed breaking", "size.default default changed breaking"),
    ("what nobody is billed for", LUMEN, "default: noon", "default: dawn",
     "mood.default default changed compatible", "mood.default default changed compatible"),
    ("said no more", LUMEN, "dusk]\n    default: noon\n", "dusk]\n", [], []),
    ("stated by the client", LUMEN, "    default: noon\n", "    default: noon\n    send: always\n",
     "mood.send default changed breaking", "mood.send default changed breaking"),
    ("halves", LUMEN, "ties: down", "ties: even", "size.ties changed compatible", "size.ties changed compatible"),
)  # fmt: skip
OFFERED = rows(
    ("a parameter", LUMEN, "  polish:\n", "  glow: {type: integer, about: How bright}\n  polish:\n",
     "glow added compatible", "glow removed breaking"),
    ("a required parameter", LUMEN, "  polish:\n",
     "  glow: {type: integer, about: How bright, required: true}\n  polish:\n",
     "glow added breaking", "glow removed breaking"),
    ("a parameter that is said to be absent", LUMEN, "  seed: shared\n", "",
     "seed removed breaking", "seed added compatible"),
    ("a parameter of one mode", LUMEN, "    about: Draw what the text says\n    when: {images: 0}\n",
     "    about: Draw what the text says\n    when: {images: 0}\n    unsupported: [inks]\n",
     "inks.only_in removed breaking", "inks added compatible"),
    ("a name that nobody took", LUMEN, "unsupported: {lumen-guide: [negative_text]}",
     "unsupported: {lumen-guide: [negative_text, negative_words]}",
     "negative_words.unsupported added compatible", "negative_words.unsupported removed compatible"),
    ("a model", LUMEN, "\nroutes: {sync: draw", "  aurora-1-late: {like: aurora-1}\n\nroutes: {sync: draw",
     "model added compatible", "model removed breaking"),
    ("a model's name", LUMEN, "  aurora-1-fast:\n", "  aurora-1-quick:\n",
     "model renamed breaking", "model renamed breaking"),
    ("a route", LUMEN, "routes: {sync: draw, task: draw}", "routes: {sync: draw}",
     "route removed breaking", "route added compatible"),
    ("a route of one model", LUMEN, "  aurora-1-fast:\n", "  aurora-1-fast:\n    routes: [task]\n",
     "route removed breaking", "route added compatible"),
    ("what is billed", LUMEN, "makes: copies", "makes: ..copies", "makes changed breaking", "makes changed breaking"),
    ("a price", LUMEN, "price: {north: 0.080 EUR}", "price: {north: 0.090 EUR}",
     "price.north.EUR changed compatible", "price.north.EUR changed compatible"),
    ("a price in another currency", LUMEN, "price: {north: 0.080 EUR}", "price: {north: [0.080 EUR, 0.090 USD]}",
     "price.north.USD added compatible", "price.north.USD removed compatible"),
    ("a rate", LUMEN, "rate: 3/s, concurrent: 4", "rate: 150/min, concurrent: 4",
     "limits.rate tightened compatible", "limits.rate loosened compatible"),
    ("tasks at once", LUMEN, "rate: 3/s, concurrent: 4", "rate: 3/s, concurrent: 5",
     "limits.concurrent loosened compatible", "limits.concurrent tightened compatible"),
    ("deprecated", LUMEN, "    note: Draws in fewer steps\n",
     "    note: Draws in fewer steps\n    deprecated: 2031-12-31\n",
     "deprecated deprecated compatible", "deprecated changed compatible"),
    ("where it can be had", LUMEN, "    note: Draws in fewer steps\n",
     "    note: Draws in fewer steps\n    regions: {north: task}\n",
     "regions tightened breaking", "regions loosened compatible"),
    ("what is recommended", LUMEN, "    soft: {area: 512*512..}",
     "    soft: {area: 512*512..}\n    recommended: [1024*1024]",
     "size.recommended changed compatible", "size.recommended changed compatible"),
    ("sizes that need keep no limit", LUMEN, "    soft: {area: 512*512..}",
     "    soft: {area: 512*512..}\n    exceptions: [128*128]",
     "size.exceptions loosened compatible", "size.exceptions tightened breaking"),
    ("words for people", LUMEN, "about: The light that lies over all", "about: The light", [], []),
    ("a note", LUMEN, "note: Draws in fewer steps", "note: Draws fast", [], []),
)  # fmt: skip
SERVICES = rows(
    ("the path", SERVICE, "path: /pictures", "path: /images",
     "route route changed breaking", "route route changed breaking"),
    ("the base path", SERVICE, "https://{host}/v2", "https://{host}/v3",
     ["hosts.region route changed breaking", "route route changed breaking"],
     ["hosts.region route changed breaking", "route route changed breaking"]),
    ("the host", SERVICE, "host: api.lumen.example", "host: api2.lumen.example",
     "regions.north-1.host route changed breaking", "regions.north-1.host route changed breaking"),
    ("a region", SERVICE, "  north-1: {", "  south-1: {alias: south, host: south.lumen.example}\n  north-1: {",
     "regions.south-1 added compatible", "regions.south-1 removed breaking"),
    ("a header", SERVICE, "X-Lumen-Mode: queue", "X-Lumen-Mode: later",
     "transports.task.headers.x-lumen-mode route changed breaking",
     "transports.task.headers.x-lumen-mode route changed breaking"),
    ("where the key goes", SERVICE, "header: X-Lumen-Key", "header: Authorization",
     "auth.header changed breaking", "auth.header changed breaking"),
    ("the place of a parameter", SERVICE, "    text: $prompt\n", "    input: {text: $prompt}\n",
     ["input.required tightened breaking", "input.type tightened breaking", "prompt.place changed breaking"],
     ["input.required loosened compatible", "input.type loosened compatible", "prompt.place changed breaking"]),
    ("a constant of the body", SERVICE, "kind: source", "kind: input",
     ["kind.fixed changed breaking", "pictures.shape changed breaking"],
     ["kind.fixed changed breaking", "pictures.shape changed breaking"]),
    ("where the pictures are", SERVICE, "{$each: images, href: $item, w:", "{$each: images, url: $item, w:",
     ["result.data.pictures[images].href removed breaking", "result.data.pictures[images].url added compatible"],
     ["result.data.pictures[images].href added compatible", "result.data.pictures[images].url removed breaking"]),
    ("one thing more in an answer", SERVICE, "      made: $count\n", "      made: $count\n      paid: $cost\n",
     "result.data.paid added compatible", "result.data.paid removed breaking"),
    ("a state", SERVICE, "gone: lost}", "gone: lost, cut: failed}",
     "tasks.states.cut added compatible", "tasks.states.cut removed compatible"),
    ("what a state means", SERVICE, "drawing: waiting", "drawing: failed",
     "tasks.states.drawing changed breaking", "tasks.states.drawing changed breaking"),
    ("what can be canceled", SERVICE, "cancelable: [queued, drawing]", "cancelable: [queued]",
     "tasks.cancelable.drawing tightened breaking", "tasks.cancelable.drawing loosened compatible"),
    ("how a task is asked for", SERVICE, "query: GET /jobs/{task_id}", "query: GET /tasks/{task_id}",
     "tasks.query route changed breaking", "tasks.query route changed breaking"),
    ("how long tasks are kept", SERVICE, "keep: 12 h", "keep: 6 h",
     "tasks.keep tightened compatible", "tasks.keep loosened compatible"),
    ("how long pictures are kept", SERVICE, "keep: 48 h", "keep: 72 h",
     "images.keep loosened compatible", "images.keep tightened compatible"),
    ("an error", SERVICE, "    ugly:", "    slow: {status: 408}\n    ugly:",
     "errors.codes.slow added compatible", "errors.codes.slow removed compatible"),
    ("the class of an error", SERVICE, "dark: {status: 503, class: server, retry: true}",
     "dark: {status: 503, class: quota, retry: true}",
     "errors.codes.dark.class changed breaking", "errors.codes.dark.class changed breaking"),
    ("whether an error is sent again", SERVICE, "dark: {status: 503, class: server, retry: true}",
     "dark: {status: 503, class: server}",
     "errors.codes.dark.retry removed compatible", "errors.codes.dark.retry added compatible"),
    ("the words of an error", SERVICE, "message: \"No such model.\"", "message: \"Which model?\"", [], []),
    ("the client's name", SERVICE, "client: Lumen", "client: Lumens",
     "client changed breaking", "client changed breaking"),
    ("how large an upload is", SERVICE, "bytes: ..2 MB", "bytes: ..1 MB",
     "uploads.bytes tightened breaking", "uploads.bytes loosened compatible"),
    ("an edition of a document", "documents.yaml", "date: 2031-03-02", "date: 2031-05-02", [], []),
)  # fmt: skip
DASHSCOPE = rows(
    ("where an alias points", "dashscope/qwen-image-2.0.yaml",
     "alias: {2026-03-18: qwen-image-2.0-2026-03-03}",
     "alias: {2026-03-18: qwen-image-2.0-2026-03-03, 2026-11-01: qwen-image-2.0-pro-2026-03-03}",
     "alias changed compatible", "alias changed compatible"),
    ("where a model can be had", "dashscope/wan2.6-image.yaml",
     "regions: {beijing: any, singapore: any, frankfurt: task}", "regions: {beijing: any, singapore: any}",
     "regions.frankfurt removed breaking", "regions.frankfurt added compatible"),
    ("by which route in a region", "dashscope/wan2.6-image.yaml", "regions: {…singapore: any", "singapore: task",
     "regions.singapore tightened breaking", "regions.singapore loosened compatible"),
    ("the default of what is billed", "dashscope/wan2.6-t2i.yaml", "  n: {…default: 4",
     "default: 1", "n.default default changed breaking", "n.default default changed breaking"),
    ("a default that the client states", "dashscope/wan2.7-image.yaml", "  n: {…default: 1,",
     "default: 2,", "n.default default changed breaking",
     "n.default default changed breaking"),
    ("the default that chooses a mode", "dashscope/wan2.6-image.yaml", "enable_interleave: {…default: false",
     "default: true", "enable_interleave.default default changed breaking",
     "enable_interleave.default default changed breaking"),
    ("a route of a mode", "dashscope/wan2.6-image.yaml", "routes: [stream, task]", "routes: [stream]",
     "route removed breaking", "route added compatible"),
    ("a limit of one mode", "dashscope/wan2.6-image.yaml", "max_images: {…range: 1..5",
     "range: 1..6",
     "max_images.range loosened compatible", "max_images.range tightened breaking"),
    ("alpha", "dashscope/wan2.6-image.yaml", "alpha: refused", "alpha: ignored",
     "images.alpha loosened compatible", "images.alpha tightened breaking"),
    ("how much of a text is kept", "dashscope/wan2.6-image.yaml", "prompt: {…length: ..2000", "length: ..1800",
     "prompt.length tightened breaking", "prompt.length loosened compatible"),
    ("a parameter that a document refuses", "dashscope/wan2.6-image.yaml", "  watermark: {default: false,",
     "  steps: {type: integer, about: How many steps}\n  watermark: {default: false,",
     "steps added compatible", "steps removed breaking"),
    ("another style of body", "vtrix/provider.yaml", "payload: [object, params]", "payload: [object]",
     "payload tightened breaking", "payload loosened compatible"),
    ("the length of another list", "dashscope/wan2.7-image.yaml", "    same_length: images\n", "",
     "bbox_list.same_length loosened compatible", "bbox_list.same_length tightened breaking"),
    ("plans' keys", "dashscope/provider.yaml", "refused: [sk-sp-]", "refused: [sk-sp-, sk-xp-]",
     "auth.refused.sk-xp- tightened breaking", "auth.refused.sk-xp- loosened compatible"),
    ("where a client looks", "dashscope/provider.yaml", "[DASHSCOPE_BASE_URL, DASHSCOPE_HTTP_BASE_URL]",
     "[DASHSCOPE_BASE_URL]", "environment.base_url.DASHSCOPE_HTTP_BASE_URL removed breaking",
     "environment.base_url.DASHSCOPE_HTTP_BASE_URL added compatible"),
)  # fmt: skip


ALL = [*LIMITS, *CONTESTED, *DEFAULTS, *OFFERED, *SERVICES, *DASHSCOPE]


@pytest.fixture(scope="session")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Lumen's specs without conflicts and examples, which would have to change with the limits."""
    text = (EXTRA / LUMEN).read_text("utf-8")
    notes = (EXTRA / "documents.yaml").read_text("utf-8")
    return edited(
        EXTRA,
        tmp_path_factory.mktemp("plain"),
        (LUMEN, text[text.index("\nerrors:") :], "\n"),
        ("documents.yaml", notes[notes.index("easel-notes:") :], ""),
    )


@pytest.fixture(scope="session")
def base(plain: Path) -> Ir:
    return resolved(plain)


@pytest.fixture(scope="session")
def lumen() -> Ir:
    return resolved(EXTRA)


def said(old: Ir, new: Ir) -> list[str]:
    found = [change for change in diff.compare(old, new) if change.impact != "documentation"]
    return sorted(f"{change.rule} {change.change} {change.impact}" for change in found)


def check(row: Row, specs: Path, known: Ir, folder: Path) -> None:
    other = resolved(edited(specs, folder, (row.file, row.before, row.after)))
    assert (said(known, other), said(other, known)) == (sorted(row.forth), sorted(row.back))
    assert diff.compare(known, other)  # nothing that a document says is silent


ONE_WAY = {"type", "place", "only_in"}
"""Kinds whose limits are never tighter or looser than each other: they change, or a parameter comes or goes."""


def test_every_kind_of_rule_is_changed_both_ways() -> None:
    changes = [line.split() for row in ALL for line in (*row.forth, *row.back)]
    moved = {(rule.rpartition(".")[2], word) for rule, word, *_ in changes}
    kinds = {name for name, kind in KINDS.items() if not kind.structure} - ONE_WAY
    assert {(kind, word) for kind in kinds for word in ("tightened", "loosened")} <= moved
    assert {("type", "changed"), ("place", "changed"), ("only_in", "removed")} <= moved


def test_there_are_enough_of_them() -> None:
    assert sum(bool(lines) for row in ALL for lines in (row.forth, row.back)) >= 60


@pytest.mark.parametrize("row", LIMITS, ids=lambda row: row.name)
def test_a_limit(row: Row, plain: Path, base: Ir, tmp_path: Path) -> None:
    check(row, plain, base, tmp_path)


@pytest.mark.parametrize("row", [*CONTESTED, *DEFAULTS, *OFFERED, *SERVICES], ids=lambda row: row.name)
def test_a_change(row: Row, lumen: Ir, tmp_path: Path) -> None:
    check(row, EXTRA, lumen, tmp_path)


@pytest.mark.parametrize("row", DASHSCOPE, ids=lambda row: row.name)
def test_a_change_of_our_own_specs(row: Row, ir: Ir, tmp_path: Path) -> None:
    check(row, SPECS, ir, tmp_path)


def test_a_deprecation_is_told_wherever_the_model_is(tmp_path: Path) -> None:
    known = resolved(
        edited(EXTRA, tmp_path, (LUMEN, "    note: Draws in fewer steps\n", "    deprecated: 2031-12-31\n"))
    )
    told = "is deprecated, and gone after 2031-12-31"
    _, family, _ = known.find("aurora-1-fast")
    classes = surface.module(known, family, models.names(known)["lumen"]).classes
    assert [told in made.doc for made in classes] == [False, True]
    assert told in targets.emit("docs", known)["docs/lumen/aurora-1-fast.md"]
    assert commands.show(known, "aurora-1-fast").data["deprecated"] == ["2031-12-31"]


def _less(provider: ir_.Provider) -> Iterator[ir_.Provider]:
    """The provider, each time without something that the next one might have."""
    optional = {"images": None, "uploads": None, "tasks": None, "environment": {}, "stream": {}, "regions": ()}
    yield from (replace(provider, **{name: nothing}) for name, nothing in optional.items())
    yield replace(provider, auth=replace(provider.auth, workspace="", note="", refused=()))
    yield replace(provider, errors=replace(provider.errors, codes={}, rules={}, status_200_too=False))
    yield replace(provider, transports=provider.transports[:1], hosts={})
    if provider.tasks:
        bare = {
            "list": "",
            "list_query": {},
            "list_answer": None,
            "cancel": "",
            "cancelable": (),
            "zone": "",
            "rate": "",
        }
        yield replace(provider, tasks=replace(provider.tasks, **bare, list_window=0, keep=0))
    if provider.uploads:
        yield replace(provider, uploads=replace(provider.uploads, expires=0, keep=0, bytes=0, rate=""))
    if provider.images:
        yield replace(provider, images=replace(provider.images, keep=0))


def test_every_key_of_a_provider_has_a_policy(ir: Ir, lumen: Ir) -> None:
    for known in (ir, lumen):
        for provider in known.providers:
            for less in _less(provider):
                one, other = replace(known, providers=(provider,)), replace(known, providers=(less,))
                assert bool([*providers(one, other)]) == (less != provider)
                assert bool([*providers(other, one)]) == (less != provider)


def test_figures_are_told_as_a_spec_writes_them(lumen: Ir, tmp_path: Path) -> None:
    other = resolved(edited(EXTRA, tmp_path, (SERVICE, "keep: 12 h", "keep: 90 s"), (SERVICE, "..2 MB", "..2048 KB")))
    (change,) = diff.compare(lumen, other)
    assert (change.old, change.new) == ("12 h", "90 s")
    assert change.sentence == "`tasks.keep` is `90 s`; before: `12 h`"
