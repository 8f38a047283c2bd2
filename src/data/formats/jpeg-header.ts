/** Markers of a frame (SOF) lie in this range, but for three that mean something else (tables and arithmetic coding). */
const [FIRST_FRAME, LAST_FRAME] = [0xc0, 0xcf];
const NO_FRAMES: readonly number[] = [0xc4, 0xc8, 0xcc];
/** Markers without a length behind them: TEM and restarts. */
const isBare = (marker: number): boolean => marker === 0x01 || (marker >= 0xd0 && marker <= 0xd7);

/** What leads to EXIF notes, such as how a camera was held. */
const APP1 = 0xe1;

/** What a JPEG file says before its pixels. */
export interface JpegHeader {
  /** Colours: 1 for grey, 3 for colour, 4 for CMYK. */
  readonly components: number;
  /** Whether there is a segment that may be of EXIF notes. */
  readonly hasNotes: boolean;
}

/** The header of a JPEG file; null if the bytes are none, or end before its frame. ITU-T T.81, B.2. */
export function jpegHeader(bytes: Uint8Array): JpegHeader | null {
  if (bytes[0] !== 0xff || bytes[1] !== 0xd8 || bytes[2] !== 0xff) return null;
  let hasNotes = false;
  for (let at = 2; at + 9 < bytes.length && bytes[at] === 0xff; ) {
    const marker = bytes[at + 1]!;
    if (marker === APP1) hasNotes = true;
    // Any number of fill bytes may stand before a marker.
    if (marker === 0xff) at++;
    else if (isBare(marker)) at += 2;
    else if (marker >= FIRST_FRAME && marker <= LAST_FRAME && !NO_FRAMES.includes(marker))
      return { components: bytes[at + 9]!, hasNotes };
    else at += 2 + ((bytes[at + 2]! << 8) | bytes[at + 3]!);
  }
  return null;
}
