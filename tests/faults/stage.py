"""The processes of the proof, as `callwaiting up` starts them: durable servers, web, worker, beat and the sandbox."""

from __future__ import annotations

import json
import os
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import psycopg2
from psycopg2.extras import RealDictCursor

from callwaiting.cli import environments
from callwaiting.cli.db import make_platform_key
from callwaiting.cli.home import Home
from callwaiting.core.db import DatabaseRole
from callwaiting.core.settings import load
from callwaiting.embedded.child import Child
from callwaiting.embedded.claim import stable_port
from callwaiting.embedded.postgres import EmbeddedPostgres
from callwaiting.embedded.process import ManagedProcess
from callwaiting.embedded.valkey import EmbeddedValkey
from callwaiting.factory import Runtime, build_runtime
from migrations import prepare
from tests.factories.webhooks import TWILIO_ACCOUNT, TWILIO_TOKEN
from tests.faults.probe import TABLE

CHECKOUT = Path(__file__).resolve().parents[2]
DATABASE = "callwaiting"


class Stage:
    """Everything below `root`. `lease_s` shortens the leases of the worker; None leaves them as they are."""

    def __init__(self, root: Path, *, lease_s: int | None) -> None:
        root.chmod(0o755)  # Postgres may run as another account
        self.home = Home(root / "home")
        self.home.make()
        self._secrets = self.home.secrets()
        self._lease_s = lease_s
        self.web_port = stable_port(root / "web-port", 0)
        self.sandbox_url = f"http://127.0.0.1:{stable_port(root / 'sandbox-port', 0)}"
        self.postgres = EmbeddedPostgres(self.home.path, superuser_password=self._secrets["postgres_password"])
        self.valkey = EmbeddedValkey(self.home.path, password=self._secrets["valkey_password"])
        self.processes: list[ManagedProcess] = [self.postgres, self.valkey]

    def open(self) -> None:
        """Servers, schema and sandbox; then the rest can be made."""
        self.postgres.start()
        self.valkey.start()
        self.execute(f"create database {DATABASE}", database="postgres")
        prepare.prepare(self.admin_url, self._secrets["role_secret"])
        self.execute(TABLE)
        environment = self.environment()
        make_platform_key(environment)
        self.sandbox = self._sandbox()
        self.processes.append(self.sandbox)
        self.sandbox.start()
        self.ask_sandbox("behaviours", {"webhooks": {"hold": True}})  # the harness is the only sender
        self.web = self._web()
        argv = ["celery", "-A", "tests.faults.counting_worker:app", "worker", "-Q", "events,effects,maintenance"]
        argv += ["-c", "2", "--without-gossip", "--without-mingle", "--loglevel", "WARNING"]
        self.worker = self._child("worker", argv, environment)
        argv = ["celery", "-A", "tasks.beat", "beat", "-s", str(self.home.path / "beat"), "--pidfile="]
        self.beat = self._child("beat", [*argv, "--loglevel", "WARNING"], environments.beat(environment))
        self.processes += [self.web, self.worker, self.beat]

    def close(self) -> None:
        for process in reversed(self.processes):
            process.stop(grace_s=3)

    @property
    def admin_url(self) -> str:
        return self.postgres.url(DATABASE)

    def execute(self, statement: str, *values: object, database: str = DATABASE) -> list[dict[str, Any]]:
        """One statement as the superuser; its rows, if it has any."""
        connection = psycopg2.connect(self.postgres.url(database), connect_timeout=5, cursor_factory=RealDictCursor)
        connection.autocommit = True
        with closing(connection), connection.cursor() as cursor:
            cursor.execute(statement, values)
            return [dict(row) for row in cursor.fetchall()] if cursor.description else []

    @contextmanager
    def runtime(self, role: DatabaseRole = DatabaseRole.WORKER) -> Iterator[Runtime]:
        """A worker's or a web process's runtime in this process."""
        runtime = build_runtime(load(self.environment(role)), tenant_role=role)
        try:
            yield runtime
        finally:
            runtime.close()

    def environment(self, role: str = DatabaseRole.WORKER) -> dict[str, str]:
        base_url = f"http://127.0.0.1:{self.web_port}"
        common = environments.common(
            self.home, base_url=base_url, redis_url=self.valkey.url(), sandbox_url=self.sandbox_url
        )
        common |= {"TWILIO_ACCOUNT_SID": TWILIO_ACCOUNT, "TWILIO_AUTH_TOKEN": TWILIO_TOKEN, "LOG_LEVEL": "WARNING"}
        common |= {"FAULTS_LEASE_SECONDS": str(self._lease_s)} if self._lease_s else {}
        add = environments.web if role == DatabaseRole.WEB else environments.worker
        return add(common, self.admin_url, self._secrets["role_secret"])

    def ask_sandbox(self, path: str, body: object = None) -> Any:
        """What the stand-ins say below `/_sandbox`; with a body it is put there."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.sandbox_url}/_sandbox/{path}", data, method="PUT" if data else "GET")
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.load(answer)

    def _sandbox(self) -> Child:
        config = self.home.path / "sandbox.json"
        twilio = {"account_sid": TWILIO_ACCOUNT, "auth_token": TWILIO_TOKEN}
        config.write_text(json.dumps({"twilio": twilio, "stripe": {"api_keys": [self._secrets["stripe_api_key"]]}}))
        argv = ["callwaiting.sandbox", "--port", self.sandbox_url.rpartition(":")[2], "--config", str(config)]
        return self._child("sandbox", argv, self.environment(), f"{self.sandbox_url}/_sandbox/health")

    def _web(self) -> Child:
        argv = ["granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(self.web_port), "--no-ws"]
        argv += ["--workers", "2", "--blocking-threads", "16", "--respawn-failed-workers", "--log-level", "warning"]
        url = f"http://127.0.0.1:{self.web_port}/health/ready"
        return self._child("web", [*argv, "wsgi:app"], self.environment(DatabaseRole.WEB), url)

    def _child(self, name: str, argv: Sequence[str], env: Mapping[str, str], url: str = "") -> Child:
        return Child(
            name,
            [sys.executable, "-m", *argv],
            env=env,
            log=self.home.logs / f"{name}.log",
            ready=(lambda: _answers(url)) if url else None,
            cwd=CHECKOUT,
        )


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as response:
            return bool(response.status == 200)
    except urllib.error.HTTPError:
        return False


def children_of(pid: int) -> dict[int, str]:
    """The direct children of a process: pid and command line. Needs /proc; empty where there is none."""
    found: dict[int, str] = {}
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if int((entry / "stat").read_text().rpartition(")")[2].split()[1]) == pid:
                found[int(entry.name)] = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except (OSError, IndexError):
            continue  # it has ended meanwhile
    return found


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
