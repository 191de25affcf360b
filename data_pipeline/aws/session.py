"""A connection to one environment's AWS: the credentials, region, endpoint and account its clients speak for.

An environment on the embedded AWS is closed off from the machine's AWS settings: no profile, no ``AWS_*``
variable and no proxy reaches its clients. Every other environment uses the machine's credentials, but never
its endpoints: a variable or profile that would send requests elsewhere is refused by name.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, overload

import boto3
import botocore.session
from botocore.config import Config
from botocore.configprovider import BOTOCORE_DEFAUT_SESSION_VARIABLES, ConfigValueStore, ConstantProvider

from data_pipeline.core.config.environment import Environment
from data_pipeline.core.errors import UserError

if TYPE_CHECKING:
    from mypy_boto3_cloudformation.client import CloudFormationClient
    from mypy_boto3_cloudwatch.client import CloudWatchClient
    from mypy_boto3_ec2.client import EC2Client
    from mypy_boto3_glue.client import GlueClient
    from mypy_boto3_iam.client import IAMClient
    from mypy_boto3_logs.client import CloudWatchLogsClient
    from mypy_boto3_s3.client import S3Client
    from mypy_boto3_sagemaker.client import SageMakerClient
    from mypy_boto3_scheduler.client import EventBridgeSchedulerClient
    from mypy_boto3_service_quotas.client import ServiceQuotasClient
    from mypy_boto3_stepfunctions.client import SFNClient
    from mypy_boto3_sts.client import STSClient

ENDPOINT_VARIABLE = "AWS_ENDPOINT_URL"


@dataclass(frozen=True)
class EmbeddedCredentials:
    """Where the embedded AWS listens, and a credential that it knows."""

    url: str
    access_key: str
    secret_key: str = field(repr=False)


@dataclass
class Connection:
    """The clients of one environment: one per service, made when first asked for."""

    environment: str
    region: str
    endpoint: str | None
    expected_account: str | None
    session: boto3.Session = field(repr=False)
    config: Config = field(repr=False)
    _clients: dict[str, Any] = field(default_factory=dict, repr=False)

    @overload
    def client(self, service: Literal["athena"]) -> Any: ...
    @overload
    def client(self, service: Literal["cloudformation"]) -> CloudFormationClient: ...
    @overload
    def client(self, service: Literal["cloudwatch"]) -> CloudWatchClient: ...
    @overload
    def client(self, service: Literal["ec2"]) -> EC2Client: ...
    @overload
    def client(self, service: Literal["glue"]) -> GlueClient: ...
    @overload
    def client(self, service: Literal["iam"]) -> IAMClient: ...
    @overload
    def client(self, service: Literal["kms"]) -> Any: ...
    @overload
    def client(self, service: Literal["lakeformation"]) -> Any: ...
    @overload
    def client(self, service: Literal["logs"]) -> CloudWatchLogsClient: ...
    @overload
    def client(self, service: Literal["s3"]) -> S3Client: ...
    @overload
    def client(self, service: Literal["sagemaker"]) -> SageMakerClient: ...
    @overload
    def client(self, service: Literal["sagemaker-featurestore-runtime"]) -> Any: ...
    @overload
    def client(self, service: Literal["scheduler"]) -> EventBridgeSchedulerClient: ...
    @overload
    def client(self, service: Literal["service-quotas"]) -> ServiceQuotasClient: ...
    @overload
    def client(self, service: Literal["stepfunctions"]) -> SFNClient: ...
    @overload
    def client(self, service: Literal["sts"]) -> STSClient: ...

    def client(self, service: str) -> Any:
        """The boto3 client of a service in this environment's region."""
        if service not in self._clients:
            make: Any = self.session.client
            self._clients[service] = make(service, endpoint_url=self.endpoint, config=self.config)
        return self._clients[service]

    def variables(self, environ: Mapping[str, str]) -> dict[str, str]:
        """The variables with which a process of its own acts as this connection: those of ``environ``, but for
        an environment on the embedded AWS none of AWS's.
        """
        if self.endpoint is None:
            return {**environ, "AWS_DEFAULT_REGION": self.region, "AWS_REGION": self.region}
        keys = self.session.get_credentials()
        assert keys is not None, "the embedded AWS has a credential"
        kept = {name: value for name, value in environ.items() if not name.startswith("AWS_")}
        direct = ",".join(filter(None, [environ.get("no_proxy") or environ.get("NO_PROXY"), "127.0.0.1"]))
        return {
            **kept,
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": keys.access_key,
            "AWS_SECRET_ACCESS_KEY": keys.secret_key,
            "AWS_DEFAULT_REGION": self.region,
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "NO_PROXY": direct,
            "no_proxy": direct,
        }

    @cached_property
    def identity(self) -> str:
        """ARN of the caller."""
        return self._caller["Arn"]

    @cached_property
    def account(self) -> str:
        """The caller's account (12 digits); UserError when the environment's file names another one."""
        found = self._caller["Account"]
        if self.expected_account not in (None, found):
            raise UserError(
                f"config/{self.environment}.yaml says account {self.expected_account}, but these "
                f"credentials belong to account {found} ({self.identity}).\n"
                "Choose the right ones, for example with: export AWS_PROFILE=NAME"
            )
        return found

    @cached_property
    def _caller(self) -> dict[str, str]:
        answer = self.client("sts").get_caller_identity()
        return {"Account": answer["Account"], "Arn": answer["Arn"]}


def connect(
    environment: Environment,
    embedded: EmbeddedCredentials | None,
    environ: Mapping[str, str] = os.environ,
) -> Connection:
    """A connection to the environment's AWS; no request is made yet.

    ``embedded`` says where the embedded AWS is and is wanted exactly for ``endpoint: embedded``. UserError
    when the machine's settings would send the requests of another environment to some other endpoint.
    """
    if environment.embedded:
        assert embedded is not None, "an environment on the embedded AWS needs its endpoint"
        session = _closed_session(embedded, environment.region)
    else:
        assert embedded is None, "only an environment on the embedded AWS has an endpoint of its own"
        refuse_endpoint_variables(environment.name, environ)
        session = boto3.Session(region_name=environment.region)
        _refuse_profile_endpoint(environment.name, session)
    return Connection(
        environment=environment.name,
        region=environment.region,
        endpoint=embedded.url if embedded else None,
        expected_account=environment.account,
        session=session,
        config=_client_config(environment.embedded),
    )


def refuse_endpoint_variables(environment: str, environ: Mapping[str, str]) -> None:
    """UserError when a variable points AWS clients elsewhere; the message holds the ``unset`` for it."""
    found = sorted(
        name
        for name, value in environ.items()
        if value and (name == ENDPOINT_VARIABLE or name.startswith(ENDPOINT_VARIABLE + "_"))
    )
    if found:
        raise UserError(
            f"environment {environment!r} is on AWS, but {', '.join(f'{n}={environ[n]}' for n in found)} "
            f"would send its requests elsewhere.\nRun: unset {' '.join(found)}"
        )


def _refuse_profile_endpoint(environment: str, session: boto3.Session) -> None:
    """The same for ``endpoint_url`` in the profile of ``~/.aws/config``, of all services or of one."""
    core = session._session  # botocore's session reads profiles; boto3 offers no other way to it
    profile: dict[str, Any] = core.get_scoped_config()
    services = core.full_config.get("services", {}).get(profile.get("services"), {})
    urls = [profile.get("endpoint_url")] + [
        options.get("endpoint_url") for options in services.values() if isinstance(options, dict)
    ]
    found = next((url for url in urls if url), None)
    if found:
        raise UserError(
            f"environment {environment!r} is on AWS, but the AWS profile {session.profile_name!r} says "
            f"endpoint_url = {found}.\n"
            "Choose another profile, for example with: export AWS_PROFILE=NAME"
        )


def _closed_session(embedded: EmbeddedCredentials, region: str) -> boto3.Session:
    """A session on botocore's defaults alone: no variable and no file of the machine is read."""
    settings: dict[str, Any] = {name: spec[2] for name, spec in BOTOCORE_DEFAUT_SESSION_VARIABLES.items()}
    settings |= {"config_file": os.devnull, "credentials_file": os.devnull, "region": region}
    core = botocore.session.Session()
    core.register_component(
        "config_store",
        ConfigValueStore({name: ConstantProvider(value) for name, value in settings.items()}),
    )
    return boto3.Session(
        aws_access_key_id=embedded.access_key,
        aws_secret_access_key=embedded.secret_key,
        region_name=region,
        botocore_session=core,
    )


def _client_config(embedded: bool) -> Config:
    config = Config(
        connect_timeout=10,
        read_timeout=60,
        retries={"mode": "standard", "max_attempts": 6},
        user_agent_extra="data-pipeline",
    )
    if not embedded:
        return config
    return config.merge(
        Config(
            connect_timeout=5,
            retries={"mode": "standard", "max_attempts": 2},
            s3={"addressing_style": "path"},
            proxies={},
        )
    )
