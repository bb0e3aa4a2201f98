"""From an offer and a body to the request that carries it."""

from __future__ import annotations

from typing import Any

from platemark.ir import Family, Provider
from platemark.plain import parts


def request(provider: Provider, endpoint: str, route: str, body: Any, key: str) -> dict[str, Any]:
    """Method, path from the root of the host, headers and body."""
    transport = provider.transport(route)
    headers = {
        provider.auth.header: provider.auth.value.replace("{key}", key),
        "Content-Type": "application/json",
        **transport.headers,
        **(provider.uploads.header if provider.uploads and _uses(body, f"{provider.uploads.scheme}://") else {}),
    }
    return {
        "method": "POST",
        "path": provider.base_path + provider.endpoint(endpoint).path,
        "headers": headers,
        "body": body,
    }


def _uses(body: Any, scheme: str) -> bool:
    """Whether an address with this scheme stands somewhere in a body."""
    return body.startswith(scheme) if isinstance(body, str) else any(_uses(part, scheme) for part in parts(body))


def any_endpoint(provider: Provider, family: Family, model: str, route: str, payload: str) -> str | None:
    """An endpoint at which a request by this route would arrive: one of the model's own, else of the same style."""
    own = [offer.endpoint for offer in family.by_model[model]]
    fitting = [e.id for e in provider.endpoints if route in e.transports and e.payloads[0] == payload]
    return next((name for name in fitting if name in own), fitting[0] if fitting else None)
