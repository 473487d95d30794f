"""The configuration that alphabot is measured with."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["TOKENS", "configuration"]

TOKENS = ("ALPHA_9001", "ALPHA_9002", "ALPHA_9003")
"""Tokens that are alike. Programs that trade side by side each have one of their own, or each
would hear of the others' trades on the market stream."""


def configuration(addresses: Mapping[str, str], users: list[int], token: str) -> str:
    """Return a strategies.toml in which no limit and no turn holds these users up.

    Every limit is still computed before each order; what is lifted is the bound. The guard against
    self-trading lets one user of a token trade at a time, so with it a hundred users of one token
    would be measured waiting for each other.
    """
    return f"""
language = "en"

[exchange]
mode = "simulated"
rest_url = "{addresses["rest_url"]}"
order_stream_url = "{addresses["order_stream_url"]}"
market_stream_url = "{addresses["market_stream_url"]}"

[global_settings]
default_trade_interval_seconds = 0

[limits]
max_daily_loss_usdt = 1_000_000
max_exposure_usdt = 1_000_000
max_total_exposure_usdt = 1_000_000
max_orders_per_minute = 6000
max_rounds = 10_000_000
self_trade_guard = false

[[strategies]]
strategy_id = "bench"
target_token = "{token}"
target_chain = "BSC"
target_volume = 1_000_000_000
user_ids = {users}
"""
