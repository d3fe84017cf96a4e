#!/usr/bin/env python3
"""Writes a network folder of a fly's brain, with the dynamics of Shiu and others 2024.

usage: make.py FOLDER [CONNECTIONS.csv [DRIVEN.txt]]

CONNECTIONS.csv has the columns Presynaptic_Index, Postsynaptic_Index and "Excitatory x
Connectivity" of the authors' table, whatever else it has; DRIVEN.txt an index of a stimulated
neuron a line. Without them the wiring is drawn: as many neurons and synapses, and as many contacts
of each on average.
"""
import csv
import json
import math
import pathlib
import struct
import sys

CONTACT_MV, TAU_SYNAPSE_MS = 0.275, 5  # of g, which one contact adds
CAPACITANCE_PF, TAU_MEMBRANE_MS = 20, 20  # so that g in mV is a current in pA
EVENT_MV, FAST_MS = 68.75, 0.01  # what an event adds to the potential, through so short a current
DRAWN_NEURONS, DRAWN_SYNAPSES, DRAWN_DRIVEN = 138639, 15091983, 112
STREAM = 783
COLUMNS = ["Presynaptic_Index", "Postsynaptic_Index", "Excitatory x Connectivity"]


def mix(z):
    """The step of SplitMix64 (Steele and others 2014, doi:10.1145/2714064.2660195)."""
    z = z + 0x9e3779b97f4a7c15 & 0xffffffffffffffff
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9 & 0xffffffffffffffff
    z = (z ^ z >> 27) * 0x94d049bb133111eb & 0xffffffffffffffff
    return z ^ z >> 31


def drawn():
    """Even sources and targets, geometric counts; 65 of 100 sources excite."""
    log_more = math.log(1 - 1 / 3.6)
    signs = [1 if mix(pre + (STREAM << 20)) >> 32 < .65 * 2**32 else -1
             for pre in range(DRAWN_NEURONS)]
    for k in range(DRAWN_SYNAPSES):
        x = 2 * k + (STREAM << 40)
        a, b = mix(x), mix(x + 1)
        pre = (a >> 32) * DRAWN_NEURONS >> 32
        post = (a & 0xffffffff) * DRAWN_NEURONS >> 32
        count = 1 + math.floor(math.log(((b >> 11) + .5) * 2**-53) / log_more)
        yield pre, post, signs[pre] * count


def listed(path):
    with open(path, newline="", encoding="utf-8") as lines:
        rows = csv.DictReader(lines)
        for column in COLUMNS:
            if column not in (rows.fieldnames or []):
                sys.exit(f"{path}:1: the column '{column}' is missing")
        for row in rows:
            try:
                pre, post, count = (float(row[column]) for column in COLUMNS)
                yield int(pre), int(post), int(count)
            except (TypeError, ValueError):
                sys.exit(f"{path}:{rows.line_num}: {', '.join(COLUMNS)} must be numbers")


def indices(path):
    with open(path, encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            if line.strip() and not line.strip().isdigit():
                sys.exit(f"{path}:{number}: '{line.strip()}' is no index of a neuron")
            if line.strip():
                yield int(line)


def single(number):
    """As a float of 32 bits, in which weights are multiplied."""
    return struct.unpack("f", struct.pack("f", number))[0]


def write_synapses(path, connections, driven):
    """Returns how many neurons there are."""
    n_neurons = 0
    with open(path, "w", encoding="utf-8") as out:
        out.write("pre,post,weight_pa,delay_ms\n")
        for pre, post, count in connections:
            weight = single(count * CONTACT_MV)
            if post in driven:
                weight = single(weight * single(TAU_SYNAPSE_MS / FAST_MS))
            out.write(f"{pre},{post},{weight:.9g},1.8\n")
            n_neurons = max(n_neurons, pre + 1, post + 1)
    return n_neurons


def write_neurons(path, n_neurons, driven):
    """Places are a layout: in the order of the table on the seeds of a sunflower."""
    with open(path, "w", encoding="utf-8") as out:
        out.write("name,type,x_um,y_um,z_um,diameter_um\n")
        for index in range(n_neurons):
            radius, angle = math.sqrt(index), index * math.pi * (3 - math.sqrt(5))
            kind = "driven" if index in driven else "neuron"
            out.write(f"{index},{kind},{radius * math.cos(angle):.3f},"
                      f"{radius * math.sin(angle):.3f},0,1\n")


def write_network(path):
    event_pa = EVENT_MV * CAPACITANCE_PF / FAST_MS
    network = {
        "format": "chronaxie-network",
        "version": 1,
        "name": "A fly's brain",
        "description": "Dynamics of Shiu and others 2024, doi:10.1038/s41586-024-07763-9",
        "time_step_ms": 0.1,
        "duration_ms": 1000,
        "seed": 1,
        "neuron": {"capacitance_pf": CAPACITANCE_PF, "tau_membrane_ms": TAU_MEMBRANE_MS,
                   "tau_synapse_ms": TAU_SYNAPSE_MS, "resting_mv": -52, "threshold_mv": -45,
                   "reset_mv": -52, "refractory_ms": 2.2},
        "types": {"driven": {"tau_synapse_ms": FAST_MS, "refractory_ms": 0}},
        "stimuli": [{"kind": "poisson", "types": ["driven"], "start_ms": 0, "stop_ms": 1000,
                     "rate_hz": 150, "current_pa": event_pa}],
    }
    path.write_text(json.dumps(network, indent=2) + "\n", encoding="utf-8")


def main(folder, connections=None, driven=None):
    folder = pathlib.Path(folder)
    if driven:
        driven = set(indices(driven)) or sys.exit(f"{driven}: names no neuron to stimulate")
    else:
        driven = {k * 1237 % DRAWN_NEURONS for k in range(DRAWN_DRIVEN)}
    folder.mkdir(parents=True, exist_ok=True)
    part = folder / "synapses.csv.part"
    try:
        n_neurons = write_synapses(part, listed(connections) if connections else drawn(), driven)
        part.rename(folder / "synapses.csv")
    finally:
        part.unlink(missing_ok=True)
    write_neurons(folder / "neurons.csv", max(n_neurons, max(driven) + 1), driven)
    write_network(folder / "network.json")


if __name__ == "__main__":
    if not 2 <= len(sys.argv) <= 4:
        sys.exit(__doc__)
    main(*sys.argv[1:])
