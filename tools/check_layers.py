#!/usr/bin/env python3
"""Holds the order of the stairs: a folder of src/ includes only folders above it in LAYERS.

Also: each folder has a README.md, and no file of the project's own is longer than MAX_LINES. One line for each
violation; exit status 1 if there is any.
"""
import pathlib
import re
import sys

LAYERS = ["base", "hardware", "gguf", "quant", "kernels", "tokenizer", "model", "executor", "kvcache", "constraint",
          "sampling", "drafting", "engine", "chat", "rewrite", "cache", "api", "server", "apps"]
MAX_LINES = 800
INCLUDE = re.compile(r'^\s*#\s*include\s*"([^"]+)"')
SOURCES = {".h", ".cpp", ".inc", ".in", ".cu", ".cuh"}


def included_folders(path):
    """The (line number, folder) of every project include of a file."""
    with open(path, encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            match = INCLUDE.match(line)
            if match and "/" in match[1]:
                yield number, match[1].split("/")[0]


def check(root):
    """All violations below root/src, as lines for a person."""
    root = pathlib.Path(root)
    order = {name: position for position, name in enumerate(LAYERS)}
    problems = []
    for folder in sorted(path for path in (root / "src").iterdir() if path.is_dir()):
        files = sorted(path for path in folder.rglob("*") if path.suffix in SOURCES)
        if not files:
            continue
        if folder.name not in order:
            problems.append(f"src/{folder.name}: not in the list of layers (tools/check_layers.py)")
            continue
        if not (folder / "README.md").is_file():
            problems.append(f"src/{folder.name}: has no README.md")
        for path in files:
            for number, used in included_folders(path):
                where = f"{path.relative_to(root)}:{number}"
                if used not in order:
                    problems.append(f"{where}: includes {used}/, which is no layer")
                elif order[used] > order[folder.name]:
                    problems.append(f"{where}: {folder.name} may not include {used}, which stands below it")
    for path in sorted((root / "src").rglob("*")) + sorted((root / "tests").rglob("*")):
        if path.suffix in SOURCES - {".inc"} and path.is_file():
            lines = path.read_bytes().count(b"\n")
            if lines > MAX_LINES:
                problems.append(f"{path.relative_to(root)}: {lines} lines, more than {MAX_LINES}")
    return problems


def main():
    root = sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).resolve().parent.parent
    problems = check(root)
    print("\n".join(problems) if problems else "layers: in order")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
