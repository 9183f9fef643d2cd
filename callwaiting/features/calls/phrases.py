"""What is said whatever a call is about: greetings, misunderstandings, messages, a person. All other sentences that are
spoken stand in `order_phrases` and `booking_phrases`; names come from the merchant, amounts from a quote."""

from __future__ import annotations

from callwaiting.features.calls.acts import Facts

MENU_ITEMS = 9
NOT_UNDERSTOOD = "Sorry, I did not get that."
NOT_HEARD = "Sorry, I did not hear you."
USE_KEYPAD = "Sorry, I still did not get that. The keys of your phone are the surest way."
ASK_PHONE = (
    "Your number is not shown to me. Please enter your mobile number on the keypad, area code first,"
    " then press the pound key."
)
NUMBER_REFUSED = "That does not seem to be a phone number."
ALLOW_TEXTS = (
    "The payment link comes by text, but you asked us not to text you."
    " To allow texts again, press 1 or say yes. To leave it, press 2 or say no."
)
STARTED_OVER = "Okay, let us start over."
TEXTS_STOPPED = "Okay, we will not text you any more."
PERSON_CALLED = "I cannot put you through, but I have told the team that you asked for a person."
GOODBYE = "Goodbye."
NO_CARDS = "Please never tell me the number of a card. Payment is by the link that we text you."
TAKE_YOUR_TIME = "Take your time."
NO_ANSWER = "I have no answer to that. You can leave a message for the team: just say so."
CALM = "I am sorry that this is tiresome. You can ask for a person, or leave a message."
ABOUT_US = "When are you open, and where are you?"
RECORDING = (
    "May we record this call, to check how well this works? Press 1 or say yes."
    " To go on without a recording, press 2 or say no."
)
PUTTING_THROUGH = "One moment, I am putting you through."
NOBODY_FREE = "Sorry, nobody could take your call. I have told the team that you asked for a person."
PERSON_STILL_CALLED = "The team knows that you asked for a person."
MESSAGE = "What shall I tell the team? Please say it in one go. To go back, press 0."
MESSAGE_OR_TAPE = (
    "What shall I tell the team? Please say it in one go. To leave a recording instead, press 1. To go back, press 0."
)
MESSAGE_IS = "Your message is:"
MESSAGE_SURE = "Shall I pass it on? Press 1 or say yes. To say it anew, press 2 or say no."
MESSAGE_PASSED_ON = "Thank you. I have passed it on to the team. Goodbye."
AFTER_THE_TONE = "Please leave your message after the tone, then press the pound key or hang up."
GIVEN_UP = GIVEN_UP_TO_TAPE = "I am sorry, this does not work by phone."
ENGLISH_ONLY = {
    "es-US": "Lo siento, solo entiendo ingles. Puede usar las teclas de su telefono.",
    "fr-CA": "Desole, je ne comprends que l'anglais. Vous pouvez utiliser les touches de votre telephone.",
    "de-DE": "Leider verstehe ich nur Englisch. Sie koennen die Tasten Ihres Telefons benutzen.",
}
EMERGENCY_NUMBERS = {
    "US": "911", "CA": "911", "GB": "999", "IE": "112", "AU": "000", "NZ": "111",
}  # fmt: skip


def welcome(facts: Facts) -> str:
    return f"Hello, this is the automated assistant of {facts.business}."


def whisper(business: str, *, recorded: bool) -> str:
    notice = " It is being recorded, as the caller has agreed." if recorded else ""
    return f"A caller of {business} wants to speak to you.{notice} Press 1 to take this call."


def closed(facts: Facts) -> str:
    return f"{facts.business} cannot take calls here at the moment. Please try again later. Goodbye."


def menu(*, orders: bool, bookings: bool) -> str:
    offers = []
    if orders:
        offers.append("To place an order, press 1.")
    if bookings:
        offers.append("To book a time, press 2.")
    offers.append("To leave a message, press 3.")
    return " ".join([*offers, "You can also just say what you would like. To hear this again, press 0."])


def emergency_number(region: str) -> str:
    """112 works in every member state of the European Union and wherever a country has no number in the table."""
    return EMERGENCY_NUMBERS.get(region, "112")


def emergency(region: str) -> str:
    number = " ".join(emergency_number(region))
    return f"If anybody is in danger, please hang up and dial {number} now. I cannot call for help."


def given_up(*, can_text: bool) -> str:
    return f"{GIVEN_UP} " + ("We will send you a text. " if can_text else "") + GOODBYE
