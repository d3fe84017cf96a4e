"""Spikes, currents and weights beside those of Brian 2 (Stimberg and others 2019,
doi:10.7554/eLife.47314), which shares nothing with the kernels and computes in double precision.

usage: test_peers.py CHRONAXIE SOURCE_FOLDER [unittest arguments]

Skipped where Brian 2 cannot be imported; PYTHONPATH may name a folder that has it. Both cut time
into the same steps, and what arrives in one acts from its end on. Brian 2 counts the step of a
spike as refractory, and so one more than `refractory_ms` here. Input is such that no spike hangs
on how numbers are rounded.
"""
import csv
import sys
import unittest

sys.dont_write_bytecode = True
try:
    import brian2 as b
    import numpy
    from brian2 import mV, ms, nS, pA, pF
except (ImportError, AttributeError):  # the latter with a NumPy that is too new for it
    sys.exit(77)
from command import Case, devices  # noqa: E402

END_MS, N_CELLS = 500, 5
UP_MS, DOWN_MS = list(range(20, END_MS, 23)), list(range(31, END_MS, 37))
UNITS = {"ns_per_mv": nS / mV, "per_ms": 1 / ms, "ms": ms, "mv": mV, "ns": nS, "pa": pA, "pf": pF}
LEAKY = {"capacitance_pf": 250, "tau_membrane_ms": 10, "resting_mv": -65, "threshold_mv": -50,
         "reset_mv": -60, "refractory_ms": 2}
CURRENT = "\ndI/dt = -I / tau_synapse : amp\n"


def moves(current):
    """The equation of a potential that stays while the neuron is refractory."""
    return f"dv/dt = ({current}) / capacitance : volt (unless refractory)\n"


def leaks(current):
    return moves(f"capacitance * (resting - v) / tau_membrane + {current}")


def names(neuron):
    """The parameters under the names that equations have for them, which are without units."""
    known = {}
    for key, value in neuron.items():
        unit = next(unit for unit in [*UNITS, ""] if key.endswith(unit))
        known[key.removesuffix("_" + unit)] = value * UNITS.get(unit, 1)
    known["deaf"] = known.pop("refractory", 0 * ms)
    return known


def begin(step_ms):
    b.start_scope()
    b.defaultclock.dt = step_ms * ms


def train(times_ms):
    """Fires at these times of each neuron."""
    who = [n for n, times in enumerate(times_ms) for _ in times]
    return b.SpikeGeneratorGroup(len(times_ms), who, numpy.concatenate(times_ms) * ms)


def table(path):
    with open(path, newline="", encoding="utf-8") as lines:
        return list(csv.DictReader(lines))


class Peers(Case):
    def run_network(self, network, *words, unit="pa"):
        """Returns when each neuron fires that does, in ms."""
        path = self.folder / "spikes.csv"
        if not (self.folder / "synapses.csv").exists():
            self.file("synapses.csv", f"pre,post,weight_{unit},delay_ms\n")
        self.file("network.json", {"format": "chronaxie-network", "version": 1, "name": "peers",
                                   "time_step_ms": .1, "duration_ms": END_MS, **network})
        self.succeeds("run", self.folder, "--spikes", path, *words, *devices())
        fired = {}
        for row in table(path):
            fired.setdefault(row["neuron"], []).append(float(row["time_ms"]))
        return fired

    def fires_alike(self, neuron, equations, drives_pa, weight, step_ms=.1, unit="pa",
                    up="I += w", down="I -= w", threshold="v >= threshold", reset="v = reset",
                    refractory=None):
        """Five cells with steady currents of their own, which two trains excite and inhibit."""
        cells = [f"cell{n + 1}" for n in range(N_CELLS)]
        steps = [self.step(drive, 0, END_MS, [cell]) for cell, drive in zip(cells, drives_pa)]
        trains = [{"kind": "spike_train", "types": ["cell"], "times_ms": times,
                   "weight_" + unit: sign * weight} for times, sign in [(UP_MS, 1), (DOWN_MS, -1)]]
        here = self.run_network({"time_step_ms": step_ms, "neuron": neuron,
                                 "types": {"cell": {"neurons": N_CELLS}},
                                 "stimuli": steps + trains}, unit=unit)
        there = self.fires_there(neuron, equations, drives_pa, weight * UNITS[unit], step_ms,
                                 [(UP_MS, up), (DOWN_MS, down)], threshold=threshold, reset=reset,
                                 refractory=refractory)
        self.assertGreater(sum(map(len, there)), 20)
        for cell, expected in zip(cells, there):
            fired = here.get(cell, [])
            self.assertEqual(len(fired), len(expected), (cell, fired, expected))
            for time, other in zip(fired, expected):
                self.assertLess(abs(time - other), .1001, (cell, fired, expected))

    @staticmethod
    def fires_there(neuron, equations, drives_pa, weight, step_ms, inputs, refractory, **firing):
        """The same in Brian 2, which compares with the threshold before anything arrives."""
        begin(step_ms)
        own = {key: value for key, value in neuron.items() if key not in ["model", "initial"]}
        known = {**names(own), "w": weight}
        group = b.NeuronGroup(N_CELLS, equations + "drive : amp", method="rk4", namespace=known,
                              refractory=refractory or known["deaf"] + step_ms * ms, **firing)
        group.v = known.get("resting", 0 * mV)
        for state, value in neuron.get("initial", {}).items():
            setattr(group, *(("v", value * mV) if state == "potential_mv" else (state, value)))
        group.drive = drives_pa * pA
        monitor = b.SpikeMonitor(group)
        net = b.Network(group, monitor)
        is_compared_last = inputs[0][1].startswith("v")
        if is_compared_last:
            net.schedule = ["start", "groups", "synapses", "thresholds", "resets", "end"]
        for times, change in inputs:
            source = train([numpy.array(times) - is_compared_last * step_ms])
            synapses = b.Synapses(source, group, on_pre=change, namespace=known)
            synapses.connect()
            net.add(source, synapses)
        net.run(END_MS * ms)
        return [list(times / ms) for times in monitor.spike_trains().values()]

    def test_exponential_currents(self):
        self.fires_alike({**LEAKY, "tau_synapse_ms": 2}, leaks("I + drive") + CURRENT,
                         [0, 300, 380, 450, 600], 900)

    def test_alpha_currents(self):
        self.fires_alike(
            {"model": "lif_alpha", **LEAKY, "tau_synapse_ms": 2, "tau_inhibition_ms": 5},
            leaks("I + J + drive") + """dI/dt = (e * R - I) / tau_synapse : amp
            dR/dt = -R / tau_synapse : amp
            dJ/dt = (e * Q - J) / tau_inhibition : amp
            dQ/dt = -Q / tau_inhibition : amp\n""",
            [0, 300, 380, 450, 600], 700, up="R += w", down="Q -= w")

    def test_jumps_of_the_potential(self):
        self.fires_alike({"model": "lif_delta", **LEAKY}, leaks("drive"),
                         [0, 300, 380, 450, 600], 6, unit="mv", up="v += w", down="v -= w")

    def test_conductances(self):
        self.fires_alike(
            {"model": "lif_cond", "capacitance_pf": 200, "leak_ns": 10, "resting_mv": -60,
             "reset_mv": -60, "threshold_mv": -50, "tau_synapse_ms": 5, "tau_inhibition_ms": 10,
             "excitation_mv": 0, "inhibition_mv": -80, "refractory_ms": 5},
            moves("""leak * (resting - v) + g * (excitation - v) + k * (inhibition - v)
                  + drive""") + """dg/dt = -g / tau_synapse : siemens
            dk/dt = -k / tau_inhibition : siemens\n""",
            [0, 90, 105, 150, 200], 12, unit="ns", up="g += w", down="k += w")

    def test_currents_after_spikes(self):
        self.fires_alike(
            {"model": "glif3", "capacitance_pf": 100, "leak_ns": 5, "resting_mv": -75,
             "reset_mv": -70, "threshold_mv": -50, "decay_1_per_ms": .1, "decay_2_per_ms": .01,
             "jump_1_pa": 30, "jump_2_pa": -20, "kept_1": .8, "kept_2": 1, "tau_synapse_ms": 4,
             "refractory_ms": 3},
            moves("leak * (resting - v) + A + B + I + drive") + """dA/dt = -decay_1 * A : amp
            dB/dt = -decay_2 * B : amp""" + CURRENT, [60, 130, 160, 200, 260], 400,
            reset="""v = reset
            A = kept_1 * A + exp(decay_1 * deaf) * jump_1
            B = kept_2 * B + exp(decay_2 * deaf) * jump_2""")

    def test_adaptive_exponential(self):
        self.fires_alike(
            {"model": "adex", "capacitance_pf": 200, "leak_ns": 10, "resting_mv": -70,
             "threshold_mv": -50, "slope_mv": 2, "peak_mv": -30, "reset_mv": -58,
             "tau_adaptation_ms": 120, "adaptation_ns": 2, "jump_pa": 60, "tau_synapse_ms": 5},
            moves("""leak * (resting - v) - u + I + drive
                  + leak * slope * exp(clip((v - threshold) / slope, -80, 12))""") +
            "du/dt = (adaptation * (v - resting) - u) / tau_adaptation : amp" + CURRENT,
            [0, 50, 100, 130, 160], 2000, step_ms=.02, threshold="v >= peak",
            reset="v = reset; u += jump")

    def test_izhikevich(self):
        self.fires_alike(
            {"model": "izhikevich", "capacitance_pf": 100, "gain_ns_per_mv": .7, "resting_mv": -60,
             "threshold_mv": -40, "peak_mv": 35, "reset_mv": -50, "recovery_per_ms": .03,
             "coupling_ns": -2, "jump_pa": 100, "tau_synapse_ms": 5},
            moves("gain * (v - resting) * (v - threshold) - u + I + drive") +
            "du/dt = recovery * (coupling * (v - resting) - u) : amp" + CURRENT,
            [0, 10, 20, 30, 40], 1500, step_ms=.05, threshold="v >= peak",
            reset="v = reset; u += jump")

    def test_hodgkin_and_huxley(self):
        self.fires_alike(
            {"model": "hh", "capacitance_pf": 10, "sodium_ns": 1200, "potassium_ns": 360,
             "leak_ns": 3, "tau_synapse_ms": 2,
             "initial": {"potential_mv": -65, "m": .0529, "h": .5961, "n": .3177}},
            """dv/dt = (sodium * m**3 * h * (50*mV - v) + potassium * n**4 * (-77*mV - v)
                        + leak * (-54.387*mV - v) + I + drive) / capacitance : volt
            x = (v / mV + 40) / 10 : 1
            y = (v / mV + 55) / 10 : 1
            z = (v / mV + 65) / 10 : 1
            dm/dt = (x / (1 - exp(-x)) * (1 - m) - 4 * exp(-z / 1.8) * m) / ms : 1
            dh/dt = (.07 * exp(-z / 2) * (1 - h) - h / (exp(3 - z) + 1)) / ms : 1
            dn/dt = (y / (1 - exp(-y)) / 10 * (1 - n) - .125 * exp(-z / 8) * n) / ms : 1
            """ + CURRENT, [0, 10, 20, 30, 40], 200, step_ms=.04, threshold="v >= 0*mV",
            reset="", refractory="v >= 0*mV")

    def test_tired_synapses(self):
        """The current that a source's spikes leave with depression, and with facilitation too."""
        times = [10, 20, 30, 31, 32, 50, 90, 150, 155, 300, 302, 304, 400]
        path = self.folder / "states.csv"
        for recovery_ms, facilitation_ms in [(200, 0), (100, 300)]:
            self.run_network({
                "neuron": {**LEAKY, "tau_synapse_ms": 5},
                "types": {"in": {"model": "relay", "neurons": 1}, "out": {"neurons": 1}},
                "projections": [{"from": "in", "to": "out", "rule": "all_to_all",
                                 "weight_pa": 100, "delay_ms": 1}],
                "plasticities": [{"kind": "short_term", "utilization": .4, "recovery_ms":
                                  recovery_ms, "facilitation_ms": facilitation_ms}],
                "stimuli": [{"kind": "spike_train", "types": ["in"], "times_ms": times,
                             "weight_pa": 1}]},
                "--states", path, "--states-of", "out1", "--state", "current_pa")
            here = numpy.array([float(row["out1"]) for row in table(path)])
            begin(.1)
            source = train([times])
            target = b.NeuronGroup(1, CURRENT, method="exact", namespace={"tau_synapse": 5 * ms})
            synapses = b.Synapses(
                source, target, """dy/dt = -y / recovery : 1 (event-driven)
                du/dt = -u / facilitation : 1 (event-driven)""", delay=1 * ms,
                on_pre="u += .4 * (1 - u); I += 100*pA * (1 - y) * u; y += (1 - y) * u",
                namespace={"recovery": recovery_ms * ms,
                           "facilitation": max(facilitation_ms, 1e-3) * ms})
            synapses.connect()
            monitor = b.StateMonitor(target, "I", record=True)
            b.Network(source, target, synapses, monitor).run((END_MS + .1) * ms)
            there = monitor.I[0][1:] / pA
            self.assertEqual(len(here), len(there))
            self.assertGreater(max(there), 40)
            self.assertLess(max(abs(here - there)), 1e-3)

    def test_learnt_weights(self):
        """Sources fire in even steps, and what their target fires gets back in odd ones."""
        random = numpy.random.RandomState(1)
        trains = [sorted(random.choice(2400, 40, replace=False) * .2) for _ in range(20)]
        beats = numpy.sort(random.choice(240, 30, replace=False) * 2.)
        path = self.folder / "weights.csv"
        for exponent in [0, 1]:
            fired = self.run_network({
                "neuron": {**LEAKY, "tau_synapse_ms": 5, "refractory_ms": 0},
                "types": {"in": {"model": "relay", "neurons": 20}, "out": {"neurons": 1}},
                "projections": [{"from": "in", "to": "out", "rule": "all_to_all",
                                 "weight_pa": .4, "delay_ms": 1}],
                "plasticities": [{
                    "kind": "stdp", "potentiation": .03, "potentiation_ms": 17, "depression": .02,
                    "depression_ms": 34, "potentiation_exponent": exponent,
                    "depression_exponent": exponent, "weight_max": 1}],
                "stimuli": [{"kind": "spike_train", "neurons": [f"in{n + 1}"], "weight_pa": 1,
                             "times_ms": times} for n, times in enumerate(trains)] +
                           [{"kind": "spike_train", "types": ["out"], "weight_pa": sign * 1e5,
                             "times_ms": list(beats + late)} for sign, late in [(1, 0), (-1, .1)]]},
                "--weights", path)["out1"]
            self.assertTrue(all(round(time * 10) % 2 for time in fired), fired)
            begin(.1)
            source, target = train(trains), train([fired])
            synapses = b.Synapses(
                source, target, """w : 1
                dx/dt = -x / (17*ms) : 1 (event-driven)
                dy/dt = -y / (34*ms) : 1 (event-driven)""", namespace={"mu": exponent},
                on_pre="w = clip(w - .02 * w**mu * y, 0, 1); x += 1",
                on_post="w = clip(w + .03 * (1 - w)**mu * x, 0, 1); y += 1")
            synapses.connect()
            synapses.w = .4
            synapses.post.delay = 1 * ms
            b.Network(source, target, synapses).run(END_MS * ms)
            self.assertGreater(max(synapses.w) - min(synapses.w), .05)
            for row, weight in zip(table(path), synapses.w):
                self.assertAlmostEqual(float(row["weight_pa"]), weight, delta=1e-5)

    def test_a_network_with_the_dynamics_of_the_fly(self):
        """Some neurons fire at random; those that this moves do the same on both sides."""
        n_driven, n_others, end_ms = 100, 1900, 100
        random = numpy.random.RandomState(2)
        signs = numpy.where(random.rand(n_driven + n_others) < .65, 1, -1)
        pre = random.randint(len(signs), size=100000)
        post = random.randint(n_others, size=len(pre))
        weights = .7 * random.geometric(1 / 3.6, len(pre)) * signs[pre]
        labels = [f"driven{n + 1}" for n in range(n_driven)]
        others = [f"other{n + 1}" for n in range(n_others)]
        self.file("synapses.csv", "pre,post,weight_pa,delay_ms\n" + "".join(
            f"{(labels + others)[n]},{others[m]},{weight:.9g},1.8\n"
            for n, m, weight in zip(pre, post, weights)))
        neuron = {"capacitance_pf": 20, "tau_membrane_ms": 20, "tau_synapse_ms": 5,
                  "resting_mv": -52, "threshold_mv": -45, "reset_mv": -52, "refractory_ms": 2.2}
        fired = self.run_network({
            "duration_ms": end_ms, "neuron": neuron,
            "types": {"driven": {"model": "relay", "neurons": n_driven},
                      "other": {"neurons": n_others}},
            "stimuli": [{"kind": "poisson", "types": ["driven"], "start_ms": 0, "stop_ms": end_ms,
                         "rate_hz": 150, "current_pa": 1}]})
        begin(.1)
        known = names(neuron)
        driven = train([fired.get(label, []) for label in labels])
        group = b.NeuronGroup(n_others, leaks("I") + CURRENT, method="rk4", namespace=known,
                              threshold="v >= threshold", reset="v = reset",
                              refractory=known["deaf"] + .1 * ms)
        group.v = known["resting"]
        monitor = b.SpikeMonitor(group)
        net = b.Network(driven, group, monitor)
        for source, first, is_its in [(driven, 0, pre < n_driven),
                                      (group, n_driven, pre >= n_driven)]:
            synapses = b.Synapses(source, group, "w : amp", on_pre="I += w", delay=1.8 * ms)
            synapses.connect(i=pre[is_its] - first, j=post[is_its])
            synapses.w = weights[is_its] * pA
            net.add(synapses)
        net.run(end_ms * ms)
        here = numpy.array([len(fired.get(label, [])) for label in others])
        self.assertTrue(n_others / 4 < sum(here > 0) < n_others * .9, sum(here > 0))
        self.assertEqual(sum((here > 0) != (monitor.count > 0)), 0)
        self.assertLess(abs(sum(here) / monitor.num_spikes - 1), .01)


if __name__ == "__main__":
    b.prefs.codegen.target = "numpy"
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]], verbosity=2)
