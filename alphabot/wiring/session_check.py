"""Whether a user's session is still good, asked with one harmless read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import trio

from alphabot.clocks import SystemClock
from alphabot.config import Settings
from alphabot.core.values import UserId
from alphabot.errors import Challenged, ExchangeError, NotAuthorised, NotSent
from alphabot.exchange.account import Account, open_account
from alphabot.exchange.pace import Pause
from alphabot.wiring.sealed_users import SealedUsers
from alphabot.wiring.unwrapping import unwrapped
from alphabot.wiring.venues import live_venue

__all__ = ["Finding", "Standing", "check_session"]

Standing = Literal["valid", "expired", "challenge", "unreachable", "unclear"]

ANSWER_SECONDS: Final = 30.0


@dataclass(frozen=True, slots=True)
class Finding:
    """How a session stands, in the exchange's own words where it is not good."""

    standing: Standing
    reason: str = ""


async def check_session(settings: Settings, users: SealedUsers, user_id: UserId) -> Finding:
    """Return how a user's session stands at the exchange; one that was renewed is kept.

    Raises ConfigError where no credentials are kept, or another key opens them.
    """
    credentials = users.credentials(user_id)
    venue = live_venue(settings, users.credentials)
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
            if found.standing == "valid" and account.credentials != before:
                users.keep(user_id, account.credentials)
            return found


async def _asked(account: Account) -> Finding:
    with trio.move_on_after(ANSWER_SECONDS):
        await trio.lowlevel.checkpoint()
        try:
            await account.balances()
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
        return Finding("valid")
    return Finding("unreachable", f"no answer within {ANSWER_SECONDS:g} s")
