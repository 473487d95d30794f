"""Looks for secrets in whatever a commit may hold: ``python -m tests.scanning``.

The finding is detect-secrets'. Its own hook asks git whether the baseline is staged, and fails
where there is no git, so its library is called instead. What the baseline forgives, it forgives by
file and value: lines may move.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from detect_secrets.core.secrets_collection import SecretsCollection
from detect_secrets.settings import configure_settings_from_baseline

from tests.test_house import repository

PRAGMA = "pragma: allowlist secret"
SESSION = re.compile(r"""p20t["']?\s*[=:]\s*["']?web\.\d{6,}\.\w{16,}""")
"""A session of the exchange: no scanner knows it, since its parts are joined by points."""

__all__ = ["BASELINE", "found_in"]

ROOT = Path(__file__).parent.parent
BASELINE = ROOT / ".secrets.baseline"
HASHES = (".lock", "package-lock.json", BASELINE.name)
"""Files that are full of hashes, and that nobody writes by hand."""


def found_in(root: Path, names: Iterable[str]) -> Sequence[str]:
    """Return what looks like a secret in these files, and is not in the baseline."""
    known = json.loads(BASELINE.read_text("utf-8"))
    configure_settings_from_baseline(known)
    forgiven = {
        (name, each["hashed_secret"], each["type"])
        for name, several in known["results"].items()
        for each in several
    }
    complaints = []
    for name in names:
        if name.endswith(HASHES):
            continue
        found = SecretsCollection(root=str(root))
        found.scan_file(name)
        complaints += [
            f"{name}:{secret.line_number}: {secret.type}"
            for _, secret in found
            if (name, secret.secret_hash, secret.type) not in forgiven
        ]
        lines = (root / name).read_text("utf-8", errors="replace").splitlines()
        complaints += [
            f"{name}:{number}: Session Cookie"
            for number, line in enumerate(lines, 1)
            if SESSION.search(line) and PRAGMA not in line
        ]
    return complaints


def main() -> int:
    """Print what was found and return the exit code that says so."""
    complaints = found_in(ROOT, sorted(repository()))
    for complaint in complaints:
        sys.stdout.write(
            f"{complaint}; take it out, or add `pragma: allowlist secret` to its line\n"
        )
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
