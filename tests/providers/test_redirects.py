"""No adapter follows a redirect: whoever could answer for a provider could else send our requests, and what they
carry, to an address inside."""

from __future__ import annotations

import contextlib
from collections.abc import Callable

import pytest

from callwaiting.core.errors import CallwaitingError
from callwaiting.providers.language import ChatLanguage
from callwaiting.providers.paypal import PayPalPayments
from callwaiting.providers.stripe import StripePayments
from callwaiting.providers.twilio import TwilioTelephony
from tests.providers.api_server import Answer, api_server
from tests.providers.test_language import QUESTION
from tests.providers.test_stripe import REQUEST
from tests.providers.test_twilio import ACCOUNT, MESSAGE

CALLS: dict[str, Callable[[str], object]] = {
    "twilio": lambda url: TwilioTelephony(account_sid=ACCOUNT, auth_token="t" * 32, base_url=url).send_message(MESSAGE),
    "stripe, writing": lambda url: StripePayments(api_key="sk_test_a", base_url=url).create_checkout(REQUEST),
    "stripe, reading": lambda url: StripePayments(api_key="sk_test_a", base_url=url).ping(),
    "paypal": lambda url: PayPalPayments(client_id="c", client_secret="s", base_url=url).ping(),
    "language": lambda url: ChatLanguage(base_url=url, api_key="key", model="small").choose(QUESTION),
}


@pytest.mark.parametrize("status", [301, 302, 307, 308])
@pytest.mark.parametrize("name", CALLS)
def test_a_redirect_is_not_followed(name: str, status: int) -> None:
    with api_server() as inside, api_server() as provider:
        inside.answer = lambda _: Answer(b"{}")
        provider.answer = lambda _: Answer(b"{}", status, {"Location": f"{inside.url}/inside"})

        with contextlib.suppress(CallwaitingError):
            CALLS[name](provider.url)

        assert provider.received
        assert inside.received == []
