"""Who is there at a scheduler: each worker is asked once, and those that are like this process take tasks."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import NamedTuple

from experiments.study.cluster_client import Connection
from experiments.study.worker import compile_engine, has_engine, introduce, likeness, resource, take_tasks

REMEDY = "start it from a checkout of this version, in the environment that requirements.lock makes (docs/cluster.md)"


class Called(NamedTuple):
    """What calling the roll brought."""

    refused: tuple[str, ...]  # a line for each worker that is new and cannot be used: who, why, what to do
    replaced: bool  # somebody is accepted now, but nobody who was accepted before


class Roll:
    """The workers of one scheduler, as they were found when it was last called."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._wanted = likeness()
        self._hosts: dict[str, str] = {}  # of all that were ever accepted
        self._known: set[str] = set()
        self.resource = resource(self._wanted)
        self.accepted: frozenset[str] = frozenset()

    def call(self) -> Called:
        """`accepted` are those who are there now and like this process. Who is new is asked; the others were."""
        names = self._connection.workers()
        stayed = self.accepted & names.keys()
        new = [address for address in names if address not in self._known]
        refused = self._asked(new, names) if new else {}
        admitted = {address for address in new if address in self._hosts}
        self.accepted = frozenset(stayed | admitted)
        return Called(tuple(refused.values()), bool(admitted) and not stayed)

    def compile_engines(self, say: Callable[[str], None]) -> None:
        """The compiled path is at hand in every accepted worker: first in one of each host, for it may keep it for the
        others, then in those that still lack it. `say` is told, and told again at the end."""
        for one_of_each_host in (True, False):
            answers = self._connection.ask(has_engine, workers=self.accepted)
            lacking = sorted(address for address, has in answers.items() if has is False)
            chosen = list({self._hosts[address]: address for address in lacking}.values())
            chosen = chosen if one_of_each_host else lacking
            if chosen:
                say(f"compiling the fast path, once for this version, on {self._on(chosen)}: about 20 s ...")
                for future in [self._connection.at(compile_engine, address) for address in chosen]:
                    future.result()
                say("compiled")

    def _asked(self, new: list[str], names: dict[str, str]) -> dict[str, str]:
        """Why a worker is refused, by address; the others have a host now and take tasks."""
        answers = self._connection.ask(introduce, self._wanted, workers=new)
        gone = set(new) - self._connection.workers().keys()
        refused, like = {}, []
        for address in sorted(set(new) - gone):
            answer = answers.get(address)
            if isinstance(answer, tuple) and not answer[1]:
                self._hosts[address] = answer[0]
                like.append(address)
            else:
                refused[address] = _refusal(address, names[address], answer)
        if like:
            self._connection.ask(take_tasks, self._wanted, workers=like)
        self._known.update(new)
        return refused

    def _on(self, addresses: Iterable[str]) -> str:
        workers: dict[str, list[str]] = defaultdict(list)
        for address in addresses:
            workers[self._hosts[address]].append(address)
        return ", ".join(f"{host} ({' '.join(found)})" for host, found in sorted(workers.items()))


def _refusal(address: str, name: str, answer: object) -> str:
    called = "" if name == address else f' "{name}"'
    if isinstance(answer, tuple):
        host, differs = answer
        return f"the worker{called} at {address} on {host} differs from this process: {differs}; {REMEDY}"
    return f"the worker{called} at {address} has no stunlab that can be asked ({answer}); {REMEDY}"
