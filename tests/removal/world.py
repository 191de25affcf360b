"""The deployed pipeline on one embedded AWS, whose policies are swapped in place, and the denials that it told."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import Any, NamedTuple
from uuid import uuid4

import clients
import deployer
from removal.cases import DEPLOYER, Case, without
from system.project import Project
from waiting import until

from data_pipeline.embedded_aws.server import lifecycle
from data_pipeline.embedded_aws.server.endpoint import Endpoint

PIPELINE_STACK = "nyc-tlc-local-pipeline"
#: the artifact bucket of the deployer whose actions are removed: no other statement of the policy reaches it.
BUCKET = "removal-artifacts"
USER = "removal-deployer"
#: what runs → the logical id of its state machine.
MACHINES = {"steps": "StateMachine", "maintenance": "MaintenanceStateMachine"}
_DENIED = re.compile(r"denied: User: (\S+) is not authorized to perform: (\S+) on resource: (\S+)")


class Denial(NamedTuple):
    """One line of the embedded AWS's log."""

    principal: str
    action: str
    resource: str


class World:
    """What scenarios act on; every client is root's, but for the deployer's."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.endpoint: Endpoint = lifecycle.ensure_up(project.root / ".local" / "aws", 0)
        self._clients: dict[str, Any] = {}
        self._log = lifecycle.logs_path(self.endpoint.state)
        self.outputs = {
            output["OutputKey"]: output["OutputValue"]
            for stack in self.client("cloudformation").describe_stacks()["Stacks"]
            for output in stack.get("Outputs", [])
        }
        self.role_tried = ""
        self._deployed = {machine: self._described(machine) for machine in MACHINES.values()}

    def client(self, service: str) -> Any:
        """Root's client, made once."""
        if service not in self._clients:
            self._clients[service] = clients.client(self.endpoint, service)
        return self._clients[service]

    def as_deployer(self, service: str) -> Any:
        """A client of the deployer whose actions are removed."""
        key = f"deployer {service}"
        if key not in self._clients:
            self._clients[key] = clients.client(self.endpoint, service, **self.deployer)
        return self._clients[key]

    @cached_property
    def deployer(self) -> dict[str, str]:
        """The access key of the deployer whose actions are removed."""
        iam = self.client("iam")
        iam.create_user(UserName=USER)
        document = json.dumps(deployer.policy(bucket=BUCKET))
        iam.create_policy(PolicyName=USER, PolicyDocument=document)  # too large for a user's inline policy
        iam.attach_user_policy(UserName=USER, PolicyArn=self.deployers)
        key = iam.create_access_key(UserName=USER)["AccessKey"]
        return {"access_key": key["AccessKeyId"], "secret_key": key["SecretAccessKey"]}

    def _described(self, logical: str) -> dict[str, Any]:
        found = self.client("cloudformation").describe_stack_resource(
            StackName=PIPELINE_STACK, LogicalResourceId=logical
        )
        arn = found["StackResourceDetail"]["PhysicalResourceId"]
        described: dict[str, Any] = self.client("stepfunctions").describe_state_machine(stateMachineArn=arn)
        return described

    @property
    def _machine(self) -> dict[str, Any]:
        """The deployed state machine that the tried role is for."""
        of = "maintenance" if self.role_tried.startswith("Maintenance") else "steps"
        return self._deployed[MACHINES[of]]

    @property
    def machine(self) -> str:
        """Its ARN, by the name that its role trusts."""
        return str(self._machine["stateMachineArn"])

    @property
    def definition(self) -> dict[str, Any]:
        """Its definition as it was deployed."""
        definition: dict[str, Any] = json.loads(self._machine["definition"])
        return definition

    @property
    def logging(self) -> Any:
        """Its logging as it was deployed."""
        return self._machine["loggingConfiguration"]

    @property
    def bucket(self) -> str:
        return self.outputs["DataBucket"]

    def role(self, logical: str) -> str:
        """Physical name of a role of the pipeline stack."""
        found = self.client("cloudformation").describe_stack_resource(
            StackName=PIPELINE_STACK, LogicalResourceId=logical
        )
        return str(found["StackResourceDetail"]["PhysicalResourceId"])

    @property
    def deployers(self) -> str:
        """The ARN of the policy of the deployer whose actions are removed."""
        return f"arn:aws:iam::{self.endpoint.account}:policy/{USER}"

    def role_arn(self, logical: str) -> str:
        return f"arn:aws:iam::{self.endpoint.account}:role/{self.role(logical)}"

    @contextmanager
    def removed(self, case: Case | None, role: str) -> Iterator[None]:
        """Less one action of one statement (None: whole), and whole again afterwards."""
        whole = self.policy(role)
        self._put(role, whole if case is None else without(whole, case))
        try:
            yield
        finally:
            self._put(role, whole)

    def policy(self, role: str) -> dict[str, Any]:
        """The policy of a role of the stack as it is deployed, or the deployer's as it is documented."""
        if role == DEPLOYER:
            assert self.deployer
            return deployer.policy(bucket=BUCKET)
        name = self.role(role)
        got = self.client("iam").get_role_policy(RoleName=name, PolicyName="permissions")
        document: dict[str, Any] = got["PolicyDocument"]
        return document

    def _put(self, role: str, document: dict[str, Any]) -> None:
        iam, text = self.client("iam"), json.dumps(document)
        if role != DEPLOYER:
            iam.put_role_policy(RoleName=self.role(role), PolicyName="permissions", PolicyDocument=text)
            return
        assert self.deployer
        versions = iam.list_policy_versions(PolicyArn=self.deployers)["Versions"]
        iam.create_policy_version(PolicyArn=self.deployers, PolicyDocument=text, SetAsDefault=True)
        for version in versions:
            iam.delete_policy_version(PolicyArn=self.deployers, VersionId=version["VersionId"])

    def denials(self, act: Callable[[], None], role: str) -> list[Denial]:
        """What was denied to a role while something happened."""
        start, self.role_tried = self._log.stat().st_size, role
        act()
        return self.denied_since(start, role)

    def denied_since(self, start: int, role: str) -> list[Denial]:
        """What was denied to a role since the log had this size."""
        with self._log.open("rb") as log:
            log.seek(start)
            text = log.read().decode("utf-8", "replace")
        who = f"user/{USER}" if role == DEPLOYER else f"assumed-role/{self.role(role)}/"
        return [Denial(*found) for found in _DENIED.findall(text) if who in found[0]]

    def log_size(self) -> int:
        return self._log.stat().st_size

    def execute(self, definition: dict[str, Any], name: str | None = None) -> str:
        """Give the deployed machine another definition and start it; the execution's ARN."""
        states = self.client("stepfunctions")
        states.update_state_machine(stateMachineArn=self.machine, definition=json.dumps(definition))
        started = states.start_execution(stateMachineArn=self.machine, name=name or uuid4().hex, input="{}")
        return str(started["executionArn"])

    def ended(self, execution: str) -> dict[str, Any]:
        """The execution once it has ended."""
        states = self.client("stepfunctions")
        return until(
            lambda: (
                (found := states.describe_execution(executionArn=execution))["status"] != "RUNNING" and found
            )
        )

    def empty(self, *prefixes: str) -> None:
        """Remove the data bucket's objects below these prefixes."""
        s3 = self.client("s3")
        for prefix in prefixes:
            for page in s3.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=prefix):
                for item in page.get("Contents", []):
                    s3.delete_object(Bucket=self.bucket, Key=item["Key"])
