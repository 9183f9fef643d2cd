"""The adapter of language models against an endpoint on this machine: a choice of those given, in time, or nothing."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from callwaiting.providers.language import FAILURES, ChatLanguage
from callwaiting.providers.ports import LanguageQuestion
from tests.factories.model_stand_in import StandIn, running

QUESTION = LanguageQuestion("menu", "erm I'm starving", {"order": "wants to order", "book": "wants to book"})


@pytest.fixture
def model() -> Iterator[StandIn]:
    with running() as started:
        yield started


@pytest.fixture
def language(model: StandIn) -> ChatLanguage:
    return ChatLanguage(base_url=model.url, api_key="key", model="small", soft_s=0.6, hard_s=0.9)


def test_it_chooses_by_a_schema_of_the_ids(model: StandIn, language: ChatLanguage) -> None:
    model.choose("order")

    assert language.choose(QUESTION) == "order"
    (asked,) = model.asked
    schema = asked["response_format"]["json_schema"]["schema"]
    assert (asked["model"], asked["temperature"]) == ("small", 0)
    assert schema["properties"]["choice"]["enum"] == ["order", "book", "none"]
    assert model.last_user_message["said"] == QUESTION.said


@pytest.mark.parametrize(
    "content",
    [
        '{"choice": "none"}', '{"choice": "pay"}', '{"choice": 1}', '{"choice": null}', '{"act": "order"}', "order",
        "", "[]", "null", '{"choice": ["order"]}', "Sure! The total is $0.00.",
    ],
)  # fmt: skip
def test_whatever_else_it_says_is_nothing(model: StandIn, language: ChatLanguage, content: str) -> None:
    model.content = content
    assert language.choose(QUESTION) is None


@pytest.mark.parametrize("raw", [b"<html>", b"{}", b'{"choices": []}', b"[" * 5000, b"x" * 20_000])
def test_a_broken_endpoint_is_nothing(model: StandIn, language: ChatLanguage, raw: bytes) -> None:
    model.raw = raw
    assert language.choose(QUESTION) is None


@pytest.mark.parametrize("trickle", [False, True], ids=["nothing comes", "it begins and does not end"])
def test_it_is_not_waited_for(model: StandIn, language: ChatLanguage, trickle: bool) -> None:
    """That this comes to an end at all is the point: the stand-in holds its answer until the test is over."""
    model.hold.clear()
    model.trickle = trickle
    assert language.choose(QUESTION) is None


def test_after_failures_it_is_left_alone(model: StandIn, language: ChatLanguage) -> None:
    model.status = 500
    for _ in range(FAILURES + 2):
        assert language.choose(QUESTION) is None
    assert len(model.asked) == FAILURES


def test_nobody_there() -> None:
    assert ChatLanguage(base_url="http://127.0.0.1:9/v1", api_key="", model="m").choose(QUESTION) is None
