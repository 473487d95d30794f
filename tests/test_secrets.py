"""The scan for secrets bites: what one might paste by mistake is found, and nothing else new is.

``just secrets`` runs the same program with the same baseline over everything a commit may hold.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.scanning import BASELINE, found_in

ROOT = Path(__file__).parent.parent

# In pieces, so that this file holds none itself.
TAIL = "Zk3Qw9" + "Xr7Lm2" + "Tp8Vb5" + "Nc4Hd1" + "Js6Gf0" + "Yy"
CANARIES = {
    "telegram": 'token = "' + "1234567890:" + "AAE" + TAIL[:32] + '"',
    "slack": "xoxb-" + "123456789012-" + "1234567890123-" + TAIL[:24],
    "key": "-----BEGIN " + "PRIVATE KEY-----",
    "key_file": 'key = "' + "kJ8s-Vq2_" + TAIL + "Aq=" + '"',
    "cookie": 'p20t = "web.' + "123456789." + TAIL + '"',
    "csrf": 'csrftoken = "' + "0f3a9c" + "71e5b8" + "d2460a" + "9f1c7e" + "83b5d6" + "42" + '"',
    "password": 'password = "' + "hunter" + "2-and-more" + '"',
}


def scanned(folder: Path, text: str) -> Sequence[str]:
    """Return what is found in one new file."""
    (folder / "new.py").write_text(text + "\n")
    return found_in(folder, ["new.py"])


@pytest.mark.parametrize("kind", CANARIES)
def test_a_canary_is_found(tmp_path: Path, kind: str) -> None:
    assert scanned(tmp_path, CANARIES[kind])


def test_what_is_no_secret_passes(tmp_path: Path) -> None:
    assert scanned(tmp_path, 'symbol = "KOGE"  # no secret') == []


def test_what_the_baseline_forgives_was_looked_at_and_is_still_there() -> None:
    results = json.loads(BASELINE.read_text())["results"]
    for path, found in results.items():
        lines = (ROOT / path).read_text("utf-8").splitlines()
        for each in found:
            assert each["is_secret"] is False, path
            assert each["line_number"] <= len(lines), path
