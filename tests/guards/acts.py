"""Which acts the code writes into the audit log: read from the calls of audit.record and of what passes an act on."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from portal.settings import ROOT

Functions = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass
class Module:
    """A source: its functions, and what its names are set to."""

    path: str
    tree: ast.Module
    functions: list[Functions] = field(default_factory=list)

    @classmethod
    def of(cls, path: str, source: str) -> "Module":
        tree = ast.parse(source)
        return cls(path, tree, [node for node in ast.walk(tree) if isinstance(node, Functions)])

    def values_of(self, name: str, function: Functions) -> list[ast.expr]:
        """Everything this name is set to in the function; else, in the module around it."""
        for nodes in (ast.walk(function), self.tree.body):
            assigned = (node for node in nodes if isinstance(node, ast.Assign))
            if found := [one.value for one in assigned for target in one.targets if _is(target, name)]:
                return found
        return []


@dataclass
class Search:
    """Follows acts from where they are written back to where they are named."""

    modules: list[Module]
    found: set[str] = field(default_factory=set)
    unreadable: list[str] = field(default_factory=list)
    _passing: set[tuple[str, str, int]] = field(default_factory=set)

    def run(self) -> "Search":
        for module in self.modules:
            self._calls(module, ("record", "record_once", "record_all"), position=1, of_audit=True)
        return self

    def _calls(self, module: Module, names: tuple[str, ...], position: int, of_audit: bool = False) -> None:
        for function in module.functions:
            for call in _calls_in(function, names, of_audit):
                self._read(module, function, _argument(call, position))

    def _read(self, module: Module, function: Functions, act: ast.expr | None) -> None:
        parameters = [one.arg for one in (*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs)]
        if isinstance(act, ast.Name) and act.id in parameters:
            self._follow(module, function.name, parameters.index(act.id))
        elif isinstance(act, ast.Constant) and isinstance(act.value, str):
            self.found.add(act.value)
        elif isinstance(act, ast.IfExp):
            self._read(module, function, act.body)
            self._read(module, function, act.orelse)
        elif isinstance(act, ast.Name) and (values := module.values_of(act.id, function)):
            for value in values:
                self._read(module, function, value)
        else:
            self.unreadable.append(f"{module.path}: {ast.unparse(act) if act else function.name}")

    def _follow(self, module: Module, name: str, position: int) -> None:
        """Read the calls of a function that passes an act on: a private one's in its module, else everybody's."""
        step = (module.path if name.startswith("_") else "", name, position)
        if step in self._passing:
            return
        self._passing.add(step)
        for other in [module] if step[0] else self.modules:
            self._calls(other, (name,), position)


def recorded(folder: Path = ROOT / "portal") -> Search:
    """The search through a tree of sources; the audit log itself and the stand-in record nothing of their own."""
    paths = (path for path in sorted(folder.rglob("*.py")) if "sandbox" not in path.parts and path.name != "audit.py")
    modules = [Module.of(str(path.relative_to(folder)), path.read_text(encoding="utf-8")) for path in paths]
    return Search(modules).run()


def _calls_in(function: Functions, names: tuple[str, ...], of_audit: bool) -> Iterator[ast.Call]:
    for node in ast.walk(function):
        if isinstance(node, ast.Call) and _names(node.func, names, of_audit):
            yield node


def _names(callee: ast.expr, names: tuple[str, ...], of_audit: bool) -> bool:
    """True when this is one of the functions: of the audit log, or of anything."""
    if isinstance(callee, ast.Attribute):
        return callee.attr in names and (not of_audit or _is(callee.value, "audit"))
    return not of_audit and any(_is(callee, name) for name in names)


def _argument(call: ast.Call, position: int) -> ast.expr | None:
    for keyword in call.keywords:
        if keyword.arg == "act":
            return keyword.value
    return call.args[position] if position < len(call.args) else None


def _is(node: ast.expr, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name
