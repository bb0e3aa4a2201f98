"""THE table: every kind of rule, and everything that anyone needs to know of it.

A kind's meaning is its lowering to `expr`, from which languages, JSON Schema among them, are printed. Its sentence is
what docs and messages say, its edges the values just inside and just outside. An author writes `range: 1..4` and never
an expression.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from platemark.ir import Verdict
from platemark.rules import directions, edges, forms, meanings, narrowing, sentences, steps, values
from platemark.rules.directions import Direction, Inside
from platemark.rules.edges import EdgesOf
from platemark.rules.edges import none as no_edges
from platemark.rules.forms import Form
from platemark.rules.meanings import Args, Lowered, Subject
from platemark.rules.narrowing import Beyond, Narrow
from platemark.rules.sentences import NOUNS, bounds, either
from platemark.rules.steps import StepsOf


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of rule.

    `lower` gives None for what can't be told from a request (a language model's tokens): such rules are printed, never
    judged. Limits of pictures hold of those in data URIs. `structure` kinds are judged by the reader of bodies."""

    name: str
    form: Form
    """What a spec writes, as arguments, and back."""
    sentence: Callable[[Args], str]
    lower: Callable[[Subject, Args], Lowered | None]
    edges: EdgesOf = no_edges
    """Values just inside and just outside."""
    steps: StepsOf = steps.none
    """The smallest changes of what a spec writes, and which way is tighter."""
    inside: Inside = directions.equal
    """Whether another limit of the kind, or of its slot, accepts all that this one accepts."""
    opens: bool = False
    """Without a rule of the kind less is accepted, not more."""
    unshown: str = ""
    """Why no vector and no probe breaks it, where that is so for every rule of the kind."""
    narrow: Narrow = narrowing.same
    """What it leaves to choose of a domain: strategies draw from that."""
    beyond: Beyond = narrowing.nowhere
    """Where nothing but it is broken, further outside than its edges."""
    written: Mapping[str, Any] | None = None
    """How a spec writes it, as JSON Schema with `$defs` of the meta-schema; None for what no line of a spec states."""
    on: tuple[str, ...] = ()
    """The types that the kind can limit; empty: any."""
    verdict: Verdict = "reject"
    structure: bool = False

    def parse(self, written: Any) -> Args:
        """What a spec writes, as arguments."""
        return self.form.parse(written)

    def spell(self, args: Args) -> Any:
        """Arguments as a spec writes them."""
        return self.form.spell(args)

    def compare(self, old: Args, new: Args) -> Direction:
        """Which way a limit moved."""
        return directions.of(self.inside(new, old), self.inside(old, new))


# ── The table ───────────────────────────────────────────────────────────────────────────────────────────────────────


def _structure(
    name: str,
    sentence: Callable[[Args], str],
    edges_of: EdgesOf = no_edges,
    inside: Inside = directions.equal,
) -> Kind:
    return Kind(name, forms.word("what"), sentence, meanings.untold, edges=edges_of, inside=inside, structure=True)


_TEXTS, _LISTS, _FILES = ("text",), ("images", "list"), ("images",)

_TABLE = (
    Kind(
        "type",
        forms.word("type"),
        sentences.of_type,
        meanings.type_,
        inside=directions.same("type"),
        edges=edges.of_type,
        written={"description": "What it is.", "enum": list(NOUNS)},
    ),
    Kind(
        "required",
        forms.word("required"),
        lambda _: "is required",
        meanings.required,
        inside=directions.any_two,
        edges=edges.required,
        steps=steps.wanted,
        narrow=narrowing.needed,
        written={"description": "Whether it must be there; a text also not empty.", "type": "boolean"},
    ),
    Kind(
        "range",
        forms.SPAN,
        lambda a: f"must be {bounds(a['low'], a['high'])}",
        meanings.measured("integer", "integer"),
        on=("integer",),
        inside=directions.chosen,
        edges=edges.in_range,
        steps=steps.span(),
        narrow=narrowing.span,
        beyond=narrowing.outside,
        written={"description": "Least and greatest value.", "$ref": "#/$defs/span"},
    ),
    Kind(
        "one_of",
        forms.word("among"),
        lambda a: f"must be {either([values.shown(v) for v in a['among']])}",
        meanings.one_of,
        on=("integer", "text", "size", "boolean"),
        inside=directions.chosen,
        edges=edges.among,
        steps=steps.listed,
        narrow=narrowing.listed,
        written={
            "description": "The values that it may have.",
            "type": "array",
            "items": {"$ref": "#/$defs/scalar"},
            "minItems": 1,
            "uniqueItems": True,
        },
    ),
    Kind(
        "fixed",
        forms.FIXED,
        lambda a: f"must be {values.shown(a['among'][0])}",
        meanings.one_of,
        on=("integer", "text", "size", "boolean"),
        inside=directions.chosen,
        edges=edges.among,
        narrow=narrowing.listed,
        written={"description": "The one value that it may have; also its default.", "$ref": "#/$defs/scalar"},
    ),
    Kind(
        "length",
        forms.LENGTH,
        lambda a: f"holds {bounds(a['low'], a['high'], a['unit'])}",
        meanings.length,
        on=_TEXTS,
        inside=directions.length,
        edges=edges.in_length,
        narrow=narrowing.span,
        beyond=narrowing.outside,
        written={
            "description": "How many characters (code points), or tokens of a language model, which can't be judged.",
            "type": "string",
            "pattern": "^(\\d{1,6})?\\.\\.\\d{1,6}( tokens)?$",
        },
    ),
    Kind(
        "count",
        forms.SPAN,
        lambda a: f"holds {bounds(a['low'], a['high'], 'items')}",
        meanings.count,
        on=_LISTS,
        inside=directions.span,
        edges=edges.in_count,
        steps=steps.span(0),
        narrow=narrowing.count,
        beyond=narrowing.outside,
        written={"description": "How many items.", "$ref": "#/$defs/few"},
    ),
    Kind(
        "schemes",
        forms.word("among"),
        sentences.schemes,
        meanings.schemes,
        on=_FILES,
        inside=directions.among,
        edges=edges.schemes,
        steps=steps.schemes,
        narrow=narrowing.schemes,
        written={
            "description": "How a picture may be given.",
            "type": "array",
            "items": {"enum": ["http", "https", "data", "oss"]},
            "minItems": 1,
            "uniqueItems": True,
        },
    ),
    Kind(
        "area",
        forms.AREA,
        sentences.area,
        meanings.area,
        on=("size",),
        inside=directions.span,
        edges=edges.area,
        steps=steps.area,
        narrow=narrowing.area,
        beyond=narrowing.outside_area,
        written={
            "description": "Width times height of an explicit W*H, such as 768*768..2048*2048.",
            "$ref": "#/$defs/area",
        },
    ),
    Kind(
        "side",
        forms.SPAN,
        lambda a: f"each side must be {bounds(a['low'], a['high'], 'pixels')}",
        meanings.side,
        on=("size", "images"),
        inside=directions.span,
        edges=edges.side,
        steps=steps.span(1),
        narrow=narrowing.side,
        beyond=narrowing.outside_side,
        written={"description": "Each side in pixels.", "$ref": "#/$defs/span"},
    ),
    Kind(
        "ratio",
        forms.RATIO,
        lambda a: "width to height must be {}:{} to {}:{}".format(*a["low"], *a["high"]),
        meanings.ratio,
        on=("size", "images"),
        inside=directions.ratio,
        edges=edges.ratio,
        steps=steps.ratio,
        narrow=narrowing.ratio,
        beyond=narrowing.outside_ratio,
        written={
            "description": "Width to height, such as 1:4..4:1.",
            "type": "string",
            "pattern": "^[1-9]\\d{0,4}:[1-9]\\d{0,4}\\.\\.[1-9]\\d{0,4}:[1-9]\\d{0,4}$",
        },
    ),
    Kind(
        "tokens",
        forms.TOKENS,
        lambda a: f"must be W*H, or {either(a['among'])}",
        meanings.tokens,
        on=("size",),
        inside=directions.words,
        opens=True,
        edges=edges.in_tokens,
        steps=steps.words,
        narrow=narrowing.words,
        written={
            "description": "Words for sizes, and the nominal pixels of each.",
            "type": "object",
            "additionalProperties": {"$ref": "#/$defs/size"},
            "minProperties": 1,
            "propertyNames": {"description": "Words such as 2K.", "pattern": "^[1-9]\\d{0,2}K$"},
        },
    ),
    Kind(
        "rounds",
        forms.word("step"),
        lambda a: f"is rounded to multiples of {a['step']}",
        meanings.rounds,
        on=("size",),
        verdict="adjust",
        inside=directions.step,
        edges=edges.rounds,
        steps=steps.step,
        narrow=narrowing.step,
        written={
            "description": "The service rounds explicit sizes to multiples of this.",
            "type": "integer",
            "minimum": 2,
        },
    ),
    Kind(
        "formats",
        forms.word("among"),
        lambda a: f"must be {either(a['among'])}",
        meanings.formats,
        narrow=narrowing.formats,
        on=_FILES,
        inside=directions.among,
        edges=edges.formats,
        written={
            "description": "File formats of pictures.",
            "type": "array",
            "items": {"description": "Capitals, such as PNG.", "type": "string", "pattern": "^[A-Z]+$"},
            "minItems": 1,
            "uniqueItems": True,
        },
    ),
    Kind(
        "alpha",
        forms.word("is"),
        lambda a: f"an alpha channel is {a['is']}",
        meanings.alpha,
        on=_FILES,
        inside=directions.alpha,
        edges=edges.alpha,
        written={"description": "What becomes of an alpha channel.", "enum": ["refused", "ignored"]},
    ),
    Kind(
        "bytes",
        forms.BYTES,
        lambda a: f"each file has at most {a['text']}",
        meanings.file_size,
        on=_FILES,
        inside=directions.most,
        unshown="a request that breaks it is as large as the file",
        written={
            "description": "Size of a file, such as ..10 MB.",
            "type": "string",
            "pattern": "^\\.\\.\\d{1,6} (KB|MB|GB)$",
        },
    ),
    Kind(
        "same_length",
        forms.word("as"),
        lambda a: f"must have as many items as {a['as']}",
        meanings.same_length,
        on=_LISTS,
        edges=edges.same_length,
        narrow=narrowing.as_many,
        written={
            "description": "As many items as this parameter has.",
            "type": "string",
            "pattern": "^[a-z][a-z0-9_]*$",
        },
    ),
    Kind(
        "sums_to",
        forms.SUMS,
        lambda a: f"the {a['field']}s must add up to {a['text']}",
        meanings.sums_to,
        on=("list",),
        edges=edges.sums_to,
        narrow=narrowing.shares,
        written={
            "description": "A field of the items, and what it adds up to, such as ratio: 100.00%.",
            "type": "object",
            "additionalProperties": {
                "description": "A share with two decimals, such as 100.00%.",
                "type": "string",
                "pattern": "^\\d{1,4}\\.\\d{2}%$",
            },
            "minProperties": 1,
            "maxProperties": 1,
            "propertyNames": {"$ref": "#/$defs/name"},
        },
    ),
    Kind(
        "requires",
        forms.word("of"),
        lambda a: "needs " + " and ".join(f"{k}={values.shown(v)}" for k, v in a["of"].items()),
        meanings.requires,
        inside=directions.requires,
        edges=edges.requires,
        narrow=narrowing.needs,
        written={
            "description": "Other parameters, and the values that they must have.",
            "type": "object",
            "additionalProperties": {"$ref": "#/$defs/scalar"},
            "minProperties": 1,
            "propertyNames": {"$ref": "#/$defs/name"},
        },
    ),
    Kind(
        "unsupported",
        forms.word("for"),
        lambda a: f"is not supported by {a['for']}",
        meanings.absent,
        inside=directions.any_two,
        edges=edges.given,
        narrow=narrowing.barred,
    ),
    Kind(
        "only_in",
        forms.word("modes"),
        lambda a: f"works only in {either(a['modes'])}",
        meanings.absent,
        inside=directions.any_two,
        edges=edges.given,
        narrow=narrowing.barred,
    ),
    _structure("place", lambda a: f"belongs at {a['what']}"),
    _structure("unknown", lambda _: "no document knows this key", edges.unknown),
    _structure("shape", lambda a: f"must be {a['what']}", inside=directions.shapes),
    _structure("model", lambda a: f"must be {a['what']}"),
    _structure("route", lambda a: f"goes by {a['what']}"),
    _structure("payload", lambda a: f"the body must be of the style {a['what']}"),
)

SLOT = ("range", "one_of", "fixed")
"""One slot: a parameter has one of these."""
KINDS: Mapping[str, Kind] = {kind.name: kind for kind in _TABLE}
"""By name, in the order in which rules are judged and printed."""
