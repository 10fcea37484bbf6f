"""Rows of `models.result` about snapshots besides stuns: guests brought to rest, questions of VMs without space."""

from typing import NamedTuple


class QuiesceRow(NamedTuple):
    """One guest brought to rest for a snapshot. It runs meanwhile: this is no stun. Times not reached are -1."""

    vm: str
    job: str
    start_ns: int
    freeze_ns: int  # from here its writes are held
    flushed_ns: int  # what its caches owed is on its disks
    thaw_ns: int  # its writes go on
    dirty_bytes: int  # flushed, or to be
    held: int  # writes held, all of them let go at the thaw
    outcome: str  # "ok" | "failed: ..."


class QuestionRow(NamedTuple):
    """A VM's question, because a delta cannot grow. The guest's clock runs meanwhile: this is no stun."""

    vm: str
    datastores: str  # where it is short, joined by blanks
    start_ns: int
    answer_ns: int  # -1: not in this run
    freed_bytes: int  # by then, on each of them
    answer: str  # "retry" | "cancel" | "none yet"
