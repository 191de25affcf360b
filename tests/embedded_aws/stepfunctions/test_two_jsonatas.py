"""Our JSONata against npm's, which is the reference: for development, where both node and the package are there.

npm install --prefix .local/node jsonata@2.0.6
"""

from __future__ import annotations

import json
import shutil
import subprocess
from typing import Any

import pytest
from paths import ROOT

from data_pipeline.embedded_aws.stepfunctions.expressions import Bindings
from data_pipeline.embedded_aws.stepfunctions.integrations import TaskError

PACKAGE = "jsonata@2.0.6"
MODULES = ROOT / ".local" / "node" / "node_modules"
INPUT = {
    "n": 7,
    "text": "a,b;c",
    "none": None,
    "yes": True,
    "list": [3, 1, 2],
    "rows": [{"k": "x", "v": 1.5}, {"k": "y", "v": 2}, {"k": "x", "v": -4}],
    "deep": {"a": [{"b": [1, 2]}, {"b": []}, {"b": 3}]},
    "at": "2024-02-29T12:30:00Z",
}
EXPRESSIONS = """
$states.input.n + 1
$states.input.n / 2
$states.input.n % 4
-$states.input.n
1e3
0.1 + 0.2
$states.input.list[0]
$states.input.list[-1]
$states.input.list[$ > 1]
$states.input.rows[k = 'x'].v
$states.input.rows.v
$states.input.rows[v > 100]
$states.input.deep.a.b
$states.input.**.b
$states.input.none
$states.input.missing
$exists($states.input.none)
$exists($states.input.missing)
$states.input.none = null
[1..3]
[$states.input.list, 4]
{"k": $states.input.text, "none": $states.input.missing}
$states.input.rows{k: $sum(v)}
$states.input.rows^(>v).k
$states.input.rows.(v * 2)
$sum($states.input.rows.v)
$max($states.input.list)
$average($states.input.list)
$count($states.input.missing)
$count($states.input.n)
$string($states.input.n / 4)
$string($states.input.rows)
$string(1e21)
$string(1/3)
$number("12.50")
$number("0x1F")
$number("x")
$boolean($states.input.list)
$boolean("")
$not($states.input.yes)
$states.input.yes and $states.input.n > 6
$states.input.n in $states.input.list
$states.input.n = "7"
$states.input.text & 1
$substring($states.input.text, 2)
$substring($states.input.text, -3, 2)
$substringBefore($states.input.text, ",")
$substringAfter($states.input.text, "none")
$split($states.input.text, /[,;]/)
$split("a b", " ")
$join(["a", "b"], "/")
$contains($states.input.text, /B/i)
$match($states.input.text, /([a-z]),/)
$match($states.input.text, /([a-z]),/)[0].groups[1]
$replace($states.input.text, /[,;]/, "-")
$replace("aaa", "a", "b", 2)
$trim("  a   b ")
$pad("x", -3, "0")
$uppercase($states.input.text)
$length("ünïcode")
$base64encode("a b")
$base64decode("YSBi")
$encodeUrlComponent("a b/ü")
$round(2.5)
$round(-2.5)
$round(12.345, 2)
$floor(-1.5)
$power(2, 10)
$power(-8, 1/3)
$sqrt(-1)
1 / 0
$formatNumber(1234.5, "#,##0.00")
$formatBase(255, 16)
$keys($states.input)
$lookup($states.input, "n")
$merge([{"a": 1}, {"a": 2, "b": 3}])
$spread({"a": 1, "b": 2})
$each({"a": 1}, function($v, $k) { $k & $v })
$sift({"a": 1, "b": 2}, function($v) { $v > 1 })
$map($states.input.list, function($v, $i) { $v * $i })
$filter($states.input.list, function($v) { $v > 1 })
$reduce($states.input.list, function($a, $b) { $a + $b }, 10)
$single($states.input.list, function($v) { $v = 2 })
$sort($states.input.list)
$sort($states.input.rows, function($l, $r) { $l.v > $r.v }).v
$distinct([1, 1, "1"])
$reverse($states.input.list)
$append(1, [2])
$zip([1, 2], ["a", "b", "c"])
$type(null)
$type($states.input.list)
$toMillis($states.input.at)
$toMillis("2024-02-30T00:00:00Z")
$fromMillis(0)
$fromMillis(1709209800000, "[Y0001]-[M01]-[D01]")
$fromMillis(1709209800000, "[FNn], [D1o] [MNn]")
$error("stop")
$assert(false, "no")
($x := 2; $f := function($n) { $n <= 1 ? 1 : $n * $f($n - 1) }; $f($x + 3))
$states.input.n > 5 ? "large" : "small"
$states.input.n > 9 ? "large"
$unknown(1)
"a" < 1
$variable.a[1]
"\\u00e9" & 'x'
""".strip().splitlines()
#: expression → why the two may differ.
APART = {'$toMillis("2024-02-30T00:00:00Z")': "JavaScript makes 1 March of it; ours fails"}
VARIABLES: dict[str, Any] = {"variable": {"a": [1, None, 3]}}
SCRIPT = """
const jsonata = require('jsonata'), given = JSON.parse(require('fs').readFileSync(0, 'utf8'));
(async () => {
  const found = [];
  for (const text of given.expressions) {
    try {
      const value = await jsonata(text).evaluate(undefined, given.bindings);
      const infinite = typeof value === 'number' && !Number.isFinite(value);  // JSON has no such number
      found.push(value === undefined || infinite ? 'fails' : {value});
    } catch (error) { found.push('fails'); }
  }
  console.log(JSON.stringify(found));
})();
"""


def theirs() -> list[Any]:
    """What npm's says: a value, or that it fails, as an undefined value does in Step Functions."""
    given = {"expressions": EXPRESSIONS, "bindings": {"states": {"input": INPUT}, **VARIABLES}}
    done = subprocess.run(
        ["node", "-e", SCRIPT],
        input=json.dumps(given),
        env={"NODE_PATH": str(MODULES), "PATH": "/usr/bin:/bin:/usr/local/bin"},
        text=True,
        capture_output=True,
        check=True,
        timeout=60,
    )
    return list(json.loads(done.stdout))


def ours(text: str) -> Any:
    try:
        return {"value": Bindings({"input": INPUT}, VARIABLES).evaluate("{% " + text + " %}", "Output")}
    except TaskError:
        return "fails"


def test_our_jsonata_says_what_npms_says() -> None:
    if shutil.which("node") is None or not (MODULES / "jsonata").is_dir():
        pytest.skip(f"node or its package is not here: npm install --prefix .local/node {PACKAGE}")
    found = zip(EXPRESSIONS, theirs(), [ours(text) for text in EXPRESSIONS], strict=True)
    differing = {text: (mine, reference) for text, reference, mine in found if mine != reference}
    assert {text: both for text, both in differing.items() if text not in APART} == {}
    assert differing.keys() == APART.keys()
