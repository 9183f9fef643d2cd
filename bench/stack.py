"""What the benches run against: real servers with durability on, the web app and workers as `up` starts them."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import psycopg2

from callwaiting.cli import environments
from callwaiting.cli.db import make_platform_key
from callwaiting.cli.home import Home
from callwaiting.core.db import DatabaseRole
from callwaiting.core.ids import new_id
from callwaiting.core.settings import load
from callwaiting.core.tenancy import MerchantScope
from callwaiting.embedded.child import Child
from callwaiting.embedded.claim import is_free
from callwaiting.embedded.postgres import EmbeddedPostgres
from callwaiting.embedded.valkey import EmbeddedValkey
from callwaiting.factory import Runtime, build_runtime
from callwaiting.features.merchants import service as merchants
from callwaiting.features.payments import accounts
from callwaiting.features.webhooks import source_admin
from migrations import prepare

CHECKOUT = Path(__file__).resolve().parent.parent
SECRET = "whsec_" + "b3nch" * 8
ACCOUNT = "acct_1BenchMerchant000"
DATABASE = "callwaiting"


class Stack:
    """Servers, database and environments below a temporary directory that goes with it."""

    def __init__(self) -> None:
        self._directory = tempfile.TemporaryDirectory(prefix="callwaiting-bench-")
        root = Path(self._directory.name)
        root.chmod(0o755)
        self.home = Home(root / "home")
        self.home.make()
        self.secrets = self.home.secrets()
        self.postgres = EmbeddedPostgres(self.home.path, superuser_password=self.secrets["postgres_password"])
        self.valkey = EmbeddedValkey(self.home.path, password=self.secrets["valkey_password"])
        self.source_path = ""

    def __enter__(self) -> Stack:
        self.postgres.start()
        self.valkey.start()
        self.create_database(DATABASE)
        prepare.prepare(self.admin_url, self.secrets["role_secret"])
        make_platform_key(self.environment("worker"))
        with self.runtime() as runtime:
            self._register(runtime)
        return self

    def __exit__(self, *_: object) -> None:
        self.valkey.stop()
        self.postgres.stop()
        self._directory.cleanup()

    @property
    def admin_url(self) -> str:
        return self.postgres.url(DATABASE)

    def create_database(self, name: str) -> None:
        self.execute(f"create database {name}", database="postgres")

    def execute(self, statement: str, *, database: str = DATABASE) -> list[tuple[object, ...]]:
        """One statement as the superuser; its rows, if it has any."""
        connection = psycopg2.connect(self.postgres.url(database))
        connection.autocommit = True
        with contextlib.closing(connection), connection.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchall() if cursor.description else []

    def environment(self, kind: str, port: int = 8000) -> dict[str, str]:
        common = environments.common(
            self.home, base_url=f"http://127.0.0.1:{port}", redis_url=self.valkey.url(), sandbox_url=None
        )
        common |= {"LOG_LEVEL": "WARNING"}
        # The adapter wants credentials before it reads an event; nothing is called at the discard port.
        common |= {"STRIPE_API_KEY": self.secrets["stripe_api_key"], "STRIPE_API_BASE": "http://127.0.0.1:9"}
        add = environments.web if kind == "web" else environments.worker
        return add(common, self.admin_url, self.secrets["role_secret"])

    @contextlib.contextmanager
    def runtime(self) -> Iterator[Runtime]:
        """A worker's runtime in this process."""
        runtime = build_runtime(load(self.environment("worker")), tenant_role=DatabaseRole.WORKER)
        try:
            yield runtime
        finally:
            runtime.close()

    def _register(self, runtime: Runtime) -> None:
        scope = MerchantScope(new_id(), actor="bench")
        with runtime.database.unit_of_work(scope) as session:
            merchants.create_merchant(session, name="Bench", timezone="UTC", currency="USD")
            accounts.add_account(session, "stripe", "test", ACCOUNT)
            source = source_admin.create_source(session, provider="stripe", mode="test", account=ACCOUNT, secret=SECRET)
        self.source_path = "/webhooks/stripe/" + source.public_id

    @contextlib.contextmanager
    def serving(self, application: str, *, processes: int = 2, threads: int = 32,
                environment: Mapping[str, str] | None = None, python: str = sys.executable,
                cwd: Path = CHECKOUT) -> Iterator[tuple[int, Child]]:  # fmt: skip
        """granian on a free port; yields (port, child)."""
        port = next(candidate for candidate in range(18400, 18600) if is_free(candidate))
        argv = [python, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port), "--no-ws"]
        argv += [
            "--workers",
            str(processes),
            "--blocking-threads",
            str(threads),
            "--backlog",
            "1024",
            "--log-level",
            "warning",
        ]
        child = Child(
            application, [*argv, application], env=environment or self.environment("web", port),
            log=self.home.logs / f"{application.replace(':', '-')}.log", ready=lambda: _listens(port), cwd=cwd,
        )  # fmt: skip
        child.start()
        try:
            yield port, child
        finally:
            child.stop()

    @contextlib.contextmanager
    def working(self, processes: int = 2, queues: str = "events,effects,maintenance") -> Iterator[Child]:
        """A Celery worker."""
        argv = [sys.executable, "-m", "celery", "-A", "celery_worker:app", "worker", "-c", str(processes)]
        argv += ["-Q", queues, "--without-gossip", "--without-mingle", "--loglevel", "WARNING"]
        child = Child("worker", argv, env=self.environment("worker"), log=self.home.logs / "worker.log", cwd=CHECKOUT)
        child.start()
        try:
            yield child
        finally:
            child.stop()


def _listens(port: int) -> bool:
    return not is_free(port)


def load_run(port: int, requests: Path, *, connections: int, seconds: float, rate: float | None = None,
             repeat: bool = False) -> dict[str, object]:  # fmt: skip
    """One run of the load generator in a process of its own."""
    argv = [sys.executable, "-m", "bench.load", "--port", str(port), "--requests", str(requests)]
    argv += ["--connections", str(connections), "--seconds", str(seconds)]
    argv += ["--rate", str(rate)] if rate else []
    argv += ["--repeat"] if repeat else []
    done = subprocess.run(argv, cwd=CHECKOUT, check=True, capture_output=True, text=True, timeout=seconds + 60)
    found: dict[str, object] = json.loads(done.stdout)
    return found


def cpu_seconds(pid: int) -> float:
    """User and system time of a process and its children, those that have ended too, Linux only (elsewhere 0)."""
    ticks, total = os.sysconf("SC_CLK_TCK"), 0
    children: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            fields = stat.read_text().rpartition(")")[2].split()
            children.setdefault(int(fields[1]), []).append(int(stat.parent.name))
    waiting = [pid]
    while waiting:
        current = waiting.pop()
        waiting += children.get(current, [])
        with contextlib.suppress(OSError):
            fields = Path(f"/proc/{current}/stat").read_text().rpartition(")")[2].split()
            total += sum(map(int, fields[11:15]))
    return total / ticks


def until(condition: object, seconds: float, what: str, *, every_s: float = 0.02) -> None:
    """Poll until the callable holds. Raises TimeoutError."""
    assert callable(condition)
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError(what)
        time.sleep(every_s)
