/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file The walk loop, with formats that no processor has: each shows one promise of arch.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "support/memory_image.h"
#include "support/regimes.h"
#include "walk/table.h"

/*
 * An entry of the invented architecture: bits 2:0 the kind, bits 7:3 the rights, bits 11:8 what the
 * kind makes of them, the rest an address. The second copy, where there is one, denies rights.
 */
enum { W_TABLE = 1, W_LEAF, W_RUN, W_WINDOW, W_SOFT, W_BAD };
#define RIGHTS(rights) ((uint64_t)(rights) << 3)
#define ALL RIGHTS(MMU_RIGHTS_ALL)

static void decode(const struct mmu_regime *regime, unsigned int level, uint64_t raw,
		   uint64_t second, struct mmu_entry *ret)
{
	(void)regime;
	*ret = (struct mmu_entry){ .kind = raw ? MMU_KIND_BAD : MMU_KIND_EMPTY };
	if (raw)
		ret->rights = (uint8_t)(raw >> 3 & 31 & ~second);
	ret->pa = raw & ~UINT64_C(0xfff);
	switch (raw & 7) {
	case W_TABLE: /* at any level: level 0 has none, but a back-end may be wrong */
		ret->kind = MMU_KIND_TABLE;
		break;
	case W_LEAF:
		ret->kind = MMU_KIND_LEAF;
		break;
	case W_RUN:
		ret->kind = MMU_KIND_LEAF;
		ret->run_lg2 = 4;
		ret->pa &= ~UINT64_C(0xffff);
		break;
	case W_WINDOW:
		ret->kind = MMU_KIND_TABLE;
		ret->next_first = raw >> 8 & 15;
		ret->next_count = 4;
		break;
	case W_SOFT:
		ret->kind = MMU_KIND_SOFTWARE;
		ret->note = "soft";
		break;
	case W_BAD:
		ret->bad_mask = 4;
		ret->note = "bad";
		break;
	default:
		break;
	}
	(void)level;
}

/* Bits 11:8: 0 unknown, 1 none, 2 split; else swap of this type, the address as its offset. */
static void explain(const struct mmu_regime *regime, unsigned int level, uint64_t raw,
		    uint64_t second, struct mmu_software *ret)
{
	(void)regime;
	(void)level;
	(void)second;
	*ret = (struct mmu_software){ .kind = MMU_SOFTWARE_SWAP,
				      .type = raw >> 8 & 15,
				      .offset = raw >> 12,
				      .pa = raw & ~UINT64_C(0xfff) };
	if (ret->type < 3)
		ret->kind = ret->type == 0   ? MMU_SOFTWARE_UNKNOWN
			    : ret->type == 1 ? MMU_SOFTWARE_NONE
					     : MMU_SOFTWARE_SPLIT;
}

static const struct mmu_arch arch = { .name = "fake" };

/* 3 levels of 16 entries: 24 address bits, in two halves or in one */
static const struct mmu_level three[] = {
	{ .name = "L0", .may_be_leaf = true, .run_lg2 = 4 },
	{ .name = "L1", .may_be_leaf = true },
	{ .name = "L2" },
};
static const struct mmu_format wide = { .size = sizeof(struct mmu_format),
					.name = "wide",
					.entry_bytes = 8,
					.slot_bytes = 8,
					.nr_levels = 3,
					.level = three,
					.decode = decode,
					.explain = explain };
static const struct mmu_format big = { .size = sizeof(struct mmu_format),
				       .name = "big",
				       .entry_bytes = 4,
				       .slot_bytes = 4,
				       .big_endian = true,
				       .nr_levels = 3,
				       .level = three,
				       .decode = decode,
				       .explain = explain };

#define ROOT UINT64_C(0x10000)
#define MID UINT64_C(0x11000)
#define LOW UINT64_C(0x12000)

/* Memory with a root, a middle and a low table; va 0 leads through all three. */
static struct mmu_regimes regimes;
struct fixture {
	struct mmu_image *image;
	struct mmu_walker walker;
	struct mmu_walk walk;
};

static struct fixture open_memory(const struct mmu_format *format,
				  const struct memory_piece *pieces, size_t nr)
{
	const struct memory_piece whole = { .first_pa = ROOT, .bytes = 0x3000 };
	struct mmu_image *image = memory_image_create(pieces ? pieces : &whole, nr ? nr : 1);
	struct fixture f = {
		.image = image,
		.walker = { .cursor = memory_image_cursor(image),
			    .arch = &arch,
			    .regimes = &regimes },
	};

	regimes_of(&regimes, format, ROOT, format == &wide);
	return f;
}

static void put(struct fixture *f, uint64_t pa, uint64_t raw)
{
	const struct mmu_format *format = regimes.regime[0].format;

	f->image->big_endian = format->big_endian;
	memory_image_put(f->image, pa, format->entry_bytes, raw);
}

static struct fixture open_three(const struct mmu_format *format)
{
	struct fixture f = open_memory(format, NULL, 0);

	put(&f, ROOT, MID | ALL | W_TABLE);
	put(&f, MID, LOW | ALL | W_TABLE);
	return f;
}

static const struct mmu_walk *walk(struct fixture *f, uint64_t va)
{
	memset(&f->walk, 0xee, sizeof(f->walk));
	mmu_walker_walk(&f->walker, va, &f->walk);
	assert_int_equal(f->walk.va, va);
	assert_true(f->walk.nr_steps <= regimes.regime[0].format->nr_levels);
	return &f->walk;
}

static void close_memory(struct fixture *f)
{
	mmu_image_close(f->image);
}

/* ------------------------------------------------------------------ addresses */

static void test_canonical(void **state)
{
	struct mmu_regime user = { .last_va = UINT64_C(0x00007fffffffffff) };
	struct mmu_regime kernel = { .first_va = UINT64_C(0xffff800000000000),
				     .last_va = UINT64_MAX };

	assert_true(mmu_regime_holds(&user, 0));
	assert_true(mmu_regime_holds(&user, user.last_va));
	assert_false(mmu_regime_holds(&user, user.last_va + 1));
	assert_false(mmu_regime_holds(&user, UINT64_MAX));
	assert_false(mmu_regime_holds(&kernel, kernel.first_va - 1));
	assert_true(mmu_regime_holds(&kernel, kernel.first_va));
	assert_true(mmu_regime_holds(&kernel, UINT64_MAX));
	/* tags are not looked at, in the half that ignores them */
	user.ignored_va = UINT64_C(0xff00000000000000);
	assert_true(mmu_regime_holds(&user, UINT64_C(0xb400000012345678)));
	assert_false(mmu_regime_holds(&user, UINT64_C(0xb400800000000000)));
	assert_false(mmu_regime_holds(&kernel, UINT64_C(0xb4ff800000000000)));
	kernel.ignored_va = user.ignored_va;
	assert_true(mmu_regime_holds(&kernel, UINT64_C(0xb4ff800000000000)));
	assert_false(mmu_regime_holds(&kernel, UINT64_C(0xb4ff000000000000)));
}

static void test_noncanonical_walk(void **state)
{
	struct fixture f = open_three(&wide);
	const struct mmu_walk *w = walk(&f, 0x800000);

	assert_int_equal(w->result, MMU_RESULT_NONCANONICAL);
	assert_int_equal(w->nr_steps, 0);
	assert_int_equal(w->rights, 0);
	assert_false(w->has_pa || w->has_swap || w->has_target);
	assert_null(w->note);
	close_memory(&f);
}

/* ------------------------------------------------------------------ steps and rights */

static void test_steps(void **state)
{
	struct fixture f = open_three(&wide);

	put(&f, LOW + 5 * 8, 0x7000 | RIGHTS(3) | W_LEAF);
	const struct mmu_walk *w = walk(&f, 0x5678);

	assert_int_equal(w->result, MMU_RESULT_MAPPED);
	assert_int_equal(w->nr_steps, 3);
	for (unsigned int i = 0; i < 3; i++) {
		assert_int_equal(w->steps[i].level, 2 - i);
		assert_int_equal(w->steps[i].table_pa, ROOT + 0x1000 * i);
		assert_int_equal(w->steps[i].index, i == 2 ? 5 : 0);
		assert_int_equal(w->steps[i].slot_pa, ROOT + 0x1000 * i + (i == 2 ? 40 : 0));
		assert_true(w->steps[i].readable);
		assert_false(w->steps[i].has_second);
		assert_int_equal(w->steps[i].slot_state, MMU_PAGE_PRESENT);
	}
	assert_int_equal(w->steps[2].raw, 0x7000 | RIGHTS(3) | W_LEAF);
	assert_int_equal(w->pa, 0x7678);
	assert_int_equal(w->page_bytes, 4096);
	assert_int_equal(w->page_state, MMU_PAGE_OUTSIDE_RAM);
	assert_int_equal(w->rights, 3);
	close_memory(&f);
}

static void test_large_leaf_and_run(void **state)
{
	struct fixture f = open_three(&wide);

	put(&f, MID + 8, 0x11230000 | ALL | W_LEAF);
	const struct mmu_walk *w = walk(&f, 0x1abcd);
	assert_int_equal(w->nr_steps, 2);
	assert_int_equal(w->page_bytes, 0x10000);
	assert_int_equal(w->pa, 0x1123abcd);
	/* any entry of the run leads to the same place: the address chooses within the whole run */
	put(&f, LOW + 7 * 8, 0x55550000 | ALL | W_RUN);
	w = walk(&f, 0x7abc);
	assert_int_equal(w->page_bytes, 0x10000);
	assert_int_equal(w->pa, 0x55557abc);
	close_memory(&f);
}

static void test_rights_and_denials(void **state)
{
	struct fixture f = open_three(&wide);

	put(&f, ROOT, MID | RIGHTS(MMU_RIGHTS_ALL & ~MMU_RIGHT_EXEC) | W_TABLE);
	put(&f, MID, LOW | RIGHTS(MMU_RIGHTS_ALL & ~MMU_RIGHT_USER) | W_TABLE);
	put(&f, LOW,
	    0x7000 | RIGHTS(MMU_RIGHTS_ALL & ~(MMU_RIGHT_WRITE | MMU_RIGHT_EXEC)) | W_LEAF);
	const struct mmu_walk *w = walk(&f, 0);

	assert_int_equal(w->rights, MMU_RIGHT_READ | MMU_RIGHT_EXEC_PRIV);
	assert_int_equal(w->steps[0].effective, MMU_RIGHTS_ALL & ~MMU_RIGHT_EXEC);
	assert_int_equal(w->steps[1].effective,
			 MMU_RIGHTS_ALL & ~(MMU_RIGHT_EXEC | MMU_RIGHT_USER));
	assert_int_equal(w->steps[2].effective, w->rights);
	assert_int_equal(mmu_walk_denied_by(w, MMU_RIGHT_WRITE), 0); /* write: the leaf */
	assert_int_equal(mmu_walk_denied_by(w, MMU_RIGHT_EXEC),
			 2); /* execute: the root was first */
	assert_int_equal(mmu_walk_denied_by(w, MMU_RIGHT_USER), 1); /* user: the middle */
	close_memory(&f);
}

static void test_big_endian_words(void **state)
{
	struct fixture f = open_three(&big);

	put(&f, LOW + 4, 0x7000 | ALL | W_LEAF);
	assert_int_equal(walk(&f, 0x1234)->pa, 0x7234);
	assert_int_equal(f.walk.steps[2].slot_pa, LOW + 4);
	assert_int_equal(walk(&f, 0x1000000)->result, MMU_RESULT_NONCANONICAL);
	close_memory(&f);
}

/* ------------------------------------------------------------------ windows, odd tables */

static void test_windows(void **state)
{
	struct fixture f = open_three(&wide);

	/* indices 6 to 9 of the low table exist */
	put(&f, MID, LOW | ALL | 6 << 8 | W_WINDOW);
	for (uint64_t index = 0; index < 16; index++)
		put(&f, LOW + 8 * index, 0x7000 | ALL | W_LEAF);
	for (uint64_t index = 0; index < 16; index++) {
		bool inside = index >= 6 && index <= 9;
		const struct mmu_walk *w = walk(&f, index << 12);

		assert_int_equal(w->result, inside ? MMU_RESULT_MAPPED : MMU_RESULT_EMPTY);
		assert_int_equal(w->nr_steps, 3);
		assert_int_equal(w->rights, inside ? MMU_RIGHTS_ALL : 0);
		if (!inside) {
			assert_int_equal(w->steps[2].raw, 0);
			assert_true(w->steps[2].readable);
		}
	}
	/* outside of the window nothing is read: the table need not be there */
	put(&f, MID, (LOW + 0x100000) | ALL | 6 << 8 | W_WINDOW);
	assert_int_equal(walk(&f, 0)->result, MMU_RESULT_EMPTY);
	assert_int_equal(walk(&f, 0x6000)->result, MMU_RESULT_OUTSIDE_RAM);
	close_memory(&f);
}

/* A window holds for one table only. */
static void test_window_is_forgotten(void **state)
{
	struct fixture f = open_three(&wide);

	put(&f, ROOT, MID | ALL | 0 << 8 | W_WINDOW); /* 0 to 3 */
	put(&f, LOW + 15 * 8, 0x7000 | ALL | W_LEAF);
	assert_int_equal(walk(&f, 0xf000)->result, MMU_RESULT_MAPPED);
	close_memory(&f);
}

static void test_table_below_level_0(void **state)
{
	struct fixture f = open_three(&wide);

	put(&f, LOW, ROOT | ALL | W_TABLE);
	const struct mmu_walk *w = walk(&f, 0);
	assert_int_equal(w->result, MMU_RESULT_BAD_ENTRY);
	assert_int_equal(w->nr_steps, 3);
	assert_int_equal(w->rights, 0);
	assert_false(w->has_pa);
	close_memory(&f);
}

static void test_loop(void **state)
{
	struct fixture f = open_three(&wide);

	put(&f, ROOT, ROOT | ALL | W_TABLE);
	const struct mmu_walk *w = walk(&f, 0);
	assert_int_equal(w->nr_steps, 3);
	assert_int_equal(w->result, MMU_RESULT_BAD_ENTRY);
	close_memory(&f);
}

static void test_bad_and_unknown(void **state)
{
	struct fixture f = open_three(&wide);

	put(&f, LOW, 0x7000 | ALL | W_BAD);
	const struct mmu_walk *w = walk(&f, 0);
	assert_int_equal(w->result, MMU_RESULT_BAD_ENTRY);
	assert_string_equal(w->note, "bad");
	assert_int_equal(w->rights, 0);
	assert_int_equal(w->steps[2].effective, 0);
	assert_int_equal(w->steps[2].entry.bad_mask, 4);
	put(&f, LOW, 0x7000 | W_SOFT);
	w = walk(&f, 0);
	assert_int_equal(w->result, MMU_RESULT_BAD_ENTRY);
	assert_non_null(w->note);
	close_memory(&f);
}

/* ------------------------------------------------------------------ software entries */

static void test_software(void **state)
{
	struct fixture f = open_three(&wide);

	put(&f, LOW, 0x12345000 | 1 << 8 | W_SOFT);
	const struct mmu_walk *w = walk(&f, 0x678);
	assert_int_equal(w->result, MMU_RESULT_PROTNONE);
	assert_true(w->has_pa);
	assert_int_equal(w->pa, 0x12345678);
	assert_int_equal(w->rights, 0);
	/* a huge page that is being split is mapped for Linux, with the rights that it had */
	put(&f, MID, 0x12340000 | RIGHTS(MMU_RIGHT_READ) | 2 << 8 | W_SOFT);
	w = walk(&f, 0x5678);
	assert_int_equal(w->result, MMU_RESULT_MAPPED);
	assert_int_equal(w->pa, 0x12345678);
	assert_int_equal(w->page_bytes, 0x10000);
	assert_int_equal(w->rights, MMU_RIGHT_READ);
	close_memory(&f);
}

static void test_swap_types(void **state)
{
	struct mmu_swap_map map = { .known = true, .pfn_bits = 8, .note = { [5] = "five" } };
	struct fixture f = open_three(&wide);

	for (unsigned int type = 0; type < 32; type++)
		map.result[type] = MMU_RESULT_SWAPPED;
	map.result[5] = MMU_RESULT_MIGRATION;
	map.result[6] = MMU_RESULT_MARKER;
	put(&f, LOW, 0x12345000 | 5 << 8 | W_SOFT);
	const struct mmu_walk *w = walk(&f, 0x678);
	assert_int_equal(w->result, MMU_RESULT_SWAPPED); /* no map: every type is a swap file */
	assert_true(w->has_swap);
	assert_int_equal(w->swap_type, 5);
	assert_int_equal(w->swap_offset, 0x12345);
	assert_false(w->has_pa || w->has_target);
	f.walker.swap = &map;
	w = walk(&f, 0x678);
	assert_int_equal(w->result, MMU_RESULT_MIGRATION);
	assert_string_equal(w->note, "five");
	assert_true(w->has_target);
	assert_int_equal(w->target_pa, 0x45000); /* 8 bits are the frame */
	put(&f, LOW, 0x12345000 | 6 << 8 | W_SOFT);
	w = walk(&f, 0);
	assert_int_equal(w->result, MMU_RESULT_MARKER);
	assert_false(w->has_target);
	assert_null(w->note);
	map.known = false;
	assert_int_equal(walk(&f, 0)->result, MMU_RESULT_SWAPPED);
	close_memory(&f);
}

/* Linux swaps no kernel memory. */
static void test_software_of_the_kernel(void **state)
{
	struct fixture f = open_three(&wide);

	put(&f, ROOT + 15 * 8, MID | ALL | W_TABLE);
	put(&f, LOW, 0x12345000 | 5 << 8 | W_SOFT);
	const struct mmu_walk *w = walk(&f, UINT64_C(0xfffffffffff00000));
	assert_int_equal(w->result, MMU_RESULT_HIDDEN);
	assert_false(w->has_swap || w->has_pa);
	assert_int_equal(walk(&f, 0)->result, MMU_RESULT_SWAPPED);
	/* where the back-end knows the frame, so does the walk */
	put(&f, LOW, 0x12345000 | 1 << 8 | W_SOFT);
	w = walk(&f, UINT64_C(0xfffffffffff00678));
	assert_int_equal(w->result, MMU_RESULT_HIDDEN);
	assert_true(w->has_pa);
	assert_int_equal(w->pa, 0x12345678);
	assert_int_equal(w->rights, 0);
	put(&f, LOW, 0x12345000 | W_SOFT);
	assert_int_equal(walk(&f, UINT64_C(0xfffffffffff00000))->result, MMU_RESULT_BAD_ENTRY);
	close_memory(&f);
}

static void test_without_explain(void **state)
{
	struct mmu_format mute = wide;
	struct fixture f = open_three(&wide);

	mute.explain = NULL;
	regimes.regime[0].format = &mute;
	put(&f, LOW, 0x12345000 | 5 << 8 | W_SOFT);
	assert_int_equal(walk(&f, 0)->result, MMU_RESULT_BAD_ENTRY);
	close_memory(&f);
}

/* ------------------------------------------------------------------ memory that is not there */

static void test_missing_tables(void **state)
{
	static const struct {
		enum mmu_page_state state;
		enum mmu_result result;
	} states[] = {
		{ MMU_PAGE_FILTERED, MMU_RESULT_FILTERED },
		{ MMU_PAGE_TRUNCATED, MMU_RESULT_TRUNCATED },
		{ MMU_PAGE_OUTSIDE_RAM, MMU_RESULT_OUTSIDE_RAM },
		{ MMU_PAGE_UNREADABLE, MMU_RESULT_UNREADABLE },
	};

	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
		const struct memory_piece pieces[] = {
			{ .first_pa = ROOT, .bytes = 0x1000 },
			{ .first_pa = MID, .bytes = 0x1000, .state = states[i].state },
		};
		struct fixture f = open_memory(&wide, pieces, 2);

		put(&f, ROOT, MID | ALL | W_TABLE);
		const struct mmu_walk *w = walk(&f, 0x18765);
		assert_int_equal(w->result, states[i].result);
		assert_int_equal(w->nr_steps, 2);
		assert_int_equal(w->steps[1].slot_state, states[i].state);
		assert_int_equal(w->steps[1].slot_pa, MID + 8);
		assert_false(w->steps[1].readable);
		assert_int_equal(w->steps[1].raw, 0);
		assert_int_equal(w->steps[1].effective, 0);
		assert_int_equal(w->rights, 0);
		close_memory(&f);
	}
}

/* An entry whose bytes lie in two pieces, the second of which may be missing. */
static void test_word_across_pieces(void **state)
{
	struct memory_piece pieces[] = {
		{ .first_pa = ROOT, .bytes = 3 },
		{ .first_pa = ROOT + 3, .bytes = 0x3000 - 3 },
	};
	struct fixture f = open_memory(&wide, pieces, 2);
	uint8_t bytes[8];

	mmu_put_uint(bytes, 8, false, 0x12345670000 | ALL | W_LEAF);
	memcpy(memory_image_at(f.image, ROOT, 3), bytes, 3);
	memcpy(memory_image_at(f.image, ROOT + 3, 5), bytes + 3, 5);
	assert_int_equal(walk(&f, 0x789)->result, MMU_RESULT_MAPPED);
	assert_int_equal(f.walk.pa, 0x12345670789);
	close_memory(&f);
	pieces[1].state = MMU_PAGE_FILTERED;
	f = open_memory(&wide, pieces, 2);
	assert_int_equal(walk(&f, 0)->result, MMU_RESULT_FILTERED);
	close_memory(&f);
}

static void test_root_outside(void **state)
{
	struct fixture f = open_three(&wide);

	regimes.regime[0].root_pa = UINT64_MAX - 0xfff;
	assert_int_equal(walk(&f, 0)->result, MMU_RESULT_OUTSIDE_RAM);
	assert_int_equal(f.walk.nr_steps, 1);
	close_memory(&f);
}

/* ------------------------------------------------------------------ second copies */

static const struct mmu_level twice[] = {
	{ .name = "L0", .may_be_leaf = true, .second_offset = -128 },
	{ .name = "L1", .may_be_leaf = true, .second_offset = 128 },
};
static const struct mmu_format copied = { .size = sizeof(struct mmu_format),
					  .name = "copied",
					  .entry_bytes = 4,
					  .slot_bytes = 4,
					  .nr_levels = 2,
					  .level = twice,
					  .second_name = "Linux",
					  .decode = decode,
					  .explain = explain };

static void test_second_copy(void **state)
{
	struct fixture f = open_memory(&copied, NULL, 0);

	put(&f, ROOT + 4, MID | ALL | W_TABLE);
	put(&f, MID + 12, 0x7000 | ALL | W_LEAF);
	put(&f, MID + 12 - 128, MMU_RIGHT_USER | MMU_RIGHT_EXEC);
	put(&f, ROOT + 4 + 128, MMU_RIGHT_EXEC_PRIV);
	const struct mmu_walk *w = walk(&f, 0x13456);

	assert_int_equal(w->result, MMU_RESULT_MAPPED);
	assert_int_equal(w->pa, 0x7456);
	assert_int_equal(w->rights, MMU_RIGHT_READ | MMU_RIGHT_WRITE);
	assert_true(w->steps[0].has_second && w->steps[1].has_second);
	assert_int_equal(w->steps[0].second_pa, ROOT + 4 + 128);
	assert_int_equal(w->steps[1].second_pa, MID + 12 - 128);
	assert_int_equal(w->steps[1].second, MMU_RIGHT_USER | MMU_RIGHT_EXEC);
	assert_int_equal(mmu_walk_denied_by(w, MMU_RIGHT_EXEC_PRIV), 1);
	assert_int_equal(mmu_walk_denied_by(w, MMU_RIGHT_USER), 0);
	close_memory(&f);
}

/* Where the second copy is missing, half an entry is no entry. */
static void test_second_copy_missing(void **state)
{
	const struct memory_piece pieces[] = {
		{ .first_pa = ROOT, .bytes = 128 },
		{ .first_pa = ROOT + 128, .bytes = 64, .state = MMU_PAGE_UNREADABLE },
	};
	struct fixture f = open_memory(&copied, pieces, 2);

	put(&f, ROOT, 0x70000 | ALL | W_LEAF);
	assert_int_equal(walk(&f, 0)->result, MMU_RESULT_UNREADABLE);
	assert_false(f.walk.steps[0].readable);
	close_memory(&f);
}

/* ------------------------------------------------------------------ whole tables */

struct list {
	struct mmu_step steps[16];
	unsigned int nr, most;
};

static bool take(const struct mmu_step *step, void *context)
{
	struct list *list = context;

	assert_true(list->nr < 16);
	list->steps[list->nr++] = *step;
	return list->nr < list->most;
}

static void test_table(void **state)
{
	const struct memory_piece pieces[] = {
		{ .first_pa = ROOT, .bytes = 0x3000 },
		{ .first_pa = ROOT + 0x3000, .bytes = 32, .state = MMU_PAGE_FILTERED },
		{ .first_pa = ROOT + 0x3020, .bytes = 32, .state = MMU_PAGE_TRUNCATED },
		{ .first_pa = ROOT + 0x3040, .bytes = 64 },
	};
	struct fixture f = open_memory(&wide, pieces, 4);
	struct list list = { .most = 100 };

	assert_int_equal(mmu_walker_table(&f.walker, &regimes.regime[0], 0, LOW, take, &list),
			 MMU_PAGE_PRESENT);
	assert_int_equal(list.nr, 0);
	put(&f, LOW, 0x7000 | RIGHTS(5) | W_LEAF);
	put(&f, LOW + 8 * 8, 1 << 8 | W_SOFT);
	put(&f, LOW + 15 * 8, W_BAD);
	assert_int_equal(mmu_walker_table(&f.walker, &regimes.regime[0], 0, LOW, take, &list),
			 MMU_PAGE_PRESENT);
	assert_int_equal(list.nr, 3);
	assert_int_equal(list.steps[0].index, 0);
	assert_int_equal(list.steps[0].effective, 5);
	assert_int_equal(list.steps[1].index, 8);
	assert_int_equal(list.steps[1].entry.kind, MMU_KIND_SOFTWARE);
	assert_int_equal(list.steps[2].index, 15);
	assert_int_equal(list.steps[2].slot_pa, LOW + 15 * 8);
	/* it stops when it is told to */
	list = (struct list){ .most = 2 };
	mmu_walker_table(&f.walker, &regimes.regime[0], 0, LOW, take, &list);
	assert_int_equal(list.nr, 2);
	/* what is missing is not empty: the rest is listed, and the first reason told */
	list = (struct list){ .most = 100 };
	put(&f, ROOT + 0x3000 + 9 * 8, 0x7000 | ALL | W_LEAF);
	assert_int_equal(
		mmu_walker_table(&f.walker, &regimes.regime[0], 0, ROOT + 0x3000, take, &list),
		MMU_PAGE_FILTERED);
	assert_int_equal(list.nr, 1);
	assert_int_equal(list.steps[0].index, 9);
	close_memory(&f);
}

/* ------------------------------------------------------------------ single entries */

static void test_entry_decode(void **state)
{
	struct mmu_walk w;

	regimes_of(&regimes, &wide, 0, true);
	const struct mmu_regime regime = regimes.regime[0];
	memset(&w, 0xee, sizeof(w));
	mmu_entry_decode(&arch, &regime, 1, 0x120000 | RIGHTS(MMU_RIGHT_READ) | W_LEAF, 0, &w);
	assert_int_equal(w.result, MMU_RESULT_MAPPED);
	assert_int_equal(w.nr_steps, 1);
	assert_int_equal(w.pa, 0x120000);
	assert_int_equal(w.page_bytes, 0x10000);
	assert_int_equal(w.rights, MMU_RIGHT_READ);
	assert_int_equal(mmu_walk_denied_by(&w, MMU_RIGHT_WRITE),
			 1); /* by this level, and by no other */
	assert_int_equal(mmu_walk_denied_by(&w, MMU_RIGHT_USER), 1);
	mmu_entry_decode(&arch, &regime, 2, ROOT | ALL | W_TABLE, 0, &w);
	assert_int_equal(w.steps[0].entry.kind, MMU_KIND_TABLE);
	assert_false(w.has_pa);
	mmu_entry_decode(&arch, &regime, 0, 0, 0, &w);
	assert_int_equal(w.result, MMU_RESULT_EMPTY);
	mmu_entry_decode(&arch, &regime, 0, 0x12345000 | 5 << 8 | W_SOFT, 0, &w);
	assert_int_equal(w.result, MMU_RESULT_SWAPPED);
	assert_int_equal(w.swap_offset, 0x12345);
	mmu_entry_decode(&arch, &regime, 0, 0x12345000 | 1 << 8 | W_SOFT, 0, &w);
	assert_int_equal(w.result, MMU_RESULT_PROTNONE);
	assert_int_equal(w.pa, 0x12345000);
	mmu_entry_decode(&arch, &regime, 0, W_BAD, 0, &w);
	assert_int_equal(w.result, MMU_RESULT_BAD_ENTRY);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_canonical),
		cmocka_unit_test(test_noncanonical_walk),
		cmocka_unit_test(test_steps),
		cmocka_unit_test(test_large_leaf_and_run),
		cmocka_unit_test(test_rights_and_denials),
		cmocka_unit_test(test_big_endian_words),
		cmocka_unit_test(test_windows),
		cmocka_unit_test(test_window_is_forgotten),
		cmocka_unit_test(test_table_below_level_0),
		cmocka_unit_test(test_loop),
		cmocka_unit_test(test_bad_and_unknown),
		cmocka_unit_test(test_software),
		cmocka_unit_test(test_swap_types),
		cmocka_unit_test(test_software_of_the_kernel),
		cmocka_unit_test(test_without_explain),
		cmocka_unit_test(test_missing_tables),
		cmocka_unit_test(test_word_across_pieces),
		cmocka_unit_test(test_root_outside),
		cmocka_unit_test(test_second_copy),
		cmocka_unit_test(test_second_copy_missing),
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_entry_decode),
	};

	return cmocka_run_group_tests_name("walk", tests, NULL, NULL);
}
