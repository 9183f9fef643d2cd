"""Mails about a place in a team."""

from __future__ import annotations

from callwaiting.features.accounts.mail_texts import SIGNATURE, MailText

MEANS = {
    "owner": "As an owner you can do everything, and decide who else can.",
    "admin": "As an admin you run the business here: numbers, prices, payments, and who is in the team.",
    "agent": "As an agent you look after calls, texts, orders and bookings.",
    "viewer": "As a viewer you see what comes in and what it earns.",
}


def invitation(inviter: str, business: str, role: str, link: str) -> MailText:
    return _mail(
        "invitation",
        f"Join {business} on Callwaiting",
        f"Hello,\n\n{inviter} would like you to join the team of {business} on Callwaiting, which turns missed calls "
        f"into bookings and orders. {MEANS[role]}\n\nYou are in with one click:\n\n{link}\n\n"
        f"The link is good for 48 hours, once. If you do not know {inviter}, ignore this mail and nothing will happen.",
    )


def role_changed(name: str, business: str, role: str) -> MailText:
    return _mail(
        "role_changed",
        f"Your role at {business} has changed",
        f"Hello {name},\n\nyour role in the team of {business} is now: {role}. {MEANS[role]}\n\n"
        "If that comes as a surprise, ask the owner of the business.",
    )


def removed(name: str, business: str) -> MailText:
    return _mail(
        "removed_from_team",
        f"You are no longer in the team of {business}",
        f"Hello {name},\n\nyou have been taken out of the team of {business}. Your account stays yours, and so do your "
        "places in other teams.\n\nIf that comes as a surprise, ask the owner of the business.",
    )


def _mail(kind: str, subject: str, text: str) -> MailText:
    return MailText(f"accounts.{kind}", subject, text + SIGNATURE)
