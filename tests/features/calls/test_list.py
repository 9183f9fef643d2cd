"""`GET /api/v1/calls`."""

from __future__ import annotations

from tests.factories.merchants import create_merchant
from tests.factories.tokens import bearer
from tests.features.calls.conftest import Pizzeria


def test_newest_first_in_pages(pizzeria: Pizzeria) -> None:
    phones = [pizzeria.phone(caller=f"+1415555012{digit}") for digit in range(3)]
    for phone in phones:
        phone.dial()
    client, headers = pizzeria.app.test_client(), bearer(pizzeria.app, pizzeria.scope)
    first = client.get("/api/v1/calls?limit=2", headers=headers).get_json()
    rest = client.get(f"/api/v1/calls?limit=2&cursor={first['next']}", headers=headers).get_json()
    seen = [call["call_sid"] for page in (first, rest) for call in page["items"]]
    assert seen == [phone.call_sid for phone in reversed(phones)]
    assert rest["next"] is None
    assert first["items"][0]["status"] == "in-progress"
    assert "+1415" not in str(first)


def test_only_ones_own_with_a_token(pizzeria: Pizzeria) -> None:
    pizzeria.phone().dial()
    client = pizzeria.app.test_client()
    other = bearer(pizzeria.app, create_merchant(pizzeria.worker, "Mario's"))
    assert client.get("/api/v1/calls").status_code == 401
    assert client.get("/api/v1/calls", headers=other).get_json() == {"items": [], "next": None}
    assert client.get("/api/v1/calls?limit=101", headers=other).status_code == 422
