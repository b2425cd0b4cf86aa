"""The words of the API as enums whose members are texts."""

from enum import StrEnum

import pytest

from smartcar_async import Permission, bodies, body_enums, vocabulary

from ..catalogue import LISTED, places, words

ENUMS = [
    value
    for value in (vars(vocabulary) | vars(body_enums)).values()
    if isinstance(value, type) and issubclass(value, StrEnum)
]


@pytest.mark.parametrize("words", [one for one in ENUMS if one is not StrEnum], ids=lambda one: one.__name__)
def test_members_are_their_words(words: type[StrEnum]) -> None:
    """A member is named like its word, and compares and prints as it."""
    assert list(words)
    for member in words:
        assert member.name == member.value.upper()
        assert member == member.value == str(member) == f"{member}"


def test_the_permissions() -> None:
    """There are 22 to read and 6 to control; the signals need only such."""
    names = [permission.value for permission in Permission]
    assert [name.partition("_")[0] for name in names] == ["read"] * 22 + ["control"] * 6
    assert {listed.permission for listed in LISTED} - {None} <= set(names)


def test_no_word_is_made_up() -> None:
    """Every word that a body can hold is in the reference."""
    known = {word for listed in LISTED for _, schema in places(listed.body) for word in words(schema)}
    ours = {member.value for one in ENUMS if hasattr(bodies, one.__name__) for member in one}
    assert known == ours
