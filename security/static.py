"""What can be said without running the system: bandit on the code, detect-secrets on the whole checkout."""

from __future__ import annotations

import json
import subprocess

from security.report import Outcome, judged
from security.tools import ROOT, find, run, tail

CODE = ("callwaiting", "tasks", "migrations", "wsgi.py", "celery_worker.py")
REVIEWED = ROOT / "security" / "reviewed.json"
# There, names such as `password` stand before values made up for the purpose.
MADE_UP = ("tests/", "bench/")


def check_code() -> Outcome:
    """bandit, medium severity and above; ruff's S rules are for the rest."""
    done = run([find("bandit"), "-q", "-r", *CODE, "-f", "json", "-ll", "--exit-zero"], seconds=120)
    try:
        report = json.loads(done.stdout[done.stdout.index("{") :])
    except ValueError:
        return Outcome("findings", "bandit failed", tail(done.stdout))
    reviewed = {(entry["file"], entry["test"]) for entry in json.loads(REVIEWED.read_text())["code"]}
    found = [
        f"{one['filename']}:{one['line_number']} {one['test_id']} {one['issue_text']}"
        for one in report["results"]
        if (one["filename"], one["test_id"]) not in reviewed
    ]
    return judged(f"{report['metrics']['_totals']['loc']} lines of code; {len(reviewed)} reviewed places", found)


def check_secrets() -> Outcome:
    """detect-secrets over every file of the repository."""
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True)
    files = [name for name in listed.stdout.splitlines() if name != str(REVIEWED.relative_to(ROOT))]
    done = run([find("detect-secrets"), "scan", *files], seconds=240)
    try:
        found = json.loads(done.stdout[done.stdout.index("{") :])["results"]
    except ValueError:
        return Outcome("findings", "detect-secrets failed", tail(done.stdout))
    reviewed = {(entry["file"], entry["hash"]) for entry in json.loads(REVIEWED.read_text())["secrets"]}
    new = [
        f"{name}:{secret['line_number']} {secret['type']} {secret['hashed_secret']}"
        for name, secrets in sorted(found.items())
        for secret in secrets
        if (name, secret["hashed_secret"]) not in reviewed
        and not (name.startswith(MADE_UP) and secret["type"] == "Secret Keyword")
    ]
    return judged(f"{len(files)} files; {len(reviewed)} reviewed places", new)
