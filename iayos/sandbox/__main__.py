"""`python -m iayos.sandbox`: the sandbox on a loopback port."""

import argparse
import os
import signal
import socket
import sys
from pathlib import Path

_BACKLOG = 2048


def main() -> int:
    """Run until told to stop."""
    arguments = _parser().parse_args()
    if os.environ.get("IAYOS_ENV", "").lower() == "production":
        sys.stderr.write("The sandbox does not run in production (IAYOS_ENV=production).\n")
        return 2
    try:
        listening = socket.socket(fileno=arguments.fd) if arguments.fd is not None else _listening(arguments.port)
    except OSError as fault:
        sys.stderr.write(f"Port {arguments.port} is taken: {fault.strerror}.\n")
        return 1
    # uvicorn raises the signal again after it has stopped; to be told to stop is no failure
    for stop in (signal.SIGTERM, signal.SIGINT):
        signal.signal(stop, lambda *_: sys.exit(0))
    _serve(arguments, listening)
    return 0


def _listening(port: int) -> socket.socket:
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.bind(("127.0.0.1", port))
    listening.listen(_BACKLOG)
    return listening


def _serve(arguments: argparse.Namespace, listening: socket.socket) -> None:
    # imported late, so that `--help` and a refusal are quick
    import uvicorn  # noqa: PLC0415

    from iayos.sandbox.app import SandboxConfig, create_sandbox  # noqa: PLC0415

    address = f"http://127.0.0.1:{listening.getsockname()[1]}"
    keys = ("xendit_api_key", "resend_api_key", "supabase_key", "expo_access_token", "webhook_token")
    config = SandboxConfig(
        base_url=arguments.base_url or address,
        webhook_url=arguments.webhook_url,
        state_dir=arguments.state_dir,
        clock_file=arguments.clock_file,
        payouts_auto=arguments.auto_payouts,
        auto_after_s=arguments.auto_after,
        **{key: value for key in keys if (value := getattr(arguments, key)) is not None},
    )
    server = uvicorn.Server(
        uvicorn.Config(
            create_sandbox(config), log_level="warning", access_log=False, timeout_graceful_shutdown=2, lifespan="on"
        )
    )
    sys.stdout.write(f"Sandbox listening on {address}\n")
    sys.stdout.flush()
    server.run(sockets=[listening])


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m iayos.sandbox", description=__doc__)
    add = parser.add_argument
    add("--port", type=int, default=8090, help="0 takes a free one, which is printed (default 8090)")
    add("--fd", type=int, help="a socket that listens already, instead of a port")
    add("--base-url", default="", help="its public address, when that is not the loopback one")
    add("--webhook-url", default="", help="where Xendit's webhooks go")
    add("--webhook-token", help="sent as x-callback-token")
    add("--state-dir", type=Path, help="keep state there over restarts")
    add("--clock-file", type=Path, help="the clock shared with the API and the runner")
    add("--auto-payouts", action="store_true", help="payouts settle by themselves")
    add("--auto-after", type=float, default=2.0, metavar="S", help="after so many seconds (default 2)")
    add("--xendit-api-key", help="the only key that Xendit's routes accept")
    add("--resend-api-key", help="the only key that Resend's routes accept")
    add("--supabase-key", help="the only key that Supabase's routes accept")
    add("--expo-access-token", help="ask pushes for this bearer token")
    return parser


if __name__ == "__main__":
    sys.exit(main())
