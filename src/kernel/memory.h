/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file One thread's way to read a kernel's memory: physical addresses, and the kernel's own. */
#ifndef MMU_KERNEL_MEMORY_H
#define MMU_KERNEL_MEMORY_H

#include "kernel/kernel.h"
#include "walk/walk.h"

/** How many pages a memory remembers the place of. */
#define MMU_MEMORY_PAGES 256u

/** For one thread; the kernel may be read through others meanwhile, once it is learnt. */
struct mmu_memory {
	const struct mmu_kernel *kernel;
	struct mmu_cursor cursor; /**< of its image */
	/** Pages that the kernel's tables were walked for, by the low bits of their number. */
	struct mmu_memory_page {
		uint64_t va, pa;
		bool known;
	} pages[MMU_MEMORY_PAGES];
	uint64_t root_pa;      /**< of the tables that were walked for them */
	uint64_t *cpu_offsets; /**< owned; NULL until they were read */
	size_t nr_cpus;
};

/** @param kernel  must outlive it; its image is open */
void mmu_memory_init(struct mmu_memory *memory, const struct mmu_kernel *kernel);
void mmu_memory_destroy(struct mmu_memory *memory);

/** The bytes at a physical address; valid until the next call with this memory. */
struct mmu_span mmu_memory_span(struct mmu_memory *memory, uint64_t pa);

/** As mmu_image_read(). */
enum mmu_page_state mmu_memory_read_phys(struct mmu_memory *memory, uint64_t pa, void *buf,
					 size_t bytes, uint64_t *ret_pa);

/** What a walk of the kernel's tables begins with; for one of others, but for the regimes. */
struct mmu_walker mmu_memory_walker(struct mmu_memory *memory);

/** Walk the kernel's own tables; MMU_RESULT_EMPTY, without a step, while they are not known. */
void mmu_memory_walk(struct mmu_memory *memory, uint64_t va, struct mmu_walk *ret);

/** @return the linear mapping that an address belongs to, or NULL */
const struct mmu_linear *mmu_memory_linear(const struct mmu_memory *memory, uint64_t va);

/**
 * Where a kernel address lies: a linear mapping, else the kernel's page tables.
 * @return false: not mapped, or a table page is not in the image
 */
bool mmu_memory_to_phys(struct mmu_memory *memory, uint64_t va, uint64_t *ret_pa);

/**
 * Read kernel memory, all or nothing.
 * @param what  names the object for the message: "task_struct"
 * @return MMU_ERROR_FAULT: "what at 0x...: physical 0x... is filtered"; the first address is `va`,
 *         the second one that of the first byte that is missing
 */
struct mmu_error *mmu_memory_read(struct mmu_memory *memory, uint64_t va, void *buf, size_t bytes,
				  const char *what) MMU_MUST_CHECK;

/** Read kernel memory up to the first byte that is not there. @return how many bytes that are */
size_t mmu_memory_copy(struct mmu_memory *memory, uint64_t va, void *buf, size_t bytes);

/**
 * Find linearly mapped bytes where they lie, to spare a copy.
 * @param ret  valid as long as the image; untouched unless true
 * @return false: they are not all there, or not behind each other in a file that is mapped
 */
bool mmu_memory_in_place(struct mmu_memory *memory, uint64_t va, uint64_t bytes,
			 struct mmu_bytes *ret);

/** As mmu_memory_read(), of what lies at `offset` in an object; a message names object_va. */
struct mmu_error *mmu_memory_read_part(struct mmu_memory *memory, uint64_t object_va,
				       uint64_t offset, void *buf, size_t bytes,
				       const char *what) MMU_MUST_CHECK;

/** Read an unsigned number of 1, 2, 4 or 8 bytes in the kernel's byte order. */
struct mmu_error *mmu_memory_read_uint(struct mmu_memory *memory, uint64_t va, unsigned int bytes,
				       const char *what, uint64_t *ret) MMU_MUST_CHECK;

/** As mmu_memory_read_uint(), of what lies at `offset` in an object; a message names object_va. */
struct mmu_error *mmu_memory_read_part_uint(struct mmu_memory *memory, uint64_t object_va,
					    uint64_t offset, unsigned int bytes, const char *what,
					    uint64_t *ret) MMU_MUST_CHECK;

/** Read a pointer. */
struct mmu_error *mmu_memory_read_pointer(struct mmu_memory *memory, uint64_t va, const char *what,
					  uint64_t *ret) MMU_MUST_CHECK;

/**
 * Read memory of `kernel`, a struct mmu_kernel, all or nothing, without a memory of one's own: for
 * back-ends and tables of symbols, which ask in any thread, while the kernel is learnt and later.
 */
bool mmu_memory_read_alone(void *kernel, uint64_t va, void *buf, size_t bytes);

/** Called with the distance of a CPU's variables from the addresses of their symbols. */
typedef struct mmu_error *(*mmu_cpu_fn)(uint64_t cpu_offset, void *context);

/**
 * Visit the per-CPU areas; none, when the kernel is built for one CPU.
 * @return the first error of fn, or MMU_ERROR_FAULT: where an area lies can't be read
 */
struct mmu_error *mmu_memory_each_cpu(struct mmu_memory *memory, mmu_cpu_fn fn,
				      void *context) MMU_MUST_CHECK;

#endif
