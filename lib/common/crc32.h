/*
 * crc32.h - the CRC-32 of IEEE 802.3 and zlib (reflected 0xedb88320).
 *
 * Guards journal records and checkpoints against torn and rotten bytes; it is
 * no defence against a forger.
 */
#ifndef LU_CRC32_H
#define LU_CRC32_H

#include <stddef.h>
#include <stdint.h>

/* Continue crc (0 to start) over len bytes. crc32_of(0, "123456789", 9) is
 * 0xcbf43926. */
uint32_t crc32_of(uint32_t crc, const void *data, size_t len);

#endif
