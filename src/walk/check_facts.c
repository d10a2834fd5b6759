/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Does a back-end keep the promises of arch.h? When nothing or nonsense is known. */
#include "walk/checker.h"

#define FACT_ROUNDS 200u

/* A kernel of which nothing, or only nonsense, is known. */
struct nonsense {
	struct checker *c;
	unsigned int percent; /* how often there is an answer */
	uint8_t note[512];
};

static bool answers(struct nonsense *n)
{
	return random_u64(n->c) % 100 < n->percent;
}

static uint64_t any_number(struct nonsense *n)
{
	uint64_t value = random_u64(n->c);

	switch (value & 7) {
	case 0:
		return value >> 3 & 1;
	case 1:
		return value >> 3 & 63;
	case 2:
		return value | UINT64_C(0xffffffff80000000);
	case 3:
		return value >> 32 & ~UINT64_C(0xfff);
	case 4:
		return value & ~UINT64_C(0xfff);
	default:
		return value;
	}
}

static bool any_get(void *context, const char *key, uint64_t *ret)
{
	if (!key || !answers(context))
		return false;
	*ret = any_number(context);
	return true;
}

static bool any_note(void *context, const char *name, uint32_t type, unsigned int n,
		     const uint8_t **ret_data, size_t *ret_bytes)
{
	struct nonsense *self = context;

	if (!name || !answers(self))
		return false;
	for (size_t i = 0; i < sizeof(self->note); i++)
		self->note[i] = (uint8_t)random_u64(self->c);
	memcpy(self->note, (const uint8_t[]){ 1, 0, 0, 0, 0xb8, 1, 0, 0 }, 8);
	*ret_data = self->note;
	*ret_bytes = answers(self) ? sizeof(self->note) : random_u64(self->c) % 64;
	return true;
}

static bool any_ram(void *context, unsigned int n, uint64_t *ret_first_pa, uint64_t *ret_last_pa)
{
	if (!answers(context)) /* but at 100 percent it never ends */
		return false;
	*ret_first_pa = any_number(context);
	*ret_last_pa = *ret_first_pa | 0xfffff;
	return true;
}

static bool any_bytes(void *context, uint64_t pa, void *buf, size_t bytes)
{
	uint8_t *out = buf;

	if (!answers(context))
		return false;
	for (size_t i = 0; i < bytes; i++)
		out[i] = (uint8_t)random_u64(((struct nonsense *)context)->c);
	return true;
}

static bool any_walk(void *context, const struct mmu_regime *regime, uint64_t va, uint64_t *ret_pa)
{
	struct nonsense *self = context;

	holds(self->c, regime && regime->format && regime->size == sizeof(*regime),
	      "what is walked is a regime");
	if (!answers(self))
		return false;
	*ret_pa = any_number(self);
	return true;
}

static bool any_next_mapped(void *context, const struct mmu_regime *regime, uint64_t *va,
			    uint64_t last_va, uint64_t *ret_pa)
{
	struct nonsense *self = context;

	if (!any_walk(context, regime, *va, ret_pa) || *va > last_va)
		return false;
	if (last_va - *va < UINT64_MAX)
		*va += any_number(self) % (last_va - *va + 1);
	return true;
}

static void any_derived(void *context, const char *key, uint64_t value, const char *how,
			uint32_t flags)
{
	struct nonsense *self = context;

	holds(self->c, key && *key && how && *how, "derived() has a key and a reason");
	holds(self->c, !(flags & ~(uint32_t)MMU_DERIVED_ASSUMED), "derived() has known flags");
}

static void check_linear(struct checker *c, const struct mmu_facts *facts, unsigned int percent)
{
	struct mmu_linear ranges[MMU_LINEAR_MAX];
	size_t nr = 0;
	const char *text = c->arch->linear(facts, ranges, &nr);

	look_at(c, "linear() at %u%% of all facts", percent);
	holds(c, !text || *text, "a reason is not an empty text");
	if (text || !holds(c, nr <= MMU_LINEAR_MAX, "at most MMU_LINEAR_MAX ranges"))
		return;
	for (size_t i = 0; i < nr; i++) {
		holds(c, ranges[i].name && ranges[i].first_va <= ranges[i].last_va,
		      "a range has a name, and ends behind its start");
		holds(c,
		      ranges[i].roles &&
			      !(ranges[i].roles & ~(uint32_t)(MMU_LINEAR_IMAGE | MMU_LINEAR_DIRECT |
							      MMU_LINEAR_OTHER)),
		      "a range has known roles");
		for (size_t j = 0; j < i; j++)
			holds(c,
			      ranges[i].last_va < ranges[j].first_va ||
				      ranges[j].last_va < ranges[i].first_va,
			      "ranges don't overlap");
	}
}

static void check_regions(struct checker *c, const struct mmu_facts *facts, unsigned int percent)
{
	struct mmu_region regions[MMU_REGIONS_MAX];
	size_t nr = c->arch->regions ? c->arch->regions(facts, regions) : 0;

	look_at(c, "regions() at %u%% of all facts", percent);
	if (!holds(c, nr <= MMU_REGIONS_MAX, "at most MMU_REGIONS_MAX regions"))
		return;
	for (size_t i = 0; i < nr; i++)
		holds(c,
		      regions[i].name && regions[i].first_va <= regions[i].last_va &&
			      (i == 0 || regions[i - 1].last_va < regions[i].first_va),
		      "regions have names, ascend and are disjoint");
}

static void check_cpu(struct checker *c, const struct mmu_facts *facts, unsigned int percent)
{
	struct mmu_cpu cpu = { .size = 0 };

	if (!c->arch->cpu || !c->arch->cpu(facts, 0, &cpu))
		return;
	look_at(c, "cpu() at %u%% of all facts", percent);
	holds(c, cpu.size == sizeof(cpu) && cpu.mode && *cpu.mode && cpu.root_register,
	      "a CPU has its size, a mode and the name of a register");
	holds(c, !cpu.format || cpu.format->name, "a CPU's format has a name");
}

static void check_byte_order(struct checker *c, const struct mmu_facts *facts, unsigned int percent)
{
	bool big = c->arch->elf_data == 2, before = big;

	look_at(c, "byte_order() at %u%% of all facts", percent);
	if (c->arch->byte_order && !c->arch->byte_order(facts, &big))
		holds(c, big == before, "byte_order() tells something or leaves it alone");
}

static void check_locate(struct checker *c, const struct mmu_facts *facts,
			 const struct mmu_root *root, unsigned int percent)
{
	struct mmu_regime found[MMU_REGIMES_MAX];
	const struct mmu_regime *regimes[MMU_REGIMES_MAX];
	size_t nr = SIZE_MAX;

	memset(found, 0x5a, sizeof(found));
	const char *text = c->arch->locate(facts, root, found, &nr);

	look_at(c, "locate() at %u%% of all facts", percent);
	if (text) {
		holds(c, *text && nr == SIZE_MAX, "locate() gives a reason, or regimes");
		return;
	}
	for (size_t i = 0; i < nr && i < MMU_REGIMES_MAX; i++)
		regimes[i] = &found[i];
	check_regimes(c, regimes, nr);
}

void check_facts(struct checker *c)
{
	struct nonsense nonsense = { .c = c };
	struct mmu_facts facts = { .size = sizeof(facts),
				   .pointer_bytes = c->arch->elf_class == 1 ? 4 : 8,
				   .big_endian = c->arch->elf_data == 2,
				   .context = &nonsense,
				   .get = any_get,
				   .link_symbol = any_get,
				   .note = any_note,
				   .ram = any_ram,
				   .read_phys = any_bytes,
				   .read_kernel = any_bytes,
				   .walk = any_walk,
				   .next_mapped = any_next_mapped,
				   .derived = any_derived };

	for (unsigned int n = 0; n < FACT_ROUNDS; n++) {
		const struct mmu_root root = { .size = sizeof(root),
					       .kind = (enum mmu_root_kind)(n % 3),
					       .value = any_number(&nonsense),
					       .mm_va = n & 1 ? any_number(&nonsense) : 0,
					       .user_half = n / 3 % 2 };

		nonsense.percent = n < 6 ? 0 : n % 2 ? 100 : 90; /* 100: endless loops show */
		check_locate(c, &facts, &root, nonsense.percent);
		check_linear(c, &facts, nonsense.percent);
		check_regions(c, &facts, nonsense.percent);
		check_cpu(c, &facts, nonsense.percent);
		check_byte_order(c, &facts, nonsense.percent);
	}
}
