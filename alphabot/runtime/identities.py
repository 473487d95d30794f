"""Whether two users are one account: no endpoint names the account, but order ids are unique.

An order id that two users of one service have seen, by a reply, a push or a list, means that both
trade with the same session. Whoever sees it second raises the alarm for both (safety: I-19).
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable

from alphabot.core.values import OrderId, UserId

__all__ = ["REMEMBERED_MAX", "Identities"]

REMEMBERED_MAX = 100_000
"""Order ids that are remembered; beyond that the oldest are forgotten."""


class Identities:
    """Who has seen which order, for all users of a service."""

    def __init__(self) -> None:
        self._seen_by: OrderedDict[OrderId, UserId] = OrderedDict()
        self._alarms: dict[UserId, Callable[[str], None]] = {}

    def on_alarm(self, user_id: UserId, alarm: Callable[[str], None]) -> None:
        """Have ``alarm`` told, with the reason, that a user shares an account with another."""
        self._alarms[user_id] = alarm

    def saw(self, user_id: UserId, order_id: OrderId) -> None:
        """Note that a user has seen an order; raises the alarm of both where it is another's."""
        first = self._seen_by.setdefault(order_id, user_id)
        if first != user_id:
            reason = f"users {first} and {user_id} are one account: both have seen order {order_id}"
            for each in (first, user_id):
                if each in self._alarms:
                    self._alarms[each](reason)
        while len(self._seen_by) > REMEMBERED_MAX:
            self._seen_by.popitem(last=False)
