"""A new session for one user of a running service, while the others trade on."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import trio

from tests.cli.sessions import LIMITS, as_curl, pasted
from tests.cli.test_live import Folder, folder_of

pytestmark = pytest.mark.outside

WIDE = LIMITS.replace("max_daily_loss_usdt = 5\n", "max_daily_loss_usdt = 500\n")
TARGET = 200
UNTIL_THEN = 1_000_000
PATIENCE_SECONDS = 240


def placed(folder: Folder, user_id: int) -> int:
    requests = folder.exchange.ledger.requests
    return sum(r.user_id == user_id and r.accepted for r in requests)


async def placed_more(folder: Folder, user_id: int, process: trio.Process) -> None:
    before = placed(folder, user_id)
    while placed(folder, user_id) == before:
        assert process.poll() is None
        await trio.sleep(0.01)


async def standing(folder: Folder, user_id: int) -> dict[str, Any]:
    done = await folder.command("status", "--json")
    (user,) = (u for u in json.loads(done.stdout)["users"] if u["user_id"] == user_id)
    return dict(user)


async def latched(folder: Folder, user_id: int) -> dict[str, Any]:
    """Return a user's latch as soon as nobody trades for it any more."""
    while not (user := await standing(folder, user_id))["latched"]:
        await trio.sleep(0.1)
    return user


@pytest.mark.ceiling(300)
async def test_a_new_session_lets_its_user_trade_on_beside_the_others(tmp_path: Path) -> None:
    async with folder_of(tmp_path, users="[1, 2]", target=UNTIL_THEN, limits=WIDE) as folder:
        config = folder.path / "strategies.toml"
        config.write_text(f"{config.read_text()}\n[users.1]\ntarget_volume = {TARGET}\n")
        await folder.add("anna", "bert")
        output = tmp_path / "output"
        exchange = folder.exchange
        said: list[str] = []

        async def replace(text: str, name: str = "anna") -> tuple[int, str]:
            done = await folder.command("users", "replace", name, text=text)
            said.extend((done.stdout, done.stderr))
            assert "Traceback" not in done.stderr
            return done.returncode, done.stdout + done.stderr

        async with folder.running(output, PATIENCE_SECONDS) as process:
            await placed_more(folder, 1, process)
            exchange.expire_session(1)  # in the middle of its round
            before = placed(folder, 1)
            await latched(folder, 1)
            calls = len([call for call in exchange.ledger.calls if call.user_id != 2])
            renewed = exchange.log_in_anew(1)
            # Who trades keeps the session it trades with, and the person is told what to do.
            code, answer = await replace(pasted(2, folder.addresses), "bert")
            assert code == 1
            assert "is trading, so the session was not replaced: alphabot stop" in answer
            # Another user's session is refused as it is without a service.
            code, answer = await replace(pasted(2, folder.addresses))
            assert code == 2
            assert "this is the session of user 2: one account, one user" in answer
            code, answer = await replace(as_curl(renewed, folder.addresses))
            assert code == 0, answer
            assert "alphabot clear 1" in answer
            # Nothing is asked for this user before a person has cleared it.
            assert len([call for call in exchange.ledger.calls if call.user_id != 2]) == calls
            assert placed(folder, 1) == before
            done = await folder.command("clear", "1", "--yes")
            assert done.returncode == 0, done.stderr
            await placed_more(folder, 1, process)
            while (await standing(folder, 1))["strategies"][0]["ending"] != "reached":
                assert process.poll() is None
                await trio.sleep(0.1)
            await placed_more(folder, 2, process)
            other = await standing(folder, 2)
            assert (other["latched"], other["strategies"][0]["ending"]) == (None, None)
            process.terminate()
            assert await process.wait() in (0, 3), output.read_text()
        said.append(output.read_text("utf-8"))
        assert "Traceback" not in said[-1]
        assert {r.code for r in exchange.ledger.requests if r.user_id == 2} == {None}
        assert folder.secrets_seen([1, 2], *said) == []
        values = [
            renewed["csrftoken"],
            *(p.partition("=")[2] for p in renewed["Cookie"].split("; ")),
        ]
        files = [path.read_bytes() for path in folder.path.rglob("*") if path.is_file()]
        places = [*files, *(text.encode() for text in said)]
        assert [v for v in values if len(v) > 8 and any(v.encode() in raw for raw in places)] == []
