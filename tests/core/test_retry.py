"""When a failed attempt is made again."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.exc import OperationalError

from callwaiting.core import retry
from callwaiting.core.crypto import Undecipherable
from callwaiting.core.deadline import DeadlineExceeded
from callwaiting.core.errors import Permanent, ServiceUnavailable, Transient
from callwaiting.core.retry import FailureClass


@pytest.mark.parametrize(
    ("error", "expected", "attempts"),
    [
        (Transient(), FailureClass.TRANSIENT, 12),
        (ServiceUnavailable(), FailureClass.TRANSIENT, 12),
        (DeadlineExceeded(), FailureClass.TRANSIENT, 12),
        (OperationalError("", {}, Exception()), FailureClass.TRANSIENT, 12),
        (KeyError("x"), FailureClass.BUG, 6),
        (Permanent(), FailureClass.PERMANENT, 1),
        (Undecipherable(), FailureClass.PERMANENT, 1),
    ],
)
def test_each_class_has_its_number_of_attempts(error: Exception, expected: FailureClass, attempts: int) -> None:
    assert retry.classify(error) is expected
    tried = [n for n in range(1, 30) if retry.delay_s(error, n) is not None]
    assert tried == list(range(1, attempts))


@given(st.sampled_from([(1, 2), (2, 4), (5, 60), (7, 3600), (11, 3600)]))
def test_the_wait_is_jittered_below_a_growing_window(example: tuple[int, int]) -> None:
    attempts, window = example
    waits = [retry.delay_s(Transient(), attempts) for _ in range(20)]
    assert all(wait is not None and window / 2 <= wait <= window for wait in waits)
    assert len(set(waits)) > 10


def test_all_attempts_together_outlast_an_outage_of_some_hours() -> None:
    waits = [retry.delay_s(Transient(), attempts) or 0 for attempts in range(1, 12)]
    assert 2.6 * 3600 < sum(waits) < 5.3 * 3600


def test_no_sooner_than_the_provider_asks() -> None:
    error = Transient()
    error.retry_after = 77
    assert retry.delay_s(error, 1) == 77


def test_what_is_kept_of_an_error_quotes_no_body() -> None:
    try:
        raise ValueError("+15550100 said: my card is 4242 4242 4242 4242")
    except ValueError as error:
        described = retry.describe(error)
    assert described.startswith("ValueError at test_retry.py:")
    assert "4242" not in described
    assert "15550100" not in retry.describe(Transient("call of +15550100555 failed"))
