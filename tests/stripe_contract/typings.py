"""The installed `stripe` package as syntax trees: which class lives where, what a name means in a module."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Module:
    """One module of the package: its classes, its imports (name → module, original name), its TypedDict calls."""

    name: str
    classes: dict[str, ast.ClassDef] = field(default_factory=dict)
    imports: dict[str, tuple[str, str]] = field(default_factory=dict)
    calls: dict[str, ast.Call] = field(default_factory=dict)


class Package:
    """Reads modules of the package once each."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._modules: dict[str, Module] = {}

    def module(self, name: str) -> Module:
        """A module by its dotted name; FileNotFoundError when there is none."""
        if name not in self._modules:
            module = Module(name)
            _collect(ast.parse(self._file(name).read_text(encoding="utf-8")).body, module)
            self._modules[name] = module
        return self._modules[name]

    def services(self) -> list[tuple[Module, ast.ClassDef]]:
        """Every service class of the first version of the API."""
        files = sorted(self.root.rglob("*_service.py"))
        modules = [self.module(self._dotted(file)) for file in files if "v2" not in file.parts]
        return [(m, node) for m in modules for name, node in m.classes.items() if name.endswith("Service")]

    def _file(self, name: str) -> Path:
        path = self.root.joinpath(*name.split(".")[1:])
        plain = path.with_name(path.name + ".py")
        return plain if plain.exists() else path / "__init__.py"

    def _dotted(self, file: Path) -> str:
        return ".".join(["stripe", *file.relative_to(self.root).with_suffix("").parts])


def _collect(body: list[ast.stmt], module: Module) -> None:
    for node in body:
        if isinstance(node, ast.ClassDef):
            module.classes[node.name] = node
        elif isinstance(node, ast.ImportFrom) and node.module:
            module.imports |= {a.asname or a.name: (node.module, a.name) for a in node.names}
        elif isinstance(node, ast.If):
            _collect(node.body, module)
        elif isinstance(node, ast.Assign):
            _collect_call(node, module)


def _collect_call(node: ast.Assign, module: Module) -> None:
    call, target = node.value, node.targets[0]
    if isinstance(call, ast.Call) and isinstance(target, ast.Name) and name_of(call.func) == "TypedDict":
        module.calls[target.id] = call


def name_of(node: ast.AST) -> str:
    """The last name of a possibly dotted expression, or nothing."""
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


def constant(node: ast.AST) -> object:
    """The value of a literal; ValueError for anything else."""
    if not isinstance(node, ast.Constant):
        raise ValueError(ast.dump(node)[:200])
    return node.value


def optional(annotation: ast.expr) -> bool:
    """Whether a parameter may be left out, or a field be null."""
    if isinstance(annotation, ast.Constant):
        return str(annotation.value).startswith(("NotRequired", "Optional"))
    return isinstance(annotation, ast.Subscript) and name_of(annotation.value) in ("NotRequired", "Optional")
