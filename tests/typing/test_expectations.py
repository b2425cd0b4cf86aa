"""The static expectations stay importable, so that no name in them can go stale unseen."""

import inspect

from . import expectations


def test_the_expectations_can_be_imported() -> None:
    """Each of them is about something that exists at run time as well."""
    functions = [value for value in vars(expectations).values() if inspect.isfunction(value)]
    ours = [function for function in functions if function.__module__ == expectations.__name__]
    assert all("assert_type" in function.__code__.co_names for function in ours)
    assert ours
