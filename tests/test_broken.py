"""Gives the built command broken files and looks at what it says of them.

usage: test_broken.py CHRONAXIE SOURCE_FOLDER [unittest arguments]

Each case is one line of a table: what is broken, and what the one sentence has to say. It is an
input error, and no file is left that was not there before.
"""
import bz2
import gzip
import json
import lzma
import os
import resource
import sys
import unittest

sys.dont_write_bytecode = True
from command import Case, run, SOURCES  # noqa: E402

NEURONS = "name,type,x_um,y_um,z_um,diameter_um\n"
MORPHOLOGIES = "name,type,x_um,y_um,z_um,diameter_um,morphology\nA,cell,0,0,0,12,../A\n"
SYNAPSES = "pre,post,weight_pa,delay_ms\n"
CELL = "1 1 0 0 0 6 -1\n2 3 50 0 0 1 1\n"
MACHINE = (SOURCES / "tests/machines/big-and-small.json").read_text()
PIPE, FOLDER, MISSING = object(), object(), object()
# What people have beside text: the begin of each, and what is said of it.
FOREIGN = [
    ("pre,post\n".encode("utf-16"), ": is text in UTF-16 or UTF-32; save it in UTF-8"),
    ("1 1 0 0 0 6 -1\n".encode("utf-16"), ": is text in UTF-16 or UTF-32; save it in UTF-8"),
    (b"\xfe\xff\0p", ": is text in UTF-16 or UTF-32; save it in UTF-8"),
    (b"PK\3\4\x14\0\0\0", ": is a zip archive or a workbook; unpack it, or save its table"),
    (lzma.compress(b"pre,post\n1,2\n"), ": is packed by another program than gzip; unpack it"),
    (bz2.compress(b"pre,post\n1,2\n"), ": is packed by another program than gzip; unpack it"),
    (gzip.compress(gzip.compress(b"pre,post\n1,2\n")), ": is still packed by gzip; unpack it"),
    (b"\x89HDF\r\n\x1a\n\0\0", ": is in HDF5, which is not read; save what it holds as text"),
    (b"\x93NUMPY\1\0v\0", ": is an array of NumPy; save it as text"),
    (b"PAR1\x15\4\x15\x10", ": is in Parquet, which is not read; save its table as CSV"),
]


def put(path, content):
    """Makes what a case describes in place of what is there."""
    if path.is_dir():
        path.rmdir()
    elif path.exists():
        path.unlink()
    if content is PIPE:
        os.mkfifo(path)
    elif content is FOLDER:
        path.mkdir()
    elif content is not MISSING:
        path.write_bytes(content if isinstance(content, bytes) else content.encode())


class Broken(Case):
    def says(self, name, sentence, *words, code=3):
        """One sentence that begins with the file, an exit code, and nothing left behind."""
        before = sorted(self.folder.rglob("*"))
        with self.subTest(name=name, sentence=sentence):
            result = run(*words)
            self.assertEqual(result.returncode, code, result.stderr)
            lines = result.stderr.splitlines()
            self.assertEqual(len(lines), 1, result.stderr)
            self.assertTrue(lines[0].startswith(f"chronaxie: {self.folder}/{name}"), lines[0])
            self.assertIn(f"{name}{sentence}", lines[0])
            self.assertTrue(lines[0].isprintable(), lines[0])
            self.assertEqual(result.stdout, "")
            self.assertEqual(sorted(self.folder.rglob("*")), before)

    def tell(self, name, cases, *words):
        """The cases of a file, whose path follows the words of the command."""
        for content, sentence in cases:
            put(self.folder / name, content)
            self.says(name, sentence, *words, self.folder / name)

    def outputs(self):
        return ["--spikes", self.folder / "out.csv", "--raster", self.folder / "r.png", "--trace",
                self.folder / "t.json"]


class Graphs(Broken):
    def test_standard_task_graphs(self):
        self.tell("g.stg", [
            ("", ":1: "), ("\n\n", ":"), ("x\n", ":1: "), ("-1\n0 0 0\n", ":1: "),
            ("99999999999999999999\n", ":1: "), ("1\n0 0 0\n1 nan 0\n", ":3: "),
            ("1\n0 0 0\n1 -5 0\n", ":3: "), ("1\n0 0 0\n1 1e999 0\n", ":3: "),
            ("1\n0 0 0\n1 5 -1\n", ":3: "), ("1\n0 0 0\n1 5 99999999\n", ":3: "),
            ("1\n0 0 0\n1 5 2 0\n", ":4: the file ends where"),
            ("1\n0 0 0\n1 1 1 1\n", ":3: task 1 follows itself"),
            ("1,0,0\n", ":1: "), (b"1\n0 0\0 0\n", ":2: "),
            (FOLDER, ": is a folder; a file is expected here"),
            (MISSING, ": cannot open: No such file"),
        ] + FOREIGN, "plan", "--svg", self.folder / "x.svg")

    def test_task_graphs(self):
        head = '{"lanes": ["P"],\n "tasks": '
        task = head + '[{"name": "A", "cost_ms": [1]}],\n'
        self.tell("g.json", [
            ("", ":1: not valid JSON"), ("{}", ":1: "), ("null", ":1: not valid JSON"),
            ("[" * 100000, ":1: not valid JSON: maximum parsing depth"),
            (task + ' "edgse": []}', ':3: edgse: unknown key; did you mean "edges"?'),
            (task + ' "frobnicate": []}', ":3: frobnicate: unknown key; remove it"),
            (task + ' "edges": [],\n "edges": []}', ":4: not valid JSON: duplicate object key"),
            (task + ' "edges": [["A", "A", 1]]}', ":"),
            (task + ' "edges": [["A", "B", 1]]}', ":3: "),
            (task + ' "edges": [["A"]]}', ":3: "),
            (task + ' "edges": 1e999}', ":3: not valid JSON: real number overflow"),
            (head + '[]}', ":2: "), (head + '[{"name": "A", "cost_ms": [-1]}]}', ":2: "),
            (head + '[{"name": "A", "cost_ms": [NaN]}]}', ":2: not valid JSON"),
            (head + '[{"name": "A", "cost_ms": [1, 2]}]}', ":2: "),
            (head + '[{"name": "A", "cost_ms": [null]}]}', ":2: "),
            (head + '[{"name": "", "cost_ms": [1]}]}', ":2: "),
            (head + '[{"name": "A", "cost_ms": [1]},\n{"name": "A", "cost_ms": [1]}]}', ":"),
            (head + '[{"name": "A", "cost_ms": [1]}, {"name": "B", "cost_ms": [1]}],\n'
             '"edges": [["A", "B", 1], ["B", "A", 1]]}', ":"),
            (head + '[{"name": "A", "cost_ms": [1]}, {"name": "B", "cost_ms": [1]}],\n'
             '"edges": [["A", "B", -1]]}', ":3: "),
            (b'{"lanes": ["\xff"]}', ":1: not valid JSON"), (b'{}\0', ":1: not valid JSON"),
            (json.dumps({"lanes": ["P"] * 70000, "tasks": []}), ":1: lanes"),
            (FOLDER, ": is a folder; a file is expected here"),
            (MISSING, ": cannot open: No such file"),
        ] + FOREIGN, "plan", "--svg", self.folder / "x.svg")

    def test_workflows(self):
        def with_tasks(*tasks, **more):
            return json.dumps({"workflow": {"tasks": tasks, **more}})

        self.tell("w.json", [
            ('{"workflow": {\n"tasks": [', ":2: not valid JSON"),
            (with_tasks(), ":1: workflow.tasks: "),
            (with_tasks({"runtime": 1}), ':1: workflow.tasks[0]: the key "name" is missing'),
            (with_tasks({"name": "A"}), ':1: workflow.tasks[0]: the task "A" has no "runtimeIn'),
            (with_tasks({"name": "A", "runtime": -1}), ":1: workflow.tasks[0].runtime: "),
            (with_tasks({"name": "A", "runtime": 1e300}), ":1: workflow.tasks[0].runtime: "),
            (with_tasks({"name": "A", "runtime": 1, "parents": ["Z"]}),
             ':1: workflow.tasks[0].parents[0]: there is no task "Z"'),
            (with_tasks({"name": "A", "runtime": 1, "parents": ["A"]}), ":"),
            (with_tasks({"name": "A"}, execution={"tasks": [{"id": "Z"}]}),
             ':1: workflow.execution.tasks[0]: there is no task "Z"'),
        ], "plan", "--svg", self.folder / "x.svg")

    def test_graphs_of_work(self):
        machine = self.file("machine.json", MACHINE)
        self.tell("w.json", [
            ("", ":1: not valid JSON"), ("[]", ":1: must be an object"),
            ('{"tasks": []}', ":1: "), ('{"tasks": [{"name": "A"}]}', ":1: "),
            ('{"tasks": [{"name": "A", "gop": -1}]}', ":1: tasks[0].gop: "),
            ('{"tasks": [{"name": "A", "gop": "many"}]}', ":1: tasks[0].gop: "),
            ('{"tasks": [{"name": "A", "gopp": 1}]}', ':1: tasks[0].gopp: unknown key; did you '
             'mean "gop"?'),
            ('{"tasks": [{"name": "A", "gop": 1, "output_bytes": 1e300}]}', ":1: "),
            ('{"tasks": [{"name": "A", "gop": 1}],\n"edges": [["A", "A"]]}', ":"),
            ('{"tasks": [{"name": "A", "gop": 1}],\n"edges": [["A", "Z"]]}', ":2: "),
            ('{"tasks": [{"name": "A", "cost_ms": {"nobody": 1}}]}', ":1: "),
            (FOLDER, ": is a folder; a file is expected here"),
        ], "plan", "-m", machine)

    def test_machines(self):
        graph = self.file("w.json", '{"tasks": [{"name": "A", "gop": 1}]}')
        machine = json.loads(MACHINE)
        many = [{**machine["devices"][0], "name": f"d{i}"} for i in range(70000)]
        self.tell("m.json", [
            ("", ":1: not valid JSON"), ("{}", ":1: "), ("7", ":1: not valid JSON"),
            (json.dumps({**machine, "devices": []}), ":1: devices"),
            (json.dumps({**machine, "devices": many}), ":1: devices"),
            (json.dumps({**machine, "devices": [machine["devices"][0]] * 2}), ":1: devices"),
            (json.dumps({**machine, "device": []}), ":1: device: unknown key"),
            (json.dumps({**machine, "lnks": []}), ":1: lnks: unknown key"),
            (json.dumps({**machine, "links": [["big", "nobody", 1, 1]]}), ":1: links[0]"),
            (FOLDER, ": is a folder; a file is expected here"),
            (MISSING, ": cannot open: No such file"),
        ], "plan", graph, "-m")


class Cells(Broken):
    def test_cells(self):
        self.tell("c.swc", [
            ("", ":1: the file has no points"), ("# only a comment\n", ":"),
            ("1 1 0 0 0 6\n", ":1: "), ("1 1 0 0 0 6 1\n", ":1: "), ("1 1 0 0 0 6 7\n", ":1: "),
            ("1 1 0 0 0 nan -1\n", ":1: "), ("1 1 inf 0 0 6 -1\n", ":1: "),
            ("1 1 1e300 0 0 6 -1\n", ":1: "),
            ("1,1,0,0,0,6,-1\n", ":1: "), (CELL + "2 3 60 0 0 1 1\n", ":3: "),
            ("1 1 0 0 0 6 2\n2 3 0 0 0 1 1\n", ":"), ("99999999999999999999 1 0 0 0 6 -1", ":1: "),
            (b"1 1 0 0 0\0 6 -1\n", ":1: the line holds a NUL byte"),
            (gzip.compress(CELL.encode())[:20], ": the gzip data are"),
            (FOLDER, ": is a folder that holds neither a network.json nor a cell"),
            (MISSING, ": there is no such file or folder; correct the path"),
        ] + FOREIGN, "run", *self.outputs())

    def test_files_of_other_kinds(self):
        self.tell("data", [("", ": is empty; give a folder"), *FOREIGN], "run", *self.outputs())

    def test_folder_in_use(self):
        cell = self.file("c.swc", CELL)
        result = run("import", cell, "-o", ".", cwd=self.made_folder("empty"))
        self.assertEqual(result.returncode, 6)
        self.assertEqual(result.stderr, "chronaxie: .: is in use; name a folder that is not there "
                         "yet\n")

    def test_pipe_in_a_folder_of_cells(self):
        cells = self.made_folder("cells")
        put(cells / "A.swc", PIPE)
        self.says("cells/A.swc", ": is a pipe or a device", "run", cells)

    def test_pipe_of_no_known_name(self):
        put(self.folder / "pipe", PIPE)
        self.says("pipe", ": is a pipe or a device, whose name must say what it holds", "run",
                  self.folder / "pipe")


class Tables(Broken):
    def test_edges(self):
        self.tell("e.csv", [
            ("", ":1: the table is empty"), ("pre,post\n", ":"), ("a b\n1 2\n", ":1: "),
            ("pre|post\n1|2\n", ":1: "), ("pre,post\n1\n", ":2: the row has 1 field"),
            ("pre,post\n1,2,3\n", ":2: the row has 3 fields"), ("pre,post,pre\n1,2,3\n", ":1: "),
            ("pre,post,weight_pa\n1,2,nan\n", ":2: "), ("pre,post,weight_pa\n1,2,inf\n", ":2: "),
            ("pre,post,weight_pa\n1,2,1e300\n", ":2: "),
            ("pre,post,delay_ms\n1,2,-1\n", ":2: "), ("pre,post,delay_ms\n1,2,1e9\n", ":2: "),
            ('pre,post\n"1,2\n', ":2: a quote is not closed"), (b"pre,post\n1,\0\n", ":2: "),
            (b"\x1f\x8b\x08\0\0", ": the gzip data are damaged or cut off; fetch the file again"),
            (gzip.compress(os.urandom(4000))[:-9], ": the gzip data are damaged or cut off"),
            (gzip.compress(b"pre,post\n1,2\n3\n"), ":3: the row has 1 field"),
            ("1,2,7,9\n", ":1: the column 'pre' is missing in the row '1,2,7,9'; the columns are "
             "pre,post,weight_pa,delay_ms, with commas, semicolons or tabs between"),
            ("sep=;\npre;post\n", ":1: the column 'pre' is missing in the row 'sep=;'; the"),
            ("who whom\n" + "a b\n" * 9, ":1: the column 'pre' is missing in the row 'who whom'"),
            ("a b {'weight': x}\n", ":1: the column 'pre' is missing in the row 'a b x';"),
            ("a b {'weight': 1}\na b {'weight': x}\n", ":2: weight_pa is 'x'"),
            ("x" * 300 + "\ty\n", ":1: the column 'pre' is missing in the row 'xxxxx"),
            ('# of a "lab\n#\npre\tpost\n1\n', ":4: the row has 1 field"),
            ("# of a lab\n", ":"),
            ("pre,post\n,2\n", ":2: "), ("pre,post\n" + "x" * 70000 + ",2\n", ":2: "),
            (FOLDER, ": is a folder that holds neither a network.json nor a cell"),
            (MISSING, ": there is no such file or folder; correct the path"),
        ] + FOREIGN, "run", *self.outputs())

    def test_recordings(self):
        net = self.network()
        self.tell("s.csv", [
            ("", ":1: the table is empty"), ("A\n", ":1: "), ("A 1\nA nan\n", ":2: "),
            ('# "\nA 1\n# 5"\nA inf\n', ":4: "), ("A 1\nA 1e999\n", ":2: "), ("A 1\nB 1\n", ":2: "),
            ("neuron,time_ms\nA,-1\n", ":2: "), ("neuron,time_ms\nA\n", ":2: the row has 1 field"),
            ("neuron,time_ms,time_ms\nA,1,1\n", ":1: "), (b"A 1\nA\0 1\n", ":2: "),
            ("neuron;time_ms\nA,1\n", ":2: the row has 1 field"),
            ("neuorn,time_ms\nA,1\n", ":1: unknown column 'neuorn'"),
            (FOLDER, ": is a folder; a file is expected here"),
            (MISSING, ": cannot open: No such file"),
        ] + FOREIGN, "run", net, *self.outputs(), "--play-spikes")


class Networks(Broken):
    def parts(self, name, cases):
        """Cases of one file of a network that is whole but for it."""
        net = self.network()
        for content, sentence in cases:
            put(net / name, content)
            self.says(f"net/{name}", sentence, "run", net, *self.outputs())

    def test_neurons(self):
        row = "A,cell,0,0,0,12\n"
        self.parts("neurons.csv", [
            ("", ":1: the table is empty"), (NEURONS, ":2: no neurons follow the header"),
            (NEURONS + row + row, ":3: the name 'A' stands twice"),
            (NEURONS + "A,cell,nan,0,0,12\n", ":2: x_um is 'nan'"),
            (NEURONS + "A,cell,0,inf,0,12\n", ":2: y_um is 'inf'"),
            (NEURONS + "A,cell,0,0,1e300,12\n", ":2: "), (NEURONS + "A,cell,0,0,0,-1\n", ":2: "),
            (NEURONS + "A,cell,0,0,0\n", ":2: the row has 5 fields"),
            (NEURONS + ",cell,0,0,0,12\n", ":2: "), (MORPHOLOGIES, ":2: morphology holds a slash"),
            (NEURONS.replace(",", "|") + row, ":1: "), (NEURONS.replace("type", "tpye") + row,
                                                         ":1: unknown column 'tpye'"),
            (NEURONS.encode() + b"\0,cell,0,0,0,12\n", ":2: "),
            (NEURONS.encode() + b"A\0,cell,0,0,0,12\n", ":2: the line holds a NUL byte"),
            (NEURONS + '"A,cell,0,0,0,12\n', ":2: a quote is not closed"),
            (PIPE, ": is a pipe or a device; a network folder holds regular files"),
            (FOLDER, ": is a folder; a file is expected here"),
            (MISSING, ": cannot open: No such file"),
        ])

    def test_synapses(self):
        self.parts("synapses.csv", [
            ("", ":1: the table is empty"), (SYNAPSES + "A,B,1,1\n", ":2: post is 'B'"),
            (SYNAPSES + "Z,A,1,1\n", ":2: pre is 'Z'"), (SYNAPSES + "A,A,nan,1\n", ":2: "),
            (SYNAPSES + "A,A,1,-1\n", ":2: "), (SYNAPSES + "A,A,1,1e30\n", ":2: "),
            (SYNAPSES + "A,A,1e-300,1\n", ":2: weight_pa is '1e-300', which is 0 as a float"),
            (SYNAPSES + "A,A,1,0\n", ":2: "), (SYNAPSES + "A;A;1;1\n", ":2: the row has 1 field"),
            (SYNAPSES.encode() + b"A,A,1\0,1\n", ":2: the line holds a NUL byte"),
            (SYNAPSES + "A,A,1,x", ":2: "),
            (PIPE, ": is a pipe or a device; a network folder holds regular files"),
            (FOLDER, ": is a folder; a file is expected here"),
            (MISSING, ": cannot open: No such file"),
        ])

    no_table = [(PIPE, ": is a pipe or a device; a network folder holds regular files"),
                (FOLDER, ": is a folder; a file is expected here"),
                ("", ":1: the table is empty")]

    def test_parameters(self):
        self.parts("parameters.csv", self.no_table + [
            ("neuron,bias_pa\nB,1\n", ":2: neuron is 'B'"),
            ("neuron,bias_pa\nA,nan\n", ":2: bias_pa is 'nan'"),
            ("neuron,bais_pa\nA,1\n", ":1: unknown column 'bais_pa'"),
            ("neuron,capacitance_pf\nA,0\n", ":2: capacitance_pf must be"),
        ])

    def test_initial_values(self):
        self.parts("initial.csv", self.no_table + [
            ("neuron,potential_mv\nA,1,2\n", ":2: the row has 3 fields"),
            ("neuron,potential_mv\nA,inf\n", ":2: potential_mv is 'inf'"),
        ])

    def test_graded_synapses(self):
        self.parts("graded.csv", self.no_table + [
            ("pre,post,conductance_ns,reversal_mv\nA,A,1,0\n", ":2: pre has a model that"),
        ])

    def test_description(self):
        text = json.loads((self.network() / "network.json").read_text())
        (self.folder / "net").rename(self.folder / "old")

        def with_stimulus(**changed):
            return json.dumps({**text, "stimuli": [{**self.step(30), **changed}]})

        self.parts("network.json", [
            ("", ":1: not valid JSON"), ("[]", ":1: must be an object"),
            ("{\n" * 3000, ":"), ('{"format": 1,\n"format": 1}', ":2: not valid JSON: duplicate"),
            (json.dumps({**text, "version": 2}), ":1: version: "),
            (json.dumps({**text, "name": "a\x1b[31m"}), ":1: name: holds a control character"),
            (json.dumps({**text, "name": "a\n"}), ":1: name: holds a control character"),
            (json.dumps({**text, "time_step_ms": 0}), ":1: time_step_ms: "),
            (json.dumps({**text, "time_step_ms": 1e-300}), ":1: time_step_ms: "),
            (json.dumps({**text, "duration_ms": -1}), ":1: duration_ms: "),
            (json.dumps({**text, "duration_ms": 1e300}), ":1: duration_ms: "),
            (json.dumps({**text, "duration_ms": float("nan")}), ":1: not valid JSON"),
            (json.dumps({**text, "seed": -1}), ":1: seed: "),
            (json.dumps({**text, "seed": 1.5}), ":1: seed: must be a whole number"),
            (json.dumps({**text, "stimulli": []}), ':1: stimulli: unknown key; remove it'),
            (json.dumps({**{k: v for k, v in text.items() if k != "stimuli"}, "stimulli": []}),
             ':1: stimulli: unknown key; did you mean "stimuli"?'),
            (json.dumps({**text, "types": {"ghost": {}}}), ":1: types.ghost: no row of neurons"),
            (json.dumps({**text, "types": {"cell": {"tau_membrane": 3}}}), ":1: types.cell.tau"),
            (json.dumps({**text, "neuron": {}}), ":1: neuron: the key"),
            (with_stimulus(neurons=["B"]), ":1: stimuli[0].neurons[0]: no row of neurons.csv"),
            (with_stimulus(neurons=[]), ":1: stimuli[0].neurons: has 0 elements"),
            (with_stimulus(types=["B"]), ":1: stimuli[0].types[0]: no row of neurons.csv"),
            (with_stimulus(kind="steep"), ":1: stimuli[0].kind: is 'steep'"),
            (with_stimulus(curent_pa=1), ":1: stimuli[0].curent_pa: unknown key"),
            (with_stimulus(weight_ns=1), ":1: stimuli[0].weight_ns: unknown key"),
            (with_stimulus(rate_hz=1), ":1: stimuli[0].rate_hz: belongs to a poisson"),
            (with_stimulus(start_ms=-1), ":1: stimuli[0].start_ms: "),
            (with_stimulus(stop_ms=5), ":1: stimuli[0].stop_ms: "),
            (PIPE, ": is a pipe or a device; a network folder holds regular files"),
            (FOLDER, ": is a folder; a file is expected here"),
        ] + FOREIGN)

    def test_stimuli_without_number_are_read_in_the_time_of_their_entries(self):
        n = 300000
        rows = (f"{i},cell,0,0,0,9" for i in range(n))
        net = self.network(neurons=rows, stimuli=[self.step(1, neurons=["7"])] * 50000 + [
            {**self.step(1), "types": ["cell"] * n, "neurons": ["0"] * n}])
        put(net / "synapses.csv", MISSING)
        before_s = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
        self.says("net/synapses.csv", ": cannot open", "run", net)
        self.assertLess(resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before_s, 10)

    def test_models_of_ones_own(self):
        net = self.network(neuron={"model": "mine.cl"})
        code = "MODEL_STEP {\n n->v = n->v + drive;\n fired = n->v > 9.0f;\n}\n\n"

        def head(*lines):
            return "/* chronaxie-model 1\n" + "\n".join(lines) + "\nstate v = 0\n*/\n"

        def body(line):
            return head() + line + "\n" + code

        for content, sentence in [
            ("", ":1: a model's file begins with a comment"),
            (code, ":1: a model's file begins with a comment"),
            ("/* chronaxie-model 1", ":1: a model's file begins with a comment"),
            ("/* mine\n\n */\n" + code, ":3: the comment ends without a line 'chronaxie-model 1'"),
            ("/* chronaxie-model 2\n*/" + code, ":1: '2' is a version that this program cannot"),
            ("/* chronaxie-model 1\nparameter a = 1\n*/" + code, ":3: the comment ends without a "
             "state"),
            (head("tau_ms = 1") + code, ":2: 'tau_ms' is unknown; a line says parameter, port"),
            (head("", "parameter") + code, ":3: lacks a name"),
            (head("port a", "port a") + code, ":3: 'a' stands twice"),
            (head(*("port p%d" % i for i in range(9))) + code,
             ":10: is one port too many; a model has at most 8"),
            (head("\x1b[31mred = 1") + code, ":2: holds what is no letter, digit or mark"),
            (head("constant a = \u00e9") + code, ":2: holds what is no letter, digit or mark"),
            (b"/* chronaxie-model \xff\n*/", ":1: holds what is no letter, digit or mark"),
            (head("parameter A = 1") + code, ":2: 'A' is no name"),
            (head("parameter " + "a" * 41) + code, ":2: 'aaa"),
            (head("parameter a = 1", "constant a = 1") + code, ":3: 'a' stands twice"),
            (head("parameter v = 1") + code, ":3: 'v' stands twice"),
            (head("parameter time_step_ms = 1") + code, ":2: 'time_step_ms' stands twice"),
            (head("parameter float = 1") + code, ":2: 'float' has a meaning already"),
            (head("parameter a = x") + code, ":2: 'x' is no number"),
            (head("parameter a =") + code, ":2: lacks a number"),
            (head("parameter a = 1 above 1") + code, ":2: 'a' has a default outside of its own"),
            (head("parameter a = 1e13") + code, ":2: 'a' has a default outside of its own"),
            (head("parameter a = 1 above 3 below 2") + code, ":2: leaves no number between"),
            (head("parameter a = 1 around 3") + code, ":2: goes on after 'parameter NAME"),
            (head(*[f"parameter a{i} = 1" for i in range(31)]) + code, ":34: is one "
             "parameter too many"),
            (head("constant a = ") + code, ":2: the formula of 'a' ends where a number"),
            (head("constant a 1") + code, ":2: 'a' lacks '=' and a formula"),
            (head("constant a = b * 2") + code, ":2: the formula of 'a' names neither"),
            (head("constant a = (1") + code, ":2: the formula of 'a' lacks a closing"),
            (head("constant a = 1 2") + code, ":2: the formula of 'a' goes on where it should end"),
            (head("constant a = " + "(" * 99) + code, ":2: the formula of 'a' nests more than 32"),
            (head("constant a = 1..2") + code, ":2: the formula of 'a' holds a number"),
            (head(*[f"constant a{i} = 1" for i in range(32)]) + code, ":33: is one too many"),
            (head() + code.replace("MODEL_STEP", "model_step"), ":5: a model's file holds macros"),
            (head() + "// MODEL_STEP {}\n", ":6: the file ends without MODEL_STEP"),
            (head() + "#define MODEL_STEP {}\n", ":6: the file ends without MODEL_STEP"),
            (head() + "\n", ":6: the file ends without MODEL_STEP"),
            (body("MODEL_STEP;"), ":5: MODEL_STEP is followed by a time step's statements in"),
            (head() + code + code, ":10: MODEL_STEP and its braces are the last of a model's"),
            (head() + code + "/* the end */\n;", ":11: MODEL_STEP and its braces are the last"),
            (head() + "MODEL_STEP {\n return; }", ":6: MODEL_STEP is no function"),
            (body("#define leave return"), ":5: MODEL_STEP is no function"),
            (head() + "MODEL_STEP {\n{ }\n", ":7: the file ends within braces"),
            (body("float f(float x);"), ":5: a model's file holds macros and MODEL_STEP { ... }"),
            (body("struct pair { float x; };"), ":5: a model's file holds macros and MODEL_STEP"),
            (body("MODEL_STEPS {}"), ":5: a model's file holds macros and MODEL_STEP"),
            (body("{"), ":5: a model's file holds macros and MODEL_STEP"),
            (body("#define f(x) exp(x)"), ":5: exp() is the driver's"),
            (body("#define f(x) log(x)"), ":5: log() is the driver's, and each rounds it in its "
             "own way; take WIDE_EXP(), WIDE_LOG(), WIDE_TANH() or WIDE_POW(), sums and"),
            (body("#define f(x) native_sin (x)"), ":5: native_sin() is the"),
            (body("#define power(x) half_powr(x, x)"), ":5: half_powr() is the driver's"),
            (head() + "MODEL_STEP {\n n->v = mad(drive, drive, drive); }", ":6: mad() is the"),
            (body("#define f(x) (x / 3)"), ":5: a quotient is not rounded the same on every "
             "device; take WIDE_QUOTIENT(), or multiply by a constant"),
            (head() + "MODEL_STEP {\n n->v = drive / 3; }", ":6: a quotient is not rounded the"),
            (head() + "MODEL_STEP {\n n->v = drive * .5; }", ":6: .5 is a double on some devices"),
            (body("#define f(x) (1e-3 * x)"), ":5: 1e-3 is a double on some devices"),
            (body("#define real double"), ":5: a model has no use for double"),
            (body("#define f kernel"), ":5: a model has no use for kernel"),
            (body('#include "more.h"'), ":5: a model's file has no #include"),
            (body("#pragma OPENCL FP_CONTRACT ON"), ":5: a model's file has no #pragma"),
            (body("/* never ends"), ":5: this comment does not end"),
            (body("}"), ":5: this brace closes none"),
            (b"/* chronaxie-model 1 */\0", ":1: holds a NUL"),
            (PIPE, ": is a pipe or a device"), (FOLDER, ": is a folder; a file is expected here"),
            (MISSING, ": cannot open: No such file"),
        ]:
            put(net / "mine.cl", content)
            self.says("net/mine.cl", sentence, "run", net, *self.outputs())

    def test_parameters_of_a_model_of_ones_own(self):
        net = self.network(neuron={"model": "mine.cl"})
        model = (SOURCES / "examples/own-neuron/fitzhugh_nagumo.cl").read_text()
        put(net / "mine.cl", model.replace("offset         = 0.7", "offset"))
        text = json.loads((net / "network.json").read_text())
        for neuron, sentence in [
            ({}, ':1: neuron: the key "offset" is missing'),
            ({"offset": 1, "ofset": 2}, ":1: neuron.ofset: unknown key"),
            ({"offset": 1, "pace": 1}, ":1: neuron.pace: must be a number above 0 and below 1"),
            ({"offset": 1, "leak": -1}, ":1: neuron.leak: must be a number of at least 0"),
            ({"offset": 1, "tau_ms": 1e-41}, ":1: neuron: step is no number, or none that a float"),
            ({"offset": 1, "refractory_ms": -1}, ":1: neuron.refractory_ms: must be a number of"),
        ]:
            text["neuron"] = {"model": "mine.cl", **neuron}
            put(net / "network.json", json.dumps(text))
            self.says("net/network.json", sentence, "run", net, *self.outputs())

    def test_morphologies(self):
        net = self.network()
        put(net / "morphologies/A.swc", PIPE)
        self.says("net/morphologies/A.swc", ": is a pipe or a device", "run", net)
        put(net / "morphologies/A.swc", FOLDER)
        self.says("net/morphologies/A.swc", ": is a folder; a file is expected here", "run", net)
        put(net / "morphologies/A.swc", MISSING)
        put(net / "morphologies/B.swc", CELL)
        self.says("net/morphologies/B.swc", ":1: no row of neurons.csv has this name", "run", net)
        rows = (net / "neurons.csv").read_text().splitlines()
        put(net / "neurons.csv", f"{rows[0]},morphology\n{rows[1]},b\n")
        self.says("net/neurons.csv", ":2: the morphology of A is not in", "run", net)
        put(net / "neurons.csv", "\n".join(rows))
        put(net / "morphologies/B.swc", MISSING)
        put(net / "morphologies", "not a folder")
        self.says("net/morphologies", ": is a file; put cells into a folder of this name", "run",
                  net)


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]], verbosity=2)
