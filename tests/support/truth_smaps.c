/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Hold each figure of `maps --smaps` to the kernel's own /proc/PID/smaps. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mmuscope/mmuscope.h"
#include "truth_rows.h"

/*
 * Rows of a truth, beside those of tests/support/truth.c:
 *   U pid start Key=kB ...  the lines of a VMA in smaps, the flags as VmFlags=rd,wr,
 *   X pid vaddr             a page that is there, and that the kernel's own files leave out
 * Of a process that ran on after they were written, figures differ: pids to skip.
 */
#define TOLD_MAX 40
#define SKIPPED_MAX 64
#define ITEMS_MAX 64
#define LEFT_OUT_MAX 8192

struct check {
	struct mmu_session *session;
	struct mmu_space *space;
	struct mmu_smaps *smaps;
	int pid;
	int skipped[SKIPPED_MAX];
	size_t nr_skipped;
	uint64_t agree, differ, unknown, silent;
	struct {
		int pid;
		uint64_t va;
	} left_out[LEFT_OUT_MAX]; /* X rows */
	size_t nr_left_out;
	struct {
		uint64_t agree, differ, unknown;
	} item[ITEMS_MAX], thp;
};

static bool is_skipped(const struct check *check, int pid)
{
	for (size_t i = 0; i < check->nr_skipped; i++)
		if (check->skipped[i] == pid)
			return true;
	return false;
}

static void tell(struct check *check, uint64_t start, const char *key, const char *ours,
		 const char *theirs)
{
	if (check->differ++ < TOLD_MAX)
		printf("differ: pid %d 0x%" PRIx64 " %s: %s, truth %s\n", check->pid, start, key,
		       ours, theirs);
}

static void use_pid(struct check *check, int pid)
{
	struct mmu_space_query query = { .size = sizeof(query),
					 .by = MMU_SPACE_PID,
					 .value = (uint64_t)pid };

	if (pid == check->pid)
		return;
	mmu_space_close(check->space);
	check->space = NULL;
	check->pid = pid;
	struct mmu_error *error = mmu_space_open(check->session, &query, &check->space);
	if (error)
		tell(check, 0, "space", mmu_error_message(error), "one");
	mmu_error_destroy(error);
}

static void check_flags(struct check *check, const struct mmu_vma_info *vma, const char *theirs)
{
	char ours[4 * 64] = "", letters[MMU_VM_FLAG_BYTES];
	size_t at = 0;
	int bit = -1;

	while ((bit = mmu_vma_next_flag(check->space, vma, bit, letters)) >= 0)
		at += (size_t)snprintf(ours + at, sizeof(ours) - at, "%s,", letters);
	if (strcmp(ours, theirs) == 0)
		check->agree++;
	else
		tell(check, vma->first_va, "VmFlags", ours, theirs);
}

static void check_thp(struct check *check, const struct mmu_vma_info *vma, const char *theirs)
{
	bool eligible;

	if (!mmu_smaps_thp_eligible(check->smaps, &eligible)) {
		check->unknown++;
		check->thp.unknown++;
		return;
	}
	bool same = eligible == (strcmp(theirs, "0") != 0);
	check->agree += same;
	check->thp.agree += same;
	if (!same)
		tell(check, vma->first_va, "THPeligible", eligible ? "1" : "0", theirs);
}

static void check_item(struct check *check, const struct mmu_vma_info *vma, const char *key,
		       const char *theirs)
{
	unsigned int item = 0;
	const char *name;
	uint64_t bytes;
	uint32_t protection;
	char ours[32];

	if (strcmp(key, "VmFlags") == 0) {
		check_flags(check, vma, theirs);
	} else if (strcmp(key, "THPeligible") == 0) {
		check_thp(check, vma, theirs);
	} else if (strcmp(key, "ProtectionKey") == 0) {
		bool same = mmu_vma_protection_key(check->space, vma, &protection) &&
			    protection == strtoul(theirs, NULL, 10);
		check->agree += same;
		if (!same)
			tell(check, vma->first_va, key, "another", theirs);
	}
	while ((name = mmu_smaps_name((enum mmu_smaps_item)item)) && strcmp(name, key) != 0)
		item++;
	if (!name || item >= ITEMS_MAX)
		return;
	if (!mmu_smaps_get(check->smaps, (enum mmu_smaps_item)item, &bytes)) {
		check->unknown++;
		check->item[item].unknown++;
		return;
	}
	bool same = bytes >> 10 == strtoull(theirs, NULL, 10);
	check->agree += same;
	check->item[item].agree += same;
	check->item[item].differ += !same;
	snprintf(ours, sizeof(ours), "%" PRIu64, bytes >> 10);
	if (!same)
		tell(check, vma->first_va, key, ours, theirs);
}

/* A PROT_NONE huge page of ARM LPAE: pmd_present() says no. */
static bool truth_is_silent(const struct check *check, const struct mmu_vma_info *vma)
{
	for (size_t i = 0; i < check->nr_left_out; i++)
		if (check->left_out[i].pid == check->pid &&
		    check->left_out[i].va >= vma->first_va && check->left_out[i].va <= vma->last_va)
			return true;
	return false;
}

static void check_vma(struct check *check, char **field)
{
	uint64_t start = strtoull(field[2], NULL, 0);
	const struct mmu_vma_info *vma = NULL;
	char *rest = NULL;
	int pid = atoi(field[1]);

	if (is_skipped(check, pid))
		return;
	use_pid(check, pid);
	struct mmu_error *error = check->space ? mmu_space_vma(check->space, start, &vma) : NULL;
	if (!error && vma && vma->first_va == start)
		error = mmu_space_smaps(check->space, vma, check->smaps);
	else
		vma = NULL;
	if (error || !vma) {
		tell(check, start, "VMA", error ? mmu_error_message(error) : "none", "one");
		mmu_error_destroy(error);
		return;
	}
	if (truth_is_silent(check, vma)) {
		check->silent++;
		return;
	}
	for (char *word = strtok_r(field[3], " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
		char *value = strchr(word, '=');

		if (value) {
			*value++ = '\0';
			check_item(check, vma, word, value);
		}
	}
}

static void check_row(struct check *check, char **field, int count)
{
	if (strcmp(field[0], "U") == 0 && count == 4)
		check_vma(check, field);
	else if (strcmp(field[0], "X") == 0 && count >= 3 && check->nr_left_out < LEFT_OUT_MAX) {
		check->left_out[check->nr_left_out].pid = atoi(field[1]);
		check->left_out[check->nr_left_out++].va = strtoull(field[2], NULL, 0);
	} else if (strcmp(field[0], "P") == 0 && count >= 6 && strstr(field[5], "reporter") &&
		   check->nr_skipped < SKIPPED_MAX)
		check->skipped[check->nr_skipped++] = atoi(field[1]);
}

static void print_items(const struct check *check)
{
	const char *name;

	for (unsigned int item = 0; (name = mmu_smaps_name((enum mmu_smaps_item)item)); item++)
		printf("%-16s agree %" PRIu64 ", differ %" PRIu64 ", unknown %" PRIu64 "\n", name,
		       check->item[item].agree, check->item[item].differ,
		       check->item[item].unknown);
	printf("%-16s agree %" PRIu64 ", unknown %" PRIu64 "\n", "THPeligible", check->thp.agree,
	       check->thp.unknown);
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
	if (!error)
		error = mmu_smaps_create(&check.smaps);
	if (!file || error) {
		fprintf(stderr, "%s\n", error ? mmu_error_message(error) : "can't open the truth");
		return 3;
	}
	truth_read(file, check_row, &check);
	fclose(file);
	mmu_space_close(check.space);
	mmu_session_close(check.session);
	mmu_smaps_destroy(check.smaps);
	print_items(&check);
	printf("smaps agree %" PRIu64 ", differ %" PRIu64 ", unknown %" PRIu64 ", silent %" PRIu64
	       "\n",
	       check.agree, check.differ, check.unknown, check.silent);
	return check.differ || !check.agree;
}
