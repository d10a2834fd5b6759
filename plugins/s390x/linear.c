/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Where an s390x kernel maps memory without looking at tables. */
#include "s390x.h"

static bool get(const struct mmu_facts *facts, const char *key, uint64_t *ret)
{
	return facts->get(facts->context, key, ret);
}

/* ------------------------------------------------------------------ linear mappings */

/* The image ends at _end, or where the tables stop being linear behind its last known symbol. */
static const char *find_image(const struct mmu_facts *facts, const struct mmu_regime *regime,
			      struct mmu_linear *ret)
{
	static const char *const known[] = { "SYMBOL(_stext)", "SYMBOL(swapper_pg_dir)",
					     "SYMBOL(init_uts_ns)", "SYMBOL(node_online_map)" };
	uint64_t first = UINT64_MAX, last = 0, first_pa, va, pa;

	for (size_t i = 0; i < COUNT(known); i++) {
		if (!get(facts, known[i], &va))
			continue;
		first = va < first ? va : first;
		last = va > last ? va : last;
	}
	if (first > last || last - first >= IMAGE_BYTES_MAX)
		return "no symbol tells where the kernel's image lies";
	first &= ~BITS(0, 11);
	if (!s390x_image_pa(facts, first, &first_pa))
		return "KERNELOFFSET is not known, or is above the image";
	if (get(facts, "SYMBOL(_end)", &va) && va > last && va - first < IMAGE_BYTES_MAX) {
		last = va - 1;
	} else {
		for (va = last & ~BITS(0, 11); va - first < IMAGE_BYTES_MAX; va += BIT(12))
			if (!facts->walk(facts->context, regime, va, &pa) ||
			    pa - first_pa != va - first)
				break;
		last = va > last ? va - 1 : last;
	}
	*ret = (struct mmu_linear){ first, last, first_pa, "image", MMU_LINEAR_IMAGE };
	return NULL;
}

const char *s390x_linear(const struct mmu_facts *facts, struct mmu_linear *ret, size_t *ret_nr)
{
	struct mmu_linear image, direct = { .name = "identity mapping" };
	struct mmu_regime regime;
	const char *missing = s390x_kernel_regime(facts, &regime);
	uint64_t unused, last_pa, base = 0;
	bool ram;

	if (missing)
		return missing;
	ram = facts->ram(facts->context, MMU_RAM_LAST, &unused, &last_pa);
	get(facts, "IDENTITYBASE", &base); /* 6.10; memory is mapped at 0 before */
	if (!get(facts, "KERNELOFFPHYS", &unused)) {
		if (!ram || base + last_pa < base)
			return "where memory ends is not known";
		*ret = (struct mmu_linear){ base, base + last_pa, 0, "identity mapping",
					    MMU_LINEAR_IMAGE | MMU_LINEAR_DIRECT };
		*ret_nr = 1;
		return NULL;
	}
	missing = find_image(facts, &regime, &image);
	if (missing)
		return missing;
	ret[0] = image;
	*ret_nr = 1;
	direct.first_va = base;
	direct.last_va = base + last_pa;
	direct.roles = MMU_LINEAR_DIRECT;
	if (ram && direct.last_va >= base && direct.last_va < image.first_va)
		ret[(*ret_nr)++] = direct;
	return NULL;
}
