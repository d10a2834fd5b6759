/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file A 32-bit process of a 64-bit kernel, without any library: maps memory, then sleeps. */
#define READY_FD 9 /* as be_compat() has it */
#define NR_WRITE 4
#define NR_PAUSE 29
#define NR_MMAP 90
#define PAGES 32u

static long call(long number, long a, const void *b, long c)
{
	long result;

	__asm__ volatile("int $0x80"
			 : "=a"(result)
			 : "0"(number), "b"(a), "c"(b), "d"(c)
			 : "memory");
	return result;
}

void _start(void)
{
	/* anonymous, private, for reading and writing: where the kernel likes, and above 3 GiB */
	unsigned long places[2][6] = {
		{ 0, PAGES * 4096, 3, 0x22, -1ul, 0 },
		{ 0xe0000000, PAGES * 4096, 3, 0x32, -1ul, 0 },
	};

	for (int n = 0; n < 2; n++) {
		unsigned long at = (unsigned long)call(NR_MMAP, (long)places[n], 0, 0);

		/* every second page */
		for (unsigned int page = 0; at < -4096ul && page < PAGES; page += 2)
			*(volatile unsigned long *)(at + page * 4096) = at + page;
	}
	call(NR_WRITE, READY_FD, "r", 1);
	for (;;)
		call(NR_PAUSE, 0, 0, 0);
}
