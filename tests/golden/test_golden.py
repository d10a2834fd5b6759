# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the tool prints, word for word.

cases/NAME.tables describes page tables (tests/support/tables.h). Its comments say more:

    #: walk 0x400000           a call of the tool; image and tables are filled in
    #@ NUMBER(phys_base)=0     a fact for every call, so that a kernel is known

cases/NAME.calls holds calls that need no image, one a line. A call may begin with variables of the
environment, as in a shell: COLUMNS=40 walk 0x400000. NAME.txt is what the calls print,
NAME.json what they print with --json. MMUSCOPE_UPDATE=1 in the environment rewrites both: read what
has changed before you keep it.
"""
import json
import os
import pathlib
import re
import shlex
import subprocess

import pytest

from conftest import from_environment, sanitizers

CASES = pathlib.Path(__file__).parent / 'cases'
UPDATE = os.environ.get('MMUSCOPE_UPDATE') == '1'
SPACES = {'--kernel', '--pgd', '--cpu', '--pid'}
# design: the keys that every line must have
WALK_KEYS = {'schema', 'va', 'format', 'root_pa', 'steps', 'result', 'rights'}
STEP_KEYS = {'level', 'name', 'table_pa', 'index', 'slot_pa', 'raw', 'kind', 'flags', 'rights'}
RESULTS = {'mapped', 'empty', 'swapped', 'protnone', 'numa', 'migration', 'hwpoison', 'device',
           'marker', 'hidden', 'bad-entry', 'noncanonical', 'filtered', 'truncated', 'outside-ram',
           'unreadable'}


def cases(suffix):
    return sorted(path.stem for path in CASES.glob('*' + suffix))


def tried(suffix):
    """With a sanitizer, which is slow, every second one."""
    return cases(suffix)[::2] if sanitizers() and not UPDATE else cases(suffix)


def build(text, image):
    """Build the image. @return how it is to be opened, or what was wrong."""
    command = [from_environment('MMUSCOPE_BUILD_TABLES')]
    if re.search(r'^(filtered|cut)\b', text.read_text(), re.M):
        command.append('--elf')
    return subprocess.run([*command, str(text), str(image)], capture_output=True, text=True,
                          timeout=60)


def split(line):
    """What a call sets in the environment, and its words."""
    words, env = shlex.split(line), {}
    while words and re.match('[A-Z_]+=', words[0]):
        variable, _, value = words.pop(0).partition('=')
        env[variable] = value
    return env, words


def tables_calls(name, folder):
    """The calls of a case as they are written, each with its arguments filled in."""
    text, image = CASES / (name + '.tables'), folder / 'image'
    built = build(text, image)
    assert built.returncode == 0, built.stderr
    said = [line.split(' ', 1) for line in built.stdout.splitlines()]
    has = dict(said)
    options = ['--arch', has['arch'], *(o for key, raw in said if key == 'raw'
                                        for o in ('--ram', raw))]
    lines = text.read_text().splitlines()
    options += [o for line in lines if line.startswith('#@ ') for o in ('--fact', line[3:].strip())]
    for line in lines:
        if not line.startswith('#: '):
            continue
        env, (command, *rest) = split(line[3:])
        bare = ['--pgd', has['root'], '--format', has['format']] if not SPACES & {*rest} else []
        yield line[3:].strip(), env, [command, image, *options, *bare, *rest]


def plain_calls(name):
    for line in (CASES / (name + '.calls')).read_text().splitlines():
        if line.strip() and not line.startswith('#'):
            yield line.strip(), *split(line)


def transcript(run, calls):
    """What the calls print, and the objects that they print with --json."""
    text, lines = [], []
    for written, env, arguments in calls:
        as_text = as_json = run(*arguments, env=env)
        if '--tsv' not in arguments:
            as_json = run(*arguments, '--json', env=env)
            lines += as_json.stdout.splitlines(keepends=True)
        assert as_json.returncode == as_text.returncode, written
        assert as_json.stderr == as_text.stderr, written
        # where this build installs its back-ends is its own affair
        problem = re.sub(r'(MMUSCOPE_PLUGIN_PATH or )[^)]+\)', r'\1...)', as_text.stderr)
        variables, words = re.match(r'((?:[A-Z_]+=\S* )*)(.*)', written).groups()
        text.append(f'$ {variables}mmuscope {words}\n{as_text.stdout}{problem}'
                    f'exit status {as_text.returncode}\n')
    return '\n'.join(text), ''.join(lines)


def compare(path, seen):
    if UPDATE:
        path.write_text(seen)
    assert path.exists(), f'{path.name} is missing: MMUSCOPE_UPDATE=1 writes it'
    assert seen == path.read_text(), f'{path.name} differs'


def check_walk(walk):
    """What must be so whatever was asked."""
    assert WALK_KEYS <= walk.keys()
    assert walk['result'] in RESULTS
    assert all(STEP_KEYS <= step.keys() for step in walk['steps'])
    if walk['result'] == 'mapped':
        assert {'pa', 'page_size'} <= walk.keys()
        assert walk['pa'].startswith('0x')
    if walk['result'] == 'swapped':
        assert {'type', 'offset'} <= walk['swap'].keys() <= {'type', 'offset', 'assumed'}
    rights = walk['steps'][-1].get('effective') if walk['steps'] else None
    if walk['result'] == 'mapped' and rights:
        assert walk['rights'] == rights


def check_lines(lines):
    for line in lines.splitlines():
        thing = json.loads(line)
        assert next(iter(thing)) == 'schema'
        assert re.fullmatch(r'mmuscope\.[a-z]+/1', thing['schema'])
        if thing['schema'] == 'mmuscope.walk/1':
            check_walk(thing)


def check(name, run, calls):
    text, lines = transcript(run, calls)
    check_lines(lines)
    compare(CASES / (name + '.txt'), text)
    compare(CASES / (name + '.json'), lines)


@pytest.mark.parametrize('name', tried('.tables'))
def test_tables(name, mmuscope, tmp_path):
    check(name, mmuscope, tables_calls(name, tmp_path))


@pytest.mark.parametrize('name', tried('.calls'))
def test_calls(name, mmuscope):
    check(name, mmuscope, plain_calls(name))


def test_nothing_is_left_behind():
    known = {*cases('.tables'), *cases('.calls')}
    assert not [path.name for path in CASES.iterdir() if path.stem not in known]


START = 'arch x86_64\nformat 4level\nmemory 0x100000\n'


@pytest.mark.parametrize('text, error', [
    ('', 'line 1: no arch, format and memory so far'),
    ('# nothing\n\narch vax\n', "line 3: no back-end 'vax'"),
    ('arch x86_64\nformat 3level\n', "line 2: back-end x86_64 has no format '3level'"),
    ('arch x86_64\nmemory 0\n', "line 2: 'memory' is out of place"),
    (START + 'memory 0\n', "line 4: 'memory' is out of place"),
    (START + 'fold 1 2\n', "line 4: no command 'fold'"),
    (START + 'map 0x1000\n', "line 4: 'map' takes 4 to 5 arguments"),
    (START + 'map a b c d e f g h i\n', 'line 4: too many words'),
    (START + 'map 0x1000 7x 4K r--X-\n', "line 4: '7x' is no number"),
    (START + 'map 0x1000 0x7000 5K r--X-\n', 'line 4: 4level has no pages of 0x1400 bytes'),
    (START + 'map 0x1800 0x7000 4K r--X-\n', 'line 4: a page of 0x1000 bytes does not begin'),
    (START + 'map 0x1000 0x7000 4K r-xu\n', 'line 4: rights are rwxXu'),
    (START + 'map 0x1000 0x7000 4K r-x-u\n', "line 4: 4level PTE can't say this: a page"),
    (START + 'map 0x800000000000 0 4K r--X-\n', 'line 4: 0x800000000000 is no address'),
    (START + 'map 0 0 2M r--X-\nmap 0 0 4K r--X-\n', 'line 5: the PMD entry of 0x0 holds no table'),
    (START + 'map 0 0 4K r--X-\nmap 0 0 4K r--X-\n', 'line 5: the PTE entry of 0x0 is taken'),
    (START + 'entry PMM 0 0\n', "line 4: 4level has no level 'PMM'"),
    (START + 'entry PTE 0 1 2\n', 'line 4: PTE entries have no second copy'),
    (START + 'entry PGD 0 0x7067\nmap 0 0 4K r--X-\n', 'line 5: there is no memory at 0x7000'),
    (START + 'hole 0x100800 4K\n', 'line 4: a gap is of whole pages'),
    (START + 'hole 0x102000 4K\nhole 0x101000 4K\n', 'line 5: gaps ascend'),
])
def test_wrong_descriptions_are_refused(text, error, tmp_path):
    (tmp_path / 'tables').write_text(text)
    built = build(tmp_path / 'tables', tmp_path / 'image')
    assert built.returncode == 1
    assert f'tables: {error}' in built.stderr
    assert not (tmp_path / 'image').exists()
