"""The final table in its forms."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from rich.cells import cell_len
from rich.console import Console

from alphabot.cli.cells import seconds, tokens, usdt
from alphabot.cli.table import as_json, as_table, as_text
from alphabot.cli.words import CONNECTIONS, ENDINGS, LABELS, STATES
from alphabot.messages import Language
from alphabot.runtime.board import Board, Ending, State
from tests.cli.boards import HOSTILE, at_the_end, in_the_middle, row

LANGUAGES: list[Language] = ["zh", "en"]


def printed(board: Board, language: Language, width: int) -> str:
    """Return what a terminal of this width shows."""
    console = Console(width=width, color_system=None, force_terminal=True, highlight=False)
    with console.capture() as capture:
        console.print(as_table(board, language, width))
    return capture.get()


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("width", [40, 60, 80, 100, 120, 140, 200])
def test_it_fits_any_terminal(width: int, language: Language) -> None:
    for board in (at_the_end(), in_the_middle()):
        text = printed(board, language, width)
        assert max(cell_len(line) for line in text.splitlines()) <= width
        assert "…" not in text


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("width", [60, 100, 200])
def test_no_figure_is_lost(width: int, language: Language) -> None:
    text = printed(at_the_end(), language, width)
    figures = ("601", "16,384.12", "1.4 s", "1 h 06 min", "12.35", "7.5", "0.071904", "13,517.83")
    for figure in figures:
        assert figure in text


@pytest.mark.parametrize("language", LANGUAGES)
def test_in_a_pipe_columns_are_aligned(language: Language) -> None:
    lines = as_text(at_the_end(), language).splitlines()
    heads, first, second, total = lines
    for cell in ("16,384.12", "13.64", "16,397.76"):
        line = next(line for line in (first, second, total) if cell in line)
        ends = cell_len(line[: line.index(cell) + len(cell)])
        head = "计入 USDT" if language == "zh" else "credited USDT"
        assert ends == cell_len(heads[: heads.index(head) + len(head)])
    assert "16,411.40" in total


def test_one_strategy_needs_no_total() -> None:
    assert len(as_text(Board([row()]), "en").splitlines()) == 2


def test_no_strategy_is_no_error() -> None:
    assert as_text(Board(), "en") == ""
    assert printed(Board(), "en", 80).strip() == ""
    assert as_json(Board()) == "[]"


def test_names_from_outside_are_text() -> None:
    for text in (as_text(in_the_middle(), "en"), printed(in_the_middle(), "en", 300)):
        assert "[red]x[/red]\\x1b[31m\\n\\u202e代币" in text
        assert all(line.isprintable() for line in text.splitlines())
    assert json.loads(as_json(in_the_middle()))[1]["token"] == HOSTILE
    assert as_json(in_the_middle()).isprintable()


def test_amounts_in_json_are_exact_text() -> None:
    first, second = json.loads(as_json(at_the_end()))
    assert first["wear_usdt"] == "12.345678901234"
    assert first["credited"] == "16384.12"
    assert (first["user_id"], first["rounds"], first["ending"]) == (1, 601, "reached")
    assert second["exchange_volume_usdt"] is None
    assert second["leftover"] == "13517.833657"


def test_everything_has_words() -> None:
    assert set(STATES) == set(State)
    assert set(ENDINGS) == set(Ending)
    for words in (STATES, ENDINGS, CONNECTIONS, LABELS):
        for zh, en in words.values():
            assert en.isascii()
            assert bool(zh) == bool(en)


@pytest.mark.parametrize(
    ("shown", "text"),
    [
        (seconds(0.04), "0.0 s"),
        (seconds(59.94), "59.9 s"),
        (seconds(59.96), "1 min 00 s"),
        (seconds(3599.6), "1 h 00 min"),
        (usdt(Decimal("1234567.895")), "1,234,567.90"),
        (usdt(Decimal("-0.001")), "0.00"),
        (tokens(Decimal(0), Decimal(0)), "0"),
        (tokens(Decimal("0.00000001"), Decimal(0)), "0.00000001"),
        (tokens(Decimal("100"), Decimal("5")), "100 (5.00 USDT)"),
        (tokens(Decimal("13517.833657"), Decimal("0.001")), "13,517.83"),
    ],
)
def test_figures(shown: str, text: str) -> None:
    assert shown == text
