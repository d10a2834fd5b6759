#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Boot real kernels, dump them, and hold every page of every process to the kernel's own word.

Exit status: 0 all agree, 1 something differs, 2 usage, 3 a guest, a dump or a kernel can't be had.
"""
import argparse
import fnmatch
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import checks
import guests
import kernels
import matrix
from targets import NEWEST, TARGETS

TRIES = 3
COLUMNS = '{:<22} {:<12} {:>11} {:>8} {:>8} {:>7}  {}'


def say(text):
    print(f'vm: {text}', file=sys.stderr, flush=True)


def check_again(target, folder):
    """The dumps of an earlier run that were kept."""
    return [result for kind in target.dumps if (folder / f'dump.{kind}').exists()
            for result in checks.check_all(target, kind, folder, say)]


def boot_and_check(target, kernel, folder, keep, results):
    """One try. The results are there as far as it gets."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / 'vmlinux').symlink_to(kernel.vmlinux)
    guest = guests.Guest(target, kernel, folder)
    try:
        start = time.monotonic()
        guest.boot()
        say(f'{target.name}: has written its truth after {time.monotonic() - start:.0f} s')
        for kind in target.dumps:
            path = guest.dump(kind)
            results.extend(checks.check_all(target, kind, folder, say))
            if not keep and kind != 'vmcore':  # others are made of it
                for piece in folder.glob(f'{path.name}*'):
                    piece.unlink()
    finally:
        guest.end()
        for disk in ('swap', 'truth-disk'):
            (folder / disk).unlink(missing_ok=True)


def run_target(target, folder, keep, results):
    kernel = kernels.get(*target.needs_kernel(), say)
    say(f'{target.name}: boots {kernel.release} ({kernel.version}), {target.ram_mib} MiB')
    for number in range(1, TRIES + 1):
        ours, whole = [], False
        try:
            boot_and_check(target, kernel, folder, keep, ours)
            whole = True
            break
        except guests.GuestError as error:
            # TCG breaks the big kernels now and then
            say(f'{target.name}: the guest failed under TCG, try {number} of {TRIES}: {error}')
            if number == TRIES:
                raise
        finally:
            if number == TRIES or whole:
                results += ours


def select(patterns, newest):
    for pattern in patterns:
        if not any(fnmatch.fnmatch(target.name, pattern) for target in TARGETS):
            say(f'no target {pattern}: see --list')
            sys.exit(2)
    return [target for target in TARGETS if not newest or target.suite == NEWEST
            if not patterns or any(fnmatch.fnmatch(target.name, p) for p in patterns)]


def show(results):
    print(COLUMNS.format('target', 'dump', 'agree', 'differ', 'silent', 'time', '').rstrip())
    for result in results:
        counts = ['-' if n is None else n for n in (result.agree, result.differ, result.silent)]
        print(COLUMNS.format(result.target.name, result.kind, *counts, f'{result.seconds:.0f} s',
                             result.note))
    print(f'\n{time.strftime("%Y-%m-%d")}, with', ', '.join(sorted(
        {kernels.in_cache(*result.target.needs_kernel()) for result in results})))


def main():
    parser = argparse.ArgumentParser(prog='./dev vm', description=__doc__)
    parser.add_argument('--list', action='store_true', help='list the targets')
    parser.add_argument('--newest', action='store_true',
                        help='only targets of the newest kernels that Debian has')
    parser.add_argument('--keep', metavar='DIR', help='keep dumps, truth and console of each target')
    parser.add_argument('--again', metavar='DIR', help='boot nothing: check what --keep DIR kept')
    parser.add_argument('--table', action='store_true',
                        help='with --keep or --again: what works with what, into docs/')
    parser.add_argument('--update', action='store_true', help="fetch today's kernels")
    parser.add_argument('targets', metavar='TARGET', nargs='*', help='a name, or a pattern')
    options = parser.parse_args()
    chosen = select(options.targets, options.newest)
    if options.table and not (options.keep or options.again):
        parser.error('--table needs the dumps: --keep or --again')
    if options.list:
        for target in chosen:
            print(f'{target.name:<22} {target.suite:<9} {target.machine.qemu:<20} '
                  f'{target.ram_mib:>5} MiB  {target.note}')
        return 0
    if not os.access(checks.truth_program(), os.X_OK):
        say(f'{checks.truth_program()} was not built')
        return 3
    results = []
    with tempfile.TemporaryDirectory(prefix='mmuscope-vm-') as scratch:
        for kernel in {target.needs_kernel() for target in chosen} if options.update else ():
            kernels.get(*kernel, say, update=True)
        for target in chosen:
            folder = pathlib.Path(options.again or options.keep or scratch).resolve() / target.name
            try:
                if options.again:
                    results += check_again(target, folder)
                else:
                    run_target(target, folder, options.keep, results)
            except (guests.GuestError, kernels.KernelError, OSError, RuntimeError,
                    subprocess.SubprocessError) as error:
                say(f'{target.name}: {error}')
                results.append(checks.Result(target, '-', note=str(error)[:100], trouble=True))
            if not options.keep and not options.again:
                shutil.rmtree(folder, ignore_errors=True)
    show(results)
    if not results:
        return 3
    if options.table and not matrix.write(chosen, pathlib.Path(options.keep or options.again),
                                          results, say):
        return 1
    if any(result.differ or result.agree == 0 for result in results):
        return 1
    return 3 if any(result.trouble for result in results) else 0


if __name__ == '__main__':
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # no guest stays behind
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
