"""Connections between the machines of a cluster, over which they exchange rows during a period.

Each pair of machines shares one TCP connection. A message is a JSON description of the value, followed by the memory of
its arrays. Rows therefore reach the other machine directly, without a copy in Ray's object store. A message cannot
execute code, because nothing is unpickled.
"""

from __future__ import annotations

import contextlib
import hmac
import json
import socket
import struct
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wordkin.errors import ClusterError
from wordkin.training.cluster.buffers import Buffer
from wordkin.training.cluster.merging import ChangedRows, MergedRows

POLL_SECONDS = 0.2  # between two calls of should_stop
CONNECT_SECONDS = 20.0
HELLO_SECONDS = 5.0  # timeout of the first bytes of a connection; short, because other machines wait during it
TOKEN_BYTES = 32
_HELLO = struct.Struct(f"<{TOKEN_BYTES}sI")  # token, index of the connecting machine
_COUNT = struct.Struct("<Q")
_RECORDS: dict[str, type[ChangedRows] | type[MergedRows]] = {"ChangedRows": ChangedRows, "MergedRows": MergedRows}
_NUMBERS = "biuf"  # kinds of dtypes allowed in a message

Address = tuple[str, int]
Memory = defaultdict[int, Buffer]  # for each machine, the memory of the arrays that it sent last


class PeerLostError(Exception):
    """The connection to another machine broke, because it died or because its period is started again."""


class StoppedError(Exception):
    """The callback ``should_stop`` returned True while this machine exchanged data with others."""


class Links:
    """The connections of one machine to the others.

    Parameters
    ----------
    address : str
        Address of this machine, on which it accepts connections.

    Attributes
    ----------
    address : tuple of str and int
        The address and the port on which this machine accepts connections.
    sent_bytes : int
        Bytes sent to other machines so far.

    Raises
    ------
    ClusterError
        This machine cannot accept connections on the address.
    """

    def __init__(self, address: str) -> None:
        try:
            self._listener = socket.create_server((address, 0), family=_family(address), backlog=128)
        except OSError as error:
            raise ClusterError(f"cannot accept connections of other machines on {address}: {error}") from error
        self.address: Address = (address, int(self._listener.getsockname()[1]))
        self._peers: list[socket.socket | None] = [None]
        self.sent_bytes = 0
        self._senders: ThreadPoolExecutor | None = None

    def meet(
        self, token: bytes, index: int, addresses: Sequence[Address], should_stop: Callable[[], bool] = lambda: False
    ) -> None:
        """Connect to all other machines and close earlier connections. All machines must call this together.

        Parameters
        ----------
        token : bytes
            A secret of these machines. A connecting machine must send it before anything else is read.
        index : int
            Index of this machine in ``addresses``.
        addresses : sequence of tuple of str and int
            The addresses of all machines.
        should_stop : callable, default never
            Called while this machine waits for others; True stops the call.

        Raises
        ------
        ClusterError
            A machine cannot be reached.
        StoppedError
            ``should_stop`` returned True while this machine waited for others.
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
                peer.close()  # its index is unknown or already connected
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
        """Accept one connection; return the index of the machine that connected, and the socket.

        Returns (-1, None) if no machine connects within ``POLL_SECONDS``, or if the machine that connects sends a wrong
        token.
        """
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

    def exchange(
        self, outgoing: Sequence[Any], should_stop: Callable[[], bool], memory: Memory | None = None
    ) -> list[Any]:
        """Send ``outgoing[i]`` to machine i, and return the values received from all machines, by index.

        The value for this machine itself is returned without being sent.

        Parameters
        ----------
        outgoing : sequence
            A value for each machine. It must not change before the call returns.
        should_stop : callable
            Called while this machine waits for others; True stops the call.
        memory : Memory, default None
            Holds the arrays received, which are valid until it is used again. By default, they have their own memory.

        Raises
        ------
        PeerLostError
            A connection broke.
        StoppedError
            ``should_stop`` returned True.
        """
        sent = [
            self._senders.submit(_send, peer, outgoing[number], should_stop)
            for number, peer in enumerate(self._peers)
            if peer is not None and self._senders is not None
        ]
        memory = Memory(Buffer) if memory is None else memory
        incoming = [
            outgoing[number] if peer is None else _receive(peer, should_stop, memory[number])
            for number, peer in enumerate(self._peers)
        ]
        self.sent_bytes += sum(each.result() for each in sent)
        return incoming

    @property
    def machines(self) -> int:
        """The number of connected machines, including this one."""
        return len(self._peers)

    @property
    def others(self) -> list[int]:
        """The indices of all machines except this one."""
        return [number for number, peer in enumerate(self._peers) if peer is not None]

    def _part(self) -> None:
        """Close the connections to other machines, but keep listening for new ones."""
        self.break_off()
        for peer in self._peers:
            if peer is not None:
                peer.close()
        self._peers = [None]
        if self._senders is not None:
            self._senders.shutdown()
            self._senders = None

    def break_off(self) -> None:
        """Shut down the connections to other machines, so that none of them waits for this one."""
        for peer in self._peers:
            if peer is not None:
                with contextlib.suppress(OSError):
                    peer.shutdown(socket.SHUT_RDWR)  # wakes the threads that send

    def close(self) -> None:
        """Close the connections and the listening socket."""
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
    """Send a value over a connection; return the number of bytes sent. Stops if ``should_stop`` returns True."""
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


def _receive(peer: socket.socket, should_stop: Callable[[], bool], buffer: Buffer) -> Any:
    (count,) = _counts(peer, 1, should_stop)
    head_size, *sizes = _counts(peer, count, should_stop)
    head = bytearray(head_size)
    arrays = buffer.divided(sizes)
    for view in (memoryview(head), *(array.data for array in arrays)):
        _receive_into(peer, view, should_stop)
    return _rebuilt(json.loads(head), iter(arrays))


def _described(value: Any, arrays: list[NDArray[Any]]) -> Any:
    """Describe a value as JSON, with references to its arrays, which are appended to ``arrays``.

    A value is None, a bool, a number, a string, an array, one of ``_RECORDS``, or a list or a dict of such values. The
    arrays are made contiguous.
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
    """Rebuild a value from its JSON description and the bytes of its arrays; the inverse of ``_described``."""
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
