"""What tests of the built command share.

Their arguments are COMMAND SOURCE_FOLDER [unittest arguments]. The devices are those of
CHRONAXIE_TEST_DEVICES and CHRONAXIE_TEST_SPLIT, as in the other tests; CHRONAXIE_TEST_LONG=1 asks
for all that can be tried.
"""
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

COMMAND, SOURCES = os.path.abspath(sys.argv[1]), pathlib.Path(sys.argv[2]).resolve()
WORM = SOURCES / "examples/celegans"
ALGORITHMS = ["best", "heft", "heft-no-insertion", "cpop", "peft", "lookahead", "heteroprio"]
SERIAL = os.environ.get("CHRONAXIE_SERIAL") == "1"
LONG = os.environ.get("CHRONAXIE_TEST_LONG") == "1"


def some(tried, n_few):
    """Of what can be tried the first few, and all with tools/test --long."""
    return tried if LONG else tried[:n_few]


def devices():
    words = []
    if os.environ.get("CHRONAXIE_TEST_DEVICES"):
        words += ["-d", os.environ["CHRONAXIE_TEST_DEVICES"]]
    if os.environ.get("CHRONAXIE_TEST_SPLIT"):
        words += ["--split", os.environ["CHRONAXIE_TEST_SPLIT"]]
    return words


def run(*words, **options):
    words = [COMMAND, *map(str, words)]
    # A checker of kernels writes what it finds to a file that this process was given open.
    result = subprocess.run(words, capture_output=True, text=True, timeout=240, close_fds=False,
                            **options)
    # PoCL 7.1 has no parts, see split.sh.
    if "--split" in words and "offer no sub-devices" in result.stderr:
        raise unittest.SkipTest("a device that has parts is needed")
    return result


def run_with_fault(fault, *words, **variables):
    """Runs the command over the layer that makes drivers fail, see layer_fault.c."""
    layer = pathlib.Path(COMMAND).parents[2] / "tools/faults/layer_fault.so"
    return run(*words, env={**os.environ, "OPENCL_LAYERS": str(layer), "CHX_FAULT": fault,
                            **variables})


class Case(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="chronaxie-"))
        self.addCleanup(shutil.rmtree, self.folder)

    def network(self, points=(), stimuli=(), neurons=("A,cell,0,0,0,12",), **description):
        """A folder of neurons, the first with the branches given, that fires when stimulated."""
        folder = self.folder / "net"
        (folder / "morphologies").mkdir(parents=True)
        neuron = {"capacitance_pf": 10, "tau_membrane_ms": 10, "tau_synapse_ms": 5,
                  "resting_mv": -65, "threshold_mv": -50, "reset_mv": -65, "refractory_ms": 5}
        (folder / "network.json").write_text(json.dumps({
            "format": "chronaxie-network", "version": 1, "name": "case", "time_step_ms": 0.1,
            "duration_ms": 100, "neuron": neuron, "stimuli": list(stimuli), **description}))
        header = "name,type,x_um,y_um,z_um,diameter_um"
        (folder / "neurons.csv").write_text("\n".join([header, *neurons]))
        (folder / "synapses.csv").write_text("pre,post,weight_pa,delay_ms\n")
        if points:
            (folder / "morphologies/A.swc").write_text("\n".join(points))
        return folder

    @staticmethod
    def step(current_pa, start_ms=10, stop_ms=60, neurons=("A",)):
        return {"kind": "step", "neurons": list(neurons), "start_ms": start_ms, "stop_ms": stop_ms,
                "current_pa": current_pa}

    def made_folder(self, name):
        (self.folder / name).mkdir()
        return self.folder / name

    def file(self, name, content):
        path = self.folder / name
        path.write_text(content if isinstance(content, str) else json.dumps(content))
        return path

    def succeeds(self, *words, **options):
        result = run(*words, **options)
        self.assertEqual(result.returncode, 0, result.stderr)
        return result.stdout

    def fails(self, code, expected, *words, **options):
        """One sentence on stderr that holds what is expected, nothing on stdout."""
        result = run(*words, **options)
        self.assertEqual(result.returncode, code, result.stderr)
        # rusticl of Mesa 26.2 prints a warning of its own.
        sentences = [line for line in result.stderr.splitlines()
                     if not line.startswith(("chronaxie: warning", "=== Rusticl warning"))]
        self.assertEqual(len(sentences), 1, result.stderr)
        self.assertTrue(sentences[0].startswith("chronaxie: "), sentences[0])
        self.assertIn(expected, sentences[0])
        self.assertEqual(result.stdout, "")
        return sentences[0]
