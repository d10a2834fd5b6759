/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file What is looked up of a kernel by name once, when it is first needed: tables of fields. */
#ifndef MMU_KERNEL_LAYOUT_H
#define MMU_KERNEL_LAYOUT_H

#include "facts/fields.h"
#include "kernel/kernel.h"

/** Each table, or whatever else is worked out once of a kernel, has a place there. */
enum mmu_layout_slot {
	MMU_LAYOUT_CPUS,
	MMU_LAYOUT_TASK,
	MMU_LAYOUT_TASK_STATUS,
	MMU_LAYOUT_TASK_LIST,
	MMU_LAYOUT_PIDS,
	MMU_LAYOUT_PIDS_SHAPE,
	MMU_LAYOUT_PIDS_GUESS,
	MMU_LAYOUT_LEADERS,
	MMU_LAYOUT_ALL_TASKS,
	MMU_LAYOUT_THREADS,
	MMU_LAYOUT_FAMILY,
	MMU_LAYOUT_RUN_QUEUES,
	MMU_LAYOUT_MM_LIST,
	MMU_LAYOUT_MM,
	MMU_LAYOUT_TASK_SIZE,
	MMU_LAYOUT_MM_NAMES,
	MMU_LAYOUT_COUNTERS,
	MMU_LAYOUT_PERCPU_COUNTERS,
	MMU_LAYOUT_VMA,
	MMU_LAYOUT_VMA_TREE,
	MMU_LAYOUT_MAPLE,
	MMU_LAYOUT_RB,
	MMU_LAYOUT_VMA_MORE,
	MMU_LAYOUT_SPECIAL,
	MMU_LAYOUT_GATE,
	MMU_LAYOUT_FILE,
	MMU_LAYOUT_INODE,
	MMU_LAYOUT_SUPER,
	MMU_LAYOUT_XA_NODE,
	MMU_LAYOUT_VM_FLAGS,
	MMU_LAYOUT_PAGE,
	MMU_LAYOUT_SWAP_COUNT,
	MMU_LAYOUT_PTDESC,
	MMU_LAYOUT_DENTRY,
	MMU_LAYOUT_NAMER,
	MMU_LAYOUT_MOUNT,
	MMU_LAYOUT_ZERO_PAGES,
	MMU_LAYOUT_SWAP,
	MMU_LAYOUT_THP,
	MMU_LAYOUT_SHMEM,
	MMU_LAYOUT_COUNT,
};

/** A table of fields. A static object. */
struct mmu_layout {
	enum mmu_layout_slot slot;
	const char *what; /**< the object, for messages: "task_struct" */
	size_t bytes;     /**< of the struct that the definitions fill */
	const struct mmu_field_def *defs;
	size_t nr_defs;
	/** Where definitions can't say it; NULL else. Gets a struct that is all zeros. */
	void (*make)(const struct mmu_kernel *kernel, void *ret);
	/** Release what make() filled in; NULL: nothing. */
	void (*unmake)(void *made);
};

#define MMU_LAYOUT(slot, what, type, defs)                                                         \
	{                                                                                          \
		MMU_LAYOUT_##slot, what, sizeof(type), defs, sizeof(defs) / sizeof((defs)[0]),     \
			NULL, NULL                                                                 \
	}

/** No object that is read here has its fields further apart. */
#define MMU_COPY_BYTES_MAX 16384u

/** @return MMU_ERROR_NO_MEMORY; the kernel owns it, and destroys it with itself */
struct mmu_error *mmu_layouts_create(struct mmu_layouts **ret) MMU_MUST_CHECK;
/** Accepts NULL. */
void mmu_layouts_destroy(struct mmu_layouts *layouts);
/** A source of facts has come: look all up again. For the one thread that learns. */
void mmu_layouts_forget(struct mmu_layouts *layouts);

/**
 * What was read in small pieces (mmu_image_pick()) for a space that is closed serves the next one:
 * whoever opens many finds tasks that are neighbours. Take it, or NULL; give it back, or NULL.
 */
struct mmu_page_cache *mmu_layouts_take_picked(struct mmu_layouts *layouts);
void mmu_layouts_give_picked(struct mmu_layouts *layouts, struct mmu_page_cache *picked);

/**
 * The fields of a table, looked up when they are first asked for, by whichever thread.
 * @param ret       stays valid as long as the kernel, or until mmu_layouts_forget()
 * @param ret_parts  that hold all of them, within MMU_COPY_BYTES_MAX; valid as *ret; may be NULL
 * @return MMU_ERROR_NOT_FOUND (a needed one), _CORRUPT, _NO_MEMORY
 */
struct mmu_error *mmu_layout_need(const struct mmu_kernel *kernel, const struct mmu_layout *layout,
				  const void **ret,
				  const struct mmu_object_parts **ret_parts) MMU_MUST_CHECK;

#endif
