/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file An ELF file of a kernel, mapped: its sections and build-id, headers by libelf. */
#ifndef MMU_FACTS_ELFFILE_H
#define MMU_FACTS_ELFFILE_H

#include <gelf.h>
#include <inttypes.h>

#include "base/budget.h"
#include "base/bytes.h"
#include "base/error.h"

/* What we use of libelf, which is loaded at first need: see image/lazy.h. */
#define MMU_ELF_FUNCTIONS(DO)                                                                      \
	DO(elf, end)                                                                               \
	DO(elf, errmsg)                                                                            \
	DO(elf, getphdrnum)                                                                        \
	DO(elf, getshdrnum)                                                                        \
	DO(elf, getshdrstrndx)                                                                     \
	DO(elf, kind)                                                                              \
	DO(elf, memory)                                                                            \
	DO(elf, ndxscn)                                                                            \
	DO(elf, nextscn)                                                                           \
	DO(elf, strptr)                                                                            \
	DO(elf, version)                                                                           \
	DO(gelf, getehdr)                                                                          \
	DO(gelf, getphdr)                                                                          \
	DO(gelf, getshdr)

struct mmu_elf_library {
#define DECLARE(prefix, name) __typeof__(&prefix##_##name) prefix##_##name##_;
	MMU_ELF_FUNCTIONS(DECLARE)
#undef DECLARE
};
extern struct mmu_elf_library mmu_libelf;

#define elf_end mmu_libelf.elf_end_
#define elf_errmsg mmu_libelf.elf_errmsg_
#define elf_getphdrnum mmu_libelf.elf_getphdrnum_
#define elf_getshdrnum mmu_libelf.elf_getshdrnum_
#define elf_getshdrstrndx mmu_libelf.elf_getshdrstrndx_
#define elf_kind mmu_libelf.elf_kind_
#define elf_memory mmu_libelf.elf_memory_
#define elf_ndxscn mmu_libelf.elf_ndxscn_
#define elf_nextscn mmu_libelf.elf_nextscn_
#define elf_strptr mmu_libelf.elf_strptr_
#define elf_version mmu_libelf.elf_version_
#define gelf_getehdr mmu_libelf.gelf_getehdr_
#define gelf_getphdr mmu_libelf.gelf_getphdr_
#define gelf_getshdr mmu_libelf.gelf_getshdr_

/** An open file. Read-only for its users. */
struct mmu_elffile {
	char *path;
	int fd;                       /**< valid if map is */
	struct mmu_bytes map;         /**< the whole file */
	uint64_t disk_bytes;          /**< that it takes without its holes */
	struct mmu_budget *budget;    /**< the session's, once it is set; else the file's own */
	struct mmu_budget own_budget; /**< see mmu_vmlinux_set_budget() */
	Elf *elf;
	size_t names_index; /**< of the section with the sections' names */
	uint16_t machine;
	uint8_t elf_class; /**< ELFCLASS32, ELFCLASS64 */
	bool big_endian;
	struct mmu_bytes build_id; /**< in the mapping; count 0: none */
};

/** A section. `bytes` is in the mapping, and empty for SHT_NOBITS. */
struct mmu_elfsection {
	const char *name;
	struct mmu_bytes bytes;
	uint64_t va;
	uint64_t flags;
	uint32_t type, link, info;
	uint64_t entry_bytes;
};

/**
 * Map a file and check that it can be a kernel.
 * @param ret  owned by the caller; untouched on failure
 * @return MMU_ERROR_OS, MMU_ERROR_FORMAT (what the file is instead), MMU_ERROR_NO_MEMORY
 */
struct mmu_error *mmu_elffile_open(const char *path, struct mmu_elffile **ret) MMU_MUST_CHECK;
/** Accepts NULL. */
void mmu_elffile_close(struct mmu_elffile *file);

/** The next section behind `*scn` (NULL: the first). @return false at the end. */
bool mmu_elffile_next(const struct mmu_elffile *file, Elf_Scn **scn, struct mmu_elfsection *ret);
/** The first section of a name, with contents. @return false, *ret untouched: none. */
bool mmu_elffile_named(const struct mmu_elffile *file, const char *name,
		       struct mmu_elfsection *ret);
/** The first section of a type, with contents. @return false, *ret untouched: none. */
bool mmu_elffile_typed(const struct mmu_elffile *file, uint32_t type, struct mmu_elfsection *ret);
/** The section with a header index. @return false, *ret untouched: none. */
bool mmu_elffile_indexed(const struct mmu_elffile *file, size_t index, struct mmu_elfsection *ret);
/**
 * Copy bytes of the mapping by reading the file. Where megabytes are passed over once, that costs
 * less than the first touch of each page in the mapping, and far less in a virtual machine.
 * @return false: the file ends before, or can't be read
 */
bool mmu_elffile_read(const struct mmu_elffile *file, struct mmu_bytes bytes, void *buf);

#endif
