"""The records of the compiled path, word by word: the fields of the readable path's objects, under the same names.

Addresses are words of the flat memory (`sim.flat`); 0 is no record. Records that can wait for something begin with
`next` (the one behind it in a list) and `wake` (what to do when it is its turn). Times in ns, sizes in bytes.
"""

from models.mechanisms.appliance import Appliance
from models.mechanisms.bloom import Bloom
from models.mechanisms.bucket import Bucket
from models.mechanisms.cbt import Cbt
from models.mechanisms.grains import GrainMap
from models.mechanisms.mclock import MClock
from models.mechanisms.mirror import Mirror
from models.mechanisms.queuefull import QueueFull
from models.mechanisms.replication import Group
from models.mechanisms.slowdown import Slowdown
from models.mechanisms.tablecache import TableCache
from models.mechanisms.throttle import Throttle
from models.mechanisms.wire import Wire
from models.mechanisms.workers import Workers
from models.mechanisms.writecache import WriteCache
from sim.flat import column, record, state, words

BloomState = state(Bloom)
BucketState = state(Bucket)
CbtState = state(Cbt)
GrainState = state(GrainMap)
MClockState = state(MClock)
MirrorState = state(Mirror)
GroupState = state(Group)
CacheState = state(TableCache)
ThrottleState = state(Throttle)
SlowdownState = state(Slowdown)
WorkersState = state(Workers)
WireState = state(Wire)
ApplianceState = state(Appliance)
QueueFullState = state(QueueFull)
CacheStateOfArray = state(WriteCache)

WORLD = (
    "free_end now moments pops heap heap_size heap_room woken woken_last bells devices device_count reserve burst "
    "low fired fired_count error subject warmup causes meters io_words free_io free_command free_item free_node log "
    "log_last slowest instant most patience size commands host_path hold_in hold_out guest_queue mirror_hold "
    "quiesce_hold space_hold shut closed"
)
"""At address 0. `pops`: events through the heap. `woken`: records whose turn it is, in order. `bells`: devices that are
to dispatch at this instant. `reserve`: words one step may take; `burst`: events, commands or draws one step may make.
`low`: streams with fewer draws left. `fired`: signals that stories may wait for. `log`: rows for the result.
`patience`: events that may come at one instant; `most`: until so many there have been. From `commands` on: columns of
the ledger. `shut`: closed loops make no requests for so long. `closed`: commands that enter later are not measured."""

IO = (
    "next wake vm loop workload ordinal disk write offset size service arrival clock accepted held number stunned step "
    "left more first last mirrored fresh_first fresh_last fresh_outer epochs deferred passed behind tables owed"
)
"""A guest I/O; behind it its ledger (a word a cause) and the epochs it was stamped with. `stunned`: the VM's stunned
time when it began to wait for a slot. `step`: what its commands are for; `left` of them are under way, `more` follow
one by one. `first`, `last`: its grains; `fresh_...`: the first and last it allocated (-1: none), and whether its own
first (1) and last (2) are among them. `deferred`: see `synchrony`; held since `passed`, before `behind`. `tables`: how
many grain tables got their first entry. `owed`: bytes that its datastore had not."""

COMMAND = (
    "next flow cause write size service cost ordinal arrival enter issue done limit dsnro slot capped r_tag limit_tag "
    "p_tag waiter"
)
FLOW = "device index entity vm completion_key first last ordinal"
DEVICE = (
    "flows heads tags throttle store rung timer hopeless outstanding_area sojourn area_at submitted finished backlog "
    "bytes_submitted bytes_finished inside_bytes inside_issued fifo capping cost_unit dispatch_key due_key limit_key "
    "again_key retry refusals retried full"
)
"""`heads`: per flow the arrival of its first command that waits. `inside_issued`: summed issue times of the commands in
the device, for Little's law. `full`: its answer to QUEUE FULL, 0: none; `retried`: time until refused commands were
issued again."""
STORE = (
    "idle first last bytes_cap iops_cap bandwidth iops_ns read_stream write_stream free_bytes busy serving ends area "
    "area_at served slowdown array peak_bandwidth peak_bytes peak_ns peak_iops lowest"
)
"""`served`: commands and bytes, by cause and direction. `array`: what stands before its servers, 0: nothing.
`slowdown`: its table, 0: none. `lowest`: the least of `free_bytes` that there was."""
ARRAY = "next wake limit inside cache latency flow ordinal dirty dirty_last waiting waiting_last"
"""`limit` of commands `inside`; a write cache, with the destages that have not begun and the writes that wait."""

VM = (
    "index stunned stunned_ns stunned_at in_flight held draining adapter_free doors disks disk_count carried down_key "
    "up_key waiting full_doors gate gate_last filters filter_count path_latency book frozen workloads writes_held "
    "behind behind_last behind_count paused question short short_last"
)
"""`draining`: a story waits for the last I/O past the gate. `gate`: who waits for the stun's end, in order. `behind`:
what waits in the guest, frozen or paused. `question`: its signal, 0: nobody answers. `short`: writes without space."""
DOOR = "idle waiting first last was_full full told stunned since taken unresolved unresolved_last gated gated_last"
"""A disk's share of the adapter (up to `was_full`) and its probe: `told` requests wait, as last reported."""
HOP = "cause splitter first_disk down up stream workers cores cpu"
"""A filter: fixed costs, or (down, up) pairs from a stream; or a splitter of a replication. `workers`: those of the
filter in the host, `cores`: those of all its filters, of which a hop needs `cpu`; 0: not counted."""
DISK = (
    "flow store size map grain grains table_grains tables cached cache tracking mirror chunk chunk_last read_draws "
    "write_draws written_base written_top metadata_writes metadata_bytes growth table_bytes directory_writes filters "
    "owed"
)
"""`chunk`: writes that wait until a chunk is copied."""
STREAM = "next at end low"
"""Draws made beforehand: words `at` to `end`."""

WORKLOAD = "stream ordinal"
FLUSH = "next wake left"
"""A flush of a guest's caches: so many of its loops have something left."""
LOOP = (
    "next wake vm workload key kind due outside frozen thinks unseen number ordinal disk write offset size service "
    "flush"
)
"""A process of the guest: an arrival process, or one outstanding I/O of a closed loop; with the I/O it makes next."""
ROW = "time disk write offset size service"
"""A guest I/O as drawn: its arrival, or how long the guest thinks before it."""

MERGE = "disk stopped working cap rate mirror level"
COPIER = "next wake merge number key started size left step spans span_count"
READ = (
    "disk flow draws level blocks block_count stopped working stream transport bytes_read bytes_stored allowed parked "
    "parked_last"
)
READER = "next wake read number key size left"
TRANSPORT = (
    "host repository network_bytes stored_bytes stream_rate host_rate repository_rate reduction tool_block ssl "
    "ssl_rate ssl_host_rate proxy proxy_rate"
)
CHAIN = "next wake disk left size cause"
"""Metadata I/Os of a stun, or a memory image's, one after the other."""

REPLICA = (
    "next wake group entity epoch disks meters meter_count wire_bytes queued_bytes flying_bytes journal_bytes first "
    "last busy journal reading ahead ahead_bytes sent current link_rate latency reduction journal_rate extent "
    "resync_reads sent_key durable_key back_key wire shared admitted sync lets_go limit blocks cause turn synced lost "
    "left armed pending pending_last released released_last releases look_key release_key"
)
"""From `sync` on: of a synchronous group, see `synchrony`."""
ITEM = "next size epoch cut replica turn admitted ready"
METER = (
    "epoch inline synced point usable_epoch first last acks written unique age_since exposure_since risk_since "
    "undefined risk_written risk_unique latest"
)
"""A protection's account of one VM's writes; `first` to `last`: its epochs that are not usable yet. `latest`: per disk
the address of its page directory."""
EPOCH = "next before number unique written first_ack"
ORDER = "next wake subject a b"
"""What a story or the run asks for."""
NODE = "next start end turn"
"""A stretch of time during which a hypothetical request would have begun to wait."""
LOG = "next kind subject a b c"
EVENT = "time key what"
"""`what`: address * ACTIONS + action."""

BOOK = (
    "arrived arrived_bytes delivered delivered_bytes stunned delivered_in_stun late latest area sojourn open_arrivals "
    "area_at read_bytes written_bytes guest_read guest_write vscsi gavg probe covers latency seen bins slow slow_count "
    "slow_from free_slow timeout meters meter_count absorbed absorbed_bytes arrivals ios interval_written commands "
    "kavg davg qavg write_ns writes extra seen_count"
)
"""One VM's books: the whole run's first, the current interval's from `arrivals` on. `covers`: where ramps begin and
end. `seen`: buckets of the interval's latencies and how many have been seen of each. `bins`: pages of rows, one a
bucket. `slow_from`: a longer latency is one of the slowest."""
HISTOGRAM = "count total mid high minimum maximum"
"""Behind it the addresses of its pages, by octave. Sum: total + mid * 2^30 + high * 2^60."""
SLOW = "workload ordinal disk write offset size arrival latency"
"""One of the slowest I/Os; its ledger is behind it."""

World, Io, Command, Flow = record("World", WORLD), record("Io", IO), record("Command", COMMAND), record("Flow", FLOW)
Device, Store, Vm, Door = record("Device", DEVICE), record("Store", STORE), record("Vm", VM), record("Door", DOOR)
Array = record("Array", ARRAY)
Hop, Disk, Stream = record("Hop", HOP), record("Disk", DISK), record("Stream", STREAM)
Workload, Loop, Row = record("Workload", WORKLOAD), record("Loop", LOOP), record("Row", ROW)
Merge, Copier, Read, Reader = (
    record("Merge", MERGE),
    record("Copier", COPIER),
    record("Read", READ),
    record("Reader", READER),
)
Transport, Chain = record("Transport", TRANSPORT), record("Chain", CHAIN)
Replica, Item, Meter = record("Replica", REPLICA), record("Item", ITEM), record("Meter", METER)
Epoch, Node, Log, Book = record("Epoch", EPOCH), record("Node", NODE), record("Log", LOG), record("Book", BOOK)
Order, Event, Flush = record("Order", ORDER), record("Event", EVENT), record("Flush", FLUSH)
Ledger, Counts, Seen = column("Ledger"), column("Counts"), column("Seen")
"""A guest I/O's ns by cause; what a histogram's pages and the rows of bins hold; an interval's (bucket, count)."""
Histogram, Slow = record("Histogram", HISTOGRAM), record("Slow", SLOW)

IO_WORDS, COMMAND_WORDS, ITEM_WORDS, NODE_WORDS = words(IO), words(COMMAND), words(ITEM), words(NODE)
LOG_WORDS, EPOCH_WORDS, ROW_WORDS, SLOW_WORDS, DOOR_WORDS = (
    words(LOG),
    words(EPOCH),
    words(ROW),
    words(SLOW),
    words(DOOR),
)
HOP_WORDS, HISTOGRAM_WORDS = words(HOP), words(HISTOGRAM)
WORLD_WORDS, EVENT_WORDS = words(WORLD), words(EVENT)


def _offset(fields: str, name: str) -> int:
    """The place of a field that is addressed itself: the head of a list."""
    return fields.split().index(name)


WOKEN, LOW, LOGGED = _offset(WORLD, "woken"), _offset(WORLD, "low"), _offset(WORLD, "log")
FREE_IO, FREE_COMMAND = _offset(WORLD, "free_io"), _offset(WORLD, "free_command")
FREE_ITEM, FREE_NODE = _offset(WORLD, "free_item"), _offset(WORLD, "free_node")
FLOW_QUEUE, STORE_QUEUE, REPLICA_QUEUE = _offset(FLOW, "first"), _offset(STORE, "first"), _offset(REPLICA, "first")
REPLICA_RELEASED, VM_BEHIND, VM_SHORT = _offset(REPLICA, "released"), _offset(VM, "behind"), _offset(VM, "short")
ARRAY_DIRTY, ARRAY_WAITING = _offset(ARRAY, "dirty"), _offset(ARRAY, "waiting")
VM_GATE, DOOR_QUEUE, DISK_CHUNK = _offset(VM, "gate"), _offset(DOOR, "first"), _offset(DISK, "chunk")
READ_PARKED = _offset(READ, "parked")
UNRESOLVED, GATED, BOOK_INTERVAL = _offset(DOOR, "unresolved"), _offset(DOOR, "gated"), _offset(BOOK, "arrivals")

OCTAVES = 58
PAGE = 128
"""Buckets of a histogram in one page; see `sim.histogram`."""
SEEN_ROOM = OCTAVES * PAGE
BIN_COUNTS = 3
"""At the beginning of a bin's row: counts of reads and of writes, and its place among those seen in the interval."""
LATEST_PAGE = 1024
"""Blocks in one page of a meter's map."""

(
    SERVICE_ENDS, HOPS_UP, ARRIVES, HOPS_DOWN, COPIER_GOES, READER_GOES, LINK_SENT, POINT_DURABLE, CONFIRMED, TAG_DUE,
    LIMIT_PASSED, GATE_IN, GATE_OUT, TIMER, ISSUE, CHUNK_COPIED, CHUNK_COPIED_LATE, COPIER_PACED, READER_STARTS,
    CHAIN_STARTS, LOOP_STARTS, HOLD, RELEASE, CHECKPOINT, SYNC, USABLE, SETTLE, PROBES_END, FORGET,
    ALLOW, RESUMES, HELD_LOOK, LET_GO, CONNECTION, LINK_BEGINS, THAW, LET_IN, FOLD, ANSWER, ANSWERED,
    ISSUED_AGAIN, ACKNOWLEDGED, DESTAGED, ADMIT, RESIZE,
) = range(45)  # fmt: skip
"""What happens to a record when its event comes or its turn: an event holds address * ACTIONS + action."""
ACTIONS = 64

AGE, EXPOSURE, UNDEFINED, POINT, MODE, JOURNALED = range(6)
"""Kinds of log rows."""

FIRED_ROOM = 256
OK, GROW, GROW_HEAP, DRAWS, FIRED, AGAIN, FULL, LEDGER, STANDSTILL = range(9)
"""Why the loop came back: at its limit, for memory, for a larger heap, for draws, a signal fired, its budget is spent;
a datastore is full, a ledger does not add up, time stands still."""
