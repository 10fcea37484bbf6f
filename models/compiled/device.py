"""The device and the datastore of the compiled path. Twin of `models.path.device` and `models.path.datastore`."""

from models.compiled import array, books
from models.compiled.layout import (
    ACKNOWLEDGED,
    DESTAGED,
    FLOW_QUEUE,
    LIMIT_PASSED,
    SERVICE_ENDS,
    STORE_QUEUE,
    TAG_DUE,
    BucketState,
    Command,
    Device,
    Flow,
    MClockState,
    QueueFullState,
    SlowdownState,
    Store,
    ThrottleState,
    World,
)
from models.compiled.lists import append, event, first_of, new_command, push
from models.mechanisms import bucket, mclock, queuefull, slowdown, throttle
from models.path.io import DESTAGE, KINDS
from sim.flat import Memory
from sim.mechanism import mechanism

DIRECTIONS = 2
SERVED_WORDS = len(KINDS) * DIRECTIONS * 2


@mechanism
def submit(m: Memory, f: int, cause: int, write: int, size: int, service: int, cost: int, waiter: int) -> None:
    """A command enters the I/O scheduler of its flow; `cost` -1: by size. Its waiter hears when it has completed."""
    flow = Flow(m, f)
    d = Device(m, flow.device)
    now, index = World(m, 0).now, flow.index
    at = new_command(m)
    c = Command(m, at)
    c.flow, c.cause, c.write, c.size, c.service, c.waiter = f, cause, write, size, service, waiter
    c.cost = cost if cost >= 0 else -(-size // d.cost_unit)
    flow.ordinal += 1
    c.ordinal = flow.ordinal
    c.enter, c.issue, c.done, c.limit, c.dsnro, c.slot = now, 0, 0, 0, 0, 0
    caps = ThrottleState(m, d.throttle)
    c.capped = throttle.capped_time(caps, index, now)
    d.submitted += 1
    c.arrival = d.submitted
    d.bytes_submitted += size
    tags = MClockState(m, d.tags)
    c.r_tag, c.limit_tag, c.p_tag = mclock.tag(tags, index, c.cost, now)
    if c.limit_tag > now and d.capping:
        push(m, c.limit_tag, d.limit_key + c.arrival, event(at, LIMIT_PASSED))
    if not flow.first:
        mclock.set_head(tags, index, c.r_tag, c.limit_tag, c.p_tag)
        m[d.heads + index] = c.arrival
        d.backlog += 1
        d.hopeless = -1
    append(m, f + FLOW_QUEUE, at)
    throttle.enqueued(caps, index, now)
    if throttle.has_slot(caps):
        ring_if_useful(m, flow.device)


@mechanism
def limit_passed(m: Memory, at: int, key: int) -> None:
    """From now on the command's time at DSNRO is charged to DSNRO. It may be over, and another in its place."""
    c = Command(m, at)
    if c.arrival <= 0:
        return
    flow = Flow(m, c.flow)
    d = Device(m, flow.device)
    if d.limit_key + c.arrival == key:
        c.capped = throttle.capped_time(ThrottleState(m, d.throttle), flow.index, World(m, 0).now)


@mechanism
def ring_if_useful(m: Memory, at: int) -> None:
    """Calls the dispatcher, unless it would find nobody again."""
    d = Device(m, at)
    if d.hopeless != ThrottleState(m, d.throttle).device[throttle.RELEASED]:
        ring(m, at)


@mechanism
def ring(m: Memory, at: int) -> None:
    """Calls the dispatcher once at this instant, after all completions and arrivals."""
    d = Device(m, at)
    if not d.rung:
        d.rung = 1
        w = World(m, 0)
        w.bells += 1
        w.moments += 1


@mechanism
def dispatch(m: Memory, at: int) -> None:
    """One round: commands go to the datastore until slots or eligible flows run out."""
    w, d = World(m, 0), Device(m, at)
    w.bells -= 1
    d.rung, d.hopeless = 0, -1
    caps = ThrottleState(m, d.throttle)
    while d.backlog and throttle.has_slot(caps):
        index, phase = pick(m, at, w.now)
        if index < 0:
            call_when_due(m, at, w.now)
            break
        issue(m, at, index, phase, w.now)


@mechanism
def pick(m: Memory, at: int, now: int) -> tuple[int, int]:
    """The flow to serve and by which phase; (-1, _) when none may be served now."""
    d = Device(m, at)
    tags, caps = MClockState(m, d.tags), ThrottleState(m, d.throttle)
    if not d.fifo:
        return mclock.pick(tags, caps.room, now)
    best, oldest = -1, mclock.NEVER
    for word in range(tags.facts[mclock.WORDS]):
        left = tags.backlog[word]
        while left:
            index = word * mclock.A_WORD + mclock.lowest(left)
            left &= left - 1
            arrival = m[d.heads + index]
            if arrival < oldest and caps.room[index] and tags.head_l[index] <= now:
                best, oldest = index, arrival
    return best, mclock.CONSTRAINT


@mechanism
def issue(m: Memory, at: int, index: int, phase: int, now: int) -> None:
    """The flow's first command goes to the datastore; its wait is charged to what bound it."""
    d = Device(m, at)
    tags, caps = MClockState(m, d.tags), ThrottleState(m, d.throttle)
    f = m[d.flows + index]
    c_at = first_of(m, f + FLOW_QUEUE)
    c = Command(m, c_at)
    mclock.dispatched(tags, index, c.cost, phase)
    head = Flow(m, f).first
    if head:
        mclock.set_head(tags, index, Command(m, head).r_tag, Command(m, head).limit_tag, Command(m, head).p_tag)
        m[d.heads + index] = Command(m, head).arrival
    else:
        d.backlog -= 1
    wait = now - c.enter
    if wait:
        c.limit = min(max(c.limit_tag - c.enter, 0), wait)
        c.dsnro = min(throttle.capped_time(caps, index, now) - c.capped, wait - c.limit)
        c.slot = wait - c.limit - c.dsnro
    c.issue = now
    d.inside_bytes += c.size
    d.inside_issued += now
    integrate(m, at, now)
    throttle.issued(caps, index, now)
    store_issue(m, d.store, c_at)


@mechanism
def call_when_due(m: Memory, at: int, now: int) -> None:
    """Some flow may be waiting for a tag: the dispatcher is called when the earliest falls due."""
    d = Device(m, at)
    caps = ThrottleState(m, d.throttle)
    due = mclock.next_time(MClockState(m, d.tags), caps.room)
    if due <= now:
        return
    d.hopeless = caps.device[throttle.RELEASED]
    if due < mclock.NEVER and not now < d.timer <= due:
        d.timer = due
        push(m, due, d.due_key, event(at, TAG_DUE))


@mechanism
def integrate(m: Memory, at: int, now: int) -> None:
    """Outstanding commands, integrated over time up to now."""
    d = Device(m, at)
    d.outstanding_area += ThrottleState(m, d.throttle).device[throttle.OUTSTANDING] * (now - d.area_at)
    d.area_at = now


@mechanism
def completed(m: Memory, c_at: int) -> None:
    """The array has answered; the command's waiter comes next."""
    c = Command(m, c_at)
    flow = Flow(m, c.flow)
    at, now = flow.device, World(m, 0).now
    d = Device(m, at)
    c.done = now
    integrate(m, at, now)
    d.sojourn += now - c.issue
    d.inside_bytes -= c.size
    d.inside_issued -= c.issue
    d.finished += 1
    d.bytes_finished += c.size
    throttle.completed(ThrottleState(m, d.throttle), flow.index, now)
    if d.full:
        throttle.adapt(ThrottleState(m, d.throttle), queuefull.answered(QueueFullState(m, d.full), 0))
    if d.backlog:
        ring_if_useful(m, at)
    books.command_done(m, c_at)


# -- the datastore -------------------------------------------------------------------------------------------


@mechanism
def store_issue(m: Memory, at: int, c: int) -> None:
    """The array has the command."""
    s = Store(m, at)
    if s.array:
        array.front(m, at, c)
    elif s.idle and not s.first:
        serve(m, at, c)
    else:
        append(m, at + STORE_QUEUE, c)


@mechanism
def serve(m: Memory, at: int, c_at: int) -> None:
    """A server takes the command until its service is over and the datastore's caps let it through."""
    s, c, now = Store(m, at), Command(m, c_at), World(m, 0).now
    s.idle -= 1
    service = c.service
    stream = s.write_stream if c.write else s.read_stream
    if stream:
        service += bucket.transfer_ns(c.size, stream)
    if s.slowdown:
        service = slowdown.stretched(SlowdownState(m, s.slowdown), s.serving, service)
    end = now + service
    if s.bandwidth:
        end = max(end, bucket.admit(BucketState(m, s.bytes_cap), now, bucket.transfer_ns(c.size, s.bandwidth)))
        if s.peak_bandwidth:
            peak = bucket.transfer_ns(c.size, s.peak_bandwidth)
            end = max(end, bucket.admit(BucketState(m, s.peak_bytes), now, peak))
    if s.iops_ns:
        end = max(end, bucket.admit(BucketState(m, s.iops_cap), now, s.iops_ns))
        if s.peak_ns:
            end = max(end, bucket.admit(BucketState(m, s.peak_iops), now, s.peak_ns))
    integrate_store(m, at, now)
    s.busy += end - now
    s.serving += 1
    s.ends += end
    action = SERVICE_ENDS
    if c.cause == DESTAGE:
        action = DESTAGED
    push(m, end, Flow(m, c.flow).completion_key + c.ordinal, event(c_at, action))


@mechanism
def service_ends(m: Memory, c_at: int, action: int) -> None:
    """A server is free for the next command, or a cache has acknowledged this one; the device hears of it."""
    c, now = Command(m, c_at), World(m, 0).now
    at = Device(m, Flow(m, c.flow).device).store
    s = Store(m, at)
    if action == ACKNOWLEDGED:
        array.acknowledged(m, at, c_at)
    else:
        integrate_store(m, at, now)
        s.serving -= 1
        s.ends -= now
        s.idle += 1
        if s.first:
            serve(m, at, first_of(m, at + STORE_QUEUE))
    tally = s.served + DIRECTIONS * (DIRECTIONS * c.cause + c.write)
    m[tally] += 1
    m[tally + 1] += c.size
    if action == DESTAGED:
        array.destaged(m, at, c.size)
        return
    if s.array:
        array.left(m, s.array)
    completed(m, c_at)


@mechanism
def integrate_store(m: Memory, at: int, now: int) -> None:
    """Commands in service, integrated over time up to now."""
    s = Store(m, at)
    s.area += s.serving * (now - s.area_at)
    s.area_at = now
