"""Three attempts, and when there are fewer."""

from __future__ import annotations

import pytest

from callwaiting.providers import attempts
from callwaiting.providers.attempts import backoff_s, retry_after_s, three_attempts
from callwaiting.providers.ports import ProviderOutcomeUnknown, ProviderRejected, ProviderUnavailable


class Call:
    """Raises the given errors one after the other, then answers."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.calls = 0

    def __call__(self) -> str:
        self.calls += 1
        if self.errors:
            raise self.errors.pop(0)
        return "done"


@pytest.fixture(autouse=True)
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attempts, "BASE_DELAY_S", 0.001)


@pytest.mark.parametrize("failures", [0, 1, 2])
def test_the_third_attempt_may_still_succeed(failures: int) -> None:
    call = Call(*[ProviderUnavailable("away")] * failures)
    assert three_attempts(call, deadline_s=5) == "done"
    assert call.calls == failures + 1


def test_there_is_no_fourth() -> None:
    call = Call(*[ProviderUnavailable("away")] * 3)
    with pytest.raises(ProviderUnavailable):
        three_attempts(call, deadline_s=5)
    assert call.calls == 3


@pytest.mark.parametrize("error", [ProviderRejected("no"), ProviderOutcomeUnknown("?"), ValueError("bug")])
def test_nothing_else_is_repeated(error: Exception) -> None:
    call = Call(error)
    with pytest.raises(type(error)):
        three_attempts(call, deadline_s=5)
    assert call.calls == 1


def test_no_attempt_starts_after_the_deadline_even_if_the_provider_asks_for_patience() -> None:
    call = Call(ProviderUnavailable("later", retry_after=60))
    with pytest.raises(ProviderUnavailable):
        three_attempts(call, deadline_s=5)
    assert call.calls == 1


def test_waits_grow_are_spread_and_heed_retry_after(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attempts, "BASE_DELAY_S", 0.25)
    for attempt, most in [(1, 0.25), (2, 0.5), (9, attempts.MAX_DELAY_S)]:
        waits = {backoff_s(attempt, None) for _ in range(50)}
        assert len(waits) > 1
        assert max(waits) <= most
    assert backoff_s(1, 7) == 7


@pytest.mark.parametrize(
    ("header", "seconds"), [("7", 7), ("0", 0), (None, None), ("", None), ("-1", None), ("99999", None), ("soon", None)]
)
def test_reads_retry_after(header: str | None, seconds: int | None) -> None:
    assert retry_after_s(header) == seconds
