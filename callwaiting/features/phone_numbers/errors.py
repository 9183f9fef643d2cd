from __future__ import annotations

from callwaiting.core.errors import Conflict, NotFound


class NumberTaken(Conflict):
    """The number leads to a merchant already; to which one is not told."""

    reason = "phone_numbers.taken"


class NumberNotFound(NotFound):
    reason = "phone_numbers.not_found"
