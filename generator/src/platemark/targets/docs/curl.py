"""A sample request as a curl command that can be pasted into a shell."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Mapping
from typing import Any

from platemark.ir import Auth, Family, Offer, Provider, Region
from platemark.rules import samples
from platemark.wire.requests import request

_PLAIN = re.compile(r"[\w :./=-]*", re.ASCII)


def curl(provider: Provider, family: Family, offer: Offer, values: Mapping[str, Any]) -> str:
    """The command for an offer with these values; the key comes from the provider's environment variable."""
    sent = request(provider, offer.endpoint, offer.route, samples.body(provider, offer, values), "{key}")
    url = base_address(provider, home(provider, family, offer)).removesuffix(provider.base_path) + sent["path"]
    headers = [f"-H {_auth(provider.auth) if name == provider.auth.header else shlex.quote(f'{name}: {value}')}"
               for name, value in sent["headers"].items()]  # fmt: skip
    start = f"curl {'--no-buffer ' if offer.route == 'stream' else ''}-X {sent['method']}"
    body = json.dumps(sent["body"], ensure_ascii=False, indent=2)
    return " \\\n  ".join([start, shlex.quote(url), *headers, "-d @- <<'JSON'"]) + f"\n{body}\nJSON"


def query(provider: Provider, template: str) -> str:
    """The command for a call about a task, such as `GET /tasks/{task_id}`; its id comes from `$TASK_ID`."""
    method, _, path = template.partition(" ")
    before, named, after = (base_address(provider, _first(provider)) + path).partition("{task_id}")
    url = shlex.quote(before) + ('"$TASK_ID"' + (shlex.quote(after) if after else "") if named else "")
    return f"curl -X {method} {url} \\\n  -H {_auth(provider.auth)}"


def home(provider: Provider, family: Family, offer: Offer) -> Region:
    """The first region with a host of its own that offers the model by this route."""
    stated = family.model(offer.model).regions
    there = [fact.value["region"] for fact in stated if fact.value["route"] in {"any", offer.route}]
    fitting = [region for region in provider.regions if region.host and (not stated or region.id in there)]
    return fitting[0] if fitting else _first(provider)


def base_address(provider: Provider, region: Region) -> str:
    """The address that all paths follow, in a region. A part that only the caller knows stays in braces."""
    template = provider.hosts["region"] if region.host else provider.hosts.get("workspace", provider.hosts["region"])
    return template.replace("{host}", region.host or "{host}").replace("{region}", region.id)


def _first(provider: Provider) -> Region:
    return next((region for region in provider.regions if region.host), provider.regions[0])


def _auth(auth: Auth) -> str:
    """The header with the key, quoted so that the shell puts in the variable and nothing else."""
    before, _, after = f"{auth.header}: {auth.value}".partition("{key}")
    if _PLAIN.fullmatch(before + after):
        return f'"{before}${{{auth.env}}}{after}"' if after else f'"{before}${auth.env}"'
    return f'{shlex.quote(before)}"${auth.env}"' + (shlex.quote(after) if after else "")
