"""When a step runs on a cluster, and on how large a one: JSONata over the result of the step before."""

from __future__ import annotations

from typing import Any

from data_pipeline.core.config.sizes import Cluster

from . import jsonata

_BYTES_OF_GB = 10**9
#: instances at least, by service: Glue counts the driver's worker too.
LEAST = {"sagemaker": 1, "glue": 2}


def rule(cluster: Cluster, result: str, state: str) -> dict[str, Any]:
    """The rule of a Choice that goes to ``state`` when the result names more bytes than one machine shall read.

    A result without bytes takes the one machine.
    """
    size = f"${result}.bytes"
    more = f"{size} > {round(cluster.above_gb * _BYTES_OF_GB)}"
    return {
        "Condition": jsonata.expression(f"$type({size}) = 'number' ? {more} : false"),
        "Next": state,
    }


def machines(cluster: Cluster, size: int, service: str) -> int | None:
    """How many instances ``size`` bytes get by these two; None where one machine reads them."""
    if size <= round(cluster.above_gb * _BYTES_OF_GB):
        return None
    share = max(1, round(cluster.gb_per_instance * _BYTES_OF_GB))
    return max(LEAST[service], min(cluster.most_instances, -(-size // share)))


def instances(cluster: Cluster, result: str, service: str) -> str:
    """JSONata of the number of instances: one for each share of the bytes, within the cluster's bounds."""
    share = max(1, round(cluster.gb_per_instance * _BYTES_OF_GB))
    wanted = f"$ceil(${result}.bytes / {share})"
    return jsonata.expression(f"$max([{LEAST[service]}, $min([{cluster.most_instances}, {wanted}])])")
