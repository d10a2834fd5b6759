#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The README's commands on a fresh Debian: release_check.py SUITE DIR.

Makes DIR a Debian with debootstrap, unless it is one already, lays a copy of this tree into it, and
runs ./dev demo and ./dev test there as CI would. What they mount and start ends with them. Needs
root. The last line is that of ./dev test.
"""
import os
import pathlib
import shutil
import subprocess
import sys

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / 'vm'))
import kernels  # noqa: E402  it knows the mirrors

ROOT = pathlib.Path(__file__).resolve().parents[2]
KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg'
SCRIPTS = pathlib.Path('/usr/share/debootstrap/scripts')
# in namespaces of its own: no mount and no process stays behind
INSIDE = """
mount -t proc proc "$1/proc" && mount -t sysfs sys "$1/sys" && mount -t tmpfs shm "$1/dev/shm" &&
mkdir -p "$1/dev/pts" && mount -t devpts -o newinstance,ptmxmode=666 pts "$1/dev/pts" &&
rm -f "$1/dev/ptmx" && ln -s pts/ptmx "$1/dev/ptmx" &&
exec chroot "$1" env -i HOME=/root LANG=C.UTF-8 CI=true PATH=/usr/sbin:/usr/bin:/sbin:/bin \\
    sh -c 'cd /mmuscope && ./dev demo && ./dev test'
"""


def say(text):
    print(f'release-check: {text}', file=sys.stderr, flush=True)


def make_system(suite, folder):
    """A minimal Debian, whole or not there."""
    if (folder / 'etc/debian_version').exists():
        return
    uris = [uri for uri in kernels.host_mirrors() if 'security' not in uri]
    fresh = folder.with_name(f'{folder.name}.new')
    shutil.rmtree(fresh, ignore_errors=True)
    command = ['debootstrap', '--variant=minbase', f'--keyring={KEYRING}', suite, fresh, uris[0]]
    if not (SCRIPTS / suite).exists():
        command.append(SCRIPTS / 'sid')  # a suite that this debootstrap does not know yet
    say(f'makes {folder}')
    done = subprocess.run(command, capture_output=True, text=True, errors='replace',
                          env={**os.environ, 'PATH': os.environ['PATH'] + ':/usr/sbin:/sbin'})
    if done.returncode:
        sys.exit(f'debootstrap: {(done.stdout + done.stderr).strip()[-800:]}')
    # the first look at a mirror: its lists come with the first package that is missing
    shutil.copy('/etc/resolv.conf', fresh / 'etc/resolv.conf')
    fresh.rename(folder)


def lay_tree(folder):
    """What git knows or would take, without what was built there before."""
    shutil.rmtree(folder, ignore_errors=True)
    listed = subprocess.run(['git', '-C', ROOT, 'ls-files', '-z', '--cached', '--others',
                             '--exclude-standard'], capture_output=True, text=True, check=True)
    for name in filter(None, listed.stdout.split('\0')):
        if (ROOT / name).exists():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name, follow_symlinks=False)


def main():
    suite, folder = sys.argv[1], pathlib.Path(sys.argv[2]).resolve()
    if os.geteuid():
        sys.exit('release-check: a root directory can be made and entered by root alone')
    folder.parent.mkdir(parents=True, exist_ok=True)
    make_system(suite, folder)
    lay_tree(folder / 'mmuscope')
    version = (folder / 'etc/debian_version').read_text().strip()
    say(f'runs ./dev demo and ./dev test on Debian {version}')
    done = subprocess.run(['unshare', '--mount', '--pid', '--fork', '--kill-child', 'sh', '-c',
                           INSIDE, 'sh', folder], stdin=subprocess.DEVNULL)
    sys.exit(done.returncode)


if __name__ == '__main__':
    main()
