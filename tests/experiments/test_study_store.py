"""The store: what it takes for one, what it keeps, and what it says when it cannot."""

import os
import sqlite3
import subprocess
import sys
import zlib
from pathlib import Path

import pytest

from experiments.errors import InputError
from experiments.study import store as module
from experiments.study.store import FORMAT, Store, StoreError, opened

ROOT = Path(__file__).parents[2]

WRITER = """
import sys, zlib
from pathlib import Path
from experiments.study import store
store._on_network = lambda path: sys.argv[4] == "network"
with opened_(Path(sys.argv[1])) as kept:
    for number in range(int(sys.argv[2])):
        key = f"{sys.argv[3]}{number}"
        kept.put(key, "name", zlib.compress(key.encode() * 2000, 0))
        kept.put("same", "name", zlib.compress(b"same"))
        print(key, flush=True)
""".replace("opened_", "store.opened")


def writer(path: Path, count: int, prefix: str, place: str = "local") -> subprocess.Popen[str]:
    command = [sys.executable, "-c", WRITER, str(path), str(count), prefix, place]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)


def keys(path: Path) -> list[str]:
    with sqlite3.connect(path) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        return [key for (key,) in connection.execute("SELECT key FROM runs")]


def journal(path: Path) -> str:
    with sqlite3.connect(path) as connection:
        return str(connection.execute("PRAGMA journal_mode").fetchone()[0])


def test_what_is_put_is_there_and_the_first_stays(tmp_path: Path) -> None:
    path = tmp_path / "new folder" / "runs.sqlite"
    with opened(path) as store:
        store.put("a", "p/vadp/0", zlib.compress("tëxt".encode()))
        store.put("a", "p/vadp/0", zlib.compress(b"other"))
        assert (store.has("a"), store.has("b"), store.get("b")) == (True, False, None)
    with opened(path) as store:
        assert store.get("a") == "tëxt"
    assert journal(path) == "wal"


def test_without_a_file_nothing_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with opened(None) as store:
        store.put("a", "n", zlib.compress(b"text"))
        assert store.get("a") == "text"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("place", ["local", "network"])
def test_a_kill_in_mid_write_loses_nothing_that_was_kept(tmp_path: Path, place: str) -> None:
    path = tmp_path / "runs.sqlite"
    reported: list[str] = []
    for round_ in range(2):
        process = writer(path, 10**9, f"{round_}-", place)
        assert process.stdout is not None
        reported += [process.stdout.readline().strip() for _ in range(37)]
        process.kill()
        reported += process.communicate()[0].split()[:-1]  # the last line may be torn
    found = keys(path)
    assert set(reported) <= set(found)
    assert len(found) <= len(reported) + 5
    with opened(path) as store:
        assert store.get(reported[-1]) == reported[-1] * 2000


@pytest.mark.parametrize(("place", "mode"), [("local", "wal"), ("network", "delete")])
def test_two_writers_lose_nothing_and_write_nothing_twice(tmp_path: Path, place: str, mode: str) -> None:
    path = tmp_path / "runs.sqlite"
    processes = [writer(path, 60, prefix, place) for prefix in ("a", "b")]
    assert [len(process.communicate()[0].split()) for process in processes] == [60, 60]
    assert [process.returncode for process in processes] == [0, 0]
    assert sorted(keys(path)) == sorted(["same", *(f"{prefix}{number}" for prefix in "ab" for number in range(60))])
    assert journal(path) == mode


def test_a_full_disk_is_said_and_keeps_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "runs.sqlite"
    with opened(path) as store:
        store.put("first", "n", zlib.compress(b"text"))
        store._connection.execute("PRAGMA max_page_count = 10")
        with pytest.raises(
            StoreError, match=r"runs\.sqlite: a finished run could not be written .*: free some"
        ) as full:
            store.put("second", "n", os.urandom(100_000))
        assert isinstance(full.value, OSError), "the command line ends with 1"
        assert (store.get("first"), store.has("second")) == ("text", False)
    assert keys(path) == ["first"]


def refused(path: Path) -> str:
    with pytest.raises(InputError) as error, opened(path):
        pass
    assert len(error.value.messages) == 1
    return error.value.messages[0]


def test_a_file_that_is_no_store_is_refused_and_stays_as_it_was(tmp_path: Path) -> None:
    notes, foreign = tmp_path / "notes.txt", tmp_path / "browser.sqlite"
    notes.write_text("These are notes, and long enough to be a file of some sort." * 20)
    with sqlite3.connect(foreign) as connection:
        connection.execute("CREATE TABLE runs (key TEXT)")
    connection.close()
    for path in (notes, foreign):
        before = path.read_bytes()
        assert refused(path) == (
            f"--store: {path} is no store of finished runs; name another file, which is made if it is not there"
        )
        assert path.read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["browser.sqlite", "notes.txt"]


def test_a_store_of_another_format_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "runs.sqlite"
    with opened(path):
        pass
    with sqlite3.connect(path) as connection:
        connection.execute(f"PRAGMA user_version = {FORMAT + 1}")
    connection.close()
    said = refused(path)
    assert (
        f"{path} has format {FORMAT + 1} and this version of stunlab keeps format {FORMAT}; name another file" in said
    )


def test_a_folder_and_a_place_below_a_file_are_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for path in (tmp_path, tmp_path / "file" / "runs.sqlite"):
        assert f"--store: {path} cannot be opened" in refused(path)


def test_damage_is_said(tmp_path: Path) -> None:
    path = tmp_path / "runs.sqlite"
    with opened(path) as store:
        store.put("a", "n", zlib.compress(b"text")[:-1])
        with pytest.raises(StoreError, match=r"damaged.*move it away, its runs are done again"):
            store.get("a")
        for number in range(50):
            store.put(str(number), "n", os.urandom(5000))
    content = path.read_bytes()
    path.write_bytes(content[:8192] + b"\xff" * (len(content) - 8192))
    with opened(path) as store, pytest.raises(StoreError, match="damaged"):
        [store.get(str(number)) for number in range(50)]


def test_a_locked_store_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "runs.sqlite"
    monkeypatch.setattr(module, "PATIENCE_S", 0.1)
    with opened(path) as store, opened(path) as other:
        assert isinstance(other, Store)
        other._connection.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError, match="another process has kept it locked"):
            store.put("a", "n", b"")
        other._connection.execute("ROLLBACK")
        store.put("a", "n", b"")


@pytest.mark.parametrize(
    ("mounts", "shared"),
    [
        ("server:/x {0} nfs4 rw 0 0\n", True),
        ("dev / ext4 rw 0 0\nserver:/x {0} fuse.sshfs rw 0 0\n", True),
        ("server:/x / nfs rw 0 0\ndev {0} ext4 rw 0 0\n", False),
        ("server:/x {0}x nfs rw 0 0\ndev / ext4 rw 0 0\n", False),
        ("tmpfs {0} tmpfs rw 0 0\nserver:/x {0} cifs rw 0 0\n", True),  # the later one hides the earlier
        ("", False),
    ],
)
def test_a_network_share_is_known_by_its_mount(tmp_path: Path, mounts: str, shared: bool) -> None:
    listed = tmp_path / "mounts"
    listed.write_text(mounts.format(tmp_path.resolve()))
    assert module._on_network(tmp_path / "deep" / "runs.sqlite", listed) == shared
