# SPDX-License-Identifier: LGPL-2.1-or-later
"""A guest under QEMU: its initramfs, its swap disk, its truth and its dumps."""
import json
import os
import pathlib
import re
import shutil
import socket
import struct
import subprocess
import tempfile
import time

import checks
import gdbstub

HERE = pathlib.Path(__file__).resolve().parent
GUEST_FLAGS = ['-std=gnu11', '-D_GNU_SOURCE', '-D_FILE_OFFSET_BITS=64', '-O1', '-static',
               '-pthread', '-Wall']
COMPAT_FLAGS = ['-m32', '-O1', '-ffreestanding', '-fno-pie', '-no-pie', '-nostdlib', '-static',
                '-fno-stack-protector', '-Wall']
SWAP_BYTES = 512 << 20
ALIGN, LINUX_SWAP = 1 << 20, 0x82
TRUTH_BYTES = 64 << 20
DUMP_SECONDS = 600
DONE, SENT = b'mmuscope-vm: done', b'mmuscope-vm: vmcore sent'
CRASH_KERNEL = 'crashkernel=256M'
DAX_MIB = 16
# the guest's kernel is beyond trust, whatever it goes on to say
CRASH = re.compile(rb'(?:Kernel panic|Oops[: ]|BUG: |general protection|Unable to handle kernel'
                   rb'|mmuscope-vm: .* come up)[^\r\n]*')
# of x86, ARM, RISC-V, s390 and Power
USER_MODE = re.compile(r'CPL=3|cpsr 0x[0-9a-f]*[13579bdf]0$|priv 0x0$|'
                       r'pswm 0x[0-9a-f]*[13579bdf][0-9a-f]{12}$|'
                       r'msr 0x[0-9a-f]*[4567cdef][0-9a-f]{3}$', re.M)
STOPS = 50
STUCK = re.compile(rb'mmuscope-vm: .* come up[^\r\n]*')


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


def check_entries():
    """The programs that check in the guest, with all that they load, as files of cpio."""
    build = checks.build_dir()
    files = {'live/truth': checks.truth_program(), 'live/mmuscope': checks.tool()}
    for plugin in (build / 'plugins').glob('*.so'):
        files[f'live/plugins/{plugin.name}'] = plugin
    for program in list(files.values()):
        for path in re.findall(r'(/\S+) \(0x', run([which('ldd'), program], 60)):
            loader = path.startswith('/lib64/')
            files[path[1:] if loader else f'lib/{os.path.basename(path)}'] = pathlib.Path(path)
    folders = sorted({str(parent) for name in files for parent in pathlib.PurePath(name).parents
                      if str(parent) != '.'})
    return [cpio_entry(name, 0o40755) for name in folders] + [
        cpio_entry(name, 0o100755, path.read_bytes()) for name, path in files.items()]


def dax_image(target, folder):
    """A file system that can be mapped without a page cache, for memory that keeps its contents."""
    path = folder / 'dax'
    run([which('mke2fs'), '-q', '-t', 'ext4', '-b', str(target.page_bytes), '-O', '^has_journal', path,
         f'{DAX_MIB}M'], 60)
    return path.read_bytes()


def build_initramfs(target, kernel, folder):
    program, path = folder / 'guest', folder / 'initramfs'
    run([which(target.machine.compiler), *GUEST_FLAGS, '-o', program, *sorted(HERE.glob('*.c'))],
        300)
    entries = [cpio_entry('init', 0o100755, program.read_bytes()), cpio_entry('modules', 0o40755)]
    if target.machine.arch == 'amd64':
        run([which('gcc'), *COMPAT_FLAGS, '-o', folder / 'compat', HERE / 'compat/compat32.c'], 60)
        entries.append(cpio_entry('compat', 0o100755, (folder / 'compat').read_bytes()))
    for module in sorted(kernel.modules.iterdir()):
        entries.append(cpio_entry(f'modules/{module.name}', 0o100644, module.read_bytes()))
    if target.keeps_memory():
        entries.append(cpio_entry('dax.image', 0o100644, dax_image(target, folder)))
    if target.live():
        entries += check_entries()
    end = cpio_entry('TRAILER!!!', 0)
    if target.crashes():
        second = b''.join(entries + check_entries()) + end
        entries += [cpio_entry('crash', 0o40755),
                    cpio_entry('crash/vmlinuz', 0o100644, kernel.vmlinuz.read_bytes()),
                    cpio_entry('crash/initramfs', 0o100644, second)]
    path.write_bytes(b''.join(entries) + end)
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


class Guest:
    """One boot. Everything it leaves lies in `folder`."""

    def __init__(self, target, kernel, folder):
        self.target, self.kernel, self.folder = target, kernel, folder
        self.console, self.truth = folder / 'console', folder / 'truth'
        self.vmcore, self.truth_disk = folder / 'dump.vmcore', folder / 'truth-disk'
        self.process = self.monitor = None
        # the name of a socket must be short
        self.sockets = pathlib.Path(tempfile.mkdtemp(prefix='vm-'))

    def _command(self):
        target, machine, folder = self.target, self.target.machine, self.folder
        parameters = {**machine.parameters, 'hugetlb': target.hugetlb, 'huge1g': target.huge1g,
                      'crash': int(target.crashes()), 'live': int(target.live()),
                      'tasks': target.tasks, 'large_mib': target.large_mib}
        append = [f'console={machine.console}', 'panic=-1', 'rdinit=/init', 'no_hash_pointers',
                  'secretmem.enable=1',
                  target.append, CRASH_KERNEL if target.crashes() else '', *(f'mmuscope.{k}={v:#x}' for k, v in parameters.items())]
        command = [which('nice'), '-n', '10', which(machine.qemu), *machine.options,
                   '-accel', 'tcg,thread=multi', '-cpu', target.cpu, '-smp', str(machine.smp),
                   '-m', f'{target.ram_mib}M', '-display', 'none', '-no-reboot', '-net', 'none',
                   '-kernel', self.kernel.vmlinuz,
                   '-initrd', build_initramfs(target, self.kernel, folder),
                   '-append', ' '.join(filter(None, append)),
                   '-serial', f'file:{self.console}', '-monitor', 'none', '-parallel', 'none',
                   '-qmp', f'unix:{self.sockets / "qmp"},server=on,wait=off',
                   '-device', self._virtio('serial', 0),
                   '-chardev', f'file,id=truth,path={self.truth}',
                   '-device', 'virtserialport,chardev=truth,nr=1',
                   '-drive', f'file={self._swap_disk()},if=none,id=swap,format=raw,cache=unsafe',
                   '-device', self._virtio('blk', 1, 'drive=swap')]
        if machine.registers:
            command += ['-gdb', f'unix:{self.sockets / "gdb"},server=on,wait=off']
        if target.crashes():
            command += ['-chardev', f'file,id=vmcore,path={self.vmcore}',
                        '-device', 'virtserialport,chardev=vmcore,nr=2',
                        '-drive', f'file={self._truth_disk()},if=none,id=truth,format=raw',
                        '-device', self._virtio('blk', 2, 'drive=truth')]
        if machine.dtb:
            command += ['-dtb', self.kernel.dtbs / machine.dtb]
        return command

    def _virtio(self, kind, number, *properties):
        machine = self.target.machine
        return ','.join((f'virtio-{kind}-{machine.bus}', *machine.slots[number:number + 1],
                         *properties))

    def _swap_disk(self):
        """Two partitions, each a swap space."""
        path, head = self.folder / 'swap', self.folder / 'swap-head'
        table = bytearray(512)
        table[510:] = b'\x55\xaa'
        with open(path, 'wb') as disk:
            disk.truncate(SWAP_BYTES)
            for number in range(2):
                first, size = ALIGN + number * (SWAP_BYTES // 2), SWAP_BYTES // 2 - ALIGN
                struct.pack_into('<8x2I', table, 446 + 16 * number, first // 512, size // 512)
                table[450 + 16 * number] = LINUX_SWAP
                with open(head, 'wb') as space:
                    space.truncate(size)
                head.chmod(0o600)
                run([which('mkswap'), '-p', str(self.target.page_bytes), head], 60)
                disk.seek(first)
                disk.write(head.read_bytes()[:self.target.page_bytes])
            disk.seek(0)
            disk.write(table)
        head.unlink()
        return path

    def _truth_disk(self):
        with open(self.truth_disk, 'wb') as disk:
            disk.truncate(TRUTH_BYTES)
        return self.truth_disk

    def _wait(self, marker, trouble, seconds):
        """Until the guest says the marker on its console."""
        deadline = time.monotonic() + seconds
        while True:
            said = self.console.read_bytes() if self.console.exists() else b''
            bad = trouble.search(said)
            if bad:
                raise GuestError(bad[0].decode(errors='replace'))
            if marker in said:
                return
            if self.process.poll() is not None:
                raise GuestError('QEMU ended: ' + (self.folder / 'qemu.log').read_text()[-400:])
            if time.monotonic() > deadline:
                raise GuestError(f'nothing happens within {seconds} s')
            time.sleep(0.5)

    def boot(self):
        """Returns when the truth is complete and the guest stands still."""
        with open(self.folder / 'qemu.log', 'wb') as log:
            self.process = subprocess.Popen(list(map(str, self._command())), stdout=log, stderr=log,
                                            stdin=subprocess.DEVNULL)
        self.monitor = Monitor(self.sockets / 'qmp', self.process)
        self._wait(DONE, CRASH, self.target.boot_seconds)
        self.monitor.do('stop')
        self._judge(self.truth.read_text(errors='replace'))
        # a CPU's registers should be those of the process that runs for ever
        registers = self._registers()
        for _ in range(STOPS):
            if USER_MODE.search(registers):
                break
            self.monitor.do('cont')
            time.sleep(0.02)
            self.monitor.do('stop')
            registers = self._registers()
        (self.folder / 'registers').write_text(registers)
        if self.target.machine.arch in checks.WITH_TLB:
            (self.folder / 'tlb').write_text(self._human('info tlb'))

    def _human(self, command):
        return self.monitor.do('human-monitor-command', **{'command-line': command})

    def _registers(self):
        names = self.target.machine.registers
        if not names:
            return self._human('info registers -a')
        stub = gdbstub.Stub(self.sockets / 'gdb')
        lines = [f'CPU {cpu} {name} {stub.read(cpu, name):#x}\n'
                 for cpu in range(self.target.machine.smp) for name in names]
        stub.close()
        return ''.join(lines)

    def _judge(self, truth):
        """Is this the truth, and does it speak of what this target is for?"""
        if not truth.endswith('END\n'):
            raise GuestError('the truth is not complete')
        rows = [line.split('\t') for line in truth.splitlines()]
        failed = {row[1]: row[5] for row in rows if row[0] == 'L' and row[5].startswith('FAILED')}
        have = {row[1] for row in rows if row[0] == 'L'} - set(failed)
        have |= {f'flag:{flag}' for row in rows if row[:2] == ['M', 'cpu'] for flag in row[-1].split()}
        for need in self.target.needs:
            if need not in have:
                raise GuestError(f'the guest could not make {need}: {failed.get(need, "")}')

    def dump(self, kind):
        """Write one kind of dump; returns its path."""
        path = self.folder / f'dump.{kind}'
        if kind == 'vmcore':
            # the end of this guest: it crashes, and its second kernel sends what is left
            with open(self.truth_disk, 'r+b') as disk:
                disk.write(self.truth.read_bytes())
            self.monitor.do('cont')
            self._wait(SENT, STUCK, DUMP_SECONDS)
            self.end()
        elif kind in checks.IN_GUEST:
            # the guest has compared already, and said so on its console
            said = re.findall(rb'mmuscope-vm: %s: ([^\r\n]*)' % kind.encode(),
                              self.console.read_bytes())
            path.write_bytes(b'\n'.join([*said, b'']))
        elif kind == 'vmcore-d31':
            run([which('makedumpfile'), '-l', '-d', '31', self.vmcore, path], DUMP_SECONDS)
        elif kind == 'raw':
            for number, (pa, size) in enumerate(self.target.ram()):
                self.monitor.do('pmemsave', val=pa, size=size,
                                filename=str(checks.raw_file(path, number)))
        else:
            self.monitor.do('dump-guest-memory', paging=False, protocol=f'file:{path}', format=kind)
        return path

    def end(self):
        if self.monitor:
            self.monitor.close()
            self.monitor = None
        if self.process:
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self.sockets, ignore_errors=True)
