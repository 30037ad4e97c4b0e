"""Draw loss curves of training runs, from their logs or from losses per epoch."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from wordkin.errors import ConfigError, CorpusNotFoundError, FormatError
from wordkin.plots.canvas import Canvas, ThemeName, check_picture, finish, open_canvas, plain_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_MOST_CURVES = 7


@dataclass(frozen=True)
class LossCurve:
    """The losses of one training run.

    Attributes
    ----------
    name : str
        Name in the legend.
    done : sequence of float
        Progress of training at each training loss, in ``unit``.
    losses : sequence of float
        Mean training loss per example since the start of the epoch, in nats.
    validation_done : sequence of float, default ()
        Progress of training at each held-out loss, in ``unit``.
    validation_losses : sequence of float, default ()
        Mean held-out loss per example, in nats.
    best_epoch : int, default 0
        Number of the epoch whose vectors were kept, counted from 1. 0 stands for the last epoch.
    unit : {"epochs", "million words"}, default "epochs"
        Unit of progress.
    """

    name: str
    done: Sequence[float]
    losses: Sequence[float]
    validation_done: Sequence[float] = ()
    validation_losses: Sequence[float] = ()
    best_epoch: int = 0
    unit: str = "epochs"


def read_log(path: str | os.PathLike[str]) -> LossCurve:
    """Read the loss curve from a training log, as ``wordkin train --log FILE`` writes it.

    Parameters
    ----------
    path : str or path
        The log.

    Returns
    -------
    LossCurve
        The losses against millions of words.

    Raises
    ------
    CorpusNotFoundError
        The file does not exist.
    FormatError
        The file is not a training log, or contains no losses yet. The message names the line.
    """
    path = Path(path)
    lines: list[tuple[float, float, float | None]] = []
    try:
        with path.open(encoding="utf-8") as file:
            for number, text in enumerate(file, start=1):
                if text.endswith("\n"):  # the last line may be incomplete while the run writes it
                    lines.append(_losses_of(text, number, path))
    except (FileNotFoundError, NotADirectoryError):
        raise CorpusNotFoundError(f"there is no file {str(path)!r}: check the path") from None
    except (OSError, UnicodeDecodeError) as error:
        raise FormatError(f"cannot read {str(path)!r}: {getattr(error, 'strerror', None) or error}") from error
    if not lines:
        raise FormatError(f"{str(path)!r} contains no line of a training log yet")
    held_out = [(done, loss) for done, _, loss in lines if loss is not None]
    return LossCurve(
        path.stem,
        [done for done, _, _ in lines],
        [loss for _, loss, _ in lines],
        [done for done, _ in held_out],
        [loss for _, loss in held_out],
        unit="million words",
    )


def _losses_of(text: str, number: int, path: Path) -> tuple[float, float, float | None]:
    """Parse a line of a log; return the number of words in millions, the training loss, and the held-out loss or None.

    ``number`` is the line number, for errors.
    """
    try:
        values = json.loads(text)
        held_out = values["validation_loss"]
        return int(values["words"]) / 1e6, float(values["loss"]), None if held_out is None else float(held_out)
    except (ValueError, KeyError, TypeError) as error:
        raise FormatError(f"{str(path)!r}: line {number:,} is not a line of a training log ({error!r})") from error


def plot_losses(
    curves: LossCurve | Sequence[LossCurve],
    output: str | os.PathLike[str] | None = None,
    *,
    title: str | None = None,
    ax: Axes | None = None,
    theme: ThemeName = "light",
    font: str | os.PathLike[str] | None = None,
) -> Figure:
    """Draw training loss (solid lines) and held-out loss (dashed lines) of one or several runs.

    Each training loss is a mean over the current epoch so far. It may rise near the end of a run although the held-out
    loss falls: with a high learning rate, the model follows the topic of the current text, which lowers the training
    loss. Near the end, the learning rate is low, and the model no longer does so.

    Parameters
    ----------
    curves : LossCurve or sequence of LossCurve
        One to seven runs. :func:`read_log` reads them from logs.
    output : str, path or None, default None
        A .png, .svg or .pdf file to write. An existing file is replaced.
    title : str or None, default None
        The title; "" for none. None sets "Loss per example".
    ax : matplotlib Axes or None, default None
        Axes to draw on instead of a new figure.
    theme : {"light", "dark"}, default "light"
        Colour theme.
    font : str, path or None, default None
        Font family or font file for the text; None chooses fonts that cover its characters.

    Returns
    -------
    matplotlib Figure
        The figure.

    Raises
    ------
    ConfigError
        There are no curves or too many, or an option is not valid.
    OutputError
        The file cannot be written.
    MissingExtraError
        matplotlib is not installed.
    """
    path = None if output is None else check_picture(output)
    several = [curves] if isinstance(curves, LossCurve) else list(curves)
    if not 1 <= len(several) <= _MOST_CURVES:
        raise ConfigError("curves", f"must hold from 1 to {_MOST_CURVES} runs", len(several))
    units = list(dict.fromkeys(each.unit for each in several))
    if len(units) > 1:
        raise ConfigError("curves", "must all have the same unit", units, "plot logs and models separately")
    heading = "Loss per example" if title is None else title
    canvas = open_canvas(8, 4.8, [heading, *(each.name for each in several)], ax=ax, theme=theme, font=font)
    axes = plain_axes(canvas, ax)
    for curve, colour in zip(several, canvas.theme.colours, strict=False):
        _draw_curve(canvas, axes, curve, colour, named=len(several) > 1)
    if heading:
        axes.set_title(heading, loc="left", **canvas.text_style(11))
    axes.set_xlabel(units[0], color=canvas.theme.ink)
    if units[0] == "epochs":
        axes.locator_params(axis="x", integer=True, min_n_ticks=1)
    axes.set_ylabel("mean loss (nats)", color=canvas.theme.ink)
    axes.grid(color=canvas.theme.faint, linewidth=0.5)
    axes.spines[["top", "right"]].set_visible(False)
    legend = axes.legend(frameon=False)
    for text in legend.get_texts():
        text.update(canvas.text_style(9))
    return finish(canvas, path)


def _draw_curve(canvas: Canvas, axes: Axes, curve: LossCurve, colour: str, *, named: bool) -> None:
    of_run = f"{curve.name}: " if named else ""
    few = "." if len(curve.losses) < 50 else ""
    axes.plot(curve.done, curve.losses, color=colour, linewidth=1.3, marker=few, label=f"{of_run}training")
    if curve.validation_losses:
        axes.plot(
            curve.validation_done, curve.validation_losses, color=colour, linewidth=1, linestyle="--", marker="o",
            markersize=5, label=f"{of_run}held out",
        )  # fmt: skip
    if 0 < curve.best_epoch <= len(curve.validation_losses):
        at = curve.validation_done[curve.best_epoch - 1], curve.validation_losses[curve.best_epoch - 1]
        axes.annotate(
            f"kept: epoch {curve.best_epoch}", at, xytext=(0, 14), textcoords="offset points", ha="center",
            color=canvas.theme.ink, fontsize=9, arrowprops={"arrowstyle": "-", "color": canvas.theme.ink},
        )  # fmt: skip


def of_epochs(
    losses: Sequence[float], validation_losses: Sequence[float] = (), *, name: str = "run", best_epoch: int = 0
) -> LossCurve:
    """Make a curve of losses measured after each epoch.

    Parameters
    ----------
    losses : sequence of float
        Mean training loss of each epoch.
    validation_losses : sequence of float, default ()
        Held-out loss after each epoch.
    name : str, default "run"
        Name in the legend.
    best_epoch : int, default 0
        Number of the epoch whose vectors were kept, counted from 1. 0 stands for the last epoch.

    Returns
    -------
    LossCurve
        The losses against epochs.
    """
    return LossCurve(
        name, range(1, len(losses) + 1), losses, range(1, len(validation_losses) + 1), validation_losses, best_epoch
    )


def curves_of_logs(paths: Sequence[str | os.PathLike[str]]) -> list[LossCurve]:
    """Read the loss curves of several training logs.

    Parameters
    ----------
    paths : sequence of str or path
        The logs.

    Returns
    -------
    list of LossCurve
        One curve for each log, in order. The name of a curve is the file name without the suffix. If several logs have
        the same name, their paths are used instead.

    Raises
    ------
    CorpusNotFoundError
        A file does not exist.
    FormatError
        A file is not a training log, or contains no losses yet.
    """
    curves = [read_log(path) for path in paths]
    stems: Mapping[str, int] = {curve.name: sum(other.name == curve.name for other in curves) for curve in curves}
    return [
        curve if stems[curve.name] == 1 else replace(curve, name=str(path))
        for curve, path in zip(curves, paths, strict=True)
    ]
