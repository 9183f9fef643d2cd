"""Postgres as a child process, below any directory, as root (who lends it to another account) or as anybody."""

from __future__ import annotations

import errno
import os
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path
from urllib.parse import quote

from callwaiting.embedded import binaries
from callwaiting.embedded.account import Account
from callwaiting.embedded.process import StartFailed
from callwaiting.embedded.server import EmbeddedServer

INITDB_TIMEOUT_S = 120
READY_LINE = 7  # of postmaster.pid; pg_ctl waits for the same line (src/include/utils/pidfile.h)

SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",  # their paths are limited to 107 bytes
    "max_connections": "200",
    "shared_buffers": "128MB",
    "shared_preload_libraries": "pg_stat_statements",
    "jit": "off",
    # Else every commit waits 30 ms, each 16 MB, while a new segment of the log is filled with zeros. A cluster that has
    # lived for a while recycles its segments instead (docs/adr/0019-what-an-acknowledgement-costs.md).
    "wal_init_zero": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    # A failed statement and the detail of its error hold values, so customers' data: they stay out of the log.
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
}
# Nothing of ours: PGDATA, PGPORT, locales or secrets must not reach the server.
ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "HOME": "/"}
NOT_DURABLE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
# To guess a password of a cluster of tests is worth nothing; to check it 4096-fold is most of a new connection.
QUICK_TO_CONNECT = {"scram_iterations": "1"}


class EmbeddedPostgres(EmbeddedServer):
    """A cluster in `root/postgres`, made at the first start.

    The password is set when the cluster is made and must be the same ever after. `durable=False` is for tests, whose
    data need not survive a crash of the machine and whose passwords need not withstand guessing. When root starts it
    in a place that its account cannot reach, `root/postgres` becomes a link to a directory below
    `binaries.SHARED_STATE`.
    """

    # The postmaster takes SIGINT as "fast" and SIGQUIT as "immediate" shutdown; SIGTERM would wait for the clients.
    stop_signals = (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL)

    def __init__(self, root: Path, *, port: int = 0, durable: bool = True, superuser_password: str) -> None:
        super().__init__("postgres", root, port)
        self._settings = SETTINGS if durable else SETTINGS | NOT_DURABLE | QUICK_TO_CONNECT
        self._password = superuser_password
        self._account: Account | None = None

    @property
    def data(self) -> Path:
        """Where the cluster really is, since the server's account may not be able to follow a link of ours."""
        return self.directory.resolve() / "data"

    def url(self, database: str = "postgres") -> str:
        """As the superuser `postgres`."""
        return (
            f"postgresql://postgres:{quote(self._password, safe='')}@127.0.0.1:{self.port}/{quote(database, safe='')}"
        )

    def is_ready(self) -> bool:
        """Whether this very postmaster accepts connections. Raises `StartFailed` when the password is wrong."""
        import psycopg2

        try:
            lines = (self.data / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return False
        if len(lines) <= READY_LINE or lines[0] != str(self.pid) or lines[READY_LINE].strip() != "ready":
            return False
        try:
            psycopg2.connect(self.url(), connect_timeout=5).close()
        except psycopg2.OperationalError as error:
            if "password authentication failed" in str(error):
                raise StartFailed(f"The cluster in {self.directory} was made with another password.") from error
            return False
        return True

    def _prepare(self) -> None:
        self._account = Account.unprivileged(self.directory / "data")
        self._make_root()
        if self.directory.is_symlink():
            self.directory.readlink().mkdir(mode=0o711, parents=True, exist_ok=True)
            return
        self.directory.mkdir(mode=0o711, exist_ok=True)
        self.directory.chmod(0o711)  # mkdir heeds the umask
        if self._account is None or self._account.may_use(self.directory):
            return
        if self.data.exists():
            raise PermissionError(errno.EACCES, "out of reach of its account", str(self.data))
        binaries.SHARED_STATE.mkdir(mode=0o755, parents=True, exist_ok=True)
        elsewhere = Path(tempfile.mkdtemp(prefix="data-", dir=binaries.SHARED_STATE))
        elsewhere.chmod(0o711)
        self.directory.rmdir()
        self.directory.symlink_to(elsewhere)

    def _launch(self, claim: int) -> None:
        programs = binaries.postgres_binaries(self._account)
        if not self.data.exists():
            self._make_cluster(programs, claim)
        elif not os.access(self.data, os.R_OK | os.W_OK | os.X_OK):
            raise PermissionError(errno.EACCES, "of another account", str(self.data))
        # Nobody runs here, or the claim were not ours. A file left by a crash of the machine would stop the start as
        # soon as the pid in it belongs to any other process of the account.
        (self.data / "postmaster.pid").unlink(missing_ok=True)
        options = [word for key, value in self._settings.items() for word in ("-c", f"{key}={value}")]
        self._spawn(
            [str(programs / "postgres"), "-D", str(self.data), "-p", str(self.port), *options],
            env=ENVIRONMENT,
            cwd=Path("/"),
            account=self._account,
            pass_fds=(claim,),
        )

    def _make_cluster(self, programs: Path, claim: int) -> None:
        """Under the final name only when complete, so that one that was interrupted is never taken for a cluster."""
        account = self._account
        draft, password = self.data.with_name("data.new"), self.data.with_name("password")
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(mode=0o700)
        password.unlink(missing_ok=True)
        password.touch(mode=0o600, exist_ok=False)
        try:
            password.write_text(self._password)
            if account:
                os.chown(draft, account.uid, account.gid)
                os.chown(password, account.uid, account.gid)
            made = subprocess.run(  # noqa: S603
                [
                    str(programs / "initdb"),
                    f"--pgdata={draft}",
                    "--username=postgres",
                    f"--pwfile={password}",
                    "--auth=scram-sha-256",
                    "--encoding=UTF8",
                    # The same order and case mapping on every system, whatever locales it has.
                    "--locale-provider=builtin",
                    "--builtin-locale=C.UTF-8",
                    "--locale=C",
                    *(["--no-sync"] if "fsync" in self._settings else []),
                ],
                env=ENVIRONMENT,
                cwd="/",
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                errors="replace",
                timeout=INITDB_TIMEOUT_S,
                pass_fds=(claim,),
                user=account.uid if account else None,
                group=account.gid if account else None,
                extra_groups=[] if account else None,
            )
        finally:
            password.unlink(missing_ok=True)
        if made.returncode:
            raise StartFailed(f"initdb failed.\n{made.stderr.strip()[-1500:]}")
        draft.rename(self.data)
