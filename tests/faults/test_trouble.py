"""Everyday trouble that is no kill: nobody worked for an hour, and a full disk under the log.

A restarted Postgres under load and an emptied Valkey are faults of `test_kill_nine.py`.
"""

from __future__ import annotations

import http.client
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from callwaiting.core.tenancy import MerchantScope
from callwaiting.embedded.claim import stable_port
from callwaiting.factory import Runtime
from tests.factories.stored_events import rows, store_event, store_source, until
from tests.factories.webhooks import Delivery, make_source, stripe_body, stripe_delivery
from tests.faults.stage import CHECKOUT
from tests.tasks.workers import celery_worker

FULL = Path("/dev/full")
# As a worker leaves them that died in the middle of its work an hour ago: some taken, some to be tried again.
AN_HOUR_AGO = """
update app.webhook_events set received_at = received_at - interval '1 hour', next_at = now() - interval '1 hour',
    status = (array['received', 'retry', 'running'])[1 + n %% 3], attempts = least(n %% 3, 1),
    lease_token = case when n %% 3 = 2 then gen_random_uuid() end,
    lease_until = case when n %% 3 = 2 then now() - interval '59 minutes' end
from (select id as numbered, row_number() over (order by id) as n from app.webhook_events) as numbers
where id = numbered
"""


def test_after_an_hour_without_worker_everything_is_made_up_for(
    worker: Runtime, merchant: MerchantScope, admin_url: str, environment: dict[str, str]
) -> None:
    source = store_source(worker, merchant)
    events = {str(store_event(worker, source)) for _ in range(60)}
    rows(admin_url, AN_HOUR_AGO)
    with celery_worker(environment):
        until(lambda: not rows(admin_url, "select 1 from app.webhook_events where status <> 'ignored'"))
    attempts = rows(admin_url, "select event_id, outcome from app.webhook_attempts")
    assert {str(row["event_id"]) for row in attempts if row["outcome"] == "ignored"} == events
    assert sum(row["outcome"] == "ignored" for row in attempts) == 60
    assert sum(row["outcome"] == "lost" for row in attempts) == 20


@pytest.mark.skipif(not FULL.exists(), reason="no /dev/full here, so a full disk was not shown")
def test_a_full_disk_under_the_log_loses_no_event(
    worker: Runtime, admin_url: str, environment: dict[str, str], tmp_path: Path
) -> None:
    source = make_source(worker, account="")
    port = stable_port(tmp_path / "port", 0)
    with FULL.open("wb") as full, web(port, environment | {"LOG_LEVEL": "DEBUG"}, full.fileno()):
        until(lambda: ask(port, "GET", Delivery("/health/ready", b"")) != 0)
        statuses = [ask(port, "POST", stripe_delivery(source, stripe_body(f"evt_{n}"))) for n in range(20)]
        forged = ask(port, "POST", stripe_delivery(source, secret="whsec_of_somebody_else"))
    assert statuses == [204] * 20
    assert forged == 400
    assert len(rows(admin_url, "select 1 from app.webhook_events")) == 20


@contextmanager
def web(port: int, environment: Mapping[str, str], log: int) -> Iterator[None]:
    """The web server with its output going to `log`. As everywhere in the product its output is unbuffered: granian
    warns on standard output before it forks, and a fork that cannot flush ends it."""
    argv = [sys.executable, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port)]
    server = subprocess.Popen(
        [*argv, "--no-ws", "--workers", "1", "--log-level", "warning", "wsgi:app"],
        cwd=CHECKOUT,
        env={"PATH": os.environ["PATH"], "PYTHONUNBUFFERED": "1", **environment},
        stdout=log,
        stderr=log,
        start_new_session=True,
    )
    try:
        yield
    finally:
        os.killpg(server.pid, signal.SIGKILL)
        server.wait()


def ask(port: int, method: str, delivery: Delivery) -> int:
    """The status, or 0 when nobody listens."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request(method, delivery.path, delivery.body, delivery.headers)
        return connection.getresponse().status
    except ConnectionError:
        return 0
    finally:
        connection.close()
