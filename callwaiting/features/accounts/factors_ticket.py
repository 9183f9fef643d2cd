"""Between password and code: a ticket of five minutes, five tries and one use. It opens nothing else.

It is signed like an access token, with a type and an audience of its own, so that neither is ever taken for the other.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import jwt as pyjwt
from jwt.types import Options
from sqlalchemy import update
from sqlalchemy.orm import Session

from callwaiting.core import clock
from callwaiting.core.http.jwt import ALGORITHM, ISSUER
from callwaiting.core.ids import new_id
from callwaiting.core.tenancy import person_of
from callwaiting.features.accounts import signing_keys
from callwaiting.features.accounts.errors import MfaInvalid
from callwaiting.features.accounts.models import AccountToken

TYPE = "mfa+jwt"
AUDIENCE = "callwaiting-ai-mfa"
GOOD_FOR = timedelta(minutes=5)
TRIES = 5
CLAIMS = ["iss", "aud", "sub", "jti", "iat", "exp"]


@dataclass(frozen=True, slots=True)
class Ticket:
    id: UUID
    user_id: UUID


def issue(session: Session, *, remember: bool) -> str:
    """For the session's person, whose password was right."""
    now, ticket_id, ring = clock.now(), new_id(), signing_keys.load(session)
    session.add(
        AccountToken(
            id=ticket_id,
            user_id=person_of(session),
            purpose="mfa",
            token_hash=hashlib.sha256(ticket_id.bytes).digest(),
            details={"remember": remember},
            expires_at=now + GOOD_FOR,
        )
    )
    session.flush()
    claims = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": str(person_of(session)),
        "jti": str(ticket_id),
        "iat": int(now.timestamp()),
        "exp": int((now + GOOD_FOR).timestamp()),
    }
    return pyjwt.encode(claims, ring.secrets[ring.signing], ALGORITHM, headers={"kid": ring.signing, "typ": TYPE})


def read(session: Session, ticket: str) -> Ticket:
    """Whose ticket it is. Raises MfaInvalid, whatever is wrong with it."""
    try:
        header = pyjwt.get_unverified_header(ticket)
        secret = signing_keys.load(session).secrets[header["kid"]]
        if header["typ"] != TYPE:
            raise MfaInvalid("no ticket")
        # Whether it is still good is for its row to say, by the clock that has written it.
        options: Options = {"require": CLAIMS, "verify_exp": False, "verify_iat": False}
        claims = pyjwt.decode(ticket, secret, [ALGORITHM], options=options, audience=AUDIENCE, issuer=ISSUER)
        return Ticket(UUID(claims["jti"]), UUID(claims["sub"]))
    except (pyjwt.PyJWTError, KeyError, ValueError, TypeError, AttributeError) as error:
        raise MfaInvalid(type(error).__name__) from error


def take_try(session: Session, ticket: Ticket) -> bool:
    """Count a try; returns whether the person wanted to be remembered. Raises MfaInvalid when there is none left."""
    good = (AccountToken.id == ticket.id, AccountToken.purpose == "mfa", AccountToken.used_at.is_(None))
    taken = (
        update(AccountToken)
        .where(*good, AccountToken.tries < TRIES, AccountToken.expires_at > clock.now())
        .values(tries=AccountToken.tries + 1)
        .returning(AccountToken.details)
    )
    details = session.scalar(taken)
    if details is None:
        raise MfaInvalid("the ticket is spent")
    return bool(details["remember"])


def spend(session: Session, ticket: Ticket) -> None:
    session.execute(update(AccountToken).where(AccountToken.id == ticket.id).values(used_at=clock.now()))
