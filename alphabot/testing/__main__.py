"""Check from a shell whether an exchange speaks the protocol.

``python -m alphabot.testing REST_URL ORDER_STREAM_URL MARKET_STREAM_URL [HEADERS_FILE]``

The addresses are those that ``alphabot exchange`` prints. HEADERS_FILE is a JSON object with the
headers of a session (Cookie, csrftoken, clienttype); without it, those of a user of the simulated
exchange with seed 1 are sent. Orders are placed and filled. Exit code 0: every case holds; 1: not;
2: called wrongly.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import trio

from alphabot.errors import AlphabotError
from alphabot.exchange.net import SocketNet
from alphabot.exchange.secret import Credentials, Secret
from alphabot.simulator.addresses import Addresses
from alphabot.simulator.sessions import credentials_for
from alphabot.testing.cases import Violation
from alphabot.testing.venue import check_venue

_USER = 9001
"""Nobody's number in the shipped configuration."""


def main(arguments: list[str]) -> int:
    """Run every case, print the report and return the exit code."""
    if len(arguments) not in (3, 4):
        sys.stderr.write(f"{__doc__}\n")
        return 2
    headers = credentials_for(1, _USER)
    if len(arguments) == 4:
        headers = json.loads(Path(arguments[3]).read_text("utf-8"))
    try:
        report = trio.run(check_venue, SocketNet(), Addresses(*arguments[:3]), _secret(headers))
    except (AlphabotError, Violation) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    sys.stdout.write(f"{report}\n")
    return 0 if report.passed else 1


def _secret(headers: dict[str, str]) -> Credentials:
    secrets = {name.lower(): Secret(text) for name, text in headers.items()}
    return Credentials(
        cookie=secrets.pop("cookie", Secret("")),
        csrftoken=secrets.pop("csrftoken", Secret("")),
        headers=secrets,
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
