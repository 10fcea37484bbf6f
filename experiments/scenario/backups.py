"""Backup jobs of a scenario file: from their tables to `models.scenario.Vadp`, and what contradicts in them.

Which keys act depends on the transport; one that would be ignored is a mistake, because the writer expects it to act.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from experiments.scenario.locate import Path
from experiments.scenario.messages import Mistake
from experiments.scenario.protections import ControlTable, ProxyTable, RepositoryTable, VadpTable
from models.assumptions import default
from models.jobs import Control, Schedule, Transport
from models.scenario import Vadp

if TYPE_CHECKING:
    from experiments.scenario.convert import Names

BELONGS = {
    "host_rate": ("nbd", "nbdssl"), "connections": ("nbd", "nbdssl"), "ssl": ("nbdssl",), "ssl_host": ("nbdssl",),
    "serving_host": ("nbd", "nbdssl", "hotadd"), "attach": ("hotadd",), "detach": ("hotadd",),
    "lock_recovery": ("hotadd",),
}  # fmt: skip
"""Keys of a job that act only under these transports."""
NBD = ("nbd", "nbdssl")


def backup(names: "Names", name: str, t: VadpTable) -> Vadp:
    """The job. Without a proxy or a repository of the file it has its own, under a name that no file can give one."""
    store = names.file.repository[t.into] if t.into else RepositoryTable()
    return Vadp(
        name=name, vms=names.vms(t.vms), first_ns=t.first, interval_ns=t.interval, parallel_vms=t.parallel_vms,
        serving_host=_host(names, t), cbt=t.cbt, cbt_block_bytes=t.cbt_block, tool_block_bytes=t.tool_block,
        query_page_extents=t.query_page_extents, query_page_ns=t.query_page,
        disk_open_ns=_of_transport(t, "disk_open", t.disk_open), reads_in_flight=t.reads_in_flight,
        stream_bytes_per_s=_of_transport(t, "stream", t.stream),
        host_bytes_per_s=_of_transport(t, "host_rate", t.host_rate) if t.transport in NBD else 0,
        repository_bytes_per_s=store.rate if t.into else t.repository, reduction_milli=t.reduction,
        commit_ns=t.commit, job_limit_ns=t.job_limit, transport=_transport(names, name, t),
        schedule=Schedule(t.overrun, t.order, t.retries, t.retry_wait),
    )  # fmt: skip


def control(t: ControlTable) -> Control:
    """What all jobs heed together."""
    return Control(t.open_snapshots, t.datastore_tasks, t.stop_latency, t.throttle_latency, t.poll)


def _of_transport(t: VadpTable, key: str, value: int | None) -> int:
    """The value as written, else the register's for this transport."""
    return value if value is not None else int(default(f"transport.{t.transport}.{key}"))


def _host(names: "Names", t: VadpTable) -> str:
    first = next(iter(names.hosts()))
    if t.transport == "hotadd" and t.proxy:
        return names.file.proxy[t.proxy].host or first
    return t.serving_host or first


def _transport(names: "Names", name: str, t: VadpTable) -> Transport:
    file, nbd, hotadd = names.file, t.transport in NBD, t.transport == "hotadd"
    own_rate = int(default("transport.san.proxy_rate")) if t.transport == "san" else 0
    proxy = file.proxy[t.proxy] if t.proxy else ProxyTable()
    store = file.repository[t.into] if t.into else RepositoryTable()
    ssl = t.transport == "nbdssl"
    return Transport(
        kind=t.transport, proxy=t.proxy or f"of job {name}", proxy_tasks=proxy.tasks,
        proxy_bytes_per_s=proxy.rate if t.proxy else own_rate,
        queue_depth=proxy.queue_depth, repository=t.into or f"of job {name}", repository_tasks=store.tasks,
        connections=t.connections if nbd else 0, ssl_bytes_per_s=t.ssl if ssl else 0,
        ssl_host_bytes_per_s=t.ssl_host if ssl else 0, attach_ns=t.attach if hotadd else 0,
        detach_ns=t.detach if hotadd else 0, lock_recovery_ns=t.lock_recovery if hotadd else 0,
    )  # fmt: skip


def check_backups(names: "Names") -> Iterator[Mistake]:
    """What contradicts in jobs, proxies and the control of latency."""
    for name, job in names.file.protection.vadp.items():
        at: Path = ("protection", "vadp", name)
        yield from _acting(at, job)
        if job.transport == "san":
            yield from _on_vmfs((*at, "transport"), names, job)
    control = names.file.protection.control
    if 0 < control.throttle_latency < control.stop_latency:
        text = "is below stop_latency, raise it: first a datastore gets no new task, then its tasks are throttled"
        path: Path = ("protection", "control")
        yield Mistake((*path, "throttle_latency"), text, needs=((*path, "stop_latency"),))


def _acting(at: Path, job: VadpTable) -> Iterator[Mistake]:
    kind: tuple[Path, ...] = ((*at, "transport"),)
    for key in sorted(job.model_fields_set & BELONGS.keys()):
        if job.transport not in BELONGS[key]:
            owners = " or ".join(f'"{owner}"' for owner in BELONGS[key])
            text = f'does not act under transport "{job.transport}", leave it out or write transport = {owners}'
            yield Mistake((*at, key), text, at_key=True, needs=kind)
    if job.proxy and job.transport == "hotadd" and job.serving_host:
        text = "stands beside proxy, whose table names its host, leave it out"
        yield Mistake((*at, "serving_host"), text, at_key=True, needs=kind)
    if job.into and "repository" in job.model_fields_set:
        text = "stands beside into, whose table has a rate, leave one of them out"
        yield Mistake((*at, "repository"), text, at_key=True)
    if "retry_wait" in job.model_fields_set and not job.retries:
        text = "does not act without retries, leave it out or write retries = 3"
        yield Mistake((*at, "retry_wait"), text, at_key=True)
    if "overrun" in job.model_fields_set and not job.job_limit:
        text = 'does not act without a job_limit, leave it out or write for example job_limit = "8 h"'
        yield Mistake((*at, "overrun"), text, at_key=True)


def _on_vmfs(at: Path, names: "Names", job: VadpTable) -> Iterator[Mistake]:
    """A backup server reads LUNs with VMFS; it finds none on NFS, vSAN or vVols. Source: VDDK guide."""
    groups = {member: group for group in names.file.vm for member in names.members(group)}
    for vm in names.vms(job.vms):
        for disk in names.file.vm[groups[vm]].disk if vm in groups else []:
            store = names.datastores().get(names.datastore(disk))
            if store is not None and store.kind != "vmfs":
                text = (f'"san" reads VMFS datastores only, and VM "{vm}" has a disk on "{names.datastore(disk)}" '
                        f'({store.kind}), write another transport')  # fmt: skip
                yield Mistake(at, text, needs=(("datastore", names.datastore(disk), "kind"),))
                return
