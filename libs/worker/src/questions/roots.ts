import { z } from 'zod';

/** MCP 2026-07-28 schema `Root`: a directory or file that the client finds relevant. No access control comes with it. */
export interface Root {
  /** Begins with `file://`. */
  uri: string;
  name?: string;
  _meta?: Record<string, unknown>;
}

// MCP 2026-07-28 Roots §Root: "This MUST be a file:// URI".
const listRootsResult = z.object({
  roots: z.array(
    z.object({
      uri: z.string().startsWith('file://'),
      name: z.string().optional(),
      _meta: z.record(z.string(), z.unknown()).optional(),
    }),
  ),
});

/** Reads a `ListRootsResult`. */
export function readRoots(response: unknown): { answer: Root[] } | undefined {
  const { data } = listRootsResult.safeParse(response);
  return data && { answer: data.roots as Root[] };
}
