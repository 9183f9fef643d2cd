"""One step of a dialogue: the policy decides, what it wants is done, and it hears of the outcome, until it waits."""

from __future__ import annotations

from sqlalchemy.orm import Session

from callwaiting.core.errors import CallwaitingError
from callwaiting.features.calls import dialogue
from callwaiting.features.calls.acts import Act, Facts
from callwaiting.features.calls.effects import perform
from callwaiting.features.calls.outcomes import Event
from callwaiting.features.calls.state import DialogueState
from callwaiting.features.calls.talk import Talk
from callwaiting.features.merchants.service import Profile

MAX_EFFECTS = 10  # one event leads to four effects at most; more is a fault of the policy


class DialogueStuck(CallwaitingError):
    """The policy asked for one effect after another without end."""

    reason = "calls.dialogue_stuck"


def converse(
    session: Session, talk: Talk, profile: Profile, state: DialogueState, event: Event, facts: Facts
) -> tuple[DialogueState, list[Act]]:
    """The state in which the dialogue waits for its caller, and all that was said until then. Raises DialogueStuck."""
    acts: list[Act] = []
    for _ in range(MAX_EFFECTS):
        decision = dialogue.decide(state, event, facts)
        state = decision.state
        acts += decision.acts
        if decision.effect is None:
            return state, acts
        event = perform(session, talk, profile, decision.effect)
    raise DialogueStuck(state.step)
