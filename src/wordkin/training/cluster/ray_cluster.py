"""The machines of a Ray cluster: their discovery, one actor on each, and errors that name the machine.

A machine is a Ray node with processors. Its actor reserves all of them, so that Ray runs nothing else there.
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
from wordkin.training.cluster.host import CONTROL, TEXT, Facts, Host
from wordkin.training.cluster.links import Address, PeerLostError
from wordkin.training.cluster.transport import MachineLostError

START_SECONDS = 90.0  # for an actor to start and import its modules
PING_SECONDS = 10.0  # for an answer of the group CONTROL, which does not wait for other calls
CONNECT_SECONDS = 5.0
POLL_SECONDS = 0.2  # each poll takes about a millisecond from a machine on the same computer
LOOK_SECONDS = 1.0  # between two searches for new machines
_LOSSES = (PeerLostError, RayActorError, NodeDiedError, ObjectLostError, WorkerCrashedError)
_NAMED = (CorpusNotFoundError, CorpusError, OutputError, DivergenceError)  # errors that take one message


class RayMachine:
    """One machine of a cluster, with which the driver (the process of the user) calls the actor of the machine."""

    def __init__(self, node: Mapping[str, Any]) -> None:
        self.node_id = str(node["NodeID"])
        self.name = f"{node['NodeManagerHostname']} ({node['NodeManagerAddress']}, node {self.node_id[:8]})"
        self.threads = processors(node)
        self.address = str(node["NodeManagerAddress"])
        self.listening: Address | None = None
        self.lost = False
        actor = ray.remote(concurrency_groups={CONTROL: 1, TEXT: 1})(Host)
        placed = NodeAffinitySchedulingStrategy(self.node_id, soft=False)
        self._actor = actor.options(num_cpus=self.threads, scheduling_strategy=placed).remote()
        self.actor_id = str(self._actor._actor_id.hex())
        self.starting = self.call("facts")

    def call(self, method: str, *arguments: Any) -> Any:
        """Call a method of the actor on this machine; return a Ray reference to the result."""
        return getattr(self._actor, method).remote(*arguments)

    def control(self, method: str, *arguments: Any) -> Any:
        """Call a method of Ray's concurrency group CONTROL; return a reference to the result."""
        return getattr(self._actor, method).options(concurrency_group=CONTROL).remote(*arguments)

    def text(self, method: str, *arguments: Any) -> Any:
        """Call a method of Ray's concurrency group TEXT; return a reference to the result."""
        return getattr(self._actor, method).options(concurrency_group=TEXT).remote(*arguments)

    def kill(self) -> None:
        """End the process of the actor, if there is one."""
        with contextlib.suppress(RayError):
            ray.kill(self._actor)


class RayCluster:
    """A connection to a Ray cluster, with an actor of wordkin on each machine.

    When it is used as a context manager, the actors are ended when the context is left. A connection that this object
    opened is then closed, too.

    Parameters
    ----------
    address : str
        ``auto`` or ``HOST:PORT``.

    Attributes
    ----------
    machines : list of RayMachine
        The machines whose actor is ready, in the order in which they joined.
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
        """Start an actor on each machine; raise :class:`ClusterError` if one fails, or there is no machine."""
        self._start_new()
        if not self._starting:
            raise ClusterError("no machine of the Ray cluster has processors: start one with ray start --address=...")
        deadline = time.monotonic() + START_SECONDS
        for machine in self._starting:
            ready, _ = ray.wait([machine.starting], timeout=max(0.0, deadline - time.monotonic()))
            if not ready:
                raise ClusterError(
                    f"the machine {machine.name} did not provide its {machine.threads} processors within "
                    f"{START_SECONDS:.0f} s: another program on the cluster uses them; see ray status"
                )
            try:
                self._check(machine)
            except ClusterError:
                if _is_alive(machine.node_id):
                    raise  # otherwise the machine died during the start and left the cluster
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
        """Raise :class:`ClusterError` unless a machine has the same :class:`Facts` as this one."""
        try:
            there, here = ray.get(machine.starting), Facts.here()
        except RayError as error:
            raise ClusterError(
                f"wordkin does not start on the machine {machine.name}: {_last_line(error)}; install the same "
                "version of wordkin[cluster] there"
            ) from error
        for name, own, others in zip(("wordkin", "Numba", "vector width"), here, there, strict=True):
            if own != others:
                raise ClusterError(
                    f"the machine {machine.name} has {name} {others}, and this machine has {own}: both must be the "
                    "same, because the last bits of the vectors depend on it"
                )

    def look(self) -> None:
        """Look for machines that have joined the cluster, and add those that can take part.

        This is done at most once in ``LOOK_SECONDS``.
        """
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
        """Remove the machines whose calls failed or that do not answer, and end their actors."""
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
                warn(f"lost the machine {machine.name}: the other machines train its replicas", RuntimeWarning)

    def refuse_none_left(self) -> None:
        """Raise :class:`ClusterError` if no machine is left."""
        if not self.machines:
            raise ClusterError("all machines of the cluster are lost: repair the cluster, then start the run again")

    def close(self) -> None:
        """End all actors, and close the connection if this object opened it."""
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
    """Wait for calls to several machines and return their results in order.

    Parameters
    ----------
    calls : sequence of tuple of RayMachine and reference
        The machines, and the references that :meth:`RayMachine.call` returned.
    poll : callable
        Called several times a second.
    when_lost : callable
        Called when the first machine is lost. ``gather`` still waits for the calls to other machines.

    Raises
    ------
    MachineLostError
        A machine was lost, or Ray lost an object that the machine had sent.
    WordkinError
        A call failed; the message names the machine.
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
    """Return how many processors Ray may use on a node."""
    return int(node.get("Resources", {}).get("CPU", 0))


def _is_alive(node_id: str) -> bool:
    return any(node["NodeID"] == node_id and node["Alive"] for node in ray.nodes())


def share(values: object) -> Any:
    """Put values into Ray's object store; return a reference that can be passed to several calls."""
    return ray.put(values)


def _actor_of(error: RayError) -> str | None:
    """Return the id of the actor that an error reports as lost; None if it reports none."""
    cause = error.cause if isinstance(error, RayTaskError) else error
    return cause.actor_id if isinstance(cause, RayActorError) else None


def _is_loss(error: BaseException | None) -> bool:
    return isinstance(error, _LOSSES) or (isinstance(error, RayTaskError) and isinstance(error.cause, _LOSSES))


def _named(error: RayError, machine: RayMachine) -> WordkinError:
    """Return the error of a call with the name of the machine added to its message."""
    cause = error.cause if isinstance(error, RayTaskError) else error
    for kind in _NAMED:
        if isinstance(cause, kind):
            return kind(f"on the machine {machine.name}: {cause}")
    what = str(cause) if isinstance(cause, WordkinError) else f"{type(cause).__name__}: {_last_line(cause)}"
    return ClusterError(f"on the machine {machine.name}: {what}")


def _last_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[-1].strip()


def _connect(address: str) -> None:
    """Connect this process to a cluster. Raise :class:`ClusterError` if there is none."""
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
    with contextlib.suppress(
        ImportError, AttributeError
    ):  # Ray prints lost actors, and has no public option against it
        from ray._private.ray_logging import global_worker_stdstream_dispatcher

        global_worker_stdstream_dispatcher.remove_handler("ray_print_logs")


def _refuse_silent(address: str) -> None:
    """Raise :class:`ClusterError` at once if nothing listens at an address, because Ray would retry for a long time."""
    host, _, port = address.rpartition(":")
    if not host or not port.isdigit():
        raise ClusterError(
            f"the address of a Ray cluster must be auto, or the HOST:PORT that ray start prints; got {address}"
        )
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=CONNECT_SECONDS).close()
    except (OSError, OverflowError) as error:
        raise ClusterError(
            f"no Ray cluster answers at {address}: {error}; ray start --head shows the address of one"
        ) from error


@contextlib.contextmanager
def _own_signals() -> Iterator[None]:
    """Context manager that restores the handler of SIGTERM at its end, because Ray replaces it."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.getsignal(signal.SIGTERM)
    try:
        yield
    finally:
        if before is not None:
            signal.signal(signal.SIGTERM, before)
