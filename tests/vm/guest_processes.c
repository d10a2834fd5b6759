/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Processes of every kind, that hold the mappings. */
#include "guest.h"

#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static int ready = -1;
static volatile int known_data = 8055;

static void sleep_forever(void)
{
	for (;;)
		pause();
}

static void *sleeper(void *unused)
{
	sleep_forever();
	return unused;
}

void start_threads(int count)
{
	pthread_attr_t attr;
	pthread_t thread;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 256 << 10);
	for (int i = 0; i < count; i++)
		if (pthread_create(&thread, &attr, sleeper, NULL))
			failed("thread");
}

void hand_ready(int fd)
{
	dup2(ready, fd);
}

static void tell_ready(void)
{
	if (write(ready, "r", 1) < 0)
		_exit(1);
}

static void on_segfault(int number, siginfo_t *info, void *unused)
{
	(void)unused;
	say("signal %d at %p behind the label %s: it does not come up", number, info->si_addr,
	    last_label);
	_exit(1);
}

int spawn(const char *name, void (*fn)(void))
{
	struct sigaction fault = { .sa_sigaction = on_segfault, .sa_flags = SA_SIGINFO };
	int pipes[2], status = 0;
	char byte;
	pid_t pid;

	if (pipe(pipes) < 0)
		return -1;
	pid = fork();
	if (pid == 0) {
		close(pipes[0]);
		ready = pipes[1];
		prctl(PR_SET_NAME, name);
		sigaction(SIGSEGV, &fault, NULL);
		fn();
		tell_ready();
		sleep_forever();
	}
	close(pipes[1]);
	if (read(pipes[0], &byte, 1) != 1) {
		waitpid(pid, &status, 0);
		say("process %s did not come up: status 0x%x", name, (unsigned int)status);
	}
	close(pipes[0]);
	return pid;
}

static char *cow, *thp_cow;

static void be_cow_child(void)
{
	label("fork_cow_child", cow, 16 * page_bytes, "child wrote even pages");
	if (cow)
		touch_pages(cow, 0, 16, 2);
	label("thp_cow_child", thp_cow, huge_bytes, "child wrote page 9");
	if (thp_cow)
		touch_pages(thp_cow, 9, 10, 1);
}

static void be_softdirty(void)
{
	char *at = map("softdirty", 16, "clear_refs 4, then every fifth touched");
	int fd = open("/proc/self/clear_refs", O_WRONLY | O_CLOEXEC);

	if (!at)
		return;
	for (size_t i = 0; i < 16; i++)
		fill(at + i * page_bytes);
	if (write(fd, "4", 1) != 1)
		failed("softdirty");
	close(fd);
	touch_pages(at, 0, 16, 5);
}

static int be_vmshare(void *unused)
{
	(void)unused;
	prctl(PR_SET_NAME, "vmshare");
	tell_ready();
	sleep_forever();
	return 0;
}

static void start_vmshare(void)
{
	char *stack = map("vmshare_stack", 64, "of a CLONE_VM process");
	int pipes[2], mine = ready;
	char byte;
	pid_t pid;

	if (!stack || pipe(pipes) < 0)
		return;
	ready = pipes[1];
	pid = clone(be_vmshare, stack + 64 * page_bytes, CLONE_VM | SIGCHLD, NULL);
	if (pid < 0)
		failed("vmshare");
	else if (read(pipes[0], &byte, 1) == 1)
		label("vmshare", NULL, 0, "pid %d: CLONE_VM, the same mm", pid);
	report_left_out(pid, left_out, huge_bytes / page_bytes);
	ready = mine;
}

static void be_leader_dead(void)
{
	label("leaderdead", NULL, 0, "leader exited, 2 threads live: leader's mm NULL");
	start_threads(2);
	tell_ready();
	syscall(SYS_exit, 0);
}

static void be_odd(void)
{
	prctl(PR_SET_NAME, "we ird)( x\n\t\\");
	label("oddcomm", NULL, 0, "odd comm");
}

static void be_nothing(void)
{
}

static void start_zombie(void)
{
	pid_t pid = fork();
	siginfo_t info;

	if (pid == 0) {
		prctl(PR_SET_NAME, "zombie");
		_exit(0);
	}
	waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT);
	label("zombie", NULL, 0, "pid %d: not reaped, mm NULL", pid);
}

static void start_in_pid_namespace(void)
{
	/* only children move */
	if (unshare(CLONE_NEWPID) < 0)
		failed("inpidns");
	else
		label("inpidns", NULL, 0, "pid %d: pid 1 in its own namespace",
		      spawn("inpidns", be_nothing));
}

static void be_target(void)
{
	volatile int known_stack = 8055;

	label("known_int", &known_data, sizeof(int), "int 8055 in .data");
	label("known_stack", &known_stack, sizeof(int), "int 8055 on the stack");
	make_mappings();
	if ((cow = map("fork_cow", 16, "parent; child wrote even pages")))
		touch_pages(cow, 0, 16, 1);
	if ((thp_cow = map_huge("thp_cow", huge_bytes, "parent; child wrote page 9")))
		touch_pages(thp_cow, 0, huge_bytes / page_bytes, HUGE_STEP);
	start_threads(3);
	spawn("cowchild", be_cow_child);
	spawn("softdirty", be_softdirty);
	start_vmshare();
	start_zombie();
	spawn("oddcomm", be_odd);
	spawn("leaderdead", be_leader_dead);
	spawn("spare0", be_nothing);
	spawn("spare1", be_nothing);
	start_in_pid_namespace();
}

/* In a process of its own: no other may inherit 33 million empty pages. */
static void be_reserve(void)
{
	uint64_t gib = parameter("sparse_gib");
	/* the guest itself is too slow to walk so many pages */
	bool large = sizeof(long) == 8 && !parameter("live");
	size_t bytes = large ? (size_t)((gib ? gib : 64) << 30) : 256 << 20;
	size_t step = bytes / (large ? 64 : 256);
	int flags = ANON | MAP_NORESERVE;
	char *at;

	map_fd("reserve", bytes / page_bytes, PROT_NONE, flags, -1, "PROT_NONE, never touched");
	at = map_fd("sparse", bytes / page_bytes, RW, flags, -1,
		    "one page here and there, at equal distances");
	if (at)
		touch_pages(at, 0, bytes / page_bytes, step / page_bytes);
}

static void on_bus_error(int number)
{
	(void)number; /* of a page that nobody reads */
}

static void be_poisoned(void)
{
	char *at = map("hwpoison", 16, "page 3: MADV_HWPOISON");
	uint64_t frame;

	if (!at)
		return;
	touch_pages(at, 0, 3, 1);
	touch_pages(at, 4, 16, 1);
	fill(at + 3 * page_bytes);
	frame = pagemap_word(at + 3 * page_bytes) & ((1ull << 55) - 1);
	signal(SIGBUS, on_bus_error);
	if (madvise(at + 3 * page_bytes, page_bytes, MADV_HWPOISON))
		failed("hwpoison");
	else
		expect(at + 3 * page_bytes, 1, "hwpoison", frame);
}

static void be_spinning(void)
{
	volatile int a = 8055;

	label("spin_int", &a, sizeof(a), "int 8055 of a process that runs for ever");
	tell_ready();
	while (a)
		;
}

void start_processes(void)
{
	rows = open(ROWS, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	spawn("target", be_target);
	spawn("reserve", be_reserve);
	spawn("poisoned", be_poisoned);
	start_special();
	spawn("spin", be_spinning);
}
