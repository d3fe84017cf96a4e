"""Runs of the built command whose devices fail, vanish or compute wrongly.

usage: test_losses.py CHRONAXIE SOURCE_FOLDER [unittest arguments]
"""
import json
import os
import re
import sys
import unittest
import unittest.mock

sys.dont_write_bytecode = True
from command import Case, devices, LONG, run_with_fault, SERIAL, some, WORM  # noqa: E402


class Losses(Case):
    def test_driver_that_goes_on_failing_is_told_twice(self):
        # A warning that comes after the sentence is not told.
        for _ in range(10):
            failed = run_with_fault("lose:2", "run", WORM, "--duration-ms", 200, *devices())
            self.assertEqual(failed.returncode, 5)
            *warnings, told = failed.stderr.splitlines()
            self.assertRegex(told, "^chronaxie: [^:]* refused task")
            if warnings:
                break
        self.assertEqual(len(warnings), 1, failed.stderr)
        self.assertRegex(warnings[0],
                         "warning: .* refused task .*; [1-4] runs? (is|are) made again$")

    def outcome(self, fault, *words):
        """What a run with the fault said, its summary, and all that must not depend on faults."""
        tables = [self.folder / name for name in ["spikes.csv", "states.csv", "rates.csv"]]
        done = run_with_fault(fault, "run", WORM, "--json", *words, "--spikes", tables[0],
                              "--states", tables[1], "--states-every-ms", 1, "--rates", tables[2])
        self.assertEqual(done.returncode, 0, done.stderr)
        summary = json.loads(done.stdout)
        self.assertGreater(summary["spikes"], 0)
        self.assertEqual(summary["failures"],
                         len(re.findall("made again|going on from", done.stderr)))
        return done.stderr.splitlines(), summary, [summary["digest"], summary["spikes"],
                                                   *(table.read_text() for table in tables)]

    def survives(self, fault, *words):
        """Runs undisturbed and with the fault; what it said of that. All it wrote must be alike."""
        undisturbed = self.outcome("", *words)[2]
        told, _, disturbed = self.outcome(fault, *words)
        self.assertEqual(disturbed, undisturbed)
        return told

    @unittest.skipIf(SERIAL, "a serial runtime tells failures")
    def test_call_that_a_driver_refuses_once_is_made_again(self):
        told = self.survives("enqueue:2", "--duration-ms", 200, *devices())
        self.assertEqual(len(told), 1, told)
        self.assertRegex(told[0], "warning: .* refused task .*; [1-4] runs? (is|are) made again$")

    def ends_well(self, fault, right, *words):
        """Runs with the fault: the same result, or one sentence and none. True for the former."""
        done = run_with_fault(fault, "run", WORM, "--json", "--duration-ms", 200, *words)
        if done.returncode == 0:
            self.assertEqual(json.loads(done.stdout)["digest"], right, fault)
            return True
        self.assertIn(done.returncode, range(1, 20), f"{fault}: {done.stderr}")
        self.assertEqual(done.stdout, "", fault)
        told = [line for line in done.stderr.splitlines() if "warning: " not in line]
        self.assertEqual(len(told), 1, f"{fault}: {done.stderr}")
        self.assertRegex(told[0], "^chronaxie: .*[a-z]", fault)
        return False

    def counted(self, *words):
        """The digest of the undisturbed run, and how often it calls which function of OpenCL."""
        report = self.folder / "report.txt"
        for _ in range(2):  # self-tests, at first
            done = run_with_fault("", "run", WORM, "--json", "--duration-ms", 200, *words,
                                  CHX_FAULT_REPORT=str(report))
        self.assertEqual(done.returncode, 0, done.stderr)
        counts = dict(line.split() for line in report.read_text().splitlines()[1:])
        return json.loads(done.stdout)["digest"], {name: int(n) for name, n in counts.items()}

    @unittest.skipIf(SERIAL, "a serial runtime tells failures")
    def test_call_of_any_function_may_be_refused(self):
        parts = ["--split", 2, "--partitions", 2] if devices() == ["-d", "portable"] else []
        right, counts = self.counted(*devices(), *parts)
        for name in ["clCreateBuffer", "clSetKernelArg", "clReleaseEvent", "clGetEventInfo"]:
            self.assertIn(name, counts)
        if parts:
            self.assertIn("clRetainProgram", counts)
        codes = ["CL_OUT_OF_RESOURCES", "CL_INVALID_VALUE", "CL_OUT_OF_HOST_MEMORY", "-9999"]
        n_same = 0
        for i, (name, count) in enumerate(counts.items()):
            for number in some([1, count, (count + 1) // 2, 2], 1 + LONG):
                n_same += self.ends_well(f"refuse:{name}:{codes[i % len(codes)]}:{number}", right,
                                         *devices(), *parts)
        self.assertGreater(n_same, len(counts) // 2)
        # Whoever keeps no times or calls nobody back is done without.
        for fault in ["clGetEventProfilingInfo:CL_PROFILING_INFO_NOT_AVAILABLE:1+",
                      "clGetKernelArgInfo:CL_KERNEL_ARG_INFO_NOT_AVAILABLE:1+",
                      "clSetEventCallback:CL_INVALID_OPERATION:1+"]:
            self.assertTrue(self.ends_well(f"refuse:{fault}", right, *devices(), *parts), fault)

    @unittest.skipUnless(devices() == ["-d", "portable"], "a device that has parts is needed")
    def test_answer_that_a_driver_leaves_out_makes_no_device_of_no_size(self):
        for parts in [[], ["--split", 2]]:
            words = [*devices(), *parts]
            for number in range(1, self.counted(*words)[1]["clGetDeviceInfo"] + 1):
                done = run_with_fault(f"refuse:clGetDeviceInfo:CL_INVALID_VALUE:{number}", "run",
                                      WORM, "--duration-ms", 20, *words)
                self.assertIn(done.returncode, [0, 1, 4, 5], done.stderr)
                self.assertNotRegex(done.stderr, " the 0 bytes|range is empty", number)

    @unittest.skipIf(SERIAL, "a serial runtime tells failures")
    def test_kernel_whose_arguments_are_not_told_once_is_asked_again(self):
        told = self.survives("refuse:clGetKernelInfo:CL_OUT_OF_RESOURCES:1", "--duration-ms", 200,
                             *devices())
        self.assertRegex(told[0], r"does not say how many arguments .* \(CL_OUT_OF_RESOURCES\); 0")

    @unittest.skipIf(SERIAL, "a serial runtime tells failures")
    def test_calls_refused_by_a_rate_spoil_nothing(self):
        right, _ = self.counted(*devices())
        n_same = sum(self.ends_well(f"rate:{seed}:{per_mille}:{kinds}", right, *devices())
                     for seed in some(range(1, 9), 3)
                     for per_mille, kinds in [(2, "refuse"), (30, "enqueue")])
        self.assertGreater(n_same, 0)

    @unittest.skipUnless(devices() == ["-d", "portable"], "a device that has parts is needed")
    def test_device_that_is_lost_is_done_without(self):
        for fault in ["lose:2", "lose:300"]:
            told = self.survives(fault, *devices(), "--split", 2, "--partitions", 2, "--pin")
            self.assertTrue(any("made again without that device" in line for line in told), told)

    @unittest.skipUnless(devices() == ["-d", "portable"], "a device that has parts is needed")
    def test_long_run_goes_on_from_what_was_kept(self):
        told = self.survives("lose:50000", *devices(), "--duration-ms", 3000, "--split", 2,
                             "--partitions", 2, "--pin")
        n_runs = [int(re.search("([0-9]+) runs? (is|are) made again", line)[1])
                  for line in told if "made again" in line]
        # Of 47 runs, each of 1280 launches, the 40th fails.
        self.assertTrue(n_runs and max(n_runs) < 39, told)

    @unittest.skipUnless(devices() == ["-d", "portable"], "a device that has parts is needed")
    def test_device_that_turns_a_bit_is_named_and_left_out(self):
        right = self.outcome("", *devices())[2]
        for fault in ["flip:1", "flip:3"]:
            got = self.outcome(fault, *devices(), "--partitions", 2)[2]
            self.assertNotEqual(got[0], right[0])
        # The second launch of a network in one part is the first of the device that checks.
        for fault, parts, liar in some([("flip:3", 2, 1), ("flip:2", 1, 2), ("flip:1", 2, 1),
                                        ("flip:1", 1, 1)], 2):
            told, summary, got = self.outcome(fault, *devices(), "--split", 2, "--partitions",
                                              parts, "--verify", 1)
            self.assertEqual(got, right, fault)
            verified = summary["verified"]
            self.assertEqual(verified["differences"], 1, fault)
            self.assertEqual(verified["checked"], verified["stretches"])
            self.assertEqual(len(verified["left_out"]), 1)
            self.assertIn(f"({liar} of 2)", verified["left_out"][0])
            self.assertIn(verified["left_out"][0], told[0])
            self.assertRegex(told[0], "note: .* computed 0 to 64 ms wrongly; going on without that")
            self.assertRegex(told[1], "note: --verify has only .*, and does the work twice on that")

    @unittest.skipUnless(devices() == ["-d", "portable"], "a device that has parts is needed")
    def test_work_left_out_in_silence_is_found_where_it_matters(self):
        right, n_found = self.outcome("", *devices())[2], 0
        for launch in some([2, 3500, 1, 4, 1500, 7000], 2):
            told, summary, got = self.outcome(f"skip:{launch}", *devices(), "--split", 2,
                                              "--partitions", 2, "--verify", 1)
            self.assertEqual(got, right, launch)
            self.assertEqual(len(summary["verified"]["left_out"]),
                             summary["verified"]["differences"], told)
            n_found += summary["verified"]["differences"]
        self.assertGreater(n_found, 0)

    @unittest.skipUnless(devices() == ["-d", "portable"], "several devices are needed")
    def test_third_device_settles_what_two_would_say_again(self):
        words = [*devices(), "--partitions", 2]
        table = self.folder / "none.csv"
        with unittest.mock.patch.dict(os.environ, POCL_DEVICES="pthread pthread pthread"):
            right = self.outcome("", *words)[2]  # and all devices have passed their self-tests
            told, summary, got = self.outcome("mute:1", *words, "--verify", 1)
        self.assertEqual(got, right, told)
        self.assertEqual(len(summary["verified"]["left_out"]), 1)
        self.assertEqual(summary["verified"]["differences"], 1)
        with unittest.mock.patch.dict(os.environ, POCL_DEVICES="pthread pthread"):
            done = run_with_fault("mute:1", "run", WORM, *words, "--verify", 1, "--spikes", table)
        self.assertEqual(done.returncode, 5, done.stderr)
        self.assertEqual(done.stdout, "")
        self.assertRegex(done.stderr, "computed 0 to 64 ms differently, and nobody can tell which")
        self.assertFalse(table.exists())

    @unittest.skipUnless(devices() == ["-d", "portable"], "several devices are needed")
    def test_device_that_was_unfit_at_first_does_no_verified_work(self):
        right = self.outcome("", *devices())[2]
        with unittest.mock.patch.dict(os.environ, POCL_DEVICES="pthread pthread pthread",
                                      CHRONAXIE_CACHE_DIR=str(self.folder / "cache")):
            told, summary, got = self.outcome("mute:1", *devices(), "--verify", 1)
        self.assertTrue(any("is not used: self-test" in line for line in told), told)
        self.assertEqual(got, right)
        self.assertEqual(summary["verified"]["left_out"], [])

    @unittest.skipUnless(devices() == ["-d", "portable"], "several devices are needed")
    def test_verified_run_goes_on_without_a_device_that_is_lost(self):
        words = [*devices(), "--verify", 1]
        with unittest.mock.patch.dict(os.environ, POCL_DEVICES="pthread pthread"):
            for fault in some(["lose:15", "lose:2", "lose:3"], 1):
                told = self.survives(fault, *words)
                self.assertTrue(any("without that device" in line for line in told), told)

    @unittest.skipIf(SERIAL, "a checked device is too slow for runs of this length")
    def test_share_of_a_run_is_verified(self):
        words = ["--duration-ms", 400, *devices()]
        told, summary, right = self.outcome("", *words)
        self.assertNotIn("verified", summary)
        for share, n_checked in [(1, 7), (0.5, 4), (0.1, 1)]:
            told, summary, got = self.outcome("", *words, "--verify", share)
            self.assertEqual(got, right)
            verified = summary["verified"]
            self.assertEqual([verified["share"], verified["stretches"], verified["checked"]],
                             [share, 7, n_checked])
            self.assertEqual([verified["differences"], verified["left_out"]], [0, []])
            if devices() == ["-d", "portable"]:
                self.assertIn("does the work twice on that", told[0])
        text = self.succeeds("run", WORM, "--verify", 1, *words)
        self.assertIn("verified 7 of 7 stretches, 0 differences\n", text)

    @unittest.skipUnless(devices() == ["-d", "portable"], "a device that has parts is needed")
    def test_stretches_of_a_long_run_are_of_several_runs(self):
        words = ["--duration-ms", 9000, *devices(), "--split", 2]
        right = self.outcome("", *words)[2]
        # Which of the two a launch is of depends on which was faster.
        wrong = r"\([12] of 2\) computed 0 to 128 ms wrongly; going on"
        refused = r"\([12] of 2\) refused .*; [0-9]+ runs? (is|are) made again"
        for fault, expected in some([("flip:3", wrong), ("enqueue:2", refused), ("flip:4", wrong),
                                     ("enqueue:3", refused)], 2):
            told, summary, got = self.outcome(fault, *words, "--verify", 1)
            self.assertEqual(got, right, fault)
            self.assertIn(summary["verified"]["stretches"], [71, 72])
            self.assertRegex(told[0], expected)

    def picture(self, name, fault, *words):
        """What a render with the fault said, its summary and what must not depend on faults."""
        path = self.folder / name
        done = run_with_fault(fault, "render", WORM, "--json", "-s", "96x64", "-t", 60, "-o", path,
                              *words)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertGreater(path.stat().st_size, 0)
        path.unlink()
        summary = json.loads(done.stdout)
        return done.stderr, summary, [summary["digest"], summary["spikes_digest"]]

    @unittest.skipUnless(devices() == ["-d", "portable"], "a device that has parts is needed")
    def test_pictures_that_a_device_gets_wrong_come_out_right_where_they_are_drawn_twice(self):
        still = ["x.png", "--at-ms", 0]
        film = ["x.mp4", "--start-ms", 100, "-t", 20, "--partitions", 2]
        # In which order a picture's kernels are launched is the plan's.
        for (name, *words), faults, said in [
                (still, ["skip:2", "skip:3", "skip:6", "skip:1", "skip:7"], "drew 0 ms wrongly"),
                (film, ["flip:3", "flip:5"], "computed 0 to .* ms wrongly")]:
            words, n_wrong, n_found = [*devices(), *words], 0, 0
            right = self.picture(name, "", *words)[2]
            for fault in some(faults, 3 if name == "x.png" else 1):
                n_wrong += self.picture(name, fault, *words)[2] != right
                told, summary, got = self.picture(name, fault, *words, "--split", 2, "--verify", 1)
                self.assertEqual(got, right, fault)
                verified = summary["verified"]
                self.assertEqual(verified["checked"], verified["stretches"])
                self.assertEqual(len(verified["left_out"]), verified["differences"], told)
                n_found += verified["differences"]
                if verified["differences"]:
                    self.assertRegex(told, rf"note: .*\([12] of 2\) {said}; going on without")
            self.assertGreater(n_wrong, 0, name)
            self.assertGreater(n_found, 0, name)

    @unittest.skipUnless(devices() == ["-d", "portable"], "several devices are needed")
    def test_third_device_settles_who_drew_wrongly(self):
        path = self.folder / "x.png"
        with unittest.mock.patch.dict(os.environ, POCL_DEVICES="pthread pthread pthread"):
            words = ["x.mp4", "mute:30", "-t", 20, *devices()]
            right = self.picture("x.mp4", "", *words[2:])[2]
            told, summary, got = self.picture(*words, "--verify", 1)
        self.assertEqual(got, right, told)
        self.assertEqual(summary["verified"]["differences"], 1)
        self.assertEqual(len(summary["verified"]["left_out"]), 1)
        with unittest.mock.patch.dict(os.environ, POCL_DEVICES="pthread pthread"):
            done = run_with_fault("mute:1", "render", WORM, "-o", path, "-s", "96x64",
                                  "-t", 100, *devices(), "--verify", 1)
        self.assertEqual(done.returncode, 5, done.stderr)
        self.assertEqual(done.stdout, "")
        self.assertRegex(done.stderr, "computed 0 to 64 ms differently, and nobody can tell which")
        self.assertFalse(path.exists())

    @unittest.skipUnless(devices() == ["-d", "portable"], "several devices are needed")
    def test_verified_film_goes_on_without_a_device_that_is_lost(self):
        with unittest.mock.patch.dict(os.environ, POCL_DEVICES="pthread pthread"):
            right = self.picture("x.mp4", "", *devices())[2]
            for share, fault in some([(0.3, "lose:400"), (1, "lose:400"), (1, "lose:401"),
                                      (0.3, "lose:700")], 2):
                told, summary, got = self.picture("x.mp4", fault, *devices(), "--verify", share)
                self.assertEqual(got, right, told)
                self.assertIn("without that device", told)
                self.assertEqual(summary["verified"]["differences"], 0)

    @unittest.skipIf(SERIAL, "a checked device is too slow for films")
    def test_share_of_a_film_is_verified(self):
        spikes, again = self.folder / "spikes.csv", self.folder / "again.csv"
        words = ["--speed", "1/10", *devices()]
        right = self.picture("x.mp4", "", *words, "-t", 160, "--spikes", spikes)[2]
        played = self.picture("x.mp4", "", *words, "-t", 160, "--play-spikes", spikes)[2]
        self.assertEqual(played, right)
        for share, n_checked, more in [(1, 16, []), (0.2, 4, ["--orbit", 0]),
                                       (0.2, 4, ["--play-spikes", spikes])]:
            if not more:
                more = ["--spikes", again, "--checkpoint", self.folder / "c"]
            _, summary, got = self.picture("x.mp4", "", *words, "-t", 160, *more, "--verify", share)
            self.assertEqual(got, right)
            verified = summary["verified"]
            self.assertEqual([verified["stretches"], verified["checked"]], [16, n_checked])
            self.assertEqual([verified["differences"], verified["left_out"]], [0, []])
        self.assertEqual(again.read_text(), spikes.read_text())
        text = self.succeeds("render", WORM, "-o", self.folder / "x.png", "-s", "96x64", "--at-ms",
                             0, "--verify", 1, *devices())
        self.assertIn("verified 1 of 1 stretch, 0 differences\n", text)

    def test_share_that_is_none_is_refused(self):
        for share in ["0", "1.5", "-1", "x"]:
            self.fails(2, "--verify takes a number from", "run", WORM, "--verify", share)
            self.fails(2, "--verify takes a number from", "render", WORM, "-o",
                       self.folder / "x.png", "--verify", share)
        spikes = self.file("spikes.csv", "time_ms,neuron\n1,AVAL\n")
        self.fails(2, "leave --verify out", "run", WORM, "--verify", 1, "--play-spikes", spikes)


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]], verbosity=2)
