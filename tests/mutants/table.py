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
REST = "tests/stories/test_quiesce_stories.py"
FULL = "tests/stories/test_full_stories.py"
REMOVED = "tests/stories/test_removal_stories.py"
LAWS = "tests/laws/test_model_laws.py -m 'not slow'"
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


TOLD = [
    *_in("models/stories/", "quiesce", REST,
         ("min(guest.dirty_most_bytes, guest.dirty_bytes + recent)", "guest.dirty_bytes + recent"),
         ("* guest.dirty_ns // guest.prepare_ns", "* guest.prepare_ns // guest.prepare_ns"),
         ("        self._watch()\n        return", "        return")),
    *_in("models/stories/", "snapshot", REST,
         ("            if outcome == \"ok\" and frozen != \"ok\":  # rolled back", "            if False:"),
         ("            vm.disks[0].drop_memory()\n", "            pass\n")),
    *_in("models/stories/", "full", FULL,
         ("            asked = vm.asked()  # the next question may come with the answer\n            vm.answer()",
          "            vm.answer()\n            asked = vm.asked()"),
         ("for disk in vm.disks if disk.owed_bytes)", "for disk in vm.disks if not disk.owed_bytes)")),
    *_in("models/stories/", "removal", REMOVED,
         ("helper * took <= costs.estimate_ns * size", "helper * took < costs.estimate_ns * size"),
         ("if not small and costs.rounds and not costs.force:", "if not small and not costs.force:"),
         ("                continue  # a VM with a task", "                pass  # a VM with a task"),
         ("            disk.fold_lower(lower)\n", "            pass\n")),
]  # fmt: skip
"""Faults of stories, which both engines share."""

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
    *_in(MECHANISMS, "grains", GRAINS,
         ("s.allocated[level] = s.allocated[level + levels]", "s.allocated[level] = s.allocated[levels]"),
         ("                if s.pool[at] & lower:", "                if s.pool[at]:"),
         ("            if not used:", "            if False:")),
    *_in(MECHANISMS, "bloom", "tests/oracles/test_bloom_twin.py",
         ("    x = ((x ^ (x >> 16)) * FACTOR) & LOW_31\n    return", "    return"),
         ("        s.bits[base + bit // WORD_BITS] |= 1 <<", "        s.bits[bit // WORD_BITS] |= 1 <<"),
         ("    s.bits[: len(s.bits) - gone] = s.bits[gone:]", "    s.bits[:gone] = s.bits[:gone]")),
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
         ("s.device[COMPETING] > 1 and s.outstanding", "s.device[COMPETING] > 0 and s.outstanding"),
         ("        s.capped_ns[flow] += now - s.capped_since[flow]\n", ""),
         ("        s.device[RELEASED] += 1\n", "        pass\n")),
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
    *_in(PATH, "disk", STORIES,
         ("tail = min(tail, max(0, self.spec.size_bytes - (io.offset + io.size)))", "pass"),
         ("if not mirrored and self.mirror is not None:", "if False:"),
         (" + self.delta.directory_writes * tables):", "):"),
         ("                self.owed_bytes -= owed\n", "                pass\n"),
         ("                if self._maybe(level, inside):", "                if True:"),
         ("range(grains.depth(self.map), max(found, 1) - 1, -1)", "range(grains.depth(self.map), max(found, 1), -1)"),
         ("Command(DATA, io.write, size, next(draws), 0)", "Command(DATA, io.write, size, next(draws))")),
    *_in(PATH, "vm", f"{STORIES} {DOOR}",
         ("        self._adapter_free -= 1\n", ""),
         ("door.waiting.append((io, self._stunned_so_far()))", "door.waiting.append((io, 0))"),
         ("            if door.idle and disk != best:", "            if disk != best:"),
         ("            if not meter.inline:\n", "            if True:\n"),
         ("        self.stunned_ns += self.clock._now - self._stunned_at\n", ""),
         ("                io.held_ns += now - io.clock_ns  # above", "                pass  # above"),
         (" and io.workload < len(self.spec.workloads))", ")"),
         ("        return self.paused or (self.frozen", "        return (self.frozen"),
         ("            self._behind[number] = (io, stunned)\n", "            pass\n")),
    *_in(PATH, "replica", f"{STORIES} {LAWS}",
         ("            if not self._queue:  # a resync", "            if True:  # a resync"),
         ("                self._ahead_bytes -= item.size\n                self._read_dirty()\n",
          "                self._ahead_bytes -= item.size\n"),
         ("back = durable + self.spec.link_latency_ns", "back = durable")),
    *_in(PATH, "bulk", STORIES,
         ("            waiting.fire()\n", "            pass\n"),
         ("self.level = grains.depth(disk.map) - 1", "self.level = grains.depth(disk.map)"),
         ("transfer_ns(size, spec.stream_bytes_per_s) + transfer_ns(size, way.ssl_bytes_per_s)",
          "max(transfer_ns(size, spec.stream_bytes_per_s), transfer_ns(size, way.ssl_bytes_per_s))"),
         ("            admit(pipes.proxy, now, transfer_ns(size, way.proxy_bytes_per_s)),\n", ""),
         ("while number >= self._allowed and", "while number > self._allowed and"),
         ("            self._call_parked()  # there is nothing left for them\n", "            pass\n")),
    *_in(PATH, "build", f"{STORIES}/test_transport_stories.py",
         ("return disk.name, spec.serving_host,", "return disk.datastore, spec.serving_host,"),
         ("return disk.datastore, server_name(spec),", "return disk.datastore, spec.serving_host,")),
    *_in(PATH, "machine", f"{STORIES}/test_transport_stories.py",
         ("store.spec.device_queue_depth if spec is None else spec.dsnro", "store.spec.device_queue_depth")),
    *_in("models/stories/", "slots", "tests/oracles/test_slots_twin.py",
         ("                promised.update(counted)\n", "                pass\n"),
         ("self.free[key] - promised[key] < counts[key]", "self.free[key] < counts[key]"),
         ("                self._serve()  # those behind may go first now\n", ""),
         ("            if not self.closed.isdisjoint(request.keys):\n                continue\n", "")),
    *_in("models/stories/", "tasks", f"{STORIES}/test_schedule_stories.py",
         ("min(way.proxy_tasks or ATTACHED, ATTACHED) if hotadd", "way.proxy_tasks if hotadd"),
         ("        if (yield from self.slots.take(story, keys, left())):\n",
          "        if (yield from self.slots.take(story, keys)):\n"),
         ("            self._when_done(read, its)\n", "            pass\n")),
    *_in("models/stories/", "hotadd", f"{STORIES}/test_transport_stories.py",
         ("and on_nfs3 and job.spec.serving_host != vm.spec.host", "and on_nfs3"),
         ("    yield from slots.take(story, place)\n", "    yield from slots.take(story, ())\n"),
         ("    yield story.wait(vm.drained(), costs.drain_limit_ns)\n    drain", "    drain")),
    *_in("models/stories/", "control", f"{STORIES}/test_schedule_stories.py",
         ("max(1, self._allowed[name] // 2)", "max(2, self._allowed[name] // 2)"),
         ("if store == name and host in hosts", "if store == name"),
         ("self._seen[name] = self._seen[name], (commands, time)", "self._seen[name] = (0, 0), (commands, time)"),
         ("            self.slots.close((kind, name), closed)\n", "            pass\n")),
    *_in("models/stories/", "backup", f"{STORIES}/test_schedule_stories.py",
         ("                if self._over(story.now):\n                    break\n            self._failed",
          "            self._failed"),
         ('if not limit or self.job.spec.schedule.overrun == "finish":', "if not limit:"),
         ("key=lambda name: name not in missed", "key=lambda name: name in missed")),
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
         ("Segment(stun if stunned", "Segment(stun if not stunned"),
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
         ("    if grow(m, d, before):  # nobody", "    if False:  # nobody")),
    *_in(COMPILED, "books", EQUAL,
         ("command.enter < w.closed:", "command.enter:")),
    *_in(COMPILED, "device", EQUAL,
         ("if s.idle and not s.first:", "if s.idle:"),
         ("        d.hopeless = -1\n    append", "    append"),
         ("if arrival < oldest and caps.room[index]", "if arrival <= oldest and caps.room[index]"),
         ("        m[d.heads + index] = Command(m, head).arrival\n", "        pass\n"),
         ("if d.limit_key + c.arrival == key:", "if True:"),
         ("slowdown), s.serving, service)", "slowdown), s.serving + 1, service)"),
         ("    integrate_store(m, at, now)\n    s.serving -= 1", "    s.serving -= 1"),
         ("flow.ordinal += 1\n", "flow.ordinal += 0\n")),
    *_in(COMPILED, "disk", EQUAL,
         ("tail = min(tail, max(0, disk.size - end))", "tail = max(0, tail)"),
         ("    if io.mirrored:\n        return True\n", "    return True\n"),
         ("max(found, 1) - 1, -1)", "max(found, 1), -1)"),
         (" + disk.directory_writes * io.tables", "")),
    *_in(COMPILED, "pieces", EQUAL,
         ("m[draw(m, stream, 1)], 0, at)", "m[draw(m, stream, 1)], -1, at)"),
         ("        io.stunned = stunned\n", "        pass\n"),
         ("stream = disk.write_draws if write else", "stream = disk.read_draws if write else")),
    *_in(COMPILED, "way", EQUAL,
         ("if best < 0 or arrival < oldest:", "if best < 0 or arrival <= oldest:"),
         ("if i != best and Door(m, other).idle:", "if i != best:"),
         ("    vm.in_flight -= 1\n", "    vm.in_flight -= 0\n"),
         ("        Vm(m, io.vm).behind_count -= 1\n", "        pass\n"),
         ("m[draw(m, hop.stream, 2) + 1]", "m[draw(m, hop.stream, 2)]")),
    *_in(COMPILED, "asked", EQUAL,
         ("    wake(m, v + VM_GATE)\n", "    pass\n"),
         ("    wake(m, v + VM_SHORT)\n    wake(m, v + VM_BEHIND)",
          "    wake(m, v + VM_BEHIND)\n    wake(m, v + VM_SHORT)")),
    *_in(COMPILED, "guest", EQUAL,
         ("    free_io(m, at)\n", "    free_io(m, at)\n    free_io(m, at)\n"),
         ("        due += vm.stunned_ns\n", "        due += 0\n")),
    *_in(COMPILED, "replica", EQUAL,
         ("    kick(m, at)\n    read_dirty(m, at)\n    kick(m, at)", "    kick(m, at)\n    read_dirty(m, at)"),
         ("push(m, durable + r.latency,", "push(m, durable,")),
    *_in(COMPILED, "bulk", EQUAL,
         ("    wake(m, merge.disk + DISK_CHUNK)\n", ""),
         ("    soon(m, at, COPIER_PACED)", "    copier_paced(m, at)"),
         ("if reader.number >= read.allowed:", "if reader.number > read.allowed:"),
         ("            wake(m, reader.read + READ_PARKED)  # there is nothing left for them\n", "            pass\n"),
         ("+ bucket.transfer_ns(size, t.ssl_rate)", "+ 0")),
    *_in(COMPILED, "machine", EQUAL,
         ("        return self.servers[host].dsnro if host in self.servers else", "        return")),
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

ALL = [*TOLD, *BOTH, *READABLE, *TWIN, *EDGE]

EQUIVALENT: dict[tuple[str, str], str] = {
    (
        f"{COMPILED}probe.py",
        "        if end > arrival:\n",
    ): "a stretch without length stays behind, and counts for nothing",
    (f"{PATH}datastore.py", "if self.idle and not self.queue:"): "no server is idle while a command waits",
    (f"{COMPILED}device.py", "if s.idle and not s.first:"): "no server is idle while a command waits",
}
"""(file, before) of faults that no test can see, and why."""
