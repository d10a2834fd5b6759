# SPDX-License-Identifier: LGPL-2.1-or-later
"""A guest under QEMU: its initramfs, its swap disk, its truth and its dumps."""
import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import time

HERE = pathlib.Path(__file__).resolve().parent
GUEST_FLAGS = ['-std=gnu11', '-D_GNU_SOURCE', '-D_FILE_OFFSET_BITS=64', '-O1', '-static',
               '-pthread', '-Wall']
SWAP_BYTES = 256 << 20
DUMP_SECONDS = 600
DONE = b'mmuscope-vm: done'
# the guest's kernel is beyond trust, whatever it goes on to say
CRASH = re.compile(rb'(?:Kernel panic|Oops[: ]|BUG: |general protection|Unable to handle kernel'
                   rb'|mmuscope-vm: \S+ does not come up|mmuscope-vm: process)[^\r\n]*')


class GuestError(Exception):
    """The guest crashed or got stuck: another try may do."""


def which(program):
    found = shutil.which(program, path=os.environ.get('PATH', '') + ':/usr/sbin:/sbin')
    if not found:
        raise FileNotFoundError(f'{program} is missing')
    return found


def run(command, seconds):
    done = subprocess.run(command, capture_output=True, text=True, timeout=seconds)
    if done.returncode:
        raise RuntimeError(f'{command[0]}: {(done.stderr or done.stdout).strip()[-800:]}')
    return done.stdout


# ----------------------------------------------------------------------------------- initramfs

def cpio_entry(name, mode, data=b''):
    """One file in the "newc" format of cpio."""
    fields = [0, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(name) + 1, 0]
    head = b'070701' + b''.join(b'%08x' % field for field in fields) + name.encode() + b'\0'
    return head + b'\0' * (-len(head) % 4) + data + b'\0' * (-len(data) % 4)


def build_initramfs(target, kernel, folder):
    program, path = folder / 'guest', folder / 'initramfs'
    run([which(target.machine.compiler), *GUEST_FLAGS, '-o', program, *sorted(HERE.glob('*.c'))],
        300)
    entries = [cpio_entry('init', 0o100755, program.read_bytes()), cpio_entry('modules', 0o40755)]
    for module in sorted(kernel.modules.iterdir()):
        entries.append(cpio_entry(f'modules/{module.name}', 0o100644, module.read_bytes()))
    path.write_bytes(b''.join(entries) + cpio_entry('TRAILER!!!', 0))
    return path


# ----------------------------------------------------------------------------------- QEMU

class Monitor:
    """QEMU's machine protocol."""

    def __init__(self, path, process):
        self.socket = socket.socket(socket.AF_UNIX)
        deadline = time.monotonic() + 30
        while True:
            try:
                self.socket.connect(str(path))
                break
            except OSError as error:
                if time.monotonic() > deadline or process.poll() is not None:
                    raise GuestError(f'QEMU does not answer: {error}') from error
                time.sleep(0.1)
        self.socket.settimeout(DUMP_SECONDS)
        self.lines = self.socket.makefile('rb')
        self.lines.readline()
        self.do('qmp_capabilities')

    def do(self, command, **arguments):
        message = {'execute': command, 'arguments': arguments}
        self.socket.sendall(json.dumps(message).encode() + b'\n')
        for line in self.lines:
            answer = json.loads(line)
            if 'error' in answer:
                raise RuntimeError(f'QEMU: {command}: {answer["error"]["desc"]}')
            if 'return' in answer:
                return answer['return']
        raise GuestError(f'QEMU went away during {command}')

    def close(self):
        self.lines.close()
        self.socket.close()


def ram_ranges(target):
    """(physical address, bytes) of RAM, for raw dumps."""
    machine, size = target.machine, target.ram_mib << 20
    # q35 splits only what does not fit below its PCI window
    low = size if size <= 0xb0000000 else min(size, machine.below_4g)
    return [(machine.ram_pa, low)] + ([(1 << 32, size - low)] if size > low else [])


class Guest:
    """One boot. Everything it leaves lies in `folder`."""

    def __init__(self, target, kernel, folder):
        self.target, self.kernel, self.folder = target, kernel, folder
        self.console, self.truth = folder / 'console', folder / 'truth'
        self.process = self.monitor = None

    def _command(self):
        target, machine, folder = self.target, self.target.machine, self.folder
        parameters = {**machine.parameters, 'huge2m': target.huge2m, 'huge1g': target.huge1g}
        append = [f'console={machine.console}', 'panic=-1', 'rdinit=/init', 'no_hash_pointers',
                  target.append, *(f'mmuscope.{k}={v:#x}' for k, v in parameters.items())]
        command = [which('nice'), '-n', '10', which(machine.qemu), *machine.options,
                   '-accel', 'tcg,thread=multi', '-cpu', target.cpu, '-smp', str(machine.smp),
                   '-m', f'{target.ram_mib}M', '-display', 'none', '-no-reboot', '-net', 'none',
                   '-kernel', self.kernel.vmlinuz,
                   '-initrd', build_initramfs(target, self.kernel, folder),
                   '-append', ' '.join(filter(None, append)),
                   '-serial', f'file:{self.console}', '-monitor', 'none', '-parallel', 'none',
                   '-qmp', f'unix:{folder / "qmp"},server=on,wait=off',
                   '-device', f'virtio-serial-{machine.bus}',
                   '-chardev', f'file,id=truth,path={self.truth}',
                   '-device', 'virtserialport,chardev=truth,nr=1',
                   '-drive', f'file={self._swap_disk()},if=none,id=swap,format=raw,cache=unsafe',
                   '-device', f'virtio-blk-{machine.bus},drive=swap']
        if machine.dtb:
            command += ['-dtb', self.kernel.dtbs / machine.dtb]
        return command

    def _swap_disk(self):
        path = self.folder / 'swap'
        with open(path, 'wb') as disk:
            disk.truncate(SWAP_BYTES)
        path.chmod(0o600)
        run([which('mkswap'), path], 60)
        return path

    def boot(self):
        """Returns when the truth is complete and the guest stands still."""
        with open(self.folder / 'qemu.log', 'wb') as log:
            self.process = subprocess.Popen(list(map(str, self._command())), stdout=log, stderr=log,
                                            stdin=subprocess.DEVNULL)
        self.monitor = Monitor(self.folder / 'qmp', self.process)
        deadline = time.monotonic() + self.target.boot_seconds
        while True:
            said = self.console.read_bytes() if self.console.exists() else b''
            crash = CRASH.search(said)
            if crash:
                raise GuestError(crash[0].decode(errors='replace'))
            if DONE in said:
                break
            if self.process.poll() is not None:
                raise GuestError('QEMU ended: ' + (self.folder / 'qemu.log').read_text()[-400:])
            if time.monotonic() > deadline:
                raise GuestError(f'no truth after {self.target.boot_seconds} s')
            time.sleep(0.5)
        self.monitor.do('stop')
        if not self.truth.read_bytes().endswith(b'END\n'):
            raise GuestError('the truth is not complete')
        registers = self.monitor.do('human-monitor-command',
                                    **{'command-line': 'info registers -a'})
        (self.folder / 'registers').write_text(registers)

    def dump(self, kind):
        """Write one kind of dump; returns its path."""
        path = self.folder / f'dump.{kind}'
        if kind == 'raw':
            path.unlink(missing_ok=True)
            with open(path, 'wb') as out:
                for pa, size in ram_ranges(self.target):
                    piece = self.folder / 'piece'
                    self.monitor.do('pmemsave', val=pa, size=size, filename=str(piece))
                    with open(piece, 'rb') as source:
                        shutil.copyfileobj(source, out, 1 << 20)
                    piece.unlink()
        else:
            self.monitor.do('dump-guest-memory', paging=False, protocol=f'file:{path}', format=kind)
        return path

    def end(self):
        if self.monitor:
            self.monitor.close()
        if self.process:
            self.process.kill()
            self.process.wait()
