"""How a low slice tells a high one: an event, handled synchronously in the same session and transaction.

The factory binds handlers; a slice publishes without knowing who listens. A handler that raises undoes the whole
transaction, the publisher's work included.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from typing import TypeVar

from sqlalchemy.orm import Session

Event = TypeVar("Event")


class EventBus:
    """Handlers by event type, called in the order of their binding."""

    def __init__(self) -> None:
        self._handlers: dict[type[object], list[Callable[[Session, object], None]]] = defaultdict(list)

    def bind(self, event_type: type[Event], handler: Callable[[Session, Event], None]) -> None:
        self._handlers[event_type].append(handler)  # type: ignore[arg-type]  # kept under its own type

    def publish(self, session: Session, event: object) -> None:
        for handler in self._handlers[type(event)]:
            handler(session, event)


def publish(session: Session, event: object) -> None:
    """Publish on the bus that the session's database carries."""
    bus: EventBus = session.info["events"]
    bus.publish(session, event)
