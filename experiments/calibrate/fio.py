"""Reads the JSON that fio 3.x writes (json and json+): a file may hold one job or several, one after the other.

Jobs of one group ran side by side and become one row. Times are fio's total latency (`lat_ns`); percentiles are those
of completion (`clat_ns`, or the bins of json+), moved by the mean time that submission took. Left out: logs, client
mode.
"""

import json
import re
from pathlib import Path
from typing import Any, NamedTuple

from experiments.calibrate.measured import Quantiles, Row, Side
from experiments.errors import InputError

PPM = 1_000_000
MOST_FILE_BYTES = 256 << 20
SHARES = (1, 5, 10, 20, 30, 40, 50, 60, 70, 80, 90, 95, 99, 99.5, 99.9, 99.95, 99.99)
"""Percentages at which bins are read out: fio's own list."""
ONE_AT_A_TIME = ("sync", "psync", "vsync", "pvsync", "pvsync2", "mmap")
"""Engines that wait for each I/O, whatever iodepth says."""
SLOWED = ("rate", "rate_iops", "rate_min", "thinktime", "flow")
UNITS = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30}


class _Side(NamedTuple):
    """One direction of one job, before jobs of a group are put together."""

    iops: float
    mean_ns: float
    shift_ns: float  # submission, on average
    quantiles: Quantiles  # of completion
    bins: dict[int, int]  # of completion, ns: count; json+ only
    least_ns: float
    most_ns: float


class _Job(NamedTuple):
    where: str
    depth: int
    sizes: tuple[int, int]  # of reads and writes
    sides: tuple[_Side | None, _Side | None]
    sequential: bool
    remarks: tuple[str, ...]


def read_rows(paths: list[Path]) -> list[Row]:
    """All rows of these files. Raises InputError with everything that is wrong with any of them."""
    mistakes: list[str] = []
    rows = [row for path in paths for row in _file(path, mistakes)]
    if mistakes:
        raise InputError(mistakes)
    return rows


def _file(path: Path, mistakes: list[str]) -> list[Row]:
    try:
        if path.stat().st_size > MOST_FILE_BYTES:
            mistakes.append(f"{path}: is larger than any fio result (256 MiB), name the JSON that fio wrote")
            return []
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        mistakes.append(f"{path}: is no text, name the JSON that fio wrote with --output-format=json")
        return []
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        mistakes.append(f"{path}: cannot be read ({reason}), check the name and the permissions")
        return []
    begin = re.search(r"^\s*\{", text, re.MULTILINE)  # warnings may stand before it
    try:
        document = json.loads(text[begin.start() :] if begin else text)
    except (json.JSONDecodeError, RecursionError) as error:
        where = getattr(error, "pos", 0) + (begin.start() if begin else 0)
        line = text.count("\n", 0, where) + 1
        mistakes.append(f"{path}:{line}: is no JSON ({getattr(error, 'msg', 'nested too deeply')}), is it cut short? "
                        "fio writes it with --output-format=json")  # fmt: skip
        return []
    return rows_of(document, str(path), mistakes)


def rows_of(document: Any, name: str, mistakes: list[str]) -> list[Row]:
    """The rows of one result; what is wrong with it goes to `mistakes`, and then the rows are not complete."""
    if not isinstance(document, dict) or not isinstance(document.get("jobs"), list) or not document["jobs"]:
        hint = (
            ", in client mode name one machine's result"
            if isinstance(document, dict) and "client_stats" in document
            else ""
        )
        mistakes.append(f'{name}: is no result of fio, it has no "jobs"{hint or ", name the JSON that fio wrote"}')
        return []
    version = str(document.get("fio version", "missing"))[:40]
    if not version.startswith("fio-3"):
        mistakes.append(
            f'{name}: "fio version" is {version}, fio-3.x is read (2.x counts in microseconds), measure again'
        )
        return []
    shared = document.get("global options")
    groups: dict[object, list[_Job]] = {}
    for number, one in enumerate(document["jobs"]):
        where = f"{name}: jobs[{number}]"
        if not isinstance(one, dict):
            mistakes.append(f"{where}: is no job, restore the file")
            continue
        options = {**(shared if isinstance(shared, dict) else {}), **_table(one.get("job options"))}
        job = _job(
            one,
            {str(k): str(v) for k, v in options.items()},
            f"{where} ({str(one.get('jobname', '?'))[:40]})",
            mistakes,
        )
        if job is not None:
            groups.setdefault(str(one.get("groupid", number)), []).append(job)
    return [row for jobs in groups.values() if (row := _together(jobs, mistakes)) is not None]


def _table(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _job(one: dict[str, Any], options: dict[str, str], where: str, mistakes: list[str]) -> _Job | None:
    before = len(mistakes)
    if not options:
        mistakes.append(f'{where}: has no "job options" (iodepth, bs), fio 3.x writes them: restore the file')
    if one.get("error"):
        mistakes.append(f"{where}: ended with error {one['error']}, leave it out or measure again")
    sizes = _sizes(options, where, mistakes)
    depth, jobs = (_whole(options, key, where, mistakes) for key in ("iodepth", "numjobs"))
    if options.get("ioengine", "psync") in ONE_AT_A_TIME:
        depth = 1
    merged = options.get("group_reporting", "0") != "0"
    sides = tuple(_side(_table(one.get(name)), f"{where}: {name}", mistakes) for name in ("read", "write"))
    if not any(sides) and len(mistakes) == before:
        mistakes.append(f"{where}: has neither reads nor writes, leave it out")
    if len(mistakes) > before:
        return None
    remarks = tuple(f"the job sets {key} = {options[key]}" for key in SLOWED if key in options)
    rw = options.get("rw", options.get("readwrite", "read"))
    return _Job(where, depth * (jobs if merged else 1), sizes, (sides[0], sides[1]), "rand" not in rw, remarks)


def _whole(options: dict[str, str], key: str, where: str, mistakes: list[str]) -> int:
    text = options.get(key, "1")
    if re.fullmatch(r"[1-9][0-9]{0,5}", text) is None:
        mistakes.append(f'{where}: {key} is no number of 1 or more ("{text[:40]}"), restore the file')
        return 1
    return int(text)


def _sizes(options: dict[str, str], where: str, mistakes: list[str]) -> tuple[int, int]:
    """Bytes of a read and of a write."""
    several = [key for key in ("bssplit", "bsrange", "blocksize_range") if key in options]
    if several:
        mistakes.append(f"{where}: mixes block sizes ({several[0]}), measure one size after the other (bs)")
        return 0, 0
    texts = options.get("bs", options.get("blocksize", "4k")).split(",")
    sizes = []
    for text in texts:
        found = re.fullmatch(r"([0-9]{1,9})([kmg]?)i?b?", text.strip().lower())
        size = int(found[1]) * UNITS[found[2]] if found else 0
        if not 0 < size <= 64 << 20:
            mistakes.append(f'{where}: bs is no block size up to 64 MiB ("{text[:40]}"), restore the file')
            size = 0
        sizes.append(size)
    return sizes[0], sizes[min(1, len(sizes) - 1)]


def _side(table: dict[str, Any], where: str, mistakes: list[str]) -> _Side | None:
    iops = _number(table.get("iops"))
    if iops is None:
        mistakes.append(f"{where}.iops: is missing or no number, restore the file")
    if not iops:
        return None
    total, completion = _table(table.get("lat_ns")), _table(table.get("clat_ns"))
    done, whole = _number(completion.get("mean")), _number(total.get("mean"))
    if not done:
        old = ' ("clat" without _ns is of fio 2.x)' if "clat" in table else ""
        mistakes.append(f"{where}.clat_ns.mean: is missing{old}, measure without disable_clat")
        return None
    if not whole:
        whole = done + (_number(_table(table.get("slat_ns")).get("mean")) or 0.0)
    bins = {int(k): int(v) for k, v in _table(completion.get("bins")).items() if str(k).isdigit() and str(v).isdigit()}
    quantiles = _percentiles(_table(completion.get("percentile")))
    if not bins and not quantiles:
        mistakes.append(f"{where}.clat_ns.percentile: is missing, measure with clat_percentiles=1 (fio's default)")
    ends = (_number(completion.get(key)) for key in ("min", "max"))
    least, most = (end if end is not None else done for end in ends)
    return _Side(iops, whole, max(0.0, whole - done), quantiles, bins, least, most)


def _number(value: object) -> float | None:
    """A finite number of 0 or more."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1e18:
        return None
    return float(value)


def _percentiles(table: dict[str, Any]) -> Quantiles:
    """fio fills its list up with zeros."""
    found: dict[int, float] = {}
    for key, value in table.items():
        share, ns = re.fullmatch(r"[0-9]{1,3}(\.[0-9]+)?", str(key)), _number(value)
        if share and ns and 0 < float(key) < 100:
            found[round(float(key) * 10_000)] = ns
    return tuple(sorted(found.items()))


def quantiles_of(bins: dict[int, int]) -> Quantiles:
    """The quantiles of a histogram at fio's own percentages."""
    total, seen = sum(bins.values()), 0
    wanted = [round(share * 10_000) for share in SHARES]
    found: list[tuple[int, float]] = []
    for value in sorted(bins):
        seen += bins[value]
        while len(found) < len(wanted) and seen * PPM >= wanted[len(found)] * total:
            found.append((wanted[len(found)], float(value)))
    return tuple(found)


def _together(jobs: list[_Job], mistakes: list[str]) -> Row | None:
    """One row of the jobs that ran side by side."""
    first = jobs[0]
    if any(job.sizes != first.sizes for job in jobs):
        mistakes.append(
            f"{first.where}: ran beside jobs of other block sizes (one groupid), separate them by stonewall"
        )
        return None
    sides = [_sum([job.sides[n] for job in jobs], first.sizes[n]) for n in (0, 1)]
    remarks = tuple(dict.fromkeys(remark for job in jobs for remark in job.remarks))
    return Row(
        first.where, sum(job.depth for job in jobs), sides[0], sides[1], any(job.sequential for job in jobs), remarks
    )


def _sum(found: list[_Side | None], size: int) -> Side | None:
    """Rates add up, means are weighted, histograms are added; percentiles of several jobs cannot be."""
    sides = [side for side in found if side is not None]
    if not sides:
        return None
    iops = sum(side.iops for side in sides)
    mean, shift = (sum(side.iops * ns for side, ns in zip(sides, values, strict=True)) / iops
                   for values in ([s.mean_ns for s in sides], [s.shift_ns for s in sides]))  # fmt: skip
    bins: dict[int, int] = {}
    for side in sides:
        for ns, count in side.bins.items():
            bins[ns] = bins.get(ns, 0) + count
    whole = all(side.bins for side in sides)
    quantiles = quantiles_of(bins) if whole else sides[0].quantiles if len(sides) == 1 else ()
    moved = tuple((ppm, ns + shift) for ppm, ns in quantiles)
    least, most = min(side.least_ns for side in sides) + shift, max(side.most_ns for side in sides) + shift
    return Side(iops, mean, size, moved, least, most)
