"""Videos that are killed, stopped or let down by devices, and what goes on from their checkpoints.

usage: test_resume.py CHRONAXIE SOURCE_FOLDER [unittest arguments]
"""
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

sys.dont_write_bytecode = True
from command import Case, COMMAND, devices, run, run_with_fault, WORM  # noqa: E402

ELSEWHERE = [[], ["--split", 2], ["--partitions", 3, "--bands", 2]]


def pixels(path):
    """What the frames of a video decode to."""
    said = subprocess.run(["ffmpeg", "-v", "error", "-i", path, "-f", "framemd5", "-"],
                          capture_output=True, text=True, check=True).stdout
    return [line.split(",")[-1].strip() for line in said.splitlines() if line[0] != "#"]


def n_saved(checkpoint):
    """How many frames a checkpoint holds."""
    if not checkpoint.exists():
        return 0
    return int.from_bytes(checkpoint.read_bytes()[24:32], sys.byteorder)


class Resume(Case):
    @classmethod
    def setUpClass(cls):
        """Caches of our own: who is killed while it builds kernels spoils them for others."""
        folder = tempfile.mkdtemp(prefix="chronaxie-")
        cls.addClassCleanup(shutil.rmtree, folder)
        os.environ["CHRONAXIE_CACHE_DIR"] = folder + "/own"
        if "POCL_CACHE_DIR" in os.environ:
            os.environ["POCL_CACHE_DIR"] = folder + "/kernels"

    def setUp(self):
        super().setUp()
        self.checkpoint = self.folder / "c.state"
        self.video = self.folder / "x.mp4"
        self.words = ["render", WORM, "-o", self.video, "-s", "96x64", "-t", 240, "--orbit", 90,
                      "--json"]

    def begin(self, *words, **options):
        words = [COMMAND, *map(str, self.words), *map(str, words)]
        return subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                **options)

    def ended_by(self, number, n_frames, *words):
        """A render that is ended once so many frames are saved; what it said."""
        child = self.begin("--checkpoint", self.checkpoint, *devices(), *words)
        end_s = time.monotonic() + 60
        while n_saved(self.checkpoint) < n_frames and time.monotonic() < end_s:
            time.sleep(0.005)
        child.send_signal(number)
        said = child.communicate(timeout=60)[1]
        self.assertIn(child.returncode, [-number, 128 + number], said)
        self.assertFalse(self.video.exists())
        return said

    def whole(self, *words):
        """The summary and the pixels of a video that nobody disturbed."""
        summary = json.loads(self.succeeds(*self.words, "--checkpoint", self.checkpoint, *devices(),
                                           *words))
        return summary, self.taken()

    def taken(self):
        """The pixels of the video, which is removed; nothing else remains of how it was made."""
        frames = pixels(self.video)
        self.video.unlink()
        self.assertEqual([name for name in os.listdir(self.folder) if not name.endswith(".csv")],
                         [])
        return frames

    def resumed(self, *words):
        summary = json.loads(self.succeeds(*self.words, "--resume", self.checkpoint, *words))
        return summary, self.taken()

    def assert_same(self, one, other):
        for key in ["digest", "spikes_digest", "frames", "end_ms", "files"]:
            self.assertEqual(one[0][key], other[0][key])
        self.assertEqual(one[1], other[1])
        self.assertEqual(len(one[1]), one[0]["frames"])

    def test_a_video_that_is_killed_again_and_again_is_the_same(self):
        draw = random.Random(5)
        spikes = self.folder / "s.csv"
        whole = self.whole("--spikes", spikes)
        expected = spikes.read_text()
        plain = json.loads(self.succeeds(*self.words, *devices()))
        self.assertEqual(plain["digest"], whole[0]["digest"])
        self.video.unlink()
        spikes.unlink()
        for left in range(5, -1, -1):
            words = ["--spikes", spikes, *draw.choice(ELSEWHERE)]
            words += ["--resume" if self.checkpoint.exists() else "--checkpoint", self.checkpoint]
            child = self.begin(*words)
            try:
                out, err = child.communicate(timeout=draw.uniform(0.2, 0.8) if left else 60)
                break
            except subprocess.TimeoutExpired:
                child.kill()
                child.communicate()
                self.assertFalse(self.video.exists())
        self.assertEqual(child.returncode, 0, err)
        self.assert_same((json.loads(out), self.taken()), whole)
        self.assertEqual(spikes.read_text(), expected)

    def test_a_video_that_was_stopped_says_how_to_go_on(self):
        self.words += ["--speed", "1/32"]
        said = self.ended_by(signal.SIGTERM, 120)
        found = re.search(r"note: (\S+) has (\d+) of 231 frames; go on with the same options and "
                          r"--resume \1\n", said)
        self.assertEqual(found[1], str(self.checkpoint))
        self.assertEqual(int(found[2]), n_saved(self.checkpoint))
        resumed = self.resumed(*devices())
        self.assert_same(resumed, self.whole())

    def test_a_video_that_lost_all_devices_is_gone_on_with(self):
        whole = self.whole()
        lost = run_with_fault("lose:1300", *self.words, "--checkpoint", self.checkpoint, *devices())
        self.assertEqual(lost.returncode, 5, lost.stderr)
        self.assertEqual(lost.stdout, "")
        self.assertRegex(lost.stderr.splitlines()[-1],
                         r"^chronaxie: note: .* has \d+ of 180 frames; go on")
        self.assertGreater(n_saved(self.checkpoint), 0)
        self.assert_same(self.resumed(), whole)

    def test_recorded_spikes_and_webm_go_on_too(self):
        spikes = self.folder / "s.csv"
        self.succeeds("run", WORM, "--spikes", spikes, "-t", 240, *devices())
        self.video = self.folder / "x.webm"
        self.words[3] = self.video
        self.words += ["--play-spikes", spikes, "--speed", "1/20"]
        whole = self.whole()
        self.ended_by(signal.SIGKILL, 60)
        self.assert_same(self.resumed("--split", 2), whole)

    def test_a_video_that_could_not_be_joined_is_joined_later(self):
        spikes = self.folder / "s.csv"
        self.words += ["-t", 160]  # a neuron fires right after the last frame
        whole = self.whole("--spikes", spikes)
        expected = spikes.read_text()
        tools = self.made_folder("bin")
        (tools / "ffmpeg").write_text("#!/bin/sh\ncase \"$*\" in *concat*) exit 3;; esac\n"
                                      f'exec "{shutil.which("ffmpeg")}" "$@"\n')
        (tools / "ffmpeg").chmod(0o755)
        spoilt = {**os.environ, "PATH": f"{tools}:{os.environ['PATH']}"}
        failed = run(*self.words, "--checkpoint", self.checkpoint, *devices(), env=spoilt)
        self.assertEqual(failed.returncode, 7, failed.stderr)
        self.assertIn("has 120 of 120 frames", failed.stderr)
        shutil.rmtree(tools)
        self.assert_same(self.resumed("--spikes", spikes), whole)
        self.assertEqual(spikes.read_text(), expected)

    def refused(self, expected, *words):
        self.fails(3, expected, *self.words, "--resume", self.checkpoint, *words)
        self.assertFalse(self.video.exists())

    def test_what_does_not_fit_is_refused(self):
        self.refused("c.state: cannot read: No such file")
        self.succeeds("run", WORM, "-t", 5, "--checkpoint", self.checkpoint, *devices())
        self.refused("c.state: is no saved video")
        self.checkpoint.unlink()
        self.ended_by(signal.SIGKILL, 120)
        self.fails(3, "c.state: is no saved simulation", "run", WORM, "--resume", self.checkpoint)
        for words in [["--fps", 25], ["--seed", 3], ["--axes"]]:
            self.refused("c.state: is of another video", *words)
        bytes_ = self.checkpoint.read_bytes()
        for damaged in [bytes_[:20], bytes_[:-1], bytes_[:500] + b"?" + bytes_[501:]]:
            self.checkpoint.write_bytes(damaged)
            self.refused("c.state: is no saved" if len(damaged) == 20 else "c.state: is damaged")
        self.checkpoint.write_bytes(bytes_)
        piece = self.folder / "c.state.1.mp4"
        good = piece.read_bytes()
        for damaged in [good[:100] + b"?" + good[101:], None]:
            piece.unlink()
            if damaged:
                piece.write_bytes(damaged)
            self.refused("c.state.1.mp4: is missing or damaged")
        piece.write_bytes(good)
        resumed = self.resumed("--split", 2)
        self.assert_same(resumed, self.whole())

    def test_a_run_that_was_killed_after_its_last_step_is_told_of(self):
        words = ["run", WORM, "-t", 60, "--json", "--verify", 1, *devices()]
        whole = json.loads(self.succeeds(*words, "--checkpoint", self.checkpoint))
        again = json.loads(self.succeeds(*words, "--resume", self.checkpoint))
        self.assertEqual([again["digest"], again["steps"]], [whole["digest"], 0])

    def test_words_that_mean_nothing_are_refused(self):
        still = ["render", WORM, "-o", self.folder / "x.png"]
        self.fails(2, "are for videos; for a picture simulate by run", *still, "--checkpoint", "c")
        self.fails(2, "leave --checkpoint out", *self.words, "--checkpoint", "a", "--resume", "b")
        self.fails(2, "name one with --checkpoint", *self.words, "--checkpoint-every-s", 5)
        self.fails(2, "would both write", *self.words, "--checkpoint", self.video)
        os.mkfifo(self.checkpoint)
        self.fails(6, "not a regular file", *self.words, "--checkpoint", self.checkpoint)


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]], verbosity=2)
