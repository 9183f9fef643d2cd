"""`/api/v1/threads` and `/api/v1/messages`."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID, uuid4

import pytest

from callwaiting.factory import Runtime
from callwaiting.features.consents import service as consents
from callwaiting.features.messages import incoming, service
from callwaiting.features.messages.incoming import IncomingText
from tests.api_client import ApiClient, actions, statements
from tests.factories.payments import CALLER_NUMBER, make_caller, make_line
from tests.factories.stored_events import rows

CALLERS = [f"+1415555012{digit}" for digit in range(3)]


@pytest.fixture
def line(owner: ApiClient, worker: Runtime) -> UUID:
    return make_line(worker, owner.scope)


@pytest.fixture
def caller(owner: ApiClient, worker: Runtime) -> UUID:
    return make_caller(worker, owner.scope)


def receive(worker: Runtime, owner: ApiClient, line: UUID, sender: str, body: str) -> None:
    with worker.database.unit_of_work(owner.scope) as session:
        incoming.receive(session, line, IncomingText(provider_id=f"SM{uuid4().hex}", sender=sender, body=body))


def test_a_text_by_hand_is_planned_once(owner: ApiClient, line: UUID, caller: UUID, admin_url: str) -> None:
    body = {"caller_id": str(caller), "phone_number_id": str(line), "body": " Your table is ready. "}
    made, again = (owner.send("POST", "/messages", body, key="one-text-only") for _ in range(2))
    text = made.get_json()

    assert (made.status_code, made.data) == (201, again.data)
    assert (text["direction"], text["kind"], text["body"]) == ("out", "manual", "Your table is ready.")
    assert text["status"] == "planned"
    assert owner.get(f"/messages/{text['id']}") == text
    assert rows(admin_url, "select kind, subject_id::text from app.outbox") == [
        {"kind": "twilio.message", "subject_id": text["id"]}
    ]
    assert actions(admin_url)[-1] == "message.planned"


def test_who_wants_no_texts_gets_none(
    owner: ApiClient, worker: Runtime, line: UUID, caller: UUID, admin_url: str
) -> None:
    with worker.database.unit_of_work(owner.scope) as session:
        consents.record_declaration(session, caller, "revoked", origin="sms", evidence="STOP")
    refused = owner.send(
        "POST", "/messages", {"caller_id": str(caller), "phone_number_id": str(line), "body": "Come back!"}
    )

    assert (refused.status_code, refused.get_json()["message"]) == (409, "This caller wants no texts.")
    assert rows(admin_url, "select 1 from app.messages union all select 1 from app.outbox") == []


def test_only_to_ones_own_callers_from_ones_own_numbers(
    owner: ApiClient, stranger: ApiClient, worker: Runtime, line: UUID, caller: UUID, admin_url: str
) -> None:
    theirs = make_caller(worker, stranger.scope)
    their_line = make_line(worker, stranger.scope, "+15005550199")
    for change, field in (
        ({"caller_id": str(theirs)}, "caller_id"),
        ({"caller_id": str(uuid4())}, "caller_id"),
        ({"phone_number_id": str(their_line)}, "phone_number_id"),
        ({"body": " "}, "body"),
        ({"body": "x" * 1601}, "body"),
    ):
        body = {"caller_id": str(caller), "phone_number_id": str(line), "body": "Hello"} | change
        answer = owner.send("POST", "/messages", body)
        assert answer.status_code == 422
        assert [item["field"] for item in answer.get_json()["fields"]] == [field]
    assert rows(admin_url, "select 1 from app.messages") == []


def test_threads_by_their_last_text(owner: ApiClient, worker: Runtime, line: UUID) -> None:
    for sender, body in ((CALLERS[0], "one"), (CALLERS[1], "two"), (CALLERS[2], "three"), (CALLERS[0], "four")):
        receive(worker, owner, line, sender, body)
    pages = owner.pages("/threads", 2)

    assert [[(thread["number"], thread["last"]["body"]) for thread in page] for page in pages] == [
        [(CALLERS[0], "four"), (CALLERS[2], "three")],
        [(CALLERS[1], "two")],
    ]
    caller_id = pages[0][0]["caller_id"]
    assert [text["body"] for text in owner.get(f"/messages?caller_id={caller_id}")["items"]] == ["four", "one"]
    assert [text["body"] for page in owner.pages("/messages", 3) for text in page] == ["four", "three", "two", "one"]


def test_another_merchants_texts_are_not_there(
    owner: ApiClient, stranger: ApiClient, worker: Runtime, line: UUID
) -> None:
    receive(worker, owner, line, CALLERS[0], "hello")
    caller_id = owner.get("/threads")["items"][0]["caller_id"]

    for path in ("/threads", "/messages", f"/messages?caller_id={caller_id}"):
        assert stranger.get(path) == {"items": [], "next": None}


def test_a_page_costs_the_same_whatever_its_length(owner: ApiClient, worker: Runtime, line: UUID) -> None:
    for sender in CALLERS:
        receive(worker, owner, line, sender, "hello")
    owner.get("/threads")  # the merchant's key is read once and kept
    for path, most in (("/threads", 4), ("/messages", 2)):
        counts = []
        for limit in (1, 3):
            with statements(owner.app) as sent:
                owner.get(f"{path}?limit={limit}")
            counts.append(len(sent))
        assert counts[0] == counts[1] <= most, path


def test_a_suppressed_text_is_shown_as_such(owner: ApiClient, worker: Runtime, line: UUID, caller: UUID) -> None:
    with worker.database.unit_of_work(owner.scope) as session:
        consents.record_declaration(session, caller, "revoked", origin="sms")
        service.plan_message(
            session, caller_id=caller, phone_number_id=line, kind="receipt", message_key="r:1", body="Thanks"
        )

    assert [text["status"] for text in owner.get("/messages")["items"]] == ["suppressed"]


def test_viewers_read_no_texts(owner: ApiClient) -> None:
    viewer = replace(owner, role="viewer")

    assert [viewer.send("GET", path).status_code for path in ("/threads", "/messages")] == [403, 403]


def test_a_thread_is_read_answered_and_handed_over(
    owner: ApiClient, worker: Runtime, line: UUID, caller: UUID, admin_url: str
) -> None:
    for body in ("Are you open?", "Hello?"):
        receive(worker, owner, line, CALLER_NUMBER, body)
    path = f"/threads/{caller}"
    fresh = owner.get(path)
    assert (fresh["unread"], fresh["handled_by"], fresh["last"]["body"]) == (2, "assistant", "Hello?")

    first = owner.get(f"/messages?caller_id={caller}")["items"][1]["id"]
    assert owner.post(f"{path}/read", {"up_to": first}, status=200)["unread"] == 1
    assert owner.post(f"{path}/read", {"up_to": fresh["last"]["id"]}, status=200)["unread"] == 0
    assert owner.post(f"{path}/read", {"up_to": first}, status=200)["unread"] == 0
    assert owner.send("POST", f"{path}/read", {"up_to": str(uuid4())}).status_code == 422

    answer = owner.post(f"{path}/replies", {"body": "We are – until “9”"})
    assert (answer["body"], answer["encoding"], answer["segments"]) == ('We are - until "9"', "gsm7", 1)
    assert (answer["send_after"], answer["phone_number_id"]) == (None, str(line))
    assert owner.get(path)["handled_by"] == "person"
    assert owner.post(f"{path}/hand-over", {"to": "assistant"}, status=200)["handled_by"] == "assistant"
    assert "thread.handed_over" in actions(admin_url)


def test_who_may_not_write_may_not_answer(owner: ApiClient, worker: Runtime, line: UUID, caller: UUID) -> None:
    receive(worker, owner, line, CALLER_NUMBER, "hello")
    viewer = replace(owner, role="viewer")
    for path, body in (("replies", {"body": "x"}), ("hand-over", {"to": "person"}), ("read", {"up_to": str(uuid4())})):
        assert viewer.send("POST", f"/threads/{caller}/{path}", body).status_code == 403


def test_a_thread_without_texts_is_not_there(owner: ApiClient, caller: UUID) -> None:
    assert owner.send("GET", f"/threads/{caller}").status_code == 404
    assert owner.send("POST", f"/threads/{caller}/replies", {"body": "x"}).status_code == 404
    assert owner.send("POST", f"/threads/{caller}/hand-over", {"to": "person"}).status_code == 404


def test_pictures_and_empty_and_very_long_texts_are_kept(owner: ApiClient, worker: Runtime, line: UUID) -> None:
    with worker.database.unit_of_work(owner.scope) as session:
        for number, (body, media) in enumerate((("", 3), ("", 0), ("é" * 1600, 0), ("東" * 1600, 0))):
            text = IncomingText(f"SM{number:032}", CALLER_NUMBER, body, media=media)
            incoming.receive(session, line, text)
    kept = [(len(text["body"]), text["media"], text["segments"]) for text in owner.get("/messages")["items"]]
    assert kept == [(1600, 0, 24), (1600, 0, 11), (0, 0, 0), (0, 3, 0)]
    assert [incoming.media_count(text) for text in ("", "2", "99", "-1", "x", "²")] == [0, 2, 10, 0, 0, 0]
