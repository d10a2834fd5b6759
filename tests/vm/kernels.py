# SPDX-License-Identifier: LGPL-2.1-or-later
"""Debian's kernels of any suite and architecture: vmlinuz, modules, and vmlinux with DWARF.

They come from the mirrors that the host itself uses (MMUSCOPE_VM_MIRRORS, a list with blanks, says
others), through apt with a state of its own: the host's package state is not touched.
"""
import contextlib
import json
import lzma
import os
import pathlib
import re
import shutil
import signal
import subprocess
import tarfile
import tempfile
import time

APT_SECONDS = 1800
LISTS_HOURS = 12
KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg'
# where the newest kernels are
NEWEST_SUITES = ('sid', 'trixie-backports')
IMAGE = r'linux-image-\d.*'
# what a guest needs to reach its disk, its port, and QEMU; what a kernel has built in is not there
BOARD = 'vexpress-v2p-ca15-tc1.dtb'
MODULES = ['virtio_pci', 'virtio_mmio', 'virtio_blk', 'virtio_console', 'qemu_fw_cfg', 'lzo_rle',
           'zram']
# a file system on memory that keeps its contents: what the kernel for clouds has not
MORE_MODULES = {'linux-image-amd64': ['crc32c_generic', 'nd_pmem', 'nd_e820', 'ext4'],
                'linux-image-s390x': ['virtio_ccw']}


class KernelError(Exception):
    """A kernel can't be had."""


def cache_root():
    base = os.environ.get('XDG_CACHE_HOME') or pathlib.Path.home() / '.cache'
    return pathlib.Path(base) / 'mmuscope-vm'


def host_mirrors():
    """URIs of Debian archives in the host's own sources."""
    if os.environ.get('MMUSCOPE_VM_MIRRORS'):
        return os.environ['MMUSCOPE_VM_MIRRORS'].split()
    uris, apt = set(), pathlib.Path('/etc/apt')
    for path in [apt / 'sources.list', *apt.glob('sources.list.d/*')]:
        text = path.read_text(errors='replace') if path.is_file() else ''
        for line in text.splitlines():
            if re.match(r'(URIs:|deb\s)', line):
                uris |= {word for word in line.split() if '://' in word and 'debian' in word}
    if not uris:
        raise KernelError('no Debian mirror in the sources of apt: set MMUSCOPE_VM_MIRRORS')
    return sorted(uris)


class Apt:
    """apt for one suite and architecture, beside the host's."""

    def __init__(self, suite, arch):
        self.suite, self.arch = suite, arch
        self.state = cache_root() / 'apt' / f'{suite}-{arch}'

    def _options(self):
        state = self.state
        values = {'Dir::State': state, 'Dir::State::Lists': state / 'lists',
                  'Dir::State::status': state / 'status', 'Dir::Cache': state / 'cache',
                  'Dir::Etc::sourcelist': state / 'sources.list',
                  'Dir::Etc::sourceparts': '/dev/null', 'APT::Architecture': self.arch,
                  'APT::Architectures': self.arch, 'Acquire::Retries': '3'}
        return [word for key, value in values.items() for word in ('-o', f'{key}={value}')]

    def _run(self, tool, *words, cwd=None):
        done = subprocess.run([tool, *self._options(), *words], cwd=cwd, capture_output=True,
                              text=True, timeout=APT_SECONDS)
        if done.returncode:
            errors = re.findall(r'^E: (.*)', done.stderr, re.M) or [done.stderr.strip()[-400:]]
            raise KernelError(f'{tool} {" ".join(words)}: {errors[0]}')
        return done.stdout

    def update(self, say):
        for folder in ('lists/partial', 'cache/archives/partial'):
            (self.state / folder).mkdir(parents=True, exist_ok=True)
        (self.state / 'status').touch()
        stamp = self.state / 'updated'
        if stamp.exists() and time.time() - stamp.stat().st_mtime < LISTS_HOURS * 3600:
            return
        lines = []
        for uri in host_mirrors():
            if 'security' not in uri:
                lines.append(f'deb [signed-by={KEYRING}] {uri} {self.suite} main\n')
            elif self.suite != 'sid' and not self.suite.endswith('-backports'):
                lines.append(f'deb [signed-by={KEYRING}] {uri} {self.suite}-security main\n')
        (self.state / 'sources.list').write_text(''.join(lines))
        try:
            self._run('apt-get', '-qq', 'update')
            stamp.touch()
        except KernelError as error:
            # one of several mirrors may be out of step; what has come may do
            say(f'goes on with what it has: {error}')

    def dependencies(self, package, pattern):
        """The dependencies of a package's newest version whose names match."""
        names = re.findall(r'^\s*Depends: (\S+)', self._run('apt-cache', 'depends', package), re.M)
        return [name for name in names if re.fullmatch(pattern, name)]

    def dependency(self, package, pattern):
        names = self.dependencies(package, pattern)
        if not names:
            raise KernelError(f'{package} of {self.suite} {self.arch} depends on no {pattern}')
        return names[0]

    def download_all(self, packages):
        """Files of packages and of all that they depend on."""
        archives = self.state / 'cache/archives'
        self._run('apt-get', '-qq', 'clean')
        self._run('apt-get', '-qq', '-y', '--no-install-recommends', '--download-only',
                  '-o', 'Debug::NoLocking=1', 'install', *packages)
        return sorted(archives.glob('*.deb'))

    def debug_packages(self):
        """Lines, each the name and the description of a kernel's debug symbols."""
        return self._run('apt-cache', 'search', '--names-only', '^linux-image-.*-dbg$')

    def download(self, package, folder):
        self._run('apt-get', '-qq', 'download', package, cwd=folder)
        return next(pathlib.Path(folder).glob(f'{package}_*.deb'))


def unpack_tar(deb, folder):
    """The file tree of a package, as an open tar file that can be read in any order."""
    path = pathlib.Path(folder) / (deb.name + '.tar')
    with open(path, 'wb') as out:
        subprocess.run(['dpkg-deb', '--fsys-tarfile', deb], stdout=out, check=True,
                       timeout=APT_SECONDS)
    deb.unlink()
    return tarfile.open(path)


def save(tar, member, path):
    with tar.extractfile(member) as source, open(path, 'wb') as out:
        shutil.copyfileobj(source, out, 1 << 20)


def save_matching(tar, pattern, path):
    for member in tar:
        if re.search(pattern, member.name) and not member.isdir():
            save(tar, member, path)


def save_vmlinux(deb, path):
    """vmlinux with DWARF; the rest of such a package are gigabytes, which nobody needs."""
    unpacking = subprocess.Popen(['dpkg-deb', '--fsys-tarfile', deb], stdout=subprocess.PIPE,
                                 stderr=subprocess.DEVNULL, start_new_session=True)
    with unpacking, tarfile.open(fileobj=unpacking.stdout, mode='r|') as tar:
        for member in tar:
            # since 7.2 one of the two is a link to the other
            if re.search(r'/debug/(.*/)?(boot/vmlinux-[^/]*|vmlinux)$', member.name) and member.isreg():
                save(tar, member, path)
                break
        os.killpg(unpacking.pid, signal.SIGKILL)  # it has children
    deb.unlink()


def module_bytes(tar, member):
    data = tar.extractfile(member).read()
    return lzma.decompress(data) if member.name.endswith('.xz') else data


def modules_of(meta):
    return MODULES + MORE_MODULES.get(meta, [])


def save_modules(tars, names, folder):
    """Modules and what they need; `order` lists them so that each finds its needs loaded."""
    members = {}
    for tar in tars:
        for member in tar:
            found = re.search(r'/([^/]+)\.ko(?:\.xz)?$', member.name)
            if found:
                members[found[1].replace('-', '_')] = tar, member
    order = []

    def add(name):
        if name in order or name not in members:
            return
        data = module_bytes(*members[name])
        needs = re.search(rb'\0depends=([^\0]*)\0', data)
        for need in (needs[1].decode().split(',') if needs else []):
            add(need.replace('-', '_'))
        order.append(name)
        (folder / f'{name}.ko').write_bytes(data)

    folder.mkdir()
    for name in names:
        add(name)
    (folder / 'order').write_text(''.join(f'{name}.ko\n' for name in order))


class Kernel:
    """One kernel in the cache."""

    def __init__(self, folder):
        self.folder = folder
        self.vmlinuz, self.vmlinux = folder / 'vmlinuz', folder / 'vmlinux'
        self.modules, self.dtbs = folder / 'modules', folder / 'dtbs'
        about = json.loads((folder / 'kernel.json').read_text())
        self.release, self.version = about['release'], about['version']
        self.asked = about.get('modules', MODULES)


def numbers(name):
    return [int(number) for number in re.findall(r'\d+', name)]


def older(apt, image):
    """Other images of the same version and flavour that have debug symbols, newest first."""
    version, flavour = re.fullmatch(r'linux-image-(\d+\.\d+)\.[^-]*(?:-[\d.]+)?-(.*)', image).groups()
    names = re.findall(rf'^(linux-image-{re.escape(version)}\.\S*?\d-{flavour})-dbg ',
                       apt.debug_packages(), re.M)
    return sorted((name for name in names if numbers(name) < numbers(image)), key=numbers,
                  reverse=True)


def newest(arch, meta, say):
    """apt for that suite whose kernel is the newest that Debian has, and the kernel's package"""
    images = []
    for suite in NEWEST_SUITES:
        apt = Apt(suite, arch)
        apt.update(say)
        try:
            images += [(apt, image) for image in apt.dependencies(meta, IMAGE)]
        except KernelError as error:
            say(f'goes on without {suite}: {error}')
    if not images:
        raise KernelError(f'no {meta} for {arch} in {" or ".join(NEWEST_SUITES)}')
    return max(images, key=lambda pair: numbers(pair[1]))


def fetch(suite, arch, meta, folder, say):
    """Fill `folder` with the kernel that the package `meta` stands for today."""
    if suite == 'newest':
        apt, image = newest(arch, meta, say)
    else:
        apt = Apt(suite, arch)
        apt.update(say)
        image = apt.dependency(meta, IMAGE)
    # mirrors drop packages that their lists still have, debug symbols first
    for name in [image, *older(apt, image)]:
        try:
            fetch_image(apt, name, modules_of(meta), folder, say)
            return
        except KernelError as error:
            problem = error
            say(f'goes on without {name}: {error}')
            for path in list(folder.iterdir()):
                shutil.rmtree(path) if path.is_dir() else path.unlink()
    raise problem


def fetch_image(apt, image, modules, folder, say):
    release = image.removeprefix('linux-image-')
    say(f'downloads {image} of {apt.suite} {apt.arch}')
    # since 7.2 the image is empty, and its parts are packages of their own
    parts = apt.dependencies(image, rf'linux-(binary|modules|base)-{re.escape(release)}')
    debs = [apt.download(name, folder) for name in (image, *parts)]
    debug = apt.download(f'{image}-dbg', folder)
    version = debs[0].name.split('_')[1].replace('%3a', ':')
    (folder / 'dtbs').mkdir()
    with contextlib.ExitStack() as stack:
        tars = [stack.enter_context(unpack_tar(deb, folder)) for deb in debs]
        save_modules(tars, modules, folder / 'modules')
        for tar in tars:
            save_matching(tar, r'/boot/vmlinu[xz]-|/modules/[^/]+/vmlinu[xz]$', folder / 'vmlinuz')
            save_matching(tar, rf'/{BOARD}$', folder / 'dtbs' / BOARD)
    save_vmlinux(debug, folder / 'vmlinux')
    for name in ('vmlinuz', 'vmlinux'):
        if not (folder / name).exists():
            raise KernelError(f'{image} of {apt.suite} {apt.arch} has no {name} where it should be')
    for path in folder.glob('*.tar'):
        path.unlink()
    about = {'release': release, 'version': version, 'suite': apt.suite, 'arch': apt.arch,
             'modules': modules}
    (folder / 'kernel.json').write_text(json.dumps(about, indent=1) + '\n')


def folder_of(suite, arch, meta):
    return cache_root() / 'kernels' / f'{suite}-{arch}-{meta}'


def in_cache(suite, arch, meta):
    """In words: the kernel in the cache."""
    try:
        kernel = Kernel(folder_of(suite, arch, meta))
    except OSError:
        return f'no {meta} of {suite}'
    return f'linux-image-{kernel.release} {kernel.version}'


def get(suite, arch, meta, say, update=False):
    """A kernel from the cache, which it is brought into first when it isn't there."""
    folder = folder_of(suite, arch, meta)
    if update or not (folder / 'kernel.json').exists() or \
            Kernel(folder).asked != modules_of(meta):
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix='new-') as scratch:
            fresh = pathlib.Path(scratch) / 'kernel'
            fresh.mkdir()
            fetch(suite, arch, meta, fresh, say)
            shutil.rmtree(folder, ignore_errors=True)
            fresh.rename(folder)
    return Kernel(folder)
