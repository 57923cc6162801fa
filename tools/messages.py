"""The messages of code and templates: `python tools/messages.py update|check`.

`update` collects them into translations/<language>; `check` fails when a message is missing there, fuzzy, or lacks one
of its placeholders. msgids are English, so English needs no catalogue.
"""

import re
import subprocess
import sys
import tempfile
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "translations"
PYBABEL = str(Path(sys.executable).with_name("pybabel"))
KEYWORDS = ("_", "N_", "gettext", "ngettext:1,2", "lazy_gettext", "pgettext:1c,2", "npgettext:1c,2,3")
_PLACEHOLDER = re.compile(r"%\((\w+)\)[sd]")


def main() -> int:
    acts = {"update": update, "check": check}
    act = acts.get(sys.argv[1] if len(sys.argv) > 1 else "")
    if act is None:
        print("Say “update” or “check”.", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory() as folder:
        return act(extract(Path(folder)))


def extract(folder: Path) -> Path:
    """The template of all messages, sorted and without line numbers, so that moving code changes nothing."""
    pot = folder / "messages.pot"
    options = ["--mapping", "babel.cfg", "--no-default-keywords", "--no-location", "--sort-output", "--omit-header"]
    words = [f"--keywords={word}" for word in KEYWORDS]
    command = [PYBABEL, "--quiet", "extract", *options, *words, "--output", str(pot), "."]
    subprocess.run(command, cwd=ROOT, check=True)
    return pot


def update(pot: Path) -> int:
    """Bring every language's file in line; a message nobody uses any more is dropped."""
    for po in sorted(FOLDER.glob("*/LC_MESSAGES/messages.po")):
        locale = po.parent.parent.name
        options = ["--no-fuzzy-matching", "--ignore-obsolete", "--no-wrap", "--omit-header"]
        command = [PYBABEL, "--quiet", "update", *options, "-i", str(pot), "-o", str(po), "-l", locale]
        subprocess.run(command, cwd=ROOT, check=True)
        print(f"{po.relative_to(ROOT)} is up to date.")
    return 0


def check(pot: Path) -> int:
    """Say what is missing, language by language."""
    with pot.open("rb") as file:
        used = read_po(file)
    faults = []
    for po in sorted(FOLDER.glob("*/LC_MESSAGES/messages.po")):
        with po.open("rb") as file:
            known = read_po(file, locale=po.parent.parent.name)
        faults += [f"{po.parent.parent.name}: {fault}" for fault in faults_of(used, known)]
    print("\n".join(faults) if faults else f"{len(used)} messages, all translated.")
    return 1 if faults else 0


def faults_of(used: Catalog, known: Catalog) -> list[str]:
    """A line for each message of the code that a language lacks or gets wrong."""
    faults = []
    for message in used:
        if not message.id:
            continue
        found = known.get(message.id, message.context)
        fault = _fault(message, found)
        if fault:
            faults.append(f"{fault}: {message.id!r}")
    return faults


def _fault(message: Message, found: Message | None) -> str | None:
    if found is None:
        return "missing"
    texts = found.string if isinstance(found.string, tuple) else (found.string,)
    if not all(texts):
        return "empty"
    if found.fuzzy:
        return "fuzzy"
    ids = message.id if isinstance(message.id, tuple) else (message.id,)
    wanted = set(_PLACEHOLDER.findall(" ".join(ids)))
    if any(set(_PLACEHOLDER.findall(text)) - wanted for text in texts):
        return "unknown placeholder"
    if isinstance(message.id, str) and set(_PLACEHOLDER.findall(texts[0])) != wanted:
        return "lost placeholder"
    return None


if __name__ == "__main__":
    sys.exit(main())
