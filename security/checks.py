"""The names of the checks, in the order in which they run."""

from __future__ import annotations

STANDING = ("bandit", "detect-secrets", "matrices")
AT_THE_API = ("schemathesis", "sqlmap")
AT_THE_FRONT = ("sslscan", "slowhttptest")
NAMES = (*STANDING, *AT_THE_API, *AT_THE_FRONT)
