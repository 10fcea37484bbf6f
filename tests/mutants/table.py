"""Planted faults: one line changed, and the tests that must notice. `run.py` plants them one at a time.

A mechanism's fault changes both engines alike: oracles and stories must see it. A conductor's fault makes the engines
differ; on the readable path stories see it too, and without a compiler.
"""

from typing import NamedTuple


class Mutant(NamedTuple):
    """`before` stands exactly once in `file`; with `after` in its place one of `tests` fails."""

    file: str
    before: str
    after: str
    tests: str  # pytest's arguments


MCLOCK = "tests/oracles/test_mclock_twin.py"
GRAINS = "tests/oracles/test_grain_twin.py"
FIFO = "tests/oracles/test_fifo_twin.py"
SMALL = "tests/models/test_small_mechanisms.py"
MAP = "tests/models/test_mirror_and_map.py"
FORMS = "tests/oracles/test_forms.py"
STORIES = "tests/stories"
LAWS = "tests/laws/test_model_laws.py -m 'not slow'"
SHARING = "tests/oracles/test_sharing_twins.py tests/stories/test_sharing_stories.py"
DOOR = "tests/models/test_door_probe.py"
LIVES = "tests/stories/test_explain_stories.py tests/laws/test_lives.py"
RISK = "tests/models/test_risk_meter.py"
EQUAL = "tests/laws/test_engines_agree.py -k 'whatever or worlds or fills or limits'"
OBSERVE = "tests/stories/test_observe_stories.py"
CRAMPED = "tests/laws/test_engines_agree.py -k 'coming_back or whatever'"
MEASURES = "tests/oracles/test_compiled_measures.py"

MECHANISMS = "models/mechanisms/"
PATH = "models/path/"
COMPILED = "models/compiled/"


def _in(folder: str, name: str, tests: str, *faults: tuple[str, str]) -> list[Mutant]:
    return [Mutant(f"{folder}{name}.py", before, after, tests) for before, after in faults]


BOTH = [
    *_in(MECHANISMS, "bucket", f"{SMALL} {STORIES}",
         ("max(s.done[0], now) + cost_ns", "s.done[0] + cost_ns"),
         ("return max(now, s.done[0] - s.depth_ns[0])", "return max(now, s.done[0])"),
         ("bytes_per_s // 2) // bytes_per_s", "bytes_per_s - 1) // bytes_per_s")),
    *_in(MECHANISMS, "cbt", f"{SMALL} {STORIES}",
         ("(offset + size - 1) // block_bytes + 1)", "(offset + size) // block_bytes + 1)"),
         ("s.pool[page + block % PAGE_BLOCKS] = epoch", "s.pool[page + block % PAGE_BLOCKS] = 1"),
         ("    s.facts[CURRENT] += 1\n", "    s.facts[CURRENT] += 0\n"),
         ("(epochs > since)", "(epochs >= since)")),
    *_in(MECHANISMS, "grains", f"{GRAINS} {MAP} {STORIES}",
         ("    s.allocated[s.facts[DEPTH]] = 0\n", ""),
         ("& ((1 << level) - 1))", "& ((2 << level) - 1))"),
         ("            s.pool[at] = 0\n", "            pass\n"),
         ("        s.facts[FREE] = s.pool[page]\n", ""),
         ("at != place + (grain - first)", "at < place"),
         ("        grain = (table + 1) * size\n    return g", "        grain = (table + 2) * size\n    return g"),
         ("    s.facts[TOTAL] += 1\n", "    s.facts[TOTAL] += s.facts[DEPTH]\n")),
    *_in(MECHANISMS, "mclock", f"{MCLOCK} {STORIES}",
         ("best, best_r = -1, now + 1", "best, best_r = -1, now"),
         ("if r < best_r:", "if r <= best_r:"),
         ("s.head_p[flow] < weight_p:", "s.head_p[flow] <= weight_p:"),
         ("        s.v[0] = s.head_p[flow]\n", ""),
         ("s.r_shift[flow] += cost * s.r_step[flow]", "s.r_shift[flow] += s.r_step[flow]"),
         ("            s.r_prev[flow] -= cost * s.r_step[flow]\n", ""),
         ("s.v[0] - s.credit[flow])", "s.v[0])"),
         ("        s.l_prev[flow] = limit\n", "")),
    *_in(MECHANISMS, "mirror", f"{MAP} {STORIES}",
         ("BEHIND if first < s.facts[CURSOR] else", "BEHIND if first <= s.facts[CURSOR] else"),
         ("first <= s.busy[i + 1] and s.busy[i] <= last", "first < s.busy[i + 1] and s.busy[i] <= last"),
         ("s.facts[CURSOR] = last + 1", "s.facts[CURSOR] = last + 2")),
    *_in(MECHANISMS, "replication", f"{SMALL} {MAP} {STORIES} {LAWS}",
         ("s.facts[USED] + size <= s.facts[CAPACITY]", "s.facts[USED] + size < s.facts[CAPACITY]"),
         ("    s.facts[CURSOR] = end\n", ""),
         ("    s.facts[DIRTY] -= end - i\n", "    s.facts[DIRTY] -= 1\n"),
         ("min(s.first[disk + 1], i + RUN_EXTENTS)", "i + RUN_EXTENTS"),
         ("        s.facts[MODE] = OVERFLOW\n", "        pass\n")),
    *_in(MECHANISMS, "slowdown", "tests/oracles/test_slowdown_twin.py",
         ("s.milli[min(others, s.facts[COUNT] - 1)]", "s.milli[min(others, s.facts[COUNT]) - 1]"),
         ("// WHOLE", "// WHOLE + 1")),
    *_in("models/", "workload", "tests/models/test_workload.py",
         ("np.interp(u * 1_000_000, ppm, ns)", "np.interp(u * 999_000, ppm, ns)")),
    *_in("models/", "replay", "tests/experiments/test_scenario_traces.py -k 'not engines'",
         ("rounds = -(-duration_ns // circle)", "rounds = duration_ns // circle"),
         ("(trace.time_ns[order] - begin) % circle", "trace.time_ns[order] - trace.time_ns[first]"),
         ("last + last // (count - 1)", "last"),
         ('f"{vm.name}/{workload.name}", "begin', 'f"{workload.name}", "begin')),
    *_in(MECHANISMS, "tablecache", f"{SMALL} {STORIES}",
         ("        s.used[slot] = 1\n        return True", "        return True"),
         ("        s.slot_of[s.key_in[slot]] = -1\n", "        pass\n")),
    *_in(MECHANISMS, "throttle", f"{SMALL} {FIFO} {STORIES}",
         ("s.device[OUTSTANDING] < s.device[DEPTH]", "s.device[OUTSTANDING] <= s.device[DEPTH]"),
         ("(before > 1) != (s.device[COMPETING] > 1)", "(before > 0) != (s.device[COMPETING] > 0)"),
         ("        s.capped_ns[flow] += now - s.capped_since[flow]\n", ""),
         ("        s.device[RELEASED] += 1\n", "        pass\n")),
    *_in(MECHANISMS, "throttle", SHARING,
         ("        if s.device[LAST] >= 0:\n", "        if True:\n"),
         ("if s.device[RUN] >= s.device[REQUESTS]:", "if s.device[RUN] > s.device[REQUESTS]:"),
         ("        s.device[SWITCHED] = 0\n", "        pass\n"),
         ("s.device[SWITCHED] >= s.device[SWITCHES]", "s.device[SWITCHED] > s.device[SWITCHES]"),
         ("if capped != (s.capped_since[0] >= 0):", "if capped:"),
         ("s.device[DEPTH] = min(slots, s.device[WINDOW])", "s.device[DEPTH] = slots"),
         ("s.device[DEPTH] = min(slots, s.device[ADAPTED])", "s.device[DEPTH] = slots")),
    *_in(MECHANISMS, "queuefull", SHARING,
         ("max(1, s.facts[DEPTH] // 2)", "s.facts[DEPTH] // 2"),
         ("            s.facts[GOOD] = 0\n        s.facts[SEEN]", "        s.facts[SEEN]"),
         ("elif s.facts[DEPTH] < s.facts[ORIGINAL]:", "else:"),
         ("if counted >= s.facts[SAMPLE]:", "if counted > s.facts[SAMPLE]:"),
         ("if s.facts[REFUSED] >= enough:", "if s.facts[REFUSED] > enough:")),
    *_in(MECHANISMS, "writecache", SHARING,
         ("> s.facts[SIZE]:", ">= s.facts[SIZE]:"),
         (">= s.facts[DESTAGERS]:", "> s.facts[DESTAGERS]:"),
         ("    s.facts[DESTAGING] -= 1\n", "")),
    *_in(MECHANISMS, "parda", SHARING,
         ("threshold_ns * before // latency_ns + claim", "threshold_ns * before // latency_ns"),
         ("min(most, max(least,", "max(most, min(least,"),
         ("(PPM - weight_ppm) * before_ns", "PPM * before_ns")),
    *_in(MECHANISMS, "bucket", SHARING,
         ("s.depth_ns[0] - max(0, s.done[0] - now)", "s.depth_ns[0] - (s.done[0] - now)"),
         ("return Bucket([depth_ns], [owed_ns])", "return Bucket([depth_ns], [0])")),
    *_in("models/stories/", "sioc", SHARING,
         ("if left or had > had_before", "if had > had_before"),
         ("or had > had_before", "or had >= had_before"),
         ("        self._had = [had for _, had, _ in found]\n", ""),
         ("        before, self._work = self._work, self.device.array_work()\n",
          "        before = self._work = self.device.array_work()\n"),
         ("            return\n        sample", "            pass\n        sample")),
    *_in(MECHANISMS, "workers", "tests/oracles/test_workers_twin.py",
         ("if s.free_at[worker] < s.free_at[first]:", "if s.free_at[worker] <= s.free_at[first]:"),
         ("max(begins_ns, s.free_at[first]) + cost_ns", "s.free_at[first] + cost_ns"),
         ("    if cost_ns == 0:\n        return 0\n", "")),
]  # fmt: skip
"""Faults of mechanisms: in both engines."""

READABLE = [
    *_in("models/", "windows", OBSERVE,
         ('side="right")', 'side="left")'),
         ("if in_window == keep else 0\n                now", "if in_window != keep else 0\n                now"),
         ("gap * PPM // writes)", "gap)"),
         ("else NEVER_NS\n\n\ndef first_gap", "else 0\n\n\ndef first_gap"),
         ("start_ns <= start_ns and", "start_ns <= end_ns and")),
    *_in("models/stories/", "observe", OBSERVE,
         ("window.start_ns + run.observe_warmup_ns)", "window.start_ns)")),
    *_in(PATH, "guest", OBSERVE,
         ("(clock, vm, time, key)\n            vm.absorb", "(clock, vm, time + 1, key)\n            vm.absorb")),
    *_in(PATH, "vm", OBSERVE,
         ("        self._stamp(io)\n        for stage in self.filters:\n", "        for stage in self.filters:\n")),
    *_in(PATH, "datastore", f"{FIFO} {STORIES}",
         ("if self.idle and not self.queue:", "if self.idle:"),
         ("law = spec.write if command.write else spec.read", "law = spec.read if command.write else spec.write"),
         ("(self.slowdown, self._serving, service)", "(self.slowdown, self._serving + 1, service)"),
         ("        self._integrate(now)\n        self.busy_ns", "        self.busy_ns")),
    *_in(PATH, "device", f"{STORIES} {LAWS}",
         ("            self.hopeless = -1\n", ""),
         ("and (best < 0 or head.arrival < oldest)", "and best < 0"),
         ("order(DISPATCH, 2, self.entity, command.arrival), note", "order(DISPATCH, 2, self.entity), lambda _: None"),
         ("        self._integrate(now)\n        self.sojourn_ns", "        self.sojourn_ns")),
    *_in(PATH, "datastore", SHARING,
         ("self.inside >= self.spec.queue_limit", "self.inside > self.spec.queue_limit"),
         ("            self.inside -= 1\n", "            pass\n"),
         ("command.size <= self.cache.facts", "command.size < self.cache.facts"),
         ("        self._destage()\n        self._admit()", "        self._admit()"),
         ("        while self.waiting and writecache.take", "        if self.waiting and writecache.take"),
         ("max(end, admit(self.peak_iops,", "max(0 * end, admit(self.peak_iops,"),
         ("                end = max(end, admit(self.peak_bytes, now, peak))\n", "                pass\n")),
    *_in(PATH, "device", SHARING,
         ("        command.slot_ns += waited\n", ""),
         ("        command.issue_ns += waited\n", ""),
         ("queuefull.answered(self.full, 1)", "queuefull.answered(self.full, 0)"),
         ("throttle, slots)\n        if self.backlog:\n            self._ring_if_useful()\n", "throttle, slots)\n"),
         ("NO_DSNRO if store.sioc else host", "host")),
    *_in(PATH, "disk", STORIES,
         ("tail = min(tail, max(0, self.spec.size_bytes - (io.offset + io.size)))", "pass"),
         ("if not mirrored and self.mirror is not None:", "if False:"),
         ("range(grains.depth(self.map), max(found, 1) - 1, -1)", "range(grains.depth(self.map), max(found, 1), -1)"),
         ("Command(DATA, io.write, size, next(draws), 0)", "Command(DATA, io.write, size, next(draws))")),
    *_in(PATH, "vm", f"{STORIES} {DOOR}",
         ("        self._adapter_free -= 1\n", ""),
         ("door.waiting.append((io, self._stunned_so_far()))", "door.waiting.append((io, 0))"),
         ("            if door.idle and disk != best:", "            if disk != best:"),
         ("            if not meter.inline:\n", "            if True:\n"),
         ("        self.stunned_ns += self.clock._now - self._stunned_at\n", "")),
    *_in(PATH, "replica", f"{STORIES} {LAWS}",
         ("            if not self._queue:  # a resync", "            if True:  # a resync"),
         ("                self._ahead_bytes -= item.size\n                self._read_dirty()\n",
          "                self._ahead_bytes -= item.size\n"),
         ("back = durable + self.spec.link_latency_ns", "back = durable")),
    *_in(PATH, "bulk", STORIES,
         ("            waiting.fire()\n", "            pass\n"),
         ("self.level = grains.depth(disk.map) - 1", "self.level = grains.depth(disk.map)")),
    *_in(PATH, "guest", STORIES,
         ("        if due + vm.stunned_ns <= clock._now:\n", "        if True:\n"),
         ("(vm.stunned and not outside):", "(vm.stunned and False):")),
    *_in("models/measure/", "door", DOOR, ("self._taken + self.waiting))", "self._taken))")),
    *_in("models/measure/", "lives", LIVES,
         ("other.arrival < command.arrival", "other.arrival <= command.arrival"),
         ("other.issue_ns >= command.enter_ns", "other.issue_ns > command.enter_ns"),
         ("held = until - max(start, since)", "held = until - since"),
         ("until = end if other.end_ns < 0 else min(end, other.end_ns)", "until = end"),
         ("        given += parts[-1]\n", "")),
    *_in("models/measure/", "tracer", LIVES,
         ("if self._open or self._touches(command", "if self._touches(command"),
         ("place = bisect_right(self._ends, start)", "place = 0"),
         ("Segment(causes.stun_hold_in if stunned", "Segment(causes.stun_hold_in if not stunned"),
         ("key=lambda n: (commands[n].done_ns, commands[n].ordinal)", "key=lambda n: -commands[n].done_ns")),
    *_in("experiments/explain/", "perfetto", "tests/experiments/test_perfetto.py",
         ("else (10 * ns + 2) / 10_000", "else exact"),
         ("busy[0][0] <= item.start_ns:", "busy[0][0] <= item.end_ns:"),
         ("changes.setdefault(max(at, window[0]), [0, 0])", "changes.setdefault(at, [0, 0])")),
    *_in("models/measure/", "risk", RISK, ("                    unique[before] -= 1\n", "                    pass\n")),
]  # fmt: skip
"""Faults of the readable path."""

TWIN = [
    *_in(COMPILED, "guest", EQUAL,
         ("now + w.shut, loop.key", "now + 2 * w.shut, loop.key")),
    *_in(COMPILED, "way", EQUAL,
         ("    split(m, at)\n    disk.absorb(m, at)", "    disk.absorb(m, at)")),
    *_in(COMPILED, "disk", EQUAL,
         ("    grow(m, d, before)\n    disk.written_top += io.size\n\n", "    disk.written_top += io.size\n\n")),
    *_in(COMPILED, "books", EQUAL,
         ("command.enter < w.closed:", "command.enter:")),
    *_in(COMPILED, "device", EQUAL,
         ("if s.idle and not s.first:", "if s.idle:"),
         ("        d.hopeless = -1\n    append", "    append"),
         ("if arrival < oldest and caps.room[index]", "if arrival <= oldest and caps.room[index]"),
         ("        m[d.heads + index] = Command(m, head).arrival\n", "        pass\n"),
         ("if d.limit_key + c.arrival == key:", "if True:"),
         ("slowdown), s.serving, service)", "slowdown), s.serving + 1, service)"),
         ("        integrate_store(m, at, now)\n        s.serving -= 1", "        s.serving -= 1"),
         ("flow.ordinal += 1\n", "flow.ordinal += 0\n")),
    *_in(COMPILED, "array", EQUAL,
         ("if a.limit and a.inside >= a.limit:", "if a.limit and a.inside > a.limit:"),
         ("    d.inside_issued += waited\n", ""),
         ("            soon(m, at, ADMIT)\n", "            pass\n"),
         ("    destage(m, array, at)\n    admit(m, array)", "    admit(m, array)"),
         ("    if d.backlog:\n        device.ring_if_useful(m, at)\n", "")),
    *_in(COMPILED, "disk", EQUAL,
         ("tail = min(tail, max(0, disk.size - end))", "tail = max(0, tail)"),
         ("    if io.mirrored:\n        return True\n", "    return True\n"),
         ("max(found, 1) - 1, -1)", "max(found, 1), -1)")),
    *_in(COMPILED, "pieces", EQUAL,
         ("m[draw(m, stream, 1)], 0, at)", "m[draw(m, stream, 1)], -1, at)"),
         ("stream = disk.write_draws if write else", "stream = disk.read_draws if write else")),
    *_in(COMPILED, "way", EQUAL,
         ("if best < 0 or arrival < oldest:", "if best < 0 or arrival <= oldest:"),
         ("if i != best and Door(m, other).idle:", "if i != best:"),
         ("    vm.in_flight -= 1\n", "    vm.in_flight -= 0\n"),
         ("    wake(m, v + VM_GATE)\n", "    pass\n"),
         ("m[draw(m, hop.stream, 2) + 1]", "m[draw(m, hop.stream, 2)]")),
    *_in(COMPILED, "guest", EQUAL,
         ("    free_io(m, at)\n", "    free_io(m, at)\n    free_io(m, at)\n"),
         ("        due += vm.stunned_ns\n", "        due += 0\n")),
    *_in(COMPILED, "replica", EQUAL,
         ("    kick(m, at)\n    read_dirty(m, at)\n    kick(m, at)", "    kick(m, at)\n    read_dirty(m, at)"),
         ("push(m, durable + r.latency,", "push(m, durable,")),
    *_in(COMPILED, "bulk", EQUAL,
         ("    wake(m, merge.disk + DISK_CHUNK)\n", ""),
         ("    soon(m, at, COPIER_PACED)", "    copier_paced(m, at)")),
    *_in(COMPILED, "conductor", EQUAL,
         ("    free_command(m, c)\n", "    free_command(m, c)\n    free_command(m, c)\n"),
         ("(m[heap] == time and m[heap + 1] < key)", "(m[heap] == time and m[heap + 1] <= key)"),
         ("m[heap + 1] < bell_key)", "m[heap + 1] > bell_key)")),
    *_in(COMPILED, "lists", f"{MEASURES} {CRAMPED}",
         ("        if m[at] < time or (m[at] == time and m[at + 1] < key):", "        if m[at] <= time:"),
         ("    w.woken_last = record\n", "    pass\n"),
         ("        Io(m, io).held, Io(m, io).epochs = 0, 0\n", "        Io(m, io).held = 0\n"),
         ("range(io + IO_WORDS, io + IO_WORDS + w.causes)", "range(io + IO_WORDS, io + IO_WORDS)")),
    *_in(COMPILED, "draws", CRAMPED, ("parts = [memory.words[record.at : record.end].copy()]",
                                      "parts = [memory.words[record.at : record.at].copy()]")),
    *_in(COMPILED, "engine", CRAMPED,
         ("used = HEAP_WORDS * world.heap_size", "used = HEAP_WORDS * (world.heap_size - 1)")),
    *_in(COMPILED, "probe", MEASURES, ("door.taken + door.told))", "door.taken))"),
         ("        if end > arrival:\n", "        if end >= arrival:\n")),
    *_in(COMPILED, "risk", MEASURES,
         ("        meter.unique -= old.unique\n", "")),
    *_in(COMPILED, "histogram", MEASURES,
         ("s.mid += (low >> 30) + (middle & LOW_30)", "s.mid += middle & LOW_30"),
         ("if not s.count or value < s.minimum:", "if value < s.minimum:")),
    *_in(COMPILED, "books", MEASURES, ("return one.workload < other.workload", "return one.workload > other.workload")),
]  # fmt: skip
"""Faults of the compiled path."""

EDGE = [
    *_in("experiments/scenario/", "profiles", "tests/experiments/test_profiles.py -k 'not rate'",
         ("ACTS_IN.get(key, kind) != kind or", "False or"),
         (" and key not in WHOLE", ""),
         ("if key not in own}", "if True}\n    return {**own, **mixed}")),
    *_in("experiments/calibrate/", "fit", "tests/experiments/test_calibrate.py",
         ("most = min(row.depth / (apart + service), fit.servers / service)", "most = row.depth / (apart + service)"),
         ("inside = depth - rate * apart\n", "inside = depth\n"),
         ("> least / 2:", "> least * 20:")),
    *_in("experiments/calibrate/", "measured", "tests/experiments/test_calibrate_fio.py",
         ("abs(seen - row.depth) <= LITTLE * row.depth or", "seen <= row.depth * (1 + LITTLE) or"),
         ("0 <= row.pause_ns <= PAUSE_NS", "row.pause_ns <= PAUSE_NS")),
    *_in("experiments/calibrate/", "fio", "tests/experiments/test_calibrate_fio.py",
         ("quantiles = quantiles_of(bins) if whole else", "quantiles = sides[0].quantiles if whole else"),
         ("moved = tuple((ppm, ns + shift)", "moved = tuple((ppm, ns)")),
]  # fmt: skip
"""Faults of what is read and fitted before anything runs."""

ALL = [*BOTH, *READABLE, *TWIN, *EDGE]

EQUIVALENT: dict[tuple[str, str], str] = {
    (
        f"{COMPILED}probe.py",
        "        if end > arrival:\n",
    ): "a stretch without length stays behind, and counts for nothing",
    (f"{PATH}datastore.py", "if self.idle and not self.queue:"): "no server is idle while a command waits",
    (f"{COMPILED}device.py", "if s.idle and not s.first:"): "no server is idle while a command waits",
}
"""(file, before) of faults that no test can see, and why."""
