/** What a step did to one parameter. Norms are L2 over the whole tensor; the gradient is taken scaled and clipped. */
export interface TensorReport {
  readonly name: string;
  readonly gradientNorm: number;
  /** ‖θ − θ̃‖, before the anchor rule's pull on the whole tensor. */
  readonly stepNorm: number;
  /** c = −⟨g, θ − θ0⟩, negative where the gradient asks to come back; null where the step read no anchor. */
  readonly condition: number | null;
  /**
   * r, the share of the deviation that strength 1 removes, or its mean over rows; of a rule that pulls with the step the
   * share that it pulled; of DiGraP the share ω of the gradient's component. 0 where the rule asks for nothing.
   */
  readonly ratio: number;
  /** Whether the anchor rule pulled the tensor toward its anchor, or kept the gradient from leading away. */
  readonly fired: boolean;
  /** ‖θ − θ0‖ after the step; null where the step read no anchor. */
  readonly deviation: number | null;
}

/** What a step did. */
export interface StepReport {
  /** Number of the step, 1 at the first. */
  readonly step: number;
  readonly lr: number;
  /** Global norm of the gradient, scaled and not yet clipped. */
  readonly gradientNorm: number;
  /** The factor that clipping applied; 1 for none. */
  readonly clipFactor: number;
  /** One entry for each trainable parameter, in the order of creation. */
  readonly tensors: readonly TensorReport[];
}
