"""What happened in a run, as text: to compare runs, also those of other processes.

``python -m tests.simulation.trace SEED [faults]`` prints it.
"""

from __future__ import annotations

import sys
from dataclasses import replace

import trio

from alphabot.log import configure
from alphabot.simulator import ExchangeSettings
from alphabot.simulator.faults import DrawnFaults, FaultKind
from alphabot.simulator.faulty_net import FaultyNet, open_faulty_net
from alphabot.simulator.schedule import run_seeded
from tests.runtime.world import World, open_world

__all__ = ["trace_of"]

RUN_SECONDS = 600.0
"""Virtual. A run that faults keep from its targets ends here, and is compared all the same."""
AT_BYTES = (1_500, 12_000)
"""Not before trading has begun: a start that fails is a short trace."""
FAULT_PERCENT: dict[FaultKind, float] = {
    FaultKind.CUT: 15,
    FaultKind.RESET: 15,
    FaultKind.ENDED: 15,
    FaultKind.HELD: 15,
    FaultKind.STALLED: 15,
}


def trace_of(seed: int, *, faults: bool = False) -> str:
    """Return the trace of two users trading three strategies under a seed."""
    return run_seeded(seed, _run, seed, faults)


async def _run(seed: int, faults: bool) -> str:
    plan = DrawnFaults(seed, FAULT_PERCENT if faults else {}, at_bytes=AT_BYTES)
    async with (
        open_world(ExchangeSettings(seed=seed)) as world,
        open_faulty_net(world.net, plan) as net,
    ):
        with trio.move_on_after(RUN_SECONDS):
            await world.run(venue=replace(world.venue(), net=net))
        return "\n".join(await _lines(world, net))


async def _lines(world: World, net: FaultyNet) -> list[str]:
    """Return every request, fill, journal record and fault, each with its virtual time."""
    lines = [f"ended at {trio.current_time():.6f}"]
    lines += map(str, world.exchange.ledger.requests)
    lines += map(str, world.exchange.ledger.calls)
    for order in world.exchange.model.desk.orders.values():
        lines += [f"order {order.order_id}: {fill}" for fill in order.fills]
    for user_id in (1, 2):
        lines += [f"user {user_id}: {record}" for record in await world.records(user_id)]
    lines += [f"incident: {incident}" for incident in net.incidents]
    return lines


if __name__ == "__main__":
    configure("en", sink=lambda line: None)
    sys.stdout.write(trace_of(int(sys.argv[1]), faults=sys.argv[2:] == ["faults"]))
