"""The plain surface beside the async one, read by `inspect`: what a mistake of the generator could not hide."""

from __future__ import annotations

import importlib
import inspect
import re
from collections.abc import Iterator
from typing import Any

import pytest

from tools.sync_files import READ_FIRST

WINGS = ("", ".v2", ".testing")
STAYS_ASYNC = {"Clock", "SimulatedClock", "SystemClock"}
RENAMED = {
    "aclose": "close",
    "__aenter__": "__enter__",
    "__aexit__": "__exit__",
    "__anext__": "__next__",
    "__aiter__": "__iter__",
}
PLAIN = {"AccessToken": "str | Tokens", "Refresh": "Callable[[str], TokenPair]"}
"""Annotations of what callers hand in plain."""
ONLY_ASYNC = {"session"}
"""The one parameter that the plain side has not: a session belongs to an event loop, and the caller has none."""
ONLY_SYNC = {"bridge"}
"""The one that it has more: clients that share a loop on purpose."""
USED_ONLY = {
    ".signals": {"Any", "ClassVar", "ConfigurationError", "Final", "Mapping", "P", "SignalKey", "TYPE_CHECKING", "cast"}
}
"""What a module only uses, and does not give: one that is no package has no other list of its names."""
Member = tuple[str, str, str]


def handles(wing: str) -> Iterator[tuple[str, type, type]]:
    """Each public class with a coroutine, and its plain counterpart."""
    theirs, ours = importlib.import_module(f"smartcar_async{wing}"), importlib.import_module(f"smartcar_sync{wing}")
    for name in dir(theirs):
        value = getattr(theirs, name)
        if not inspect.isclass(value) or getattr(value, "_is_protocol", False) or name in STAYS_ASYNC:
            continue
        if any(map(inspect.iscoroutinefunction, vars(value).values())):
            yield name, value, getattr(ours, name)


HANDLES = [(wing, name) for wing in WINGS for name, _, _ in handles(wing)]
MEMBERS = [
    (wing, name, member)
    for wing in WINGS
    for name, theirs, _ in handles(wing)
    for member in vars(theirs)
    if (not member.startswith("_") or member in RENAMED) and callable(getattr(theirs, member))
]


def pair(wing: str, name: str) -> tuple[Any, Any]:
    """Both classes."""
    ((theirs, ours),) = [(theirs, ours) for known, theirs, ours in handles(wing) if known == name]
    return theirs, ours


def contents(kind: Any) -> list[tuple[str, object]]:
    """What a class defines itself."""
    members: dict[str, object] = kind.__dict__
    return list(members.items())


def plain(annotation: object) -> str:
    """An annotation in a world without await."""
    text = annotation if isinstance(annotation, str) else inspect.formatannotation(annotation)
    text = re.sub(r"\b[a-z_.0-9]+\.(?=[A-Z])", "", text) if text not in PLAIN else text
    text = re.sub(r"^AsyncGenerator\[(.*), None\]$", r"AbstractContextManager[\1]", text)
    text = re.sub(r"^Generator\[(.*), None, None\]$", r"Iterator[\1]", text)  # which can be closed, too
    return PLAIN.get(text, text.replace("AsyncIterator[", "Iterator["))


def parameters(function: Any) -> list[tuple[str, object, object, str]]:
    """Name, kind, default and annotation of each parameter."""
    results = inspect.signature(function).parameters.values()
    return [
        (each.name, each.kind, each.default, plain(each.annotation))
        for each in results
        if each.name not in ONLY_ASYNC | ONLY_SYNC
    ]


@pytest.mark.parametrize(("wing", "name", "member"), MEMBERS, ids=lambda each: str(each) or "root")
def test_signature(wing: str, name: str, member: str) -> None:
    """The same names, kinds, defaults and annotations; the same docstring, but for the words about await."""
    their_class, our_class = pair(wing, name)
    theirs, ours = getattr(their_class, member), getattr(our_class, RENAMED.get(member, member))
    assert parameters(ours) == parameters(theirs)
    expected = plain(inspect.signature(theirs).return_annotation)
    assert plain(inspect.signature(ours).return_annotation) == expected
    assert not inspect.iscoroutinefunction(ours)
    if not member.startswith("_"):
        words = re.sub("`async (with|for)`", r"`\1`", inspect.getdoc(theirs) or "")
        words = re.sub(r"(?<!`)\b(async|await) (?=\w)", "", words)  # in the code of an example
        assert inspect.getdoc(ours) == words.replace("`aclose`", "`close`") != ""


@pytest.mark.parametrize(("wing", "name"), HANDLES)
def test_a_class_has_nothing_more_and_nothing_less(wing: str, name: str) -> None:
    """Every public member, properties and their setters included; and the constructor, if callers have one."""
    theirs, ours = pair(wing, name)

    def public(kind: Any) -> dict[str, bool]:
        return {
            RENAMED.get(member, member): isinstance(value, property) and value.fset is not None
            for member, value in contents(kind)
            if not member.startswith("_") or member in {*RENAMED, *RENAMED.values()}
        }

    attributes = {member for member, value in contents(ours) if isinstance(value, property)}
    extra = set(public(ours)) - set(public(theirs))
    assert extra <= attributes
    assert public(ours).items() >= public(theirs).items()
    own = inspect.signature(ours).parameters
    if "twin" not in own:
        assert parameters(ours) == parameters(theirs)
        assert list(own)[-1] == "bridge"
        assert set(own) ^ set(inspect.signature(theirs).parameters) <= ONLY_ASYNC | ONLY_SYNC


@pytest.mark.parametrize("wing", [*WINGS, ".webhook", ".signals", ".receiver"])
def test_everything_else_is_the_same_object(wing: str) -> None:
    """Records, errors and functions: `isinstance` and `except` do not ask which client a thing came from."""
    theirs, ours = importlib.import_module(f"smartcar_async{wing}"), importlib.import_module(f"smartcar_sync{wing}")
    wrapped = {name for other, name in HANDLES if other == wing} | {
        "TokenStore",
        "Tokens",
        "v2",
        "webhook",
        "signals",
        *PLAIN,
    }
    public = {name for name in dir(theirs) if not name.startswith("_") and not inspect.ismodule(getattr(theirs, name))}
    for name in public - wrapped - USED_ONLY.get(wing, set()):
        assert getattr(ours, name) is getattr(theirs, name), name


def test_what_a_webhook_is_written_with_can_be_imported() -> None:
    """The names that its signatures use are there, those that are no classes too."""
    ours = importlib.import_module("smartcar_sync.webhook")
    assert {"Event", "Body", "Delivery", "receive"} <= set(dir(ours))


def test_the_session_is_the_one_exception() -> None:
    """Nothing else is dropped, anywhere."""
    dropped = {
        each
        for wing in WINGS
        for _, theirs, ours in handles(wing)
        if "twin" not in inspect.signature(ours).parameters
        for each in set(inspect.signature(theirs).parameters) - set(inspect.signature(ours).parameters)
    }
    assert dropped == ONLY_ASYNC


@pytest.mark.parametrize("wing", WINGS)
def test_a_module_lists_what_it_gives(wing: str) -> None:
    """And refuses the rest by name."""
    root = importlib.import_module(f"smartcar_sync{wing}")
    assert root.__all__ == dir(root)
    for name in dir(root):
        getattr(root, name)
    with pytest.raises(AttributeError, match=f"module 'smartcar_sync{wing}' has no attribute 'Smartkar'"):
        root.Smartkar  # noqa: B018


def test_the_root_has_the_parts_and_the_bridge() -> None:
    """Under their names, first looked up or imported."""
    root = importlib.import_module("smartcar_sync")
    assert {"Bridge", "Smartcar", "TokenStore", "signals", "webhook", "v2"} <= set(dir(root))
    assert root.webhook is importlib.import_module("smartcar_sync.webhook")


class Recorder:
    """The async object behind a plain one, which only remembers how it was called."""

    def __init__(self) -> None:
        object.__setattr__(self, "seen", [])

    def __getattr__(self, name: str) -> Any:
        def call(*args: object, **kwargs: object) -> str:
            self.seen.append((name, args, kwargs))
            return name

        return call

    def __setattr__(self, name: str, value: object) -> None:
        self.seen.append((name, (value,), {}))


class Stub:
    """A twin without a bridge: what would cross it is done here and now."""

    def __init__(self) -> None:
        self.aio: Any = Recorder()

    def call(self, use: Any, *_: object) -> Any:
        """Call it on the recorder."""
        return use(self.aio)

    hold = step = stream = branch = call


def instance(kind: Any) -> Any:
    """A sync handle around a stub."""
    handle = kind.__new__(kind)
    handle.__dict__["_twin"] = Stub()
    return handle


@pytest.mark.parametrize(("wing", "name", "member"), MEMBERS, ids=lambda each: str(each) or "root")
def test_each_argument_goes_where_it_belongs(wing: str, name: str, member: str) -> None:
    """What is given under a name arrives under that name, in one call of the same method."""
    their_class, our_class = pair(wing, name)
    theirs: Any = their_class.__dict__[member]
    if member in RENAMED or isinstance(theirs, classmethod):
        return
    handle = instance(our_class)
    named = set(inspect.signature(theirs).parameters) - {"self"}
    passed = {each: f"<{each}>" for each in named - (set(READ_FIRST) if inspect.iscoroutinefunction(theirs) else set())}
    getattr(handle, member)(**passed)
    ((called, args, kwargs),) = handle._twin.aio.seen
    bound = inspect.signature(theirs).bind(None, *args, **kwargs).arguments
    arrived = {each: value if isinstance(value, str) else f"<{each}>" for each, value in list(bound.items())[1:]}
    assert (called, arrived) == (member, passed)


@pytest.mark.parametrize(("wing", "name"), HANDLES)
def test_each_property_is_the_others(wing: str, name: str) -> None:
    """Read, and set where it can be."""
    _, ours = pair(wing, name)
    assert "object at" in repr(instance(ours))
    for member, value in contents(ours):
        if isinstance(value, property):
            handle = instance(ours)
            results = getattr(handle, member)
            assert getattr(results, "__name__", "") == "call" or hasattr(results, "_twin")
            if value.fset is not None:
                setattr(handle, member, "set")
                assert handle._twin.aio.seen == [(member, ("set",), {})]
