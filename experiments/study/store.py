"""Where finished runs are kept: one SQLite file, written by one process, the coordinator, one commit a run."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

TABLE = "CREATE TABLE IF NOT EXISTS runs (key TEXT PRIMARY KEY, name TEXT NOT NULL, summary TEXT NOT NULL) STRICT"


class Store:
    """Finished runs by key. What `put` returned from survives whatever happens to this process."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def get(self, key: str) -> str | None:
        """The summary's text under `key`; None if it is not there."""
        row = self._connection.execute("SELECT summary FROM runs WHERE key = ?", (key,)).fetchone()
        return None if row is None else str(row[0])

    def put(self, key: str, name: str, summary: str) -> None:
        """The summary is kept; one that was there already stays."""
        with self._connection:
            self._connection.execute("INSERT OR IGNORE INTO runs VALUES (?, ?, ?)", (key, name, summary))


@contextmanager
def opened(path: Path | None) -> Iterator[Store]:
    """The store in this file, made if need be; None: in memory, for this process only."""
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(":memory:" if path is None else path)
    try:
        if path is not None:
            connection.execute("PRAGMA journal_mode = WAL")
        with connection:
            connection.execute(TABLE)
        yield Store(connection)
    finally:
        connection.close()
