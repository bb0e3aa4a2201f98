"""A call of the Python client as documentation shows it: a snippet that runs."""

from __future__ import annotations

from platemark.rules import samples
from platemark.targets import PACKAGE, Call
from platemark.targets.python import naming
from platemark.targets.python.printer import literal


def example(call: Call, package: str = PACKAGE) -> str:
    """Make the pictures of a call and save them, with the package of that name. The key comes from the environment."""
    provider, offer = call.provider, call.offer
    region = provider.regions[0]
    given = samples.given(offer, call.values)
    routes = list(dict.fromkeys(o.route for o in call.family.by_model[offer.model] if o.mode == offer.mode))
    arguments = [f"    {naming.argument(name)}={literal(value)}," for name, value in given.items()]
    if offer.route != routes[0]:
        arguments.append(f"    route={literal(offer.route)},")
    attribute = naming.identifier(offer.model, naming.CLIENT)
    return "\n".join([
        f"from {package} import {naming.class_name(provider.client)}",
        "",
        f"client = {naming.class_name(provider.client)}(region={literal(region.alias or region.id)})",
        f"result = client.{attribute}.{naming.identifier(offer.mode)}(",
        *arguments,
        ")",
        'result.save("out/")',
        "",
    ])  # fmt: skip
