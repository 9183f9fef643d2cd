"""Persons, their places in teams, and their access tokens."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import update

from callwaiting.core import clock
from callwaiting.core.db import Database
from callwaiting.core.http.jwt import TokenSubject, issue
from callwaiting.core.http.permissions import TEAM, Role
from callwaiting.core.ids import new_id
from callwaiting.core.tenancy import MerchantScope
from callwaiting.features.accounts import passwords, people, sessions, signing_keys
from callwaiting.features.accounts.clients import Client
from callwaiting.features.accounts.models import Membership, UserSession
from callwaiting.features.accounts.sessions import SignedIn
from callwaiting.features.accounts.sign_in import scope_of_person

PASSWORD = "eleven blue tractors sing"
DESK = Client("198.51.100.7", "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0")


@dataclass(frozen=True)
class Person:
    id: UUID
    email: str


def create_person(
    database: Database,
    *,
    email: str = "",
    password: str | None = None,
    verified: bool = True,
    name: str = "Maria Rossi",
    operator: bool = False,
) -> Person:
    """Without a password nobody can sign in, and nothing is hashed. An operator is made by a worker's database."""
    user_id = new_id()
    address = email or f"{user_id.hex}@example.com"
    hashed = passwords.hash_password(password) if password else None
    with database.unit_of_work(scope_of_person(user_id, "a person of the tests")) as session:
        assert people.create(
            session, email=address, name=name, password_hash=hashed, verified=verified, operator=operator
        )
    return Person(user_id, address)


def join(database: Database, person: Person, scope: MerchantScope, role: str = "owner") -> None:
    with database.unit_of_work(scope) as session:
        session.add(Membership(merchant_id=scope.merchant_id, user_id=person.id, role=role))


def signed_in(
    database: Database,
    person: Person,
    *,
    client: Client = DESK,
    age: timedelta = timedelta(),
    remember: bool = False,
    operator: bool = False,
) -> SignedIn:
    """A session without the detour over a password; `age` is the time since the person proved itself."""
    with clock.frozen(clock.now()), database.unit_of_work(scope_of_person(person.id, "sign in")) as session:
        opened = sessions.open_session(session, client, amr=("pwd", "otp"), remember=remember, operator=operator)
        if not age:
            return opened
        row = UserSession.id == opened.session_id
        session.execute(update(UserSession).where(row).values(auth_time=clock.now() - age))
        session.expire_all()
        found = session.get_one(UserSession, opened.session_id)
        place = None if operator else next(iter(people.merchants(session)), None)
        return sessions._signed_in(session, found, place, operator=operator)


def member_token(database: Database, scope: MerchantScope, role: str, *, age: timedelta = timedelta()) -> str:
    """An access token of a new member of the merchant's team; of a person in no team for `person`. With a role that
    does not exist it is a viewer's whose token says so, which only we could sign."""
    person = create_person(database)
    if role == Role.PERSON:
        return signed_in(database, person, age=age).access_token
    join(database, person, scope, role if role in TEAM else "viewer")
    opened = signed_in(database, person, age=age)
    if role in TEAM:
        return opened.access_token
    with database.unit_of_work(scope_of_person(person.id, "its place")) as session:
        (place,) = people.merchants(session)
    subject = TokenSubject(
        person.id, opened.session_id, scope.merchant_id, role, place.version, ("pwd", "otp"), clock.now()
    )
    return issue(signing_keys.load_ring(database), subject, lifetime_s=opened.expires_in)
