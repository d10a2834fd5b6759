#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What it takes to build and test for another machine: foreign.py ARCH BUILD-DIR.

Fills a folder with Debian's libraries of ARCH (no root needed, nothing of the host's is touched; it
is kept below the user's cache), and another, BUILD-DIR.foreign, with meson's cross file, whose path
is printed, and with scripts that start the programs of BUILD-DIR under QEMU's user mode.
"""
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import tempfile

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / 'vm'))
import kernels  # noqa: E402  its apt serves us too

SUITE = 'bookworm'
PACKAGES = ['libc6-dev', 'libelf-dev', 'libdwarf-dev', 'libkdumpfile-dev', 'zlib1g-dev',
            'liblzo2-dev', 'libsnappy-dev', 'libzstd-dev', 'libyajl-dev', 'libcmocka-dev']
# as Debian, the GNU tools, QEMU and meson name them
ARCHES = {'armhf': ('arm-linux-gnueabihf', 'arm', 'arm', 'little'),
          's390x': ('s390x-linux-gnu', 's390x', 's390x', 'big')}
PROGRAMS = {'mmuscope': 'src/tool/mmuscope', 'build-tables': 'tests/golden/build-tables',
            'hold': 'tests/prototypes/hold',
            'mmuscope-kdumpfile': 'src/image/mmuscope-kdumpfile'}


def say(text):
    print(f'foreign: {text}', file=sys.stderr, flush=True)


def unpack(packages, root):
    """Debian's merged /usr, and no link that leads out of the folder."""
    for name in ('bin', 'lib', 'sbin'):
        (root / 'usr' / name).mkdir(parents=True)
        (root / name).symlink_to(f'usr/{name}')
    for package in packages:
        with subprocess.Popen(['dpkg-deb', '--fsys-tarfile', package],
                              stdout=subprocess.PIPE) as source:
            subprocess.run(['tar', '-x', '--keep-directory-symlink', '--no-same-owner', '-C', root],
                           stdin=source.stdout, check=True)
        if source.returncode:
            raise kernels.KernelError(f'{package} can\'t be unpacked')
    for path in root.rglob('*'):
        if path.is_symlink() and os.readlink(path).startswith('/'):
            target = root / os.readlink(path)[1:]
            path.unlink()
            path.symlink_to(os.path.relpath(target, path.parent))


def sysroot(arch):
    """The folder with the libraries: whole, or it isn't there."""
    base = os.environ.get('XDG_CACHE_HOME') or pathlib.Path.home() / '.cache'
    root = pathlib.Path(base) / 'mmuscope' / f'{SUITE}-{arch}'
    if root.exists():
        return root
    root.parent.mkdir(parents=True, exist_ok=True)
    say(f'downloads the libraries of {arch}')
    apt = kernels.Apt(SUITE, arch)
    apt.update(say)
    with tempfile.TemporaryDirectory(dir=root.parent, prefix='new-') as scratch:
        unpack(apt.download_all(PACKAGES), pathlib.Path(scratch) / 'root')
        (pathlib.Path(scratch) / 'root').rename(root)
    return root


def write_wrappers(folder, build, emulator):
    folder.mkdir(parents=True, exist_ok=True)
    for name, program in PROGRAMS.items():
        (folder / name).write_text(f'#!/bin/sh\nexec {shlex.join(emulator)} '
                                   f'{shlex.quote(str(build / program))} "$@"\n')
        (folder / name).chmod(0o755)


def cross_file(arch, build):
    triplet, qemu, family, endian = ARCHES[arch]
    root = sysroot(arch)
    emulator = [shutil.which(f'qemu-{qemu}-static') or f'qemu-{qemu}', '-L', str(root)]
    folder = build.with_name(f'{build.name}.foreign')
    write_wrappers(folder, build, emulator)
    libs = f'{root}/usr/lib/{triplet}'
    flags = [f'--sysroot={root}']
    # linked to libraries whose own needs lie in the folder too
    links = [*flags, f'-Wl,-rpath-link,{libs}']
    path = folder / 'cross.ini'
    path.write_text(f"""[binaries]
c = '{triplet}-gcc'
ar = '{triplet}-ar'
strip = '{triplet}-strip'
objcopy = '{triplet}-objcopy'
nm = '{triplet}-nm'
pkgconfig = 'pkg-config'
exe_wrapper = {emulator}
[built-in options]
c_args = {flags}
c_link_args = {links}
[properties]
sys_root = '{root}'
pkg_config_libdir = '{libs}/pkgconfig:{root}/usr/share/pkgconfig'
wrappers = '{folder}'
needs_exe_wrapper = true
[host_machine]
system = 'linux'
cpu_family = '{family}'
cpu = '{re.sub('-.*', '', triplet)}'
endian = '{endian}'
""")
    return path


def main(arch, build):
    try:
        print(cross_file(arch, pathlib.Path(build).resolve()))
    except (kernels.KernelError, OSError, subprocess.SubprocessError) as error:
        say(str(error))
        return 3
    return 0


if __name__ == '__main__':
    if len(sys.argv) != 3 or sys.argv[1] not in ARCHES:
        sys.exit(f'usage: foreign.py {"|".join(ARCHES)} BUILD-DIR')
    sys.exit(main(*sys.argv[1:]))
