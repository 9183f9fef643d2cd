"""`python -m bench`: list the benches, or run some of them with their own defaults."""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

BENCHES = {
    "ack": "signed Stripe events, durably acknowledged, against a Flask route that does nothing; Valkey away",
    "process": "from acknowledged to done, and against a bare loop of the same statements",
    "voice": "one turn of a call over the signed HTTP path: how long a caller waits for the next sentence",
    "api": "25 rows of one tenant among a thousand, with token, limits and RLS, against a route that does nothing",
    "flood": "signed webhooks while ten thousand wrong passwords a minute come in",
    "scale": "the cost of an acknowledgement, a claim, a read with ten thousand, a million, five million stored events",
    "retention": "a million old bodies are emptied while acknowledgements go on",
    "audit": "chaining and verifying the audit trail, against bare inserts and fetch with SHA-256",
    "faults": "the long fault proof: kill -9 of everything during a stream, then the conditions at rest",
    "mutations": "remove the sweeper, the fence, ON CONFLICT: the fault proof must turn red",
}


def main() -> int:
    """0 when every bench that ran ended well, 1 when one did not."""
    listing = "\n".join(f"  {name:<10} {what}" for name, what in BENCHES.items())
    parser = argparse.ArgumentParser(
        prog="python -m bench",
        description=f"The benches. Each has options of its own: python -m bench.NAME --help\n\n{listing}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("names", nargs="*", choices=[*BENCHES, "all"], metavar="NAME", help="which to run, or all")
    wanted = parser.parse_args().names
    if not wanted:
        parser.print_help()
        return 0
    failed = 0
    for name in BENCHES if "all" in wanted else wanted:
        sys.stderr.write(f"\n{name}: {BENCHES[name]}\n")
        failed |= subprocess.run([sys.executable, "-m", f"bench.{name}"], cwd=Path(__file__).parent.parent).returncode
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
