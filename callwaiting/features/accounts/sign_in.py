"""Signing in, refreshing and signing out. No database connection is held while a password is hashed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from callwaiting.core import metrics
from callwaiting.core.db import Database
from callwaiting.core.tenancy import MerchantScope, SystemScope, person_of
from callwaiting.features.accounts import (
    factors,
    factors_ticket,
    mail_links,
    mail_texts,
    passwords,
    people,
    refresh_tokens,
    sessions,
    throttle,
)
from callwaiting.features.accounts.clients import Client, new_device_cookie
from callwaiting.features.accounts.errors import (
    AccountClosed,
    CredentialsInvalid,
    MfaInvalid,
    RefreshInvalid,
    RefreshReused,
    TooManyAttempts,
)
from callwaiting.features.accounts.models import User, UserSession
from callwaiting.features.accounts.people import FoundUser
from callwaiting.features.accounts.process_keys import key_for
from callwaiting.features.accounts.sessions import SignedIn
from callwaiting.features.alerts import service as alerts
from callwaiting.features.audit import service as audit


@dataclass(frozen=True, slots=True)
class Welcome:
    """A person signed in, and the cookie by which this device is known from now on."""

    signed_in: SignedIn
    device_cookie: str


@dataclass(frozen=True, slots=True)
class CodeWanted:
    """The password was right; the ticket is to come back with a code of the person's second factor."""

    ticket: str


def sign_in(database: Database, client: Client, *, email: str, password: str, remember: bool) -> Welcome | CodeWanted:
    """Raises CredentialsInvalid, alike for an unknown account and a wrong password; AccountClosed only after the
    right one; TooManyAttempts; ServiceUnavailable when too many are at it at once."""
    with passwords.attempt(), counting("refused"):
        welcome = _sign_in(database, client, email, password, remember)
    if isinstance(welcome, Welcome):
        metrics.SIGN_INS.labels("opened").inc()
    return welcome


@contextmanager
def counting(refused: str) -> Iterator[None]:
    """Attempts that do not succeed, for whoever watches: many of them are somebody who tries."""
    try:
        yield
    except TooManyAttempts:
        metrics.SIGN_INS.labels("throttled").inc()
        raise
    except (CredentialsInvalid, MfaInvalid):
        metrics.SIGN_INS.labels(refused).inc()
        raise


def _sign_in(database: Database, client: Client, email: str, password: str, remember: bool) -> Welcome | CodeWanted:
    with database.unit_of_work(SystemScope("sign in", actor="anonymous")) as session:
        email_hash = people.email_hash(session, people.normal_email(email))
        attempt = throttle.admit(session, email_hash, client)
        found = people.find(session, email_hash)
    try:
        renewed = passwords.require_password(found.password_hash if found else None, password)
    except CredentialsInvalid:
        audit.record_denial(
            database,
            SystemScope("sign in", actor="anonymous"),
            "session.refused",
            subject=f"user:{found.id}" if found else "user:",
            reason="credentials",
        )
        if found and attempt.last:
            _alert_of_guessing(database, found.id)
        raise
    if found is None:
        raise CredentialsInvalid
    with database.unit_of_work(scope_of_person(found.id, "sign in")) as session:
        throttle.give_back(session, attempt)
        if renewed:
            people.set_password(session, renewed, renewed=True)
        cookie = client.device_cookie if attempt.known_device else new_device_cookie(session, email_hash)
        welcome: Welcome | CodeWanted | None = None
        if found.status == "active" and factors.added_at(session) is not None:
            welcome = CodeWanted(factors_ticket.issue(session, remember=remember))
        elif found.status == "active":
            tell_of_new_device(session, client, known=attempt.known_device)
            signed_in = sessions.open_session(session, client, amr=("pwd",), remember=remember, operator=found.operator)
            welcome = Welcome(signed_in, cookie)
        elif found.status == "pending":
            mail_links.tell(session, mail_texts.verify_email(mail_links.make_link(session, "verify_email")))
    if welcome is None:
        raise AccountClosed(found.status, message=_why_closed(found))
    return welcome


def tell_of_new_device(session: Session, client: Client, *, known: bool) -> None:
    """By mail, when the person has signed in before, but never on this one."""
    before = session.scalar(select(User.last_signed_in_at).where(User.id == person_of(session)))
    if not known and before is not None:
        _, name = people.contact(session)
        link = mail_links.page(session, "forgotten-password")
        mail_links.tell(session, mail_texts.new_device(name, client.device, link))


def refresh(database: Database, client: Client, token: str) -> SignedIn:
    """New tokens for an old refresh token. Raises RefreshInvalid, RefreshReused and SessionExpired."""
    presented = refresh_tokens.read(key_for(database, "refresh token"), token)
    with database.unit_of_work(SystemScope("refresh", actor="anonymous")) as session:
        user_id = sessions.owner_of(session, presented)
    with database.unit_of_work(scope_of_person(user_id, "refresh")) as session:
        user = session.execute(select(User.status, User.operator).where(User.id == user_id)).one()
        if user.status != "active":
            raise RefreshInvalid("the account is closed")
        signed_in = sessions.refresh(session, presented, client, operator=user.operator)
        merchant_id = None if signed_in else _tell_of_reuse(session, presented.session_id)
    if signed_in is None:
        if merchant_id is not None:
            with database.unit_of_work(MerchantScope(merchant_id, actor=f"user:{user_id}")) as session:
                _alert_of_reuse(session, user_id)
        raise RefreshReused
    return signed_in


def sign_out(database: Database, token: str) -> None:
    """End the session of a refresh token; one that is over already stays so. Raises RefreshInvalid for garbage."""
    presented = refresh_tokens.read(key_for(database, "refresh token"), token)
    with database.unit_of_work(SystemScope("sign out", actor="anonymous")) as session:
        user_id = sessions.owner_of(session, presented)
    with database.unit_of_work(scope_of_person(user_id, "sign out")) as session:
        alive = {listed.id for listed in sessions.list_sessions(session)}
        if presented.session_id in alive:
            sessions.end_session(session, presented.session_id, "signed_out")


def scope_of_person(user_id: UUID, reason: str) -> SystemScope:
    """The scope of somebody who has just proved who it is, by password, refresh token or mailed link."""
    return SystemScope(reason, actor=f"user:{user_id}", user_id=user_id)


def _alert_of_guessing(database: Database, user_id: UUID) -> None:
    """Once in the window of the account's limit: further strangers are turned away uncounted."""
    with database.unit_of_work(SystemScope("sign in", actor="anonymous")) as session:
        alerts.raise_alert(
            session,
            "accounts.sign_ins_refused",
            subject=f"user:{user_id}",
            severity="high",
            summary="Somebody tries the passwords of one account: 20 were wrong within an hour",
        )


def _why_closed(found: FoundUser) -> str:
    if found.status == "pending":
        return "Please confirm your e-mail address first. We have just sent you the link again."
    return "This account is closed. Please ask your administrator."


def _tell_of_reuse(session: Session, session_id: UUID) -> UUID | None:
    """Tell the person and the platform; the merchant whose data were open, to be told too."""
    row = session.execute(
        select(UserSession.device, UserSession.current_merchant_id, UserSession.user_id).where(
            UserSession.id == session_id
        )
    ).one()
    _, name = people.contact(session)
    mail_links.tell(session, mail_texts.session_ended(name, row.device, mail_links.page(session, "forgotten-password")))
    _alert_of_reuse(session, row.user_id)
    merchant_id: UUID | None = row.current_merchant_id
    return merchant_id


def _alert_of_reuse(session: Session, user_id: UUID) -> None:
    alerts.raise_alert(
        session,
        "accounts.refresh_reused",
        subject=f"user:{user_id}",
        severity="high",
        summary="A sign-in was used in two places at once, as if it had been copied. It has been ended.",
        details={"user": str(user_id)},
    )
