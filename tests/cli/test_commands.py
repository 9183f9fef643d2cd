"""The command line itself: help, exit statuses, the doctor's door."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from unittest import mock

import pytest
from click.testing import CliRunner

from callwaiting.cli import COMMANDS, group, main


@pytest.mark.parametrize("name", ["", *COMMANDS])
def test_every_command_has_help(name: str) -> None:
    result = CliRunner().invoke(group, [name, "--help"] if name else ["--help"])
    assert result.exit_code == 0
    assert "--help" in result.output


def test_wrong_usage_is_2() -> None:
    assert CliRunner().invoke(group, ["nonsense"]).exit_code == 2
    assert CliRunner().invoke(group, ["db", "upgrade"], env={"DATABASE_URL": ""}).exit_code == 2


def test_wrong_configuration_is_78_and_names_the_variable(capsys: pytest.CaptureFixture[str]) -> None:
    with (
        mock.patch.dict("os.environ", {"REDIS_URL": "redis://127.0.0.1:1/0"}),
        mock.patch("sys.argv", ["callwaiting", "events", "list"]),
        pytest.raises(SystemExit) as stopped,
    ):
        main()
    assert stopped.value.code == 78
    assert "configuration: SECRET_KEY" in capsys.readouterr().err


def test_a_new_key_has_32_bytes() -> None:
    printed = CliRunner().invoke(group, ["secret", "--key"]).stdout
    assert len(base64.b64decode(printed)) == 32


def test_the_doctor_judges_each_line() -> None:
    body, secret, now = b'{"id":"evt_1","object":"event","type":"x","livemode":false}', "whsec_doctor", 1_800_000_000
    signature = hmac.new(secret.encode(), f"{now}.".encode() + body, hashlib.sha256).hexdigest()
    line = {
        "id": "one",
        "provider": "stripe",
        "method": "POST",
        "url": "https://example.com/webhooks/stripe/x",
        "headers": {"Stripe-Signature": f"t={now},v1={signature}"},
        "body_base64": base64.b64encode(body).decode(),
        "secrets": [secret],
        "now": now,
    }
    forged = {**line, "id": "two", "headers": {"Stripe-Signature": f"t={now},v1={'0' * 64}"}}
    result = CliRunner().invoke(group, ["webhooks", "verify"], input=f"{json.dumps(line)}\n{json.dumps(forged)}\n")
    assert result.exit_code == 0
    first, second = (json.loads(text) for text in result.stdout.splitlines())
    assert (first["id"], first["verdict"], first["dedupe_key"]) == ("one", "accepted", "evt_1")
    assert second["verdict"] == "WEBHOOK_SIGNATURE_INVALID"
    assert secret not in result.output
    deep = '{"id":' + "[" * 300 + "]" * 300 + "}"  # orjson reads deeper nests than it writes
    unread = CliRunner().invoke(group, ["webhooks", "verify"], input=f"not json\n{deep}\n{json.dumps(line)}\n")
    assert unread.exit_code == 1
    verdicts = [json.loads(text) for text in unread.stdout.splitlines()]
    assert [verdict["verdict"] for verdict in verdicts] == ["BAD_REQUEST", "BAD_REQUEST", "accepted"]
    assert "not JSON" in verdicts[0]["detail"]
