"""``alphabot exchange``: the simulated exchange alone, for programs of any language."""

from __future__ import annotations

import sys
from functools import partial
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter
from cyclopts.validators import Number

from alphabot.errors import ConfigError

if TYPE_CHECKING:
    from alphabot.simulator import Addresses

__all__ = ["CREDENTIALS_RULE", "exchange"]

Port = Annotated[int, Parameter(validator=Number(gte=0, lte=65535))]

CREDENTIALS_RULE = (
    "hex(WORD) is the 16-byte BLAKE2b of 'SEED/WORD/USER_ID' in hex digits. "
    "Cookie: cr00=hex(cr00); logined=y; p20t=web.USER_ID.hex(login). "
    "csrftoken: the MD5 of hex(cr00) in hex digits. clienttype: web. "
    "Any user id from 1 on is known."
)


async def exchange(
    *, rest_port: Port = 0, stream_port: Port = 0, seed: int = 1, json: bool = False
) -> int:
    """Serve the simulated exchange on loopback addresses until interrupted.

    Parameters
    ----------
    rest_port
        Where HTTP is served; 0 takes any free port.
    stream_port
        Where both WebSocket streams are served; 0 takes any free port.
    seed
        Decides prices, fills, delays and every user's credentials.
    json
        Print addresses and credentials as one line of JSON.
    """
    import trio

    from alphabot.cli.session import emit
    from alphabot.cli.stopping import watch_signals
    from alphabot.clocks import SystemClock
    from alphabot.log import LineWriter, configure
    from alphabot.runtime.stop import Stop
    from alphabot.simulator import ExchangeSettings, SimulatedExchange, serve_sockets

    # Standard output is for the addresses, which another program may read.
    configure("en", sink=LineWriter(lambda: sys.stderr))
    simulated = SimulatedExchange(ExchangeSettings(seed=seed), SystemClock())
    serve = partial(serve_sockets, simulated, rest_port=rest_port, stream_port=stream_port)
    stop = Stop(grace_seconds=0)
    async with trio.open_nursery() as nursery:
        signals = await nursery.start(watch_signals, stop)
        async with trio.open_nursery() as serving:
            try:
                addresses = await serving.start(serve)
            except* OSError as refused:
                raise ConfigError(f"cannot listen: {_first_reason(refused)}") from refused
            emit(_as_json(addresses, seed) if json else _as_text(addresses, seed))
            await stop.requested.wait()
            simulated.close()
        nursery.cancel_scope.cancel()
    return 130 if signals.interrupted else 0


def _first_reason(group: BaseExceptionGroup[OSError]) -> str:
    first = group.exceptions[0]
    return _first_reason(first) if isinstance(first, BaseExceptionGroup) else str(first)


def _as_text(addresses: Addresses, seed: int) -> str:
    """Return what may be pasted into a configuration as it is."""
    from alphabot.simulator import credentials_for

    lines = [
        f'rest_url = "{addresses.rest_url}"',
        f'order_stream_url = "{addresses.order_stream_url}"',
        f'market_stream_url = "{addresses.market_stream_url}"',
        f"# seed {seed}. Credentials: {CREDENTIALS_RULE}",
        *(f"# user 1: {name}: {value}" for name, value in credentials_for(seed, 1).items()),
    ]
    return "\n".join(lines)


def _as_json(addresses: Addresses, seed: int) -> str:
    import json
    from dataclasses import asdict

    from alphabot.simulator import credentials_for

    credentials = {"rule": CREDENTIALS_RULE, "of_user_1": credentials_for(seed, 1)}
    return json.dumps(asdict(addresses) | {"seed": seed, "credentials": credentials})
