"""`callwaiting call`: a phone call in the terminal, over the same signed requests that the telephone company makes."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TextIO

import click
import httpx

from callwaiting.cli.demo_world import NotRunning, StoryBroken, World
from callwaiting.cli.home import Home, data_dir_option
from callwaiting.core.errors import CallwaitingError

CALLER = "+12125550142"  # 555-01xx is kept free for fiction
KEYS = frozenset("0123456789*#")
PATIENCE_S = 45.0
HELP = (
    "Type what the caller says. Digits are keys, an empty line is silence; /hangup ends the call."
    " While somebody is rung: /take presses 1 there, anything else does not."
    " After the tone: /speak 12 leaves twelve seconds."
)


@click.command()
@data_dir_option
@click.option("--from", "caller", default=CALLER, show_default=True, help="The caller's number, or `anonymous`.")
@click.option("--to", "number", help="Whom to ring: a business's number here, in E.164. The demo's if not given.")
@click.option("--script", type=click.File(encoding="utf-8"), help="Lines to play; // begins a comment. - reads stdin.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object for each turn.")
def command(data_dir: Path, caller: str, number: str | None, script: TextIO | None, as_json: bool) -> None:
    """Play a phone call against the running system, and see what is spoken, texted and stored.

    Exit status 1 when the system is not running or a turn fails.
    """
    world: World | None = None
    try:
        world = World(Home(data_dir))
        world.require_running()
        if number is not None:
            world.turn_to(number)
        conversation = Conversation(world, caller, as_json=as_json, echo=script is not None and not as_json)
        conversation.play(_typed(as_json) if script is None else _lines(script))
    except (StoryBroken, NotRunning, CallwaitingError, httpx.HTTPError) as error:
        click.secho(f"broken: {str(error) or type(error).__name__}", fg="red", err=True)
        sys.exit(1)
    finally:
        if world is not None:
            world.close()


@dataclass
class Conversation:
    """One call. Texts and audit entries are told once, with the turn after which they were first there."""

    world: World
    caller: str
    as_json: bool
    echo: bool
    _call: dict[str, Any] = field(default_factory=dict)
    _texts: int = 0
    _known: set[str] = field(default_factory=set)
    _owed: int = 0
    _finalised: bool = False
    _since: datetime = field(default_factory=lambda: datetime.now(UTC))

    def play(self, lines: Iterator[str]) -> None:
        """Ring, take each line as a turn, and hang up when there are no more."""
        self._texts = len(self._received())
        if not self.as_json:
            click.echo(HELP)
        self._tell({}, self.world.ring(self.caller))
        for line in lines:
            said = _said(line, str((self._call.get("gather") or {}).get("verb", "")))
            if said is None:
                break
            if self.echo:
                click.echo(f"   caller  {line}")
            self._tell(said, self.world.take_turn(self._call["call_sid"], **said))
            if self._call["ended"]:
                break
        if not self._call["ended"]:
            self._tell({"hangup": True}, self.world.hang_up(self._call["call_sid"]))
        self._wait()

    def _tell(self, heard: dict[str, Any], call: dict[str, Any]) -> None:
        self._call = call
        if call["error"]:
            raise StoryBroken(f"the call failed: {call['error']}")
        texts, stored = self._news()
        if self.as_json:
            turn = {"heard": heard, "spoken": call["spoken"], "ms": call["elapsed_ms"], "ended": call["ended"]}
            click.echo(json.dumps(turn | {"texted": texts, "stored": stored}, ensure_ascii=False))
            return
        if call["spoken"]:
            click.echo(f"{click.style('assistant', fg='cyan')}  {call['spoken']}  ({call['elapsed_ms']:.0f} ms)")
        _show(texts, stored)

    def _wait(self) -> None:
        """Texts are sent by a worker: wait until the call is finalised and every text that was planned has come."""
        until = time.monotonic() + PATIENCE_S
        while (self._owed > 0 or not self._finalised) and time.monotonic() < until:
            texts, stored = self._news()
            if self.as_json and (texts or stored):
                click.echo(json.dumps({"texted": texts, "stored": stored}, ensure_ascii=False))
            elif not self.as_json:
                _show(texts, stored)
            time.sleep(0.1)  # the audit trail is looked at over HTTP: there is nothing to wait at

    def _news(self) -> tuple[list[str], list[str]]:
        received, entries = self._received(), self.world.audit_since(self._since)
        texts = received[self._texts :]
        # By their ids: what is committed later may well stand before what was seen already.
        stored = [entry.body for entry in entries if entry.body["id"] not in self._known]
        self._texts = len(received)
        self._known.update(body["id"] for body in stored)
        actions = [body["action"] for body in stored]
        self._owed += actions.count("message.planned") - len(texts)
        self._finalised = self._finalised or "call.finalised" in actions
        return texts, [_entry(body) for body in stored]

    def _received(self) -> list[str]:
        return self.world.received(self.caller) if self.caller.startswith("+") else []


def _show(texts: list[str], stored: list[str]) -> None:
    for text in texts:
        click.echo(f"{click.style('   texted', fg='green')}  {text}")
    for entry in stored:
        click.echo(f"{click.style('   stored', dim=True)}  {entry}")


def _said(line: str, waits_for: str) -> dict[str, Any] | None:
    """What a line means to a call that waits for this verb. None hangs up."""
    text = line.strip()
    if text == "/hangup":
        return None
    if waits_for == "Dial":
        return {"answered": True, "digits": "1"} if text == "/take" else {}
    if text.startswith("/speak"):
        seconds = text.removeprefix("/speak").strip()
        return {"seconds": int(seconds)} if seconds.isdigit() else {}
    if text and set(text) <= KEYS:
        return {"digits": text}
    return {"speech": text} if text else {}


def _entry(body: Any) -> str:
    said = {name: value for name, value in (body.get("details") or {}).items() if value not in (None, "")}
    details = ", ".join(f"{name} {value}" for name, value in said.items())
    return " ".join(filter(None, (body["action"], f"({details})" if details else "")))


def _typed(as_json: bool) -> Iterator[str]:
    while True:
        try:
            yield click.prompt("", prompt_suffix="" if as_json else "   caller  ", default="", show_default=False)
        except (click.Abort, EOFError):
            return


def _lines(script: TextIO) -> Iterator[str]:
    for line in script:
        if not line.lstrip().startswith("//"):
            yield line.rstrip("\n")
