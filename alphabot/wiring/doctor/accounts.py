"""The users: whether each may be traded for, by the journal, the session and the balance.

Nothing is written, and the database is only read, beside its owner if it has one. A session that
the exchange renewed in its answer is handed back, for the old one may be worth nothing then.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from alphabot.clocks import SystemClock
from alphabot.config import Settings
from alphabot.core.exact import ZERO, plain
from alphabot.core.values import UserId
from alphabot.errors import ConfigError
from alphabot.exchange.kept import from_text
from alphabot.exchange.secret import Credentials
from alphabot.store import JournalReading, Users
from alphabot.store.agreements import is_agreed
from alphabot.store.vault import KeySource, Vault
from alphabot.wiring.consent import Terms
from alphabot.wiring.doctor.findings import Finding, fail, ok, warn
from alphabot.wiring.masking import mask
from alphabot.wiring.sealed_users import SESSION
from alphabot.wiring.session_check import Finding as Session
from alphabot.wiring.unlocking import unlocked
from alphabot.wiring.venues import hosts_of

__all__ = ["KeptUser", "Key", "judge_balance", "judge_kept", "judge_key", "judge_session"]
__all__ += ["amounts_of", "open_vault", "see_consent", "see_kept", "users_of"]


@dataclass(frozen=True, slots=True)
class Key:
    """What opens the sealed sessions, or why nothing does."""

    source: KeySource | None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class KeptUser:
    """A user whom the file names, as the database of a real exchange knows it."""

    user_id: UserId
    name: str | None
    """None where nobody of this id was added."""
    enabled: bool = True
    sealed: bool = False
    problem: str = ""
    """Why the credentials do not open."""
    credentials: Credentials | None = None


def users_of(settings: Settings) -> Sequence[UserId]:
    """Return everybody whom the file names, in the order of their ids."""
    return sorted({user_id for each in settings.strategies for user_id in each.user_ids})


def amounts_of(settings: Settings, user_id: UserId) -> Sequence[Decimal]:
    """Return what one round of each of a user's strategies buys for, in USDT."""
    strategies = (each for each in settings.strategies if user_id in each.user_ids)
    return [each.single_trade_amount_usdt for each in strategies]


def open_vault(reading: JournalReading) -> tuple[Key, Vault | None]:
    """Return the vault of a database that is only read, unless a person would have to be asked."""
    source = Vault.source(reading.database)
    if source is KeySource.PASSPHRASE:
        return Key(source), None
    try:
        folder = Path(reading.database.name).parent
        return Key(source), unlocked(reading.database, SystemClock(), folder, _nobody)
    except ConfigError as error:
        return Key(source, str(error)), None


def see_kept(
    reading: JournalReading, vault: Vault | None, named: Sequence[UserId]
) -> Iterator[KeptUser]:
    """Yield what is kept of everybody who is named; credentials where the vault is open."""
    users = Users(reading.database, SystemClock(), simulated=False)
    known = {user.user_id: user for user in users.all()}
    sealed = Vault.sealed_at_ms(reading.database)
    for user_id in named:
        user = known.get(user_id)
        if user is None:
            yield KeptUser(user_id, None)
            continue
        problem, credentials = "", None
        if vault is not None and user.enabled and user_id in sealed:
            try:
                text = vault.get(user_id, SESSION)
                credentials = None if text is None else from_text(text)
            except ConfigError as error:
                problem = str(error)
        if credentials is not None:
            mask(credentials)
        yield KeptUser(user_id, user.name, user.enabled, user_id in sealed, problem, credentials)


def see_consent(settings: Settings, reading: JournalReading, kept: Sequence[KeptUser]) -> bool:
    """Return whether somebody has agreed to trade for these users within these limits."""
    present = tuple((u.user_id, u.name) for u in kept if u.enabled and u.name is not None)
    terms = Terms(hosts=hosts_of(settings), users=present, limits=settings.limits)
    return is_agreed(reading.database, terms.digest)


def judge_key(key: Key) -> Finding:
    """Return what the key of the sealed sessions means for a start."""
    if key.source is None:
        return fail("key.none")
    if key.problem:
        return fail("key.problem", reason=key.problem)
    return ok("key.passphrase") if key.source is KeySource.PASSPHRASE else ok("key.ok")


def judge_kept(user: KeptUser) -> Finding | None:
    """Return why a user is not worth asking the exchange about, or None."""
    about = str(user.user_id)
    if user.name is None:
        return fail("user.missing", about)
    if not user.enabled:
        return warn("user.disabled", about)
    if not user.sealed:
        return fail("user.no_session", about)
    if user.problem:
        return fail("user.sealed", about, reason=user.problem)
    return None if user.credentials is not None else warn("user.locked", about)


def judge_session(user_id: UserId, session: Session) -> Finding:
    """Return what the exchange's answer to one private read means."""
    about, reason = str(user_id), session.reason
    match session.standing:
        case "valid":
            return ok("user.valid", about)
        case "unclear":
            return warn("user.unclear", about, reason=reason)
        case standing:
            return fail(f"user.{standing}", about, reason=reason)


def judge_balance(
    user_id: UserId, free_usdt: Decimal | None, amounts: Sequence[Decimal]
) -> Finding:
    """Return whether a user can pay for one round of each of its strategies."""
    about, most, together = str(user_id), max(amounts), sum(amounts, ZERO)
    if free_usdt is None:
        return warn("balance.unknown", about)
    fields = {
        "free": plain(free_usdt),
        "most": plain(most),
        "together": plain(together),
        "count": len(amounts),
    }
    if free_usdt < most:
        return fail("balance.short", about, **fields)
    if free_usdt < together:
        return warn("balance.low", about, **fields)
    return ok("balance.ok", about, **fields)


def _nobody() -> str:
    raise ConfigError("nobody is asked for a passphrase here")
