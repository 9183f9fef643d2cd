"""The running system that is attacked: Postgres, Valkey, two web instances, a merchant and somebody in each role."""

from __future__ import annotations

import random
import shutil
import sys
import tempfile
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from uuid import UUID

import psycopg2

from callwaiting.cli import demo_merchant, environments
from callwaiting.cli.db import make_platform_key
from callwaiting.cli.home import Home, write_private
from callwaiting.core.db import DatabaseRole
from callwaiting.core.http.permissions import TEAM, Role
from callwaiting.core.settings import load
from callwaiting.core.tenancy import MerchantScope
from callwaiting.embedded.child import Child
from callwaiting.embedded.claim import is_free
from callwaiting.embedded.postgres import EmbeddedPostgres
from callwaiting.embedded.process import ManagedProcess
from callwaiting.embedded.valkey import EmbeddedValkey
from callwaiting.factory import build_runtime
from migrations import prepare
from security.tools import ROOT
from tests.factories.people import member_token

HOST = "localhost"
DATABASE = "callwaiting"
# So high that the tools are not merely told to come back later, and tokens that outlive a run.
LIMITS = dict.fromkeys(
    ("RATE_LIMIT_MAX_REQUESTS", "RATE_LIMIT_PERSON_MAX_REQUESTS", "RATE_LIMIT_MERCHANT_MAX_REQUESTS"), "100000000"
) | {"JWT_EXPIRES_IN": "900", "TRUSTED_PROXIES": "1", "TRUSTED_HOSTS": f"{HOST},127.0.0.1"}


def free_ports(count: int) -> list[int]:
    return [port for port in random.sample(range(20000, 30000), 200) if is_free(port)][:count]


@dataclass
class Stage:
    """A context manager. `ports` are those of the web instances, `tls_port` is where nginx will answer for them, and
    `nameless_port` where it does so for tools that name no host in their handshake."""

    web_env: Mapping[str, str] = field(default_factory=dict)
    ports: list[int] = field(default_factory=lambda: free_ports(2))
    tls_port: int = field(default_factory=lambda: free_ports(1)[0])
    nameless_port: int = field(default_factory=lambda: free_ports(1)[0])

    def __enter__(self) -> Stage:
        self.root = Path(tempfile.mkdtemp(prefix="callwaiting-security-"))
        self.root.chmod(0o755)  # Postgres may run as another account
        self.running: list[ManagedProcess] = []
        try:
            self._open(Home(self.root / "home"))
        except BaseException:  # Ctrl-C too: what was started must end
            self.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        for process in reversed(self.running):
            process.stop()
        shutil.rmtree(self.root, ignore_errors=True)

    @property
    def url(self) -> str:
        """Of the first instance."""
        return f"http://127.0.0.1:{self.ports[0]}"

    def add(self, process: ManagedProcess) -> None:
        """Start it, and stop it at the end."""
        process.start()
        self.running.append(process)

    def token(self, role: str) -> str:
        """An access token of a new member of the merchant's team, who has just signed in."""
        runtime = build_runtime(load(self.web_env), tenant_role=DatabaseRole.WEB)
        try:
            return member_token(runtime.database, MerchantScope(self.merchant_id), role)
        finally:
            runtime.close()

    def _open(self, home: Home) -> None:
        home.make()
        secrets = home.secrets()
        postgres = EmbeddedPostgres(home.path, durable=False, superuser_password=secrets["postgres_password"])
        valkey = EmbeddedValkey(home.path, password=secrets["valkey_password"])
        self.add(postgres)
        self.add(valkey)
        connection = psycopg2.connect(postgres.url())
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(f"create database {DATABASE}")
        connection.close()
        admin_url = postgres.url(DATABASE)
        prepare.prepare(admin_url, secrets["role_secret"])
        common = environments.common(
            home, base_url=f"https://{HOST}:{self.tls_port}", redis_url=valkey.url(), sandbox_url=None
        )
        self.web_env = (
            environments.web(common, admin_url, secrets["role_secret"])
            | LIMITS
            | {"TRUSTED_PROXIES": "1", "TRUSTED_HOSTS": f"{HOST},127.0.0.1"}
        )
        worker = environments.worker(common, admin_url, secrets["role_secret"])
        write_private(home.operator_environment, worker)
        make_platform_key(worker)
        self.owner = demo_merchant.seed(home, {**self.web_env, **worker}, sandbox_url=None)
        self.merchant_id = UUID(demo_merchant._known(home)["merchant_id"])
        for port in self.ports:
            self.add(self._web(home, port))

    def _web(self, home: Home, port: int) -> Child:
        argv = [sys.executable, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port)]
        argv += ["--no-ws", "--workers", "1", "--blocking-threads", "16", "--log-level", "warning", "wsgi:app"]
        name = f"web-{port}"
        url = f"http://127.0.0.1:{port}/health/ready"
        return Child(name, argv, env=self.web_env, log=home.logs / f"{name}.log", ready=lambda: _answers(url), cwd=ROOT)


def _answers(url: str) -> bool:
    with urllib.request.urlopen(url, timeout=2) as response:
        return bool(response.status == 200)


ROLES = ("owner", *sorted(TEAM - {Role.OWNER}), "person")
