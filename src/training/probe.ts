import { findMethod } from "../config/methods.ts";
import type { Config } from "../config/schema.ts";
import { joinPath } from "../platform/paths.ts";

/** Folder of the probe's own run, in the run's folder. */
export const PROBE_FOLDER = "probe";

/** A run in two stages, each a run of its own: the head alone, then everything from the probed model on. */
export interface ProbeStages {
  readonly probe: Config;
  readonly tune: Config;
}

/**
 * The stages of a run that probes first (LP-FT): the head is trained alone for a share of the steps, so that its first
 * gradients do not distort the features, and fine-tuning starts from the probed head, which is also its anchor.
 *
 * Kumar et al., ICLR 2022. https://arxiv.org/abs/2202.10054
 *
 * @returns null for a run in one stage
 */
export function probeStages(config: Config): ProbeStages | null {
  const share = config.probe.share ?? findMethod(config.method)?.probe ?? 0;
  if (share === 0) return null;
  const probe = joinPath(config.out, PROBE_FOLDER);
  const part = (of: number) =>
    config.steps === undefined
      ? { epochs: config.epochs * of }
      : { steps: Math.max(1, Math.round(config.steps * of)) };
  const oneStage = { ...config.probe, share: 0 };
  return {
    probe: {
      ...config,
      ...part(share),
      out: probe,
      trainable: "head",
      peft: { ...config.peft, method: "none" },
      probe: oneStage,
      optimizer: {
        ...config.optimizer,
        anchor: "none",
        anchorOptions: {},
        lr: config.probe.lr ?? config.optimizer.lr,
      },
      groups: [],
      report: false,
    },
    tune: {
      ...config,
      ...part(1 - share),
      model: joinPath(probe, "model"),
      head: { ...config.head, mode: "keep", from: undefined },
      probe: oneStage,
    },
  };
}
