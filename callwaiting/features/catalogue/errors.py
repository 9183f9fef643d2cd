"""What can be wrong with a request about the catalogue."""

from __future__ import annotations

from callwaiting.core.errors import CallwaitingError, Conflict, ErrorCode, NotFound


class ItemInvalid(CallwaitingError):
    """A name, alias, price or key is out of bounds; `fields` names it."""

    code = ErrorCode.VALIDATION_FAILED
    reason = "catalogue.item_invalid"


class KeyTaken(Conflict):
    """Another item of the merchant has this digit in the phone menu."""

    reason = "catalogue.key_taken"


class ItemNotFound(NotFound):
    reason = "catalogue.item_not_found"


class GroupInvalid(CallwaitingError):
    """A group's limits or one of its options is out of bounds; `fields` names it."""

    code = ErrorCode.VALIDATION_FAILED
    reason = "catalogue.group_invalid"


class GroupInUse(Conflict):
    """Items still ask this group's question."""

    reason = "catalogue.group_in_use"


class GroupNotFound(NotFound):
    reason = "catalogue.group_not_found"
