"""Checks what a reviewer should not have to: layout, floors, kernels.

usage: check_style.py SOURCE_FOLDER

Lines of at most 100 columns without tabs or trailing spaces; clang-format; head comments; includes
that never go up a floor; files of the library that call each other in no circle; kernels that a
stock compiler accepts; README's code taken from examples.
"""
import os
import re
import shutil
import subprocess
import sys

FOLDERS = ["include", "runtime", "kernels", "tools", "examples", "tests"]
FLOORS = {"base": 1, "device": 2, "memory": 2, "graph": 3, "schedule": 3, "execute": 4,
          "io": 5, "network": 5, "scene": 5}
# Device code and what it shares with the host may be included from the floors that launch it.
SHARED = {"common", "neuron", "synapse", "render", "reduce", "layout"}
# Versions lay out differently; one judges: that of Debian 12.
CLANG_FORMAT = 14
TEXT = (".c", ".h", ".cl", ".py", ".sh", ".build")
problems = []


def complain(path, line, what):
    problems.append(f"{path}:{line}: {what}")


def sources(endings):
    for folder in FOLDERS:
        for parent, _, names in os.walk(folder):
            for name in sorted(names):
                path = os.path.join(parent, name)
                if name.endswith(endings) and not os.path.islink(path):
                    yield path


def lines_of(path):
    with open(path, encoding="utf-8") as text:
        return text.read().split("\n")


def check_lines(path):
    lines = lines_of(path)
    if lines[-1] != "":
        complain(path, len(lines), "the last line does not end")
    for number, line in enumerate(lines, 1):
        if len(line) > 100:
            complain(path, number, f"{len(line)} columns, 100 are allowed")
        if "\t" in line:
            complain(path, number, "a tab")
        if line != line.rstrip():
            complain(path, number, "trailing space")


def check_head(path):
    if not lines_of(path)[0].startswith("/*"):
        complain(path, 1, "the file does not begin by saying what it is")


def check_include(path, number, name, bracket):
    parts = path.split(os.sep)
    if parts[0] in ("tools", "examples"):
        if bracket == '"' and "/" in name and not name.startswith("threads/"):
            complain(path, number, f"{parts[0]} sees nothing but <chronaxie/...>: {name}")
        return
    if parts[0] != "runtime":
        return
    floor = parts[1]
    if floor == "schedule" and name.startswith(("CL/", "device/")):
        complain(path, number, f"schedule is pure C and knows no device: {name}")
    if bracket == "<" or name.split("/")[0] in SHARED:
        return
    if FLOORS.get(name.split("/")[0], 9) > FLOORS[floor]:
        complain(path, number, f"{floor} includes from a floor above: {name}")


def check_includes(path):
    for number, line in enumerate(lines_of(path), 1):
        found = re.match(r'\s*#\s*include\s*([<"])([^>"]+)', line)
        if found:
            check_include(path, number, found.group(2), found.group(1))


def find_callees(paths):
    """By file, the files of which it names a function: outside of comments and texts."""
    home, words = {}, {}
    for path in paths:
        code = re.sub(r'/\*.*?\*/|"(?:\\.|[^"\\])*"', " ", "\n".join(lines_of(path)), flags=re.S)
        words[path] = set(re.findall(r"\bchx_\w+", code))
        home.update((name, path) for name in re.findall(r"^(chx_\w+)\(", code, re.M))
    return {path: {home[name] for name in words[path] & home.keys()} - {path} for path in paths}


def check_circles(paths):
    """Takes away files that call none of the rest; what stays is in a circle or calls into one."""
    callees = find_callees(paths)
    while True:
        leaves = {path for path, called in callees.items() if not called}
        if not leaves:
            break
        callees = {path: called - leaves for path, called in callees.items() if path not in leaves}
    for path, called in callees.items():
        complain(path, 1, "calls in a circle, or into one: " + ", ".join(sorted(called)))


def check_format(paths):
    version = ""
    if shutil.which("clang-format"):
        version = subprocess.run(["clang-format", "--version"], capture_output=True,
                                 text=True).stdout
    if not re.search(rf"version {CLANG_FORMAT}\.", version):
        print(f"clang-format {CLANG_FORMAT} is not installed; layout was not compared")
        return
    result = subprocess.run(["clang-format", "--dry-run", "-Werror", *paths],
                            capture_output=True, text=True)
    if result.returncode:
        problems.extend(line for line in result.stderr.split("\n") if "error:" in line)


def is_model(path):
    """Code of a user's model, which compiles within the frame only; tests/test_model.c does it."""
    with open(path, encoding="utf-8") as source:
        return "chronaxie-model 1" in source.read()


def check_kernel(path):
    result = subprocess.run(
        ["clang", "-x", "cl", "-cl-std=CL1.2", "-Xclang", "-finclude-default-header",
         "-fsyntax-only", "-Wall", "-Wno-unused-function", "-Werror", "-Ikernels", path],
        capture_output=True, text=True)
    if result.returncode:
        problems.append(result.stderr.strip())


def check_readme():
    examples = "".join(open(path, encoding="utf-8").read() for path in sources((".c", ".cl"))
                       if path.startswith("examples"))
    shown = set(line.strip() for line in examples.split("\n"))
    with open("README.md", encoding="utf-8") as readme:
        for block in re.findall(r"```c\n(.*?)```", readme.read(), re.S):
            for line in block.strip().split("\n"):
                if line.strip() not in shown:
                    complain("README.md", 1, f"code that is in no example: {line.strip()}")


def main(folder):
    os.chdir(folder)
    for path in sources(TEXT):
        check_lines(path)
    c_files = list(sources((".c", ".h")))
    for path in c_files:
        check_includes(path)
    for path in sources((".c", ".h", ".cl")):
        check_head(path)
    check_circles([path for path in c_files if re.match(r"runtime/.*\.c$", path)])
    check_format([path for path in c_files])
    if shutil.which("clang"):
        for path in sources((".cl",)):
            if not path.startswith("tests") and not is_model(path):
                check_kernel(path)
    check_readme()
    print("\n".join(problems))
    print(f"{len(problems)} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
