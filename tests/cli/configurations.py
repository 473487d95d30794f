"""What stands in strategies.toml where a test needs no more than that it can be read."""

from __future__ import annotations

from typing import Final

__all__ = ["ELSEWHERE_HOSTS", "elsewhere"]

ELSEWHERE_HOSTS: Final = ("127.0.0.1:1",)
_ELSEWHERE = """
language = "en"

[exchange]
mode = "simulated"
rest_url = "http://127.0.0.1:1"
order_stream_url = "ws://127.0.0.1:1/w3w/stream"
market_stream_url = "ws://127.0.0.1:1/w3w/wsa/stream"

[[strategies]]
strategy_id = "koge"
target_token = "KOGE"
target_chain = "BSC"
target_volume = 20
"""


def elsewhere(*user_ids: int) -> str:
    """Return one strategy of these users, on a simulated exchange where nobody answers."""
    return f"{_ELSEWHERE}user_ids = {list(user_ids)}\n"
