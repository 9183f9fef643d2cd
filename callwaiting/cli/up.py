"""`callwaiting up`: real servers, the whole system and the providers' stand-ins, on one machine."""

from __future__ import annotations

import os
import shlex
import shutil
import socket
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from pathlib import Path

import click

from callwaiting.cli import environments
from callwaiting.cli.db import make_platform_key
from callwaiting.cli.home import DEFAULT, Home, data_dir_option, write_private
from callwaiting.embedded.child import Child
from callwaiting.embedded.postgres import EmbeddedPostgres
from callwaiting.embedded.process import ManagedProcess, StartFailed
from callwaiting.embedded.supervisor import Supervisor
from callwaiting.embedded.valkey import EmbeddedValkey
from migrations import prepare

CHECKOUT = Path(prepare.__file__).resolve().parent.parent
DATABASE = "callwaiting"


@click.command()
@click.option(
    "--port",
    type=click.IntRange(1, 65_533),
    default=8000,
    show_default=True,
    help="Port of the web server on 127.0.0.1.",
)
@data_dir_option
@click.option("--workers", type=click.IntRange(1, 64), default=2, show_default=True, help="Worker processes.")
@click.option("--web-workers", type=click.IntRange(1, 64), default=2, show_default=True, help="Web server processes.")
@click.option(
    "--sandbox/--no-sandbox",
    default=True,
    help="Stand-ins for Twilio, Stripe, PayPal (port+1) and mail (port+2).",
)
@click.option("--seed/--no-seed", default=True, help="A demo merchant with a menu.")
@click.option("--verbose", is_flag=True, help="Tell what each process does.")
def command(
    port: int, data_dir: Path, workers: int, web_workers: int, sandbox: bool, seed: bool, verbose: bool
) -> None:
    """Start everything on this machine and keep it running until Ctrl-C.

    Postgres and Valkey run as child processes and keep their data in the data directory. With DATABASE_URL (an
    administrator's) and REDIS_URL set, those servers are used instead. Processes that die are started again.
    """
    started = time.monotonic()
    home = Home(data_dir)
    stage = Stage(home, verbose=verbose)
    for taken in (port, port + 1, port + 2) if sandbox else (port,):
        _require_free(taken)
    try:
        home.make()
        home.secrets()
    except OSError as error:
        raise click.ClickException(f"the data directory cannot be used: {error.strerror}: {error.filename}") from error
    try:
        stage.open(port=port, workers=workers, web_workers=web_workers, sandbox=sandbox, seed=seed)
        supervisor = Supervisor(stage.processes, on_event=stage.tell, ready_within_s=60, grace_s=10)
        supervisor.run(on_ready=lambda: stage.greet(time.monotonic() - started))
    except (StartFailed, prepare.DatabaseRefused) as error:
        stage.close()
        raise click.ClickException(str(error)) from error
    except BaseException:
        stage.close()
        raise


class Stage:
    """The processes of one `up`, in the order of their start."""

    def __init__(self, home: Home, *, verbose: bool) -> None:
        self.home = home
        self.processes: list[ManagedProcess] = []
        self._verbose = verbose
        self._up = False
        self._greeting: Callable[[], str] = str

    def open(self, *, port: int, workers: int, web_workers: int, sandbox: bool, seed: bool) -> None:
        """Start the servers, bring the database to the present schema, and line up the rest. Raises StartFailed."""
        home, secrets = self.home, self.home.secrets()
        admin_url, redis_url = self._servers(secrets)
        click.echo("  database schema …", err=True)
        prepare.prepare(admin_url, secrets["role_secret"])
        base_url = f"http://127.0.0.1:{port}"
        sandbox_url = f"http://127.0.0.1:{port + 1}" if sandbox else None
        shutil.rmtree(home.metrics, ignore_errors=True)
        home.make()
        common = environments.common(
            home, base_url=base_url, redis_url=redis_url, sandbox_url=sandbox_url, mail_port=port + 2
        )
        web = environments.web(common, admin_url, secrets["role_secret"])
        worker = environments.worker(common, admin_url, secrets["role_secret"])
        write_private(home.operator_environment, worker)
        make_platform_key(worker)
        owner = None
        if seed:
            from callwaiting.cli import demo_merchant

            owner = demo_merchant.seed(home, {**web, **worker}, sandbox_url=sandbox_url)
        if sandbox_url:
            self.processes.append(self._sandbox(port + 1, common))
        self.processes += [
            self._web(port, web_workers, web),
            self._worker(workers, worker),
            self._beat(environments.beat(common)),
        ]
        self._greeting = lambda: _greeting(home, base_url, sandbox_url, owner)

    def _servers(self, secrets: Mapping[str, str]) -> tuple[str, str]:
        """(administrator's database URL, Redis URL)."""
        given = os.environ.get("DATABASE_URL"), os.environ.get("REDIS_URL")
        if all(given):
            _require_redis(str(given[1]))
            return str(given[0]), str(given[1])
        if any(given):
            raise click.UsageError("set both DATABASE_URL and REDIS_URL, or neither")
        postgres = EmbeddedPostgres(self.home.path, superuser_password=secrets["postgres_password"])
        valkey = EmbeddedValkey(self.home.path, password=secrets["valkey_password"])
        for server in (postgres, valkey):
            click.echo(f"  {server.name} …", err=True)
            self.processes.append(server)
            server.start()
        import psycopg2

        connection = psycopg2.connect(postgres.url())
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute("select from pg_database where datname = %s", (DATABASE,))
            if cursor.fetchone() is None:
                cursor.execute(f"create database {DATABASE}")
        connection.close()
        return postgres.url(DATABASE), valkey.url()

    def _child(self, name: str, argv: list[str], env: Mapping[str, str], url: str | None = None) -> Child:
        return Child(
            name,
            [sys.executable, "-m", *argv],
            env=env,
            log=self.home.logs / f"{name}.log",
            ready=(lambda: _answers(url)) if url else None,
            cwd=CHECKOUT,
        )

    def _sandbox(self, port: int, env: Mapping[str, str]) -> Child:
        config, state = str(self.home.sandbox / "config.json"), str(self.home.sandbox)
        argv = ["callwaiting.sandbox", "--port", str(port), "--config", config, "--state-dir", state]
        argv += ["--mail-port", str(port + 1)]
        return self._child("sandbox", argv, env, f"http://127.0.0.1:{port}/_sandbox/health")

    def _web(self, port: int, processes: int, env: Mapping[str, str]) -> Child:
        argv = ["granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port), "--no-ws"]
        argv += ["--workers", str(processes), "--blocking-threads", "32", "--backlog", "1024"]
        argv += ["--respawn-failed-workers", "--log-level", "warning", "wsgi:app"]
        return self._child("web", argv, env, f"http://127.0.0.1:{port}/health/ready")

    def _worker(self, processes: int, env: Mapping[str, str]) -> Child:
        argv = ["celery", "-A", "celery_worker:app", "worker", "-Q", "events,effects,maintenance", "-n", "worker@%h"]
        argv += ["-c", str(processes), "--without-gossip", "--without-mingle", "--loglevel", "WARNING"]
        return self._child("worker", argv, env)

    def _beat(self, env: Mapping[str, str]) -> Child:
        schedule = str(self.home.path / "beat-schedule")
        argv = ["celery", "-A", "tasks.beat", "beat", "-s", schedule, "--pidfile=", "--loglevel", "WARNING"]
        return self._child("beat", argv, env)

    def tell(self, line: str) -> None:
        """A line of the supervisor: each while starting and when verbose, later only what went wrong."""
        if self._verbose or not self._up or " again" in line or " ended" in line:
            click.echo(f"  {line}", err=True)

    def greet(self, seconds: float) -> None:
        self._up = True
        click.echo(f"\nCallwaiting is ready ({seconds:.1f} s).\n{self._greeting()}")

    def close(self) -> None:
        """Stop what runs, the last one first."""
        for process in reversed(self.processes):
            process.stop()


def _greeting(home: Home, base_url: str, sandbox_url: str | None, owner: Mapping[str, str] | None) -> str:
    lines = [f"  web          {base_url}/health/ready"]
    if sandbox_url:
        lines.append(f"  phones       {sandbox_url}   (the stand-ins for Twilio, Stripe and PayPal)")
        lines.append(f"  mailbox      {sandbox_url}/mailbox   (no mail leaves this machine)")
    if owner:
        lines.append(f"  API          {base_url}/docs")
        lines.append(f"  sign in as   {owner['email']}   password {owner['password']}   code {_code(owner)} just now")
        lines.append(f"               (for an authenticator: {owner['totp_secret']})")
    lines += ["\nTry, in another terminal:", *_preparations(home)]
    if owner and sandbox_url:
        lines.append("  callwaiting demo            a missed call becomes a paid order, told step by step")
        lines.append("  callwaiting call            ring the pizzeria yourself, and type what you say")
    lines += [
        "  callwaiting events list     what the providers sent, and what became of it",
        "  callwaiting audit verify    the chain of everything that happened",
        "\nCtrl-C stops all of it; the data stay.",
    ]
    return "\n".join(lines)


def _preparations(home: Home) -> list[str]:
    """What another terminal needs before it knows the command and finds this data directory."""
    lines = []
    activate = Path(sys.prefix, "bin", "activate")
    if shutil.which("callwaiting") is None and activate.exists():
        lines.append(f"  . {shlex.quote(str(activate))}")
    if home.path != DEFAULT.absolute():
        lines.append(f"  export CALLWAITING_HOME={shlex.quote(str(home.path))}")
    return lines


def _code(owner: Mapping[str, str]) -> str:
    import pyotp

    return pyotp.TOTP(owner["totp_secret"]).now()


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as response:  # noqa: S310 - our own http address
            return bool(response.status == 200)
    except urllib.error.HTTPError:
        return False


def _require_free(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except PermissionError as error:
            raise click.UsageError(f"port {port} is for administrators; choose one above 1023 with --port") from error
        except OSError as error:
            raise click.UsageError(f"port {port} is taken; choose another with --port") from error


def _require_redis(url: str) -> None:
    """Once it runs, the system bears that Valkey is away; an address that never worked is a mistake. Raises
    StartFailed."""
    import redis

    try:
        with redis.Redis.from_url(url, socket_connect_timeout=5, socket_timeout=5) as client:
            client.ping()
    except (redis.RedisError, ValueError) as error:
        raise StartFailed(f"the server of REDIS_URL cannot be used: {error}") from error
