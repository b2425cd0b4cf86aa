"""Arguments that have another name now: the former one works, and warns at the caller's line."""

from typing import Any

import pytest

from smartcar_async import ConfigurationError
from smartcar_async.arguments import renamed


@renamed(breadth="width", length="height")
def area(height: int = 1, *, width: int = 1) -> int:
    """The area of a rectangle."""
    return height * width


def test_the_new_names() -> None:
    """No warning, which would be an error here."""
    assert (area(), area(2), area(2, width=3)) == (1, 2, 6)
    assert (area.__name__, area.__doc__) == ("area", "The area of a rectangle.")


def test_former_names_count_and_warn() -> None:
    """One warning for each, where the call stands."""
    former: dict[str, Any] = {"breadth": 3, "length": 2}
    with pytest.warns(DeprecationWarning, match="(breadth|length): deprecated") as caught:
        assert area(**former) == 6
    texts = {str(warning.message) for warning in caught}
    assert texts == {
        "breadth: deprecated, and will go; give width=",
        "length: deprecated, and will go; give height=",
    }
    assert {warning.filename for warning in caught} == {__file__}


def test_both_names_are_refused() -> None:
    """Which of them would count?"""
    former: dict[str, Any] = {"breadth": 3}
    with pytest.raises(ConfigurationError, match=r"^breadth: the former name of width; give width alone$"):
        area(width=3, **former)
