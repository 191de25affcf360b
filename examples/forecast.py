"""A forecast of the next window's rides from a frozen training set: a ridge regression against the same time last year.

    python examples/forecast.py local next_window
    python examples/forecast.py local next_window --version 0123456789ab --plot forecast.svg

It fits to train.parquet, chooses how much to shrink with validation.parquet, and is judged once, by test.parquet.
What a row holds was known when its prediction is made: the training set's point-in-time join has seen to that.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from data_pipeline.api import Project, TrainingSet, UserError

LAST_YEAR, YEAR_BEFORE = "rides_52_weeks_before", "rides_104_weeks_before"
SHRINKAGES = (0.1, 1.0, 10.0, 100.0, 1000.0)
HOURS_OF_A_WEEK = 7 * 24


@dataclass(frozen=True)
class Part:
    """Rows that can be predicted: what is known (a column each), the rides that came, and when; ``left_out`` others."""

    known: np.ndarray
    rides: np.ndarray
    last_year: np.ndarray
    times: np.ndarray
    left_out: int


@dataclass(frozen=True)
class Score:
    """Mean absolute error and root mean squared error, in rides of a window."""

    mae: float
    rmse: float


def part(table: pa.Table) -> Part:
    """The rows of which both years before are known."""
    whole = table.filter(pc.and_(table[LAST_YEAR].is_valid(), table[YEAR_BEFORE].is_valid()))
    columns = {name: whole[name].to_numpy() for name in whole.column_names if name != "dataset"}
    last, before = (columns[name].astype(float) for name in (LAST_YEAR, YEAR_BEFORE))
    hour = (columns["dow"].astype(int) - 1) * 24 + columns["minutes"].astype(int) // 60
    season = 2 * np.pi * columns["doy"].astype(float) / 365.25
    known = np.column_stack(
        [last, before, np.sin(season), np.cos(season), np.eye(HOURS_OF_A_WEEK)[hour]],
    )
    rides = columns["label"].astype(float)
    return Part(known, rides, last, columns["time"], len(table) - len(whole))


@dataclass(frozen=True)
class Ridge:
    """A linear regression whose weights are shrunk; its columns are scaled alike, and the mean is not shrunk."""

    weights: np.ndarray
    means: np.ndarray
    scales: np.ndarray
    level: float

    def predict(self, known: np.ndarray) -> np.ndarray:
        """Rides of each row, never fewer than none."""
        return np.maximum(self.level + (known - self.means) / self.scales @ self.weights, 0)


def fitted(data: Part, shrinkage: float) -> Ridge:
    """The weights that are best for ``data``: (X'X + shrinkage · I)⁻¹ X'y."""
    means, scales = data.known.mean(axis=0), data.known.std(axis=0)
    scales = np.where(scales > 0, scales, 1)
    x, level = (data.known - means) / scales, float(data.rides.mean())
    weights = np.linalg.solve(x.T @ x + shrinkage * np.eye(x.shape[1]), x.T @ (data.rides - level))
    return Ridge(weights, means, scales, level)


def score(predicted: np.ndarray, data: Part) -> Score:
    """How far predictions are from what came."""
    errors = predicted - data.rides
    return Score(float(np.abs(errors).mean()), float(np.sqrt((errors**2).mean())))


def chosen(train: Part, validation: Part) -> tuple[float, Ridge]:
    """The shrinkage with the least error on ``validation``, and its model."""
    models = [(shrinkage, fitted(train, shrinkage)) for shrinkage in SHRINKAGES]
    return min(models, key=lambda one: score(one[1].predict(validation.known), validation).mae)


def parts(data: TrainingSet) -> tuple[Part, Part, Part]:
    """Training, validation and test. UserError where one of them has nothing to predict."""
    found = {name: part(table) for name, table in data.parts.items()}
    empty = [name for name, rows in found.items() if not len(rows.rides)]
    if empty:
        raise UserError(
            f"version {data.version} has no row in {', '.join(empty)} of which the rides 52 and 104 weeks before were "
            "known: publish the months that it takes (examples/README.md), and create the training set again"
        )
    return found["train"], found["validation"], found["test"]


def plot(path: Path, data: Part, model: Ridge) -> None:
    """One week of the test, as it came and as both forecasts saw it, to an image file."""
    import matplotlib

    matplotlib.use("Agg")
    matplotlib.rcParams["svg.hashsalt"] = "forecast"  # the same data make the same file
    from matplotlib import pyplot

    week = slice(0, 7 * 96)
    figure, axes = pyplot.subplots(figsize=(9, 3.5), layout="constrained")
    axes.plot(data.times[week], data.last_year[week], color="#c8c8c8", label="52 weeks before")
    axes.plot(data.times[week], data.rides[week], color="#7f9fbf", linewidth=0.8, label="rides")
    axes.plot(data.times[week], model.predict(data.known[week]), color="#c0392b", label="ridge regression")
    axes.set_ylim(0, 1.2 * max(data.rides[week].max(), data.last_year[week].max()))
    axes.set_ylabel("rides in 15 minutes")
    axes.legend(loc="upper left", ncols=3, frameon=False)
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, metadata={"Date": None} if path.suffix == ".svg" else None)
    pyplot.close(figure)


def report(version: str, rows: tuple[Part, Part, Part], shrinkage: float, model: Ridge) -> str:
    """Both forecasts' errors on the test, in words."""
    train, validation, test = rows
    naive, ours = score(test.last_year, test), score(model.predict(test.known), test)
    counts = f"{len(train.rides):,} windows, {len(validation.rides):,} for the choice, {len(test.rides):,} for the test"
    return "\n".join(
        [
            f"version {version}: {counts}; {sum(one.left_out for one in rows):,} without two years before",
            f"52 weeks before    mean error {naive.mae:6.2f} rides, root mean square {naive.rmse:6.2f}",
            f"ridge regression   mean error {ours.mae:6.2f} rides, root mean square {ours.rmse:6.2f}",
            f"the regression's mean error is {1 - ours.mae / naive.mae:.0%} less (shrinkage {shrinkage:g})\n",
        ]
    )


def main(arguments: Sequence[str]) -> int:
    """Exit status of the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("env", help="the environment, as `local`")
    parser.add_argument("name", help="the training set, as `next_window`")
    parser.add_argument("--version", help="the version; needed where there are several")
    parser.add_argument("--plot", type=Path, help="an image file to draw a week of the test to (matplotlib)")
    options = parser.parse_args(arguments)
    try:
        data = (
            Project(Path(__file__).parent)
            .environment(options.env)
            .open_training_set(options.name, options.version)
        )
        rows = parts(data)
    except UserError as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    shrinkage, model = chosen(rows[0], rows[1])
    sys.stdout.write(report(data.version, rows, shrinkage, model))
    if options.plot:
        plot(options.plot, rows[2], model)
        sys.stdout.write(f"drawn: {options.plot}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
