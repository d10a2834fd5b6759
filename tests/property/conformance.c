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
#include "support/sanitized.h"

/* MMU_PLUGINS is P(x86_64) P(arm) ...: the build's list. */
#define P(name) extern const struct mmu_arch mmu_arch_##name;
MMU_PLUGINS
#undef P
#define P(name) &mmu_arch_##name,
static const struct mmu_arch *const archs[] = { MMU_PLUGINS };
#undef P

#define NR_ARCHS (sizeof(archs) / sizeof(archs[0]))

/* ------------------------------------------------------------------ mutants of functions */

static const struct mmu_format *base; /* the one that is being mutated */
static unsigned int calls;

static void lose_top_address_bit(const struct mmu_regime *regime, unsigned int level, uint64_t raw,
				 uint64_t second, struct mmu_entry *ret)
{
	base->decode(regime, level, raw, second, ret);
	ret->pa &= ~(regime->pa_mask ^ regime->pa_mask >> 1);
}

static void leak_into_address(const struct mmu_regime *regime, unsigned int level, uint64_t raw,
			      uint64_t second, struct mmu_entry *ret)
{
	base->decode(regime, level, raw, second, ret);
	if (ret->kind == MMU_KIND_LEAF)
		ret->pa |= raw & (((uint64_t)1 << regime->shape[0].shift) - 1);
}

static void misalign_large_leaves(const struct mmu_regime *regime, unsigned int level, uint64_t raw,
				  uint64_t second, struct mmu_entry *ret)
{
	base->decode(regime, level, raw, second, ret);
	if (ret->kind == MMU_KIND_LEAF && level > 0)
		ret->pa |= (uint64_t)1 << (regime->shape[level].shift - 1);
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

static void attrs_of_holes(const struct mmu_regime *regime, unsigned int level, uint64_t raw,
			   uint64_t second, struct mmu_entry *ret)
{
	base->decode(regime, level, raw, second, ret);
	ret->attrs |= MMU_ATTR_DIRTY;
}

static void unknown_memory(const struct mmu_regime *regime, unsigned int level, uint64_t raw,
			   uint64_t second, struct mmu_entry *ret)
{
	base->decode(regime, level, raw, second, ret);
	if (ret->kind == MMU_KIND_LEAF)
		ret->memory = MMU_MEMORY_DEVICE + 1;
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
	if (ret->kind == MMU_KIND_TABLE && ret->pa >> 20 & 1)
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

static bool wrong_step(const struct mmu_regime *regime, unsigned int level, struct mmu_alike *ret)
{
	bool said = base->alike(regime, level, ret);

	ret->step *= 2;
	return said;
}

static bool step_without_mask(const struct mmu_regime *regime, unsigned int level,
			      struct mmu_alike *ret)
{
	bool said = base->alike(regime, level, ret);

	ret->address = 0;
	return said;
}

/* A page that may be written to, say, passes for the next one that may not. */
static bool ignore_a_bit(const struct mmu_regime *regime, unsigned int level, struct mmu_alike *ret)
{
	bool said = base->alike(regime, level, ret);

	ret->step |= 0x42;
	ret->address |= 0x42;
	return said;
}

/* Every page has the next one's note, but for two neighbours somewhere. */
static void note_far_pages(const struct mmu_regime *regime, unsigned int level, uint64_t raw,
			   uint64_t second, struct mmu_entry *ret)
{
	uint64_t mask = regime->pa_mask;

	base->decode(regime, level, raw, second, ret);
	if (ret->kind == MMU_KIND_LEAF && !ret->run_lg2 && ret->pa > mask / 2)
		ret->note = "far";
}

static const char *forgetful_audit(const struct mmu_regime *regime, unsigned int level,
				   uint64_t raw, uint64_t second, uint64_t *ret_mask)
{
	*ret_mask = 1;
	return raw & 1 && ++calls % 2 ? "odd" : NULL;
}

static const char *locate_nothing(const struct mmu_facts *facts, const struct mmu_root *root,
				  struct mmu_regime *ret, size_t *ret_nr)
{
	*ret_nr = 0;
	return NULL;
}

static const char *linear_overlap(const struct mmu_facts *facts, struct mmu_linear *ret,
				  size_t *ret_nr)
{
	ret[0] = ret[1] = (struct mmu_linear){ 0, 4095, 0, "twice", MMU_LINEAR_IMAGE };
	*ret_nr = 2;
	return NULL;
}

static const char *linear_without_role(const struct mmu_facts *facts, struct mmu_linear *ret,
				       size_t *ret_nr)
{
	ret[0] = (struct mmu_linear){ 0, 4095, 0, "what for?", 0 };
	*ret_nr = 1;
	return NULL;
}

/* ------------------------------------------------------------------ mutants of hashes */

static unsigned int no_groups(const struct mmu_regime *regime, uint64_t va, struct mmu_probe *ret)
{
	return 0;
}

/* Those that it looks into first: the last are those of page sizes that few slots have. */
static unsigned int half_the_groups(const struct mmu_regime *regime, uint64_t va,
				    struct mmu_probe *ret)
{
	unsigned int nr = base->probes(regime, va, ret), half = (nr + 1) / 2;

	memmove(ret, ret + half, (nr - half) * sizeof(*ret));
	return nr - half;
}

static unsigned int group_behind_the_table(const struct mmu_regime *regime, uint64_t va,
					   struct mmu_probe *ret)
{
	unsigned int nr = base->probes(regime, va, ret);

	ret[nr - 1].first_slot = regime->nr_slots;
	return nr;
}

static unsigned int group_without_a_name(const struct mmu_regime *regime, uint64_t va,
					 struct mmu_probe *ret)
{
	unsigned int nr = base->probes(regime, va, ret);

	ret[0].name = NULL;
	return nr;
}

static bool slot_of_another_page(const struct mmu_regime *regime, uint64_t index, uint64_t raw,
				 uint64_t second, struct mmu_slot *ret)
{
	if (!base->slot(regime, index, raw, second, ret))
		return false;
	ret->va ^= (uint64_t)1 << 20;
	return true;
}

static bool slot_asks_for_its_space(const struct mmu_regime *regime, uint64_t index, uint64_t raw,
				    uint64_t second, struct mmu_slot *ret)
{
	return base->slot(regime, index, raw, second, ret) && !(regime->space & 1);
}

static bool slot_out_of_range(const struct mmu_regime *regime, uint64_t index, uint64_t raw,
			      uint64_t second, struct mmu_slot *ret)
{
	if (!base->slot(regime, index, raw, second, ret))
		return false;
	ret->va |= (uint64_t)1 << regime->format->slot_va_bits;
	return true;
}

static bool slot_not_aligned(const struct mmu_regime *regime, uint64_t index, uint64_t raw,
			     uint64_t second, struct mmu_slot *ret)
{
	if (!base->slot(regime, index, raw, second, ret))
		return false;
	ret->va |= 1;
	return true;
}

/* ------------------------------------------------------------------ mutants of tables */

static struct mmu_format format;
static struct mmu_level levels[MMU_LEVELS_MAX];
static struct mmu_flag rows[256];
static struct mmu_regime regimes[MMU_REGIMES_MAX];
static struct mmu_sample sample;

static const char *know_nothing(const struct mmu_facts *facts, const struct mmu_root *root,
				struct mmu_regime *ret, size_t *ret_nr)
{
	return "a copy of the tables, which locate() does not know";
}

/* The n-th format of a back-end's last sample, or NULL. */
static const struct mmu_format *nth_format(const struct mmu_arch *arch, size_t n)
{
	const struct mmu_sample *last = arch->samples[arch->nr_samples - 1];

	for (size_t i = 0; i < last->nr_regimes; i++) {
		size_t before = 0;

		while (last->regimes[before]->format != last->regimes[i]->format)
			before++;
		if (before == i && n-- == 0)
			return last->regimes[i]->format;
	}
	return NULL;
}

/* One format of the last sample alone, in copies that can be changed; the first row is free. */
static void copy_tables(const struct mmu_arch *arch, const struct mmu_format *of,
			struct mmu_arch *mutant)
{
	const struct mmu_sample *last = arch->samples[arch->nr_samples - 1];
	static const struct mmu_regime *list[MMU_REGIMES_MAX];
	static const struct mmu_format *const formats[] = { &format };
	static const struct mmu_sample *const samples[] = { &sample };

	base = of;
	format = *base;
	assert_true(format.nr_flags < 255);
	memcpy(levels, format.level, format.nr_levels * sizeof(levels[0]));
	memcpy(rows + 1, format.flags, format.nr_flags * sizeof(rows[0]));
	format.level = levels;
	format.flags = rows + 1;
	sample = *last;
	sample.nr_regimes = 0;
	for (size_t i = 0; i < last->nr_regimes; i++) {
		size_t n = sample.nr_regimes;

		if (last->regimes[i]->format != of || n == 2) /* two can overlap: enough */
			continue;
		regimes[n] = *last->regimes[i];
		regimes[n].format = &format;
		list[n] = &regimes[n];
		sample.nr_regimes++;
	}
	sample.regimes = list;
	mutant->formats = formats;
	mutant->nr_formats = 1;
	mutant->samples = samples;
	mutant->nr_samples = 1;
	mutant->locate = arch->locate ? know_nothing : NULL;
}

enum table_fault {
	NO_FAULT,
	SHIFT,
	FLAG_TWICE,
	FLAG_OUTSIDE,
	FLAG_ABSENT,
	FLAG_TRAIT,
	LEAF_LEVEL,
	LONG_TABLE,
	ABI,
	TRAIT,
	NO_SAMPLE,
	ROOT,
	BACKWARDS,
	TAGGED,
	TALL,
	TINY_PAGE,
	OVERLAP,
	WIDE_RANGE,
	KIND,
	SLOT,
};

static void plant_flag(enum table_fault fault)
{
	switch (fault) {
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
	case FLAG_ABSENT:
		rows[1].absent = rows[1].mask;
		break;
	case FLAG_TRAIT:
		rows[1].if_traits |= UINT32_C(1) << 31;
		break;
	default:
		break;
	}
}

static void plant_regime(enum table_fault fault)
{
	switch (fault) {
	case BACKWARDS:
		regimes[0].first_va = regimes[0].last_va + 1;
		break;
	case TAGGED:
		regimes[0].ignored_va = 1;
		break;
	case TALL:
		regimes[0].top_level = format.nr_levels;
		break;
	case TINY_PAGE:
		regimes[0].page_lg2 = 8;
		break;
	default:
		break;
	}
}

static void plant(struct mmu_arch *mutant, enum table_fault fault)
{
	unsigned int top = regimes[0].top_level;

	switch (fault) {
	case SHIFT:
		regimes[0].shape[top].shift++;
		break;
	case FLAG_TWICE:
	case FLAG_OUTSIDE:
	case FLAG_ABSENT:
	case FLAG_TRAIT:
		plant_flag(fault);
		break;
	case LEAF_LEVEL:
		levels[top ? 1 : 0].may_be_leaf = !levels[top ? 1 : 0].may_be_leaf;
		break;
	case LONG_TABLE:
		regimes[0].shape[0].index_bits = 60;
		break;
	case ABI:
		mutant->abi++;
		break;
	case TRAIT:
		regimes[0].traits |= UINT32_C(1) << 31;
		break;
	case NO_SAMPLE:
		mutant->nr_samples = 0;
		break;
	case ROOT:
		regimes[0].root_pa = 4096;
		break;
	case BACKWARDS:
	case TAGGED:
	case TALL:
	case TINY_PAGE:
		plant_regime(fault);
		break;
	case OVERLAP:
		regimes[sample.nr_regimes] = regimes[sample.nr_regimes - 1];
		((const struct mmu_regime **)sample.regimes)[sample.nr_regimes] =
			&regimes[sample.nr_regimes];
		sample.nr_regimes++;
		break;
	case WIDE_RANGE:
		regimes[sample.nr_regimes - 1].first_va = 0;
		regimes[sample.nr_regimes - 1].last_va = UINT64_MAX;
		break;
	case KIND:
		format.kind = (enum mmu_format_kind)7;
		break;
	case SLOT:
		format.slot_bytes = 0;
		break;
	case NO_FAULT:
		break;
	}
}

/* ------------------------------------------------------------------ the tests */

/* What a back-end must have, so that a mutant differs from it. */
enum need { ANYTHING, LEVELS, DENIAL, EXPLAIN, KERNEL, ALIKE, HASHED };

static const struct {
	const char *name;
	struct mmu_format with; /* functions that take the place of the base's */
	enum table_fault fault;
	enum need need;
	struct mmu_arch kernel; /* likewise */
} mutants[] = {
	{ "lose_top_address_bit", { .decode = lose_top_address_bit }, NO_FAULT },
	{ "leak_into_address", { .decode = leak_into_address }, NO_FAULT },
	{ "misalign_large_leaves", { .decode = misalign_large_leaves }, NO_FAULT, LEVELS },
	{ "lose_no_execute", { .decode = lose_no_execute }, NO_FAULT, DENIAL },
	{ "always_writable", { .decode = always_writable }, NO_FAULT, DENIAL },
	{ "unknown_right", { .decode = unknown_right }, NO_FAULT },
	{ "swap_levels", { .decode = swap_levels }, NO_FAULT, LEVELS },
	{ "attrs_of_holes", { .decode = attrs_of_holes }, NO_FAULT },
	{ "unknown_memory", { .decode = unknown_memory }, NO_FAULT },
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
	{ "wrong_step", { .alike = wrong_step }, NO_FAULT, ALIKE },
	{ "step_without_mask", { .alike = step_without_mask }, NO_FAULT, ALIKE },
	{ "ignore_a_bit", { .alike = ignore_a_bit }, NO_FAULT, ALIKE },
	{ "note_far_pages", { .decode = note_far_pages }, NO_FAULT, ALIKE },
	{ "forgetful_audit", { .audit = forgetful_audit }, NO_FAULT },
	{ "no_groups", { .probes = no_groups }, NO_FAULT, HASHED },
	{ "half_the_groups", { .probes = half_the_groups }, NO_FAULT, HASHED },
	{ "group_behind_the_table", { .probes = group_behind_the_table }, NO_FAULT, HASHED },
	{ "group_without_a_name", { .probes = group_without_a_name }, NO_FAULT, HASHED },
	{ "slot_of_another_page", { .slot = slot_of_another_page }, NO_FAULT, HASHED },
	{ "slot_asks_for_its_space", { .slot = slot_asks_for_its_space }, NO_FAULT, HASHED },
	{ "slot_out_of_range", { .slot = slot_out_of_range }, NO_FAULT, HASHED },
	{ "slot_not_aligned", { .slot = slot_not_aligned }, NO_FAULT, HASHED },
	{ "locate_nothing", { .size = 0 }, NO_FAULT, KERNEL, { .locate = locate_nothing } },
	{ "linear_overlap", { .size = 0 }, NO_FAULT, KERNEL, { .linear = linear_overlap } },
	{ "linear_without_role",
	  { .size = 0 },
	  NO_FAULT,
	  KERNEL,
	  { .linear = linear_without_role } },
	{ "linear alone", { .size = 0 }, NO_FAULT, ANYTHING, { .linear = linear_overlap } },
	{ "table: shift", { .size = 0 }, SHIFT },
	{ "table: one bit, two names", { .size = 0 }, FLAG_TWICE },
	{ "table: value outside the mask", { .size = 0 }, FLAG_OUTSIDE },
	{ "table: absent inside the mask", { .size = 0 }, FLAG_ABSENT },
	{ "table: unknown trait of a flag", { .size = 0 }, FLAG_TRAIT },
	{ "table: leaves where none are", { .size = 0 }, LEAF_LEVEL },
	{ "table: too many index bits", { .size = 0 }, LONG_TABLE },
	{ "another ABI", { .size = 0 }, ABI },
	{ "a regime's trait is unknown", { .size = 0 }, TRAIT },
	{ "no sample", { .size = 0 }, NO_SAMPLE },
	{ "a sample with a root", { .size = 0 }, ROOT },
	{ "first behind last", { .size = 0 }, BACKWARDS },
	{ "an ignored bit that differs", { .size = 0 }, TAGGED },
	{ "more levels than the format", { .size = 0 }, TALL },
	{ "pages of 256 bytes", { .size = 0 }, TINY_PAGE },
	{ "a regime twice", { .size = 0 }, OVERLAP },
	{ "a range wider than the tables", { .size = 0 }, WIDE_RANGE },
	{ "a kind that nobody knows", { .size = 0 }, KIND },
	{ "slots of no bytes", { .size = 0 }, SLOT },
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
	const struct mmu_format *of;

	for (size_t i = 0; i < NR_ARCHS; i++) {
		for (size_t n = 0; (of = nth_format(archs[i], n)); n++) {
			struct mmu_arch copy = *archs[i];

			copy_tables(archs[i], of, &copy);
			assert_true(mmu_arch_conformance(&copy, print_problem,
							 (void *)archs[i]->name, NULL));
		}
	}
}

static bool meets(const struct mmu_arch *arch, enum need need)
{
	const struct mmu_entry entry = { .kind = MMU_KIND_LEAF, .rights = MMU_RIGHT_READ };
	uint64_t raw, second;

	switch (need) {
	case LEVELS:
		return format.nr_levels > 1;
	case DENIAL:
		return base->encode(&regimes[0], 0, &entry, &raw, &second);
	case EXPLAIN:
		return base->explain;
	case KERNEL:
		return arch->locate;
	case ALIKE:
		return base->alike;
	case HASHED:
		return base->kind == MMU_FORMAT_HASHED;
	case ANYTHING:
		break;
	}
	return true;
}

static void check_mutant(const struct mmu_arch *arch, const struct mmu_format *of, size_t n)
{
	struct mmu_arch mutant = *arch;
	unsigned int problems = 0;

	copy_tables(arch, of, &mutant);
	if (!meets(arch, mutants[n].need))
		return; /* nothing to break */
	if (!mutants[n].need && mutants[n].kernel.linear && arch->linear)
		return;
	format.decode = mutants[n].with.decode ? mutants[n].with.decode : base->decode;
	format.encode = mutants[n].with.encode ? mutants[n].with.encode : base->encode;
	format.explain = mutants[n].with.explain ? mutants[n].with.explain : base->explain;
	format.alike = mutants[n].with.alike ? mutants[n].with.alike : base->alike;
	format.audit = mutants[n].with.audit ? mutants[n].with.audit : base->audit;
	format.probes = mutants[n].with.probes ? mutants[n].with.probes : base->probes;
	format.slot = mutants[n].with.slot ? mutants[n].with.slot : base->slot;
	mutant.locate = mutants[n].kernel.locate ? mutants[n].kernel.locate : mutant.locate;
	mutant.linear = mutants[n].kernel.linear ? mutants[n].kernel.linear : mutant.linear;
	plant(&mutant, mutants[n].fault);
	if (mmu_arch_conformance(&mutant, count_problem, &problems, NULL) || !problems)
		fail_msg("%s %s: the mutant %s was not caught", arch->name, of->name,
			 mutants[n].name);
}

static void test_every_mutant_is_caught(void **state)
{
	const struct mmu_format *of;

	/* with a sanitizer, one format of one back-end: the checks are the same for all */
	for (size_t i = TEST_SANITIZED ? 1 : 0; i < (TEST_SANITIZED ? 2 : NR_ARCHS); i++)
		for (size_t j = 0; (of = nth_format(archs[i], j)) && !(TEST_SANITIZED && j); j++)
			for (size_t n = 0; n < sizeof(mutants) / sizeof(mutants[0]); n++)
				check_mutant(archs[i], of, n);
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
