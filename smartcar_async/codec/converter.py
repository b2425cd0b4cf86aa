"""The careful way from JSON to records: one cattrs converter, whose hooks are made of the fields' own metadata.

cattrs writes the function that fills a record. Ours are the leaves, which never turn one kind into another in silence,
and the step before: it picks a record's values out of a document whose shape is not the record's.
"""

import enum
import types
from collections.abc import Callable, Mapping
from functools import cache, partial
from operator import methodcaller
from typing import Any, Final, TypeAlias, TypeVar, Union, get_args, get_origin

import attrs
from cattrs import Converter
from cattrs.gen import make_dict_structure_fn, override

from ..wire import WHOLE, Anything, Wire, wire_of
from .leaves import LEAVES, RIGHT_AS_THEY_ARE, Hook, as_it_is
from .shapes import Unreadable, is_list, is_object, wrong

T = TypeVar("T")
Find = Callable[[dict[str, Any]], Any]
Steps = tuple[tuple[str, str], ...]
Field: TypeAlias = "attrs.Attribute[Any]"

_OBJECT: Final[Any] = dict  # of no known type: checkers then let a document stay what it is declared to be
_NOTHING_KNOWN: Final[Mapping[str, Any]] = {}


def structure(value: Any, cls: type[T], **known: Any) -> T:
    """A plain object as a record of this class, or Unreadable. What is known goes before what was sent."""
    kind: Any = cls
    record: T = reader_of(kind).read(value, known) if known else hook_of(kind)(value, kind)
    return record


def hook_of(cls: Any) -> Hook:
    """The function that makes this class of a plain object."""
    hook: Hook = converter().get_structure_hook(cls)
    return hook


@cache
def converter() -> Converter:
    """The converter of everything that is read the careful way."""
    made = Converter(detailed_validation=False)
    for leaf, hook in LEAVES.items():
        made.register_structure_hook(leaf, hook)
    made.register_structure_hook_factory(lambda cls: bool(options_of(cls)), _choice_hook)
    made.register_structure_hook_factory(_is_list, _list_hook)
    made.register_structure_hook_factory(attrs.has, _record_hook)
    return made


def options_of(cls: Any) -> tuple[Any, ...]:
    """The members of a union; none if it is no union."""
    return get_args(cls) if get_origin(cls) in (Union, types.UnionType) else ()


def _is_list(cls: Any) -> bool:
    return get_origin(cls) is tuple


def _without_none(cls: Any) -> Any:
    """The only type that is not None; a union with more of them as it is."""
    options = [option for option in options_of(cls) if option is not type(None)]
    return options[0] if len(options) == 1 else cls


def _choice_hook(cls: Any) -> Hook:
    """`X | None`, or an open enum: the member for a known word in any case, else the word itself."""
    options = [option for option in options_of(cls) if option is not type(None)]
    words = next((option for option in options if isinstance(option, type) and issubclass(option, enum.Enum)), None)
    if words is None:
        if len(options) != 1:
            raise TypeError(f"neither one type, nor an enum with str, nor either with None: {cls}")
        only = options[0]
        inner = hook_of(only)
        return lambda value, _: None if value is None else inner(value, only)
    known: dict[str, enum.Enum] = {member.value.upper(): member for member in words}
    optional = type(None) in options_of(cls)

    def choose(value: Any, _: Any) -> Any:
        if type(value) is str:
            # As it is first: nearly every word comes in upper case, and to make it so costs more than to look it up.
            return known.get(value) or known.get(value.upper(), value)
        if value is None and optional:
            return None
        raise wrong("a text", value)

    return choose


def _list_hook(cls: Any) -> Hook:
    """A list of one kind. Entries that can be kept as they were sent cost no neighbour."""
    kind = get_args(cls)[0]
    if attrs.has(kind) and reader_of(kind).keeps_raw:
        return lambda value, _: structure_list(value, kind)
    return partial(_gather, hook_of(kind), kind, False)


def _gather(inner: Hook, kind: Any, skips: bool, value: Any, _: Any) -> tuple[Any, ...]:
    if not is_list(value):
        raise wrong("a list", value)
    if not skips:
        return tuple([inner(item, kind) for item in value])
    read: list[Any] = []
    for item in value:
        try:
            read.append(inner(item, kind))
        except Unreadable:
            continue
    return tuple(read)


def _record_hook(cls: Any) -> Hook:
    return reader_of(cls).hook


def structure_list(value: Any, cls: type[T], **known: Any) -> tuple[T, ...]:
    """A list as records, or one object as the only one. What cannot be read keeps only its `raw`; null is empty."""
    if value is None:
        return ()
    if not is_list(value) and not is_object(value):
        raise wrong("a list", value)
    return tuple(_entry(item, cls, known) for item in (value if is_list(value) else [value]))


def _entry(value: Any, cls: Callable[..., T], known: Mapping[str, Any]) -> T:
    try:
        record: T = reader_of(cls).read(value, known)
    except Unreadable:
        record = cls(raw=value, **known)
    return record


@cache
def reader_of(cls: Any) -> "_Reader":
    """What reads records of this class."""
    return _Reader(cls)


class _Reader:
    """How one class of record is read. A class may have `_of_wire`, which brings other forms into its own first."""

    def __init__(self, cls: Any) -> None:
        fields: tuple[Field, ...] = attrs.fields(attrs.resolve_types(cls))
        self._cls = cls
        self._own_form: Callable[[Any], Any] | None = getattr(cls, "_of_wire", None)
        self.keeps_raw = "raw" in attrs.fields_dict(cls) and all(item.default is not attrs.NOTHING for item in fields)
        wired, hooks = self._described(fields)
        # The bodies of signals stand under one name a field, in the very form of their records: nothing is picked.
        picks = self._own_form is not None or not all(map(_stands_alone, fields))
        self._finders = [_finder(item) for item in fields if wired[item.name].in_document]
        self._with_values_from_parent = [(name, wire.from_parent) for name, wire in wired.items() if wire.from_parent]
        overrides: dict[str, Any] = {
            name: override(rename=name if picks else wired[name].paths[0], struct_hook=hook)
            for name, hook in hooks.items()
        }
        self._fill = make_dict_structure_fn(cls, converter(), _cattrs_detailed_validation=False, **overrides)
        self.hook: Hook = self._picked if picks else self._as_it_stands

    def _described(self, fields: tuple[Field, ...]) -> tuple[dict[str, Wire], dict[str, Hook]]:
        """What each field says of the wire, and what reads it. TypeError names a field that is declared wrongly."""
        wired: dict[str, Wire] = {}
        hooks: dict[str, Hook] = {}
        for item in fields:
            try:
                wired[item.name] = wire_of(item)
                hooks[item.name] = _field_hook(item)
            except TypeError as problem:
                raise TypeError(f"{self._cls.__name__}.{item.name}: {problem}") from None
        return wired, hooks

    def read(self, value: Any, known: Mapping[str, Any]) -> Any:
        """A record, in which some fields are known already."""
        document: Any = value if self._own_form is None else self._own_form(value)
        if type(document) is not _OBJECT:
            raise wrong("an object", document)
        picked: dict[str, Any] = {}
        for name, find, required in self._finders:
            found = find(document)
            if found is not None or required:
                picked[name] = found
        picked.update(known)
        # cattrs hands the hook of a field nothing but that field's value, and the inner record needs values of this one
        # too. So they go with it, as a tuple that `_read_with_values_from_parent` takes apart.
        for name, from_parent in self._with_values_from_parent:
            if name in picked:
                picked[name] = picked[name], {inner: picked.get(outer) for inner, outer in from_parent.items()}
        return self._fill(picked, self._cls)

    def _picked(self, value: Any, _: Any) -> Any:
        return self.read(value, _NOTHING_KNOWN)

    def _as_it_stands(self, value: Any, _: Any) -> Any:
        if type(value) is not _OBJECT:
            raise wrong("an object", value)
        return self._fill(value, self._cls)


def _stands_alone(item: Field) -> bool:
    """Whether a field is found under its one name, and has a default that need not be made."""
    wired = wire_of(item)
    simple = wired == Wire(wired.paths, wired.kind) and len(wired.paths) == 1 and wired.paths[0].isalnum()
    return simple and item.default is not attrs.NOTHING and _default_factory(item) is None


def _finder(item: Field) -> tuple[str, Find, bool]:
    """What picks a field's value out of a document, and whether it must be there."""
    wired, required = wire_of(item), item.default is attrs.NOTHING
    finds = [_path(path, wired.tolerant) for path in wired.paths]
    if len(finds) == 1:
        return item.name, finds[0], required
    if wired.tolerant:
        return item.name, partial(_first_readable, finds, *_value_hook(item)), required
    return item.name, partial(_first, finds, ("", None) if required else (None,)), required


def _path(path: str, tolerant: bool) -> Find:
    """What follows a path into a document."""
    if path == WHOLE:
        return lambda document: document
    *leading, last = path.split(".")
    names = [step.rstrip("?!") for step in leading]
    steps = tuple((name, step.removeprefix(name)) for name, step in zip(names, leading, strict=True))
    return partial(_walk, steps, last, tolerant) if steps else methodcaller("get", last)


def _walk(steps: Steps, last: str, tolerant: bool, document: dict[str, Any]) -> Any:
    """What stands at the end of these steps, each a name and its mark: "?", "!" or none. `wire` has a table of them."""
    for name, mark in steps:
        inner: Any = document.get(name)
        if type(inner) is _OBJECT:
            document = inner
        elif mark == "?" and name not in document:
            continue
        elif tolerant or (inner is None and not mark):
            return None
        else:
            raise Unreadable(f"{name}: {wrong('an object', inner)}")
    return document.get(last)


def _first(finds: list[Find], empty: tuple[Any, ...], document: dict[str, Any]) -> Any:
    return next((value for find in finds if (value := find(document)) not in empty), None)


def _first_readable(finds: list[Find], hook: Hook, kind: Any, document: dict[str, Any]) -> Any:
    """The first that can be read and is not empty, as what it was read as; else the last one."""
    value = None
    for find in finds:
        found = find(document)
        try:
            value = None if found is None else hook(found, kind)
        except Unreadable:
            value = None
        if value not in (None, "", ()):
            break
    return value


def _value_hook(item: Field) -> tuple[Hook, Any]:
    """What reads the value of a field, and as what."""
    wired = wire_of(item)
    kind = wired.kind or item.type
    if wired.from_parent:
        return partial(_read_with_values_from_parent, _without_none(kind), wired.tolerant), kind
    if wired.skips:
        inner: Any = next(iter(get_args(kind)))
        return partial(_gather, hook_of(inner), inner, True), kind
    return hook_of(kind), kind


def _read_with_values_from_parent(cls: Any, tolerant: bool, pair: tuple[Any, Mapping[str, Any]], _: Any) -> Any:
    """A record that has some values of the record around it; none where those are not there."""
    value, from_parent = pair
    if (tolerant and not value) or any(each in (None, "") for each in from_parent.values()):
        return None
    return reader_of(cls).read(value, from_parent)


def _field_hook(item: Field) -> Hook:
    """What reads the value of a field, names the field where that fails, and knows what a tolerant one is then."""
    wired, required = wire_of(item), item.default is attrs.NOTHING
    place = wired.paths[0].split(".")[-1]
    read_by_finder = wired.tolerant and len(wired.paths) > 1
    if read_by_finder or not wired.in_document or wired.kind is Anything:
        return as_it_is
    inner, kind = _value_hook(item)
    tolerant, needed = wired.tolerant, required and not wired.tolerant
    right_as_they_are = RIGHT_AS_THEY_ARE.get(_without_none(kind), ())

    def read(value: Any, _: Any) -> Any:
        if type(value) in right_as_they_are and (value or not needed):
            return value
        if needed and value in (None, ""):
            raise Unreadable(f"{place}: {wired.missing}")
        if value is None:
            return _default(item)
        try:
            return inner(value, kind)
        except Unreadable as problem:
            if tolerant:
                return _default(item)
            raise Unreadable(f"{place}: {problem}") from None

    return read


def _default(item: Field) -> Any:
    factory = _default_factory(item)
    if factory is not None:
        return factory()
    return None if item.default is attrs.NOTHING else item.default


def _default_factory(item: Field) -> Callable[[], Any] | None:
    return getattr(item.default, "factory", None)
