#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Measure this tree beside another: against.py OLD-BUILD NEW-BUILD IMAGE VMLINUX. See README.md.

Both are asked the same, in turn, round after round. Every row tells time and peak memory of a whole
process, but for those that a measuring program times inside; BENCH_ROUNDS says how often.
"""
import hashlib
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile

from measure import COUNT, ROUNDS, Failure, Row, Sample, milliseconds, take_turns

OK = (0, 1)  # that something is not mapped is an answer


class Side:
    """One build: its tool, its back-ends, its measuring programs."""

    def __init__(self, build):
        self.build = pathlib.Path(build).resolve()
        self.tool = self.build / 'src/tool/mmuscope'
        self.env = {**os.environ, 'MMUSCOPE_PLUGIN_PATH': str(self.build / 'plugins')}

    def ask(self, *words, stdin=None):
        with open(stdin or os.devnull, 'rb') as source:
            return subprocess.run([self.tool, *map(str, words)], stdin=source, env=self.env,
                                  capture_output=True)

    def lines(self, *words):
        done = self.ask(*words)
        if done.returncode not in OK:
            sys.exit(f'{self.tool}: {done.stderr.decode(errors="replace").strip()}')
        return [json.loads(line) for line in done.stdout.splitlines()]

    def program(self, *words):
        done = subprocess.run([self.build / 'bench/bench-batch', *map(str, words)], env=self.env,
                              capture_output=True, text=True)
        if done.returncode:
            raise Failure((done.stderr.strip().split('\n') or ['fails'])[-1][:60])
        return done.stdout


class Question:
    """What both sides are asked: a command of the tool, or a time that bench-batch takes itself."""

    def __init__(self, name, words, stdin=None, creates=None, key=None):
        self.name, self.words, self.stdin, self.creates = name, words, stdin, creates
        self.key = key

    def row(self, side):
        cpu = []
        row = Row(self.name, lambda: self.inside(side) if self.key else self.outside(side, cpu))
        row.cpu = cpu
        return row

    def outside(self, side, cpu):
        self.clear()
        with open(self.stdin or os.devnull, 'rb') as source:
            sample = Sample([side.tool, *self.words], stdin=source, env=side.env)
        self.clear()
        if sample.status not in OK:
            raise Failure(f'exit status {sample.status}')
        cpu.append(sample.cpu_seconds)
        return sample.seconds, sample.kib

    def inside(self, side):
        try:
            return json.loads(side.program(*self.words))[self.key], 0
        except (ValueError, KeyError):
            raise Failure(f'tells no {self.key}') from None

    def answer(self, side):
        """What tells two answers apart."""
        if self.key:
            return None
        self.clear()
        done = side.ask(*self.words, stdin=self.stdin)
        digest = hashlib.sha256(done.stdout)
        if self.creates and self.creates.exists():
            digest.update(self.creates.read_bytes())
        self.clear()
        return done.returncode, digest.hexdigest()

    def clear(self):
        if self.creates:
            self.creates.unlink(missing_ok=True)


def questions(side, image, vmlinux, folder):
    """(pid of the process with most page tables, what is asked)"""
    known = (image, '-s', vmlinux)
    tasks = [task for task in side.lines('ps', '--json', *known) if task.get('table_bytes')]
    pid = max(tasks, key=lambda task: (task['table_bytes'], -task['pid']))['pid']
    addresses, made = folder / 'addresses', folder / 'extract'
    addresses.write_text(side.program(image, vmlinux, pid, COUNT, 'list'))
    address = addresses.read_text().split('\n', maxsplit=1)[0]
    walk, = side.lines('walk', '--json', *known, '--pid', pid, address)
    space = (*known, '--pid', pid)
    alone = ('--debug-dir', folder)
    batch = (image, vmlinux, pid, COUNT, 'walk')
    # an older commit lacks some
    whole = [Question(name, (name, *space)) for name in ('maps', 'tables', 'stat')
             if side.ask(name, '--help').returncode == 0]
    return pid, [
        Question('info', ('info', *known)),
        Question('info, image alone', ('info', image, *alone)),
        Question(f'ps, {len(tasks)} processes', ('ps', *known)),
        Question('ps --json', ('ps', '--json', *known)),
        Question('ps, image alone', ('ps', image, *alone)),
        Question('walk, one address', ('walk', *space, address)),
        Question('walk, image alone', ('walk', image, *alone, '--pid', pid, address)),
        Question('walk --pgd --format', ('walk', image, *alone, '--pgd', walk['root_pa'],
                                         '--format', walk['format'], address)),
        Question(f'walk --brief -, {COUNT}', ('walk', *space, '--brief', '-'), addresses),
        Question('walk --json --brief -', ('walk', *space, '--json', '--brief', '-'), addresses),
        Question('walk --json -', ('walk', *space, '--json', '-'), addresses),
        *whole,
        Question('leaves: compare with itself', ('compare', *space, '--with', '--pid', pid)),
        Question('extract', ('extract', image, made, '-s', vmlinux), creates=made),
        Question('library: open a process', batch, key='open_seconds'),
        Question(f'library: {COUNT} walks', batch, key='walk_seconds'),
        Question('library: all entries', batch, key='visit_seconds'),
        Question('library: all processes by pid', (*batch[:-1], 'pids'), key='pids_seconds'),
    ]


# ---------------------------------------------------------------------------------- the table

def ratio(new, old):
    return f'{new / old:.2f}' if old else ''


def print_row(name, old, new, note):
    for side, row in (('old', old), ('new', new)):
        if row.failure:
            print(f'  {name:30} {side} fails: {row.failure}')
            return
    times = [statistics.median(row.seconds) for row in (old, new)]
    # the rest of the machine slows a process down, and hardly makes it work more
    least = [min(row.cpu or row.seconds) for row in (old, new)]
    kib = [statistics.median(row.kib) for row in (old, new)]
    mib = [f'{size / 1024:.1f}' if size else '' for size in kib]
    memory = f'{mib[0]:>8} {mib[1]:>8} {ratio(kib[1], kib[0]):>6}'
    cells = [milliseconds(seconds) for seconds in times + least]
    print(f'  {name:30} {cells[0]:>8} {cells[1]:>8} {ratio(times[1], times[0]):>6} {cells[2]:>9} '
          f'{cells[3]:>9} {ratio(least[1], least[0]):>6} {memory} {note}'.rstrip())


def main(old, new, image, vmlinux):
    sides = Side(old), Side(new)
    with tempfile.TemporaryDirectory() as folder:
        pid, asked = questions(sides[0], image, vmlinux, pathlib.Path(folder))
        notes = []
        for question in asked:
            answers = [question.answer(side) for side in sides]
            notes.append('' if answers[0] == answers[1] else 'other output')
        rows = [[question.row(side) for side in sides] for question in asked]
        take_turns([row for pair in rows for row in pair])
    print(f'{pathlib.Path(image).parent.name}/{os.path.basename(image)}, pid {pid}: {ROUNDS} '
          f'rounds, load {os.getloadavg()[0]:.1f} on {os.cpu_count()} CPUs')
    print(f'  {"":30} {"old ms":>8} {"new ms":>8} {"ratio":>6} {"old least":>9} {"new least":>9} '
          f'{"ratio":>6} {"old MiB":>8} {"new MiB":>8} {"ratio":>6}')
    for question, pair, note in zip(asked, rows, notes):
        print_row(question.name, *pair, note)
    print('ms: median time of a whole process, or of what a library call takes. least: the least '
          'CPU time\nof a process, or the least time of a call, in ms. MiB: peak memory. ratio: '
          'new by old.')
    return int(any(pair[1].failure and not pair[0].failure for pair in rows))


if __name__ == '__main__':
    if len(sys.argv) != 5 or 'MMUSCOPE' not in os.environ:
        sys.exit('usage: MMUSCOPE=... against.py OLD NEW IMAGE VMLINUX (or: ./dev bench --against)')
    sys.exit(main(*map(os.path.abspath, sys.argv[1:])))
