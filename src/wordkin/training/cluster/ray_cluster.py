"""The machines of a Ray cluster: who is there, an actor on each, and errors that name the machine.

A machine is a node of Ray that has processors. Its actor takes all of them, so that nothing else runs beside it.
"""

from __future__ import annotations

import contextlib
import logging
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Self

import ray
from ray.exceptions import (
    NodeDiedError,
    ObjectLostError,
    RayActorError,
    RayError,
    RayTaskError,
    WorkerCrashedError,
)
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from wordkin.errors import (
    ClusterError,
    CorpusError,
    CorpusNotFoundError,
    DivergenceError,
    OutputError,
    WordkinError,
    warn,
)
from wordkin.training.cluster.host import CONTROL, Facts, Host
from wordkin.training.cluster.links import Address, PeerLostError
from wordkin.training.cluster.transport import MachineLostError

START_SECONDS = 90.0  # for a process to begin and import what it needs
PING_SECONDS = 10.0  # for an answer of the group CONTROL, which waits for nothing
CONNECT_SECONDS = 5.0
POLL_SECONDS = 0.05
LOOK_SECONDS = 1.0  # between two looks for new machines
_LOSSES = (PeerLostError, RayActorError, NodeDiedError, ObjectLostError, WorkerCrashedError)
_NAMED = (CorpusNotFoundError, CorpusError, OutputError, DivergenceError)  # errors of one text, which may get a name


class RayMachine:
    """One machine, as the driver sees it.

    Attributes
    ----------
    name : host and address, as people tell machines apart.
    node_id : of Ray.
    actor_id : of Ray.
    threads : processors that Ray says it has.
    address : of the node.
    listening : where the actor waits for connections of others, once it does.
    lost : whether a call has failed because the machine, or what it sent, is gone.
    """

    def __init__(self, node: Mapping[str, Any]) -> None:
        self.node_id = str(node["NodeID"])
        self.name = f"{node['NodeManagerHostname']} ({node['NodeManagerAddress']}, node {self.node_id[:8]})"
        self.threads = processors(node)
        self.address = str(node["NodeManagerAddress"])
        self.listening: Address | None = None
        self.lost = False
        actor = ray.remote(concurrency_groups={CONTROL: 1})(Host)
        placed = NodeAffinitySchedulingStrategy(self.node_id, soft=False)
        self._actor = actor.options(num_cpus=self.threads, scheduling_strategy=placed).remote()
        self.actor_id = str(self._actor._actor_id.hex())
        self.starting = self.call("facts")

    def call(self, method: str, *arguments: Any, returns: int = 1) -> Any:
        """Have the actor do something; a reference to the result, or so many of them."""
        return getattr(self._actor, method).options(num_returns=returns).remote(*arguments)

    def control(self, method: str, *arguments: Any) -> Any:
        """The same for a method of the group CONTROL."""
        return getattr(self._actor, method).options(concurrency_group=CONTROL).remote(*arguments)

    def kill(self) -> None:
        """End the process, if there is one."""
        with contextlib.suppress(RayError):
            ray.kill(self._actor)


class RayCluster:
    """A connection to a Ray cluster; leaving the context ends the actors, and the connection where it was made here.

    Attributes
    ----------
    machines : those with an actor that is ready, in the order in which they came.
    """

    def __init__(self, address: str) -> None:
        self._connected = not ray.is_initialized()
        if self._connected:
            _connect(address)
        self.machines: list[RayMachine] = []
        self._starting: list[RayMachine] = []
        self._refused: set[str] = set()  # nodes that cannot take part
        self._next_look = 0.0

    def __enter__(self) -> Self:
        try:
            self._start_all()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _start_all(self) -> None:
        """Start an actor on each machine; :class:`ClusterError` where one does not start, or there is none."""
        self._start_new()
        if not self._starting:
            raise ClusterError("no machine of the Ray cluster has processors: start one with ray start --address=...")
        deadline = time.monotonic() + START_SECONDS
        for machine in self._starting:
            ready, _ = ray.wait([machine.starting], timeout=max(0.0, deadline - time.monotonic()))
            if not ready:
                raise ClusterError(
                    f"the machine {machine.name} does not give its {machine.threads} processors within "
                    f"{START_SECONDS:.0f} s: something else on the cluster has them; see ray status"
                )
            try:
                self._check(machine)
            except ClusterError:
                if _is_alive(machine.node_id):
                    raise  # else it died just now, and is none of the cluster any more
            else:
                self.machines.append(machine)
        self._starting = []
        if not self.machines:
            raise ClusterError("all machines of the Ray cluster died while they started: see ray status")

    def _start_new(self) -> None:
        known = {machine.node_id for machine in (*self.machines, *self._starting)} | self._refused
        for node in sorted(ray.nodes(), key=lambda node: str(node["NodeID"])):
            if node["Alive"] and processors(node) and node["NodeID"] not in known:
                self._starting.append(RayMachine(node))

    def _check(self, machine: RayMachine) -> None:
        """Raise :class:`ClusterError` unless a machine has what this one has."""
        try:
            there, here = ray.get(machine.starting), Facts.here()
        except RayError as error:
            raise ClusterError(
                f"wordkin does not start on the machine {machine.name}: {_last_line(error)}; install wordkin[cluster] "
                "there as it is here"
            ) from error
        for name, own, others in zip(("wordkin", "Numba", "vector width"), here, there, strict=True):
            if own != others:
                raise ClusterError(
                    f"the machine {machine.name} has {name} {others}, and this one has {own}: they must be the same, "
                    "since the bits of the vectors depend on it"
                )

    def look(self) -> None:
        """Take in machines that have come, about once a second; one that does not fit is left out."""
        if time.monotonic() < self._next_look:
            return
        self._next_look = time.monotonic() + LOOK_SECONDS
        self._start_new()
        for machine in list(self._starting):
            if not ray.wait([machine.starting], timeout=0)[0]:
                continue
            self._starting.remove(machine)
            try:
                self._check(machine)
            except ClusterError:
                self._refused.add(machine.node_id)
                machine.kill()
            else:
                self.machines.append(machine)

    def drop_lost(self) -> None:
        """Forget machines whose calls failed or that do not answer, and end what may be left of their actors."""
        asked = [(machine, machine.control("process")) for machine in self.machines]
        ray.wait([answer for _, answer in asked], num_returns=len(asked), timeout=PING_SECONDS)
        for machine, answer in asked:
            try:
                ray.get(answer, timeout=0)
            except (RayError, TimeoutError):
                machine.lost = True
            if machine.lost:
                self.machines.remove(machine)
                machine.kill()
                warn(f"lost the machine {machine.name}: the others train its part", RuntimeWarning)

    def refuse_none_left(self) -> None:
        """Raise :class:`ClusterError` where no machine is left."""
        if not self.machines:
            raise ClusterError("all machines are gone: start the run again when the cluster is well")

    def close(self) -> None:
        """End all actors."""
        for machine in (*self.machines, *self._starting):
            machine.kill()
        self.machines, self._starting = [], []
        if self._connected:
            ray.shutdown()


def gather(
    calls: Sequence[tuple[RayMachine, Any]],
    *,
    poll: Callable[[], None] = lambda: None,
    when_lost: Callable[[], None] = lambda: None,
) -> list[Any]:
    """The results of calls to several machines, in their order, when all of them are there.

    ``poll`` is called several times a second, ``when_lost`` when the first machine was lost; the others are waited for.

    Raises
    ------
    MachineLostError
        A machine has died, or an object that it had sent is gone.
    ClusterError, or what the machine raised, with its name
        A call failed.
    """
    waiting = {reference: number for number, (_, reference) in enumerate(calls)}
    results: dict[int, Any] = {}
    lost = False
    while waiting:
        ready, _ = ray.wait(list(waiting), timeout=POLL_SECONDS)
        for reference in ready:
            number = waiting.pop(reference)
            try:
                results[number] = ray.get(reference)
            except RayError as error:
                if not _is_loss(error):
                    raise _named(error, calls[number][0]) from error
                for machine, _ in calls:
                    machine.lost |= _actor_of(error) == machine.actor_id
                if not lost:
                    when_lost()
                lost = True
        poll()
    if lost:
        raise MachineLostError
    return [results[number] for number in range(len(calls))]


def processors(node: Mapping[str, Any]) -> int:
    """How many processors Ray gives to actors on a node."""
    return int(node.get("Resources", {}).get("CPU", 0))


def _is_alive(node_id: str) -> bool:
    return any(node["NodeID"] == node_id and node["Alive"] for node in ray.nodes())


def share(values: object) -> Any:
    """A reference to values that several calls are given."""
    return ray.put(values)


def _actor_of(error: RayError) -> str | None:
    """Which actor has died, if one has: that of another machine where a call waited for what it was to send."""
    cause = error.cause if isinstance(error, RayTaskError) else error
    return cause.actor_id if isinstance(cause, RayActorError) else None


def _is_loss(error: BaseException | None) -> bool:
    return isinstance(error, _LOSSES) or (isinstance(error, RayTaskError) and isinstance(error.cause, _LOSSES))


def _named(error: RayError, machine: RayMachine) -> WordkinError:
    """The error of a call as one that says where it happened."""
    cause = error.cause if isinstance(error, RayTaskError) else error
    for kind in _NAMED:
        if isinstance(cause, kind):
            return kind(f"on the machine {machine.name}: {cause}")
    what = str(cause) if isinstance(cause, WordkinError) else f"{type(cause).__name__}: {_last_line(cause)}"
    return ClusterError(f"on the machine {machine.name}: {what}")


def _last_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[-1].strip()


def _connect(address: str) -> None:
    """Connect this process to a cluster; :class:`ClusterError` where there is none."""
    if address.startswith("ray://"):
        raise ClusterError(
            f"{address} is an address of Ray Client: start wordkin on a machine of the cluster, with cluster=auto"
        )
    if address != "auto":
        _refuse_silent(address)
    with _own_signals():
        try:
            ray.init(address=address, log_to_driver=False, logging_level=logging.CRITICAL)
        except (ConnectionError, RuntimeError, ValueError) as error:
            if address == "auto":
                raise ClusterError(
                    "no Ray cluster runs on this machine: start one with ray start --head, or give its address, "
                    "HOST:PORT"
                ) from error
            raise ClusterError(f"cannot connect to the Ray cluster at {address}: {_last_line(error)}") from error
    with contextlib.suppress(ImportError, AttributeError):  # no public way: Ray tells standard output who has died
        from ray._private.ray_logging import global_worker_stdstream_dispatcher

        global_worker_stdstream_dispatcher.remove_handler("ray_print_logs")


def _refuse_silent(address: str) -> None:
    """Raise :class:`ClusterError` unless somebody listens at an address: Ray itself would try for a long time."""
    host, _, port = address.rpartition(":")
    if not host or not port.isdigit():
        raise ClusterError(f"the address of a Ray cluster is auto or HOST:PORT, as ray start shows it; got {address}")
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=CONNECT_SECONDS).close()
    except (OSError, OverflowError) as error:
        raise ClusterError(
            f"no Ray cluster answers at {address}: {error}; ray start --head shows the address of one"
        ) from error


@contextlib.contextmanager
def _own_signals() -> Iterator[None]:
    """Have the handler of SIGTERM as it was: Ray sets its own."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.getsignal(signal.SIGTERM)
    try:
        yield
    finally:
        if before is not None:
            signal.signal(signal.SIGTERM, before)
