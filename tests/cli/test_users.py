"""``alphabot users``: sealed sessions, and what every mistake about them is answered with."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from alphabot.clocks import SystemClock
from alphabot.simulator import credentials_for
from alphabot.store.ownership import owner_lock
from tests.cli.conftest import Command, Done
from tests.cli.sessions import NOWHERE, config, pasted

Typed = Callable[..., Done]
COOKIE_OF_1 = credentials_for(1, 1)["Cookie"]
LOGIN_OF_1 = COOKIE_OF_1.rpartition("=")[2]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a configuration for live mode, to be in; the key lies elsewhere."""
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / "strategies.toml").write_text(config())
    monkeypatch.chdir(tmp_path / "work")
    monkeypatch.setenv("ALPHABOT_KEY_FILE", str(tmp_path / "key"))
    return tmp_path / "work"


@pytest.fixture
def typed(command: Command, monkeypatch: pytest.MonkeyPatch) -> Typed:
    """Run a command of ``alphabot users`` with this on its standard input."""

    def run(*arguments: object, text: str | bytes = "") -> Done:
        raw = text.encode() if isinstance(text, str) else text
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(raw)))
        return command("users", *arguments)

    return run


@pytest.fixture
def anna(folder: Path, typed: Typed) -> Path:
    """The same folder with a user 1, anna."""
    assert typed("init").code == 0
    assert typed("add", "anna", text=pasted(1)).code == 0
    return folder


def everything_in(folder: Path) -> dict[str, bytes]:
    """Return the contents of every database file."""
    found = (folder / ".alphabot").glob("live.db*")
    return {path.name: path.read_bytes() for path in found}


# --- what goes well ---------------------------------------------------------------------------


def test_a_user_is_added_and_shown_without_anything_secret(anna: Path, typed: Typed) -> None:
    (user,) = json.loads(typed("list", "--json").out)
    assert (user["user_id"], user["name"], user["enabled"]) == (1, "anna", True)
    shown = json.loads(typed("show", "anna", "--json").out)
    assert shown["headers"] == ["cookie", "csrftoken", "clienttype"]
    assert shown["cookies"] == ["cr00", "logined", "p20t"]
    told = typed("show", "1").out
    assert "anna" in told
    assert LOGIN_OF_1 not in told + json.dumps(shown)
    assert (anna.parent / "key").stat().st_mode & 0o777 == 0o600
    for name, raw in everything_in(anna).items():
        assert LOGIN_OF_1.encode() not in raw, name
        assert b"clienttype" not in raw, name


def test_ids_are_the_next_free_ones_or_chosen(anna: Path, typed: Typed) -> None:
    assert typed("add", "bert", "--id", 7, text=pasted(2)).code == 0
    assert typed("add", "cora", text=pasted(3)).code == 0
    users = json.loads(typed("list", "--json").out)
    assert [(user["user_id"], user["name"]) for user in users] == [
        (1, "anna"),
        (7, "bert"),
        (8, "cora"),
    ]


def test_a_file_is_read_as_well(anna: Path, typed: Typed) -> None:
    Path("request.txt").write_text(pasted(2))
    done = typed("add", "bert", "--from", "request.txt")
    assert done.code == 0
    assert "Now delete request.txt" in done.out


def test_a_session_is_replaced_and_the_old_one_is_gone(anna: Path, typed: Typed) -> None:
    before = everything_in(anna)["live.db"]
    assert typed("replace", "anna", text=pasted(1).replace("logined=y", "logined=n")).code == 0
    assert typed("add", "bert", text=pasted(2)).code == 0
    # Users may not come to have one session through replacing either.
    assert typed("replace", "bert", text=pasted(1)).code == 2
    assert everything_in(anna)["live.db"] != before


def test_a_user_is_disabled_enabled_and_removed(anna: Path, typed: Typed) -> None:
    assert typed("disable", "anna").code == 0
    assert "disabled" in typed("list").out
    assert typed("enable", 1).code == 0
    assert "enabled" in typed("list").out
    no_terminal = typed("remove", "anna")
    assert (no_terminal.code, "--yes" in no_terminal.err) == (2, True)
    assert typed("remove", "anna", "--yes").code == 0
    assert "removed" in typed("list").out
    again = typed("enable", "anna")
    assert (again.code, "users replace 1" in again.err) == (2, True)
    assert typed("replace", "anna", text=pasted(1)).code == 0
    assert typed("enable", "anna").code == 0


def test_the_key_is_rotated(anna: Path, typed: Typed, monkeypatch: pytest.MonkeyPatch) -> None:
    newer = anna.parent / "newer" / "key"
    assert typed("rotate", newer).code == 0
    old = typed("show", "anna")
    assert (old.code, "sealed with another key file" in old.err) == (2, True)
    monkeypatch.setenv("ALPHABOT_KEY_FILE", str(newer))
    assert typed("show", "anna").code == 0


def test_one_key_may_serve_several_databases(anna: Path, typed: Typed) -> None:
    another = anna.parent / "another"
    another.mkdir()
    (another / "strategies.toml").write_text(config())
    key = (anna.parent / "key").read_bytes()
    assert typed("init", "--config", another / "strategies.toml").code == 0
    assert (anna.parent / "key").read_bytes() == key


# --- mistakes ---------------------------------------------------------------------------------

CUT = pasted(1).replace(LOGIN_OF_1, LOGIN_OF_1[:20] + "…")
TWICE = pasted(1).replace("logined=y", "cr00=11111111111111111111111111111111")
MISTAKES: dict[str, tuple[str | bytes, str]] = {
    "nothing": ("", "nothing was pasted"),
    "prose": ("Hello, here is my cookie", "this is no request"),
    "another host": (pasted(1).replace("127.0.0.1:1/", "accounts.example/"), "127.0.0.1:1 was"),
    "a cookie that is cut off": (CUT, "the cookie is cut off"),
    "a quotation that is cut off": (pasted(1)[:100], "the command is cut off"),
    "two cookies of one name": (TWICE, "the cookie cr00 is there twice"),
    "no csrftoken": (f"Cookie: {COOKIE_OF_1}", "missing: csrftoken"),
    "no text": (b"\xff\xfe" + pasted(1).encode(), "text in UTF-8"),
    "too much": ("x" * 500_000, "at most"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_what_is_no_session_is_refused_in_one_line(anna: Path, typed: Typed, mistake: str) -> None:
    text, complaint = MISTAKES[mistake]
    before = everything_in(anna)
    done = typed("add", "bert", text=text)
    assert done.code == 2
    assert complaint in done.err
    assert done.err.count("\n") == 1
    assert done.out == ""
    assert "Traceback" not in done.err
    for part in (*COOKIE_OF_1.split("; "), LOGIN_OF_1[:20]):
        value = part.rpartition("=")[2]
        assert len(value) < 4 or value not in done.err
    assert everything_in(anna) == before


def test_one_session_is_one_user(anna: Path, typed: Typed) -> None:
    done = typed("add", "bert", text=pasted(1).replace("logined=y", "theme=dark"))
    assert done.code == 2
    assert "this is the session of user 1" in done.err


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("add", "anna"), "there is a user 1 (anna) already"),
        (("add", "bert", "--id", 1), "there is a user 1 (anna) already"),
        (("add", "12"), "is no name"),
        (("add", "two words"), "is no name"),
        (("replace", "bert"), "there is no user 'bert' (there are 1 (anna))"),
        (("rotate",), "either a new key file or --passphrase"),
        (("init",), "sealed with a key file already"),
        (("add", "bert", "--from", "missing.txt"), "missing.txt: cannot be read"),
    ],
)
def test_mistakes_of_names_and_options(
    anna: Path, typed: Typed, arguments: tuple[object, ...], complaint: str
) -> None:
    done = typed(*arguments, text=pasted(2))
    assert done.code == 2
    assert complaint in done.err
    assert [user["name"] for user in json.loads(typed("list", "--json").out)] == ["anna"]


def test_a_key_that_others_may_read_is_refused(anna: Path, typed: Typed) -> None:
    (anna.parent / "key").chmod(0o640)
    done = typed("show", "anna")
    assert done.code == 2
    assert "others on this machine may read the key (mode 0640)" in done.err


def test_a_key_beside_the_database_is_refused(
    anna: Path, typed: Typed, monkeypatch: pytest.MonkeyPatch
) -> None:
    inside = anna / ".alphabot" / "key"
    assert typed("rotate", inside).code == 2
    (anna.parent / "key").rename(inside)
    monkeypatch.setenv("ALPHABOT_KEY_FILE", str(inside))
    done = typed("show", "anna")
    assert (done.code, "beside what it opens" in done.err) == (2, True)


def test_another_key_changes_nothing(anna: Path, typed: Typed) -> None:
    (anna.parent / "key").rename(anna.parent / "right")
    assert typed("init").code == 2
    assert typed("add", "bert", text=pasted(2)).code == 2
    (anna.parent / "right").rename(anna.parent / "key")
    assert [user["name"] for user in json.loads(typed("list", "--json").out)] == ["anna"]


def test_whose_database_it_is_is_said(anna: Path, typed: Typed) -> None:
    with owner_lock(anna / ".alphabot" / "live.lock", SystemClock()):
        done = typed("list")
    assert done.code == 1
    assert "is in use by process" in done.err
    assert done.err.count("\n") == 1


def test_a_simulated_exchange_makes_its_users_up(anna: Path, typed: Typed) -> None:
    path = anna / "strategies.toml"
    path.write_text(path.read_text().replace('"live"', '"simulated"'))
    done = typed("list")
    assert (done.code, "made up" in done.err) == (2, True)


def test_an_exchange_that_is_not_there(anna: Path, typed: Typed) -> None:
    done = typed("check", "anna", "--json")
    assert done.code == 1
    assert json.loads(done.out)["standing"] == "unreachable"
    assert NOWHERE.rest_url.rpartition("/")[2] in done.out


def test_everybody_may_begin_without_users(folder: Path, typed: Typed) -> None:
    for arguments in (("list",), ("add", "anna"), ("check", "anna")):
        done = typed(*arguments, text=pasted(1))
        assert (done.code, "alphabot users init" in done.err) == (2, True), done
    assert not (folder / ".alphabot").exists()
