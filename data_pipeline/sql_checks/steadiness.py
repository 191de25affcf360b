"""Whether SQL gives the same result for the same rows: no clock, no chance, no order that nobody asks for, no files.

Each rule takes a tree and yields faults; pure.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from data_pipeline.core.problems import did_you_mean, one_of, quoted

from .engine import COMMON_AGGREGATES, COMMON_SCALARS, functions
from .trees import Fault, Tree, fault, walk

#: aggregates whose result depends on the order of rows, as ties of arg_max and mode do.
ORDERED = frozenset(
    (
        *(
            "any_value",
            "arbitrary",
            "array_agg",
            "first",
            "group_concat",
            "last",
            "list",
            "listagg",
            "string_agg",
        ),
        *("arg_max", "arg_max_null", "arg_max_nulls_last", "arg_min", "arg_min_null", "arg_min_nulls_last"),
        *("argmax", "argmin", "max_by", "min_by", "mode", "fill"),
        *("json_group_array", "json_group_object"),
    )
)
#: window functions that mean nothing without an order.
_WINDOWS = frozenset(
    ("row_number", "ntile", "lag", "lead", "first_value", "last_value", "nth_value", "first", "last")
)
#: what no order makes the same twice.
_NEVER = {
    "approx_quantile": "quantile_cont",
    "approx_top_k": "count with GROUP BY and ORDER BY",
    "reservoir_quantile": "quantile_cont",
}
#: the environment that a job runs in, which DuckDB takes for constant.
_SURROUNDINGS = frozenset(
    ("current_setting", "getvariable", "getenv", "version", "pg_typeof", "txid_current")
)
#: words that are a function where no column is called so.
_WORDS = frozenset(
    (
        *("current_date", "current_timestamp", "current_time", "localtimestamp", "localtime"),
        *("current_user", "current_role", "current_catalog", "current_schema", "session_user", "user"),
    )
)
_CLOCKS = frozenset(
    (
        *(
            "current_date",
            "current_timestamp",
            "current_time",
            "localtimestamp",
            "localtime",
            "now",
            "today",
            "age",
        ),
        *("transaction_timestamp", "get_current_time", "get_current_timestamp"),
    )
)
#: macros of DuckDB's own that their arguments alone decide.
_MACROS = frozenset(
    (
        *("array_append", "array_pop_back", "array_pop_front", "array_prepend", "array_push_back"),
        *(
            "array_push_front",
            "array_reverse",
            "array_to_string",
            "array_to_string_comma_default",
            "date_add",
        ),
        *("days_in_month", "fdiv", "fmod", "generate_subscripts", "geomean", "geometric_mean"),
        *(
            "json_group_array",
            "json_group_object",
            "list_any_value",
            "list_append",
            "list_approx_count_distinct",
        ),
        *(
            "list_avg",
            "list_bit_and",
            "list_bit_or",
            "list_bit_xor",
            "list_bool_and",
            "list_bool_or",
            "list_count",
        ),
        *(
            "list_entropy",
            "list_first",
            "list_histogram",
            "list_kurtosis",
            "list_last",
            "list_mad",
            "list_max",
        ),
        *("list_median", "list_min", "list_mode", "list_prepend", "list_product", "list_reverse", "list_sem"),
        *(
            "list_skewness",
            "list_stddev_pop",
            "list_stddev_samp",
            "list_string_agg",
            "list_sum",
            "list_var_pop",
        ),
        *(
            "list_var_samp",
            "map_contains_entry",
            "map_contains_value",
            "md5_number_lower",
            "md5_number_upper",
        ),
        *("nullif", "round_even", "roundbankers", "split_part", "wavg", "weighted_avg"),
    )
)
#: functions that stand where a table does.
TABLE_FUNCTIONS = ("generate_series", "range", "unnest", "json_each")
#: functions about which DuckDB need not be asked.
_STEADY = COMMON_SCALARS | COMMON_AGGREGATES | _MACROS | {*TABLE_FUNCTIONS}
_SORTING = frozenset(("list_sort", "array_sort", "list_reverse_sort", "array_reverse_sort"))
_REFS = {
    "SHOW_REF": ("a description of a table", "its rows"),
    "PIVOT": ("a PIVOT", "sums with FILTER, as in sum(x) FILTER (WHERE kind = 'new')"),
}


def faults(tree: Tree, sql: str, columns: Collection[str]) -> Iterator[Fault]:
    """Everything for which the SELECT may give another result tomorrow; ``columns``: the names that its inputs have."""
    aliases = {node["alias"] for node in walk(tree) if node.get("alias")}
    elsewhere = {id(node) for node in _checked_elsewhere(tree)}
    for node in walk(tree):
        kind = node.get("class") or node.get("type")
        if kind == "FUNCTION" and id(node) not in elsewhere:
            yield from _function(node, sql)
        elif kind == "WINDOW":
            yield from _window(node, sql)
        elif kind == "COLUMN_REF":
            yield from _word(node, sql, {*columns, *aliases})
        elif kind == "PARAMETER":
            yield fault(node, sql, "a parameter", "a value", "nobody fills it in a job")
        elif node.get("type") in _REFS and "class" not in node:
            found, expected = _REFS[node["type"]]
            yield fault(node, sql, found, expected)
        yield from _table(node, sql)
        yield from _modifiers(node, sql)


def _checked_elsewhere(tree: Tree) -> Iterator[Tree]:
    """Functions of which another rule speaks: those in the place of a table, and lists that are sorted at once, which
    is how DuckDB reads ``list(x ORDER BY x)``.
    """
    for node in walk(tree):
        if node.get("type") == "TABLE_FUNCTION":
            yield node["function"]
        elif node.get("class") == "FUNCTION" and node["function_name"].lower() in _SORTING:
            yield from (
                each for each in node["children"][:1] if each.get("function_name") in ("list", "array_agg")
            )


def _function(node: Tree, sql: str) -> Iterator[Fault]:
    name = node["function_name"].lower()
    call = f"{name}()"
    if name in _NEVER:
        expected = "a function that gives the same result each time"
        yield fault(
            node, sql, f"{quoted(call)}, which estimates by chance or order", expected, f"take {_NEVER[name]}"
        )
    elif name in ORDERED and not node["order_bys"]["orders"]:
        yield fault(
            node,
            sql,
            f"{quoted(call)}, whose result depends on the order of rows",
            "an order inside it",
            f"write it as in {name}({'x, ' if 'arg' in name or '_by' in name else 'x '}{_example(name)}ORDER BY y)",
        )
    elif name in _SURROUNDINGS or (name == "age" and len(node["children"]) == 1):
        yield _volatile(node, sql, call)
    elif name not in _STEADY:
        known = functions()
        if name in known.volatile:
            yield _volatile(node, sql, call)
        elif name in known.others:
            yield _foreign(node, sql, call)


def _example(name: str) -> str:
    return "at " if "arg" in name or "_by" in name else ""


def _volatile(node: Tree, sql: str, call: str) -> Fault:
    expected = "SQL that gives the same result for the same rows"
    advice = "take the time from a column, as _available_at" if call.strip("()") in _CLOCKS else ""
    return fault(node, sql, f"{quoted(call)}, which is another value in each run", expected, advice)


def _foreign(node: Tree, sql: str, call: str) -> Fault:
    return fault(node, sql, f"{quoted(call)}, which looks outside of the rows", "functions of values alone")


def _window(node: Tree, sql: str) -> Iterator[Fault]:
    name = node["function_name"].lower()
    if node["orders"]:
        return
    rows = any(str(node[end]).endswith("_ROWS") for end in ("start", "end"))
    if name in _WINDOWS or (name in ORDERED and not node["arg_orders"]) or rows:
        found = f"{quoted(name + '()')} over rows without an order"
        yield fault(node, sql, found, "ORDER BY in its window", f"write {name}(…) OVER (… ORDER BY x)")


def _word(node: Tree, sql: str, known: Collection[str]) -> Iterator[Fault]:
    names = node["column_names"]
    last = names[-1].lower()
    if len(names) == 1 and last in _WORDS and last not in known:
        yield _volatile(node, sql, last)
    elif last == "rowid" and "rowid" not in known:
        advice = "the number of a row in its file is _row"
        yield fault(node, sql, "'rowid', which is a place in memory", "a column", advice)


def _table(node: Tree, sql: str) -> Iterator[Fault]:
    kind = node.get("type")
    if node.get("sample"):
        where = node if "query_location" in node else {"query_location": 0}
        yield fault(
            where,
            sql,
            "a sample, which is another one each time",
            "rows by a condition",
            "as hash(id) % 10 = 0",
        )
    if kind == "TABLE_FUNCTION":
        name = node["function"]["function_name"].lower()
        if name not in TABLE_FUNCTIONS:
            advice = "what is read from files is a data set" if "read" in name or "scan" in name else ""
            expected = f"data sets and tables by name, or {one_of(TABLE_FUNCTIONS)}"
            yield fault(node, sql, f"{quoted(name + '()')} in the place of a table", expected, advice)
    elif kind == "JOIN" and node.get("ref_type") == "POSITIONAL":
        yield fault(
            node, sql, "a POSITIONAL JOIN, which depends on the order of rows", "a JOIN with a condition"
        )


def _modifiers(node: Tree, sql: str) -> Iterator[Fault]:
    modifiers = node.get("modifiers")
    if not isinstance(modifiers, list):
        return
    kinds = {each["type"]: each for each in modifiers}
    ordered = bool(kinds.get("ORDER_MODIFIER", {}).get("orders"))
    if ordered:
        return
    first = next((each for each in walk(modifiers) if each.get("query_location")), node)
    if {"LIMIT_MODIFIER", "LIMIT_PERCENT_MODIFIER"} & set(kinds):
        yield fault(first, sql, "LIMIT without ORDER BY, which takes any rows", "ORDER BY before it")
    if kinds.get("DISTINCT_MODIFIER", {}).get("distinct_on_targets"):
        yield fault(first, sql, "DISTINCT ON without ORDER BY, which takes any row", "ORDER BY behind it")


def relations(tree: Tree) -> dict[str, Tree]:
    """The tables that are read, by name, each with the node that names it first; names of WITH are none."""
    named = ctes(tree)
    found: dict[str, Tree] = {}
    for node in walk(tree):
        if node.get("type") == "BASE_TABLE" and node["table_name"] not in named:
            found.setdefault(node["table_name"], node)
    return found


def ctes(tree: Tree) -> set[str]:
    """The names that WITH gives."""
    return {
        each["key"]
        for node in walk(tree)
        if isinstance(node.get("cte_map"), dict)
        for each in node["cte_map"]["map"]
    }


def unknown_relations(tree: Tree, sql: str, known: Collection[str]) -> Iterator[Fault]:
    """Tables that are no data set and no table of the project, and names that stand for two things."""
    for name in sorted(ctes(tree) & set(known)):
        found = f"{quoted(name)} in WITH, which is the name of a data set or table"
        yield fault(tree, sql, found, "another name")
    for name, node in relations(tree).items():
        if node["schema_name"] or node["catalog_name"]:
            full = ".".join(filter(None, (node["catalog_name"], node["schema_name"], name)))
            yield fault(
                node, sql, quoted(full), "a data set or table by its name alone", f"write {quoted(name)}"
            )
        elif node.get("at_clause"):
            yield fault(node, sql, f"an earlier state of {quoted(name)}", "the table as it is")
        elif name not in known:
            file = "." in name or "/" in name
            advice = "what is read from files is a data set" if file else did_you_mean(name, known)
            yield fault(node, sql, f"the table {quoted(name)}", one_of(sorted(known)), advice)
