"""What the Python clients share: steps, and the faults that are known."""
import contextlib
import os
import sys

FAULTS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "known-faults.txt")


def known_faults(client):
    """Returns {step: (when, reason)} of one client."""
    faults = {}
    with open(FAULTS, encoding="utf-8") as lines:
        for line in lines:
            if line.strip() and not line.startswith("#"):
                name, step, when, reason = (part.strip() for part in line.split("|", 3))
                if name == client:
                    faults[step] = (when, reason)
    return faults


class Steps:
    """Prints one line for each step and counts the deviations."""

    def __init__(self, client):
        self.client, self.faults = client, known_faults(client)
        self.passed = self.failed = 0

    @contextlib.contextmanager
    def __call__(self, name):
        """Runs one step; an exception in it is its deviation."""
        try:
            yield
        except Exception as error:  # whatever the client raises
            self.deviates(name, "%s: %s" % (type(error).__name__, error))
        else:
            self.passes(name)

    def passes(self, name):
        if self.faults.get(name, ("", ""))[0] == "always":
            self.failed += 1
            print("FAIL  %s: passes; take it out of known-faults.txt" % name)
            return
        self.passed += 1
        print("ok    %s" % name)

    def deviates(self, name, what):
        what = " ".join(what.split())
        if name in self.faults:
            self.passed += 1
            print("known %s: %s (%s)" % (name, self.faults[name][1], what))
            return
        self.failed += 1
        print("FAIL  %s: %s" % (name, what))

    def end(self):
        """Prints the sum and exits with 1 if a step deviated."""
        print("%s: %d passed, %d failed" % (self.client, self.passed, self.failed))
        sys.exit(1 if self.failed or not self.passed else 0)


def expect(got, want, what="value"):
    if got != want:
        raise AssertionError("%s: got %r, want %r" % (what, got, want))
