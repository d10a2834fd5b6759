/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * @file
 * The same facts by libdw, as a whole process: facts_libdw VMLINUX KEY...
 *
 * Takes the first unit that defines both task_struct and mm_struct, as mmuscope does, and prints
 * "KEY VALUE" for OFFSET(type.member), SIZE(type) and SIZE(type.member); other keys are left out.
 */
#include <dwarf.h>
#include <elfutils/libdw.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static bool is_type(Dwarf_Die *die)
{
	int tag = dwarf_tag(die);

	return (tag == DW_TAG_structure_type || tag == DW_TAG_union_type) &&
	       !dwarf_hasattr(die, DW_AT_declaration);
}

/* A full struct or union of this name, directly in the unit. */
static bool find_type(Dwarf_Die *unit, const char *name, Dwarf_Die *ret)
{
	Dwarf_Die die;

	if (dwarf_child(unit, &die) != 0)
		return false;
	do {
		const char *found = is_type(&die) ? dwarf_diename(&die) : NULL;

		if (found && strcmp(found, name) == 0) {
			*ret = die;
			return true;
		}
	} while (dwarf_siblingof(&die, &die) == 0);
	return false;
}

static bool find_unit(Dwarf *dwarf, Dwarf_Die *ret)
{
	Dwarf_CU *unit = NULL;
	Dwarf_Die die, type;

	while (dwarf_get_units(dwarf, unit, &unit, NULL, NULL, &die, NULL) == 0) {
		if (find_type(&die, "task_struct", &type) && find_type(&die, "mm_struct", &type)) {
			*ret = die;
			return true;
		}
	}
	return false;
}

static bool type_of(Dwarf_Die *die, Dwarf_Die *ret)
{
	Dwarf_Attribute attribute;

	return dwarf_attr_integrate(die, DW_AT_type, &attribute) &&
	       dwarf_formref_die(&attribute, ret) && dwarf_peel_type(ret, ret) == 0;
}

/* A member, also of anonymous structs and unions; adds its offset. */
static bool find_member(Dwarf_Die *type, const char *name, size_t bytes, Dwarf_Word *offset,
			Dwarf_Die *ret)
{
	Dwarf_Die member, inner;

	if (dwarf_child(type, &member) != 0)
		return false;
	do {
		const char *found = dwarf_diename(&member);
		Dwarf_Attribute attribute;
		Dwarf_Word at = 0;

		if (dwarf_tag(&member) != DW_TAG_member)
			continue;
		if (dwarf_attr(&member, DW_AT_data_member_location, &attribute))
			dwarf_formudata(&attribute, &at);
		if (found && strlen(found) == bytes && strncmp(found, name, bytes) == 0) {
			*offset += at;
			*ret = member;
			return true;
		}
		if (!found && type_of(&member, &inner)) {
			Dwarf_Word inside = *offset + at;

			if (find_member(&inner, name, bytes, &inside, ret)) {
				*offset = inside;
				return true;
			}
		}
	} while (dwarf_siblingof(&member, &member) == 0);
	return false;
}

/* "type" or "type.member.member" */
static bool resolve(Dwarf_Die *unit, char *path, Dwarf_Word *ret_offset, Dwarf_Word *ret_bytes)
{
	char *at = strchr(path, '.');
	Dwarf_Die type, member;

	if (at)
		*at++ = '\0';
	if (!find_type(unit, path, &type))
		return false;
	*ret_offset = 0;
	while (at) {
		size_t bytes = strcspn(at, ".");

		if (!find_member(&type, at, bytes, ret_offset, &member) || !type_of(&member, &type))
			return false;
		at = at[bytes] ? at + bytes + 1 : NULL;
	}
	return dwarf_aggregate_size(&type, ret_bytes) == 0;
}

static void tell(Dwarf_Die *unit, const char *key)
{
	bool is_size = strncmp(key, "SIZE(", 5) == 0;
	const char *open = strchr(key, '(');
	Dwarf_Word offset, size;
	char path[256];

	if (!open || (!is_size && strncmp(key, "OFFSET(", 7) != 0))
		return;
	snprintf(path, sizeof(path), "%s", open + 1);
	path[strcspn(path, ")")] = '\0';
	if (resolve(unit, path, &offset, &size))
		printf("%s %" PRIu64 "\n", key, (uint64_t)(is_size ? size : offset));
}

int main(int argc, char **argv)
{
	Dwarf_Die unit;

	if (argc < 2) {
		fprintf(stderr, "usage: facts_libdw VMLINUX KEY...\n");
		return 2;
	}
	int fd = open(argv[1], O_RDONLY | O_CLOEXEC);
	Dwarf *dwarf = fd < 0 ? NULL : dwarf_begin(fd, DWARF_C_READ);
	if (!dwarf || !find_unit(dwarf, &unit)) {
		fprintf(stderr, "facts_libdw: %s: no unit with task_struct and mm_struct\n",
			argv[1]);
		return 3;
	}
	for (int i = 2; i < argc; i++)
		tell(&unit, argv[i]);
	dwarf_end(dwarf);
	close(fd);
	return 0;
}
