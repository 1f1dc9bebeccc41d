"""How a command fails."""

import io
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def fail_clearly() -> Iterator[None]:
    """Turn the errors that a user can mend into a message and exit code 1, without a traceback.
    A terminal that can't show a character of a label or a path gets its code instead.

    RAISES (SystemExit): In place of a `GpnerError`, `OSError` or `RegistryError`, or a `GpnerWarning` that a
        filter has made an error.
    """
    from catalogue import RegistryError
    from wasabi import msg

    from ..errors import GpnerError, GpnerWarning, explain

    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        yield
    except (GpnerError, GpnerWarning, RegistryError) as err:
        msg.fail(str(err), exits=1)
    except OSError as err:
        msg.fail(explain(err), exits=1)
