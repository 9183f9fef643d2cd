"""Signing up, verifying an address, choosing a new password. Whoever asks learns nothing about who has an account:
the answer is the same, and what there is to say is said by mail."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.orm import Session

from callwaiting.core.db import Database
from callwaiting.core.errors import FieldError, ValidationFailed
from callwaiting.core.ids import new_id
from callwaiting.core.tenancy import SystemScope
from callwaiting.features.accounts import mail_links, mail_texts, passwords, people, sessions, throttle
from callwaiting.features.accounts.clients import Client, new_device_cookie
from callwaiting.features.accounts.errors import CredentialsInvalid, TooManyAttempts
from callwaiting.features.accounts.sign_in import scope_of_person
from callwaiting.features.audit import service as audit

NOT_THE_ONE = "This is not the password that was chosen when signing up. You can choose a new one instead."


def sign_up(database: Database, client: Client, *, email: str, name: str, password: str) -> None:
    """Make a person, pending until the mailed link is followed; tell the owner of an address that has an account.

    Raises ValidationFailed for a password that is easily guessed, TooManyAttempts for too many from one network, and
    ServiceUnavailable when too many passwords are being hashed.
    """
    address = people.normal_email(email)
    passwords.require_good_password(password, field="password", known=(address, name))
    if not _may_mail(database, client, address):
        return
    hashed = passwords.hash_password(password)
    with database.unit_of_work(scope_of_person(new_id(), "sign up")) as session:
        if people.create(session, email=address, name=name, password_hash=hashed, verified=False):
            mail_links.tell(session, mail_texts.verify_email(mail_links.make_link(session, "verify_email")))
            return
    _mail_to_known(database, address, "already_signed_up")


def verify_email(database: Database, *, token: str, password: str) -> None:
    """The link shows who has the mailbox, the password who has signed up: an account is for whoever is both. Else a
    stranger could sign up with an address, and wait until its owner follows the link.

    Raises LinkSpent, ValidationFailed for another password (the link stays good), and ServiceUnavailable.
    """
    with database.unit_of_work(SystemScope("verify address", actor="anonymous")) as session:
        link = mail_links.find_link(session, "verify_email", token)
    scope = scope_of_person(link.user_id, "verify address")
    with database.unit_of_work(scope) as session:
        address, _ = people.contact(session)
        found = people.find(session, people.email_hash(session, address))
    try:
        passwords.require_password(found.password_hash if found else None, password)
    except CredentialsInvalid:
        subject = f"user:{link.user_id}"
        audit.record_denial(database, scope, "user.verification_refused", subject=subject, reason="credentials")
        raise ValidationFailed(FieldError("password", NOT_THE_ONE)) from None
    with database.unit_of_work(scope) as session:
        mail_links.use_link(session, link)
        people.mark_verified(session)


def ask_for_reset(database: Database, client: Client, *, email: str) -> None:
    """Mail a link to choose a new password, when the address has an account. Raises TooManyAttempts for too many from
    one network."""
    address = people.normal_email(email)
    if _may_mail(database, client, address):
        _mail_to_known(database, address, "reset_password")


def reset_password(database: Database, *, token: str, password: str) -> str:
    """A new password by a mailed link: every session ends. Returns a device cookie: whoever has the mailbox is no
    stranger, whatever flood is on. Raises LinkSpent, ValidationFailed, ServiceUnavailable."""
    with database.unit_of_work(SystemScope("reset password", actor="anonymous")) as session:
        link = mail_links.find_link(session, "reset_password", token)
    scope = scope_of_person(link.user_id, "reset password")
    with database.unit_of_work(scope) as session:
        known = people.contact(session)
    passwords.require_good_password(password, field="password", known=known)
    hashed = passwords.hash_password(password)
    with database.unit_of_work(scope) as session:
        mail_links.use_link(session, link)
        people.set_password(session, hashed)
        people.mark_verified(session)
        sessions.end_all(session, "password_reset")
        _tell_of_change(session)
        return new_device_cookie(session, people.email_hash(session, known[0]))


def change_password(
    database: Database, client: Client, *, user_id: UUID, session_id: UUID, present: str, wanted: str
) -> None:
    """The person's other sessions end. Raises ValidationFailed for a wrong present or a weak new password,
    TooManyAttempts, ServiceUnavailable."""
    scope = scope_of_person(user_id, "change password")
    with database.unit_of_work(scope) as session:
        email, name = people.contact(session)
        email_hash = people.email_hash(session, email)
        attempt = throttle.admit(session, email_hash, client)
        found = people.find(session, email_hash)
    passwords.require_good_password(wanted, field="new_password", known=(email, name))
    try:
        passwords.require_password(found.password_hash if found else None, present)
    except CredentialsInvalid:
        audit.record_denial(database, scope, "user.password_change_refused", subject=f"user:{user_id}", reason="wrong")
        raise ValidationFailed(FieldError("password", "This is not your present password.")) from None
    hashed = passwords.hash_password(wanted)
    with database.unit_of_work(scope) as session:
        throttle.give_back(session, attempt)
        people.set_password(session, hashed)
        sessions.end_all(session, "password_changed", but=session_id)
        _tell_of_change(session)


def _may_mail(database: Database, client: Client, address: str) -> bool:
    """Whether one more mail may go to this address now. Raises TooManyAttempts for too many from one network."""
    with database.unit_of_work(SystemScope("mail asked for", actor="anonymous")) as session:
        throttle.count(session, {"mail_from": client.network.encode()})
    try:
        with database.unit_of_work(SystemScope("mail asked for", actor="anonymous")) as session:
            throttle.count(session, {"mail_to": people.email_hash(session, address)})
    except TooManyAttempts:
        return False
    return True


def _mail_to_known(database: Database, address: str, kind: str) -> None:
    with database.unit_of_work(SystemScope("mail asked for", actor="anonymous")) as session:
        found = people.find(session, people.email_hash(session, address))
    if found is None or found.status == "disabled":
        return
    with database.unit_of_work(scope_of_person(found.id, "mail asked for")) as session:
        if kind == "already_signed_up" and found.status == "pending":
            mail_links.tell(session, mail_texts.verify_email(mail_links.make_link(session, "verify_email")))
            return
        _, name = people.contact(session)
        if found.status == "pending":
            name = "there"  # the present one is what somebody typed, who need not have the mailbox
        text = mail_texts.reset_password if kind == "reset_password" else mail_texts.already_signed_up
        mail_links.tell(session, text(name, mail_links.make_link(session, "reset_password")))


def _tell_of_change(session: Session) -> None:
    _, name = people.contact(session)
    mail_links.tell(session, mail_texts.password_changed(name, mail_links.page(session, "forgotten-password")))
