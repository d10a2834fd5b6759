/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * @file
 * Members of the kernel's structs, looked up by name once and then read from copies of objects.
 *
 * One table describes the members of one type, and the struct that holds what is found:
 *
 *     struct vma_layout { struct mmu_field start, flags; struct mmu_number bytes; };
 *     static const struct mmu_field_def vma_defs[] = {
 *         MMU_FIELD(struct vma_layout, start, "vm_area_struct.vm_start", MMU_NEED),
 *         MMU_FIELD(struct vma_layout, flags,
 *                   "vm_area_struct.vm_flags|vm_area_struct.__vm_flags", MMU_NEED),
 *         MMU_FIELD_NUMBER(struct vma_layout, bytes, "SIZE(vm_area_struct)", MMU_OPTIONAL),
 *     };
 */
#ifndef MMU_FACTS_FIELDS_H
#define MMU_FACTS_FIELDS_H

#include <stddef.h>

#include "base/bytes.h"
#include "base/error.h"

struct mmu_fact_store;

/** No object of the kernel that is read here is larger; a member beyond is a wrong fact. */
#define MMU_OBJECT_BYTES_MAX (1u << 20)

/** A member of a kernel's struct. All zeros: not known. */
struct mmu_field {
	uint32_t offset; /**< bytes from the start of the object, below MMU_OBJECT_BYTES_MAX */
	uint8_t bytes;   /**< what is read: of a number 1, 2, 4 or 8; 0: only its place matters */
	uint8_t shift;   /**< the place of the lowest bit in the number; 0 but for bit-fields */
	uint8_t bits;    /**< width of the number; 8 * bytes but for bit-fields */
	bool known;      /**< false: no source has it */
	bool is_signed;  /**< a source of types says so */
};

/** A fact that is a number: a size, a length, an address, an enumerator. */
struct mmu_number {
	uint64_t value;
	bool known;
};

enum mmu_field_need {
	MMU_OPTIONAL, /**< may stay unknown */
	MMU_NEED,     /**< it is an error when no source has it */
};

/** How wide a field is, and so which facts are asked. */
enum mmu_field_width {
	MMU_WIDTH_FIXED,   /**< `bytes` of the definition: OFFSET() alone */
	MMU_WIDTH_POINTER, /**< a pointer or a long: OFFSET() alone */
	MMU_WIDTH_TYPE,    /**< of its type: OFFSET() and SIZE(), and which of the bits */
	MMU_WIDTH_NUMBER,  /**< no member: the key is given in full */
};

/** What goes where; made by the macros below. */
struct mmu_field_def {
	uint32_t to; /**< offset of the struct mmu_field or mmu_number in the layout */
	uint8_t width, bytes, need;
	const char *names; /**< alternatives, "|" between them: the first that is known is taken */
};

/* An offset of `to`, which must be of the type `kind`. */
#define MMU_FIELD_TO_(type, to, kind)                                                              \
	(uint32_t)(offsetof(type, to) +                                                            \
		   0 * sizeof(char[__builtin_types_compatible_p(__typeof__(((type *)0)->to), kind) \
					   ? 1                                                     \
					   : -1]))

/**
 * A number of the width of its type, which may be a bit-field.
 * @param type   the layout's
 * @param to     a struct mmu_field in it
 * @param names  "type.member", nested as in "pid_namespace.idr.idr_rt.xa_head"; alternatives with
 *               "|" between them
 * @param need   MMU_NEED or MMU_OPTIONAL
 */
#define MMU_FIELD(type, to, names, need)                                                           \
	{                                                                                          \
		MMU_FIELD_TO_(type, to, struct mmu_field), MMU_WIDTH_TYPE, 0, need, names          \
	}
/** A number as wide as a pointer. */
#define MMU_FIELD_POINTER(type, to, names, need)                                                   \
	{                                                                                          \
		MMU_FIELD_TO_(type, to, struct mmu_field), MMU_WIDTH_POINTER, 0, need, names       \
	}
/**
 * What is `bytes` wide in all kernels, up to 255; a number has 1, 2, 4 or 8. With 0 bytes only the
 * place of a struct or array is known.
 */
#define MMU_FIELD_BYTES(type, to, names, bytes, need)                                              \
	{                                                                                          \
		MMU_FIELD_TO_(type, to, struct mmu_field), MMU_WIDTH_FIXED, bytes, need, names     \
	}
/** @param to  a struct mmu_number; `keys` are whole: "SIZE(page)", "LENGTH(xa_node.slots)" */
#define MMU_FIELD_NUMBER(type, to, keys, need)                                                     \
	{                                                                                          \
		MMU_FIELD_TO_(type, to, struct mmu_number), MMU_WIDTH_NUMBER, 0, need, keys        \
	}

/**
 * Look a whole table up. The store keeps each answer and its source, as mmu_fact_get() does.
 * @param ret_layout  what the definitions speak of; every field and number of theirs is written;
 *                    untouched on failure
 * @return MMU_ERROR_NOT_FOUND: a needed one that no source has, named as its first alternative;
 *         _CORRUPT: an offset or a width that no member has
 */
struct mmu_error *mmu_fields_resolve(struct mmu_fact_store *store, const struct mmu_field_def *defs,
				     size_t nr, void *ret_layout) MMU_MUST_CHECK;

/** What to read of an object: `bytes` from `first` on. Of a table without known fields 0 bytes. */
struct mmu_object_part {
	uint32_t first, bytes;
};

#define MMU_OBJECT_PARTS_MAX 8u

/** What to read of an object for a table: what lies between its parts need not come along. */
struct mmu_object_parts {
	struct mmu_object_part whole; /**< the smallest that holds all of them */
	struct mmu_object_part part[MMU_OBJECT_PARTS_MAX];
	size_t nr;
};

/** The parts of an object that hold all known fields of a table. */
void mmu_fields_parts(const struct mmu_field_def *defs, size_t nr, const void *layout,
		      struct mmu_object_parts *ret);

/** A copy of a part of an object; the bytes belong to the caller. */
struct mmu_object {
	const void *copy;
	struct mmu_object_part part;
	bool big_endian;
};

/**
 * A field as a number, from a copy of its object.
 * @param object        the object's first byte
 * @param object_bytes  so many are there; the field must lie inside
 * @param field         known, of 1, 2, 4 or 8 bytes; all else is a mistake of the caller's: it
 *                      asserts, and reads nothing
 * @return with zeros on top; the signed one repeats the highest bit
 */
uint64_t mmu_field_get(const void *object, size_t object_bytes, const struct mmu_field *field,
		       bool big_endian);
int64_t mmu_field_get_signed(const void *object, size_t object_bytes, const struct mmu_field *field,
			     bool big_endian);

/** As mmu_field_get(), from the copy of a part. */
uint64_t mmu_object_get(const struct mmu_object *object, const struct mmu_field *field);
int64_t mmu_object_get_signed(const struct mmu_object *object, const struct mmu_field *field);

/** The bytes of a field (its `bytes`), from the copy of a part: of a text, or a small array. */
struct mmu_bytes mmu_object_bytes(const struct mmu_object *object, const struct mmu_field *field);

#endif
