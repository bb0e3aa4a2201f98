"""Which service a client talks to: address, key and catalogue. Frozen; it holds no connection."""

from __future__ import annotations

import importlib
import logging
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import cast
from urllib.parse import urlsplit

from platemark_images._runtime.errors import ConfigurationError
from platemark_images._runtime.ir import Family, Provider, Region, RouteName

LOG = logging.getLogger("platemark_images")


@dataclass(frozen=True, slots=True)
class Service:
    """A service as one client uses it."""

    provider: Provider
    base_url: str
    key: str | None = field(default=None, repr=False)

    def headers(self, route: RouteName | None = None, *, masked: bool = False) -> dict[str, str]:
        """Headers of a request; `masked` ones show the key's environment variable in its place.

        Raises ConfigurationError without a key, unless they are masked."""
        provider = self.provider
        key = f"${provider.env}" if masked else self.key
        if not key:
            raise ConfigurationError(f"no key: set {provider.env}, or give api_key= to {provider.client}")
        chosen: Mapping[str, str] = provider.headers[route] if route else {}
        return {provider.header: provider.credential.replace("{key}", key), **chosen}

    def family(self, model: str) -> Family:
        """The rules of a model's family, imported when they are first needed.

        Raises ConfigurationError for an unknown model, naming the nearest ones."""
        if model not in self.provider.models:
            raise unknown("model", model, self.provider.models)
        return family(self.provider, model)


def family(provider: Provider, model: str) -> Family:
    """The rules of a model that the provider lists."""
    return cast("Family", importlib.import_module(provider.models[model]).FAMILY)


def connect(
    provider: Provider, *, api_key: str | None, region: str | None, base_url: str | None, workspace: str | None
) -> Service:
    """Settle address and key. Raises ConfigurationError when neither region nor base address is known."""
    key = api_key if api_key is not None else os.environ.get(provider.env) or None
    if key is not None and (not key.isascii() or not key.isprintable() or key != key.strip()):
        raise ConfigurationError("the key holds characters that no key has; was it copied with a line break?")
    if base_url is not None:
        return Service(provider, _complete(provider, base_url), key)
    if region is None:
        raise ConfigurationError(f"{provider.client} needs region= (or base_url=): {_choices(provider.regions)}")
    return Service(provider, _address(provider, region, workspace), key)


def _address(provider: Provider, region: str, workspace: str | None) -> str:
    found = next((r for r in provider.regions if region in {r.id, r.alias}), None)
    if found is None:
        raise ConfigurationError(f"unknown region {region!r}; there are {_choices(provider.regions)}")
    form = "workspace" if workspace else "region"
    if form not in provider.hosts:
        raise ConfigurationError(f"{provider.client} knows no addresses of workspaces")
    if form == "region" and not found.host:
        raise ConfigurationError(f"region {found.id} answers at workspace addresses only: give workspace= too")
    if workspace and not workspace.replace("-", "").replace("_", "").isalnum():
        raise ConfigurationError(f"{workspace!r} is not a workspace id")
    values = {"host": found.host, "workspace": workspace or "", "region": found.id}
    return _filled(provider.hosts[form], values)


def _complete(provider: Provider, base_url: str) -> str:
    """A base address with the path that every address of the service begins with, which is told when it is added."""
    parts = urlsplit(base_url)
    if parts.scheme not in {"http", "https"} or not parts.netloc:
        raise ConfigurationError(f"base_url must be an http(s) address, not {base_url!r}")
    plain = base_url.rstrip("/")
    if parts.path.strip("/") or not provider.base_path:
        return plain
    LOG.info("base_url has no path: using %s%s", plain, provider.base_path)
    return plain + provider.base_path


def _filled(template: str, values: Mapping[str, str]) -> str:
    for name, value in values.items():
        template = template.replace(f"{{{name}}}", value)
    return template


def _choices(regions: Iterable[Region]) -> str:
    return ", ".join(f"{region.id} ({region.alias})" if region.alias else region.id for region in regions)


def unknown(what: str, name: str, known: Iterable[str]) -> ConfigurationError:
    """An error for a name that nobody knows, with the nearest known ones."""
    import difflib

    choices = list(known)
    near = difflib.get_close_matches(name, choices, n=3) or (choices if len(choices) < 4 else [])
    hint = f"did you mean {' or '.join(near)}?" if near else f"known: {', '.join(choices)}"
    return ConfigurationError(f"unknown {what} {name!r}; {hint}")
