/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * @file
 * The back-end ABI: what an architecture tells the one walk loop about its page tables.
 *
 * A back-end is one const object, `mmu_arch_plugin`. Its formats are data; its functions are small,
 * total and pure. It does no I/O, allocates nothing, links nothing of mmuscope, includes only this
 * header and has no walk loop of its own: where it needs a translation it asks facts->walk(). The
 * core owns reading, byte order, canonical checks, caching, depth limits, effective rights,
 * merging, errors and printing.
 *
 * Glossary. Every name in mmuscope uses these words, and only these.
 *
 *   address space  what one set of regimes translates: a process, or the kernel
 *   format         the shape of entries: how many bytes, where each bit lies, what the levels are
 *   regime         how one kernel runs one format for one range of addresses: the root, the shape
 *                  of the tables, and what varies. A space has several where its halves or regions
 *                  have tables of their own
 *   half           whose addresses a regime holds: the user's or the kernel's
 *   view           whose tables they are: Linux's, the hardware's, or both in one
 *   level          one step of a translation; **level 0 holds the smallest leaves**, the top level
 *                  is regime.top_level
 *   table          an array of entries of one level, at a physical address
 *   entry          one element of a table; its *raw* value is the number in memory
 *   slot           the place of an entry: the physical address of its first byte
 *   second word    another word of the same entry: one that hardware does not read (Linux on ARM
 *                  keeps its own PTE 2048 bytes below the hardware's), or its second half
 *   leaf           an entry that maps memory
 *   run            2^run_lg2 adjacent leaves that together map one larger page: their words are
 *                  equal (ARM's large pages), or each holds its own part of the address (LPAE)
 *   software entry an entry that grants nothing and in which Linux keeps data: swap, PROT_NONE
 *   rights         what an entry allows, in the same five bits for every architecture
 *   root           the physical address of the top table, or of the hashed table
 *   hashed table   one table in which the entries of all spaces lie where a hash of the address
 *                  says
 *   group          adjacent slots of a hashed table that hardware looks through as one
 *   probe          the look into one group on the way to a translation
 *   sample         the regimes of a space as they occur, for work without a kernel and for tests
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
 * Another number is refused when a plugin is loaded. Within one, these structs only ever grow at
 * their end, and say how large they are: mmu_arch, mmu_format, mmu_regime, mmu_sample, mmu_facts,
 * mmu_root. Arrays of them are arrays of pointers, or have the size in the first element as their
 * step (the regimes that locate() writes). mmu_entry, mmu_software, mmu_alike and mmu_slot, which
 * the core hands out to be filled in, grow as well: the core clears what an older plugin does not
 * know. A plugin that is older than the core works; one whose mmu_arch is larger than the core's is
 * refused. All other structs stay as they are.
 */
#define MMU_ARCH_ABI 2u

/** No format has more levels than this. */
#define MMU_LEVELS_MAX 8u

/** No space has more regimes than this. */
#define MMU_REGIMES_MAX 24u

/** Words of its own that a regime has. */
#define MMU_WORDS_MAX 4u

/** A translation looks into no more groups of a hashed table than this. */
#define MMU_PROBES_MAX 12u

/** No plugin has more linear kernel mappings than this. */
#define MMU_LINEAR_MAX 8u

/** No plugin names more regions of kernel addresses than this. */
#define MMU_REGIONS_MAX 32u

struct mmu_regime;
struct mmu_shape;
struct mmu_entry;
struct mmu_software;

/* ------------------------------------------------------------------------------------ entries */

/** What an entry is. */
enum mmu_kind {
	MMU_KIND_EMPTY,    /**< nothing, for hardware and for Linux; need not be the word 0 */
	MMU_KIND_SOFTWARE, /**< grants nothing, and Linux keeps data in it: ask explain(). Hardware
				may see a valid entry there (ppc64's PROT_NONE) */
	MMU_KIND_TABLE,    /**< points to a table of the next lower level */
	MMU_KIND_LEAF,     /**< maps memory */
	MMU_KIND_BAD,      /**< breaks a rule of the architecture: bad_mask and note say which. Only
				where no hardware and no emulator sets the bit */
};

/** Bit set of kinds, for flag tables. */
#define MMU_KINDS(kind) (1u << (kind))

/**
 * What an entry allows. Effective rights are the AND of the regime's and of those down the path.
 * They are what **Linux** grants: a page that hardware has as read-only until its first write, or
 * not at all until its first use, has Linux's rights and a note. CPU modes (SMEP, SMAP, PAN, SUM,
 * KUAP) don't count.
 */
enum mmu_right {
	MMU_RIGHT_READ = 1 << 0,  /**< data: of user mode where USER is set, else the kernel's */
	MMU_RIGHT_WRITE = 1 << 1, /**< likewise */
	MMU_RIGHT_EXEC = 1 << 2,  /**< instruction fetch by unprivileged code */
	MMU_RIGHT_EXEC_PRIV = 1 << 3, /**< instruction fetch by privileged code */
	MMU_RIGHT_USER = 1 << 4,      /**< data access by unprivileged code */
};
#define MMU_RIGHTS_ALL 0x1fu
#define MMU_RIGHTS_COUNT 5u

/** What else a leaf says, in common words. */
enum mmu_attr {
	MMU_ATTR_ACCESSED = 1 << 0, /**< was used; known where KNOWN is set */
	MMU_ATTR_DIRTY = 1 << 1,    /**< was written to; known where KNOWN is set */
	MMU_ATTR_GLOBAL = 1 << 2,   /**< survives a change of address space in the TLB */
	MMU_ATTR_SPECIAL = 1 << 3,  /**< the page has no reference count to keep */
	MMU_ATTR_SOFT_DIRTY = 1 << 4,
	MMU_ATTR_UFFD_WP = 1 << 5, /**< write-protected by userfaultfd */
	MMU_ATTR_KEYED = 1 << 6, /**< a protection key is set: the thread's register decides more */
	MMU_ATTR_KNOWN = 1 << 7, /**< this entry does tell ACCESSED and DIRTY */
};

/** How memory behind a leaf is cached. */
enum mmu_memory_type {
	MMU_MEMORY_UNKNOWN,   /**< the entry, or what is known of the kernel, does not tell */
	MMU_MEMORY_WRITEBACK, /**< ordinary memory */
	MMU_MEMORY_WRITETHROUGH,
	MMU_MEMORY_COMBINING, /**< not cached, writes are gathered */
	MMU_MEMORY_UNCACHED,  /**< not cached */
	MMU_MEMORY_DEVICE,    /**< not cached, and in order */
};

/** A decoded entry. */
struct mmu_entry {
	enum mmu_kind kind;
	uint8_t rights;    /**< enum mmu_right bits of this entry alone: TABLE, LEAF, and SOFTWARE
			      that Linux still takes for mapped (MMU_SOFTWARE_SPLIT) */
	uint8_t attrs;     /**< LEAF: enum mmu_attr bits, else 0 */
	uint8_t memory;    /**< LEAF: enum mmu_memory_type, else MMU_MEMORY_UNKNOWN */
	uint8_t run_lg2;   /**< LEAF: log2 of the entries in its run. Hashed: the page that it maps
			      has 2^run_lg2 pages of the regime's shape[0] */
	uint64_t pa;       /**< LEAF: start of the page or run; TABLE: the next table */
	uint64_t bad_mask; /**< BAD: the bits that must not be as they are */
	uint64_t next_first; /**< TABLE: first valid index of the next table, 0 by default */
	uint64_t next_count; /**< TABLE: number of valid indices from there, 0: all */
	const char *note;    /**< static text, or NULL: what is unusual or wrong about it */
};

/** What Linux keeps in a software entry. A core takes a kind that it does not know for UNKNOWN. */
enum mmu_software_kind {
	MMU_SOFTWARE_UNKNOWN, /**< not a form that this back-end knows */
	MMU_SOFTWARE_SWAP,  /**< a swap entry: type and offset; the core knows the special types */
	MMU_SOFTWARE_NONE,  /**< the page is there, access is switched off: PROT_NONE or NUMA hint;
				in the kernel's half, the kernel took it out of its own map */
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
 * How a word says where its page lies, and nothing else: with the address field one step further,
 * and every other bit equal, it maps the next page with the same rights, attributes and note; with
 * any other value in the field, a page so many steps away. The same for second words.
 */
struct mmu_alike {
	uint64_t address, step; /**< (next & address) == (this & address) + step */
	uint64_t second_address, second_step;
};

/* ------------------------------------------------------------------------------------ formats */

/** At which of its levels a flag holds, where the top counts. */
enum mmu_flag_top {
	MMU_FLAG_ANYWHERE,
	MMU_FLAG_AT_TOP,    /**< at the regime's top level alone */
	MMU_FLAG_BELOW_TOP, /**< at all others */
};

/** One named bit or field of an entry. */
struct mmu_flag {
	uint64_t mask;      /**< the bits */
	uint64_t value;     /**< of a flag: it is set when (raw & mask) == value. Of a field: 0 */
	uint64_t absent;    /**< bits outside of `mask` that must be 0, else something else lies
				 there and nothing is shown */
	const char *set;    /**< name when set; for a field its name, shown as NAME=n */
	const char *clear;  /**< name when clear; NULL: nothing is shown then */
	const char *what;   /**< one phrase: what it means */
	uint32_t if_traits; /**< holds only in regimes with all of these traits */
	uint32_t no_traits; /**< and with none of these */
	uint16_t levels;    /**< bit n: holds at level n */
	uint8_t kinds;      /**< MMU_KINDS() of the entries that have it */
	bool field;         /**< a number in `mask`, shown when it is not 0 */
	bool software;      /**< ignored by hardware, used by Linux */
	uint8_t halves;     /**< bit n: holds in the half n of enum mmu_half; 0: in both */
	uint8_t top;        /**< enum mmu_flag_top: where in a regime */
};

/** One level of a format. */
struct mmu_level {
	const char *name;      /**< as the architecture's Linux code calls it: "PMD" */
	bool may_be_leaf;      /**< entries of this level can map memory */
	bool first_of_run;     /**< Linux keeps only the first entry of a run up to date (ppc64
				    hash): the core reads that one for all of them */
	uint8_t run_lg2;       /**< the largest run of this level in any regime, 0: none */
	int32_t second_offset; /**< bytes from a slot to its second word, 0: it has none */
};

/** The kind of a format. What a core does not know it skips, and names when it is asked for. */
enum mmu_format_kind {
	/** A tree of tables. Level n's entry for va is number (va >> shift) mod 2^index_bits. */
	MMU_FORMAT_RADIX = 0,
	/** One table for all spaces: probes() says where to look, slot() whose an entry is. */
	MMU_FORMAT_HASHED = 1,
};

/** Hashed: one group of adjacent slots that may hold the translation. */
struct mmu_probe {
	uint64_t first_slot; /**< index; the whole group lies within regime.nr_slots */
	uint32_t nr_slots;   /**< at least 1 */
	const char *name;    /**< static text: "64K, secondary" */
};

/** Hashed: what a valid slot translates. */
struct mmu_slot {
	uint64_t space; /**< equals regime.space of the regime that it belongs to */
	uint64_t va;    /**< first address that it serves, modulo 2^slot_va_bits of the format */
	uint8_t lg2;    /**< 2^lg2 bytes are served: its base page, whatever the page's own size */
};

/**
 * The shape of a set of entries. decode() and encode() are always there, probes() and slot() in a
 * hashed format; all others may be NULL. All are pure: what they say depends on nothing but their
 * arguments. Of the regime they use the format, traits, pa_mask, page_lg2, top_level, half, shape
 * and words; probes() also root_pa, nr_slots and space; none the rest.
 */
struct mmu_format {
	uint32_t size;     /**< sizeof(struct mmu_format): what lies beyond reads as zero */
	const char *name;  /**< unique within the plugin; no spaces: "4level" */
	const char *title; /**< for people, with the manual's section */
	enum mmu_format_kind kind;
	uint8_t entry_bytes;  /**< of a word: 1, 2, 4 or 8 */
	uint8_t slot_bytes;   /**< from one slot to the next: a multiple of entry_bytes */
	bool big_endian;      /**< entries in memory, whatever the kernel's byte order */
	uint8_t nr_levels;    /**< the most that any regime has; hashed: 1 */
	uint8_t slot_va_bits; /**< hashed: address bits that mmu_slot.va holds, at most 64 */
	const struct mmu_level *level; /**< nr_levels of them, [0] the smallest leaves */
	const struct mmu_flag *flags;
	size_t nr_flags;
	const char *second_name;             /**< what the second word is called: "Linux" */
	const struct mmu_flag *second_flags; /**< names of the second word's bits */
	size_t nr_second_flags;

	/**
	 * Take an entry apart.
	 * @param level   0 to regime->top_level
	 * @param raw     the word in memory, in host byte order, entry_bytes wide
	 * @param second  its second word, 0 where the level has none
	 * @param ret     filled in whole, for any input
	 */
	void (*decode)(const struct mmu_regime *regime, unsigned int level, uint64_t raw,
		       uint64_t second, struct mmu_entry *ret);

	/**
	 * The inverse of decode() for TABLE and LEAF: builds the words that Linux would write.
	 * attrs, memory and note of *entry are not looked at.
	 * entry->pa of a LEAF may be any address inside its run: bits below the level's shift are
	 * ignored, those above them say which entry of the run is meant, if its entries differ.
	 * That of a TABLE must be aligned as its tables are.
	 * Of a hashed format's entry the bits that slot() reads are 0, as far as decode() can do
	 * without them.
	 * @return false, with the outputs untouched, when the format can't say this at this level.
	 */
	bool (*encode)(const struct mmu_regime *regime, unsigned int level,
		       const struct mmu_entry *entry, uint64_t *ret_raw, uint64_t *ret_second);

	/** Take a SOFTWARE entry apart; same arguments as decode(). NULL: there are none. */
	void (*explain)(const struct mmu_regime *regime, unsigned int level, uint64_t raw,
			uint64_t second, struct mmu_software *ret);

	/**
	 * Which bits of a level's leaves are their address, so that the core need not decode each
	 * entry of a long range, nor two that differ in their addresses alone. It is applied to no
	 * entry that has a run, and where there are second words to none of which one is 0. NULL:
	 * not known.
	 * @return false: at this level nothing can be said
	 */
	bool (*alike)(const struct mmu_regime *regime, unsigned int level, struct mmu_alike *ret);

	/**
	 * What the kernel itself calls wrong in an entry that decode() takes for good: pmd_bad(), a
	 * second word that does not fit. Same arguments as decode(). Where the second word is
	 * Linux's own copy (second_name "Linux"), it is also asked of one word alone, the other 0:
	 * text says then that this copy is never so, which tells whose a pasted word is.
	 * @param ret_mask  the bits of the word (of the second, where only that is wrong)
	 * @return static text, or NULL: nothing is wrong, and *ret_mask is untouched
	 */
	const char *(*audit)(const struct mmu_regime *regime, unsigned int level, uint64_t raw,
			     uint64_t second, uint64_t *ret_mask);

	/**
	 * Hashed: the groups that may hold va, in the order in which hardware looks.
	 * @param ret  room for MMU_PROBES_MAX
	 * @return how many were written
	 */
	unsigned int (*probes)(const struct mmu_regime *regime, uint64_t va, struct mmu_probe *ret);

	/**
	 * Hashed: whose and which addresses a slot translates. The one function serves the walk,
	 * the enumeration and the reverse map: of the regime it uses only what all regimes of the
	 * table share, never `space`.
	 * @return false: the slot is not valid
	 */
	bool (*slot)(const struct mmu_regime *regime, uint64_t index, uint64_t raw, uint64_t second,
		     struct mmu_slot *ret);

	/**
	 * nr_levels of them: by which address bits Linux numbers the entries of a level, where that
	 * is not the regime's shape: on ARM it counts pairs of the hardware's entries.
	 * index_bits 0: as the regime. NULL: all are.
	 */
	const struct mmu_shape *linux_shape;
	/**
	 * Of the register that holds a root (CR3, TTBR0): the bits that the manual gives another
	 * meaning, PCID, ASID, cacheability. A pasted value may have them set.
	 */
	uint64_t root_other_bits;
};

/* ------------------------------------------------------------------------------------ regimes */

/** Whose tables. A walk asks Linux's; the hardware's only where Linux's has nothing to say. */
enum mmu_regime_view {
	MMU_VIEW_BOTH, /**< hardware walks what Linux keeps */
	MMU_VIEW_LINUX,
	MMU_VIEW_HARDWARE,
};

enum mmu_half {
	MMU_HALF_USER,
	MMU_HALF_KERNEL, /**< Linux swaps nothing here */
};

/** The index of one level: bits shift to shift + index_bits - 1 of the address. */
struct mmu_shape {
	uint8_t shift;
	uint8_t index_bits; /**< a table has 2^index_bits entries; 0 in a hashed format */
};

/**
 * How one kernel runs one format for one range of addresses. Plain data: copied freely.
 *
 * An address belongs to it when first_va <= x <= last_va, where
 * x = (va & ~ignored_va) | (first_va & ignored_va). The regimes of a space ascend by first_va, and
 * those of one view are disjoint (Linux's are BOTH and LINUX, the hardware's are BOTH and
 * HARDWARE). An address that belongs to none is noncanonical. Two regimes may share a root: the
 * table counts once.
 */
struct mmu_regime {
	uint32_t size;   /**< sizeof(struct mmu_regime) */
	uint32_t traits; /**< mmu_trait bits */
	const struct mmu_format *format;
	const char *name; /**< static, for people: "TTBR1", "kernel half" */
	uint64_t root_pa; /**< the first byte of the top table, or of the hashed table */
	uint64_t first_va, last_va;
	uint64_t ignored_va; /**< address bits that hardware does not look at: tags */
	uint64_t pa_mask;    /**< address bits that entries may use, without encryption bits: a
				      mask, for those may lie between them */
	uint8_t page_lg2;    /**< what the kernel calls a page: PAGE_SHIFT */
	uint8_t top_level;   /**< where a walk begins; hashed: 0 */
	uint8_t rights;      /**< enum mmu_right bits that are granted before the first entry:
				      MMU_RIGHTS_ALL, or less where entries don't say all */
	uint8_t view;        /**< enum mmu_regime_view */
	uint8_t half;        /**< enum mmu_half */
	/** Of levels 0 to top_level. Hashed: shape[0].shift is the base page's. */
	struct mmu_shape shape[MMU_LEVELS_MAX];
	uint64_t word[MMU_WORDS_MAX]; /**< the back-end's own: MAIR, a hash mask */
	uint64_t nr_slots;            /**< hashed: slots in the table */
	uint64_t space;               /**< hashed: how slots call this space */
};

/** A format of a plugin that was built against the first header of this ABI is not smaller. */
#define MMU_FORMAT_BYTES_MIN offsetof(struct mmu_format, linux_shape)

/** How Linux numbers the entries of a level; NULL: as the regime. See mmu_format.linux_shape. */
static inline const struct mmu_shape *mmu_format_linux_shape(const struct mmu_format *format,
							     unsigned int level)
{
	if (format->size < offsetof(struct mmu_format, linux_shape) + sizeof(void *) ||
	    !format->linux_shape || !format->linux_shape[level].index_bits)
		return NULL;
	return &format->linux_shape[level];
}

/** See mmu_format.root_other_bits; 0 where the plugin is older. */
static inline uint64_t mmu_format_root_other_bits(const struct mmu_format *format)
{
	return format->size < offsetof(struct mmu_format, root_other_bits) + sizeof(uint64_t)
		       ? 0
		       : format->root_other_bits;
}

/** One way in which kernels that share a format differ. */
struct mmu_trait {
	uint32_t bit;
	const char *name; /**< no spaces: "l1tf" */
	const char *what;
};

/**
 * A space as it occurs: what locate() could answer, with every root_pa 0 and the widest pa_mask.
 * For work without a kernel, and what conformance goes through. Any set of the plugin's traits may
 * be put in the place of its own, and pa_mask may lose its highest bits.
 */
struct mmu_sample {
	uint32_t size;    /**< sizeof(struct mmu_sample) */
	const char *name; /**< unique within the plugin; no spaces: "4k-48". One sample of each
			       format, its first, may have the format's name */
	const struct mmu_regime *const *regimes;
	size_t nr_regimes;
};

/* ------------------------------------------------------------------------------------ kernels */

enum mmu_derived {
	MMU_DERIVED_ASSUMED = 1 << 0, /**< a guess, which a new source of facts ends */
};

/** For ram(). */
#define MMU_RAM_LAST UINT32_MAX

/**
 * What is known of the kernel, as functions that the core supplies. Keys are written as VMCOREINFO
 * writes them: "SYMBOL(init_task)" (run-time address), "OFFSET(mm_struct.pgd)", also of nested
 * members and elements of arrays ("OFFSET(mm_struct.context.asce)",
 * "OFFSET(mm_struct.context.extended_id[1])"), "SIZE(page)", "NUMBER(phys_base)",
 * "LENGTH(swap_info)", "ENUM(pageflags.PG_head)", "KERNELOFFSET", "CONFIG_ARM_LPAE". Every answer
 * is remembered with its source. What a dump's notes hold of registers, note() gives.
 */
struct mmu_facts {
	uint32_t size;         /**< sizeof(struct mmu_facts) */
	uint8_t pointer_bytes; /**< of the kernel: 4 or 8; 0: not known */
	bool big_endian;       /**< the kernel's byte order, as far as image and plugin tell */
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
	/**
	 * The n-th range of RAM, ends inclusive, ascending; MMU_RAM_LAST: the last page of RAM,
	 * without a pass over all of it, which takes long on a machine of terabytes.
	 * @return false: there is none; of MMU_RAM_LAST also: the core is older than it
	 */
	bool (*ram)(void *context, unsigned int n, uint64_t *ret_first_pa, uint64_t *ret_last_pa);
	/** Read physical memory, all or nothing. @return false: some byte is not there. */
	bool (*read_phys)(void *context, uint64_t pa, void *buf, size_t bytes);
	/**
	 * Read kernel memory, all or nothing: by the linear mappings and the kernel's own tables,
	 * as far as they are known by then. linear() and the kernel's own locate() run before.
	 * @return false: some byte is not there, or nothing is known yet
	 */
	bool (*read_kernel)(void *context, uint64_t va, void *buf, size_t bytes);
	/**
	 * Translate an address through a regime of this back-end, which need be no known one.
	 * @return true: a page is mapped there, and *ret_pa is where va lies
	 */
	bool (*walk)(void *context, const struct mmu_regime *regime, uint64_t va, uint64_t *ret_pa);
	/**
	 * The first mapped address from *va to last_va. Tables that can't be read map nothing.
	 * @param va  moved to what was found; untouched when nothing was
	 * @return false: there is none, or the search took too long
	 */
	bool (*next_mapped)(void *context, const struct mmu_regime *regime, uint64_t *va,
			    uint64_t last_va, uint64_t *ret_pa);
	/**
	 * Remember a value that the plugin worked out; `how` and `key` are copied.
	 * @param flags  enum mmu_derived bits
	 */
	void (*derived)(void *context, const char *key, uint64_t value, const char *how,
			uint32_t flags);
};

/** Which tables are meant. */
enum mmu_root_kind {
	MMU_ROOT_PGD_PA, /**< value: physical address of mm->pgd or of a bare top table */
	MMU_ROOT_KERNEL, /**< the kernel's own tables */
	MMU_ROOT_CPU,    /**< value: CPU number; what that CPU translated with */
};

struct mmu_root {
	uint32_t size; /**< sizeof(struct mmu_root) */
	enum mmu_root_kind kind;
	uint64_t value;
	uint64_t mm_va; /**< PGD_PA: address of the mm_struct whose table it is, 0: not known */
	bool user_half; /**< the table that user mode runs on, if another (x86 KPTI) */
	/** The format of the tables, as the caller or a CPU's registers name it; NULL: find out. */
	const struct mmu_format *format;
};

/** The format that a root names, or NULL; a core that is older than this field names none. */
static inline const struct mmu_format *mmu_root_format(const struct mmu_root *root)
{
	return root->size < sizeof(*root) ? NULL : root->format;
}

/** What the registers of a CPU say of its paging. */
struct mmu_cpu {
	uint32_t size;    /**< sizeof(struct mmu_cpu) */
	const char *mode; /**< static, for people: "4-level paging", "real mode, no paging" */
	const char *root_register; /**< static: the one that leads to the top table, "CR3" */
	uint64_t root_value;       /**< that register as it is */
	uint64_t root_pa;          /**< where the top table lies, if there is paging */
	const struct mmu_format
		*format; /**< in which it translates; NULL: in none of the back-end's */
};

/** What a linear mapping is for. Bits: one may hold the image and be the direct map. */
enum mmu_linear_role {
	MMU_LINEAR_IMAGE = 1 << 0,  /**< the kernel's text and data are addressed through it */
	MMU_LINEAR_DIRECT = 1 << 1, /**< the direct map: where __va() leads to */
	MMU_LINEAR_OTHER = 1 << 2,
};

/** A range of kernel addresses that are physical addresses plus a constant. */
struct mmu_linear {
	uint64_t first_va, last_va;
	uint64_t first_pa; /**< pa = first_pa + (va - first_va), modulo 2^64 */
	const char *name;  /**< static, for people: "image", "direct map" */
	uint32_t roles;    /**< enum mmu_linear_role bits, at least one */
};

/** A range of kernel addresses with a name of its own. */
struct mmu_region {
	uint64_t first_va, last_va;
	const char *name; /**< static, for people: "vmalloc", "modules" */
	/** It begins where Linux's sources put it; no fact of this kernel says so. */
	bool assumed;
};

/** A bit of vm_area_struct.vm_flags that means something on this architecture only. */
struct mmu_vm_flag {
	uint64_t mask;
	const char *name; /**< as in include/linux/mm.h, without VM_: "SHADOW_STACK" */
};

/** One architecture. All pointers are to static objects; lists of names end with NULL. */
struct mmu_arch {
	uint32_t abi;     /**< MMU_ARCH_ABI */
	uint32_t size;    /**< sizeof(struct mmu_arch): what lies beyond reads as zero */
	const char *name; /**< as in mmuscope-arch-<name>.so */
	const char *title;
	uint16_t elf_machine; /**< EM_* of its vmlinux, 0: none. The folder's meson.build says the
				   same, so that images of this machine find the back-end */
	uint8_t elf_class;    /**< 1: 32 bits, 2: 64 bits, 0: either */
	uint8_t elf_data;     /**< 1: little-endian, 2: big-endian, 0: either */
	const struct mmu_format *const *formats;
	size_t nr_formats;
	const struct mmu_sample *const *samples; /**< at least one of each format */
	size_t nr_samples;                       /**< [0]: what is taken when nothing is said */
	const struct mmu_trait *traits;
	size_t nr_traits;

	/* What is asked of a kernel beyond what all have. NULL: nothing. */
	const char *const *symbols; /**< that it asks facts for: read with the core's own */
	const char *const *types;   /**< likewise, without "struct" */
	/** Members with user mode's registers: "task_struct.thread.fpu". Extracts lack them. */
	const char *const *register_members;
	/** How names of distributions' kernels of this machine end: "-amd64". */
	const char *const *flavours;
	const struct mmu_vm_flag *vm_flags;
	size_t nr_vm_flags;

	/**
	 * The regimes of a space, all of them, and where their roots lie. NULL, with linear(): the
	 * back-end knows formats and no kernel.
	 * @param ret     room for MMU_REGIMES_MAX, each with its size
	 * @param ret_nr  how many were written, at least 1
	 * @return NULL, or a static text that says what is missing; the outputs are untouched then.
	 */
	const char *(*locate)(const struct mmu_facts *facts, const struct mmu_root *root,
			      struct mmu_regime *ret, size_t *ret_nr);

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

	/**
	 * The named regions of kernel addresses, ascending and disjoint. NULL: not known.
	 * @param ret  room for MMU_REGIONS_MAX
	 * @return how many were written
	 */
	size_t (*regions)(const struct mmu_facts *facts, struct mmu_region *ret);

	/**
	 * What CPU n runs, by its registers in the notes alone: locate() of MMU_ROOT_CPU then takes
	 * this format, whichever system it is. NULL: no notes have such registers.
	 * @return false: these notes have no such CPU; *ret is untouched
	 */
	bool (*cpu)(const struct mmu_facts *facts, unsigned int n, struct mmu_cpu *ret);

	/**
	 * Types of notes by the name LINUX that say what a CPU translates with, and hold nothing of
	 * user mode: extracts keep them. Ends with 0. NULL: there are none.
	 */
	const uint32_t *cpu_notes;

	/**
	 * Where elf_data is 0: the kernel's byte order, by what lies in physical memory; the
	 * image's headers may have another. @return false: nothing tells; *ret_big is untouched
	 */
	bool (*byte_order)(const struct mmu_facts *facts, bool *ret_big);
};

/** The one symbol that a plugin exports. */
#define MMU_ARCH_SYMBOL "mmu_arch_plugin"

/*
 * What conformance (mmuscope arch --conformance, and a test of every back-end here) holds a plugin
 * to; nothing else is asked. It goes through all regimes of all samples.
 *
 * The object. abi and size are the core's. Names are words without spaces; formats, samples and
 *   traits have no name twice. There is a format, a sample of each, locate() and linear() or
 *   neither. A trait is one bit, and no two share it.
 * A format. entry_bytes is 1, 2, 4 or 8, slot_bytes a multiple of it; 1 to MMU_LEVELS_MAX levels.
 *   Level 0 may be a leaf, and runs are of leaves. Second words are aligned; a format with them has
 *   names for them. Linux's shape of a level lies within 64 bits. What is hashed has one level,
 *   probes() and slot(). Flags: a mask within the word; a value within the mask; `absent` outside
 *   of it; adjacent bits in a field; some level and kind; traits that can be met; and a bit has one
 *   name at a time.
 * A sample. Its regimes ascend and are disjoint within a view, root_pa is 0. Each has its size, a
 *   format and traits of the plugin, a name, top_level below the format's nr_levels (hashed: 0),
 *   known view, half and rights, a page of 2^9 to 2^24 bytes, first_va <= last_va with no ignored
 *   bit between them. Of a radix regime level 0 begins at the page or above, each level where the
 *   one below ends, with 1 to 24 index bits and no more than 64 bits in all, and first_va and
 *   last_va agree in all bits above the top index. pa_mask holds the bits of a page's address.
 * decode(), for any words, traits and narrower pa_mask. It is pure and fills in every field. There
 *   is no second word where the level has none. Leaves only where the level may have them, tables
 *   only above level 0, rights of the five, attrs and memory of the known ones and of leaves alone.
 *   Runs are of leaves, no longer than their level says and than a table has entries. BAD names
 *   bits within the word (or the second) and has a note. An address lies within pa_mask (or below
 *   the level's shift), a leaf's is aligned to page or run, a table's to its entries; the window
 *   lies within the next table. Which word is empty is the format's own affair: 0 may be a leaf.
 * explain(), for each SOFTWARE. It is pure; kind, and what the kind fills in; a type up to 31; an
 *   address aligned to the level's page.
 * encode(). What decode() gave it takes, and decode() gives it back: kind, rights, run, address and
 *   window. It is stable, ignores address bits inside the page, takes any address inside a run. It
 *   stays within the word, refuses what is no leaf or table, longer runs and addresses beyond
 *   pa_mask, and leaves its outputs alone when it refuses. Of each level that may be a leaf there
 *   is one that it builds, and a table of each level above 0.
 * alike(), of a leaf without a run (with a second word: neither is 0). If the next words follow the
 *   rule, decode() makes them a leaf whose address is one page further and whose every other field
 *   is the same. So it is, so many pages further (or before), with any other value in the address
 *   field, and the second word's field as many steps away; unless the word is 0, and that is empty.
 *   The steps lie within the masks, and masks within the word.
 * audit(). It is pure, and names bits within a word if it says something.
 * probes(), for any address of the regime. It is pure; 1 to MMU_PROBES_MAX groups, each within the
 *   table, none empty, with names.
 * slot(), for any words. It is pure, and ignores regime.space. What a valid slot serves is aligned
 *   to its size and lies within slot_va_bits; and if it belongs to a regime of the sample, at any
 *   address that it serves probes() names a group with its index.
 * locate(), linear(), regions(), where nothing or nonsense is known. They end; they give a text, or
 *   what keeps the rules above; linear ranges and regions don't overlap and have names.
 * cpu(), likewise: there are words for mode and register, and the format, if any, has a name.
 * byte_order(), likewise: it ends, and tells something or leaves it alone.
 */

#ifdef __cplusplus
}
#endif

#endif
