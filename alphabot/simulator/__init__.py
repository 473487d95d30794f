"""The simulated exchange: one model behind two doors, speaking the protocol to the letter.

``SimulatedExchange`` is the exchange; ``serve_sockets`` opens it on loopback ports and
``MemoryNet`` within the process, under a virtual clock if need be. It shares no code with the
client: the two were written apart and meet on the recorded samples.
"""

from alphabot.simulator.addresses import Addresses
from alphabot.simulator.memory import MemoryNet
from alphabot.simulator.service import SimulatedExchange
from alphabot.simulator.sessions import credentials_for
from alphabot.simulator.settings import ExchangeSettings
from alphabot.simulator.sockets import serve_sockets
from alphabot.simulator.tokens import DEFAULT_TOKENS, Token

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
