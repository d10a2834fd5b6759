/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file A space compared with itself: one pass by compare alone, and a bit for each frame. */
#include <stdlib.h>

#include "analysis/compare.h"

/* A set larger than this is not made: it is of 1 TiB in pages of 4 KiB. */
#define SET_BYTES_MAX ((uint64_t)32 << 20)
/* Frames that are told of one pass: enough for who looks at the first ones. */
#define ROOM_FIRST 4096u
/* So many passes tell all frames, or a few more. */
#define PASSES 16u

/* ------------------------------------------------------------------ the set of frames */

struct marking {
	struct mmu_frame_set *set;
	bool simple;
};

static struct mmu_frame_set *create_set(const struct mmu_space *space)
{
	uint64_t first_pa, last_pa, bytes;
	struct mmu_frame_set *set;

	if (!mmu_image_last_ram(space->memory.kernel->image, &first_pa, &last_pa))
		return NULL;
	set = calloc(1, sizeof(*set));
	if (!set)
		return NULL;
	set->page_lg2 = mmu_walker_regime(&space->walker)->page_lg2;
	bytes = ((last_pa >> set->page_lg2) / 64 + 1) * sizeof(*set->bits);
	set->nr = bytes * 8;
	set->bits = bytes <= SET_BYTES_MAX ? calloc(1, bytes) : NULL;
	if (set->bits)
		return set;
	free(set);
	return NULL;
}

void mmu_frame_set_destroy(struct mmu_frame_set *set)
{
	if (!set)
		return;
	free(set->bits);
	free(set);
}

/* Pages of a frame each, as most are. @return false: one of them is not simple */
static bool mark_small(struct mmu_frame_set *set, const struct mmu_sweep_pages *pages)
{
	const unsigned int lg2 = set->page_lg2;
	const uint64_t nr = set->nr, *pas = pages->pas;
	uint64_t *bits = set->bits, twice = 0, odd = 0;

	for (size_t i = 0; i < pages->nr; i++) {
		uint64_t frame = pas[i] >> lg2, bit = UINT64_C(1) << frame % 64;

		if (frame >= nr)
			return false;
		odd |= pas[i];
		twice |= bits[frame / 64] & bit;
		bits[frame / 64] |= bit;
	}
	set->nr_frames += pages->nr;
	return !twice && !(odd & ((UINT64_C(1) << lg2) - 1));
}

static bool mark_large(struct mmu_frame_set *set, const struct mmu_sweep_pages *pages)
{
	uint64_t frame_bytes = (uint64_t)1 << set->page_lg2, nr = pages->bytes >> set->page_lg2;

	if (pages->bytes & (frame_bytes - 1))
		return false;
	for (size_t i = 0; i < pages->nr; i++) {
		uint64_t frame = pages->pas[i] >> set->page_lg2;

		if (pages->pas[i] & (frame_bytes - 1) || frame >= set->nr || nr > set->nr - frame)
			return false;
		for (uint64_t end = frame + nr; frame < end; frame++) {
			uint64_t bit = UINT64_C(1) << frame % 64;

			if (set->bits[frame / 64] & bit)
				return false;
			set->bits[frame / 64] |= bit;
		}
	}
	set->nr_frames += nr * pages->nr;
	return true;
}

static void mark(const struct mmu_sweep_pages *pages, void *context)
{
	struct marking *marking = context;

	if (marking->simple)
		marking->simple = pages->bytes == (uint64_t)1 << marking->set->page_lg2
					  ? mark_small(marking->set, pages)
					  : mark_large(marking->set, pages);
}

/* ------------------------------------------------------------------ what a space adds up to */

/* Its frames are told in order of their addresses: where both go on, it is one piece. */
struct pieces {
	uint64_t nr, bytes, next_va, next_pa;
	uint8_t rights;
	bool any;
};

static void count_pieces(struct pieces *pieces, const struct mmu_swept *range)
{
	if (!range->has_pa)
		return;
	pieces->nr += range->runs;
	if (pieces->any && range->first_va == pieces->next_va && range->pa == pieces->next_pa &&
	    range->rights == pieces->rights)
		pieces->nr--;
	pieces->any = true;
	pieces->bytes += range->last_va - range->first_va + 1;
	pieces->next_va = range->last_va + 1;
	pieces->next_pa = range->next_pa;
	pieces->rights = range->rights;
}

/* @return NULL and false in marking->simple: it is not simple */
static struct mmu_error *count(struct mmu_comparison *comparison, struct mmu_sweep *sweep,
			       struct marking *marking, struct pieces *pieces)
{
	struct mmu_totals *totals = &comparison->totals[0];
	uint64_t entries = 0;

	for (bool more = true; more && marking->simple;) {
		if (mmu_hook_stops(&comparison->hook, MMU_PHASE_TABLES, entries, 0))
			return mmu_error_new(MMU_ERROR_STOPPED, "cancelled by the caller");
		more = mmu_sweep_go_on(sweep);
		for (size_t i = 0; i < sweep->nr_ready; i++) {
			const struct mmu_swept *range = &sweep->ranges[i];

			marking->simple &= !mmu_result_is_unknown(range->result);
			entries += range->entries;
			comparison->same_bytes += range->last_va - range->first_va + 1;
			mmu_totals_add(totals, range);
			count_pieces(pieces, range);
		}
	}
	marking->simple &= sweep->tally.end == MMU_LEAVES_ALL;
	return NULL;
}

/* Nothing was said yet. */
static void take_back(struct mmu_comparison *comparison)
{
	mmu_frame_set_destroy(comparison->set);
	comparison->set = NULL;
	comparison->same_bytes = 0;
	comparison->totals[0] = comparison->totals[1];
}

struct mmu_error *mmu_same_count(struct mmu_comparison *comparison)
{
	struct mmu_space *space = comparison->space[0];
	const struct mmu_va_range *range = &comparison->range[0];
	struct mmu_space_sweep *sweep;
	struct pieces pieces = { .any = false };

	comparison->set = create_set(space);
	if (!comparison->set)
		return NULL;
	sweep = mmu_space_sweep_open(space, range->first_va, range->last_va);
	if (!sweep) {
		take_back(comparison);
		return mmu_error_no_memory();
	}
	struct marking marking = { .set = comparison->set, .simple = true };
	sweep->sweep.merges = true;
	sweep->sweep.pages = mark;
	sweep->sweep.pages_context = &marking;
	struct mmu_error *error = count(comparison, &sweep->sweep, &marking, &pieces);
	if (!error && marking.simple) {
		mmu_totals_finish(&comparison->totals[0], mmu_walker_regime(&space->walker),
				  &sweep->sweep.tally);
		comparison->totals[1] = comparison->totals[0];
		comparison->nr_shared = pieces.nr;
		comparison->shared_bytes = pieces.bytes;
	} else {
		take_back(comparison);
	}
	mmu_space_sweep_close(sweep);
	return error;
}

/* ------------------------------------------------------------------ its frames, in order */

struct window {
	struct mmu_same_frames *frames;
	uint64_t first_pa, end_pa;
};

static void pick(const struct mmu_sweep_pages *pages, void *context)
{
	struct window *window = context;
	struct mmu_same_frames *frames = window->frames;
	const uint64_t first_pa = window->first_pa, bytes = window->end_pa - first_pa;

	for (size_t i = 0; i < pages->nr; i++) {
		uint64_t pa = pages->pas[i];

		if (pa - first_pa >= bytes || frames->nr == frames->room)
			continue;
		frames->items[frames->nr++] = (struct mmu_frames){
			.first_pa = pa,
			.last_pa = pa + (pages->bytes - 1),
			.va = pages->va + i * pages->bytes,
			.times = 1,
			.rights = pages->rights,
		};
	}
}

/* Where the frames from `from` on end that there is room for; whole words of the set. */
static uint64_t window_end(const struct mmu_frame_set *set, uint64_t from, size_t room)
{
	while (from < set->nr) {
		size_t nr = (size_t)__builtin_popcountll(set->bits[from / 64]);

		if (nr > room)
			break;
		room -= nr;
		from += 64;
	}
	return from;
}

static int by_pa(const void *left, const void *right)
{
	const struct mmu_frames *a = left, *b = right;

	return a->first_pa < b->first_pa ? -1 : a->first_pa > b->first_pa;
}

/* Who wants more than the first frames wants all: in few passes, then. */
static void grow(struct mmu_same_frames *frames)
{
	size_t room = (size_t)(frames->comparison->set->nr_frames / PASSES) + 64;

	frames->grown = true;
	if (room <= frames->room)
		return;
	struct mmu_frames *items = realloc(frames->items, room * sizeof(*items));
	if (!items)
		return; /* more passes are no less right */
	frames->items = items;
	frames->room = room;
}

/* The next frames. */
static void fill(struct mmu_same_frames *frames)
{
	const struct mmu_comparison *comparison = frames->comparison;
	const struct mmu_frame_set *set = comparison->set;
	struct mmu_sweep *sweep = &frames->sweep->sweep;

	if (frames->next_frame && !frames->grown)
		grow(frames);
	uint64_t end = window_end(set, frames->next_frame, frames->room);
	struct window window = { .frames = frames,
				 .first_pa = frames->next_frame << set->page_lg2,
				 .end_pa = end << set->page_lg2 };
	bool first = !frames->next_frame;
	frames->nr = frames->at = 0;
	frames->next_frame = end;
	mmu_space_sweep_begin(frames->sweep, comparison->space[0], comparison->range[0].first_va,
			      comparison->range[0].last_va);
	sweep->picks = first; /* and most often the last */
	sweep->merges = true;
	sweep->pages = pick;
	sweep->pages_context = &window;
	while (mmu_sweep_go_on(sweep))
		continue;
	mmu_sweep_release(sweep);
	qsort(frames->items, frames->nr, sizeof(*frames->items), by_pa);
}

bool mmu_same_frames_open(struct mmu_same_frames *frames, const struct mmu_comparison *comparison)
{
	const struct mmu_va_range *range = &comparison->range[0];

	*frames = (struct mmu_same_frames){ .comparison = comparison, .room = ROOM_FIRST };
	frames->items = malloc(frames->room * sizeof(*frames->items));
	frames->sweep = mmu_space_sweep_open(comparison->space[0], range->first_va, range->last_va);
	return frames->items && frames->sweep;
}

const struct mmu_frames *mmu_same_frames_next(struct mmu_same_frames *frames)
{
	while (frames->at == frames->nr && frames->next_frame < frames->comparison->set->nr)
		fill(frames);
	return frames->at < frames->nr ? &frames->items[frames->at++] : NULL;
}

void mmu_same_frames_close(struct mmu_same_frames *frames)
{
	mmu_space_sweep_close(frames->sweep);
	free(frames->items);
}
