"""The mails that people get: short, plain, and clear about what to do when it was not them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

FactorChange = Literal["added", "removed", "codes_renewed"]
CHANGES: dict[FactorChange, tuple[str, str]] = {
    "added": ("An authenticator was added", "an authenticator has just been set up for your account"),
    "removed": ("Your authenticator was removed", "the authenticator of your account has just been removed"),
    "codes_renewed": ("You have new recovery codes", "new recovery codes have just been made for your account"),
}
SIGNATURE = "\n\nCallwaiting\n"


@dataclass(frozen=True, slots=True)
class MailText:
    kind: str
    subject: str
    text: str


def verify_email(link: str) -> MailText:
    """It greets nobody by name: that is a text which anybody can have sent to any address."""
    return _mail(
        "verify_email",
        "Please confirm your e-mail address",
        f"Hello,\n\nwelcome to Callwaiting. Please confirm that this address is yours:\n\n{link}\n\n"
        "The link is good for 24 hours. If you did not sign up, ignore this mail and nothing will happen.",
    )


def already_signed_up(name: str, link: str) -> MailText:
    return _mail(
        "already_signed_up",
        "You already have an account",
        f"Hello {name},\n\nsomebody, probably you, has just tried to sign up with this address. You have an account "
        f"already, and its password has not changed. Forgotten it? Choose a new one here:\n\n{link}\n\n"
        "The link is good for 30 minutes. If it was not you, there is nothing to do.",
    )


def reset_password(name: str, link: str) -> MailText:
    return _mail(
        "reset_password",
        "Choose a new password",
        f"Hello {name},\n\nhere you can choose a new password:\n\n{link}\n\n"
        "The link is good for 30 minutes, once. If you did not ask for it, ignore this mail: your password stays "
        "as it is.",
    )


def password_changed(name: str, link: str) -> MailText:
    return _mail(
        "password_changed",
        "Your password was changed",
        f"Hello {name},\n\nyour password has just been changed, and you have been signed out on your other devices.\n\n"
        f"If it was not you, choose a new one at once:\n\n{link}",
    )


def factor_changed(name: str, change: FactorChange, link: str) -> MailText:
    subject, sentence = CHANGES[change]
    return _mail(
        f"factor_{change}",
        subject,
        f"Hello {name},\n\n{sentence}.\n\n"
        f"If it was not you, choose a new password at once, and then tell us:\n\n{link}",
    )


def recovery_code_used(name: str, left: int, link: str) -> MailText:
    return _mail(
        "recovery_code_used",
        "A recovery code was used",
        f"Hello {name},\n\none of your recovery codes has just been used to sign in; {left} are left. New ones can be "
        f"made in your account.\n\nIf it was not you, choose a new password at once:\n\n{link}",
    )


def new_device(name: str, device: str, link: str) -> MailText:
    return _mail(
        "new_device",
        "A new sign-in to your account",
        f"Hello {name},\n\nyour account was used on a device that we have not seen before: {device}.\n\n"
        f"If it was you, there is nothing to do. If not, choose a new password; that signs out everybody:\n\n{link}",
    )


def session_ended(name: str, device: str, link: str) -> MailText:
    return _mail(
        "session_ended",
        "We have signed you out on one device",
        f"Hello {name},\n\nyour sign-in on {device} was used in two places at once. That can mean that somebody has "
        "copied it, so we have ended it. You can sign in again as usual.\n\n"
        f"If you are in doubt, choose a new password; that signs you out everywhere:\n\n{link}",
    )


def _mail(kind: str, subject: str, text: str) -> MailText:
    return MailText(f"accounts.{kind}", subject, text + SIGNATURE)
