from __future__ import annotations

import itertools
import re

from callwaiting.core.http.permissions import OPERATORS, PERMISSIONS, Role, permissions_of


def test_a_role_that_does_not_exist_may_nothing() -> None:
    for role in ("", "root", "Owner", "owner ", "system"):
        assert permissions_of(role) == frozenset()


def test_roles_of_a_team_are_nested() -> None:
    """Whoever stands higher may do all that those below may."""
    ladder = [permissions_of(role) for role in (Role.VIEWER, Role.AGENT, Role.ADMIN, Role.OWNER)]

    for lower, higher in itertools.pairwise(ladder):
        assert lower < higher
    assert ladder[-1] | permissions_of(Role.OPERATOR) == PERMISSIONS.keys()


def test_the_operator_stands_apart() -> None:
    """Who runs the platform sees no merchant's data, and no merchant runs the platform."""
    shared = permissions_of(Role.OPERATOR) & permissions_of(Role.OWNER)

    assert shared == {"account.use"}
    assert {name for name, roles in PERMISSIONS.items() if roles == OPERATORS} == permissions_of(Role.OPERATOR) - shared


def test_names_and_roles() -> None:
    assert list(PERMISSIONS) == sorted(PERMISSIONS)
    assert all(re.fullmatch(r"[a-z_]+\.[a-z_]+", name) for name in PERMISSIONS)
    assert all(PERMISSIONS.values())


def test_viewers_see_nothing_that_names_or_quotes_a_caller() -> None:
    assert not permissions_of(Role.VIEWER) & {"callers.read", "calls.read_content", "messages.read", "consents.read"}
