/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Which options help against an error: the library says only what would. */
#include <stdio.h>
#include <string.h>

#include "advice.h"

bool tool_is_debian(const char *release, const char *const *flavours)
{
	size_t length = strlen(release);

	if (!length || release[0] == '.' || strstr(release, ".."))
		return false;
	for (size_t i = 0; i < length; i++)
		if (release[i] <= ' ' || release[i] >= 0x7f || release[i] == '/')
			return false;
	for (; flavours && *flavours; flavours++) {
		size_t bytes = strlen(*flavours);

		if (length > bytes && strcmp(release + length - bytes, *flavours) == 0)
			return true;
	}
	return false;
}

/* What works without any task. */
static const char *works_without(uint32_t usable)
{
	return usable & MMU_USABLE_KERNEL ? "walk --kernel, walk --pgd PA"
	       : usable & MMU_USABLE_PGD  ? "walk --pgd PA"
					  : "walk --pgd PA --format NAME";
}

static void advise_vmlinux(const struct mmu_info *info, bool lost, char *ret, size_t bytes)
{
	char how[256] = "name its vmlinux with -s";

	if (lost)
		snprintf(how, sizeof(how), "a vmlinux named with -s finds only what is left");
	else if (tool_is_debian(info->release, info->backend ? info->backend->flavours : NULL))
		snprintf(how, sizeof(how),
			 "install Debian's linux-image-%s-dbg, or name its vmlinux with -s",
			 info->release);
	else if (info->release[0] || info->build_id[0])
		snprintf(how, sizeof(how),
			 "name the vmlinux with debug info of exactly this kernel with -s");
	snprintf(ret, bytes, "; %s; without it %s, entry and arch work", how,
		 works_without(info->usable));
}

void tool_advise(enum mmu_remedy remedy, const struct mmu_info *info, char *ret, size_t bytes)
{
	static const char *const advice[] = {
		[MMU_REMEDY_NONE] = "",
		[MMU_REMEDY_FORCE] = "; --force takes it all the same",
		[MMU_REMEDY_ARCH] = "; name it with --arch, or its vmlinux with -s",
		[MMU_REMEDY_RAW] = "; if it is raw physical memory, say where it lies with --ram",
		[MMU_REMEDY_PARTS] = "; name the others with --part FILE",
		[MMU_REMEDY_FACT] = "; --fact can name the right one, as in NUMBER(phys_base)",
		[MMU_REMEDY_ROOT] = ": give --pgd and --format",
		[MMU_REMEDY_FORMAT] = "; name it with --format",
		[MMU_REMEDY_KERNEL_SPACE] = "; --kernel walks the kernel's",
		[MMU_REMEDY_TASK_ROOT] = ": --pid finds it, and --pgd takes it",
		[MMU_REMEDY_BUDGET] = "; --budget FACTOR raises the limit",
		[MMU_REMEDY_PLUGIN_DIR] = "; --plugin-dir names another folder",
	};
	size_t which = (size_t)remedy;

	if (info && (remedy == MMU_REMEDY_VMLINUX || remedy == MMU_REMEDY_VMLINUX_LOST))
		advise_vmlinux(info, remedy == MMU_REMEDY_VMLINUX_LOST, ret, bytes);
	else
		snprintf(ret, bytes, "%s",
			 which < sizeof(advice) / sizeof(advice[0]) && advice[which] ? advice[which]
										     : "");
}
