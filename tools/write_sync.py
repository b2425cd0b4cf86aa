"""Write smartcar_sync's surface from the async one: `python -m tools.write_sync`, or `--check` that it is so.

A handle is a public class with at least one `async def`: it is wrapped. Everything else is the same object on both
sides. What has no rule here stops the tool with a message: the async surface has then become too clever.
"""

import ast
import inspect
import re
import sys
from collections.abc import Collection, Iterator
from functools import cache
from importlib import import_module
from typing import Final

from tools.lazy_names import async_names
from tools.sync_files import ADAPTERS, HEADER, READ_FIRST, ROOT, VARIABLE, format_source, lists, write

WINGS: Final = {
    "smartcar_async": "_facade",
    "smartcar_async.v2": "_facade_v2",
    "smartcar_async.testing": "_facade_testing",
}
"""The parts of the async package that have handles, and the file for their wrappers."""
STAYS_ASYNC: Final = {"Clock", "SimulatedClock", "SystemClock"}
"""No handles: it is the core that calls them."""
DROPPED: Final = {"session"}
"""A session belongs to a loop, and the caller has none."""
SPECIAL: Final = {
    "__repr__": ("__repr__", "repr(self._twin.aio)"),
    "__aenter__": ("__enter__", "self._twin.enter(self, lambda it: it.__aenter__())"),
    "__aexit__": ("__exit__", "self._twin.close()"),
    "__anext__": ("__next__", "self._twin.step(lambda it: it.__anext__())"),
    "aclose": ("close", "self._twin.close()"),
}
"""Methods with a name of their own without await."""

Function = ast.FunctionDef | ast.AsyncFunctionDef


@cache
def origins(module: str) -> dict[str, tuple[str, str]]:
    """Every name in a module that is not a builtin: the module it comes from, and its name there."""
    names = dict.fromkeys(vars(import_module(module)), (module, ""))
    package = module if hasattr(import_module(module), "__path__") else module.rpartition(".")[0]
    for node in ast.walk(ast.parse(inspect.getsource(import_module(module)))):
        if isinstance(node, ast.Import):
            names |= {alias.name: ("", alias.name) for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            parts = package.split(".")
            base = parts[: len(parts) - node.level + 1] if node.level else []
            home = ".".join([*base, *([node.module] if node.module else [])])
            names |= {alias.asname or alias.name: (home, alias.name) for alias in node.names}
    return {name: (home, original or name) for name, (home, original) in names.items()}


@cache
def handles(wing: str) -> "dict[str, Handle]":
    """The handles of a part, by name."""
    members = {name: getattr(import_module(wing), name) for name in sorted(dir(import_module(wing)))}
    return {name: Handle(wing, kind) for name, kind in members.items() if name not in STAYS_ASYNC and is_handle(kind)}


def is_handle(kind: object) -> bool:
    """Whether this is a class with a coroutine."""
    is_class = inspect.isclass(kind) and not getattr(kind, "_is_protocol", False)
    return is_class and any(map(inspect.iscoroutinefunction, vars(kind).values()))


class Handle:
    """An async class, and its wrapper."""

    def __init__(self, wing: str, kind: type) -> None:
        (node,) = ast.parse(inspect.getsource(kind)).body
        assert isinstance(node, ast.ClassDef)
        self.wing, self.kind, self.name, self.body, self.node = wing, kind, kind.__name__, node.body, node
        self.bases = ", ".join(ast.unparse(base) for base in node.bases)
        self.members = {member.name: member for member in node.body if isinstance(member, Function)}
        init = self.members.get("__init__")
        self.parameters = (
            {each.arg: each.annotation for each in [*init.args.args[1:], *init.args.kwonlyargs]} if init else {}
        )
        self.used: dict[str, bool] = {}
        """The names that annotations and defaults use, and whether that is at run time."""
        closers = {"aclose": "aclose()", "__aexit__": "__aexit__(None, None, None)"}
        self.aclose = next((f", lambda it: it.{closers[name]}" for name in closers if name in self.members), "")

    def origin(self, name: str) -> tuple[str, str]:
        """Where a name comes from that the class uses."""
        return origins(self.kind.__module__).get(name, ("", name))

    def other(self, name: str) -> "Handle | None":
        """The handle that a name stands for."""
        home, original = self.origin(name)
        value = getattr(import_module(home), original, None) if home.startswith("smartcar_async") else None
        known = [handle for wing in WINGS for handle in handles(wing).values()]
        return next((handle for handle in known if handle.kind is value), None)

    @property
    def is_root(self) -> bool:
        """Whether callers make it themselves: its constructor takes nothing that is only ours."""
        public = {*dir(import_module("smartcar_async")), *dir(import_module(self.wing)), *ADAPTERS}
        for annotation in self.parameters.values():
            text = ast.unparse(annotation) if annotation else ""
            ours = {name for name in names_in(annotation) if self.origin(name)[0].startswith("smartcar_async")}
            if "Awaitable" in text or (ours - public and not text.startswith("Callable[")):
                return False
        return True

    def text(self) -> str:
        """The wrapper."""
        if self.bases not in {"", "Generic[T]"}:
            raise self.no_rule(f"the base {self.bases}")
        lines = [f"class {self.name}({self.bases}):", self.doc(self.node)]
        for index, member in enumerate(self.body):
            if isinstance(member, ast.AnnAssign) and not (target := ast.unparse(member.target)).startswith("_"):
                kind, text = self.use(member.annotation), text_after(self.body, index)
                lines += [f"    {target}: {kind} = aio.{self.name}.{target}", f'    """{text}"""' if text else ""]
        if not self.is_root:
            lines += [f"    def __init__(self, twin: Twin[aio.{self.name}{self.bases[7:]}]) -> None:"]
            lines += ["        self._twin = twin"]
        for member in self.body:
            if isinstance(member, Function):
                lines += self.init(member) if member.name == "__init__" else self.method(member)
        return "\n".join(lines) + "\n\n"

    def no_rule(self, what: str) -> SystemExit:
        """Stop, and say where."""
        return SystemExit(f"{self.kind.__module__}.{self.name}: tools/write_sync.py has no rule for {what}")

    def doc(self, node: Function | ast.ClassDef, indent: str = "    ") -> str:
        """The docstring in a world without await; a sentence on a parameter that is not there is left out."""
        text = ast.get_docstring(node, clean=False) or ""
        for name in DROPPED:
            text = re.sub(rf"[^.\s][^.]*`{name}`[^.]*\. ?", "", text)
        text = re.sub("`async (with|for)`", r"`\1`", text).replace("`aclose`", "`close`")
        text = re.sub(r"(?<!`)\b(async|await) (?=\w)", "", text)  # in the code of an example
        if re.search(r"`(async|await)\b|aclose", text):
            raise self.no_rule(f"these words on {node.name}: {text}")
        return f'{indent}"""{text}"""' if text else ""

    def use(self, node: ast.expr | None, *, at_run_time: bool = False) -> str:
        """An annotation or a default as text, with its names noted for the imports."""
        for name in names_in(node):
            self.used[name] = self.used.get(name, False) or at_run_time
        return ast.unparse(node) if node else ""

    def handed_out(self, annotation: ast.expr, call: str) -> tuple[str, str]:
        """Type and expression of what is had without I/O: a handle is wrapped, all else is the same object."""
        kind, value = self.use(annotation), f"self._twin.aio.{call}"
        other = self.other(kind.partition("[")[0])
        if other is None:
            if any(map(self.other, names_in(annotation))):
                raise self.no_rule(f"handles within {kind}")
            return kind, value
        if "__aenter__" in other.members:
            return kind, f"wrap({other.name}, Twin(lambda: {value}, None{other.aclose}))"
        if other.is_root:
            return kind, f"wrap({other.name}, self._twin.branch(lambda it: it.{call}{other.aclose}))"
        return kind, f"{other.name}(self._twin.branch(lambda it: it.{call}))"

    def init(self, node: Function) -> Iterator[str]:
        """The constructor, and a property for each public attribute that it sets."""
        if self.is_root:
            root = f"Twin(lambda: aio.{self.name}({self.passed(node.args)}), bridge{self.aclose})"
            yield f"    def __init__({with_bridge(self.signature(node.args))}) -> None:\n        self._twin = {root}"
        for index, step in enumerate(node.body):
            target = step.targets[0] if isinstance(step, ast.Assign) else getattr(step, "target", None)
            if isinstance(target, ast.Attribute) and not target.attr.startswith("_"):
                parameter = self.parameters.get(ast.unparse(step.value)) if isinstance(step, ast.Assign) else None
                annotation, text = getattr(step, "annotation", parameter), text_after(node.body, index)
                if annotation is None or not text:
                    raise self.no_rule(f"the attribute {target.attr}: it needs a type and a docstring")
                kind, value = self.handed_out(annotation, target.attr)
                yield f"    @property\n    def {target.attr}(self) -> {kind}:"
                yield f'        """{text}"""\n        return {value}'

    def method(self, node: Function) -> Iterator[str]:
        """One method or property, or nothing for what has no place here."""
        name, kind = node.name, ast.unparse(node.returns or ast.Constant(None))
        read = READ_FIRST if isinstance(node, ast.AsyncFunctionDef) else {}
        call, head = f"{name}({self.passed(node.args, read)})", self.signature(node.args)
        decorators = [ast.unparse(each) for each in node.decorator_list]
        if name in {"__enter__", "__exit__", "__reduce__"} or (name.startswith("_") and not name.startswith("__")):
            return
        if decorators == [f"{name}.setter"]:
            value = f"self._twin.aio.{name} = {node.args.args[1].arg}"
        elif decorators == ["classmethod"] and kind == "Self":
            head, value = with_bridge(head), f"wrap(cls, Twin(lambda: aio.{self.name}.{call}, bridge{self.aclose}))"
        elif decorators == ["property"]:
            kind, value = self.handed_out(node.returns or ast.Constant(None), name)
        elif name in SPECIAL:
            name, value = SPECIAL[name]
        elif name.startswith("__") and name != "__aiter__":
            raise self.no_rule(name)
        elif kind.startswith(("AsyncIterator[", "AsyncGenerator[")) and isinstance(node.returns, ast.Subscript):
            what = node.returns.slice
            item = self.use(what.elts[0] if isinstance(what, ast.Tuple) else what)
            kind, value = f"Generator[{item}, None, None]", f"self._twin.stream(lambda it: it.{call})"
            if decorators == ["asynccontextmanager"]:
                kind, value = f"AbstractContextManager[{item}]", f"self._twin.hold(lambda it: it.{call})"
            elif name == "__aiter__" and "by_page" in self.members:
                kind, value = f"Iterator[{item}]", "(item for page in self.by_page() for item in page.items)"
            name = name.replace("__aiter__", "__iter__")
        elif decorators or re.match("Awaitable|Coroutine|Abstract", kind):
            raise self.no_rule(f"{decorators} {name} -> {kind}")
        elif name == "__aiter__":
            name, value = "__iter__", "self"
        elif isinstance(node, ast.FunctionDef):
            kind, value = self.handed_out(node.returns or ast.Constant(None), call)
        elif self.handed_out(node.returns or ast.Constant(None), "")[1] == "self._twin.aio.":
            value = f"self._twin.call(lambda it: it.{call})"
        else:
            raise self.no_rule(f"the awaited handle of {name}")
        yield from (f"    @{each}" for each in decorators if each != "asynccontextmanager")
        yield f"    def {name}({head}) -> {kind}:"
        yield from [self.doc(node, "        ")] * (not name.startswith("__") and "setter" not in str(decorators))
        yield from (f"        {read[each.arg]}" for each in node.args.kwonlyargs if each.arg in read)
        yield f"        {'' if ' = ' in value.partition('(')[0] else 'return '}{value}"

    def signature(self, own: ast.arguments) -> str:
        """The parameters, changed in place: the same ones, but for what is dropped and what an adapter takes."""
        pairs = [pair for pair in zip(own.kwonlyargs, own.kw_defaults, strict=True) if pair[0].arg not in DROPPED]
        own.kwonlyargs, own.kw_defaults = [parameter for parameter, _ in pairs], [default for _, default in pairs]
        for each in [*own.args[1:], *own.kwonlyargs]:
            if each.annotation and (adapted := ADAPTERS.get(ast.unparse(each.annotation))):
                each.annotation = ast.parse(adapted[0], mode="eval").body
            self.use(each.annotation)
        for default in [*own.defaults, *(default for default in own.kw_defaults if default)]:
            self.use(default, at_run_time=True)
        return ast.unparse(own)

    def passed(self, arguments: ast.arguments, read: Collection[str] = ()) -> str:
        """The same arguments, passed on unless they were read: a callback by name, a sync object as an async one."""

        def value(parameter: ast.arg) -> str:
            kind, name = ast.unparse(parameter.annotation) if parameter.annotation else "", parameter.arg
            if re.fullmatch(r"Callable\[.*\] \| None", kind):
                return f'callback("{name}", {name})'
            return f"{ADAPTERS[kind][1]}({name})" if kind in ADAPTERS else name

        if arguments.vararg or arguments.kwarg or arguments.posonlyargs:
            raise self.no_rule("parameters with * or /")
        named = [f"{each.arg}={value(each)}" for each in arguments.kwonlyargs if each.arg not in {*DROPPED, *read}]
        return ", ".join([*map(value, arguments.args[1:]), *named])


def names_in(node: ast.expr | None) -> set[str]:
    """The names in an expression."""
    return {each.id for each in ast.walk(node) if isinstance(each, ast.Name)} if node else set()


def with_bridge(head: str) -> str:
    """Parameters with the one addition."""
    return f"{head}, bridge: Bridge | None = None" if "*, " in head else f"{head}, *, bridge: Bridge | None = None"


def text_after(body: list[ast.stmt], index: int) -> str:
    """The string after a statement."""
    following = body[index + 1] if index + 1 < len(body) else None
    is_text = isinstance(following, ast.Expr) and isinstance(following.value, ast.Constant)
    return str(ast.literal_eval(following.value)) if is_text and isinstance(following, ast.Expr) else ""


def facade(wing: str) -> str:
    """The file for one part's wrappers, before ruff sorts and lays it out."""
    own, running, typing, ready = handles(wing), set[str](), set[str](), set(re.findall(r"\w+", HEADER))
    body = "\n".join(handle.text() for handle in own.values())
    for user in own.values():
        for name, at_run_time in user.used.items():
            (home, original), other = user.origin(name), user.other(name)
            if other is not None and other.name not in own:
                running.add(f"from .{WINGS[other.wing]} import {name}")
            elif other is None and name not in {*ready, "T"} and name in origins(user.kind.__module__):
                line = f"from {home} import {original}" if home else f"import {name}"
                (running if at_run_time else typing).add(line)
    indented = "\n".join(f"    {line}" for line in sorted(typing))
    head = HEADER.format(module=wing, running="\n".join(sorted(running)), typing=indented)
    return head + (VARIABLE if "[T]" in body else "\n\n") + body


def files() -> dict[str, str]:
    """Every file that is written, by its name."""
    wrappers = {f"{home}.py": facade(wing) for wing, home in WINGS.items()}
    return wrappers | lists({wing: handles(wing) for wing in WINGS}, WINGS)


def main() -> None:
    """Write the files, or check that they are as they would be written."""
    check = "--check" in sys.argv
    write("smartcar_async/_names.py", async_names(), check=check)  # before all that imports the package
    for name, text in files().items():
        write(f"smartcar_sync/{name}", format_source(text, ROOT / "smartcar_sync" / name), check=check)


if __name__ == "__main__":
    main()
