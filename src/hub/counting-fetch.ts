/** What the Hub's client puts beside a request whose progress it wants to know; a share from 0 to 1. */
interface ProgressHint {
  readonly progressCallback: (share: number) => void;
  /** Of an upload in several parts. */
  readonly part?: number;
  readonly numParts?: number;
}

/**
 * `fetch`, which tells how much of a body has gone out. The package itself counts only where there is an
 * XMLHttpRequest, which Node has not.
 */
export const countingFetch: typeof fetch = async (input, init) => {
  const hint = (init as { progressHint?: ProgressHint } | undefined)?.progressHint;
  const body = init?.body;
  if (!hint || !(body instanceof Blob) || body.size === 0) return fetch(input, init);
  const { part = 0, numParts = 1, progressCallback } = hint;
  let sent = 0;
  const counted = body.stream().pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        sent += chunk.length;
        progressCallback((part + sent / body.size) / numParts);
        controller.enqueue(chunk);
      },
    }),
  );
  // Stores of large files refuse a body without a length, and a stream has none of its own.
  const headers = new Headers(init?.headers);
  headers.set("Content-Length", String(body.size));
  return fetch(input, { ...init, body: counted, headers, duplex: "half" } as RequestInit);
};
