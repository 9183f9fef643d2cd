"""Random texts to a shop on paper: nothing raises, nothing is done without an OK, nothing is written that is not in the
shop's books, every answer fits, and a machine that keeps answering is left alone."""

from __future__ import annotations

from hypothesis import example, given, settings
from hypothesis import strategies as st

from callwaiting.features.calls import plain, wishes_by_text
from callwaiting.features.calls.acts import Say
from callwaiting.features.calls.dialogue import REPROMPTS
from callwaiting.features.calls.outcomes import Heard
from callwaiting.features.messages.service import segments_of
from tests.features.calls.paper_shop import NOW, PaperShop
from tests.features.calls.paper_texts import Writer, recordings
from tests.features.calls.scripts import SAID
from tests.features.calls.test_any_conversation import HAPPENS, SURE, check, happen, says_yes
from tests.features.calls.test_golden_texts import SPOKEN, TRAPS

WRITTEN = tuple(sorted({value for script in recordings() for key, value in script.deeds if key == "caller"}))
TEXTS = st.one_of(
    st.sampled_from(WRITTEN),
    st.sampled_from(SAID),
    st.sampled_from(("1", "2", "7", "12", "ok", "no", "k", "done", "off", "move", "C", "🍕", "")),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=60),
)


@settings(max_examples=150)
@given(
    texts=st.lists(st.tuples(TEXTS, HAPPENS), min_size=1, max_size=20),
    booked=st.booleans(),
    kind=st.sampled_from(["chair", "salon", "tables"]),
    deposit=st.booleans(),
)
def test_any_texts(texts: list[tuple[str, str]], booked: bool, kind: str, deposit: bool) -> None:
    shop = PaperShop(deposit=deposit, unpaid=deposit)
    shop.salon, shop.tables = kind == "salon", kind == "tables"
    if booked:
        shop.own = shop.free(NOW.date())[2]
        shop.taken.add(shop.own.start)
    writer = Writer(shop)
    for body, happens in texts:
        happen(shop, happens)
        before, step = shop.commits, shop.state.step
        agrees = step in SURE and says_yes(step, Heard(speech=wishes_by_text.heard_in(body, shop.state).speech))
        answer = writer.write(body)
        assert shop.commits - before <= int(agrees)
        assert segments_of(answer).parts <= 4
        if answer and body not in answer:
            ours = " ".join(plain.render([act for act in writer.acts if isinstance(act, Say)]))
            assert not TRAPS.search(answer.replace(ours, ""))
            assert not SPOKEN.search(answer.split(' "')[0]), answer
        check(shop, [Say(answer)] if '"' not in answer else [])


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=60))
@example("BOOK")
@example("zzgrbl")
@settings(max_examples=60)
def test_a_machine_that_says_the_same_again_and_again_is_left_alone_when_it_is_not_understood(body: str) -> None:
    writer = Writer(PaperShop())
    answers = [writer.write(body)]
    never = writer.shop.state.misses > 0  # a wish like `book` is understood again after each giving up: counts limit it
    answers += [writer.write(body) for _ in range(11)]
    if never:
        assert writer.shop.state.misses > REPROMPTS
        assert len([answer for answer in answers if answer]) <= REPROMPTS + 1
