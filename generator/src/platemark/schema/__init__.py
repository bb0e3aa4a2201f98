"""IR to JSON Schema 2020-12, shared by every target that prints schemas.

Two profiles: the canonical one says all that the dialect can say, and lists beside it what it can't; the lowered one
is what generators of data models understand.
"""

from __future__ import annotations

from platemark.schema.answers import (
    answer_schema,
    created_schema,
    error_schema,
    error_statuses,
    errors_schema,
    list_schema,
    response_schema,
    result_schema,
    task_schema,
    upload_schema,
)
from platemark.schema.lowered import answer_models, lowered, request_models
from platemark.schema.requests import DIALECT, mode_schema, request_schema
from platemark.schema.said import Schema, either

__all__ = [
    "DIALECT",
    "Schema",
    "answer_models",
    "answer_schema",
    "created_schema",
    "either",
    "error_schema",
    "error_statuses",
    "errors_schema",
    "list_schema",
    "lowered",
    "mode_schema",
    "request_models",
    "request_schema",
    "response_schema",
    "result_schema",
    "task_schema",
    "upload_schema",
]
