/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file VMCOREINFO for QEMU without a driver: fw_cfg's registers through /dev/mem. */
#include "guest.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* QEMU's docs/specs/fw_cfg.rst; as on memory-mapped machines */
#define DATA 0
#define SELECTOR 8
#define DMA 16
#define FILE_DIR 0x19
#define DMA_SELECT 8u
#define DMA_WRITE 16u
#define DMA_ERROR 1u

struct dma {
	uint32_t control, bytes;
	uint64_t pa;
} __attribute__((packed));

/* docs/specs/vmcoreinfo.rst */
struct vmcoreinfo {
	uint16_t host_format, guest_format;
	uint32_t bytes;
	uint64_t pa;
} __attribute__((packed));

struct file {
	uint32_t bytes;
	uint16_t key, reserved;
	char name[56];
} __attribute__((packed));

static uint64_t physical(const void *at)
{
	uint64_t word = pagemap_word(at);

	return word >> 63 ? (word & ((1ull << 55) - 1)) * page_bytes : 0;
}

/* @return the selector of etc/vmcoreinfo, or 0 */
static uint16_t find_file(volatile char *registers)
{
	struct file file;
	uint32_t count;
	char *byte = (char *)&count;

	*(volatile uint16_t *)(registers + SELECTOR) = htobe16(FILE_DIR);
	for (size_t i = 0; i < sizeof(count); i++)
		byte[i] = registers[DATA];
	byte = (char *)&file;
	for (uint32_t n = be32toh(count) < 1000 ? be32toh(count) : 0; n; n--) {
		for (size_t i = 0; i < sizeof(file); i++)
			byte[i] = registers[DATA];
		if (strcmp(file.name, "etc/vmcoreinfo") == 0)
			return be16toh(file.key);
	}
	return 0;
}

void hand_over_vmcoreinfo(uint64_t fwcfg_pa)
{
	unsigned long long note_pa = 0, note_bytes = 0;
	FILE *in = fopen("/sys/kernel/vmcoreinfo", "re");
	int fd = open("/dev/mem", O_RDWR | O_SYNC | O_CLOEXEC);
	volatile char *registers;
	char *page;
	uint16_t key;

	if (!in || fscanf(in, "%llx %llx", &note_pa, &note_bytes) != 2 || fd < 0) {
		say("no VMCOREINFO to hand over: %s", strerror(errno));
		return;
	}
	fclose(in);
	registers = mmap(NULL, page_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, (off_t)fwcfg_pa);
	page = mmap(NULL, page_bytes, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_LOCKED | MAP_POPULATE, -1, 0);
	close(fd);
	if ((void *)registers == MAP_FAILED || page == MAP_FAILED ||
	    !(key = find_file(registers))) {
		say("no etc/vmcoreinfo in fw_cfg");
		return;
	}
	memset(page, 0, page_bytes);
	uint64_t pa = physical(page);
	struct vmcoreinfo *info = (struct vmcoreinfo *)(page + 64);
	volatile struct dma *dma = (volatile struct dma *)page;
	*info = (struct vmcoreinfo){ .guest_format = htole16(1),
				     .bytes = htole32((uint32_t)note_bytes),
				     .pa = htole64(note_pa) };
	dma->control = htobe32((uint32_t)key << 16 | DMA_SELECT | DMA_WRITE);
	dma->bytes = htobe32(sizeof(*info));
	dma->pa = htobe64(pa + 64);
	__sync_synchronize();
	*(volatile uint32_t *)(registers + DMA) = htobe32((uint32_t)(pa >> 32));
	*(volatile uint32_t *)(registers + DMA + 4) = htobe32((uint32_t)pa);
	for (int i = 0; i < 1000 && dma->control && dma->control != htobe32(DMA_ERROR); i++)
		usleep(1000);
	say("VMCOREINFO at 0x%llx: %s", note_pa, dma->control ? "refused" : "handed over");
	munmap((void *)registers, page_bytes);
	munmap(page, page_bytes);
}
