"""What is a declaration and what is none. The second matters as much: an ordinary sentence opts nobody out."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callwaiting.features.consents.wording import declaration_in

STOP_WORDS = ["STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "OPTOUT", "REVOKE", "opt out", "OPT-OUT"]
FRAMES = ["{}", "{}.", " {}! ", "“{}”", "{}\n", "*{}*", "({})"]

FREE = [
    "no more texts please",
    "No more messages.",
    "Please stop texting me",
    "please stop",
    "STOP STOP STOP",
    "Stop!!! I said stop",
    "stop it please",
    "Hi, please stop texting me, I already ordered",
    "I ordered already so please stop sending me these messages",
    "Stop sending me stuff",
    "stop contacting me",
    "Don't text me again",
    "Don’t text me anymore!",
    "do not message me ever again",
    "Do not send me any more texts.",
    "never text this number again",
    "I don't want any more texts",
    "I do not want to receive messages from you",
    "I no longer wish to receive text messages",
    "Take me off your list",
    "remove me from this list",
    "Remove my number",
    "delete my number from your system",
    "I want to opt out",
    "opt me out please",
    "How do I unsubscribe?",
    "unsubscribe me",
    "I revoke my consent",
    "Leave me alone!",
    "lose my number",
    "why don't you stop texting me",
    "If you don't stop texting me I will report you",
    "remove me from all your marketing lists",
    "take me off this",
    "Quit messaging me",
    "No más mensajes por favor",
    "No más",
    "Ya no quiero recibir mensajes",
    "no me manden más mensajes",
    "Dejen de enviarme textos",
    "quiero darme de baja",
    "BASTA",
    "don't call or text me",
    "Do not text or call me again",
    "Wrong number, stop",
    "no texts please",
    "unsub",
    "Unsubcribe",
    "please stopp",
    "Cease and desist",
]

ORDINARY = [
    "stop by at 5",
    "I'll stop by at 5.",
    "don't stop by before 5",
    "Please don’t stop by before five.",
    "non-stop texts from my sister, sorry I am late",
    "the bus stop texts me the departure",
    "don't call or text my wife about it",
    "no texts came yet, where is my order",
    "You can text me again",
    "can't stop thinking about your pizza",
    "I can't stop texting my friends about your pizza",
    "Please don't stop texting me",
    "my ex won't stop texting me",
    "Where is the bus stop?",
    "I'm at the stop",
    "Stop, I want to change my order",
    "Cancel my order",
    "cancel please, I ordered the wrong one",
    "can I cancel it?",
    "When does happy hour end",
    "the end of the street",
    "The party starts at 5. End of story",
    "I quit smoking, any salads?",
    "don't text me before 9",
    "don't text me when you arrive, the baby sleeps",
    "Don't text me the address, call me",
    "text me when it is ready",
    "don't send me the pizza with olives",
    "I don't want the extra cheese, text me",
    "if I unsubscribe do I still get my order?",
    "I did not unsubscribe",
    "I didn't opt out",
    "remove the onions",
    "remove me from the 5 o'clock slot? no, keep it",
    "yes please",
    "yes I want it",
    "help me choose a pizza",
    "info about vegan pizza?",
    "start with the starters",
    "No mas queso por favor",
    "no more onions please",
    "there is no more time",
    "",
    "   ",
    "👍",
    "...",
]


@pytest.mark.parametrize("frame", FRAMES)
@pytest.mark.parametrize("word", STOP_WORDS)
def test_a_keyword_stops_in_any_case_and_dress(word: str, frame: str) -> None:
    for spelling in (word, word.lower(), word.title()):
        assert declaration_in(frame.format(spelling)) == "stop"


@pytest.mark.parametrize("text", FREE)
def test_free_wording_stops(text: str) -> None:
    assert declaration_in(text) == "stop"
    assert declaration_in(text.upper()) == "stop"


@pytest.mark.parametrize("text", ORDINARY)
def test_an_ordinary_sentence_declares_nothing(text: str) -> None:
    assert declaration_in(text) is None
    assert declaration_in(text.upper()) is None


@pytest.mark.parametrize(
    ("text", "declared"),
    [
        ("START", "start"),
        ("unstop.", "start"),
        ("Yes", "start"),
        ("HELP", "help"),
        ("info?", "help"),
        ("Help!", "help"),
    ],
)
def test_the_other_keywords(text: str, declared: str) -> None:
    assert declaration_in(text) == declared


@given(st.text(max_size=300))
def test_any_text_has_an_answer(text: str) -> None:
    assert declaration_in(text) in {"stop", "start", "help", None}


@pytest.mark.parametrize("repeated", ["me us the all ", "if stop texting ", "dont want the ", "cant "])
def test_a_long_text_is_read_to_its_end(repeated: str) -> None:
    """Of a quadratic reading this would not see the end."""
    assert declaration_in("stop " + repeated * 4_000 + "x") is None
    assert declaration_in(repeated * 4_000 + ". unsubscribe") == "stop"
