import { z } from "zod";

/** A whole number of at least 1. */
export const count = () => z.int().min(1);

/** A number between 0 and 1. */
export const share = () => z.number().min(0).max(1);

/** Names for `z.enum`, which needs a non-empty tuple; the lists it is given here are constants with entries. */
export const nonEmpty = (names: readonly string[]) => names as [string, ...string[]];
