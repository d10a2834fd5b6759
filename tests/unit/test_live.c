/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file A running kernel: tables that change under a walk, and the files that tell of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "facts/live.h"
#include "api/session.h"
#include "kernel/learn.h"
#include "support/memory_image.h"
#include "support/regimes.h"

#define TABLE 0x1000

/* ------------------------------------------------------------------ an architecture, an image */

static const struct mmu_level levels[] = { { .name = "L0", .may_be_leaf = true },
					   { .name = "L1" } };

static void decode(const struct mmu_regime *regime, unsigned int at, uint64_t raw, uint64_t second,
		   struct mmu_entry *ret)
{
	(void)regime;
	(void)second;
	*ret = (struct mmu_entry){ .kind = !raw ? MMU_KIND_EMPTY
					   : at ? MMU_KIND_TABLE
						: MMU_KIND_LEAF,
				   .rights = MMU_RIGHTS_ALL,
				   .pa = raw & ~UINT64_C(0xfff) };
}

static const struct mmu_format format = { .size = sizeof(struct mmu_format),
					  .name = "one",
					  .entry_bytes = 8,
					  .slot_bytes = 8,
					  .nr_levels = 1,
					  .level = levels,
					  .decode = decode };
static const struct mmu_format two = { .size = sizeof(struct mmu_format),
				       .name = "two",
				       .entry_bytes = 8,
				       .slot_bytes = 8,
				       .nr_levels = 2,
				       .level = levels,
				       .decode = decode };
static const struct mmu_format *const formats[] = { &format, &two };
static const struct mmu_format *runs = &format;

static const char *locate(const struct mmu_facts *facts, const struct mmu_root *root,
			  struct mmu_regime *ret, size_t *ret_nr)
{
	struct mmu_regimes regimes;

	(void)facts;
	regimes_of(&regimes, runs, root->value, false);
	*ret = regimes.regime[0];
	*ret_nr = 1;
	return NULL;
}

static const struct mmu_arch arch = {
	.name = "fake", .elf_class = 2, .formats = formats, .nr_formats = 2, .locate = locate
};

/* Each read of entry 1 finds it one page further, up to a number of reads. */
static const struct mmu_image_reader *quiet;
static unsigned int looks, changes;

static struct mmu_span restless_span(const struct mmu_image *image, struct mmu_cursor *cursor,
				     uint64_t pa)
{
	if (pa == TABLE + 8 && looks++ < changes)
		memory_image_put(image, pa, 8, 0x2001 + 0x1000 * (uint64_t)looks);
	return quiet->span(image, cursor, pa);
}

static struct mmu_session *open_session(bool live, struct mmu_space **ret)
{
	const struct memory_piece whole = { .bytes = 0x40000 };
	const struct mmu_space_query query = { .size = sizeof(query),
					       .by = MMU_SPACE_PGD,
					       .value = TABLE };
	struct mmu_session *session = calloc(1, sizeof(*session));

	assert_non_null(session);
	assert_null(mmu_kernel_init(&session->kernel, memory_image_create(&whole, 1), NULL));
	session->kernel.arch = &arch;
	session->learnt = MMU_LEARN_DONE;
	regimes_of(&session->kernel.regimes, runs, TABLE, false);
	mmu_memory_init(&session->memory, &session->kernel);
	memory_image_put(session->kernel.image, TABLE + 8, 8, 0x2001);
	assert_null(mmu_space_open(session, &query, ret));
	session->kernel.image->live = live;
	return session;
}

static struct mmu_walk walk_restless(bool live, unsigned int nr_changes)
{
	struct mmu_image_reader restless;
	struct mmu_space *space;
	struct mmu_walk walk;
	struct mmu_session *session = open_session(live, &space);

	quiet = session->kernel.image->reader;
	restless = *quiet;
	restless.span = restless_span;
	session->kernel.image->reader = &restless;
	looks = 0;
	changes = nr_changes;
	mmu_space_walk(space, 0x1234, &walk);
	session->kernel.image->reader = quiet;
	mmu_space_close(space);
	mmu_session_close(session);
	return walk;
}

/* Walks of one address, whose upper entry leads to another table each time. */
static unsigned int count_true(bool live)
{
	struct mmu_walk *walk;
	struct mmu_space *space;
	unsigned int nr_true = 0;

	runs = &two;
	struct mmu_session *session = open_session(live, &space);
	assert_null(mmu_walk_create(&walk));
	memory_image_put(session->kernel.image, 0x2000 + 8, 8, 0x7001);
	memory_image_put(session->kernel.image, 0x3000 + 8, 8, 0x8001);
	for (unsigned int i = 0; i < 100; i++) {
		memory_image_put(session->kernel.image, TABLE + 8, 8, i & 1 ? 0x3001 : 0x2001);
		mmu_space_walk(space, 0x11234, walk);
		assert_int_equal(walk->nr_steps, 2);
		nr_true += walk->pa == (i & 1 ? 0x8234 : 0x7234) &&
			   walk->steps[0].entry.pa == (i & 1 ? 0x3000 : 0x2000) &&
			   walk->steps[1].table_pa == walk->steps[0].entry.pa;
	}
	mmu_walk_destroy(walk);
	mmu_space_close(space);
	mmu_session_close(session);
	runs = &format;
	return nr_true;
}

/* Of a dump the paths are kept that were taken before: only there nothing changes. */
static void test_paths(void **state)
{
	(void)state;
	assert_int_equal(count_true(true), 100);
	assert_true(count_true(false) < 100);
}

static void test_walks(void **state)
{
	struct mmu_walk walk = walk_restless(false, 1000);

	(void)state;
	assert_int_equal(looks, 1); /* a dump does not change: one look is enough */
	assert_int_equal(walk.pa, 0x3234);
	assert_null(walk.note);
	walk = walk_restless(true, 0);
	assert_int_equal(looks, 2);
	assert_int_equal(walk.pa, 0x2234);
	assert_null(walk.note);
	walk = walk_restless(true, 3); /* it settles: the walk gives the last value */
	assert_int_equal(looks, 4);
	assert_int_equal(walk.pa, 0x5234);
	assert_null(walk.note);
	walk = walk_restless(true, 1000);
	assert_int_equal(looks, 8);
	assert_non_null(walk.note);
	assert_non_null(strstr(walk.note, "changed while it was read"));
}

/* ------------------------------------------------------------------ files of the running kernel */

static const char *const wanted[] = { "_stext", "init_task", "twice", "absent", NULL };

static struct mmu_error *open_symbols(const char *text, struct mmu_symbol_text **ret)
{
	static char path[32];
	int fd = memfd_create("kallsyms", 0);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd); /* left open: it is read again */
	return mmu_live_symbols_open(path, wanted, ret);
}

static void test_symbols(void **state)
{
	struct mmu_symbol_text *live;
	uint64_t va = 0;

	(void)state;
	assert_null(open_symbols("0000000000000000 A fixed_percpu_data\n"
				 "ffffffff81000000 T _stext\n"
				 "ffffffff81000000 T _text\n"
				 "not a line\n"
				 "ffffffff81000100 t twice\n"
				 "ffffffff81000200 T twice\n"
				 "ffffffff81000300 t twice\n"
				 "ffffffff82000000 D init_task\n"
				 "ffffffff82001000 d other\n"
				 "ffffffffc0000000 t absent\t[module]\n"
				 "ffffffffc0001000 t in_module\t[module]\n",
				 &live));
	assert_true(mmu_symbol_text_find(live, "_stext", &va));
	assert_int_equal(va, 0xffffffff81000000);
	assert_true(mmu_symbol_text_find(live, "twice", &va));
	assert_int_equal(va, 0xffffffff81000200);
	assert_true(mmu_symbol_text_find(live, "other", &va)); /* takes another pass */
	assert_int_equal(va, 0xffffffff82001000);
	va = 5;
	assert_false(mmu_symbol_text_find(live, "absent", &va));
	assert_false(mmu_symbol_text_find(live, "in_module", &va));
	assert_false(mmu_symbol_text_find(live, "", &va));
	assert_int_equal(va, 5);
	assert_true(mmu_symbol_text_next(live, 0xffffffff82000000, &va));
	assert_int_equal(va, 0xffffffff82001000);
	assert_false(mmu_symbol_text_next(live, 0xffffffff82001000, &va));
	mmu_symbol_text_close(live);
}

static void refuse_symbols(const char *text, enum mmu_error_kind code, const char *part)
{
	struct mmu_symbol_text *live;
	struct mmu_error *error = text ? open_symbols(text, &live)
				       : mmu_live_symbols_open("/nowhere", wanted, &live);

	assert_non_null(error);
	assert_int_equal(mmu_error_code(error), code);
	assert_non_null(strstr(mmu_error_message(error), part));
	mmu_error_destroy(error);
}

static void test_no_symbols(void **state)
{
	(void)state;
	refuse_symbols("0000000000000000 T _stext\n0000000000000000 D init_task\n",
		       MMU_ERROR_NOT_FOUND, "kptr_restrict");
	refuse_symbols("", MMU_ERROR_NOT_FOUND, "no symbols");
	refuse_symbols("zz\n\n 1 \n1 T\n1 T \n", MMU_ERROR_NOT_FOUND, "");
	refuse_symbols(NULL, MMU_ERROR_OS, "/nowhere");
}

/* ------------------------------------------------------------------ 19: System.map */

static struct mmu_error *open_map(const char *text, size_t bytes, struct mmu_symbol_text **ret)
{
	static char path[32];
	int fd = memfd_create("System.map", 0);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, bytes), bytes);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	struct mmu_error *error = mmu_system_map_open(path, wanted, ret);
	close(fd);
	return error;
}

static void test_19_system_map(void **state)
{
	static const char text[] = "0000000000000000 D __per_cpu_start\n"
				   "ffffffff81000000 T _stext\n"
				   "ffffffff81000010 t twice\n"
				   "ffffffff81000020 W twice\n"
				   "ffffffff81000030 t twice\n"
				   "ffffffff81000040 W strong\n"
				   "ffffffff81000050 B strong\n"
				   "ffffffff81000060 d same\n"
				   "ffffffff81000070 d same\n"
				   "ffffffff81000080 d init_task\n"
				   "ffffffff81000080 b init_task\n"
				   "                 w absent\n";
	struct mmu_symbol_text *map = NULL;
	uint64_t va = 5;

	(void)state;
	/* the last line has no address */
	struct mmu_error *error = open_map(text, sizeof(text) - 1, &map);
	assert_non_null(error);
	assert_non_null(strstr(mmu_error_message(error), "line 12 is no whole symbol"));
	mmu_error_destroy(error);
	assert_null(open_map(text, (size_t)(strstr(text, "      ") - text), &map));
	assert_non_null(map);
	assert_true(mmu_symbol_text_find(map, "__per_cpu_start", &va));
	assert_int_equal(va, 0);
	assert_true(mmu_symbol_text_find(map, "twice", &va)); /* weak wins over static */
	assert_int_equal(va, 0xffffffff81000020);
	assert_true(mmu_symbol_text_find(map, "strong", &va)); /* global over weak */
	assert_int_equal(va, 0xffffffff81000050);
	assert_true(mmu_symbol_text_find(map, "init_task", &va)); /* two, but one address */
	assert_int_equal(va, 0xffffffff81000080);
	va = 5;
	assert_false(mmu_symbol_text_find(map, "same", &va));
	assert_false(mmu_symbol_text_find(map, "absent", &va));
	assert_int_equal(va, 5);
	assert_true(mmu_symbol_text_next(map, 0xffffffff81000050, &va));
	assert_int_equal(va, 0xffffffff81000060);
	mmu_symbol_text_close(map);
}

/* Every cut and every changed byte of a map: it opens, is refused in one line, or is no map. */
static void test_19_hostile_map(void **state)
{
	static const char text[] = "c0008000 T _stext\nc0100000 d init_task\nc0200000 B twice\n";
	static const char bad[] = { 0, '\n', ' ', '\t', 'g', '\x80', '\xff', '0' };
	char changed[sizeof(text)];
	struct mmu_symbol_text *map;
	unsigned int maps = 0, refused = 0, others = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(text) * (sizeof(bad) + 1); i++) {
		size_t at = i / (sizeof(bad) + 1), which = i % (sizeof(bad) + 1);
		size_t bytes = which == sizeof(bad) ? at : sizeof(text) - 1;

		memcpy(changed, text, sizeof(text));
		if (which < sizeof(bad))
			changed[at] = bad[which];
		map = NULL;
		struct mmu_error *error = open_map(changed, bytes, &map);
		refused += error != NULL;
		maps += map != NULL;
		others += !error && !map;
		if (error)
			assert_true(mmu_error_code(error) == MMU_ERROR_FORMAT ||
				    mmu_error_code(error) == MMU_ERROR_NOT_FOUND);
		mmu_error_destroy(error);
		mmu_symbol_text_close(map);
	}
	assert_true(maps > 50 && refused > 50 && others > 50);
	/* a name without end, and text that looks right only where a line is cut in pieces */
	char *endless = malloc(1 << 20);
	memset(endless, 'a', 1 << 20);
	memcpy(endless, "c0008000 T ", 11);
	map = NULL;
	assert_null(open_map(endless, 1 << 20, &map));
	assert_null(map);
	free(endless);
	assert_null(open_map("\177ELF", 4, &map));
	assert_null(map);
	assert_null(open_map("", 0, &map));
	assert_null(map);
}

static void test_whole_files(void **state)
{
	void *bytes = NULL;
	uint64_t count = 0;

	(void)state;
	assert_null(mmu_live_read("/proc/self/stat", 1 << 20, NULL, &bytes, &count));
	assert_true(count > 10);
	free(bytes);
	struct mmu_error *error = mmu_live_read("/dev/zero", 1 << 20, NULL, &bytes, &count);
	assert_non_null(error);
	assert_int_equal(mmu_error_code(error), MMU_ERROR_CORRUPT);
	mmu_error_destroy(error);
	error = mmu_live_read("/nowhere", 1 << 20, NULL, &bytes, &count);
	assert_non_null(error);
	assert_int_equal(mmu_error_code(error), MMU_ERROR_OS);
	mmu_error_destroy(error);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_walks),         cmocka_unit_test(test_paths),
		cmocka_unit_test(test_symbols),       cmocka_unit_test(test_no_symbols),
		cmocka_unit_test(test_19_system_map), cmocka_unit_test(test_19_hostile_map),
		cmocka_unit_test(test_whole_files),
	};

	return cmocka_run_group_tests_name("live", tests, NULL, NULL);
}
