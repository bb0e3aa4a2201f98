"""What an answer can hold: the names that its skeletons use, and the JSON type of each."""

from __future__ import annotations

from collections.abc import Mapping

LISTS = ("images", "texts", "failures", "tasks")
"""What an answer holds several of."""

TYPES: Mapping[str, str] = {
    **dict.fromkeys(("request_id", "task_id", "model", "region", "status", "code", "message"), "string"),
    **dict.fromkeys(("prompt", "actual_prompt", "reasoning", "finish_reason", "size"), "string"),
    **dict.fromkeys(("submitted", "started", "ended", "since", "until"), "string"),
    **dict.fromkeys(("created_ms", "started_ms", "ended_ms", "created_at", "status_code"), "integer"),
    **dict.fromkeys(("count", "width", "height", "total", "succeeded", "failed"), "integer"),
    **dict.fromkeys(("page", "pages", "page_size"), "integer"),
    **dict.fromkeys(("progress", "cost", "unit_price"), "number"),
    **dict.fromkeys(("key_id", "caller", "call"), "string"),
    **dict.fromkeys(("policy", "signature", "access_key", "object_acl", "forbid_overwrite"), "string"),
    **dict.fromkeys(("upload_dir", "upload_host", "key", "file"), "string"),
    **dict.fromkeys(("expires_in", "max_megabytes", "capacity_megabytes"), "integer"),
    "finished": "boolean",
}
"""The type of every single value: the emulator writes it, the client reads it, schemas state it."""
