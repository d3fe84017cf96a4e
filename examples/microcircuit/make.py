#!/usr/bin/env python3
"""Writes network.json of the cortical microcircuit of Potjans and Diesmann 2014 at a scale.

usage: make.py SCALE [FOLDER]     SCALE from 0.01 to 1; FOLDER is this one by default

What a smaller network lacks is made good as in NEST's microcircuit: weights grow by the root of the
scale, and a steady current stands for the mean of the inputs that are missing.
"""
import json
import math
import os
import pathlib
import sys

POPULATIONS = ["L23E", "L23I", "L4E", "L4I", "L5E", "L5I", "L6E", "L6I"]
SIZES = [20683, 5834, 21915, 5479, 4850, 1065, 14395, 2948]
INPUTS = [1600, 1500, 2100, 1900, 2000, 1900, 2900, 2100]  # from outside, 8 Hz each
RATES_HZ = [.903, 2.965, 4.414, 5.876, 7.569, 8.633, 1.105, 7.829]  # of the network at full scale
BEGINS_MV = [-68.28, -63.16, -63.33, -63.45, -63.11, -61.66, -66.72, -61.43]
BEGINS_SD_MV = [5.36, 4.57, 4.74, 4.94, 4.94, 4.55, 5.46, 4.48]
PROBABILITIES = [  # rows are targets, columns sources
    [.1009, .1689, .0437, .0818, .0323, 0, .0076, 0],
    [.1346, .1371, .0316, .0515, .0755, 0, .0042, 0],
    [.0077, .0059, .0497, .135, .0067, .0003, .0453, 0],
    [.0691, .0029, .0794, .1597, .0033, 0, .1057, 0],
    [.1004, .0622, .0505, .0057, .0831, .3726, .0204, 0],
    [.0548, .0269, .0257, .0022, .06, .3158, .0086, 0],
    [.0156, .0066, .0211, .0166, .0572, .0197, .0396, .2252],
    [.0364, .001, .0034, .0005, .0277, .008, .0658, .1443],
]
INPUT_HZ, WEIGHT_PA, TAU_SYNAPSE_MS = 8, 87.8, .5


def mean_pa(target, source):
    if source % 2:
        return -4 * WEIGHT_PA
    return 2 * WEIGHT_PA if (target, source) == (0, 2) else WEIGHT_PA


def synapses(target, source):
    """At full scale, drawn with replacement, so that a pair is joined with the probability."""
    pairs = SIZES[target] * SIZES[source]
    return round(math.log(1 - PROBABILITIES[target][source]) / math.log1p(-1 / pairs))


def missing_pa(target, scale):
    total = WEIGHT_PA * INPUTS[target] * INPUT_HZ
    total += sum(mean_pa(target, source) * synapses(target, source) / SIZES[target] * rate
                 for source, rate in enumerate(RATES_HZ))
    return 1e-3 * TAU_SYNAPSE_MS * (1 - math.sqrt(scale)) * total


def projection(target, source, scale):
    mean = round(mean_pa(target, source) / math.sqrt(scale), 6)
    delay_ms = .75 if source % 2 else 1.5
    weight = {"mean": mean, "sd": round(abs(mean) / 10, 6), "max" if mean < 0 else "min": 0}
    return {"from": POPULATIONS[source], "to": POPULATIONS[target], "rule": "fixed_total",
            "synapses": round(synapses(target, source) * scale ** 2), "self": True,
            "weight_pa": {"normal": weight},
            "delay_ms": {"normal": {"mean": delay_ms, "sd": delay_ms / 2, "min": .1}}}


def network(scale):
    places = range(len(POPULATIONS))
    projections = [projection(to, source, scale) for to in places for source in places]
    return {
        "format": "chronaxie-network", "version": 1, "name": "Cortical microcircuit",
        "description": "Potjans and Diesmann 2014, doi:10.1093/cercor/bhs358, at a scale of "
                       f"{scale:g}",
        "time_step_ms": .1, "duration_ms": 1000, "seed": 1,
        "neuron": {"capacitance_pf": 250, "tau_membrane_ms": 10, "tau_synapse_ms": TAU_SYNAPSE_MS,
                   "resting_mv": -65, "threshold_mv": -50, "reset_mv": -65, "refractory_ms": 2},
        "types": {name: {"neurons": round(SIZES[t] * scale),
                         "bias_pa": round(missing_pa(t, scale), 6),
                         "initial": {"potential_mv": {"normal": {
                             "mean": BEGINS_MV[t], "sd": BEGINS_SD_MV[t]}}}}
                  for t, name in enumerate(POPULATIONS)},
        "projections": [one for one in projections if one["synapses"]],
        "stimuli": [{"kind": "poisson", "types": [name], "start_ms": 0, "stop_ms": 1e6,
                     "current_pa": round(WEIGHT_PA / math.sqrt(scale), 6),
                     "rate_hz": round(INPUT_HZ * INPUTS[t] * scale, 6)}
                    for t, name in enumerate(POPULATIONS)],
        "view": {"plane": "xy"},
    }


def write(text_of, folder):
    """One line for each type, projection and stimulus: to be read, and to be changed by hand."""
    lines = []
    for key, value in text_of.items():
        if key in ("projections", "stimuli"):
            rows = ",\n".join("    " + json.dumps(row) for row in value)
            lines.append(f'  "{key}": [\n{rows}\n  ]')
        elif key == "types":
            rows = ",\n".join(f"    {json.dumps(k)}: {json.dumps(v)}" for k, v in value.items())
            lines.append(f'  "{key}": {{\n{rows}\n  }}')
        else:
            lines.append(f'  "{key}": {json.dumps(value)}')
    os.makedirs(folder, exist_ok=True)
    (pathlib.Path(folder) / "network.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    write(network(float(sys.argv[1])),
          sys.argv[2] if len(sys.argv) > 2 else pathlib.Path(__file__).parent)
