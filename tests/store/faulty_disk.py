"""A disk for SQLite that fails when a test says so, and can lose its power.

It stands between SQLite and the real file system. Every write, sync and truncation is counted;
from a chosen one on, all of them fail. When the power is lost, each file is put back to what it
was when it was last synced: what SQLite called durable must be there, the rest must not matter.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import apsw


class FaultyDisk:
    """Counts what is asked of the disk, fails from ``fail_at`` on, remembers what was synced."""

    def __init__(self) -> None:
        self.operations = 0
        self.fail_at: int | None = None
        self.only: str | None = None
        self.error: type[apsw.Error] = apsw.IOError
        self.synced: dict[Path, bytes] = {}
        self.deleted: set[Path] = set()

    def strike(self, kind: str) -> None:
        """Count an operation; raises ``error`` when its time has come."""
        self.operations += 1
        due = self.fail_at is not None and self.operations >= self.fail_at
        if due and self.only in (None, kind):
            raise self.error(f"the {kind} failed")

    def sync_folder(self) -> None:
        """Make deletions durable; until then a file that was deleted may be there again."""
        for path in self.deleted:
            self.synced.pop(path, None)
        self.deleted.clear()

    def lose_power(self) -> None:
        """Put every file back to what was last synced."""
        for path, contents in self.synced.items():
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(contents)


class _Vfs(apsw.VFS):
    def __init__(self, disk: FaultyDisk) -> None:
        self._disk = disk
        self._beneath = apsw.vfs_names()[0]
        super().__init__("faulty", self._beneath, makedefault=True)

    def xOpen(  # noqa: N802  # SQLite's name
        self, name: str | apsw.URIFilename | None, flags: list[int]
    ) -> apsw.VFSFile:
        return _File(self._beneath, name, flags, self._disk)

    def xDelete(self, filename: str, syncdir: bool) -> None:  # noqa: N802  # SQLite's name
        super().xDelete(filename, syncdir)
        self._disk.deleted.add(Path(filename))
        if syncdir:
            self._disk.sync_folder()


class _File(apsw.VFSFile):
    def __init__(
        self,
        beneath: str,
        name: str | apsw.URIFilename | None,
        flags: list[int],
        disk: FaultyDisk,
    ) -> None:
        self._disk = disk
        plain = name.filename() if isinstance(name, apsw.URIFilename) else name
        self._path = Path(plain) if plain else None
        super().__init__(beneath, name, flags)

    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802  # SQLite's name
        self._disk.strike("write")
        super().xWrite(data, offset)

    def xTruncate(self, newsize: int) -> None:  # noqa: N802  # SQLite's name
        self._disk.strike("truncate")
        super().xTruncate(newsize)

    def xSync(self, flags: int) -> None:  # noqa: N802  # SQLite's name
        self._disk.strike("sync")
        super().xSync(flags)
        if self._path is not None:
            if self._path not in self._disk.synced:
                self._disk.sync_folder()  # as SQLite does with the first sync of a new file
            self._disk.synced[self._path] = self._path.read_bytes()


@contextmanager
def faulty_disk() -> Iterator[FaultyDisk]:
    """Put the disk under every connection that is opened inside the block."""
    disk = FaultyDisk()
    vfs = _Vfs(disk)
    try:
        yield disk
    finally:
        vfs.unregister()
