/** What a parameter is for. The caller says so, since names do not tell reliably. */
export type Role = "head" | "norm" | "bias" | "embedding" | "other";

export const roles: readonly Role[] = ["head", "norm", "bias", "embedding", "other"];
