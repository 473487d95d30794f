"""The order history on the wire, and how its pages are put together: all of them, or none.

Protocol section 3. Part of a history is no evidence, and pages counted from the newest order
shift whenever an order ends meanwhile. So what is put together must be as many rows as the
exchange announced, no order twice, and the announcement must not change on the way.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from alphabot.core.values import AlphaId, OrderId, OrderReport
from alphabot.errors import UnexpectedReply
from alphabot.exchange.wire.envelope import Reply
from alphabot.exchange.wire.orders import order_rows

__all__ = ["PAGES_MAX", "ROWS", "History", "HistoryPage", "history_page"]

ROWS: Final = 200
"""Rows asked for on a page; 50 to 500 were seen in use."""
PAGES_MAX: Final = 50
"""Ten thousand orders; more than that since a moment a caller asks for is a mistake."""

_STATUSES: Final = "FILLED,PARTIALLY_FILLED,EXPIRED,CANCELED,REJECTED"


@dataclass(frozen=True, slots=True)
class HistoryPage:
    """One page of ended orders, and how many the exchange says there are on all pages."""

    reports: tuple[OrderReport, ...]
    total: int | None


def history_page(reply: Reply) -> HistoryPage:
    """Return one page; raises as :func:`alphabot.exchange.wire.envelope.unwrap`."""
    return HistoryPage(*order_rows(reply, "history"))


class History:
    """The ended orders of a token since a moment, page by page.

    Ask what :meth:`query` says and :meth:`add` the answer, until that returns True.
    """

    def __init__(self, alpha_id: AlphaId, since_ms: int, until_ms: int) -> None:
        self._alpha_id = alpha_id
        self._since_ms = since_ms
        self._until_ms = until_ms
        self._reports: dict[OrderId, OrderReport] = {}
        self._pages = 0
        self._total: int | None = None

    def query(self) -> dict[str, str]:
        """Return the query for the next page."""
        return {
            "page": str(self._pages + 1),
            "rows": str(ROWS),
            "orderStatus": _STATUSES,
            "startTime": str(self._since_ms),
            "endTime": str(self._until_ms),
            "kind": "LIMIT",
            "baseAsset": self._alpha_id,
        }

    def add(self, page: HistoryPage) -> bool:
        """Put the next page to the others; return whether it was the last.

        Raises UnexpectedReply if it does not fit to them, or is one too many.
        """
        if self._pages == 0:
            self._total = page.total
        self._pages += 1
        before = len(self._reports)
        self._reports.update((report.order_id, report) for report in page.reports)
        rows = len(self._reports)
        if page.total != self._total or rows != before + len(page.reports):
            raise UnexpectedReply("the order history changed while it was read")
        # Without a total only an empty page is the end: a short one may be the server's own size.
        if rows == self._total or (self._total is None and not page.reports):
            return True
        if self._pages == PAGES_MAX or not page.reports or rows > (self._total or rows):
            raise UnexpectedReply(f"{self._total} ended orders were announced, were {rows}")
        return False

    def reports(self) -> tuple[OrderReport, ...]:
        """Return the token's orders; others, should the exchange have sent some, are left out."""
        return tuple(report for report in self._reports.values() if self._is_ours(report))

    def _is_ours(self, report: OrderReport) -> bool:
        # ALPHA_22 is the beginning of ALPHA_222USDT too.
        quote = report.symbol.removeprefix(self._alpha_id)
        return quote != report.symbol and quote.isalpha()
