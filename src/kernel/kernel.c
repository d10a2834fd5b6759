/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file What every part of learning needs: the back-end, who the kernel is, where it is mapped. */
#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/kernel.h"
#include "walk/registry.h"

void mmu_kernel_warn(struct mmu_kernel *kernel, const char *text)
{
	const char *before = kernel->warning ? kernel->warning : kernel->image->warning;
	char *joined;

	if (asprintf(&joined, "%s%s%s", before ? before : "", before ? "; " : "", text) < 0)
		return;
	free(kernel->warning);
	kernel->warning = joined;
}

unsigned int mmu_kernel_pointer_bytes(const struct mmu_kernel *kernel)
{
	return kernel->arch && kernel->arch->elf_class == 1 ? 4 : 8;
}

/*
 * Does the back-end read the byte order of the image and of vmlinux? An image that does not name
 * its machine may know no better than little-endian.
 */
static struct mmu_error *check_byte_order(const struct mmu_kernel *kernel,
					  const struct mmu_arch *arch)
{
	const struct mmu_image *image = kernel->image;
	struct mmu_vmlinux *vmlinux = mmu_fact_store_vmlinux(kernel->facts);
	bool big = arch->elf_data == 2;
	const char *path = NULL;

	if (!arch->elf_data)
		return NULL;
	if (image->big_endian != big && (image->big_endian || image->elf_machine != EM_NONE))
		path = image->file.path;
	else if (vmlinux && mmu_vmlinux_big_endian(vmlinux) != big)
		path = mmu_vmlinux_path(vmlinux);
	return path ? mmu_error_new(MMU_ERROR_UNSUPPORTED,
				    "%s is %s-endian, the back-end %s reads %s-endian kernels only",
				    path, big ? "little" : "big", arch->name,
				    big ? "big" : "little")
		    : NULL;
}

/* Is the back-end that of vmlinux's machine, and of the one that the image names? */
static struct mmu_error *check_machine(struct mmu_kernel *kernel, const struct mmu_arch *arch)
{
	struct mmu_vmlinux *vmlinux = mmu_fact_store_vmlinux(kernel->facts);
	uint16_t machine = kernel->image->elf_machine;

	struct mmu_error *error = check_byte_order(kernel, arch);
	if (error || !arch->elf_machine)
		return error;
	if (vmlinux && mmu_vmlinux_machine(vmlinux) != arch->elf_machine)
		return mmu_error_new(MMU_ERROR_MISMATCH, "%s is of ELF machine %u, the image of %s",
				     mmu_vmlinux_path(vmlinux), mmu_vmlinux_machine(vmlinux),
				     arch->name);
	if (machine == EM_NONE || machine == arch->elf_machine || kernel->options.force)
		return NULL;
	error = mmu_error_new(MMU_ERROR_MISMATCH,
			      "%s is of ELF machine %u, the back-end %s is for %u",
			      kernel->image->file.path, machine, arch->name, arch->elf_machine);
	return mmu_error_remedy(error, MMU_REMEDY_FORCE);
}

/* vmlinux says it best; then what the back-end sees in memory; then the image's headers. */
static void find_byte_order(struct mmu_kernel *kernel)
{
	struct mmu_vmlinux *vmlinux = mmu_fact_store_vmlinux(kernel->facts);
	const struct mmu_arch *arch = kernel->arch;

	if (arch->elf_data)
		kernel->big_endian = kernel->image->big_endian || arch->elf_data == 2;
	else if (vmlinux)
		kernel->big_endian = mmu_vmlinux_big_endian(vmlinux);
	else if (arch->byte_order)
		arch->byte_order(mmu_fact_callbacks(kernel->facts), &kernel->big_endian);
	mmu_fact_store_set_byte_order(kernel->facts, kernel->big_endian);
}

struct mmu_error *mmu_kernel_set_arch(struct mmu_kernel *kernel, const struct mmu_arch *arch)
{
	struct mmu_error *error = mmu_fact_store_set_arch(kernel->facts, arch, &kernel->hooks);

	if (error)
		return error;
	kernel->arch = arch;
	find_byte_order(kernel);
	return NULL;
}

struct mmu_error *mmu_kernel_need_arch(struct mmu_kernel *kernel)
{
	struct mmu_vmlinux *vmlinux = mmu_fact_store_vmlinux(kernel->facts);
	uint16_t machine = kernel->image->elf_machine;
	const char *name = kernel->options.arch;
	const struct mmu_arch *arch;

	if (kernel->arch) {
		if (vmlinux)
			find_byte_order(kernel);
		return check_machine(kernel, kernel->arch);
	}
	if (machine == EM_NONE && vmlinux)
		machine = mmu_vmlinux_machine(vmlinux);
	if (!name)
		name = mmu_arch_name_of_machine(machine);
	if (!name && machine == EM_NONE)
		return mmu_error_remedy(mmu_error_new(MMU_ERROR_NOT_FOUND,
						      "%s does not say its architecture",
						      kernel->image->file.path),
					MMU_REMEDY_ARCH);
	if (!name)
		return mmu_error_new(MMU_ERROR_NOT_FOUND, "%s is of ELF machine %u: no back-end",
				     kernel->image->file.path, machine);
	struct mmu_error *error = mmu_arch_load(name, kernel->options.plugin_dir, &arch);
	if (!error)
		error = check_machine(kernel, arch);
	return error ? error : mmu_kernel_set_arch(kernel, arch);
}

static bool has_format(const struct mmu_kernel *kernel, const struct mmu_arch *arch, uint32_t n)
{
	struct mmu_cpu cpu = { .size = 0 };

	return arch && arch->cpu && arch->cpu(mmu_fact_callbacks(kernel->facts), n, &cpu) &&
	       cpu.format;
}

const struct mmu_arch *mmu_kernel_cpu_arch(const struct mmu_kernel *kernel, uint32_t n)
{
	uint16_t machine = kernel->image->elf_machine;
	const char *names[] = { kernel->options.arch ? kernel->options.arch
						     : mmu_arch_name_of_machine(machine),
				kernel->options.arch ? NULL : mmu_arch_name_of_cpus(machine) };
	const struct mmu_arch *arch = kernel->arch, *other = NULL;

	if (!arch && names[0])
		mmu_error_destroy(mmu_arch_load(names[0], kernel->options.plugin_dir, &arch));
	if (kernel->regimes.nr || has_format(kernel, arch, n) || !names[1])
		return arch;
	mmu_error_destroy(mmu_arch_load(names[1], kernel->options.plugin_dir, &other));
	return !arch || has_format(kernel, other, n) ? other : arch;
}

/* VMCOREINFO says it best; a kdump header says it too. */
void mmu_kernel_read_identity(struct mmu_kernel *kernel)
{
	struct mmu_bytes text;

	snprintf(kernel->release, sizeof(kernel->release), "%s", kernel->image->release);
	if (mmu_fact_text(kernel->facts, "OSRELEASE", &text) &&
	    text.count < sizeof(kernel->release)) {
		memcpy(kernel->release, text.data, text.count);
		kernel->release[text.count] = '\0';
	}
	if (mmu_fact_text(kernel->facts, "BUILD-ID", &text) &&
	    text.count < sizeof(kernel->build_id)) {
		memcpy(kernel->build_id, text.data, text.count);
		kernel->build_id[text.count] = '\0';
	}
}

const char *mmu_kernel_find_mappings(struct mmu_kernel *kernel)
{
	const struct mmu_facts *facts = mmu_fact_callbacks(kernel->facts);
	const struct mmu_root root = { .size = sizeof(root), .kind = MMU_ROOT_KERNEL };
	const char *missing;

	kernel->nr_linear = kernel->regimes.nr = 0;
	missing = kernel->arch->linear(facts, kernel->linear, &kernel->nr_linear);
	return missing ? missing : mmu_locate(kernel->arch, facts, &root, &kernel->regimes);
}
