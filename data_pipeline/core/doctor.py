"""What the answers of an account mean for an environment: findings, each with what to do; pure.

A look-up that was refused arrives as ``Unanswered`` in place of its value, and never becomes an ``ok``.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from . import images
from .config import Environment, Job, Step
from .naming import job_path
from .service_limits import REGIONS
from .sizes import Cluster
from .stack_states import Treatment, is_moving, treatment

Level = Literal["ok", "warning", "problem", "unchecked"]


@dataclass(frozen=True)
class Finding:
    """One check: what was found, and what to do about it unless it is ok."""

    check: str
    level: Level
    found: str
    remedy: str = ""


@dataclass(frozen=True)
class Unanswered:
    """A look-up without an answer: not emulated, or not allowed (then ``reason`` names the action)."""

    reason: str
    emulated: bool = True


@dataclass(frozen=True)
class Quota:
    """One service quota as it applies to the account in the region."""

    name: str
    code: str
    value: float


@dataclass(frozen=True)
class Bucket:
    """A bucket as its caller sees it: ``hidden`` when it is another account's or may not be seen."""

    name: str
    exists: bool = True
    hidden: bool = False
    region: str = ""
    public_access_blocked: bool | None = None


def unanswered(check: str, answer: Unanswered) -> Finding:
    """The finding of a look-up without an answer."""
    if not answer.emulated:
        return Finding(check, "unchecked", "not on the embedded AWS")
    return Finding(check, "warning", f"could not be looked up: {answer.reason}")


def identity(env: Environment, account: str, caller: str) -> Finding:
    """Who asks; the account itself was compared before any look-up."""
    guard = "" if env.account or env.embedded else f"; config/{env.name}.yaml names no account as a guard"
    found = f"{caller} in account {account}{guard}"
    if caller.endswith(":root") and not env.embedded:
        remedy = "use a role or user with docs/deployer-policy.json instead of the account's root"
        return Finding("identity", "warning", found, remedy)
    return Finding("identity", "ok", found)


def region(name: str, opt_in: str | Unanswered | None) -> Finding:
    """Whether every service of the pipeline is offered there and the account has it switched on."""
    if name not in REGIONS:
        return Finding(
            "region", "problem", f"{name} does not offer every service that is needed", "choose another"
        )
    if isinstance(opt_in, Unanswered):
        return unanswered("region", opt_in)
    if opt_in in ("opt-in-not-required", "opted-in"):
        return Finding("region", "ok", f"{name} ({opt_in})")
    remedy = f"aws account enable-region --region-name {name}"
    return Finding("region", "problem", f"{name} is not enabled in this account ({opt_in})", remedy)


def instance_type(name: str, job: Job, where: str, quotas: Mapping[str, Quota] | Unanswered) -> Finding:
    """Whether SageMaker offers a job's instance type in the region, and lets the account use one.

    ``quotas`` is name in lower case → quota. SageMaker has one for every instance type that it offers.
    """
    key = ".".join((*job_path(name), "sagemaker", "instance_type"))
    return _instances(name, job.sagemaker.instance_type, 1, key, where, quotas)


def cluster_instances(
    name: str, cluster: Cluster, where: str, quotas: Mapping[str, Quota] | Unanswered
) -> Finding:
    """Whether SageMaker lets the account use as many instances at once as a step's cluster may have."""
    kind, most = cluster.sagemaker.instance_type, cluster.most_instances
    key = f"steps.{name}.cluster.sagemaker.instance_type"
    return _instances(f"{name} on a cluster", kind, most, key, where, quotas)


def _instances(
    name: str, kind: str, needed: int, key: str, where: str, quotas: Mapping[str, Quota] | Unanswered
) -> Finding:
    check = f"{name}: {kind}"
    if isinstance(quotas, Unanswered):
        return unanswered(check, quotas)
    quota = quotas.get(f"{kind} for processing job usage")
    if quota is None:
        remedy = f"choose another {key}"
        return Finding(check, "problem", f"SageMaker Processing does not offer it in {where}", remedy)
    if quota.value >= needed:
        return Finding(check, "ok", f"{quota.value:g} at once")
    return Finding(
        check,
        "problem",
        f"the quota {quota.name!r} is {quota.value:g}" + (f", needed {needed}" if needed > 1 else ""),
        _increase("sagemaker", quota, needed, where),
    )


def glue_capacity(
    jobs: Mapping[str, Job], where: str, quotas: Mapping[str, Quota] | Unanswered
) -> Iterator[Finding]:
    """Whether Glue lets the account run its jobs: runs at once, and processing units of the largest one."""
    needed = max(data_processing_units(job) for job in jobs.values())
    for name, least in (("max concurrent job runs per account", 1.0), ("max task dpus per account", needed)):
        check = f"glue: {name}"
        if isinstance(quotas, Unanswered):
            yield unanswered(check, quotas)
            continue
        quota = quotas.get(name)
        if quota is None:
            yield Finding(check, "warning", "Service Quotas lists none of this name", "look in its console")
        elif quota.value >= least:
            yield Finding(check, "ok", f"{quota.value:g}, needed {least:g}")
        else:
            found = f"{quota.value:g}, needed {least:g}"
            yield Finding(check, "problem", found, _increase("glue", quota, least, where))


def data_processing_units(job: Job) -> float:
    """DPUs that a Glue job takes at most; the name of a worker type (``G.2X``) has those of one worker."""
    if job.glue.runtime == "glue-pythonshell":
        return job.glue.max_capacity
    alone = _units(job.glue.worker_type, job.glue.workers)
    if not isinstance(job, Step) or job.cluster is None:
        return alone
    return max(alone, _units(job.cluster.glue.worker_type, job.cluster.most_instances))


def _units(worker_type: str, workers: int) -> float:
    return float(worker_type.partition(".")[2].removesuffix("X")) * workers


def image(runtime: str, where: str) -> Finding:
    """Whether AWS publishes the runtime's image in the region, by the table: its registry answers jobs only."""
    check = f"image of {runtime}"
    if where in images.registries(runtime):
        return Finding(
            check, "ok", f"{images.repository(runtime)}:{images.tag(runtime)} is published in {where}"
        )
    remedy = "choose another region, or: python -m data_pipeline images refresh"
    return Finding(check, "problem", f"none is published in {where}", remedy)


def stack(name: str, status: str | None, deploy: str) -> Finding:
    """What state a stack is in."""
    check = f"stack {name}"
    what = treatment(status)
    if what is Treatment.CREATE:
        return Finding(check, "ok", "not deployed yet")
    if is_moving(status):
        return Finding(check, "warning", f"{status}", "an operation is under way; wait until it has ended")
    if what is Treatment.UPDATE:
        return Finding(check, "ok", f"{status}")
    return Finding(check, "problem", f"{status}", f"{deploy} will {what.value}")


def template(file: str, refusal: str | Unanswered | None) -> Finding:
    """What CloudFormation says of a template; None when it takes it."""
    if isinstance(refusal, Unanswered):
        return unanswered(file, refusal)
    if refusal is None:
        return Finding(file, "ok", "CloudFormation accepts it")
    return Finding(file, "problem", refusal, "python data_pipeline_create.py")


def definition(name: str, diagnostics: Sequence[tuple[str, str]] | Unanswered) -> Finding:
    """What Step Functions says of the state machine ``name``: (severity, message)."""
    check = f"state machine {name}"
    if isinstance(diagnostics, Unanswered):
        return unanswered(check, diagnostics)
    if not diagnostics:
        return Finding(check, "ok", "Step Functions accepts its definition")
    errors = any(severity == "ERROR" for severity, _ in diagnostics)
    found = "; ".join(message for _, message in diagnostics)
    return Finding(
        check, "problem" if errors else "warning", found, "the jobs in config/pipeline.yaml make it"
    )


def bucket(role: str, env: Environment, account: str, look: Bucket | Unanswered) -> Finding:
    """Whether a bucket is there, ours, in the environment's region and closed to the public."""
    check = f"{role} bucket" if isinstance(look, Unanswered) else f"{role} bucket {look.name}"
    if isinstance(look, Unanswered):
        return unanswered(check, look)
    if look.hidden:
        found = f"is not in account {account}, or may not be seen (s3:ListBucket)"
        return Finding(check, "problem", found, "name a bucket of this account")
    if not look.exists:
        return Finding(check, "problem", "does not exist", f"make it, or change config/{env.name}.yaml")
    if look.region != env.region:
        return Finding(
            check, "problem", f"is in {look.region}, not in {env.region}", "name one of this region"
        )
    if look.public_access_blocked is None:
        return Finding(check, "warning", f"in {look.region}; whether the public is shut out is not known")
    if not look.public_access_blocked:
        remedy = (
            f"aws s3api put-public-access-block --bucket {look.name} --public-access-block-configuration "
            "BlockPublicAcls=true,IgnorePublicAcls=true,BlockPublicPolicy=true,RestrictPublicBuckets=true"
        )
        return Finding(check, "warning", f"in {look.region}; public access is not blocked", remedy)
    return Finding(check, "ok", f"ours, in {look.region}, closed to the public")


def log_groups(
    wanted: Collection[str], existing: Collection[str] | Unanswered, own: Collection[str], where: str
) -> Iterator[Finding]:
    """Log groups that the stack makes: one that somebody else made first fails the deployment."""
    for name in wanted:
        check = f"log group {name}"
        if isinstance(existing, Unanswered):
            yield unanswered(check, existing)
        elif name in own:
            yield Finding(check, "ok", "the stack's own")
        elif name in existing:
            remedy = f"aws logs delete-log-group --log-group-name {name} --region {where}"
            yield Finding(
                check, "problem", "exists, and is not the stack's: a deployment fails on it", remedy
            )
        else:
            yield Finding(check, "ok", "free")


def permissions(check: str, refused: Sequence[str] | Unanswered, remedy: str) -> Finding:
    """The outcome of a policy simulation: ``refused`` are "action on resource: decision"."""
    if isinstance(refused, Unanswered):
        return unanswered(check, refused)
    if not refused:
        return Finding(check, "ok", "every action that is needed is allowed")
    shown = "; ".join(refused[:5]) + (f"; and {len(refused) - 5} more" if len(refused) > 5 else "")
    return Finding(check, "problem", f"refused: {shown}", remedy)


def _increase(service: str, quota: Quota, value: float, where: str) -> str:
    return (
        f"aws service-quotas request-service-quota-increase --service-code {service} --quota-code {quota.code} "
        f"--desired-value {value:g} --region {where}"
    )
