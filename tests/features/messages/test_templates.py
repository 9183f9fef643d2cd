from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callwaiting.features.messages.segments import segments_of
from callwaiting.features.messages.templates import SAMPLES, TEMPLATES, TemplateNotFound, faults, render, template

LINK = TEMPLATES["payment_link"]
GOOD = "{business}: {total} for order {order}, {link} Reply STOP to end."


def said(body: str) -> list[str]:
    return [fault.message for fault in faults(LINK, body)]


def test_the_built_in_wordings_follow_the_rules_and_take_two_segments_at_most() -> None:
    for kind in TEMPLATES.values():
        assert list(faults(kind, kind.default)) == [], kind.name
        encoding, count = segments_of(render(kind.default, SAMPLES))
        assert encoding == "gsm7"
        assert count <= 2, kind.name


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        (GOOD.replace("{link}", ""), "Must hold {link}."),
        (GOOD.replace("{business}", "Luigi"), "Must hold {business}."),
        (GOOD.replace("STOP", "S-T-O-P"), "Must say how to end texts"),
        (GOOD.replace("STOP", "STOPPING"), "Must say how to end texts"),
        (GOOD + "{amount}", "{amount} is no placeholder of this text; it has {business}, {order}, {total}, {link}."),
        (GOOD + "{", "Braces may only stand"),
        (GOOD + "}", "Braces may only stand"),
        (GOOD + "{}", "Braces may only stand"),
        (GOOD + "{0}", "Braces may only stand"),
        (GOOD + "{business.__class__}", "Braces may only stand"),
        (GOOD + "{business[0]}", "Braces may only stand"),
        (GOOD + "{total!r}", "Braces may only stand"),
        (GOOD + "{total:>9}", "Braces may only stand"),
        (GOOD + "{ total }", "Braces may only stand"),
        (GOOD + "{{total}}", "Braces may only stand"),
        (GOOD + "\x07", "Must hold no control characters."),
        (GOOD + " Reply CANCEL to cancel.", "Must not ask for the reply CANCEL"),
        (GOOD + " Text yes to confirm.", "Must not ask for the reply YES"),
        (GOOD + " Offers at bit.ly/abc", "Must hold no link of a public shortener"),
        (GOOD + "x" * 600, "Takes more than 4 segments"),
        (GOOD + "é東" * 100, "Takes more than 4 segments"),
    ],
)
def test_a_wording_that_breaks_a_rule_is_told_which(body: str, complaint: str) -> None:
    assert any(message.startswith(complaint) for message in said(body)), said(body)


def test_a_good_wording_has_no_faults() -> None:
    assert said(GOOD) == []
    assert said("{business} “Pay” – {total}: {link} STOP ends.") == []


def test_a_value_is_text_whatever_it_holds() -> None:
    values = {**SAMPLES, "business": "{link} %s {0}\r\n\x00 &", "total": "{business}"}
    assert render("{business}/{total}", values) == "{link} %s {0} &/{business}"


def test_marks_are_plain_and_letters_kept() -> None:
    assert render("{business} – “hi”", {"business": "Łukasz’s"}) == 'Łukasz\'s - "hi"'


def test_an_unknown_name_is_refused() -> None:
    with pytest.raises(TemplateNotFound):
        template("__class__")


@given(st.text(alphabet=st.sampled_from("{}abusines: STOP!.[0]link"), max_size=60))
def test_what_has_no_fault_renders_with_nothing_left_in_braces(body: str) -> None:
    if not said(body):
        assert "{" not in render(body, SAMPLES)
