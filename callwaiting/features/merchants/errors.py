"""What can be wrong with a request about a merchant's tax rates."""

from __future__ import annotations

from callwaiting.core.errors import CallwaitingError, Conflict, ErrorCode, NotFound


class TaxRateInvalid(CallwaitingError):
    """A name cannot be printed, or the default is to be archived; `fields` names it."""

    code = ErrorCode.VALIDATION_FAILED
    reason = "merchants.tax_rate_invalid"


class TaxRateNotFound(NotFound):
    reason = "merchants.tax_rate_not_found"


class TaxRateTaken(Conflict):
    """Another rate of the merchant has this name."""

    reason = "merchants.tax_rate_taken"
