import { UnsupportedOpError } from "../errors.ts";
import { LATEST, type OpDef, type PrimitiveOp } from "./define.ts";

const microsoft = "com.microsoft";
const ml = "ai.onnx.ml";
const training = "ai.onnx.preview.training";

interface Refusal {
  readonly domain: string;
  /** First opset of ai.onnx; the other domains have one version. */
  readonly since?: number;
  readonly why: string;
  /** Names with white space between. */
  readonly opTypes: string;
}

/** Operators that no derivative is written for, and why. */
const refusals: readonly Refusal[] = [
  {
    domain: "",
    since: 20,
    why: "ONNX Runtime 1.30 cannot run it on any processor; decode images before the model",
    opTypes: "ImageDecoder",
  },
  {
    domain: ml,
    why:
      "operators of ai.onnx.ml (trees, support vectors, encoders of categories) are fitted, not trained by gradients; " +
      "cut the model so that the network alone is left",
    opTypes: `ArrayFeatureExtractor Binarizer CastMap CategoryMapper DictVectorizer FeatureVectorizer Imputer LabelEncoder
      LinearClassifier LinearRegressor Normalizer OneHotEncoder SVMClassifier SVMRegressor Scaler TreeEnsemble
      TreeEnsembleClassifier TreeEnsembleRegressor ZipMap`,
  },
  {
    domain: training,
    why: "it is part of a training loop that a file holds itself; export the network without its optimizer",
    opTypes: "Adagrad Adam Gradient Momentum",
  },
  {
    domain: microsoft,
    why: "it computes with rounded numbers; start from the model that was not quantised",
    opTypes: `DequantizeBFP DequantizeWithOrder DynamicQuantizeLSTM DynamicQuantizeMatMul GemmFloat8 MatMulInteger16
      MatMulIntegerToFloat MulInteger NhwcMaxPool QAttention QEmbedLayerNormalization QGemm QLinearAdd QLinearAveragePool
      QLinearConcat QLinearConv QLinearGlobalAveragePool QLinearLeakyRelu QLinearMul QLinearReduceMean QLinearSigmoid
      QLinearSoftmax QLinearWhere QMoE QOrderedAttention QOrderedGelu QOrderedLayerNormalization
      QOrderedLongformerAttention QOrderedMatMul QuantizeBFP QuantizeWithOrder ReduceSumInteger`,
  },
  {
    domain: microsoft,
    why: "its weights are packed in a form that Holdfast does not unpack; start from the file in float16 or float32, or in MatMulNBits",
    opTypes: `MatMulBlockQuantizedFp4Weight MatMulBlockQuantizedFp8Weight MatMulBnb4 MatMulFpQ4 MatMulNBitsMlp
      MatMulNBitsQkv SparseToDenseMatMul`,
  },
  {
    domain: microsoft,
    why: "it generates text token by token; export the model that gives logits for whole sequences",
    opTypes: `AttnLSTM BeamSearch DecoderAttention DecoderMaskedMultiHeadAttention DecoderMaskedSelfAttention
      BifurcationDetector GreedySearch NGramRepeatBlock PagedAttention Sampling SparseAttention WhisperBeamSearch`,
  },
  {
    domain: microsoft,
    why: "it carries the state of a recurrent language model, and Holdfast has no derivative for it; export the model in standard operators",
    opTypes: `CausalConvWithState EngramGate GatedDeltaNet GatedRMSNorm LinearAttention LinearAttentionGate
      VarlenCausalConvWithState`,
  },
  {
    domain: microsoft,
    why: "ONNX Runtime's optimizer for GPUs wrote it and the CPU cannot run it; start from the file before that optimizer",
    opTypes: `BiasAdd BiasSplitGelu FusedMatMulActivation GatedRelativePositionBias GemmFastGelu GemmaRotaryEmbedding
      GroupNorm LongformerAttention MRotaryEmbedding NhwcConv NhwcFusedConv PackedAttention PackedMultiHeadAttention
      RelativePositionBias RemovePadding RestorePadding SkipGroupNorm TorchEmbedding`,
  },
  {
    domain: microsoft,
    why: "its dropout would drop other elements at each run; export the model in evaluation mode",
    opTypes: "BiasDropout BitmaskBiasDropout BitmaskDropout",
  },
  {
    domain: microsoft,
    why: "it was compiled for one device and shows nothing of its weights; start from the file that it was compiled from",
    opTypes: "EPContext Snpe",
  },
  {
    domain: microsoft,
    why: "Holdfast has no derivative for it; export the model in standard operators",
    opTypes: `CDist ComplexMul ComplexMulConj ConvTransposeWithDynamicPads CropAndResize DynamicTimeWarping Irfft
      IsAllFinite MaxpoolWithMask MoE MurmurHash3 NGramHashMapping Rfft SampleOp Tokenizer UnfoldTensor Unique
      WordConvEmbedding`,
  },
];

/** Operators with a sentence in the place of a derivative. Where they depend on constants alone they are computed. */
export const refusedOps: readonly OpDef[] = refusals.flatMap((refusal) =>
  refusal.opTypes.split(/\s+/).map((opType) => defineRefused(opType, refusal)),
);

function defineRefused(opType: string, { domain, why, since }: Refusal): PrimitiveOp {
  return {
    domain,
    opType,
    opsets: since === undefined ? [1, 1] : [since, LATEST],
    refused: true,
    dataDependent: true,
    infer: ({ node, opset }) => {
      throw new UnsupportedOpError(
        `${node.describe()} (domain ${domain || "ai.onnx"}, opset ${opset}): ${why}, or cut it before this node with --head.from.`,
        { details: { node: node.name, opType, domain, opset, reason: why } },
      );
    },
    vjp: { none: why },
  };
}
