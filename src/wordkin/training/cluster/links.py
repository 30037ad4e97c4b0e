"""Connections between the machines of a cluster, over which they exchange rows during a period.

Each pair of machines shares one TCP connection. A message is a description of the value in JSON, followed by the memory
of its arrays. Rows are thus neither copied into Ray's object store nor handled by a third process, and a message cannot
run code.
"""

from __future__ import annotations

import contextlib
import hmac
import json
import socket
import struct
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wordkin.errors import ClusterError
from wordkin.training.cluster.merging import ChangedRows, MergedRows

POLL_SECONDS = 0.2  # between two questions whether to stop
CONNECT_SECONDS = 20.0
HELLO_SECONDS = 5.0  # for the first bytes of who connects; other machines wait meanwhile
TOKEN_BYTES = 32
_HELLO = struct.Struct(f"<{TOKEN_BYTES}sI")  # token, number of the machine that connects
_COUNT = struct.Struct("<Q")
_RECORDS: dict[str, type[ChangedRows] | type[MergedRows]] = {"ChangedRows": ChangedRows, "MergedRows": MergedRows}
_NUMBERS = "biuf"  # kinds of dtypes that a message may name

Address = tuple[str, int]


class PeerLostError(Exception):
    """The connection to another machine broke: it has died, or begins the period again."""


class StoppedError(Exception):
    """The exchange was told to stop."""


class Links:
    """The connections of one machine.

    Attributes
    ----------
    address : where others connect, with the port.
    sent_bytes : to other machines, so far.

    Parameters
    ----------
    address : of this machine, where others connect.

    Raises
    ------
    ClusterError
        Nothing can listen at the address.
    """

    def __init__(self, address: str) -> None:
        try:
            self._listener = socket.create_server((address, 0), family=_family(address), backlog=128)
        except OSError as error:
            raise ClusterError(f"cannot listen for other machines at {address}: {error}") from error
        self.address: Address = (address, int(self._listener.getsockname()[1]))
        self._peers: list[socket.socket | None] = [None]
        self.sent_bytes = 0
        self._senders: ThreadPoolExecutor | None = None

    def meet(
        self, token: bytes, index: int, addresses: Sequence[Address], should_stop: Callable[[], bool] = lambda: False
    ) -> None:
        """Connect to all other machines, in place of earlier connections; all of them do so at the same time.

        Parameters
        ----------
        token : known to these machines alone: who connects must show it before anything is read from him.
        index : the number of this machine.
        addresses : of all machines.

        Raises
        ------
        ClusterError
            A machine cannot be reached.
        StoppedError
            ``should_stop`` answered true while others were waited for.
        """
        self._part()
        self._peers = [None] * len(addresses)
        for number, address in enumerate(addresses[:index]):
            self._peers[number] = _connected(address, _HELLO.pack(token, index))
        waited_for = set(range(index + 1, len(addresses)))
        deadline = time.monotonic() + CONNECT_SECONDS
        while waited_for:
            number, peer = self._accepted(token)
            if number in waited_for:
                waited_for.remove(number)
                self._peers[number] = peer
                continue
            if peer is not None:
                peer.close()  # a number that nobody waits for
            if should_stop():
                raise StoppedError
            if time.monotonic() > deadline:
                missing = ", ".join("{}:{}".format(*addresses[each]) for each in sorted(waited_for))
                raise ClusterError(
                    f"waited {CONNECT_SECONDS:.0f} s for connections from {missing}: machines must be able to open TCP "
                    "connections to each other"
                )
        if len(addresses) > 1:
            self._senders = ThreadPoolExecutor(len(addresses) - 1, "send")

    def _accepted(self, token: bytes) -> tuple[int, socket.socket | None]:
        """The next machine that connects; -1 where none does for a moment, or a stranger."""
        self._listener.settimeout(POLL_SECONDS)
        try:
            peer, _ = self._listener.accept()
        except TimeoutError:
            return -1, None
        peer.settimeout(HELLO_SECONDS)
        hello = bytearray(_HELLO.size)
        try:
            _receive_into(peer, memoryview(hello), lambda: True)
        except (PeerLostError, StoppedError):
            hello = bytearray(_HELLO.size)
        shown, number = _HELLO.unpack(hello)
        if not hmac.compare_digest(shown, token):
            peer.close()
            return -1, None
        _prepare(peer)
        return number, peer

    def exchange(self, outgoing: Sequence[Any], should_stop: Callable[[], bool]) -> list[Any]:
        """Give each machine one of some values, and take what each gives: its own value comes back as it is.

        Raises
        ------
        PeerLostError
            A connection broke.
        StoppedError
            ``should_stop`` answered true.
        """
        sent = [
            self._senders.submit(_send, peer, outgoing[number], should_stop)
            for number, peer in enumerate(self._peers)
            if peer is not None and self._senders is not None
        ]
        incoming = [
            outgoing[number] if peer is None else _receive(peer, should_stop) for number, peer in enumerate(self._peers)
        ]
        self.sent_bytes += sum(each.result() for each in sent)
        return incoming

    @property
    def machines(self) -> int:
        """How many machines are connected, with this one."""
        return len(self._peers)

    def _part(self) -> None:
        """Close the connections."""
        self.break_off()
        for peer in self._peers:
            if peer is not None:
                peer.close()
        self._peers = [None]
        if self._senders is not None:
            self._senders.shutdown()
            self._senders = None

    def break_off(self) -> None:
        """Shut the connections down, so that nobody waits for this machine."""
        for peer in self._peers:
            if peer is not None:
                with contextlib.suppress(OSError):
                    peer.shutdown(socket.SHUT_RDWR)  # wakes the threads that send

    def close(self) -> None:
        """Close everything."""
        self._part()
        self._listener.close()


def _family(address: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def _connected(address: Address, hello: bytes) -> socket.socket:
    try:
        peer = socket.create_connection(address, CONNECT_SECONDS)
        peer.sendall(hello)
    except OSError as error:
        raise ClusterError(
            f"cannot connect to {address[0]}:{address[1]}: {error}; machines must be able to open TCP connections to "
            "each other"
        ) from error
    _prepare(peer)
    return peer


def _prepare(peer: socket.socket) -> None:
    peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    peer.settimeout(POLL_SECONDS)


def _send(peer: socket.socket, value: Any, should_stop: Callable[[], bool]) -> int:
    """Send a value; returns the bytes that it took."""
    arrays: list[NDArray[Any]] = []
    head = json.dumps(_described(value, arrays)).encode()
    views = [each.reshape(-1).view(np.uint8).data for each in arrays]
    sizes = [len(head), *(view.nbytes for view in views)]
    start = b"".join(_COUNT.pack(size) for size in (len(sizes), *sizes)) + head
    for view in (memoryview(start), *views):
        _send_all(peer, view, should_stop)
    return len(start) + sum(view.nbytes for view in views)


def _send_all(peer: socket.socket, view: memoryview, should_stop: Callable[[], bool]) -> None:
    while view.nbytes:
        try:
            view = view[peer.send(view) :]
        except TimeoutError:
            if should_stop():
                raise StoppedError from None
        except OSError as error:
            raise PeerLostError(str(error)) from error


def _receive(peer: socket.socket, should_stop: Callable[[], bool]) -> Any:
    (count,) = _counts(peer, 1, should_stop)
    head_size, *sizes = _counts(peer, count, should_stop)
    head = bytearray(head_size)
    arrays = [np.empty(size, np.uint8) for size in sizes]
    for view in (memoryview(head), *(array.data for array in arrays)):
        _receive_into(peer, view, should_stop)
    return _rebuilt(json.loads(head), iter(arrays))


def _described(value: Any, arrays: list[NDArray[Any]]) -> Any:
    """Describe a value as JSON and append its arrays, contiguous, to a list.

    A value is None, a bool, a number, a string, an array, one of ``_RECORDS``, or a list or a dict of such values.
    """
    if isinstance(value, np.ndarray):
        arrays.append(np.ascontiguousarray(value))
        return {"array": value.dtype.str, "shape": value.shape}
    if isinstance(value, ChangedRows | MergedRows):
        return {"record": type(value).__name__, "of": [_described(each, arrays) for each in value]}
    if isinstance(value, dict):
        return {"keys": list(value), "of": [_described(each, arrays) for each in value.values()]}
    if isinstance(value, list):
        return [_described(each, arrays) for each in value]
    return value


def _rebuilt(described: Any, arrays: Iterator[NDArray[np.uint8]]) -> Any:
    """Rebuild a value from its description and the memory of its arrays."""
    if isinstance(described, list):
        return [_rebuilt(each, arrays) for each in described]
    if not isinstance(described, dict):
        return described
    if "array" in described:
        dtype = np.dtype(described["array"])
        if dtype.kind not in _NUMBERS:
            raise ClusterError(f"received an array of dtype {dtype}, but machines exchange numbers only")
        return next(arrays).view(dtype).reshape(described["shape"])
    values = [_rebuilt(each, arrays) for each in described["of"]]
    if "keys" in described:
        return dict(zip(described["keys"], values, strict=True))
    return _RECORDS[described["record"]](*values)


def _counts(peer: socket.socket, count: int, should_stop: Callable[[], bool]) -> list[int]:
    found = bytearray(count * _COUNT.size)
    _receive_into(peer, memoryview(found), should_stop)
    return [size for (size,) in _COUNT.iter_unpack(found)]


def _receive_into(peer: socket.socket, view: memoryview, should_stop: Callable[[], bool]) -> None:
    while view.nbytes:
        try:
            received = peer.recv_into(view)
        except TimeoutError:
            if should_stop():
                raise StoppedError from None
            continue
        except OSError as error:
            raise PeerLostError(str(error)) from error
        if not received:
            raise PeerLostError("the connection was closed")
        view = view[received:]
