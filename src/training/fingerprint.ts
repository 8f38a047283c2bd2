import type { SiteAdapter } from "../peft/attach.ts";
import { bytesOf } from "../tensor/tensor.ts";

/** Note in an adapter's file of weights: SHA-256 of the weights that it was trained on. */
export const FINGERPRINT = "holdfast.base_sha256";

/** SHA-256 over the stored weights beneath adapters, in the order of their modules' paths. */
export async function fingerprintOf(adapters: readonly SiteAdapter[]): Promise<string> {
  const digests: string[] = [];
  for (const { site } of [...adapters].sort((a, b) => (a.site.module < b.site.module ? -1 : 1))) {
    const data = site.weight.constant?.data;
    // A copy, since a digest takes no shared memory.
    if (ArrayBuffer.isView(data)) digests.push(await sha256(bytesOf(data).slice()));
  }
  return sha256(new TextEncoder().encode(digests.join()).slice());
}

async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(digest, (b) => b.toString(16).padStart(2, "0")).join("");
}
