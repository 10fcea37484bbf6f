"""A datastore that is full: a VM whose delta cannot grow asks, and waits until an operator answers.

The write that needs the space waits, and so does all that the guest asks for from then on; the guest's clock runs, so
that this is latency and no stun. A stun of that VM does not drain meanwhile. `retry` comes after a while, in which the
operator may have freed something and others may have given back deltas; where that is too little the VM asks again.
`cancel` leaves the VM as it is for good: powered off, for whoever looks from outside. Other VMs of the datastore go on
until they must grow. Outside observe windows a datastore that fills up ends the run.
Source: KB 1007849 (Broadcom), out of space for redo log.
"""

from collections.abc import Generator
from typing import Any

from simpy.events import Event

from models.result import QuestionRow
from models.stories import ANSWER_RANK
from models.stories.acts import Hypervisor, Vm
from sim.clock import Story


class Questions:
    """The questions of one run, in order, and who answers them."""

    def __init__(self, hypervisor: Hypervisor) -> None:
        self.hypervisor = hypervisor
        self.policy = hypervisor.spec.snapshots.full
        self.rows: list[QuestionRow] = []
        if self.policy.answer != "end" and hypervisor.spec.snapshots.format != "native":
            members = {hypervisor.index[name] for job in hypervisor.jobs for name in job.spec.vms}
            for index in sorted(members):
                vm = hypervisor.vms[index]
                story = Story(hypervisor.clock, f"questions of {vm.spec.name}", ANSWER_RANK, index)
                asked = vm.asked()
                story.start(self._answers(story, vm, asked))

    def _answers(self, story: Story, vm: Vm, asked: Event) -> Generator[Event, Any, None]:
        policy = self.policy
        while True:
            yield story.wait(asked)
            number, began = len(self.rows), story.now
            stores = tuple(dict.fromkeys(disk.spec.datastore for disk in vm.disks if disk.owed_bytes))
            self.rows.append(QuestionRow(vm.spec.name, " ".join(stores), began, -1, 0, "none yet"))
            yield story.sleep(policy.wait_ns)
            freed = policy.freed_bytes if policy.answer == "retry" else 0
            self.rows[number] = self.rows[number]._replace(answer_ns=story.now, freed_bytes=freed, answer=policy.answer)
            if policy.answer == "cancel":
                return
            for name in stores:
                self.hypervisor.stores[name].free(freed)
            asked = vm.asked()  # the next question may come with the answer
            vm.answer()
