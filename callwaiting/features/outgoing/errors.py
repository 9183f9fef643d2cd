from __future__ import annotations

from callwaiting.core.errors import Conflict, NotFound, ValidationFailed


class EndpointNotFound(NotFound):
    reason = "outgoing.endpoint_not_found"


class DeliveryNotFound(NotFound):
    reason = "outgoing.delivery_not_found"


class UrlRefused(ValidationFailed):
    """Webhooks do not go to this address."""

    reason = "outgoing.url_refused"


class TooManyEndpoints(Conflict):
    reason = "outgoing.too_many_endpoints"


class StillUnderWay(Conflict):
    """A delivery that has not ended cannot be asked for again."""

    reason = "outgoing.still_under_way"


class EndpointOff(Conflict):
    """Nothing is sent to an endpoint that is off."""

    reason = "outgoing.endpoint_off"
