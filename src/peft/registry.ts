import { ConfigError, unknownName } from "../errors.ts";
import { parallelAdapter, seriesAdapter } from "./bottleneck.ts";
import { dora } from "./dora.ts";
import { ia3 } from "./ia3.ts";
import { lora } from "./lora.ts";
import type { PeftMethod } from "./method.ts";
import { prompt } from "./prompt.ts";

/** Every method that trains few new parameters beside frozen weights. */
export const peftMethods: readonly PeftMethod[] = [lora, dora, ia3, seriesAdapter, parallelAdapter, prompt];

/** The method of a name. @throws ConfigError listing the names there are */
export function findPeftMethod(name: string): PeftMethod {
  const found = peftMethods.find((m) => m.name === name);
  if (found) return found;
  const known = peftMethods.map((m) => m.name);
  throw new ConfigError(unknownName("peft.method", name, known), { details: { name, known } });
}
