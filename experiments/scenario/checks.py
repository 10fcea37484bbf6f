"""What one table cannot know: numbers of different tables that contradict each other.

`check` runs these and `experiments.scenario.references` over a file that may have been repaired; a finding that rests
on a repaired place is dropped, because the first mistake would only be told twice.
"""

from collections.abc import Iterator
from typing import Any

from experiments.scenario.backups import check_backups
from experiments.scenario.convert import Names, disks_of, workload_names
from experiments.scenario.filtering import check_filtering
from experiments.scenario.guests import AddressesTable, DiskTable, VmTable, WorkloadTable
from experiments.scenario.locate import Path
from experiments.scenario.messages import Mistake, standing
from experiments.scenario.references import check_references, known_names
from experiments.scenario.schema import ScenarioFile
from experiments.scenario.sharing import check_sharing
from experiments.scenario.windows import check_windows
from sim.units import human_bytes, human_time

SECTOR = 512
BELONGS = {
    "rate": ("open",), "two_state": ("open",), "burst": ("open",), "outstanding": ("closed",), "think": ("closed",),
    "think_distribution": ("closed",), "trace": ("trace",), "read": ("open", "closed"), "size": ("open", "closed"),
    "sizes": ("open", "closed"), "addresses": ("open", "closed"), "read_addresses": ("open", "closed"),
    "write_addresses": ("open", "closed"),
    "profile": ("open", "closed"), "begin": ("trace",), "repeat": ("trace",), "speed": ("trace",),
}  # fmt: skip
"""Keys of a workload that act only in these kinds."""
MOST_UNEQUAL_SHARES = 1 << 12
"""See `models.mechanisms.mclock`, bounds."""


def check(file: ScenarioFile, data: dict[str, Any], wrong: list[Mistake]) -> list[Mistake]:
    """All contradictions in `file`, except those that rest on what is `wrong` already; `data` is the raw document."""
    return standing([*check_references(file, known_names(data)), *_numbers(file)], wrong)


def _numbers(file: ScenarioFile) -> Iterator[Mistake]:
    yield from _run(file)
    yield from _space(file)
    yield from _laws(file)
    yield from _snapshots(file)
    yield from _requests(file)
    yield from _shares(file)
    yield from check_filtering(file)
    yield from check_sharing(file)
    yield from check_backups(Names(file))
    for group, vm in file.vm.items():
        for number, disk in enumerate(vm.disk):
            yield from _disk(("vm", group, "disk", number), disk)
        yield from _workload_names(("vm", group, "workload"), vm)
        for number, workload in enumerate(vm.workload):
            yield from _workload(("vm", group, "workload", number), workload, vm, file)


def _shares(file: ScenarioFile) -> Iterator[Mistake]:
    """mClock counts in whole numbers: between very unequal shares the small ones would run out of them."""
    shares = {("vm", g, "disk", n, "shares"): d.shares for g, vm in file.vm.items() for n, d in enumerate(vm.disk)}
    heaviest = max(shares.values(), default=1)
    for path, one in shares.items():
        if one * MOST_UNEQUAL_SHARES < heaviest:
            yield Mistake(path, f"is less than 1 / {MOST_UNEQUAL_SHARES} of the largest shares ({one} of {heaviest}), "
                                "write more or lower the others")  # fmt: skip


def _run(file: ScenarioFile) -> Iterator[Mistake]:
    run = file.run
    needs: tuple[Path, ...] = (("run", "duration"),)
    if run.warmup >= run.duration:
        text = f"is not shorter than the run ({human_time(run.warmup)} of {human_time(run.duration)}), shorten it"
        yield Mistake(("run", "warmup"), text, needs=needs)
    if run.interval > run.duration:
        text = f"is longer than the run ({human_time(run.interval)} of {human_time(run.duration)}), shorten it"
        yield Mistake(("run", "interval"), text, needs=needs)
    if run.observe:
        yield from check_windows(run)


def _space(file: ScenarioFile) -> Iterator[Mistake]:
    """Disks must fit their datastore, reservations its cap."""
    names = Names(file)
    for name, store in names.datastores().items():
        homes = [(vm.count, disk) for vm in file.vm.values() for disk in disks_of(vm) if names.datastore(disk) == name]
        size = sum(count * disk.size for count, disk in homes)
        at: Path = ("datastore", name)
        if size > store.capacity:
            text = (f"is too small for its disks ({human_bytes(size)} on {human_bytes(store.capacity)}), "
                    f"enlarge it or move disks away")  # fmt: skip
            yield Mistake((*at, "capacity"), text, needs=(("vm",),))
        reserved = sum(count * disk.reservation for count, disk in homes)
        if 0 < store.iops < reserved:
            text = f"is less than what its disks reserve ({store.iops} of {reserved} iops), raise it or reserve less"
            yield Mistake((*at, "iops"), text, needs=(("vm",),))


def _laws(file: ScenarioFile) -> Iterator[Mistake]:
    """A table of quantiles is the whole law: what stands beside it would be ignored."""
    for name, store in file.datastore.items():
        for direction, law in (("read", store.read), ("write", store.write)):
            at: Path = ("datastore", name, direction)
            needs: tuple[Path, ...] = ((*at, "distribution"), (*at, "quantiles"))
            if law.distribution == "quantiles":
                if law.quantiles is None:
                    text = 'needs a table, add quantiles = { "0 %" = "60 us", "50 %" = "90 us", "100 %" = "8 ms" }'
                    yield Mistake((*at, "distribution"), text, needs=needs)
                for key in sorted({"latency", "sigma"} & law.model_fields_set):
                    text = "does not act beside quantiles, which are the whole law, leave it out"
                    yield Mistake((*at, key), text, at_key=True, needs=needs)
            elif law.quantiles is not None:
                text = f'acts only with distribution = "quantiles" (this one is "{law.distribution}"), leave out one'
                yield Mistake((*at, "quantiles"), text, at_key=True, needs=needs)


def _snapshots(file: ScenarioFile) -> Iterator[Mistake]:
    grain, chunk = file.snapshots.delta.grain, file.snapshots.merge.chunk
    at: Path = ("snapshots", "delta", "grain")
    if grain % SECTOR:
        yield Mistake(at, f'is not a whole number of 512-byte sectors ({grain} bytes), write for example "4 KiB"')
    if chunk % grain:
        text = f"is not a whole number of grains ({human_bytes(chunk)} of {human_bytes(grain)}), write a multiple"
        yield Mistake(("snapshots", "merge", "chunk"), text, needs=(at,))


def _requests(file: ScenarioFile) -> Iterator[Mistake]:
    """What a job asks of its snapshots."""
    for name, job in file.protection.vadp.items():
        if job.quiesce and job.memory:
            text = "stands beside quiesce, a snapshot with memory is not quiesced: keep one"
            yield Mistake(("protection", "vadp", name, "memory"), text, at_key=True)


def _disk(at: Path, disk: DiskTable) -> Iterator[Mistake]:
    if disk.size % SECTOR:
        text = f'is not a whole number of 512-byte sectors ({disk.size} bytes), write for example "40 GiB"'
        yield Mistake((*at, "size"), text)
    if 0 < disk.limit < disk.reservation:
        text = f"is above the limit ({disk.reservation} of {disk.limit} iops), lower it or raise the limit"
        yield Mistake((*at, "reservation"), text, needs=((*at, "limit"),))


def _workload_names(at: Path, vm: VmTable) -> Iterator[Mistake]:
    names = workload_names(vm.workload)
    for number, name in enumerate(names):
        if name in names[:number]:
            yield Mistake((*at, number, "name"), f'is taken by another workload of this VM ("{name}"), rename one')


def _workload(at: Path, w: WorkloadTable, vm: VmTable, file: ScenarioFile) -> Iterator[Mistake]:
    yield from _kind(at, w, vm)
    disks = disks_of(vm)
    for number, index in enumerate(w.disks or ()):
        if index >= len(disks):
            text = f"is no disk of this VM ({index}), its {len(disks)} disks are numbered from 0"
            yield Mistake((*at, "disks", number), text, needs=((*at[:2], "disk"),))
        if index in (w.disks or ())[:number]:
            yield Mistake((*at, "disks", number), f"names disk {index} a second time, leave it out")
    if w.disks == []:
        yield Mistake((*at, "disks"), "is empty, name at least one disk or leave the key out")
    used = [disks[index] for index in (w.disks or range(len(disks))) if index < len(disks)]
    if w.kind != "trace" and used:
        for key in ("addresses", "read_addresses", "write_addresses"):
            table = getattr(w, key)
            if table is not None:
                yield from _addresses((*at, key), table, w, min(disk.size for disk in used))
    yield from _bursts((*at, "burst"), w, file.run.duration)


def _kind(at: Path, w: WorkloadTable, vm: VmTable) -> Iterator[Mistake]:
    """Keys that would be ignored are mistakes: the writer expects them to act."""
    kind: tuple[Path, ...] = ((*at, "kind"),)
    for key in sorted(w.model_fields_set):
        if w.kind not in BELONGS.get(key, (w.kind,)):
            owners = " or ".join(f'"{owner}"' for owner in BELONGS[key])
            text = f'does not act in a workload of kind "{w.kind}", leave it out or write kind = {owners}'
            yield Mistake((*at, key), text, at_key=True, needs=kind)
    if "size" in w.model_fields_set and w.sizes is not None:
        yield Mistake((*at, "sizes"), "stands beside size, keep one of them", at_key=True)
    if w.two_state is not None and w.burst:
        text = "stands beside burst, keep one of them or make two workloads: bursts come at set times or at random"
        yield Mistake((*at, "two_state"), text, at_key=True)
    if w.kind == "trace":
        if w.trace is None:
            yield Mistake((*at, "trace"), 'is missing, add trace = "FILE"', at_key=True, needs=kind)
        if w.disks is not None and len(w.disks) != 1:
            yield Mistake((*at, "disks"), "must name one disk, a trace is the I/O of one", needs=kind)
        if vm.count != 1 and w.begin != "random":
            text = (f"replays one disk's I/O, but the group has {vm.count} VMs, which would all do the same at once: "
                    'give the trace a group of one VM, or each its own begin = "random"')  # fmt: skip
            yield Mistake((*at, "trace"), text, needs=(*kind, (*at[:2], "count"), (*at, "begin")))


def _addresses(at: Path, a: AddressesTable, w: WorkloadTable, disk: int) -> Iterator[Mistake]:
    """The region must lie on each disk and hold the largest I/O."""
    needs: tuple[Path, ...] = ((*at[:2], "disk"), (*at[:4], "size"), (*at[:4], "sizes"), (*at[:4], "disks"), at)
    if "exponent" in a.model_fields_set and a.pattern != "zipf":
        text = f'acts only in a zipf pattern (this one is {a.pattern}), leave it out or write pattern = "zipf"'
        yield Mistake((*at, "exponent"), text, at_key=True, needs=((*at, "pattern"),))
    largest = max(w.sizes or (w.size,))
    end = a.start + a.span if a.span else disk
    key = "span" if a.span else "start"
    if end > disk or a.start >= disk:
        text = (f"reaches beyond the disk (region {human_bytes(a.start)} to {human_bytes(max(end, a.start))}, "
                f"disk {human_bytes(disk)}), shorten it or enlarge the disk")  # fmt: skip
        yield Mistake((*at, key), text, needs=needs)
    elif end - a.start < largest:
        text = f"leaves {human_bytes(end - a.start)} for I/Os of {human_bytes(largest)}, widen the region"
        yield Mistake((*at, key), text, needs=needs)


def _bursts(at: Path, w: WorkloadTable, duration: int) -> Iterator[Mistake]:
    """Bursts lie inside the run, one after the other."""
    order = sorted(range(len(w.burst)), key=lambda number: w.burst[number].at)
    before = 0
    for number in order:
        burst = w.burst[number]
        needs: tuple[Path, ...] = (at, ("run", "duration"))
        if burst.at + burst.duration > duration:
            text = (f"ends after the run ({human_time(burst.at)} + {human_time(burst.duration)} "
                    f"of {human_time(duration)}), move it or lengthen the run")  # fmt: skip
            yield Mistake((*at, number, "at"), text, needs=needs)
        if burst.at < before:
            text = f"starts inside another burst ({human_time(burst.at)} before {human_time(before)}), move it"
            yield Mistake((*at, number, "at"), text, needs=(at,))
        before = max(before, burst.at + burst.duration)
