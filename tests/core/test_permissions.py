from __future__ import annotations

import itertools
import re

from callwaiting.core.http.permissions import (
    FOR_PERSONS,
    LADDER,
    OPERATORS,
    PERMISSIONS,
    SCOPES,
    TEAM,
    Role,
    permissions_of,
)


def test_a_role_that_does_not_exist_may_nothing() -> None:
    for role in ("", "root", "Owner", "owner ", "system"):
        assert permissions_of(role) == frozenset()


def test_roles_of_a_team_are_nested() -> None:
    """Whoever stands higher may do all that those below may."""
    assert set(LADDER) == TEAM
    ladder = [permissions_of(role) for role in LADDER]

    for lower, higher in itertools.pairwise(ladder):
        assert lower <= higher  # what only owners may is said by rank: nobody gives or takes a role above one's own
    assert ladder[0] < ladder[1] < ladder[2]
    assert ladder[-1] | permissions_of(Role.OPERATOR) == PERMISSIONS.keys()


def test_the_operator_stands_apart() -> None:
    """Who runs the platform sees no merchant's data, and no merchant runs the platform."""
    shared = permissions_of(Role.OPERATOR) & permissions_of(Role.OWNER)

    assert shared == {"account.use"}
    assert {name for name, roles in PERMISSIONS.items() if roles == OPERATORS} == permissions_of(Role.OPERATOR) - shared


def test_a_machine_may_only_what_its_scopes_name() -> None:
    assert permissions_of(Role.MACHINE) == frozenset()
    assert not SCOPES & (FOR_PERSONS | permissions_of(Role.PERSON) | permissions_of(Role.OPERATOR))
    assert SCOPES | FOR_PERSONS | permissions_of(Role.PERSON) | permissions_of(Role.OPERATOR) == PERMISSIONS.keys()


def test_names_and_roles() -> None:
    assert list(PERMISSIONS) == sorted(PERMISSIONS)
    assert all(re.fullmatch(r"[a-z_]+\.[a-z_]+", name) for name in PERMISSIONS)
    assert all(PERMISSIONS.values())


def test_viewers_see_nothing_that_names_or_quotes_a_caller() -> None:
    assert not permissions_of(Role.VIEWER) & {"callers.read", "calls.read_content", "messages.read", "consents.read"}
