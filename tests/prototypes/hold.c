/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * @file
 * hold IMAGE BACKEND ROOTS TRUTH [PID...]: hold walks and enumerations of a real dump, whose roots
 * were found by hand, to the kernel's own pagemap.
 *
 * ROOTS, line by line; # begins a comment, numbers are as C has them:
 *
 *     sample NAME               the regimes that follow are this sample's
 *     traits BITS               and have these traits
 *     regime PID N KEY=VALUE... regime N of the sample for a process, pid 0: the kernel. KEY is
 *                               root, first, last, slots, space or word0
 *     at PID VA PA              what a walk must say
 *
 * TRUTH: "@P pid vaddr count entry step ...": the pagemap word of page i is entry + i * step;
 * "@PAGESIZE bytes"; "@MAPS pid line of maps". A PID at the end names a process to leave out.
 *
 * The kernel's counts of pages that are in a hashed table, and every slot of it, are held as well.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "walk/leaves.h"
#include "walk/walk.h"

/* MMU_PLUGINS is P(x86_64) P(arm) ...: the build's list. */
#define P(name) extern const struct mmu_arch mmu_arch_##name;
MMU_PLUGINS
#undef P
#define P(name) &mmu_arch_##name,
static const struct mmu_arch *const archs[] = { MMU_PLUGINS };
#undef P

#define PM_PRESENT (UINT64_C(1) << 63)
#define PM_SWAP (UINT64_C(1) << 62)
#define PM_PFN ((UINT64_C(1) << 55) - 1)
#define TOLD_MAX 20
#define SPACES_MAX 256
#define QUIET_MAX 256
#define HOLE_SAMPLES 65536u /* of a longer hole */

/* What an address is, as far as pagemap tells. */
struct answer {
	enum mmu_result result;
	bool has_pa, has_swap;
	uint64_t pa, swap_offset;
	uint8_t swap_type;
};

struct leaf {
	uint64_t first_va, last_va;
	struct answer answer;
};

struct space {
	int pid;
	bool left_out;
	struct mmu_regimes regimes,
		hardware; /* the second: those of them that hardware has alone */
	struct leaf *leaves;
	size_t nr_leaves, capacity;
};

struct hold {
	struct mmu_image *image;
	struct mmu_cursor cursor;
	const struct mmu_arch *arch;
	const struct mmu_sample *sample;
	uint32_t traits;
	struct space spaces[SPACES_MAX];
	size_t nr_spaces;
	struct {
		int pid;
		uint64_t first_va, last_va;
	} quiet[QUIET_MAX]; /* what pagemap leaves out: [vvar], mappings of devices */
	size_t nr_quiet;
	uint64_t page_bytes;
	uint64_t present, swapped, holes, silent, differ, no_space, places;
	uint64_t hashed, not_hashed;
	uint64_t slots, unknown_slots, denied_slots;
};

static void die(const char *what, const char *detail)
{
	fprintf(stderr, "hold: %s: %s\n", what, detail);
	exit(2);
}

static void tell(struct hold *hold, const char *what, int pid, uint64_t va,
		 const struct answer *answer, uint64_t truth)
{
	if (hold->differ++ < TOLD_MAX)
		printf("differ: %s pid %d va 0x%" PRIx64 ": %s%s 0x%" PRIx64 ", truth 0x%" PRIx64
		       "\n",
		       what, pid, va, mmu_result_name(answer->result),
		       answer->has_pa ? "" : ", no page", answer->pa, truth);
}

/* ------------------------------------------------------------------ reading */

static struct space *space_of(struct hold *hold, int pid, bool make)
{
	for (size_t i = 0; i < hold->nr_spaces; i++)
		if (hold->spaces[i].pid == pid)
			return &hold->spaces[i];
	if (!make)
		return NULL;
	if (hold->nr_spaces == SPACES_MAX)
		die("roots", "too many processes");
	hold->spaces[hold->nr_spaces].pid = pid;
	return &hold->spaces[hold->nr_spaces++];
}

static void read_regime(struct hold *hold, char *line)
{
	char *rest, *word = strtok_r(line, " \n", &rest);
	struct space *space = space_of(hold, atoi(word), true);
	size_t n = strtoull(strtok_r(NULL, " \n", &rest), NULL, 0);
	struct mmu_regime regime;

	if (!hold->sample || n >= hold->sample->nr_regimes || space->regimes.nr == MMU_REGIMES_MAX)
		die("roots", "no such regime");
	regime = *hold->sample->regimes[n];
	regime.traits = hold->traits;
	while ((word = strtok_r(NULL, " \n", &rest))) {
		char *value = strchr(word, '=');
		uint64_t number = value ? strtoull(value + 1, NULL, 0) : 0;

		if (!value)
			die("roots", word);
		*value = '\0';
		*(strcmp(word, "root") == 0    ? &regime.root_pa
		  : strcmp(word, "first") == 0 ? &regime.first_va
		  : strcmp(word, "last") == 0  ? &regime.last_va
		  : strcmp(word, "slots") == 0 ? &regime.nr_slots
		  : strcmp(word, "space") == 0 ? &regime.space
		  : strcmp(word, "word0") == 0 ? &regime.word[0]
					       : (die("roots", word), &number)) = number;
	}
	space->regimes.regime[space->regimes.nr++] = regime;
	if (regime.view == MMU_VIEW_HARDWARE)
		space->hardware.regime[space->hardware.nr++] = regime;
}

static void answer_of(const struct mmu_walk *walk, struct answer *ret)
{
	*ret = (struct answer){ walk->result, walk->has_pa,      walk->has_swap,
				walk->pa,     walk->swap_offset, walk->swap_type };
}

static void walk_to(struct hold *hold, const struct mmu_regimes *regimes, uint64_t va,
		    struct answer *ret)
{
	const struct mmu_walker walker = { .cursor = &hold->cursor,
					   .arch = hold->arch,
					   .regimes = regimes };
	struct mmu_walk walk;

	mmu_walker_walk(&walker, va, &walk);
	answer_of(&walk, ret);
}

static void read_place(struct hold *hold, char *line)
{
	char *end;
	int pid = (int)strtol(line, &end, 10);
	uint64_t va = strtoull(end, &end, 0), pa = strtoull(end, &end, 0);
	const struct space *space = space_of(hold, pid, false);
	struct answer answer;

	if (!space)
		die("roots", "a place in no space");
	walk_to(hold, &space->regimes, va, &answer);
	if (answer.has_pa && answer.pa == pa)
		hold->places++;
	else
		tell(hold, "place", pid, va, &answer, pa);
}

static void read_roots(struct hold *hold, const char *path)
{
	FILE *file = fopen(path, "r");
	char line[1024], *comment;

	if (!file)
		die("can't open", path);
	while (fgets(line, sizeof(line), file)) {
		if ((comment = strchr(line, '#')))
			*comment = '\0';
		line[strcspn(line, "\n")] = '\0';
		if (strncmp(line, "sample ", 7) == 0)
			hold->sample = mmu_arch_sample(hold->arch, strtok(line + 7, " "));
		else if (strncmp(line, "traits ", 7) == 0)
			hold->traits = (uint32_t)strtoul(line + 7, NULL, 0);
		else if (strncmp(line, "regime ", 7) == 0)
			read_regime(hold, line + 7);
		else if (strncmp(line, "at ", 3) == 0)
			read_place(hold, line + 3);
		else if (*line)
			die("roots", line);
	}
	fclose(file);
}

/* ------------------------------------------------------------------ enumeration */

static bool keep_leaf(struct mmu_walk *walk, uint64_t last_va, void *context)
{
	struct space *space = context;

	if (space->nr_leaves == space->capacity) {
		space->capacity = space->capacity ? 2 * space->capacity : 1024;
		space->leaves = realloc(space->leaves, space->capacity * sizeof(struct leaf));
		if (!space->leaves)
			die("memory", "there is none");
	}
	struct leaf *leaf = &space->leaves[space->nr_leaves++];
	leaf->first_va = walk->va;
	leaf->last_va = last_va;
	answer_of(walk, &leaf->answer);
	return true;
}

static void enumerate(struct hold *hold, struct space *space, const struct mmu_regimes *regimes)
{
	const struct mmu_walker walker = { .cursor = &hold->cursor,
					   .arch = hold->arch,
					   .regimes = regimes };
	struct mmu_tally ignored = { .kept = false };

	space->nr_leaves = 0;
	if (regimes->nr && mmu_walker_leaves(&walker, 0, UINT64_MAX, mmu_walker_max_tables(&walker),
					     true, keep_leaf, space, &ignored) != MMU_LEAVES_ALL)
		die("enumeration", "it did not end");
}

static void look_up(const struct space *space, uint64_t va, struct answer *ret)
{
	size_t low = 0, high = space->nr_leaves;

	*ret = (struct answer){ .result = MMU_RESULT_EMPTY };
	while (low < high) {
		const struct leaf *leaf = &space->leaves[low + (high - low) / 2];

		if (va > leaf->last_va) {
			low += (high - low) / 2 + 1;
		} else if (va < leaf->first_va) {
			high = low + (high - low) / 2;
		} else {
			*ret = leaf->answer;
			ret->pa += va - leaf->first_va;
			return;
		}
	}
}

/* ------------------------------------------------------------------ pages */

static bool agrees(const struct hold *hold, const struct answer *answer, uint64_t truth)
{
	if (truth & PM_PRESENT)
		return answer->has_pa && answer->pa / hold->page_bytes == (truth & PM_PFN);
	if (truth & PM_SWAP)
		return answer->has_swap && answer->swap_type == (truth & 31) &&
		       answer->swap_offset == (truth >> 5 & ((UINT64_C(1) << 50) - 1));
	return !answer->has_pa && !answer->has_swap;
}

static bool truth_is_silent(const struct hold *hold, int pid, uint64_t va, uint64_t truth)
{
	if (truth & (PM_PRESENT | PM_SWAP))
		return false;
	for (size_t i = 0; i < hold->nr_quiet; i++)
		if (hold->quiet[i].pid == pid && va >= hold->quiet[i].first_va &&
		    va <= hold->quiet[i].last_va)
			return true;
	return false;
}

static void hold_page(struct hold *hold, const struct space *space, uint64_t va, uint64_t truth)
{
	struct answer walked, listed;
	bool right;

	walk_to(hold, &space->regimes, va, &walked);
	look_up(space, va, &listed);
	if (walked.result != listed.result || walked.has_pa != listed.has_pa ||
	    walked.pa != listed.pa || walked.has_swap != listed.has_swap ||
	    walked.swap_offset != listed.swap_offset)
		tell(hold, "listed as", space->pid, va, &listed, walked.pa);
	right = agrees(hold, &walked, truth);
	if (!right && truth_is_silent(hold, space->pid, va, truth))
		hold->silent++;
	else if (!right)
		tell(hold, "page", space->pid, va, &walked, truth);
	else if (truth & PM_PRESENT)
		hold->present++;
	else if (truth & PM_SWAP)
		hold->swapped++;
	else
		hold->holes++;
}

/* What the tree has, the hashed table may have; if so, at the same place. */
static void hold_hashed(struct hold *hold, const struct space *space, uint64_t va, uint64_t truth)
{
	struct answer walked, listed;

	walk_to(hold, &space->hardware, va, &walked);
	look_up(space, va, &listed);
	if (walked.has_pa != listed.has_pa || walked.pa != listed.pa)
		tell(hold, "hashed, listed as", space->pid, va, &listed, walked.pa);
	if (!walked.has_pa)
		hold->not_hashed += truth & PM_PRESENT ? 1 : 0;
	else if (agrees(hold, &walked, truth))
		hold->hashed++;
	else if (!truth_is_silent(hold, space->pid, va, truth))
		tell(hold, "hashed", space->pid, va, &walked, truth);
}

static void hold_rows(struct hold *hold, char *line,
		      void (*fn)(struct hold *, const struct space *, uint64_t, uint64_t))
{
	char *end;
	int pid = (int)strtol(line, &end, 10);
	uint64_t va = strtoull(end, &end, 16), count = strtoull(end, &end, 10);
	uint64_t word = strtoull(end, &end, 16), each = strtoull(end, &end, 10), step = 1;
	const struct space *space = space_of(hold, pid, false);

	if (space && space->left_out)
		return;
	if (!space) {
		hold->no_space += count;
		return;
	}
	if (!(word & (PM_PRESENT | PM_SWAP)) && count > HOLE_SAMPLES)
		step = count / HOLE_SAMPLES;
	for (uint64_t i = 0; i < count; i += step)
		fn(hold, space, va + i * hold->page_bytes, word + i * each);
}

/* "pid start-end perms offset device inode name" */
static void read_map(struct hold *hold, char *line)
{
	char *end, *name = strrchr(line, ' ');
	int pid = (int)strtol(line, &end, 10);
	uint64_t first_va = strtoull(end, &end, 16), last_va = strtoull(end + 1, NULL, 16) - 1;

	if (!name || (strncmp(name, " [vvar", 6) != 0 && strncmp(name, " /dev/mem", 9) != 0))
		return;
	if (hold->nr_quiet == QUIET_MAX)
		die("truth", "too many mappings of devices");
	hold->quiet[hold->nr_quiet].pid = pid;
	hold->quiet[hold->nr_quiet].first_va = first_va;
	hold->quiet[hold->nr_quiet++].last_va = last_va;
}

static void read_truth(struct hold *hold, const char *path, bool maps,
		       void (*fn)(struct hold *, const struct space *, uint64_t, uint64_t))
{
	FILE *file = fopen(path, "r");
	char line[4096];

	if (!file)
		die("can't open", path);
	while (fgets(line, sizeof(line), file)) {
		line[strcspn(line, "\n")] = '\0';
		if (strncmp(line, "@PAGESIZE ", 10) == 0)
			hold->page_bytes = strtoull(line + 10, NULL, 0);
		else if (maps && strncmp(line, "@MAPS ", 6) == 0)
			read_map(hold, line + 6);
		else if (!maps && strncmp(line, "@P ", 3) == 0)
			hold_rows(hold, line + 3, fn);
	}
	fclose(file);
	if (!hold->page_bytes)
		die(path, "no @PAGESIZE");
}

/* ------------------------------------------------------------------ slots */

static const struct space *owner_of(const struct hold *hold, const struct mmu_slot *slot,
				    uint64_t *ret_va)
{
	for (size_t i = 0; i < hold->nr_spaces; i++) {
		const struct mmu_regimes *regimes = &hold->spaces[i].hardware;

		for (size_t j = 0; j < regimes->nr; j++) {
			const struct mmu_regime *regime = &regimes->regime[j];
			uint64_t mask = (UINT64_C(1) << regime->format->slot_va_bits) - 1;

			*ret_va = (regime->first_va & ~mask) | slot->va;
			if (regime->space == slot->space && *ret_va >= regime->first_va &&
			    *ret_va <= regime->last_va)
				return &hold->spaces[i];
		}
	}
	return NULL;
}

/* A valid slot is someone's, hardware finds it, and Linux's tree, if there is one, agrees. */
static void hold_slot(struct hold *hold, uint64_t index, const struct mmu_slot *slot)
{
	struct answer hardware, tree;
	const struct space *space;
	uint64_t va;

	hold->slots++;
	space = owner_of(hold, slot, &va);
	if (!space) {
		if (hold->unknown_slots++ < TOLD_MAX)
			printf("differ: slot %" PRIu64 " of space 0x%" PRIx64 " is nobody's\n",
			       index, slot->space);
		return;
	}
	walk_to(hold, &space->hardware, va, &hardware);
	walk_to(hold, &space->regimes, va, &tree);
	if (!hardware.has_pa)
		tell(hold, "slot that no probe finds:", space->pid, va, &hardware, 0);
	if (!tree.has_pa || tree.pa != hardware.pa) {
		hold->denied_slots++;
		tell(hold, "slot that Linux denies:", space->pid, va, &tree, hardware.pa);
	}
}

static void hold_slots(struct hold *hold)
{
	const struct mmu_regime *table = NULL;

	for (size_t i = 0; i < hold->nr_spaces && !table; i++)
		if (hold->spaces[i].hardware.nr)
			table = &hold->spaces[i].hardware.regime[0];
	for (uint64_t index = 0; table && index < table->nr_slots; index++) {
		const struct mmu_format *format = table->format;
		uint64_t pa = table->root_pa + index * format->slot_bytes;
		struct mmu_slot slot;
		uint8_t bytes[16];

		if (mmu_image_read(&hold->cursor, pa, bytes, sizeof(bytes), NULL) !=
		    MMU_PAGE_PRESENT)
			die("hashed table", "a slot can't be read");
		if (format->slot(table, index, mmu_get_uint(bytes, 8, format->big_endian),
				 mmu_get_uint(bytes + 8, 8, format->big_endian), &slot))
			hold_slot(hold, index, &slot);
	}
}

/* ------------------------------------------------------------------ all */

static void hold_all(struct hold *hold, const char *truth)
{
	bool any_hashed = false;

	read_truth(hold, truth, true, NULL);
	for (size_t i = 0; i < hold->nr_spaces; i++)
		enumerate(hold, &hold->spaces[i], &hold->spaces[i].regimes);
	read_truth(hold, truth, false, hold_page);
	for (size_t i = 0; i < hold->nr_spaces; i++) {
		enumerate(hold, &hold->spaces[i], &hold->spaces[i].hardware);
		any_hashed |= hold->spaces[i].hardware.nr > 0;
	}
	if (!any_hashed)
		return;
	read_truth(hold, truth, false, hold_hashed);
	hold_slots(hold);
	printf("hashed table: %" PRIu64 " pages in it, all right; %" PRIu64 " not in it; %" PRIu64
	       " slots, %" PRIu64 " of no known context, %" PRIu64 " that Linux denies\n",
	       hold->hashed, hold->not_hashed, hold->slots, hold->unknown_slots,
	       hold->denied_slots);
}

int main(int argc, char **argv)
{
	static struct hold hold;

	if (argc < 5)
		die("usage", "hold IMAGE BACKEND ROOTS TRUTH [PID...]");
	for (size_t i = 0; i < sizeof(archs) / sizeof(archs[0]); i++)
		if (strcmp(archs[i]->name, argv[2]) == 0)
			hold.arch = archs[i];
	if (!hold.arch)
		die("no back-end", argv[2]);
	const struct mmu_source source = { .path = argv[1] };
	struct mmu_error *error = mmu_image_open(&source, &hold.image);
	if (error)
		die(argv[1], mmu_error_message(error));
	mmu_cursor_init(&hold.cursor, hold.image);
	read_roots(&hold, argv[3]);
	for (int i = 5; i < argc; i++)
		space_of(&hold, atoi(argv[i]), true)->left_out = true;
	hold_all(&hold, argv[4]);
	printf("%" PRIu64 " places and %" PRIu64 " present pages agree, %" PRIu64
	       " swapped, %" PRIu64 " holes; %" PRIu64 " differ; pagemap is silent about %" PRIu64
	       "; %" PRIu64 " pages of processes without roots\n",
	       hold.places, hold.present, hold.swapped, hold.holes, hold.differ, hold.silent,
	       hold.no_space);
	for (size_t i = 0; i < hold.nr_spaces; i++)
		free(hold.spaces[i].leaves);
	mmu_cursor_destroy(&hold.cursor);
	mmu_image_close(hold.image);
	return hold.differ || hold.unknown_slots || !hold.present;
}
