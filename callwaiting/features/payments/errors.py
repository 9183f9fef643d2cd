from __future__ import annotations

from callwaiting.core.errors import BadRequest, CallwaitingError, Conflict, ErrorCode, NotFound


class LinkUnknown(NotFound):
    """No such token."""

    reason = "payments.link_unknown"


class LinkReplaced(LinkUnknown):
    """A newer version of the order has a link of its own."""

    reason = "payments.link_replaced"


class LinkExpired(NotFound):
    reason = "payments.link_expired"


class NotPayable(Conflict):
    """The order is paid, expired or cancelled. `detail` is its state."""

    reason = "payments.not_payable"


class PaymentUnderway(NotPayable):
    """A payment for this link is being taken; a second one would have to be given back."""

    reason = "payments.underway"


class PaymentParked(NotPayable):
    """Money came for the order that does not fit it, and a person is to look before more is taken."""

    reason = "payments.parked"


class NothingToAsk(Conflict):
    """No payment of the order is under way at PayPal."""

    reason = "payments.nothing_to_ask"


class ProviderNotOffered(BadRequest):
    """The merchant takes no payments through this provider."""

    reason = "payments.provider_not_offered"


class AccountInvalid(CallwaitingError):
    """What was given is no account to be paid into; `detail` says why."""

    code = ErrorCode.VALIDATION_FAILED
    reason = "payments.account_invalid"


class AccountTaken(Conflict):
    """The account leads to another merchant, or the merchant has one at this provider."""

    reason = "payments.account_taken"


class CurrencyNotTaken(Conflict):
    """None of the merchant's providers takes its currency. `detail` says which, and why."""

    reason = "payments.currency_not_taken"


class AmountNotTaken(Conflict):
    """None of the merchant's providers takes this amount: too small, too large, or too fine. `detail` says why."""

    reason = "payments.amount_not_taken"


class CheckoutUnavailable(CallwaitingError):
    """The provider does not give us a checkout now; nothing is lost and the payer may try again."""

    code = ErrorCode.BAD_GATEWAY
    reason = "payments.checkout_unavailable"


class PaymentNotFound(NotFound):
    reason = "payments.not_found"


class DisputeNotFound(NotFound):
    reason = "payments.dispute_not_found"


class RefundNotFound(NotFound):
    reason = "payments.refund_not_found"


class RefundTooLarge(Conflict):
    """More than is left of the payment. `message` says how much that is."""

    reason = "payments.refund_too_large"


class AccountGone(Conflict):
    """The payment lies in an account that is not, or no longer, the merchant's."""

    reason = "payments.account_gone"
