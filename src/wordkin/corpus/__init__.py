"""Reading, tokenizing, counting and encoding of text in one pass."""

from wordkin.corpus.encoded import EncodedCorpus
from wordkin.corpus.scanning.progress import ScanProgress
from wordkin.corpus.scanning.scan import Scan, scan
from wordkin.corpus.sources import Corpus, Source, resolve
from wordkin.errors import CorpusWarning

__all__ = ["Corpus", "CorpusWarning", "EncodedCorpus", "Scan", "ScanProgress", "Source", "resolve", "scan"]
