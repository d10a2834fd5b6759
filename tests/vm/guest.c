/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file The guest's init: brings the machine up, makes mappings, reports what the kernel says. */
#include "guest.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/swap.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#define PORTS "/dev/vport*p1" /* the first number is that of the virtio device */
#define SWAP_DISK "/dev/vda1"
#define LIVE_TRUTH "/tmp/truth"
#define ANSWER "/tmp/answer"
#define SETTLE_SECONDS 1
#define CRASH_SECONDS 5 /* after the guest was stopped, dumped, and goes on */

unsigned long page_bytes = 4096, huge_bytes = 2ul << 20, hugetlb_bytes = 2ul << 20;
static int console = 2;

void say(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	dprintf(console, "mmuscope-vm: ");
	vdprintf(console, format, args);
	dprintf(console, "\n");
	va_end(args);
}

uint64_t parameter(const char *name)
{
	char line[4096] = "", key[64];
	const char *at;
	ssize_t got;
	int fd = open("/proc/cmdline", O_RDONLY | O_CLOEXEC);

	got = fd < 0 ? 0 : read(fd, line, sizeof(line) - 1);
	close(fd);
	if (got <= 0)
		return 0;
	snprintf(key, sizeof(key), "mmuscope.%s=", name);
	at = strstr(line, key);
	return at ? strtoull(at + strlen(key), NULL, 0) : 0;
}

unsigned long number_in(const char *path)
{
	char line[32] = "";
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || read(fd, line, sizeof(line) - 1) < 0)
		line[0] = '\0';
	close(fd);
	return strtoul(line, NULL, 10);
}

/* ------------------------------------------------------------------------------- the machine */

void set(const char *path, const char *format, ...)
{
	va_list args;
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return; /* this kernel has no such knob */
	va_start(args, format);
	vdprintf(fd, format, args);
	va_end(args);
	close(fd);
}

static void load_modules(void)
{
	char line[256], path[300];
	FILE *order = fopen("/modules/order", "re");

	while (order && fgets(line, sizeof(line), order)) {
		line[strcspn(line, "\n")] = '\0';
		snprintf(path, sizeof(path), "/modules/%s", line);
		int fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0 || (syscall(SYS_finit_module, fd, "", 0) < 0 && errno != EEXIST))
			say("%s: %s", line, strerror(errno));
		close(fd);
	}
	if (order)
		fclose(order);
}

bool wait_for(const char *pattern, char *ret, size_t size)
{
	glob_t found;

	for (int i = 0; i < 300; i++) {
		if (glob(pattern, 0, NULL, &found) == 0) {
			snprintf(ret, size, "%s", found.gl_pathv[0]);
			globfree(&found);
			return true;
		}
		usleep(100000);
	}
	say("%s does not come up", pattern);
	return false;
}

/* Changes by the memory manager itself would spoil the truth after it was written. */
static void quieten(void)
{
	set("/proc/sys/kernel/printk", "4");
	set("/proc/sys/vm/compaction_proactiveness", "0");
	set("/proc/sys/kernel/numa_balancing", "0");
	set(THP "enabled", "madvise");
	set(THP "shmem_enabled", "advise");
	set(THP "hugepages-64kB/enabled", "madvise");
	set(THP "khugepaged/scan_sleep_millisecs", "3600000");
	set(THP "khugepaged/alloc_sleep_millisecs", "3600000");
	set("/sys/kernel/mm/ksm/run", "0");
}

/* Sizes that differ from one kernel to the other. */
static void measure(void)
{
	char line[128];
	unsigned long kib;
	FILE *in = fopen("/proc/meminfo", "re");

	page_bytes = (unsigned long)sysconf(_SC_PAGESIZE);
	while (in && fgets(line, sizeof(line), in))
		if (sscanf(line, "Hugepagesize: %lu kB", &kib) == 1)
			hugetlb_bytes = kib << 10;
	if (in)
		fclose(in);
	huge_bytes = number_in(THP "hpage_pmd_size");
	if (!huge_bytes)
		huge_bytes = hugetlb_bytes;
}

static void set_up(void)
{
	mkdir("/proc", 0755);
	mkdir("/sys", 0755);
	mkdir("/dev", 0755);
	mkdir("/tmp", 0755);
	mkdir("/huge", 0755);
	mount("proc", "/proc", "proc", 0, NULL);
	mount("sysfs", "/sys", "sysfs", 0, NULL);
	mount("dev", "/dev", "devtmpfs", 0, NULL);
	mount("tmp", "/tmp", "tmpfs", 0, NULL);
	mount("huge", "/huge", "tmpfs", 0, "huge=always");
	console = open("/dev/console", O_RDWR | O_CLOEXEC);
	load_modules();
	measure();
	quieten();
	/* memory is as good as empty, and yet a GiB in one piece is not always to be had */
	for (int i = 0; i < 5 && parameter("huge1g"); i++) {
		set("/sys/kernel/mm/hugepages/hugepages-1048576kB/nr_hugepages", "%u",
		    (unsigned int)parameter("huge1g"));
		set("/proc/sys/vm/compact_memory", "1");
	}
	set("/proc/sys/vm/nr_hugepages", "%u", (unsigned int)parameter("hugetlb"));
}

static void start_swapping(void)
{
	char disk[64];

	if (wait_for(SWAP_DISK, disk, sizeof(disk)) && swapon(disk, 0) < 0)
		say("swapon: %s", strerror(errno));
}

/* ------------------------------------------------------------------------------- the report */

/* One row for each line of a file, or for those that `wanted` likes. */
static void report_lines(FILE *out, const char *row, const char *path,
			 bool (*wanted)(const char *line))
{
	char *line = NULL;
	size_t size = 0;
	FILE *in = fopen(path, "re");

	while (in && getline(&line, &size, in) >= 0)
		if (!wanted || wanted(line))
			fprintf(out, "%s\t%.*s\n", row, (int)strcspn(line, "\n"), line);
	free(line);
	if (in)
		fclose(in);
}

static bool names_cpu(const char *line)
{
	return strstr(line, "model name") || strstr(line, "flags") || strstr(line, "Features") ||
	       strstr(line, "address sizes") || strstr(line, "CPU part");
}

static void report_machine(FILE *out)
{
	fprintf(out, "M\tformat\tmmuscope-truth 1\n");
	fprintf(out, "M\tpage_bytes\t%lu\n", page_bytes);
	report_lines(out, "M\tversion", "/proc/version", NULL);
	report_lines(out, "M\tcmdline", "/proc/cmdline", NULL);
	report_lines(out, "M\tswaps", "/proc/swaps", NULL);
	report_lines(out, "M\tthp", THP "enabled", NULL);
	report_lines(out, "M\tvmcoreinfo_note_addr_size", "/sys/kernel/vmcoreinfo", NULL);
	report_lines(out, "M\tmeltdown", "/sys/devices/system/cpu/vulnerabilities/meltdown", NULL);
	report_lines(out, "M\tcpu", "/proc/cpuinfo", names_cpu);
	report_lines(out, "M\tmeminfo", "/proc/meminfo", NULL);
	report_lines(out, "I", "/proc/iomem", NULL);
	report_lines(out, "Z", "/proc/vmallocinfo", NULL);
}

static bool is_a_kernel_symbol(const char *name, const char *type)
{
	static const char *const names[] = {
		"_text",
		"_stext",
		"_etext",
		"linux_banner",
		"init_task",
		"init_mm",
		"init_pid_ns",
		"init_top_pgt",
		"level4_kernel_pgt",
		"swapper_pg_dir",
		"phys_base",
		"page_offset_base",
		"vmalloc_base",
		"vmemmap_base",
		"__pgtable_l5_enabled",
		"pgdir_shift",
		"ptrs_per_p4d",
		"sme_me_mask",
		"__per_cpu_offset",
		"empty_zero_page",
		"mem_section",
		"vmcoreinfo_data",
		"vmcoreinfo_note",
		"saved_command_line",
		"__pv_phys_pfn_offset",
		"__pv_offset",
		"high_memory",
		"schedule",
		"do_exit",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(name, names[i]) == 0)
			return strcmp(type, "a") != 0;
	return false;
}

static void report_symbols(FILE *out)
{
	char line[512], type[4], name[256];
	unsigned long long va;
	FILE *in = fopen("/proc/kallsyms", "re");

	while (in && fgets(line, sizeof(line), in)) {
		if (sscanf(line, "%llx %3s %255s", &va, type, name) != 3 || strchr(line, '[') ||
		    !is_a_kernel_symbol(name, type))
			continue;
		fprintf(out, "K\t0x%llx\t%s\t%s\n", va, type, name);
		/* the value would be of no use: most move on until the dump is taken */
		if (*type != 'A')
			fprintf(out, "Q\t%s\t0x%llx\t0x0\n", name, va);
	}
	if (in)
		fclose(in);
}

struct run {
	uint64_t va, first, last, count, stride;
};

static void report_run(FILE *out, int pid, const struct run *run)
{
	if (run->count)
		fprintf(out, "E\t%d\t0x%llx\t%llu\t%llu\t0x%llx\n", pid,
			(unsigned long long)run->va, (unsigned long long)run->count,
			(unsigned long long)run->stride, (unsigned long long)run->first);
}

/* Frames go up by one from page to page, and so do swap offsets, which lie 5 bits higher. */
static bool run_goes_on(struct run *run, uint64_t word)
{
	uint64_t stride = word - run->last;

	if (run->count == 1 && (stride == 0 || stride == 1 || stride == 32))
		run->stride = stride;
	return stride == run->stride;
}

static void report_pages(FILE *out, int pid, int pagemap, uint64_t start, uint64_t end)
{
	static uint64_t words[1 << 17];
	struct run run = { .va = start };
	uint64_t va = start;

	while (va < end) {
		size_t want = (end - va) / page_bytes;
		if (want > sizeof(words) / sizeof(words[0]))
			want = sizeof(words) / sizeof(words[0]);
		ssize_t got = pread(pagemap, words, want * 8, (off_t)(va / page_bytes * 8));
		if (got < 8)
			break; /* above the user half, as ARM's vectors page */
		for (size_t i = 0; i < (size_t)got / 8; i++, va += page_bytes) {
			if (run.count && run_goes_on(&run, words[i])) {
				run.count++;
			} else {
				report_run(out, pid, &run);
				run = (struct run){ .va = va, .first = words[i], .count = 1 };
			}
			run.last = words[i];
		}
	}
	report_run(out, pid, &run);
}

static void report_maps(FILE *out, int pid)
{
	char path[64], line[4096 + 128], perms[8], dev[16];
	unsigned long long start, end, offset, inode;
	int name = 0, pagemap;
	FILE *maps;

	snprintf(path, sizeof(path), "/proc/%d/maps", pid);
	maps = fopen(path, "re");
	snprintf(path, sizeof(path), "/proc/%d/pagemap", pid);
	pagemap = open(path, O_RDONLY | O_CLOEXEC);
	while (maps && fgets(line, sizeof(line), maps)) {
		if (sscanf(line, "%llx-%llx %7s %llx %15s %llu %n", &start, &end, perms, &offset,
			   dev, &inode, &name) < 6)
			continue;
		line[strcspn(line, "\n")] = '\0';
		/* a gate is in every address space and in no mm */
		bool gate = strcmp(line + name, "[vectors]") == 0 || strcmp(line + name, "[vsyscall"
											 "]") == 0;
		fprintf(out, "%c\t%d\t0x%llx\t0x%llx\t%s\t0x%08llx\t%s\t%llu\t%s\n",
			gate ? 'G' : 'V', pid, start, end, perms, offset, dev, inode, line + name);
		if (!(start >> 63))
			report_pages(out, pid, pagemap, start, end);
	}
	if (maps)
		fclose(maps);
	close(pagemap);
}

/* Of each VMA one row: U pid start Key=kB ..., its flags behind VmFlags= with commas. */
static void report_smaps(FILE *out, int pid)
{
	char path[64], line[4096 + 128];
	unsigned long long start, end;
	bool begun = false;
	FILE *smaps;

	snprintf(path, sizeof(path), "/proc/%d/smaps", pid);
	smaps = fopen(path, "re");
	while (smaps && fgets(line, sizeof(line), smaps)) {
		line[strcspn(line, "\n")] = '\0';
		if (sscanf(line, "%llx-%llx ", &start, &end) == 2) {
			fprintf(out, "%sU\t%d\t0x%llx\t", begun ? "\n" : "", pid, start);
			begun = true;
			continue;
		}
		char *value = strchr(line, ':');
		if (!value || !begun)
			continue;
		*value++ = '\0';
		value += strspn(value, " ");
		if (strcmp(line, "VmFlags") != 0)
			value[strcspn(value, " ")] = '\0';
		for (char *at = value; *at; at++)
			if (*at == ' ')
				*at = ',';
		fprintf(out, "%s=%s ", line, value);
	}
	if (begun)
		fputc('\n', out);
	if (smaps)
		fclose(smaps);
}

/* Any bytes but NUL can be in a name. */
void read_comm(int pid, char *ret, size_t size)
{
	char path[64], raw[64], *at = ret;
	ssize_t got = 0;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/comm", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0)
		got = read(fd, raw, sizeof(raw));
	close(fd);
	for (ssize_t i = 0; i + 1 < got && at + 3 < ret + size; i++) {
		const char *special = strchr("\nn\tt\\\\", raw[i]);
		if (special && (raw[i] == '\n' || raw[i] == '\t' || raw[i] == '\\')) {
			*at++ = '\\';
			*at++ = special[1];
		} else {
			*at++ = raw[i];
		}
	}
	*at = '\0';
}

static void report_threads(FILE *out, int pid)
{
	char path[64];
	const struct dirent *entry;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	dir = opendir(path);
	while (dir && (entry = readdir(dir)))
		if (atoi(entry->d_name))
			fprintf(out, "T\t%d\t%d\n", pid, atoi(entry->d_name));
	if (dir)
		closedir(dir);
}

static void report_process(FILE *out, int pid)
{
	char path[64], line[512], comm[64], state[32] = "?", stats[8192] = "";
	int tgid = pid;
	size_t used = 0;
	FILE *in;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	in = fopen(path, "re");
	while (in && fgets(line, sizeof(line), in)) {
		char *value = strchr(line, ':');
		if (!value)
			continue;
		*value++ = '\0';
		value += strspn(value, " \t");
		value[strcspn(value, "\n")] = '\0';
		if (strcmp(line, "State") == 0)
			snprintf(state, sizeof(state), "%s", value);
		else if (strcmp(line, "Tgid") == 0)
			tgid = atoi(value);
		else if ((strncmp(line, "Vm", 2) == 0 || strncmp(line, "Rss", 3) == 0 ||
			  strcmp(line, "PPid") == 0 || strcmp(line, "NSpid") == 0 ||
			  strcmp(line, "HugetlbPages") == 0) &&
			 used < sizeof(stats) - 600)
			used += (size_t)sprintf(stats + used, "S\t%d\t%s\t%s\n", pid, line, value);
	}
	if (!in)
		return; /* it has ended */
	fclose(in);
	read_comm(pid, comm, sizeof(comm));
	fprintf(out, "P\t%d\t%d\t%s\t%s\t%s\n", pid, tgid, comm, state,
		pid == getpid() ? "reporter" : "");
	report_threads(out, pid);
	fputs(stats, out);
	if (pid == getpid())
		return;
	report_maps(out, pid);
	if (!parameter("tasks")) /* they are of little interest, and many */
		report_smaps(out, pid);
}

static void report_processes(FILE *out)
{
	const struct dirent *entry;
	DIR *dir = opendir("/proc");

	while (dir && (entry = readdir(dir)))
		if (atoi(entry->d_name))
			report_process(out, atoi(entry->d_name));
	if (dir)
		closedir(dir);
}

static void copy(FILE *out, const char *path)
{
	char chunk[4096];
	size_t got;
	FILE *in = fopen(path, "re");

	while (in && (got = fread(chunk, 1, sizeof(chunk), in)) > 0)
		fwrite(chunk, 1, got, out);
	if (in)
		fclose(in);
}

static bool report(const char *path)
{
	static char buffer[1 << 18];
	FILE *out = fopen(path, "we");

	if (!out) {
		say("%s: %s", path, strerror(errno));
		return false;
	}
	setvbuf(out, buffer, _IOFBF, sizeof(buffer));
	report_machine(out);
	copy(out, ROWS);
	report_symbols(out);
	report_processes(out);
	fprintf(out, "END\n");
	return fclose(out) == 0;
}

/* --------------------------------------------------------------------- checks in the guest */

/* Run a program, and say on the console what it says. */
static void relay(const char *what, char *const argv[])
{
	char line[512];
	FILE *in;
	pid_t child = fork();

	if (!child) {
		int out = open(ANSWER, O_WRONLY | O_CREAT | O_TRUNC, 0600);

		dup2(out, 1);
		dup2(out, 2);
		setenv("MMUSCOPE_PLUGIN_PATH", "/live/plugins", 1);
		execv(argv[0], argv);
		dprintf(2, "%s: %s\n", argv[0], strerror(errno));
		_exit(127);
	}
	waitpid(child, NULL, 0);
	in = fopen(ANSWER, "re");
	while (in && fgets(line, sizeof(line), in))
		say("%s: %.*s", what, (int)strcspn(line, "\n"), line);
	if (in)
		fclose(in);
}

void check_here(const char *what, char *image, char *truth)
{
	relay(what, (char *[]){ "/live/truth", image, "-", truth, NULL });
	relay(what, (char *[]){ "/live/mmuscope", "ps", "--json", image, NULL });
}

static bool report_and_check(void)
{
	char port[64];
	FILE *out;

	if (!wait_for(PORTS, port, sizeof(port)))
		return false;
	if (!parameter("live"))
		return report(port);
	if (!report(LIVE_TRUTH))
		return false;
	check_here("live", "/proc/kcore", LIVE_TRUTH);
	relay("live", (char *[]){ "/live/mmuscope", "info", "--confinement", "/proc/kcore", NULL });
	check_churn("live", "/proc/kcore");
	out = fopen(port, "we");
	if (out)
		copy(out, LIVE_TRUTH);
	return out && fclose(out) == 0;
}

int main(void)
{
	if (getpid() != 1) {
		fprintf(stderr, "this is the init of a virtual machine\n");
		return 2;
	}
	set_up();
	if (!send_vmcore()) {
		start_swapping();
		load_crash_kernel();
		if (parameter("fwcfg"))
			hand_over_vmcoreinfo(parameter("fwcfg"));
		if (parameter("tasks"))
			start_heavy();
		else
			start_processes();
		sleep(SETTLE_SECONDS);
		if (report_and_check())
			say("done");
		if (parameter("crash")) {
			sleep(CRASH_SECONDS);
			crash();
		}
	}
	for (;;)
		pause();
}
