"""The server process: ``python -m data_pipeline.embedded_aws.server.main --port P --state DIR``.

It binds 127.0.0.1, claims the state directory, sets the environment that MiniStack reads while it is
imported, and serves until SIGTERM or SIGINT. Exit status 0 after a clean stop, 1 when it cannot start (the
reason is on stderr).
"""

from __future__ import annotations

import argparse
import asyncio
import errno
import logging
import os
import signal
import socket
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from data_pipeline.embedded_aws.errors import LocalError
from data_pipeline.embedded_aws.objectstore import disk

from . import endpoint as endpoints
from . import locks, recovery, room
from .endpoint import HOST, Endpoint

#: What the product uses of AWS, beside the SageMaker that the plug-in adds. Any other service is refused by
#: name.
SERVICES = (
    "athena",
    "cloudformation",
    "glue",
    "iam",
    "logs",
    "s3",
    "scheduler",
    "sns",
    "sqs",
    "states",
    "sts",
)

#: Set to 1 for tests, whose server is never started again: nothing is written but objects, as that takes longer the
#: more there is.
UNSAVED = "DATA_PIPELINE_LOCAL_UNSAVED"


def main(arguments: list[str] | None = None) -> int:
    """Parse the command line and serve; the outcome is the exit status."""
    parser = argparse.ArgumentParser(prog="python -m data_pipeline.embedded_aws.server.main")
    parser.add_argument("--port", type=int, required=True, help="port on 127.0.0.1; 0 takes any free one")
    parser.add_argument("--state", type=Path, required=True, help="directory of the state")
    options = parser.parse_args(arguments)
    try:
        serve(options.state.resolve(), options.port)
    except OSError as error:
        print(f"error: {options.state}: {error}; nothing was started.", file=sys.stderr)  # noqa: T201
        return 1
    except LocalError as error:
        print(f"error: {error}", file=sys.stderr)  # noqa: T201 - the log of this process is its stderr
        return 1
    return 0


def serve(state: Path, port: int) -> None:
    """Own the state directory and answer requests until a signal ends it; LocalError when it cannot start."""
    os.umask(0o077)
    room.raise_file_limit()
    state.mkdir(mode=0o700, parents=True, exist_ok=True)
    lock = locks.try_hold(state / "server.lock")
    if lock is None:
        raise LocalError(f"{state}: an embedded AWS is already running on this state directory.")
    os.ftruncate(lock, 0)
    os.write(lock, str(os.getpid()).encode())
    recovery.check(state)
    listener = bind(port)
    endpoint = endpoints.claim(state, listener.getsockname()[1], os.getpid(), time.time())
    configure(endpoint)
    disk.repair(state / "s3")
    asyncio.run(_answer(endpoint, listener))


def bind(port: int) -> socket.socket:
    """A socket on 127.0.0.1 and the port (0: any); LocalError when something else has it."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    try:
        listener.bind((HOST, port))
    except OSError as error:
        listener.close()
        if error.errno not in (errno.EADDRINUSE, errno.EACCES):
            raise
        other = port + 1 if port >= 1024 else 4566
        found = "something else already listens there" if error.errno == errno.EADDRINUSE else "it needs root"
        raise LocalError(
            f"port {port} on {HOST} cannot be opened: {found}.\n"
            f"Choose another one with `python -m data_pipeline local up --port {other}`."
        ) from error
    return listener


def configure(endpoint: Endpoint) -> None:
    """Set what MiniStack reads from the environment at import; nothing of the caller's AWS settings
    survives.
    """
    for name in [name for name in os.environ if name.startswith(("AWS_", "MINISTACK_", "LOCALSTACK_"))]:
        del os.environ[name]
    os.environ.update(
        AUTH="true",
        AWS_ACCESS_KEY_ID=endpoint.access_key,
        AWS_SECRET_ACCESS_KEY=endpoint.secret_key,
        AWS_DEFAULT_REGION=endpoint.region,
        GATEWAY_PORT=str(endpoint.port),
        EDGE_PORT=str(endpoint.port),
        BIND_HOST=HOST,
        MINISTACK_HOST=HOST,
        MINISTACK_ACCOUNT_ID=endpoint.account,
        MINISTACK_REGION=endpoint.region,
        SERVICES=",".join(SERVICES),
        PERSIST_STATE="0" if os.environ.get(UNSAVED) == "1" else "1",
        STATE_DIR=str(endpoint.state / "services"),
        S3_PERSIST="1",
        S3_DATA_DIR=str(endpoint.state / "s3"),
        # The calls that the server makes to itself read nobody's profile.
        AWS_CONFIG_FILE=os.devnull,
        AWS_SHARED_CREDENTIALS_FILE=os.devnull,
        # Listeners of services that we do not serve, and Docker, stay off whatever the machine has.
        IOT_MTLS_ENABLED="0",
        SFTP_ENABLED="0",
        DOCKER_HOST="unix:///nonexistent/embedded-aws",
        LOG_LEVEL="INFO",
    )


async def _answer(endpoint: Endpoint, listener: socket.socket) -> None:
    """Serve the gateway on the bound socket; the endpoint is announced once every service is restored."""
    from hypercorn.asyncio import serve as hypercorn_serve
    from hypercorn.asyncio.tcp_server import TCPServer
    from hypercorn.config import Config

    from . import plugin

    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(_report)
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop.set)
    config = Config()
    config.bind = [f"fd://{listener.detach()}"]
    config.keep_alive_timeout = 75
    config.graceful_timeout = 2
    config.loglevel = "WARNING"
    connections: Any = TCPServer
    connections._read_data = _ending(connections._read_data)
    os.environ.pop("PYTHONPATH", None)
    app: Any = plugin.build(endpoint, announce=lambda: endpoints.write(endpoint))
    await hypercorn_serve(app, config, shutdown_trigger=stop.wait)


def _ending(theirs: Callable[[Any], Awaitable[None]]) -> Callable[[Any], Awaitable[None]]:
    """A connection that its client has closed ends: Hypercorn would keep its file open until the idle time is
    over.
    """

    async def read(connection: Any) -> None:
        await theirs(connection)
        await connection.idle_task.stop()

    return read


def _report(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """One line where no connection can be taken for want of open files; asyncio tries again every second."""
    error = context.get("exception")
    if isinstance(error, OSError) and error.errno in (errno.EMFILE, errno.ENFILE):
        logging.getLogger("embedded").error("no connection is taken: %s", error.strerror)
    else:
        loop.default_exception_handler(context)


if __name__ == "__main__":
    sys.exit(main())
