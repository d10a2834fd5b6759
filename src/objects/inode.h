/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Inodes and the file systems that they belong to. */
#ifndef MMU_OBJECTS_INODE_H
#define MMU_OBJECTS_INODE_H

#include "objects/peek.h"

/** include/uapi/linux/magic.h */
#define MMU_TMPFS_MAGIC 0x01021994u

struct mmu_inode {
	uint64_t number;
	uint64_t super_va;    /**< of its super_block */
	uint32_t device;      /**< of the file system */
	uint64_t magic;       /**< of the file system; 0: not known */
	uint64_t block_bytes; /**< of the file system: hugetlbfs's are its pages; 0: not known */
};

/** @return false, with *ret untouched: it, or its file system, can't be read */
bool mmu_inode_read(const struct mmu_peek *peek, uint64_t inode_va, struct mmu_inode *ret);

#endif
