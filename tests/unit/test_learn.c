/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Which kernel is it? VMCOREINFO of this boot, of another one, of several; and none. */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "api/session.h"
#include "kernel/learn.h"
#include "kernel/self_described.h"
#include "kernel/tables.h"
#include "kernel/vmcoreinfo.h"
#include "support/kallsyms_like.h"
#include "support/memory_image.h"

extern const struct mmu_arch mmu_arch_x86_64;

#define IMAGE_MAP UINT64_C(0xffffffff80000000)
#define DIRECT_MAP UINT64_C(0xffff888000000000)
#define MIB(n) ((uint64_t)(n) << 20)

/* A kernel of 4 MiB: where it lies, and how far KASLR moved it from IMAGE_MAP + 16 MiB. */
struct kernel {
	const char *release;
	uint64_t pa, slide;
	unsigned int counter_bytes; /* in front of the names in init_uts_ns */
};

/* What lies in it. */
enum { TOP = 0x10000, PUD = 0x11000, PMD = 0x12000, DIRECT = 0x14000, UTS = 0x20000 };

static const struct kernel ours = { "6.1.0-56", MIB(8), MIB(384), 0 };
static const struct kernel older = { "6.1.0-56", MIB(24), MIB(64), 0 };

static uint64_t base_of(const struct kernel *kernel)
{
	return kernel->pa - MIB(16) - kernel->slide;
}

static uint64_t va_of(const struct kernel *kernel, uint64_t offset)
{
	return IMAGE_MAP + MIB(16) + kernel->slide + offset;
}

/* Its VMCOREINFO. @return static text */
static const char *text_of(const struct kernel *kernel)
{
	static char text[512];

	snprintf(text, sizeof(text),
		 "OSRELEASE=%s\nPAGESIZE=4096\nSYMBOL(init_uts_ns)=%" PRIx64 "\nSYMBOL(swapper_pg_"
		 "dir)=%" PRIx64 "\nNUMBER(phys_base)=%" PRId64 "\nNUMBER(pgtable_l5_enabled)="
		 "0\nKERNELOFFSET="
		 "%" PRIx64 "\n",
		 kernel->release, va_of(kernel, UTS), va_of(kernel, TOP), (int64_t)base_of(kernel),
		 kernel->slide);
	return text;
}

static void put_kernel(struct mmu_image *image, const struct kernel *kernel)
{
	uint64_t pa = kernel->pa, slot = (MIB(16) + kernel->slide) / MIB(2);
	size_t release_at = kernel->counter_bytes + 130;

	memory_image_put(image, pa + TOP + 511 * 8, 8, (pa + PUD) | 0x67);
	memory_image_put(image, pa + TOP + 273 * 8, 8, (pa + DIRECT) | 0x67);
	memory_image_put(image, pa + DIRECT, 8, 0x1e3); /* 1 GiB from physical 0 on */
	memory_image_put(image, pa + PUD + 510 * 8, 8, (pa + PMD) | 0x63);
	for (unsigned int i = 0; i < 2; i++)
		memory_image_put(image, pa + PMD + (slot + i) * 8, 8, (pa + i * MIB(2)) | 0x1e3);
	strcpy((char *)memory_image_at(image, pa + UTS + release_at, 65), kernel->release);
}

static void put_text(struct mmu_image *image, uint64_t pa, const struct kernel *kernel)
{
	const char *text = text_of(kernel);

	memcpy(memory_image_at(image, pa, strlen(text)), text, strlen(text));
}

static struct mmu_image *new_image(void)
{
	static const struct memory_piece whole = { 0, MIB(64), MMU_PAGE_PRESENT, NULL };

	return memory_image_create(&whole, 1);
}

static struct mmu_session *open_with(struct mmu_image *image, const char *const *options)
{
	struct mmu_session *session = calloc(1, sizeof(*session));

	assert_non_null(session);
	assert_null(mmu_kernel_init(&session->kernel, image, options));
	assert_null(mmu_kernel_set_arch(&session->kernel, &mmu_arch_x86_64));
	mmu_memory_init(&session->memory, &session->kernel);
	return session;
}

static struct mmu_session *open_session(struct mmu_image *image, const char *option)
{
	const char *const options[] = { option, NULL };

	return open_with(image, options);
}

static void note(struct mmu_image *image, const struct kernel *kernel)
{
	const char *text = text_of(kernel);

	memory_image_set_vmcoreinfo(image, text, strlen(text));
}

/* A CPU that runs on this kernel, in QEMU's note. */
static void run_on(struct mmu_image *image, const struct kernel *kernel)
{
	static uint8_t state[440];
	static struct mmu_note cpu = { "QEMU", 0, { state, sizeof(state) } };

	mmu_put_uint(state, 4, false, 1);
	mmu_put_uint(state + 4, 4, false, sizeof(state));
	mmu_put_uint(state + 392, 8, false, UINT64_C(1) << 31 | 1); /* paging, */
	mmu_put_uint(state + 424, 8, false, UINT64_C(1) << 5);      /* of long mode */
	mmu_put_uint(state + 416, 8, false, kernel->pa + TOP);
	image->notes = &cpu;
	image->nr_notes = 1;
}

static void close_session(struct mmu_session *session)
{
	session->kernel.image->notes = NULL;
	session->kernel.image->nr_notes = 0;
	mmu_session_close(session);
}

static void assert_base(struct mmu_session *session, const struct kernel *kernel)
{
	uint64_t base;

	assert_true(mmu_fact_get(session->kernel.facts, "NUMBER(phys_base)", &base));
	assert_int_equal(base, base_of(kernel));
	assert_null(mmu_kernel_find_mappings(&session->kernel));
	assert_int_equal(session->kernel.regimes.regime[0].root_pa, kernel->pa + TOP);
}

/* ------------------------------------------------------------------ the notes' own */

static void test_note_of_this_boot(void **state)
{
	struct kernel behind_counter = ours;

	behind_counter.counter_bytes = 4; /* up to 5.10 */
	for (unsigned int i = 0; i < 2; i++) {
		const struct kernel *kernel = i ? &behind_counter : &ours;
		struct mmu_image *image = new_image();

		put_kernel(image, kernel);
		note(image, kernel);
		struct mmu_session *session = open_session(image, NULL);
		mmu_vmcoreinfo_find(&session->kernel, &session->memory);
		assert_false(session->kernel.vmcoreinfo_refuted);
		assert_null(session->kernel.warning);
		assert_base(session, kernel);
		close_session(session);
	}
}

/* The notes are of another boot or kernel; memory has the right ones, among wrong ones. */
static void test_note_of_another(void **state)
{
	struct kernel renamed = ours, elsewhere = ours;

	renamed.release = "6.1.0-55";
	elsewhere.slide += MIB(32); /* at the same physical address */
	const struct kernel *const wrong[] = { &older, &renamed, &elsewhere };
	for (unsigned int i = 0; i < 3; i++) {
		for (unsigned int found = 0; found < 2; found++) {
			struct mmu_image *image = new_image();

			put_kernel(image, &ours);
			note(image, wrong[i]);
			put_text(image, MIB(1), &older);
			put_text(image, MIB(2), &renamed);
			put_text(image, MIB(3), &elsewhere);
			if (found)
				put_text(image, MIB(4), &ours);
			struct mmu_session *session = open_session(image, NULL);
			mmu_vmcoreinfo_find(&session->kernel, &session->memory);
			assert_true(session->kernel.vmcoreinfo_refuted);
			assert_non_null(strstr(session->kernel.warning, "another kernel or boot"));
			assert_int_equal(!!strstr(session->kernel.warning, "in memory fits"),
					 found);
			bool in_memory;
			struct mmu_bytes text = mmu_fact_store_vmcoreinfo(session->kernel.facts,
									  &in_memory);
			assert_int_equal(in_memory, found);
			assert_int_equal(!!text.data, found);
			if (found)
				assert_string_equal(session->kernel.release, ours.release);
			else
				assert_null(mmu_tables_find(&session->kernel, &session->memory));
			assert_base(session, &ours);
			close_session(session);
		}
	}
}

static void test_note_that_nothing_refutes(void **state)
{
	const struct memory_piece pieces[] = {
		{ 0, MIB(8), MMU_PAGE_FILTERED, NULL },
		{ MIB(24), MIB(8), MMU_PAGE_PRESENT, NULL },
	};
	struct mmu_image *image = memory_image_create(pieces, 2);
	struct kernel filtered = ours;
	uint64_t base;

	filtered.pa = MIB(4); /* its page was left out */
	note(image, &filtered);
	struct mmu_session *session = open_session(image, NULL);
	mmu_vmcoreinfo_find(&session->kernel, &session->memory);
	assert_false(session->kernel.vmcoreinfo_refuted);
	assert_true(mmu_fact_get(session->kernel.facts, "NUMBER(phys_base)", &base));
	close_session(session);

	image = new_image(); /* the user insists */
	note(image, &older);
	session = open_session(image, NULL);
	session->kernel.options.force = true;
	mmu_vmcoreinfo_find(&session->kernel, &session->memory);
	assert_false(session->kernel.vmcoreinfo_refuted);
	assert_non_null(image->vmcoreinfo.data);
	close_session(session);
}

/* A big-endian ARM's ELF, and one of LiME, which names no machine. */
static void test_byte_order_that_no_back_end_reads(void **state)
{
	for (unsigned int machine = 0; machine < 2; machine++) {
		struct mmu_image *image = new_image();

		image->big_endian = true;
		image->elf_machine = machine ? mmu_arch_x86_64.elf_machine : 0;
		struct mmu_session *session = open_session(image, NULL);
		struct mmu_error *error = mmu_kernel_learn(&session->kernel);
		assert_int_equal(mmu_error_code(error), MMU_ERROR_UNSUPPORTED);
		assert_non_null(strstr(mmu_error_message(error), "is big-endian, the back-end "
								 "x86_64 reads little-endian"));
		mmu_error_destroy(error);
		close_session(session);
	}
}

/* ------------------------------------------------------------------ several kernels in memory */

/* An older boot's kernel is whole: what runs is known by a CPU alone. */
static void test_two_kernels(void **state)
{
	for (unsigned int running = 0; running < 3; running++) {
		struct mmu_image *image = new_image();
		const struct kernel *kernel = running == 1 ? &ours : &older;

		put_kernel(image, &ours);
		put_kernel(image, &older);
		put_text(image, MIB(1), &ours);
		put_text(image, MIB(2), &older);
		put_text(image, MIB(3), &ours);
		if (running)
			run_on(image, kernel);
		struct mmu_session *session = open_session(image, NULL);
		mmu_vmcoreinfo_find(&session->kernel, &session->memory);
		bool found;
		mmu_fact_store_vmcoreinfo(session->kernel.facts, &found);
		assert_int_equal(found, running > 0);
		if (running) {
			assert_null(session->kernel.warning);
			assert_base(session, kernel);
		} else {
			assert_non_null(strstr(session->kernel.warning, "several kernels"));
		}
		close_session(session);
	}
}

static void test_two_kernels_by_tables(void **state)
{
	for (unsigned int way = 0; way < 4; way++) {
		struct mmu_image *image = new_image();
		const struct kernel *kernel = way == 1 ? &ours : &older;
		char option[64];

		put_kernel(image, &ours);
		put_kernel(image, &older);
		if (way == 1 || way == 2)
			run_on(image, kernel);
		snprintf(option, sizeof(option), "NUMBER(phys_base)=%" PRId64,
			 (int64_t)base_of(kernel));
		struct mmu_session *session = open_session(image, way == 3 ? option : NULL);
		struct mmu_error *error = mmu_tables_find(&session->kernel, &session->memory);
		if (way) {
			assert_null(error);
			assert_base(session, kernel);
		} else {
			assert_int_equal(mmu_error_code(error), MMU_ERROR_MISMATCH);
			mmu_error_destroy(error);
		}
		close_session(session);
	}
}

/*
 * Top tables of processes in the image of their kernel, as many as its init sections had room for.
 * The first is one of a process that is gone: what it mapped is unmapped, and what the kernel
 * mapped later it lacks.
 */
static void put_processes(struct mmu_image *image, const struct kernel *kernel, uint64_t at)
{
	uint64_t top = kernel->pa + TOP;

	memory_image_put(image, top + 402 * 8, 8, (kernel->pa + DIRECT + 0x1000) | 0x67);
	for (unsigned int i = 0; i < 16; i++, at += 4096) {
		memcpy(memory_image_at(image, kernel->pa + at + 2048, 2048),
		       memory_image_at(image, top + 2048, 2048), 2048);
		memory_image_put(image, kernel->pa + at + (i ? 0 : 402 * 8), 8, i ? 0x30067 : 0);
	}
}

static void test_tables_of_processes_in_freed_memory(void **state)
{
	for (unsigned int way = 0; way < 8; way++) {
		struct mmu_image *image = new_image();
		char option[64];

		put_kernel(image, &ours);
		put_processes(image, &ours, MIB(2)); /* above the kernel's own table */
		if (way & 1)
			put_processes(image, &ours, 0x24000);
		if (way & 2)
			put_processes(image, &ours, 0); /* below it */
		if (way & 4) {
			put_kernel(image, &older);
			put_processes(image, &older, MIB(2));
		}
		snprintf(option, sizeof(option), "NUMBER(phys_base)=%" PRId64,
			 (int64_t)base_of(&ours));
		struct mmu_session *session = open_session(image, way & 4 ? option : NULL);
		struct mmu_error *error = mmu_tables_find(&session->kernel, &session->memory);
		if (error)
			fail_msg("way %u: %s", way, mmu_error_message(error));
		assert_base(session, &ours);
		close_session(session);
	}
}

/* One is a whole copy of the kernel's own: symbols say which is which. */
static void test_symbols_name_the_top_table(void **state)
{
	struct mmu_image *image = new_image();
	char option[64];

	put_kernel(image, &ours);
	memcpy(memory_image_at(image, ours.pa + 0x8000, 4096),
	       memory_image_at(image, ours.pa + TOP, 4096), 4096);
	snprintf(option, sizeof(option), "SYMBOL(init_top_pgt)=%" PRIx64, va_of(&ours, TOP));
	struct mmu_session *session = open_session(image, option);
	assert_null(mmu_tables_find(&session->kernel, &session->memory));
	assert_base(session, &ours);
	close_session(session);
}

/* The message has what the user may choose from. */
static void test_several_kernels_are_told(void **state)
{
	struct mmu_image *image = new_image();
	char expected[128];

	put_kernel(image, &ours);
	put_kernel(image, &older);
	put_processes(image, &older, MIB(2));
	struct mmu_session *session = open_session(image, NULL);
	struct mmu_error *error = mmu_tables_find(&session->kernel, &session->memory);
	assert_int_equal(mmu_error_code(error), MMU_ERROR_MISMATCH);
	snprintf(expected, sizeof(expected),
		 "ran last: NUMBER(phys_base) is -0x%" PRIx64 ", -0x%" PRIx64, -base_of(&ours),
		 -base_of(&older));
	assert_non_null(strstr(mmu_error_message(error), expected));
	mmu_error_destroy(error);
	close_session(session);
}

/* struct mm_struct { char *pgd at byte 8 * `pgd_at`; }; struct task_struct { mm at 16 }; */
static void put_btf(struct mmu_image *image, uint64_t pa, const char *task, unsigned int pgd_at)
{
	char strings[64] = "";
	size_t at = 1, names[4];
	const char *const texts[] = { "mm_struct", "pgd", task, "mm" };

	for (unsigned int i = 0; i < 4; i++) {
		names[i] = at;
		strcpy(strings + at, texts[i]);
		at += strlen(texts[i]) + 1;
	}
	const uint32_t words[] = { 0x0001eb9f, 24, 0, 4 * 15, 4 * 15, (uint32_t)at,
				   /* 1: a pointer; 2: mm_struct; 3: task_struct */
				   0, 2u << 24, 0, /**/
				   (uint32_t)names[0], 4u << 24 | 1, 128, (uint32_t)names[1], 1,
				   64 * pgd_at, /**/
				   (uint32_t)names[2], 4u << 24 | 1, 128, (uint32_t)names[3], 1,
				   128 };

	for (unsigned int i = 0; i < sizeof(words) / 4; i++)
		memory_image_put(image, pa + 4 * i, 4, words[i]);
	memcpy(memory_image_at(image, pa + sizeof(words), at), strings, at);
}

/* ------------------------------------------------------------------ kallsyms */

#define KALLSYMS 0x100000 /* in the kernel: the made-up memory of kallsyms_like.h */

static void put_kallsyms(struct mmu_image *image, const struct kernel *kernel, unsigned int layout)
{
	make_at(&layouts[layout], 8, false, va_of(kernel, KALLSYMS));
	memcpy(memory_image_at(image, kernel->pa + KALLSYMS, MEMORY), like.memory, MEMORY);
}

static void expect_symbol(struct mmu_session *session, const char *key, uint64_t va,
			  const char *source)
{
	uint64_t value;
	struct mmu_fact fact;

	assert_true(mmu_fact_get(session->kernel.facts, key, &value));
	assert_int_equal(value, va);
	for (size_t n = 0; mmu_fact_nth(session->kernel.facts, n, &fact); n++)
		if (strcmp(fact.key, key) == 0)
			assert_string_equal(fact.source, source);
}

/* With BTF beside it the kernel tells all that it takes to find its tasks. */
static void test_kallsyms_by_its_shape(void **state)
{
	for (unsigned int layout = 0; layout < LAYOUTS; layout++) {
		struct mmu_image *image = new_image();

		put_kernel(image, &ours);
		put_kallsyms(image, &ours, layout);
		put_btf(image, ours.pa + KALLSYMS + MEMORY, "task_struct", 3); /* behind it */
		struct mmu_session *session = open_session(image, NULL);
		assert_null(mmu_tables_find(&session->kernel, &session->memory));
		assert_null(mmu_kernel_find_mappings(&session->kernel));
		struct mmu_error *error = mmu_self_learn(&session->memory);
		if (error)
			fail_msg("%s: %s", layouts[layout].name, mmu_error_message(error));
		expect_symbol(session, "SYMBOL(init_task)", symbol_va(900),
			      "kallsyms in the image");
		expect_symbol(session, "SYMBOL(linux_banner)", like.base + BANNER_AT,
			      "kallsyms in the image");
		expect_symbol(session, "SYMBOL(kallsyms_names)", like.base + like.names,
			      "derived: kallsyms by its shape; what it says of itself and of the "
			      "banner holds");
		close_session(session);
	}
}

/* What nobody asked for while the kernel was learnt is read from the image when it is asked for. */
static void test_kallsyms_asked_after_learning(void **state)
{
	struct mmu_image *image = new_image();
	uint64_t va;

	put_kernel(image, &ours);
	put_kallsyms(image, &ours, LAYOUTS - 1);
	struct mmu_session *session = open_session(image, NULL);
	assert_null(mmu_kernel_learn(&session->kernel));
	assert_true(mmu_fact_get(session->kernel.facts, "SYMBOL(function_1499)", &va));
	assert_int_equal(va, symbol_va(1499));
	assert_false(mmu_fact_get(session->kernel.facts, "SYMBOL(function_1500)", &va));
	close_session(session);
}

/* VMCOREINFO says where it lies: it is not looked for, and not taken where a part is missing. */
static void test_kallsyms_by_its_place(void **state)
{
	for (unsigned int whole = 0; whole < 2; whole++) {
		struct mmu_image *image = new_image();
		struct mmu_kallsyms *kallsyms;
		char texts[6][64];
		const char *options[7] = { NULL };

		put_kernel(image, &ours);
		put_kallsyms(image, &ours, 2);
		const struct {
			const char *name;
			uint64_t at;
		} places[] = { { "names", like.names },
			       { "num_syms", like.num_syms },
			       { "token_table", like.token_table },
			       { "token_index", like.token_index },
			       { "offsets", like.offsets },
			       { "relative_base", like.offsets + 4 * SYMBOLS } };

		for (unsigned int i = 0; i < 6; i++) {
			uint64_t va = like.base + places[i].at + (whole ? 0 : MIB(512));

			snprintf(texts[i], sizeof(texts[i]), "SYMBOL(kallsyms_%s)=%" PRIx64,
				 places[i].name, va);
			options[i] = texts[i];
		}
		note(image, &ours);
		/* a shape that could be found is gone */
		memset(memory_image_at(image, ours.pa + KALLSYMS + like.markers, 64), 0,
		       whole ? 20 : 0);
		struct mmu_session *session = open_with(image, options);
		assert_null(mmu_kernel_find_mappings(&session->kernel));
		struct mmu_error *error = mmu_self_kallsyms(&session->memory, &kallsyms);
		if (whole) {
			assert_null(error);
			expect_symbol(session, "SYMBOL(init_task)", symbol_va(900),
				      "kallsyms in the image");
		} else {
			assert_int_equal(mmu_error_code(error), MMU_ERROR_FAULT);
			mmu_error_destroy(error);
		}
		close_session(session);
	}
}

/* Two kernels, of which kallsyms of one says that it is whole: that one is taken. */
static void test_kernel_that_knows_itself(void **state)
{
	for (unsigned int which = 0; which < 2; which++) {
		const struct kernel *kernel = which ? &older : &ours;
		struct mmu_image *image = new_image();

		put_kernel(image, &ours);
		put_kernel(image, &older);
		put_kallsyms(image, kernel, 2);
		struct mmu_session *session = open_session(image, NULL);
		assert_null(mmu_tables_find(&session->kernel, &session->memory));
		assert_base(session, kernel);
		close_session(session);
	}
}

/* One that knows itself is the one; but not where others may follow that were not looked at. */
static void test_too_many_kernels(void **state)
{
	for (unsigned int nr = 15; nr <= 17; nr++) {
		struct mmu_image *image = new_image();

		for (unsigned int i = 0; i < nr; i++) {
			struct kernel kernel = { "6.1.0-56", MIB(2) * (i + 1), MIB(64), 0 };

			put_kernel(image, &kernel);
			if (i == 1)
				put_kallsyms(image, &kernel, 2);
		}
		struct mmu_session *session = open_session(image, NULL);
		struct mmu_error *error = mmu_tables_find(&session->kernel, &session->memory);
		assert_int_equal(!error, nr < 16);
		if (error)
			assert_int_equal(mmu_error_code(error), MMU_ERROR_MISMATCH);
		mmu_error_destroy(error);
		close_session(session);
	}
}

/* ------------------------------------------------------------------ BTF by its header */

static void test_btf_by_its_header(void **state)
{
	for (unsigned int whole = 0; whole < 2; whole++) {
		struct mmu_image *image = new_image();
		uint64_t value;

		put_kernel(image, &ours);
		put_btf(image, ours.pa + 0x30004, "other_struct", 1); /* a program's */
		put_btf(image, ours.pa + MIB(5), "task_struct", 2);   /* behind the image */
		if (whole)
			put_btf(image, ours.pa + 0x1fffa, "task_struct", 3);
		struct mmu_session *session = open_session(image, NULL);
		assert_null(mmu_tables_find(&session->kernel, &session->memory));
		assert_null(mmu_kernel_find_mappings(&session->kernel));
		struct mmu_error *error = mmu_self_learn(&session->memory);
		assert_non_null(error); /* there is no kallsyms */
		mmu_error_destroy(error);
		assert_int_equal(
			mmu_fact_get(session->kernel.facts, "OFFSET(mm_struct.pgd)", &value),
			whole);
		if (whole) {
			assert_int_equal(value, 24);
			assert_true(
				mmu_fact_get(session->kernel.facts, "SYMBOL(__start_BTF)", &value));
			assert_int_equal(value, va_of(&ours, 0x1fffa));
		}
		close_session(session);
	}
}

/* What the symbols say of the place is not searched elsewhere: BTF lies at ffffffff9901fffa. */
static void test_btf_where_it_can_be(void **state)
{
	static const struct {
		const char *options[5];
		bool found;
	} cases[] = {
		{ { "SYMBOL(_stext)=ffffffff99000000" }, true },
		{ { "SYMBOL(_stext)=ffffffff99020000" }, false },
		{ { "SYMBOL(_stext)=ffffffff10000000" }, true }, /* of an XIP kernel */
		{ { NULL }, true },                              /* VMCOREINFO has swapper_pg_dir */
		{ { "SYMBOL(kallsyms_names)=ffffffff99001000", "SYMBOL(_sinittext)="
							       "ffffffff99100000" },
		  true },
		{ { "SYMBOL(kallsyms_names)=ffffffff99001000", "SYMBOL(_sinittext)="
							       "ffffffff99010000" },
		  false },
		{ { "SYMBOL(kallsyms_names)=ffffffff99100000", "SYMBOL(_sinittext)="
							       "ffffffff99001000" },
		  true }, /* they are not in this order everywhere */
		{ { "SYMBOL(_end)=ffffffff99400000" }, true },
		{ { "SYMBOL(_end)=ffffffff99400000", "SYMBOL(init_task)=ffffffff99010000" },
		  false },
		{ { "SYMBOL(_end)=ffffffff99400000", "SYMBOL(init_task)=ffffffff99010000",
		    "SYMBOL(_binary__btf_vmlinux_bin_start)=ffffffff9901fffa",
		    "SYMBOL(_binary__btf_vmlinux_bin_end)=ffffffff99020100" },
		  true },
	};

	for (unsigned int i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct mmu_image *image = new_image();
		uint64_t value;

		put_kernel(image, &ours);
		note(image, &ours);
		put_btf(image, ours.pa + 0x1fffa, "task_struct", 3);
		struct mmu_session *session = open_with(image, cases[i].options);
		assert_null(mmu_kernel_find_mappings(&session->kernel));
		mmu_error_destroy(mmu_self_learn(&session->memory));
		assert_int_equal(
			mmu_fact_get(session->kernel.facts, "OFFSET(mm_struct.pgd)", &value),
			cases[i].found);
		close_session(session);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_note_of_this_boot),
		cmocka_unit_test(test_note_of_another),
		cmocka_unit_test(test_note_that_nothing_refutes),
		cmocka_unit_test(test_byte_order_that_no_back_end_reads),
		cmocka_unit_test(test_two_kernels),
		cmocka_unit_test(test_two_kernels_by_tables),
		cmocka_unit_test(test_tables_of_processes_in_freed_memory),
		cmocka_unit_test(test_symbols_name_the_top_table),
		cmocka_unit_test(test_several_kernels_are_told),
		cmocka_unit_test(test_too_many_kernels),
		cmocka_unit_test(test_kallsyms_by_its_shape),
		cmocka_unit_test(test_kallsyms_asked_after_learning),
		cmocka_unit_test(test_kallsyms_by_its_place),
		cmocka_unit_test(test_kernel_that_knows_itself),
		cmocka_unit_test(test_btf_by_its_header),
		cmocka_unit_test(test_btf_where_it_can_be),
	};

	return cmocka_run_group_tests_name("learn", tests, NULL, NULL);
}
