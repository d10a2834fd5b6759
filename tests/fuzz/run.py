#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Run the fuzzers of a build directory, one after the other, on one core at low priority.

What they did is kept in BUILD/fuzz: a corpus for each target, the inputs of findings, and
executions.tsv. --record takes the latter into the tree: tests/fuzz/executions.tsv and the table in
docs/reliability.md.
"""
import argparse
import collections
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

import corpus

HERE = pathlib.Path(__file__).resolve().parent
TABLE = HERE.parent.parent / 'docs/reliability.md'
LIMITS = ['-timeout=5', '-rss_limit_mb=512', '-print_final_stats=1', '-len_control=0',
          '-reload=0', '-verbosity=1']
MOST_BYTES = 65536  # of an input
PACKED_BYTES = 30 << 10  # of each target's corpus in the tree
BEGIN, END = '<!-- executions -->', '<!-- end of executions -->'
Row = collections.namedtuple('Row', 'commit target executions seconds lines')


class Runs:
    """The fuzzers of a build."""

    def __init__(self, build):
        self.programs = build / 'tests/fuzz'
        self.work = build / 'fuzz'
        self.work.mkdir(exist_ok=True)
        self.done = self.work / 'executions.tsv'

    def targets(self):
        return sorted(path.name.removeprefix('fuzz-') for path in self.programs.glob('fuzz-*')
                      if path.is_file() and os.access(path, os.X_OK))

    def folder(self, target):
        """The target's corpus, with its seeds and what the tree has of it."""
        folder = self.work / target
        folder.mkdir(exist_ok=True)
        subprocess.run([self.programs / f'replay-{target}', '--seeds', folder], check=True,
                       stdout=subprocess.DEVNULL)
        if target == 'vmlinux':
            for file in (self.programs.parent / 'unit').glob('vmlinux-like-*'):
                if file.is_file() and file.stat().st_size <= MOST_BYTES:
                    shutil.copy(file, folder)
        kept = self.programs / 'corpus' / target
        if kept.exists():
            shutil.copytree(kept, folder, dirs_exist_ok=True)
        return folder

    def command(self, target, *more):
        words = ['nice', '-n', '15', self.programs / f'fuzz-{target}', *LIMITS, *more]
        dictionary = HERE / f'{target}.dict'
        return words + ([f'-dict={dictionary}'] if dictionary.exists() else [])

    def run(self, target, seconds):
        """@return whether nothing was found"""
        folder = self.folder(target)
        words = self.command(target, f'-max_total_time={seconds}', f'-max_len={MOST_BYTES}',
                             f'-artifact_prefix={self.work}/{target}-found-', folder)
        log = self.work / f'{target}.log'
        at, begun = commit(), time.monotonic()
        with open(log, 'wb') as stream:
            status = subprocess.run(words, stdout=stream, stderr=subprocess.STDOUT).returncode
        taken = round(time.monotonic() - begun)
        text = log.read_text(errors='replace')
        executions = re.findall(r'number_of_executed_units: (\d+)', text)
        if not executions:  # it ended badly: the last line that counts
            executions = re.findall(r'^#(\d+)\s', text, re.M) or ['0']
        edges = re.findall(r' cov: (\d+)', text) or ['0']
        print(f'{target}: {int(executions[-1]):,} executions, {edges[-1]} edges')
        with open(self.done, 'a', encoding='utf-8') as stream:
            print(at, target, executions[-1], taken, '-', sep='\t', file=stream)
        if status:
            print('\n'.join(text.splitlines()[-60:]))
            print(f'{target}: found something, see {log}; its input is {self.work}/{target}-found-*')
        return status == 0

    def pack(self, target):
        """What a run has found worth keeping, minimized, into the tree."""
        folder = self.folder(target)
        with tempfile.TemporaryDirectory(dir=self.work) as least:
            subprocess.run(self.command(target, '-merge=1', least, folder), check=True,
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            (HERE / 'corpus').mkdir(exist_ok=True)
            corpus.pack(pathlib.Path(least), HERE / f'corpus/{target}.tar.xz', PACKED_BYTES)


def commit():
    said = subprocess.run(['git', '-C', HERE, 'rev-parse', '--short=10', 'HEAD'],
                          capture_output=True, text=True)
    return said.stdout.strip() or 'unknown'


def rows_of(path):
    if not path.exists():
        return []
    lines = path.read_text(encoding='utf-8').splitlines()
    return [Row(*line.split('\t')) for line in lines if line and not line.startswith('#')]


def table(rows):
    """The sums by target, for people."""
    sums = {}
    for row in rows:
        one = sums.setdefault(row.target, [0, 0, ''])
        one[0] += int(row.executions)
        one[1] += int(row.seconds)
        one[2] = row.lines if row.lines != '-' else one[2]
    yield '| target | executions | a second | lines covered |'
    yield '|---|--:|--:|--:|'
    for target, (executions, seconds, lines) in sorted(sums.items()):
        rate = f'{executions // seconds:,}' if seconds else '-'
        yield f'| {target} | {executions:,} | {rate} | {lines or "-"} |'
    yield f'| **all** | **{sum(one[0] for one in sums.values()):,}** | | |'


def record(runs):
    """Move what was done into the tree."""
    kept = HERE / 'executions.tsv'
    merged = {}
    for row in rows_of(kept) + rows_of(runs.done):
        old = merged.get((row.commit, row.target))
        if old:
            row = row._replace(executions=int(old.executions) + int(row.executions),
                               seconds=int(old.seconds) + int(row.seconds),
                               lines=row.lines if row.lines != '-' else old.lines)
        merged[row.commit, row.target] = row
    with open(kept, 'w', encoding='utf-8') as stream:
        print('# commit', 'target', 'executions', 'seconds', 'lines', sep='\t', file=stream)
        for row in merged.values():
            print(*row, sep='\t', file=stream)
    runs.done.unlink(missing_ok=True)
    text = TABLE.read_text(encoding='utf-8')
    before, rest = text.split(BEGIN)
    after = rest.split(END)[1]
    rows = '\n'.join(table(merged.values()))
    TABLE.write_text(f'{before}{BEGIN}\n{rows}\n{END}{after}', encoding='utf-8')
    print(rows)


def lines_run(build):
    """What of the library, the back-ends and the tool has run, by what gcov says of a build."""
    lines = set()
    for counts in build.rglob('*.gcda'):
        said = subprocess.run(['gcov', '--json-format', '--stdout', counts], cwd=build,
                              capture_output=True, text=True, check=True)
        for document in said.stdout.splitlines():
            for file in json.loads(document)['files']:
                path = os.path.relpath(build / file['file'], HERE.parent.parent)
                if path.startswith(('src/', 'plugins/')):
                    lines.update((path, line['line_number']) for line in file['lines']
                                 if line['count'])
    return len(lines)


def count_lines(runs, lines_build, targets):
    """How many lines a target's corpus runs, by a build for gcov."""
    for target in targets:
        for old in lines_build.rglob('*.gcda'):
            old.unlink()
        subprocess.run([lines_build / f'tests/fuzz/replay-{target}', runs.folder(target)],
                       check=True, stdout=subprocess.DEVNULL)
        count = lines_run(lines_build)
        print(f'{target}: {count} lines', flush=True)
        with open(runs.done, 'a', encoding='utf-8') as stream:
            print(commit(), target, 0, 0, count, sep='\t', file=stream)


def main():
    parser = argparse.ArgumentParser(prog='./dev fuzz', description=__doc__.split('\n')[0])
    parser.add_argument('targets', nargs='*', metavar='TARGET', help='of these; else all')
    parser.add_argument('--minutes', type=float, default=1, metavar='N', help='for each target')
    parser.add_argument('--list', action='store_true', help='which targets there are')
    parser.add_argument('--pack', action='store_true', help='minimize the corpus into the tree')
    parser.add_argument('--record', action='store_true', help='take what was done into the tree')
    parser.add_argument('--lines', type=pathlib.Path, metavar='BUILD', help=argparse.SUPPRESS)
    parser.add_argument('--build', type=pathlib.Path, required=True, help=argparse.SUPPRESS)
    args = parser.parse_args()
    runs = Runs(args.build.resolve())
    targets = args.targets or runs.targets()
    unknown = set(targets) - set(runs.targets())
    if unknown:
        parser.error(f'no target {" ".join(unknown)}: they are {" ".join(runs.targets())}')
    good = True
    if args.list:
        print('\n'.join(targets))
    elif args.pack:
        for target in targets:
            runs.pack(target)
    elif args.lines:
        count_lines(runs, args.lines.resolve(), targets)
    elif args.record:
        record(runs)
    else:
        for target in targets:
            good = runs.run(target, max(1, round(args.minutes * 60))) and good
    return 0 if good else 1


if __name__ == '__main__':
    sys.exit(main())
