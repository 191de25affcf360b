"""What is right about a schedule, and still not what somebody will have meant: warnings."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from data_pipeline.core.config.environment import Environment, Schedule
from data_pipeline.core.facts import firings
from data_pipeline.core.naming import MAINTENANCE
from data_pipeline.core.problems import Violation


def clock_changes(env: Environment, today: date) -> Iterator[Violation]:
    """Schedules that are on and start nothing on the day of a change to summer time; the next one from today."""
    on: dict[tuple[str, ...], Schedule] = {("schedule",): env.schedule}
    if env.maintenance:
        on[MAINTENANCE, "schedule"] = env.maintenance.schedule
    for path, schedule in on.items():
        skips = firings.skips(schedule.expression, schedule.timezone) if schedule.enabled else []
        skip = next((each for each in skips if each.time.date() >= today), skips[-1] if skips else None)
        if skip is None:
            continue
        after = (
            f"the next run starts on {skip.after:%Y-%m-%d at %H:%M}"
            if skip.after
            else "no run follows for a year"
        )
        yield Violation(
            (*path, "expression"),
            f"{skip.time:%H:%M} in {schedule.timezone}, which its clock leaves out on {skip.time:%Y-%m-%d}",
            "a time that every day has",
            f"nothing starts on that day, and {after}; move it by an hour or two",
        )
