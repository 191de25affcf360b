"""Rules on where the pipeline may run and how much of it: region, quotas, images, the age of a runtime."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from data_pipeline.core.config.environment import Environment, Job, Step
from data_pipeline.core.config.sizes import Cluster
from data_pipeline.core.facts import images
from data_pipeline.core.facts.runtimes import RUNTIMES
from data_pipeline.core.facts.service_limits import REGIONS
from data_pipeline.core.machine.failures import QUOTA_PAUSE, QUOTA_WAITS
from data_pipeline.core.machine.steps import runtimes
from data_pipeline.core.naming import MAINTENANCE, job_path

from .answers import Answers, CheckResult, Quota, Unanswered, unanswered

#: whose ARNs the state machine and the policies know.
PARTITIONS = ("aws", "aws-cn", "aws-us-gov")


def partition(env: Environment, answers: Answers) -> Iterator[CheckResult]:
    """Other partitions have other names for services, and lack some of them."""
    if answers.partition not in PARTITIONS:
        found = f"{env.region} is in the partition {answers.partition}, for which nothing here is made"
        yield CheckResult("partition", "problem", found, f"choose a region of {', '.join(PARTITIONS)}")


def region_is_open(env: Environment, answers: Answers) -> Iterator[CheckResult]:
    yield region(env.region, answers.opt_in)


def instance_types(env: Environment, answers: Answers) -> Iterator[CheckResult]:
    for name, job in _on(env, "sagemaker").items():
        yield instance_type(name, job, env.region, _quotas(answers, "sagemaker"))


def clusters(env: Environment, answers: Answers) -> Iterator[CheckResult]:
    for name, job in _on(env, "sagemaker").items():
        if isinstance(job, Step) and job.cluster:
            yield cluster_instances(name, job.cluster, env.region, _quotas(answers, "sagemaker"))


def one_instance(env: Environment, answers: Answers) -> Iterator[CheckResult]:
    """With a quota of one, whoever comes second waits for a bounded time, and then fails."""
    upkeep, quotas = env.maintenance, _quotas(answers, "sagemaker")
    if upkeep is None or upkeep.service != "sagemaker" or isinstance(quotas, Unanswered):
        return
    kind = upkeep.sagemaker.instance_type
    sharing = [
        name
        for name, job in _on(env, "sagemaker").items()
        if name != MAINTENANCE and job.sagemaker.instance_type == kind
    ]
    quota = quotas.get(f"{kind} for processing job usage")
    if quota and quota.value == 1 and sharing:
        found = (
            f"the quota {quota.name!r} is 1: a run ({', '.join(sharing)}) and the maintenance wait for each "
            f"other, up to {QUOTA_PAUSE * QUOTA_WAITS // 3600} hours for each job"
        )
        yield CheckResult(f"one {kind}", "warning", found, _increase("sagemaker", quota, 2, env.region))


def glue_units(env: Environment, answers: Answers) -> Iterator[CheckResult]:
    if jobs := _on(env, "glue"):
        yield from glue_capacity(jobs, env.region, _quotas(answers, "glue"))


def published_images(env: Environment, _: Answers) -> Iterator[CheckResult]:
    for runtime in runtimes(env):
        if RUNTIMES[runtime].image:
            yield image(runtime, env.region)


def python_shell(env: Environment, _: Answers) -> Iterator[CheckResult]:
    """A runtime that gets no mends any more; the embedded AWS runs it with .venv's Python."""
    for name, job in _on(env, "glue").items():
        if job.glue.runtime == "glue-pythonshell" and not env.embedded:
            found = "Glue Python shell has Python 3.9: its support ended in October 2025, boto3's for it in April 2026"
            key = ".".join((*job_path(name), "service"))
            yield CheckResult(
                f"{name}: Python 3.9", "warning", found, f"{key}: sagemaker in config/{env.name}.yaml"
            )


def _on(env: Environment, service: str) -> dict[str, Job]:
    return {name: job for name, job in env.jobs.items() if job.service == service}


def _quotas(answers: Answers, service: str) -> Mapping[str, Quota] | Unanswered:
    return answers.quotas.get(service, Unanswered("was not asked"))


def region(name: str, opt_in: str | Unanswered | None) -> CheckResult:
    """Whether every service of the pipeline is offered there and the account has it switched on."""
    if name not in REGIONS:
        return CheckResult(
            "region", "problem", f"{name} does not offer every service that is needed", "choose another"
        )
    if isinstance(opt_in, Unanswered):
        return unanswered("region", opt_in)
    if opt_in in ("opt-in-not-required", "opted-in"):
        return CheckResult("region", "ok", f"{name} ({opt_in})")
    remedy = f"aws account enable-region --region-name {name}"
    return CheckResult("region", "problem", f"{name} is not enabled in this account ({opt_in})", remedy)


def instance_type(name: str, job: Job, where: str, quotas: Mapping[str, Quota] | Unanswered) -> CheckResult:
    """Whether SageMaker offers a job's instance type in the region, and lets the account use one.

    ``quotas`` is name in lower case → quota. SageMaker has one for every instance type that it offers.
    """
    key = ".".join((*job_path(name), "sagemaker", "instance_type"))
    return _instances(name, job.sagemaker.instance_type, 1, key, where, quotas)


def cluster_instances(
    name: str, cluster: Cluster, where: str, quotas: Mapping[str, Quota] | Unanswered
) -> CheckResult:
    """Whether SageMaker lets the account use as many instances at once as a step's cluster may have."""
    kind, most = cluster.sagemaker.instance_type, cluster.most_instances
    key = f"steps.{name}.cluster.sagemaker.instance_type"
    return _instances(f"{name} on a cluster", kind, most, key, where, quotas)


def _instances(
    name: str, kind: str, needed: int, key: str, where: str, quotas: Mapping[str, Quota] | Unanswered
) -> CheckResult:
    check = f"{name}: {kind}"
    if isinstance(quotas, Unanswered):
        return unanswered(check, quotas)
    quota = quotas.get(f"{kind} for processing job usage")
    if quota is None:
        remedy = f"choose another {key}"
        return CheckResult(check, "problem", f"SageMaker Processing does not offer it in {where}", remedy)
    if quota.value >= needed:
        return CheckResult(check, "ok", f"{quota.value:g} at once")
    return CheckResult(
        check,
        "problem",
        f"the quota {quota.name!r} is {quota.value:g}" + (f", needed {needed}" if needed > 1 else ""),
        _increase("sagemaker", quota, needed, where),
    )


def glue_capacity(
    jobs: Mapping[str, Job], where: str, quotas: Mapping[str, Quota] | Unanswered
) -> Iterator[CheckResult]:
    """Whether Glue lets the account run its jobs: runs at once, and processing units of the largest one."""
    needed = max(data_processing_units(job) for job in jobs.values())
    for name, least in (("max concurrent job runs per account", 1.0), ("max task dpus per account", needed)):
        check = f"glue: {name}"
        if isinstance(quotas, Unanswered):
            yield unanswered(check, quotas)
            continue
        quota = quotas.get(name)
        if quota is None:
            yield CheckResult(
                check, "warning", "Service Quotas lists none of this name", "look in its console"
            )
        elif quota.value >= least:
            yield CheckResult(check, "ok", f"{quota.value:g}, needed {least:g}")
        else:
            found = f"{quota.value:g}, needed {least:g}"
            yield CheckResult(check, "problem", found, _increase("glue", quota, least, where))


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


def image(runtime: str, where: str) -> CheckResult:
    """Whether AWS publishes the runtime's image in the region, by the table: its registry answers jobs only."""
    check = f"image of {runtime}"
    if where in images.registries(runtime):
        return CheckResult(
            check, "ok", f"{images.repository(runtime)}:{images.tag(runtime)} is published in {where}"
        )
    remedy = "choose another region, or: python -m data_pipeline images refresh"
    return CheckResult(check, "problem", f"none is published in {where}", remedy)


def _increase(service: str, quota: Quota, value: float, where: str) -> str:
    return (
        f"aws service-quotas request-service-quota-increase --service-code {service} --quota-code {quota.code} "
        f"--desired-value {value:g} --region {where}"
    )
