import { createHash } from "node:crypto";

export type DigestName = "sha1" | "sha256";

/** A checksum that is fed piece by piece. */
export interface Digest {
  update(bytes: Uint8Array): void;
  /** The checksum of all pieces in lower-case hexadecimal; the digest takes no more after it. */
  hex(): string;
}

/** The Web's own `crypto.subtle.digest` wants all bytes at once, and models are large. */
export function createDigest(name: DigestName): Digest {
  const hash = createHash(name);
  return {
    update: (bytes) => void hash.update(bytes),
    hex: () => hash.digest("hex"),
  };
}
