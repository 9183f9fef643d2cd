"""Who may do what: the one table of permissions.

A route names one permission; an API key is given some of them. Roles are those of a member of one merchant's team;
the operator of the platform stands apart and belongs to no merchant.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class Role(StrEnum):
    OWNER = "owner"
    ADMIN = "admin"
    AGENT = "agent"
    VIEWER = "viewer"
    OPERATOR = "operator"
    PERSON = "person"
    """Signed in, but in no team (yet)."""
    MACHINE = "machine"
    """An API key of a merchant: its permissions are its scopes, not this table's."""


EVERYBODY = frozenset(Role) - {Role.MACHINE}
TEAM = frozenset({Role.OWNER, Role.ADMIN, Role.AGENT, Role.VIEWER})
STAFF = frozenset({Role.OWNER, Role.ADMIN, Role.AGENT})
MANAGERS = frozenset({Role.OWNER, Role.ADMIN})
OPERATORS = frozenset({Role.OPERATOR})
# Those who could do most harm bring a second factor; until they have one they may only set it up.
MUST_ENROL = frozenset({Role.OWNER, Role.OPERATOR})
WITHOUT_MERCHANT = frozenset({Role.OPERATOR, Role.PERSON})

# Viewers see what happened and what it earned, but nothing that names or quotes a caller.
PERMISSIONS: Mapping[str, frozenset[Role]] = {
    "account.use": EVERYBODY,
    "alerts.read": TEAM,
    "alerts.write": STAFF,
    "api_keys.manage": MANAGERS,
    "api_keys.read": MANAGERS,
    "audit.read": MANAGERS,
    "bookings.read": TEAM,
    "bookings.write": STAFF,
    "callers.read": STAFF,
    "calls.read": TEAM,
    "calls.read_content": STAFF,
    "calls.write": STAFF,
    "catalogue.read": TEAM,
    "catalogue.write": MANAGERS,
    "consents.read": STAFF,
    "consents.write": STAFF,
    "exports.make": MANAGERS,
    "health.read": OPERATORS,
    "kpis.read": TEAM,
    "members.manage": MANAGERS,
    "members.read": TEAM,
    "merchant.read": TEAM,
    "merchant.write": MANAGERS,
    "merchants.open": EVERYBODY - OPERATORS,
    "messages.read": STAFF,
    "messages.send": STAFF,
    "orders.read": TEAM,
    "orders.write": STAFF,
    "payments.read": TEAM,
    "payments.refund": MANAGERS,
    "phone_numbers.read": TEAM,
    "phone_numbers.write": MANAGERS,
    "reconciliation.read": MANAGERS,
    "summaries.choose": TEAM,
    "users.manage": OPERATORS,
    "webhooks.manage": MANAGERS,
    "webhooks.operate": OPERATORS,
    "webhooks.read": MANAGERS,
    "webhooks.read_content": MANAGERS,
    "webhooks.replay": MANAGERS,
}

# A machine has no account to be in a team with, and cannot prove anew that it is itself.
FOR_PERSONS = frozenset({"api_keys.manage", "exports.make", "members.manage", "payments.refund", "summaries.choose"})
SCOPES = frozenset(name for name, roles in PERMISSIONS.items() if roles <= TEAM) - FOR_PERSONS
"""What an API key can be given."""
LADDER = (Role.VIEWER, Role.AGENT, Role.ADMIN, Role.OWNER)
"""The roles of a team, from the lowest to the highest."""


def permissions_of(role: str) -> frozenset[str]:
    """What a role may do; nothing for one that does not exist."""
    return _BY_ROLE.get(role, frozenset())


_BY_ROLE: Mapping[str, frozenset[str]] = {
    role.value: frozenset(name for name, roles in PERMISSIONS.items() if role in roles) for role in Role
}
