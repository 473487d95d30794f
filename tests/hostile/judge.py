"""What a client may never do, whatever it was told: judged by the exchange's own books."""

from __future__ import annotations

from decimal import Decimal

from alphabot.simulator.book import Side
from alphabot.simulator.ledger import RequestKind
from alphabot.simulator.orders import Order
from tests.hostile.lying_net import LyingNet
from tests.runtime.world import World

__all__ = ["PAIR_PATH", "Judge"]

PAIR_PATH = "/oto-order/place"


class Judge:
    """Watches the placing requests of user 1 on their way, and compares the books at the end."""

    def __init__(self, world: World, net: LyingNet) -> None:
        self.placings = 0
        """Placing requests that left the client, those that never arrived included."""
        self.on_top: list[str] = []
        """Placing requests that were sent while an order of the same user was still open."""
        self._world = world
        self._net = net
        net.on_request = self._see

    def _see(self, path: str) -> None:
        if not path.endswith(PAIR_PATH):
            return
        self.placings += 1
        still_open = self._world.exchange.model.desk.open_of[1]
        if still_open:
            self.on_top.append(f"request {self.placings} on top of {list(still_open.values())}")

    @property
    def orders(self) -> list[Order]:
        """Every order of user 1."""
        return list(self._world.exchange.model.desk.orders_of[1])

    def bought_usdt(self) -> Decimal:
        """Return what user 1 has bought for, by the exchange's books."""
        return sum((o.state.quote for o in self.orders if o.side is Side.BUY), Decimal(0))

    def pairs_accepted(self) -> int:
        """Return how many pairs the exchange has accepted."""
        requests = self._world.exchange.ledger.requests
        return sum(r.kind is RequestKind.PLACE_PAIR and r.accepted for r in requests)

    def check(self, strategy_id: str = "koge", *, swallowed: int = 0) -> None:
        """Assert that no order was on top of another, none sent twice, none lost or invented."""
        row = self._world.row(1, strategy_id)
        assert self.on_top == []
        assert self.placings == self.pairs_accepted() + swallowed
        assert row.rounds == self.pairs_accepted()
        assert not self._world.exchange.model.desk.open_of[1]
        assert row.volume_usdt == self.bought_usdt()
        assert not self._world.exchange.ledger.self_crosses
