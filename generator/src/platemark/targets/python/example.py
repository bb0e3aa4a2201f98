"""A call of the Python client as documentation shows it: a snippet that runs."""

from __future__ import annotations

from platemark.rules import samples
from platemark.targets import Call
from platemark.targets.python import naming
from platemark.targets.python.printer import literal


def example(call: Call) -> str:
    """Make the pictures of a call and save them. The key comes from the environment."""
    provider, offer = call.provider, call.offer
    region = provider.regions[0]
    given = samples.given(offer, call.values)
    routes = list(dict.fromkeys(o.route for o in call.family.by_model[offer.model] if o.mode == offer.mode))
    arguments = [f"    {naming.argument(name)}={literal(value)}," for name, value in given.items()]
    if offer.route != routes[0]:
        arguments.append(f"    route={literal(offer.route)},")
    attribute = naming.identifier(offer.model, naming.CLIENT)
    return "\n".join([
        f"from platemark_images import {naming.class_name(provider.client)}",
        "",
        f"client = {naming.class_name(provider.client)}(region={literal(region.alias or region.id)})",
        f"result = client.{attribute}.{naming.identifier(offer.mode)}(",
        *arguments,
        ")",
        'result.save("out/")',
        "",
    ])  # fmt: skip
