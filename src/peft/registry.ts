import { ConfigError } from "../errors.ts";
import { lora } from "./lora.ts";
import type { PeftMethod } from "./method.ts";

/** Every method that trains few new parameters beside frozen weights. */
export const peftMethods: readonly PeftMethod[] = [lora];

/** The method of a name. @throws ConfigError listing the names there are */
export function findPeftMethod(name: string): PeftMethod {
  const found = peftMethods.find((m) => m.name === name);
  if (found) return found;
  throw new ConfigError(
    `peft.method "${name}" is unknown; known are ${peftMethods.map((m) => m.name).join(", ")}`,
  );
}
