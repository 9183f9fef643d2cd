"""Proving again who it is, before an act that could hurt: by a code, or by the password where there is no factor."""

from __future__ import annotations

from uuid import UUID

from callwaiting.core.db import Database
from callwaiting.core.errors import FieldError, ValidationFailed
from callwaiting.core.tenancy import SystemScope
from callwaiting.features.accounts import factors, factors_sign_in, passwords, people, sessions, throttle
from callwaiting.features.accounts.clients import Client
from callwaiting.features.accounts.errors import CredentialsInvalid, MfaInvalid
from callwaiting.features.accounts.factors_sign_in import PROVED_TWICE
from callwaiting.features.accounts.sessions import SignedIn
from callwaiting.features.accounts.sign_in import scope_of_person
from callwaiting.features.audit import service as audit


def step_up(
    database: Database, client: Client, *, user_id: UUID, session_id: UUID, password: str | None, code: str | None
) -> SignedIn:
    """A new access token of the same session, by a proof of now. With a factor only a code will do.

    Raises ValidationFailed when the wanted proof is absent, MfaInvalid, CredentialsInvalid, TooManyAttempts, and
    ServiceUnavailable when too many passwords are being hashed.
    """
    scope = scope_of_person(user_id, "step up")
    with database.unit_of_work(scope) as session:
        has_factor = factors.added_at(session) is not None
    if has_factor:
        if not code:
            raise ValidationFailed(FieldError("code", "Please enter a code from your authenticator."))
        return _by_code(database, scope, user_id, session_id, code)
    if not password:
        raise ValidationFailed(FieldError("password", "Please enter your password."))
    return _by_password(database, scope, client, session_id, password)


def _by_code(database: Database, scope: SystemScope, user_id: UUID, session_id: UUID, code: str) -> SignedIn:
    refused: MfaInvalid | None = None
    with database.unit_of_work(scope) as session:
        counted = factors_sign_in.count_try(session, user_id)
        try:
            method = factors.use_code(session, code)
        except MfaInvalid as error:  # the try stays counted
            refused = error
            factors_sign_in.record_refusal(session, error)
        else:
            throttle.forget(session, counted)
            factors_sign_in.tell_of(session, method)
            signed_in = sessions.prove_again(session, session_id, PROVED_TWICE)
    if refused is not None:
        raise refused
    return signed_in


def _by_password(database: Database, scope: SystemScope, client: Client, session_id: UUID, password: str) -> SignedIn:
    with database.unit_of_work(scope) as session:
        email, _ = people.contact(session)
        email_hash = people.email_hash(session, email)
        attempt = throttle.admit(session, email_hash, client)
        found = people.find(session, email_hash)
    try:
        passwords.require_password(found.password_hash if found else None, password)
    except CredentialsInvalid:
        audit.record_denial(database, scope, "session.step_up_refused", subject=f"session:{session_id}", reason="wrong")
        raise
    with database.unit_of_work(scope) as session:
        throttle.give_back(session, attempt)
        return sessions.prove_again(session, session_id, ("pwd",))
