#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Make the dumps that `./dev bench` measures: heavy.py FOLDER [TASKS].

Without TASKS: one with 465 tasks, of which one has 3 GiB in pages of 4 KiB, and one with 4,000
tasks. FOLDER gets NAME/dump.elf, NAME/truth (the kernel's own pagemap) and NAME/vmlinux of each,
and the same dump as dump.lzo, dump.zlib and dump.flat (flattened, LZO).
"""
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

import guests
import kernels
import targets

CONVERT = pathlib.Path(__file__).resolve().parents[2] / 'build/tests/support/convert_image'
TRIES = 3
TASKS_MIN, TASKS_MAX = 100, 30000


def say(text):
    print(f'heavy: {text}', file=sys.stderr, flush=True)


def make_once(target, kernel, folder):
    guest = guests.Guest(target, kernel, folder)
    try:
        start = time.monotonic()
        guest.boot()
        say(f'{target.name}: is up after {time.monotonic() - start:.0f} s')
        guest.dump('elf')
    finally:
        guest.end()
        for name in ('swap', 'guest', 'initramfs'):
            (folder / name).unlink(missing_ok=True)


def convert(folder):
    """The same dump as kdump-compressed files, and as a flattened one."""
    for form, words in (('lzo', ['lzo']), ('zlib', ['zlib']), ('flat', ['--flat', 'lzo'])):
        *options, packing = words
        say(f'{folder.name}: dump.{form}')
        subprocess.run([CONVERT, *options, folder / 'dump.elf', packing, folder / f'dump.{form}'],
                       check=True)


def make(target, root):
    """A folder with the dump: whole, or it isn't there."""
    kernel = kernels.get(*target.needs_kernel(), say)
    say(f'{target.name}: boots {kernel.release} with {target.ram_mib} MiB')
    for number in range(1, TRIES + 1):
        with tempfile.TemporaryDirectory(dir=root, prefix='new-') as scratch:
            folder = pathlib.Path(scratch) / target.name
            folder.mkdir()
            try:
                make_once(target, kernel, folder)
            except guests.GuestError as error:
                say(f'{target.name}: the guest failed, try {number} of {TRIES}: {error}')
                continue
            shutil.copyfile(kernel.vmlinux, folder / 'vmlinux')
            convert(folder)
            shutil.rmtree(root / target.name, ignore_errors=True)
            folder.rename(root / target.name)
            say(f'{root / target.name}')
            return
    raise guests.GuestError(f'{target.name}: no guest stays up')


def main(root, tasks=None):
    chosen = targets.HEAVY
    if tasks is not None:
        if not tasks.isdecimal() or not TASKS_MIN <= int(tasks) <= TASKS_MAX:
            say(f'{tasks}: a number of tasks from {TASKS_MIN} to {TASKS_MAX} was expected')
            return 2
        chosen = [targets.heavy(int(tasks))]
    root = pathlib.Path(root).resolve()
    root.mkdir(parents=True, exist_ok=True)
    try:
        for target in chosen:
            make(target, root)
    except (guests.GuestError, kernels.KernelError, OSError, RuntimeError,
            subprocess.SubprocessError) as error:
        say(str(error))
        return 3
    return 0


if __name__ == '__main__':
    if not 2 <= len(sys.argv) <= 3:
        sys.exit('usage: heavy.py FOLDER [TASKS] (or: ./dev bench --make-heavy [TASKS])')
    sys.exit(main(*sys.argv[1:]))
