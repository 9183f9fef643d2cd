"""Random talks about several services: what is booked was read out before its yes, and nobody is booked twice."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from callwaiting.features.bookings.service import spoken_time
from callwaiting.features.calls import plain
from callwaiting.features.calls.acts import HangUp
from callwaiting.features.calls.outcomes import Heard
from callwaiting.features.calls.state import Step
from tests.features.calls.paper_shop import NOW, SALON, ZONE, PaperShop
from tests.features.calls.scripts import meanwhile
from tests.features.calls.test_any_conversation import says_yes

OPENINGS = (
    "a haircut and a beard trim tomorrow at two",
    "a beard trim and a haircut on Thursday at eleven",
    "a beard trim and a haircut with Anna tomorrow",
    "book a haircut tomorrow at two",
)
SAID = (
    "a haircut and a beard trim tomorrow at two", "a beard trim and a haircut with Anna tomorrow", "tomorrow at four",
    "and a beard trim", "just the haircut", "no, a haircut and a beard trim", "with Ben", "the first one", "no",
    "yes", "yes", "yes please", "book a haircut", "start over", "what's free on Thursday",
)  # fmt: skip
HAPPENS = ("", "", "", "busy Ben 2026-03-04T15:00", "busy Anna 2026-03-04T14:00", "withdrawn Beard trim")


@settings(max_examples=100)
@given(
    opening=st.sampled_from(OPENINGS),
    turns=st.lists(st.tuples(st.sampled_from(SAID), st.sampled_from(HAPPENS)), min_size=1, max_size=8),
    deposit=st.booleans(),
)
def test_any_talk_about_services(opening: str, turns: list[tuple[str, str]], deposit: bool) -> None:
    shop = PaperShop(salon=True, deposit=deposit)
    names = {offer.id: offer.name for offer in SALON.services}
    said = shop.begin()
    for text, happens in [(opening, ""), *turns]:
        if any(isinstance(act, HangUp) for act in said):
            break
        if happens:
            meanwhile(shop, happens)
        read_back, before = " ".join(plain.render(said)), len(shop.booked)
        sure = says_yes(shop.state.step, Heard(speech=text))
        asked = shop.state.step
        said = shop.hear(Heard(speech=text))
        fresh = shop.booked[before:]
        assert not fresh or (sure and asked is Step.BOOK)
        for slot in fresh:
            assert spoken_time(slot.start, ZONE, NOW).rpartition(" at ")[2] in read_back
            assert slot.service_id is not None
            assert names[slot.service_id] in read_back
        if len(fresh) > 1:
            assert len({slot.resource_id for slot in fresh}) == 1
            assert all(one.end <= other.start for one, other in pairwise(fresh))
    times = [(slot.resource_id, slot.start) for slot in shop.booked]
    assert len(times) == len(set(times))
