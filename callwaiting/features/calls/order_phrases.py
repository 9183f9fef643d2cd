"""What is said of orders: items, options, codes, the read-back. Amounts come from a quote."""

from __future__ import annotations

from collections.abc import Sequence

from callwaiting.core.money import Money
from callwaiting.features.calls.phrases import GOODBYE, MENU_ITEMS
from callwaiting.features.catalogue.service import Group, Item, Option
from callwaiting.features.orders.service import LineRequest, Quote, titled

FIX = "To add something, press 1. To take off the last item, press 2. To start your order over, press 3."
MORE = "Anything else? Say it or press its key. When you are done, press 0."
CONFIRM_ORDER = "Shall I place this order? Press 1 or say yes. To change it, press 2 or say no."
NOT_PLACED = "Okay, no order was placed. Goodbye."
EMPTY_CART = "Your order is empty."
AMOUNT_REFUSED = "I cannot take an order of this amount by phone."
TOO_MANY_LINES = "That is as many different items as I can take."
CHOICES_CHANGED = "Sorry, what there is to choose has just changed."
NINETY_NINE = "I can take one to ninety-nine of an item."
CODE = "What is the code? Say or spell it, or press its numbers and the pound key. To go on without one, press 0."
CODE_REFUSED = "Sorry, this code is over, or I misheard it:"
CODE_TRIES = "I cannot try any more codes now. The team can help you: you can leave a message."
CODES_FOR_ORDERS = "I can only take a code for something that you order. For a booking, please ask the team about it."
ONE_AFTER_THE_OTHER = "First your order, then the booking."
ORDER_DROPPED = "Okay, I have dropped your order. Nothing was placed."
CALL_OFF_PAID = (
    "An order that is not paid for is not made: its link just runs out. To call off one that is paid, leave a message"
    " for the team: just say so."
)
ORDER_NUMBER = "What is the number of your order? It is in the text that we sent you. To go back, press 0."
ORDER_UNKNOWN = "I do not find an order of that number from this phone."
STATUS_UNKNOWN_CALLER = "I can only look up orders for a caller whose number is shown to me."
ORDER_STATES = {
    "awaiting_payment": "is waiting for its payment. The link is in the text that we sent you",
    "deposit_paid": "is placed, and its deposit is paid",
    "awaiting_rest": "is placed and its deposit is paid. The link for the rest is in the text that we sent you",
    "paid": "is paid",
    "expired": "was not paid in time, so it is not valid any more",
    "cancelled": "is cancelled",
    "part_refunded": "is paid, and a part of it was given back",
    "refunded": "was given back in full",
}


def prices(priced: Sequence[tuple[str, Money]]) -> str:
    return " ".join(f"{name} is {price}." for name, price in priced[:MENU_ITEMS])


def order_stands(number: int, state: str) -> str:
    return f"Your order number {number} {ORDER_STATES.get(state, 'is with the team')}."


def items(menu: Sequence[Item]) -> str:
    keyed = [item for item in menu if item.keypad is not None][:MENU_ITEMS]
    if keyed:
        offers = [f"For {item.name}, {item.price}, press {item.keypad}." for item in keyed]
        return " ".join(["What would you like?", *offers, "Or say it. When you are done, press 0."])
    offers = [f"{item.name}, {item.price}." for item in menu[:MENU_ITEMS]]
    return " ".join(["What would you like? Please say it. We have:", *offers, "When you are done, press 0."])


def which(candidates: Sequence[Item]) -> str:
    offers = [f"For {item.name}, {item.price}, press {key}." for key, item in enumerate(candidates, 1)]
    return " ".join(["Which one do you mean?", *offers, "For none of these, press 0."])


def which_option(item: Item, group: Group, choices: Sequence[Option]) -> str:
    offers = [f"For {option.name}{difference(option)}, press {key}." for key, option in enumerate(choices, 1)]
    return " ".join([f"Which {group.name} for the {item.name}?", *offers, "For none of these, press 0."])


def too_many_choices(item: Item, group: Group) -> str:
    return f"For the {item.name} I can take {group.max_choices} of {group.name} at most."


def not_with(item: Item, name: str) -> str:
    return f"Sorry, {item.name} does not come with {name}."


def comes_with(item: Item, name: str) -> str:
    return f"The {item.name} comes with {name}; I cannot add more."


def always_with(item: Item, name: str) -> str:
    return f"Sorry, I cannot leave out {name} of the {item.name}."


def difference(option: Option) -> str:
    """What an option changes the price by; nothing is said of nothing."""
    if not option.delta.minor:
        return ""
    amount = Money(abs(option.delta.minor), option.delta.currency)
    return f", {amount} {'more' if option.delta.minor > 0 else 'less'}"


def how_many(item: Item) -> str:
    return f"How many {item.name} would you like? Press the number, then the pound key, or say it."


def cart(lines: Sequence[tuple[LineRequest, Item]]) -> str:
    titles = (
        titled(item.name, [option.name for option in item.options(line.options)], line.removed) for line, item in lines
    )
    counted = (f"{line.quantity} {title}" for (line, _), title in zip(lines, titles, strict=True))
    return "You have " + ", ".join(counted) + "."


def read_back(quote: Quote, *, changed: bool, code: str = "", least: Money | None = None) -> str:
    """Every line and the total, exactly as the quote has them."""
    parts = ["The price has just changed. Your order is now:" if changed else "Your order is:"]
    parts += [f"{line.quantity} {line.title} at {line.unit_price}, {line.amount}." for line in quote.lines]
    if quote.discount.minor:
        parts.append(f"The code {code} takes {quote.discount} off.")
    if code and least:
        parts.append(f"The code {code} is good from {least} on, so it takes nothing off yet.")
    if quote.added_tax.minor:
        parts.append(f"Tax is {quote.added_tax}.")
    if quote.included_tax.minor:
        parts.append(f"This includes tax of {quote.included_tax}.")
    parts.append(f"The total is {quote.total}.")
    if quote.due_later.minor:
        parts.append(f"A deposit of {quote.due_now} is due now, and {quote.due_later} later.")
    return " ".join(parts)


def placed(number: int, total: Money, due_now: Money, *, end: str = f" {GOODBYE}") -> str:
    what = "it" if due_now == total else f"the deposit of {due_now}"
    return (
        f"Thank you. Your order number {number}, {total} in all, is placed."
        f" We are texting you a link to pay {what}.{end}"
    )


def code_good(code: str, basis_points: int, amount: Money, least: Money | None) -> str:
    """What a code takes off: `12.5 percent`, `$5.00`."""
    whole, rest = divmod(basis_points, 100)
    percent = f"{whole}.{rest:02}".rstrip("0").rstrip(".")
    off = f"{percent} percent" if basis_points else str(amount)
    return f"The code {code} takes {off} off {f'orders of {least} or more' if least else 'your order'}."


def code_replaced(code: str) -> str:
    return f"Only one code counts, so {code} does not any more."


def code_lost(code: str, *, too_little: bool) -> str:
    if too_little:
        return f"With the code {code} too little is left for a payment link, so I have left it out."
    return f"Sorry, the code {code} is not good any more, so I have left it out."


def gone(names: Sequence[str]) -> str:
    sold_out = " and ".join(names) or "an item of your order"
    return f"Sorry, we are out of {sold_out}. I have taken it off."
