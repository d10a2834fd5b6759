/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Back-ends and their formats, without any image. */
#include <stdlib.h>

#include "walk/registry.h"

struct mmu_arches {
	char **names; /* NULL-terminated, one block */
	size_t next;
};

struct mmu_error *mmu_arches_open(const char *plugin_dir, struct mmu_arches **ret)
{
	struct mmu_arches *arches = calloc(1, sizeof(*arches));
	struct mmu_error *error = arches ? mmu_arch_list(plugin_dir, &arches->names)
					 : mmu_error_no_memory();

	if (error)
		free(arches);
	else
		*ret = arches;
	return error;
}

const char *mmu_arches_next(struct mmu_arches *arches)
{
	const char *name = arches->names[arches->next];

	arches->next += name != NULL;
	return name;
}

void mmu_arches_close(struct mmu_arches *arches)
{
	if (!arches)
		return;
	free(arches->names);
	free(arches);
}

struct mmu_error *mmu_regime_create(const struct mmu_regime *from, uint32_t set_traits,
				    uint32_t clear_traits, struct mmu_regime **ret)
{
	struct mmu_regime *regime = malloc(sizeof(*regime));

	if (!regime)
		return mmu_error_no_memory();
	*regime = *from;
	regime->traits = (regime->traits | set_traits) & ~clear_traits;
	*ret = regime;
	return NULL;
}

void mmu_regime_destroy(struct mmu_regime *regime)
{
	free(regime);
}
