/** Where going through content ends even if it is not through. */
export interface ScanLimits {
  timeMs: number;
  bytes: number;
}

/** The time is far below the tools' own limit, so that there is an answer with what was found or what to do. */
export const scanLimits: ScanLimits = { timeMs: 20_000, bytes: 2 ** 30 };
