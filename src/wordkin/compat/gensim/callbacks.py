"""The base class of gensim's callbacks, and who calls them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any


class CallbackAny2Vec:
    """A callback: what it overrides is called with the model."""

    def on_epoch_begin(self, model: Any) -> None:
        """Before each epoch."""

    def on_epoch_end(self, model: Any) -> None:
        """After each epoch; vectors and loss of the model are those of the end of the epoch."""

    def on_train_begin(self, model: Any) -> None:
        """Before training."""

    def on_train_end(self, model: Any) -> None:
        """After training."""


def call(callbacks: Iterable[Any], hook: str, model: Any) -> None:
    """Call one hook of all callbacks."""
    for callback in callbacks:
        getattr(callback, hook)(model)
