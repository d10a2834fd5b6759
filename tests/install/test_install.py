# SPDX-License-Identifier: LGPL-2.1-or-later
"""What `meson install` leaves behind is enough: a stranger builds and runs a program with it."""
import importlib.util
import itertools
import json
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys

import pytest

SOURCE = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ['MMUSCOPE']).parents[2]


def run(command, **more):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True,
                          timeout=120, **more)
    assert done.returncode == 0, f'{command}:\n{done.stdout}{done.stderr}'
    return done.stdout


def build_option(name):
    options = json.loads((BUILD / 'meson-info/intro-buildoptions.json').read_text())
    return next(option['value'] for option in options if option['name'] == name)


def compiler():
    """As the build calls it: the words before its first option."""
    first = json.loads((BUILD / 'compile_commands.json').read_text())[0]
    return list(itertools.takewhile(lambda word: word[0] != '-', shlex.split(first['command'])))


def sanitizers():
    """A program that loads a sanitized library must be sanitized too."""
    found = build_option('b_sanitize')
    return [] if found == 'none' else [f'-fsanitize={found}']


class Installed:
    """The installed tree, as if it were the root of a system."""

    def __init__(self, root):
        self.root = root
        self.prefix = root / build_option('prefix').lstrip('/')
        self.libdir = self.prefix / build_option('libdir')
        self.pkg_config_env = {**os.environ, 'PKG_CONFIG_PATH': str(self.libdir / 'pkgconfig'),
                               'PKG_CONFIG_SYSROOT_DIR': str(root)}

    def pkg_config(self, *words):
        command = ['pkg-config', *words, 'mmuscope']
        return run(command, env=self.pkg_config_env).split()

    def plugindir(self):
        """Without the root, as the library itself would look for it."""
        found = self.pkg_config('--variable=plugindir')[0]
        return found.removeprefix(str(self.root))

    def env(self, **more):
        without = {key: value for key, value in os.environ.items() if key != 'MMUSCOPE_PLUGIN_PATH'}
        return {**without, 'LD_LIBRARY_PATH': str(self.libdir), **more}


@pytest.fixture(scope='module')
def installed(tmp_path_factory):
    root = tmp_path_factory.mktemp('root')
    meson = ([sys.executable, '-m', 'mesonbuild.mesonmain']
             if importlib.util.find_spec('mesonbuild') else ['meson'])
    run([*meson, 'install', '-C', BUILD, '--no-rebuild', '--destdir', root])
    return Installed(root)


@pytest.fixture(scope='module')
def translate(installed, tmp_path_factory):
    """The example, built as its own comment says."""
    if not shutil.which('pkg-config'):
        pytest.skip('pkg-config is missing')
    program = tmp_path_factory.mktemp('example') / 'translate'
    run([*compiler(), '-Wall', '-Wextra', '-Werror', *sanitizers(), SOURCE / 'examples/translate.c',
         '-o', program, *installed.pkg_config('--cflags', '--libs')])
    return program


def test_files(installed):
    """No more and no less than what is promised."""
    found = {path.relative_to(installed.prefix).as_posix()
             for path in installed.prefix.rglob('*') if not path.is_dir()}
    libdir = build_option('libdir')
    plain = {re.sub(r'\.so(\.\d+)+$', '.so', name).replace(libdir, 'LIB') for name in found}
    plugins = {name for name in plain if name.startswith('LIB/mmuscope/')}
    assert plain - plugins == {
        'bin/mmuscope', 'include/mmuscope/arch.h', 'include/mmuscope/mmuscope.h',
        'LIB/libmmuscope.so', 'LIB/pkgconfig/mmuscope.pc', 'share/man/man1/mmuscope.1',
        'share/bash-completion/completions/mmuscope'}
    assert 'LIB/mmuscope/mmuscope-arch-x86_64.so' in plugins
    assert all(re.fullmatch(r'LIB/mmuscope/mmuscope-arch-\w+\.so', name) for name in plugins)


def test_nothing_outside_the_prefix(installed):
    found = [path for path in installed.root.rglob('*') if not path.is_dir()
             and installed.prefix not in path.parents]
    assert found == []


@pytest.mark.parametrize('header', ['arch.h', 'mmuscope.h'])
def test_headers_stand_alone(installed, tmp_path, header):
    program = tmp_path / 'alone.c'
    program.write_text(f'#include <mmuscope/{header}>\nint main(void) {{ return 0; }}\n')
    run([*compiler(), '-std=c11', '-Wall', '-Wextra', '-pedantic-errors', '-Werror',
         *installed.pkg_config('--cflags'), '-fsyntax-only', program])


def test_version(installed):
    told = run([installed.prefix / 'bin/mmuscope', '--version'], env=installed.env())
    assert told.split() == ['mmuscope', *installed.pkg_config('--modversion')]


def test_plugin_is_where_the_library_looks(installed):
    """The root moved, so the library itself finds nothing; its message says where it looked."""
    done = subprocess.run([installed.prefix / 'bin/mmuscope', 'arch', 'nosuch'],
                          env=installed.env(), capture_output=True, text=True, timeout=60)
    assert done.returncode == 3
    assert installed.plugindir() + ')' in done.stderr
    assert (installed.root / installed.plugindir().lstrip('/') / 'mmuscope-arch-x86_64.so').exists()


def test_installed_plugin_works(installed):
    plugindir = installed.root / installed.plugindir().lstrip('/')
    told = run([installed.prefix / 'bin/mmuscope', 'arch', '--plugin-dir', plugindir],
               env=installed.env())
    assert re.search('^x86_64: ', told, re.M)


def test_library_shows_only_its_api(installed):
    """Every function that the header exports, and nothing else."""
    if not shutil.which('nm'):
        pytest.skip('nm is missing')
    if sanitizers():
        pytest.skip('a sanitizer adds symbols')
    if build_option('b_coverage'):
        pytest.skip('gcov adds symbols')
    header = (installed.prefix / 'include/mmuscope/mmuscope.h').read_text()
    promised = set(re.findall(r'^MMU_EXPORT[^;]*?(mmu_\w+)\(', header, re.M))
    listed = run(['nm', '-D', '--defined-only', installed.libdir / 'libmmuscope.so'])
    assert {line.split()[-1] for line in listed.splitlines()} == promised


def test_example_tells_its_usage(translate, installed):
    done = subprocess.run([translate], env=installed.env(), capture_output=True, text=True)
    assert done.returncode == 2 and done.stderr.startswith('usage: ')


def test_example_tells_errors(translate, installed, tmp_path):
    done = subprocess.run([translate, tmp_path / 'none', 'none', '1', '0x1000'],
                          env=installed.env(), capture_output=True, text=True)
    assert done.returncode == 3 and 'No such file' in done.stderr


# what the kernel itself said: pid, address, answer, status
ANSWERS = [
    (109, '0x7faceb40448c', r'physical 0x3e89248c, rights r---u', 0),
    (109, '0x7faceb2d3000', r'not mapped: swapped', 1),
    (99999, '0x1000', r'no task has pid 99999', 1),
]


@pytest.mark.parametrize('pid, address, answer, status', ANSWERS)
def test_example_translates(translate, installed, fixture_dir, pid, address, answer, status):
    image, vmlinux = fixture_dir / 'x86_64.vmcore', fixture_dir / 'x86_64.vmlinux'
    if not image.exists():
        pytest.skip(f'{image.name} is missing')
    plugindir = installed.root / installed.plugindir().lstrip('/')
    done = subprocess.run([translate, image, vmlinux, str(pid), address], capture_output=True,
                          text=True, env=installed.env(MMUSCOPE_PLUGIN_PATH=str(plugindir)))
    assert re.search(answer, done.stdout + done.stderr)
    assert done.returncode == status
