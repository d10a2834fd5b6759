#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The library's ABI beside the stored one: abi.py check|write LIBRARY HEADERS BASELINE.

What was there may not change: functions, and structs and enumerations that the headers show. What
is new passes. `./dev abi-baseline` writes down a change that is meant. Exit status 77: skipped.
"""
import pathlib
import shutil
import subprocess
import sys
import tempfile

ANOTHER_FORMAT = 'incompatible format version between the two input files'
CHANGED = 4  # a bit of abidiff's exit status; lower bits: usage and errors
# the baseline says nothing of this machine, and a type keeps its id when others come and go
WRITE = ['--drop-private-types', '--exported-interfaces-only', '--no-corpus-path',
         '--no-comp-dir-path', '--no-show-locs', '--no-elf-needed', '--type-id-style', 'hash']

# how libc lays out a stream is its own affair, and differs between releases
FOREIGN = '[suppress_type]\nname = _IO_FILE\n'


def write(library, headers, baseline):
    return subprocess.run(['abidw', *WRITE, '--headers-dir', headers, '--out-file', baseline,
                           library]).returncode


def check(library, headers, baseline):
    with tempfile.TemporaryDirectory() as folder:
        # what is private is gone from both then
        now = pathlib.Path(folder) / 'now.xml'
        if write(library, headers, now):
            return 1
        foreign = pathlib.Path(folder) / 'foreign'
        foreign.write_text(FOREIGN)
        done = subprocess.run(['abidiff', '--no-added-syms', '--no-show-locs', '--suppressions',
                               foreign, baseline, now], capture_output=True, text=True)
    print(done.stdout + done.stderr, end='')
    if ANOTHER_FORMAT in done.stderr:
        print(f'{pathlib.Path(baseline).name} is of another release of abigail-tools: '
              'the ABI is not compared')
        return 77
    if done.returncode & CHANGED:
        print(f'The ABI is not that of {pathlib.Path(baseline).name}. '
              'If that is meant: ./dev abi-baseline')
    return int(done.returncode != 0)


def main(what, *paths):
    if not shutil.which('abidw') or not shutil.which('abidiff'):
        print('abidw and abidiff (abigail-tools) are missing: the ABI is not compared')
        return 77
    return {'check': check, 'write': write}[what](*paths)


if __name__ == '__main__':
    if len(sys.argv) != 5 or sys.argv[1] not in ('check', 'write'):
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))
