"""Running the cases against an address, and reporting what came of them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

import trio

from alphabot.errors import ConfigError
from alphabot.exchange.secret import Credentials
from alphabot.ports import Net
from alphabot.simulator.addresses import Addresses
from alphabot.testing import (
    market_cases,
    order_cases,
    pair_cases,
    rest_cases,
    session_cases,
    stream_cases,
)
from alphabot.testing.bench import PUBLIC, Bench, Grid
from alphabot.testing.callers import Caller, open_callers
from alphabot.testing.cases import CASES, Case, Untried, Violation, demand

__all__ = ["CaseResult", "Report", "check_venue"]

_REAL = "binance.com"
_MODULES = (market_cases, order_cases, pair_cases, rest_cases, session_cases, stream_cases)
"""Named here because importing them is what fills CASES."""


@dataclass(frozen=True, slots=True)
class CaseResult:
    """What came of one case; ``problem`` is None where it holds."""

    number: int
    says: str
    problem: str | None
    untried: str | None = None
    """Why nothing can be said of it; None where it was tried."""

    def __str__(self) -> str:
        line = f"{self.number} (protocol {self.number // 100}) {self.says}"
        if self.untried is not None:
            return f"--   {line}\n         not tried: {self.untried}"
        return f"ok   {line}" if self.problem is None else f"FAIL {line}\n         {self.problem}"


@dataclass(frozen=True, slots=True)
class Report:
    """What came of every case, by number."""

    results: tuple[CaseResult, ...]

    @property
    def passed(self) -> bool:
        """Whether every case holds that could be tried."""
        return not self.problems

    @property
    def problems(self) -> tuple[CaseResult, ...]:
        """The cases that do not hold."""
        return tuple(result for result in self.results if result.problem is not None)

    @property
    def untried(self) -> tuple[CaseResult, ...]:
        """The cases of which nothing can be said."""
        return tuple(result for result in self.results if result.untried is not None)

    def __str__(self) -> str:
        held = len(self.results) - len(self.problems) - len(self.untried)
        total = f"{held} of {len(self.results)} cases hold"
        if self.untried:
            total += f", {len(self.untried)} not tried"
        return "\n".join([*map(str, self.results), total])


async def check_venue(
    net: Net,
    addresses: Addresses,
    credentials: Credentials,
    *,
    asset: str = "ALPHA_22",
    only: Collection[int] = (),
    case_seconds: float = 30.0,
    expired: Credentials | None = None,
    challenged: Credentials | None = None,
) -> Report:
    """Run the numbered cases of the protocol against a venue and report on each.

    Orders are placed, filled and cancelled with this user's money: about 200 USDT must be free,
    and nobody else may trade for the user meanwhile. ``asset`` is the token to trade, ``only``
    the numbers of the cases to run, none meaning all. What takes longer than ``case_seconds``, a
    fill or a frame, is taken to be missing. ``expired`` and ``challenged`` are other users whose
    session has expired, or who are under a risk challenge: no request brings that about, and
    without them the cases about it are not tried. Raises ConfigError for an address of the real
    exchange, ExchangeError when nobody answers, Violation when not even the token's filters can
    be read.
    """
    for url in (addresses.rest_url, addresses.order_stream_url, addresses.market_stream_url):
        if (urlsplit(url).hostname or "").endswith(_REAL):
            raise ConfigError(f"{url} is the real exchange, and the cases place orders")
    async with open_callers(net, addresses.rest_url, credentials, expired, challenged) as callers:
        bench = Bench(net, addresses, callers, await _grid(callers.public, asset))
        chosen = [CASES[number] for number in sorted(CASES) if not only or number in only]
        return Report(tuple([await _run(case, bench, case_seconds) for case in chosen]))


async def _run(case: Case, bench: Bench, seconds: float) -> CaseResult:
    await trio.lowlevel.checkpoint()
    problem: str | None = None
    untried: str | None = None
    try:
        with trio.fail_after(seconds):
            await case.run(bench)
    except Untried as reason:
        untried = str(reason)
    except Violation as violation:
        problem = str(violation)
    except trio.TooSlowError:
        problem = f"nothing for {seconds:g} s"
    except Exception as error:  # noqa: BLE001  (what a venue may say knows no bounds)
        problem = f"{type(error).__name__}: {error}"
    return CaseResult(case.number, case.says, problem, untried)


async def _grid(public: Caller, asset: str) -> Grid:
    """Return what the exchange says about the token; raises Violation if it does not say it."""
    path = "/bapi/defi/v1/public/wallet-direct/buw/wallet/cex/alpha/all/token/list"
    rows = [row for row in (await public.get(path)).data if row["alphaId"] == asset]
    symbols = (await public.get(f"{PUBLIC}/get-exchange-info")).data["symbols"]
    found = [row for row in symbols if row["symbol"] == f"{asset}USDT"]
    demand(len(rows) == len(found) == 1, f"{asset} is not listed exactly once")
    filters: dict[str, dict[str, Any]] = {row["filterType"]: row for row in found[0]["filters"]}
    return Grid(
        asset=asset,
        contract=rows[0]["contractAddress"],
        chain_id=rows[0]["chainId"],
        tick=Decimal(filters["PRICE_FILTER"]["tickSize"]),
        step=Decimal(filters["LOT_SIZE"]["stepSize"]),
        quantity_max=Decimal(filters["LOT_SIZE"]["maxQty"]),
        notional_min=Decimal(filters["MIN_NOTIONAL"]["minNotional"]),
    )
