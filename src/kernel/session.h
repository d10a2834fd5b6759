/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file A session: one image, the facts about its kernel, and the kernel's own address space. */
#ifndef MMU_KERNEL_SESSION_H
#define MMU_KERNEL_SESSION_H

#include "facts/facts.h"
#include "image/image.h"
#include "walk/walk.h"

enum mmu_learn_state { MMU_LEARN_NOT_YET, MMU_LEARN_DONE, MMU_LEARN_FAILED };

struct mmu_session {
	struct mmu_image *image;
	struct mmu_fact_store *facts;
	const struct mmu_arch *arch;
	/* the user's options, copied */
	char *vmlinux_option, *arch_option, *plugin_dir;
	char **debug_dirs;
	bool force;

	enum mmu_learn_state learnt;
	struct mmu_error *learn_error;     /* what every later call is told again */
	struct mmu_error *init_task_error; /* why no task can be found, as it was told last */
	struct mmu_linear linear[MMU_LINEAR_MAX];
	size_t nr_linear;
	struct mmu_regimes regimes; /* of the kernel's own space: none until they are found */
	struct mmu_walker kernel;   /* over them */
	struct mmu_swap_map swap;
	bool swap_made;
	bool asked_itself; /* mmu_session_learn_from_itself() was called */
	char release[65], build_id[41];
	uint8_t *found_vmcoreinfo; /* owned, where VMCOREINFO was found in memory */
	bool vmcoreinfo_refuted;   /* the notes' own does not fit memory, and was put aside */
};

/** PAGE_SHIFT of the kernel, as far as it is known: else as its back-end has it by default. */
static inline unsigned int mmu_session_page_lg2(const struct mmu_session *session)
{
	if (session->regimes.nr)
		return session->regimes.regime[0].page_lg2;
	return session->arch->nr_samples ? session->arch->samples[0]->regimes[0]->page_lg2 : 12;
}

/** Take this back-end: the facts then answer its questions. @return MMU_ERROR_NO_MEMORY */
struct mmu_error *mmu_session_set_arch(struct mmu_session *session,
				       const struct mmu_arch *arch) MMU_MUST_CHECK;

/** Load the back-end that the options or the image name; no kernel is needed. Idempotent. */
struct mmu_error *mmu_session_need_arch(struct mmu_session *session) MMU_MUST_CHECK;

/** Take release and build-id from VMCOREINFO, else from the image's headers. */
void mmu_session_read_identity(struct mmu_session *session);

/**
 * Ask the back-end for the linear mappings and for the kernel's own tables, as far as the facts go.
 * @return what is missing of the two, static text, or NULL
 */
const char *mmu_session_find_mappings(struct mmu_session *session);

/**
 * Hold the VMCOREINFO of the notes to memory. Where it does not fit, or there is none, look for one
 * in memory that does. One that can't be told from another kernel's is not taken. Needs nothing; an
 * unknown architecture changes nothing.
 */
void mmu_session_find_vmcoreinfo(struct mmu_session *session);

/**
 * Find the kernel by the shape of its tables, where nothing else says where it lies: the facts then
 * have what the back-end needs. Nothing found is no error.
 * @return MMU_ERROR_MISMATCH: memory holds several kernels, and none is better than the others
 */
struct mmu_error *mmu_session_find_by_tables(struct mmu_session *session) MMU_MUST_CHECK;

/**
 * Where a kernel address lies: a linear mapping, else the kernel's page tables.
 * @return false: not mapped, or a table page is not in the image
 */
bool mmu_kernel_to_phys(struct mmu_session *session, uint64_t va, uint64_t *ret_pa);

/**
 * Read kernel memory, all or nothing.
 * @param what  names the object for the message: "task_struct"
 * @return MMU_ERROR_FAULT: "what at 0x...: physical 0x... is filtered"; the first address is `va`,
 *         the second one that of the first byte that is missing
 */
struct mmu_error *mmu_kernel_read(struct mmu_session *session, uint64_t va, void *buf, size_t bytes,
				  const char *what) MMU_MUST_CHECK;

/** As mmu_kernel_read(), of what lies at `offset` in an object; a message names object_va. */
struct mmu_error *mmu_kernel_read_part(struct mmu_session *session, uint64_t object_va,
				       uint64_t offset, void *buf, size_t bytes,
				       const char *what) MMU_MUST_CHECK;

/** As mmu_kernel_read_uint(), of what lies at `offset` in an object; a message names object_va. */
struct mmu_error *mmu_kernel_read_part_uint(struct mmu_session *session, uint64_t object_va,
					    uint64_t offset, unsigned int bytes, const char *what,
					    uint64_t *ret) MMU_MUST_CHECK;

/** Read an unsigned number of 1, 2, 4 or 8 bytes in the kernel's byte order. */
struct mmu_error *mmu_kernel_read_uint(struct mmu_session *session, uint64_t va, unsigned int bytes,
				       const char *what, uint64_t *ret) MMU_MUST_CHECK;

/** Called with the distance of a CPU's variables from the addresses of their symbols. */
typedef struct mmu_error *(*mmu_cpu_fn)(uint64_t cpu_offset, void *context);

/**
 * Visit the per-CPU areas; none, when the kernel is built for one CPU.
 * @return the first error of fn, or MMU_ERROR_FAULT: where an area lies can't be read
 */
struct mmu_error *mmu_kernel_each_cpu(struct mmu_session *session, mmu_cpu_fn fn,
				      void *context) MMU_MUST_CHECK;

/** Read a pointer. */
struct mmu_error *mmu_kernel_read_pointer(struct mmu_session *session, uint64_t va,
					  const char *what, uint64_t *ret) MMU_MUST_CHECK;

/**
 * Read the member "type.member" of the object at va; its width comes from the facts.
 * @return MMU_ERROR_FAULT, _NOT_FOUND (no such member)
 */
struct mmu_error *mmu_kernel_read_member(struct mmu_session *session, uint64_t va,
					 const char *member, uint64_t *ret) MMU_MUST_CHECK;

/** As mmu_kernel_read_member(); `what` names the object for the message: "mm_struct of pid 42". */
struct mmu_error *mmu_kernel_read_member_of(struct mmu_session *session, uint64_t va,
					    const char *member, const char *what,
					    uint64_t *ret) MMU_MUST_CHECK;

/** Bytes of a pointer in this kernel: 4 or 8. */
unsigned int mmu_kernel_pointer_bytes(const struct mmu_session *session);

/** As mmu_space_leaves(); pages behind each other may be told as one: mmu_walker_leaves(). */
enum mmu_leaves_end mmu_space_stretches(struct mmu_space *space, uint64_t first_va,
					uint64_t last_va, mmu_leaf_fn fn, void *context,
					struct mmu_leaves *ret);

/** The session in which a space was opened. */
struct mmu_session *mmu_space_session(const struct mmu_space *space);

/**
 * Take symbols and types from the kernel in the image itself, or from the files in which a running
 * kernel shows them. Needs an image mapping in session->linear. What was found is kept on failure
 * too.
 * @return MMU_ERROR_NOT_FOUND (no place known, no BTF), _FAULT, _CORRUPT, _NO_MEMORY
 */
struct mmu_error *mmu_session_learn_from_itself(struct mmu_session *session) MMU_MUST_CHECK;

/**
 * Only its kallsyms: by the places that the facts tell, else by its shape.
 * @param ret  handed to the facts, which own it
 */
struct mmu_error *mmu_session_learn_kallsyms(struct mmu_session *session,
					     struct mmu_kallsyms **ret) MMU_MUST_CHECK;

/** Say before what the image lacks (MMU_ERROR_FAULT) that its file is truncated, if it is. */
struct mmu_error *mmu_session_tell_truncated(const struct mmu_session *session,
					     struct mmu_error *error) MMU_MUST_CHECK;

/** What this kernel's swap types mean; made once. Needs a learnt kernel. */
const struct mmu_swap_map *mmu_session_swap_map(struct mmu_session *session);

#endif
