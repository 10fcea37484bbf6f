"""Where finished runs are kept: one SQLite file, one commit a run, written by coordinators and never by workers.

Summaries stand in it as compressed text. Several coordinators may share a file: each row is written once. A file that
is no store, or one of another format, is refused before anything is done to it.
"""

import fcntl
import os
import sqlite3
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from experiments.errors import InputError

APPLICATION = 0x5354554E  # "STUN": what SQLite's header says the file is
FORMAT = 1
TABLE = "CREATE TABLE runs (key TEXT PRIMARY KEY, name TEXT NOT NULL, summary BLOB NOT NULL) STRICT"
PATIENCE_S = 60.0  # for another coordinator's commit, which takes milliseconds

NETWORKS = {"9p", "afs", "beegfs", "ceph", "cifs", "glusterfs", "gpfs", "lustre", "nfs", "nfs4", "smb3", "smbfs"}
"""File systems of several machines, and all of FUSE: SQLite's WAL needs memory that its users share."""


class StoreError(OSError):
    """The store cannot be read or written any more. What was kept before is safe; the message says how to go on."""


class Store:
    """Finished runs by key. What `put` returned from survives whatever happens to this process.

    A power cut may cost the last few hundred, not the file: SQLite's write-ahead log is not forced to disk each time.
    `first`: no other coordinator had it open already.
    """

    def __init__(self, connection: sqlite3.Connection, path: Path | None, first: bool = True) -> None:
        self.first = first
        self._connection = connection
        self._path = path

    def has(self, key: str) -> bool:
        """Whether a run is kept under `key`, perhaps by another coordinator."""
        with _explained(self._path):
            return self._connection.execute("SELECT 1 FROM runs WHERE key = ?", (key,)).fetchone() is not None

    def get(self, key: str) -> str | None:
        """The summary's text under `key`; None if it is not there."""
        with _explained(self._path):
            row = self._connection.execute("SELECT summary FROM runs WHERE key = ?", (key,)).fetchone()
            return None if row is None else zlib.decompress(row[0]).decode()

    def put(self, key: str, name: str, packed: bytes) -> None:
        """The summary, compressed by zlib, is kept; one that was there already stays."""
        with _explained(self._path):
            self._connection.execute("INSERT OR IGNORE INTO runs VALUES (?, ?, ?)", (key, name, packed))


@contextmanager
def opened(path: Path | None) -> Iterator[Store]:
    """The store in this file, made if need be; None: in a temporary file that goes with the block.

    Raises InputError when the file is no store that this version reads, or cannot be opened.
    """
    connection = _connected(path)
    try:
        with _first(path) as first:
            yield Store(connection, path, first)
    finally:
        connection.close()


@contextmanager
def _first(path: Path | None) -> Iterator[bool]:
    """Whether this coordinator came first, by a lock on a file beside the store; True where there can be none."""
    beside = path and path.with_name(f"{path.name}-first")
    try:
        descriptor = os.open(beside, os.O_RDWR | os.O_CREAT) if beside else -1
    except OSError:
        descriptor = -1
    if beside is None or descriptor < 0:
        yield True
        return
    first = _locked(descriptor)
    try:
        yield first
    finally:
        if first:
            beside.unlink(missing_ok=True)
        os.close(descriptor)


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _connected(path: Path | None) -> sqlite3.Connection:
    try:
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect("" if path is None else path, timeout=PATIENCE_S, isolation_level=None)
    except (OSError, sqlite3.OperationalError) as error:
        raise InputError([f"--store: {path} cannot be opened ({error}); name a file that you may write"]) from None
    try:
        _check(connection, path)
        if path is not None:
            _choose_journal(connection, path)
        _make(connection, path)
    except BaseException as error:
        connection.close()
        if isinstance(error, sqlite3.Error):
            raise _refused(error, path) from None
        raise
    return connection


def _refused(error: sqlite3.Error, path: Path | None) -> Exception:
    code = _code(error)
    if code == sqlite3.SQLITE_NOTADB:
        return InputError([_no_store(path)])
    if code in (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM):
        return InputError([f"--store: {path} cannot be opened for writing ({error}); name a file that you may write"])
    return StoreError(_message(error, path))


def _no_store(path: Path | None) -> str:
    return f"--store: {path} is no store of finished runs; name another file, which is made if it is not there"


def _check(connection: sqlite3.Connection, path: Path | None) -> bool:
    """Whether there is a store already. Raises InputError when there is something else."""
    application = connection.execute("PRAGMA application_id").fetchone()[0]
    form = connection.execute("PRAGMA user_version").fetchone()[0]
    tables = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]
    if (application, form, tables) == (0, 0, 0):
        return False
    if application != APPLICATION:
        raise InputError([_no_store(path)])
    if form != FORMAT:
        raise InputError(
            [f"--store: {path} has format {form} and this version of stunlab keeps format {FORMAT}; name another "
             "file, or move this one away: its runs are done again"]
        )  # fmt: skip
    return True


def _make(connection: sqlite3.Connection, path: Path | None) -> None:
    """The file is a store, whoever of several coordinators has made it one."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        if not _check(connection, path):
            connection.execute(TABLE)
            connection.execute(f"PRAGMA application_id = {APPLICATION}")
            connection.execute(f"PRAGMA user_version = {FORMAT}")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _choose_journal(connection: sqlite3.Connection, path: Path) -> None:
    """Write-ahead where its shared memory can be; else SQLite's rollback journal, which needs file locks only."""
    if _on_network(path):
        return  # the file's own way, which is the rollback journal unless it was made elsewhere
    end = time.monotonic() + PATIENCE_S
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = NORMAL")  # a twelfth of the time
            return
        except sqlite3.OperationalError as error:
            if _code(error) not in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
                connection.execute("PRAGMA journal_mode = DELETE")
                return
            if time.monotonic() > end:
                raise
            time.sleep(0.02)  # SQLite itself does not wait here


def _on_network(path: Path, mounts: Path = Path("/proc/self/mounts")) -> bool:
    """Whether several machines may share the file system that holds the file, as far as the system tells."""
    try:
        lines = mounts.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return False
    parents = {str(parent) for parent in path.absolute().resolve().parents}
    entries = [line.split(" ")[1:3] for line in lines]
    kinds = [(len(place), number, kind) for number, (place, kind) in enumerate(entries)
             if place.replace("\\040", " ") in parents]  # fmt: skip
    kind = max(kinds, default=(0, 0, ""))[2]
    return kind in NETWORKS or kind.startswith("fuse")


@contextmanager
def _explained(path: Path | None) -> Iterator[None]:
    try:
        yield
    except (sqlite3.Error, zlib.error) as error:
        raise StoreError(_message(error, path)) from error


def _code(error: Exception) -> int:
    """SQLite's primary result code."""
    return int(getattr(error, "sqlite_errorcode", 0)) & 0xFF


def _message(error: Exception, path: Path | None) -> str:
    code, place = _code(error), path or "the temporary store"
    if code in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR):
        return f"{place}: a finished run could not be written ({error}): free some of its disk"
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return f"{place}: another process has kept it locked for {PATIENCE_S:.0f} s ({error}): end that process"
    if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB) or isinstance(error, zlib.error):
        return f"{place} is damaged ({error}): move it away, its runs are done again"
    return f"{place}: {error}"
