"""What can be wrong with a request for a file."""

from __future__ import annotations

from callwaiting.core.errors import NotFound


class NoSuchExport(NotFound):
    reason = "exports.no_such_export"
