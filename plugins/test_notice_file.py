"""notice_file, loaded and used as the service would."""

from __future__ import annotations

from pathlib import Path

import pytest

from alphabot import NotDelivered, Notice, NoticeKind
from alphabot.errors import PluginError
from alphabot.testing import check_notifier, load_plugin

PLUGIN = Path(__file__).parent / "notice_file.py"
NOTICE = Notice(
    kind=NoticeKind.STARTED,
    cause="a test",
    at_ms=1_800_014_400_000,
    title="Started\nfor two users",
    figures=(("target", "320 USDT"),),
)


async def test_every_kind_becomes_a_line(tmp_path: Path) -> None:
    """A notice of each kind is one line, whatever its title holds."""
    file = tmp_path / "notices.txt"
    plugin = load_plugin(PLUGIN, f'file = "{file}"')
    tried = await check_notifier(plugin.notifier("notice_file"))
    assert len(file.read_text("utf-8").splitlines()) == tried
    async with plugin.notifier("notice_file")() as notifier:
        await notifier.deliver(NOTICE)
    assert file.read_text("utf-8").splitlines()[-1] == (
        "2027-01-15 12:00:00+00:00 | Started for two users | target 320 USDT"
    )


async def test_a_file_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    """What stands in the way is NotDelivered, with its reason."""
    plugin = load_plugin(PLUGIN, f'file = "{tmp_path}"')
    async with plugin.notifier("notice_file")() as notifier:
        with pytest.raises(NotDelivered, match="Is a directory"):
            await notifier.deliver(NOTICE)


def test_its_settings_are_checked() -> None:
    """An unknown key refuses the plugin, with the nearest right one."""
    with pytest.raises(PluginError, match=r"flie: unknown key \(did you mean file\?\)"):
        load_plugin(PLUGIN, 'flie = "notices.txt"')
