"""Make or refresh the virtual environment: `python tools/environment.py [run|dev]`, called by make.

Written so that an old Python can still read it and say in one sentence what is missing.
"""

import os
import platform
import re
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
ENVIRONMENT = os.path.join(ROOT, ".venv")
PYTHON = os.path.join(ENVIRONMENT, "bin", "python")
LOCKS = {"run": "requirements.lock", "dev": "requirements-dev.lock"}


def main():
    if sys.version_info < (3, 11):
        found = ".".join(str(part) for part in sys.version_info[:2])
        stop(
            "Python 3.11 or newer is needed, and this is %s: name another one, for example make run PYTHON=python3.12"
            % found
        )
    kind = sys.argv[1] if len(sys.argv) > 1 else "run"
    make_environment()
    install(LOCKS[kind])
    pip("--no-deps", "--editable", ROOT)
    with open(os.path.join(ENVIRONMENT, kind + ".stamp"), "w") as stamp:
        stamp.write("Installed from %s.\n" % LOCKS[kind])


def make_environment():
    if os.path.exists(PYTHON) and subprocess.call([PYTHON, "-c", "import pip"], stderr=subprocess.DEVNULL) == 0:
        return
    say("Making the virtual environment in .venv")
    if subprocess.call([sys.executable, "-m", "venv", "--clear", ENVIRONMENT], stdout=subprocess.DEVNULL) != 0:
        stop("Python cannot make a virtual environment here: on Debian or Ubuntu, install the package python3-venv.")


def install(lock):
    """The locked files and no other; on a machine the lock was not made for, the same versions from other files."""
    path = os.path.join(ROOT, lock)
    with open(path) as file:
        text = file.read()
    say("Installing the packages of %s" % lock)
    if machine() in re.findall(r"\S+", text.splitlines()[1]):
        pip("--require-hashes", "--requirement", path)
        return
    say("The lock holds no hashes for %s: installing the same versions without them" % machine())
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as plain:
        plain.write("\n".join(re.findall(r"^(\S+==\S+)", text, re.MULTILINE)))
        plain.flush()
        pip("--requirement", plain.name)


def machine():
    """This machine as the lock names it, for example 3.11-linux-x86_64."""
    return "%d.%d-%s-%s" % (sys.version_info[0], sys.version_info[1], sys.platform, platform.machine())


def pip(*arguments):
    command = [PYTHON, "-m", "pip", "install", "--quiet", "--no-input", "--disable-pip-version-check"]
    done = subprocess.run(command + list(arguments), stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if done.returncode != 0:
        sys.stderr.write(done.stdout.decode("utf-8", "replace"))
        stop("pip could not install what is needed; its words stand above.")


def say(sentence):
    print("%s." % sentence)
    sys.stdout.flush()


def stop(sentence):
    sys.stderr.write(sentence + "\n")
    sys.exit(1)


if __name__ == "__main__":
    main()
