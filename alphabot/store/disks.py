"""Where a journal may lie: not on a disk that other machines write to.

The write-ahead log needs memory that all its users share, and locks that hold for everyone. Over
NFS, SMB and their like there is no such memory, and a lock may be one machine's alone.
"""

from __future__ import annotations

import re
from pathlib import Path

__all__ = ["MOUNTS", "network_disk"]

MOUNTS = Path("/proc/self/mountinfo")
"""Where Linux tells what is mounted; elsewhere nothing is known, and nothing refused."""

_NETWORK_TYPES = {
    *("nfs", "nfs4", "cifs", "smb2", "smb3", "smbfs", "afs", "coda", "ncpfs", "9p", "davfs"),
    *("ceph", "glusterfs", "lustre", "beegfs", "gpfs", "gfs2", "ocfs2", "orangefs"),
    *("vboxsf", "vmhgfs", "prl_fs", "fuse.vmhgfs-fuse"),  # a virtual machine's host
    *("fuse.sshfs", "fuse.glusterfs", "fuse.ceph", "fuse.davfs", "fuse.smbnetfs", "fuse.juicefs"),
    *("fuse.s3fs", "fuse.rclone", "fuse.goofys", "fuse.gcsfuse", "fuse.blobfuse", "fuse.mfs"),
}


def network_disk(folder: Path, mounts: str) -> str | None:
    """Return the type of the network disk a folder is on, by the text of mountinfo, or None.

    ``folder`` is absolute and without links. Of several mounts on one place the last is seen.
    """
    longest, found = -1, ""
    for line in mounts.splitlines():
        before, _, after = line.partition(" - ")
        fields = before.split(" ")
        if len(fields) < 5 or not after:
            continue
        point = Path(_unescaped(fields[4]))
        if folder.is_relative_to(point) and len(point.parts) >= longest:
            longest, found = len(point.parts), after.split(" ")[0]
    return found if found in _NETWORK_TYPES else None


def _unescaped(text: str) -> str:
    """Return a path in which blanks stand as three octal digits."""
    return re.sub(r"\\([0-7]{3})", lambda code: chr(int(code[1], 8)), text)
