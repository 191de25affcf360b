"""``python -m tests.security``: checkov on the rendered templates, and a scan of the tree for secrets.

Both run in ``.venv-security``, which `make check` makes, and ask nothing of the network. A finding passes only with its
reason in ``.ci/security.yaml``; a reason that no finding needs any more is an error, too.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[1]
TOOLS = ROOT / ".venv-security" / "bin"
REVIEWED = ".ci/security.yaml"

#: what is not scanned for secrets: the packages' hashes, which pip holds against the packages, and the reasons.
_NO_SECRETS = ("jobs/locks/", "data_pipeline/cli/locks/", REVIEWED)

#: the line of a generated page that names the commit it was made of.
_COMMIT = "^- commit: [0-9a-f]{40}$"

#: (rule, where): a checkov rule and a resource, or a kind of secret with its file and hash.
Finding = tuple[str, str]


def main() -> int:
    """Print what was found; the exit status."""
    reviewed = yaml.safe_load((ROOT / REVIEWED).read_text(encoding="utf-8"))
    with ThreadPoolExecutor() as pool:
        running = {"templates": pool.submit(checkov, ROOT / "templates"), "secrets": pool.submit(secrets)}
        found = {name: future.result() for name, future in running.items()}
    wrong = [line for name in found for line in compare(found[name], reviewed[name])]
    said = [f"{len(found[name])} findings in {name}, each with its reason" for name in found]
    print("\n".join(wrong or said))
    return 1 if wrong else 0


def compare(found: Iterable[Finding], reviewed: Iterable[Mapping[str, Any]]) -> list[str]:
    """One line for each finding without a reason, and for each reason without a finding."""
    reasons = {(item["rule"], where): item.get("reason") for item in reviewed for where in item["where"]}
    known = set(found)
    return [
        *(
            f"{where}: {rule}: mend it, or give the reason in {REVIEWED}"
            for rule, where in sorted(known - {*reasons})
        ),
        *(
            f"{where}: {rule}: not found any more; remove it from {REVIEWED}"
            for rule, where in sorted({*reasons} - known)
        ),
        *(
            f"{where}: {rule}: {REVIEWED} gives no reason"
            for (rule, where), reason in reasons.items()
            if not reason
        ),
    ]


def checkov(folder: Path) -> set[Finding]:
    """(rule with its title, type and logical id) of what checkov finds in the templates of a folder."""
    options = ["--framework", "cloudformation", "--skip-download", "--quiet", "--output", "json"]
    report = json.loads(_run("checkov", "--directory", str(folder), *options, accepted=(0, 1)))
    assert report["summary"]["parsing_errors"] == 0, report
    assert report["summary"]["passed"] > 0, "checkov has checked nothing"
    return {
        (f"{check['check_id']} {check['check_name']}", check["resource"])
        for check in report["results"]["failed_checks"]
    }


def secrets() -> set[Finding]:
    """(kind of secret, file and the first ten digits of the secret's hash) of what git knows or would add."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout.splitlines()
    files = [name for name in listed if not name.startswith(_NO_SECRETS) and (ROOT / name).is_file()]
    results = json.loads(_run("detect-secrets", "scan", "--no-verify", "--exclude-lines", _COMMIT, *files))[
        "results"
    ]
    return {
        (secret["type"], f"{file} {secret['hashed_secret'][:10]}")
        for file, secrets in results.items()
        for secret in secrets
    }


def _run(tool: str, *arguments: str, accepted: tuple[int, ...] = (0,)) -> str:
    """What a tool of the environment prints; without the variables by which a user may have it report home."""
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("BC_", "PRISMA_", "CKV_", "CHECKOV_"))
    }
    ended = subprocess.run(
        [TOOLS / tool, *arguments], cwd=ROOT, env=environment, check=False, capture_output=True, text=True
    )
    if ended.returncode not in accepted:
        sys.exit(f"{tool} ended with {ended.returncode}:\n{ended.stderr}")
    return ended.stdout


if __name__ == "__main__":
    sys.exit(main())
