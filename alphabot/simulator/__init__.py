"""The simulated exchange: one model behind two doors, speaking the protocol to the letter.

``SimulatedExchange`` is the exchange; ``serve_sockets`` opens it on loopback ports and
``MemoryNet`` within the process, under a virtual clock if need be. It shares no code with the
client: the two were written apart and meet on the recorded samples.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from alphabot.simulator.addresses import Addresses
from alphabot.simulator.sessions import credentials_for
from alphabot.simulator.settings import ExchangeSettings
from alphabot.simulator.tokens import DEFAULT_TOKENS, Token

if TYPE_CHECKING:
    from alphabot.simulator.memory import MemoryNet
    from alphabot.simulator.service import SimulatedExchange
    from alphabot.simulator.sockets import serve_sockets

__all__ = [
    "DEFAULT_TOKENS",
    "Addresses",
    "ExchangeSettings",
    "MemoryNet",
    "SimulatedExchange",
    "Token",
    "credentials_for",
    "serve_sockets",
]

# The web server's libraries are loaded by whoever opens a door. A client of an exchange in another
# process only wants its credentials, and should not carry 15 MB for them.
_DOORS = {"MemoryNet": "memory", "SimulatedExchange": "service", "serve_sockets": "sockets"}


def __getattr__(name: str) -> object:
    if name not in _DOORS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_DOORS[name]}"), name)
