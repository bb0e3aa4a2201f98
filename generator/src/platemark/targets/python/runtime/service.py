"""Which service a client talks to: address, key and catalogue. Frozen; it holds no connection."""

from __future__ import annotations

import importlib
import logging
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import cast
from urllib.parse import SplitResult, urlsplit

from platemark_images._runtime.errors import ConfigurationError
from platemark_images._runtime.ir import Family, Provider, Region, RouteName

LOG = logging.getLogger(__name__.partition(".")[0])
_PICTURE = re.compile(r"(data:[\w/+.-]*;base64,)[\w/+=-]+")


@dataclass(frozen=True, slots=True)
class Service:
    """A service as one client uses it; `region` is the id of the one that it is in, empty where only an address is known."""

    provider: Provider
    base_url: str
    key: str | None = field(default=None, repr=False)
    region: str = ""
    workspace: str = ""

    def headers(self, route: RouteName | None = None, *, masked: bool = False) -> dict[str, str]:
        """Headers of a request; `masked` ones show the key's environment variable in its place.

        Raises ConfigurationError without a key, unless they are masked."""
        provider = self.provider
        key = f"${provider.env}" if masked else self.key
        if not key:
            raise ConfigurationError(f"no key: set {provider.env}, or give api_key= to {provider.client}")
        chosen: Mapping[str, str] = provider.headers[route] if route else {}
        named = {provider.workspace: self.workspace} if provider.workspace and self.workspace else {}
        return {provider.header: provider.credential.replace("{key}", key), **named, **chosen}

    def without_secrets(self, text: str) -> str:
        """A text of somebody else, who may repeat what was sent: without the key, and without pictures."""
        text = _PICTURE.sub(r"\1…", text)
        return text.replace(self.key, "…") if self.key else text

    def family(self, model: str, like: str | None = None) -> tuple[Family, str]:
        """The rules of a model's family, imported when they are first needed, and the id of the model that has them.

        `like` names a model or a family for an id that is newer than this client. Raises ConfigurationError for an
        unknown one, naming the nearest ones."""
        known = self.provider.models
        _named("model", model)
        if like is not None:
            _named("family", like)
        if model in known:
            found = family(self.provider, model)
            if like not in {None, found.name} and (like not in known or family(self.provider, str(like)) is not found):
                raise ConfigurationError(f"{model} is of the family {found.name}, not of {like!r}: leave family= out")
            return found, model
        if like is None:
            said = str(unknown("model", model, known))
            stop = "" if said.endswith("?") else "."
            raise ConfigurationError(f"{said}{stop} For a snapshot that is newer than this client, give family= too")
        named = [name for name in known if family(self.provider, name).name == like]
        begins = [name for name in named if model.startswith(name)]
        if begins or like in known:
            same = max(begins, key=len) if begins else like
            return family(self.provider, same), same
        if not named:
            families = {family(self.provider, name).name for name in known}
            raise unknown("family", like, sorted({*families, *known}))
        raise ConfigurationError(f"{model!r} begins like no model of {like}: give the model whose rules it has as family=; "
                                 f"there are {', '.join(named)}")  # fmt: skip


    def has_tasks(self, model: str, mode: str, like: str | None = None) -> bool:
        """Whether a mode of a model goes by the task route here: some regions offer one route only."""
        family, known = self.family(model, like)
        here = family.model(known).regions.get(self.region, "any")
        return here in {"any", "task"} and any((o.mode, o.route) == (mode, "task") for o in family.by_model[known])


def family(provider: Provider, model: str) -> Family:
    """The rules of a model that the provider lists."""
    return cast("Family", importlib.import_module(provider.models[model]).FAMILY)


def connect(
    provider: Provider, *, api_key: str | None, region: str | None, base_url: str | None, workspace: str | None
) -> Service:
    """Settle address and key: what is not given comes from the environment, and an address goes before a region.

    Raises ConfigurationError when neither region nor base address is known, and for what can't be one."""
    key = _text(provider, "api_key", api_key)
    if key and (not key.isascii() or not key.isprintable() or key != key.strip()):
        raise ConfigurationError("the key holds characters that no key has; was it copied with a line break?")
    if key.startswith(provider.refused):
        LOG.warning("the key begins with %s: such keys can't make pictures", ", ".join(provider.refused))
    place, address = _text(provider, "region", region), _text(provider, "base_url", base_url)
    own = _text(provider, "workspace", workspace)
    if any(letter.isspace() or not letter.isprintable() for letter in address):
        raise ConfigurationError(f"base_url must be an address without spaces and line breaks, not {address!r}")
    if own and not own.replace("-", "").replace("_", "").isalnum():
        raise ConfigurationError(f"{own!r} is not a workspace id")
    found = _region(provider, place) if place else provider.regions[0] if len(provider.regions) == 1 else None
    if address:
        full = _complete(provider, address)
        at = _at(provider, full)
        if at and found and at != found:
            said = f"base_url {full} is in {_choices([at])}, and region says {_choices([found])}"
            if region or base_url is None:
                raise ConfigurationError(f"{said}: leave one of them out, in the environment, too")
            LOG.warning("%s, by the environment: the address goes before it", said)
        elif region and base_url is None and not at:
            LOG.warning("region=%r is not asked: the environment names the base address %s", region, address)
        settled = at or found
        return Service(provider, full, key or None, settled.id if settled else "", own)
    if found is None:
        raise ConfigurationError(f"{provider.client} needs region= (or base_url=): {_choices(provider.regions)}")
    return Service(provider, _address(provider, found, own), key or None, found.id, own)


def _text(provider: Provider, name: str, given: object) -> str:
    """A setting that is given, or that a variable of the environment holds."""
    if given is None:
        names = provider.environment.get(name, ())
        return next((value for variable in names if (value := os.environ.get(variable, ""))), "")
    if not isinstance(given, str):
        raise ConfigurationError(f"{name} must be text, not {type(given).__name__}")
    return given


def _region(provider: Provider, name: str) -> Region:
    found = next((r for r in provider.regions if name in {r.id, r.alias}), None)
    if found is None:
        raise ConfigurationError(f"unknown region {name!r}; there are {_choices(provider.regions)}")
    return found


def _address(provider: Provider, region: Region, workspace: str) -> str:
    form = "workspace" if workspace else "region"
    if form not in provider.hosts:
        raise ConfigurationError(f"{provider.client} knows no addresses of workspaces")
    if form == "region" and not region.host:
        raise ConfigurationError(f"region {region.id} answers at workspace addresses only: give workspace= too")
    return _filled(provider.hosts[form], {"host": region.host, "workspace": workspace, "region": region.id})


def _at(provider: Provider, address: str) -> Region | None:
    """The region that an address is in: it has its host, or that of a workspace there."""
    host = urlsplit(address).hostname or ""
    for region in provider.regions:
        form = {"host": region.host, "workspace": host.partition(".")[0], "region": region.id}
        own = urlsplit(_filled(provider.hosts.get("workspace", ""), form)).hostname
        if host in {region.host, own}:
            return region
    return None


def _complete(provider: Provider, base_url: str) -> str:
    """A base address with the path that every address of the service ends its base with; what is changed is told."""
    try:
        parts = urlsplit(base_url)
    except ValueError as error:
        raise ConfigurationError(f"base_url must be an http(s) address, not {base_url!r}: {error}") from None
    if parts.scheme not in {"http", "https"} or not parts.hostname or not _has_port(parts):
        raise ConfigurationError(f"base_url must be an http(s) address, not {base_url!r}")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ConfigurationError("base_url must be an address alone: no user, password, query or fragment")
    plain = base_url.rstrip("/")
    if plain.endswith(provider.base_path):
        return plain
    # At a host of the service's own, another path is that of another of its interfaces.
    own = any(parts.hostname == region.host for region in provider.regions)
    full = (f"{parts.scheme}://{parts.netloc}" if own else plain) + provider.base_path
    # Nobody is surprised that a host alone is not the whole address; a path may be meant as it is.
    level = logging.WARNING if parts.path.strip("/") else logging.INFO
    LOG.log(level, "base_url %s does not end with %s: using %s", plain, provider.base_path, full)
    return full


def _has_port(parts: SplitResult) -> bool:
    try:
        return parts.port is None or parts.port > 0
    except ValueError:
        return False


def _filled(template: str, values: Mapping[str, str]) -> str:
    for name, value in values.items():
        template = template.replace(f"{{{name}}}", value)
    return template


def _choices(regions: Iterable[Region]) -> str:
    return ", ".join(f"{region.id} ({region.alias})" if region.alias else region.id for region in regions)


def _named(what: str, name: object) -> None:
    """Refuse a name that is no text, as None is where a variable was never set."""
    if not isinstance(name, str):
        raise ConfigurationError(f"{what} must be text, not {'None' if name is None else type(name).__name__}")


def unknown(what: str, name: str, known: Iterable[str]) -> ConfigurationError:
    """An error for a name that nobody knows, with the nearest known ones."""
    import difflib

    _named(what, name)
    choices = list(known)
    near = difflib.get_close_matches(name, choices, n=3) or (choices if len(choices) < 4 else [])
    hint = f"did you mean {' or '.join(near)}?" if near else f"known: {', '.join(choices)}"
    return ConfigurationError(f"unknown {what} {name!r}; {hint}")
