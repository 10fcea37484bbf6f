"""The books of `models.measure.recorder` in flat memory: what happens on the path becomes numbers. Twin of Recorder."""

from models.compiled import histogram, risk
from models.compiled.layout import (
    BIN_COUNTS,
    IO_WORDS,
    LEDGER,
    PAGE,
    SLOW_WORDS,
    Book,
    Command,
    Counts,
    Flow,
    Io,
    Ledger,
    Seen,
    Slow,
    Vm,
    World,
)
from models.path.io import METADATA, PARENT_READ
from sim.flat import Memory
from sim.mechanism import mechanism, take


@mechanism
def integrate(m: Memory, b: int, now: int) -> None:
    """The area under the guest I/Os in the VM reaches up to `now`."""
    book = Book(m, b)
    book.area += (book.arrived - book.delivered) * (now - book.area_at)
    book.area_at = now


@mechanism
def arrived(m: Memory, b: int, at: int) -> None:
    """The guest wants this I/O."""
    book, io = Book(m, b), Io(m, at)
    integrate(m, b, io.arrival)
    book.open_arrivals += io.arrival
    book.arrived += 1
    book.arrivals += 1
    if io.write:
        book.arrived_bytes += io.size


@mechanism
def posted(m: Memory, b: int, at: int) -> None:
    """Its completion is posted to the virtual adapter."""
    w, io = World(m, 0), Io(m, at)
    if w.warmup <= io.arrival < w.closed:
        histogram.add(m, Book(m, b).vscsi, w.now - io.accepted)


@mechanism
def delivered(m: Memory, b: int, at: int) -> None:
    """The guest has it: its ledger is complete."""
    w, book, io = World(m, 0), Book(m, b), Io(m, at)
    now = w.now
    latency = now - io.arrival
    unexplained, ledger = latency, Ledger(m, at + IO_WORDS)
    for i in range(w.causes):
        unexplained -= ledger[i]
    if unexplained and not w.error:
        w.error, w.subject = LEDGER, at
    integrate(m, b, now)
    book.open_arrivals -= io.arrival
    book.sojourn += latency
    book.delivered += 1
    book.delivered_in_stun += book.stunned
    book.ios += 1
    row = add_to_interval(m, b, latency)
    if io.write:
        book.delivered_bytes += io.size
        book.interval_written += io.size
        book.writes += 1
        book.write_ns += latency - io.held
        acknowledge(m, b, at)
    if w.warmup <= io.arrival < w.closed:
        enter(m, b, at, latency, row)


@mechanism
def acknowledge(m: Memory, b: int, at: int) -> None:
    """Each protection's account has the write, in the recovery point that it was stamped with."""
    w, book, io = World(m, 0), Book(m, b), Io(m, at)
    epochs = at + IO_WORDS + w.causes
    for i in range(book.meter_count):
        risk.acknowledged(m, m[book.meters + i], w.now, m[epochs + i], io.disk, io.offset, io.size)


@mechanism
def absorbed(m: Memory, b: int, at: int) -> None:
    """A write outside the windows has left its marks."""
    book = Book(m, b)
    size = Io(m, at).size
    book.absorbed += 1
    book.absorbed_bytes += size
    book.interval_written += size
    acknowledge(m, b, at)


@mechanism
def add_to_interval(m: Memory, b: int, latency: int) -> int:
    """The interval has one more latency, in the row that is returned. Buckets are noted: few are read at its end."""
    book = Book(m, b)
    bucket = histogram.bucket_of(latency)
    row = bin_of(m, b, bucket)
    counts, seen, number = Counts(m, row), Seen(m, book.seen), book.seen_count
    place = counts[2]
    if place >= number or seen[2 * place] != bucket:  # not in this interval yet
        place, counts[2] = number, number
        book.seen_count = number + 1
        seen[2 * place], seen[2 * place + 1] = bucket, 0
    seen[2 * place + 1] += 1
    histogram.summed(m, book.latency, latency)
    return row


@mechanism
def bin_of(m: Memory, b: int, bucket: int) -> int:
    """The address of the row of that bucket."""
    width, at = BIN_COUNTS + World(m, 0).causes, Book(m, b).bins + (bucket >> 7)
    if not m[at]:
        m[at] = take(m, PAGE * width)
    return m[at] + (bucket & (PAGE - 1)) * width


@mechanism
def enter(m: Memory, b: int, at: int, latency: int, row: int) -> None:
    """An I/O that arrived after the warm-up: histograms, ledger, time-outs, the slowest."""
    book, io, counts = Book(m, b), Io(m, at), Counts(m, row)
    if io.write:
        book.written_bytes += io.size
        histogram.summed(m, book.guest_write, latency)
        counts[1] += 1
    else:
        book.read_bytes += io.size
        histogram.summed(m, book.guest_read, latency)
        counts[0] += 1
    ledger = Ledger(m, at + IO_WORDS)
    for i in range(World(m, 0).causes):
        counts[BIN_COUNTS + i] += ledger[i]
    if latency > book.timeout:
        running = latency - io.held
        if running > book.timeout:
            book.late += 1
            book.latest = max(book.latest, running)
    keep_if_slow(m, b, at, latency)


@mechanism
def slower(m: Memory, a: int, b: int) -> bool:
    """Whether `a` is slower than `b`; of equals, whether it comes first by workload and ordinal."""
    one, other = Slow(m, a), Slow(m, b)
    if one.latency != other.latency:
        return one.latency > other.latency
    if one.workload != other.workload:
        return one.workload < other.workload
    return one.ordinal < other.ordinal


@mechanism
def keep_if_slow(m: Memory, b: int, at: int, latency: int) -> None:
    """Among the slowest of its VM the I/O is kept; they stand in a heap, the least slow first."""
    w, book = World(m, 0), Book(m, b)
    if latency <= book.slow_from:
        return
    kept = book.slow_count
    if kept == w.slowest:
        new = take_slow(m, b, at, latency, book.free_slow)
        book.free_slow, m[book.slow] = m[book.slow], new
        sink(m, book.slow, kept)
    else:
        hole = kept
        new = take_slow(m, b, at, latency, 0)
        book.slow_count += 1
        while hole and slower(m, m[book.slow + (hole - 1) // 2], new):
            m[book.slow + hole] = m[book.slow + (hole - 1) // 2]
            hole = (hole - 1) // 2
        m[book.slow + hole] = new
    if book.slow_count == w.slowest:
        book.slow_from = Slow(m, m[book.slow]).latency


@mechanism
def take_slow(m: Memory, b: int, at: int, latency: int, free: int) -> int:
    """A record of a slow I/O, with its ledger."""
    w, io = World(m, 0), Io(m, at)
    new = free
    if not new:
        new = take(m, SLOW_WORDS + w.causes)
    slow = Slow(m, new)
    slow.workload, slow.ordinal, slow.disk, slow.write = io.workload, io.ordinal, io.disk, io.write
    slow.offset, slow.size, slow.arrival, slow.latency = io.offset, io.size, io.arrival, latency
    for i in range(w.causes):
        m[new + SLOW_WORDS + i] = m[at + IO_WORDS + i]
    return new


@mechanism
def sink(m: Memory, heap: int, size: int) -> None:
    """The first of the heap goes down to its place."""
    hole = 0
    while True:
        child = 2 * hole + 1
        if child >= size:
            break
        if child + 1 < size and slower(m, m[heap + child], m[heap + child + 1]):
            child += 1
        if not slower(m, m[heap + hole], m[heap + child]):
            break
        m[heap + hole], m[heap + child] = m[heap + child], m[heap + hole]
        hole = child


@mechanism
def command_done(m: Memory, c: int) -> None:
    """A back-end command has completed."""
    command = Command(m, c)
    vm = Flow(m, command.flow).vm
    if not vm:
        return
    w, book = World(m, 0), Book(m, Vm(m, vm).book)
    book.commands += 1
    book.kavg += command.issue - command.enter
    book.davg += command.done - command.issue
    book.qavg += command.slot
    if command.cause == METADATA or command.cause == PARENT_READ:
        book.extra += 1
    if w.warmup <= command.enter < w.closed:
        histogram.add(m, book.gavg, command.done - command.enter)
