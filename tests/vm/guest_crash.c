/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file A crash as in the field: a second kernel saves the memory of the first. */
#include "guest.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define VMCORE "/proc/vmcore"
#define TRUTH_DISK "/dev/vdb" /* the first kernel cannot hand it over: it lies with the host */
#define VMCORE_PORTS "/dev/vport*p2"
#define ON_CRASH 2 /* KEXEC_FILE_ON_CRASH */

void load_crash_kernel(void)
{
#ifdef SYS_kexec_file_load
	static const char command_line[] = "console=ttyS0 panic=-1 rdinit=/init nr_cpus=1 irqpoll "
					   "reset_devices mmuscope.vmcore=1";
	int kernel, initramfs;

	if (!parameter("crash"))
		return;
	kernel = open("/crash/vmlinuz", O_RDONLY | O_CLOEXEC);
	initramfs = open("/crash/initramfs", O_RDONLY | O_CLOEXEC);
	if (syscall(SYS_kexec_file_load, kernel, initramfs, sizeof(command_line), command_line,
		    ON_CRASH) < 0)
		say("crash kernel does not come up: %s", strerror(errno));
	close(kernel);
	close(initramfs);
#endif
}

void crash(void)
{
	int fd = open("/proc/sysrq-trigger", O_WRONLY | O_CLOEXEC);

	if (write(fd, "c", 1) != 1)
		say("crash kernel does not come up: %s", strerror(errno));
	close(fd);
}

bool send_vmcore(void)
{
	static char buffer[1 << 20];
	char port[64], disk[64];
	ssize_t got = 0;
	int in, out;

	if (!parameter("vmcore"))
		return false;
	if (wait_for(TRUTH_DISK, disk, sizeof(disk)))
		check_here("crashed", VMCORE, disk);
	in = open(VMCORE, O_RDONLY | O_CLOEXEC);
	out = wait_for(VMCORE_PORTS, port, sizeof(port)) ? open(port, O_WRONLY | O_CLOEXEC) : -1;
	while (in >= 0 && out >= 0 && (got = read(in, buffer, sizeof(buffer))) > 0)
		for (ssize_t done = 0, put; done < got; done += put) {
			put = write(out, buffer + done, (size_t)(got - done));
			if (put < 0) {
				got = -1;
				break;
			}
		}
	if (in < 0 || out < 0 || got < 0)
		say("vmcore does not come up: %s", strerror(errno));
	else
		say("vmcore sent");
	close(in);
	close(out);
	return true;
}
