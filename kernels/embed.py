"""Writes a C file with the bytes of every source, of a kernel or of a page.

usage: embed.py FOLDER OUTPUT HEADER TYPE SOURCE...

Names are relative to FOLDER. The C file includes HEADER and defines TYPEs, an
array of TYPE {name, bytes, size} ended by a row of zeroes.
"""
import os
import sys


def bytes_of(path):
    with open(path, "rb") as source:
        return source.read()


def main(folder, output, header, row, sources):
    lines = [f'#include "{header}"', ""]
    rows = []
    for index, path in enumerate(sorted(sources)):
        data = bytes_of(path)
        name = os.path.relpath(path, folder).replace(os.sep, "/")
        lines.append(f"static const char source_{index}[] = {{")
        for begin in range(0, len(data), 20):
            lines.append("    " + ", ".join(str(b) for b in data[begin:begin + 20]) + ",")
        lines += ["    0};", ""]
        rows.append(f'    {{"{name}", source_{index}, {len(data)}}},')
    lines.append(f"const {row} {row}s[] = {{")
    lines += rows + ["    {0, 0, 0}};", ""]
    with open(output, "w", encoding="utf-8") as c_file:
        c_file.write("\n".join(lines))


if __name__ == "__main__":
    main(*sys.argv[1:5], sys.argv[5:])
