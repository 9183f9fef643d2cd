"""Setting up, replacing and removing the second factor; the person is told by mail of each."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.orm import Session

from callwaiting.core.db import Database
from callwaiting.features.accounts import (
    factors,
    factors_sign_in,
    mail_links,
    mail_texts,
    people,
    recovery_codes,
    sessions,
    throttle,
)
from callwaiting.features.accounts.errors import MfaInvalid
from callwaiting.features.accounts.factors_sign_in import PROVED_TWICE
from callwaiting.features.accounts.mail_texts import FactorChange
from callwaiting.features.accounts.sessions import SignedIn
from callwaiting.features.accounts.sign_in import scope_of_person


def confirm(database: Database, *, user_id: UUID, session_id: UUID, code: str) -> tuple[SignedIn, list[str]]:
    """The new secret becomes the factor: (tokens that say so, recovery codes). The person's other sessions end.

    Raises MfaInvalid, NothingToConfirm, TooManyAttempts.
    """
    refused: MfaInvalid | None = None
    with database.unit_of_work(scope_of_person(user_id, "set up a factor")) as session:
        counted = factors_sign_in.count_try(session, user_id)
        try:
            codes = factors.confirm(session, code)
        except MfaInvalid as error:  # the try stays counted
            refused = error
            factors_sign_in.record_refusal(session, error)
        else:
            throttle.forget(session, counted)
            sessions.end_all(session, "factor_changed", but=session_id)
            _tell(session, "added")
            signed_in = sessions.prove_again(session, session_id, PROVED_TWICE)
    if refused is not None:
        raise refused
    return signed_in, codes


def remove(session: Session, session_id: UUID | None) -> None:
    """All sessions of the person end but this one."""
    factors.remove(session)
    sessions.end_all(session, "factor_changed", but=session_id)
    _tell(session, "removed")


def renew_codes(session: Session) -> list[str]:
    _tell(session, "codes_renewed")
    return recovery_codes.renew(session)


def _tell(session: Session, change: FactorChange) -> None:
    _, name = people.contact(session)
    link = mail_links.page(session, "forgotten-password")
    mail_links.tell(session, mail_texts.factor_changed(name, change, link))
