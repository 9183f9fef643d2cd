"""The second half of a sign-in: the code, once the password was right."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from callwaiting.core import metrics
from callwaiting.core.db import Database
from callwaiting.core.tenancy import SystemScope, person_of
from callwaiting.features.accounts import (
    factors,
    factors_ticket,
    mail_links,
    mail_texts,
    people,
    recovery_codes,
    sessions,
    throttle,
)
from callwaiting.features.accounts.clients import Client, known_device, new_device_cookie
from callwaiting.features.accounts.errors import AccountClosed, MfaInvalid
from callwaiting.features.accounts.factors import Method
from callwaiting.features.accounts.models import User
from callwaiting.features.accounts.sign_in import Welcome, counting, scope_of_person, tell_of_new_device
from callwaiting.features.audit import service as audit

PROVED_TWICE = ("pwd", "otp")  # RFC 8176; a recovery code is a one-time password too


def enter_code(database: Database, client: Client, *, ticket: str, code: str) -> Welcome:
    """Raises MfaInvalid for a wrong or used code and for a ticket that is spent, TooManyAttempts, AccountClosed."""
    with counting("code_refused"):
        welcome = _enter_code(database, client, ticket, code)
    metrics.SIGN_INS.labels("opened").inc()
    return welcome


def _enter_code(database: Database, client: Client, ticket: str, code: str) -> Welcome:
    with database.unit_of_work(SystemScope("second factor", actor="anonymous")) as session:
        presented = factors_ticket.read(session, ticket)
    refused: MfaInvalid | None = None
    with database.unit_of_work(scope_of_person(presented.user_id, "second factor")) as session:
        counted = count_try(session, presented.user_id)
        try:
            remember = factors_ticket.take_try(session, presented)
            method = factors.use_code(session, code)
        except MfaInvalid as error:  # the try stays counted
            refused = error
            record_refusal(session, error)
        else:
            factors_ticket.spend(session, presented)
            throttle.forget(session, counted)
            tell_of(session, method)
            welcome = _enter(session, client, remember=remember)
    if refused is not None:
        raise refused
    return welcome


def count_try(session: Session, user_id: UUID) -> tuple[bytes, ...]:
    """Count a try of the person's second factor. Raises TooManyAttempts."""
    return throttle.count(session, {"factor": user_id.bytes})


def record_refusal(session: Session, error: MfaInvalid) -> None:
    user = f"user:{person_of(session)}"
    audit.record(session, "factor.refused", subject=user, outcome="denied", reason=error.detail)


def tell_of(session: Session, method: Method) -> None:
    """By mail, when a recovery code was used: it may not have been the person."""
    if method == "recovery_code":
        _, name = people.contact(session)
        link = mail_links.page(session, "forgotten-password")
        mail_links.tell(session, mail_texts.recovery_code_used(name, recovery_codes.left(session), link))


def _enter(session: Session, client: Client, *, remember: bool) -> Welcome:
    mine = User.id == person_of(session)
    user = session.execute(select(User.status, User.operator, User.email_hash).where(mine)).one()
    if user.status != "active":
        raise AccountClosed(user.status)
    device = known_device(session, client, bytes(user.email_hash))
    cookie = client.device_cookie if device else new_device_cookie(session, bytes(user.email_hash))
    tell_of_new_device(session, client, known=device is not None)
    signed_in = sessions.open_session(session, client, amr=PROVED_TWICE, remember=remember, operator=user.operator)
    return Welcome(signed_in, cookie)
