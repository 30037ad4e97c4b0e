"""Numba kernels of the text scan: split bytes into tokens, number the tokens, map the numbers to word ids.

The kernels take arrays and scalars only, hold no lock and release the GIL. Only one thread at a time uses an array, so
there are no data races.

A *token* is a run of bytes between white space. A token table numbers distinct tokens from 0, in order of first
occurrence:

- ``slots`` uint64 [2 · 2**bits] is an open-addressing hash table of pairs (key, token id); key 0 is empty;
- ``arena`` uint8 holds the bytes of the distinct tokens in order of their ids, each followed by a line feed;
- ``entries`` int64 [2 · (capacity + 1)] holds a pair (start in the arena, count) for each token, followed by the start
  of the next new token.

The key of a token of up to seven bytes consists of these bytes and the length, so equal keys mean equal tokens. The key
of a longer token is 56 bits of a hash with a top byte of 255; if two such keys are equal, the bytes are compared.
``text_words`` and ``arena_words`` are views of ``text`` and ``arena``: element i is the eight bytes from byte i on, as
a little-endian integer. This is why texts and arenas end with eight bytes of padding.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir

from wordkin.corpus.scanning.token_text import LINE_END
from wordkin.jit import inner, intrinsic, kernel, types, uint64

_LOW_BITS = np.uint64(0x0101010101010101)
_HIGH_BITS = np.uint64(0x8080808080808080)
_BYTE_INDEX = np.uint64(0x0001020304050607)  # the top byte of its product with 256**k is k
_MIX = np.uint64(0x9E3779B97F4A7C15)
_LONG_TOKEN = np.uint64(0xFF << 56)


def _compile_prefetch(_typing: Any, array: Any, index: Any) -> Any:
    """``prefetch(array, index)``: prefetch the cache line of an element."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        memory = context.make_array(signature.args[0])(context, builder, arguments[0])
        line = builder.bitcast(builder.gep(memory.data, [arguments[1]]), ir.IntType(8).as_pointer())
        number = ir.IntType(32)
        function_type = ir.FunctionType(ir.VoidType(), [line.type, number, number, number])
        function = builder.module.declare_intrinsic("llvm.prefetch", [line.type], function_type)
        builder.call(function, [line, number(0), number(3), number(1)])  # read access, keep in all caches, data cache
        return context.get_dummy_value()

    return types.void(array, types.intp), generate


prefetch: Any = intrinsic(_compile_prefetch)


@inner
def space_length(text, position):
    """Return the number of bytes of the white-space character at ``position``; 0 if there is another character.

    White space is the same as for :meth:`str.split`. The text is UTF-8.
    """
    first = text[position]
    if first <= 0x20:
        return 1 if first >= 0x1C or 0x09 <= first <= 0x0D else 0
    second = text[position + 1]
    if first == 0xC2:
        return 2 if second == 0x85 or second == 0xA0 else 0
    third = text[position + 2]
    if first == 0xE2:
        if second == 0x80:
            return 3 if 0x80 <= third <= 0x8A or third == 0xA8 or third == 0xA9 or third == 0xAF else 0
        return 3 if second == 0x81 and third == 0x9F else 0
    if first == 0xE1:
        return 3 if second == 0x9A and third == 0x80 else 0
    return 3 if first == 0xE3 and second == 0x80 and third == 0x80 else 0


@inner
def space_candidates(eight_bytes):
    """Mark the bytes that may begin a white-space character, by setting the top bit of each in the result.

    These are 0x00 to 0x20, 0xC2 and 0xE0 to 0xE3. Other bytes above a marked one may be marked, too, because
    subtractions borrow across bytes; no byte that begins white space is missed.
    """
    found = (eight_bytes - uint64(0x21) * _LOW_BITS) & ~eight_bytes
    if eight_bytes & _HIGH_BITS:
        zero_if_c2 = eight_bytes ^ (uint64(0xC2) * _LOW_BITS)
        found |= (zero_if_c2 - _LOW_BITS) & ~zero_if_c2
        zero_if_e0_to_e3 = (eight_bytes & (uint64(0xFC) * _LOW_BITS)) ^ (uint64(0xE0) * _LOW_BITS)
        found |= (zero_if_e0_to_e3 - _LOW_BITS) & ~zero_if_e0_to_e3
    return found & _HIGH_BITS


@inner
def mixed(hashed, eight_bytes):
    """Return a 64-bit hash that also depends on eight more bytes."""
    product = (hashed ^ eight_bytes) * _MIX
    return product ^ (product >> uint64(29))


@inner
def split_tokens(text, text_words, stop, position, keys, begins, lengths):
    """Find the next tokens and line feeds of a text, until the text ends or ``keys`` is nearly full.

    For each, in order, writes ``keys`` uint64 (0 for a line feed). For tokens, also writes the position and length in
    bytes to ``begins`` and ``lengths``, int32. The bytes from ``stop`` on must be line feeds. Returns (position
    reached, number of keys written).
    """
    written = 0
    while position < stop and written < len(keys) - 1:
        begin = position
        hashed = uint64(0)
        space = 0
        while True:
            last_bytes = text_words[position]
            candidates = space_candidates(last_bytes)
            while candidates:
                lowest = candidates & (~candidates + uint64(1))
                end = position + np.int64((lowest >> uint64(7)) * _BYTE_INDEX >> uint64(56))
                space = space_length(text, end)
                if space:
                    break
                candidates ^= lowest
            if space:
                break
            hashed = mixed(hashed, last_bytes)
            position += 8
        length = end - begin
        if length:
            last_bytes &= (uint64(1) << uint64(8 * (end - position))) - uint64(1)
            if length < 8:
                keys[written] = last_bytes | (uint64(length) << uint64(56))
            else:
                keys[written] = (mixed(mixed(hashed, last_bytes), uint64(length)) >> uint64(8)) | _LONG_TOKEN
            begins[written] = begin
            lengths[written] = length
            written += 1
        if text[end] == 10 and end < stop:
            keys[written] = 0
            written += 1
        position = end + space
    return position, written


@inner
def is_same_token(text_words, begin, arena, arena_words, start, length):
    """Whether a token of the text equals a token of the arena.

    The token of the text begins at ``begin`` and has ``length`` >= 8 bytes. The token of the arena begins at ``start``.
    """
    last = length - 8
    if arena[start + length] != 10 or text_words[begin + last] != arena_words[start + last]:
        return False
    for i in range(0, last, 8):  # noqa: SIM110  (Numba compiles the loop better than all())
        if text_words[begin + i] != arena_words[start + i]:
            return False
    return True


@inner
def first_slot(key, bits):
    """Return the slot of a hash table with ``2**bits`` slots at which the search for a key begins."""
    return np.int64((key * _MIX) >> uint64(64 - bits))


@inner
def prefetch_tokens(keys, found, slots, bits, entries):
    """Prefetch the memory that looking up the first ``found`` keys reads, because rare tokens are not in caches."""
    for i in range(found):
        prefetch(slots, 2 * first_slot(keys[i], bits))
    for i in range(found):
        prefetch(entries, 2 * np.int64(slots[2 * first_slot(keys[i], bits) + 1]))


@inner
def number_tokens(
    text, text_words, keys, begins, lengths, found, slots, bits, arena, arena_words, entries, used, stream, written
):  # fmt: skip
    """Look up the first ``found`` tokens in the table: count them, and append their ids to ``stream`` int32.

    New tokens are added to the table. ``used`` is the number of tokens in the table, ``written`` the number of entries
    in the stream; the new values of both are returned.
    """
    for i in range(found):
        key = keys[i]
        if key == 0:
            if written == 0 or stream[written - 1] != LINE_END:
                stream[written] = LINE_END
                written += 1
            continue
        length = lengths[i]
        slot = first_slot(key, bits)
        while True:
            token = np.int64(slots[2 * slot + 1])
            start = entries[2 * token]
            if slots[2 * slot] == key:
                if length < 8 or is_same_token(text_words, begins[i], arena, arena_words, start, length):
                    break
            elif slots[2 * slot] == 0:
                token = used
                start = entries[2 * token]
                for k in range(length):
                    arena[start + k] = text[begins[i] + k]
                arena[start + length] = 10
                entries[2 * token + 1] = 0
                entries[2 * token + 2] = start + length + 1
                slots[2 * slot] = key
                slots[2 * slot + 1] = uint64(token)
                used += 1
                break
            slot = (slot + 1) & ((1 << bits) - 1)
        entries[2 * token + 1] += 1
        stream[written] = token
        written += 1
    return used, written


@kernel
def count_tokens(
    text, text_words, stop, position, keys, begins, lengths, slots, bits, arena, arena_words, entries, used,
    stream, written, most_written,
):  # fmt: skip
    """Number and count the tokens of a text until it ends, the table might overflow or the stream is full.

    Each batch of ``len(keys)`` tokens is split first and looked up afterwards, so that many lookups wait for memory at
    the same time. One or more consecutive line feeds become one ``LINE_END`` in the stream. The free part of the arena
    must be at least as large as the text. The stream receives entries until it has ``most_written``, and possibly one
    more for the end of a line. Returns (position reached, tokens in the table, entries in the stream).
    """
    capacity = len(entries) // 2 - 1
    while position < stop and used + len(keys) <= capacity and written < most_written:
        batch = min(len(keys), most_written - written + 1)
        position, found = split_tokens(text, text_words, stop, position, keys[:batch], begins, lengths)
        prefetch_tokens(keys, found, slots, bits, entries)
        used, written = number_tokens(
            text, text_words, keys, begins, lengths, found, slots, bits, arena, arena_words, entries, used,
            stream, written,
        )  # fmt: skip
    return position, used, written


@kernel
def refill_slots(old_slots, slots, bits):
    """Copy the pairs of a hash table to an empty, larger table of ``2**bits`` slots."""
    mask = (1 << bits) - 1
    for old in range(len(old_slots) // 2):
        key = old_slots[2 * old]
        if key:
            slot = first_slot(key, bits)
            while slots[2 * slot]:
                slot = (slot + 1) & mask
            slots[2 * slot] = key
            slots[2 * slot + 1] = old_slots[2 * old + 1]


@kernel
def map_tokens(stream, word_ids, expansion_offsets, expansion_ids, ids, ends):
    """Turn a stream of token ids into word ids and ends of sentences.

    ``word_ids`` int32 [tokens] says what becomes of each token: a word id; -1 to drop the token; or -2 - k to replace
    it by several words, ``expansion_ids[expansion_offsets[k]:expansion_offsets[k + 1]]``, of which negative ids are
    dropped. Writes ``ids`` int32, and to ``ends`` int64 the positions in ``ids`` at which lines end; lines without
    words have no entry. Returns (ids written, ends written).
    """
    written = 0
    sentences = 0
    for token in stream:
        if token == LINE_END:
            if sentences == 0 or ends[sentences - 1] != written:
                ends[sentences] = written
                sentences += 1
            continue
        word_id = word_ids[token]
        if word_id >= 0:
            ids[written] = word_id
            written += 1
        elif word_id < -1:
            for i in range(expansion_offsets[-2 - word_id], expansion_offsets[-1 - word_id]):
                if expansion_ids[i] >= 0:
                    ids[written] = expansion_ids[i]
                    written += 1
    return written, sentences
