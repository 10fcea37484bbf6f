"""Makes standard output and standard error usable wherever the command runs.

A closed stream (`>&-`) becomes one that takes everything, and a character that the terminal's encoding lacks becomes
its nearest ASCII text instead of an error. Leaves out: JSON, which is written in ASCII anyway.
"""

import codecs
import io
import os
import sys

NEAREST = {"±": "+-", "●": "*", "×": "x", "µ": "u", "–": "-", "\u00a0": " "}


def prepare() -> None:
    """Both streams are open, and writing any text to them is possible."""
    codecs.register_error("stunlab.nearest", _nearest)
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(os.open(os.devnull, os.O_WRONLY), "w", encoding="utf-8"))
        stream = getattr(sys, name)
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="stunlab.nearest")


def _nearest(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    text = error.object[error.start : error.end]
    return "".join(NEAREST.get(c) or c.encode("ascii", "backslashreplace").decode() for c in text), error.end
