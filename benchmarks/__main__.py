"""``python -m benchmarks [NAME ...]``: run the benchmarks, or those that are named."""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Callable, Mapping

from benchmarks import many_users, reaction, stopping, waiting
from benchmarks.machine import describe, durable_write_ms

__all__ = ["main"]

BENCHMARKS: Mapping[str, Callable[[], None]] = {
    "waiting": waiting.measure,
    "stopping": stopping.measure,
    "reaction": reaction.measure,
    "many-users": many_users.measure,
}


def main(names: list[str]) -> int:
    """Run the named benchmarks, or all; 2 for a name that is none, 130 when stopped."""
    if unknown := [name for name in names if name not in BENCHMARKS]:
        print(f"no benchmark {unknown[0]!r}; there are {', '.join(BENCHMARKS)}", file=sys.stderr)
        return 2
    # A SIGTERM ends like Ctrl+C, through the blocks that end what they started.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    print("Compare ratios; absolute times are of this machine and this minute.\n")
    print(f"{describe()}; one durable write {durable_write_ms():.2f} ms", flush=True)
    try:
        for name in names or BENCHMARKS:
            began = time.monotonic()
            BENCHMARKS[name]()
            print(f"\n{name}: {time.monotonic() - began:.0f} s; {describe()}", flush=True)
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
