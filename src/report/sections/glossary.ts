import { type Html, html } from "../html.ts";

const TERMS: readonly (readonly [term: string, meaning: string])[] = [
  [
    "In distribution",
    "Held-out examples from the same source as the training data. Nothing was trained on or chosen by the test set.",
  ],
  [
    "Shifted data",
    "Other data for the same classes: another source, or the test images with noise, blur and the like. Never trained on. Their mean is unweighted.",
  ],
  ["Initial model", "The model as it came, before the first step."],
  ["Kept model", "The weights of the step that did best on the validation set; all results are of these."],
  [
    "95 % CI",
    "Confidence interval: if the test examples were drawn anew again and again, 95 % of such intervals would hold the true value. Shares of right answers: Wilson; their differences: Newcombe, in pairs of answers to the same example where recorded. Other metrics: a bootstrap over examples, the same ones for every model of a set. A metric that no choice of examples changes has none.",
  ],
  ["Anchor, θ₀", "The weights before training. An anchor rule holds the weights near them."],
  ["Deviation, ‖θ − θ₀‖", "Euclidean distance of the weights from their anchor."],
  [
    "SPD",
    "Selective Projection Decay: where a step moves a tensor outward although its gradient points back to the anchor, the outward part is taken back. Everywhere else the tensor is free. Tian, Huang and Kira, NeurIPS 2024.",
  ],
  ["Condition", "c = −⟨g, θ − θ₀⟩ < 0: the gradient asks the tensor to come back."],
  [
    "Fired",
    "The anchor rule acted on the tensor. SPD does where the condition holds and the step moved outward all the same; L2-SP in every step; a projection where the tensor, or a row of it, was beyond its radius. A tensor-step is one step of one parameter tensor.",
  ],
  [
    "Ratio, r",
    "The share of the deviation that strength λ = 1 takes back. SPD: what one step added, (‖θ̃ − θ₀‖ − ‖θ − θ₀‖) / ‖θ̃ − θ₀‖. Projections: what is beyond the radius, as a mean over rows. DiGraP: the share of the gradient's component that was taken.",
  ],
  [
    "Parameter tensor",
    "One named array of weights in the ONNX file, such as a convolution's kernel or a bias.",
  ],
  ["Logit axis", "ln(p / (1 − p)): from 90 to 95 % is as far as from 95 to 97.4 %, as errors halve."],
];

/** One line per term of the page. */
export function glossarySection(): Html {
  return html`<dl class="glossary">${TERMS.map(([term, meaning]) => html`<div><dt>${term}</dt><dd>${meaning}</dd></div>`)}</dl>`;
}
