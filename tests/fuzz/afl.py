#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A second opinion: AFL++ over the tool itself, with small files of every format.

afl.py --build BUILD [--minutes N]   goes on where the last run ended; on one core, at low priority
"""
import argparse
import lzma
import os
import pathlib
import re
import subprocess
import sys
import tempfile

FIXTURES = pathlib.Path(__file__).resolve().parent.parent / 'fixtures'
# So the fuzz target `open` is told to open its input as one file, and nothing more.
AS_ONE_FILE = 0
HOW_MODULO = 5


def make_seeds(build, tool, environment, folder):
    """What the target `open` begins with, and an extract of the small ARM dump."""
    with tempfile.TemporaryDirectory() as temporary:
        place = pathlib.Path(temporary)
        seeds = place / 'seeds'
        seeds.mkdir()
        subprocess.run([build / 'tests/fuzz/replay-open', '--seeds', seeds], check=True,
                       stdout=subprocess.DEVNULL)
        for file in seeds.iterdir():
            data = file.read_bytes()
            if data and data[0] % HOW_MODULO == AS_ONE_FILE:
                (folder / file.name).write_bytes(data[1:])
        for name in ('armv7.vmcore', 'armv7.vmlinux'):
            (place / name).write_bytes(lzma.decompress((FIXTURES / f'{name}.xz').read_bytes()))
        # 1: the dump itself lacks what belongs there
        done = subprocess.run([tool, 'extract', place / 'armv7.vmcore', '-s',
                               place / 'armv7.vmlinux', '--pid', '98', folder / 'extract'],
                              env=environment | {'AFL_IGNORE_PROBLEMS': '1'},
                              stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        if done.returncode not in (0, 1):
            sys.exit(done.stderr.decode())


def main():
    parser = argparse.ArgumentParser(prog='./dev fuzz --afl', description=__doc__.split('\n')[0])
    parser.add_argument('--minutes', type=float, default=60, metavar='N')
    parser.add_argument('--build', type=pathlib.Path, required=True, help=argparse.SUPPRESS)
    args = parser.parse_args()
    build = args.build.resolve()
    tool, work = build / 'src/tool/mmuscope', build / 'afl'
    environment = os.environ | {
        'MMUSCOPE_PLUGIN_PATH': str(build / 'plugins'), 'AFL_NO_UI': '1', 'AFL_SKIP_CPUFREQ': '1',
        'AFL_NO_AFFINITY': '1', 'AFL_I_DONT_CARE_ABOUT_MISSING_CRASHES': '1',
        'AFL_AUTORESUME': '1',
        # what is instrumented has to be there from the start
        'AFL_PRELOAD': ':'.join(str(file) for file in
                                sorted((build / 'plugins').glob('mmuscope-arch-*.so')))}
    seeds = work / 'seeds'
    if not seeds.exists():
        seeds.mkdir(parents=True)
        make_seeds(build, tool, environment, seeds)
    log = work / 'log'
    with open(log, 'wb') as stream:
        # the limit of memory is the tool's own
        status = subprocess.run(
            ['nice', '-n', '15', 'afl-fuzz', '-i', seeds, '-o', work / 'out', '-t', '5000', '-m',
             'none', '-V', str(round(args.minutes * 60)), '--', tool, 'info', '@@'],
            stdout=stream, stderr=subprocess.STDOUT, env=environment).returncode
    if status:
        sys.exit('\n'.join(log.read_text(errors='replace').splitlines()[-20:]))
    stats = dict(re.findall(r'(\w+)\s*: (.*)', (work / 'out/default/fuzzer_stats').read_text()))
    found = int(stats['saved_crashes']) + int(stats['saved_hangs'])
    print(f'{int(stats["execs_done"]):,} executions in {int(stats["run_time"]) // 60} minutes, '
          f'{stats["edges_found"]} edges, {stats["saved_crashes"]} crashes, '
          f'{stats["saved_hangs"]} hangs')
    if found:
        print(f'see {work}/out/default/crashes and hangs')
    return 1 if found else 0


if __name__ == '__main__':
    sys.exit(main())
