"""`python -m security.sbom`: a bill of materials of what runs in production, as CycloneDX JSON (cyclonedx.org).

What requirements.txt names, and whatever that draws in, as it is installed here; each with version, licence and by
whom it is wanted.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[1]


def wanted(file: Path) -> Iterator[Requirement]:
    for line in file.read_text().splitlines():
        text = line.partition(" #")[0].strip()
        if text and not text.startswith(("#", "-")):
            yield Requirement(text)


def installed(requirements: Iterator[Requirement]) -> dict[str, Distribution]:
    """Those and all that they draw in, by name. Raises PackageNotFoundError for one that is not installed."""
    found: dict[str, Distribution] = {}
    waiting = [(requirement, frozenset(requirement.extras)) for requirement in requirements]
    while waiting:
        requirement, extras = waiting.pop()
        name = re.sub(r"[-_.]+", "-", requirement.name).lower()
        if name in found and not extras:
            continue
        found[name] = distribution(requirement.name)
        for text in found[name].requires or ():
            inner = Requirement(text)
            if inner.marker is None or any(inner.marker.evaluate({"extra": extra}) for extra in ("", *extras)):
                waiting.append((inner, frozenset(inner.extras)))
    return found


def bill(file: Path = ROOT / "requirements.txt") -> dict[str, object]:
    found = installed(wanted(file))
    components = [
        {
            "type": "library",
            "name": name,
            "version": one.version,
            "purl": f"pkg:pypi/{name}@{one.version}",
            "licenses": [{"license": {"name": _licence(one)}}],
        }
        for name, one in sorted(found.items())
    ]
    return {"bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1, "components": components}


def _licence(one: Distribution) -> str:
    told = one.metadata.json
    classified = [str(text).rpartition(" :: ")[2] for text in told.get("classifier", ()) if str(text)[:7] == "License"]
    return str(told.get("license_expression") or ", ".join(classified) or told.get("license") or "unknown").split("\n")[
        0
    ]


if __name__ == "__main__":
    try:
        sys.stdout.write(json.dumps(bill(), indent=2) + "\n")
    except PackageNotFoundError as error:
        sys.exit(f"not installed: {error}")
