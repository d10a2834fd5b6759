# SPDX-License-Identifier: LGPL-2.1-or-later
"""Each call to the system fails in turn: one line, the documented status, nothing lost or left.

A sample by default; all of them with MMUSCOPE_FAULTS=all, which takes minutes.
"""
import collections
import itertools
import os
import pathlib
import re
import resource
import signal
import subprocess
import tempfile

import pytest

ALL = os.environ.get('MMUSCOPE_FAULTS') == 'all'
SAMPLE = 3  # runs of each command and kind

Run = collections.namedtuple('Run', 'status out err leaked counts left')
COMMANDS = {
    'info': ['info', '{image}', '-s', '{vmlinux}'],
    'ps': ['ps', '{image}', '-s', '{vmlinux}'],
    'walk': ['walk', '{image}', '-s', '{vmlinux}', '--pid', '98', '0xbec39cac', '0xb3ee4000'],
    'maps': ['maps', '{image}', '-s', '{vmlinux}', '--pid', '98'],
    'extract': ['extract', '{image}', '-s', '{vmlinux}', '{new}'],
}
# With all calls only.
MORE = {
    'extract-json': ['extract', '--json', '{image}', '-s', '{vmlinux}', '{new}'],
    'cross': ['ps', '--cross', '{image}', '-s', '{vmlinux}'],
    'tables': ['tables', '{image}', '-s', '{vmlinux}', '--pid', '98'],
    'stat': ['stat', '{image}', '-s', '{vmlinux}', '--pid', '98'],
    'compare': ['compare', '{image}', '-s', '{vmlinux}', '--pid', '98', '--with', '--pid', '1'],
}
if ALL:
    COMMANDS.update(MORE)


class Tool:
    """The tool, with faults.c loaded before it."""

    def __init__(self, folder, faults, fixtures):
        self.folder, self.faults = pathlib.Path(folder), faults
        self.names = {'image': fixtures / 'armv7.vmcore', 'vmlinux': fixtures / 'armv7.vmlinux'}

    def run(self, command, fault, **more):
        with tempfile.TemporaryDirectory(dir=self.folder) as folder:
            report = self.folder / 'report'
            new = pathlib.Path(folder) / 'new.elf'
            report.unlink(missing_ok=True)
            words = [os.environ['MMUSCOPE'],
                     *(word.format(**self.names, new=new) for word in COMMANDS[command])]
            done = subprocess.run(
                words, capture_output=True, timeout=60, stdin=subprocess.DEVNULL,
                env={**os.environ, 'LD_PRELOAD': str(self.faults), 'MMU_FAULT': fault,
                     'MMU_FAULT_REPORT': str(report), **more})
            counts = collections.Counter()
            if report.exists():
                for line in report.read_text().splitlines():
                    name, number = line.split()
                    counts[name] = int(number)
            left = {path.name: path.stat().st_size for path in pathlib.Path(folder).iterdir()}
            out = done.stdout.replace(str(new).encode(), b'NEW')
            return Run(done.returncode, out, done.stderr.decode(errors='replace'),
                       counts['leaked'], counts, left)


@pytest.fixture(scope='module')
def tool(tmp_path_factory):
    faults = pathlib.Path(os.environ['MMUSCOPE_FAULTS_LIBRARY'])
    fixtures = pathlib.Path(os.environ['MMUSCOPE_FIXTURES'])
    if not faults.exists() or os.environ.get('MMUSCOPE_SANITIZED') == 'yes':
        pytest.skip('not with a sanitizer, which has its own malloc()')
    if not (fixtures / 'armv7.vmcore').exists():
        pytest.skip('the dump of the tree is missing')
    return Tool(tmp_path_factory.mktemp('faults'), faults, fixtures)


@pytest.fixture(scope='module')
def good(tool):
    """What each command says when nothing fails, and how many calls it makes."""
    return {command: tool.run(command, 'malloc:0') for command in COMMANDS}


def which(tool, command, calls, kind):
    """
    Numbers of the calls that are to fail. Libraries ask for memory so often that of all calls from
    one place (the same eight calls above them) the first is taken.
    """
    if kind == 'beneath' and ALL:
        places = tool.folder / 'places'
        tool.run(command, 'beneath:0', MMU_FAULT_PLACES=str(places))
        return [int(line.split()[1]) for line in places.read_text().splitlines()]
    most = calls if ALL else SAMPLE
    if calls <= most:
        return range(1, calls + 1)
    return sorted({1 + step * calls // most for step in range(most)})


SAID = re.compile('out of memory|not known|not mapped|not asked|can.t be|is missing|lacks|'
                  'cross-check')


def says_less(out, good):
    """Does an answer that differs say so where it does: with words, or ? and - for what is there?"""
    lines, wanted = out.decode().splitlines(), good.decode().splitlines()
    changed = [line for line in lines if line not in wanted]
    if any(SAID.search(line) for line in changed):
        return True
    return len(lines) == len(wanted) and all(
        mine in (other, '?', '-') for line, full in zip(lines, wanted)
        for mine, other in itertools.zip_longest(line.split(), full.split()))


def problem(run, good, kind):
    """What is wrong with this run, or None."""
    lines = run.err.splitlines()
    if run.status not in (0, 1, 3):
        return f'status {run.status}'
    if run.leaked:
        return f'{run.leaked} blocks were not freed'
    if run.status == 3:
        # what the command remarks when nothing fails, it may have remarked before it failed
        remarks = good.err.splitlines()
        if len([line for line in lines if ': warning: ' not in line and line not in remarks]) != 1:
            return f'{len(lines)} lines of error'
        if run.left:
            return f'left behind: {run.left}'
    elif run.status != good.status or run.out != good.out:
        if not lines and not says_less(run.out, good.out):
            return 'another answer, and not a word'
    return None


@pytest.mark.parametrize('command', COMMANDS)
@pytest.mark.parametrize('kind', ['malloc', 'beneath', 'mmap', 'open', 'read', 'short', 'eintr',
                                  'write', 'plugin'])
def test_each_fails_in_turn(tool, good, command, kind):
    assert good[command].status <= 1 and good[command].leaked == 0
    assert good[command].counts['malloc'] and bool(good[command].left) == ('extract' in command)
    found = []
    for number in which(tool, command, good[command].counts[kind], kind):
        run = tool.run(command, f'{kind}:{number}')
        what = problem(run, good[command], kind)
        if what:
            found.append(f'{kind}:{number}: {what}: status {run.status}: {run.err.strip()[:300]}')
    assert not found, '\n'.join(found[:40])


@pytest.mark.parametrize('kind', ['short', 'eintr'])
@pytest.mark.parametrize('command', COMMANDS)
def test_nothing_is_lost_by_a_read_that_is_short(tool, good, command, kind):
    """A short or an interrupted read is no failure: the rest is read."""
    run = tool.run(command, f'{kind}:1')
    assert (run.status, run.out) == (good[command].status, good[command].out), run.err


@pytest.mark.parametrize('most', [0, 1, 4096, 65536, 300000])
def test_a_file_that_can_not_grow_is_not_left(tool, tmp_path, most):
    def limit():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))

    new = tmp_path / 'new.elf'
    words = [word.format(**tool.names, new=new) for word in COMMANDS['extract']]
    done = subprocess.run([os.environ['MMUSCOPE'], *words], capture_output=True, text=True,
                          preexec_fn=limit)
    assert done.returncode == 3 and len(done.stderr.splitlines()) == 1, done.stderr
    assert not list(tmp_path.iterdir())
