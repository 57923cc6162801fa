"""Type annotations turned into JSON Schema: parameters (closed, NotRequired) and resources (closed, nullable)."""

from __future__ import annotations

import ast
from typing import Any

from tests.stripe_contract.typings import Module, Package, constant, name_of, optional

Schema = dict[str, Any]
BASIC: dict[str, Schema] = {
    "str": {"type": "string"},
    "int": {"type": "integer"},
    "float": {"type": "number"},
    "bool": {"type": "boolean"},
    "Decimal": {"type": "string"},
    "StripeObject": {"type": "object"},
    "UntypedStripeObject": {"type": "object"},
    "Any": {},
    "object": {},
}
ROOT = "urn:stripe"


class Converter:
    """Converts annotations of one kind; resources with a name of their own become shared components."""

    def __init__(self, package: Package, resources: bool, components: dict[str, Schema]) -> None:
        self.package, self.resources, self.components = package, resources, components

    def convert(self, node: ast.AST, module: Module, scope: tuple[ast.ClassDef, ...] = ()) -> Schema:
        """The schema of an annotation, its names looked up in the classes around it, then in its module."""
        if isinstance(node, ast.Constant):
            if node.value is None:
                return {"type": "null"}
            return self.convert(ast.parse(str(node.value), mode="eval").body, module, scope)
        if isinstance(node, ast.BinOp):
            return self._union(_alternatives(node), module, scope)
        if isinstance(node, ast.Subscript):
            return self._generic(name_of(node.value), node.slice, module, scope)
        if isinstance(node, ast.Name):
            return self._name(node.id, module, scope)
        return {"type": "object"}

    def _generic(self, name: str, inner: ast.expr, module: Module, scope: tuple[ast.ClassDef, ...]) -> Schema:
        parts = inner.elts if isinstance(inner, ast.Tuple) else [inner]
        if name == "Union":
            return self._union(parts, module, scope)
        if name == "Literal":
            return _literal(parts)
        if name in ("Dict", "Mapping", "UntypedStripeObject", "dict"):
            return {"type": "object", "additionalProperties": self.convert(parts[-1], module, scope)}
        schema = self.convert(inner, module, scope)
        return WRAPPERS[name](schema)

    def _union(self, nodes: list[ast.expr], module: Module, scope: tuple[ast.ClassDef, ...]) -> Schema:
        nodes = [part for node in nodes for part in _alternatives(node)]
        closed = any(_closes(node) for node in nodes)
        found: list[Schema] = []
        for node in nodes:
            if closed and name_of(node) == "str":
                continue  # open for typing's sake: on the wire the listed words are the only ones
            schema = self.convert(node, module, scope)
            if schema not in found:
                found.append(schema)
        return found[0] if len(found) == 1 else {"anyOf": found}

    def _name(self, name: str, module: Module, scope: tuple[ast.ClassDef, ...]) -> Schema:
        if name in BASIC:
            return dict(BASIC[name])
        for depth in range(len(scope), 0, -1):
            for node in scope[depth - 1].body:
                if isinstance(node, ast.ClassDef) and node.name == name:
                    return self.of_class(node, module, scope[:depth])
        if name in module.classes:
            return self.of_class(module.classes[name], module, ())
        if name in module.calls:
            return self._typed_dict(module.calls[name], module)
        return self._imported(name, module)

    def _imported(self, name: str, module: Module) -> Schema:
        origin, original = module.imports.get(name, ("", ""))
        if not origin.startswith("stripe"):
            return {}
        other = self.package.module(origin)
        return self.of_class(other.classes[original], other, ()) if original in other.classes else {}

    def of_class(self, node: ast.ClassDef, module: Module, scope: tuple[ast.ClassDef, ...]) -> Schema:
        """The schema of a class; a resource with an object name is kept as a component and referred to."""
        title = object_name(node) if self.resources and not scope else None
        if title is None:
            return self._body(node, module, (*scope, node))
        if title not in self.components:
            self.components[title] = {}
            self.components[title] = _may_be_deleted(self._body(node, module, (node,)))
        return {"$ref": f"{ROOT}#/components/schemas/{title}"}

    def _body(self, node: ast.ClassDef, module: Module, scope: tuple[ast.ClassDef, ...]) -> Schema:
        properties, required = self._inherited(node, module)
        for entry in node.body:
            if isinstance(entry, ast.AnnAssign) and isinstance(entry.target, ast.Name) and _is_field(entry):
                name = entry.target.id
                properties[name] = self.convert(entry.annotation, module, scope)
                required += [] if optional(entry.annotation) else [name]
        return _closed(properties, required)

    def _inherited(self, node: ast.ClassDef, module: Module) -> tuple[dict[str, Schema], list[str]]:
        properties: dict[str, Schema] = {}
        required: list[str] = []
        for base in [] if self.resources else node.bases:
            name = name_of(base)
            if name in module.calls or (name in module.classes and name != "RequestOptions"):
                schema = self._name(name, module, ())
                properties |= schema["properties"]
                required += schema.get("required", [])
        return properties, required

    def _typed_dict(self, call: ast.Call, module: Module) -> Schema:
        table = call.args[1]
        if not isinstance(table, ast.Dict):
            raise ValueError(ast.dump(call)[:200])
        fields = {str(constant(key)): value for key, value in zip(table.keys, table.values, strict=True) if key}
        properties = {name: self.convert(value, module) for name, value in fields.items()}
        return _closed(properties, [name for name, value in fields.items() if not optional(value)])


def object_name(node: ast.ClassDef) -> str | None:
    """The word by which a resource class calls its object on the wire."""
    for entry in node.body:
        if isinstance(entry, ast.AnnAssign) and name_of(entry.target) == "OBJECT_NAME" and entry.value:
            return str(constant(entry.value))
    return None


def nullable(schema: Schema) -> Schema:
    """The schema, or null."""
    if isinstance(schema.get("type"), str) and "enum" not in schema:
        return schema | {"type": [schema["type"], "null"]}
    return {"anyOf": [schema, {"type": "null"}]}


def _list(schema: Schema) -> Schema:
    properties = {
        "object": {"enum": ["list"]},
        "data": {"type": "array", "items": schema},
        "has_more": {"type": "boolean"},
        "url": {"type": "string"},
    }
    return _closed(properties, list(properties))


def _found(schema: Schema) -> Schema:
    listed = _list(schema)
    properties = listed["properties"] | {
        "object": {"enum": ["search_result"]},
        "next_page": {"type": ["string", "null"]},
    }
    return _closed(properties, list(properties))


WRAPPERS = {
    "NotRequired": lambda schema: schema,
    "Required": lambda schema: schema,
    "Optional": nullable,
    "List": lambda schema: {"type": "array", "items": schema},
    "list": lambda schema: {"type": "array", "items": schema},
    "Sequence": lambda schema: {"type": "array", "items": schema},
    "ExpandableField": lambda schema: {"anyOf": [{"type": "string"}, schema]},
    "ListObject": _list,
    "SearchResultObject": _found,
}


def _closed(properties: dict[str, Schema], required: list[str]) -> Schema:
    schema: Schema = {"type": "object", "properties": properties, "additionalProperties": False}
    return schema | ({"required": required} if required else {})


def _may_be_deleted(schema: Schema) -> Schema:
    if "deleted" not in schema["properties"]:
        return schema
    kept = {name: schema["properties"][name] for name in ("id", "object", "deleted")}
    return {"if": {"required": ["deleted"]}, "then": _closed(kept, list(kept)), "else": schema}


def _literal(parts: list[ast.expr]) -> Schema:
    values = [constant(part) for part in parts]
    return {"type": "boolean" if isinstance(values[0], bool) else "string", "enum": values}


def _alternatives(node: ast.expr) -> list[ast.expr]:
    if isinstance(node, ast.BinOp):
        return _alternatives(node.left) + _alternatives(node.right)
    return [node]


def _closes(node: ast.expr) -> bool:
    if not isinstance(node, ast.Subscript) or name_of(node.value) != "Literal":
        return False
    values = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
    return len(values) > 1 or constant(values[0]) != ""


def _is_field(entry: ast.AnnAssign) -> bool:
    name = name_of(entry.target)
    class_variable = isinstance(entry.annotation, ast.Subscript) and name_of(entry.annotation.value) == "ClassVar"
    return not name.startswith("_") and name != "OBJECT_NAME" and not class_variable
