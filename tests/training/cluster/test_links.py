"""Connections between machines: what each gives to each arrives, and a broken connection is told."""

from __future__ import annotations

import socket
from collections import defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

from wordkin.errors import ClusterError
from wordkin.training.cluster import links
from wordkin.training.cluster.buffers import Buffer
from wordkin.training.cluster.links import Links, PeerLostError, StoppedError
from wordkin.training.cluster.merging import ChangedRows, MergedRows

TOKEN = b"t" * links.TOKEN_BYTES


@pytest.fixture
def three() -> Iterator[list[Links]]:
    opened = [Links("127.0.0.1") for _ in range(3)]
    together(opened, lambda index, each: each.meet(TOKEN, index, [one.address for one in opened]))
    yield opened
    for each in opened:
        each.close()


def together(machines: list[Links], act: Callable[[int, Links], Any]) -> list[Any]:
    """What all machines do at the same time; their results."""
    with ThreadPoolExecutor(len(machines)) as pool:
        return list(pool.map(act, range(len(machines)), machines))


def never() -> bool:
    return False


def test_each_machine_gets_what_the_others_give_it(three: list[Links]) -> None:
    rows = np.random.default_rng(1).random((700, 112), np.float32)  # more than the buffers of a connection hold

    def exchange(index: int, machine: Links) -> list[Any]:
        return machine.exchange([{index: [MergedRows(np.array([to], np.int32), rows * to)]} for to in range(3)], never)

    for _ in range(2):
        for to, found in enumerate(together(three, exchange)):
            assert [list(each) for each in found] == [[0], [1], [2]]
            for origin, each in enumerate(found):
                assert each[origin][0].ids.tolist() == [to]
                assert each[origin][0].rows.tobytes() == (rows * to).tobytes()
    assert all(2 * 2 * rows.nbytes < machine.sent_bytes < 2 * 2 * rows.nbytes * 1.01 for machine in three)


def test_machines_meet_again_and_one_may_be_gone(three: list[Links]) -> None:
    left = [three[2], three[0]]
    together(left, lambda index, each: each.meet(TOKEN, index, [one.address for one in left]))
    assert together(left, lambda index, each: each.exchange([index, index], never)) == [[0, 1], [0, 1]]
    left[0].meet(TOKEN, 0, [left[0].address])
    assert left[0].exchange(["alone"], never) == ["alone"]


def test_a_machine_that_breaks_off_is_lost_for_the_others(three: list[Links]) -> None:
    three[1].break_off()
    for machine in (three[0], three[2]):
        with pytest.raises(PeerLostError):
            machine.exchange([0, 1, 2], never)


def test_waiting_ends_when_it_is_told_to(three: list[Links], monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(StoppedError):
        three[0].exchange([0, 1, 2], lambda: True)


def test_strangers_are_not_listened_to() -> None:
    first, second = Links("127.0.0.1"), Links("127.0.0.1")
    stranger = socket.create_connection(first.address)
    stranger.sendall(links._HELLO.pack(b"x" * links.TOKEN_BYTES, 1))
    silent = socket.create_connection(first.address)
    silent.close()
    both = [first, second]
    together(both, lambda index, each: each.meet(TOKEN, index, [one.address for one in both]))
    assert together(both, lambda index, each: each.exchange([index, index], never)) == [[0, 1], [0, 1]]
    stranger.close()
    first.close()
    second.close()


def test_machines_that_cannot_be_reached_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(links, "CONNECT_SECONDS", 0.05)
    machine, gone = Links("127.0.0.1"), Links("127.0.0.1")
    gone.close()
    with pytest.raises(ClusterError, match=r"cannot connect to 127.0.0.1:\d+: .*; machines must be able to open TCP"):
        machine.meet(TOKEN, 1, [gone.address, machine.address])
    with pytest.raises(ClusterError, match=r"waited 0 s for connections from 127.0.0.1:\d+: machines must be able to"):
        machine.meet(TOKEN, 0, [machine.address, gone.address])
    with pytest.raises(StoppedError):
        machine.meet(TOKEN, 0, [machine.address, gone.address], lambda: True)
    machine.close()
    with pytest.raises(ClusterError, match=r"cannot accept connections of other machines on 192\.0\.2\.1: "):
        Links("192.0.2.1")


def test_values_arrive_as_they_were_given(three: list[Links]) -> None:
    value = {
        0: [ChangedRows(np.arange(3, dtype=np.int32), np.ones((3, 4), np.float32), np.zeros(3, np.float32))],
        7: [MergedRows(np.empty(0, np.int32), np.empty((0, 4), np.float32)), None, 2.5, True, "text"],
        9: np.arange(12.0).reshape(3, 4)[:, ::2],  # not contiguous
    }
    for found in together(three, lambda index, each: each.exchange([value] * 3, never)):
        for each in found:
            assert list(each) == [0, 7, 9]
            assert isinstance(each[0][0], ChangedRows)
            assert isinstance(each[7][0], MergedRows)
            assert each[0][0].whole is False
            for kept, given in zip(each[0][0][:3], value[0][0][:3], strict=True):
                assert kept.dtype == given.dtype
                assert kept.tolist() == given.tolist()
            assert each[7][0].rows.shape == (0, 4)
            assert each[7][1:] == [None, 2.5, True, "text"]
            assert each[9].tolist() == [[0.0, 2.0], [4.0, 6.0], [8.0, 10.0]]


def test_received_arrays_are_valid_until_their_memory_is_used_again(three: list[Links]) -> None:
    memories = [defaultdict(Buffer) for _ in three]

    def exchange(size: int, value: float) -> list[Any]:
        given = [MergedRows(np.arange(size, dtype=np.int32), np.full((size, 3), value, np.float32))] * 3
        return together(three, lambda index, each: each.exchange(given, never, memories[index]))

    earlier = exchange(900, 1.0)[0][1]
    for size, value in ((900, 2.0), (7, 3.0), (2000, 4.0)):
        found = exchange(size, value)
        for each in (each for of_machine in found for each in of_machine):
            assert each.ids.tolist() == list(range(size))
            assert (each.rows == value).all()
        if size == 900:
            assert (earlier.rows == 2.0).all()  # the same memory


def test_a_message_may_not_name_objects() -> None:
    with pytest.raises(ClusterError, match="machines exchange numbers only"):
        links._rebuilt({"array": "|O", "shape": [1]}, iter([np.zeros(8, np.uint8)]))
