/** CRC-32C polynomial, bits reversed. Castagnoli et al., 1993; RFC 3720, appendix B.4. */
const POLYNOMIAL = 0x82f63b78;

/** CRC-32C (Castagnoli) of some bytes, as an unsigned 32-bit integer. */
export function crc32c(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? POLYNOMIAL : 0);
  }
  return ~crc >>> 0;
}
