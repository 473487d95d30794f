"""The corpus: files that must be refused, each with its complaint, and files that must pass.

The first line of a refused file says what is expected: ``# line N | key | part of the message``,
with ``-`` where the complaint names none.
"""

import re
from pathlib import Path

import pytest

from alphabot.config import load
from alphabot.errors import ConfigError

CORPUS = Path(__file__).parent / "corpus"
REFUSED = sorted((CORPUS / "refused").glob("*.toml"))
PASSES = sorted((CORPUS / "passes").glob("*.toml"))


def test_corpus_is_there() -> None:
    assert len(REFUSED) > 250
    assert len(PASSES) >= 40


@pytest.mark.parametrize("path", REFUSED, ids=lambda path: path.stem)
def test_refused(path: Path) -> None:
    first_line, *_ = path.read_text("utf-8").split("\n")
    expected = re.fullmatch(r"# line (\d+|-) \| (.+) \| (.+)", first_line)
    assert expected is not None
    with pytest.raises(ConfigError) as caught:
        load(path)
    error = caught.value
    assert error.path == path
    assert (str(error.line or "-"), error.key or "-") == (expected[1], expected[2])
    assert expected[3] in f"{error.problem} ({error.hint})"
    # One line for a terminal: nothing in it that the terminal would obey, and no secret.
    assert str(error).isprintable()
    assert "CANARY" not in str(error)


@pytest.mark.parametrize("path", PASSES, ids=lambda path: path.stem)
def test_passes(path: Path) -> None:
    assert load(path).strategies
