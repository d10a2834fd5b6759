/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Facts about types: what a key asks, put to DWARF or BTF. */
#include <string.h>

#include "facts/typefacts.h"

bool mmu_fact_split(const char *key, const char *head, char body[MMU_FACT_KEY_MAX])
{
	size_t head_bytes = strlen(head), bytes = strlen(key);

	if (strncmp(key, head, head_bytes) != 0 || key[head_bytes] != '(' ||
	    key[bytes - 1] != ')' || bytes - head_bytes - 2 >= MMU_FACT_KEY_MAX)
		return false;
	memcpy(body, key + head_bytes + 1, bytes - head_bytes - 2);
	body[bytes - head_bytes - 2] = '\0';
	return true;
}

static bool drop(struct mmu_error *error)
{
	mmu_error_destroy(error);
	return !error;
}

/* A source of types: vmlinux, or the kernel's BTF. */
struct type_source {
	void *object;
	struct mmu_error *(*size)(void *object, const char *type, uint64_t *ret);
	struct mmu_error *(*member)(void *object, const char *type, const char *path,
				    struct mmu_member *ret);
	struct mmu_error *(*enumerator)(void *object, const char *type, const char *name,
					int64_t *ret);
};

#define TYPE_SOURCE(prefix)                                                                        \
	static struct mmu_error *prefix##_size(void *object, const char *type, uint64_t *ret)      \
	{                                                                                          \
		return mmu_##prefix##_size(object, type, ret);                                     \
	}                                                                                          \
	static struct mmu_error *prefix##_member(void *object, const char *type, const char *path, \
						 struct mmu_member *ret)                           \
	{                                                                                          \
		return mmu_##prefix##_member(object, type, path, ret);                             \
	}                                                                                          \
	static struct mmu_error *prefix##_enumerator(void *object, const char *type,               \
						     const char *name, int64_t *ret)               \
	{                                                                                          \
		return mmu_##prefix##_enumerator(object, type, name, ret);                         \
	}                                                                                          \
	static const struct type_source prefix##_types = { NULL, prefix##_size, prefix##_member,   \
							   prefix##_enumerator };

TYPE_SOURCE(vmlinux)
TYPE_SOURCE(btf)

/* OFFSET(), SIZE(), LENGTH() and ENUM() of "type.member". @return false: the source lacks it */
static bool from_types(struct type_source types, const char *key, uint64_t *ret)
{
	struct mmu_member member = { 0 };
	char body[MMU_FACT_KEY_MAX];
	int64_t value;
	bool offset = mmu_fact_split(key, "OFFSET", body),
	     length = !offset && mmu_fact_split(key, "LENGTH", body);
	bool enumerator = !offset && !length && mmu_fact_split(key, "ENUM", body);

	if (!types.object ||
	    (!offset && !length && !enumerator && !mmu_fact_split(key, "SIZE", body)))
		return false;
	char *dot = strchr(body, '.');
	if (!dot)
		return !offset && !length && !enumerator &&
		       drop(types.size(types.object, body, ret));
	*dot = '\0';
	if (enumerator) {
		if (!drop(types.enumerator(types.object, body, dot + 1, &value)))
			return false;
		*ret = (uint64_t)value;
		return true;
	}
	if (!drop(types.member(types.object, body, dot + 1, &member)))
		return false;
	if (offset)
		*ret = member.offset_bytes;
	else
		*ret = length ? member.elements : member.size_bytes;
	return offset || *ret;
}

bool mmu_fact_from_vmlinux(struct mmu_vmlinux *vmlinux, const char *key, uint64_t *ret)
{
	struct type_source types = vmlinux_types;

	types.object = vmlinux;
	return from_types(types, key, ret);
}

bool mmu_fact_from_btf(struct mmu_btf *btf, const char *key, uint64_t *ret)
{
	struct type_source types = btf_types;

	types.object = btf;
	return from_types(types, key, ret);
}
