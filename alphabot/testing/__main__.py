"""Check from a shell whether an exchange speaks the protocol.

``python -m alphabot.testing REST_URL ORDER_STREAM_URL MARKET_STREAM_URL``, with the addresses that
``alphabot exchange`` prints. Orders are placed and filled. Exit code 0: every case holds that could
be tried; 1: one does not; 2: called wrongly, or nobody answers.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

import msgspec
import trio

from alphabot.core.secret import Secret
from alphabot.errors import AlphabotError, ConfigError
from alphabot.exchange.net import SocketNet
from alphabot.exchange.secret import Credentials
from alphabot.simulator.addresses import Addresses
from alphabot.simulator.sessions import credentials_for
from alphabot.testing.cases import Violation
from alphabot.testing.venue import check_venue

__all__ = ["main"]

_USER = 9001
"""Nobody's number in the shipped configuration."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the cases, print the report and return the exit code."""
    asked = _parser().parse_args(arguments)
    try:
        check = partial(
            check_venue,
            SocketNet(),
            Addresses(asked.rest_url, asked.order_stream_url, asked.market_stream_url),
            _session(asked.headers) or _credentials(credentials_for(1, _USER)),
            only=asked.only,
            expired=_session(asked.expired_headers),
            challenged=_session(asked.challenged_headers),
        )
        report = trio.run(check)
    except (AlphabotError, Violation) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    sys.stdout.write(f"{report}\n")
    return 0 if report.passed else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m alphabot.testing", description=__doc__)
    for name in ("rest_url", "order_stream_url", "market_stream_url"):
        parser.add_argument(name)
    parser.add_argument(
        "--headers",
        type=Path,
        help="a JSON object with a session's headers (Cookie, csrftoken, clienttype); "
        "without it, those of a user of the simulated exchange with seed 1",
    )
    parser.add_argument(
        "--expired-headers",
        type=Path,
        help="the same of another user, whose session has expired; without it some cases are not "
        "tried",
    )
    parser.add_argument(
        "--challenged-headers",
        type=Path,
        help="the same of another user, who is under a risk challenge",
    )
    parser.add_argument(
        "--only", type=int, nargs="+", default=[], metavar="NUMBER", help="run these cases alone"
    )
    return parser


def _session(path: Path | None) -> Credentials | None:
    """Return the session that a file holds; raises ConfigError without showing it."""
    if path is None:
        return None
    try:
        headers = msgspec.json.decode(path.read_bytes(), type=dict[str, str])
    except OSError as cause:
        raise ConfigError(f"{path}: {cause.strerror}") from cause
    except ValueError as cause:
        raise ConfigError(f"{path}: a JSON object of texts was expected") from cause
    return _credentials(headers)


def _credentials(headers: Mapping[str, str]) -> Credentials:
    secrets = {name.lower(): Secret(text) for name, text in headers.items()}
    return Credentials(
        cookie=secrets.pop("cookie", Secret("")),
        csrftoken=secrets.pop("csrftoken", Secret("")),
        headers=secrets,
    )


if __name__ == "__main__":
    sys.exit(main())
