/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Paths of files, by dentries and mounts. */
#ifndef MMU_OBJECTS_PATH_H
#define MMU_OBJECTS_PATH_H

#include "objects/inode.h"

/** With the NUL: no path of Linux's is longer (PATH_MAX). */
#define MMU_PATH_BYTES 4096u

/** Which file it is, as /proc/PID/maps tells it. */
struct mmu_file_id {
	bool known;
	uint32_t major, minor; /**< of the device that its file system reports */
	uint64_t inode;
};

/** The number of an open file's inode and of its device. @param ret  not known: it can't be read */
void mmu_file_id_read(const struct mmu_peek *peek, uint64_t file_va, struct mmu_file_id *ret);

/**
 * What an open file reads and writes: of one that an overlay opened, the real one.
 * @param ret_pages_va  of the xarray's head with its pages; 0: not known
 * @return false: it can't be read
 */
bool mmu_file_object_read(const struct mmu_peek *peek, uint64_t file_va,
			  struct mmu_inode *ret_inode, uint64_t *ret_pages_va);

/**
 * The path of an open file as /proc/PID/maps has it (fs/d_path.c), from the root of its mount
 * namespace.
 * @param ret  raw bytes with a NUL; what is left of the path, without a slash in front, where it is
 *             not whole
 * @return MMU_VMA_NAME_PATH, _PART, or _LAST: the facts tell no more than the last component;
 *         _NONE, with "": not even that can be read
 */
enum mmu_vma_named mmu_path_read(const struct mmu_peek *peek, uint64_t file_va,
				 char ret[MMU_PATH_BYTES]);

#endif
