# SPDX-License-Identifier: LGPL-2.1-or-later
"""The headers as clients of other ages and in other languages see them."""
import json
import os
import pathlib
import re
import shlex
import shutil
import subprocess

import pytest

from conftest import sanitizers

SOURCE = pathlib.Path(__file__).resolve().parents[2]
INCLUDE = SOURCE / 'include' / 'mmuscope'
BUILD = pathlib.Path(os.environ['MMUSCOPE']).parents[2]
STRUCT = re.compile(r'^struct (mmu_\w+) \{\n\tsize_t size;.*?^\};\n', re.M | re.S)


def headers():
    return {path.name: path.read_text() for path in INCLUDE.glob('*.h')}


def caller_passed():
    return {found[1]: found[0] for text in headers().values() for found in STRUCT.finditer(text)}


def without_last_member(struct):
    """As the header of the release before that member came."""
    lines = struct.split('\n')
    members = [number for number, line in enumerate(lines) if re.match(r'\t[\w].*;', line)]
    assert len(members) > 1
    return '\n'.join(lines[:members[-1]] + ['};', ''])


def compiler():
    first = json.loads((BUILD / 'compile_commands.json').read_text())[0]
    command = shlex.split(first['command'])
    return command[:next(n for n, word in enumerate(command) if word[0] == '-')]


def build_client(folder, program):
    command = [*compiler(), '-Wall', '-Wextra', '-Werror', '-g', '-fsanitize=address',
               f'-I{folder}', SOURCE / 'tests/api/client.c', '-o', program,
               f'-L{BUILD}/src', '-lmmuscope', f'-Wl,-rpath,{BUILD}/src']
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def run_client(program, fixture_dir):
    command = [program, fixture_dir / 'x86_64.vmcore', fixture_dir / 'x86_64.vmlinux', '109',
               '0x7faceb40448c']
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True,
                          timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def older(tmp_path):
    """Today's headers, each caller-passed struct trimmed by its last member."""
    folder = tmp_path / 'include' / 'mmuscope'
    folder.mkdir(parents=True)
    for name, text in headers().items():
        for struct in STRUCT.finditer(text):
            text = text.replace(struct[0], without_last_member(struct[0]))
        (folder / name).write_text(text)
    return folder.parent


def test_what_callers_pass_carries_its_size():
    """All structs that functions take by a pointer to const, and callers fill in."""
    assert set(caller_passed()) == {
        'mmu_hook', 'mmu_raw_range', 'mmu_options', 'mmu_tasks_query', 'mmu_space_query',
        'mmu_map_query', 'mmu_part', 'mmu_extract_pages', 'mmu_extract_options', 'mmu_compare_query',
        'mmu_confine_options'}


@pytest.mark.skipif(not set(sanitizers()) <= {'address', 'undefined'},
                    reason='two sanitizers in one program')
def test_a_client_of_an_older_release(older, tmp_path, fixture_dir):
    """It gets the same answers, and nothing is read or written behind what it passes."""
    build_client(SOURCE / 'include', tmp_path / 'today')
    build_client(older, tmp_path / 'then')
    today = run_client(tmp_path / 'today', fixture_dir)
    assert ': mapped 0x3e89248c r---u, 4 steps' in today
    assert run_client(tmp_path / 'then', fixture_dir) == today


@pytest.mark.skipif(not set(sanitizers()) <= {'address', 'undefined'},
                    reason='two sanitizers in one program')
def test_the_sanitizer_sees_it(older, tmp_path, fixture_dir):
    """The test can fail: a client that says a larger size than it has."""
    text = (SOURCE / 'tests/api/client.c').read_text()
    liar = tmp_path / 'liar.c'
    liar.write_text(text.replace('*(size_t *)ret = bytes;', '*(size_t *)ret = bytes + 8;'))
    assert liar.read_text() != text
    program = tmp_path / 'liar'
    done = subprocess.run([*compiler(), '-fsanitize=address', f'-I{older}', str(liar), '-o',
                           str(program), f'-L{BUILD}/src', '-lmmuscope',
                           f'-Wl,-rpath,{BUILD}/src'], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    done = subprocess.run([str(program), str(fixture_dir / 'x86_64.vmcore'),
                           str(fixture_dir / 'x86_64.vmlinux'), '109', '0'],
                          capture_output=True, text=True, timeout=120)
    assert done.returncode != 0 and 'AddressSanitizer' in done.stderr


def test_no_function_hides_a_type(tmp_path):
    """In C++ a type is used by its bare name, unless a function has the same."""
    cxx = shutil.which('g++') or shutil.which('clang++')
    if not cxx:
        pytest.skip('no C++ compiler')
    types = {name for text in headers().values()
             for name in re.findall(r'^(?:struct|enum) (mmu_\w+)(?: \{|;)', text, re.M)}
    assert len(types) > 40
    program = tmp_path / 'types.cc'
    program.write_text('#include <mmuscope/mmuscope.h>\n' + ''.join(
        f'{name} *pointer_to_{name};\n' for name in sorted(types)))
    done = subprocess.run([cxx, '-std=c++17', '-Wall', '-Wextra', '-Werror', '-fsyntax-only',
                           f'-I{SOURCE}/include', str(program)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_enumerations_have_one_width(tmp_path):
    """Whatever a compiler would choose: -fshort-enums must change nothing."""
    enums = {name for name, text in headers().items() if name != 'arch.h'
             for name in re.findall(r'^enum (mmu_\w+) \{', text, re.M)}
    assert len(enums) > 15
    program = tmp_path / 'enums.c'
    program.write_text('#include <mmuscope/mmuscope.h>\n' + ''.join(
        f'_Static_assert(sizeof(enum {name}) == 4, "{name}");\n' for name in sorted(enums)))
    done = subprocess.run([*compiler(), '-std=c11', '-fshort-enums', '-fsyntax-only',
                           f'-I{SOURCE}/include', str(program)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_version():
    """The macros are the library's version."""
    text = headers()['base.h']
    parts = [re.search(rf'#define MMUSCOPE_VERSION_{part} (\d+)', text)[1]
             for part in ('MAJOR', 'MINOR', 'PATCH')]
    told = subprocess.run([os.environ['MMUSCOPE'], '--version'], capture_output=True, text=True)
    assert told.stdout.split()[1] == '.'.join(parts)
