"""A resource type: what it accepts, and how it is made, configured, described and removed."""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError, ParamValidationError
from ministack.core.responses import get_account_id, get_region
from ministack.services.cloudformation import provisioners

from data_pipeline.embedded_aws.identity import caller, iam

from .faults import fail_if_named
from .templates import schemas

Properties = Mapping[str, Any]


@dataclass(frozen=True)
class Resource:
    """One resource of a stack, its properties resolved."""

    stack: str
    logical_id: str
    properties: Properties

    def name(self, field: str, longest: int, *, lowercase: bool = False) -> str:
        """The name that the template gives, or the one that CloudFormation makes up."""
        given = self.properties.get(field)
        if given:
            return str(given)
        made: str = provisioners._physical_name(
            self.stack, self.logical_id, max_len=longest, lowercase=lowercase
        )
        return made

    def tags(self, field: str = "Tags") -> dict[str, str]:
        """The resource's tags without those of CloudFormation itself, which only AWS may set."""
        pairs = self.properties.get(field) or []
        found = pairs.items() if isinstance(pairs, Mapping) else ((tag["Key"], tag["Value"]) for tag in pairs)
        return {str(key): str(value) for key, value in found if not str(key).startswith("aws:")}

    def own(self) -> dict[str, Any]:
        """The properties without the tags of CloudFormation itself."""
        pairs = self.properties.get("Tags")
        if isinstance(pairs, Mapping):
            kept: Any = {key: value for key, value in pairs.items() if not str(key).startswith("aws:")}
        elif isinstance(pairs, list):
            kept = [tag for tag in pairs if not str(_key_of(tag)).startswith("aws:")]
        else:
            return dict(self.properties)
        return {**self.properties, "Tags": kept}

    def given(self, *fields: str) -> dict[str, Any]:
        """Those of the properties that the template gives."""
        return {field: self.properties[field] for field in fields if field in self.properties}


def _key_of(tag: Any) -> Any:
    return tag.get("Key", "") if isinstance(tag, Mapping) else ""


@dataclass(frozen=True)
class Kind:
    """One resource type; ``make`` returns the physical id, ``configure`` gets the old resource, None at
    creation; ``attributes`` (for GetAtt) and ``remove`` get the physical id and the properties.
    """

    type: str
    properties: frozenset[str]
    make: Callable[[Resource], str]
    configure: Callable[[str, Resource, Resource | None], None]
    attributes: Callable[[str, Properties], dict[str, Any]]
    remove: Callable[[str, Properties], Any]
    #: how the type takes tags, those of the stack included: "list", "map", or not at all
    tags: str | None = "list"
    #: properties whose change makes CloudFormation replace the resource
    create_only: tuple[str, ...] = ()
    #: the ARN of the resource with this physical id, for what AWS demands beyond the calls that are made here
    arn: Callable[[str, Properties], str] | None = None
    #: the names of ``attributes``
    returns: frozenset[str] = frozenset()

    def handler(self) -> dict[str, Any]:
        """The entry in MiniStack's table of resource types."""
        return {
            "create": self._create,
            "update": self._update,
            "update_with_logical_id": True,
            "delete": self._delete,
        }

    def _create(self, logical_id: str, properties: Properties, stack: str) -> tuple[str, dict[str, Any]]:
        resource = self._checked(Resource(stack, logical_id, properties))
        # A name that CloudFormation makes up is new each time: a retained resource keeps its own.
        if not provisioners._NAME_SEED.get():
            provisioners._NAME_SEED.set(secrets.token_hex(4))
        with explained(self.type):
            physical = self.make(resource)
            try:
                self._hold("create", physical, properties)
                self.configure(physical, resource, None)
                fail_if_named("create", logical_id)
                self._hold("read", physical, properties)
                return physical, self.attributes(physical, properties)
            except BaseException:
                # What fails half made is not in the stack yet: CloudFormation removes it itself.
                with contextlib.suppress(ClientError):
                    self.remove(physical, properties)
                raise

    def _update(
        self, physical: str, old: Properties, new: Properties, stack: str, logical_id: str
    ) -> tuple[str, dict[str, Any]]:
        resource = self._checked(Resource(stack, logical_id, new))
        with explained(self.type):
            before = Resource(stack, logical_id, old)
            self._hold("update", physical, new)
            fail_if_named("update", logical_id)
            if set(before.tags()) - set(resource.tags()):
                self._hold("untag", physical, new)
            self.configure(physical, resource, before)
            return physical, self.attributes(physical, new)

    def _delete(self, physical: str, properties: Properties) -> None:
        with explained(self.type):
            try:
                self.remove(physical, properties)
            except ClientError as error:
                if error.response["Error"]["Code"] not in GONE:
                    raise

    def _hold(self, step: str, physical: str, properties: Properties) -> None:
        """Ask for what CloudFormation needs of its caller in this step beyond the calls that are made here."""
        if self.arn is not None:
            arn = self.arn(physical, properties)
            step = f"{self.type} {step}"
            iam.hold_caller(step, caller.ACCESS_KEY.get(), arn=arn, account=get_account_id())

    def _checked(self, resource: Resource) -> Resource:
        wrong = schemas.problems(self.type, resource.own())
        if wrong:
            raise ValueError(
                f"Properties validation failed for resource {resource.logical_id} with message: {'; '.join(wrong)}"
            )
        unknown = sorted(set(resource.properties) - self.properties - {"Tags"})
        if unknown:
            raise ValueError(f"The embedded AWS does not emulate {self.type} with {', '.join(unknown)}.")
        return resource


def arn_of(service: str, resource: str, region: bool = True) -> str:
    """An ARN in the account, and where it has one in the region, of the request."""
    return f"arn:aws:{service}:{get_region() if region else ''}:{get_account_id()}:{resource}"


#: Codes by which the services say that there is nothing to delete.
GONE = frozenset(
    [
        "AWS.SimpleQueueService.NonExistentQueue",
        "EntityNotFoundException",
        "NoSuchBucket",
        "NoSuchBucketPolicy",
        "NoSuchEntity",
        "NotFound",
        "QueueDoesNotExist",
        "ResourceNotFound",
        "ResourceNotFoundException",
        "StateMachineDoesNotExist",
    ]
)


@contextlib.contextmanager
def explained(type_: str) -> Any:
    """A service's refusal as the status reason that CloudFormation gives."""
    try:
        yield
    except iam.AccessDenied as denied:
        raise ValueError(
            f'Resource handler returned message: "{denied}" (HandlerErrorCode: AccessDenied)'
        ) from denied
    except ClientError as error:
        details, service = error.response["Error"], type_.split("::")[1]
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 400)
        message = f"{details.get('Message', '')} (Service: {service}, Status Code: {status})"
        code = _handler_code(details["Code"])
        raise ValueError(
            f'Resource handler returned message: "{message}" (HandlerErrorCode: {code})'
        ) from error
    except ParamValidationError as error:
        message = f'Resource handler returned message: "{error}" (HandlerErrorCode: InvalidRequest)'
        raise ValueError(message) from error


def _handler_code(code: str) -> str:
    if "AccessDenied" in code:
        return "AccessDenied"
    if "AlreadyExists" in code or code in (
        "ConflictException",
        "BucketAlreadyOwnedByYou",
        "EntityAlreadyExists",
    ):
        return "AlreadyExists"
    if "NotFound" in code or "NoSuch" in code:
        return "NotFound"
    return (
        "InvalidRequest"
        if code.startswith(("Invalid", "Malformed", "Validation"))
        else "GeneralServiceException"
    )


def typed(value: Any, shape: Any, path: str = "#") -> Any:
    """A template's value as a service's model wants it: CloudFormation turns text into numbers and truth
    values. ValueError, worded as CloudFormation words it, for what is none of the model's values.
    """
    kind = shape.type_name
    if kind == "structure" and isinstance(value, Mapping):
        return {
            key: typed(item, shape.members[key], f"{path}/{key}") if key in shape.members else item
            for key, item in value.items()
        }
    if kind == "list" and isinstance(value, list):
        return [typed(item, shape.member, f"{path}/{number}") for number, item in enumerate(value)]
    if kind == "map" and isinstance(value, Mapping):
        return {key: typed(item, shape.value, f"{path}/{key}") for key, item in value.items()}
    if kind == "string":
        text = str(value).lower() if isinstance(value, bool) else str(value)
        if shape.enum and text not in shape.enum:
            raise ValueError(f"Model validation failed ({path}: {text} is not a valid enum value)")
        return text if isinstance(value, (bool, int, float)) else value
    return _parsed(value, kind, path) if isinstance(value, str) else value


def _parsed(text: str, kind: str, path: str) -> Any:
    """A number or a truth value of a text; any other text as it is, where the model wants neither."""
    reader = {"integer": int, "long": int, "double": float, "float": float}.get(kind)
    if kind == "boolean":
        if text.lower() not in ("true", "false"):
            raise ValueError(f"Model validation failed ({path}: expected type: Boolean, found: String)")
        return text.lower() == "true"
    if reader is None:
        return text
    try:
        return reader(text)
    except ValueError as error:
        raise ValueError(f"Model validation failed ({path}: expected type: Number, found: String)") from error


def call(service: str, operation: str, values: Mapping[str, Any]) -> Any:
    """One call as the deployer, its values made to fit the service's model; ``operation`` in PascalCase."""
    made = caller.client(service)
    shape = made.meta.service_model.operation_model(operation).input_shape
    return made._make_api_call(operation, typed(values, shape) if shape is not None else {})
