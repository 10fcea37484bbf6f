"""From a scenario file to its text and its TOML document: what cannot even be read is said in one located message."""

import re
import stat
import tomllib
from pathlib import Path
from typing import Any

from experiments.errors import InputError
from experiments.scenario.messages import excerpt, printable

MOST_BYTES = 4 << 20
DEEPEST = 20  # levels; a scenario needs seven
_PLACE = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")
_MOST_DIGITS = 4000
"""Python refuses to read longer whole numbers, without saying where they stand."""


def read_text(path: Path, kind: str = "scenario", least: str = "scenarios/minimal.toml") -> str:
    """The file's text. Raises InputError for what is no readable UTF-8 text file.

    `kind` is what it should hold, `least` a shipped file that shows how little it may be.
    """
    shown = printable(str(path))
    try:
        status = path.stat()
        if stat.S_ISDIR(status.st_mode):
            raise InputError([f"{shown}: is a folder, name the {kind} file in it"])
        if not stat.S_ISREG(status.st_mode):
            raise InputError([f"{shown}: is not a regular file, copy its content into one"])
        if status.st_size > MOST_BYTES:
            raise InputError([f"{shown}: is too large for a {kind} ({status.st_size} bytes), at most 4 MiB is read"])
        data = path.read_bytes()
    except FileNotFoundError:
        raise InputError([f"{shown}: there is no such file, check the name and the folder"]) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise InputError([f"{shown}: cannot be read ({reason}), check the name and the permissions"]) from None
    if not data.strip():
        raise InputError([f"{shown}:1:1: the file is empty, {least} shows the least a {kind} needs"])
    return _decoded(data, shown)


def _decoded(data: bytes, shown: str) -> str:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-8-sig", "replace")
        line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
        what = f"is not UTF-8 text (byte 0x{data[error.start]:02x}), save it as UTF-8"
        raise InputError([f"{shown}:{line}:{column}: {what}"]) from None
    return text.replace("\r\n", "\n")


def read_toml(text: str, shown: str) -> dict[str, Any]:
    """The document in a TOML text. Raises InputError at the first place where it is no TOML."""
    try:
        document = tomllib.loads(text)
        if _depth(document) <= DEEPEST:
            return document
        what, line, column = "is nested too deeply, flatten it", 1, 1
    except tomllib.TOMLDecodeError as error:
        what, line, column = _syntax(str(error), text)
    except RecursionError:
        what, line, column = "is nested too deeply, flatten it", 1, 1
    except ValueError:
        what, (line, column) = "has a number with too many digits, write a shorter one", _longest_number(text)
    lines = text.split("\n")
    shown_line = excerpt(lines[line - 1], column, 1) if line <= len(lines) else ""
    raise InputError([f"{shown}:{line}:{column}: is not valid TOML: {what}{shown_line}"])


def _depth(document: dict[str, Any]) -> int:
    """Levels of tables and arrays in the document."""
    level: list[Any] = [document]
    depth = 0
    while level:
        depth += 1
        inner = [list(item.values()) if isinstance(item, dict) else item for item in level]
        level = [part for item in inner for part in item if isinstance(part, dict | list)]
    return depth


def _syntax(message: str, text: str) -> tuple[str, int, int]:
    """What is wrong and where, from the parser's message."""
    place = _PLACE.search(message)
    what = message[: place.start()] if place else message
    what = re.sub(r"\('(.*?)',?\)", lambda names: "[" + names[1].replace("', '", ".") + "]", what)
    if place and place[1]:
        line, column = int(place[1]), int(place[2])
    else:
        line, column = text.count("\n") + 1, len(text) - text.rfind("\n")
    return f"{printable(what[:1].lower() + what[1:])}, correct the text here or just before", line, column


def _longest_number(text: str) -> tuple[int, int]:
    found = re.search(rf"[0-9_]{{{_MOST_DIGITS},}}", text)
    start = found.start() if found else 0
    return text.count("\n", 0, start) + 1, start - text.rfind("\n", 0, start)
