"""What is told of a hook that failed."""

from __future__ import annotations

import pytest

from smartcar_async import ConfigurationError, EntriesSkipped
from smartcar_async.log import Reporter


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (
            ConfigurationError("on_event: do this from another thread"),
            "the on_event hook raised ConfigurationError: on_event: do this from another thread",
        ),
        (ValueError("a secret of the caller's"), "the on_event hook raised ValueError"),
    ],
)
def test_a_hook_that_fails(error: Exception, told: str, caplog: pytest.LogCaptureFixture) -> None:
    """Our own errors say what to do; what others say may be secret."""

    def hook(_event: object) -> None:
        raise error

    Reporter(hook).tell(EntriesSkipped("/v3/connections", 1, ("id",)))
    assert caplog.messages[1:] == [told]
