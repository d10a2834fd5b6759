/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Facts about types, as VMCOREINFO would name them, from the sources of types. */
#ifndef MMU_FACTS_TYPEFACTS_H
#define MMU_FACTS_TYPEFACTS_H

#include "facts/btf.h"
#include "facts/vmlinux.h"

/** Longer keys are no facts. */
#define MMU_FACT_KEY_MAX 128u

/** Split "HEAD(BODY)"; BODY is copied. @return false: the key has another head */
bool mmu_fact_split(const char *key, const char *head, char body[MMU_FACT_KEY_MAX]);

/**
 * OFFSET(), SIZE(), LENGTH() and ENUM() of "type.member", SIZE() of a type.
 * @return false: the key asks something else, or the source does not know; *ret is untouched
 */
bool mmu_fact_from_vmlinux(struct mmu_vmlinux *vmlinux, const char *key, uint64_t *ret);
bool mmu_fact_from_btf(struct mmu_btf *btf, const char *key, uint64_t *ret);

#endif
