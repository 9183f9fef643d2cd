"""`/api/v1/callers`."""

from __future__ import annotations

from dataclasses import replace

from callwaiting.factory import Runtime
from tests.api_client import ApiClient, statements
from tests.factories.payments import make_caller

NUMBERS = [f"+1415555012{digit}" for digit in range(5)]


def test_newest_first_in_pages(owner: ApiClient, stranger: ApiClient, worker: Runtime) -> None:
    for number in NUMBERS:
        make_caller(worker, owner.scope, number)
    make_caller(worker, stranger.scope, NUMBERS[0])
    pages = owner.pages("/callers", 2)

    assert [caller["number"] for page in pages for caller in page] == NUMBERS[::-1]
    assert [len(page) for page in pages] == [2, 2, 1]
    assert [caller["number"] for caller in stranger.get("/callers")["items"]] == NUMBERS[:1]
    assert owner.get(f"/callers/{pages[0][0]['id']}") == pages[0][0]


def test_search_by_exact_number(owner: ApiClient, stranger: ApiClient, worker: Runtime) -> None:
    caller_id = make_caller(worker, owner.scope, NUMBERS[0])
    found = owner.post("/callers/search", {"number": NUMBERS[0]}, status=200)

    assert found["caller"]["id"] == str(caller_id)
    assert owner.post("/callers/search", {"number": NUMBERS[1]}, status=200) == {"caller": None}
    assert stranger.post("/callers/search", {"number": NUMBERS[0]}, status=200) == {"caller": None}
    assert owner.send("POST", "/callers/search", {"number": "415"}).status_code == 422


def test_a_page_is_one_statement(owner: ApiClient, worker: Runtime) -> None:
    for number in NUMBERS:
        make_caller(worker, owner.scope, number)
    owner.get("/callers")  # the merchant's key is read once and kept
    with statements(owner.app) as sent:
        owner.get("/callers")

    assert len([statement for statement in sent if "app.callers" in statement]) == 1
    assert len(sent) <= 2


def test_viewers_see_no_callers(owner: ApiClient) -> None:
    assert replace(owner, role="viewer").send("GET", "/callers").status_code == 403
    assert replace(owner, role="agent").get("/callers")["items"] == []
