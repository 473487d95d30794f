"""``alphabot users``: the people a live service trades for, and their sealed sessions.

A session is read from standard input or a file, never from an argument: arguments are seen by
every program of the machine, and stay in the shell's history.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import App, Parameter
from cyclopts.validators import Number

from alphabot.errors import ConfigError

if TYPE_CHECKING:
    from alphabot.config import Settings
    from alphabot.exchange.secret import Credentials
    from alphabot.wiring.sealed_users import SealedUser, SealedUsers

__all__ = ["opened", "tell", "users"]

CONFIG = Path("strategies.toml")
Id = Annotated[int, Parameter(name="--id", validator=Number(gte=1, lte=999_999_999))]
From = Annotated[Path | None, Parameter(name="--from")]

users = App(name="users", help="Whom a live service trades for: add, look at, replace, remove.")


@users.command
def init(*, passphrase: bool = False, config: Path = CONFIG) -> int:
    """Make the key that sessions are sealed with.

    A file that you alone can read: the one ALPHABOT_KEY_FILE names, else alphabot/key in your
    configuration folder ($XDG_CONFIG_HOME, or ~/.config). One that is there already is used.

    Parameters
    ----------
    passphrase
        Seal with a passphrase instead, which every start asks for.
    config
        The file that names the exchange.
    """
    from alphabot.cli.asking import ready
    from alphabot.wiring.environment import key_file

    settings = ready(config)
    with opened(settings, new=True) as known:
        if passphrase:
            known.begin_with_passphrase(_new_passphrase(settings))
            tell(settings, "begun_with_passphrase")
        else:
            known.begin(key_file())
            tell(settings, "begun_with_file", file=key_file())
    return 0


@users.command
def add(name: str, *, id_: Id | None = None, from_: From = None, config: Path = CONFIG) -> int:
    """Take in a user with a session from the own browser.

    In the logged-in page's developer tools copy any request to the exchange "as cURL (bash)", and
    give it to standard input: paste it, or have a program write it. Nothing of it is shown.

    Parameters
    ----------
    name
        What you call this user; not digits alone.
    id_
        The number that user_ids in strategies.toml has; without it the next one.
    from_
        A file that holds the request, instead of standard input.
    config
        The file that names the exchange.
    """
    from alphabot.cli.asking import ready

    settings = ready(config)
    credentials = _pasted(settings, from_)
    with opened(settings) as known:
        user = known.add(name, id_, credentials)
    tell(settings, "added", user, others=len(credentials.headers))
    if from_ is not None:
        tell(settings, "delete", file=from_)
    return 0


@users.command
def replace(user: str, *, from_: From = None, config: Path = CONFIG) -> int:
    """Give a user a new session; the old one is wiped.

    A running service takes it for a user whom something has stopped, and alphabot clear lets that
    user trade on with it; the others go on meanwhile.

    Parameters
    ----------
    user
        By id or name.
    from_
        A file that holds the request, instead of standard input.
    config
        The file that names the exchange.
    """
    from alphabot.cli.asking import ready

    settings = ready(config)
    credentials = _pasted(settings, from_)
    if not _replaced_in_service(settings, user, credentials):
        with opened(settings) as known:
            found = known.find(user)
            known.replace(found, credentials)
        tell(settings, "replaced", found)
    if from_ is not None:
        tell(settings, "delete", file=from_)
    return 0


@users.command
def remove(user: str, *, yes: bool = False, config: Path = CONFIG) -> int:
    """Forget a user's session and trade for this user no more; the history stays.

    Parameters
    ----------
    user
        By id or name.
    yes
        Do not ask; needed where there is no terminal to ask on.
    config
        The file that names the exchange.
    """
    import sys

    from alphabot.cli.asking import ready
    from alphabot.cli.clear import agreed

    settings = ready(config)
    if not yes and not sys.stdin.isatty():
        raise ConfigError("there is no terminal to ask on", hint="--yes removes without asking")
    with opened(settings) as known:
        found = known.find(user)
        if not yes and not agreed(_said(settings, "sure", found)):
            tell(settings, "kept")
            return 1
        known.remove(found)
    tell(settings, "removed", found)
    return 0


@users.command
def enable(user: str, *, config: Path = CONFIG) -> int:
    """Trade for a user again.

    Parameters
    ----------
    user
        By id or name.
    config
        The file that names the exchange.
    """
    return _enable(user, config, enabled=True)


@users.command
def disable(user: str, *, config: Path = CONFIG) -> int:
    """Trade for a user no more, and keep the session.

    Parameters
    ----------
    user
        By id or name.
    config
        The file that names the exchange.
    """
    return _enable(user, config, enabled=False)


@users.command
def rotate(
    new_key_file: Path | None = None, *, passphrase: bool = False, config: Path = CONFIG
) -> int:
    """Seal everything with another key: all of it, or nothing.

    Parameters
    ----------
    new_key_file
        A new file for the new key; one that is there already must be a key.
    passphrase
        Seal with a passphrase instead.
    config
        The file that names the exchange.
    """
    from alphabot.cli.asking import ready
    from alphabot.wiring.environment import KEY_FILE_VARIABLE

    settings = ready(config)
    if (new_key_file is not None) == passphrase:
        raise ConfigError("either a new key file or --passphrase was expected")
    with opened(settings) as known:
        known.unlock()
        if new_key_file is None:
            known.rotate_to_passphrase(_new_passphrase(settings))
            tell(settings, "rotated_to_passphrase")
        else:
            file = new_key_file.absolute()
            known.rotate(file)
            tell(settings, "rotated_to_file", file=file, variable=KEY_FILE_VARIABLE)
    return 0


def opened(settings: Settings, *, new: bool = False) -> AbstractContextManager[SealedUsers]:
    """Return the users of the configured exchange, to be opened."""
    from alphabot.cli.pasting import passphrase
    from alphabot.cli.users_words import SAID
    from alphabot.cli.words import word
    from alphabot.wiring.sealed_users import open_users

    ask = partial(passphrase, word(SAID["passphrase"], settings.language))
    return open_users(settings, ask, new=new)


def tell(settings: Settings, key: str, user: SealedUser | None = None, **fields: object) -> None:
    """Print one of the sentences of :mod:`alphabot.cli.users_words`."""
    from alphabot.cli.session import emit

    emit(_said(settings, key, user, **fields))


def _said(settings: Settings, key: str, user: SealedUser | None = None, **fields: object) -> str:
    from alphabot.cli import cells
    from alphabot.cli.users_words import SAID
    from alphabot.cli.words import word

    shown: dict[str, object] = {name: cells.name(value) for name, value in fields.items()}
    if user is not None:
        shown |= {"user": user.user_id, "name": cells.name(user.name)}
    return word(SAID[key], settings.language).format(**shown)


def _enable(who: str, config: Path, *, enabled: bool) -> int:
    from alphabot.cli.asking import ready

    settings = ready(config)
    with opened(settings) as known:
        found = known.find(who)
        known.enable(found, enabled=enabled)
    tell(settings, "enabled" if enabled else "disabled", found)
    return 0


def _replaced_in_service(settings: Settings, who: str, credentials: Credentials) -> bool:
    """Have a running service keep a new session, and say so; False where none runs."""
    from alphabot.cli.asking import ask, asked
    from alphabot.errors import ControlError
    from alphabot.exchange.kept import to_text
    from alphabot.runtime.control import Request
    from alphabot.wiring.sealed_users import find_sealed

    if not settings.live or asked(settings, Request(command="status")) is None:
        return False
    user = find_sealed(settings, who)
    session = to_text(credentials).decode()
    reply = ask(settings, Request(command="replace", user=user.user_id, session=session))
    match reply.refused:
        case "trading":
            raise ControlError(_said(settings, "trading", user))
        case "not_kept":
            raise ConfigError(reply.detail)
    tell(settings, "replaced_in_service" if reply.meant else "replaced", user)
    return True


def _pasted(settings: Settings, path: Path | None) -> Credentials:
    """Return the credentials that a person gives, which nothing will show from now on."""
    from alphabot.cli.pasting import pasted
    from alphabot.exchange.net import Address
    from alphabot.exchange.pasted import credentials_of
    from alphabot.wiring.masking import mask

    text = pasted(path, _said(settings, "paste"))
    host = Address.parse(settings.exchange.rest_url or "").authority
    credentials = credentials_of(text, host)
    mask(credentials)
    return credentials


def _new_passphrase(settings: Settings) -> str:
    from alphabot.cli.pasting import new_passphrase

    return new_passphrase(_said(settings, "new_passphrase"), _said(settings, "again"))
