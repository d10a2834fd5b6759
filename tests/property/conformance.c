/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Every back-end of the tree conforms, and no back-end with one planted fault does. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "walk/conformance.h"

/* MMU_PLUGINS is P(x86_64) P(arm) ...: the build's list. */
#define P(name) extern const struct mmu_arch mmu_arch_##name;
MMU_PLUGINS
#undef P
#define P(name) &mmu_arch_##name,
static const struct mmu_arch *const archs[] = { MMU_PLUGINS };
#undef P

#define NR_ARCHS (sizeof(archs) / sizeof(archs[0]))

/* ------------------------------------------------------------------ mutants of functions */

static const struct mmu_arch *base; /* the one that is being mutated */
static unsigned int calls;

static void lose_top_address_bit(const struct mmu_regime *regime, unsigned int level, uint64_t raw,
				 uint64_t second, struct mmu_entry *ret)
{
	base->decode(regime, level, raw, second, ret);
	ret->pa &= ~((uint64_t)1 << (regime->format->pa_bits - 1));
}

static void leak_into_address(const struct mmu_regime *regime, unsigned int level, uint64_t raw,
			      uint64_t second, struct mmu_entry *ret)
{
	base->decode(regime, level, raw, second, ret);
	if (ret->kind == MMU_KIND_LEAF)
		ret->pa |= raw & (((uint64_t)1 << regime->format->level[0].shift) - 1);
}

static void misalign_large_leaves(const struct mmu_regime *regime, unsigned int level, uint64_t raw,
				  uint64_t second, struct mmu_entry *ret)
{
	base->decode(regime, level, raw, second, ret);
	if (ret->kind == MMU_KIND_LEAF && level > 0)
		ret->pa |= (uint64_t)1 << (regime->format->level[level].shift - 1);
}

static void lose_no_execute(const struct mmu_regime *regime, unsigned int level, uint64_t raw,
			    uint64_t second, struct mmu_entry *ret)
{
	base->decode(regime, level, raw, second, ret);
	if (ret->rights & MMU_RIGHT_READ)
		ret->rights |= MMU_RIGHT_EXEC_PRIV |
			       (ret->rights & MMU_RIGHT_USER ? MMU_RIGHT_EXEC : 0);
}

static void always_writable(const struct mmu_regime *regime, unsigned int level, uint64_t raw,
			    uint64_t second, struct mmu_entry *ret)
{
	base->decode(regime, level, raw, second, ret);
	if (ret->kind == MMU_KIND_LEAF)
		ret->rights |= MMU_RIGHT_WRITE;
}

static void unknown_right(const struct mmu_regime *regime, unsigned int level, uint64_t raw,
			  uint64_t second, struct mmu_entry *ret)
{
	base->decode(regime, level, raw, second, ret);
	ret->rights |= 0x20;
}

static void swap_levels(const struct mmu_regime *regime, unsigned int level, uint64_t raw,
			uint64_t second, struct mmu_entry *ret)
{
	base->decode(regime, level < 2 ? 1 - level : level, raw, second, ret);
}

static void zero_is_bad(const struct mmu_regime *regime, unsigned int level, uint64_t raw,
			uint64_t second, struct mmu_entry *ret)
{
	base->decode(regime, level, raw, second, ret);
	if (ret->kind == MMU_KIND_EMPTY)
		*ret = (struct mmu_entry){ .kind = MMU_KIND_BAD, .bad_mask = 1, .note = "empty" };
}

static void bad_without_a_reason(const struct mmu_regime *regime, unsigned int level, uint64_t raw,
				 uint64_t second, struct mmu_entry *ret)
{
	base->decode(regime, level, raw, second, ret);
	if (ret->kind != MMU_KIND_EMPTY && raw & 2)
		*ret = (struct mmu_entry){ .kind = MMU_KIND_BAD };
}

static void forget_a_field(const struct mmu_regime *regime, unsigned int level, uint64_t raw,
			   uint64_t second, struct mmu_entry *ret)
{
	uint64_t next_first = ret->next_first;

	base->decode(regime, level, raw, second, ret);
	if (ret->kind != MMU_KIND_TABLE)
		ret->next_first = next_first;
}

static void remember(const struct mmu_regime *regime, unsigned int level, uint64_t raw,
		     uint64_t second, struct mmu_entry *ret)
{
	base->decode(regime, level, raw, second, ret);
	if (ret->kind == MMU_KIND_LEAF && ++calls % 1000 == 0)
		ret->rights ^= MMU_RIGHT_WRITE;
}

static void run_too_long(const struct mmu_regime *regime, unsigned int level, uint64_t raw,
			 uint64_t second, struct mmu_entry *ret)
{
	base->decode(regime, level, raw, second, ret);
	if (ret->kind == MMU_KIND_LEAF && ret->pa == 0)
		ret->run_lg2 = regime->format->level[level].run_lg2 + 1;
}

static void window_outside(const struct mmu_regime *regime, unsigned int level, uint64_t raw,
			   uint64_t second, struct mmu_entry *ret)
{
	base->decode(regime, level, raw, second, ret);
	if (ret->kind == MMU_KIND_TABLE && raw & 4)
		ret->next_first = UINT64_MAX;
}

static bool careless_outputs(const struct mmu_regime *regime, unsigned int level,
			     const struct mmu_entry *entry, uint64_t *ret_raw, uint64_t *ret_second)
{
	if (base->encode(regime, level, entry, ret_raw, ret_second))
		return true;
	*ret_raw = 0;
	return false;
}

static bool drop_write(const struct mmu_regime *regime, unsigned int level,
		       const struct mmu_entry *entry, uint64_t *ret_raw, uint64_t *ret_second)
{
	struct mmu_entry other = *entry;

	other.rights &= (uint8_t)~MMU_RIGHT_WRITE;
	return base->encode(regime, level, &other, ret_raw, ret_second);
}

static bool accept_anything(const struct mmu_regime *regime, unsigned int level,
			    const struct mmu_entry *entry, uint64_t *ret_raw, uint64_t *ret_second)
{
	if (!base->encode(regime, level, entry, ret_raw, ret_second))
		*ret_raw = *ret_second = 0;
	return true;
}

static bool refuse_leaves(const struct mmu_regime *regime, unsigned int level,
			  const struct mmu_entry *entry, uint64_t *ret_raw, uint64_t *ret_second)
{
	return entry->kind != MMU_KIND_LEAF &&
	       base->encode(regime, level, entry, ret_raw, ret_second);
}

static void wide_type(const struct mmu_regime *regime, unsigned int level, uint64_t raw,
		      uint64_t second, struct mmu_software *ret)
{
	base->explain(regime, level, raw, second, ret);
	ret->type |= 0x40;
}

static void lose_alignment(const struct mmu_regime *regime, unsigned int level, uint64_t raw,
			   uint64_t second, struct mmu_software *ret)
{
	base->explain(regime, level, raw, second, ret);
	ret->pa |= 8;
}

static const char *locate_nothing(const struct mmu_facts *facts, const struct mmu_root *root,
				  struct mmu_regime *ret)
{
	return NULL;
}

static const char *linear_overlap(const struct mmu_facts *facts, struct mmu_linear *ret,
				  size_t *ret_nr)
{
	ret[0] = ret[1] = (struct mmu_linear){ 0, 4095, 0, "twice" };
	*ret_nr = 2;
	return NULL;
}

/* ------------------------------------------------------------------ mutants of tables */

static struct mmu_format format;
static struct mmu_level levels[MMU_LEVELS_MAX];
static struct mmu_flag rows[256];

static const char *know_nothing(const struct mmu_facts *facts, const struct mmu_root *root,
				struct mmu_regime *ret)
{
	return "a copy of the tables, which locate() does not know";
}

/* The last format alone, in copies that can be changed; the first row is free. */
static void copy_tables(struct mmu_arch *mutant)
{
	format = base->formats[base->nr_formats - 1];
	assert_true(format.nr_flags < 255);
	memcpy(levels, format.level, format.nr_levels * sizeof(levels[0]));
	memcpy(rows + 1, format.flags, format.nr_flags * sizeof(rows[0]));
	format.level = levels;
	format.flags = rows + 1;
	mutant->formats = &format;
	mutant->nr_formats = 1;
	mutant->locate = base->locate ? know_nothing : NULL;
}

enum table_fault {
	NO_FAULT,
	ONLY_COPIED,
	SHIFT,
	VA_BITS,
	FLAG_TWICE,
	FLAG_OUTSIDE,
	FLAG_TRAIT,
	LEAF_LEVEL,
	LONG_TABLE,
	ABI,
	TRAIT,
};

static void plant(struct mmu_arch *mutant, enum table_fault fault)
{
	unsigned int top;

	if (fault != NO_FAULT)
		copy_tables(mutant);
	top = format.nr_levels - 1u;
	switch (fault) {
	case SHIFT:
		levels[top].shift++;
		break;
	case VA_BITS:
		format.va_bits--;
		break;
	case FLAG_TWICE:
		rows[0] = rows[1];
		rows[0].set = "AGAIN";
		format.flags = rows;
		format.nr_flags++;
		break;
	case FLAG_OUTSIDE:
		rows[1].value = ~rows[1].mask;
		rows[1].field = false;
		break;
	case FLAG_TRAIT:
		rows[1].if_traits |= UINT32_C(1) << 31;
		break;
	case LEAF_LEVEL:
		levels[top ? 1 : 0].may_be_leaf = !levels[top ? 1 : 0].may_be_leaf;
		break;
	case LONG_TABLE:
		levels[0].index_bits = 60;
		break;
	case ABI:
		mutant->abi++;
		break;
	case TRAIT:
		mutant->default_traits |= UINT32_C(1) << 31;
		break;
	case NO_FAULT:
	case ONLY_COPIED:
		break;
	}
}

/* ------------------------------------------------------------------ the tests */

/* What a back-end must have, so that a mutant differs from it. */
enum need { ANYTHING, LEVELS, DENIAL, EXPLAIN };

static const struct {
	const char *name;
	struct mmu_arch with; /* functions that take the place of the base's */
	enum table_fault fault;
	enum need need;
} mutants[] = {
	{ "lose_top_address_bit", { .decode = lose_top_address_bit }, NO_FAULT },
	{ "leak_into_address", { .decode = leak_into_address }, NO_FAULT },
	{ "misalign_large_leaves", { .decode = misalign_large_leaves }, NO_FAULT, LEVELS },
	{ "lose_no_execute", { .decode = lose_no_execute }, NO_FAULT, DENIAL },
	{ "always_writable", { .decode = always_writable }, NO_FAULT, DENIAL },
	{ "unknown_right", { .decode = unknown_right }, NO_FAULT },
	{ "swap_levels", { .decode = swap_levels }, NO_FAULT, LEVELS },
	{ "zero_is_bad", { .decode = zero_is_bad }, NO_FAULT },
	{ "bad_without_a_reason", { .decode = bad_without_a_reason }, NO_FAULT },
	{ "forget_a_field", { .decode = forget_a_field }, NO_FAULT },
	{ "remember", { .decode = remember }, NO_FAULT },
	{ "run_too_long", { .decode = run_too_long }, NO_FAULT },
	{ "window_outside", { .decode = window_outside }, NO_FAULT, LEVELS },
	{ "careless_outputs", { .encode = careless_outputs }, NO_FAULT },
	{ "drop_write", { .encode = drop_write }, NO_FAULT },
	{ "accept_anything", { .encode = accept_anything }, NO_FAULT },
	{ "refuse_leaves", { .encode = refuse_leaves }, NO_FAULT },
	{ "wide_type", { .explain = wide_type }, NO_FAULT, EXPLAIN },
	{ "lose_alignment", { .explain = lose_alignment }, NO_FAULT, EXPLAIN },
	{ "locate_nothing", { .locate = locate_nothing }, NO_FAULT },
	{ "linear_overlap", { .linear = linear_overlap }, NO_FAULT },
	{ "table: shift", { .abi = 0 }, SHIFT },
	{ "table: va_bits", { .abi = 0 }, VA_BITS },
	{ "table: one bit, two names", { .abi = 0 }, FLAG_TWICE },
	{ "table: value outside the mask", { .abi = 0 }, FLAG_OUTSIDE },
	{ "table: unknown trait of a flag", { .abi = 0 }, FLAG_TRAIT },
	{ "table: leaves where none are", { .abi = 0 }, LEAF_LEVEL },
	{ "table: too many index bits", { .abi = 0 }, LONG_TABLE },
	{ "another ABI", { .abi = 0 }, ABI },
	{ "unknown default trait", { .abi = 0 }, TRAIT },
};

static void print_problem(void *context, const char *problem)
{
	fprintf(stderr, "# %s: %s\n", (const char *)context, problem);
}

static void count_problem(void *context, const char *problem)
{
	assert_true(*problem);
	++*(unsigned int *)context;
}

static void test_every_plugin_conforms(void **state)
{
	for (size_t i = 0; i < NR_ARCHS; i++) {
		uint64_t checks = 0;

		assert_true(mmu_arch_conformance(archs[i], print_problem, (void *)archs[i]->name,
						 &checks));
		assert_true(checks > 100000);
	}
}

/* What is caught in copied tables must come from the planted fault. */
static void test_copied_tables_conform(void **state)
{
	for (size_t i = 0; i < NR_ARCHS; i++) {
		struct mmu_arch copy = *archs[i];

		base = archs[i];
		plant(&copy, ONLY_COPIED);
		assert_true(mmu_arch_conformance(&copy, print_problem, (void *)base->name, NULL));
	}
}

static bool meets(const struct mmu_arch *arch, enum need need)
{
	const struct mmu_regime regime = { .format = arch->formats, .pa_mask = UINT64_MAX };
	const struct mmu_entry entry = { .kind = MMU_KIND_LEAF, .rights = MMU_RIGHT_READ };
	uint64_t raw, second;

	switch (need) {
	case LEVELS:
		return arch->formats->nr_levels > 1;
	case DENIAL:
		return arch->encode(&regime, 0, &entry, &raw, &second);
	case EXPLAIN:
		return arch->explain;
	case ANYTHING:
		break;
	}
	return true;
}

static void test_every_mutant_is_caught(void **state)
{
	for (size_t i = 0; i < NR_ARCHS * (sizeof(mutants) / sizeof(mutants[0])); i++) {
		size_t n = i / NR_ARCHS;
		struct mmu_arch mutant;
		unsigned int problems = 0;

		base = archs[i % NR_ARCHS];
		mutant = *base;
		if (!meets(base, mutants[n].need))
			continue; /* nothing to break */
		mutant.decode = mutants[n].with.decode ? mutants[n].with.decode : base->decode;
		mutant.encode = mutants[n].with.encode ? mutants[n].with.encode : base->encode;
		mutant.explain = mutants[n].with.explain ? mutants[n].with.explain : base->explain;
		mutant.locate = mutants[n].with.locate ? mutants[n].with.locate : base->locate;
		mutant.linear = mutants[n].with.linear ? mutants[n].with.linear : base->linear;
		plant(&mutant, mutants[n].fault);
		if (mmu_arch_conformance(&mutant, count_problem, &problems, NULL) || !problems)
			fail_msg("%s: the mutant %s was not caught", base->name, mutants[n].name);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_plugin_conforms),
		cmocka_unit_test(test_copied_tables_conform),
		cmocka_unit_test(test_every_mutant_is_caught),
	};

	return cmocka_run_group_tests_name("conformance", tests, NULL, NULL);
}
