"""What is handed to apprise arrives, and what apprise cannot do is told without its addresses."""

from __future__ import annotations

import sys
import time

import pytest
import trio
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from alphabot import NoticeKind, Secret
from alphabot.errors import NotDelivered, PluginError
from alphabot.ports import Notifier, NotifierFactory
from plugins.via_apprise import Settings, ViaApprise, body, register_notifiers, urgency
from tests.notifiers.raw import open_raw
from tests.notifiers.samples import notice
from tests.notifiers.test_webhook import everything_said

# A module of apprise's imports one that Python 3.13 has no more, for which it has a stand-in.
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")

CANARY = "canary-password"


def factory_of(*urls: str) -> NotifierFactory:
    registered: dict[str, NotifierFactory] = {}
    settings = Settings(urls=tuple(Secret(url) for url in urls))
    register_notifiers(registered.__setitem__, settings)
    return registered["via_apprise"]


def address(server: HTTPServer, path: str) -> str:
    return f"json://ann:{CANARY}@{server.host}:{server.port}{path}"


async def test_a_notice_arrives_at_every_address(httpserver: HTTPServer) -> None:
    for path in ("/one", "/two"):
        httpserver.expect_request(path, method="POST").respond_with_data("")
    opened = factory_of(address(httpserver, "/one"), address(httpserver, "/two"))
    async with opened() as notifier:
        await notifier.deliver(notice("A <b> & *c*", progress=0.5))
    assert {request.path for request, _ in httpserver.log} == {"/one", "/two"}
    for request, _ in httpserver.log:
        sent = request.get_json()
        assert sent["title"] == "🎯 A <b> & *c*"
        assert sent["message"] == (
            "▰▰▰▰▰▰▱▱▱▱▱▱ 50 %\nvolume: 16384 USDT\nwear: 12.41 USDT\n👤 1 · koge_volume_boost"
        )
        assert sent["type"] == "success"


async def test_who_has_it_does_not_get_it_again(
    httpserver: HTTPServer, capfd: pytest.CaptureFixture[str]
) -> None:
    httpserver.expect_request("/one").respond_with_data("")
    httpserver.expect_oneshot_request("/two").respond_with_data("", 503)
    httpserver.expect_oneshot_request("/two").respond_with_data("")
    opened = factory_of(address(httpserver, "/one"), address(httpserver, "/two"))
    async with opened() as notifier:
        with pytest.raises(NotDelivered, match=r"not taken by urls\[1\]") as raised:
            await notifier.deliver(notice())
        await notifier.deliver(notice())
    assert [request.path for request, _ in httpserver.log].count("/one") == 1
    assert not raised.value.pointless
    assert CANARY not in everything_said(raised.value)
    assert CANARY not in "".join(capfd.readouterr())


async def test_a_service_that_hangs_holds_up_nobody(httpserver: HTTPServer) -> None:
    def hang(_request: Request) -> Response:
        time.sleep(2)
        return Response("")

    httpserver.expect_request("/one").respond_with_handler(hang)
    async with (
        open_raw(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n") as url,
        factory_of(address(httpserver, "/one"), url.replace("http", "json"))() as notifier,
    ):
        with trio.fail_after(1.5), trio.move_on_after(1) as left:
            await notifier.deliver(notice())
        assert left.cancelled_caught
        assert isinstance(notifier, ViaApprise)
        assert notifier.told == {1}


async def test_nobody_there_is_told_without_the_address(capfd: pytest.CaptureFixture[str]) -> None:
    async with factory_of(f"json://ann:{CANARY}@127.0.0.1:1/")() as notifier:
        await _refused(notifier)
    assert CANARY not in "".join(capfd.readouterr())


async def _refused(notifier: Notifier) -> None:
    with pytest.raises(NotDelivered) as raised:
        await notifier.deliver(notice())
    assert CANARY not in everything_said(raised.value)


def test_an_unknown_address_is_refused_without_being_quoted() -> None:
    with pytest.raises(PluginError, match=r"urls\[1\]: apprise does not know") as refused:
        factory_of("json://127.0.0.1/", f"nonsense://{CANARY}")
    assert CANARY not in everything_said(refused.value)


def test_without_apprise_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "apprise", None)
    with pytest.raises(PluginError, match=r"not installed: pip install 'alphabot\[apprise\]'"):
        factory_of("json://127.0.0.1/")


@pytest.mark.parametrize("urls", [(), (CANARY,), ("",)])
def test_addresses_are_addresses(urls: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match=r"^urls: ") as refused:
        Settings(urls=tuple(Secret(url) for url in urls))
    assert CANARY not in str(refused.value)


def test_urgency_has_apprise_s_names() -> None:
    import apprise

    known = {str(kind.value) for kind in apprise.NotifyType}
    told = {kind: urgency(notice(kind=kind)) for kind in NoticeKind}
    assert set(told.values()) | {urgency(notice(needs_human=True))} == known
    assert told[NoticeKind.LATCHED] == "warning"
    assert urgency(notice(kind=NoticeKind.PROGRESS, needs_human=True)) == "failure"


def test_a_body_is_never_empty_nor_endless() -> None:
    assert body(notice(figures=(), progress=None)) == "👤 1 · koge_volume_boost"
    assert len(body(notice(figures=(("a", "b" * 1000),) * 100))) <= 4000
