"""Links in mails: a random token, of which only the hash is kept, good once and for a limited time.

The token stands in the fragment of the URL, which no server and no Referer ever sees; the page sends it in a body.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal
from uuid import UUID

from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from callwaiting.core import clock
from callwaiting.core.ids import new_token
from callwaiting.core.tenancy import person_of
from callwaiting.features.accounts import people
from callwaiting.features.accounts.errors import LinkSpent
from callwaiting.features.accounts.mail_texts import MailText
from callwaiting.features.accounts.models import AccountToken
from callwaiting.features.mails.service import plan_mail

Purpose = Literal["verify_email", "reset_password"]
GOOD_FOR = {"verify_email": timedelta(hours=24), "reset_password": timedelta(minutes=30)}
PAGES = {"verify_email": "verify-email", "reset_password": "new-password"}
FIND = text("select id, user_id, purpose from auth.account_token(:token_hash)")


@dataclass(frozen=True, slots=True)
class FoundLink:
    id: UUID
    user_id: UUID


def make_link(session: Session, purpose: Purpose) -> str:
    """A link for the session's person; earlier ones of the purpose are good no more."""
    token, now = new_token(256), clock.now()
    mine = (AccountToken.user_id == person_of(session), AccountToken.purpose == purpose)
    session.execute(update(AccountToken).where(*mine, AccountToken.used_at.is_(None)).values(used_at=now))
    session.add(
        AccountToken(
            user_id=person_of(session),
            purpose=purpose,
            token_hash=token_hash(token),
            expires_at=now + GOOD_FOR[purpose],
        )
    )
    session.flush()
    return f"{page(session, PAGES[purpose])}#{token}"


def page(session: Session, name: str) -> str:
    """The address of one of the account pages."""
    base: str = session.info["settings"].public_base_url
    return f"{base}/app/{name}"


def find_link(session: Session, purpose: Purpose, token: str) -> FoundLink:
    """Whose link this is, before anybody is signed in. Raises LinkSpent."""
    row = session.execute(FIND, {"token_hash": token_hash(token)}).one_or_none()
    if row is None or row.purpose != purpose:
        raise LinkSpent
    return FoundLink(row.id, row.user_id)


def use_link(session: Session, link: FoundLink) -> None:
    """In the person's scope; two at once: one gets it. Raises LinkSpent."""
    good = (AccountToken.id == link.id, AccountToken.used_at.is_(None), AccountToken.expires_at > clock.now())
    row = session.scalars(select(AccountToken).where(*good).with_for_update()).one_or_none()
    if row is None:
        raise LinkSpent
    row.used_at = clock.now()


def tell(session: Session, mail: MailText) -> None:
    """Have a mail sent to the session's person."""
    email, _ = people.contact(session)
    plan_mail(session, mail.kind, recipient=email, subject=mail.subject, text=mail.text)


def token_hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
