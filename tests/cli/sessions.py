"""What a person pastes: requests of a logged-in page, for the users of a simulated exchange."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from alphabot.simulator import Addresses, credentials_for

__all__ = ["CONFIG", "NOWHERE", "as_curl", "config", "pasted"]

NOWHERE = Addresses(
    "http://127.0.0.1:1", "ws://127.0.0.1:1/w3w/stream", "ws://127.0.0.1:1/w3w/wsa/stream"
)
"""Addresses at which nobody answers."""

LIMITS = """max_daily_loss_usdt = 5
max_exposure_usdt = 100
max_total_exposure_usdt = 500
max_round_loss_percent = 12
"""
CONFIG = """
language = "en"

[exchange]
mode = "live"
rest_url = "{0.rest_url}"
order_stream_url = "{0.order_stream_url}"
market_stream_url = "{0.market_stream_url}"

[limits]
{limits}
[[strategies]]
strategy_id = "koge"
target_token = "KOGE"
target_chain = "BSC"
target_volume = {target}
user_ids = {users}
trade_interval_seconds = 0.1
"""


def config(
    addresses: Addresses = NOWHERE, *, users: str = "[1]", target: int = 40, limits: str = LIMITS
) -> str:
    """Return a configuration for live mode on the exchange at these addresses."""
    return CONFIG.format(addresses, users=users, target=target, limits=limits)


def pasted(user_id: int, addresses: Addresses = NOWHERE, *, seed: int = 1) -> str:
    """Return a request of a user's page as cURL."""
    return as_curl(credentials_for(seed, user_id), addresses)


def as_curl(headers: Mapping[str, str], addresses: Addresses) -> str:
    """Return a request with these headers as cURL."""
    host = urlsplit(addresses.rest_url).netloc
    given = "".join(f" \\\n  -H '{name}: {value}'" for name, value in headers.items())
    return f"curl 'http://{host}/bapi/x'{given} \\\n  --compressed\n"
