"""A bound on the memory of this process, which the system keeps."""

import resource

from fabgwas.errors import UsageError

GIB = 2**30
# of XLA, of Arrow and of Python's threads, and of the system
_REFUSALS = ("RESOURCE_EXHAUSTED", "Failed to launch worker thread",
             "can't start new thread", "Cannot allocate memory")  # fmt: skip


def limit_memory(gigabytes: float | None) -> None:
    """Let the data of this process never grow beyond a size; None leaves it free.

    What would exceed it fails with a `MemoryError`, in the place of a kill by the system.
    Maps of files do not count: they give way to others when memory is short.
    """
    if gigabytes is not None:
        _, hard = resource.getrlimit(resource.RLIMIT_DATA)
        resource.setrlimit(resource.RLIMIT_DATA, (int(gigabytes * GIB), hard))


def lacks_memory(error: Exception) -> bool:
    """Whether an error says that memory was refused, also for the stack of a thread."""
    return isinstance(error, MemoryError) or any(text in str(error) for text in _REFUSALS)


def require_memory(size: int, what: str, remedy: str) -> None:
    """Refuse in a line, before it is begun, what cannot fit into the bound.

    Parameters
    ----------
    size
        Bytes of the largest arrays that are held at once.
    what
        What they hold, for the message.
    remedy
        What takes less.

    Raises
    ------
    UsageError
        If they alone are larger than the bound.
    """
    bound, _ = resource.getrlimit(resource.RLIMIT_DATA)
    if bound != resource.RLIM_INFINITY and size > bound:
        raise UsageError(
            f"{what} takes {size / GIB:.1f} GiB, but at most {bound / GIB:.1f} GiB may be "
            f"used (option memory); {remedy}."
        )
