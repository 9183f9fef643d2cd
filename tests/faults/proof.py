"""One run of the proof: send, break, wait for quiet, judge."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import psycopg2

from callwaiting.core.db import DatabaseRole
from callwaiting.embedded.process import ManagedProcess
from callwaiting.embedded.supervisor import Supervisor
from tests.faults import chaos
from tests.faults.chaos import Fault
from tests.faults.sender import Event, Sender
from tests.faults.stage import Stage
from tests.faults.verdict import unfinished, violations
from tests.faults.world import World, make_world

TICK_S = 0.05
COPIES = 5
WAVE = 20
STALLING = "evt_stalling"
PAUSE_S = 0.8


@dataclass(frozen=True)
class Plan:
    """`size` is orders, about eight events each. Each fault happens once in every round. `lease_s` None keeps the
    leases of the product; `patience_s` is how long each step may take, `quiet_s` how long the end."""

    seed: int
    size: int
    rounds: int = 1
    lease_s: int | None = None
    patience_s: float = 60.0
    quiet_s: float = 60.0


@dataclass
class Report:
    """What a run was and what it showed; no violations: everything holds."""

    seed: int
    deliveries: int = 0
    tries: int = 0
    faults: dict[str, int] = field(default_factory=dict)
    quiet_after_s: float | None = None
    violations: list[str] = field(default_factory=list)


def prove(root: Path, plan: Plan, say: Callable[[str], None]) -> Report:
    """Run the whole system below `root` through the plan. Raises StartFailed when it does not even come up."""
    stage = Stage(root, lease_s=plan.lease_s)
    try:
        stage.open()
        chance = random.Random(plan.seed)
        with stage.runtime() as runtime, stage.runtime(DatabaseRole.WEB) as web:
            world = make_world(stage, runtime, web, plan.size, chance)
        stage.web.start()
        sender = Sender(stage.web_port, plan.seed)
        try:
            return _Run(stage, plan, world, sender, chance, say).run()
        finally:
            sender.close()
    finally:
        stage.close()


class _Run:
    def __init__(
        self, stage: Stage, plan: Plan, world: World, sender: Sender, chance: random.Random, say: Callable[[str], None]
    ) -> None:
        self.stage = stage
        self.plan = plan
        self.world = world
        self.sender = sender
        self.chance = chance
        self.say = say
        self.supervisor = Supervisor(stage.processes, on_event=say, grace_s=5)
        self.report = Report(plan.seed)

    def run(self) -> Report:
        self.begin_with_a_stall()
        self.supervisor.start()
        self.require(self.stall_is_over, "the stalled events are settled")  # a fault would end the stall early
        copies = [e for e in self.world.events + self.world.forged for _ in range(self.chance.randint(1, COPIES))]
        self.chance.shuffle(copies)
        self.report.deliveries = len(copies) + 2 * WAVE + 1
        self.break_things(copies)
        self.lose_every_bell()
        self.wait_for_quiet()
        self.report.tries = self.sender.tries
        self.report.violations += violations(self.stage, self.world, self.sender)
        return self.report

    def begin_with_a_stall(self) -> None:
        """Before a worker runs: events that it will claim together, the first of which outlasts their lease."""
        self.deliver([self.world.counted_event(STALLING, stalls=True)])
        self.wave("stalled")

    def lose_every_bell(self) -> None:
        """The last wave arrives while no worker is there, and then the broker forgets: only the sweeper can know."""
        self.require(lambda: self.sender.open == 0 and self.all_ready(), "all is delivered and up again")
        self.require(lambda: chaos.kill_worker_and_wait(self.stage), "the worker is killed")
        self.wave("last")
        chaos.flush_valkey(self.stage)
        self.note("worker killed, Valkey flushed")

    def wave(self, name: str) -> None:
        self.deliver([self.world.counted_event(f"evt_{name}{number}") for number in range(WAVE)])

    def deliver(self, events: list[Event]) -> None:
        """Send and wait for the answers, without looking after the processes."""
        self.world.events += events
        self.sender.send(events)
        end = time.monotonic() + self.plan.patience_s
        while self.sender.open and time.monotonic() < end:
            time.sleep(TICK_S)

    def break_things(self, copies: list[Event]) -> None:
        """Each fault falls into its own share of the traffic."""
        faults = [step for _ in range(self.plan.rounds) for step in self.faults_of_a_round()]
        for number, (name, fault) in enumerate(faults):
            self.require(lambda: self.is_ready(self.stage.web), f"web is back before {name}")
            self.sender.send(copies[number :: len(faults)], within_s=PAUSE_S)
            self.tick_for(self.chance.uniform(0.2, 0.7) * PAUSE_S)
            self.require(lambda fault=fault: fault(self.stage), name)  # type: ignore[misc]
            self.note(name)

    def faults_of_a_round(self) -> list[tuple[str, Fault]]:
        return self.chance.sample(sorted(chaos.FAULTS.items()), len(chaos.FAULTS))

    def require(self, condition: Callable[[], bool], what: str) -> None:
        if not self.tick_until(condition, self.plan.patience_s):
            self.report.violations.append(f"not within {self.plan.patience_s:.0f} s: {what}")

    def note(self, name: str) -> None:
        self.report.faults[name] = self.report.faults.get(name, 0) + 1
        self.say(f"-- {name}; {self.sender.open} deliveries open")

    def wait_for_quiet(self) -> None:
        began = time.monotonic()
        if self.tick_until(self.is_quiet, self.plan.quiet_s):
            self.report.quiet_after_s = round(time.monotonic() - began, 1)
        else:
            self.report.violations.append(f"not quiet within {self.plan.quiet_s:.0f} s of the last fault")
            self.require(self.all_ready, "all is up again")

    def is_quiet(self) -> bool:
        try:
            return self.sender.open == 0 and not unfinished(self.stage)
        except psycopg2.OperationalError:
            return False

    def stall_is_over(self) -> bool:
        return not unfinished(self.stage)

    def all_ready(self) -> bool:
        return all(self.is_ready(process) for process in self.stage.processes)

    def is_ready(self, process: ManagedProcess) -> bool:
        return process.is_running() and process.is_ready()

    def tick_for(self, seconds: float) -> None:
        self.tick_until(lambda: False, seconds)

    def tick_until(self, condition: Callable[[], bool], seconds: float) -> bool:
        """Look after the processes until the condition holds; False when it does not within the time."""
        end = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > end:
                return False
            self.supervisor.tick()
            time.sleep(TICK_S)
        return True
