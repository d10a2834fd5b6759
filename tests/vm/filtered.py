# SPDX-License-Identifier: LGPL-2.1-or-later
"""A real /proc/vmcore with parts left out: by makedumpfile's levels, by a full disk, by a short copy."""
import os
import re
import shutil
import subprocess
import tempfile
import time

import checks

LEVELS = range(1, 32)
FORMS = {'LZO': '-l', 'zlib': '-c', 'ELF': '-E'}
MAKEDUMPFILE_SECONDS = 300
# pages in one row: reservations of GiBs take most of the time, and one look at them is enough
ROW_MAX = 1 << 16
# of a dump's bytes: here a disk is full, there a copy ends
PARTS = (0.5, 0.75, 0.95)


def makedumpfile(options, source, target):
    """@return whether it wrote all"""
    program = shutil.which('makedumpfile', path=os.environ.get('PATH', '') + ':/usr/sbin')
    target.unlink(missing_ok=True)
    command = [program, *options, str(source)]
    with open(target if '-F' in options else os.devnull, 'wb') as out:
        done = subprocess.run(command if '-F' in options else [*command, str(target)], stdout=out,
                              stderr=subprocess.DEVNULL, timeout=MAKEDUMPFILE_SECONDS)
    return done.returncode == 0


def on_full_disk(options, source, target, size):
    """What is left when makedumpfile runs out of room, on a file system of its own."""
    script = ('mount -t tmpfs -o size="$1" none "$2" || exit 3; shift 2; '
              'out=$1; shift; makedumpfile "$@" small/x; cp --sparse=always small/x "$out"')
    with tempfile.TemporaryDirectory(dir=target.parent) as folder:
        os.mkdir(f'{folder}/small')
        subprocess.run(['unshare', '--map-root-user', '--mount', 'sh', '-c', script, 'sh',
                        str(size), 'small', target.resolve(), *options, source.resolve()],
                       cwd=folder, capture_output=True, timeout=MAKEDUMPFILE_SECONDS,
                       env={**os.environ, 'PATH': os.environ.get('PATH', '') + ':/usr/sbin'})
    return target.exists()


def sizes(path):
    return [int(path.stat().st_size * part) & ~0xfff for part in PARTS]


def cut(source, target, size):
    with open(source, 'rb') as whole, open(target, 'wb') as out:
        while size > 0 and (data := whole.read(min(size, 1 << 20))):
            out.write(data)
            size -= len(data)


def short_truth(folder):
    """The truth without its longest rows."""
    path = folder / 'truth.short'
    with open(folder / 'truth', errors='replace') as truth, open(path, 'w') as out:
        for line in truth:
            row = line.split('\t')
            if row[0] != 'E' or int(row[3], 0) <= ROW_MAX:
                out.write(line)
    return path


class Total:
    """Many dumps held to the truth, as one result."""

    def __init__(self, target, folder, truth, say):
        self.target, self.folder, self.truth, self.say = target, folder, truth, say
        self.counts, self.dumps, self.tasks, self.trouble = [0, 0, 0], 0, [], ''
        self.out_of_reach = self.refused = 0
        self.start = time.monotonic()

    def add(self, name, path):
        done = checks.run([checks.truth_program(), path, self.folder / 'vmlinux', self.truth,
                           '--whole', self.folder / 'dump.vmcore'])
        found = re.search(r'^tasks (\d+) of \d+, out of reach (\d+)\nagree (\d+), differ (\d+), silent (\d+)$',
                          done.stdout, re.M)
        if 'page bitmaps' in done.stderr:
            self.refused += 1  # makedumpfile had not yet written them: no page can be had
            return
        if not found:
            self.trouble = f'{name}: {(done.stderr or done.stdout).strip()[-100:]}'
            return
        for line in done.stdout.splitlines()[:checks.TOLD]:
            if line.startswith('differ'):
                self.say(f'{self.target.name} {name}: {line}')
        self.dumps += 1
        self.tasks.append(int(found[1]))
        self.out_of_reach = max(self.out_of_reach, int(found[2]))
        self.counts = [old + int(new) for old, new in zip(self.counts, found.groups()[2:])]

    def result(self, kind, note):
        note += f'; {min(self.tasks, default=0)} to {max(self.tasks, default=0)} tasks listed'
        note += f', {self.out_of_reach} out of reach' if self.out_of_reach else ''
        note += f', {self.refused} without page bitmaps refused' if self.refused else ''
        return checks.Result(self.target, kind, time.monotonic() - self.start,
                             self.counts if self.dumps else None, self.trouble or note,
                             trouble=bool(self.trouble))


def check_levels(target, folder, truth, say):
    path = folder / 'dump.level'
    for form in ('LZO', 'ELF'):
        total = Total(target, folder, truth, say)
        for level in LEVELS:
            if makedumpfile([FORMS[form], '-d', str(level)], folder / 'dump.vmcore', path):
                total.add(f'{form} -d {level}', path)
            else:
                total.trouble = f'makedumpfile -d {level} failed'
        yield total.result('vmcore-d1-31', f'makedumpfile -d 1 to 31, {form}')
    path.unlink(missing_ok=True)


def check_cut(target, folder, truth, say):
    """Full disks, and copies that end."""
    whole, path, vmcore = folder / 'dump.whole', folder / 'dump.cut', folder / 'dump.vmcore'
    full, short = Total(target, folder, truth, say), Total(target, folder, truth, say)
    for form, option in FORMS.items():
        options = [option, '-d', '31']
        makedumpfile(options, vmcore, whole)
        for size in sizes(whole):
            path.unlink(missing_ok=True)
            if on_full_disk(options, vmcore, path, size):
                full.add(f'{form}, a disk of {size} bytes', path)
            else:
                full.trouble = 'no small file system can be had'
            cut(whole, path, size)
            short.add(f'{form}, cut at {size} bytes', path)
    makedumpfile(['-F', '-l', '-d', '31'], vmcore, whole)
    for name, source in ('flattened', whole), ('copy', vmcore):
        for size in sizes(source):
            cut(source, path, size)
            short.add(f'{name}, cut at {size} bytes', path)
    for file in (whole, path):
        file.unlink(missing_ok=True)
    yield full.result('vmcore-full', 'makedumpfile on a full disk: LZO, zlib, ELF')
    yield short.result('vmcore-cut', 'files that end too early')


def check(target, folder, say):
    """All of it; needs dump.vmcore, vmlinux and truth in the folder."""
    truth = short_truth(folder)
    try:
        yield from check_levels(target, folder, truth, say)
        yield from check_cut(target, folder, truth, say)
    finally:
        truth.unlink()
