"""Plans for described machines, by the built command.

usage: test_plans.py CHRONAXIE SOURCE_FOLDER [unittest arguments]
"""
import html.parser
import json
import resource
import shutil
import signal
import subprocess
import sys
import time
import unittest
import xml.etree.ElementTree

sys.dont_write_bytecode = True
from command import ALGORITHMS, Case, COMMAND, SOURCES  # noqa: E402

TOPCUOGLU = json.loads((SOURCES / "examples/topcuoglu.json").read_text())
ARABNEJAD = {
    "lanes": ["P1", "P2", "P3"],
    "tasks": [{"name": f"T{i + 1}", "cost_ms": cost} for i, cost in enumerate([
        [22, 21, 36], [22, 18, 18], [32, 27, 43], [7, 10, 4], [29, 27, 35], [26, 17, 24],
        [14, 25, 30], [29, 23, 36], [15, 21, 8], [13, 16, 33]])],
    "edges": [[f"T{a}", f"T{b}", c] for a, b, c in [
        (1, 2, 17), (1, 3, 31), (1, 4, 29), (1, 5, 13), (1, 6, 7), (2, 8, 3), (2, 9, 30),
        (3, 7, 16), (4, 8, 11), (4, 9, 7), (5, 9, 57), (6, 8, 5), (7, 10, 9), (8, 10, 42),
        (9, 10, 7)]],
}


BROWSERS = ["chromium", "chromium-browser", "chromium-headless-shell", "google-chrome"]
VOID = {"meta", "rect", "path", "br", "img"}
# Collects errors, and asks the page about its first span.
LISTEN = "<script>window.wrong = []; onerror = text => { wrong.push(text); };</script></head>"
ASK = """<script>
const first = document.querySelector(".span");
first.dispatchEvent(new PointerEvent("pointermove", {bubbles: true, clientX: 9, clientY: 9}));
document.body.dataset.told = [wrong.join(), document.querySelectorAll(".span").length,
  document.getElementById("box").hidden, document.getElementById("box").textContent,
  document.querySelectorAll(".arrow").length].join("|");
</script></body>"""


class Tags(html.parser.HTMLParser):
    """Whether each element ends where it should."""

    def __init__(self, text):
        super().__init__()
        self.open = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, _):
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if tag not in VOID and (not self.open or self.open.pop() != tag):
            raise AssertionError(f"</{tag}> at {self.getpos()}")


class Plans(Case):
    def plan(self, graph, *words):
        return json.loads(self.succeeds("plan", self.file("graph.json", graph), "--json", *words))

    def check(self, graph, plan):
        """Costs are kept, lanes hold one task at a time, transfers have their time."""
        at = {entry["task"]: entry for entry in plan["schedule"]}
        self.assertEqual(sorted(at), sorted(task["name"] for task in graph["tasks"]))
        for task in graph["tasks"]:
            entry = at[task["name"]]
            cost = task["cost_ms"][graph["lanes"].index(entry["lane"])]
            self.assertAlmostEqual(entry["finish_ms"] - entry["start_ms"], cost)
        for before, after, transfer in graph["edges"]:
            pause = transfer if at[before]["lane"] != at[after]["lane"] else 0
            self.assertGreaterEqual(at[after]["start_ms"] + 1e-9, at[before]["finish_ms"] + pause)
        for lane in graph["lanes"]:
            spans = sorted((e["start_ms"], e["finish_ms"]) for e in at.values()
                           if e["lane"] == lane)
            for first, second in zip(spans, spans[1:]):
                self.assertGreaterEqual(second[0] + 1e-9, first[1])
        self.assertAlmostEqual(plan["makespan_ms"], max(e["finish_ms"] for e in at.values()))
        self.assertLessEqual(plan["lower_bound_ms"], plan["makespan_ms"])

    def test_heft_on_topcuoglu_takes_80_ms(self):
        plan = self.plan(TOPCUOGLU, "--algorithm", "heft")
        self.assertEqual(plan["makespan_ms"], 80)
        self.assertEqual(plan["algorithm"], "heft")
        self.check(TOPCUOGLU, plan)

    def test_heft_on_arabnejad_barbosa_takes_133_ms(self):
        plan = self.plan(ARABNEJAD, "--algorithm", "heft")
        self.assertEqual(plan["makespan_ms"], 133)
        self.check(ARABNEJAD, plan)

    def test_default_finds_the_optima(self):
        for graph, optimum in [(TOPCUOGLU, 73), (ARABNEJAD, 113)]:
            plan = self.plan(graph)
            self.assertEqual(plan["makespan_ms"], optimum)
            self.assertEqual(plan["algorithm"], "best")
            self.check(graph, plan)

    def test_every_algorithm_makes_a_valid_plan(self):
        for name in ALGORITHMS:
            for graph in [TOPCUOGLU, ARABNEJAD]:
                plan = self.plan(graph, "--algorithm", name)
                self.assertEqual(plan["algorithm"], name)
                self.check(graph, plan)

    def test_machine_gives_work_its_time_and_noise_plays_the_plan(self):
        graph = {"tasks": [{"name": "A", "gop": 30, "output_bytes": 4e6},
                           {"name": "B", "gop": 60}, {"name": "C", "cost_ms": {"host": 0.25}}],
                 "edges": [["A", "B"], ["A", "C"]]}
        machine = SOURCES / "tests/machines/big-and-small.json"
        plan = self.plan(graph, "--machine", machine)
        self.assertNotIn("simulated_ms", plan)
        self.assertGreater(plan["transfers"], 0)
        self.assertGreater(plan["energy_j"], 0)
        svg = self.folder / "played.svg"
        noisy = [self.plan(graph, "--machine", machine, "--noise", "0.3", "--seed", seed, "--svg",
                           svg)["simulated_ms"] for seed in [1, 1, 2]]
        self.assertEqual(noisy[0], noisy[1])
        self.assertNotEqual(noisy[0], noisy[2])
        xml.etree.ElementTree.parse(svg)
        text = self.succeeds("plan", self.folder / "graph.json", "-m", machine, "--slow", "big")
        self.assertIn("times the plan", text)
        self.fails(2, "nothing", "plan", self.folder / "graph.json", "-m", machine, "--slow",
                   "nothing")
        self.fails(3, "bad.json:1", "plan", self.folder / "graph.json", "-m",
                   self.file("bad.json", "{}"))
        self.fails(3, "states a time", "plan", self.file("classical.json", {
            "tasks": graph["tasks"], "edges": [["A", "B", 3]]}), "-m", machine)

    def test_workflows_of_both_layouts_are_planned(self):
        times = {"a": 2, "b": 3.5, "c": 1, "d": 4}
        parents = {"a": [], "b": ["a"], "c": ["a"], "d": ["b", "c"]}
        old = [{"name": n, "runtimeInSeconds": times[n], "parents": parents[n]} for n in times]
        new = [{"name": "work", "id": n, "parents": parents[n]} for n in times]
        ran = {"tasks": [{"id": n, "runtimeInSeconds": times[n]} for n in times]}
        for workflow in {"tasks": old}, {"specification": {"tasks": new}, "execution": ran}:
            graph = self.file("flow.json", {"name": "flow", "workflow": workflow})
            for lanes, makespan in ("1", 10500), ("2", 9500):
                plan = json.loads(self.succeeds("plan", graph, "--lanes", lanes, "--json"))
                self.assertEqual(plan["makespan_ms"], makespan)
        self.fails(2, "--lanes is for", "plan", graph, "-m", "x.json", "--lanes", "2")
        ran["tasks"].pop()
        self.fails(3, 'no "runtimeInSeconds"', "plan", self.file("flow.json", {
            "workflow": {"specification": {"tasks": new}, "execution": ran}}))
        old[0]["parents"] = ["d"]
        self.fails(3, "waits for itself", "plan", self.file("flow.json", {
            "workflow": {"tasks": old}}))
        old[0]["parents"] = ["e"]
        self.fails(3, 'no task "e"', "plan", self.file("flow.json", {"workflow": {"tasks": old}}))
        self.fails(2, "names its lanes", "plan", SOURCES / "examples/topcuoglu.json",
                   "--lanes", "2")

    def test_many_lanes_are_planned_in_little_time(self):
        graph = self.file("few.stg", "2\n0 0 0\n1 5 1 0\n2 3 1 1\n3 0 1 2\n")
        before_s = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
        plan = json.loads(self.succeeds("plan", graph, "--lanes", "20000", "--json"))
        self.assertEqual(plan["makespan_ms"], 8)
        # It takes two seconds, and ten under a sanitizer; by the cube of lanes it would take hours.
        self.assertLess(resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before_s, 60)

    def test_plan_of_more_effort_is_the_optimum_still(self):
        graph = SOURCES / "examples/topcuoglu.json"
        plan = json.loads(self.succeeds("plan", graph, "--effort", "5", "--json"))
        self.assertEqual(plan["makespan_ms"], 73)
        self.fails(2, "effort", "plan", graph, "--effort", "0")

    def test_standard_task_graphs_run_as_published(self):
        text = "  4\n 0 0 0\n 1 5 1 0\n 2 7 1 0\n 3 2 2 1 2\n 4 6 1\t2\n 5 0 2 3 4\n# end\n"
        graph = self.file("graph.stg", text)
        for lanes, optimum in [("1", 20), ("2", 13)]:
            plan = json.loads(self.succeeds("plan", graph, "--lanes", lanes, "--json"))
            self.assertEqual(plan["makespan_ms"], optimum)
            self.assertEqual(len(plan["schedule"]), 6)
        self.fails(2, "--lanes is for", "plan", graph, "-m", "x.json")
        for broken, expected in [("", "bad.stg:1: the file ends"), ("1\n0 0 0\n1 x 0", "bad.stg:3"),
                                 ("1\n0 0 0\n2 1 0", "bad.stg:3: task 2 stands"),
                                 ("1\n0 0 0\n1 1 1 1", "bad.stg:3: task 1 follows itself"),
                                 ("1\n0 0 0\n1 1 1 7", "bad.stg:3"),
                                 ("10000000\n0 0 0\n1", "bad.stg:3: the file ends"),
                                 ("1\n0 0 0\n1 1 1 2\n2 0 1 1", "waits for itself")]:
            self.fails(3, expected, "plan", self.file("bad.stg", broken), "--lanes", "65535")

    def test_table_and_drawing_say_the_same(self):
        svg = self.folder / "schedule.svg"
        text = self.succeeds("plan", self.file("graph.json", TOPCUOGLU), "--svg", svg)
        self.assertIn("makespan 73 ms by best", text)
        xml.etree.ElementTree.parse(svg)

    def page(self, graph):
        path = self.folder / "schedule.html"
        text = self.succeeds("plan", self.file("graph.json", graph), "--timeline", path)
        self.assertIn("bottleneck: 82 % of the time hangs on kernels", text)
        return path

    def test_page_is_whole_and_loads_nothing(self):
        graph = json.loads(json.dumps(TOPCUOGLU).replace("T10", "</script><b>"))
        text = self.page(graph).read_text()
        self.assertEqual(Tags(text).open, [])
        self.assertNotIn("<b>&", text)
        self.assertNotIn("</script><b>", text)
        self.assertNotIn("http", text.replace("http://www.w3.org/2000/svg", "")
                         .replace("http-equiv", ""))
        plan = self.plan(TOPCUOGLU)
        self.assertIn("hangs on kernels", plan["bottleneck"])

    def test_page_tells_of_spans_in_a_browser(self):
        browser = next(filter(None, map(shutil.which, BROWSERS)), None)
        if not browser:
            self.skipTest("no browser is installed")
        path = self.page(TOPCUOGLU)
        text = path.read_text().replace("</head>", LISTEN).replace("</body>", ASK)
        path.write_text(text)
        result = subprocess.run([browser, "--headless", "--no-sandbox", "--disable-gpu",
                                 "--enable-logging=stderr", "--dump-dom", path.as_uri()],
                                capture_output=True, text=True, timeout=120)
        self.assertNotIn("CONSOLE", result.stderr)
        told = result.stdout.split('data-told="')[1].split('"')[0].split("|")
        self.assertEqual(told[:3], ["", "10", "false"])
        self.assertIn("takes", told[3])
        self.assertGreater(int(told[4]), 0)

    def test_unknown_algorithm_is_a_usage_error(self):
        said = self.fails(2, "magic", "plan", self.file("graph.json", TOPCUOGLU), "-a", "magic")
        for name in ALGORITHMS:
            self.assertIn(name, said)

    def test_broken_graphs_are_input_errors_with_a_line(self):
        self.fails(3, "nowhere.json", "plan", self.folder / "nowhere.json")
        for text, expected in [
                ("{", "bad.json:1"), ("[]", "bad.json:1"),
                ('{"lanes": ["P"],\n "tasks": [{"name": "A", "cost_ms": [-1]}],\n "edges": []}',
                 "bad.json:2"),
                ('{"lanes": ["P"],\n "tasks": [{"name": "A", "cost_ms": [1]}],\n'
                 ' "edges": [["A", "B", 1]]}', "bad.json:3"),
                ('{"lanes": ["P"],\n "tasks": [{"name": "A", "cost_ms": [1]}],\n'
                 ' "edges": [["A", "A", 1]]}', "A")]:
            self.fails(3, expected, "plan", self.file("bad.json", text))

    def test_interrupt_ends_a_search_at_once(self):
        n = 60000
        layers = [f"{i + 1} 7 {min(i, 30)} " + " ".join(str(max(i - k, 0)) for k in range(
            min(i, 30))) for i in range(n)]
        graph = self.file("g.stg", f"{n}\n0 0 0\n" + "\n".join(layers) + f"\n{n + 1} 0 1 {n}\n")
        for algorithm in ["best", "lookahead"]:
            child = subprocess.Popen([COMMAND, "plan", graph, "--lanes", "500", "-a", algorithm],
                                     stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            time.sleep(0.5)
            child.send_signal(signal.SIGINT)
            sent_s = time.monotonic()
            said = child.communicate(timeout=60)
            self.assertLess(time.monotonic() - sent_s, 0.5)
            self.assertEqual(child.returncode, 128 + signal.SIGINT, said)
            self.assertEqual(said, ("", "chronaxie: stopped by signal 2\n"))

    def test_picture_needs_the_right_ending_and_a_folder(self):
        graph = self.file("graph.json", TOPCUOGLU)
        self.fails(2, ".svg", "plan", graph, "--svg", self.folder / "x.png")
        self.fails(6, "there is no folder", "plan", graph, "--svg", self.folder / "no/x.svg")


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]], verbosity=2)
