"""``python -m wordkin`` is the command ``wordkin``."""

import sys

from wordkin.cli import main

sys.exit(main())
