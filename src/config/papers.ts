import type { Source } from "../optim/source.ts";

/** Where the methods were first described. */
export const paper = {
  spd: source("Tian, Huang and Kira", 2024, "NeurIPS", "https://arxiv.org/abs/2411.01713"),
  adamw: source("Loshchilov and Hutter", 2019, "ICLR", "https://arxiv.org/abs/1711.05101"),
  adam: source("Kingma and Ba", 2015, "ICLR", "https://arxiv.org/abs/1412.6980"),
  l2Sp: source("Li, Grandvalet and Davoine", 2018, "ICML", "https://arxiv.org/abs/1802.01483"),
  sgd: source("Sutskever et al.", 2013, "ICML", "https://proceedings.mlr.press/v28/sutskever13.html"),
  probing: source("Kumar et al.", 2022, "ICLR", "https://arxiv.org/abs/2202.10054"),
  distillation: source("Li and Hoiem", 2016, "ECCV", "https://arxiv.org/abs/1606.09282"),
  saft: source("Nguyen et al.", 2024, "ECCV", "https://arxiv.org/abs/2407.03036"),
  llrd: source("Bao, Dong, Piao and Wei", 2022, "ICLR", "https://arxiv.org/abs/2106.08254"),
  bitFit: source("Ben Zaken, Ravfogel and Goldberg", 2022, "ACL", "https://arxiv.org/abs/2106.10199"),
  lora: source("Hu et al.", 2022, "ICLR", "https://arxiv.org/abs/2106.09685"),
  dora: source("Liu et al.", 2024, "ICML", "https://arxiv.org/abs/2402.09353"),
  ia3: source("Liu et al.", 2022, "NeurIPS", "https://arxiv.org/abs/2205.05638"),
  series: source("Houlsby et al.", 2019, "ICML", "https://arxiv.org/abs/1902.00751"),
  parallel: source("He et al.", 2022, "ICLR", "https://arxiv.org/abs/2110.04366"),
  prompt: source("Lester, Al-Rfou and Constant", 2021, "EMNLP", "https://arxiv.org/abs/2104.08691"),
  marsSp: source("Gouk, Hospedales and Pontil", 2021, "ICLR", "https://arxiv.org/abs/2002.08253"),
  ftp: source("Tian, Liu, Smith and Kira", 2023, "NeurIPS", "https://arxiv.org/abs/2310.19182"),
  tpgm: source("Tian et al.", 2023, "CVPR", "https://arxiv.org/abs/2303.10720"),
  digrap: source("Huang et al.", 2025, "ICLR", "https://arxiv.org/abs/2502.15895"),
  maps: source("Huang et al.", 2026, "CVPR", "https://arxiv.org/abs/2511.19878"),
  wiseFt: source("Wortsman et al.", 2022, "CVPR", "https://arxiv.org/abs/2109.01903"),
  soup: source("Wortsman et al.", 2022, "ICML", "https://arxiv.org/abs/2203.05482"),
  ema: source("Polyak and Juditsky", 1992, "SIAM J. Control Optim.", "https://doi.org/10.1137/0330046"),
  cautious: source("Chen et al.", 2026, "ICLR", "https://arxiv.org/abs/2510.12402"),
};

function source(authors: string, year: number, venue: string, url: string): Source {
  return { authors, year, venue, url };
}
