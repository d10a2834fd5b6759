/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file The symbols and types that will be asked for: each table of a kernel is then read once. */
#ifndef MMU_FACTS_WANTED_NAMES_H
#define MMU_FACTS_WANTED_NAMES_H

#include "facts/fields.h"
#include "facts/vmlinux.h"

/**
 * Names gathered from several places, each once. All zeros to begin with. It must outlive the
 * readers that get its lists.
 */
struct mmu_wanted_names {
	/** NULL-terminated; NULL: none yet. Names of added lists are kept by pointer. */
	const char **symbols, **types;
	size_t nr_symbols, nr_types; /**< with the NULL */
	char **cut;                  /**< owned: names that were cut out of keys */
	size_t nr_cut;
};

/**
 * Add two NULL-terminated lists of static names, as a back-end's; either may be NULL.
 * @return MMU_ERROR_NO_MEMORY; what was added before stays
 */
struct mmu_error *mmu_wanted_names_add(struct mmu_wanted_names *names, const char *const *symbols,
				       const char *const *types) MMU_MUST_CHECK;
/** Add what a table of fields will ask for. */
struct mmu_error *mmu_wanted_names_add_fields(struct mmu_wanted_names *names,
					      const struct mmu_field_def *defs,
					      size_t nr) MMU_MUST_CHECK;
/** As the readers of a vmlinux take them. */
static inline struct mmu_vmlinux_wants mmu_wanted_names_lists(const struct mmu_wanted_names *names)
{
	return (struct mmu_vmlinux_wants){ names->symbols, names->types };
}
void mmu_wanted_names_destroy(struct mmu_wanted_names *names);

#endif
