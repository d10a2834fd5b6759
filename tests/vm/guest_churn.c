/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Tasks of this very kernel, listed while others come and go all the time. */
#include "guest.h"

#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define CHURNERS 3
#define ROUNDS_MIN 3
#define ROUNDS_MAX 40
#define SECONDS 12
#define HANGS_SECONDS 60
#define TASKS_MAX 4096
#define OUT "/tmp/churn.out"
#define ERR "/tmp/churn.err"
#define WARNING "mmuscope: warning: tasks came and went while the list was read"

struct seen {
	int pid, tgid;
	char comm[64];
	unsigned int listed;
};

struct seen_list {
	struct seen seen[TASKS_MAX];
	size_t nr;
};

static struct seen_list before, after;
static unsigned long long mm_of[TASKS_MAX]; /* of those that stay, in the round before */
static unsigned int agree, differ;
static unsigned int nr_rows, warned;
static int last_pid;
static const char *prefix;

/* ------------------------------------------------------------------------------- those that go */

static void *return_soon(void *unused)
{
	sched_yield();
	return unused;
}

/* A process with threads of which some outlive their leader. */
static void be_churnkid(unsigned int n)
{
	pthread_t thread;

	prctl(PR_SET_NAME, "churnkid");
	for (unsigned int i = 0; i < 3; i++)
		pthread_create(&thread, NULL, return_soon, NULL);
	if (n % 2)
		syscall(SYS_exit, 0);
	_exit(0);
}

static void be_churn(void)
{
	prctl(PR_SET_NAME, "churn");
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	signal(SIGCHLD, SIG_IGN);
	for (unsigned int n = 0;; n++) {
		pid_t pid = fork();

		if (!pid)
			be_churnkid(n);
		if (n % 8 == 7) /* so many at a time */
			while (waitpid(-1, NULL, 0) > 0)
				;
	}
}

/* ------------------------------------------------------------------------------- who is there */

static void add_threads(struct seen_list *list, int tgid)
{
	char path[64];
	struct dirent *entry;

	snprintf(path, sizeof(path), "/proc/%d/task", tgid);
	DIR *threads = opendir(path);
	while (threads && (entry = readdir(threads)) && list->nr < TASKS_MAX) {
		struct seen *seen = &list->seen[list->nr];

		*seen = (struct seen){ .pid = atoi(entry->d_name), .tgid = tgid };
		if (seen->pid)
			read_comm(seen->pid, seen->comm, sizeof(seen->comm));
		list->nr += seen->pid && seen->comm[0];
	}
	if (threads)
		closedir(threads);
}

static void see(struct seen_list *list)
{
	struct dirent *entry;
	DIR *proc = opendir("/proc");

	list->nr = 0;
	while (proc && (entry = readdir(proc)))
		if (atoi(entry->d_name))
			add_threads(list, atoi(entry->d_name));
	if (proc)
		closedir(proc);
}

static struct seen *find_seen(struct seen_list *list, int pid)
{
	for (size_t i = 0; i < list->nr; i++)
		if (list->seen[i].pid == pid)
			return &list->seen[i];
	return NULL;
}

static void judge(bool good, const char *what, const char *line)
{
	agree += good;
	differ += !good;
	if (!good)
		say("%s: differ: churn: %s: %s", prefix, what, line);
}

/* ------------------------------------------------------------------------------- what is listed */

/* Workers of the kernel come and go too, and /proc says more of them than their names. */
static bool comes_and_goes(const char *comm)
{
	return strncmp(comm, "churn", 5) == 0 || strncmp(comm, "kworker/", 8) == 0 ||
	       strcmp(comm, "mmuscope") == 0;
}

static unsigned long long hex_behind(const char *line, const char *key)
{
	const char *at = strstr(line, key);

	return at ? strtoull(at + strlen(key), NULL, 16) : 0;
}

static void judge_row(const char *line, struct seen *idle, int pid_max)
{
	static const char begin[] = "{\"schema\":\"mmuscope.ps/1\",\"pid\":";
	char comm[64] = "";
	int pid = -1, tgid = -1;
	unsigned long long mm = hex_behind(line, "\"mm\":\"0x");
	unsigned long long pgd_pa = hex_behind(line, "\"pgd_pa\":\"0x");

	if (strncmp(line, begin, sizeof(begin) - 1) != 0 ||
	    sscanf(line + sizeof(begin) - 1, "%d,\"tgid\":%d,\"comm\":\"%63[^\"]\"", &pid, &tgid,
		   comm) != 3) {
		judge(false, "no row", line);
		return;
	}
	struct seen *seen = pid ? find_seen(&before, pid) : idle, *later = find_seen(&after, pid);
	nr_rows++;
	judge(pid >= 0 && pid < pid_max && tgid >= 0 && tgid < pid_max, "pid", line);
	judge(!strstr(line, "\"mm_owner\":\"own\"") == !mm && !mm == !pgd_pa && (!mm || mm >> 63) &&
		      !(pgd_pa & 0xfff),
	      "mm", line);
	if (comes_and_goes(comm))
		return;
	judge(seen || later, "nobody that there ever was", line);
	if (!seen)
		seen = later;
	if (!seen)
		return;
	/* /proc has names of kernel threads that are longer than a task_struct's */
	judge(strncmp(comm, seen->comm, strlen(comm) == 15 ? 15 : sizeof(comm)) == 0 &&
		      tgid == seen->tgid,
	      "another's name", line);
	judge(!seen->listed++, "listed twice", line);
	if (pid >= TASKS_MAX)
		return;
	judge(!mm_of[pid] || mm_of[pid] == mm, "another mm than before", line);
	mm_of[pid] = mm;
}

/* @return an exit status, or minus a signal */
static int run_ps(char *image)
{
	int status;
	pid_t child = fork();

	if (!child) {
		dup2(open(OUT, O_WRONLY | O_CREAT | O_TRUNC, 0600), 1);
		dup2(open(ERR, O_WRONLY | O_CREAT | O_TRUNC, 0600), 2);
		setenv("MMUSCOPE_PLUGIN_PATH", "/live/plugins", 1);
		alarm(HANGS_SECONDS);
		execl("/live/mmuscope", "mmuscope", "ps", "--threads", "--json", image, NULL);
		_exit(127);
	}
	waitpid(child, &status, 0);
	last_pid = child;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static void judge_round(char *image, int pid_max)
{
	struct seen idle = { .comm = "swapper/0" };
	char line[1024];
	unsigned int warnings = 0;
	FILE *in;

	see(&before);
	int status = run_ps(image);
	see(&after);
	in = fopen(OUT, "re");
	while (in && fgets(line, sizeof(line), in))
		judge_row(line, &idle, pid_max);
	if (in)
		fclose(in);
	in = fopen(ERR, "re");
	while (in && fgets(line, sizeof(line), in))
		judge(strncmp(line, WARNING, sizeof(WARNING) - 1) == 0 && !warnings++, "said",
		      line);
	if (in)
		fclose(in);
	warned += warnings;
	snprintf(line, sizeof(line), "%d", status);
	judge(status == (warnings ? 1 : 0), "exit status", line);
	judge(idle.listed == 1, "not listed", "0");
	for (size_t i = 0; i < before.nr; i++) {
		const struct seen *seen = &before.seen[i], *later = find_seen(&after, seen->pid);

		snprintf(line, sizeof(line), "%d (%s)", seen->pid, seen->comm);
		if (later && strcmp(later->comm, seen->comm) == 0 && !comes_and_goes(seen->comm))
			judge(seen->listed, "not listed", line);
	}
}

void check_churn(const char *what, char *image)
{
	pid_t churners[CHURNERS];
	time_t start = time(NULL);
	unsigned int round;
	char text[32] = "";
	int fd = open("/proc/sys/kernel/pid_max", O_RDONLY | O_CLOEXEC);

	prefix = what;
	if (read(fd, text, sizeof(text) - 1) <= 0)
		say("%s: differ: churn: no pid_max", what);
	close(fd);
	for (int i = 0; i < CHURNERS; i++) {
		churners[i] = fork();
		if (!churners[i])
			be_churn();
	}
	for (round = 0; round < ROUNDS_MAX && (round < ROUNDS_MIN || time(NULL) - start < SECONDS);
	     round++)
		judge_round(image, atoi(text));
	for (int i = 0; i < CHURNERS; i++) {
		kill(churners[i], SIGKILL);
		waitpid(churners[i], NULL, 0);
	}
	say("%s: churn: agree %u, differ %u; %u lists with %u rows, %u with a warning, in %d s, up "
	    "to "
	    "pid %d",
	    what, agree, differ, round, nr_rows, warned, (int)(time(NULL) - start), last_pid);
}
