"""The built command's benchmarks: that they work, not how fast anything is.

usage: test_benches.py CHRONAXIE SOURCE_FOLDER [unittest arguments]
"""
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import unittest

sys.dont_write_bytecode = True
from command import (ALGORITHMS, Case, COMMAND, devices, run, SERIAL, some,  # noqa: E402
                     SOURCES, WORM)


@unittest.skipIf(SERIAL, "a checked device is too slow to be measured")
class Benches(Case):
    def test_kernels_and_plain_c_draw_shared_shapes_alike(self):
        net = self.network(neurons=("A,cell,0,0,0,12,B,0", "C,cell,90,7,3,12,B,70"),
                           stimuli=[{"kind": "step", "types": ["cell"], "start_ms": 0,
                                     "stop_ms": 100, "current_pa": 40}])
        table = (net / "neurons.csv").read_text()
        (net / "neurons.csv").write_text(
            table.replace("diameter_um", "diameter_um,morphology,rotation_deg"))
        (net / "morphologies/B.swc").write_text("1 1 5 0 0 6 -1\n2 3 30 50 9 1 1\n"
                                                "3 3 0 90 80 1 2\n")
        self.compare(net)

    def test_kernels_and_plain_c_make_the_same_spikes_and_pixels(self):
        self.compare(WORM)

    def compare(self, network):
        result = json.loads(self.succeeds("bench", "threads", "--json", "--duration-ms", "80",
                                          "--frames", "2", "--size", "160x90", "--network",
                                          network, *devices()))
        for job in result["simulation"] + result["drawing"]:
            self.assertGreater(job["threads_ms"], 0)
            self.assertTrue(job.get("digests_equal", True))
        self.assertTrue(result["drawing"][-1]["digests_equal"])

    def simulated(self, workload, *words, n_rounds=2):
        result = json.loads(self.succeeds("bench", "simulate", workload, "--json", "--rounds",
                                          n_rounds, *words, *devices()))
        self.assertGreater(result["read_bytes_per_s"], 0)
        self.assertEqual(len(result["workloads"]), 1)
        load = result["workloads"][0]
        self.assertTrue(load["digests_equal"])
        for key in ["create_network_s", "create_simulation_s", "seconds_per_biological_second",
                    "ns_per_neuron_step", "ns_per_synaptic_event", "device_bytes_per_synapse",
                    "scatter_fraction", "bandwidth_fraction", "mean_rate_hz"]:
            self.assertGreater(load[key], 0, key)
        return load

    def is_the_example(self, workload, example):
        load = self.simulated(workload, "-t", "80")
        ran = json.loads(self.succeeds("run", SOURCES / "examples" / example, "-t", "80", "--json",
                                       *devices()))
        self.assertEqual((load["neurons"], load["synapses"]), (ran["neurons"], ran["synapses"]))
        self.assertEqual((load["spikes"], load["digest"]), (ran["spikes"], ran["digest"]))

    def test_simulated_cuba_is_the_example(self):
        self.is_the_example("cuba", "cuba")

    def test_simulated_microcircuit_is_the_example(self):
        self.is_the_example("microcircuit=0.1", "microcircuit")
        make = SOURCES / "examples/microcircuit/make.py"
        subprocess.run([sys.executable, make, "0.1", self.folder / "made"], check=True)
        self.assertEqual((self.folder / "made/network.json").read_text(),
                         (make.parent / "network.json").read_text())

    def test_microcircuit_is_measured_by_its_spikes(self):
        """Of L4E two neurons fire as one and evenly; of L4I two in turns, after 40 and 60 ms."""
        trains = {"L4E1": range(500, 1500, 50), "L4E2": range(500, 1500, 50), "L5I1": [20, 700]}
        trains["L4I1"] = [time for beat in range(500, 1500, 100) for time in [beat, beat + 40]]
        trains["L4I2"] = [time + 20 for time in trains["L4I1"]]
        spikes = self.file("spikes.csv", "time_ms,neuron\n" + "".join(
            f"{time},{neuron}\n" for neuron, times in trains.items() for time in times))
        measure = SOURCES / "examples/microcircuit/measure.py"
        told = subprocess.run([sys.executable, measure, spikes, "0.01", "1500"],
                              capture_output=True, text=True, check=True).stdout
        rows = {row.split()[0]: row.split()[1:] for row in told.splitlines()[1:]}
        self.assertEqual(len(rows), 8)
        self.assertEqual(rows["L4E"], ["0.183", "0.000", "1.0000"])
        self.assertEqual(rows["L4I"][0], "0.727")
        self.assertAlmostEqual(float(rows["L4I"][1]), .2, delta=.01)
        self.assertAlmostEqual(float(rows["L4I"][2]), -20 / 313, delta=.001)
        self.assertEqual(rows["L5I"], ["0.091", "nan", "nan"])

    def test_simulated_microcircuit_has_the_size_of_its_scale(self):
        load = self.simulated("microcircuit=0.02", "-t", "200")
        self.assertEqual(load["neurons"], 1544)
        self.assertAlmostEqual(load["synapses"] / (298880970 * .02 ** 2), 1, delta=1e-3)
        self.fails(2, "at a scale from 0.01 to 1", "bench", "simulate", "microcircuit=2")
        self.fails(2, "did you mean 'microcircuit'?", "bench", "simulate", "microcircuits")
        self.fails(2, "one word too many", "bench", "simulate", "cuba", "fly")

    def test_simulated_uniform_network_has_the_size_and_rate_asked_for(self):
        load = self.simulated("uniform=400,30,20", "-t", "500")
        self.assertEqual((load["neurons"], load["synapses"]), (400, 12000))
        self.assertEqual(load["mean_rate_hz"], 20)
        self.assertEqual(load["synaptic_events"] / load["spikes"], 30)
        for wrong in ["uniform=400,30", "uniform=4,30,20", "uniform=400,30,20,", "uniform="]:
            self.fails(2, "as uniform=10000,100,5", "bench", "simulate", wrong)

    def test_simulated_axons_fire_where_their_current_is_above_the_rheobase(self):
        result = json.loads(self.succeeds("bench", "simulate", "hh", "-t", "40", "--rounds", "1",
                                          "--json", *devices()))
        load = result["workloads"][0]
        self.assertTrue(load["digests_equal"])
        self.assertEqual((load["neurons"], load["synapses"]), (21000, 0))
        self.assertGreater(load["mean_rate_hz"], 40)
        self.assertLess(load["mean_rate_hz"], 80)

    def test_simulated_fly_has_the_wiring_that_everybody_gets(self):
        load = self.simulated("fly", "-t", "20", n_rounds=1)
        self.assertEqual((load["neurons"], load["synapses"]), (138639, 15091983))
        self.assertTrue(load["wiring"]["as_known"])
        self.assertEqual(load["wiring"]["counts"], 16092626)

    def made_fly(self, rows, driven):
        """What examples/fly makes of a table of connections, and runs for 50 ms."""
        (self.folder / "connections.csv").write_text(
            ",Presynaptic_Index,Postsynaptic_Index,Excitatory x Connectivity\n" + rows)
        (self.folder / "driven.txt").write_text(driven)
        subprocess.run([sys.executable, SOURCES / "examples/fly/make.py", self.folder / "fly",
                        self.folder / "connections.csv", self.folder / "driven.txt"], check=True)
        return json.loads(self.succeeds("run", self.folder / "fly", "-t", "50", "--json",
                                        *devices()))

    def test_a_fly_is_made_of_a_table_of_connections(self):
        excited = self.made_fly("0,1,4,900\n1,4,7,900.0\n2,7,3,-900\n", "1\n\n")
        self.assertEqual((excited["neurons"], excited["synapses"]), (8, 3))
        of_type = {row["type"]: row["spikes"] for row in excited["types"]}
        self.assertGreater(of_type["driven"], 2)
        self.assertGreater(of_type["neuron"], of_type["driven"])
        inhibited = self.made_fly("0,1,4,-900\n", "1\n")
        self.assertEqual(inhibited["types"][1 - (inhibited["types"][0]["type"] != "driven")]
                         ["spikes"], 0)

    def test_a_fly_is_not_made_of_a_broken_table(self):
        table, driven = self.folder / "connections.csv", self.folder / "driven.txt"
        head = "Presynaptic_Index,Postsynaptic_Index,Excitatory x Connectivity\n"
        for rows, neurons, says in [
                ("pre,post,count\n1,2,3\n", "1", "csv:1: the column 'Presynaptic_Index' is"),
                (head + "1,2,3\n1,two,3\n", "1", "csv:3: Presynaptic_Index, "),
                (head + "1,2,3\n", "1\nMN9\n", "txt:2: 'MN9' is no index"),
                (head + "1,2,3\n", "\n", "names no neuron")]:
            table.write_text(rows)
            driven.write_text(neurons)
            made = subprocess.run([sys.executable, SOURCES / "examples/fly/make.py",
                                   self.folder / "fly", table, driven], capture_output=True,
                                  text=True)
            self.assertEqual((made.returncode, made.stderr.count("\n")), (1, 1), made.stderr)
            self.assertIn(says, made.stderr)
            self.assertFalse(list(self.folder.glob("fly/*")))

    def test_plain_c_has_one_model_only(self):
        net = self.network(neuron={
            "model": "izhikevich", "capacitance_pf": 100, "gain_ns_per_mv": .7, "resting_mv": -60,
            "threshold_mv": -40, "peak_mv": 35, "reset_mv": -50, "recovery_per_ms": .03,
            "coupling_ns": -2, "jump_pa": 100, "tau_synapse_ms": 5, "bias_pa": 40})
        self.fails(2, "lif with one time constant", "bench", "threads", "--network", net)
        self.assertIn("note: no neuron fired in 5 ms",
                      run("run", net, "-t", "5", *devices()).stderr)

    def test_balance_compares_joint_work_with_each_device(self):
        parts = ["--split", 2] if devices() == ["-d", "portable"] else []
        result = json.loads(self.succeeds("bench", "balance", "--rounds", 1, "--json", *devices(),
                                          *parts))
        self.assertEqual([work["work"] for work in result["work"]], ["swarm", "heat"])
        for work in result["work"]:
            self.assertTrue(work["digests_equal"], work)
            self.assertGreater(work["balance"], 0)
            self.assertTrue(all(device["alone_per_s"] > 0 for device in work["devices"]))
            self.assertTrue(not parts or len(work["devices"]) == 2, work)

    @unittest.skipUnless(devices() == ["-d", "portable"], "needs a device that can be cut in two")
    def test_adapt_slows_one_of_two_devices_and_plays_plans_with_noise(self):
        result = json.loads(self.succeeds("bench", "adapt", "--rounds", 1, "--json", *devices(),
                                          "--split", 2))
        self.assertEqual([change["change"] for change in result["changes"]],
                         ["slower", "recovered"])
        for change in result["changes"]:
            self.assertLessEqual(change["bad_frames"], result["frames"])
            self.assertGreater(change["settled_ms"], 0)
        for row in result["noise"]:
            self.assertLess(row["ratio_to_clairvoyant"], row["wanted_ratio"], row)
        self.fails(2, "--split 2", "bench", "adapt", *devices())

    def test_bench_schedule_finds_best_never_longer_than_heft(self):
        result = json.loads(self.succeeds("bench", "schedule", "--json"))
        self.assertEqual(result["bench"], "schedule")
        for family in result["quality"]:
            self.assertEqual(sorted(family["algorithms"]), sorted(ALGORITHMS))
            best = family["algorithms"]["best"]
            self.assertLessEqual(best["worst_ratio_to_heft"], 1)
            self.assertLess(best["ratio_to_heft"], 0.94)
            self.assertGreaterEqual(best["ratio_to_bound"], 1)
        optima = result["optima"]
        self.assertGreater(optima["proved"], optima["graphs"] / 2)
        self.assertLess(optima["ratio_to_optimum"], 1.005)
        self.assertGreaterEqual(optima["ratio_to_optimum"], 1 - 1e-9)
        self.assertLess(optima["bound_to_optimum"], 1 + 1e-9)
        self.assertGreater(len(result["planning"]), 3)

    def test_memory_compares_work_on_more_than_fits_with_moving_it(self):
        result = json.loads(self.succeeds("bench", "memory", "--rounds", 1, "--json", *devices()))
        self.assertTrue(result["digests_equal"])
        self.assertEqual(result["bytes"], 4 * result["budget_bytes"])
        for key in ["moving_s", "in_core_s", "out_of_core_s"]:
            self.assertGreater(result[key], 0, key)

    def test_interrupt_ends_a_benchmark_at_once(self):
        for name in some(["balance", "schedule", "simulate", "fault", "memory", "threads",
                          "dispatch", "stall"], 4):
            child = subprocess.Popen([COMMAND, "bench", name], stdout=subprocess.PIPE,
                                     stderr=subprocess.PIPE, text=True, cwd=SOURCES)
            time.sleep(1)
            child.send_signal(signal.SIGINT)
            sent_s = time.monotonic()
            said = child.communicate(timeout=60)
            self.assertLess(time.monotonic() - sent_s, 1)
            self.assertEqual(child.returncode, 128 + signal.SIGINT, said)

    def test_interrupt_is_heard_while_a_driver_compiles(self):
        # Drivers take signals for themselves meanwhile, or ignore them.
        for wait_ms in range(300, 1300, 200):
            with tempfile.TemporaryDirectory() as empty:
                child = subprocess.Popen([COMMAND, "bench", "dispatch"], stdout=subprocess.PIPE,
                                         stderr=subprocess.PIPE, text=True,
                                         env={**os.environ, "POCL_CACHE_DIR": empty})
                time.sleep(wait_ms / 1000)
                child.send_signal(signal.SIGINT)
                sent_s = time.monotonic()
                said = child.communicate(timeout=60)
            self.assertLess(time.monotonic() - sent_s, 1)
            # Where the machine is so busy that the command has not begun, nobody listens yet.
            self.assertIn(child.returncode, [128 + signal.SIGINT, -signal.SIGINT], said)

    def test_faults_are_counted_by_what_became_of_them(self):
        result = json.loads(self.succeeds("bench", "fault", "--json", "--count", 6, "--seed", 3,
                                          "--network", WORM, *devices()))
        self.assertEqual((result["bench"], result["seed"], result["count"]), ("fault", 3, 6))
        ends = ["survived", "clear_error", "lost", "hung", "wrong"]
        for kind in result["kinds"]:
            self.assertEqual(kind["injected"], sum(kind[end] for end in ends))
            self.assertEqual("delay_s" in kind, kind["survived"] > 0)
        for kind in ["refuse", "rate", "skip", "flip"]:
            self.assertIn(kind, [row["kind"] for row in result["kinds"]])
        self.assertGreater(result["verified_picture_s"], 0)
        n = {end: sum(kind[end] for kind in result["kinds"]) for end in ends}
        self.assertEqual(sum(n.values()), 6)
        self.assertEqual((n["hung"], n["wrong"]), (0, 0))
        self.assertGreater(n["survived"], 0)
        self.fails(3, "none", "bench", "fault", "--network", self.folder / "none")

    def test_unknown_benchmark_is_a_usage_error(self):
        self.fails(2, "did you mean 'threads'?", "bench", "thread")
        self.fails(2, "did you mean 'schedule'?", "bench", "shedule")
        self.fails(2, "there are: adapt, balance, dispatch, fault, memory, schedule, simulate, "
                      "stall, threads", "bench", "frobnicate")


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]], verbosity=2)
