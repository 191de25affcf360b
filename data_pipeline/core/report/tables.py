"""What a run's page shows of each table: when its rows are, by period, hour and weekday, and what its columns hold."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from . import plots, words
from .distributions import OTHER, bins, edges
from .document import DAY, WEEK
from .markup import Content, Html, join, tag
from .parts import Detail, Head, chip, folded, key, plural, table

Record = Mapping[str, Any]
_BINS = 24
_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
SHIFT, CHANGE = 0.25, 0.1
"""From where on a difference is a shift, and one to speak of."""


def tables(report: Record, detail: Detail) -> Html:
    parts: list[Content] = [tag("h2", "Tables", id="tables")]
    if not report["tables"]:
        parts.append(tag("p", "No table was published, and none was looked at.", class_="soft"))
    for each in report["tables"]:
        parts.append(_table(each, report["drift"].get(each["name"], []), detail))
    return tag("section", parts, aria_labelledby="tables")


def _table(of: Record, drift: Sequence[Record], detail: Detail) -> Html:
    name, profile = str(of["name"]), of["profile"]
    state = (
        chip("published", "good")
        if of["committed"]
        else chip("unchanged")
        if of["snapshot"]
        else chip("held back", "bad")
    )
    rows = [f"{of['rows']:,} rows in the table"] if of["rows"] is not None else []
    rows += [f"{profile['rows']:,} of this run"] if profile else []
    before = of["before"]
    rows += (
        [f"compared with {before['rows']:,} of the {plural(before['runs'], 'run')} before"] if before else []
    )
    head = [tag("h3", name, " ", state), tag("p", " · ".join(rows), class_="soft small")]
    parts: list[Content] = [*head]
    if profile:
        parts += [*_times(of, detail)]
        parts += [*_periods(profile, detail)]
        parts.append(_columns(profile, before, of["shifts"], detail))
    if drift:
        parts.append(_drift(drift))
    return tag("article", parts, class_="card", aria_label=f"Table {name}")


def _times(of: Record, detail: Detail) -> Iterator[Content]:
    """The timeline, and rows by hour and weekday where they are of whole days and weeks."""
    profile, days = of["profile"], of["days"]
    timeline = profile.get("timeline")
    long = {"hours": days >= DAY, "weekdays": days >= WEEK}
    clocks = [name for name in long if profile.get(name) and long[name] and detail.clocks]
    steps = {point[0] for point in timeline["points"]} if timeline else ()
    told = clocks and days <= 1 and not timeline["whole"]  # the hours of one day are those by hour
    if timeline and len(steps) > 1 and not told:
        yield _timeline(timeline, detail)
    if clocks:
        column = timeline["column"] if timeline else "its time"
        found = [_clock(name, column, profile, of["before"], of["shifts"].get(name)) for name in clocks]
        yield tag("div", found, class_="pair")


def _timeline(timeline: Record, detail: Detail) -> Html:
    """A plot for each series, with what is new marked, and the numbers of all in one table."""
    what = timeline["weight"] or "rows"
    step = timeline["step"]
    starts = [*dict.fromkeys(point[0] for point in timeline["points"])]
    every = [*dict.fromkeys(point[1] for point in timeline["points"])]
    series = every[: detail.series]
    at = {(point[0], point[1]): (point[2], point[3]) for point in timeline["points"]}
    wide = -(-len(starts) // detail.points)  # so many steps are one bar
    groups = [starts[n : n + wide] for n in range(0, len(starts), wide)]
    found: list[Content] = [tag("h4", f"{what[:1].upper()}{what[1:]} by {step}, of {timeline['column']}")]
    whole = timeline["whole"]
    if whole:
        found.append(key(("kept", "published before"), ("new", "new of this run")))
    rows: list[list[Content]] = [[words.step(group[0], step)] for group in groups]
    for name in series:
        bars = [
            (
                sum(at.get((start, name), (0, 0))[0] for start in group),
                sum(at.get((start, name), (0, 0))[1] for start in group),
            )
            for group in groups
        ]
        found.append(_series(name, what, bars, groups, step, whole))
        for row, (total, new) in zip(rows, bars, strict=True):
            row.append(
                f"{words.number(total)} ({words.number(new)} new)" if whole and new else words.number(total)
            )
    heads = [Head(f"{step[:1].upper()}{step[1:]}"), *(Head(name or what, True) for name in series)]
    found.append(_left_out(len(every) - len(series)))
    return tag("div", found, folded("Numbers", table(f"{what} by {step}", heads, rows, True)))


def _left_out(series: int) -> Html:
    said = f"{series:,} more of the series: profile.json"
    return tag("p", said, class_="soft small") if series > 0 else Html()


def _series(
    name: str, what: str, bars: plots.Bars, groups: Sequence[Sequence[str]], step: str, whole: bool
) -> Html:
    total, new = (sum(bar[side] for bar in bars) for side in (0, 1))
    most = max(bars, key=lambda bar: bar[0])
    peak = words.step(groups[[*bars].index(most)][0], step)
    said = f"{words.number(total)} in all" + (f", {words.number(new)} new" if whole else "")
    said += f"; most {words.number(most[0])}, {peak}"
    label = f"{name or what} by {step}: {said}"
    first, last = words.step(groups[0][0], step), words.step(groups[-1][-1], step)
    axis = tag("div", tag("span", first), tag("span", last), class_="axis")
    caption = tag("figcaption", tag("strong", name or what), tag("span", said, class_="soft"))
    height = 88 if not name else 52
    return tag("figure", caption, plots.bars(bars, label, height=height), axis)


def _clock(which: str, column: str, profile: Record, before: Record | None, moved: float | None) -> Html:
    """Shares of rows by hour or weekday, and those before."""
    now = profile[which]
    then = (before or {}).get(which)
    names = [f"{n:02}" for n in range(24)] if which == "hours" else [*_WEEKDAYS]
    title = "By hour" if which == "hours" else "By weekday"
    shares, usual = _shares(now), _shares(then) if then else None
    most = names[max(range(len(now)), key=now.__getitem__)]
    caption = tag("figcaption", tag("strong", f"{title}, of {column}"), _shift(moved))
    label = f"Rows {title.lower()} of {column}: most at {most}, {words.share(max(shares))} of them"
    marks = names[::6] if which == "hours" else names
    rows = [
        [name, words.count(count), words.share(each), words.share(usual[at]) if usual else words.NONE]
        for at, (name, count, each) in enumerate(zip(names, now, shares, strict=True))
    ]
    heads = [
        Head(title.removeprefix("By ").capitalize()),
        Head("Rows", True),
        Head("Share", True),
        Head("Before", True),
    ]
    return tag(
        "figure",
        caption,
        plots.compared(shares, usual, label, height=52),
        tag("div", [tag("span", each) for each in marks], class_=f"axis {which}"),
        key(("now", "this run"), ("before", "runs before")) if usual else None,
        folded("Numbers", table(f"{title}, of {column}", heads, rows, True)),
    )


def _shift(value: float | None) -> Html:
    """How far a distribution is from what is usual."""
    if value is None:
        return Html()
    tone, said = (
        ("uneasy", "differs")
        if value >= SHIFT
        else ("calm", "changed a little")
        if value >= CHANGE
        else ("good", "as before")
    )
    return chip(f"{said} (PSI {value:.2f})", tone)


def _periods(profile: Record, detail: Detail) -> Iterator[Content]:
    """Rows by period of the files, one plot for each series."""
    periods = profile.get("periods") or []
    if len({each[0] for each in periods}) < 2:
        return
    every = [*dict.fromkeys(each[1] for each in periods)]
    names = every[: detail.series]
    there = {each[0] for each in periods}
    starts = words.periods(min(there), max(there))[-detail.points :]
    at = {(each[0], each[1]): (each[2], each[2] if each[3] else 0) for each in periods}
    yield tag("h4", "Rows by period of the files, as far back as rules look")
    yield key(("kept", "loaded before"), ("new", "loaded by this run"))
    for name in names:
        bars = [at.get((start, name), (0, 0)) for start in starts]
        said = f"{sum(bar[0] for bar in bars):,} rows, {sum(bar[1] for bar in bars):,} of this run"
        caption = tag("figcaption", tag("strong", name or "all files"), tag("span", said, class_="soft"))
        axis = tag("div", tag("span", starts[0]), tag("span", starts[-1]), class_="axis")
        yield tag("figure", caption, plots.bars(bars, f"{name or 'Rows'} by period: {said}", height=44), axis)
    rows = [[start, *(_cell(at.get((start, name))) for name in names)] for start in starts]
    heads = [Head("Period"), *(Head(name or "Rows", True) for name in names)]
    yield _left_out(len(every) - len(names))
    yield folded("Numbers", table("Rows by period", heads, rows, True))


def _cell(found: tuple[int, int] | None) -> str:
    if found is None:
        return words.NONE
    return f"{found[0]:,}{' (new)' if found[1] else ''}"


def _columns(profile: Record, before: Record | None, shifts: Mapping[str, float], detail: Detail) -> Html:
    """Each column: nulls, distribution now and before, ends, and how far it has moved."""
    heads = [
        Head("Column"),
        Head("Nulls", True),
        Head("Distribution"),
        Head("Values"),
        Head("Against before"),
    ]
    shown = profile["columns"][: detail.columns]
    rows = [
        _column(
            column,
            profile,
            (before or {}).get("columns", {}).get(column["name"]),
            shifts.get(f"column {column['name']}"),
        )
        for column in shown
    ]
    left = len(profile["columns"]) - len(shown) + profile.get("more_columns", 0)
    notes = [f"{plural(left, 'more column')}: profile.json"] if left else []
    if profile.get("sampled"):
        notes.append(f"distributions of {profile['sampled']:,} rows taken by chance")
    end = tag("p", "; ".join(notes), class_="soft small") if notes else None
    legend = key(("now", "this run"), ("before", "runs before")) if before else None
    return tag(
        "div", tag("h4", "Columns"), legend, table("Columns of the rows of this run", heads, rows), end
    )


def _column(column: Record, profile: Record, usual: Record | None, moved: float | None) -> list[Content]:
    rows = profile["rows"]
    nulls = words.share(column["nulls"] / rows)
    if usual is not None and round(usual["nulls"], 4) != round(column["nulls"] / rows, 4):
        nulls = join([nulls, tag("div", f"before {words.share(usual['nulls'])}", class_="soft small")])
    name = join([tag("code", column["name"]), tag("div", column["type"].lower(), class_="soft small")])
    against: Content = (
        _shift(moved)
        if moved is not None
        else tag("span", "no earlier rows" if usual is None else "", class_="soft small")
    )
    if column.get("quantiles"):
        return [name, nulls, _number(column, usual), _summary(column), against]
    if column.get("values"):
        return [name, nulls, _texts(column, usual), _frequent(column), against]
    ends = f"{column['least']} to {column['most']}" if column.get("least") is not None else ""
    return [name, nulls, "", tag("div", ends, class_="small long"), ""]


def _number(column: Record, usual: Record | None) -> Html:
    now, then = column["quantiles"], (usual or {}).get("quantiles")
    marks = edges([now, then] if then else [now], _BINS)
    shares = bins(now, marks)
    label = f"Distribution of {column['name']}: median {words.number(now[10])}"
    label += f", before {words.number(then[10])}" if then else ""
    plot = plots.compared(shares, bins(then, marks) if then else None, label)
    axis = tag(
        "div", tag("span", words.number(marks[0])), tag("span", words.number(marks[-1])), class_="axis"
    )
    return tag("div", plot, axis, class_="mini")


def _summary(column: Record) -> Html:
    now = column["quantiles"]
    lines = [
        f"median {words.number(now[10])}, mean {words.number(column.get('mean'))}",
        f"nine in ten: {words.number(now[1])} to {words.number(now[19])}",
        f"all: {words.number(column.get('least'))} to {words.number(column.get('most'))}",
    ]
    return tag("div", [tag("div", line) for line in lines], class_="small long")


def _texts(column: Record, usual: Record | None) -> Html:
    """The most frequent values and the others, if there are any, now and before."""
    names = [*column["values"]]
    now, before = _by_value(column, names), _by_value(usual, names) if usual and usual.get("values") else None
    if not now[-1] and not (before and before[-1]):
        now, before = now[:-1], before and before[:-1]
    label = f"Most frequent of {column['name']}: {', '.join(names[:5])}"
    return tag("div", plots.compared(_shares(now), before and _shares(before), label), class_="mini")


def _by_value(column: Record, names: Sequence[str]) -> list[float]:
    """Rows of each of these values, and of all others."""
    values = column["values"]
    kept = [values.get(name, 0) for name in names]
    return [*kept, sum(values.values()) + column.get("other", 0) - sum(kept)]


def _shares(rows: Sequence[float]) -> list[float]:
    return [each / (sum(rows) or 1) for each in rows]


def _frequent(column: Record) -> Html:
    total = sum(column["values"].values()) + column.get("other", 0)
    told = [f"{text} {words.share(count / total)}" for text, count in [*column["values"].items()][:5]]
    rest = len(column["values"]) - 5
    told += [f"{plural(rest, 'more value')}"] if rest > 0 else []
    told += [f"{OTHER} {words.share(column['other'] / total)}"] if column.get("other") else []
    return tag("div", ", ".join(told), class_="small long")


def _drift(drift: Sequence[Record]) -> Html:
    """What the rules have compared: periods of a series with those before."""
    rows: list[list[Content]] = []
    for each in drift[:60]:
        found = sorted(each["psi"].items(), key=lambda item: -item[1])
        furthest = join([f"{found[0][0]} ", _shift(found[0][1])]) if found else ""
        rest = ", ".join(f"{name} {value:.2f}" for name, value in found[1:])
        missing = f"{words.share(each['missing'])} (before {words.share(each['missing_before'])})"
        series = f"{each['period']} {each['series']}".strip()
        rows.append([series, furthest, rest, missing, f"{each['before'][0]} to {each['before'][-1]}"])
    heads = [
        Head("Period"),
        Head("Furthest"),
        Head("Others, PSI"),
        Head("Windows missing", True),
        Head("Against"),
    ]
    return folded(
        f"{plural(len(drift), 'period')} of the series against those before",
        table("Periods against those before", heads, rows),
    )
