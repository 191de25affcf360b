"""Why a request to Athena is refused, and its answer."""

from __future__ import annotations

from botocore.exceptions import ClientError
from ministack.core.responses import error_response_json

from data_pipeline.embedded_aws.answers import Response, error, not_emulated


class Refused(Exception):  # noqa: N818 - what it is
    """A request that Athena does not take."""

    def __init__(self, message: str, code: str = "InvalidRequestException", reason: str = "") -> None:
        super().__init__(message)
        self.code, self.reason = code, reason

    def answer(self) -> Response:
        """With Athena's own code beside the exception, where it has one."""
        if self.code == "NotImplementedException":
            return not_emulated(str(self))
        extra = {"AthenaErrorCode": self.reason} if self.reason else None
        status, headers, body = error_response_json(self.code, str(self), 400, extra=extra)
        return status, headers, body


def of_call(failed: ClientError) -> Response:
    """The answer where Glue refused the caller what Athena asked of it on his behalf; clients look for Glue's code in
    the message.
    """
    said = failed.response["Error"]
    where = f"(Service: AWSGlue; Status Code: 400; Error Code: {said['Code']})"
    return error("MetadataException", f"{said['Code']}: {said.get('Message', '')} {where}")
