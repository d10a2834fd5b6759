/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file What walks and enumerations of the prototypes' tables say, word for word. */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "prototypes/hash_forwards.h"
#include "support/memory_image.h"
#include "walk/leaves.h"
#include "walk/walk.h"

#define P(name) extern const struct mmu_arch mmu_arch_##name;
MMU_PLUGINS
#undef P

#define FIRST_PA UINT64_C(0x40000000)
#define BYTES (UINT64_C(4) << 20)
#define RW (MMU_RIGHT_READ | MMU_RIGHT_WRITE)
#define USER MMU_RIGHT_USER
#define RUN (MMU_RIGHT_EXEC | MMU_RIGHT_EXEC_PRIV)

/* ------------------------------------------------------------------ building */

static struct {
	const struct mmu_arch *arch;
	struct mmu_regimes regimes;
	uint64_t next_pa;
	uint8_t bytes[BYTES];
	struct mmu_image *image;
} world;

/* The regimes of a sample, whose tables are all to be made. */
static struct mmu_regime *begin(const struct mmu_arch *arch, const char *name)
{
	const struct mmu_sample *sample = mmu_arch_sample(arch, name);

	assert_non_null(sample);
	memset(&world, 0, sizeof(world));
	world.arch = arch;
	world.next_pa = FIRST_PA;
	world.regimes.nr = sample->nr_regimes;
	for (size_t i = 0; i < sample->nr_regimes; i++)
		world.regimes.regime[i] = *sample->regimes[i];
	return world.regimes.regime;
}

static void put_word(const struct mmu_regime *regime, uint64_t pa, uint64_t value)
{
	assert_true(pa >= FIRST_PA && pa <= FIRST_PA + BYTES - 8);
	mmu_put_uint(world.bytes + (pa - FIRST_PA), 8, regime->format->big_endian, value);
}

static uint64_t get_word(const struct mmu_regime *regime, uint64_t pa)
{
	assert_true(pa >= FIRST_PA && pa <= FIRST_PA + BYTES - 8);
	return mmu_get_uint(world.bytes + (pa - FIRST_PA), 8, regime->format->big_endian);
}

/* Which word is empty, only the format knows. */
static uint64_t empty_word(const struct mmu_regime *regime, unsigned int level)
{
	if (regime->format != mmu_arch_s390x.formats[0])
		return 0;
	return level ? 0x20 | (level - 1) << 2 : 0x400;
}

static uint64_t new_table(const struct mmu_regime *regime, unsigned int level)
{
	uint64_t entries = (uint64_t)1 << regime->shape[level].index_bits;
	uint64_t pa = (world.next_pa + entries * 8 - 1) & -(entries * 8);

	world.next_pa = pa + entries * 8;
	for (uint64_t i = 0; i < entries; i++)
		put_word(regime, pa + 8 * i, empty_word(regime, level));
	return pa;
}

/* Tables above it are made where there are none. @return where the slot of this level is */
static uint64_t slot_of(struct mmu_regime *regime, unsigned int level, uint64_t va)
{
	if (!regime->root_pa)
		regime->root_pa = new_table(regime, regime->top_level);
	uint64_t table_pa = regime->root_pa;
	for (unsigned int at = regime->top_level;; at--) {
		uint64_t index = va >> regime->shape[at].shift &
				 (((uint64_t)1 << regime->shape[at].index_bits) - 1);
		uint64_t pa = table_pa + 8 * index, second, raw = get_word(regime, pa);
		struct mmu_entry entry = { .kind = MMU_KIND_TABLE, .rights = MMU_RIGHTS_ALL };

		if (at == level)
			return pa;
		if (raw == empty_word(regime, at)) {
			entry.pa = new_table(regime, at - 1);
			assert_true(regime->format->encode(regime, at, &entry, &raw, &second));
			put_word(regime, pa, raw);
		}
		regime->format->decode(regime, at, raw, 0, &entry);
		assert_int_equal(entry.kind, MMU_KIND_TABLE);
		table_pa = entry.pa;
	}
}

static void put(struct mmu_regime *regime, unsigned int level, uint64_t va, uint64_t raw)
{
	put_word(regime, slot_of(regime, level, va), raw);
}

/* One leaf, or a run of them. @return the first word */
static uint64_t map(struct mmu_regime *regime, unsigned int level, unsigned int run_lg2,
		    uint64_t va, uint64_t pa, uint8_t rights)
{
	uint64_t first = 0, raw, second;

	for (uint64_t i = 0; i < (uint64_t)1 << run_lg2; i++) {
		uint64_t offset = i << regime->shape[level].shift;
		struct mmu_entry entry = { .kind = MMU_KIND_LEAF,
					   .rights = rights,
					   .run_lg2 = (uint8_t)run_lg2,
					   .pa = pa + offset };

		assert_true(regime->format->encode(regime, level, &entry, &raw, &second));
		put(regime, level, va + offset, raw);
		first = i ? first : raw;
	}
	return first;
}

static void finish(void)
{
	const struct memory_piece piece = { FIRST_PA, BYTES, MMU_PAGE_PRESENT, world.bytes };

	world.image = memory_image_create(&piece, 1);
}

static void end(void)
{
	mmu_image_close(world.image);
	world.image = NULL;
}

/* ------------------------------------------------------------------ asking */

static const char *memory_name(uint8_t memory)
{
	static const char *const names[] = { "", " wb", " wt", " wc", " uc", " device" };

	return names[memory];
}

static void describe(const struct mmu_walk *walk, char text[400])
{
	const struct mmu_step *step = walk->nr_steps ? &walk->steps[walk->nr_steps - 1] : NULL;
	char rights[6];
	int at = snprintf(text, 400, "%s", mmu_result_name(walk->result));

	if (walk->has_pa)
		at += snprintf(text + at, 400 - (size_t)at, " 0x%" PRIx64 "/%" PRIu64 "K", walk->pa,
			       walk->page_bytes >> 10);
	if (walk->result == MMU_RESULT_MAPPED)
		at += snprintf(
			text + at, 400 - (size_t)at, " %s%s", mmu_rights_text(walk->rights, rights),
			step->entry.kind == MMU_KIND_LEAF ? memory_name(step->entry.memory) : "");
	if (walk->has_swap)
		at += snprintf(text + at, 400 - (size_t)at, " %u:0x%" PRIx64, walk->swap_type,
			       walk->swap_offset);
	if (step)
		at += snprintf(text + at, 400 - (size_t)at, " %s",
			       step->probe ? step->probe
					   : walk->regime->format->level[step->level].name);
	if (walk->note)
		snprintf(text + at, 400 - (size_t)at, " (%s)", walk->note);
}

static struct mmu_walker walker(void)
{
	return (struct mmu_walker){ .cursor = memory_image_cursor(world.image),
				    .arch = world.arch,
				    .regimes = &world.regimes };
}

static void walks(uint64_t va, const char *expected)
{
	const struct mmu_walker w = walker();
	struct mmu_walk walk;
	char text[400];

	mmu_walker_walk(&w, va, &walk);
	describe(&walk, text);
	if (strcmp(text, expected) != 0)
		fail_msg("0x%" PRIx64 ": '%s', not '%s'", va, text, expected);
}

struct listing {
	const char *const *expected;
	size_t nr;
};

static bool next_listed(struct mmu_walk *walk, uint64_t last_va, void *context)
{
	struct listing *listing = context;
	char text[500], what[400];

	describe(walk, what);
	snprintf(text, sizeof(text), "%" PRIx64 "-%" PRIx64 " %s", walk->va, last_va, what);
	if (!listing->expected[listing->nr])
		fail_msg("also '%s'", text);
	if (strcmp(text, listing->expected[listing->nr++]) != 0)
		fail_msg("'%s', not '%s'", text, listing->expected[listing->nr - 1]);
	return true;
}

/* All that is listed; the list ends with NULL. */
static void lists(const char *const expected[])
{
	const struct mmu_walker w = walker();
	struct listing listing = { expected, 0 };
	struct mmu_tally ignored = { .kept = false };

	assert_int_equal(
		mmu_walker_leaves(&w, 0, UINT64_MAX, 1000, true, next_listed, &listing, &ignored),
		MMU_LEAVES_ALL);
	assert_null(expected[listing.nr]);
}

/* ------------------------------------------------------------------ the tests */

static void test_arm64_halves(void **state)
{
	struct mmu_regime *user = begin(&mmu_arch_arm64, "4k-48"), *kernel = user + 1;
	static const char *const all[] = { "400000-401fff mapped 0x41000000/4K rw--u wb PTE",
					   "403000-403fff mapped 0x41003000/4K rw--u wb PTE (not "
					   "young: hardware may fault at its first use)",
					   "404000-404fff mapped 0x41003000/4K rw--u wb PTE "
					   "(clean: read-only for hardware until the first write)",
					   "405000-405fff protnone 0x41003000/4K PTE",
					   "406000-406fff swapped 3:0x1234 PTE",
					   "410000-41ffff mapped 0x42000000/64K r-xXu wb PTE",
					   "600000-7fffff mapped 0x43000000/2048K rw--u wb PMD",
					   "2000000-3ffffff mapped 0x44000000/32768K rwx-u wb PMD",
					   "ffff000000400000-ffff000000400fff mapped 0x45000000/4K "
					   "rw--- wb PTE",
					   "ffff000040000000-ffff00007fffffff mapped "
					   "0x80000000/1048576K rw--- device PUD",
					   NULL };
	uint64_t raw;

	user->word[0] = kernel->word[0] = UINT64_C(0x040044ffff);
	map(user, 0, 0, 0x400000, 0x41000000, RW | USER);
	map(user, 0, 0, 0x401000, 0x41001000, RW | USER);
	map(user, 0, 4, 0x410000, 0x42000000, MMU_RIGHT_READ | USER | RUN);
	map(user, 1, 0, 0x600000, 0x43000000 & ~0x1fffff, RW | USER);
	map(user, 1, 4, 0x2000000, 0x44000000, RW | USER | MMU_RIGHT_EXEC);
	raw = map(user, 0, 0, 0x403000, 0x41003000, RW | USER);
	put(user, 0, 0x403000, raw & ~(UINT64_C(1) << 10));                  /* not young */
	put(user, 0, 0x404000, raw | 1u << 7);                               /* clean */
	put(user, 0, 0x405000, (raw & ~UINT64_C(0x41)) | UINT64_C(1) << 54); /* PROT_NONE */
	put(user, 0, 0x406000, UINT64_C(0x1234) << 12 | 3u << 6);            /* swapped */
	/* the same addresses, in the other half */
	map(kernel, 0, 0, 0xffff000000400000, 0x45000000, RW);
	raw = map(kernel, 2, 0, 0xffff000040000000, 0x80000000, RW);
	put(kernel, 2, 0xffff000040000000, raw | 4u << 2);
	finish();
	walks(0x400123, "mapped 0x41000123/4K rw--u wb PTE");
	walks(0xb400000000401123, "mapped 0x41001123/4K rw--u wb PTE");
	walks(0x402000, "empty PTE");
	walks(0x41f000, "mapped 0x4200f000/64K r-xXu wb PTE");
	walks(0x612345, "mapped 0x43012345/2048K rw--u wb PMD");
	walks(0x3fff000, "mapped 0x45fff000/32768K rwx-u wb PMD");
	walks(0x403000, "mapped 0x41003000/4K rw--u wb PTE (not young: hardware may fault at its "
			"first use)");
	walks(0x404000, "mapped 0x41003000/4K rw--u wb PTE (clean: read-only for hardware until "
			"the first write)");
	walks(0x405000, "protnone 0x41003000/4K PTE");
	walks(0x406000, "swapped 3:0x1234 PTE");
	walks(0xffff000000400000, "mapped 0x45000000/4K rw--- wb PTE");
	walks(0xffff000050000000, "mapped 0x90000000/1048576K rw--- device PUD");
	walks(0xb4ff000000400000, "noncanonical");
	walks(0x1000000000000, "noncanonical");
	lists(all);
	end();
}

static void test_arm64_granules(void **state)
{
	struct mmu_regime *user = begin(&mmu_arch_arm64, "16k-52"), *kernel = user + 1;

	map(user, 0, 0, 0xf000000000000, 0xd000000004000, RW | USER);
	map(user, 0, 7, 0xf000000200000, 0xd000000200000, RW | USER);
	map(user, 2, 0, 0x1000000000, 0xc000000000000, RW | USER);
	map(kernel, 1, 0, 0xfff0000002000000, 0x2000000, RW);
	finish();
	walks(0xf000000000008, "mapped 0xd000000004008/16K rw--u PTE");
	walks(0xf000000300000, "mapped 0xd000000300000/2048K rw--u PTE");
	walks(0x1000000123, "mapped 0xc000000000123/67108864K rw--u PUD");
	walks(0xfff0000002345678, "mapped 0x2345678/32768K rw--- PMD");
	end();

	user = begin(&mmu_arch_arm64, "64k-52");
	map(user, 0, 5, 0x200000, 0xf000000200000, RW | USER);
	map(user, 1, 0, 0x20000000, 0xf000020000000, RW | USER);
	map(user, 0, 0, 0xf000000000000, 0x10000, RW | USER);
	finish();
	walks(0x3f1234, "mapped 0xf0000003f1234/2048K rw--u PTE");
	walks(0x2fff1234, "mapped 0xf00002fff1234/524288K rw--u PMD");
	walks(0xf00000000abcd, "mapped 0x1abcd/64K rw--u PTE");
	end();

	user = begin(&mmu_arch_arm64, "64k-48"); /* the same words, without the trait */
	put(user, 0, 0, 0xf000 | 0x20000 | 3);
	finish();
	walks(0, "mapped 0x20000/64K rwxX- PTE (not young: hardware may fault at its first use)");
	end();
}

static void test_s390x_spaces(void **state)
{
	struct mmu_regime *user = begin(&mmu_arch_s390x, "3level");
	static const char *const all[] = { "1000-2fff mapped 0x41000000/4K rwx-u PTE",
					   "3000-3fff mapped 0x41003000/4K rw--u PTE (not "
					   "young: invalid for hardware until its next use)",
					   "4000-4fff mapped 0x41003000/4K rw--u PTE (clean: "
					   "read-only for hardware until the first write)",
					   "5000-5fff protnone 0x41003000/4K PTE",
					   "6000-6fff swapped 5:0x1234 PTE",
					   "7000-7fff mapped 0x0/4K rwx-u PTE (valid for "
					   "hardware, and no page that Linux made)",
					   "8000-8fff bad-entry PTE (must be 0)",
					   "300000-3fffff mapped 0x42000000/1024K r-x-u PMD",
					   "a0000000-a00fffff mapped 0x43000000/1024K rw--u PMD",
					   NULL };
	uint64_t raw;

	map(user, 0, 0, 0x1000, 0x41000000, RW | USER | RUN);
	map(user, 0, 0, 0x2000, 0x41001000, RW | USER | RUN);
	raw = map(user, 0, 0, 0x3000, 0x41003000, RW | USER);
	put(user, 0, 0x3000, (raw | 0x600) & ~UINT64_C(4));    /* not young */
	put(user, 0, 0x4000, raw | 0x200);                     /* clean */
	put(user, 0, 0x5000, (raw | 0x600) & ~UINT64_C(0x30)); /* PROT_NONE */
	put(user, 0, 0x6000, UINT64_C(0x1234) << 12 | 0x600 | 5u << 2);
	put(user, 0, 0x7000, 0); /* valid */
	put(user, 0, 0x8000, 0x800);
	map(user, 1, 0, 0x300000, 0x42000000, MMU_RIGHT_READ | USER | RUN);
	/* only the second quarter of a segment table */
	map(user, 1, 0, 0xa0000000, 0x43000000, RW | USER);
	put(user, 2, 0x80000000, get_word(user, slot_of(user, 2, 0x80000000)) - 3 + 0x41);
	finish();
	walks(0x1234, "mapped 0x41000234/4K rwx-u PTE");
	walks(0x3000, "mapped 0x41003000/4K rw--u PTE (not young: invalid for hardware until "
		      "its next use)");
	walks(0x4000, "mapped 0x41003000/4K rw--u PTE (clean: read-only for hardware until the "
		      "first write)");
	walks(0x5000, "protnone 0x41003000/4K PTE");
	walks(0x6000, "swapped 5:0x1234 PTE");
	walks(0x7123, "mapped 0x123/4K rwx-u PTE (valid for hardware, and no page that Linux "
		      "made)");
	walks(0x8000, "bad-entry PTE (must be 0)");
	walks(0x9000, "empty PTE");
	walks(0x312345, "mapped 0x42012345/1024K r-x-u PMD");
	walks(0xa0012345, "mapped 0x43012345/1024K rw--u PMD");
	walks(0x80000000, "empty PMD");
	walks(0xc0000000, "empty PMD");
	walks(UINT64_C(1) << 42, "noncanonical");
	lists(all);
	end();
}

static void test_s390x_levels(void **state)
{
	struct mmu_regime *kernel = begin(&mmu_arch_s390x, "kernel-3level"), *user;

	map(kernel, 0, 0, 0x1000, 0x44000000, RW | USER | RUN);
	finish();
	walks(0x1234, "mapped 0x44000234/4K rw-X- PTE");
	end();

	user = begin(&mmu_arch_s390x, "5level");
	map(user, 0, 0, 0xffffffffffffe000, 0x41000000, RW | USER);
	map(user, 2, 0, UINT64_C(1) << 53, UINT64_C(1) << 31, RW | USER);
	finish();
	walks(0xffffffffffffe010, "mapped 0x41000010/4K rw--u PTE");
	walks((UINT64_C(1) << 53) + 5, "mapped 0x80000005/2097152K rw--u PUD");
	walks(0, "empty PGD");
	end();

	user = begin(&mmu_arch_s390x, "3level-half");
	map(user, 0, 0, 0x1000, 0x41000000, RW | USER);
	finish();
	walks(0x1000, "mapped 0x41000000/4K rw--u PTE");
	walks(UINT64_C(1) << 41, "noncanonical");
	end();
}

/* A slot for an address of a hashed regime. */
static void hash(struct mmu_regime *regime, uint64_t va, unsigned int base_lg2, uint64_t r,
		 bool secondary)
{
	struct hpt_place place = hpt_place_of(regime->format->slot_va_bits, regime->space, va);
	uint64_t hashed = hpt_hash(&place, base_lg2), mask = regime->nr_slots / HPT_GROUP - 1;
	uint64_t pa = regime->root_pa + ((secondary ? ~hashed : hashed) & mask) * HPT_GROUP * 16;
	uint64_t avpn = place.vsid << (hpt_segment_lg2(place.big) - 23) |
			(place.offset >> base_lg2 << base_lg2) >> 23;

	while (get_word(regime, pa))
		pa += 16;
	put_word(regime, pa,
		 avpn << HPT_AVPN_SHIFT | (uint64_t)place.big << HPT_SEGMENT_SHIFT | HPT_VALID |
			 (secondary ? HPT_SECONDARY : 0) | (base_lg2 == 12 ? 0 : HPT_LARGE));
	put_word(regime, pa + 8, r);
}

static struct mmu_regime *hashed_of(uint64_t va)
{
	for (size_t i = 0; i < world.regimes.nr; i++) {
		struct mmu_regime *regime = &world.regimes.regime[i];

		if (regime->view == MMU_VIEW_HARDWARE && va >= regime->first_va &&
		    va <= regime->last_va)
			return regime;
	}
	fail();
	return NULL;
}

static void begin_hashed(const char *name)
{
	begin(&mmu_arch_ppc64, name);
	for (size_t i = 0; i < world.regimes.nr; i++) {
		struct mmu_regime *regime = &world.regimes.regime[i];

		if (regime->view == MMU_VIEW_HARDWARE) {
			regime->root_pa = FIRST_PA;
			world.next_pa = FIRST_PA + regime->nr_slots * 16;
		}
	}
}

/* What hardware sees alone. */
static void only_hardware(void)
{
	size_t nr = 0;

	for (size_t i = 0; i < world.regimes.nr; i++)
		if (world.regimes.regime[i].view == MMU_VIEW_HARDWARE)
			world.regimes.regime[nr++] = world.regimes.regime[i];
	world.regimes.nr = nr;
}

#define LINEAR UINT64_C(0xc000000001000000)
#define VMALLOC UINT64_C(0xc008000000010000)

/* Some pages in both, some in one of them. */
static void build_hashed(void)
{
	struct mmu_regime *user;
	uint64_t raw;

	begin_hashed("hash64k");
	user = &world.regimes.regime[0];
	raw = map(user, 0, 0, 0x10000000, 0x41000000, RW | USER);
	put(user, 0, 0x10000000, raw | UINT64_C(1) << 55);
	hash(hashed_of(0x10000000), 0x10000000, 16, 0x41001192, false);
	map(user, 0, 0, 0x10010000, 0x41010000, RW | USER);        /* not hashed */
	put(user, 0, 0x10020000, (raw & ~UINT64_C(7)));            /* PROT_NONE */
	put(user, 0, 0x10030000, UINT64_C(1) << 62 | 0x30000 | 2); /* swapped */
	map(user, 1, 0, 0x20000000000, 0x42000000, RW | USER | RUN);
	hash(hashed_of(0x20000000000), 0x20000120000, 16, 0x42008192, true);
	map(user, 0, 0, 0x2000000000000, 0x41030000, MMU_RIGHT_READ | USER); /* the next context */
	hash(hashed_of(0x2000000000000), 0x2000000000000, 16, 0x41031197, false);
	hash(hashed_of(LINEAR), LINEAR, 24, 0x1000190, false);
	hash(hashed_of(VMALLOC), VMALLOC, 16, 0x8000000041051196, false);
	map(&world.regimes.regime[14], 0, 0, VMALLOC, 0x41050000, MMU_RIGHT_READ);
	finish();
}

static void test_hash_and_tree(void **state)
{
	static const char *const all[] = { "10000000-1000ffff mapped 0x41000000/64K rw--u wb PTE",
					   "10010000-1001ffff mapped 0x41010000/64K rw--u wb PTE "
					   "(not in the hashed table: hardware faults at its next "
					   "use)",
					   "10020000-1002ffff protnone 0x41000000/64K PTE",
					   "10030000-1003ffff swapped 2:0x3 PTE",
					   "20000000000-20000ffffff mapped 0x42000000/16384K rwxXu "
					   "wb PMD (not in the hashed table: hardware faults at "
					   "its next use)",
					   "2000000000000-200000000ffff mapped 0x41030000/64K "
					   "r---u wb PTE (not in the hashed table: hardware faults "
					   "at its next use)",
					   "c000000001000000-c000000001ffffff mapped "
					   "0x1000000/16384K rw-X- wb 16M, primary",
					   "c008000000010000-c00800000001ffff mapped "
					   "0x41050000/64K r---- wb PTE (not in the hashed table: "
					   "hardware faults at its next use)",
					   NULL };

	build_hashed();
	walks(0x10001234, "mapped 0x41001234/64K rw--u wb PTE");
	walks(0x10010000, "mapped 0x41010000/64K rw--u wb PTE (not in the hashed table: hardware "
			  "faults at its next use)");
	walks(0x10020000, "protnone 0x41000000/64K PTE");
	walks(0x10030000, "swapped 2:0x3 PTE");
	walks(0x10040000, "empty PTE");
	walks(0x20000123456, "mapped 0x42123456/16384K rwxXu wb PMD (not in the hashed table: "
			     "hardware faults at its next use)");
	walks(0x2000000000010, "mapped 0x41030010/64K r---u wb PTE (not in the hashed table: "
			       "hardware faults at its next use)");
	walks(LINEAR + 0x123456, "mapped 0x1123456/16384K rw-X- wb 16M, primary");
	walks(LINEAR + 0x1000000, "empty 16G, secondary");
	walks(VMALLOC, "mapped 0x41050000/64K r---- wb PTE (not in the hashed table: hardware "
		       "faults at its next use)");
	walks(0x8000000000000000, "noncanonical");
	lists(all);
	end();
}

static void test_what_hardware_sees(void **state)
{
	static const char *const all[] = { "10000000-1000ffff mapped 0x41000000/64K "
					   "rwxXu wb 64K, primary",
					   "20000120000-2000012ffff mapped "
					   "0x42120000/16384K rwxXu wb 64K, secondary",
					   "2000000000000-200000000ffff mapped "
					   "0x41030000/64K r---u wb 64K, primary",
					   "c000000001000000-c000000001ffffff mapped "
					   "0x1000000/16384K rw-X- wb 16M, primary",
					   "c008000000010000-c00800000001ffff mapped "
					   "0x41050000/64K r---- wb 64K, primary",
					   NULL };

	build_hashed();
	only_hardware();
	walks(0x10001234, "mapped 0x41001234/64K rwxXu wb 64K, primary");
	walks(0x10010000, "empty 16M, secondary"); /* its segment has 256 MiB */
	walks(0x20000123456, "mapped 0x42123456/16384K rwxXu wb 64K, secondary");
	walks(0x20000133456, "empty 16G, secondary");
	walks(VMALLOC, "mapped 0x41050000/64K r---- wb 64K, primary");
	lists(all);
	end();
}

/* Linux keeps the first of the entries of a huge page up to date, and no other. */
static void test_first_of_run(void **state)
{
	static const char *const all[] = { "1000000-1ffffff mapped 0x42000000/16384K rw--u wb PMD",
					   NULL };
	struct mmu_regime *user;
	uint64_t raw;

	begin_hashed("hash4k");
	user = &world.regimes.regime[0];
	world.regimes.regime[4].root_pa = new_table(user, 3); /* the kernel's, empty */
	raw = map(user, 1, 3, 0x1000000, 0x42000000, MMU_RIGHT_READ | USER);
	put(user, 1, 0x1000000, raw | 2 | UINT64_C(1) << 60); /* written to, and hashed */
	hash(hashed_of(0x1000000), 0x1000000, 24, 0x42000192, false);
	hash(hashed_of(0x8000000), 0x8001000, 12, 0x41001192, false);
	finish();
	walks(0x1000000, "mapped 0x42000000/16384K rw--u wb PMD");
	walks(0x1c00123, "mapped 0x42c00123/16384K rw--u wb PMD");
	lists(all);
	only_hardware();
	walks(0x1c00123, "mapped 0x42c00123/16384K rwxXu wb 16M, primary");
	walks(0x8001123, "mapped 0x41001123/4K rwxXu wb 4K, primary");
	end();
}

/* Of the regimes of a sample, one root serves only those that may share it. */
static void test_one_root_serves_no_other_half(void **state)
{
	static const struct {
		const struct mmu_arch *arch;
		const char *name;
	} samples[] = { { &mmu_arch_arm64, "4k-48" },
			{ &mmu_arch_ppc64, "hash64k" },
			{ &mmu_arch_s390x, "5level" } };
	struct mmu_regimes regimes;

	for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
		const struct mmu_sample *sample = mmu_arch_sample(samples[i].arch, samples[i].name);

		mmu_sample_regimes(sample, sample->regimes[0]->format, 0x1000, &regimes);
		assert_int_equal(regimes.nr, 1);
		assert_int_equal(regimes.regime[0].root_pa, 0x1000);
		assert_string_equal(regimes.regime[0].name, sample->regimes[0]->name);
	}
	/* two halves of one table, as x86 has them */
	struct mmu_regime low = *mmu_arch_arm64.samples[0]->regimes[0], high = low;
	const struct mmu_regime *const halves[] = { &low, &high };
	const struct mmu_sample both = { sizeof(both), "both", halves, 2 };
	low.last_va >>= 1;
	high.first_va = ~high.last_va | (low.last_va + 1);
	high.last_va = UINT64_MAX;
	mmu_sample_regimes(&both, both.regimes[0]->format, 0x1000, &regimes);
	assert_int_equal(regimes.nr, 2);
	assert_int_equal(regimes.regime[1].root_pa, 0x1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_arm64_halves),
		cmocka_unit_test(test_arm64_granules),
		cmocka_unit_test(test_s390x_spaces),
		cmocka_unit_test(test_s390x_levels),
		cmocka_unit_test(test_hash_and_tree),
		cmocka_unit_test(test_what_hardware_sees),
		cmocka_unit_test(test_first_of_run),
		cmocka_unit_test(test_one_root_serves_no_other_half),
	};

	return cmocka_run_group_tests_name("walks", tests, NULL, NULL);
}
