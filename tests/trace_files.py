"""Small trace files for tests: bytes of each format from a list of records. The layouts are written out a second time
here, from the format's description, so that the readers are not tested against themselves."""

import struct
from typing import NamedTuple

READ, WRITE, FLUSH = 0x28, 0x2A, 0x35


class Record(NamedTuple):
    """One I/O: microseconds, SCSI opcode, sector, bytes."""

    us: int
    cmd: int
    lbn: int
    size: int


RECORDS = (
    Record(5_000_000_000, READ, 2048, 4096),
    Record(5_000_000_010, WRITE, 4096, 65536),
    Record(5_000_000_010, WRITE, 63, 512),
    Record(5_000_900_000, READ, 1 << 30, 8192),
)


def vscsi1(records: tuple[Record, ...] = RECORDS) -> bytes:
    """Version 1: serial, length, segments (u32), opcode, version (u16), sector, time (u64)."""
    return b"".join(struct.pack("<IIIHHQQ", 0x80000000, r.size, 1, r.cmd, 0x0100, r.lbn, r.us) for r in records)


def vscsi2(records: tuple[Record, ...] = RECORDS) -> bytes:
    """Version 2: opcode, version (u16), serial, length, segments (u32), sector, time, response time (u64)."""
    return b"".join(struct.pack("<HHIIIQQQ", r.cmd, 0x0200, 0x80000000, r.size, 1, r.lbn, r.us, 77) for r in records)


def word(cmd: int) -> str:
    """The opcode as text traces have it."""
    return {READ: "read", WRITE: "write"}.get(cmd, "flush")


def vscsistats(records: tuple[Record, ...] = RECORDS) -> bytes:
    """What `vscsiStats -e` prints."""
    head = "#Vscsi Cmd Trace. (Trace Format Version 1)\n"
    head += "#Serial Number,IO Data Length,Num SG Entries,Command Type,LBN,Time Stamp (microseconds)\n"
    return (head + "".join(f"2147483892,{r.size},1,{word(r.cmd)},{r.lbn},{r.us}\n" for r in records)).encode()


def msr(records: tuple[Record, ...] = RECORDS) -> bytes:
    """MSR Cambridge: 100 ns ticks, host, disk, type, byte offset, bytes, response ticks."""
    return "".join(
        f"{r.us * 10},hm,0,{word(r.cmd).capitalize()},{r.lbn * 512},{r.size},2833\n" for r in records
    ).encode()


def csv(records: tuple[Record, ...] = RECORDS) -> bytes:
    """CSV with a header."""
    lines = [f"{r.us},{word(r.cmd)},{r.lbn * 512},{r.size}\n" for r in records]
    return ("time_us,op,offset_bytes,size_bytes\n" + "".join(lines)).encode()


FORMATS = {"vscsi1": vscsi1, "vscsi2": vscsi2, "vscsistats": vscsistats, "msr": msr, "csv": csv}
