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

from conftest import build_option, sanitizers

HEADERS = ['analysis.h', 'arch.h', 'base.h', 'confine.h', 'maps.h', 'mmuscope.h', 'sessions.h',
           'smaps.h', 'stat.h', 'walks.h']
SOURCE = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ['MMUSCOPE']).parents[2]

# linear16 is an example for those who write a back-end: no image needs it
ARCHES = ['arm64', 'armv7', 'i386', 'ppc64', 'riscv64', 's390x', 'x86_64']


def run(command, **more):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True,
                          timeout=120, **more)
    assert done.returncode == 0, f'{command}:\n{done.stdout}{done.stderr}'
    return done.stdout


def compiler():
    """As the build calls it: the words before its first option."""
    first = json.loads((BUILD / 'compile_commands.json').read_text())[0]
    return list(itertools.takewhile(lambda word: word[0] != '-', shlex.split(first['command'])))


def sanitized():
    """A program that loads a sanitized library must be sanitized too."""
    return [f'-fsanitize={name}' for name in sanitizers()]


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

    def env(self):
        """For programs that are not ours: they find the library, which finds its back-ends."""
        without = {key: value for key, value in os.environ.items() if key != 'MMUSCOPE_PLUGIN_PATH'}
        return {**without, 'LD_LIBRARY_PATH': str(self.libdir)}


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
    run([*compiler(), '-Wall', '-Wextra', '-Werror', *sanitized(), SOURCE / 'examples/translate.c',
         '-o', program, *installed.pkg_config('--cflags', '--libs')])
    return program


def test_files(installed):
    """No more and no less than what is promised."""
    found = {path.relative_to(installed.prefix).as_posix()
             for path in installed.prefix.rglob('*') if not path.is_dir()}
    libdir = build_option('libdir')
    plain = {re.sub(r'\.so(\.\d+)+$', '.so', name).replace(libdir, 'LIB') for name in found}
    plugins = {name for name in plain if name.startswith('LIB/mmuscope/')}
    assert plugins == {f'LIB/mmuscope/mmuscope-arch-{name}.so' for name in ARCHES}
    assert plain - plugins == {
        'bin/mmuscope', 'libexec/mmuscope/mmuscope-kdumpfile',
        *(f'include/mmuscope/{header}' for header in HEADERS),
        'LIB/libmmuscope.so', 'LIB/pkgconfig/mmuscope.pc', 'share/man/man1/mmuscope.1',
        'share/bash-completion/completions/mmuscope'}


def test_nothing_outside_the_prefix(installed):
    found = [path for path in installed.root.rglob('*') if not path.is_dir()
             and installed.prefix not in path.parents]
    assert found == []


@pytest.mark.parametrize('header', HEADERS)
def test_headers_stand_alone(installed, tmp_path, header):
    program = tmp_path / 'alone.c'
    program.write_text(f'#include <mmuscope/{header}>\nint main(void) {{ return 0; }}\n')
    run([*compiler(), '-std=c11', '-Wall', '-Wextra', '-pedantic-errors', '-Werror',
         *installed.pkg_config('--cflags'), '-fsyntax-only', program])


def test_version(installed):
    told = run([installed.prefix / 'bin/mmuscope', '--version'])
    assert told.split() == ['mmuscope', *installed.pkg_config('--modversion')]


# ------------------------------------------------------------------------ a tree that was moved

@pytest.fixture
def moved(installed, tmp_path):
    """The installed tree at a place that neither the build nor the installation knew of."""
    shutil.copytree(installed.prefix, tmp_path / 'moved', symlinks=True)
    return tmp_path / 'moved'


def run_bare(tool, *words, cwd='/'):
    """With nothing in the environment."""
    return subprocess.run([tool, *map(str, words)], env={}, cwd=cwd, capture_output=True, text=True,
                          timeout=60)


def arches(tool, **more):
    done = run_bare(tool, 'arch', **more)
    assert (done.returncode, done.stderr) == (0, '')
    return re.findall(r'^(\w+): ', done.stdout, re.M)


def where_it_looked(tool, **more):
    done = run_bare(tool, 'arch', 'nosuch', **more)
    assert done.returncode == 3
    return re.search(r'MMUSCOPE_PLUGIN_PATH or ([^)]*)\);', done.stderr)[1]


def test_moved_tree_works(moved, fixture_dir):
    """It finds its library and its back-ends, of each architecture, and walks."""
    tool = moved / 'bin/mmuscope'
    assert arches(tool) == ARCHES
    assert where_it_looked(tool) == str(moved / build_option('libdir') / 'mmuscope')
    # an int that each guest's process wrote
    for arch, pid, address in ('x86_64', 109, '0x7faceb40448c'), ('armv7', 98, '0xbec39cac'):
        image = fixture_dir / f'{arch}.vmcore'
        if not image.exists():
            pytest.skip(f'{image.name} is missing')
        done = run_bare(tool, 'walk', image, '-s', fixture_dir / f'{arch}.vmlinux', '--pid', pid,
                        '--brief', '--value', 'int', address)
        assert (done.returncode, done.stderr) == (0, '')
        assert done.stdout.split()[1] == 'mapped' and done.stdout.endswith(' value 8055\n')


def test_moved_tool_by_a_link(moved, tmp_path):
    (tmp_path / 'link').symlink_to(moved / 'bin/mmuscope')
    assert arches(tmp_path / 'link') == ARCHES


def test_moved_library_alone_has_no_plugins(moved, installed):
    """Then the configured place is left; in a root that is not '/' there is nothing."""
    shutil.rmtree(moved / build_option('libdir') / 'mmuscope')
    assert where_it_looked(moved / 'bin/mmuscope') == installed.plugindir()


def test_current_directory_has_no_plugins(moved, installed, tmp_path):
    """Nothing is loaded from a directory that is only near, in whatever way it is started."""
    libdir = moved / build_option('libdir')
    (libdir / 'mmuscope').rename(tmp_path / 'mmuscope')
    assert where_it_looked(moved / 'bin/mmuscope', cwd=tmp_path) == installed.plugindir()
    assert where_it_looked('moved/bin/mmuscope', cwd=tmp_path) == installed.plugindir()


def test_directory_that_all_may_write_to_is_not_trusted(moved, installed):
    libdir = moved / build_option('libdir')
    for open_to_all in libdir / 'mmuscope', libdir:
        before = open_to_all.stat().st_mode
        open_to_all.chmod(0o1777)
        assert where_it_looked(moved / 'bin/mmuscope') == installed.plugindir()
        open_to_all.chmod(before)
    assert arches(moved / 'bin/mmuscope') == ARCHES


@pytest.mark.skipif(os.geteuid() != 0, reason='only root gives files away')
def test_directory_of_another_user_is_not_trusted(moved, installed, tmp_path):
    plugins = moved / build_option('libdir') / 'mmuscope'
    os.chown(plugins, 12345, 12345)
    assert where_it_looked(moved / 'bin/mmuscope') == installed.plugindir()
    plugins.rename(tmp_path / 'theirs')
    plugins.symlink_to(tmp_path / 'theirs')
    assert where_it_looked(moved / 'bin/mmuscope') == installed.plugindir()


def test_library_shows_only_its_api(installed):
    """Every function that the header exports, and nothing else."""
    if not shutil.which('nm'):
        pytest.skip('nm is missing')
    if sanitizers():
        pytest.skip('a sanitizer adds symbols')
    if build_option('b_coverage'):
        pytest.skip('gcov adds symbols')
    headers = ''.join((installed.prefix / 'include/mmuscope' / header).read_text()
                      for header in HEADERS)
    promised = set(re.findall(r'^MMU_EXPORT[^;]*?\b(mmu_\w+)\(', headers, re.M))
    listed = run(['nm', '-D', '--defined-only', installed.libdir / 'libmmuscope.so']).split()
    assert {name for name in listed if name.startswith('mmu_')} == {
        f'{name}@@MMUSCOPE_0.2' for name in promised}


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
    done = subprocess.run([translate, image, vmlinux, str(pid), address], capture_output=True,
                          text=True, env=installed.env())
    assert re.search(answer, done.stdout + done.stderr)
    assert done.returncode == status
