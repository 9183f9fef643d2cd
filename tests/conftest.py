"""Shared fixtures: real servers, a database per worker, and the two runtimes of the system."""

from __future__ import annotations

import base64
import gc
import os
import ssl
from collections.abc import Iterator
from typing import Any

import httpx
import hypothesis
import psycopg2
import pytest
from argon2 import PasswordHasher
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import Rule

from callwaiting.core.db import DatabaseRole
from callwaiting.core.http.jwt import SigningRing
from callwaiting.core.settings import Settings, load
from callwaiting.core.tenancy import MerchantScope, SystemScope
from callwaiting.factory import Runtime, build_runtime
from callwaiting.features.accounts import passwords, signing_keys
from callwaiting.features.keys import service as keys
from migrations import prepare
from tests import servers
from tests.apps import left_as_it_was, opened_app
from tests.emptying import Emptier
from tests.factories.merchants import create_merchant
from tests.loading import load_share
from tests.order import in_shares

KEPT_TABLES = ("schema_version", "platform_keys", "signing_keys")
_servers: servers.Servers | None = None

# A busy machine is no fault of the code. What else Hypothesis chooses, as the same examples each time in CI, it keeps.
hypothesis.settings.register_profile(
    "any machine",
    hypothesis.settings.default,
    deadline=None,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.load_profile("any machine")


def pytest_configure(config: pytest.Config) -> None:
    global _servers
    if not hasattr(config, "workerinput") and not config.option.collectonly:
        _servers = servers.Servers()
        _servers.start()


def pytest_sessionstart(session: pytest.Session) -> None:
    given = getattr(session.config, "workerinput", None)
    if given is not None and session.config.args_source is pytest.Config.ArgsSource.TESTPATHS:
        load_share(int(given["workerid"].removeprefix("gw")), given["workercount"])


def pytest_collection_finish() -> None:
    gc.freeze()  # what the modules have made stays to the end; the collector need not look at it again and again
    gc.set_threshold(10_000, 20, 50)  # and there is memory enough for a tenth of its rounds
    gc.enable()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    given = getattr(config, "workerinput", None)
    if given is not None:
        items[:] = in_shares(items, given["workercount"])


def pytest_unconfigure(config: pytest.Config) -> None:
    global _servers
    if _servers is not None:
        _servers.stop()
        _servers = None


@pytest.fixture(scope="session")
def admin_url(worker_id: str) -> str:
    """Superuser URL of this worker's own database."""
    return servers.create_database(f"test_{worker_id}")


@pytest.fixture(scope="session")
def valkey_url(worker_id: str) -> str:
    """This worker's own Valkey database."""
    number = int(worker_id.removeprefix("gw")) if worker_id.startswith("gw") else 0
    return os.environ[servers.VALKEY_VARIABLE].removesuffix("/0") + f"/{number}"


@pytest.fixture(scope="session")
def environment(admin_url: str, valkey_url: str) -> dict[str, str]:
    """The environment of a process of the system under test; provider addresses lead nowhere unless a test says."""
    urls = prepare.role_urls(admin_url, servers.ROLE_SECRET)
    return {
        "CALLWAITING_ENV": "test",
        "PUBLIC_BASE_URL": "http://callwaiting.test",
        "REDIS_URL": valkey_url,
        "RATE_LIMIT_MAX_REQUESTS": "100000",  # all tests of a worker share one address
        "SECRET_KEY": "k3y-of-the-tests-0123456789-abcdefghij",
        "KEY_ENCRYPTION_KEYS": "1:" + base64.b64encode(bytes(range(1, 33))).decode(),
        "TWILIO_API_BASE": "http://127.0.0.1:9",
        "TWILIO_ACCOUNT_SID": "AC" + "0" * 32,
        "TWILIO_AUTH_TOKEN": "twilio-token-of-the-tests",
        "STRIPE_API_BASE": "http://127.0.0.1:9",
        "STRIPE_API_KEY": "sk_test_of_the_tests",
        "PAYPAL_API_BASE": "http://127.0.0.1:9",
        "PAYPAL_CLIENT_ID": "client-of-the-tests",
        "PAYPAL_CLIENT_SECRET": "client-secret-of-the-tests",
        "OUTGOING_WEBHOOKS_LOCAL": "true",
        **{f"DATABASE_URL_{role.upper()}": url for role, url in urls.items()},
    }


@pytest.fixture(scope="session")
def settings(environment: dict[str, str]) -> Settings:
    return load(environment)


@pytest.fixture(scope="session")
def emptier(admin_url: str) -> Iterator[Emptier]:
    made = Emptier(psycopg2.connect(admin_url), kept=KEPT_TABLES)
    yield made
    made.close()


@pytest.fixture
def empty_tables(emptier: Emptier) -> None:
    """Every table emptied, but for the schema's version and the platform's keys."""
    emptier.empty()


@pytest.fixture(scope="session")
def web_runtime(settings: Settings) -> Iterator[Runtime]:
    runtime = build_runtime(settings, tenant_role=DatabaseRole.WEB)
    yield runtime
    runtime.close()


@pytest.fixture(scope="session")
def worker_runtime(settings: Settings) -> Iterator[Runtime]:
    runtime = build_runtime(settings, tenant_role=DatabaseRole.WORKER)
    with runtime.database.unit_of_work(SystemScope("platform key of the tests")) as session:
        keys.ensure_platform_key(session)
        signing_keys.ensure_keys(session)
    yield runtime
    runtime.close()


@pytest.fixture
def web(web_runtime: Runtime, worker_runtime: Runtime, empty_tables: None) -> Runtime:
    """A web process's runtime, on empty tables."""
    return web_runtime


@pytest.fixture
def worker(worker_runtime: Runtime, empty_tables: None) -> Runtime:
    """A worker's runtime, on empty tables."""
    return worker_runtime


@pytest.fixture
def merchant(worker: Runtime) -> MerchantScope:
    """A fresh merchant: Luigi's Pizza in New York, USD, 8.25 % tax on top of prices."""
    return create_merchant(worker)


@pytest.fixture(scope="session", autouse=True)
def rules_compiled_once() -> Iterator[None]:
    """Werkzeug compiles two functions a rule that build its URL: four fifths of what it takes to make an app, and
    tests make a thousand of them. Rules that read the same share theirs."""
    compiled: dict[tuple[object, ...], object] = {}
    compile_builder = Rule._compile_builder

    def shared(rule: Rule, append_unknown: bool = True) -> object:
        key = (rule.rule, rule.host, rule.subdomain, repr(rule.defaults), append_unknown)
        if key not in compiled:
            compiled[key] = compile_builder(rule, append_unknown)
        return compiled[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Rule, "_compile_builder", shared)
        yield


@pytest.fixture(scope="session", autouse=True)
def authorities_read_once() -> Iterator[None]:
    """Each client of httpx reads all authorities of the world, 30 ms of work, though tests speak plain HTTP. Those that
    ask for the same share what was read."""
    read: dict[object, ssl.SSLContext] = {}

    def shared(**asked: Any) -> ssl.SSLContext:
        key = (*sorted(asked.items()), os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR"))
        if key not in read:
            read[key] = httpx.create_ssl_context(**asked)
        return read[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("httpx._transports.default.create_ssl_context", shared)
        yield


@pytest.fixture(scope="session", autouse=True)
def passwords_hashed_cheaply() -> Iterator[PasswordHasher]:
    """A password's hash is meant to be dear, and tests make and compare thousands. The one that the product uses."""
    dear = passwords._hasher
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "_hasher", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
        yield dear


@pytest.fixture
def passwords_hashed_dearly(passwords_hashed_cheaply: PasswordHasher, monkeypatch: pytest.MonkeyPatch) -> None:
    """As in the product."""
    monkeypatch.setattr(passwords, "_hasher", passwords_hashed_cheaply)


@pytest.fixture
def fresh_app(settings: Settings, worker: Runtime) -> Iterator[Flask]:
    """An application that the test may change, and whose database it may close."""
    with opened_app(settings) as made:
        yield made


@pytest.fixture(scope="session")
def shared_app(settings: Settings, worker_runtime: Runtime) -> Iterator[Flask]:
    with opened_app(settings) as made:
        yield made


@pytest.fixture
def keys_of_tokens_change(shared_app: Flask) -> Iterator[None]:
    """For a test that has another key sign at once. Processes get half a minute to learn of a key before it signs; the
    shared application, which lives on, has to learn of it now, or it refuses its own tokens in tests that follow."""
    ring: SigningRing = shared_app.extensions["signing_ring"]
    ring._until = 0.0
    yield
    ring._until = 0.0


@pytest.fixture
def app(shared_app: Flask, worker: Runtime) -> Iterator[Flask]:
    """The application, on empty tables. All tests of a process share it: who changes it takes `fresh_app`."""
    with left_as_it_was(shared_app):
        yield shared_app


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()
