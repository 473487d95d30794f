"""Sealed credentials: whoever has the files alone has nothing, and what is old is gone."""

from __future__ import annotations

import os
import pickle
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from alphabot.core.values import UserId
from alphabot.errors import ConfigError, JournalError
from alphabot.store import SqliteJournal
from alphabot.store.agreements import agree, is_agreed
from alphabot.store.envelope import DoesNotOpen, Envelope, open_envelope, rewrap, seal
from alphabot.store.master_key import (
    MasterKey,
    key_from_passphrase,
    make_key_file,
    read_key_file,
)
from alphabot.store.vault import KeySource, Vault
from alphabot.wiring.environment import is_granted, key_file
from tests.store.conftest import Opener
from tests.store.samples import OTHER, USER, FixedClock

COOKIE = b'{"cookie": "canary-of-a-session"}'
KEY = MasterKey(bytes(range(32)))
ANOTHER = MasterKey(bytes(32))
WORDS = "correct horse battery"


@pytest.fixture
def vault(journal: SqliteJournal, clock: FixedClock) -> Vault:
    """A vault in memory, opened with :data:`KEY`."""
    return Vault.unlock(journal.database, clock, KEY)


@contextmanager
def on_disk(reopen: Opener) -> Iterator[SqliteJournal]:
    """Lend a journal on disk that knows two users."""
    with reopen() as journal:
        for user_id in (USER, OTHER):
            journal.users.ensure_simulated_user(user_id)
        yield journal


def everything_in(folder: Path) -> bytes:
    """Return the bytes of every file of a folder."""
    return b"".join(path.read_bytes() for path in folder.iterdir() if path.is_file())


def stored(journal: SqliteJournal, user_id: UserId = USER) -> tuple[bytes, bytes]:
    """Return the wrapped key and the sealed text of a user as they lie in the file."""
    query = "SELECT wrapped_key, sealed FROM envelopes WHERE user_id = ?"
    ((wrapped, sealed),) = journal.database.rows(query, (user_id,))
    return wrapped, sealed


# --- what is put in comes out -----------------------------------------------------------------


def test_what_was_sealed_opens_with_the_same_key(journal: SqliteJournal, vault: Vault) -> None:
    assert vault.get(USER, "session") is None
    vault.put(USER, "session", COOKIE)
    vault.put(OTHER, "session", b"another")
    assert vault.get(USER, "session") == COOKIE
    assert vault.get(OTHER, "session") == b"another"
    assert vault.get(USER, "elsewhere") is None
    vault.put(USER, "session", b"newer")
    assert vault.get(USER, "session") == b"newer"
    Vault.remove(journal.database, USER)
    assert vault.get(USER, "session") is None
    assert vault.get(OTHER, "session") == b"another"
    vault.put(USER, "session", COOKIE)
    assert vault.get(USER, "session") == COOKIE


def test_another_key_is_refused(journal: SqliteJournal, clock: FixedClock, vault: Vault) -> None:
    vault.put(USER, "session", COOKIE)
    with pytest.raises(ConfigError, match="sealed with another key file than this one"):
        Vault.unlock(journal.database, clock, ANOTHER)
    with pytest.raises(ConfigError, match="sealed with a key file, not a passphrase"):
        Vault.unlock_with_passphrase(journal.database, clock, WORDS)
    assert Vault.unlock(journal.database, clock, KEY).get(USER, "session") == COOKIE


def test_a_passphrase_opens_what_it_sealed(journal: SqliteJournal, clock: FixedClock) -> None:
    assert Vault.source(journal.database) is None
    with pytest.raises(ConfigError, match="at least 12 characters"):
        Vault.unlock_with_passphrase(journal.database, clock, "short")
    assert Vault.source(journal.database) is None
    Vault.unlock_with_passphrase(journal.database, clock, WORDS).put(USER, "session", COOKIE)
    assert Vault.source(journal.database) is KeySource.PASSPHRASE
    opened = Vault.unlock_with_passphrase(journal.database, clock, WORDS)
    assert opened.get(USER, "session") == COOKIE
    with pytest.raises(ConfigError, match="sealed with another passphrase than this one"):
        Vault.unlock_with_passphrase(journal.database, clock, WORDS + "!")
    with pytest.raises(ConfigError, match="sealed with a passphrase, not a key file"):
        Vault.unlock(journal.database, clock, KEY)


def test_the_master_key_can_be_changed(
    journal: SqliteJournal, clock: FixedClock, vault: Vault
) -> None:
    vault.put(USER, "session", COOKIE)
    _, sealed = stored(journal)
    vault.rotate(ANOTHER)
    assert vault.get(USER, "session") == COOKIE
    assert Vault.unlock(journal.database, clock, ANOTHER).get(USER, "session") == COOKIE
    with pytest.raises(ConfigError, match="another key file"):
        Vault.unlock(journal.database, clock, KEY)
    assert stored(journal)[1] == sealed  # the text itself was not sealed anew
    vault.rotate_to_passphrase(WORDS)
    opened = Vault.unlock_with_passphrase(journal.database, clock, WORDS)
    assert opened.get(USER, "session") == COOKIE


# --- whoever can write to the file ------------------------------------------------------------


def change(journal: SqliteJournal, statement: str, *bindings: object) -> None:
    """Change the table as somebody with the file in hand would."""
    with journal.database.transaction() as connection:
        connection.execute(statement, bindings)


def refused(vault: Vault, user_id: UserId = USER) -> None:
    """See that a user's secret does not open, and that nothing of it is said."""
    with pytest.raises(ConfigError, match=f"of user {user_id} are not those") as error:
        vault.get(user_id, "session")
    assert "canary" not in str(error.value)


def test_rows_of_two_users_cannot_be_swapped(journal: SqliteJournal, vault: Vault) -> None:
    vault.put(USER, "session", COOKIE)
    vault.put(OTHER, "session", b"another")
    wrapped, sealed = stored(journal)
    statement = "UPDATE envelopes SET wrapped_key = ?, sealed = ? WHERE user_id = ?"
    change(journal, statement, wrapped, sealed, OTHER)
    refused(vault, OTHER)
    assert vault.get(USER, "session") == COOKIE


def test_a_purpose_is_part_of_what_is_sealed(journal: SqliteJournal, vault: Vault) -> None:
    vault.put(USER, "session", COOKIE)
    vault.put(USER, "note", b"x")
    wrapped, sealed = stored_of(journal, "session")
    statement = "UPDATE envelopes SET wrapped_key = ?, sealed = ? WHERE purpose = 'note'"
    change(journal, statement, wrapped, sealed)
    with pytest.raises(ConfigError):
        vault.get(USER, "note")


def stored_of(journal: SqliteJournal, purpose: str) -> tuple[bytes, bytes]:
    """Return what lies in the file for a purpose."""
    rows = journal.database.rows("SELECT purpose, wrapped_key, sealed FROM envelopes")
    return next((wrapped, sealed) for name, wrapped, sealed in rows if name == purpose)


def test_an_older_row_cannot_be_put_back(journal: SqliteJournal, vault: Vault) -> None:
    vault.put(USER, "session", COOKIE)
    wrapped, sealed = stored(journal)
    vault.put(USER, "session", b"newer")
    change(journal, "UPDATE envelopes SET wrapped_key = ?, sealed = ?", wrapped, sealed)
    refused(vault)
    statement = "UPDATE envelope_versions SET version = 1"
    with pytest.raises(JournalError, match="a version only rises"):
        change(journal, statement)


@pytest.mark.parametrize("column", ["wrapped_key", "sealed"])
@pytest.mark.parametrize("tampering", ["flip", "cut", "empty"])
def test_no_changed_byte_opens(
    journal: SqliteJournal, vault: Vault, column: str, tampering: str
) -> None:
    vault.put(USER, "session", COOKIE)
    statement = {
        "wrapped_key": "UPDATE envelopes SET wrapped_key = ?",
        "sealed": "UPDATE envelopes SET sealed = ?",
    }[column]
    before = dict(zip(("wrapped_key", "sealed"), stored(journal), strict=True))[column]
    if tampering == "flip":
        for at in range(0, len(before), 5):
            after = before[:at] + bytes([before[at] ^ 1]) + before[at + 1 :]
            change(journal, statement, after)
            refused(vault)
    else:
        after = before[:-1] if tampering == "cut" else b""
        change(journal, statement, after)
        refused(vault)
    with pytest.raises(ConfigError):
        vault.rotate(ANOTHER)  # and nothing is wrapped anew
    change(journal, statement, before)
    assert vault.get(USER, "session") == COOKIE


def test_two_seals_of_one_text_have_nothing_in_common() -> None:
    first, second = (seal(KEY, USER, "session", 1, COOKIE) for _ in range(2))
    assert first.sealed[:28] != second.sealed[:28]
    assert first.wrapped_key[:28] != second.wrapped_key[:28]
    mixed = Envelope(USER, "session", 1, first.wrapped_key, second.sealed)
    with pytest.raises(DoesNotOpen):
        open_envelope(KEY, mixed)
    assert open_envelope(ANOTHER, rewrap(KEY, ANOTHER, first)) == COOKIE


# --- the files --------------------------------------------------------------------------------


def test_the_files_show_no_secret_and_keep_no_old_one(
    folder: Path, reopen: Opener, clock: FixedClock
) -> None:
    with on_disk(reopen) as journal:
        vault = Vault.unlock(journal.database, clock, KEY)
        vault.put(USER, "session", COOKIE * 300)  # over several pages
        first = stored(journal)
        assert first[1][40:200] in everything_in(folder)  # so the search below can find
        vault.put(USER, "session", b"newer" * 300)
        second = stored(journal)
        for old in (first[0], first[1][:40], first[1][3000:3040], first[1][-40:]):
            assert old not in everything_in(folder)
        vault.rotate(ANOTHER)
        assert second[0] not in everything_in(folder)
        third = stored(journal)
        Vault.remove(journal.database, USER)
        for old in (third[0], third[1][:40], third[1][-40:]):
            assert old not in everything_in(folder)
        assert b"canary" not in everything_in(folder)
    assert b"canary" not in everything_in(folder)
    assert third[1][:40] not in everything_in(folder)


def test_a_lost_key_holds_nobody_up_once_nothing_is_sealed(
    journal: SqliteJournal, clock: FixedClock, vault: Vault
) -> None:
    vault.put(USER, "session", COOKIE)
    assert Vault.sealed_at_ms(journal.database) == {USER: clock.time_ms}
    assert not Vault.forget_key(journal.database)
    assert vault.get(USER, "session") == COOKIE
    Vault.remove(journal.database, USER)
    assert Vault.forget_key(journal.database)
    Vault.unlock(journal.database, clock, ANOTHER).put(USER, "session", COOKIE)
    with pytest.raises(ConfigError, match="another key file"):
        Vault.unlock(journal.database, clock, KEY)


def test_agreements_are_to_the_letter(journal: SqliteJournal, clock: FixedClock) -> None:
    terms = bytes(32)
    assert not is_agreed(journal.database, terms)
    for _ in range(2):
        agree(journal.database, clock, terms)
    assert is_agreed(journal.database, terms)
    assert not is_agreed(journal.database, bytes(31) + b"1")


def test_a_vault_outlives_the_process(folder: Path, reopen: Opener, clock: FixedClock) -> None:
    with on_disk(reopen) as journal:
        Vault.unlock(journal.database, clock, KEY).put(USER, "session", COOKIE)
    with reopen() as journal:
        assert Vault.unlock(journal.database, clock, KEY).get(USER, "session") == COOKIE


# --- the key ----------------------------------------------------------------------------------


def test_a_key_file_is_its_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "new" / "alphabot.key"
    key = make_key_file(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert read_key_file(path).raw == key.raw
    with pytest.raises(ConfigError, match="never overwritten"):
        make_key_file(path)
    assert read_key_file(path).raw == key.raw


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o610])
def test_a_key_that_others_may_read_is_refused(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "alphabot.key"
    make_key_file(path)
    path.chmod(mode)
    with pytest.raises(ConfigError, match=f"others on this machine may read the key.*{mode:04o}"):
        read_key_file(path)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make a file of root's")
def test_a_credential_is_roots_and_nobody_elses(tmp_path: Path) -> None:
    path = tmp_path / "alphabot-key"
    key = make_key_file(path)
    path.chmod(0o440)  # as an access list for the service's user shows
    assert read_key_file(path, granted=True).raw == key.raw
    with pytest.raises(ConfigError, match="others on this machine may read the key"):
        read_key_file(path)
    path.chmod(0o444)
    with pytest.raises(ConfigError, match=r"others on this machine may read the key.*0444"):
        read_key_file(path, granted=True)
    path.chmod(0o400)
    os.chown(path, 12345, 12345)
    with pytest.raises(ConfigError, match="belongs to another user"):
        read_key_file(path, granted=True)


def test_only_what_lies_in_the_folder_of_credentials_is_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    assert not is_granted(tmp_path / "alphabot-key")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    assert is_granted(tmp_path / "alphabot-key")
    assert not is_granted(tmp_path.parent / "alphabot-key")
    monkeypatch.delenv("ALPHABOT_KEY_FILE", raising=False)
    assert key_file() != tmp_path / "alphabot-key"
    make_key_file(tmp_path / "alphabot-key")
    assert key_file() == tmp_path / "alphabot-key"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "alphabot-key-1",
        "alphabot-key-1 AAAA",
        "other " + "A" * 43 + "=",
        "\xff" * 60,
        "A" * 500,
    ],
)
def test_what_is_no_key_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "alphabot.key"
    path.write_text(text, encoding="latin-1")
    path.chmod(0o600)
    with pytest.raises(ConfigError, match="this is no key of alphabot") as refused_text:
        read_key_file(path)
    assert "AAAA" not in str(refused_text.value)


def test_a_key_is_no_folder_link_or_absent(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"there is no key file.*alphabot users init"):
        read_key_file(tmp_path / "none")
    with pytest.raises(ConfigError, match="a file was expected"):
        read_key_file(tmp_path)
    path, link = tmp_path / "alphabot.key", tmp_path / "link"
    make_key_file(path)
    link.symlink_to(path)
    with pytest.raises(ConfigError, match="cannot be read"):
        read_key_file(link)
    with pytest.raises(ConfigError, match=r"never overwritten|could not be written"):
        make_key_file(link)


def test_a_key_does_not_show() -> None:
    assert repr(KEY) == str(KEY) == "***"
    with pytest.raises(TypeError):
        pickle.dumps(KEY)
    with pytest.raises(ValueError, match="32 bytes"):
        MasterKey(b"short")


def test_a_passphrase_stands_for_another_key_with_another_salt() -> None:
    keys = {key_from_passphrase(WORDS, bytes([n]) * 16).raw for n in range(3)}
    assert len(keys) == 3
    assert key_from_passphrase(WORDS, bytes(16)).raw == key_from_passphrase(WORDS, bytes(16)).raw
