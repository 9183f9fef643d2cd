"""Phone numbers are E.164 inside; what a carrier sends for a withheld number is recognised here."""

from __future__ import annotations

import phonenumbers

from callwaiting.core.errors import CallwaitingError, ErrorCode

# Twilio's documented caller ids for withheld or unavailable numbers: letters on the keypad (+266696687 = ANONYMOUS,
# +86282452253 = UNAVAILABLE, +7378742833 = RESTRICTED, +2562533 = BLOCKED, +8656696 = UNKNOWN).
WITHHELD = frozenset({"+266696687", "+86282452253", "+7378742833", "+2562533", "+8656696"})
NO_TEXTS = frozenset({
    phonenumbers.PhoneNumberType.FIXED_LINE, phonenumbers.PhoneNumberType.TOLL_FREE,
    phonenumbers.PhoneNumberType.PREMIUM_RATE, phonenumbers.PhoneNumberType.SHARED_COST,
    phonenumbers.PhoneNumberType.UAN, phonenumbers.PhoneNumberType.PAGER, phonenumbers.PhoneNumberType.VOICEMAIL,
})  # fmt: skip
PAID = frozenset({phonenumbers.PhoneNumberType.PREMIUM_RATE, phonenumbers.PhoneNumberType.SHARED_COST})
REGIONS: frozenset[str] = frozenset(phonenumbers.SUPPORTED_REGIONS)  # ISO 3166 alpha-2


class PhoneNumberInvalid(CallwaitingError):
    code = ErrorCode.VALIDATION_FAILED
    reason = "core.phone_number_invalid"


def normalize(text: str, region: str = "US") -> str:
    """E.164 of what a person typed or a provider sent; `region` is used for national forms.

    Raises PhoneNumberInvalid when it cannot be a dialable number of its country.
    """
    try:
        parsed = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException as error:
        raise PhoneNumberInvalid("not a phone number") from error
    if not phonenumbers.is_possible_number(parsed):
        raise PhoneNumberInvalid("not a possible phone number")
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)


def caller_number(text: str, region: str = "US") -> str | None:
    """The caller's number in E.164, or None for a withheld, empty or unusable one."""
    if text in WITHHELD:
        return None
    try:
        return normalize(text, region)
    except PhoneNumberInvalid:
        return None


def may_take_texts(e164: str) -> bool:
    """False for a number that by its plan is a landline or a service. North American plans do not tell landlines from
    mobiles: there, the first text shows."""
    try:
        return phonenumbers.number_type(phonenumbers.parse(e164)) not in NO_TEXTS
    except phonenumbers.NumberParseException:
        return False


def may_be_rung(e164: str, number: str) -> bool:
    """Whether a call from `number` of ours costs what an ordinary one costs: same country code, no paid service."""
    try:
        line, own = phonenumbers.parse(e164), phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return False
    return line.country_code == own.country_code and phonenumbers.number_type(line) not in PAID


def spoken(e164: str) -> str:
    """Digit by digit, for a voice: `+14155550100` → `4 1 5, 5 5 5, 0 1 0 0` in national grouping."""
    national = phonenumbers.format_number(phonenumbers.parse(e164), phonenumbers.PhoneNumberFormat.NATIONAL)
    groups = "".join(c if c.isdigit() else " " for c in national).split()
    return ", ".join(" ".join(group) for group in groups)


def dialled_from(region: str, e164: str) -> str:
    """The digits that reach a number from a line of that country: with its trunk prefix at home, and with the
    country's own international prefix abroad."""
    parsed = phonenumbers.parse(e164)
    return "".join(filter(str.isdigit, phonenumbers.format_out_of_country_calling_number(parsed, region)))


def national_digits(e164: str) -> str:
    """The digits without country code and trunk prefix."""
    return phonenumbers.national_significant_number(phonenumbers.parse(e164))


def region_of(e164: str) -> str | None:
    """The country whose plan the number belongs to, as in `US`; None when no plan has it."""
    return phonenumbers.region_code_for_number(phonenumbers.parse(e164))
