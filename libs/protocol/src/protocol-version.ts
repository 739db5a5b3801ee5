/** The newest revision, and the only one that workers speak. */
export const modernVersion = '2026-07-28';

/** Revisions that begin with `initialize`, newest first. */
export const legacyVersions = ['2025-11-25', '2025-06-18', '2025-03-26'] as const;

export type LegacyVersion = (typeof legacyVersions)[number];

/** Every revision that an endpoint answers, newest first. */
export const supportedVersions: readonly string[] = [modernVersion, ...legacyVersions];

export function isLegacyVersion(version: string): version is LegacyVersion {
  return (legacyVersions as readonly string[]).includes(version);
}
