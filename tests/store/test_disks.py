"""A journal does not lie on a disk that other machines write to, unless a person says so."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import apsw
import pytest

from alphabot.errors import JournalError
from alphabot.store import EMBEDDED, open_journal, read_journal
from alphabot.store.database import Database
from alphabot.store.disks import MOUNTS, network_disk
from tests.cli.processes import ENVIRONMENT
from tests.store.conftest import run_child
from tests.store.samples import USER, FixedClock

TABLE = """\
22 27 0:21 / /proc rw,relatime - proc proc rw
27 1 254:0 / / rw,relatime - ext4 /dev/vda rw,discard
40 27 0:40 / /srv rw,relatime shared:7 master:2 - nfs4 server:/export rw,vers=4.2,addr=10.0.0.7
41 40 254:0 /here /srv/here rw - ext4 /dev/vda rw
42 27 0:42 / /mnt/with\\040blank rw - cifs //server/share rw
43 27 0:43 / /mnt/ssh rw - fuse.sshfs me@server: rw
44 27 0:44 / /mnt/usb rw - fuseblk /dev/sdb1 rw
45 27 0:45 / /mnt/twice rw - nfs server:/a rw
46 27 0:46 / /mnt/twice rw - tmpfs none rw
"""


@pytest.mark.parametrize(
    ("folder", "kind"),
    [
        ("/var/lib/alphabot", None),
        ("/srv", "nfs4"),
        ("/srv/bot/.alphabot", "nfs4"),
        ("/srvx", None),
        ("/srv/here/.alphabot", None),
        ("/mnt/with blank/.alphabot", "cifs"),
        ("/mnt/with", None),
        ("/mnt/ssh/x", "fuse.sshfs"),
        ("/mnt/usb/x", None),
        ("/mnt/twice/x", None),
    ],
)
def test_the_nearest_mount_decides(folder: str, kind: str | None) -> None:
    assert network_disk(Path(folder), TABLE) == kind


@pytest.mark.parametrize("table", ["", "\n", "junk", "1 2 3 - nfs", "1 2 3 4 /\n"])
def test_a_table_that_cannot_be_read_says_nothing(table: str) -> None:
    assert network_disk(Path("/srv"), table) is None


@pytest.mark.skipif(not MOUNTS.exists(), reason="only Linux says what is mounted")
def test_this_machine_says_what_is_mounted(folder: Path) -> None:
    assert " - " in MOUNTS.read_text("utf-8")
    with open_journal(folder, EMBEDDED, fresh=False, clock=FixedClock()):
        pass


def elsewhere(folder: Path, program: str) -> subprocess.CompletedProcess[str]:
    """Run a program of ours where the kernel says that the folder is on another machine.

    Its table of mounts is covered by one of our own, in a view of the mounts that is its alone.
    """
    table = folder.parent / "mounts"
    table.write_text(f"1 0 0:1 / / rw - ext4 a rw\n2 1 0:2 / {folder.parent} rw - nfs4 b:/c rw\n")
    cover = f'mount --bind "{table}" /proc/$$/mountinfo && exec "$@"'
    command = [sys.executable, "-m", "tests.store.child", program, str(folder)]
    return subprocess.run(
        ["unshare", "--mount", "sh", "-c", cover, "sh", *command],
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        check=False,
    )


def may_cover() -> bool:
    """Return whether we may have a view of the mounts of our own."""
    command = ["unshare", "--mount", "mount", "--bind", "/", "/"]
    try:
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        return False


covers = pytest.mark.skipif(not may_cover(), reason="nothing may be mounted here")


@covers
def test_on_a_network_disk_nothing_starts_and_nothing_is_made(folder: Path) -> None:
    done = elsewhere(folder, "open_and_say")
    kind, sentence = done.stdout.splitlines()
    assert kind == "ConfigError"
    assert "network disk (nfs4)" in sentence
    assert "journal_on_network_disk = true" in sentence
    assert not folder.exists()


@covers
def test_who_accepts_it_gets_no_shared_log_and_keeps_every_record(folder: Path) -> None:
    # From a disk of this machine, where there was a log, and back again.
    run_child("write", folder, 2)
    assert elsewhere(folder, "open_far").stdout == "delete exclusive 3\n"
    with apsw.Connection(str(folder / "simulated.db")) as connection:
        assert connection.pragma("journal_mode") == "delete"
    connection.close()
    with open_journal(folder, EMBEDDED, fresh=False, clock=FixedClock()) as journal:
        assert journal.position == 3
        assert [path.name for path in folder.glob("*-wal")] == ["simulated.db-wal"]


def test_an_owner_without_a_shared_log_is_not_disturbed_by_who_looks(folder: Path) -> None:
    run_child("write", folder, 2)
    database = Database.open(str(folder / "simulated.db"), exclusive=True)
    database.prepare()
    database.take_ownership(0)
    with pytest.raises(JournalError, match="is being written"), read_journal(folder, EMBEDDED):
        pass
    assert database.take_ownership(0) == 3
    database.close()
    with read_journal(folder, EMBEDDED) as reading:
        assert reading.last.position == 2


def test_an_interrupted_write_is_undone_by_the_next_owner(folder: Path) -> None:
    run_child("write", folder, 2)
    run_child("die_in_a_far_write", folder)
    assert (folder / "simulated.db-journal").stat().st_size
    with open_journal(folder, EMBEDDED, fresh=False, clock=FixedClock()) as journal:
        assert journal.position == 2
        assert journal.users.all()[0].user_id == USER
