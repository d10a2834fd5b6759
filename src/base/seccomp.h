/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Seccomp: which system calls a process may make from now on. */
#ifndef MMU_BASE_SECCOMP_H
#define MMU_BASE_SECCOMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum mmu_call_verdict {
	MMU_CALL_ALLOW,
	MMU_CALL_MISSING, /**< ENOSYS, as an old kernel would say */
	MMU_CALL_REFUSE,  /**< EACCES */
	MMU_CALL_TRAP,    /**< SIGSYS, which ends the process unless it has a handler */
	MMU_CALL_KILL,    /**< the process ends by SIGSYS, whatever handlers it has */
};

/** A call and what becomes of it: by its number, where (argument & mask) == value. */
struct mmu_call_rule {
	int number;
	uint8_t verdict;
	uint8_t argument; /**< 0 to 5, of which the low 32 bits count; mask 0: none does */
	uint32_t mask, value;
};

/** Can this architecture's calls be told apart, and is the kernel able to? */
bool mmu_seccomp_works(void);

/**
 * From now on calls are judged by the rules: the first that has the number and the argument
 * counts, and where none does, `otherwise`. It holds for all
 * threads; no_new_privs must be set. What earlier filters forbid stays forbidden.
 * @return false: errno says why
 */
bool mmu_seccomp_enforce(const struct mmu_call_rule *rules, size_t nr,
			 enum mmu_call_verdict otherwise);

#endif
