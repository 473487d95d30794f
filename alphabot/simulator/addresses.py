"""Where an exchange is to be found."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["MARKET_STREAM_PATH", "ORDER_STREAM_PATH", "Addresses", "addresses_of"]

ORDER_STREAM_PATH = "/w3w/stream"
"""Of the private order stream, as at the real host."""
MARKET_STREAM_PATH = "/w3w/wsa/stream"
"""Of the public market streams, as at the real host."""


@dataclass(frozen=True, slots=True)
class Addresses:
    """The three addresses a client needs, in the form its configuration takes them."""

    rest_url: str
    order_stream_url: str
    market_stream_url: str


def addresses_of(host: str, rest_port: int, stream_port: int) -> Addresses:
    """Return the addresses of an exchange that serves HTTP and WebSocket on these ports."""
    return Addresses(
        rest_url=f"http://{host}:{rest_port}",
        order_stream_url=f"ws://{host}:{stream_port}{ORDER_STREAM_PATH}",
        market_stream_url=f"ws://{host}:{stream_port}{MARKET_STREAM_PATH}",
    )
