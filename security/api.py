"""schemathesis: whatever the API's description allows and forbids, sent by somebody in each role and by nobody."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor

from callwaiting.core.http.permissions import Role
from security.report import Outcome, judged
from security.stage import ROLES, Stage
from security.tools import ROOT, find, run, tail

NOBODY = "nobody"
CONFIG = ROOT / "security" / "schemathesis.toml"
# It ends the session that asks, after which all else would be refused.
LEFT_OUT = "accounts_leave_everywhere"
SECONDS = 600


def check(stage: Stage, *, quick: bool = False) -> Outcome:
    """Every role has every phase; `quick`: the owner, who may do most, has those that go through all the description
    says, and the others what tells whether they are answered as it says."""
    tool = find("schemathesis")
    everybody = (*ROLES, NOBODY)
    with ThreadPoolExecutor(2) as pool:
        found = list(pool.map(lambda role: _as(tool, stage, role, quick), everybody))
    lines = [line for _, told in found for line in told]
    return judged(f"{sum(count for count, _ in found)} requests as {', '.join(everybody)}", lines)


def _as(tool: str, stage: Stage, role: str, quick: bool) -> tuple[int, list[str]]:
    """How many requests were sent, and what went wrong."""
    argv = [tool, "--config-file", str(CONFIG), "run", f"{stage.url}/openapi.json", "--url", stage.url, "--no-color"]
    argv += ["--continue-on-failure", "--exclude-operation-id", LEFT_OUT]
    if not quick:
        argv += ["--max-examples", "25", "--generation-database", "none"]
    elif role == Role.OWNER:
        argv += ["--phases", "examples,coverage", "--generation-deterministic"]
    else:
        argv += ["--phases", "examples,fuzzing", "--max-examples", "1", "--generation-deterministic"]
    if role != NOBODY:
        argv += ["--header", f"Authorization: Bearer {stage.token(role)}"]
    done = run(argv, seconds=SECONDS)
    generated = re.search(r"(\d+) generated", done.stdout)
    count = int(generated[1]) if generated else 0
    if done.returncode == 0 and count:
        return count, []
    return count, [f"as {role} (exit {done.returncode}):", *_failures(done.stdout)]


def _failures(output: str) -> list[str]:
    """What schemathesis says of its failures, without its warnings; its last lines when it got no further."""
    section = re.search(r"^=+ FAILURES =+$(.*?)^=+ \w+ =+$", output, re.DOTALL | re.MULTILINE)
    return [line for line in section[1].splitlines() if line.strip()] if section else tail(output)
