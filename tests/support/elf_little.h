/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Structs of little-endian ELF files, in place, from and to what this machine reads. */
#ifndef ELF_LITTLE_H
#define ELF_LITTLE_H

#include <elf.h>
#include <endian.h>

#define ELF_LITTLE16(field) ((field) = htole16(field))
#define ELF_LITTLE32(field) ((field) = htole32(field))
#define ELF_LITTLE64(field) ((field) = htole64(field))

static inline void elf_little_ehdr(Elf64_Ehdr *header)
{
	ELF_LITTLE16(header->e_type), ELF_LITTLE16(header->e_machine);
	ELF_LITTLE32(header->e_version), ELF_LITTLE64(header->e_entry);
	ELF_LITTLE64(header->e_phoff), ELF_LITTLE64(header->e_shoff);
	ELF_LITTLE32(header->e_flags), ELF_LITTLE16(header->e_ehsize);
	ELF_LITTLE16(header->e_phentsize), ELF_LITTLE16(header->e_phnum);
	ELF_LITTLE16(header->e_shentsize), ELF_LITTLE16(header->e_shnum);
	ELF_LITTLE16(header->e_shstrndx);
}

static inline void elf_little_phdr(Elf64_Phdr *header)
{
	ELF_LITTLE32(header->p_type), ELF_LITTLE32(header->p_flags);
	ELF_LITTLE64(header->p_offset), ELF_LITTLE64(header->p_vaddr);
	ELF_LITTLE64(header->p_paddr), ELF_LITTLE64(header->p_filesz);
	ELF_LITTLE64(header->p_memsz), ELF_LITTLE64(header->p_align);
}

static inline void elf_little_shdr(Elf64_Shdr *header)
{
	ELF_LITTLE32(header->sh_name), ELF_LITTLE32(header->sh_type);
	ELF_LITTLE64(header->sh_flags), ELF_LITTLE64(header->sh_addr);
	ELF_LITTLE64(header->sh_offset), ELF_LITTLE64(header->sh_size);
	ELF_LITTLE32(header->sh_link), ELF_LITTLE32(header->sh_info);
	ELF_LITTLE64(header->sh_addralign), ELF_LITTLE64(header->sh_entsize);
}

static inline void elf_little_chdr(Elf64_Chdr *header)
{
	ELF_LITTLE32(header->ch_type), ELF_LITTLE32(header->ch_reserved);
	ELF_LITTLE64(header->ch_size), ELF_LITTLE64(header->ch_addralign);
}

#endif
