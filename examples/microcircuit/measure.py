#!/usr/bin/env python3
"""Tells how the microcircuit's populations fire, of a table of spikes.

usage: measure.py SPIKES.csv SCALE END_MS

From 500 ms on: the rate, in Hz; the coefficient of variation of intervals, mean over neurons with
eight spikes or more; and the correlation of two neurons' counts in 3 ms, mean over all pairs of 200
neurons that fire, drawn evenly.
"""
import csv
import math
import random
import sys

from make import POPULATIONS, SIZES

FROM_MS, BIN_MS, LEAST, SAMPLE = 500, 3, 8, 200


def firing(path):
    """Times of each neuron by its population and number."""
    found = {name: {} for name in POPULATIONS}
    with open(path, newline="", encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            time, neuron = float(row["time_ms"]), row["neuron"]
            name = next(name for name in POPULATIONS if neuron.startswith(name))
            if time >= FROM_MS:
                found[name].setdefault(neuron, []).append(time)
    return found


def variation(times):
    gaps = [b - a for a, b in zip(times, times[1:])]
    mean = sum(gaps) / len(gaps)
    return math.sqrt(sum((gap - mean) ** 2 for gap in gaps) / len(gaps)) / mean


def correlation(trains, n_bins):
    """The variance of the sum of n standardised counts is n, and n (n - 1) times this."""
    total, n_used = [0] * n_bins, 0
    for times in trains:
        counts = [0] * n_bins
        for time in times:
            bin_index = int((time - FROM_MS) / BIN_MS + 1e-6)
            if bin_index < n_bins:
                counts[bin_index] += 1
        mean = sum(counts) / n_bins
        spread = math.sqrt(sum((count - mean) ** 2 for count in counts) / n_bins)
        if spread > 0:
            total = [so_far + (count - mean) / spread for so_far, count in zip(total, counts)]
            n_used += 1
    if n_used < 2:
        return math.nan
    return (sum(each * each for each in total) / n_bins - n_used) / (n_used * (n_used - 1))


def main(path, scale, end_ms):
    found, draw = firing(path), random.Random(1)
    print("type     Hz   variation  correlation")
    for name, size in zip(POPULATIONS, SIZES):
        trains = list(found[name].values())
        seconds = (end_ms - FROM_MS) / 1000
        hz = sum(map(len, trains)) / round(size * scale) / seconds
        varied = [variation(times) for times in trains if len(times) >= LEAST]
        sample = draw.sample(trains, min(SAMPLE, len(trains)))
        print(f"{name:5} {hz:6.3f} {sum(varied) / len(varied) if varied else math.nan:9.3f} "
              f"{correlation(sample, int((end_ms - FROM_MS) / BIN_MS)):12.4f}")


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    main(sys.argv[1], float(sys.argv[2]), float(sys.argv[3]))
