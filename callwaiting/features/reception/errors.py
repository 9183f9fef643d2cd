"""What can be wrong with a merchant's reception."""

from __future__ import annotations

from callwaiting.core.errors import Conflict, NotFound


class AnswerNotFound(NotFound):
    reason = "reception.answer_not_found"


class TooManyAnswers(Conflict):
    """A caller's question is compared with every answer, so there is a limit."""

    reason = "reception.too_many_answers"
