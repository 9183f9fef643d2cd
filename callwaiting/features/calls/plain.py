"""Acts as plain lines, for people who read instead of listening. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from callwaiting.features.calls.acts import Act, Ask, HangUp, PutThrough, Quote, RecordCall, Say, TakeMessage


def render(acts: Sequence[Act]) -> list[str]:
    """One line for each act; what is no speech stands in brackets."""
    return [_line(act) for act in acts]


def _line(act: Act) -> str:
    match act:
        case Say(text, language):
            return f"[{language}] {text}" if language else text
        case Ask(text):
            return text
        case Quote(text):
            return f'"{text}"'
        case TakeMessage(text):
            return f"{text} [tone]"
        case PutThrough(text):
            return f"{text} [rings]"
        case RecordCall():
            return "[recording on]"
        case HangUp():
            return "[hangs up]"
