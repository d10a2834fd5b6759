/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Memory images: bytes at a physical address, whatever the file looks like. */
#ifndef MMU_IMAGE_IMAGE_H
#define MMU_IMAGE_IMAGE_H

#include <sys/types.h>

#include "base/bytes.h"
#include "base/error.h"

struct mmu_ahead;
struct mmu_image;
struct mmu_budget;
struct mmu_page_cache;

/** A physical range, ends inclusive. */
struct mmu_pa_range {
	uint64_t first_pa, last_pa;
};

/** The bytes from an address on, or why there are none. */
struct mmu_span {
	const uint8_t *data; /**< NULL unless state is MMU_PAGE_PRESENT */
	/** How many bytes follow in this state: a cheap lower bound, at least 1. */
	uint64_t bytes;
	enum mmu_page_state state;
};

/** A note of the dump: ELF notes, or what another format keeps in their place. */
struct mmu_note {
	const char *name; /**< "CORE", "QEMU", "VMCOREINFO"; owned by the image */
	uint32_t type;
	struct mmu_bytes desc; /**< owned by the image */
};

/** Where the running kernel shows its memory. */
#define MMU_KCORE_PATH "/proc/kcore"

/** A file, mapped read-only, whole. */
struct mmu_file {
	char *path;
	int fd;
	struct mmu_bytes map; /**< count is the file's size; data NULL when that is 0 */
	uint64_t disk_bytes;  /**< that it really takes, without holes; UINT64_MAX: not known */
	int map_error;        /**< errno: it can only be read with pread(), map is empty; else 0 */
	bool procfs;          /**< the kernel makes its content up, and its size means nothing */
};

/**
 * What a reader reads: the file as it is, or, when makedumpfile flattened it, the file that its
 * records describe. See view.h.
 */
struct mmu_view {
	struct mmu_bytes map;       /**< the file itself */
	uint64_t bytes;             /**< size of what is viewed */
	struct mmu_extent *extents; /**< NULL: viewed as it is */
	size_t nr_extents;
	bool cut; /**< the records break off: what lies between them may be missing */
};

/**
 * One thread's place in an image: all that changes while it reads. The image itself does not
 * change, so threads that have a cursor each can read one image.
 */
struct mmu_cursor {
	const struct mmu_image *image;
	size_t hit;  /**< of a reader that has a layout: the piece that was used last */
	void *state; /**< the reader's own, made when it is needed; NULL before */
	struct mmu_page_cache *picked; /**< of mmu_image_pick(), made when it is needed */
	uint64_t nr_unpacked;          /**< pages of a kdump so far, for tests */
};

/** What an image is opened from. Nothing of it is owned. */
struct mmu_source {
	const char *path; /**< of a regular file (or block device) */
	/** Where the file's raw memory lies; NULL: its content says what it is. */
	const struct mmu_raw_range *raw;
	size_t nr_raw;
	/** NULL-terminated paths of the other files of a split dump, in any order; may be NULL. */
	const char *const *parts;
	size_t unpacked_bytes;     /**< of pages that a kdump's cursors share at most; 0: 64 MiB */
	struct mmu_budget *budget; /**< the session's, which outlives the image; NULL: no limit */
};

/** One way of reading images. */
struct mmu_image_reader {
	/** Shown by `info`: "elf", "kcore", "kdump", "lime", "avml", "libkdumpfile", "raw". */
	const char *name;
	/**
	 * @return true when the content (never the name), or what the source says of it, makes it
	 *         this reader's
	 */
	bool (*probe)(const struct mmu_image *image, const struct mmu_source *source);
	/**
	 * Fill in an image whose `file` and `view` are set and whose other fields are zero. On
	 * failure what was allocated is released by close(), which must cope with a half-filled
	 * image. Messages need not name the file.
	 */
	struct mmu_error *(*open)(struct mmu_image *image, const struct mmu_source *source);
	/** The bytes at `pa`, valid until the cursor's next call, or longer: see spans_last. */
	struct mmu_span (*span)(const struct mmu_image *image, struct mmu_cursor *cursor,
				uint64_t pa);
	/** All bytes lie in a mapped file that does not change: spans stay valid until close(). */
	bool spans_last;
	/**
	 * Do the bytes of a span stay where they are until close()? NULL: as spans_last says.
	 * @param data  that span() has just told
	 */
	bool (*stays)(const struct mmu_image *image, const uint8_t *data);
	/**
	 * The state of the page at `pa`, from what the file says of it, without its bytes; NULL
	 * where span() is as cheap.
	 */
	enum mmu_page_state (*state)(const struct mmu_image *image, struct mmu_cursor *cursor,
				     uint64_t pa);
	/**
	 * Fill in ram, present_pages and filtered_pages, which open() did not, because all of the
	 * image's tables must be read for it; NULL: open() did. @return MMU_ERROR_NO_MEMORY
	 */
	struct mmu_error *(*survey)(struct mmu_image *image);
	/** The last page of RAM, without a survey; NULL where there is none. */
	bool (*last_ram)(const struct mmu_image *image, uint64_t *ret_first_pa,
			 uint64_t *ret_last_pa);
	/**
	 * Must the page at `pa` be unpacked still, and would all cursors have it then? Any thread
	 * may ask. NULL: no page is.
	 */
	bool (*lacks)(const struct mmu_image *image, uint64_t pa);
	void (*close)(struct mmu_image *image);
	/**
	 * Why pages can no longer be had, owned by the caller; NULL: they can. A reader that needs
	 * nothing but the file has none.
	 */
	struct mmu_error *(*failure)(const struct mmu_image *image);
	/**
	 * A cursor's own state, for readers whose span() asks for it; both NULL otherwise.
	 * start() returns NULL without memory: the pages are unreadable then.
	 */
	void *(*start)(const struct mmu_image *image);
	void (*stop)(void *state);
};

/** Nothing of it changes once it is open, but for what mmu_image_survey() fills in. */
struct mmu_image {
	const struct mmu_image_reader *reader;
	/** For people: "ELF vmcore, 64 bits", "kdump-compressed v6, LZO"; never NULL, owned. */
	const char *format;
	struct mmu_file file;
	struct mmu_view view;
	struct mmu_budget *budget; /**< the source's */
	/** Of the file, that stand for several places in memory, as far as it shows. */
	uint64_t shared_bytes;
	uint16_t elf_machine; /**< EM_*, EM_NONE (0) when the image does not say */
	uint8_t elf_class;    /**< 1 or 2 (ELFCLASS32, 64), 0 when the image does not say */
	bool big_endian;      /**< of the dumped machine's kernel, as the headers say */
	bool live;            /**< the memory of the running kernel: it changes as it is read */
	uint32_t page_bytes;  /**< granularity of page states, 4096 where the image does not say */
	char release[65];     /**< utsname.release from the headers, "" when they don't say */
	char machine[65];     /**< utsname.machine, likewise */
	struct mmu_note *notes;
	size_t nr_notes;
	struct mmu_bytes vmcoreinfo; /**< text without terminator; data NULL when there is none */
	/** What the image says is RAM, ascending, merged; to the byte. See mmu_image_survey(). */
	struct mmu_pa_range *ram;
	size_t nr_ram;
	/**
	 * Pages within ram, in page_bytes, each counted once. A page at a ragged end counts as
	 * present when any of its bytes is, else as truncated when any is. See mmu_image_survey(),
	 * but for those that are truncated, which are known once it is open.
	 */
	uint64_t present_pages, filtered_pages, truncated_pages;
	uint64_t most_pages;        /**< a bound of present_pages that needs no survey */
	const char *survey_warning; /**< static text: what is odd of what the survey found */
	bool surveyed;              /**< atomic */
	char *warning;              /**< what is odd about the file, one line, or NULL */
	void *reader_data;          /**< the reader's own */
	struct mmu_ahead *ahead;    /**< atomic; NULL until pages are expected */
	void **owned;               /**< blocks that live as long as the image */
	size_t nr_owned;
};

/**
 * Open an image. Its content decides which reader serves it, unless the source says that it is raw
 * memory, or split over several files (which libkdumpfile puts together).
 * @param source  parts come before raw ranges, when there are both
 * @param ret     the image, owned by the caller; untouched on failure
 * @return errors MMU_ERROR_OS, _FORMAT (not an image, or damaged headers), _UNSUPPORTED, _INVALID
 *         (the raw ranges), _NO_MEMORY. The message begins with the path.
 */
struct mmu_error *mmu_image_open(const struct mmu_source *source,
				 struct mmu_image **ret) MMU_MUST_CHECK;

/** Accepts NULL. All its cursors must have been destroyed. */
void mmu_image_close(struct mmu_image *image);

/**
 * See to it that `ram` and the counts of pages are filled in. The first call may read all of a
 * dump's bitmaps: 1.5 GiB for a machine of 24 TiB. Only who shows them, or must pass over all
 * memory, needs them. Any thread may call it.
 * @return MMU_ERROR_NO_MEMORY: they stay 0
 */
struct mmu_error *mmu_image_survey(const struct mmu_image *image) MMU_MUST_CHECK;

/** Would mmu_image_survey() have nothing to do? */
static inline bool mmu_image_is_surveyed(const struct mmu_image *image)
{
	return !image->reader->survey || __atomic_load_n(&image->surveyed, __ATOMIC_ACQUIRE);
}

/** The last page of RAM; this takes no survey. @return false: the image has no RAM */
bool mmu_image_last_ram(const struct mmu_image *image, uint64_t *ret_first_pa,
			uint64_t *ret_last_pa);

/**
 * Has the reader broken down, so that all pages that it had not read are unreadable since?
 * @return why, owned by the caller; the message begins with the path; NULL: it has not
 */
struct mmu_error *mmu_image_failure(const struct mmu_image *image) MMU_MUST_CHECK;

/** Begin to read an image, which must stay open; this allocates nothing. */
static inline void mmu_cursor_init(struct mmu_cursor *cursor, const struct mmu_image *image)
{
	*cursor = (struct mmu_cursor){ .image = image };
}

/** Accepts a cursor that is all zeros. */
void mmu_cursor_destroy(struct mmu_cursor *cursor);

/**
 * Spend what a search reads, and let go of what it has mapped so far: it comes back when it is
 * needed. @param what  as of mmu_budget_take() @return false: the search must end
 */
bool mmu_image_spend(const struct mmu_image *image, uint64_t bytes, const char *what);

/** The bytes at a physical address; valid until the next call with this cursor. */
static inline struct mmu_span mmu_image_span(struct mmu_cursor *cursor, uint64_t pa)
{
	return cursor->image->reader->span(cursor->image, cursor, pa);
}

/** Does what the last span of the cursor told stay where it is, as long as the image is open? */
static inline bool mmu_image_stays(const struct mmu_cursor *cursor, const struct mmu_span *span)
{
	const struct mmu_image_reader *reader = cursor->image->reader;

	return reader->spans_last || (reader->stays && reader->stays(cursor->image, span->data));
}

/**
 * Are the bytes at a physical address in the image? No page is unpacked for it: one whose data are
 * damaged is MMU_PAGE_PRESENT here, and MMU_PAGE_UNREADABLE when its bytes are asked for.
 */
static inline enum mmu_page_state mmu_image_state(struct mmu_cursor *cursor, uint64_t pa)
{
	const struct mmu_image_reader *reader = cursor->image->reader;

	return reader->state ? reader->state(cursor->image, cursor, pa)
			     : reader->span(cursor->image, cursor, pa).state;
}

/** More are not looked ahead for. */
#define MMU_EXPECTED_MAX 1024u

/** Is mmu_image_expect() of use for this page? */
static inline bool mmu_image_expects(const struct mmu_image *image, uint64_t pa)
{
	return image->reader->lacks && image->reader->lacks(image, pa);
}

/**
 * Say which pages will be asked for. A thread of the image unpacks them meanwhile, the first ones
 * first: so name the one that is needed last in front. What was expected before is forgotten. Any
 * thread may call it; the thread is started by the first call, where there is more than one CPU.
 * @return false: nobody does it
 */
bool mmu_image_expect(const struct mmu_image *image, const uint64_t *pas, size_t nr);

/** End that thread, as mmu_image_close() does. */
void mmu_image_expect_no_more(struct mmu_image *image);

/**
 * Copy bytes out of physical memory, across pages and segments.
 * @param ret_pa  where reading stopped, when the result is not MMU_PAGE_PRESENT; may be NULL
 * @return MMU_PAGE_PRESENT when all were read; else the state of the first byte that is not there
 *         (the buffer then holds the bytes before it).
 */
enum mmu_page_state mmu_image_read(struct mmu_cursor *cursor, uint64_t pa, void *buf, size_t bytes,
				   uint64_t *ret_pa);

/**
 * The same, for small pieces that lie far apart, as kernel objects do. Those of a mapped file are
 * read into a cache of pages instead: the first touch of a page in a mapping costs more than
 * read(2) of it, in a virtual machine ten times as much. A large piece is read by itself.
 */
enum mmu_page_state mmu_image_pick(struct mmu_cursor *cursor, uint64_t pa, void *buf, size_t bytes,
				   uint64_t *ret_pa);

/** The same, for what is asked for once, up to 1 MiB: nothing is kept. */
enum mmu_page_state mmu_image_peek(struct mmu_cursor *cursor, uint64_t pa, void *buf, size_t bytes,
				   uint64_t *ret_pa);

/** As pread(), for any 64-bit offset, and bounded however many signals come. */
ssize_t mmu_file_read(const struct mmu_file *file, void *buf, size_t bytes, uint64_t offset);

/**
 * Map a regular file or block device read-only. On failure *ret is untouched. Empty files map to
 * data NULL.
 * @return MMU_ERROR_OS, _FORMAT (a directory, a pipe), _NO_MEMORY; the message begins with the path
 */
struct mmu_error *mmu_file_open(const char *path, struct mmu_file *ret) MMU_MUST_CHECK;

/** As mmu_file_open(), but a file that can only be read with pread() is no error: see map_error. */
struct mmu_error *mmu_file_open_unmapped(const char *path, struct mmu_file *ret) MMU_MUST_CHECK;
void mmu_file_close(struct mmu_file *file);

/**
 * What to add when /proc/kcore can't be opened.
 * @param error     errno of open(); fs/proc/kcore.c gives EPERM under lockdown too
 * @param proc      whether /proc is mounted
 * @param root      whether the effective user is 0
 * @param lockdown  what /sys/kernel/security/lockdown says; NULL: it can't be read
 * @return "; ...", or "" when there is nothing to add
 */
const char *mmu_kcore_hint(int error, bool proc, bool root, const char *lockdown);

#endif
