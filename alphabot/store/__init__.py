"""What is remembered: the journal, its users, and the database of one venue.

:func:`open_journal` is the way in. The rest of the room serves it: ``schema`` has the tables,
``database`` the one connection, ``chain`` and ``mark`` make damage and loss visible, ``intents``
lets the database refuse a second open intent, ``ownership`` keeps a second process out.
"""

from alphabot.store.journal import SqliteJournal
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
    "SqliteJournal",
    "User",
    "Users",
    "VenueIdentity",
    "VenueMode",
    "memory_journal",
    "open_journal",
]
