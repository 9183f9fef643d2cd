"""From a payment link to the provider's own page: claim and commit, call, record.

This is the one place where a web request calls a provider (the payer waits for the address). No transaction is open
during the call. A crash after the claim leaves a claimed row, and the next try uses its idempotency key again, so that
the provider gives the same checkout instead of a second one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from callwaiting.core import clock, deadline
from callwaiting.core.crypto import Place
from callwaiting.core.db import Database
from callwaiting.core.deadline import DeadlineExceeded
from callwaiting.core.errors import Permanent, Transient
from callwaiting.core.ids import new_id
from callwaiting.core.settings import Settings
from callwaiting.core.tenancy import MerchantScope, SystemScope, merchant_of
from callwaiting.features.keys import service as keys
from callwaiting.features.merchants import service as merchants
from callwaiting.features.payments import closing, links
from callwaiting.features.payments.accounts import providers_for
from callwaiting.features.payments.checkouts import locked, move, reference_of
from callwaiting.features.payments.errors import (
    CheckoutUnavailable,
    LinkExpired,
    LinkUnknown,
    NotPayable,
    PaymentUnderway,
    ProviderNotOffered,
)
from callwaiting.features.payments.links import Link
from callwaiting.features.payments.models import Checkout, PaymentAccount
from callwaiting.features.payments.owed import AWAITING, owed
from callwaiting.features.payments.parked import require_nothing_parked
from callwaiting.providers import ports
from callwaiting.providers.attempts import three_attempts
from callwaiting.providers.checkout_lines import CheckoutLine
from callwaiting.providers.ports import CheckoutRequest, Payments, ProviderUnavailable
from callwaiting.providers.registry import Providers

# A payer waits no longer, however many attempts and calls that takes; no attempt begins in the second half.
PATIENCE_S = 8.0
# Stripe takes an expiry between 30 minutes and 24 hours after its own present (docs.stripe.com/api/checkout/sessions).
SHORTEST = timedelta(minutes=40)
LONGEST = timedelta(hours=23)
# A claim is tried again with its own key while Stripe would still take the expiry that belongs to it.
RETRY_CLAIM_UNTIL = timedelta(minutes=31)
# A page that is about to expire is no place to send a payer to.
REUSE_MARGIN = timedelta(minutes=2)
PAYPAL_LIFETIME = timedelta(hours=3)  # how long an order may wait for its payer's approval

Itemised = Callable[[Session, UUID], Sequence[CheckoutLine]]


def no_lines(session: Session, order_id: UUID) -> Sequence[CheckoutLine]:
    """The whole in one line."""
    return ()


@dataclass(frozen=True, slots=True)
class Claim:
    """A checkout to be made at the provider."""

    checkout_id: UUID
    request: CheckoutRequest


def start_checkout(
    database: Database, providers: Providers, token: str, provider: str, *, itemised: Itemised = no_lines
) -> str:
    """The address of the provider's page where this link is paid; the same one while it is open. `itemised` tells the
    lines of its order, which stands above payments.

    Takes at most 8 seconds for the provider. Raises LinkUnknown, LinkExpired, NotPayable, PaymentParked,
    PaymentUnderway, ProviderNotOffered, or CheckoutUnavailable when the provider is away or refuses.
    """
    with database.unit_of_work(SystemScope("whose payment link is opened")) as session:
        owner = links.owner_of_token(session, token)
    scope = MerchantScope(owner.merchant_id, actor="caller")
    with database.unit_of_work(scope) as session:
        claimed = _claim(session, links.link_of(session, owner.link_id), token, provider, itemised)
    if isinstance(claimed, str):
        return claimed
    try:
        made = _call(providers.payments[provider], claimed.request)
    except Permanent as error:
        with database.unit_of_work(scope) as session:
            move(session, locked(session, claimed.checkout_id), "failed", reason=error.detail)
        raise CheckoutUnavailable(error.detail) from error
    except Transient as error:
        raise CheckoutUnavailable(error.detail, retry_after=error.retry_after) from error
    with database.unit_of_work(scope) as session:
        wanted = _record(session, claimed.checkout_id, made)
    if not wanted:
        raise NotPayable("closed during the call")
    return made.url


def _claim(session: Session, link: Link, token: str, provider: str, itemised: Itemised) -> Claim | str:
    """The open page's address, or the row that is claimed for a new one. The order's lock keeps two presses apart."""
    if link.expires_at <= clock.now():
        raise LinkExpired
    if (state := owed(session, link.order_id).state) not in AWAITING:
        raise NotPayable(state)
    require_nothing_parked(session, link.order_id)
    account = session.scalar(select(PaymentAccount).where(PaymentAccount.provider == provider))
    if account is None or provider not in providers_for(session, link.amount):
        raise ProviderNotOffered(provider)
    made = session.scalars(select(Checkout).where(Checkout.link_id == link.id).order_by(Checkout.attempt)).all()
    if any(checkout.state == "approved" for checkout in made):
        raise PaymentUnderway
    same = [checkout for checkout in made if checkout.provider == provider]
    if same and (usable := _usable(session, same[-1], account)):
        return usable if isinstance(usable, str) else _request(session, link, same[-1], token, itemised)
    checkout = Checkout(
        merchant_id=merchant_of(session),
        id=new_id(),
        link_id=link.id,
        order_id=link.order_id,
        provider=provider,
        mode=account.mode,
        account=account.account,
        attempt=same[-1].attempt + 1 if same else 1,
        state="claimed",
        expires_at=_expiry(link, clock.now()),
    )
    session.add(checkout)
    session.flush()
    return _request(session, link, checkout, token, itemised)


def _usable(session: Session, latest: Checkout, account: PaymentAccount) -> str | Literal[True] | None:
    """The address of an open page, True for a claim to be tried again, None when a new attempt is needed."""
    left = (latest.expires_at or clock.now()) - clock.now()
    if (latest.mode, latest.account) == (account.mode, account.account):
        if latest.state == "open" and left > REUSE_MARGIN and latest.url_sealed:
            return keys.unseal(session, _place(latest.id), latest.url_sealed).decode()
        if latest.state == "claimed" and left > RETRY_CLAIM_UNTIL:
            return True
    if latest.state == "claimed":
        move(session, latest, "failed", reason="claim given up")
    return None


def _request(session: Session, link: Link, checkout: Checkout, token: str, itemised: Itemised) -> Claim:
    """The same for every try of one attempt: a provider refuses an idempotency key that comes with other content."""
    settings: Settings = session.info["settings"]
    page = f"{settings.public_base_url}/p/{token}"
    lines = itemised(session, link.order_id)
    if sum(line.net.minor + line.tax.minor for line in lines) != link.amount.minor:
        lines = ()  # the link asks for something else than the whole: its description says what
    request = CheckoutRequest(
        idempotency_key=f"order:{link.order_id}:v{link.order_version}:{checkout.provider}:{checkout.attempt}",
        account=checkout.account,
        reference=reference_of(checkout.id),
        description=f"Your order at {merchants.profile(session).name}",
        amount=link.amount,
        return_url=f"{page}?back=1",
        cancel_url=page,
        expires_at=checkout.expires_at or _expiry(link, clock.now()),
        metadata={"order": str(link.order_id), "version": str(link.order_version)},
        lines=lines,
    )
    return Claim(checkout.id, request)


def _call(provider: Payments, request: CheckoutRequest) -> ports.Checkout:
    """Three attempts within our patience. An answer that comes later is lost, and the next try's key gets it again.

    Raises ProviderUnavailable, ProviderRejected, and DeadlineExceeded when the request has less time than we patience.
    """
    patience = deadline.remaining(PATIENCE_S)
    thread = ThreadPoolExecutor(1, "checkout")
    try:
        answer = thread.submit(three_attempts, lambda: provider.create_checkout(request), deadline_s=patience / 2)
        return answer.result(patience)
    except TimeoutError as error:
        if patience < PATIENCE_S:
            raise DeadlineExceeded("the provider took too long") from error
        raise ProviderUnavailable("the provider took too long") from error
    finally:
        thread.shutdown(wait=False)


def _record(session: Session, checkout_id: UUID, made: ports.Checkout) -> bool:
    """Keep the provider's id and address. A parallel try with the same key has brought the same ones.

    False when the order was paid or closed, or got another link, during the call. Whoever did so has found no page to
    close: it is closed here.
    """
    checkout = locked(session, checkout_id)
    if checkout.state == "claimed":
        checkout.provider_id = made.provider_id
        checkout.url_sealed = keys.seal(session, _place(checkout.id), made.url)
        checkout.expires_at = made.expires_at or checkout.created_at + PAYPAL_LIFETIME
        move(session, checkout, "open")
    try:
        links.link_of(session, checkout.link_id)
        wanted = owed(session, checkout.order_id).state in AWAITING
    except LinkUnknown:
        wanted = False
    if not wanted:
        session.flush()
        closing.close_pages(session, checkout.order_id)
    return wanted


def _expiry(link: Link, now: datetime) -> datetime:
    """With the link, as far as Stripe's limits allow. Money that comes after the order has expired is parked."""
    return min(max(link.expires_at, now + SHORTEST), now + LONGEST).replace(microsecond=0)


def _place(checkout_id: UUID) -> Place:
    return Place("checkouts", "url", checkout_id)
