"""Recognise common kinds of files that wordkin cannot load as vectors, so that errors can say what to do."""

from __future__ import annotations

import re

LONGEST_HEAD = 512
"""Number of bytes at the start of a file that are needed to recognise it."""

_PICKLE = (
    "this is a Python pickle. Pickles can run code, so wordkin does not open them; if you trust this one, "
    "convert it in gensim: KeyedVectors.load(path).save_word2vec_format('vectors.bin', binary=True), or "
    "Word2Vec.load(path).wv.save_word2vec_format('vectors.bin', binary=True) for a whole model"
)
_FASTTEXT = (
    "this is a fastText model, not a file of vectors: load the .vec file of the same vectors, or convert it in gensim: "
    "load_facebook_vectors(path).save_word2vec_format('vectors.bin', binary=True)"
)
_MAGIC = (
    (b"\xba\x16\x4f\x2f", _FASTTEXT),
    (b"\x93NUMPY", "this is a NumPy array (.npy) without words: combine it with its words by wordkin.Embeddings("
     "wordkin.Vocabulary(words), numpy.load(path)). Next to a gensim model, it is a part of that model"),
    (b"\x89HDF\r\n\x1a\n", "this is an HDF5 file (.h5): read it with h5py or pandas and pass words and matrix to "
     "wordkin.Embeddings(wordkin.Vocabulary(words), matrix)"),
    (b"PAR1", 'this is a Parquet file: pass format="parquet"'),
    (b"ARROW1", 'this is an Arrow file: pass format="parquet"'),
    (b"SQLite format 3\0", "this is a SQLite database, perhaps of pymagnitude: load the vectors it was made from"),
    (b"version https://git-lfs", "this is a pointer of Git LFS, not the file itself: fetch it with: git lfs pull"),
    (b"7z\xbc\xaf\x27\x1c", "this is a 7z archive: unpack it and load the file inside"),
    (b"Rar!\x1a\x07", "this is a RAR archive: unpack it and load the file inside"),
    (b"BZh", "this is compressed with bzip2: unpack it first, or compress it with gzip instead"),
    (b"\xfd7zXZ\x00", "this is compressed with xz: unpack it first, or compress it with gzip instead"),
    (b"\x28\xb5\x2f\xfd", "this is compressed with zstd: unpack it first, or compress it with gzip instead"),
    (b"\xff\xfe", 'this is UTF-16 text: pass encoding="utf-16" and format="text"'),
    (b"\xfe\xff", 'this is UTF-16 text: pass encoding="utf-16" and format="text"'),
)  # fmt: skip
_FLORET = re.compile(
    rb"\d+ \d+ \d+ \d+ \d+ \d+ [^\s\d.+-]\S* [^\s\d.+-]\S*\s"
)  # buckets, length, n-grams, hashes, seed, word marks
_OLD_PICKLE = re.compile(rb"c(copy_reg|copyreg|gensim|collections|numpy|__builtin__)[\w.]*\n|\((dp|lp|i)\d*\w*\n")
_PAGE = re.compile(rb"\s*<(!doctype html|html|\?xml)", re.IGNORECASE)


def unsupported_kind(head: bytes, *, text: bool = False) -> str | None:
    """Describe a file of a common kind that wordkin cannot load.

    Parameters
    ----------
    head : bytes
        The first :data:`LONGEST_HEAD` bytes of the file.
    text : bool, default False
        Whether the file is about to be read as text.

    Returns
    -------
    str or None
        What the file is and what to do; None if its kind is not recognised.
    """
    if (len(head) > 2 and head[0] == 0x80 and 2 <= head[1] <= 5) or _OLD_PICKLE.match(head):
        return _PICKLE
    for magic, message in _MAGIC:
        if head.startswith(magic):
            return message
    if head.startswith(b"PK\x03\x04"):
        return _zip_kind(head)
    if head[257:262] == b"ustar":
        return "this is a tar archive: unpack it and load the file inside"
    if _FLORET.match(head):
        return (
            "this is a floret table, whose rows are hash buckets of character n-grams, not words: open it in spaCy "
            "(spacy init vectors LANG FILE OUT --mode floret) or floret, and save word vectors from there"
        )
    if _is_old_fasttext(head):
        return _FASTTEXT
    if _PAGE.match(head):
        return "this is a web page, perhaps an error page of a failed download: download the file again"
    if text and 5 * head.count(0) > 2 * len(head):
        return (
            "nearly every second byte is zero: if this is UTF-16 text without a byte order mark, pass "
            'encoding="utf-16-le"'
        )
    return None


def _zip_kind(head: bytes) -> str:
    """Describe the kind of a zip archive, judged by the name of the first file in it."""
    name = head[30 : 30 + int.from_bytes(head[26:28], "little")].decode(errors="replace")
    if name.endswith(".npy"):
        return (
            "this is an archive of NumPy arrays (.npz): open it with numpy.load(path), and pass its words and matrix "
            "to wordkin.Embeddings(wordkin.Vocabulary(words), matrix)"
        )
    if name.endswith("data.pkl"):
        return "this is a PyTorch model. Such files can run code, so wordkin does not open them"
    inside = f" {name!r}" if name and name.isprintable() else " the file inside"
    return f"this is a zip archive: unpack it and load{inside}"


def _is_old_fasttext(head: bytes) -> bool:
    """Return whether a file begins like a fastText model of a format version before 11, which has no magic number."""
    if len(head) < 48:
        return False
    numbers = [int.from_bytes(head[at : at + 4], "little", signed=True) for at in range(0, 48, 4)]
    size, window, epochs, min_count, _, ngrams, loss, model, buckets, shortest, longest, _ = numbers
    return (
        0 < size <= 10_000 and 0 < window <= 1000 and 0 < epochs <= 10_000 and 0 <= min_count < 1 << 24
        and 0 < ngrams <= 100 and 1 <= loss <= 4 and 1 <= model <= 3 and 0 <= buckets < 1 << 30
        and 0 <= shortest <= longest <= 100
    )  # fmt: skip
