"""Which account a server runs as: Postgres refuses to run as root, so root hands it to another one."""

from __future__ import annotations

import os
import pwd
import subprocess
from dataclasses import dataclass
from pathlib import Path

CANDIDATES = ("postgres", "nobody")


@dataclass(frozen=True, slots=True)
class Account:
    uid: int
    gid: int

    @staticmethod
    def unprivileged(owned: Path) -> Account | None:
        """None for an ordinary user, who stays what they are.

        For root the owner of `owned` if that exists and isn't root's, else an account that the system has:
        Postgres also refuses a uid without an entry in the password database. Raises `LookupError`.
        """
        if os.geteuid() != 0:
            return None
        if owned.exists() and (uid := owned.stat().st_uid) != 0:
            return Account(uid, owned.stat().st_gid)
        for name in CANDIDATES:
            try:
                entry = pwd.getpwnam(name)
            except KeyError:
                continue
            return Account(entry.pw_uid, entry.pw_gid)
        raise LookupError(f"None of the accounts {', '.join(CANDIDATES)} exists to run Postgres as.")

    def may_use(self, path: Path) -> bool:
        """Whether this account can search the directory (or execute the file) `path`; the kernel is asked."""
        asked = subprocess.run(  # noqa: S603
            ["/bin/sh", "-c", 'test -x "$0"', str(path)],
            user=self.uid,
            group=self.gid,
            extra_groups=[],
            cwd="/",
            stderr=subprocess.DEVNULL,
            timeout=10,
        )
        return asked.returncode == 0
