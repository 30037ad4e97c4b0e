"""Names for common kinds of files that are not word vectors wordkin reads, for error messages."""

from __future__ import annotations


def unsupported_kind(head: bytes) -> str | None:
    """What a file that begins with ``head`` is, where it is a common one that wordkin does not read."""
    if len(head) > 2 and head[0] == 0x80 and 2 <= head[1] <= 5:
        return (
            "this is a Python pickle, which can run code when it is opened, so wordkin does not; if you trust it, "
            "convert it in gensim: KeyedVectors.load(path).save_word2vec_format('vectors.bin', binary=True), or "
            "Word2Vec.load(path).wv.save_word2vec_format('vectors.bin', binary=True) for a whole model"
        )
    if head.startswith(b"\xba\x16\x4f\x2f"):
        return (
            "this is a fastText model, not a file of vectors: load the .vec file beside it, or convert it in gensim: "
            "load_facebook_vectors(path).save_word2vec_format('vectors.bin', binary=True)"
        )
    if head.startswith(b"PK\x03\x04"):
        return "this is a zip archive: unpack it and load the file inside"
    for magic, name in ((b"BZh", "bzip2"), (b"\xfd7zXZ\x00", "xz"), (b"\x28\xb5\x2f\xfd", "zstd")):
        if head.startswith(magic):
            return f"this is compressed with {name}: unpack it first, or compress it with gzip instead"
    return None
