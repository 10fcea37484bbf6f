/* The canonical case (docs/bench.md) as a plain event loop: what a compiled path is measured against.
 *
 * 16 VMs keep 8 I/Os outstanding each: an I/O thinks, passes two filters, waits for one of 64 device slots (in order of
 * arrival, or by mClock as models/mechanisms/mclock.py has it), then for one of 32 servers in order of admission.
 * Nothing is measured but the latency, into the buckets of sim/histogram.py.
 *
 * It takes its draws from arrays, the ones that the readable path draws, and keeps the order at one instant of
 * docs/path.md: so each of its numbers is that of the readable path. Three events an I/O go through the heap: a request,
 * the end of its hops, the end of its service. The dispatcher's round needs none, it is last at its instant.
 * All times are nanoseconds. Built with BOOKS it keeps what the compiled path keeps of each I/O, besides: see books.h.
 */
#include <stdint.h>

enum { VMS = 16, DEEP = 8, SLOTS = VMS * DEEP, ADMITTED = 64, SERVERS = 32, TIMERS = 1024 };
enum { DONE, OUT_OF_DRAWS, OUT_OF_TIMERS, WRONG_BOOKS };

/* What happens, in its order at one instant: class and kind of the table in docs/path.md. */
enum { END = 0x00, COMPLETION = 0x10, REQUEST = 0x20, HOPS_OVER = 0x21, DISPATCH = 0x30, TAG_DUE = 0x31 };

static const int64_t NEVER = INT64_C(1) << 62;

typedef struct {
    int64_t end, mclock;            /* length of the run; whether mClock admits */
    int64_t count;                  /* draws of each VM */
    const int64_t *think, *service; /* VMS rows of `count`, by ordinal */
    const int64_t *hop1, *hop2;     /* VMS rows of 2 * count: a hop up takes a draw, too, and no time */
    const int64_t *r_step, *l_step, *p_step, *credit; /* of each VM's disk */
} Case;

typedef struct {
    int64_t ios, total, minimum, maximum; /* delivered; their latency */
    int64_t events;                       /* given to the heap */
} Outcome;

typedef struct {
    int64_t time;
    uint64_t key; /* what, of which VM, its ordinal there; the last 8 bits are the slot and decide nothing */
} Event;

typedef struct {
    int slot[SLOTS];
    unsigned head, tail;
} Queue;

/* A slot carries one I/O at a time. */
typedef struct {
    int64_t arrival, service, ordinal, r, l, p;
} Io;

typedef struct {
    int64_t drawn, passed, hops, submitted; /* I/Os so far; draws of hops taken */
    int64_t r_prev, l_prev, p_prev, r_shift, head_r, head_l, head_p;
} Vm;

/* As sim.histogram.bucket_of has it: 128 equal buckets an octave. */
static inline int64_t bucket_of(int64_t value) {
    int shift = 56 - __builtin_clzll((uint64_t)value | 1);
    return shift <= 0 ? value : ((int64_t)shift << 7) + (value >> shift);
}

#ifdef BOOKS
#include "books.h"
#define KEEP(call) call
#else
#define KEEP(call)
#endif

typedef struct {
    KEEP(Books *books;)
    const Case *given;
    Outcome *found;
    int64_t *histogram;
    int64_t now, v, timer;
    int over, status;
    int rung, hopeless;           /* the dispatcher is called for this instant; it would find nobody to admit */
    int waiting, inside, serving; /* I/Os at the scheduler, in the device, in service */
    int events, hole;             /* in the heap; its root is being handled and may be overwritten */
    Queue queue[VMS], station;    /* in front of the device, by VM (in order of arrival: all in the first); of the servers */
    Io io[SLOTS];
    Vm vm[VMS];
    Event heap[SLOTS + TIMERS];
} Sim;

/* -- the heap ------------------------------------------------------------------------------------------------------ */

static inline int before(Event a, Event b) { return a.time < b.time || (a.time == b.time && a.key < b.key); }

static void sink(Event *heap, int size, Event event) {
    int at = 0;
    for (int child = 1; child < size; child = 2 * at + 1) {
        child += child + 1 < size && before(heap[child + 1], heap[child]);
        if (!before(heap[child], event)) break;
        heap[at] = heap[child];
        at = child;
    }
    heap[at] = event;
}

static void push(Sim *s, int64_t time, int what, int64_t ordinal, int slot) {
    uint64_t key = (uint64_t)what << 56 | (uint64_t)(slot / DEEP) << 48 | (uint64_t)ordinal << 8 | (uint64_t)slot;
    Event event = {time, key};
    s->found->events++;
    if (s->hole) {
        s->hole = 0;
        sink(s->heap, s->events, event);
        return;
    }
    int at = s->events++;
    for (int parent; at && before(event, s->heap[parent = (at - 1) / 2]); at = parent) s->heap[at] = s->heap[parent];
    s->heap[at] = event;
}

/* -- queues -------------------------------------------------------------------------------------------------------- */

static inline int is_empty(const Queue *q) { return q->head == q->tail; }
static inline int first(const Queue *q) { return q->slot[q->head % SLOTS]; }
static inline int take(Queue *q) { return q->slot[q->head++ % SLOTS]; }
static inline void put(Queue *q, int slot) { q->slot[q->tail++ % SLOTS] = slot; }

/* -- mClock -------------------------------------------------------------------------------------------------------- */

static inline int64_t larger(int64_t a, int64_t b) { return a > b ? a : b; }

static void tag(Sim *s, int n, Io *io) {
    const Case *c = s->given;
    Vm *vm = &s->vm[n];
    io->r = NEVER;
    io->l = s->now;
    if (c->r_step[n]) io->r = (vm->r_prev = larger(vm->r_prev + c->r_step[n], s->now)) + vm->r_shift;
    if (c->l_step[n]) io->l = vm->l_prev = larger(vm->l_prev + c->l_step[n], s->now);
    io->p = vm->p_prev = larger(vm->p_prev + c->p_step[n], s->v - c->credit[n]);
}

static void set_head(Vm *vm, const Io *io) {
    vm->head_r = io->r;
    vm->head_l = io->l;
    vm->head_p = io->p;
}

/* The I/O whose turn it is, out of its queue; -1 when none may go now. */
static int pick(Sim *s) {
    int best = -1, weight = -1;
    int64_t best_r = s->now + 1, weight_p = NEVER;
    for (int n = 0; n < VMS; n++) {
        const Vm *vm = &s->vm[n];
        if (is_empty(&s->queue[n])) continue;
        if (vm->head_r - vm->r_shift < best_r) best = n, best_r = vm->head_r - vm->r_shift;
        if (vm->head_l <= s->now && vm->head_p < weight_p) weight = n, weight_p = vm->head_p;
    }
    if (best < 0) {
        if (weight < 0) return -1;
        best = weight;
        s->v = s->vm[best].head_p; /* by shares: not taken from its reservation */
        s->vm[best].r_shift += s->given->r_step[best];
        s->vm[best].r_prev -= s->given->r_step[best];
    }
    int slot = take(&s->queue[best]);
    if (!is_empty(&s->queue[best])) set_head(&s->vm[best], &s->io[first(&s->queue[best])]);
    return slot;
}

/* Nobody may go: the dispatcher is called when the next tag falls due. */
static void call_when_due(Sim *s) {
    int64_t due = NEVER;
    for (int n = 0; n < VMS; n++) {
        const Vm *vm = &s->vm[n];
        if (is_empty(&s->queue[n])) continue;
        if (vm->head_l < due) due = vm->head_l;
        if (vm->head_r - vm->r_shift < due) due = vm->head_r - vm->r_shift;
    }
    s->hopeless = 1;
    if (due == NEVER || (s->now < s->timer && s->timer <= due)) return;
    if (s->events >= TIMERS) { /* each slot has its place besides */
        s->over = 1, s->status = OUT_OF_TIMERS;
        return;
    }
    s->timer = due;
    push(s, due, TAG_DUE, 0, 0);
}

/* -- an I/O's way -------------------------------------------------------------------------------------------------- */

static void think(Sim *s, int slot) {
    Vm *vm = &s->vm[slot / DEEP];
    if (vm->drawn == s->given->count) {
        s->over = 1, s->status = OUT_OF_DRAWS;
        return;
    }
    int64_t draw = slot / DEEP * s->given->count + vm->drawn++;
    s->io[slot].service = s->given->service[draw];
    push(s, s->now + s->given->think[draw], REQUEST, slot, slot);
}

static void submit(Sim *s, int slot) {
    int n = slot / DEEP;
    Io *io = &s->io[slot];
    Queue *queue = &s->queue[s->given->mclock ? n : 0];
    io->ordinal = ++s->vm[n].submitted;
    KEEP(io->l = s->now;)
    KEEP(book_submit(s->books, slot, s->now);)
    if (s->given->mclock) tag(s, n, io);
    if (is_empty(queue)) {
        set_head(&s->vm[n], io);
        s->hopeless = 0;
    }
    put(queue, slot);
    s->waiting++;
    if (s->inside < ADMITTED && !s->hopeless) s->rung = 1;
}

static void request(Sim *s, int slot) {
    Vm *vm = &s->vm[slot / DEEP];
    int64_t draw = slot / DEEP * 2 * s->given->count + vm->hops++;
    int64_t hops = s->given->hop1[draw] + s->given->hop2[draw];
    s->io[slot].arrival = s->now;
    vm->passed++;
    KEEP(book_request(s->books, slot, s->now, s->given->hop1[draw], s->given->hop2[draw]);)
    if (hops)
        push(s, s->now + hops, HOPS_OVER, vm->passed, slot);
    else
        submit(s, slot);
}

static void serve(Sim *s, int slot) {
    KEEP(book_service(s->books, s->now, s->serving, s->io[slot].service);)
    s->serving++;
    push(s, s->now + s->io[slot].service, COMPLETION, s->io[slot].ordinal, slot);
}

static void dispatch(Sim *s) {
    s->rung = s->hopeless = 0;
    while (s->waiting && s->inside < ADMITTED) {
        int slot = s->given->mclock ? pick(s) : take(&s->queue[0]);
        if (slot < 0) {
            call_when_due(s);
            return;
        }
        s->waiting--;
        s->inside++;
        KEEP(book_admit(s->books, slot, s->now, s->io[slot].l);)
        if (s->serving < SERVERS)
            serve(s, slot);
        else
            put(&s->station, slot);
    }
}

static void deliver(Sim *s, int slot) {
    Outcome *found = s->found;
    int64_t latency = s->now - s->io[slot].arrival;
    s->vm[slot / DEEP].hops++;
    found->ios++;
    found->total += latency;
    if (latency < found->minimum) found->minimum = latency;
    if (latency > found->maximum) found->maximum = latency;
    s->histogram[bucket_of(latency)]++;
    KEEP(book_deliver(s->books, slot, s->now, s->io[slot].arrival);)
    think(s, slot);
}

static void complete(Sim *s, int slot) {
    KEEP(book_service(s->books, s->now, s->serving, 0);)
    KEEP(book_complete(s->books, slot, s->now);)
    s->serving--;
    if (!is_empty(&s->station)) serve(s, take(&s->station));
    s->inside--;
    if (s->waiting && !s->hopeless) s->rung = 1;
    deliver(s, slot);
}

/* -- the loop ------------------------------------------------------------------------------------------------------ */

static void handle(Sim *s, Event event) {
    int slot = event.key & 0xff;
    s->now = event.time;
    switch (event.key >> 56) {
    case END: s->over = 1; break;
    case COMPLETION: complete(s, slot); break;
    case REQUEST: request(s, slot); break;
    case HOPS_OVER: submit(s, slot); break;
    case TAG_DUE: s->rung = 1; break;
    }
}

/* Runs the case; what happens at `end` is no part of it. `histogram` has a zero for each bucket. DONE, or why it stopped
 * before: then nothing found is of use. */
int simulate(const Case *given, Outcome *found, int64_t *histogram) {
    Sim sim = {.given = given, .found = found, .histogram = histogram, .timer = -1};
    Sim *s = &sim;
    KEEP(s->books = open_books();)
    *found = (Outcome){.minimum = NEVER};
    for (int n = 0; n < VMS; n++) s->vm[n].r_prev = s->vm[n].l_prev = s->vm[n].p_prev = -NEVER;
    push(s, given->end, END, 0, 0);
    for (int slot = 0; slot < SLOTS; slot++) think(s, slot);
    while (!s->over) {
        Event next = s->heap[0];
        if (s->rung && (next.time > s->now || next.key >> 56 >= DISPATCH)) {
            dispatch(s);
            continue;
        }
        s->hole = 1;
        handle(s, next);
        if (s->hole) { /* nothing has taken its place */
            s->hole = 0;
            s->events--;
            sink(s->heap, s->events, s->heap[s->events]);
        }
    }
    KEEP(if (close_books(s->books)) s->status = WRONG_BOOKS;)
    return s->status;
}
