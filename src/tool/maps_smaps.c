/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file VMAs as /proc/PID/smaps prints them, and all VMAs of a process as either file does. */
#include <ctype.h>
#include <inttypes.h>
#include <string.h>

#include "proc.h"

/* ------------------------------------------------------------------ text */

static void print_item(FILE *out, const struct mmu_smaps *smaps, enum mmu_smaps_item item)
{
	const char *name = mmu_smaps_name(item);
	int width = 23 - (int)strlen(name); /* the figures end in one column */
	uint64_t bytes;

	if (mmu_smaps_get(smaps, item, &bytes))
		fprintf(out, "%s:%*" PRIu64 " kB\n", name, width, bytes >> 10);
	else
		fprintf(out, "%s:%*s\n", name, width, "unknown");
}

static void print_flags(FILE *out, const struct mmu_space *space, const struct mmu_vma_info *vma)
{
	char letters[MMU_VM_FLAG_BYTES];
	int bit = -1;

	fputs("VmFlags: ", out);
	while ((bit = mmu_vma_next_flag(space, vma, bit, letters)) >= 0)
		fprintf(out, "%s ", letters);
	fputc('\n', out);
}

void proc_smaps_text(FILE *out, const struct mmu_space *space, const struct mmu_vma_info *vma,
		     const struct mmu_smaps *smaps)
{
	uint32_t key;
	bool eligible;

	proc_maps_line(out, space, vma);
	for (unsigned int item = 0; item < MMU_SMAPS_NOT_TOUCHED; item++)
		print_item(out, smaps, item);
	if (mmu_smaps_thp_eligible(smaps, &eligible))
		fprintf(out, "THPeligible:    %8d\n", eligible);
	else
		fputs("THPeligible:    unknown\n", out);
	if (mmu_vma_protection_key(space, vma, &key))
		fprintf(out, "ProtectionKey:  %8" PRIu32 "\n", key);
	print_flags(out, space, vma);
	for (unsigned int item = MMU_SMAPS_NOT_TOUCHED; mmu_smaps_name(item); item++)
		print_item(out, smaps, item);
}

/* ------------------------------------------------------------------ JSON */

/* "KernelPageSize", "MMUPageSize", "Pss_Dirty": kernel_page_size, mmu_page_size, pss_dirty */
static const char *key_of(const char *name, char ret[64])
{
	char *out = ret;

	for (const char *at = name; *at && out < ret + 62; at++) {
		bool upper = isupper((unsigned char)*at);

		if (upper && at > name && at[-1] != '_' &&
		    (islower((unsigned char)at[-1]) || islower((unsigned char)at[1])))
			*out++ = '_';
		*out++ = (char)tolower((unsigned char)*at);
	}
	*out = '\0';
	return ret;
}

static void vma_keys(const struct mmu_space *space, const struct mmu_vma_info *vma)
{
	const struct mmu_task *task = mmu_space_task(space);
	char device[24];

	if (task)
		json_number("pid", task->pid);
	json_hex("first", vma->first_va);
	json_hex("last", vma->last_va);
	json_hex("flags", vma->vm_flags);
	if (vma->has_offset)
		json_hex("offset", vma->offset_bytes);
	if (vma->has_inode) {
		snprintf(device, sizeof(device), "%02x:%02x", vma->device_major, vma->device_minor);
		json_string("device", device);
		json_number("inode", (int64_t)vma->inode);
	} else if (vma->file_va) {
		json_null("device");
		json_null("inode");
	}
	json_string("name", vma->name);
	if (vma->named == MMU_VMA_NAME_PART || vma->named == MMU_VMA_NAME_LAST ||
	    (vma->file_va && vma->named == MMU_VMA_NAME_NONE))
		json_bool("name_incomplete", true);
}

static void vma_json(const struct mmu_space *space, const struct mmu_vma_info *vma,
		     const struct mmu_smaps *smaps)
{
	char letters[MMU_VM_FLAG_BYTES], key[64];
	uint64_t bytes;
	uint32_t protection;
	bool eligible;
	int bit = -1;

	if (smaps)
		json_begin("smaps");
	else
		json_begin("vma");
	vma_keys(space, vma);
	json_array("vm_flags");
	while ((bit = mmu_vma_next_flag(space, vma, bit, letters)) >= 0)
		json_string(NULL, letters);
	json_array_end();
	for (unsigned int item = 0; smaps && mmu_smaps_name(item); item++) {
		key_of(mmu_smaps_name(item), key);
		if (mmu_smaps_get(smaps, item, &bytes))
			json_number(key, (int64_t)bytes);
		else
			json_null(key);
	}
	if (smaps && mmu_smaps_thp_eligible(smaps, &eligible))
		json_bool("thp_eligible", eligible);
	else if (smaps)
		json_null("thp_eligible");
	if (smaps && mmu_vma_protection_key(space, vma, &protection))
		json_number("protection_key", protection);
	json_end();
}

/* ------------------------------------------------------------------ all of a process */

static struct mmu_error *print_vma(const struct tool *tool, struct mmu_space *space,
				   const struct mmu_vma_info *vma, struct mmu_smaps *smaps)
{
	if (smaps) {
		struct mmu_error *error = mmu_space_smaps(space, vma, smaps);

		if (error)
			return error;
	}
	if (tool->json)
		vma_json(space, vma, smaps);
	else if (smaps)
		proc_smaps_text(stdout, space, vma, smaps);
	else
		proc_maps_line(stdout, space, vma);
	return NULL;
}

int proc_print(const struct tool *tool, struct mmu_space *space, bool with_smaps)
{
	struct mmu_smaps *smaps = NULL;
	struct mmu_vmas *vmas = NULL;
	const struct mmu_vma_info *vma;
	int status = TOOL_OK;
	struct mmu_error *error = with_smaps ? mmu_smaps_create(&smaps) : NULL;

	if (!error)
		error = mmu_vmas_open(space, &vmas);
	while (!error && !tool_interrupted()) {
		struct mmu_error *problem = mmu_vmas_next(vmas, &vma);

		if (problem) {
			fprintf(stderr, "mmuscope: VMAs that can't be read: %s\n",
				tool_message(tool, problem));
			mmu_error_destroy(problem);
			status = TOOL_ANSWERED;
			continue;
		}
		if (!vma)
			break;
		error = print_vma(tool, space, vma, smaps);
	}
	mmu_vmas_close(vmas);
	mmu_smaps_destroy(smaps);
	if (error && mmu_error_code(error) == MMU_ERROR_STOPPED) {
		mmu_error_destroy(error); /* whoever has caught the interrupt says so */
		return status;
	}
	return error ? tool_fail(tool, error) : status;
}
