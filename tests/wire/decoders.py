"""Which decoder of the client reads which sample, and what of the sample it needs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from alphabot.core.values import OrderId, Symbol
from alphabot.exchange.wire import account, candles, market, orders, rules, score, trades
from alphabot.exchange.wire.envelope import Reply, open_envelope
from alphabot.exchange.wire.history import history_page
from alphabot.exchange.wire.public_events import public_event
from alphabot.exchange.wire.steps import finish
from alphabot.exchange.wire.stream import Ack, Event, order_event, read_frame

__all__ = ["DECODERS", "Decoder"]

Decoder = Callable[[bytes], object]
"""Takes what came and returns a value that is not None, or raises the tree of ExchangeError."""


def _answer(read: Callable[[Reply], object]) -> Decoder:
    return lambda text: read(Reply(200, {}, text))


def _frame(read: Callable[[Event], object]) -> Decoder:
    def decode(text: bytes) -> object:
        frame = read_frame(text.decode("utf-8", "surrogateescape"))
        return read(frame) if isinstance(frame, Event) else None

    return decode


def _ack(text: bytes) -> object:
    frame = read_frame(text.decode("utf-8", "surrogateescape"))
    return frame if isinstance(frame, Ack) else None


def _cancelled(reply: Reply) -> bool:
    orders.cancelled(reply)
    return True


_SYMBOL = Symbol("ALPHA_971USDT")
_REPORTS = (
    "INFERRED_pending_expired.frames",
    "INFERRED_working_canceled.frames",
    "INFERRED_working_partial_then_canceled.frames",
    "INFERRED_working_rejected.frames",
    "oto_pending_filled.frame",
    "oto_pending_new.frame",
    "oto_pending_partially_filled.frame",
    "oto_pending_pending.frame",
    "oto_sequence.frames",
    "oto_working_filled.frame",
    "oto_working_new.frame",
    "plain_filled.frame",
)
_PUBLIC = (
    "24hr_mini_ticker",
    "24hr_ticker",
    "agg_trade",
    "book_ticker",
    "fulldepth",
    "kline_came_2025",
    "kline_came_2026",
    "kline_symbol",
    "ticker24",
    "trade",
)
_ERRORS = (
    "000002_amount_mismatch",
    "100001003_extra_verification",
    "100002001_login_expired",
    "481002_price_or_amount",
    "481013_min_notional",
    "481020_insufficient_balance",
)
_tokens = _answer(lambda reply: finish(market.token_list(reply)))

DECODERS: Final[dict[str, Decoder]] = {
    "agg_klines.response": _answer(candles.agg_candles),
    "agg_ticker24.response": _tokens,
    "agg_trades.response": _answer(trades.agg_trades),
    "alpha_wallet.response": _answer(account.tokens),
    "exchange_info.response": _answer(lambda reply: finish(rules.exchange_info(reply))),
    "fee_rate.response": _answer(market.fee_rate),
    "from_asset.response": _answer(market.payment_assets),
    "full_depth.response": _answer(lambda reply: market.full_depth(reply, _SYMBOL)),
    "get_wallet_asset.response": _answer(account.funding),
    "klines.response": _answer(candles.candles),
    "listen_key.response": _answer(account.listen_key),
    "listen_key_alternatives.response": _answer(account.listen_key),
    "open_orders_empty.response": _answer(orders.open_orders),
    "order_cancel.response": _answer(_cancelled),
    "order_cancel_legacy_2025.response": _answer(orders.cancelled_2025),
    "order_history_merge.response": _answer(history_page),
    "order_place.response": _answer(orders.placed_sale),
    "oto_place.response": _answer(orders.placed_pair),
    "ticker.response": _answer(lambda reply: market.last_price(reply, Symbol("ALPHA_175USDT"))),
    "token_list.response": _tokens,
    "user_score.response": _answer(score.user_score),
    "user_trades_buy.response": _answer(lambda reply: orders.fills(reply, OrderId("10000001"))),
    "user_trades_sell.response": _answer(lambda reply: orders.fills(reply, OrderId("10000002"))),
    "user_volume.response": _answer(account.volume_today),
    "wallet_asset.response": _answer(account.holdings),
    "ws_ack_variants.frame": _ack,
    **{f"error_{name}.response": _answer(open_envelope) for name in _ERRORS},
    **{f"ws_{name}.frame": _frame(public_event) for name in _PUBLIC},
    **{f"ws_execution_report_{name}": _frame(order_event) for name in _REPORTS},
}
