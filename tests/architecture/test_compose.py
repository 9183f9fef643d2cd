"""docker-compose.yml, judged by the real Compose: valid, hardened, and no process with more rights than its own."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from callwaiting.core.db import DatabaseRole
from callwaiting.core.jobs import Queue
from callwaiting.core.roles import WEB_ROLES, WORKER_ROLES
from callwaiting.core.settings import Settings, SettingsInvalid, load

ROOT = Path(__file__).parents[2]
WORKERS = ("worker-events", "worker-effects", "worker-maintenance")
ROLES: dict[str, tuple[DatabaseRole, ...]] = {"web": WEB_ROLES, **dict.fromkeys(WORKERS, WORKER_ROLES)}


def compose(*arguments: str, file: Path = ROOT / "docker-compose.yml") -> subprocess.CompletedProcess[str]:
    """Compose's own binary: the wrapper on the PATH swallows its exit code."""
    package = importlib.util.find_spec("compose")
    assert package
    assert package.origin
    binary = Path(package.origin).with_name("docker-compose")
    example = ("--env-file", str(ROOT / "deploy/example.env"), "--project-directory", str(ROOT))
    environment = {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/")}
    command = [str(binary), *example, "-f", str(file), "--profile", "monitoring", "config", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, env=environment)


@cache
def services() -> dict[str, dict[str, Any]]:
    done = compose("--format", "json")
    assert done.returncode == 0, done.stderr
    found: dict[str, dict[str, Any]] = json.loads(done.stdout)["services"]
    return found


def secrets_of(service: str) -> set[str]:
    return {secret["source"] for secret in services()[service].get("secrets", [])}


def consumed(service: str) -> set[str]:
    command: list[str] = services()[service]["command"]
    return set(command[command.index("-Q") + 1].split(","))


def test_file_is_valid() -> None:
    done = compose("-q")

    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("restart: unless-stopped", "restarts: unless-stopped", "restarts"),
        ("postgres: {condition: service_healthy}", "postgress: {condition: service_healthy}", "postgress"),
        ("${SERVER_NAME:?", "${SERVER_NAME_OF_NOBODY:?", "SERVER_NAME_OF_NOBODY"),
    ],
)
def test_faulty_file_is_refused(tmp_path: Path, old: str, new: str, complaint: str) -> None:
    text = (ROOT / "docker-compose.yml").read_text()
    assert old in text
    broken = tmp_path / "docker-compose.yml"
    broken.write_text(text.replace(old, new))

    done = compose("-q", file=broken)

    assert done.returncode != 0
    assert complaint in done.stderr


def test_each_queue_has_its_consumer() -> None:
    assert {worker for worker in services() if worker.startswith("worker-")} == set(WORKERS)
    assert {worker: consumed(worker) for worker in WORKERS} == {f"worker-{queue}": {queue.value} for queue in Queue}


def test_no_service_holds_the_url_of_another_role() -> None:
    for name, service in services().items():
        expected = {f"database_url_{role}" for role in ROLES.get(name, ())}
        if name == "migrate":
            expected = {"database_url", "database_role_secret"}
        held = {secret for secret in secrets_of(name) if secret.startswith("database_")}
        named = {key for key in service.get("environment", {}) if key.startswith("DATABASE_URL")}

        assert held == expected, name
        assert named == ({f"{secret.upper()}_FILE" for secret in held} if name in ROLES else set()), name


def test_environment_holds_no_secret() -> None:
    for name, service in services().items():
        for variable, value in (service.get("environment") or {}).items():
            if any(word in variable for word in ("SECRET", "TOKEN", "KEY", "PASSWORD", "URL_")):
                assert variable.endswith("_FILE"), f"{name}: {variable}"
                assert value.startswith("/run/secrets/"), f"{name}: {variable}"
                assert value.removeprefix("/run/secrets/") in secrets_of(name), f"{name}: {variable}"


def test_every_service_is_hardened() -> None:
    for name, service in services().items():
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert "privileged" not in service, name
        assert "no-new-privileges:true" in service["security_opt"], name
        assert service["user"].split(":")[0] not in {"0", "root"}, name
        assert service["deploy"]["resources"]["limits"].keys() == {"cpus", "memory", "pids"}, name
        if name != "migrate":
            assert service["restart"] == "unless-stopped", name
            assert service["healthcheck"]["test"], name


def test_only_nginx_is_reachable_from_outside() -> None:
    published = {
        (name, port.get("host_ip", "everywhere"))
        for name, service in services().items()
        for port in service.get("ports", [])
    }

    assert published == {("nginx", "everywhere"), ("flower", "127.0.0.1"), ("prometheus", "127.0.0.1")}
    assert "data" not in services()["nginx"]["networks"]


@pytest.fixture(scope="module")
def secrets_directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("secrets")
    command = Path(sys.executable).with_name("callwaiting")
    subprocess.run(
        [str(ROOT / "deploy/make-secrets"), str(directory)],
        env={"PATH": os.environ["PATH"], "CALLWAITING": str(command)},
        check=True,
        capture_output=True,
        timeout=120,
    )
    return directory


def environment_of(service: str, directory: Path) -> dict[str, str]:
    """The service's environment as its process sees it, the secrets lying in `directory`."""
    given: dict[str, str] = services()[service]["environment"]
    return {name: value.replace("/run/secrets", str(directory)) for name, value in given.items()}


@pytest.mark.parametrize("service", ROLES)
def test_process_starts_with_what_it_is_given(secrets_directory: Path, service: str) -> None:
    environment = environment_of(service, secrets_directory)

    settings = load(environment, roles=ROLES[service])

    assert settings.callwaiting_env == "production"
    assert settings.prometheus_multiproc_dir == f"/metrics/{service}".removesuffix("/web")
    assert set(settings.database_urls()) == set(ROLES[service])
    with pytest.raises(SettingsInvalid) as refused:
        load({name: value for name, value in environment.items() if name != "SECRET_KEY_FILE"})
    assert any("SECRET_KEY" in line for line in refused.value.lines)


def test_made_secrets_are_the_declared_ones_and_are_kept(secrets_directory: Path) -> None:
    declared = set(json.loads(compose("--format", "json").stdout)["secrets"]) - {"tls_certificate", "tls_key"}

    assert {path.name for path in secrets_directory.iterdir()} == declared
    assert secrets_directory.stat().st_mode & 0o077 == 0
    password = (secrets_directory / "valkey_auth").read_text().removeprefix("requirepass ").strip()
    assert f":{password}@valkey:" in (secrets_directory / "redis_url").read_text()


# What Compose gives nobody: it differs in development and tests only, or is for another way to run.
NOT_BY_COMPOSE = {
    "CALLWAITING_ENV", "DATABASE_PREPARE", "REQUEST_TIMEOUT_MS", "OUTGOING_WEBHOOKS_LOCAL", "TWILIO_API_BASE",
    "STRIPE_API_BASE", "PAYPAL_CERT_BASE_URL", "PAYPAL_EXTRA_ROOTS", "PAYPAL_WEBHOOK_ID",
}  # fmt: skip
WEB_ALONE = {
    "TRUSTED_PROXIES", "LANGUAGE_API_BASE", "LANGUAGE_API_KEY", "LANGUAGE_MODEL", "DATABASE_URL_WEB",
}  # fmt: skip
WORKERS_ALONE = {
    "SMTP_HOST", "SMTP_PORT", "SMTP_SECURITY", "SMTP_USERNAME", "SMTP_PASSWORD", "MAIL_FROM",
    "DATABASE_URL_WORKER", "DATABASE_URL_SERVICE", "DATABASE_URL_AUDIT",
}  # fmt: skip


@pytest.mark.parametrize("service", ROLES)
def test_every_setting_can_be_given_to_who_reads_it(service: str) -> None:
    """A variable that Compose does not pass on is one that nobody can set, whatever the documents say."""
    given = {name.removesuffix("_FILE") for name in services()[service]["environment"]}
    others = WORKERS_ALONE if service == "web" else WEB_ALONE

    assert given == {name.upper() for name in Settings.model_fields} - NOT_BY_COMPOSE - others
