/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Types from BTF: the compact form that a kernel carries about itself. */
#ifndef MMU_FACTS_BTF_H
#define MMU_FACTS_BTF_H

#include "facts/vmlinux.h"

struct mmu_btf;

/** Bytes of the header and its sections as the header says; 0 when the header is not sane. */
uint64_t mmu_btf_bytes(struct mmu_bytes header, bool big_endian);

/**
 * Read BTF.
 * @param bytes  header, types and strings; not copied, must outlive the object
 * @param ret    owned by the caller; untouched on failure
 * @return MMU_ERROR_CORRUPT, _NO_MEMORY
 */
struct mmu_error *mmu_btf_open(struct mmu_bytes bytes, bool big_endian,
			       struct mmu_btf **ret) MMU_MUST_CHECK;
/** Accepts NULL. */
void mmu_btf_close(struct mmu_btf *btf);

/* As the functions of vmlinux.h; errors MMU_ERROR_NOT_FOUND and _CORRUPT. */
struct mmu_error *mmu_btf_size(struct mmu_btf *btf, const char *type,
			       uint64_t *ret_bytes) MMU_MUST_CHECK;
struct mmu_error *mmu_btf_member(struct mmu_btf *btf, const char *type, const char *path,
				 struct mmu_member *ret) MMU_MUST_CHECK;
struct mmu_error *mmu_btf_enumerator(struct mmu_btf *btf, const char *type, const char *name,
				     int64_t *ret) MMU_MUST_CHECK;

#endif
