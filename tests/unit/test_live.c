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

static const struct mmu_level level = { .name = "L0", .may_be_leaf = true };

static void decode(const struct mmu_regime *regime, unsigned int at, uint64_t raw, uint64_t second,
		   struct mmu_entry *ret)
{
	(void)regime;
	(void)at;
	(void)second;
	*ret = (struct mmu_entry){ .kind = raw ? MMU_KIND_LEAF : MMU_KIND_EMPTY,
				   .rights = MMU_RIGHTS_ALL,
				   .pa = raw & ~UINT64_C(0xfff) };
}

static const struct mmu_format format = { .size = sizeof(struct mmu_format),
					  .name = "one",
					  .entry_bytes = 8,
					  .slot_bytes = 8,
					  .nr_levels = 1,
					  .level = &level,
					  .decode = decode };
static const struct mmu_format *const formats[] = { &format };

static const char *locate(const struct mmu_facts *facts, const struct mmu_root *root,
			  struct mmu_regime *ret, size_t *ret_nr)
{
	struct mmu_regimes regimes;

	(void)facts;
	regimes_of(&regimes, &format, root->value, false);
	*ret = regimes.regime[0];
	*ret_nr = 1;
	return NULL;
}

static const struct mmu_arch arch = {
	.name = "fake", .elf_class = 2, .formats = formats, .nr_formats = 1, .locate = locate
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

static struct mmu_walk walk_restless(bool live, unsigned int nr_changes)
{
	const struct memory_piece whole = { .bytes = 0x40000 };
	const struct mmu_space_query query = { .size = sizeof(query),
					       .by = MMU_SPACE_PGD,
					       .value = TABLE };
	struct mmu_session *session = calloc(1, sizeof(*session));
	struct mmu_image_reader restless;
	struct mmu_space *space;
	struct mmu_walk walk;

	assert_non_null(session);
	assert_null(mmu_kernel_init(&session->kernel, memory_image_create(&whole, 1), NULL));
	session->kernel.arch = &arch;
	session->learnt = MMU_LEARN_DONE;
	regimes_of(&session->kernel.regimes, &format, TABLE, false);
	mmu_memory_init(&session->memory, &session->kernel);
	memory_image_put(session->kernel.image, TABLE + 8, 8, 0x2001);
	assert_null(mmu_space_open(session, &query, &space));
	quiet = session->kernel.image->reader;
	restless = *quiet;
	restless.span = restless_span;
	session->kernel.image->reader = &restless;
	session->kernel.image->live = live;
	looks = 0;
	changes = nr_changes;
	mmu_space_walk(space, 0x1234, &walk);
	session->kernel.image->reader = quiet;
	mmu_space_close(space);
	mmu_session_close(session);
	return walk;
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

static struct mmu_error *open_symbols(const char *text, struct mmu_live_symbols **ret)
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
	struct mmu_live_symbols *live;
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
	assert_true(mmu_live_symbol(live, "_stext", &va));
	assert_int_equal(va, 0xffffffff81000000);
	assert_true(mmu_live_symbol(live, "twice", &va));
	assert_int_equal(va, 0xffffffff81000200);
	assert_true(mmu_live_symbol(live, "other", &va)); /* takes another pass */
	assert_int_equal(va, 0xffffffff82001000);
	va = 5;
	assert_false(mmu_live_symbol(live, "absent", &va));
	assert_false(mmu_live_symbol(live, "in_module", &va));
	assert_false(mmu_live_symbol(live, "", &va));
	assert_int_equal(va, 5);
	assert_true(mmu_live_next(live, 0xffffffff82000000, &va));
	assert_int_equal(va, 0xffffffff82001000);
	assert_false(mmu_live_next(live, 0xffffffff82001000, &va));
	mmu_live_symbols_close(live);
}

static void refuse_symbols(const char *text, enum mmu_error_kind code, const char *part)
{
	struct mmu_live_symbols *live;
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

static void test_whole_files(void **state)
{
	void *bytes = NULL;
	uint64_t count = 0;

	(void)state;
	assert_null(mmu_live_read("/proc/self/stat", 1 << 20, &bytes, &count));
	assert_true(count > 10);
	free(bytes);
	struct mmu_error *error = mmu_live_read("/dev/zero", 1 << 20, &bytes, &count);
	assert_non_null(error);
	assert_int_equal(mmu_error_code(error), MMU_ERROR_CORRUPT);
	mmu_error_destroy(error);
	error = mmu_live_read("/nowhere", 1 << 20, &bytes, &count);
	assert_non_null(error);
	assert_int_equal(mmu_error_code(error), MMU_ERROR_OS);
	mmu_error_destroy(error);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_walks),
		cmocka_unit_test(test_symbols),
		cmocka_unit_test(test_no_symbols),
		cmocka_unit_test(test_whole_files),
	};

	return cmocka_run_group_tests_name("live", tests, NULL, NULL);
}
