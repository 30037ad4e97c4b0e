"""From text to word ids: reading, splitting, counting and encoding in one pass."""

from wordkin.corpus.encoded import EncodedCorpus
from wordkin.corpus.readers import CorpusWarning
from wordkin.corpus.scanning import Scan, ScanProgress, scan

__all__ = ["CorpusWarning", "EncodedCorpus", "Scan", "ScanProgress", "scan"]
