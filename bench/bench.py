#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Measure mmuscope beside its floor and its peers: bench.py IMAGE VMLINUX. See README.md.

Environment: MMUSCOPE (the tool, in its build directory), MMUSCOPE_PLUGIN_PATH; BENCH_CRASH and
BENCH_DRGN name further crash binaries and Python interpreters that have drgn, several separated by
commas; BENCH_ROUNDS how often all is repeated.
"""
import json
import os
import pathlib
import re
import shlex
import shutil
import statistics
import subprocess
import sys
import tempfile

from measure import COUNT, PROGRAMS, ROUNDS, TOOL, Failure, Row, Sample, milliseconds, take_turns

# the same dump in other formats lies beside it, with the format's name as its suffix
FORMS = 'lzo', 'zlib', 'flat'
SYNTHETIC = os.environ.get('BENCH_SYNTHETIC', '1G')  # what the images without a kernel map

DRGN = """
import sys
from drgn import Program
from drgn.helpers.linux import mm
from drgn.helpers.linux.pid import find_task
prog = Program()
prog.set_core_dump(sys.argv[1])
prog.load_debug_info([sys.argv[2]])
task = find_task(prog, int(sys.argv[3]))
addresses = [int(line, 16) for line in open(sys.argv[4])]
if hasattr(mm, 'follow_phys'):
    for address in addresses:
        found = mm.follow_phys(task.mm, address).value_()
    print('physical', hex(found))
else:  # an older one reads, but does not tell the physical address
    for address in addresses:
        found = mm.access_process_vm(task, address, 1)
    print('read', found.hex())
"""


def complaint(file):
    """The first line that speaks of trouble, or else the last one."""
    file.seek(0)
    lines = [line.strip() for line in file.read().decode(errors='replace').splitlines()]
    told = [line for line in lines if line]
    bad = [line for line in told if re.search('error|invalid|cannot|failed|not match', line, re.I)]
    bad.sort(key=lambda line: not line.startswith('vtop:'))  # what was asked comes first
    return re.sub(r'/\S*/', '', (bad or told[-1:] or ['no output'])[0])[:90]


class Bench:
    def __init__(self, image, vmlinux, folder):
        self.image, self.vmlinux, self.folder = image, vmlinux, pathlib.Path(folder)
        self.pid = self.largest_process()
        self.addresses = self.folder / 'addresses'
        self.addresses.write_text(self.batch('list'))
        self.one = self.folder / 'one'
        self.one.write_text(self.addresses.read_text().split('\n')[0] + '\n')
        self.address = self.one.read_text().strip()
        walk = self.ask('walk', '--json', '--pid', self.pid, self.address)[0]
        self.expected = walk['pa']
        self.with_vmlinux = ('-s', vmlinux, '--pid', self.pid)
        self.image_alone = ('--debug-dir', self.folder, '--pid', self.pid)
        self.root_alone = ('--debug-dir', self.folder, '--pgd', walk['root_pa'], '--format',
                           walk['format'])

    def ask(self, command, *words):
        told = subprocess.run([TOOL, command, self.image, '-s', self.vmlinux, *map(str, words)],
                              stdout=subprocess.PIPE, text=True, check=True).stdout
        return [json.loads(line) for line in told.splitlines()]

    def largest_process(self):
        """The pid with most page tables."""
        tasks = [task for task in self.ask('ps', '--json') if task.get('table_bytes')]
        return max(tasks, key=lambda task: (task['table_bytes'], -task['pid']))['pid']

    def batch(self, what):
        command = [PROGRAMS / 'bench-batch', self.image, self.vmlinux, str(self.pid), str(COUNT),
                   what]
        return subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout

    # ------------------------------------------------------------------------------ processes

    def mmuscope(self, *words, stdin=None, space=None, image=None, command='walk', creates=None):
        """A run of the tool; its output goes nowhere. `creates`: a file that must not exist."""
        command = [str(word) for word in (TOOL, command, image or self.image, *([creates] if creates
                   else []), *(self.with_vmlinux if space is None else space), *words)]

        def run():
            if creates:
                creates.unlink(missing_ok=True)
            with open(stdin or os.devnull, 'rb') as source:
                sample = Sample(command, stdin=source)
            if creates:
                creates.unlink(missing_ok=True)
            if sample.status not in (0, 1):
                raise Failure(f'exit status {sample.status}')
            return sample.seconds, sample.kib
        return run

    def one_answer(self, space):
        """One address, found by other means; asked once before whether the answer is right."""
        command = [str(word) for word in (TOOL, 'walk', '--json', self.image, *space,
                                          self.address)]
        told = subprocess.run(command, capture_output=True, text=True)
        if told.returncode or json.loads(told.stdout)['pa'] != self.expected:
            def fail():
                raise Failure(told.stderr.strip()[:90] or 'another answer')
            return fail
        return self.mmuscope(self.address, space=space)

    def program(self, *command):
        def run():
            with tempfile.TemporaryFile() as output:
                sample = Sample(command, output=output)
                if sample.status:
                    raise Failure(complaint(output))
            return sample.seconds, sample.kib
        return run

    def crash(self, binary):
        commands = self.folder / 'crash-commands'
        commands.write_text(f'vtop -c {self.pid} {self.address}\nquit\n')
        # crash shows the address of the page, or of the byte, after VIRTUAL PHYSICAL
        wanted = re.compile(rf'\n{self.address[2:]}\s+{self.expected[2:]}\b')

        def run():
            with tempfile.TemporaryFile() as output:
                sample = Sample([*shlex.split(binary), '-s', self.vmlinux, self.image,
                                 '-i', commands], output=output)
                output.seek(0)
                if not wanted.search(output.read().decode(errors='replace')):
                    raise Failure(complaint(output))
            return sample.seconds, sample.kib
        return run

    def drgn(self, python, addresses):
        script = self.folder / 'translate.py'
        script.write_text(DRGN)
        expected = addresses == self.one and f'physical {self.expected}\n'

        def run():
            with tempfile.TemporaryFile() as output:
                sample = Sample([*shlex.split(python), script, self.image, self.vmlinux, self.pid,
                                 addresses], output=output)
                if sample.status:
                    raise Failure(complaint(output))
                output.seek(0)
                told = output.read().decode(errors='replace')
                if expected and told.startswith('physical') and not told.endswith(expected):
                    raise Failure(f'another answer: {complaint(output)}')
            return sample.seconds, sample.kib
        return run

    def inside(self, program, key, *words):
        """A time that a measuring program took itself."""
        def run():
            told = subprocess.run([PROGRAMS / program, self.image, self.vmlinux, str(self.pid),
                                   str(COUNT), *words],
                                  stdout=subprocess.PIPE, text=True, check=True)
            return json.loads(told.stdout)[key], 0
        return run

    # ------------------------------------------------------------------------------- contests

    def peers(self):
        """(name, kind, command) of the peers that are installed."""
        crashes = [shutil.which('crash'), *os.environ.get('BENCH_CRASH', '').split(',')]
        for binary in filter(None, crashes):
            told = subprocess.run([*shlex.split(binary), '--version'],
                                  capture_output=True, text=True)
            version = re.search(r'^crash (\S+)', told.stdout, re.M)
            yield f'crash {version[1] if version else "?"}', 'crash', binary
        for python in filter(None, [sys.executable, *os.environ.get('BENCH_DRGN', '').split(',')]):
            told = subprocess.run([*shlex.split(python), '-c',
                                   'import drgn; print(drgn.__version__)'],
                                  capture_output=True, text=True)
            if told.returncode == 0:
                yield f'drgn {told.stdout.strip()}', 'drgn', python

    def first_answer(self, peers):
        rows = [Row('mmuscope walk', self.mmuscope(self.address)),
                Row('mmuscope walk, image alone', self.one_answer(self.image_alone),
                    'no vmlinux: kallsyms and BTF'),
                Row('mmuscope walk --pgd --format', self.one_answer(self.root_alone),
                    'no kernel learnt: the least a start can take')]
        for name, kind, command in peers:
            run = self.crash(command) if kind == 'crash' else self.drgn(command, self.one)
            rows.append(Row(f'{name}, {"vtop" if kind == "crash" else "one translation"}', run))
        return rows

    def many(self, peers):
        rows = [
            Row('floor: read the same entries', self.inside('bench-floor', 'slot_seconds')),
            Row('library: mmu_walk()', self.inside('bench-batch', 'walk_seconds', 'walk')),
            Row('mmuscope walk --brief -', self.mmuscope('--brief', '-', stdin=self.addresses),
                'whole process'),
            Row('mmuscope walk --json --brief -',
                self.mmuscope('--json', '--brief', '-', stdin=self.addresses), 'whole process'),
            Row('mmuscope walk --json -', self.mmuscope('--json', '-', stdin=self.addresses),
                'whole process, every level'),
        ]
        return rows + [Row(f'{name}', self.drgn(command, self.addresses), 'whole process')
                       for name, kind, command in peers if kind == 'drgn']

    def tables(self):
        return [Row('floor: read and sum the pages', self.inside('bench-floor', 'page_seconds')),
                Row('library: decode all entries',
                    self.inside('bench-batch', 'visit_seconds', 'walk'))]

    def commands(self):
        """Commands that look at a whole space, or at all: start and answer."""
        extract = self.folder / 'extract'
        return [Row('walk, one address', self.mmuscope(self.address), 'the start alone'),
                Row('maps', self.mmuscope(command='maps')),
                Row('maps --json', self.mmuscope('--json', command='maps')),
                Row('tables', self.mmuscope(command='tables')),
                Row('stat', self.mmuscope(command='stat')),
                Row('stat --all', self.mmuscope('-s', self.vmlinux, '--all', space=(),
                                                command='stat')),
                Row('compare with itself', self.mmuscope('--with', '--pid', self.pid,
                                                         command='compare')),
                Row('extract', self.mmuscope('-s', self.vmlinux, space=(), command='extract',
                                             creates=extract), 'of the whole dump')]

    def other_forms(self):
        """(name, path) of this dump in other formats, as `./dev bench --make-heavy` leaves them."""
        for name in FORMS:
            path = pathlib.Path(self.image).with_suffix(f'.{name}')
            if path.exists() and path != pathlib.Path(self.image):
                yield name, path

    def forms(self):
        """A start and one answer, and many, by the format of the file."""
        rows = [Row(f'{name}: {what}', self.mmuscope(*words, stdin=stdin, image=path))
                for what, words, stdin in (('walk', (self.address,), None),
                                           ('walk --brief -', ('--brief', '-'), self.addresses))
                for name, path in (('elf', self.image), *self.other_forms())]
        return rows

    def spaces(self):
        """All ranges of every process' own part, beside a plain sum of the same table pages."""
        pages = self.folder / 'pages'
        pages.write_text(self.whole('bench-spaces', self.image, self.vmlinux, 'tables'))
        rows = []
        for name, path in (('elf', self.image), *self.other_forms()):
            if name != 'flat':  # which is dump.lzo in another order
                rows += [Row(f'{name}: floor',
                             self.timed('bench-floor-pages', path, stdin=pages),
                             'the same table pages summed by a plain loop')]
            rows += [Row(f'{name}: rows, {threads} thread{"s" * (threads > 1)}',
                         self.timed('bench-spaces', path, self.vmlinux, 'rows', threads))
                     for threads in (1, 2)]
        return rows

    def synthetic(self, *kind):
        """Rows and single runs of an image that holds nothing but tables, beside their sum."""
        image = self.folder / ''.join(('synthetic', *kind))
        root = self.whole('bench-make-synthetic', *kind, SYNTHETIC, image).strip()

        def inside(key):
            return self.timed('bench-ranges', image, root, key=key)
        return [Row('floor: sum of the same table pages', inside('floor_seconds')),
                Row('library: rows of a flat map', inside('map_seconds')),
                Row('library: single physical runs', inside('range_seconds'))]

    def pids(self):
        return [Row('library: open each by its pid',
                    self.timed('bench-spaces', self.image, self.vmlinux, 'pids'))]

    def whole(self, program, *words, stdin=None):
        """What a measuring program says."""
        with open(stdin or os.devnull, 'rb') as source:
            done = subprocess.run([PROGRAMS / program, *map(str, words)], stdin=source, text=True,
                                  capture_output=True)
        if done.returncode:
            raise Failure((done.stderr.strip().split('\n') or ['fails'])[-1][:60])
        return done.stdout

    def timed(self, program, *words, stdin=None, key='seconds'):
        """A time that a measuring program took itself, of its best round."""
        return lambda: (json.loads(self.whole(program, *words, stdin=stdin))[key], 0)

    def facts(self):
        """Ours must do more: image and task list too. Both must say the same."""
        ours = dict(line.split() for line in self.batch('facts').splitlines())
        rows = [Row('mmuscope: image, facts, task',
                    self.program(PROGRAMS / 'bench-batch', self.image, self.vmlinux, self.pid,
                                 '0', 'facts'), f'{len(ours)} facts by DWARF')]
        libdw = PROGRAMS / 'bench-facts-libdw'
        if not libdw.exists():
            return rows
        told = subprocess.run([libdw, self.vmlinux, *ours],
                              capture_output=True, text=True, check=True)
        theirs = dict(line.split() for line in told.stdout.splitlines())
        differ = [key for key in theirs if theirs[key] != ours[key]]
        rows.append(Row('libdw: facts alone', self.program(libdw, self.vmlinux, *ours),
                        f'differs in {", ".join(differ)}' if differ else
                        f'{len(theirs)} of them, equal'))
        return rows


# ---------------------------------------------------------------------------------- the table

def entries_of(size):
    """Entries of 4 KiB pages."""
    return int(size[:-1]) << {'G': 30, 'T': 40}[size[-1]] >> 12


def print_contest(title, rows, count=None):
    print(f'\n{title}')
    print(f'  {"":34} {"median ms":>10} {"min":>9} {"max":>9} {"ratio":>8} {"RSS MiB":>8}'
          + (f' {"ns each":>8}' if count else ''))
    base = statistics.median(rows[0].seconds) if rows[0].seconds else None
    for row in rows:
        if row.failure or not row.seconds:
            print(f'  {row.name:34} fails: {row.failure}')
            continue
        median = statistics.median(row.seconds)
        kib = statistics.median(row.kib)
        ratio = f'{median / base:.2f}' if base else ''
        rss = f'{kib / 1024:.1f}' if kib else ''
        each = f' {median / count * 1e9:8.0f}' if count else ''
        print(f'  {row.name:34} {milliseconds(median):>10} {milliseconds(min(row.seconds)):>9} '
              f'{milliseconds(max(row.seconds)):>9} {ratio:>8} {rss:>8}{each}  {row.note}'.rstrip())


def main(image, vmlinux):
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(image, vmlinux, folder)
        peers = list(bench.peers())
        shape = json.loads(bench.batch('walk'))
        contests = [
            ('start to first answer, whole process', bench.first_answer(peers), None),
            (f'{COUNT} addresses, in random order', bench.many(peers), COUNT),
            (f'all {shape["tables"]} tables of the process, {shape["entries"]} entries used',
             bench.tables(), None),
            ('whole spaces, whole process', bench.commands(), None),
            ('facts of the kernel, whole process', bench.facts(), None),
            (f'formats, whole process; {COUNT} addresses', bench.forms(), None),
            ('all spaces: every range of every process', bench.spaces(), None),
            ('all spaces: opened by pid', bench.pids(), None),
            (f'{SYNTHETIC} in pages that are no neighbours, CPU time; for each of its entries',
             bench.synthetic(), entries_of(SYNTHETIC)),
            (f'{SYNTHETIC} fragmented, CPU time; for each of its entries, present or not',
             bench.synthetic('--fragmented'), entries_of(SYNTHETIC)),
        ]
        take_turns([row for _, rows, _ in contests for row in rows])
        print(f'{os.path.basename(image)}, pid {bench.pid}: {shape["mapped"]} of {shape["walks"]} '
              f'addresses mapped; {ROUNDS} rounds, load {os.getloadavg()[0]:.1f} on '
              f'{os.cpu_count()} CPUs')
        for contest in contests:
            print_contest(*contest)
        print('\nratio: median by the first row of the block. min and max: noise of this machine.\n'
              'Output goes nowhere; a reader at the other end costs more.')


if __name__ == '__main__':
    if len(sys.argv) != 3 or 'MMUSCOPE' not in os.environ:
        sys.exit('usage: MMUSCOPE=... bench.py IMAGE VMLINUX (or: ./dev bench IMAGE VMLINUX)')
    main(*map(os.path.abspath, sys.argv[1:]))
