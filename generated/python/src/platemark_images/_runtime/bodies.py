"""The base of emitted pydantic models of wire bodies. It needs the extra `pydantic`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from pydantic import BaseModel, model_validator

from platemark_images._bodies import OFFERS
from platemark_images._runtime.validate import validate


class Body(BaseModel):
    """A wire body that keeps the rules of its model, mode and route.

    `wire()` gives it as it is sent: with what was given, and nothing else."""

    @model_validator(mode="before")
    @classmethod
    def keep_rules(cls, data: Any) -> Any:
        """Judge the body before pydantic converts a value. What is wrong is told with rule, limit and source."""
        model, mode, route = OFFERS[cls.__name__]
        told = validate(model, route, _plain(data))
        if not told:
            raise ValueError("\n".join(map(str, told.violations)))
        if told.mode != mode:
            raise ValueError(f"the values choose the mode {told.mode}, and this is a body of {mode}")
        return data

    def wire(self) -> dict[str, Any]:
        """The JSON that is sent."""
        return self.model_dump(exclude_unset=True, mode="json")


def _plain(value: object) -> object:
    """Models that stand in a body, as the JSON that they mean."""
    if isinstance(value, BaseModel):
        return value.model_dump(exclude_unset=True, mode="json")
    if isinstance(value, Mapping):
        return {str(name): _plain(part) for name, part in cast("Mapping[object, object]", value).items()}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in cast("list[object]", value)]
    return value
