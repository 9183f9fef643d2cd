"""The matrices of the test suite that a check from outside would repeat: forged tokens, other merchants' ids, roles."""

from __future__ import annotations

import re
import sys

from security.report import Outcome
from security.tools import run, tail

MATRICES = {
    "forged tokens": "tests/core/test_access_tokens.py",
    "cross tenant": "tests/security/test_cross_tenant.py",
    "roles": "tests/architecture/test_permissions.py",
    "tables": "tests/committed/test_isolation.py",
}


def check() -> Outcome:
    """One run of pytest over all of them."""
    done = run([sys.executable, "-m", "pytest", "-n", "2", "-p", "no:cacheprovider", *MATRICES.values()], seconds=300)
    counted = re.search(r"(\d+) passed", done.stdout)
    summary = f"{', '.join(MATRICES)}: {counted[1] if counted else 0} tests"
    if done.returncode == 0 and counted:
        return Outcome("passed", summary)
    return Outcome("findings", summary, tail(done.stdout))
