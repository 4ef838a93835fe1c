"""`iayos runner`."""

import structlog

from cli.host import reach, runner
from cli.host.settings import begin_log, settings
from cli.host.sockets import listening, url_of

log = structlog.get_logger(__name__)


def work(*, host: str, port: int | None) -> int:
    """Run tasks until told to stop; the exit code."""
    wanted = settings()
    reach.check(wanted, runner=True)
    begin_log(wanted)
    if port is None:
        return runner.work(wanted)
    with listening(port, host=host) as sock:
        log.info("runner", url=url_of(sock))
        return runner.work(wanted, sock)
