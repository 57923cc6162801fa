"""Fails unless .env.example lists exactly the variables that portal/settings.py reads."""

import ast
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
_NAME = re.compile(r"[A-Z][A-Z_]+")


def main() -> int:
    read, listed = variables_read(), variables_listed()
    for name in sorted(read - listed):
        print(f"{name} is read by portal/settings.py and not listed in .env.example.", file=sys.stderr)
    for name in sorted(listed - read):
        print(f"{name} is listed in .env.example and read by nothing.", file=sys.stderr)
    return 0 if read == listed else 1


def variables_read() -> set[str]:
    """The names handed to environ.get, environ[…] or the module's own helpers that take (environ, name)."""
    tree = ast.parse((ROOT / "portal" / "settings.py").read_text(encoding="utf-8"))
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    near = [call for call in calls if "environ" in {n.id for n in ast.walk(call) if isinstance(n, ast.Name)}]
    words = [arg.value for call in near for arg in call.args if isinstance(arg, ast.Constant)]
    return {word for word in words if isinstance(word, str) and _NAME.fullmatch(word)}


def variables_listed() -> set[str]:
    """The names on the left of an equals sign."""
    text = (ROOT / ".env.example").read_text(encoding="utf-8")
    return set(re.findall(r"^([A-Z][A-Z_]+)=", text, re.MULTILINE))


if __name__ == "__main__":
    sys.exit(main())
