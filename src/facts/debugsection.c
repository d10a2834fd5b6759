/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file Debug sections: SHF_COMPRESSED by zlib or zstd, the older .zdebug_*, or plain. */
#include <stdio.h>
#include <sys/mman.h>
#ifdef MMU_HAVE_ZSTD
#include <zstd.h>
#endif

#include "base/cleanup.h"
#include "facts/debugsection.h"
#include "image/inflate.h"
#include "image/lazy.h"

#ifndef ELFCOMPRESS_ZSTD
#define ELFCOMPRESS_ZSTD 2
#endif

/* A size beyond this is damage. */
#define SECTION_BYTES_MAX ((uint64_t)1 << 31)
#define ZDEBUG_HEADER_BYTES 12
#define DEBUG_INFO "unpacking debug info"

struct stream {
	struct mmu_bytes packed;
	uint32_t method; /* ELFCOMPRESS_* */
	uint64_t bytes;  /* unpacked */
};

static struct mmu_error *corrupt(const char *name, const char *why)
{
	return mmu_error_new(MMU_ERROR_CORRUPT, "%s: %s", name, why);
}

static struct mmu_error *unpack_zlib(struct mmu_bytes packed, void *out, uint64_t bytes,
				     const char **ret_problem)
{
	z_stream stream = {
		.next_in = (Bytef *)(uintptr_t)packed.data,
		.avail_in = (uInt)packed.count,
		.next_out = out,
		.avail_out = (uInt)bytes,
	};

	*ret_problem = NULL;
	if (!mmu_zlib()) {
		*ret_problem = MMU_LAZY_Z " can't be loaded";
		return NULL;
	}
	if (!mmu_inflate_init(&stream, MAX_WBITS))
		return mmu_error_no_memory();
	int status = mmu_zlib()->inflate(&stream, Z_SYNC_FLUSH);

	/* Input left over behind the wanted part is fine. */
	if (stream.avail_out || (status != Z_OK && status != Z_STREAM_END && status != Z_BUF_ERROR))
		*ret_problem = stream.msg ? stream.msg : "the compressed data end too early";
	mmu_zlib()->end(&stream);
	return NULL;
}

#ifdef MMU_HAVE_ZSTD
static struct mmu_error *unpack_zstd(struct mmu_bytes packed, void *out, uint64_t bytes,
				     const char **ret_problem)
{
	void *library = mmu_lazy_library(MMU_LAZY_ZSTD);
#define LOAD(name)                                                                                 \
	__typeof__(&ZSTD_##name) name;                                                             \
	bool has_##name = mmu_lazy_function(library, "ZSTD_" #name, &name);
	LOAD(createDStream)
	LOAD(decompressStream)
	LOAD(freeDStream)
	LOAD(getErrorName)
	LOAD(isError)
#undef LOAD
	if (!(has_createDStream && has_decompressStream && has_freeDStream && has_getErrorName &&
	      has_isError)) {
		*ret_problem = MMU_LAZY_ZSTD " can't be loaded";
		return NULL;
	}
	ZSTD_DStream *stream = createDStream();
	ZSTD_inBuffer from = { packed.data, packed.count, 0 };
	ZSTD_outBuffer to = { out, bytes, 0 };

	*ret_problem = NULL;
	if (!stream)
		return mmu_error_no_memory();
	while (to.pos < to.size && !*ret_problem) {
		size_t before_in = from.pos, before_out = to.pos;
		size_t status = decompressStream(stream, &to, &from);

		if (isError(status))
			*ret_problem = getErrorName(status);
		else if (from.pos == before_in && to.pos == before_out)
			*ret_problem = "the compressed data end too early";
	}
	freeDStream(stream);
	return NULL;
}
#endif

static struct mmu_error *unpack(const char *name, const struct stream *stream, void *out,
				uint64_t bytes)
{
	const char *problem = NULL;
	struct mmu_error *error;

	switch (stream->method) {
	case ELFCOMPRESS_ZLIB:
		error = unpack_zlib(stream->packed, out, bytes, &problem);
		break;
#ifdef MMU_HAVE_ZSTD
	case ELFCOMPRESS_ZSTD:
		error = unpack_zstd(stream->packed, out, bytes, &problem);
		break;
#endif
	default:
		return mmu_error_new(MMU_ERROR_UNSUPPORTED,
				     "%s is compressed by method %u%s, which is not supported here "
				     "(objcopy --decompress-debug-sections removes it)",
				     name, stream->method,
				     stream->method == ELFCOMPRESS_ZSTD ? " (zstd)" : "");
	}
	return !error && problem ? corrupt(name, problem) : error;
}

static bool find(const struct mmu_elffile *file, const char *name, struct mmu_elfsection *ret,
		 bool *ret_old)
{
	char old_name[64];

	*ret_old = false;
	if (mmu_elffile_named(file, name, ret))
		return true;
	*ret_old = true;
	snprintf(old_name, sizeof(old_name), ".z%s", name + 1);
	return mmu_elffile_named(file, old_name, ret);
}

/* @return false: the header does not fit */
static bool read_header(const struct mmu_elffile *file, const struct mmu_elfsection *section,
			bool old, struct stream *ret)
{
	bool is64 = file->elf_class == ELFCLASS64;
	const uint8_t *at = section->bytes.data;
	uint64_t header = old    ? ZDEBUG_HEADER_BYTES
			  : is64 ? sizeof(Elf64_Chdr)
				 : sizeof(Elf32_Chdr);

	if (!mmu_bytes_slice(section->bytes, header, section->bytes.count - header, &ret->packed))
		return false;
	if (old) {
		ret->method = ELFCOMPRESS_ZLIB;
		ret->bytes = mmu_get_u64(at + 4, true);
		return !memcmp(at, "ZLIB", 4);
	}
	ret->method = mmu_get_u32(at, file->big_endian);
	ret->bytes = is64 ? mmu_get_u64(at + 8, file->big_endian)
			  : mmu_get_u32(at + 4, file->big_endian);
	return true;
}

bool mmu_debugsection_exists(const struct mmu_elffile *file, const char *name)
{
	struct mmu_elfsection section;
	bool old;

	return find(file, name, &section, &old);
}

struct mmu_error *mmu_debugsection_get(const struct mmu_elffile *file, const char *name,
				       uint64_t limit, struct mmu_debugsection *ret)
{
	struct mmu_elfsection section;
	struct stream stream;
	bool old;

	if (!find(file, name, &section, &old)) {
		*ret = (struct mmu_debugsection){ 0 };
		return NULL;
	}
	if (!old && !(section.flags & SHF_COMPRESSED)) {
		*ret = (struct mmu_debugsection){ .bytes = section.bytes };
		return NULL;
	}
	if (!read_header(file, &section, old, &stream))
		return corrupt(name, "damaged header of the compressed data");
	if (!stream.bytes || stream.bytes > SECTION_BYTES_MAX ||
	    stream.packed.count > SECTION_BYTES_MAX)
		return corrupt(name, "impossible size of the compressed data");

	if (limit > MMU_DEBUGSECTION_LIMIT)
		limit = MMU_DEBUGSECTION_LIMIT;
	uint64_t bytes = stream.bytes < limit ? stream.bytes : limit;
	if (!mmu_budget_take(file->budget, MMU_BUDGET_UNPACK, bytes, DEBUG_INFO))
		return mmu_error_context(mmu_budget_error("unpacking it"), "%s (%" PRIu64 " bytes)",
					 name, bytes);
	void *own = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (own == MAP_FAILED)
		return mmu_error_no_memory();

	struct mmu_error *error = unpack(name, &stream, own, bytes);

	if (error) {
		munmap(own, bytes);
		return error;
	}
	*ret = (struct mmu_debugsection){
		.bytes = { own, bytes },
		.cut = bytes < stream.bytes,
		.own = own,
		.own_bytes = bytes,
	};
	return NULL;
}

void mmu_debugsection_release(struct mmu_debugsection *section)
{
	if (section->own)
		munmap(section->own, section->own_bytes);
	*section = (struct mmu_debugsection){ 0 };
}
