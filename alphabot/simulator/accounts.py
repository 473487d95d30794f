"""What a user owns: USDT in the funding and earn wallets, tokens in the alpha wallet."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from decimal import Decimal

from alphabot.simulator.amounts import ZERO

__all__ = ["Account", "Balance"]


@dataclass(slots=True)
class Balance:
    """One asset in one wallet: ``free`` to spend, ``locked`` for open orders. Never negative."""

    free: Decimal = ZERO
    locked: Decimal = ZERO

    @property
    def total(self) -> Decimal:
        """Everything of it, free or not."""
        return self.free + self.locked

    def credit(self, amount: Decimal) -> None:
        """Add to what is free."""
        self.free += _not_negative(amount)

    def credit_locked(self, amount: Decimal) -> None:
        """Add to what is locked."""
        self.locked += _not_negative(amount)

    def lock(self, amount: Decimal) -> None:
        """Hold back what was free; raises ArithmeticError if there is not enough."""
        self.free = _not_negative(self.free - _not_negative(amount))
        self.locked += amount

    def release(self, amount: Decimal) -> None:
        """Free what was held back; raises ArithmeticError if there is not enough."""
        self.locked = _not_negative(self.locked - _not_negative(amount))
        self.free += amount

    def spend_locked(self, amount: Decimal) -> None:
        """Let go of what was held back; raises ArithmeticError if there is not enough."""
        self.locked = _not_negative(self.locked - _not_negative(amount))


def _not_negative(amount: Decimal) -> Decimal:
    if amount < 0:
        raise ArithmeticError(f"a balance would have become {amount}")
    return amount


@dataclass(slots=True, eq=False)
class Account:
    """One user's wallets, and what the exchange has counted for the user.

    The sums never fall: they are the exchange's own count, against which a client's claims about
    volume, wear and fees can be judged.
    """

    user_id: int
    funding: Balance
    earn: Balance
    opening_usdt: Decimal
    alpha: defaultdict[str, Balance] = field(default_factory=lambda: defaultdict(Balance))
    bought_quote: Decimal = ZERO
    sold_quote: Decimal = ZERO
    sell_fees_usdt: Decimal = ZERO
    bought_base: defaultdict[str, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    sold_base: defaultdict[str, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    buy_fees_base: defaultdict[str, Decimal] = field(default_factory=lambda: defaultdict(Decimal))

    @classmethod
    def opened(cls, user_id: int, funding_usdt: Decimal, earn_usdt: Decimal) -> Account:
        """Return a new account holding these amounts of USDT."""
        return cls(
            user_id,
            Balance(funding_usdt),
            Balance(earn_usdt),
            opening_usdt=funding_usdt + earn_usdt,
        )

    def move_to_earn(self, amount_usdt: Decimal) -> None:
        """Move idle money out of the funding wallet, as the exchange may do by itself.

        Raises ArithmeticError if there is not that much free.
        """
        self.funding.free = _not_negative(self.funding.free - _not_negative(amount_usdt))
        self.earn.credit(amount_usdt)
