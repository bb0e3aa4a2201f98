"""What an update consists of: its key, what the lock keeps of new captures, versions, lines of a changelog, reports.

Pure; `updating` runs the steps, reads and writes."""

from __future__ import annotations

from platemark.update.entries import entered
from platemark.update.keys import change_key
from platemark.update.pins import Pin, pin
from platemark.update.reports import Failure, Update
from platemark.update.versions import raised

__all__ = ["Failure", "Pin", "Update", "change_key", "entered", "pin", "raised"]
