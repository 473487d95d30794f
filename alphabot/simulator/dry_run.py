"""The exchange of a dry run with a clock and an audience; its only door is in memory."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from alphabot.simulator.account_log import Keep
from alphabot.simulator.mirror import MirrorExchange
from alphabot.simulator.mirror_book import Level
from alphabot.simulator.service import Service
from alphabot.simulator.tokens import Token

__all__ = ["DryRunExchange"]


class DryRunExchange(Service[MirrorExchange]):
    """Accounts that trade on a market somebody tells of; what is told is at once acted upon."""

    def remember(self, lines: Iterable[str], users: Iterable[int], keep: Keep) -> None:
        """Go on where these lines end, with an account for each of these users."""
        self.model.remember(lines, keep)
        for user_id in users:
            self.model.open_account(user_id)

    def has_orders(self, alpha_id: str) -> bool:
        """Tell whether anything waits for a token's market."""
        self.catch_up()
        return self.model.has_orders(alpha_id)

    def list_token(self, token: Token) -> None:
        """Have a token trade by these rules from now on."""
        self.model.list_token(token)

    def see_book(
        self, alpha_id: str, bids: Iterable[Level], asks: Iterable[Level], age_seconds: float
    ) -> None:
        """Take in a token's whole book, confirmed so long ago."""
        self.catch_up()
        seen_ms = self.now_ms() - round(age_seconds * 1000)
        self.model.see_book(alpha_id, bids, asks, seen_ms)
        self.catch_up()

    def see_trade(self, alpha_id: str, price: Decimal, quantity: Decimal) -> None:
        """Take in a trade of others."""
        self.catch_up()
        self.model.see_trade(alpha_id, price, quantity)
        self.catch_up()
