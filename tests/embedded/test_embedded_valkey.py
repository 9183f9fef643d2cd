from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from callwaiting.embedded.process import AlreadyRunning
from callwaiting.embedded.valkey import EmbeddedValkey

PASSWORD = 'quo"te\\ back #ü'


@pytest.fixture
def server(tmp_path: Path) -> Iterator[EmbeddedValkey]:
    server = EmbeddedValkey(tmp_path / "Käse und Brot", password=PASSWORD)
    server.start()
    yield server
    server.stop()


@contextlib.contextmanager
def client(server: EmbeddedValkey) -> Iterator[redis.Redis]:
    with redis.Redis.from_url(server.url(), decode_responses=True) as connected:
        yield connected


def test_entries_and_the_port_survive_stop_and_kill(server: EmbeddedValkey) -> None:
    port = server.port
    with client(server) as before:
        before.rpush("queue", *range(1000))
    server.kill()
    server.start()
    with client(server) as after:
        assert after.llen("queue") == 1000
        after.set("clean", "yes")
    server.stop()
    assert server.exit_code == 0
    again = EmbeddedValkey(server.root, password="a new one")
    again.start()
    try:
        assert again.port == port
        with client(again) as later:
            assert (later.llen("queue"), later.get("clean")) == (1000, "yes")
    finally:
        again.stop()


def test_a_second_start_on_the_same_directory_fails(server: EmbeddedValkey) -> None:
    second = EmbeddedValkey(server.root, password=PASSWORD)
    second.claim_wait_s = 0.2
    with pytest.raises(AlreadyRunning, match="valkey is already running on"):
        second.start()
    with client(server) as first:
        assert first.ping()


def test_it_evicts_nothing_listens_on_the_loopback_and_asks_for_the_password(server: EmbeddedValkey) -> None:
    with client(server) as connected:
        config = connected.config_get("maxmemory-policy", "bind", "appendonly", "appendfsync")
    assert config == {
        "maxmemory-policy": "noeviction",
        "bind": "127.0.0.1",
        "appendonly": "yes",
        "appendfsync": "everysec",
    }
    with (
        redis.Redis(port=server.port, retry=Retry(NoBackoff(), 0)) as stranger,
        pytest.raises(redis.AuthenticationError),
    ):
        stranger.ping()


def test_the_password_is_neither_in_the_process_list_nor_in_a_file(server: EmbeddedValkey) -> None:
    listed = subprocess.run(["ps", "-ww", "-o", "args=", "-p", str(server.pid)], capture_output=True, text=True)
    assert "valkey" in listed.stdout
    assert "quo" not in listed.stdout
    written = [path.read_bytes() for path in server.directory.rglob("*") if path.is_file()]
    assert written
    assert not any(b"quo" in content for content in written)
