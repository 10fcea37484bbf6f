/* What the compiled path keeps of every I/O of the canonical case, for canonical.c built with BOOKS: a ledger by cause
 * that must add up; histograms at the virtual adapter and at the device, and of the interval; the ledger summed by VM
 * and latency; integrals for Little's law; the slowest I/Os. It shows what keeping books costs in plain C, and so what
 * the compiled path could be at best. Direction, stuns, protections and checkpoints of the path itself are still missing.
 */
#include <stdlib.h>

enum { GUEST_QUEUE, HOLD_IN, HOP1, HOP2, LIMIT, DSNRO, SLOT, SERVICE, HOST_PATH, HOLD_OUT, CAUSES };
enum { BUCKETS = 58 * 128, COUNTS = 3, KEPT = 32 };

typedef struct {
    int64_t count, total, minimum, maximum;
} Sums;

typedef struct {
    int64_t accepted, enter, issue, clock, ledger[CAUSES];
} Account; /* of the I/O that a slot carries */

typedef struct {
    int64_t arrived, delivered, area, area_at, sojourn, open_arrivals, read_bytes;
    int64_t arrivals, ios, commands, kavg, davg, qavg, seen_count, kept;
    Sums read, interval, vscsi, gavg;
    int64_t slowest[KEPT];
    int64_t seen[2 * BUCKETS], at_adapter[BUCKETS], at_device[BUCKETS], bins[BUCKETS][COUNTS + CAUSES];
} Book; /* of one VM */

typedef struct {
    int64_t wrong, outstanding, outstanding_area, area_at, sojourn, serving_area, serving_at, busy, finished;
    Account account[SLOTS];
    Book book[VMS];
} Books;

static int64_t totals[CAUSES];

static inline void sum(Sums *s, int64_t value) {
    s->total += value;
    if (!s->count || value < s->minimum) s->minimum = value;
    if (value > s->maximum) s->maximum = value;
    s->count++;
}

static inline void charge(Account *a, int cause, int64_t now) {
    a->ledger[cause] += now - a->clock;
    a->clock = now;
}

static void book_request(Books *b, int slot, int64_t now, int64_t hop1, int64_t hop2) {
    Book *book = &b->book[slot / DEEP];
    Account *a = &b->account[slot];
    *a = (Account){.accepted = now, .clock = now};
    book->area += (book->arrived - book->delivered) * (now - book->area_at);
    book->area_at = now;
    book->open_arrivals += now;
    book->arrived++;
    book->arrivals++;
    charge(a, HOP1, now + hop1);
    charge(a, HOP2, now + hop1 + hop2);
}

static void book_submit(Books *b, int slot, int64_t now) { b->account[slot].enter = now; }

static void book_admit(Books *b, int slot, int64_t now, int64_t limit) {
    Account *a = &b->account[slot];
    int64_t wait = now - a->enter, limited = limit - a->enter;
    if (wait) {
        limited = limited < 0 ? 0 : limited < wait ? limited : wait;
        a->ledger[LIMIT] += limited;
        a->ledger[SLOT] += wait - limited;
    }
    a->issue = a->clock = now;
    b->outstanding_area += b->outstanding++ * (now - b->area_at);
    b->area_at = now;
}

static void book_service(Books *b, int64_t now, int64_t serving, int64_t service) {
    b->serving_area += serving * (now - b->serving_at);
    b->serving_at = now;
    b->busy += service;
}

static void book_complete(Books *b, int slot, int64_t now) {
    Book *book = &b->book[slot / DEEP];
    Account *a = &b->account[slot];
    b->outstanding_area += b->outstanding-- * (now - b->area_at);
    b->area_at = now;
    b->sojourn += now - a->issue;
    b->finished++;
    book->commands++;
    book->kavg += a->issue - a->enter;
    book->davg += now - a->issue;
    book->qavg += a->ledger[SLOT];
    sum(&book->gavg, now - a->enter);
    book->at_device[bucket_of(now - a->enter)]++;
    charge(a, SERVICE, now);
    charge(a, HOST_PATH, now);
    sum(&book->vscsi, now - a->accepted);
    book->at_adapter[bucket_of(now - a->accepted)]++;
}

static void keep_if_slow(Book *book, int64_t latency) { /* a heap, the least slow first */
    int64_t *heap = book->slowest, at = 0;
    if (book->kept < KEPT) {
        for (at = book->kept++; at && heap[(at - 1) / 2] > latency; at = (at - 1) / 2) heap[at] = heap[(at - 1) / 2];
    } else {
        if (latency <= heap[0]) return;
        for (int64_t child = 1; child < KEPT; child = 2 * at + 1) {
            child += child + 1 < KEPT && heap[child + 1] < heap[child];
            if (heap[child] >= latency) break;
            heap[at] = heap[child];
            at = child;
        }
    }
    heap[at] = latency;
}

static void book_deliver(Books *b, int slot, int64_t now, int64_t arrival) {
    Book *book = &b->book[slot / DEEP];
    const Account *a = &b->account[slot];
    int64_t latency = now - arrival, unexplained = latency, bucket = bucket_of(latency), *row = book->bins[bucket];
    for (int i = 0; i < CAUSES; i++) unexplained -= a->ledger[i];
    b->wrong += unexplained != 0;
    book->area += (book->arrived - book->delivered) * (now - book->area_at);
    book->area_at = now;
    book->open_arrivals -= arrival;
    book->sojourn += latency;
    book->delivered++;
    book->ios++;
    int64_t place = row[2];
    if (place >= book->seen_count || book->seen[2 * place] != bucket) {
        place = row[2] = book->seen_count++;
        book->seen[2 * place] = bucket;
        book->seen[2 * place + 1] = 0;
    }
    book->seen[2 * place + 1]++;
    sum(&book->interval, latency);
    sum(&book->read, latency);
    book->read_bytes += 8192;
    row[0]++;
    for (int i = 0; i < CAUSES; i++) row[COUNTS + i] += a->ledger[i];
    keep_if_slow(book, latency);
}

static Books *open_books(void) { return calloc(1, sizeof(Books)); }

static int close_books(Books *b) {
    int wrong = b->wrong != 0;
    for (int i = 0; i < CAUSES; i++) totals[i] = 0;
    for (int n = 0; n < VMS; n++)
        for (int bucket = 0; bucket < BUCKETS; bucket++)
            if (b->book[n].bins[bucket][0])
                for (int i = 0; i < CAUSES; i++) totals[i] += b->book[n].bins[bucket][COUNTS + i];
    free(b);
    return wrong;
}

/* Nanoseconds by cause, of all I/Os that the last run delivered. */
const int64_t *ledger(void) { return totals; }
