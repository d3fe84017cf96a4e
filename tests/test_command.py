"""What every command of the built command says of itself.

usage: test_command.py CHRONAXIE SOURCE_FOLDER [unittest arguments]
"""
import json
import subprocess
import sys
import unittest

sys.dont_write_bytecode = True
from command import Case, COMMAND, run  # noqa: E402


class Words(Case):
    commands = ["devices", "run", "render", "import", "plan", "bench", "version", "help"]

    def test_overview_names_every_command(self):
        text = self.succeeds("--help")
        for name in self.commands:
            self.assertIn(f"\n  {name} ", text)
        self.assertEqual(text, self.succeeds("help"))

    def test_nothing_said_shows_the_overview_as_an_error(self):
        result = run()
        self.assertEqual(result.returncode, 2)
        self.assertIn("usage: chronaxie", result.stderr)

    def test_every_command_has_help_with_an_example(self):
        for name in self.commands:
            text = self.succeeds(name, "--help")
            self.assertIn(f"usage: chronaxie {name}", text)
            self.assertIn("example:\n  chronaxie ", text)
            self.assertIn("--json", text)
            self.assertEqual(text, self.succeeds("help", name))

    def test_help_fits_in_a_hundred_columns(self):
        for name in self.commands:
            for line in self.succeeds(name, "--help").splitlines():
                self.assertLessEqual(len(line), 100, line)

    def test_version_is_told_in_three_ways(self):
        version = json.loads(self.succeeds("version", "--json"))["version"]
        self.assertEqual(self.succeeds("--version"), f"chronaxie {version}\n")
        self.assertEqual(self.succeeds("version"), f"chronaxie {version}\n")

    def test_mistyped_command_is_answered_by_the_nearest(self):
        self.fails(2, "did you mean 'render'?", "redner")
        self.fails(2, "did you mean 'devices'?", "device")
        self.fails(2, "there is no command 'frobnicate'", "frobnicate")
        self.fails(2, "did you mean 'plan'?", "help", "pln")

    def test_mistyped_option_is_answered_by_the_nearest(self):
        self.fails(2, "did you mean '--duration-ms'?", "run", "x", "--duraton-ms", "3")
        self.fails(2, "did you mean '--duration-ms'?", "run", "x", "--duraton", "3")
        self.fails(2, "did you mean '--colour-map'?", "render", "x", "--color-map=inferno")
        self.fails(2, "has no option '-Q'", "render", "x", "-Q")
        self.fails(2, "has no option '--frobnicate'", "run", "x", "--frobnicate")

    def test_values_outside_their_range_are_named(self):
        self.fails(2, "--split takes a whole number from 1 to 64, not '0'", "run", "x", "--split=0")
        self.fails(2, "not '-3'", "run", "x", "--duration-ms", "-3")
        self.fails(2, "not 'nan'", "run", "x", "--duration-ms", "nan")
        self.fails(2, "not '1e400'", "run", "x", "--duration-ms", "1e400")
        self.fails(2, "not '1/0'", "render", "x", "--speed", "1/0")
        self.fails(2, "WIDTHxHEIGHT", "render", "x", "-s", "640")
        self.fails(2, "not '8x8'", "render", "x", "-s", "8x8")
        self.fails(2, "--seed takes", "run", "x", "--seed", "99999999999999999999")
        self.fails(2, "needs a value", "run", "x", "--seed")

    def test_operands_are_counted(self):
        self.fails(2, "run needs NETWORK", "run")
        self.fails(2, "one word too many", "plan", "a", "b")
        self.fails(2, "one word too many", "devices", "b")

    def test_output_that_cannot_be_written_is_an_error(self):
        with open("/dev/full", "w") as full:
            result = subprocess.run([COMMAND, "version"], stdout=full, stderr=subprocess.PIPE,
                                    text=True)
        self.assertEqual(result.returncode, 6)
        self.assertIn("standard output", result.stderr)


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]], verbosity=2)
