"""Understanding of what callers say: deterministic, offline, English. Imports only the core."""

from callwaiting.understanding.result import Intent, ItemHeard, Names, Period, Slot, Understood
from callwaiting.understanding.understand import understand
from callwaiting.understanding.vocabulary import Choice, Group, Item, Vocabulary

__all__ = [
    "Choice",
    "Group",
    "Intent",
    "Item",
    "ItemHeard",
    "Names",
    "Period",
    "Slot",
    "Understood",
    "Vocabulary",
    "understand",
]
