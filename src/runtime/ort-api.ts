/**
 * The part of ONNX Runtime's JavaScript API that we use. Both packages (onnxruntime-node, onnxruntime-web) share it.
 * It is written out here so that our type declarations need neither package to be installed.
 */
export interface OrtApi {
  readonly Tensor: new (type: string, data: unknown, dims: readonly number[]) => OrtTensor;
  readonly InferenceSession: {
    // Two signatures, as in the packages: TypeScript does not match a union against overloads.
    create(path: string, options: OrtSessionOptions): Promise<OrtSession>;
    create(bytes: Uint8Array, options: OrtSessionOptions): Promise<OrtSession>;
  };
}

export interface OrtTensor {
  readonly type: string;
  readonly dims: readonly number[];
  readonly data: unknown;
}

export interface OrtSession {
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  readonly inputMetadata: readonly OrtValueMetadata[];
  readonly outputMetadata: readonly OrtValueMetadata[];
  run(
    feeds: Readonly<Record<string, OrtTensor>>,
    fetches: Readonly<Record<string, OrtTensor | null>>,
    options: { readonly logSeverityLevel: 0 | 1 | 2 | 3 | 4 },
  ): Promise<Readonly<Record<string, OrtTensor>>>;
  release(): Promise<void>;
}

/** `shape` holds a number for a known dimension and a name, possibly empty, for a symbolic one. */
export type OrtValueMetadata =
  | { readonly name: string; readonly isTensor: false }
  | {
      readonly name: string;
      readonly isTensor: true;
      readonly type: string;
      readonly shape: readonly (number | string)[];
    };

export interface OrtSessionOptions {
  executionProviders: string[];
  graphOptimizationLevel: "disabled" | "basic" | "extended" | "all";
  enableMemPattern: boolean;
  enableCpuMemArena: boolean;
  logSeverityLevel: 0 | 1 | 2 | 3 | 4;
  intraOpNumThreads?: number;
  externalData?: { path: string; data: Uint8Array }[];
  extra?: Record<string, unknown>;
}
