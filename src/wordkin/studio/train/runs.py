"""Training runs that the studio started, each in its own process."""

from __future__ import annotations

from wordkin.studio.workspace import Workspace


class Runs:
    """The runs that this studio started."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace

    def stop_all(self) -> None:
        """End every run."""
