# SPDX-License-Identifier: LGPL-2.1-or-later
"""What bench.py and against.py share: samples of processes, rows, rounds."""
import os
import pathlib
import signal
import subprocess
import sys
import tempfile

ROUNDS = int(os.environ.get('BENCH_ROUNDS', '7'))
COUNT = 100_000
TIMEOUT = 120
SHORT, SHORT_RUNS = 0.1, 3  # seconds
TOOL = pathlib.Path(os.environ.get('MMUSCOPE', 'src/tool/mmuscope')).absolute()
PROGRAMS = TOOL.parents[2] / 'bench'


class Failure(Exception):
    """Why a contender gave no answer, in a few words."""


class Sample:
    """One run of a process."""

    def __init__(self, command, output=None, stdin=None, env=None):
        """`output`: a file for both streams, or None: nowhere."""
        sink = output or subprocess.DEVNULL
        with tempfile.NamedTemporaryFile('r') as result:
            whole = [PROGRAMS / 'bench-run', result.name, *command]
            process = subprocess.Popen([str(word) for word in whole], stdout=sink, stderr=sink,
                                       stdin=stdin or subprocess.DEVNULL, start_new_session=True,
                                       env=env)
            try:
                process.wait(TIMEOUT)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
                raise Failure(f'no answer after {TIMEOUT} s') from None
            told = result.read().split()
        if process.returncode or not told:
            raise Failure('does not start')
        self.seconds, self.kib, self.status = float(told[0]), int(told[1]), int(told[2])
        self.cpu_seconds = float(told[3])


class Row:
    """A contender: a name, how it runs once (giving seconds, KiB), and what came of it."""

    def __init__(self, name, run, note=''):
        self.name, self.run, self.note = name, run, note
        self.seconds, self.kib, self.failure = [], [], None

    def go(self):
        """Once, or several times if that is quickly done."""
        for _ in range(SHORT_RUNS if self.seconds and self.seconds[0] < SHORT else 1):
            self.go_once()

    def go_once(self):
        if self.failure:
            return
        try:
            seconds, kib = self.run()
        except Failure as failure:
            self.failure = str(failure)
            return
        self.seconds.append(seconds)
        self.kib.append(kib)


def take_turns(rows):
    """
    All contenders in turn, there and back, round after round: noise of the machine, and what the
    one before leaves behind, then hit each alike.
    """
    for number in range(ROUNDS):
        if sys.stderr.isatty():
            print(f'\rround {number + 1} of {ROUNDS}', end='', file=sys.stderr, flush=True)
        for row in rows if number % 2 == 0 else reversed(rows):
            row.go()
    if sys.stderr.isatty():
        print('\r' + ' ' * 20 + '\r', end='', file=sys.stderr)


def milliseconds(seconds):
    value = seconds * 1e3
    return f'{value:.3f}' if value < 10 else f'{value:.1f}' if value < 1000 else f'{value:.0f}'
