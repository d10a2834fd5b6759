/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * @file
 * The back-end ABI: what an architecture tells the one walk loop about its page tables.
 *
 * A back-end is one const object, `mmu_arch_plugin`. Its formats are data; its functions are small,
 * total and pure. It does no I/O, allocates nothing, links nothing of mmuscope and includes only
 * this header. The core owns reading, byte order, canonical checks, caching, depth limits,
 * effective rights, merging, errors and printing.
 *
 * Glossary. Every name in mmuscope uses these words, and only these.
 *
 *   address space  what one top-level table translates: a process, or the kernel
 *   regime         how one kernel runs one format: the format, the root, and what varies within it
 *   format         the shape of a set of page tables: levels, entry size, where each bit lies
 *   level          one step of a translation; **level 0 holds the smallest leaves**, the top level
 *                  is nr_levels - 1
 *   table          an array of entries of one level, at a physical address
 *   entry          one element of a table; its *raw* value is the number in memory
 *   slot           the place of an entry: the physical address of its first byte
 *   second copy    another word for the same entry that hardware does not read (Linux on ARM keeps
 *                  its own PTE 2048 bytes below the hardware's)
 *   leaf           an entry that maps memory
 *   run            2^run_lg2 adjacent leaves that together map one larger page: their words are
 *                  equal (ARM's large pages), or each holds its own part of the address (LPAE)
 *   software entry an entry in which hardware sees a hole and Linux keeps data: swap, PROT_NONE
 *   rights         what an entry allows, in the same five bits for every architecture
 *   root           the physical address of the top table
 *   va, pa, pfn    virtual address, physical address, pa >> page shift; a suffix on every variable
 *   lg2            a size as its base-2 logarithm
 *   first, last    both ends of a range, inclusive: 2^64 can't be written
 */
#ifndef MMUSCOPE_ARCH_H
#define MMUSCOPE_ARCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Another number is refused when a plugin is loaded. Within one, fields are only ever appended: to
 * struct mmu_arch, and to what the core hands to a plugin; mmu_arch.size grows in both cases. So a
 * plugin that is older than the core works, and a newer one is refused. Structs of which there are
 * arrays (formats, levels, flags, traits, linear ranges) stay as they are.
 */
#define MMU_ARCH_ABI 1u

/** No format has more levels than this. */
#define MMU_LEVELS_MAX 8u

/** No plugin has more linear kernel mappings than this. */
#define MMU_LINEAR_MAX 8u

/** What an entry is. */
enum mmu_kind {
	MMU_KIND_EMPTY,    /**< nothing, for hardware and for Linux */
	MMU_KIND_SOFTWARE, /**< a hole for hardware in which Linux keeps data: ask explain() */
	MMU_KIND_TABLE,    /**< points to a table of the next lower level */
	MMU_KIND_LEAF,     /**< maps memory */
	MMU_KIND_BAD,      /**< breaks a rule of the architecture: bad_mask and note say which */
};

/** Bit set of kinds, for flag tables. */
#define MMU_KINDS(kind) (1u << (kind))

/** What an entry allows. Effective rights are the AND down the path. */
enum mmu_right {
	MMU_RIGHT_READ = 1 << 0,
	MMU_RIGHT_WRITE = 1 << 1,
	MMU_RIGHT_EXEC = 1 << 2,      /**< instruction fetch by unprivileged code */
	MMU_RIGHT_EXEC_PRIV = 1 << 3, /**< instruction fetch by privileged code, as the tables say:
					   a CPU mode such as x86 SMEP may still forbid it */
	MMU_RIGHT_USER = 1 << 4,      /**< data access by unprivileged code */
};
#define MMU_RIGHTS_ALL 0x1fu
#define MMU_RIGHTS_COUNT 5u

/** One named bit or field of an entry. */
struct mmu_flag {
	uint64_t mask;      /**< the bits */
	uint64_t value;     /**< the flag is set when (raw & mask) == value. Of a field: bits
				 outside of it that must be 0, else something else lies there */
	const char *set;    /**< name when set; for a field its name, shown as NAME=n */
	const char *clear;  /**< name when clear; NULL: nothing is shown then */
	const char *what;   /**< one phrase: what it means */
	uint32_t if_traits; /**< holds only in regimes with all of these traits */
	uint32_t no_traits; /**< and with none of these */
	uint16_t levels;    /**< bit n: holds at level n */
	uint8_t kinds;      /**< MMU_KINDS() of the entries that have it */
	bool field;         /**< a number in `mask`, shown when it is not 0 */
	bool software;      /**< ignored by hardware, used by Linux */
};

/** One level of a radix format. */
struct mmu_level {
	const char *name;      /**< as the architecture's Linux code calls it: "PMD" */
	uint8_t shift;         /**< lowest VA bit of the index */
	uint8_t index_bits;    /**< the table has 2^index_bits entries */
	bool may_be_leaf;      /**< entries of this level can map memory */
	uint8_t run_lg2;       /**< the largest run of this level, 0 if none */
	int16_t second_offset; /**< bytes from a slot to its second copy, 0 if none */
};

/** The shape of a format. A core that does not know a kind refuses the format by name. */
enum mmu_format_kind {
	/** A tree of tables. Level n's entry for va is number (va >> shift) mod 2^index_bits. */
	MMU_FORMAT_RADIX = 0,
};

/** The shape of a set of page tables. */
struct mmu_format {
	const char *name;  /**< unique within the plugin; no spaces: "4level" */
	const char *title; /**< for people, with the manual's section */
	enum mmu_format_kind kind;
	uint8_t entry_bytes; /**< 1, 2, 4 or 8 */
	bool big_endian;     /**< entries in memory, whatever the kernel's byte order */
	uint8_t va_bits;     /**< level[nr_levels - 1].shift + its index_bits */
	uint8_t pa_bits;     /**< widest physical address that an entry can hold */
	bool sign_extended;  /**< bits above va_bits must repeat the top one; else they must be 0 */
	uint8_t nr_levels;
	const struct mmu_level *level; /**< nr_levels of them, [0] the leaves */
	const struct mmu_flag *flags;
	size_t nr_flags;
	const char *second_name;             /**< what the second copy is called: "Linux" */
	const struct mmu_flag *second_flags; /**< names of the second copy's bits */
	size_t nr_second_flags;
};

/** How one kernel runs one format. Plain data: copied freely. */
struct mmu_regime {
	const struct mmu_format *format;
	uint64_t root_pa; /**< the first byte of the top table */
	uint64_t pa_mask; /**< address bits that entries may use, without encryption bits */
	uint32_t traits;  /**< mmu_trait bits */
};

/** One way in which kernels that share a format differ. */
struct mmu_trait {
	uint32_t bit;
	const char *name; /**< no spaces: "l1tf" */
	const char *what;
};

/** A decoded entry. */
struct mmu_entry {
	enum mmu_kind kind;
	uint8_t rights;      /**< enum mmu_right bits of this entry alone: TABLE, LEAF, and SOFTWARE
				  that Linux still takes for mapped (MMU_SOFTWARE_SPLIT) */
	uint8_t run_lg2;     /**< LEAF: log2 of the entries in its run */
	uint64_t pa;         /**< LEAF: start of the page or run; TABLE: the next table */
	uint64_t bad_mask;   /**< BAD: the bits that must not be as they are */
	uint64_t next_first; /**< TABLE: first valid index of the next table, 0 by default */
	uint64_t next_count; /**< TABLE: number of valid indices from there, 0: all */
	const char *note;    /**< static text, or NULL: what is unusual or wrong about it */
};

/** What Linux keeps in a software entry. */
enum mmu_software_kind {
	MMU_SOFTWARE_UNKNOWN, /**< not a form that this back-end knows */
	MMU_SOFTWARE_SWAP, /**< a swap entry: type and offset; the core knows the special types */
	MMU_SOFTWARE_NONE, /**< the page is there, access is switched off: PROT_NONE or NUMA hint */
	MMU_SOFTWARE_SPLIT, /**< a huge page that is just being split; still mapped for Linux */
};

struct mmu_software {
	enum mmu_software_kind kind;
	uint64_t pa; /**< NONE, SPLIT: start of the page */
	uint64_t
		offset; /**< SWAP: the generic offset, in pages or as the special type defines it */
	uint8_t type;   /**< SWAP: 0 to 31 */
};

/**
 * What is known of the kernel, as functions that the core supplies. Keys are written as VMCOREINFO
 * writes them: "SYMBOL(init_task)" (run-time address), "OFFSET(mm_struct.pgd)", "SIZE(page)",
 * "NUMBER(phys_base)", "LENGTH(swap_info)", "ENUM(pageflags.PG_head)", "KERNELOFFSET",
 * "CONFIG_ARM_LPAE". Every answer is remembered with its source.
 */
struct mmu_facts {
	void *context;
	/** @return true and the value ("y" is 1); false, *ret untouched: not known. */
	bool (*get)(void *context, const char *key, uint64_t *ret);
	/** Link-time address of a symbol, without the KASLR slide. @return false: not known. */
	bool (*link_symbol)(void *context, const char *name, uint64_t *ret_va);
	/**
	 * The n-th note with this name and type, counted from 0.
	 * @return false when there is none; *ret_data stays valid as long as the image.
	 */
	bool (*note)(void *context, const char *name, uint32_t type, unsigned int n,
		     const uint8_t **ret_data, size_t *ret_bytes);
	/** The n-th range of RAM, ends inclusive, ascending. @return false: there is none. */
	bool (*ram)(void *context, unsigned int n, uint64_t *ret_first_pa, uint64_t *ret_last_pa);
	/** Read physical memory, all or nothing. @return false: some byte is not there. */
	bool (*read_phys)(void *context, uint64_t pa, void *buf, size_t bytes);
	/**
	 * Remember a value that the plugin worked out; `how` and `key` are copied. A `how` that
	 * begins with "assumed" says that it is a guess, which a new source of facts ends.
	 */
	void (*derived)(void *context, const char *key, uint64_t value, const char *how);
};

/** Which tables are meant. */
enum mmu_root_kind {
	MMU_ROOT_PGD_PA, /**< value: physical address of mm->pgd or of a bare top table */
	MMU_ROOT_KERNEL, /**< the kernel's own tables */
	MMU_ROOT_CPU,    /**< value: CPU number; what that CPU translated with */
};

struct mmu_root {
	enum mmu_root_kind kind;
	uint64_t value;
	bool user_half; /**< the table that user mode runs on, if another (x86 KPTI) */
};

/** A range of kernel addresses that are physical addresses plus a constant. */
struct mmu_linear {
	uint64_t first_va, last_va;
	uint64_t first_pa; /**< pa = first_pa + (va - first_va), modulo 2^64 */
	const char *name;  /**< "image", "direct map" */
};

/** One architecture. All pointers are to static objects. */
struct mmu_arch {
	uint32_t abi;     /**< MMU_ARCH_ABI */
	uint32_t size;    /**< sizeof(struct mmu_arch): what lies beyond reads as zero */
	const char *name; /**< as in mmuscope-arch-<name>.so */
	const char *title;
	uint16_t elf_machine; /**< EM_* of its vmlinux, 0 if none */
	uint8_t elf_class;    /**< 1: 32 bits, 2: 64 bits, 0: either */
	uint8_t page_lg2;     /**< smallest page: 12 */
	const struct mmu_format *formats;
	size_t nr_formats;
	const struct mmu_trait *traits;
	size_t nr_traits;
	uint32_t default_traits; /**< for work without a kernel: the newest one's */

	/**
	 * Take an entry apart.
	 * @param regime  format, traits and pa_mask are used; root_pa is not
	 * @param level   0 to nr_levels - 1
	 * @param raw     the word in memory, in host byte order, entry_bytes wide
	 * @param second  its second copy, 0 where the level has none
	 * @param ret     filled in whole, for any input
	 */
	void (*decode)(const struct mmu_regime *regime, unsigned int level, uint64_t raw,
		       uint64_t second, struct mmu_entry *ret);

	/**
	 * The inverse of decode() for TABLE and LEAF: builds the raw value that Linux would write.
	 * entry->pa of a LEAF may be any address inside its run: bits below the level's shift are
	 * ignored, those above them say which entry of the run is meant, if its entries differ.
	 * That of a TABLE must be aligned as its tables are.
	 * @return false, with the outputs untouched, when the format can't say this at this level.
	 */
	bool (*encode)(const struct mmu_regime *regime, unsigned int level,
		       const struct mmu_entry *entry, uint64_t *ret_raw, uint64_t *ret_second);

	/** Take a SOFTWARE entry apart; same arguments as decode(). NULL: there are none. */
	void (*explain)(const struct mmu_regime *regime, unsigned int level, uint64_t raw,
			uint64_t second, struct mmu_software *ret);

	/**
	 * Which format this kernel really runs, and where the root lies. NULL, with linear(): the
	 * back-end knows formats and no kernel.
	 * @return NULL and the whole regime, or a static text that says what is missing.
	 */
	const char *(*locate)(const struct mmu_facts *facts, const struct mmu_root *root,
			      struct mmu_regime *ret);

	/**
	 * The linear kernel mappings, enough to read the first kernel object.
	 * @param ret     room for MMU_LINEAR_MAX ranges, which must not overlap; the first is the
	 *                one that holds the kernel's image
	 * @param ret_nr  how many were written
	 * @return NULL, or a static text that says what is missing.
	 */
	const char *(*linear)(const struct mmu_facts *facts, struct mmu_linear *ret,
			      size_t *ret_nr);

	/**
	 * Where no fact says where the kernel lies: find the next top table that is a kernel's own,
	 * by its shape, and tell through facts->derived() what linear() and locate() need. Facts
	 * that are known must not contradict. NULL: this back-end has no such way.
	 * @param pa  where to begin, 0 at first; afterwards behind what was found
	 * @return false: there is none from there on
	 */
	bool (*search)(const struct mmu_facts *facts, uint64_t *pa);
};

/** The one symbol that a plugin exports. */
#define MMU_ARCH_SYMBOL "mmu_arch_plugin"

#ifdef __cplusplus
}
#endif

#endif
