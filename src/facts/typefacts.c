/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Facts about types: what a key asks, put to DWARF or BTF. */
#include <stdlib.h>
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

/* Was it answered? For want of memory nobody knows what is there: that is kept, see typefacts.h. */
static bool drop(struct mmu_type_source *source, struct mmu_error *error)
{
	if (error && mmu_error_code(error) == MMU_ERROR_NO_MEMORY)
		__atomic_store_n(&source->no_memory, true, __ATOMIC_RELAXED);
	mmu_error_destroy(error);
	return !error;
}

/* Split "type.member" at the first dot. @return the member; NULL: there is no dot */
static const char *split_name(const char *name, char type[MMU_FACT_KEY_MAX])
{
	const char *dot = strchr(name, '.');

	if (!dot || dot - name >= (ptrdiff_t)MMU_FACT_KEY_MAX)
		return NULL;
	memcpy(type, name, (size_t)(dot - name));
	type[dot - name] = '\0';
	return dot + 1;
}

static bool plain_member(struct mmu_type_source *source, const char *name, struct mmu_member *ret)
{
	char type[MMU_FACT_KEY_MAX];
	struct mmu_member member = { 0 };
	const char *path;

	if ((!source->vmlinux && !source->btf) || !(path = split_name(name, type)) ||
	    strlen(name) >= sizeof(source->last))
		return false;
	if (strcmp(source->last, name) != 0) {
		source->last_known = drop(
			source, source->vmlinux
					? mmu_vmlinux_member(source->vmlinux, type, path, &member)
					: mmu_btf_member(source->btf, type, path, &member));
		source->last_member = member;
		strcpy(source->last, name);
	}
	if (source->last_known)
		*ret = source->last_member;
	return source->last_known;
}

/*
 * "type.array[1].member": to types an array on the way is its first element, so each index adds
 * its distance from there. Elements of all dimensions are counted through.
 */
bool mmu_type_source_member(struct mmu_type_source *source, const char *name,
			    struct mmu_member *ret)
{
	char plain[MMU_FACT_KEY_MAX];
	struct mmu_member member, array = { 0 };
	uint64_t distance_bytes = 0;
	bool element = false; /* does the name end with an index? */
	size_t nr = 0;

	while (*name) {
		uint64_t index;
		char *end;

		if (*name != '[') {
			if (nr + 1 >= sizeof(plain))
				return false;
			plain[nr++] = *name++;
			element = false;
			continue;
		}
		plain[nr] = '\0';
		if (name[1] < '0' || name[1] > '9')
			return false;
		index = strtoull(name + 1, &end, 10);
		if (*end != ']' || (end[1] && end[1] != '.') ||
		    !plain_member(source, plain, &array) || index >= array.elements)
			return false;
		distance_bytes += index * (array.size_bytes / array.elements);
		name = end + 1;
		element = true;
	}
	plain[nr] = '\0';
	if (!plain_member(source, plain, &member))
		return false;
	member.offset_bytes += distance_bytes;
	if (element) {
		member.size_bytes = array.size_bytes / array.elements;
		member.elements = 0;
	}
	*ret = member;
	return true;
}

static bool size(struct mmu_type_source *source, const char *type, uint64_t *ret)
{
	return drop(source, source->vmlinux ? mmu_vmlinux_size(source->vmlinux, type, ret)
					    : mmu_btf_size(source->btf, type, ret));
}

static bool enumerator(struct mmu_type_source *source, const char *name, uint64_t *ret)
{
	char type[MMU_FACT_KEY_MAX];
	const char *word = split_name(name, type);
	int64_t value;

	if (!word ||
	    !drop(source, source->vmlinux
				  ? mmu_vmlinux_enumerator(source->vmlinux, type, word, &value)
				  : mmu_btf_enumerator(source->btf, type, word, &value)))
		return false;
	*ret = (uint64_t)value;
	return true;
}

bool mmu_type_source_fact(struct mmu_type_source *source, const char *key, uint64_t *ret)
{
	struct mmu_member member;
	char name[MMU_FACT_KEY_MAX];
	bool offset = mmu_fact_split(key, "OFFSET", name),
	     length = !offset && mmu_fact_split(key, "LENGTH", name);

	if (!source->vmlinux && !source->btf)
		return false;
	if (!offset && !length) {
		if (mmu_fact_split(key, "ENUM", name))
			return enumerator(source, name, ret);
		if (!mmu_fact_split(key, "SIZE", name))
			return false;
		if (!strchr(name, '.'))
			return size(source, name, ret);
	}
	if (!mmu_type_source_member(source, name, &member))
		return false;
	uint64_t value = offset   ? member.offset_bytes
			 : length ? member.elements
				  : member.size_bytes;
	if (offset || value)
		*ret = value;
	return offset || value;
}
