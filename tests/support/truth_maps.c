/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Hold each line of what `maps --proc` prints to the kernel's own /proc/PID/maps. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tool/proc.h"
#include "truth_rows.h"

/*
 * Rows of a truth, as tests/support/truth.c has them:
 *   V pid start end perms offset dev inode name  a line of /proc/PID/maps
 *   G likewise, of a VMA that is in no mm
 *   P pid tgid comm state note  a process; `reporter` in the note: its rows are stale
 * Some truths have no G rows: one gate a process is let pass.
 */
#define LINE_BYTES 8192
#define NO_MORE "there are no more"
#define TOLD_MAX 20
#define SKIPPED_MAX 64

struct check {
	struct mmu_session *session;
	struct mmu_space *space;
	struct mmu_vmas *vmas;
	int pid;
	int skipped[SKIPPED_MAX];
	size_t nr_skipped;
	uint64_t agree, differ, gates, incomplete;
};

static void tell(struct check *check, const char *ours, const char *theirs)
{
	if (check->differ++ < TOLD_MAX)
		printf("differ: pid %d:\n  ours:  %s%s  truth: %s%s", check->pid, ours,
		       strchr(ours, '\n') ? "" : "\n", theirs, strchr(theirs, '\n') ? "" : "\n");
}

static bool is_skipped(const struct check *check, int pid)
{
	for (size_t i = 0; i < check->nr_skipped; i++)
		if (check->skipped[i] == pid)
			return true;
	return false;
}

/* @return the next VMA of the process; NULL, with a text: there is none */
static const struct mmu_vma_info *next_vma(struct check *check, char line[LINE_BYTES])
{
	const struct mmu_vma_info *vma = NULL;
	struct mmu_error *error = check->vmas ? mmu_vmas_next(check->vmas, &vma) : NULL;

	if (error || !vma) {
		snprintf(line, LINE_BYTES, "%s", error ? mmu_error_message(error) : NO_MORE);
		mmu_error_destroy(error);
		return NULL;
	}
	FILE *out = fmemopen(line, LINE_BYTES, "w");
	proc_maps_line(out, check->space, vma);
	fclose(out);
	return vma;
}

/* What is left of a process is its gate, if it has one. */
static void end_process(struct check *check)
{
	char line[LINE_BYTES];
	const struct mmu_vma_info *vma;

	while (check->vmas && (vma = next_vma(check, line))) {
		if (vma->gate)
			check->gates++;
		else
			tell(check, line, NO_MORE);
	}
	if (check->vmas && strcmp(line, NO_MORE) != 0)
		tell(check, line, NO_MORE);
	mmu_vmas_close(check->vmas);
	mmu_space_close(check->space);
	check->vmas = NULL;
	check->space = NULL;
}

static void use_pid(struct check *check, int pid)
{
	struct mmu_space_query query = { .size = sizeof(query),
					 .by = MMU_SPACE_PID,
					 .value = (uint64_t)pid };

	if (pid == check->pid)
		return;
	end_process(check);
	check->pid = pid;
	struct mmu_error *error = mmu_space_open(check->session, &query, &check->space);
	if (!error)
		error = mmu_vmas_open(check->space, &check->vmas);
	if (error)
		tell(check, mmu_error_message(error), "an address space");
	mmu_error_destroy(error);
}

/*
 * Is a line right as far as it goes? Where the image lacks what the facts ask for, device and inode
 * are "??:?? ?", and names "?" or "?/" with the last component.
 */
static bool agrees_so_far(const char *ours, const char *theirs)
{
	const char *inode = strstr(ours, "??:?? ? "), *name = strchr(ours, '?');
	char last[LINE_BYTES];

	if (!name || strncmp(ours, theirs, (size_t)(name - ours)) != 0)
		return false;
	if (inode && !(name = strchr(inode + strlen("??:?? ? "), '?')))
		return false;
	if (strcmp(name, "?\n") == 0)
		return true;
	snprintf(last, sizeof(last), "%.*s", (int)strcspn(name + 1, "\n"), name + 1);
	const char *at = strstr(theirs, last);
	return last[0] == '/' && at &&
	       (strcmp(at + strlen(last), "\n") == 0 ||
		strcmp(at + strlen(last), " (deleted)\n") == 0);
}

static void check_line(struct check *check, char **field)
{
	char ours[LINE_BYTES], theirs[LINE_BYTES];
	const char *name = field[8] ? field[8] : "";
	int pid = atoi(field[1]), at;

	if (is_skipped(check, pid))
		return;
	use_pid(check, pid);
	at = snprintf(theirs, sizeof(theirs), "%08llx-%08llx %s %08llx %s %s ",
		      strtoull(field[2], NULL, 0), strtoull(field[3], NULL, 0), field[4],
		      strtoull(field[5], NULL, 16), field[6], field[7]);
	/* proc(5): names stand in one column, behind all else */
	bool small = check->space && mmu_space_arch(check->space)->elf_class == 1;
	int name_at = small ? 49 : 73;
	if (*name)
		at += snprintf(theirs + at, sizeof(theirs) - (size_t)at, "%*s%s",
			       at < name_at ? name_at - at : 1, "", name);
	snprintf(theirs + at, sizeof(theirs) - (size_t)at, "\n");
	next_vma(check, ours);
	if (strcmp(ours, theirs) == 0)
		check->agree++;
	else if (agrees_so_far(ours, theirs))
		check->incomplete++;
	else
		tell(check, ours, theirs);
}

static void check_row(struct check *check, char **field, int count)
{
	if ((strcmp(field[0], "V") == 0 || strcmp(field[0], "G") == 0) && count >= 8)
		check_line(check, field);
	else if (strcmp(field[0], "P") == 0 && count >= 6 && strstr(field[5], "reporter") &&
		 check->nr_skipped < SKIPPED_MAX)
		check->skipped[check->nr_skipped++] = atoi(field[1]);
}

int main(int argc, char **argv)
{
	static struct check check;

	if (argc < 4) {
		fprintf(stderr, "usage: %s IMAGE VMLINUX|- TRUTH [PID-TO-SKIP...]\n", argv[0]);
		return 2;
	}
	for (int i = 4; i < argc && check.nr_skipped < SKIPPED_MAX; i++)
		check.skipped[check.nr_skipped++] = atoi(argv[i]);
	struct mmu_options options = { .size = sizeof(options),
				       .image = argv[1],
				       .vmlinux = strcmp(argv[2], "-") ? argv[2] : NULL };
	FILE *file = fopen(argv[3], "r");
	struct mmu_error *error = file ? mmu_session_open(&options, &check.session) : NULL;
	if (!file || error) {
		fprintf(stderr, "%s\n", error ? mmu_error_message(error) : "can't open the truth");
		return 3;
	}
	truth_read(file, check_row, &check);
	end_process(&check);
	fclose(file);
	mmu_session_close(check.session);
	printf("lines agree %" PRIu64 ", differ %" PRIu64 ", incomplete %" PRIu64 ", gates %" PRIu64
	       "\n",
	       check.agree, check.differ, check.incomplete, check.gates);
	return check.differ || !check.agree;
}
