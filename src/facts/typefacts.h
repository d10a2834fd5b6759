/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Facts about types, as VMCOREINFO would name them, from the sources of types. */
#ifndef MMU_FACTS_TYPEFACTS_H
#define MMU_FACTS_TYPEFACTS_H

#include "facts/btf.h"
#include "facts/vmlinux.h"

/** Longer keys are no facts. */
#define MMU_FACT_KEY_MAX 128u

/**
 * A source of types: one of the two, or none. It remembers the last member, of which the offset,
 * the size and the bits are asked one after the other.
 */
struct mmu_type_source {
	struct mmu_vmlinux *vmlinux;
	struct mmu_btf *btf;
	char last[MMU_FACT_KEY_MAX]; /**< "type.member"; "": none yet */
	bool last_known;
	struct mmu_member last_member;
	bool no_memory; /**< atomic: once there was none to answer, which is no "not known" */
};

/** Split "HEAD(BODY)"; BODY is copied. @return false: the key has another head */
bool mmu_fact_split(const char *key, const char *head, char body[MMU_FACT_KEY_MAX]);

/** What the source knows of "type.member". @return false: nothing; *ret is untouched */
bool mmu_type_source_member(struct mmu_type_source *source, const char *name,
			    struct mmu_member *ret);

/**
 * OFFSET(), SIZE(), LENGTH() and ENUM() of "type.member", SIZE() of a type.
 * @return false: the key asks something else, or the source does not know; *ret is untouched
 */
bool mmu_type_source_fact(struct mmu_type_source *source, const char *key, uint64_t *ret);

#endif
