from __future__ import annotations

import json
import logging
import sys
from collections.abc import Callable, Iterator

import pytest
import structlog

from callwaiting.core import logging as logs
from callwaiting.core.logging import redact_text
from callwaiting.core.request_context import request_id

Log = Callable[[], str]
CANARIES = {
    "phone": "+14155550197",
    "phone in a sentence": "call (+4915112345678) back",
    "phone in a form": "To=x&From=%2B14155550197",
    "mail": "luigi.canary+x@example.co.uk",
    "jwt": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl",
    "stripe key": "sk_live_51CanaryCanaryCanary",
    "restricted key": "rk_test_canary",
    "webhook secret": "whsec_CanaryCanary",
    "bearer": "Bearer canary.token-value",
    "url password": "postgresql://cw_web:canary-password@db/x",
    "redis password": "redis://:canary-password@127.0.0.1/0",
    "card": "4242424242424242",
    "card in groups": "4242 4242 4242 4242",
    "amex": "378282246310005",
}
PIECES = (
    "4155550197", "15112345678", "luigi", "eyJhbGci", "c2lnbmF0dXJl", "51Canary", "rk_test", "whsec", "canary.token",
    "canary-password", "4242424242424242", "4242 4242", "378282246310005",
)  # fmt: skip


@pytest.fixture
def log(capsys: pytest.CaptureFixture[str]) -> Iterator[Log]:
    """What a production process has written since the last look."""
    root = logging.getLogger()
    before = structlog.get_config(), root.handlers[:], root.level, logging.raiseExceptions
    logs.configure(json_lines=True, pseudonym_key=b"k" * 32)
    yield lambda: capsys.readouterr().err
    structlog.configure(**before[0])
    root.handlers[:], root.level, logging.raiseExceptions = before[1:]


def assert_clean(text: str) -> None:
    assert [piece for piece in PIECES if piece in text] == []


@pytest.mark.parametrize("canary", CANARIES.values(), ids=CANARIES)
def test_canary_is_redacted_wherever_it_stands(log: Log, canary: str) -> None:
    logger = structlog.get_logger()
    logger.info(
        f"said {canary}", note=canary, nested={"list": [canary, (canary,)], canary: 1}, other=ValueError(canary)
    )
    try:
        raise RuntimeError(canary)
    except RuntimeError:
        logger.exception("failed")
    logging.getLogger("library").warning("of a library: %s", canary)
    try:
        raise RuntimeError(canary)
    except RuntimeError:
        logging.getLogger("library").exception("of a library")

    written = log()
    assert len([json.loads(line) for line in written.splitlines()]) == 4
    assert_clean(written)


@pytest.mark.parametrize(
    "key",
    ["password", "passwd", "client_secret", "access_token", "Authorization", "cookie", "otp", "signature", "api_key",
     "apiKey", "card_number", "cvc", "iban", "dsn", "body", "raw"],
)  # fmt: skip
def test_value_under_a_secret_name_is_not_written(log: Log, key: str) -> None:
    structlog.get_logger().info("x", **{key: "canary-password", "inner": {key: {"deep": "canary-password"}}})

    assert_clean(log())


def test_line_carries_what_an_operator_needs(log: Log) -> None:
    with request_id("abcdefgh-1"):
        structlog.get_logger().info("order.paid", order="7d0c", total_minor=1200, ok=True, ratio=0.5, nothing=None)

    line = json.loads(log())
    assert line.pop("timestamp").endswith("Z")
    assert line == {
        "event": "order.paid", "level": "info", "request_id": "abcdefgh-1", "order": "7d0c", "total_minor": 1200,
        "ok": True, "ratio": 0.5, "nothing": None,
    }  # fmt: skip


def test_one_caller_keeps_one_pseudonym() -> None:
    first, again, other = (redact_text(f"from {text}") for text in ("+14155550197", "%2B14155550197", "+14155550198"))

    assert first == again != other
    assert first.startswith("from phone:")


@pytest.mark.parametrize("text", ["order 1234567890123", "evt_1234567890", "CA" + "0" * 32, "12:30", "2026-11-24"])
def test_harmless_text_stays(text: str) -> None:
    assert redact_text(text) == text


def test_line_feeds_do_not_forge_a_line(log: Log) -> None:
    structlog.get_logger().info('x\n{"event": "forged"}', note="a\r\nb")

    assert len(log().splitlines()) == 1


def test_long_text_is_cut(log: Log) -> None:
    structlog.get_logger().info("x", note="y " * 50_000)

    assert len(log()) < 3000


class Full:
    """A standard error on a full disk."""

    def write(self, _: str) -> int:
        raise OSError(28, "No space left on device")

    def flush(self) -> None:
        raise OSError(28, "No space left on device")


def test_log_that_cannot_be_written_stops_nothing(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", Full())

    structlog.get_logger().info("into the void")
    logging.getLogger("library").error("into the void")


def test_everything_is_written_to_standard_error_alone(log: Log, capsys: pytest.CaptureFixture[str]) -> None:
    structlog.get_logger().info("of ours")
    logging.getLogger("of.a.library").error("of theirs")

    said = capsys.readouterr()
    assert said.out == ""
    assert "of ours" in said.err
    assert "of theirs" in said.err
    others = [name for name in logging.root.manager.loggerDict if _writes(logging.getLogger(name))]
    assert others == []


def _writes(logger: logging.Logger) -> bool:
    return any(not isinstance(handler, logging.NullHandler) for handler in logger.handlers)
