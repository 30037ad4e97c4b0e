"""From text to word ids: reading, splitting, counting and encoding in one pass."""

from wordkin.corpus.encoded import EncodedCorpus
from wordkin.corpus.readers import CorpusWarning
from wordkin.corpus.scan_progress import ScanProgress
from wordkin.corpus.scanning import Scan, scan

__all__ = ["CorpusWarning", "EncodedCorpus", "Scan", "ScanProgress", "scan"]
