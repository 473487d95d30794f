"""Whether a user's session is still good, asked with one harmless read."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Final, Literal

import trio

from alphabot.clocks import SystemClock
from alphabot.config import Settings
from alphabot.core.values import UserId
from alphabot.errors import Challenged, ExchangeError, NotAuthorised, NotSent
from alphabot.exchange.account import Account, open_account
from alphabot.exchange.pace import Pause
from alphabot.exchange.secret import Credentials
from alphabot.wiring.sealed_users import SealedUsers
from alphabot.wiring.unwrapping import unwrapped
from alphabot.wiring.venues import Venue, live_venue

__all__ = ["Finding", "Standing", "ask_session", "check_session"]

Standing = Literal["valid", "expired", "challenge", "unreachable", "unclear"]

ANSWER_SECONDS: Final = 30.0


@dataclass(frozen=True, slots=True)
class Finding:
    """How a session stands, in the exchange's own words where it is not good."""

    standing: Standing
    reason: str = ""
    free_usdt: Decimal | None = None
    """What the wallet that pays holds free, where the answer was good."""


async def check_session(settings: Settings, users: SealedUsers, user_id: UserId) -> Finding:
    """Return how a user's session stands at the exchange; one that was renewed is kept.

    Raises ConfigError where no credentials are kept, or another key opens them.
    """
    venue = live_venue(settings, users.credentials)
    found, renewed = await ask_session(venue, users.credentials(user_id))
    if renewed is not None:
        users.keep(user_id, renewed)
    return found


async def ask_session(venue: Venue, credentials: Credentials) -> tuple[Finding, Credentials | None]:
    """Return how a session stands, and what the exchange has renewed it to, if it did."""
    with unwrapped():
        async with open_account(
            venue.net,
            venue.rest_url,
            credentials,
            pause=Pause(),
            clock=SystemClock(),
            settings=venue.pace,
        ) as account:
            before = account.credentials
            found = await _asked(account)
            renewed = found.standing == "valid" and account.credentials != before
            return found, account.credentials if renewed else None


async def _asked(account: Account) -> Finding:
    with trio.move_on_after(ANSWER_SECONDS):
        await trio.lowlevel.checkpoint()
        try:
            held = await account.balances()
        except NotAuthorised as refusal:
            # A good answer with a challenge in its head silences the account for the next read.
            silenced = isinstance(refusal.__cause__, NotSent)
            challenged = silenced or isinstance(refusal, Challenged)
            return Finding("challenge" if challenged else "expired", str(refusal))
        except NotSent as error:
            return Finding("unreachable", str(error))
        except ExchangeError as error:
            return Finding("unclear", str(error))
        if account.silenced is not None:
            return Finding("challenge", account.silenced)
        return Finding("valid", free_usdt=held.funding_free_usdt)
    return Finding("unreachable", f"no answer within {ANSWER_SECONDS:g} s")
