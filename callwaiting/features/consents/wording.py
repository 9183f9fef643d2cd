"""What a text says about consent: exact keywords, and the free wordings that a reasonable person would understand.

US rule 47 CFR 64.1200(a)(10): stop, quit, end, revoke, opt out, cancel and unsubscribe are definitive; any other clear
wording counts too. Carriers and Twilio act on the single words (STOP, STOPALL, UNSUBSCRIBE, CANCEL, END, QUIT, OPTOUT,
REVOKE; START, UNSTOP, YES; HELP, INFO), so the same words must mean the same here. An ordinary sentence that merely
holds such a word ("stop by at 5", "cancel my order") is no declaration.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Literal

Declaration = Literal["stop", "start", "help"]

STOP_ALONE = {"cancel", "end", "quit", "opt out"}  # they stand for a declaration only as the whole text
STOP = {"stop", "stopall", "stop all", "unsubscribe", "optout", "revoke", "basta", "parar", "alto", "no mas"}
STOP |= {"unsub", "unsuscribe", "unsubcribe", "stopp", "no text", "no texts", "no messages", "cease and desist"}
START = {"start", "unstop", "yes"}
HELP = {"help", "info"}
COURTESY = {
    "please", "pls", "plz", "thanks", "thank", "you", "now", "hi", "hello", "hey", "ok", "okay", "just", "immediately",
    "it", "this", "asap", "right", "already", "por", "favor", "gracias", "ya",
}  # fmt: skip

_TEXTS = r"(?:texts?|texting|messages?|messaging|msgs?|sms|notifications?|alerts?|reminders?|links?|spam)"
_FILL = r"(?:(?:all|any|the|these|those|this|your|me|us|more|of|with|sending|getting|receiving|sms|text) )*"
_END = (
    r"(?: (?:me|us|at|to|from|on|my|this|that|phone|number|again|ever|anymore|any|more|longer|please|pls|now|ok|okay))*"
)
_OFF = r"(?=$|,| (?:i|im|we|you|your|thanks|thank|and|because|or|its|this|or)\b)"
_ME = r"(?:me|us|this number|my number)"
_LIST = r"(?: \w+){0,3} (?:lists?|system|database|records|texts?|messages|contacts|here|this)\b"
_FREE = tuple(
    re.compile(pattern)
    for pattern in (
        rf"(?<!non )(?<!bus )\b(?:stop|quit|cease|end) {_FILL}{_TEXTS}\b",
        r"\b(?:stop|quit|cease) (?:contacting|spamming|bothering|harassing|bugging) (?:me|us|my|this)\b",
        r"\b(?:stop|quit) sending (?:me |us )?(?:these|this|those|stuff|anything|things|them)\b",
        rf"\bno more {_FILL}{_TEXTS}\b",
        r"\b(?:dont|do not|never) (?:ever )?(?:(?:call|ring|phone) (?:me )?(?:or|and|nor) )?"
        rf"(?:text|message|sms|contact|write)(?: (?:or|and|nor) (?:call|ring|phone))? {_ME}{_END}{_OFF}",
        rf"\b(?:dont|do not|never) (?:ever )?send (?:me |us )?{_FILL}(?:{_TEXTS}|anything){_END}{_OFF}",
        rf"\b(?:dont|do not|no longer) (?:want|wish|like)(?: to (?:get|receive|have))? {_FILL}{_TEXTS}\b{_END}{_OFF}",
        rf"\b(?:remove|delete|take|drop) (?:{_ME}|my phone number) (?:from|off|out)(?: of)?(?:$|{_LIST})",
        r"^(?:please )?(?:remove|delete) (?:me|my number|this number)(?: please| now)*$",
        r"\b(?:unsubscribe|opt (?:me )?out)\b",
        r"^(?:sorry,? )?wrong number,? (?:please )?stop$",
        r"\bi (?:hereby )?revoke (?:my )?consent\b",
        r"\b(?:leave me alone|lose (?:my|this) number)\b",
        r"\bno mas (?:mensajes|textos|sms)\b",
        r"\bno (?:quiero|deseo)(?: recibir)? (?:mas )?(?:mensajes|textos|sms)\b",
        r"\bno me (?:mande|envie|escriba)[ns]?(?: mas)?(?: mensajes| textos)?$",
        r"\b(?:deje|dejen|deja) de (?:mandarme|enviarme|escribirme|mandar|enviar)\b",
        r"\bdarme de baja\b",
    )
)
REACH = 60  # characters in which a negation still belongs to the verb
_NOT_MEANT = re.compile(
    r"\b(?:cant|cannot|can not|couldnt|could not|dont|do not|didnt|did not|doesnt|wont|will not|wouldnt|never|not|if|"
    r"unless|without)(?: \w+){0,2} ?$"
)
_DEMAND = re.compile(r"\b(?:why|if you) (?:dont|wont|cant|do not|will not|not)\b")


# What Twilio answers by itself, as a whole text in any case and with any space around it
# (help.twilio.com: Twilio support for opt-out keywords).
TWILIO_KEYWORDS = frozenset(
    {"stop", "stopall", "unsubscribe", "cancel", "end", "quit", "optout", "revoke", "start", "yes", "unstop", "help",
     "info"}
)  # fmt: skip


def answered_by_twilio(text: str) -> bool:
    """Whether Twilio's default opt-out handling would answer this text itself."""
    return text.strip().casefold() in TWILIO_KEYWORDS


def declaration_in(text: str) -> Declaration | None:
    """What the text declares, or None when it is an ordinary sentence. In doubt between stop and anything, stop."""
    plain = _plain(text)
    sentences = [_words(sentence) for sentence in re.split(r"[.!?;:\n]+", plain)]
    sentences = [sentence for sentence in sentences if sentence.strip(" ,")]
    whole = _words(" ".join(sentences), keep_commas=False)
    if whole in STOP_ALONE or any(_is_stop(sentence) for sentence in [whole, *sentences]):
        return "stop"
    if whole in START:
        return "start"
    return "help" if whole in HELP else None


def is_free_stop(said: str) -> bool:
    """Whether a spoken sentence asks for no more texts in free wording: its single words declare nothing there."""
    sentence = _words(_plain(said))
    return any(_meant(sentence, match.start()) for free in _FREE for match in free.finditer(sentence))


def _is_stop(sentence: str) -> bool:
    bare = [word for word in sentence.replace(",", " ").split() if word not in COURTESY]
    if bare and (" ".join(bare) in STOP or (len(set(bare)) == 1 and bare[0] in STOP)):
        return True
    return is_free_stop(sentence)


def _meant(sentence: str, start: int) -> bool:
    """False behind a negation or a condition in the same clause: "you can't stop texting", "if I unsubscribe"."""
    before = sentence[max(0, start - REACH) : start].rpartition(",")[2]
    return not _NOT_MEANT.search(before) or _DEMAND.search(before) is not None


def _plain(text: str) -> str:
    """Lower case, without accents, apostrophes or markup; sentence marks stay."""
    folded = unicodedata.normalize("NFKD", text).casefold()
    letters = "".join(sign for sign in folded if not unicodedata.combining(sign))
    return re.sub(r"['’‘`\"“”*]", "", letters)


def _words(text: str, *, keep_commas: bool = True) -> str:
    spaced = re.sub(r"[^\w,\n]+|_" if keep_commas else r"[\W_]+", " ", text)
    return re.sub(r" *, *", ", ", " ".join(spaced.split())).strip(" ,") if keep_commas else " ".join(spaced.split())
