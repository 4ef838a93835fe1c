"""The only list of tasks: explicit names, timeouts, retries."""

from iayos.core.outbox import Task
from iayos.services import Services


def tasks(services: Services) -> dict[str, Task]:
    """Every task by its name, bound to what it needs."""
    found: tuple[Task, ...] = ()
    return {task.name: task for task in found}
