"""From a folder of YAML to a Spec: read strictly, check against the meta-schema, and mirror as values."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from platemark import source
from platemark.ir import Document
from platemark.plain import each, is_map, is_seq
from platemark.problems import Invalid, Problem
from platemark.source import Keys, Tree
from platemark.spec import shape
from platemark.spec.model import Example, Family, Layer, Layers, Losing, Mode, Model, Provider, Route, Spec, Stated


def load(folder: Path) -> Spec:
    """Load all specs under `folder`; raises `Invalid` with every problem of reading and shape."""
    spec, problems = load_sound(folder)
    if problems:
        raise Invalid(problems)
    return spec


def load_sound(folder: Path) -> tuple[Spec, list[Problem]]:
    """Load the specs that have the right shape, and whose provider has; and the problems of the others."""
    trees, problems = source.read_folder(folder)
    sound: dict[str, Tree] = {}
    for name, tree in trees.items():
        found = shape.check(tree, _kind(name))
        problems += found
        # Until documents are described, all else can be checked.
        unsound = [p for p in found if name != "documents.yaml" or p.code != "todo"]
        sound |= {} if unsound else {name: tree}
    if "documents.yaml" not in sound:  # without documents, nothing can be said of what cites them
        return Spec((), (), (), Tree("", {}, {}, {}), ""), problems
    families = [name for name in sound if _kind(name) == "family" and _provider_of(name) in sound]
    spec = Spec(
        _documents(sound["documents.yaml"]),
        tuple(_provider(name.partition("/")[0], sound[name]) for name in sound if _kind(name) == "provider"),
        tuple(_Reader(sound[name]).family(Path(name).stem, name.partition("/")[0]) for name in families),
        sound["documents.yaml"],
        source.digest(folder),
        _data(sound.get(source.VERSIONS)),
        sound.get(source.ACKNOWLEDGED),
    )
    return spec, problems


def _data(tree: Tree | None) -> dict[str, Any]:
    data: Any = tree.data if tree else {}
    return data


def _provider_of(name: str) -> str:
    return f"{name.partition('/')[0]}/provider.yaml"


def _kind(name: str) -> shape.SchemaName:
    if "/" not in name:
        kinds: Mapping[str, shape.SchemaName] = {source.VERSIONS: "versions", source.ACKNOWLEDGED: "acknowledged"}
        return kinds.get(name, "documents")
    return "provider" if name.endswith("/provider.yaml") else "family"


def _documents(tree: Tree) -> tuple[Document, ...]:
    data: Any = tree.data
    return tuple(_document(name, facts) for name, facts in data.items())


def _document(name: str, facts: dict[str, Any]) -> Document:
    # `held` may still be a slot: then nobody has the text.
    return Document(id=name, held=facts["held"] is True, **{key: facts[key] for key in facts if key != "held"})


def _provider(name: str, tree: Tree) -> Provider:
    reader = _Reader(tree)
    data: Any = tree.data
    return Provider(
        name,
        reader.sources(),
        reader.layers(("parameters",), "provider"),
        {key: each(value) for key, value in data.get("evidence", {}).items()},
        reader.conflicts(),
        tree,
    )


class _Reader:
    """Turns the tree of one file into values; the meta-schema has approved its shape."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self.data: Any = tree.data

    def family(self, name: str, provider: str) -> Family:
        return Family(
            name=name,
            provider=provider,
            about=self.data["about"],
            sources=self.sources(),
            models={model: self.model(model) for model in self.data["models"]},
            routes={route: self.route(route) for route in self.data["routes"] if route != "from"},
            modes={mode: self.mode(("modes", mode), f"mode:{mode}") for mode in self.data["modes"]},
            makes=str(self.data.get("makes", "")),
            result=self.data.get("result", ""),
            parameters=self.layers(("parameters",), "family"),
            unsupported=self.unsupported(("unsupported",), "family"),
            errors=self.data.get("errors", {}),
            examples=self.examples(),
            conflicts=self.conflicts(),
            tree=self.tree,
        )

    def sources(self) -> dict[str, tuple[str, ...]]:
        return {document: each(places) for document, places in self.data["sources"].items()}

    def froms(self, path: Keys) -> tuple[tuple[str, ...] | None, Mapping[str, tuple[str, ...]]]:
        """The documents of a line as a whole, and those of single keys."""
        value = self.tree.get((*path, "from"))
        if is_map(value):
            return None, {key: each(documents) for key, documents in value.items()}
        return (each(value) if value is not None else None), {}

    def layers(self, path: Keys, layer: str) -> Layers:
        return {name: self.layer((*path, name), layer) for name in self.tree.get(path, {})}

    def layer(self, path: Keys, layer: str) -> Layer:
        value = self.tree.get(path)
        if value == "shared":
            return Layer(self.tree.place(path), {})
        return self._layer(path, layer, *self.froms(path))

    def _layer(
        self,
        path: Keys,
        layer: str,
        whole: tuple[str, ...] | None,
        by_key: Mapping[str, tuple[str, ...]],
        *,
        inside: tuple[str, ...] = (),
    ) -> Layer:
        """A parameter's layer, or that of its items or of a field, whose documents its own line names `inside` it."""

        def stated(*keys: str) -> Stated:
            dotted = ".".join((*inside, *keys))
            documents = by_key.get(dotted) or by_key.get(dotted.partition(".")[0]) or whole
            return Stated(self.tree.get((*path, *keys)), self.tree.place((*path, *keys)), layer, documents)

        def below(name: str, path: Keys) -> Layer:
            return self._layer(path, layer, whole, by_key, inside=(*inside, name))

        value: dict[str, Any] = self.tree.get(path)
        return Layer(
            place=self.tree.place(path),
            facts={key: stated(key) for key in value if key not in {"from", "items", "fields", "soft", "known_as"}},
            whole=whole,
            items=below("items", path=(*path, "items")) if "items" in value else None,
            fields={name: below(name, path=(*path, "fields", name)) for name in value.get("fields", {})},
            soft={key: stated("soft", key) for key in value.get("soft", {})},
        )

    def unsupported(self, path: Keys, layer: str) -> dict[str, Stated]:
        value = self.tree.get(path, {})
        if is_seq(value):
            return {name: Stated(name, self.tree.place((*path, i)), layer) for i, name in enumerate(value)}
        return {
            name: Stated(name, self.tree.place((*path, document, i)), layer, (document,))
            for document, names in value.items()
            for i, name in enumerate(names)
        }

    def mode(self, path: Keys, layer: str) -> Mode:
        value = self.tree.get(path)
        return Mode(
            name=str(path[-1]),
            about=value.get("about", ""),
            when=value.get("when", {}),
            routes=tuple(value.get("routes", ())),
            makes=str(value.get("makes", "")),
            result=value.get("result", ""),
            parameters=self.layers((*path, "parameters"), layer),
            unsupported=self.unsupported((*path, "unsupported"), layer),
            note=value.get("note", ""),
            place=self.tree.place(path),
        )

    def route(self, name: str) -> Route:
        path: Keys = ("routes", name)
        value = self.tree.get(path)
        whole, by_key = self.froms(("routes",))
        long = value if is_map(value) else {"endpoint": value}
        endpoint, layer = long["endpoint"], f"route:{name}"
        return Route(
            name=name,
            endpoint=endpoint,
            result=long.get("result", ""),
            parameters=self.layers((*path, "parameters"), layer),
            unsupported=self.unsupported((*path, "unsupported"), layer),
            stated=Stated(endpoint, self.tree.place(path), "family", by_key.get(name) or whole),
        )

    def model(self, name: str) -> Model:
        path: Keys = ("models", name)
        value = self.tree.get(path)
        whole, by_key = self.froms(path)
        facts = {
            key: Stated(value[key], self.tree.place((*path, key)), "model", by_key.get(key) or whole)
            for key in ("alias", "regions", "price", "limits", "deprecated")
            if key in value
        }
        for key, documents in by_key.items():  # price.USD: one currency of the prices
            if key.startswith("price."):
                facts[key] = Stated(None, self.tree.place((*path, "from", key)), "model", documents)
        return Model(
            id=name,
            like=value.get("like", ""),
            routes=tuple(value.get("routes", ())),
            parameters=self.layers((*path, "parameters"), "model"),
            unsupported=self.unsupported((*path, "unsupported"), "model"),
            modes={mode: self.mode((*path, "modes", mode), "model") for mode in value.get("modes", {})},
            facts=facts,
            note=value.get("note", ""),
            stated=Stated(name, self.tree.place(path), "model", whole),
        )

    def examples(self) -> tuple[Example, ...]:
        return tuple(
            Example(
                mode=value.get("mode", ""),
                given=value["given"],
                breaks=value.get("breaks", ""),
                becomes=value.get("becomes", {}),
                stated=Stated(value["given"], self.tree.place(("examples", i)), "family", each(value["from"])),
            )
            for i, value in enumerate(self.data.get("examples", []))
        )

    def conflicts(self) -> dict[str, Losing]:
        decision = {"clause", "because", "verdict"}
        return {
            key: Losing(
                key=key,
                readings={document: reading for document, reading in value.items() if document not in decision},
                clause=value["clause"],
                because=value["because"],
                verdict=value.get("verdict", ""),
                place=self.tree.place(("conflicts", key)),
            )
            for key, value in self.data.get("conflicts", {}).items()
        }
