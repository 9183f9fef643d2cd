"""What a check found, as a table for people and as JSON for machines."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Literal

Verdict = Literal["passed", "findings", "skipped"]
WORDS: dict[Verdict, str] = {"passed": "ok", "findings": "FINDINGS", "skipped": "SKIPPED"}


@dataclass(frozen=True, slots=True)
class Outcome:
    """Of one check. `summary` is one line: what was tried, or why it was not; `findings` are lines for a person."""

    verdict: Verdict
    summary: str
    findings: list[str] = field(default_factory=list)


class ToolMissing(Exception):
    """The check's tool is not on this machine; the text says how it would be."""


def judged(summary: str, findings: Sequence[str]) -> Outcome:
    """Passed when nothing was found."""
    return Outcome("findings" if findings else "passed", summary, list(findings))


def table(outcomes: dict[str, tuple[Outcome, float]]) -> str:
    """A line for each check, and below it what it found."""
    lines = []
    for name, (outcome, seconds) in outcomes.items():
        lines.append(f"{name:<15} {WORDS[outcome.verdict]:<9} {seconds:6.1f} s  {outcome.summary}")
        lines += [f"{'':<15} - {finding}" for finding in outcome.findings]
    return "\n".join(lines)


def write(path: Path, outcomes: dict[str, tuple[Outcome, float]]) -> None:
    """The same as JSON: `{"passed": bool, "checks": {name: {verdict, summary, findings, seconds}}}`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    checks = {name: {**asdict(outcome), "seconds": round(seconds, 1)} for name, (outcome, seconds) in outcomes.items()}
    passed = all(outcome.verdict != "findings" for outcome, _ in outcomes.values())
    path.write_text(json.dumps({"passed": passed, "checks": checks}, indent=2) + "\n", encoding="utf-8")
