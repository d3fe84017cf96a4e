"""Devices and runs of the built command, as a person or a script would ask for them.

usage: test_runs.py CHRONAXIE SOURCE_FOLDER [unittest arguments]
"""
import gzip
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import unittest
import unittest.mock
import xml.etree.ElementTree

sys.dont_write_bytecode = True
from command import Case, COMMAND, devices, run, SERIAL, WORM  # noqa: E402


class Devices(Case):
    def test_devices_are_listed_with_their_self_test(self):
        found = json.loads(self.succeeds("devices", "--json", *devices()))["devices"]
        self.assertTrue(any(device["selected"] for device in found))
        for device in found:
            self.assertIn(device["kind"], ["cpu", "gpu", "accelerator"])
            if device["selected"]:
                self.assertIsNone(device["excluded"])
                self.assertGreater(device["launch_us"], 0)
        table = self.succeeds("devices", *devices())
        self.assertIn("passed", table)
        self.assertEqual(len(table.splitlines()), len(found) + 1)

    def test_machine_is_recorded_as_a_file_that_plans_take(self):
        machine, graph = self.folder / "machine.json", self.file(
            "graph.json", '{"tasks": [{"name": "a", "gop": 1}, {"name": "b", "gop": 2}]}')
        self.succeeds("devices", "--record", machine, *devices())
        lanes = json.loads(machine.read_text())["devices"][1]["lanes"]
        self.assertGreater(lanes[0]["gops"], 0)
        self.assertIn("makespan", self.succeeds("plan", graph, "--machine", machine))
        self.fails(6, "nowhere", "devices", "--record", self.folder / "nowhere" / "x", *devices())

    def test_kernels_that_ran_are_told_with_what_they_cost(self):
        self.succeeds("run", WORM, "--duration-ms", 200, *devices())
        models = json.loads(self.succeeds("devices", "--models", "--json", *devices()))["models"]
        self.assertTrue(models)
        for model in models:
            self.assertGreater(model["median_ms"], 0)
            self.assertGreaterEqual(model["samples"], 1)
            self.assertGreaterEqual(model["fixed_ms"], 0)
            self.assertGreater(model["fixed_ms"] + model["item_ns"], 0)
            self.assertTrue(model["device_name"])
        self.assertTrue(any(model["peak_fraction"] for model in models))
        table = self.succeeds("devices", "--models", *devices())
        self.assertEqual(len(table.splitlines()), len(models) + 1)

    def test_unknown_device_is_an_error_of_its_own(self):
        self.fails(4, "no-such-device", "devices", "-d", "no-such-device")
        self.fails(4, "99", "devices", "-d", "99")


class Runs(Case):
    def test_missing_network_is_an_input_error(self):
        self.fails(3, "nowhere", "run", self.folder / "nowhere")
        self.fails(3, "nowhere", "render", self.folder / "nowhere", "-o", self.folder / "x.png")

    def test_broken_network_is_one_sentence_with_file_and_line(self):
        self.file("network.json", '{\n "nonsense": 1\n}')
        self.fails(3, "network.json:", "run", self.folder)

    def test_summary_counts_spikes_and_the_digest_does_not_depend_on_parts(self):
        digests = set()
        for parts in ["1", "3"]:
            summary = json.loads(self.succeeds("run", WORM, "--json", "--duration-ms", "80",
                                               "--partitions", parts, *devices()))
            digests.add(summary["digest"])
            self.assertEqual(summary["neurons"], 302)
            self.assertEqual(summary["spikes"], sum(t["spikes"] for t in summary["types"]))
            self.assertGreater(summary["spikes"], 0)
            self.assertTrue(summary["devices"])
        self.assertEqual(len(digests), 1)

    @unittest.skipIf(SERIAL, "a checked device is too slow for plots of this size")
    def test_files_are_written_as_asked(self):
        names = {n: self.folder / n for n in ["s.csv", "r.png", "t.json", "l.svg"]}
        summary = json.loads(self.succeeds(
            "run", WORM, "--json", "--duration-ms", "80", "--spikes", names["s.csv"], "--raster",
            names["r.png"], "--trace", names["t.json"], "--timeline", names["l.svg"], *devices()))
        lines = names["s.csv"].read_text().splitlines()
        self.assertEqual(lines[0], "time_ms,neuron")
        self.assertEqual(len(lines) - 1, summary["spikes"])
        self.assertEqual(names["r.png"].read_bytes()[:4], b"\x89PNG")
        json.loads(names["t.json"].read_text())
        xml.etree.ElementTree.parse(names["l.svg"])
        self.assertEqual(sorted(os.listdir(self.folder)), sorted(names))

    def test_a_saved_state_is_gone_on_from(self):
        state, one, two = (self.folder / name for name in ["c.state", "one.csv", "two.csv"])
        words = ["--states-of", "AVAL,ALA", "--states-every-ms", "0.7", "--json", *devices()]
        whole = json.loads(self.succeeds("run", WORM, "--duration-ms", 60, "--states", one, *words))
        self.succeeds("run", WORM, "--duration-ms", 35, "--checkpoint", state, *devices())
        rest = json.loads(self.succeeds("run", WORM, "--duration-ms", 60, "--resume", state,
                                        "--partitions", 3, "--states", two, *words))
        self.assertEqual(rest["digest"], whole["digest"])
        self.assertEqual(rest["steps"], 250)
        rows = one.read_text().splitlines()
        self.assertEqual(two.read_text().splitlines(), rows[:1] + rows[51:])
        self.fails(2, "ask for a longer --duration-ms", "run", WORM, "--duration-ms", 34,
                   "--resume", state)
        self.fails(3, "c.state: is of another network than C. elegans", "run", WORM, "--seed", 7,
                   "--resume", state)
        self.fails(3, "network.json: is no saved simulation", "run", WORM, "--resume",
                   WORM / "network.json")
        self.fails(2, "leave --checkpoint and --resume out", "run", WORM, "--checkpoint", state,
                   "--play-spikes", two)

    def ended_by(self, number, state):
        """A run that saves its state often and is ended so, and at which ms it was saved last."""
        child = subprocess.Popen(
            [COMMAND, "run", WORM, "--duration-ms", "100000000", "--checkpoint", state,
             "--checkpoint-every-s", "0.05", *devices()],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        end_s = time.monotonic() + 60
        while not state.exists() and time.monotonic() < end_s:
            time.sleep(0.01)
        child.send_signal(number)
        said = child.communicate(timeout=60)[1]
        self.assertIn(child.returncode, [-number, 128 + number], said)
        return said, float(re.search(r"was saved at ([0-9.e+]+) ms", self.fails(
            2, "was saved at", "run", WORM, "--duration-ms", 0.1, "--resume", state))[1])

    def test_a_run_that_was_killed_is_gone_on_from(self):
        state = self.folder / "c.state"
        for number in [signal.SIGKILL, signal.SIGTERM]:
            said, saved_ms = self.ended_by(number, state)
            if number == signal.SIGTERM:
                self.assertIn(f"note: {state} has the state at {saved_ms:.6g} ms; go on with", said)
            words = ["--duration-ms", saved_ms + 50, "--json", *devices()]
            whole = json.loads(self.succeeds("run", WORM, *words))
            rest = json.loads(self.succeeds("run", WORM, "--resume", state, *words))
            self.assertEqual(rest["digest"], whole["digest"])
            state.unlink()
        self.fails(2, "name one with --checkpoint", "run", WORM, "--checkpoint-every-s", 5)

    def test_rates_are_a_table_by_type_and_time(self):
        rates, spikes, again = (self.folder / name for name in ["r.csv", "s.csv", "again.csv"])
        words = ["--json", "--rates", rates, "--rates-every-ms", 7, *devices()]
        done = json.loads(self.succeeds("run", WORM, "--duration-ms", 100, "--spikes", spikes,
                                        *words))
        rows = [row.split(",") for row in rates.read_text().splitlines()]
        self.assertEqual(rows[0], ["time_ms"] + [row["type"] for row in done["types"]])
        self.assertEqual([float(row[0]) for row in rows[1:]], [7 * i for i in range(1, 15)] + [100])
        lengths_s = [0.007] * 14 + [0.002]
        for i, of_type in enumerate(done["types"], 1):
            n_spikes = sum(float(row[i]) * s * of_type["neurons"]
                           for row, s in zip(rows[1:], lengths_s))
            self.assertAlmostEqual(n_spikes, of_type["spikes"], places=2)
        played = json.loads(self.succeeds("run", WORM, "--play-spikes", spikes, "--spikes", again,
                                          *words))
        self.assertEqual(played["spikes"], done["spikes"])
        self.assertEqual(played["digest"], done["digest"])
        self.assertEqual(again.read_text(), spikes.read_text())
        self.fails(2, "add that", "run", WORM, "--rates-every-ms", 7)

    def test_weights_are_a_table_of_what_was_learnt(self):
        path = self.folder / "weights.csv"
        neuron = {"capacitance_pf": 200, "tau_membrane_ms": 20, "tau_synapse_ms": 5,
                  "resting_mv": -70, "threshold_mv": -54, "reset_mv": -60, "refractory_ms": 2}
        network = {"format": "chronaxie-network", "version": 1, "name": "learning",
                   "time_step_ms": 0.1, "duration_ms": 60, "neuron": neuron,
                   "types": {"in": {"neurons": 20}, "out": {"neurons": 1}},
                   "projections": [{"from": "in", "to": "out", "rule": "all_to_all",
                                    "weight_pa": 200, "delay_ms": 1}],
                   "plasticities": [{"kind": "stdp", "to": "out", "potentiation": 0.1,
                                     "depression": 0.1, "potentiation_ms": 20,
                                     "depression_ms": 20, "weight_max": 400}],
                   "stimuli": [{"kind": "poisson", "types": ["in"], "start_ms": 0, "stop_ms": 60,
                                "rate_hz": 60, "current_pa": 3000}]}
        self.file("network.json", json.dumps(network))
        self.succeeds("run", self.folder, "--weights", path, *devices())
        rows = path.read_text().splitlines()
        self.assertEqual(rows[0], "pre,post,weight_pa,delay_ms")
        self.assertEqual(len(rows), 21)
        weights = [float(row.split(",")[2]) for row in rows[1:]]
        self.assertTrue(all(0 <= weight <= 400 for weight in weights))
        self.assertTrue(min(weights) < 200 < max(weights), weights)
        self.fails(2, "--weights writes files that end in one of: .csv", "run", self.folder,
                   "--weights", "weights.txt")
        self.fails(2, "leave --weights out", "run", self.folder, "--weights", path,
                   "--play-spikes", path)
        network["plasticities"][0]["weight_max"] = 100
        self.file("network.json", json.dumps(network))
        self.fails(3, "network.json: plasticities[0]: weight_max is 100, and the synapse from in1 "
                   "to out1 has the weight 200", "run", self.folder)

    def test_states_are_a_table_of_who_was_asked_for(self):
        path = self.folder / "states.csv"
        self.succeeds("run", WORM, "--duration-ms", "12", "--states", path, "--states-of",
                      "AVAL,ALA", "--states-every-ms", "0.5", *devices())
        lines = path.read_text().splitlines()
        self.assertEqual(lines[0], "time_ms,AVAL,ALA")
        self.assertEqual(len(lines), 25)
        rows = [[float(word) for word in line.split(",")] for line in lines[1:]]
        self.assertEqual([row[0] for row in rows], [0.1 + 0.5 * i for i in range(24)])
        self.assertTrue(all(-80 < v < -40 for row in rows for v in row[1:]))
        words = ["run", WORM, *devices(), "--state"]
        self.fails(2, "did you mean 'AVAL'?", *words, "current_pa", "--states", path,
                   "--states-of", "AVALL")
        self.fails(2, "add it", *words, "current_pa")
        self.fails(2, "leave --states out", *words, "current_pa", "--states", path,
                   "--play-spikes", path)
        self.fails(2, "no state 'u_pa'", *words, "u_pa", "--states", path)

    def test_recorded_spikes_are_played_in_any_form_and_order(self):
        net = self.network(neurons=("1,cell,0,0,0,12", "2,cell,50,0,0,12"))
        forms = {"s.csv": "neuron,time_ms\n2,3.5\n1,1\n2,7\n",
                 "times.csv": "times,ids\n1.0,1\n7,2\n3.5,2.0\n",
                 "nest.dat": "# NEST version: 3.4\nsender\ttime_ms\n2\t3.500\n2\t7.000\n1\t1.000\n",
                 "old.gdf": "1\t1.0\t\n2\t3.5\t\n2\t7.0\t\n"}
        out = self.folder / "out.csv"
        for name, text in forms.items():
            played = json.loads(self.succeeds("run", net, "--play-spikes", self.file(name, text),
                                              "--spikes", out, "--json", *devices()))
            self.assertEqual((played["spikes"], round(played["simulated_ms"], 6)), (3, 7.1))
            self.assertEqual(out.read_text(), "time_ms,neuron\n1,1\n3.5,2\n7,2\n")
        (net / "neurons.csv").write_text((net / "neurons.csv").read_text().replace("\n2", "\n2.0"))
        self.succeeds("run", net, "--play-spikes", self.folder / "s.csv", *devices())
        played = json.loads(self.succeeds("run", net, "--play-spikes", self.folder / "s.csv", "-t",
                                          "5", "--json", *devices()))
        self.assertEqual(played["spikes"], 2)
        self.assertIn("times is read as time_ms",
                      self.note("run", net, "--play-spikes", self.folder / "times.csv"))

    def test_recorded_spikes_that_do_not_fit_are_named_with_their_line(self):
        net = self.network(neurons=("A,cell,0,0,0,12",))
        for text, expected in [("neuron,time_ms\nA,1\nB,2\n", "s.csv:3: neuron is 'B', which"),
                               ("A 1\nA -2\n", "s.csv:2: time_ms is -2, before"),
                               ("A 1e300\n", "s.csv:1: time_ms is 1e+300, beyond"),
                               ("A 1\nA x\n", "s.csv:2: time_ms is 'x'"),
                               ("", "s.csv:1: the table is empty")]:
            self.fails(3, expected, "run", net, "--play-spikes", self.file("s.csv", text))
        path = self.file("s.csv", "neuron,time_ms\n")
        self.assertIn("holds no spikes", self.note("run", net, "--play-spikes", path))
        path = self.file("s.csv", "neuron,time_ms\nA,0.001\nA,0.002\nA,7\n")
        self.assertIn("s.csv: 1 of 3 spikes fall into one step of 0.1 ms with another of their "
                      "neuron; check", self.note("run", net, "--play-spikes", path))
        path = self.file("s.csv", "neuron,time_ms\nA,6\nA,1\nA,7\n")
        self.assertIn("s.csv: 2 of 3 spikes come after the 5 ms of --duration-ms and are left out",
                      self.note("run", net, "--play-spikes", path, "-t", "5"))
        self.fails(2, "--play-spikes does not simulate", "run", net, "--seed", "1",
                   "--play-spikes", path)

    def test_cell_alone_is_a_network_of_one_neuron_that_fires(self):
        for name in ["cell.swc", "CELL.SWC"]:
            self.file(name, "# a cell\n1 1 3 0 0 6 -1\n2 3 500 0 0 1 1\n")
            summary = json.loads(self.succeeds("run", self.folder / name, "--json", *devices()))
            self.assertEqual((summary["network"], summary["neurons"], summary["points"]),
                             (name[:-4], 1, 2))
            self.assertGreater(summary["spikes"], 2)
        picture = json.loads(self.succeeds("render", self.folder / "cell.swc", "-s", "64x64", "-o",
                                           self.folder / "x.png", "--json", *devices()))
        self.assertEqual(picture["frames"], 1)

    def test_cells_stand_together_as_files_and_as_a_folder(self):
        cells = self.made_folder("cells")
        for name, x in [("B", 90), ("A", 0)]:
            (cells / f"{name}.swc").write_text(f"1 1 {x} 0 0 6 -1\n2 3 {x} 50 0 1 1\n")
        (cells / "notes.txt").write_text("from a rig")
        spikes = self.folder / "s.csv"
        for words, name in [([cells / "B.swc", cells / "A.swc"], "2 cells"), ([cells], "cells")]:
            summary = json.loads(self.succeeds("run", *words, "--json", "--spikes", spikes,
                                               *devices()))
            self.assertEqual((summary["network"], summary["neurons"], summary["points"]),
                             (name, 2, 4))
            first = "A" if words == [cells] else "B"
            self.assertTrue(spikes.read_text().splitlines()[1].endswith("," + first))
        self.succeeds("render", cells / "A.swc", cells / "B.swc", "--centre", "B", "-s", "64x64",
                      "-o", self.folder / "x.png", *devices())

    def test_edges_alone_are_a_network_that_says_its_places_are_a_layout(self):
        path = self.file("edges.csv", "source,target,weight\nA,B,90\nB,C,90\nC,A,90\n")
        summary = json.loads(self.succeeds("run", path, "--json", *devices()))
        self.assertEqual((summary["network"], summary["neurons"], summary["synapses"]),
                         ("edges (positions are a layout)", 3, 3))
        self.assertGreater(summary["spikes"], 0)
        note = self.note("render", path, "-s", "64x64", "-o", self.folder / "x.png")
        self.assertIn("edges.csv:1: positions are a layout, weights are multiplied by 1.111 for a "
                      "median of 100 pA, each delay is 2 ms, A is driven", note)
        self.assertIn("weight is read as weight_pa", note)
        spikes = self.file("spikes.csv", "times,ids\n10,A\n12,B\n")
        played = run("render", path, "--play-spikes", spikes, "-s", "64x64", "-o",
                     self.folder / "x.png", *devices())
        self.assertIn("edges.csv:1: positions are a layout; ", played.stderr)
        self.assertNotIn("driven", played.stderr)
        self.assertNotIn("delay", played.stderr)
        self.fails(2, "a unit is for SWC files alone", "run", path, "--unit", "nm")
        self.fails(3, "the column 'pre' is missing", "run",
                   self.file("other.csv", "name,type\nA,cell\n"))

    def test_lists_of_edges_without_a_header_are_read_with_one_remark(self):
        third, braces = ", the third as weight_pa", "; of attributes in braces the weight alone"
        for name, text, said in [
                ("a.edgelist", "a b {}\nb c {}\n", third + braces),
                ("i.edgelist", "a b {}\nb c {'weight': 3}\n", third + braces),
                ("b.txt", "a b {'x': 'y z', 'weight': 1.5}\nb c {\"weight\": 3}\n", third + braces),
                ("c.txt", "# c\na b 1.5\nb c -3\n", third), ("d.txt", "1 2\n2 3\n", ""),
                ("e.csv", "A,B,5\nB,C,3\n", third), ("f.csv", "A,B\nB,C\n", ""),
                ("g.tsv", "A\tB\t2\nB\tC\t1e1\n", third), ("h.csv", "7,8\n8,9\n", "")]:
            result = run("import", self.file(name, text), "-o", self.folder / name[0], "--json")
            self.assertEqual(result.returncode, 0, result.stderr)
            summary = json.loads(result.stdout)
            self.assertEqual((summary["neurons"], summary["synapses"]), (3, 2))
            self.assertEqual(result.stderr.count("note: "), 1)
            self.assertIn("; no row names the columns: the first is read as pre, the second as "
                          f"post{said}", result.stderr)
        for text, said in [("foo,bar\nx,y\n", ":1: the column 'pre' is missing in the row 'foo"),
                           ("sorce,target\nA,B\n", ":1: unknown column 'sorce'"),
                           ("A,B,1\nB,C\n", ":2: the row has 2 fields where the first has 3"),
                           ("A,B,1\nB,C,x\n", ":2: weight_pa is 'x'"),
                           ("0.5,1.5\n1,2\n", ":1: the column 'pre' is missing")]:
            self.fails(3, "z.csv" + said, "import", self.file("z.csv", text), "-o",
                       self.folder / "z")

    def test_imported_edges_take_places_and_types_from_a_table(self):
        edges = self.file("edges.csv", "pre,post\n1,2\n2,3.0\n")
        table = self.file("n.csv", "name,type,x_um,y_um,z_um\n1,a,0,0,0\n2,b,10,0,0\n"
                                   "3,a,0,50,0\n4,c,9,9,9\n")
        net = self.folder / "net"
        self.succeeds("import", edges, "--neurons", table, "-o", net)
        self.assertEqual((net / "neurons.csv").read_text().splitlines()[1:],
                         ["1,a,0,0,0,10", "2,b,10,0,0,10", "3,a,0,50,0,10", "4,c,9,9,9,10"])
        made = json.loads((net / "network.json").read_text())
        self.assertEqual((made["name"], made["view"]["layout"]), ("edges", False))
        self.assertIn('"time_step_ms": 0.1,', (net / "network.json").read_text())
        self.fails(2, "a table of neurons belongs to a table of connections", "import", net,
                   "--neurons", table, "-o", self.folder / "x")
        for text, says in [("name,x_um,y_um,z_um\n1,0,0,0\n", "edges.csv:2: post is '2', which no"),
                           ("name,x_um,y_um,z_um\n1,0,0,0\n1.0,0,0,0\n", "n.csv:3: the name '1.0'"),
                           ("name,x_um,y_um\n1,0,0\n", "n.csv:1: the column 'z_um' is missing"),
                           ("name,x_um,y_um,z_um\n1,0,0,far\n", "n.csv:2: z_um is 'far'"),
                           ("name,x_um,y_um,z_um\n", "n.csv:2: no neurons follow")]:
            self.fails(3, says, "import", edges, "--neurons", self.file("n.csv", text), "-o",
                       self.folder / "x")
        self.assertFalse((self.folder / "x").exists())

    def test_edges_without_a_flow_settle_before_they_are_drawn_or_imported(self):
        ends = [(i, (i + 1) % 40) for i in range(40)]
        edges = self.file("ring.csv", "pre,post\n" +
                          "".join(f"{a},{b}\n{b},{a}\n" for a, b in ends))
        net, pictures = self.folder / "net", [self.folder / "a.png", self.folder / "b.png"]
        self.succeeds("import", edges, "-o", net)
        rows = [row.split(",") for row in (net / "neurons.csv").read_text().splitlines()[1:]]
        at = {int(row[0]): complex(float(row[2]), float(row[3])) for row in rows}
        self.assertLess(max(abs(at[a] - at[b]) for a, b in ends),
                        min(abs(at[a] - at[(a + 20) % 40]) for a in at) / 3)
        for source, picture in zip([edges, net], pictures):
            self.succeeds("render", source, "-s", "160x90", "-o", picture, *devices())
        self.assertEqual(pictures[0].read_bytes(), pictures[1].read_bytes())

    def test_import_says_that_shared_shapes_become_a_file_each(self):
        net = self.network(neurons=("A,cell,0,0,0,12,B", "C,cell,90,0,0,12,B"))
        table = (net / "neurons.csv").read_text()
        (net / "neurons.csv").write_text(table.replace("diameter_um", "diameter_um,morphology"))
        (net / "morphologies/B.swc").write_text("1 1 0 0 0 6 -1\n2 3 0 50 0 1 1\n")
        said = run("import", net, "-o", self.folder / "own").stderr
        self.assertIn("neurons share shapes; ", said)
        self.assertEqual("", run("import", self.folder / "own", "-o", self.folder / "more").stderr)

    def test_files_of_no_sense_are_one_sentence(self):
        for name in ["f.swc", "f.csv"]:
            self.made_folder(name)
        for name, text in {"e.swc": "", "e.csv": "", "e.json": "", "nul.json": "{}\0{}",
                           "nul.swc": "1 1 0 0 0\0 6 -1\n", "deep.json": "[" * 100000}.items():
            self.file(name, text)
        before = sorted(os.listdir(self.folder))
        for command, name, says in [
                ("run", "f.swc", "f.swc: is a folder that holds neither a network.json"),
                ("run", "f.csv", "f.csv: is a folder that holds neither a network.json"),
                ("run", "e.swc", "e.swc:1: the file has no points"),
                ("run", "e.csv", "e.csv:1: the table is empty"),
                ("run", "nul.swc", "nul.swc:1: the line holds a NUL byte"),
                ("plan", "deep.json", "deep.json:1: not valid JSON: maximum parsing depth"),
                ("plan", "e.json", "e.json:1: not valid JSON"),
                ("plan", "nul.json", "nul.json:1: not valid JSON"),
                ("plan", "f.swc", "f.swc: is a folder; a file is expected here")]:
            self.fails(3, says, command, self.folder / name)
        self.fails(3, "e.csv:1: ", "import", self.folder / "e.csv", "-o", self.folder / "o")
        self.assertEqual(sorted(os.listdir(self.folder)), before)

    def test_pipe_with_a_writer_is_read_as_a_file_is(self):
        for name, text in {"p.csv": "pre,post\nA,B\n", "p.swc": "1 1 0 0 0 6 -1\n"}.items():
            os.mkfifo(self.folder / name)
            writer = subprocess.Popen(["sh", "-c", 'printf "$1" > "$2"', "sh", text,
                                       self.folder / name])
            self.succeeds("run", self.folder / name, "--json", *devices())
            self.assertEqual(writer.wait(timeout=60), 0)

    def test_unit_of_cells_is_asked_for_when_a_soma_is_wide(self):
        path = self.file("cell.swc", "1 1 0 0 0 6000 -1\n2 3 50000 0 0 500 1\n")
        self.assertIn("the soma of cell is 12 mm wide; coordinates look like nanometres: pass "
                      "--unit nm", self.note("run", path))
        self.assertEqual("", self.note("run", path, "--unit", "nm"))
        self.assertEqual("", self.note("run", path, "--unit", "8nm"))
        self.fails(2, "--unit takes um, nm or 8nm, not 'mm'", "run", path, "--unit", "mm")
        self.fails(2, "a unit is for SWC files alone", "run", self.network(), "--unit", "nm")

    def test_import_asks_for_the_unit_of_cells_as_well(self):
        path = self.file("cell.swc", "1 1 0 0 0 6000 -1\n2 3 50000 0 0 500 1\n")
        result = run("import", path, "-o", self.folder / "net")
        self.assertIn("the soma of cell is 12 mm wide; coordinates look like nano", result.stderr)

    def test_outline_of_a_soma_is_not_told_to_lack_radii(self):
        outline = [(9, 0), (6, 6), (0, 9), (-6, 6), (-9, 0), (-6, -6), (0, -9), (6, -6)]
        text = "".join(f"{i + 1} 1 {x} {y} 0 0 {i or -1}\n" for i, (x, y) in enumerate(outline))
        self.assertEqual("", self.note("run", self.file("c.swc", text + "9 3 60 0 0 1 1\n")))
        self.assertIn("c.swc:9: radius of 0 or less at 1 of 9 points: not measured",
                      self.note("run", self.file("c.swc", text + "9 3 60 0 0 0 1\n")))
        text = "1 1 0 0 0 0 -1\n2 1 9 0 0 0 1\n3 1 0 9 0 0 1\n4 3 0 0 9 2 1\n"
        self.assertIn("c.swc:1: radius of 0 or less at 3 of 4 points: not measured",
                      self.note("run", self.file("c.swc", text)))

    def test_cell_that_cannot_be_called_as_its_file_is_named(self):
        paths = [self.file(name, "1 1 0 0 0 6 -1\n") for name in ("a\nb.swc", "c.swc", "d\a.swc")]
        self.assertIn("a?b.swc:1: the neuron is called 'cell 1', and so on for 1 more, as names",
                      self.note("run", *paths))
        self.assertEqual("", self.note("run", self.folder / "c.swc"))

    def test_names_of_edges_that_are_hardly_meant_so_are_remarked_on(self):
        for row, says in [("A, B", "the name ' B' begins or ends with a blank, which is part of"),
                          ("7.2057594e+17,1", "the name '7.2057594e+17' is a rounded number, so")]:
            path = self.file("e.csv", f"pre,post\n{row}\n")
            result = run("import", path, "-o", self.folder / says[:9])
            self.assertIn(f"e.csv:1: {says}", result.stderr)
            self.assertEqual(result.stderr.count("note: "), 2)

    def test_sentences_are_one_line_whatever_they_quote(self):
        for text, says in [(b"1 1 \x1b[1mX 0 0 6 -1\n", "x is '?[1mX'; give"),
                           ("1 1 {}\u00e9 0 0 6 -1\n".format("x" * 63).encode(), "xxx?'; give"),
                           (b"1 1 0\xc2\x9b 0 0 6 -1\n", "x is '0??'; give"),
                           ("1 1 \u00fc\u2014\U0001d11e 0 0 6 -1\n".encode(),
                            "x is '\u00fc\u2014\U0001d11e'; give")]:
            path = self.folder / "cell\n.swc"
            path.write_bytes(text)
            self.fails(3, says, "run", path)

    def test_several_words_must_all_be_cells(self):
        path = self.file("cell.swc", "1 1 0 0 0 6 -1\n")
        self.fails(3, "net: is no cell; of several words each must be a cell", "run", path,
                   self.network())
        self.fails(3, "x.swc: is not there; of several", "run", path, self.folder / "x.swc")
        self.fails(3, "is called 'cell' as", "run", path, path)

    def test_compressed_cell_is_read_and_named_without_both_endings(self):
        path = self.folder / "cell.swc.gz"
        path.write_bytes(gzip.compress(b"1 1 3 0 0 6 -1\n2 3 500 0 0 1 1\n"))
        summary = json.loads(self.succeeds("run", path, "--json", *devices()))
        self.assertEqual((summary["network"], summary["points"]), ("cell", 2))
        path.write_bytes(path.read_bytes()[:30])
        self.fails(3, "cell.swc.gz: the gzip data are damaged or cut off", "run", path)

    def test_broken_cell_is_one_sentence_with_file_and_line(self):
        self.file("cell.swc", "1 1 0 0 0 6 -1\n2 3 x 0 0 1 1\n")
        self.fails(3, "cell.swc:2: x is 'x'", "run", self.folder / "cell.swc")
        (self.folder / "folder.swc").mkdir()
        self.fails(3, "folder.swc: is a folder that", "run", self.folder / "folder.swc")

    def test_file_that_is_no_cell_is_told_what_a_network_is(self):
        for content in ("points\n1 1 0 0 0 6 -1\n", "", "here,there\na,b\n", "\0"):
            what = "a file of something else" if content else "empty"
            self.fails(3, f"n.txt: is {what}; give a folder with a network.json,", "run",
                       self.file("n.txt", content))

    def test_tables_may_be_compressed(self):
        for name, text in {"e.csv.gz": b"pre_root_id,post_root_id,syn_count\n1,2,5\n2,1,6\n",
                           "n.csv.gz": b"root_id,x_um,y_um,z_um\n1,0,0,0\n2,50,0,0\n",
                           "s.csv.gz": b"times,ids\n10,1\n12,2\n"}.items():
            (self.folder / name).write_bytes(gzip.compress(text))
        summary = json.loads(self.succeeds(
            "run", self.folder / "e.csv.gz", "--neurons", self.folder / "n.csv.gz",
            "--play-spikes", self.folder / "s.csv.gz", "--json", *devices()))
        self.assertEqual((summary["network"], summary["neurons"], summary["spikes"]), ("e", 2, 2))

    def test_files_are_recognised_by_what_they_hold(self):
        cell = self.file("cell.txt", "# traced\n\n1 1 0 0 0 6 -1\n2 3 50 0 0 1 1\n")
        self.assertIn("cell.txt: 1 neuron", self.succeeds("run", cell, *devices()))
        self.assertIn("2 cells: 2 neurons",
                      self.succeeds("run", cell, self.file("b.swc", cell.read_text()), *devices()))
        self.fails(3, "cell.txt:2: x is 'x'", "run",
                   self.file("cell.txt", "1 1 0 0 0 6 -1\n2 3 x 0 0 1 1\n"))
        edges = self.file("edges", "pre_root_id\tpost_root_id\tsyn_count\n7\t9\t50\n")
        self.assertIn("2 neurons", self.succeeds("run", edges, *devices()))

    def test_table_of_neurons_places_edges_in_run_and_render(self):
        edges = self.file("edges.csv", "From,To\nA,B\n")
        places = self.file("places.csv", "name,x_um,y_um,z_um\nA,0,0,0\nB,90,0,0\nC,40,9,0\n")
        self.assertIn("edges: 3 neurons",
                      self.succeeds("run", edges, "--neurons", places, *devices()))
        self.succeeds("render", edges, "--neurons", places, "-s", "64x64", "-o",
                      self.folder / "x.png", *devices())
        self.fails(2, "--spikes would write over", "run", edges, "--neurons", places, "--spikes",
                   places)
        self.fails(2, "", "run", self.network(stimuli=[self.step(30)]), "--neurons", places)

    def test_sonata_circuit_is_recognised_and_said_to_be_converted(self):
        circuit = self.file("circuit_config.json", {"networks": {"nodes": [], "edges": []}})
        self.fails(3, "circuit_config.json describes a SONATA circuit, which is not read yet",
                   "render", self.folder, "-o", self.folder / "x.png")
        self.fails(3, "it describes a SONATA circuit", "run", circuit)
        circuit.rename(self.folder / "bio.config.json")
        self.fails(3, "bio.config.json describes a SONATA circuit", "run", self.folder)

    def note(self, *words):
        result = run(*words, *devices())
        self.assertEqual(result.returncode, 0, result.stderr)
        notes = [line for line in result.stderr.splitlines() if "note: " in line]
        self.assertLessEqual(len(notes), 1, result.stderr)
        return notes[0] if notes else ""

    def test_silent_network_is_told_its_largest_drive_and_the_threshold(self):
        net = self.network(stimuli=[self.step(0.03), self.step(0.01, 20, 30)])
        for words in [["run", net], ["render", net, "-o", self.folder / "x.png", "-s", "64x64"],
                      ["render", net, "-o", self.folder / "x.png", "-s", "64x64", "--at-ms", "70"]]:
            said = self.note(*words)
            self.assertIn("no neuron fired", said)
            self.assertIn("the largest drive is 0.04 pA, of A (type cell)", said)
            self.assertIn("more than 15 pA would reach its threshold", said)

    def test_silence_without_any_current_or_with_too_short_a_one_is_told_apart(self):
        self.assertIn("no current drives any; more than 15 pA", self.note("run", self.network()))
        shutil.rmtree(self.folder / "net")
        self.assertIn("15 pA would reach its threshold, but it did not last long enough",
                      self.note("run", self.network(stimuli=[self.step(20, 10, 12)])))

    def test_mean_of_random_input_counts_as_drive(self):
        random = {**self.step(0.1), "kind": "poisson", "rate_hz": 100}
        self.assertIn("drive is 0.05 pA", self.note("run", self.network(stimuli=[random])))

    def test_soma_far_from_its_morphology_is_named_with_the_distance(self):
        points = ["1 1 50000 50000 50000 6 -1", "2 3 50020 50010 50000 1 1"]
        self.assertIn("the soma of A lies 86.6 mm from its morphology;",
                      self.note("run", self.network(points, [self.step(30)])))
        shutil.rmtree(self.folder / "net")
        points = ["1 1 0 0 0 6 -1", "2 3 250 0 0 1 1", "3 3 900 0 0 1 2"]
        near = self.network(points, [self.step(30)], ["A,cell,0,700,0,12"])
        self.assertEqual("", self.note("run", near))

    def test_cell_far_from_the_rest_is_named_with_the_distance(self):
        for strays, said in [(["C,cell,1000000,0,0,9"], "C lies 1000 mm from the rest; check"),
                             (["C,cell,0,8e4,0,9", "D,cell,0,9e4,0,9"],
                              "C and 1 other lie 80 mm from the rest"),
                             (["C,cell,1500,0,0,9"], "")]:
            neurons = ["A,cell,0,0,0,9", "B,cell,50,0,0,9", "E,cell,60,9,0,9", *strays]
            note = self.note("run", self.network((), [self.step(30)], neurons))
            self.assertIn(said, note)
            self.assertEqual(bool(said), bool(note))
            shutil.rmtree(self.folder / "net")

    def test_what_lies_outside_the_picture_is_named_with_how_to_see_it(self):
        picture = ["-o", self.folder / "x.png", "-s", "64x64"]
        near = ["A,cell,0,0,0,9"] + [f"A{i},cell,{i * 20},0,0,9" for i in range(1, 9)]
        far = [f"F{i},cell,1000080,{i * 20},0,9" for i in range(4)]
        net = self.network((), [self.step(30)], near + far)
        self.assertIn("F0, F1, F2 and 1 other lie outside the picture, 1000 mm from its middle; "
                      "check the unit, positions are in um, or see one with --centre F0",
                      self.note("render", net, *picture))
        for words in [["--centre", "A1"], ["--zoom", "2"]]:
            self.assertIn("F0 and 3 others lie 1000 mm from the rest;",
                          self.note("render", net, *picture, *words))
        points = "".join(f"{i} 3 {i * 9} {i % 2} 0 1 {i - 1 or -1}\n" for i in range(1, 60))
        cell = self.file("cell.swc", points + "60 3 0 1e6 0 1 59\n")
        self.assertIn("1 of the 60 points of cell lies outside the picture, far from the rest; "
                      "check their coordinates", self.note("render", cell, *picture))

    def test_folders_of_cells_that_are_not_read_are_remarked_on(self):
        for folder, said in [("Morphologies", "'Morphologies' is not read; call it 'morphologies'"),
                             ("morphologies/old", "'morphologies/old' is not read; put its cells "
                              "into 'morphologies'")]:
            net = self.network(stimuli=[self.step(30)])
            (net / folder).mkdir(parents=True)
            self.assertIn(f"network.json:1: the folder {said}", self.note("run", net))
            shutil.rmtree(net)

    def test_cell_too_far_from_the_origin_for_its_detail_is_remarked_on(self):
        for x, said in [(9e8, "cell lies 900000 mm from the origin, where coordinates are rounded "
                         "to steps of 64 um; move it nearer, or check the unit"), (4e6, "")]:
            cell = self.file("cell.swc", f"1 1 {x} 0 0 6 -1\n2 3 {x + 1} 0 0 1 1\n")
            result = run("import", cell, "-o", self.folder / f"o{x}")
            self.assertEqual(result.returncode, 0, result.stderr)
            self.assertEqual(result.stderr, f"chronaxie: note: {said}\n" if said else "")

    def test_weights_that_are_no_current_when_scaled_are_counted_in_the_remark(self):
        rows = "".join(f"A,B{i},{w}\n" for i, w in enumerate([1, 1, 1, 1e-20, 1e30, 0]))
        edges = self.file("e.csv", "pre,post,weight\n" + rows)
        result = run("import", edges, "-o", self.folder / "o")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn(" 100 pA, 2 then beyond 1e-12 to 1e12 pA became 0 or 1e12 pA, ",
                      result.stderr)

    def test_synapses_that_round_to_nothing_are_counted_with_their_type(self):
        folder = self.network(neurons=("A,cell,0,0,0,12", "B,cell,9,0,0,12", "C,other,0,9,0,12"))
        table = folder / "synapses.csv"
        rows = ["pre,post,weight_pa,delay_ms", "A,B,1e8,1", "A,C,0.01,1", "B,A,-0.01,1",
                "B,C,0.01,1", "C,A,0,1", "C,B,1,1"]
        table.write_text("\n".join(rows))
        said = run("run", folder, *devices()).stderr
        self.assertIn("warning: 3 of 6 synapses, 2 of them onto type other, have weights below "
                      "0.0312 and act as 0:", said)
        self.assertIn("up to 1e+08 may reach B in a step; lower the weights onto B", said)
        stimulus = {"kind": "poisson", "neurons": ["A"], "start_ms": 0, "stop_ms": 9,
                    "rate_hz": 100, "current_pa": .01}
        network = json.loads((folder / "network.json").read_text())
        network["stimuli"] = [self.step(.01), stimulus, {**stimulus, "current_pa": 10}]
        (folder / "network.json").write_text(json.dumps(network))
        self.assertIn("warning: the events of 1 of 3 stimuli, stimuli[1] first, have weights below "
                      "0.0312 and act as 0:", run("run", folder, *devices()).stderr)
        table.write_text("\n".join(rows).replace("1e8", "1e6"))
        self.assertNotIn("act as 0", run("run", folder, *devices()).stderr)

    def test_columns_of_other_tools_are_ignored_with_one_remark(self):
        net = self.network(stimuli=[self.step(30)])
        (net / "neurons.csv").write_text(",name,type,x_um,y_um,z_um,diameter_um,side\n"
                                         "0,A,cell,0,0,0,12,L\n")
        self.assertIn("net/neurons.csv:1: ignored columns: (unnamed), side", self.note("run", net))
        (net / "neurons.csv").write_text("nmae,type,x_um,y_um,z_um,diameter_um,side\n")
        self.fails(3, "net/neurons.csv:1: unknown column 'nmae'", "run", net)

    def test_type_with_a_slash_is_drawn_and_counted(self):
        net = self.network(stimuli=[self.step(30)], neurons=["A,L2/3,0,0,0,12", "B,L4,50,0,0,12"])
        summary = json.loads(self.succeeds("run", net, "--json", *devices()))
        self.assertEqual([kind["type"] for kind in summary["types"]], ["L2/3", "L4"])
        self.succeeds("render", net, "-s", "64x64", "-o", self.folder / "x.png", *devices())

    def test_latin1_is_converted_with_one_remark(self):
        net = self.network(stimuli=[self.step(30)], neurons=["A,L2/3,0,0,0,12", "B,L4,50,0,0,12"])
        table = net / "neurons.csv"
        table.write_bytes(table.read_bytes().replace(b"L4", b"K\xf6rner \x80"))
        result = run("run", net, "--json", *devices())
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual([kind["type"] for kind in json.loads(result.stdout)["types"]],
                         ["L2/3", "K\u00f6rner \u20ac"])
        self.assertEqual(result.stderr.count("note: "), 1)
        self.assertIn("neurons.csv:1: what is not UTF-8 is read as Latin-1\n", result.stderr)

    def test_latin1_in_edges_and_in_spikes_names_the_same_neurons(self):
        self.file("e.csv", "").write_bytes(b"source,target\nUtf\xc3\xa9,Caf\xe9\nCaf\xe9,C\n")
        played = self.file("s.csv", "")
        played.write_bytes(b"neuron,time_ms\nCaf\xe9,10\n")
        result = run("run", self.folder / "e.csv", "--play-spikes", played, *devices())
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual(result.stderr.count("what is not UTF-8 is read as Latin-1"), 2)
        self.assertIn("3 neurons", result.stdout)

    def test_two_cells_far_apart_are_remarked_on(self):
        neurons = ["A,cell,0,0,0,9", "B,cell,50000,0,0,9"]
        self.assertIn("B lies 50 mm from the rest",
                      self.note("run", self.network((), [self.step(30)], neurons)))

    def test_network_that_fires_is_not_remarked_on(self):
        self.assertEqual("", self.note("run", self.network(stimuli=[self.step(30)])))

    def test_counts_agree_with_their_nouns_and_tell_what_was_read(self):
        net = self.network(["1 1 0 0 0 6 -1", "2 3 9 0 0 1 1"], [self.step(60, 10, 15)])
        text = self.succeeds("run", net, *devices())
        self.assertIn("1 neuron, 0 synapses, 1 morphology of 2 points\n", text)
        self.assertIn("1 spike, digest", text)
        summary = json.loads(self.succeeds("run", net, "--json", *devices()))
        self.assertEqual((summary["morphologies"], summary["points"]), (1, 2))
        shutil.rmtree(net)
        self.assertIn("1 neuron, 0 synapses, no morphologies\n",
                      self.succeeds("run", self.network(), *devices()))

    def test_seed_changes_nothing_but_randomness(self):
        first, again = (json.loads(self.succeeds("run", WORM, "--json", "--duration-ms", "60",
                                                 "--seed", "7", *devices())) for _ in range(2))
        self.assertEqual(first["digest"], again["digest"])


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]], verbosity=2)
