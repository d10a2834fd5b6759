/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Mapping and checking of ELF files. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "facts/elffile.h"
#include "image/lazy.h"

#define BUILD_ID_BYTES_MAX 64
#define NOTES_MAX 4096

/* A magic number of something that is taken for a vmlinux. */
struct lookalike {
	uint64_t offset;
	const char *magic;
	uint8_t bytes;
	const char *what;
};

#define INSTEAD "the uncompressed vmlinux with debug info is needed (Debian: linux-image-"

static const struct lookalike lookalikes[] = {
	{ 0x202, "HdrS", 4, "a compressed kernel image (bzImage)" },
	{ 0x38, "ARM\x64", 4, "a bootable kernel image (arm64 Image)" },
	{ 0x24, "\x18\x28\x6f\x01", 4, "a compressed kernel image (zImage)" },
	{ 0x24, "\x01\x6f\x28\x18", 4, "a compressed kernel image (zImage)" },
	{ 0, "\x27\x05\x19\x56", 4, "a compressed kernel image (uImage)" },
	{ 0, "MZ", 2, "a bootable kernel image (EFI)" },
	{ 0, "\x1f\x8b", 2, "a compressed file (gzip)" },
	{ 0, "\3757zXZ", 5, "a compressed file (xz)" },
	{ 0, "\x28\xb5\x2f\xfd", 4, "a compressed file (zstd)" },
};

static const struct lookalike dumps[] = {
	{ 0, "KDUMP   ", 8, "a memory dump (kdump-compressed)" },
	{ 0, "DISKDUMP", 8, "a memory dump (diskdump)" },
	{ 0, "makedumpfile", 12, "a memory dump (makedumpfile's flat format)" },
};

static const struct lookalike *looks_like(struct mmu_bytes map, const struct lookalike *table,
					  size_t count)
{
	struct mmu_bytes at;

	for (size_t i = 0; i < count; i++)
		if (mmu_bytes_slice(map, table[i].offset, table[i].bytes, &at) &&
		    !memcmp(at.data, table[i].magic, table[i].bytes))
			return &table[i];
	return NULL;
}

/* An x86 setup header points to "6.1.0-56-cloud-amd64 (builder) #1 ...". */
static const char *setup_header_release(struct mmu_bytes map, char *ret, size_t bytes)
{
	struct mmu_bytes at;
	size_t length = 0;

	if (!mmu_bytes_slice(map, 0x20e, 2, &at) ||
	    !mmu_bytes_slice(map, 0x200 + (uint64_t)mmu_get_u16(at.data, false), bytes - 1, &at))
		return "<release>";
	while (length < bytes - 1 && at.data[length] > ' ' && at.data[length] < 0x7f)
		length++;
	memcpy(ret, at.data, length);
	ret[length] = '\0';
	return length ? ret : "<release>";
}

static struct mmu_error *not_elf(const char *path, struct mmu_bytes map)
{
	const struct lookalike *found = looks_like(map, dumps, sizeof(dumps) / sizeof(dumps[0]));
	char release[65];

	if (found)
		return mmu_error_new(MMU_ERROR_FORMAT, "%s is %s, not a vmlinux", path,
				     found->what);
	found = looks_like(map, lookalikes, sizeof(lookalikes) / sizeof(lookalikes[0]));
	if (found)
		return mmu_error_new(
			MMU_ERROR_FORMAT, "%s is %s, not a vmlinux; " INSTEAD "%s-dbg)", path,
			found->what,
			found == lookalikes ? setup_header_release(map, release, sizeof(release))
					    : "<release>");
	return mmu_error_new(MMU_ERROR_FORMAT, "%s is not an ELF file, so not a vmlinux", path);
}

static struct mmu_error *map_file(const char *path, struct mmu_elffile *ret)
{
	MMU_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat status;

	if (fd < 0 || fstat(fd, &status) < 0)
		return mmu_error_os(errno, "%s", path);
	if (!S_ISREG(status.st_mode))
		return mmu_error_new(MMU_ERROR_FORMAT, "%s is not a regular file", path);
	if (!status.st_size)
		return mmu_error_new(MMU_ERROR_FORMAT, "%s is empty", path);

	void *map = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_PRIVATE, fd, 0);

	if (map == MAP_FAILED)
		return mmu_error_os(errno, "%s can't be mapped", path);
	ret->map = (struct mmu_bytes){ map, (uint64_t)status.st_size };
	ret->disk_bytes = (uint64_t)status.st_blocks * 512;
	ret->fd = fd;
	fd = -1;
	return NULL;
}

static struct mmu_error *check_type(const struct mmu_elffile *file, uint16_t type)
{
	switch (type) {
	case ET_EXEC:
	case ET_DYN:
		return NULL;
	case ET_CORE:
		return mmu_error_new(MMU_ERROR_FORMAT, "%s is a core dump, not a vmlinux",
				     file->path);
	case ET_REL:
		return mmu_error_new(MMU_ERROR_FORMAT,
				     "%s is a relocatable object such as a kernel module, "
				     "not a vmlinux",
				     file->path);
	default:
		return mmu_error_new(MMU_ERROR_FORMAT, "%s has ELF type %u, so is not a vmlinux",
				     file->path, type);
	}
}

static struct mmu_error *truncated(const struct mmu_elffile *file, const char *what, uint64_t end)
{
	return mmu_error_new(MMU_ERROR_FORMAT,
			     "%s is truncated: %" PRIu64 " bytes long, its %s end at %" PRIu64,
			     file->path, file->map.count, what, end);
}

static struct mmu_error *check_sections(struct mmu_elffile *file, const GElf_Ehdr *header)
{
	size_t count = 0;

	if (elf_getshdrnum(file->elf, &count) < 0 || !header->e_shoff)
		count = 0;
	uint64_t table_bytes = (uint64_t)(count ? count : header->e_shnum) * header->e_shentsize;

	if (header->e_shoff && !mmu_bytes_fit(file->map.count, header->e_shoff,
					      table_bytes ? table_bytes : header->e_shentsize))
		return truncated(file, "section headers", header->e_shoff + table_bytes);
	if (!count)
		return mmu_error_new(MMU_ERROR_UNSUPPORTED,
				     "%s has no sections: neither symbols nor debug info; " INSTEAD
				     "<release>-dbg)",
				     file->path);
	if (elf_getshdrstrndx(file->elf, &file->names_index) < 0)
		return mmu_error_new(MMU_ERROR_FORMAT, "%s: damaged section headers: %s",
				     file->path, elf_errmsg(-1));
	for (Elf_Scn *scn = NULL; (scn = elf_nextscn(file->elf, scn));) {
		GElf_Shdr shdr;

		if (!gelf_getshdr(scn, &shdr))
			return mmu_error_new(MMU_ERROR_FORMAT, "%s: damaged section headers: %s",
					     file->path, elf_errmsg(-1));
		if (shdr.sh_type != SHT_NOBITS && shdr.sh_type != SHT_NULL &&
		    !mmu_bytes_fit(file->map.count, shdr.sh_offset, shdr.sh_size))
			return truncated(file, "sections", shdr.sh_offset + shdr.sh_size);
	}
	return NULL;
}

bool mmu_elffile_next(const struct mmu_elffile *file, Elf_Scn **scn, struct mmu_elfsection *ret)
{
	GElf_Shdr shdr;
	Elf_Scn *next = elf_nextscn(file->elf, *scn);

	if (!next || !gelf_getshdr(next, &shdr))
		return false;
	const char *name = elf_strptr(file->elf, file->names_index, shdr.sh_name);

	*scn = next;
	*ret = (struct mmu_elfsection){
		.name = name ? name : "",
		.va = shdr.sh_addr,
		.flags = shdr.sh_flags,
		.type = shdr.sh_type,
		.link = shdr.sh_link,
		.info = shdr.sh_info,
		.entry_bytes = shdr.sh_entsize,
	};
	if (shdr.sh_type != SHT_NOBITS)
		mmu_bytes_slice(file->map, shdr.sh_offset, shdr.sh_size, &ret->bytes);
	return true;
}

bool mmu_elffile_named(const struct mmu_elffile *file, const char *name, struct mmu_elfsection *ret)
{
	struct mmu_elfsection section;

	for (Elf_Scn *scn = NULL; mmu_elffile_next(file, &scn, &section);)
		if (section.bytes.count && !strcmp(section.name, name)) {
			*ret = section;
			return true;
		}
	return false;
}

bool mmu_elffile_typed(const struct mmu_elffile *file, uint32_t type, struct mmu_elfsection *ret)
{
	struct mmu_elfsection section;

	for (Elf_Scn *scn = NULL; mmu_elffile_next(file, &scn, &section);)
		if (section.bytes.count && section.type == type) {
			*ret = section;
			return true;
		}
	return false;
}

bool mmu_elffile_indexed(const struct mmu_elffile *file, size_t index, struct mmu_elfsection *ret)
{
	struct mmu_elfsection section;

	for (Elf_Scn *scn = NULL; mmu_elffile_next(file, &scn, &section);)
		if (elf_ndxscn(scn) == index) {
			*ret = section;
			return true;
		}
	return false;
}

/* NT_GNU_BUILD_ID of one notes' area. Other owners' notes (Xen's) stand before and behind it. */
static bool build_id_in(struct mmu_bytes notes, bool big_endian, struct mmu_bytes *ret)
{
	uint64_t at = 0;

	for (int i = 0; i < NOTES_MAX && mmu_bytes_fit(notes.count, at, 12); i++) {
		uint64_t name_bytes = mmu_get_u32(notes.data + at, big_endian);
		uint64_t desc_bytes = mmu_get_u32(notes.data + at + 4, big_endian);
		uint32_t type = mmu_get_u32(notes.data + at + 8, big_endian);
		uint64_t name_at = at + 12;
		uint64_t desc_at = name_at + ((name_bytes + 3) & ~(uint64_t)3);

		if (!mmu_bytes_fit(notes.count, desc_at, desc_bytes))
			return false;
		if (type == NT_GNU_BUILD_ID && name_bytes == 4 && desc_bytes &&
		    desc_bytes <= BUILD_ID_BYTES_MAX && !memcmp(notes.data + name_at, "GNU", 4)) {
			*ret = (struct mmu_bytes){ notes.data + desc_at, desc_bytes };
			return true;
		}
		at = desc_at + ((desc_bytes + 3) & ~(uint64_t)3);
	}
	return false;
}

static void find_build_id(struct mmu_elffile *file)
{
	struct mmu_elfsection section;
	struct mmu_bytes notes;
	size_t count = 0;
	GElf_Phdr phdr;

	if (elf_getphdrnum(file->elf, &count) < 0)
		count = 0;
	for (size_t i = 0; i < count && i <= INT32_MAX; i++)
		if (gelf_getphdr(file->elf, (int)i, &phdr) && phdr.p_type == PT_NOTE &&
		    mmu_bytes_slice(file->map, phdr.p_offset, phdr.p_filesz, &notes) &&
		    build_id_in(notes, file->big_endian, &file->build_id))
			return;
	for (Elf_Scn *scn = NULL; mmu_elffile_next(file, &scn, &section);)
		if (section.type == SHT_NOTE &&
		    build_id_in(section.bytes, file->big_endian, &file->build_id))
			return;
}

struct mmu_elf_library mmu_libelf;

static bool libelf_loaded;

static void load_libelf(void)
{
	void *library = mmu_lazy_library(MMU_LAZY_ELF);

	libelf_loaded = true;
#define LOAD(prefix, name)                                                                         \
	libelf_loaded &= mmu_lazy_function(library, #prefix "_" #name,                             \
					   &mmu_libelf.prefix##_##name##_);
	MMU_ELF_FUNCTIONS(LOAD)
#undef LOAD
}

static struct mmu_error *elffile_init(struct mmu_elffile *file)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	GElf_Ehdr header;

	if (file->map.count < EI_NIDENT || memcmp(file->map.data, ELFMAG, SELFMAG))
		return not_elf(file->path, file->map);
	pthread_once(&once, load_libelf);
	if (!libelf_loaded)
		return mmu_error_new(MMU_ERROR_UNSUPPORTED, MMU_LAZY_ELF " can't be loaded");
	if (elf_version(EV_CURRENT) == EV_NONE)
		return mmu_error_new(MMU_ERROR_UNSUPPORTED, "libelf: %s", elf_errmsg(-1));
	/* libelf only writes to the image of a file that it was opened to update. */
	file->elf = elf_memory((char *)(uintptr_t)file->map.data, file->map.count);
	if (!file->elf || elf_kind(file->elf) != ELF_K_ELF || !gelf_getehdr(file->elf, &header))
		return mmu_error_new(MMU_ERROR_FORMAT, "%s: damaged ELF header: %s", file->path,
				     elf_errmsg(-1));
	file->machine = header.e_machine;
	file->elf_class = header.e_ident[EI_CLASS];
	file->big_endian = header.e_ident[EI_DATA] == ELFDATA2MSB;

	struct mmu_error *error = check_type(file, header.e_type);

	if (!error)
		error = check_sections(file, &header);
	if (!error)
		find_build_id(file);
	return error;
}

struct mmu_error *mmu_elffile_open(const char *path, struct mmu_elffile **ret)
{
	struct mmu_elffile *file = calloc(1, sizeof(*file));
	struct mmu_error *error;

	if (!file)
		return mmu_error_no_memory();
	file->path = strdup(path);
	error = file->path ? map_file(path, file) : mmu_error_no_memory();
	mmu_budget_add_symbols(&file->own_budget, file->disk_bytes);
	file->budget = &file->own_budget;
	if (!error)
		error = elffile_init(file);
	if (error)
		mmu_elffile_close(file);
	else
		*ret = file;
	return error;
}

void mmu_elffile_close(struct mmu_elffile *file)
{
	if (!file)
		return;
	if (file->elf) /* else libelf may not be loaded */
		elf_end(file->elf);
	if (file->map.count) {
		munmap((void *)(uintptr_t)file->map.data, file->map.count);
		close(file->fd);
	}
	free(file->path);
	free(file);
}

bool mmu_elffile_read(const struct mmu_elffile *file, struct mmu_bytes bytes, void *buf)
{
	if (!bytes.count)
		return true;
	uint64_t offset = (uint64_t)(bytes.data - file->map.data), done = 0;

	while (done < bytes.count) {
		ssize_t count = pread(file->fd, (uint8_t *)buf + done, bytes.count - done,
				      (off_t)(offset + done));

		if (count <= 0 && (!count || errno != EINTR))
			return false;
		done += count > 0 ? (uint64_t)count : 0;
	}
	return true;
}
