"""A missing or default secret stops the start: each process as it is started in production, looked at from outside."""

from __future__ import annotations

import base64
import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from callwaiting.core.roles import WEB_ROLES, WORKER_ROLES
from callwaiting.embedded.claim import stable_port

ROOT = Path(__file__).parents[2]
KEY = "1:" + base64.b64encode(bytes(range(40, 72))).decode()
DATABASE = "postgresql://x:n0t-4-d3fault@127.0.0.1:9/x"
GOOD = {
    "PUBLIC_BASE_URL": "https://calls.example.com",
    "TRUSTED_HOSTS": "calls.example.com",
    "REDIS_URL": "redis://:n0t-4-d3fault@127.0.0.1:9/0",
    "SECRET_KEY": "q7Zw3nB9xK2mV5tR8yL1pD4sG6hJ0cFa",
    "METRICS_TOKEN": "aFc0Jh6Gs4Dp1Ly8Rt5Vm2Kx9Bn3wZ7q",
    "KEY_ENCRYPTION_KEYS": KEY,
    **{f"DATABASE_URL_{role.upper()}": DATABASE for role in (*WEB_ROLES, *WORKER_ROLES)},
}
MISSING, SHORT, PLACEHOLDER = "", "n0tl0ng", "changeme-q7Zw3nB9xK2mV5tR8yL1pD4sG6hJ0cFa"
DEFAULT = "redis://:redis@127.0.0.1:9/0"
# All ways of all variables are told apart in tests/core/test_settings.py; here processes are started.
WEB = [
    ("SECRET_KEY", MISSING), ("SECRET_KEY", SHORT), ("SECRET_KEY", PLACEHOLDER), ("METRICS_TOKEN", MISSING),
    ("METRICS_TOKEN", PLACEHOLDER), ("KEY_ENCRYPTION_KEYS", MISSING), ("KEY_ENCRYPTION_KEYS", SHORT),
    ("REDIS_URL", MISSING), ("REDIS_URL", DEFAULT), ("DATABASE_URL_WEB", MISSING), ("DATABASE_URL_WEBHOOK", MISSING),
]  # fmt: skip
WORKER = [
    ("SECRET_KEY", PLACEHOLDER), ("KEY_ENCRYPTION_KEYS", MISSING), ("REDIS_URL", DEFAULT),
    ("DATABASE_URL_AUDIT", MISSING),
]  # fmt: skip
SHORT_ENOUGH_S = 60


def start(command: list[str], environment: Mapping[str, str]) -> tuple[int, list[str]]:
    """Its exit status and what it says about its configuration. Raises TimeoutExpired when it goes on."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    given = {"PATH": path, "HOME": "/", "PYTHONUNBUFFERED": "1", **environment}
    done = subprocess.run(command, capture_output=True, text=True, timeout=SHORT_ENOUGH_S, env=given, cwd=ROOT)
    lines = [line.removeprefix("configuration: ") for line in done.stderr.splitlines() if "configuration" in line]
    assert "Traceback" not in done.stderr
    return done.returncode, lines


@cache
def port(tmp_path: Path) -> int:
    """A free one, the same for a test: several checkouts may be tested at once."""
    return stable_port(tmp_path / "port", 0)


def web(tmp_path: Path) -> list[str]:
    """As the image starts it."""
    found = re.search(r"^CMD (\[.*\])\s*\Z", (ROOT / "Dockerfile").read_text(), re.DOTALL | re.MULTILINE)
    assert found
    command: list[str] = json.loads(found[1].replace("\\\n", ""))
    return [part.replace("0.0.0.0", "127.0.0.1").replace("--port 8000", f"--port {port(tmp_path)}") for part in command]


def worker(tmp_path: Path) -> list[str]:
    """As Compose starts it."""
    command: list[str] = compose("worker-events")
    return command


def beat(tmp_path: Path) -> list[str]:
    command: str = compose("beat")[-1]
    return [
        "sh",
        "-c",
        command.replace("$$", "$").replace("/run/secrets", str(tmp_path)).replace("/tmp/", f"{tmp_path}/"),
    ]


def compose(service: str) -> Any:
    return yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"][service]["command"]


@pytest.mark.parametrize(("process", "wrong"), [(web, WEB), (worker, WORKER)], ids=["web", "worker"])
def test_secret_that_is_none_stops_the_start_with_one_line(
    process: Any, wrong: list[tuple[str, str]], tmp_path: Path
) -> None:
    command = process(tmp_path)
    with ThreadPoolExecutor(2) as pool:
        starts = list(pool.map(lambda one: start(command, {**GOOD, one[0]: one[1]}), wrong))

    for (name, value), (status, lines) in zip(wrong, starts, strict=True):
        assert status == 78, (name, value)
        assert len(lines) == 1, (name, value, lines)
        assert lines[0].startswith(name)
        assert not value or value not in lines[0]


@pytest.mark.parametrize("url", ["", "redis://:redis@127.0.0.1:9/0", "amqp://guest:guest@127.0.0.1:9//"])
def test_beat_stops_without_a_broker_of_its_own(url: str, tmp_path: Path) -> None:
    (tmp_path / "redis_url").write_text(url)

    status, lines = start(beat(tmp_path), {})

    assert status == 78
    assert [line.split(":")[0] for line in lines] == ["CELERY_BROKER_URL"]


def test_web_starts_with_good_ones(tmp_path: Path) -> None:
    """So that it is the secrets that stop the others. The databases and Valkey need not be there at the start."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    server = subprocess.Popen(
        web(tmp_path), env={"PATH": path, "HOME": "/", **GOOD}, cwd=ROOT, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    try:
        end = time.monotonic() + SHORT_ENOUGH_S
        while not _answers(port(tmp_path)):
            assert server.poll() is None
            assert time.monotonic() < end
            time.sleep(0.1)
    finally:
        os.killpg(server.pid, signal.SIGKILL)
        server.wait(timeout=30)


def _answers(port: int) -> bool:
    done = subprocess.run(
        ["curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "-H", "Host: calls.example.com",
         f"http://127.0.0.1:{port}/health"], capture_output=True, text=True, timeout=10,
    )  # fmt: skip
    return done.stdout == "200"


@pytest.mark.parametrize("secret", ["", "short", "changeme-q7Zw3nB9xK2mV5tR8yL1pD4sG6hJ0cFa"])
def test_migration_stops_without_a_secret_for_the_roles(secret: str) -> None:
    command = shlex.split(compose("migrate")[-1].split("exec ")[1])
    environment = {**GOOD, "DATABASE_URL": "postgresql://x:y@127.0.0.1:9/x", "DATABASE_ROLE_SECRET": secret}
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"

    done = subprocess.run(
        command, capture_output=True, text=True, timeout=SHORT_ENOUGH_S, cwd=ROOT, env={"PATH": path, **environment}
    )

    assert done.returncode == (78 if secret else 2)
    assert "DATABASE_ROLE_SECRET" in done.stderr


def test_check_says_it_to_machines() -> None:
    command = [str(Path(sys.executable).with_name("callwaiting")), "check", "worker", "--json"]

    bad = subprocess.run(command, capture_output=True, text=True, timeout=60, env={**GOOD, "SECRET_KEY": ""})
    good = subprocess.run(command, capture_output=True, text=True, timeout=60, env=GOOD)

    assert (good.returncode, json.loads(good.stdout)) == (0, {"process": "worker", "wrong": []})
    assert bad.returncode == 78
    assert json.loads(bad.stdout)["wrong"] == ["SECRET_KEY: Field required"]
