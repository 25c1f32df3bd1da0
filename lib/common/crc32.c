#include "common/crc32.h"

/* Eight bytes a step ("slicing by 8"): checkpoints are hundreds of MB. */
static uint32_t table[8][256];

static void
make_table(void)
{
    for (uint32_t i = 0; i < 256; i++) {
        uint32_t c = i;
        for (int k = 0; k < 8; k++)
            c = c & 1 ? 0xedb88320u ^ (c >> 1) : c >> 1;
        table[0][i] = c;
    }
    for (int t = 1; t < 8; t++)
        for (int i = 0; i < 256; i++)
            table[t][i] =
                table[0][table[t - 1][i] & 255] ^ (table[t - 1][i] >> 8);
}

uint32_t
crc32_of(uint32_t crc, const void *data, size_t len)
{
    const unsigned char *p = data;

    if (!table[7][255])
        make_table();
    crc = ~crc;
    for (; len >= 8; len -= 8, p += 8) {
        uint32_t lo = crc ^ (p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
                             (uint32_t)p[3] << 24);
        crc = table[7][lo & 255] ^ table[6][lo >> 8 & 255] ^
              table[5][lo >> 16 & 255] ^ table[4][lo >> 24] ^ table[3][p[4]] ^
              table[2][p[5]] ^ table[1][p[6]] ^ table[0][p[7]];
    }
    while (len--)
        crc = table[0][(crc ^ *p++) & 255] ^ (crc >> 8);
    return ~crc;
}
