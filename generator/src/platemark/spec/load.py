"""From a folder of YAML to a Spec: read strictly, check against the meta-schema, and mirror as values."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from platemark import source
from platemark.ir import Document
from platemark.problems import Invalid, Place, Problem
from platemark.source import Keys, Tree
from platemark.spec import shape
from platemark.spec.model import Example, Family, Layer, Layers, Losing, Mode, Model, Provider, Route, Spec, Stated


def load(folder: Path) -> Spec:
    """Load all specs under `folder`; raises `Invalid` with every problem of reading and shape."""
    trees, problems = source.read_folder(folder)
    for name, tree in trees.items():
        problems += shape.check(tree, _kind(name))
        if "/" in name and f"{name.partition('/')[0]}/provider.yaml" not in trees:
            problems.append(Problem("no-provider", "this folder has no provider.yaml", Place(tree.file, 1, 1, 1, 1)))
    if problems:
        raise Invalid(problems)
    of_kind = {kind: [name for name in trees if _kind(name) == kind] for kind in ("provider", "family")}
    return Spec(
        _documents(trees["documents.yaml"]),
        tuple(_provider(name.partition("/")[0], trees[name]) for name in of_kind["provider"]),
        tuple(_Reader(trees[name]).family(Path(name).stem, name.partition("/")[0]) for name in of_kind["family"]),
        trees["documents.yaml"],
    )


def _kind(name: str) -> shape.SchemaName:
    return "documents" if name == "documents.yaml" else "provider" if name.endswith("/provider.yaml") else "family"


def _documents(tree: Tree) -> tuple[Document, ...]:
    assert isinstance(tree.data, dict)
    return tuple(Document(id=name, **facts) for name, facts in tree.data.items())  # type: ignore[arg-type]


def _provider(name: str, tree: Tree) -> Provider:
    reader = _Reader(tree)
    data: Any = tree.data
    return Provider(
        name,
        reader.sources(),
        reader.layers(("parameters",), "provider"),
        {key: _tuple(value) for key, value in data.get("evidence", {}).items()},
        reader.conflicts(),
        tree,
    )


def _tuple(value: Any) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)


class _Reader:
    """Turns the tree of one file into values; the meta-schema has approved its shape."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self.data: Any = tree.data

    def get(self, path: Keys, default: Any = None) -> Any:
        here = self.data
        for key in path:
            if not isinstance(here, dict) or key not in here:
                return default
            here = here[key]
        return here

    def family(self, name: str, provider: str) -> Family:
        return Family(
            name, provider, self.data["about"], self.sources(),
            {model: self.model(model) for model in self.data["models"]},
            {route: self.route(route) for route in self.data["routes"] if route != "from"},
            {mode: self.mode(("modes", mode), "mode") for mode in self.data["modes"]},
            str(self.data.get("makes", "")), self.data.get("result", ""),
            self.layers(("parameters",), "family"), self.unsupported(("unsupported",), "family"),
            self.data.get("errors", {}), self.examples(), self.conflicts(), self.tree,
        )  # fmt: skip

    def sources(self) -> dict[str, tuple[str, ...]]:
        return {document: _tuple(places) for document, places in self.data["sources"].items()}

    def froms(self, path: Keys) -> tuple[tuple[str, ...] | None, Mapping[str, tuple[str, ...]]]:
        """The documents of a line as a whole, and those of single keys."""
        value = self.get((*path, "from"))
        if isinstance(value, dict):
            return None, {key: _tuple(documents) for key, documents in value.items()}
        return (_tuple(value) if value is not None else None), {}

    def layers(self, path: Keys, layer: str) -> Layers:
        return {name: self.layer((*path, name), layer) for name in self.get(path) or {}}

    def layer(self, path: Keys, layer: str) -> Layer:
        value = self.get(path)
        if value == "shared":
            return Layer(self.tree.place(path), {})
        whole, by_key = self.froms(path)
        return self._layer(path, layer, whole, by_key)

    def _layer(self, path: Keys, layer: str, whole: tuple[str, ...] | None,
               by_key: Mapping[str, tuple[str, ...]], prefix: str = "") -> Layer:  # fmt: skip
        def stated(key: str, *inside: str) -> Stated:
            dotted = prefix + key
            documents = by_key.get(dotted) or by_key.get(dotted.partition(".")[0]) or whole
            return Stated(
                self.get((*path, *inside, key.rpartition(".")[2])),
                self.tree.place((*path, *inside, key.rpartition(".")[2])),
                layer,
                documents,
            )  # noqa: E501

        value: dict[str, Any] = self.get(path)
        special = {"from", "items", "fields", "soft"}
        items = self._layer((*path, "items"), layer, whole, by_key, f"{prefix}items.") if "items" in value else None
        return Layer(
            self.tree.place(path),
            {key: stated(key) for key in value if key not in special},
            whole,
            items,
            {
                n: self._layer((*path, "fields", n), layer, whole, by_key, f"{prefix}{n}.")
                for n in value.get("fields", {})
            },
            {key: stated(f"soft.{key}", "soft") for key in value.get("soft", {})},
        )

    def unsupported(self, path: Keys, layer: str) -> dict[str, Stated]:
        value = self.get(path) or {}
        if isinstance(value, list):
            return {name: Stated(name, self.tree.place((*path, i)), layer) for i, name in enumerate(value)}
        return {
            name: Stated(name, self.tree.place((*path, document, i)), layer, (document,))
            for document, names in value.items()
            for i, name in enumerate(names)
        }

    def mode(self, path: Keys, layer: str) -> Mode:
        value = self.get(path)
        name = str(path[-1])
        layer = f"mode:{name}" if layer == "mode" else "model"
        return Mode(
            name, value.get("about", ""), value.get("when", {}), tuple(value.get("routes", ())),
            str(value.get("makes", "")), value.get("result", ""), self.layers((*path, "parameters"), layer),
            self.unsupported((*path, "unsupported"), layer), value.get("note", ""), self.tree.place(path),
        )  # fmt: skip

    def route(self, name: str) -> Route:
        path: Keys = ("routes", name)
        value = self.get(path)
        whole, by_key = self.froms(("routes",))
        documents = by_key.get(name) or whole
        long = value if isinstance(value, dict) else {"endpoint": value}
        return Route(
            name, long["endpoint"], long.get("result", ""),
            self.layers((*path, "parameters"), f"route:{name}"), self.unsupported((*path, "unsupported"), f"route:{name}"),
            Stated(long["endpoint"], self.tree.place(path), "family", documents),
        )  # fmt: skip

    def model(self, name: str) -> Model:
        path: Keys = ("models", name)
        value = self.get(path)
        whole, by_key = self.froms(path)
        facts = {
            key: Stated(value[key], self.tree.place((*path, key)), "model", by_key.get(key) or whole)
            for key in ("alias", "regions", "price", "limits")
            if key in value
        }
        for key, documents in by_key.items():  # price.USD: one currency of the prices
            if key.startswith("price."):
                facts[key] = Stated(None, self.tree.place((*path, "from", key)), "model", documents)
        return Model(
            name, value.get("like", ""), tuple(value.get("routes", ())),
            self.layers((*path, "parameters"), "model"), self.unsupported((*path, "unsupported"), "model"),
            {mode: self.mode((*path, "modes", mode), "model") for mode in value.get("modes", {})},
            facts, value.get("note", ""), Stated(name, self.tree.place(path), "model", whole),
        )  # fmt: skip

    def examples(self) -> tuple[Example, ...]:
        return tuple(
            Example(
                value.get("mode", ""), value["given"], value.get("breaks", ""), value.get("becomes", {}),
                Stated(value["given"], self.tree.place(("examples", i)), "family", _tuple(value["from"])),
            )
            for i, value in enumerate(self.data.get("examples", []))
        )  # fmt: skip

    def conflicts(self) -> dict[str, Losing]:
        decision = {"clause", "because", "verdict"}
        return {
            key: Losing(
                key, {document: reading for document, reading in value.items() if document not in decision},
                value["clause"], value["because"], value.get("verdict", ""), self.tree.place(("conflicts", key)),
            )
            for key, value in self.data.get("conflicts", {}).items()
        }  # fmt: skip
