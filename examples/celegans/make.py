#!/usr/bin/env python3
"""Derives this folder's tables and shapes from the tables of openworm/c302.

    make.py TABLES [FOLDER]

TABLES holds neurons.csv, connectome_varshney_chen.csv and swc/*.swc (LICENSE-data says where they
come from). FOLDER, by default the script's own, receives neurons.csv, synapses.csv,
gaps.csv and morphologies/*.swc. What is data and what is assumed is told in README.md; the
assumptions are the constants below.
"""

import csv
import math
import pathlib
import shutil
import sys

PA_PER_CONTACT = 18.0  # current that a spike adds through one chemical contact
MAX_CONTACTS = 3  # beyond these a connection grows no stronger
FACTORS = {"GABA": -3.0}  # by transmitter; all others excite with factor 1
SYNAPTIC_DELAY_MS = 1.0
CONDUCTION_UM_PER_MS = 25.0  # pace of a spike from soma to soma
GAP_NS_PER_CONTACT = 0.1  # conductance of one gap junction


def role(cell):
    """One type per neuron, for parameters and for the order of plots. c302 lists several."""
    roles = cell["type"].split("|")
    for name in ("motor", "sensory", "interneuron"):
        if name in roles:
            return name
    return "other"


def position(cell):
    return tuple(float(cell[f"soma_{axis}_um"]) for axis in "xyz")


def short(value):
    """At most four decimals, none of them trailing zeroes."""
    return f"{value:.4f}".rstrip("0").rstrip(".")


def write_table(path, header, rows):
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


def write_neurons(cells, path):
    rows = []
    for cell in cells:
        numbers = [*position(cell), float(cell["soma_diam_um"])]
        rows.append([cell["name"], role(cell), *map(short, numbers)])
    write_table(path, ["name", "type", "x_um", "y_um", "z_um", "diameter_um"], rows)


def write_synapses(cells, connections, path):
    places = {cell["name"]: position(cell) for cell in cells}
    rows = []
    for row in connections:
        if row["type"] != "chem":
            continue
        factor = FACTORS.get(row["neurotransmitter"], 1.0)
        weight_pa = factor * PA_PER_CONTACT * min(int(row["n"]), MAX_CONTACTS)
        distance_um = math.dist(places[row["pre"]], places[row["post"]])
        delay_ms = SYNAPTIC_DELAY_MS + distance_um / CONDUCTION_UM_PER_MS
        rows.append([row["pre"], row["post"], short(weight_pa), f"{delay_ms:.1f}"])
    write_table(path, ["pre", "post", "weight_pa", "delay_ms"], sorted(rows))


def write_gaps(connections, path):
    """The source lists most pairs from both ends; where the two differ, the larger count holds."""
    contacts = {}
    for row in connections:
        pair = tuple(sorted((row["pre"], row["post"])))
        if row["type"] == "gap" and pair[0] != pair[1]:
            contacts[pair] = max(contacts.get(pair, 0), int(row["n"]))
    rows = [[*pair, short(GAP_NS_PER_CONTACT * n)] for pair, n in sorted(contacts.items())]
    write_table(path, ["neuron", "other", "conductance_ns"], rows)


def read_table(path):
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def main(arguments):
    if len(arguments) not in (1, 2):
        sys.exit(__doc__.split("\n\n")[1].strip())
    tables = pathlib.Path(arguments[0])
    own_folder = pathlib.Path(__file__).resolve().parent
    folder = pathlib.Path(arguments[1]) if len(arguments) == 2 else own_folder
    cells = sorted(read_table(tables / "neurons.csv"), key=lambda cell: cell["name"])
    connections = read_table(tables / "connectome_varshney_chen.csv")
    morphologies = folder / "morphologies"
    morphologies.mkdir(parents=True, exist_ok=True)
    write_neurons(cells, folder / "neurons.csv")
    write_synapses(cells, connections, folder / "synapses.csv")
    write_gaps(connections, folder / "gaps.csv")
    for cell in cells:
        name = f"{cell['name']}.swc"
        shutil.copyfile(tables / "swc" / name, morphologies / name)


if __name__ == "__main__":
    main(sys.argv[1:])
