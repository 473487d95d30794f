"""What is remembered: the journal, its users, and the database of one venue.

:func:`open_journal` is the way in for the one who writes, :func:`read_journal` for all others. The
rest of the room serves them: ``schema`` has the tables, ``database`` the one connection that
writes, ``chain`` and ``mark`` make damage and loss visible and ``audit`` looks for both,
``intents`` lets the database refuse a second open intent, ``ownership`` keeps a second process
out, ``disks`` knows where a journal must not lie, ``outbox`` keeps what must be heard.
"""

from alphabot.store.dry_run import AccountLines
from alphabot.store.journal import SqliteJournal
from alphabot.store.reading import Entry, JournalReading, read_journal
from alphabot.store.users import User, Users
from alphabot.store.venue import (
    EMBEDDED,
    VenueIdentity,
    VenueMode,
    memory_journal,
    open_journal,
)

__all__ = [
    "EMBEDDED",
    "AccountLines",
    "Entry",
    "JournalReading",
    "SqliteJournal",
    "User",
    "Users",
    "VenueIdentity",
    "VenueMode",
    "memory_journal",
    "open_journal",
    "read_journal",
]
