#!/usr/bin/env python3
"""Makes a network of many cells out of the five: many.py N FOLDER

Lays down N of them in turn, each turned about the upright axis, in a sheet that is as wide to high
as a picture, and lets each be driven now and then. The shapes are kept once.
"""
import csv
import json
import math
import os
import random
import shutil
import sys

UNIT_UM = 0.008
APART_UM = 75


def convert(source, target):
    """Voxels to micrometres."""
    with open(source) as lines, open(target, "w") as out:
        for line in lines:
            f = line.split()
            if line.startswith("#") or not f:
                continue
            f[2:6] = [f"{float(v) * UNIT_UM:.4f}" for v in f[2:6]]
            out.write(" ".join(f) + "\n")


def main():
    n, folder = int(sys.argv[1]), sys.argv[2]
    here = os.path.dirname(os.path.abspath(__file__))
    cells = sorted(name[:-4] for name in os.listdir(here) if name.endswith(".swc"))
    shutil.rmtree(os.path.join(folder, "morphologies"), ignore_errors=True)
    os.makedirs(os.path.join(folder, "morphologies"))
    for cell in cells:
        convert(os.path.join(here, cell + ".swc"),
                os.path.join(folder, "morphologies", cell + ".swc"))

    chance = random.Random(1)
    wide = math.ceil(math.sqrt(n * 16 / 9))
    with open(os.path.join(folder, "neurons.csv"), "w", newline="") as out:
        table = csv.writer(out, lineterminator="\n")
        table.writerow(["name", "type", "x_um", "y_um", "z_um", "diameter_um", "morphology",
                        "rotation_deg"])
        for i in range(n):
            x = (i % wide + chance.random()) * APART_UM
            y = (i // wide + chance.random()) * APART_UM
            table.writerow([f"c{i}", cells[i % 5], f"{x:.1f}", f"{y:.1f}",
                            f"{100 * chance.random():.1f}", 3, cells[i % 5],
                            chance.randrange(360)])
    with open(os.path.join(folder, "synapses.csv"), "w") as out:
        out.write("pre,post,weight_pa,delay_ms\n")
    network = {
        "format": "chronaxie-network",
        "version": 1,
        "name": f"{n} projection neurons",
        "time_step_ms": 0.1,
        "duration_ms": 60,
        "seed": 1,
        "neuron": {"capacitance_pf": 10, "tau_membrane_ms": 10, "tau_synapse_ms": 5,
                   "resting_mv": -65, "threshold_mv": -50, "reset_mv": -65, "refractory_ms": 5},
        "stimuli": [{"kind": "poisson", "types": cells[:n], "start_ms": 5, "stop_ms": 60,
                     "rate_hz": 20, "current_pa": 400}],
        "view": {"plane": "xy", "conduction_um_per_ms": 150, "decay_ms": 6},
    }
    with open(os.path.join(folder, "network.json"), "w") as out:
        json.dump(network, out, indent=2)
        out.write("\n")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main()
