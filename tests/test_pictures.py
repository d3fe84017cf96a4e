"""Pictures and video of the built command.

usage: test_pictures.py CHRONAXIE SOURCE_FOLDER [unittest arguments]
"""
import contextlib
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import time
import unittest

sys.dont_write_bytecode = True
from command import Case, COMMAND, devices, run_with_fault, SERIAL, WORM  # noqa: E402


def probe(path):
    words = ["ffprobe", "-v", "error", "-count_frames", "-show_streams", "-of", "json", path]
    return json.loads(subprocess.run(words, capture_output=True, text=True, check=True).stdout)[
        "streams"][0]


@unittest.skipIf(SERIAL, "a checked device is too slow for frames of this size")
class Renders(Case):
    small = ["--size", "160x90", *devices()]

    def test_picture_has_the_size_asked_for(self):
        out = self.folder / "worm.png"
        summary = json.loads(self.succeeds("render", WORM, "-o", out, "--json", "--at-ms", "60",
                                           *self.small))
        data = out.read_bytes()
        self.assertEqual(int.from_bytes(data[16:20], "big"), 160)
        self.assertEqual(int.from_bytes(data[20:24], "big"), 90)
        self.assertEqual(summary["files"], [str(out)])
        self.assertEqual(summary["end_ms"], 60)

    def test_brightest_moment_is_found_and_pixels_do_not_depend_on_bands(self):
        digests = set()
        for bands in ["1", "3"]:
            summary = json.loads(self.succeeds(
                "render", WORM, "-o", self.folder / "x.png", "--json", "--bands", bands,
                "--raster", self.folder / "raster.png", *self.small))
            digests.add(summary["digest"])
            self.assertGreater(summary["end_ms"], 0)
        self.assertEqual(len(digests), 1)

    def test_shared_shape_is_drawn_as_copies_of_it_are(self):
        def digest(header, rows, files):
            neurons = [",".join(map(str, row)) for row in rows]
            net = self.network(neurons=neurons, stimuli=[self.step(30, neurons=["A", "B", "C"])])
            table = net / "neurons.csv"
            table.write_text(table.read_text().replace("diameter_um", "diameter_um" + header))
            for name, (x, y, z) in files.items():
                (net / f"morphologies/{name}.swc").write_text(
                    f"1 1 {x} {y} 0 6 -1\n2 3 {x + 80 - z} {y + 40} {z} 2 1\n"
                    f"3 3 {x + 80 - z} {y - 25} {z} 1 1\n")
            summary = json.loads(self.succeeds("render", net, "-o", self.folder / "x.png", "--json",
                                               *self.small))
            shutil.rmtree(net)
            return summary["digest"]

        places = {"A": (0, 0, 0), "B": (150, 25, 0), "C": (-60, 300, 0)}
        rows = [(name, "cell", *place, 12) for name, place in places.items()]
        copies = digest("", rows, places)
        shared = digest(",morphology", [(*row, "S.swc") for row in rows], {"S": (7, 9, 0)})
        self.assertEqual(copies, shared)
        turned = digest(",morphology,rotation_deg", [(*row, "S", 30) for row in rows],
                        {"S": (7, 9, 0)})
        self.assertNotEqual(turned, shared)

    def test_imported_folder_draws_as_what_it_was_made_of(self):
        cells = self.made_folder("cells")
        for name, x in [("A", 0.1), ("B,2", 90.7)]:
            (cells / f"{name}.swc").write_text(
                f"1 1 {x} 0 0 6 -1\n2 1 {x} 6 0 6 1\n3 1 {x} -6 0 6 1\n"
                f"5 3 {x / 3} 50 7 0.3 1\n9 2 {x} 99.9 -8 0 5\n")
        edges = self.file("edges.csv", "source,target,weight\nA;x,B,90\nB,C,70.1\nC,A;x,60\n")
        for what in [[cells], [cells / "A.swc"], [cells / "A.swc", cells / "B,2.swc"], [edges]]:
            net = self.folder / "net"
            made = json.loads(self.succeeds("import", *what, "-o", f"{net}/", "--json"))
            self.assertEqual(made["folder"], f"{net}/")
            digests = [json.loads(self.succeeds("render", *words, "-o", self.folder / "x.png",
                                                "--json", *self.small))
                       for words in (what, [net])]
            for key in ["network", "digest", "spikes_digest", "start_ms"]:
                self.assertEqual(digests[0][key], digests[1][key])
            self.assertEqual(os.stat(net).st_mode & 0o777, 0o777 & ~self.umask())
            shutil.rmtree(net)

    @staticmethod
    def umask():
        mask = os.umask(0)
        os.umask(mask)
        return mask

    def test_imported_network_can_be_called_as_any_file_is(self):
        for name, called in [(b"e\xe9.csv", "e\u00e9"), ("\u00e9\nf.csv".encode(), "\u00e9 f")]:
            edges = self.folder / os.fsdecode(name)
            edges.write_text("pre,post\nA,B\n")
            made = self.folder / os.fsdecode(b"N" + name)
            result = json.loads(self.succeeds("import", edges, "-o", made, "--json"))
            self.assertEqual(result["network"], called + " (positions are a layout)")
            self.assertEqual(json.loads((made / "network.json").read_text())["name"],
                             result["network"])
        cells = self.made_folder(os.fsdecode(b"\xe9"))
        (cells / "a.swc").write_text("1 1 0 0 0 6 -1\n")
        self.assertIn("\u00e9: 1 neuron", self.succeeds("run", cells, *devices()))

    def test_import_neither_overwrites_nor_leaves_half_a_folder(self):
        cell = self.file("cell.swc", "1 1 0 0 0 6 -1\n2 3 50 0 0 1 1\n")
        full = self.made_folder("full")
        (full / "mine.txt").write_text("mine")
        self.fails(6, "full: is not empty; name a folder", "import", cell, "-o", full)
        self.fails(6, "cell.swc: is a file; name a folder", "import", cell, "-o", cell)
        self.fails(6, "no/net: cannot create", "import", cell, "-o", self.folder / "no/net")
        self.fails(2, "import needs -o FOLDER", "import", cell)
        self.fails(3, "", "import", self.file("bad.swc", "1 1 0\n"), "-o", self.folder / "new")
        self.assertEqual(sorted(os.listdir(self.folder)), ["bad.swc", "cell.swc", "full"])
        self.assertEqual(os.listdir(full), ["mine.txt"])
        self.succeeds("import", cell, "-o", self.made_folder("empty"))
        self.assertEqual(sorted(os.listdir(self.folder / "empty")),
                         ["morphologies", "network.json", "neurons.csv", "synapses.csv"])

    def test_played_spikes_make_the_pixels_that_simulated_ones_make(self):
        spikes = self.folder / "spikes.csv"
        self.succeeds("run", WORM, "-t", "60", "--spikes", spikes, *devices())
        for name, options in [("x.png", ()), ("x.mp4", ("--start-ms", "20"))]:
            digests = [json.loads(self.succeeds("render", WORM, "-o", self.folder / name, "-t",
                                                "30", "--json", *played, *options, *self.small))
                       for played in [(), ("--play-spikes", spikes)]]
            for key in ["digest", "spikes_digest"]:
                self.assertEqual(digests[0][key], digests[1][key])
            self.assertEqual(digests[0]["frames"], digests[1]["frames"])

    def test_played_ids_may_be_written_as_numpy_saves_floats(self):
        net = self.network(neurons=("1,cell,0,0,0,12", "20,cell,50,0,0,12"))
        digests = set()
        for rows in ["1,1\n3.5,20\n", "1.000000000000000000e+00,1.000000000000000000e+00\n"
                     "3.500000000000000000e+00,2.000000000000000000e+01\n"]:
            digests.add(json.loads(self.succeeds(
                "render", net, "-o", self.folder / "x.png", "--json", "--play-spikes",
                self.file("s.csv", "times,ids\n" + rows), *self.small))["spikes_digest"])
        self.assertEqual(len(digests), 1)

    def spike_times(self, net):
        out = self.folder / "spikes.csv"
        self.succeeds("run", net, "--spikes", out, *devices())
        return [float(line.split(",")[0]) for line in out.read_text().splitlines()[1:]]

    def moment(self, net):
        return json.loads(self.succeeds("render", net, "-o", self.folder / "x.png", "--json",
                                        *self.small))["start_ms"]

    def test_brightest_moment_is_after_the_step_of_a_spike(self):
        net = self.network(stimuli=[self.step(30)])
        moment = self.moment(net)
        after = min(moment - spike for spike in self.spike_times(net) if spike <= moment)
        self.assertGreater(after, 0.1)
        self.assertLess(after, 0.6)

    def test_brightest_moment_waits_until_light_has_travelled(self):
        net = self.network(["1 1 0 0 0 6 -1", "2 3 500 0 0 1 1"], [self.step(60, 10, 15)])
        spikes, moment = self.spike_times(net), self.moment(net)
        self.assertEqual(len(spikes), 1)
        self.assertGreater(moment, spikes[0] + 4)
        self.assertLess(moment, spikes[0] + 7)

    def test_moment_within_a_short_duration_stays_within_it(self):
        net = self.network(["1 1 0 0 0 6 -1", "2 3 500 0 0 1 1"], [self.step(90, 0, 4)],
                           duration_ms=3)
        self.assertEqual(len(self.spike_times(net)), 1)
        self.assertLessEqual(self.moment(net), 3)

    def test_video_is_what_every_player_takes(self):
        out = self.folder / "worm.mp4"
        summary = json.loads(self.succeeds(
            "render", WORM, "-o", out, "--json", "--duration-ms", "40", "--speed", "1/25", "--fps",
            "10", "--orbit", "90", "--timeline", self.folder / "t.svg", "--spikes",
            self.folder / "s.csv", *self.small))
        stream = probe(out)
        self.assertEqual((stream["codec_name"], stream["pix_fmt"]), ("h264", "yuv420p"))
        self.assertEqual((stream["width"], stream["height"]), (160, 90))
        self.assertEqual((int(stream["nb_read_frames"]), summary["frames"]), (10, 10))
        self.assertEqual(stream["avg_frame_rate"], "10/1")

    def test_webm_holds_vp9(self):
        out = self.folder / "worm.webm"
        self.succeeds("render", WORM, "-o", out, "--duration-ms", "10", "--start-ms", "40", "--fps",
                      "10", *self.small)
        self.assertEqual(probe(out)["codec_name"], "vp9")

    def test_no_output_is_written_over_an_input(self):
        spikes, edges = self.folder / "spikes.csv", self.folder / "edges.csv"
        spikes.write_text("time_ms,neuron\n1,AVAL\n")
        edges.write_text("source,target\na,b\n")
        self.fails(2, "would write over", "run", WORM, "--play-spikes", spikes, "--spikes",
                   f"{self.folder}/./spikes.csv")
        self.fails(2, "would write over", "run", edges, "--spikes", edges)
        self.assertEqual(edges.read_text(), "source,target\na,b\n")

    def test_no_output_is_written_over_a_part_of_its_network(self):
        train = {"kind": "spike_train", "times_ms": "train.csv", "weight_pa": 100}
        net = self.network(["1 1 0 0 0 6 -1"], [train])
        (net / "train.csv").write_text("neuron,time_ms\nA,2\n")
        before = {path: path.read_bytes() for path in net.rglob("*") if path.is_file()}
        (self.folder / "link").symlink_to(net)
        for option, name in [("--spikes", "neurons.csv"), ("--weights", "./synapses.csv"),
                             ("--states", "train.csv"), ("--trace", "network.json"),
                             ("--checkpoint", "morphologies/A.swc"),
                             ("--rates", "morphologies/../gaps.csv")]:
            for folder in (net, self.folder / "link"):
                self.fails(2, f"{option} would write over {folder}/{name}, which is read", "run",
                           net, option, f"{folder}/{name}")
        for name in ("spikes.csv", "morphologies/spikes.csv"):
            self.succeeds("run", net, "--spikes", net / name, *devices())
            self.succeeds("run", net, "--spikes", net / name, *devices())
        self.assertEqual(before, {path: path.read_bytes() for path in before})
        self.fails(2, "would write over", "run", net / "morphologies", "--checkpoint",
                   net / "morphologies/A.swc")

    def test_choices_that_do_not_fit_are_usage_errors(self):
        png, mp4 = self.folder / "x.png", self.folder / "x.mp4"
        self.fails(2, "needs -o", "render", WORM)
        self.fails(2, ".png .mp4 .webm", "render", WORM, "-o", self.folder / "x.gif")
        self.fails(2, "must be even", "render", WORM, "-o", png, "--size", "641x480")
        self.fails(2, "--at-ms is for pictures", "render", WORM, "-o", mp4, "--at-ms", "3")
        self.fails(2, "are for videos", "render", WORM, "-o", png, "--orbit", "3")
        self.fails(2, "rainbow", "render", WORM, "-o", png, "--colour-map", "rainbow")
        self.fails(2, "clear is for pictures", "render", WORM, "-o", mp4, "--background", "clear")
        self.fails(2, "not 'pink'", "render", WORM, "-o", png, "--background", "pink")
        self.fails(2, "not 'mood'", "render", WORM, "-o", png, "--colour-by", "mood")
        self.fails(2, "--view takes xy, xz, yz or principal, not 'zx'", "render", WORM, "-o", png,
                   "--view", "zx")
        self.fails(2, "would both write", "render", WORM, "-o", png, "--raster", png)
        self.fails(2, "no neuron 'NOBODY'", "render", WORM, "-o", png, "--centre", "NOBODY",
                   "--at-ms", "1", *self.small)
        self.fails(6, "there is no folder", "render", WORM, "-o", self.folder / "no/x.png")
        self.fails(6, "is a folder", "render", WORM, "-o", self.made_folder("y.png"))
        self.assertFalse(png.exists())

    def test_clear_background_makes_a_picture_with_alpha(self):
        png = self.folder / "x.png"
        for background, kind in (("clear", 6), ("black", 2)):
            self.succeeds("render", WORM, "-o", png, "--at-ms", "1", "--background", background,
                          *self.small)
            self.assertEqual(png.read_bytes()[25], kind)

    def test_missing_ffmpeg_is_an_error_of_its_own(self):
        self.fails(7, "ffmpeg", "render", WORM, "-o", self.folder / "x.mp4", *self.small,
                   env={**os.environ, "PATH": str(self.folder)})
        self.assertEqual(os.listdir(self.folder), [])

    def is_writing(self, pid):
        """Whether a process has a file open in the folder, with a name or without."""
        for descriptor in pathlib.Path(f"/proc/{pid}/fd").iterdir():
            with contextlib.suppress(OSError):
                if os.readlink(descriptor).startswith(str(self.folder)):
                    return True
        return False

    @unittest.skipUnless(devices() == ["-d", "portable"], "a device that has parts is needed")
    def test_pictures_survive_a_device(self):
        for name, faults in [("x.png", ["lose:1", "lose:9"]),
                             ("x.mp4", ["lose:300", "enqueue:200", "lose:1", "lose:177"])]:
            outcomes = []
            for fault in ["", *faults]:
                words = ["--spikes", self.folder / "s.csv", "--json"]
                words += ["-t", 200, "--speed", 0.1] if name == "x.mp4" else []
                done = run_with_fault(fault, "render", WORM, "-o", self.folder / name, *self.small,
                                      "--split", 2, *words)
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assertEqual("made again" in done.stderr, fault != "", done.stderr)
                summary = json.loads(done.stdout)
                self.assertEqual(summary["failures"], done.stderr.count("made again"))
                outcomes.append([summary["digest"], summary["spikes_digest"], summary["frames"],
                                 (self.folder / "s.csv").read_text()])
            for outcome in outcomes[1:]:
                self.assertEqual(outcome, outcomes[0])
            if name == "x.mp4":
                self.assertEqual(int(probe(self.folder / name)["nb_read_frames"]), outcomes[0][2])

    def test_recording_is_played_through_failures(self):
        spikes, outcomes = self.folder / "s.csv", []
        self.succeeds("run", WORM, "--spikes", spikes, "-t", 200, *devices())
        for fault in ["", "event:90", "enqueue:200"]:
            done = run_with_fault(fault, "render", WORM, "-o", self.folder / "x.mp4", "-t", 200,
                                  "--speed", 0.1, "--play-spikes", spikes, "--json", *self.small)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertEqual("made again" in done.stderr, fault != "", done.stderr)
            summary = json.loads(done.stdout)
            outcomes.append([summary["digest"], summary["spikes_digest"], summary["frames"]])
        self.assertEqual(outcomes[1:], outcomes[:1] * 2)

    def test_killed_video_leaves_nothing_behind(self):
        words = [COMMAND, "render", WORM, "-o", self.folder / "x.mp4", "--speed", "1/1000",
                 *self.small]
        child = subprocess.Popen(list(map(str, words)))
        deadline = time.monotonic() + 60
        while not self.is_writing(child.pid) and time.monotonic() < deadline:
            time.sleep(0.05)
        child.kill()
        child.wait(timeout=60)
        self.assertEqual(os.listdir(self.folder), [])

    def test_ffmpeg_that_writes_nothing_is_named(self):
        fake = self.made_folder("bin") / "ffmpeg"
        fake.write_text("#!/bin/sh\nexec cat > /dev/null\n")
        fake.chmod(0o755)
        path = f"{fake.parent}:{os.environ['PATH']}"
        self.fails(7, "ffmpeg ended as if all were well but wrote nothing", "render", WORM, "-o",
                   self.folder / "x.mp4", "-t", "4", *self.small,
                   env={**os.environ, "PATH": path})
        self.assertEqual(os.listdir(self.folder), ["bin"])

    def test_outputs_may_have_any_case_and_length_but_one_name_each(self):
        out = self.made_folder("out")
        for name in ["X.MP4", "x" * 251 + ".png", "y" * 250 + ".webm"]:
            self.succeeds("render", WORM, "-o", out / name, "-t", "4", *self.small)
            self.assertEqual(os.listdir(out), [name])
            (out / name).unlink()
        self.fails(6, "File name too long", "render", WORM, "-o", out / ("x" * 252 + ".png"))
        for other in ["out/../a.png", "./a.png", "a.png"]:
            self.fails(2, "--output and --raster would both write", "render", WORM, "-o",
                       self.folder / "a.png", "--raster", f"{self.folder}/{other}")
        self.assertEqual(os.listdir(out), [])

    def test_interrupted_video_leaves_nothing_behind(self):
        words = [COMMAND, "render", WORM, "-o", self.folder / "x.mp4", "--speed", "1/1000",
                 *self.small]
        child = subprocess.Popen(list(map(str, words)), stderr=subprocess.PIPE, text=True)
        deadline = time.monotonic() + 60
        while not self.is_writing(child.pid) and time.monotonic() < deadline:
            time.sleep(0.05)
        time.sleep(0.3)
        child.send_signal(signal.SIGINT)
        _, said = child.communicate(timeout=60)
        self.assertEqual(child.returncode, 128 + signal.SIGINT, said)
        self.assertIn("stopped by signal", said)
        self.assertEqual(os.listdir(self.folder), [])

    def test_interrupt_ends_what_is_simulated_before_the_first_frame(self):
        for output in [["-o", self.folder / "x.mp4", "--start-ms", "3600000", "--duration-ms",
                        "3600001"], ["-o", self.folder / "x.png", "--at-ms", "3600000"]]:
            words = [COMMAND, "render", WORM, *output, *self.small]
            child = subprocess.Popen(list(map(str, words)), stderr=subprocess.PIPE, text=True)
            time.sleep(4)
            child.send_signal(signal.SIGINT)
            sent_s = time.monotonic()
            _, said = child.communicate(timeout=60)
            self.assertLess(time.monotonic() - sent_s, 2)
            self.assertEqual(child.returncode, 128 + signal.SIGINT, said)
            self.assertEqual(os.listdir(self.folder), [])


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]], verbosity=2)
