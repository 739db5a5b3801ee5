export const targetNames = ['gateway', 'bare loop', 'official server', 'mcp-nest', 'mcp-proxy'] as const;

/** The things that are measured. */
export type TargetName = (typeof targetNames)[number];
